//! How long the generated crate takes to build: alone, and with a program that calls every operation.

use std::error::Error;
use std::time::Duration;

use benches::input::Input;
use benches::naive;
use benches::pair::Pair;
use benches::scratch::{Profile, Scratch};
use criterion::{Criterion, SamplingMode};

fn main() -> Result<(), Box<dyn Error>> {
    let mut criterion = Criterion::default().configure_from_args();
    let input = Input::of_api("teams")?.ok_or("no crate is made of the Teams API")?;
    let normalized = input.normalize()?;
    let scratch = Scratch::write(
        &input.generate(&normalized, "core")?,
        &naive::client(&normalized)?,
    )?;
    for (name, profile) in [("dev", Profile::Dev), ("release", Profile::Release)] {
        println!("building the dependencies ({name})");
        for program in ["ours-program", "naive-program"] {
            scratch.build(program, profile)?;
        }
        for (what, ours, theirs, at_most) in [
            ("crate", "auth0-teams", "naive", 1.0),
            ("crate-and-program", "ours-program", "naive-program", 1.1),
        ] {
            let mut group = criterion.benchmark_group(format!("compilation/{what}/{name}"));
            group
                .sample_size(15)
                .sampling_mode(SamplingMode::Flat)
                .measurement_time(Duration::from_secs(30));
            let pair = Pair {
                theirs: "progenitor-builder",
                at_most,
            };
            let build = |touched, package| {
                let built = scratch.rebuild(touched, package, profile);
                built.unwrap_or_else(|error| panic!("{error}"))
            };
            pair.measure(
                &mut group,
                || build("ours", ours),
                || build("naive", theirs),
            );
        }
    }
    criterion.final_summary();
    Ok(())
}
