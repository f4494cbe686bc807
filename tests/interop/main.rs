//! The SDK against oidc-provider, a certified OpenID provider that shares no code with it.
//!
//! `cargo xtask interop` installs the provider and runs these tests; `cargo test` leaves them out.
#![allow(
    clippy::unwrap_used,
    reason = "a test may stop where it is; helpers of tests are not seen as such by clippy"
)]

mod browser;
mod client_credentials;
mod devices;
mod harness;
mod logins;
mod possession;
mod proofs;
mod provider;
mod support;
