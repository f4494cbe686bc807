//! A fleet: one token and one rate budget for processes on many machines, through Redis or Valkey. With the feature `redis`.
//!
//! # When it pays
//!
//! Tokens of machines are billed and limited in number, and rate limits are those of the tenant, whoever calls. Share both as
//! soon as more than one process has the same application: instances of a service, workers of a queue, functions that are
//! started over and over. For processes of one machine a [`FileStore`](crate::FileStore) does the same for the token. A
//! single process needs nothing: clones of its source share the token already.
//!
//! # How to set it up
//!
//! ```toml
//! auth0-auth = { version = "0.1", features = ["redis"] }
//! ```
//!
//! 1. A key, once for the fleet: `openssl rand -base64 32`, kept where the client secret is kept.
//! 2. A Redis or Valkey that all processes reach; the smallest is large enough, and nothing has to be kept on its disk.
//!    Version 6 or later. Give it a limit of memory with `noeviction` or `volatile-ttl`, if others use it too.
//! 3. A user of its own, who needs no more than this:
//!
//!    ```text
//!    ACL SETUSER fleet on >password ~auth0:* +eval +get +set +del +pttl +pexpire +hget +hmget +hset +time +select
//!    ```
//! 4. The same in each process:
//!
//! ```
//! use auth0_auth::ClientCredentials;
//! use auth0_auth::redis::{EncryptionKey, Redis, RedisBudget, RedisStore};
//! use auth0_core::{Limiter, Limits, Rate};
//!
//! # fn example(url: String, key: String) -> Result<(), Box<dyn std::error::Error>> {
//! // Such as rediss://fleet:password@redis.internal:6380/0. It is a secret, and is never shown.
//! let redis = Redis::builder(url)
//!     .encryption_key(EncryptionKey::from_base64(&key)?)
//!     .build()?;
//!
//! let source = ClientCredentials::from_env()?
//!     .store(RedisStore::new(&redis))
//!     .build()?;
//!
//! // The limits of the plan, or a constant of the API's crate. Of four processes each takes a quarter without Redis.
//! let limits = Limits::new(Rate::per_second(40), Rate::per_second(20));
//! let limiter = Limiter::new(limits)?.sharing(RedisBudget::new(&redis), 0.25)?;
//! # let _ = (source, limiter);
//! # Ok(())
//! # }
//! ```
//!
//! An authority of one's own and a certificate of the client are [`authorities`](crate::redis::RedisBuilder::authorities) and
//! [`identity`](crate::redis::RedisBuilder::identity).
//!
//! **Sentinel and clusters.** One address is connected to, and no redirection is followed. Where a name or a proxy leads to the
//! primary, a failover is an outage of some seconds: what was connected to a replica says so, and is connected anew. A
//! cluster needs a proxy in front of it that speaks like a single server; names have braces, so that all that a script
//! needs is in one slot. Only while two encryption keys are given does a script use the names that both give, which are in
//! different slots: behind such a proxy, replace the key while no process runs. Neither was tried.
//!
//! # What happens with the token
//!
//! The copy in memory comes first, so a call that has a token never asks Redis. When a token is needed, a process looks into
//! Redis, which is one round trip. If there is none, or it is about to end, the process takes a lock there, asks Auth0, and
//! writes what it got; the others wait for it, or go on with the token that is still valid. Each process replaces the token
//! a little earlier or later than the others, by lot, so that the first one does it for all. Refusals and failures of Auth0
//! stay in the process that heard them.
//!
//! Tokens are told apart by all of [`TokenKey`](crate::TokenKey). So one that is bound to a key
//! ([`dpop`](crate::ClientCredentialsBuilder::dpop)) is shared by the processes that have the key, and by no others.
//!
//! # What happens with the rate
//!
//! A process that calls asks Redis for permits, some at a time, of the host's limit and of the organization's at once. They are
//! good for a tenth of a second, and those that are not used by then are lost to all. The first call after a quiet time
//! waits for one round trip; in a run of calls it is every tenth or so. All of a fleet give the same limits. Pauses that a
//! server asks for, with a 429, are each process's own.
//!
//! # What happens when something fails
//!
//! | what | so |
//! | --- | --- |
//! | Redis is away, refuses the user, or is full | each process gets its own token and takes its share of the rate. One call waits for the [time-out](crate::redis::RedisBuilder::time_out), 250 ms, and the next ones for nothing; after 1 s, and up to 15 s, one call tries again. A warning when it begins, a note when it ends |
//! | it answers slowly | the same, from the time-out on; permits that arrive a tenth of a second late are not used |
//! | it was restarted and is empty | the next process that needs a token gets one for all. A connection that broke is made anew before anybody notices |
//! | the process that replaces the token dies | its lock ends after [5 s](crate::redis::RedisStore::lock_expiry), and another one does it; who still has a valid token does not wait for that |
//! | it was only stopped, and wakes up late | what was written after it stays, and its own token is its own |
//! | it lives, but Auth0 does not answer it | it keeps the lock. Others that have no valid token wait for at most 30 s and then get one themselves; others that have one give up after 2 s, go on with it, and try again later |
//! | a value does not decrypt, or is no token | it is as good as absent, and is replaced. A warning, once for each value |
//! | somebody reads all that is in Redis | they find neither tokens nor secrets, nor domains, clients, hosts and organizations |
//! | somebody may write there | they can remove tokens and slow calls down; a token that they put there does not decrypt |
//! | the encryption key is lost or stolen | give a [new one](crate::redis::RedisBuilder::encryption_key); who stole it needs access to Redis as well |
//!
//! No call fails for any of it, and [`store_failure`](crate::ClientCredentials::store_failure) says how it is. A
//! [`Session`](crate::Session) is another matter: its refresh token is in the store and nowhere else, so there the store's error
//! is the call's.
