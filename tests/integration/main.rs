//! The generated clients end to end: over HTTP against a mock server, with the real token sources.
#![allow(
    clippy::unwrap_used,
    reason = "a test may stop where it is; helpers of tests are not seen as such by clippy"
)]

mod answers;
mod checks;
mod operations;
mod samples;
mod support;
mod unions;
