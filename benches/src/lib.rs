//! Shared by the benchmarks: the comparisons, and measuring two things side by side.
#![forbid(unsafe_code)]

pub mod constructs;
pub mod input;
pub mod members;
pub mod memory;
pub mod naive;
pub mod pair;
pub mod scratch;
pub mod server;
pub mod synthetic;
