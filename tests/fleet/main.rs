//! One token and one rate budget for several processes, on a real Redis or Valkey.
//!
//! `cargo xtask interop` runs these tests; `cargo test` leaves them out. Each starts its own server and its own sandbox,
//! and the processes are this program once more.
#![allow(
    clippy::unwrap_used,
    reason = "a test may stop where it is; helpers of tests are not seen as such by clippy"
)]

mod budget;
mod failures;
mod process;
mod server;
mod support;
mod tokens;
