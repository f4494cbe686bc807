//! The generator: from a published OpenAPI document to a client crate.
#![forbid(unsafe_code)]

pub mod passes;
pub mod problem;
pub mod walk;
