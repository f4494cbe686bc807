//! The SDK against oidc-provider, a certified OpenID provider that shares no code with it.
//!
//! `cargo xtask interop` installs the provider and runs these tests; `cargo test` skips them.
#![allow(
    clippy::unwrap_used,
    reason = "a failed unwrap fails the test, and clippy does not recognize test helpers"
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
