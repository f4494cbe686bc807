//! A page for each way to get a token, one for stores, and one for fleets. There is nothing in these modules but words.

pub mod client_credentials;
#[cfg(feature = "redis")]
pub mod fleet;
pub mod stores;
