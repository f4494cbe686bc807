//! Two things measured side by side.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::time::Duration;

use criterion::BenchmarkGroup;
use criterion::measurement::WallTime;

/// What one benchmark measures, and what it is compared with.
pub struct Pair<'a> {
    /// What the comparison is called.
    pub theirs: &'a str,
    /// The ratio that ours shall not exceed.
    pub at_most: f64,
}

impl Pair<'_> {
    /// Measures both, in turns: whatever else slows this machine for a while then slows both alike. Each closure does
    /// its work once and tells how long that took. Prints the ratio of the medians.
    pub fn measure(
        &self,
        group: &mut BenchmarkGroup<'_, WallTime>,
        mut ours: impl FnMut() -> Duration,
        theirs: impl FnMut() -> Duration,
    ) {
        let theirs = RefCell::new(theirs);
        let waiting = RefCell::new(VecDeque::new());
        let mut medians = [const { Vec::new() }; 2];
        let [of_ours, of_theirs] = &mut medians;
        group.bench_function("ours", |bencher| {
            bencher.iter_custom(|times| {
                let mut total = Duration::ZERO;
                for _ in 0..times {
                    let theirs = theirs.borrow_mut()();
                    waiting.borrow_mut().push_back(theirs);
                    let ours = ours();
                    of_ours.push(ours);
                    of_theirs.push(theirs);
                    total += ours;
                }
                total
            });
        });
        group.bench_function(self.theirs, |bencher| {
            bencher.iter_custom(|times| {
                let next = || {
                    let measured = waiting.borrow_mut().pop_front();
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
