//! Tests of the sandbox over HTTP, through its library and as a program.
#![allow(clippy::unwrap_used, reason = "test support may panic like a test")]

mod activity;
mod admin;
mod arguments;
mod assertions;
mod client_credentials;
mod clock;
mod devices;
mod dpop;
mod fault_effects;
mod fault_scripts;
mod fault_selection;
mod host_guard;
mod keys;
mod lifecycle;
mod logins;
mod organizations;
mod program;
mod rate_limits;
mod requests;
mod scenarios;
mod secrets;
mod seed;
mod support;
mod token_errors;
mod token_faults;
mod token_quotas;
mod token_validation;
