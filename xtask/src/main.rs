//! The executable behind `cargo xtask`.

use std::process::ExitCode;

use clap::Parser;
use xtask::commands::cli::{Cli, run};
use xtask::console::Console;
use xtask::diagnostic::Style;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let mut console = Console {
        out: &mut std::io::stdout(),
        err: &mut std::io::stderr(),
        style: Style::of_stderr(),
    };
    ExitCode::from(run(&cli, &mut console))
}
