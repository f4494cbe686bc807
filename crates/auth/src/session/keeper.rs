//! Where a session's tokens are, and how they are replaced.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use auth0_core::{RetrySafety, Scopes, SecretString};
use tokio::sync::Mutex;

use crate::answer::{Grant, binding};
use crate::application::Application;
use crate::cache::Timing;
use crate::discovery::Endpoint;
use crate::error::{Error, Failure};
use crate::form::Form;
use crate::id_token::is_same;
use crate::store::{StoredToken, TokenKey, TokenStore};
use crate::user_grant::UserGrant;

/// A place in a store.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) store: Arc<dyn TokenStore>,
    pub(super) key: TokenKey,
}

/// Keeps the tokens of a session. The store is what counts: another process may have put newer ones there.
pub(super) struct Keeper {
    application: Arc<Application>,
    timing: Timing,
    has_ended: AtomicBool,
    /// The access token that was given out last. Whoever asks for another has no use for it. One that was fetched for
    /// callers who went away is not among them: it waits in the store.
    given: std::sync::Mutex<Option<SecretString>>,
    /// Held by whoever changes anything, so that a refresh token is used by one alone.
    books: Mutex<Books>,
}

struct Books {
    place: Place,
    /// What the server granted and the store did not take yet.
    unsaved: Option<StoredToken>,
    /// The refresh token of a request whose answer was lost.
    lost: Option<SecretString>,
    /// The refresh token that the server refused, and how.
    refused: Option<(SecretString, Error)>,
}

impl Keeper {
    pub(super) fn new(application: Arc<Application>, place: Place, timing: Timing) -> Self {
        Self {
            application,
            timing,
            has_ended: AtomicBool::new(false),
            given: std::sync::Mutex::default(),
            books: Mutex::new(Books {
                place,
                unsaved: None,
                lost: None,
                refused: None,
            }),
        }
    }

    pub(super) fn application(&self) -> &Application {
        &self.application
    }

    pub(super) fn has_ended(&self) -> bool {
        self.has_ended.load(Ordering::Acquire)
    }

    /// Takes note of what was given out.
    pub(super) fn give(&self, token: &SecretString) {
        *self.given() = Some(token.clone());
    }

    fn given(&self) -> MutexGuard<'_, Option<SecretString>> {
        self.given.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Another access token than the last: from the store, where somebody else put one, or from the server.
    pub(super) async fn renew(&self) -> Result<Grant, Error> {
        let mut books = self.books.lock().await;
        let Place { store, key } = books.place.clone();
        let _guard = store.lock(&key).await?;
        books.save_rest().await?;
        // Somebody may have signed out while this waited.
        let stored = match self.has_ended() {
            true => None,
            false => store.load(&key).await?,
        };
        let stored = stored.ok_or_else(|| Error::from(Failure::Ended))?;
        let now = self.application.exchange.clock.now();
        let was_given = same(self.given().as_ref(), &stored.access_token);
        if !was_given && let Some(grant) = self.usable(&stored, now) {
            return Ok(grant);
        }
        let result = self.refresh(&mut books, &stored).await;
        let (domain, client_id) = (&self.application.domain, &self.application.client_id);
        match &result {
            Ok(_) => tracing::debug!(domain, client_id, "session refreshed"),
            Err(error) => tracing::debug!(domain, client_id, %error, "session not refreshed"),
        }
        result
    }

    async fn refresh(&self, books: &mut Books, stored: &StoredToken) -> Result<Grant, Error> {
        let Some(refresh_token) = &stored.refresh_token else {
            return Err(Failure::Ended.into());
        };
        if let Some((refused, error)) = &books.refused
            && is_same(refused.secret(), refresh_token.secret())
        {
            return Err(error.clone());
        }
        // A program may have put it into the store, from a file.
        let form = Form::of_grant("refresh_token")
            .secret("refresh_token", &refresh_token.clone().trimmed());
        let scope = stored.scope.as_deref().unwrap_or_default();
        let grant = UserGrant::request(&self.application, &form, &[], scope).await;
        let grant = grant.map_err(|error| {
            if error.is_outcome_unknown() {
                books.lost = Some(refresh_token.clone());
            }
            let error = error.of_refresh(same(books.lost.as_ref(), refresh_token));
            if error.is_refresh_token_refused() {
                books.refused = Some((refresh_token.clone(), error.clone()));
            }
            error
        })?;
        books.unsaved = Some(self::stored(&grant, Some(refresh_token)));
        books.save_rest().await?;
        Ok(grant.grant)
    }

    /// What a stored token is worth, unless it ends so soon that another has to be had.
    fn usable(&self, stored: &StoredToken, now: SystemTime) -> Option<Grant> {
        let valid_until = match stored.expires_at {
            Some(at) => at,
            // A store may give back any time.
            None => stored
                .obtained_at
                .checked_add(self.timing.fallback_lifetime)?,
        };
        let lifetime = valid_until
            .duration_since(stored.obtained_at)
            .unwrap_or_default();
        let left = valid_until.duration_since(now).unwrap_or_default();
        let needed = self.timing.leeway.min(lifetime / 10);
        let bound_to = binding(&stored.token_type, self.application.dpop.as_ref())?;
        (left > needed).then(|| Grant {
            token: stored.access_token.clone(),
            lifetime: stored.expires_at.map(|_| left),
            scopes: stored.scope.as_deref().map(Scopes::parse),
            obtained_at: None,
            stale: None,
            key: bound_to,
        })
    }

    pub(super) async fn keep_in(
        &self,
        store: Arc<dyn TokenStore>,
        name: String,
    ) -> Result<(), Error> {
        let mut books = self.books.lock().await;
        if self.has_ended() {
            return Err(Failure::Ended.into());
        }
        let from = books.place.clone();
        let to = Place {
            store,
            key: TokenKey {
                session: Some(name),
                ..from.key.clone()
            },
        };
        let token = match books.unsaved.clone() {
            Some(unsaved) => unsaved,
            None => from
                .store
                .load(&from.key)
                .await?
                .ok_or_else(|| Error::from(Failure::Ended))?,
        };
        let _guard = to.store.lock(&to.key).await?;
        to.store.save(&to.key, &token).await?;
        books.unsaved = None;
        books.place = to;
        Ok(())
    }

    pub(super) async fn sign_out(&self) -> Result<(), Error> {
        let mut books = self.books.lock().await;
        let Place { store, key } = books.place.clone();
        let stored = {
            let _guard = store.lock(&key).await?;
            let stored = store.load(&key).await?;
            store.remove(&key).await?;
            stored
        };
        self.has_ended.store(true, Ordering::Release);
        let newest = books.unsaved.take().or(stored);
        match newest.and_then(|token| token.refresh_token) {
            Some(token) => self.revoke(&token).await,
            None => Ok(()),
        }
    }

    /// RFC 7009. Revoking twice does no harm.
    async fn revoke(&self, refresh_token: &SecretString) -> Result<(), Error> {
        let form = Form::default()
            .secret("token", refresh_token)
            .field("token_type_hint", "refresh_token");
        let read = self
            .application
            .post(Endpoint::Revocation, &form, RetrySafety::Safe)
            .await?;
        read.into_success(|_, _| Ok(()))
    }
}

impl Books {
    /// Puts what is left over into the store.
    async fn save_rest(&mut self) -> Result<(), Error> {
        if let Some(unsaved) = &self.unsaved {
            self.place.store.save(&self.place.key, unsaved).await?;
            self.unsaved = None;
        }
        Ok(())
    }
}

fn same(known: Option<&SecretString>, token: &SecretString) -> bool {
    known.is_some_and(|known| is_same(known.secret(), token.secret()))
}

/// A grant as it is stored. `previous` is the refresh token that it was had with.
pub(super) fn stored(grant: &UserGrant, previous: Option<&SecretString>) -> StoredToken {
    let lifetime = |lifetime: Duration| grant.asked_at.checked_add(lifetime);
    let mut stored = StoredToken::new(grant.grant.token.clone(), grant.asked_at);
    stored.expires_at = grant.grant.lifetime.and_then(lifetime);
    if grant.grant.key.is_some() {
        stored.token_type = "DPoP".to_owned();
    }
    stored.scope = grant.grant.scopes.as_ref().map(ToString::to_string);
    // A server that does not rotate sends none, and the old one goes on (RFC 6749 §6).
    stored.refresh_token = grant.refresh_token.as_ref().or(previous).cloned();
    stored
}
