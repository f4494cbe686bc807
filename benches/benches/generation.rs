//! How long the generator takes: against progenitor alone, and as the command that people run.

use std::error::Error;
use std::hint::black_box;
use std::process::Command;
use std::time::{Duration, Instant};

use benches::pair::Pair;
use benches::{naive, teams};
use criterion::Criterion;
use xtask::workspace::Workspace;

fn main() -> Result<(), Box<dyn Error>> {
    let mut criterion = Criterion::default().configure_from_args();
    pipeline(&mut criterion)?;
    command(&mut criterion)?;
    criterion.final_summary();
    Ok(())
}

/// Normalizing, generating and formatting, against progenitor's builder style and formatting.
fn pipeline(criterion: &mut Criterion) -> Result<(), Box<dyn Error>> {
    let input = teams::Input::read()?;
    let normalized = input.normalize()?;
    // Whatever is wrong shows here, before anything is measured.
    input.generate(&normalized, "core")?;
    naive::client(&normalized)?;

    let pair = Pair {
        theirs: "progenitor-builder",
        at_most: 1.3,
    };
    pair.measure(
        &mut criterion.benchmark_group("generation"),
        || {
            time(|| {
                let normalized = input.normalize();
                normalized.and_then(|document| input.generate(&document, "core"))
            })
        },
        || time(|| naive::client(&normalized)),
    );
    Ok(())
}

/// `cargo xtask regen teams`, warm, with all that belongs to it.
fn command(criterion: &mut Criterion) -> Result<(), Box<dyn Error>> {
    let regen = || {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.current_dir(Workspace::at(None).path("."));
        cargo.args(["xtask", "regen", "teams"]).output()
    };
    let first = regen()?;
    if !first.status.success() {
        return Err(String::from_utf8_lossy(&first.stderr).into());
    }
    let mut group = criterion.benchmark_group("command");
    group.sample_size(20);
    group.bench_function("cargo xtask regen teams", |bencher| bencher.iter(regen));
    group.finish();
    Ok(())
}

#[allow(clippy::disallowed_methods)] // A benchmark is about the real clock.
fn time<T>(work: impl FnOnce() -> T) -> Duration {
    let start = Instant::now();
    let _ = black_box(work());
    start.elapsed()
}
