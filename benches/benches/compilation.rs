//! The build time of the generated crates: of each crate alone, and of the Teams crate together with a program that
//! calls every operation.

use std::error::Error;
use std::time::Duration;

use benches::input::with_crates;
use benches::naive;
use benches::pair::Pair;
use benches::scratch::{Crates, Profile, Scratch};
use criterion::{Criterion, SamplingMode};

fn main() -> Result<(), Box<dyn Error>> {
    let mut criterion = Criterion::default().configure_from_args();
    let mut all = Vec::new();
    for (api, input) in with_crates()? {
        let normalized = input.normalize()?;
        all.push(Crates {
            api,
            package: input.package().to_owned(),
            files: input.generate(&normalized, "core")?,
            naive: naive::client(&normalized)?,
        });
    }
    let scratch = Scratch::write(&all)?;
    // Name, touched directory and built package for ours and theirs, and the limit of the ratio.
    let mut pairs: Vec<(String, [String; 2], [String; 2], f64)> = all
        .iter()
        .map(|Crates { api, package, .. }| {
            let ours = [format!("ours-{api}"), package.clone()];
            let theirs = [format!("naive-{api}"), format!("naive-{api}")];
            (format!("crate/{api}"), ours, theirs, 1.0)
        })
        .collect();
    pairs.push((
        "crate-and-program/teams".to_owned(),
        ["ours-teams".to_owned(), "ours-program".to_owned()],
        ["naive-teams".to_owned(), "naive-program".to_owned()],
        1.1,
    ));
    for (name, profile) in [("dev", Profile::Dev), ("release", Profile::Release)] {
        println!("building the dependencies ({name})");
        for (_, [_, ours], [_, theirs], _) in &pairs {
            for package in [ours, theirs] {
                scratch.build(package, profile)?;
            }
        }
        for (what, ours, theirs, at_most) in &pairs {
            let mut group = criterion.benchmark_group(format!("compilation/{what}/{name}"));
            group
                .sample_size(15)
                .sampling_mode(SamplingMode::Flat)
                .measurement_time(Duration::from_secs(30));
            let pair = Pair {
                theirs: "progenitor-builder",
                at_most: *at_most,
            };
            let build = |[touched, package]: &[String; 2]| {
                let built = scratch.rebuild(touched, package, profile);
                built.unwrap_or_else(|error| panic!("{error}"))
            };
            pair.measure(&mut group, || build(ours), || build(theirs));
        }
    }
    criterion.final_summary();
    Ok(())
}
