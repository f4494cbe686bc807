//! Token sources for the generated Auth0 API clients.
//!
//! Each type below implements [`TokenSource`](auth0_core::TokenSource), which an API client calls before every attempt of a
//! call.
//!
//! | use case | type | documentation |
//! | --- | --- | --- |
//! | a service or script without a user, with a secret, a key or a certificate | [`ClientCredentials`] | [client credentials](docs::client_credentials) |
//! | a user with a browser: web and native applications | [`AuthorizationCode`], which returns a [`Session`] | on the type |
//! | a user of a command-line program, with a browser on the same machine | [`AuthorizationCode`] with a [`Loopback`] | on the type |
//! | a user whose browser is on another machine | [`DeviceFlow`], which returns a [`Session`] | on the type |
//! | an existing access token | [`StaticToken`](auth0_core::StaticToken) | on the type |
//! | tokens from your own function | [`token_fn`](auth0_core::token_fn()) | on the function |
//! | a token shared by several processes or kept for the next run | [`FileStore`] | [stores](docs::stores) |
//! | a token and a rate limit budget shared by processes on many hosts | the crate `auth0-fleet`, on Redis or Valkey | there |
//! | a token store of your own | [`TokenStore`], with [`runtime`] for its connections | [stores](docs::stores) |
//! | tokens that cannot be used if they are stolen | [`DpopKey`], with any flow | [DPoP](dpop) |
//!
//! ```
//! use auth0_auth::ClientCredentials;
//! use auth0_core::TokenSource;
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let source = ClientCredentials::builder("acme-auth.us.auth0.com")
//!     .client_id("YOUR_CLIENT_ID")
//!     .client_secret("YOUR_CLIENT_SECRET")
//!     .audience("https://acme.teams.auth0.com/api/")
//!     .build()?;
//!
//! // An API client calls this itself.
//! let token = source.token().await?;
//! # let _ = token;
//! # Ok(())
//! # }
//! ```
//!
//! # Caching
//!
//! Auth0 bills machine-to-machine tokens, so a source requests as few as possible. Create one source per audience and clone it for
//! each client: clones share the cache.
//!
//! - One request serves all callers that wait for a token. It runs on a runtime of this crate, so no caller depends on another
//!   caller or its runtime. There is one exception: a kept connection belongs to the runtime that opened it. If a source shares
//!   its [`HttpClient`] with an API client whose runtime is idle, a token request may wait until its timeout. In that case, set
//!   a separate client on the source.
//! - A token is refreshed in the background shortly before it expires. Callers use the old token in the meantime. If the refresh
//!   fails, a warning is logged and callers keep using the old token until it expires. Callers wait only if there is no valid
//!   token.
//! - A token that an API rejects is replaced, unless it is less than a minute old and no API has accepted it: a new token
//!   would be rejected as well.
//!
//! # Errors
//!
//! An [`Error`] of a source is the source of the [`TokenError`](auth0_core::TokenError) of the call that needed the token;
//! [`Error::find_in`] finds it there. No error, `Debug` output or log event contains a secret, a token or a response body.
//!
//! # Features
//!
//! - `aws-lc` (default): signatures and digests of aws-lc. It is used if `rust-crypto` is enabled as well; one of them is required.
//! - `rust-crypto`: signatures and digests in Rust, without a C compiler. Its RSA does not run in constant time
//!   (RUSTSEC-2023-0071): sign with ECDSA.
//! - `rustls` (default), `rustls-no-provider`, `native-tls`: TLS, as in [`auth0_core`].
#![forbid(unsafe_code)]

mod application;
mod authorization_code;
mod background;
mod cache;
mod client_credentials;
mod crypto;
mod device;
mod discovery;
pub mod docs;
mod document_cache;
pub mod dpop;
mod error;
mod exchange;
mod form;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
mod id_token;
mod jwks;
mod loopback;
mod quota;
mod random;
pub mod runtime;
mod scope;
mod session;
mod signing;
mod store;
mod token_response;
mod user_grant;

pub use application::ClientAuthentication;
pub use auth0_core::{BoxFuture, HttpClient, RetryPolicy};
pub use authorization_code::{AuthorizationCode, AuthorizationCodeBuilder, PendingLogin};
pub use client_credentials::{ClientCredentials, ClientCredentialsBuilder};
pub use device::{DeviceFlow, DeviceFlowBuilder, DeviceLogin};
pub use dpop::DpopKey;
pub use error::{CallbackErrorKind, Error, IdTokenErrorKind};
pub use id_token::IdToken;
pub use loopback::Loopback;
pub use quota::{QuotaWindow, TokenQuotas};
pub use session::Session;
pub use signing::{PrivateKey, SignError, Signer, SigningAlgorithm};
pub use store::{
    FileStore, MemoryStore, StoreError, StoreGuard, StoredToken, TokenKey, TokenStore,
};
