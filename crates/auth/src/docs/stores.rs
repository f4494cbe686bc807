//! Token stores: share a token between processes and keep it for the next run.
//!
//! # When to use one
//!
//! A source caches its token in memory, which is enough for a service with one process. Use a store for
//!
//! - a command-line program, which would fetch a token for each run;
//! - several processes on one machine that use the same client, each of which would fetch a token.
//!
//! For processes on several machines, use the crate `auth0-fleet`, a store on Redis or Valkey.
//!
//! ```
//! use auth0_auth::{ClientCredentials, FileStore};
//!
//! # fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let home = std::env::home_dir().ok_or("there is no home directory")?;
//! let source = ClientCredentials::from_env()?
//!     .store(FileStore::new(home.join(".cache/acme/tokens.json")))
//!     .build()?;
//! # let _ = source;
//! # Ok(())
//! # }
//! ```
//!
//! # Behavior
//!
//! While the token in memory is valid, the source does not read the store. If the source needs a new token, it loads the token
//! from the store. If that token is not usable, the source locks the store, loads it again, fetches a token, saves it and
//! unlocks. So of a hundred processes one fetches a token, and the others load it. The same holds for the early refresh. A
//! token that an API rejected is not loaded from the store again.
//!
//! A stored token that is still valid is used at once, even if it expires soon; it is refreshed in the background. A source
//! without a valid token waits at most 30 s for the lock and then fetches a token without it: a second token costs less than a
//! blocked program. A background refresh waits at most 2 s for the lock and is retried later.
//!
//! Tokens are identified by everything that affects them ([`TokenKey`](crate::TokenKey)), so one store can serve many sources.
//!
//! # Errors
//!
//! A failing store never fails a call: the source fetches a token as if there were no store. Because that costs tokens, a
//! warning is logged at the first failure, and [`store_failure`](crate::ClientCredentials::store_failure) returns the
//! [`StoreError`](crate::StoreError), which says what to do. Errors of a [`FileStore`](crate::FileStore):
//!
//! | message | what to do |
//! | --- | --- |
//! | found mode 644; fix it with `chmod 600 …` | other users could read the tokens: run the command, and rotate the secret if somebody did |
//! | expected a regular file, found a symbolic link | use the path of the file itself |
//! | expected a token file, found other or damaged content | the file is never overwritten; remove it if it is not needed |
//! | expected a token file of version 1, found version 2 | a later version of this crate wrote it; use another path |
//! | another process has held the lock for 10 s | a process is suspended while it writes |
//!
//! # Custom stores
//!
//! [`TokenStore`](crate::TokenStore) has four methods: load, save, remove and lock. Implement it for a shared cache or for the
//! keyring of the operating system. Encrypt tokens that leave the machine.
//!
//! - A store with a connection that outlives a call spawns it on the [`runtime`](crate::runtime) of this crate.
//! - A store that logs its own outages marks its errors with
//!   [`already_logged`](crate::StoreError::already_logged), so that sources do not log them again.
