//! Guides: client credentials and token stores. These modules contain documentation only.

pub mod client_credentials;
pub mod stores;
