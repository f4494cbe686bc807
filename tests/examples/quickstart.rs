//! The first thing to run.
fn main() {}
