//! The generator: fetches and normalizes OpenAPI documents, and generates client crates from them.
#![forbid(unsafe_code)]

pub mod commands;
pub mod console;
pub mod crate_name;
pub mod diagnostic;
pub mod diff;
pub mod difference;
pub mod emit;
pub mod extensions;
pub mod fetch;
pub mod files;
pub mod guard;
pub mod lower;
pub mod markdown;
pub mod pipeline;
mod printable;
pub mod problem;
pub mod progress;
pub mod rate_limit_plans;
pub mod recovery;
pub mod selection;
pub mod sources;
pub mod spec;
mod table;
pub mod workspace;
