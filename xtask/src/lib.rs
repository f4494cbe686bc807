//! The generator: from a published OpenAPI document to a client crate.
#![forbid(unsafe_code)]

pub mod canonical;
pub mod cli;
pub mod conformance;
pub mod console;
pub mod contract;
pub mod coverage;
pub mod crate_name;
pub mod diagnostic;
pub mod diff;
pub mod difference;
pub mod document;
pub mod emit;
pub mod facts;
pub mod fetch;
pub mod files;
pub mod generate;
pub mod guard;
pub mod interop;
pub mod locate;
pub mod markdown;
pub mod normalize;
pub mod overlay;
pub mod parse;
pub mod passes;
pub mod pipeline;
mod printable;
pub mod problem;
pub mod progress;
pub mod regen;
pub mod source;
pub mod sources;
pub mod tiers;
pub mod walk;
pub mod workspace;
