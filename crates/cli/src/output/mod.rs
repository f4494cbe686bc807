//! Output: records in several formats on standard output, notes and progress on standard error.

mod prompt;
mod rows;

use std::io::{self, IsTerminal as _, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::cli::Global;
use crate::failure::Failure;

pub(crate) use auth0_core::codegen::printable;
pub(crate) use rows::{Rows, csv_cell};

/// A format of records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Columns for people.
    Table,
    /// One JSON array.
    Json,
    /// One JSON object per line.
    Ndjson,
    /// Comma-separated values with a header.
    Csv,
}

/// The output settings of a command.
#[derive(Debug, Clone)]
pub(crate) struct Console {
    format: Option<Format>,
    columns: Option<Vec<String>>,
    no_input: bool,
}

impl Console {
    pub(crate) fn new(global: &Global) -> Self {
        Self {
            format: global.output,
            columns: global.columns.clone(),
            no_input: global.no_input,
        }
    }

    /// The format of `--output`, if it is set.
    pub(crate) fn requested_format(&self) -> Option<Format> {
        self.format
    }

    /// The format of records.
    pub(crate) fn format(&self) -> Format {
        let default = || match io::stdout().is_terminal() {
            true => Format::Table,
            false => Format::Ndjson,
        };
        self.format.unwrap_or_else(default)
    }

    /// Fails if `--columns` names others. For commands that change something before they print.
    pub(crate) fn check_columns(&self, columns: &'static [&'static str]) -> Result<(), Failure> {
        Rows::new(io::sink(), Format::Ndjson, columns, self.columns.as_deref()).map(drop)
    }

    /// Starts the output of records with these columns.
    pub(crate) fn rows(
        &self,
        columns: &'static [&'static str],
    ) -> Result<Rows<io::Stdout>, Failure> {
        Rows::new(
            io::stdout(),
            self.format(),
            columns,
            self.columns.as_deref(),
        )
    }

    /// A progress bar on standard error; hidden if that is not a terminal.
    pub(crate) fn progress(&self, total: u64, message: &'static str) -> ProgressBar {
        let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.enable_steady_tick(Duration::from_millis(200));
        bar.with_message(message)
    }
}

/// Writes to standard output. A reader that stopped reading is not an error.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    ended(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
}

/// Like [`print()`], with styles if standard output is a terminal and `NO_COLOR` is not set.
pub(crate) fn print_styled(text: &str) -> Result<(), Failure> {
    let mut out = anstream::stdout().lock();
    ended(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
}

/// Whether the reader of standard output stopped reading. What is written afterwards is dropped.
pub(crate) fn is_closed() -> bool {
    IS_CLOSED.load(Ordering::Relaxed)
}

static IS_CLOSED: AtomicBool = AtomicBool::new(false);

/// The result of a write to standard output. A reader that stopped reading is not an error: the command ends as it would otherwise.
pub(crate) fn ended(result: io::Result<()>) -> Result<(), Failure> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
            IS_CLOSED.store(true, Ordering::Relaxed);
            Ok(())
        }
        other => other.map_err(|error| {
            Failure::failed(format!("writing to standard output failed: {error}"))
        }),
    }
}

/// Writes a line to standard error. It may contain text of the server.
pub(crate) fn note(message: impl AsRef<str>) {
    anstream::eprintln!("{}", printable(message.as_ref()));
}

/// Text of the server for Markdown that this program writes: one line, without markup of its own.
pub(crate) fn markdown(text: &str) -> String {
    let mut escaped = String::new();
    for character in printable(text).chars() {
        if "\\`*[]<>|#!~".contains(character) {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

/// Starts the log on standard error.
pub(crate) fn start_log(level: &str) -> Result<(), Failure> {
    // `Targets` would take an unknown level for the name of a target.
    let is_level = level.contains('=') || level.parse::<LevelFilter>().is_ok();
    let targets = level.parse::<Targets>().ok().filter(|_| is_level);
    let targets = targets.ok_or_else(|| {
        Failure::usage(format!(
            "--log: expected error, warn, info, debug, trace, or TARGET=LEVEL pairs, found `{level}`"
        ))
    })?;
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal());
    tracing_subscriber::registry()
        .with(layer)
        .with(targets)
        .init();
    Ok(())
}
