//! Several processes share one token and one rate budget, on a real Redis or Valkey.
//!
//! `cargo xtask interop` runs these tests; `cargo test` skips them. Each test starts its own server and its own sandbox. The
//! processes of a fleet are this test binary, started again.
#![allow(
    clippy::unwrap_used,
    reason = "a test may panic; clippy does not recognize helper functions of tests"
)]

mod budget;
mod failures;
mod process;
mod server;
mod support;
mod tokens;
