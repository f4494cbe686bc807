//! The time of the generator: compared with progenitor alone, by document size, and as the complete command.

use std::error::Error;
use std::hint::black_box;
use std::process::Command;
use std::time::{Duration, Instant};

use benches::input::{Input, with_crates};
use benches::pair::Pair;
use benches::{constructs, naive, synthetic};
use criterion::{Criterion, SamplingMode, Throughput};
use xtask::workspace::Workspace;

fn main() -> Result<(), Box<dyn Error>> {
    let mut criterion = Criterion::default().configure_from_args();
    for (name, input) in documents()? {
        pipeline(&mut criterion, &name, &input)?;
    }
    sizes(&mut criterion)?;
    command(&mut criterion)?;
    criterion.final_summary();
    Ok(())
}

/// The APIs that have a crate, and published documents of APIs that have none.
fn documents() -> Result<Vec<(String, Input)>, Box<dyn Error>> {
    let mut documents = with_crates()?;
    for (name, file) in [
        ("my-organization", "my-organization.json"),
        ("management-whole", "management.json"),
    ] {
        if !documents.iter().any(|(other, _)| other == name)
            && let Some(input) = Input::published(file)?
        {
            documents.push((name.to_owned(), input));
        }
    }
    Ok(documents)
}

/// Normalizes, generates and formats, compared with progenitor's builder style and formatting.
fn pipeline(criterion: &mut Criterion, name: &str, input: &Input) -> Result<(), Box<dyn Error>> {
    let normalized = input.normalize()?;
    // Detect errors before anything is measured.
    input.generate(&normalized, "core")?;
    naive::client(&normalized)?;

    let pair = Pair {
        theirs: "progenitor-builder",
        at_most: 1.3,
    };
    let mut group = criterion.benchmark_group(format!("generation/{name}"));
    if input.bytes() > 1_000_000 {
        group.sample_size(10).sampling_mode(SamplingMode::Flat);
    }
    pair.measure(
        &mut group,
        || time(|| normalize_and_generate(input)),
        || time(|| naive::client(&normalized)),
    );
    Ok(())
}

fn normalize_and_generate(input: &Input) -> Result<usize, Box<dyn Error>> {
    let normalized = input.normalize()?;
    Ok(input.generate(&normalized, "core")?.len())
}

/// Measures documents of increasing size. The time per byte should not increase.
fn sizes(criterion: &mut Criterion) -> Result<(), Box<dyn Error>> {
    let mut group = criterion.benchmark_group("size");
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    let mut inputs = Vec::new();
    for schemas in [300, 3_000, 10_000] {
        inputs.push((format!("{schemas} schemas"), synthetic::document(schemas)?));
    }
    // progenitor alone rejects many of the constructs.
    for copies in [1, 20] {
        inputs.push((
            format!("all constructs, {copies} times"),
            constructs::document(copies)?,
        ));
    }
    for (name, input) in inputs {
        let bytes = input.bytes();
        normalize_and_generate(&input)?;
        let mut times: Vec<Duration> = Vec::new();
        group.throughput(Throughput::Bytes(bytes as u64));
        group.bench_function(&name, |bencher| {
            bencher.iter_custom(|count| {
                let taken = (0..count).map(|_| time(|| normalize_and_generate(&input)));
                let taken: Vec<Duration> = taken.collect();
                times.extend(&taken);
                taken.iter().sum()
            });
        });
        times.sort_unstable();
        if let Some(median) = times.get(times.len() / 2) {
            let megabytes = bytes as f64 / 1e6;
            let each = median.as_secs_f64() / megabytes;
            println!("size: {name}, {megabytes:.2} MB: {median:.2?}, {each:.2} s per MB\n");
        }
    }
    Ok(())
}

/// Measures the whole command `cargo xtask regen teams`, already built.
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

#[allow(clippy::disallowed_methods)] // A benchmark measures real time.
fn time<T>(work: impl FnOnce() -> T) -> Duration {
    let start = Instant::now();
    let _ = black_box(work());
    start.elapsed()
}
