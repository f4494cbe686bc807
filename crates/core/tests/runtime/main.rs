//! The runtime against servers: wiremock where HTTP will do, bare sockets where bytes matter.
#![allow(
    clippy::unwrap_used,
    reason = "a test may stop where it is; helpers of tests are not seen as such by clippy"
)]

mod answers;
mod base_url;
mod bound_tokens;
mod calls;
mod checks;
mod errors;
mod faults;
mod layers;
mod limits;
mod outcomes;
mod paging;
mod retries;
mod scopes;
mod secrets;
mod support;
mod telemetry;
mod tokens;
mod values;
