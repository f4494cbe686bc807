//! Access tokens: the endpoint that grants them, and what a call's token is worth.

mod access;
mod endpoint;
mod keys;
mod quota;

pub(crate) use access::{Access, Caller};
pub(crate) use endpoint::{Refusal, Settings, TokenEndpoint};
pub(crate) use keys::Key;
pub use quota::TokenQuota;
