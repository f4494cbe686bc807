//! Shares one Auth0 access token and one rate budget between many processes, through Redis or Valkey.
//!
//! | to | use |
//! | --- | --- |
//! | connect to Redis or Valkey | [`Redis`], configured by [`RedisBuilder`], with an [`EncryptionKey`] |
//! | share access tokens and sessions | [`RedisStore`], a [`TokenStore`](auth0_auth::TokenStore) |
//! | share rate limits | [`RedisBudget`], a [`SharedBudget`](auth0_core::SharedBudget) |
//!
//! [`docs`] describes when to share, how to set up the server, and what happens in each failure.
//!
//! ```
//! use auth0_auth::ClientCredentials;
//! use auth0_core::{Limiter, Limits, Rate};
//! use auth0_fleet::{EncryptionKey, Redis, RedisBudget, RedisStore};
//!
//! # fn example() -> Result<(), Box<dyn std::error::Error>> {
//! // For example rediss://fleet:password@redis.internal:6380/0. The URL is a secret and never shown.
//! let redis = Redis::builder(std::env::var("REDIS_URL")?)
//!     .encryption_key(EncryptionKey::from_base64(&std::env::var("TOKEN_KEY")?)?)
//!     .build()?;
//!
//! // One process fetches the token, all others use it.
//! let token_source = ClientCredentials::from_env()?
//!     .store(RedisStore::new(&redis))
//!     .build()?;
//!
//! // The limits of the tenant. Without Redis, each of four processes takes a quarter.
//! let limits = Limits::new(Rate::per_second(40), Rate::per_second(20));
//! let limiter = Limiter::new(limits)?.with_shared_budget(RedisBudget::new(&redis), 0.25)?;
//! # let _ = (token_source, limiter);
//! # Ok(())
//! # }
//! ```
//!
//! No call fails because Redis fails: each process then fetches its own token and stays within its share of the rate.
//! Redis holds nothing that can be read without the encryption key.
#![forbid(unsafe_code)]

mod budget;
mod builder;
mod connection;
pub mod docs;
mod encryption;
mod endpoint;
mod error;
mod failure;
mod handle;
mod store;
mod tls;

pub use budget::RedisBudget;
pub use builder::RedisBuilder;
pub use encryption::EncryptionKey;
pub use error::ConfigurationError;
pub use handle::Redis;
pub use store::RedisStore;
