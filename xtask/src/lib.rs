//! The generator: from a published OpenAPI document to a client crate.
#![forbid(unsafe_code)]

pub mod canonical;
pub mod diagnostic;
pub mod document;
pub mod facts;
pub mod guard;
pub mod locate;
pub mod parse;
pub mod problem;
pub mod source;
pub mod walk;
