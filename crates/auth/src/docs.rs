//! Guides: client credentials, token stores and fleets of processes. These modules contain documentation only.

pub mod client_credentials;
#[cfg(feature = "redis")]
pub mod fleet;
pub mod stores;
