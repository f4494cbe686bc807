//! Tokens: the token endpoint and the validation of access tokens.

mod assertion;
mod claims;
mod client;
mod device;
mod dpop;
mod endpoint;
mod grant_store;
mod jwt;
mod keys;
mod oauth_error;
mod parameters;
mod revoked_tokens;
mod scopes;
mod token_quota;
mod validator;

pub(crate) use claims::{AccessTokenClaims, Confirmation};
pub(crate) use client::Clients;
pub(crate) use device::Devices;
pub(crate) use dpop::DpopVerifier;
pub(crate) use endpoint::{TokenEndpoint, TokenSettings};
pub(crate) use grant_store::{AuthorizationCode, Consent, GrantStore};
pub(crate) use keys::SigningKey;
pub(crate) use oauth_error::{OAuthError, no_store};
pub(crate) use parameters::OAuthParameters;
pub(crate) use revoked_tokens::RevokedTokens;
pub(crate) use scopes::ApiScopes;
pub use token_quota::TokenQuota;
pub(crate) use validator::{Caller, TokenValidator};
