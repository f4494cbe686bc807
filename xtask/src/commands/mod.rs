//! The subcommands of `cargo xtask`.

pub mod bump;
pub mod cli;
pub mod conformance;
pub mod contract;
pub mod coverage;
pub mod description_coverage;
pub mod emit;
pub mod interop;
pub mod normalize;
pub mod regen;
