//! Ways to get an Auth0 access token. Each of them is a [`TokenSource`](auth0_core::TokenSource), which is what
//! the generated API clients ask before every attempt of a call.
//!
//! | for | there is | page |
//! | --- | --- | --- |
//! | a program that acts for itself, with a secret, a key or a certificate | [`ClientCredentials`] | [client credentials](docs::client_credentials) |
//! | a user with a browser: web and native applications | [`AuthorizationCode`], which gives a [`Session`] | on the type |
//! | a user of a command-line program, with the browser beside it | the same with a [`Loopback`] | on the type |
//! | a user whose browser is on another machine | [`DeviceFlow`], which gives a [`Session`] | on the type |
//! | a token that somebody else got | [`StaticToken`](auth0_core::StaticToken) | |
//! | tokens that a function of the program's own gets | [`token_fn`](auth0_core::token_fn()) | |
//! | one token for several processes, or for the next run | [`FileStore`] | [stores](docs::stores) |
//! | one token and one rate budget for processes on many hosts, through Redis or Valkey | the crate `auth0-fleet` | |
//! | a token store of your own | [`TokenStore`], with [`runtime`] for its connections | [stores](docs::stores) |
//! | tokens that a thief cannot use | [`DpopKey`] | [DPoP](dpop), with any of them |
//!
//! ```
//! use auth0_auth::ClientCredentials;
//! use auth0_core::TokenSource;
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let source = ClientCredentials::builder("acme-auth.us.auth0.com")
//!     .client_id("the client's id")
//!     .client_secret("the client's secret")
//!     .audience("https://acme.teams.auth0.com/api/")
//!     .build()?;
//!
//! // An API client does this by itself; by hand it is one call.
//! let token = source.token().await?;
//! # let _ = token;
//! # Ok(())
//! # }
//! ```
//!
//! # Tokens are cached and shared
//!
//! Auth0 bills the tokens of machines, so a source asks for as few of them as it can. Make one source, clone it
//! (a clone shares the cache), and give it to every client that needs the same audience.
//!
//! - One request serves all callers that wait for it. It runs on a runtime of this crate, so no caller depends on another
//!   one, or on another one's runtime. There is one exception: a kept connection belongs to the runtime that opened it. If
//!   a source shares its [`HttpClient`](auth0_core::HttpClient) with an API client whose runtime idles, a token request may
//!   wait for its timeout. Set a separate client on the source then.
//! - A token is replaced in the background shortly before it ends. Callers use the old one meanwhile, and as long as it is
//!   valid if that fails, which is logged as a warning. They wait only if there is no valid token.
//! - A token that an API refuses is replaced, unless it is fresh and no API ever took it: a second one would be
//!   refused as well.
//!
//! # Errors
//!
//! A source's [`Error`] arrives as the source of the [`TokenError`](auth0_core::TokenError) of the call that
//! needed the token; [`Error::find_in`] finds it there. No error, no `Debug` output and no log event holds a
//! secret, a token or the body of an answer.
#![forbid(unsafe_code)]

mod answer;
mod application;
mod authorization_code;
mod background;
mod cache;
mod client_credentials;
mod device;
mod discovery;
pub mod docs;
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
#[doc(hidden)]
pub mod measured;
mod published;
mod quota;
mod random;
pub mod runtime;
mod scope;
mod session;
mod signing;
mod store;
mod user_grant;

pub use application::ClientAuthentication;
pub use auth0_core::BoxFuture;
pub use authorization_code::{AuthorizationCode, AuthorizationCodeBuilder, PendingLogin};
pub use client_credentials::{ClientCredentials, ClientCredentialsBuilder};
pub use device::{DeviceFlow, DeviceFlowBuilder, DeviceLogin};
pub use dpop::DpopKey;
pub use error::{CallbackFault, Error, IdTokenFault};
pub use id_token::IdToken;
pub use loopback::Loopback;
pub use quota::{QuotaWindow, TokenQuotas};
pub use session::Session;
pub use signing::{PrivateKey, SignError, Signer, SigningAlgorithm};
pub use store::{
    FileStore, MemoryStore, StoreError, StoreGuard, StoredToken, TokenKey, TokenStore,
};
