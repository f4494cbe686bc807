//! The generated clients end to end: over HTTP, with the real token sources, against the sandbox; and against a mock where
//! the server has to answer what no sandbox would.
#![allow(
    clippy::unwrap_used,
    reason = "a test may stop where it is; helpers of tests are not seen as such by clippy"
)]

mod addresses;
mod answers;
mod auth0;
mod checks;
mod consumer;
mod cursors;
mod decoding;
mod end_to_end;
mod examples;
mod faults;
mod fourth_api;
mod freshness;
mod inventory;
mod listings;
mod logins;
mod mutations;
mod my_organization;
mod operations;
mod organizations;
mod repository;
mod samples;
mod sandbox;
mod secrets;
mod settings;
mod support;
mod tokens;
mod undocumented;
mod unions;
mod workflows;
mod written_back;
