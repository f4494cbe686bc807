//! Tests of the runtime against servers: wiremock for HTTP, raw sockets where bytes matter.
#![allow(
    clippy::unwrap_used,
    reason = "tests may panic, and clippy does not recognize test helpers"
)]

mod base_url;
mod bound_tokens;
mod calls;
mod checks;
mod errors;
mod failures;
mod layers;
mod limits;
mod outcomes;
mod paging;
mod responses;
mod retries;
mod scopes;
mod secrets;
mod support;
mod telemetry;
mod tokens;
mod values;
