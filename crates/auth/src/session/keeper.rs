//! Where a session's tokens are, and how they are replaced.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use auth0_core::{RetrySafety, SecretString};
use tokio::sync::Mutex;

use crate::answer::Grant;
use crate::application::Application;
use crate::cache::{Need, Timing};
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
    /// Held by whoever changes anything, so that a refresh token is used by one alone.
    books: Mutex<Books>,
}

struct Books {
    place: Place,
    /// The access token that the cache got last. It asks for another when that one is of no use any more.
    given: Option<SecretString>,
    /// What the server granted and the store did not take yet.
    unsaved: Option<StoredToken>,
    /// The refresh token of a request whose response was lost, or has not come yet.
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
            books: Mutex::new(Books {
                place,
                given: None,
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

    /// Another access token than the last: from the store, where somebody else put one, or from the server. It has to run to
    /// its end: a future that is dropped can lose the new refresh token.
    pub(super) async fn renew(&self, need: Need) -> Result<Grant, Error> {
        let mut books = self.books.lock().await;
        let grant = self.obtain(&mut books, need).await?;
        books.given = Some(grant.token.clone());
        Ok(grant)
    }

    async fn obtain(&self, books: &mut Books, need: Need) -> Result<Grant, Error> {
        // A token that is there needs no lock, which another process may hold for as long as the server takes.
        if books.unsaved.is_none()
            && let Some(grant) = self.usable(books, &self.load(books).await?, need)
        {
            return Ok(grant);
        }
        let Place { store, key } = books.place.clone();
        let _guard = store.lock(&key).await?;
        books.save_rest().await?;
        let stored = self.load(books).await?;
        if let Some(grant) = self.usable(books, &stored, need) {
            return Ok(grant);
        }
        let result = self.refresh(books, &stored).await;
        let (domain, client_id) = (&self.application.domain, &self.application.client_id);
        match &result {
            Ok(_) => tracing::debug!(domain, client_id, "session refreshed"),
            Err(error) => tracing::debug!(domain, client_id, %error, "session not refreshed"),
        }
        result
    }

    /// What is in the store, unless somebody signed out.
    async fn load(&self, books: &Books) -> Result<StoredToken, Error> {
        let Place { store, key } = &books.place;
        let stored = match self.has_ended() {
            true => None,
            false => store.load(key).await?,
        };
        stored.ok_or_else(|| Failure::Ended.into())
    }

    /// The stored access token, if it suits `need` and is another one than the last.
    fn usable(&self, books: &Books, stored: &StoredToken, need: Need) -> Option<Grant> {
        if same(books.given.as_ref(), &stored.access_token) {
            return None;
        }
        let now = self.application.exchange.clock.now();
        let dpop = self.application.dpop.as_ref();
        let found = stored.clone().found(dpop, &self.timing, now)?;
        found.suits(need).then_some(found.grant)
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
        // Set before the request: this future may be dropped while the server replaces the refresh token.
        let former = books.lost.replace(refresh_token.clone());
        let grant = UserGrant::request(&self.application, &form, &[], scope).await;
        match &grant {
            Ok(_) => books.lost = None,
            Err(error) if error.is_outcome_unknown() => {}
            Err(_) => books.lost = former,
        }
        let grant = grant.map_err(|error| {
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
