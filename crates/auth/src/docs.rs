//! A page for each way to get a token, and one for stores. There is nothing in these modules but words.

pub mod client_credentials;
pub mod stores;
