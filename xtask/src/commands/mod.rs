//! The subcommands of `cargo xtask`.

pub mod add;
pub mod bump;
mod changelog;
pub mod cli;
pub mod conformance;
pub mod contract;
pub mod coverage;
pub mod description_coverage;
pub mod emit;
pub mod interop;
mod lock_file;
pub mod normalize;
pub mod regen;
pub mod release;
pub mod replay;
mod staging;
mod type_check;
