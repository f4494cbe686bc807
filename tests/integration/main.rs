//! End-to-end tests of the generated clients over HTTP with the real token sources: against the sandbox, and against a
//! mock server for responses that the sandbox never sends.
#![allow(
    clippy::unwrap_used,
    reason = "a failed unwrap fails the test, and clippy does not recognize test helpers"
)]

mod additional_api;
mod auth0;
mod base_urls;
mod bodies;
mod bump;
mod constraints;
mod consumer;
mod contributing;
mod cursors;
mod decoding;
mod document_changes;
mod documentation;
mod end_to_end;
mod examples;
mod faults;
mod freshness;
mod general_case;
mod listings;
mod logins;
mod management;
mod my_organization;
mod operations;
mod other_apis;
mod replay;
mod repository;
mod responses;
mod samples;
mod sandbox;
mod secrets;
mod settings;
mod support;
mod tokens;
mod unexpected_responses;
mod unions;
mod workflows;
mod write_back;
