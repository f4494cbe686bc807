//! Stores: one token for several processes, and for the next run.
//!
//! # When to use one
//!
//! A source keeps its token in memory, and that is enough for a service of one process. A store is for
//!
//! - a command-line program, which would fetch a token for each run;
//! - several processes on one machine with the same client, which would fetch a token each.
//!
//! The crate `auth0-fleet` has a store for processes on several machines, on Redis or Valkey.
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
//! # What happens
//!
//! The memory of the source comes first: while the token there is good, the store is not asked. When a new one is needed,
//! the store is looked into; if it has none that is good, the source locks it, looks again, fetches, saves and unlocks. So
//! of a hundred processes one fetches, and the others find what it brought. That holds for the early replacement of a
//! token too. A token that an API refused is not taken from the store again.
//!
//! A stored token that is still valid is used at once, be it about to end; it is replaced in the background. A source without
//! a valid token waits at most 30 s for the lock and then fetches a token without it: a second token costs less than a
//! program that stands still. A background refresh waits at most 2 s and tries again later. Tokens are told apart by all that has a
//! say in them, [`TokenKey`](crate::TokenKey), so one store may serve many sources.
//!
//! # What can go wrong
//!
//! Never a call: a source whose store fails fetches its token as if there were none. That costs tokens, so it is to be
//! seen: a warning is logged when it begins, and [`store_failure`](crate::ClientCredentials::store_failure) has the
//! [`StoreError`](crate::StoreError), with what to do. Those of a [`FileStore`](crate::FileStore):
//!
//! | it says | so |
//! | --- | --- |
//! | found mode 644; mend it with `chmod 600 …` | others could read the tokens; run the command, and replace the secret if somebody did |
//! | expected a regular file, found a symbolic link | give the path of the file itself |
//! | found something else or a damaged one | it is never overwritten; if nobody needs it, remove it |
//! | of version 1, found version 2 | a later version of this crate wrote it; use another path |
//! | another process has held the lock for 10 s | a process is stopped in the middle of writing |
//!
//! # A store of one's own
//!
//! [`TokenStore`](crate::TokenStore) has four methods: load, save, remove and lock. A shared cache for the processes of
//! many machines, or the key ring of the system, is a matter of some lines. Encrypt what leaves the machine.
//!
//! - A store with a connection that outlives a call spawns it on the [`runtime`](crate::runtime) of this crate.
//! - A store that logs its own outages marks its errors with
//!   [`already_logged`](crate::StoreError::already_logged), so that sources do not log them again.
