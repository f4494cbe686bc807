//! Deployment guide: when to share a token and a rate budget, how to set it up, and what happens in each failure. This
//! module contains documentation only.
//!
//! # When to share
//!
//! Auth0 bills and limits machine-to-machine tokens, and its rate limits apply to the tenant, whichever process calls. Share
//! both as soon as several processes use the same application: instances of a service, workers of a queue, functions that
//! are started over and over. For processes on one machine, [`FileStore`](auth0_auth::FileStore) shares the token without a
//! server. A single process needs nothing: clones of a token source share its token.
//!
//! # Setup
//!
//! ```toml
//! auth0-fleet = "0.1"
//! ```
//!
//! 1. Create an encryption key, one for all processes: `openssl rand -base64 32`. Keep it where you keep the client secret.
//! 2. Provide a Redis or Valkey server, version 6 or later, that all processes can reach. The smallest size is enough, and
//!    nothing has to be written to disk. If other programs use it too, set a memory limit with the policy `noeviction` or
//!    `volatile-ttl`.
//! 3. Create a user with exactly these permissions:
//!
//!    ```text
//!    ACL SETUSER fleet on >password ~auth0:* +eval +get +set +del +pttl +pexpire +hget +hmget +hset +time +select
//!    ```
//! 4. Configure each process alike:
//!
//! ```
//! use auth0_auth::ClientCredentials;
//! use auth0_core::{Limiter, Limits, Rate};
//! use auth0_fleet::{EncryptionKey, Redis, RedisBudget, RedisStore};
//!
//! # fn example(url: String, key: String) -> Result<(), Box<dyn std::error::Error>> {
//! // For example rediss://fleet:password@redis.internal:6380/0. The URL is a secret and never shown.
//! let redis = Redis::builder(url)
//!     .encryption_key(EncryptionKey::from_base64(&key)?)
//!     .build()?;
//!
//! let token_source = ClientCredentials::from_env()?
//!     .store(RedisStore::new(&redis))
//!     .build()?;
//!
//! // The limits of the plan, or a constant of the API's crate. Without Redis, each of four processes takes a quarter.
//! let limits = Limits::new(Rate::per_second(40), Rate::per_second(20));
//! let limiter = Limiter::new(limits)?.with_shared_budget(RedisBudget::new(&redis), 0.25)?;
//! # let _ = (token_source, limiter);
//! # Ok(())
//! # }
//! ```
//!
//! For a private certificate authority, set [`root_certificates`](crate::RedisBuilder::root_certificates); for a client
//! certificate, set [`identity`](crate::RedisBuilder::identity).
//!
//! ## Sentinel and clusters
//!
//! The client connects to one address and follows no redirection. If a DNS name or a proxy leads to the primary, a failover
//! is an outage of some seconds: a server that has become a replica returns an error, and the connection is opened again.
//!
//! A cluster needs a proxy in front of it that behaves like a single server. Names contain hash tags, so that all keys of
//! a script are in one slot. The exception is a token while two encryption keys are configured, because the names of both
//! are in different slots: behind such a proxy, replace the key while no process runs. Neither setup has been tested.
//!
//! # Shared tokens
//!
//! The token in memory comes first: a call with a valid token sends nothing to Redis. When a process needs a token, it looks
//! in Redis, which takes one round trip. If there is no token, or it is about to expire, the process takes a lock in Redis,
//! fetches a token from Auth0 and stores it. The others wait for it, or continue with the token that is still valid.
//! Processes refresh a token at slightly different, random times, so that the first one does it for all. Rejections and
//! failures of Auth0 are not shared.
//!
//! A token is identified by its whole [`TokenKey`](auth0_auth::TokenKey). A token that is bound to a key
//! ([`dpop`](auth0_auth::ClientCredentialsBuilder::dpop)) is therefore shared only by processes with the same key.
//!
//! # Shared rate limits
//!
//! A process takes permits from Redis, several at a time, from the limits of the host and of the organization together. They
//! are valid for up to 100 ms; permits that are not used by then are lost. The first call after an idle time waits for one
//! round trip, in a series of calls about every tenth one does. All processes configure the same limits. The pause that a
//! 429 response demands applies to the process that received it.
//!
//! # Failures
//!
//! | failure | effect |
//! | --- | --- |
//! | Redis is unavailable, rejects the user, or is full | Each process fetches its own token and uses its share of the rate. One call waits for the [timeout](crate::RedisBuilder::timeout), 250 ms by default, and the next ones do not wait. After 1 s, and up to 15 s during a longer outage, one call tries again. A warning is logged at the beginning and an info event at the end. |
//! | Redis is slow | The same, once a command reaches the timeout. Permits that arrive too late are not used. |
//! | Redis was restarted and is empty | The next process that needs a token fetches it for all. A broken connection is replaced without an error. |
//! | the process that fetches the token dies | Its lock expires after [5 s](crate::RedisStore::lock_expiry), and another process takes over. Processes with a valid token do not wait for that. |
//! | the process that fetches the token is suspended and resumes late | A token that was stored in the meantime stays. The resumed process uses its own token. |
//! | Auth0 does not respond to the process that fetches the token | It keeps the lock. Processes without a valid token wait for at most 30 s and then fetch one themselves. Processes with a valid token stop waiting after 2 s, continue with it, and try again later. |
//! | a value does not decrypt or is not a token | It is treated as missing and replaced. A warning is logged once per value. |
//! | an attacker reads everything in Redis | They find no tokens, secrets, domains, client ids, hosts or organizations. |
//! | an attacker writes to Redis | They can remove tokens and slow calls down. A token that they store does not decrypt. |
//! | the encryption key is lost or stolen | [Replace it](crate::RedisBuilder::encryption_key). A thief also needs access to Redis. |
//!
//! None of this fails a call; [`store_failure`](auth0_auth::ClientCredentials::store_failure) returns the last failure of
//! the store. A [`Session`](auth0_auth::Session) differs: its refresh token is in the store only, so an error of the store
//! fails the call.
