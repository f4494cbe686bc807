//! Measures two things side by side.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::time::Duration;

use criterion::BenchmarkGroup;
use criterion::measurement::WallTime;

/// A benchmark with its comparison.
pub struct Pair<'a> {
    /// The name of the comparison.
    pub theirs: &'a str,
    /// The maximum ratio of ours to the comparison.
    pub at_most: f64,
}

impl Pair<'_> {
    /// Measures both alternately, so that other load on the machine affects both. Each closure does its work once and
    /// returns the duration. Prints the ratio of the medians.
    pub fn measure(
        &self,
        group: &mut BenchmarkGroup<'_, WallTime>,
        mut ours: impl FnMut() -> Duration,
        theirs: impl FnMut() -> Duration,
    ) {
        let theirs = RefCell::new(theirs);
        let measured_ahead = RefCell::new(VecDeque::new());
        let mut medians = [const { Vec::new() }; 2];
        let [our_times, their_times] = &mut medians;
        group.bench_function("ours", |bencher| {
            bencher.iter_custom(|times| {
                let mut total = Duration::ZERO;
                for _ in 0..times {
                    let theirs = theirs.borrow_mut()();
                    measured_ahead.borrow_mut().push_back(theirs);
                    let ours = ours();
                    our_times.push(ours);
                    their_times.push(theirs);
                    total += ours;
                }
                total
            });
        });
        group.bench_function(self.theirs, |bencher| {
            bencher.iter_custom(|times| {
                let next = || {
                    let measured = measured_ahead.borrow_mut().pop_front();
                    measured.unwrap_or_else(|| theirs.borrow_mut()())
                };
                (0..times).map(|_| next()).sum()
            });
        });
        if let [Some(ours), Some(theirs)] = medians.map(median) {
            let ratio = ours.as_secs_f64() / theirs.as_secs_f64();
            println!(
                "ratio: ours {ours:.2?}, {} {theirs:.2?}: {ratio:.2} (at most {:.2})\n",
                self.theirs, self.at_most
            );
        }
    }
}

fn median(mut times: Vec<Duration>) -> Option<Duration> {
    times.sort_unstable();
    times.get(times.len() / 2).copied()
}
