//! Tokens: the endpoint that grants them, and what a call's token is worth.

mod access;
mod assertion;
mod claims;
mod client;
mod device;
mod dpop;
mod endpoint;
mod grants;
mod jws;
mod keys;
mod parameters;
mod quota;
mod refusal;
mod revoked;
mod scopes;

pub(crate) use access::{Access, Caller};
pub(crate) use claims::{Claims, Confirmation};
pub(crate) use client::Clients;
pub(crate) use device::Devices;
pub(crate) use dpop::Proofs;
pub(crate) use endpoint::{Settings, TokenEndpoint};
pub(crate) use grants::{Code, Consent, Grants};
pub(crate) use keys::Key;
pub(crate) use parameters::Parameters;
pub use quota::TokenQuota;
pub(crate) use refusal::{Refusal, uncached};
pub(crate) use revoked::Revoked;
pub(crate) use scopes::Scopes;
