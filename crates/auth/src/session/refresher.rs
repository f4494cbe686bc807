//! The tokens of a session and their refresh.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use auth0_core::{RetrySafety, SecretString};
use tokio::sync::Mutex;

use crate::application::Application;
use crate::cache::{Need, Timing};
use crate::discovery::Endpoint;
use crate::error::{Error, Failure};
use crate::form::Form;
use crate::id_token::is_same;
use crate::store::{StoredToken, TokenKey, TokenStore};
use crate::token_response::Grant;
use crate::user_grant::UserGrant;

/// A location in a store.
#[derive(Clone)]
pub(super) struct StoreLocation {
    pub(super) store: Arc<dyn TokenStore>,
    pub(super) key: TokenKey,
}

/// Manages the tokens of a session. The store is authoritative: another process may have saved newer tokens there.
pub(super) struct Refresher {
    application: Arc<Application>,
    timing: Timing,
    has_ended: AtomicBool,
    /// Locked for every change, so that only one task uses a refresh token.
    state: Mutex<State>,
}

struct State {
    location: StoreLocation,
    /// The access token that the cache received last. If the cache asks again, that token is no longer usable.
    given: Option<SecretString>,
    /// Tokens that the server granted and that are not saved yet.
    pending: Option<StoredToken>,
    /// The refresh token of a request whose response was lost or is pending.
    lost: Option<SecretString>,
    /// The refresh token that the server rejected, and the error.
    rejected: Option<(SecretString, Error)>,
}

impl Refresher {
    pub(super) fn new(
        application: Arc<Application>,
        location: StoreLocation,
        timing: Timing,
    ) -> Self {
        Self {
            application,
            timing,
            has_ended: AtomicBool::new(false),
            state: Mutex::new(State {
                location,
                given: None,
                pending: None,
                lost: None,
                rejected: None,
            }),
        }
    }

    pub(super) fn application(&self) -> &Application {
        &self.application
    }

    pub(super) fn has_ended(&self) -> bool {
        self.has_ended.load(Ordering::Acquire)
    }

    /// Returns an access token other than the last: from the store, if another process saved one, or from the server. The
    /// future must run to completion: dropping it can lose the new refresh token.
    pub(super) async fn next_token(&self, need: Need) -> Result<Grant, Error> {
        let mut state = self.state.lock().await;
        let grant = self.obtain(&mut state, need).await?;
        state.given = Some(grant.token.clone());
        Ok(grant)
    }

    async fn obtain(&self, state: &mut State, need: Need) -> Result<Grant, Error> {
        // Loading a token needs no lock, which another process may hold for the duration of its request.
        if state.pending.is_none()
            && let Some(grant) = self.usable(state, &self.load(state).await?, need)
        {
            return Ok(grant);
        }
        let StoreLocation { store, key } = state.location.clone();
        let _guard = store.lock(&key).await?;
        state.save_pending().await?;
        let stored = self.load(state).await?;
        if let Some(grant) = self.usable(state, &stored, need) {
            return Ok(grant);
        }
        let result = self.refresh(state, &stored).await;
        let (domain, client_id) = (&self.application.domain, &self.application.client_id);
        match &result {
            Ok(_) => tracing::debug!(domain, client_id, "session refreshed"),
            Err(error) => tracing::debug!(domain, client_id, %error, "session not refreshed"),
        }
        result
    }

    /// Loads the tokens from the store, unless the session was signed out.
    async fn load(&self, state: &State) -> Result<StoredToken, Error> {
        let StoreLocation { store, key } = &state.location;
        let stored = match self.has_ended() {
            true => None,
            false => store.load(key).await?,
        };
        stored.ok_or_else(|| Failure::Ended.into())
    }

    /// Returns the stored access token if it satisfies `need` and differs from the last one.
    fn usable(&self, state: &State, stored: &StoredToken, need: Need) -> Option<Grant> {
        if same(state.given.as_ref(), &stored.access_token) {
            return None;
        }
        let now = self.application.exchange.clock.now();
        let dpop = self.application.dpop.as_ref();
        let found = stored.clone().into_usable(dpop, &self.timing, now)?;
        found.satisfies(need).then_some(found.grant)
    }

    async fn refresh(&self, state: &mut State, stored: &StoredToken) -> Result<Grant, Error> {
        let Some(refresh_token) = &stored.refresh_token else {
            return Err(Failure::Ended.into());
        };
        if let Some((rejected, error)) = &state.rejected
            && is_same(rejected.secret(), refresh_token.secret())
        {
            return Err(error.clone());
        }
        // A program may have imported the token into the store from a file with a trailing line break.
        let form = Form::of_grant("refresh_token")
            .secret("refresh_token", &refresh_token.clone().trimmed());
        let scope = stored.scope.as_deref().unwrap_or_default();
        // Set before the request: the future may be dropped while the server rotates the refresh token.
        let former = state.lost.replace(refresh_token.clone());
        let grant = UserGrant::request(&self.application, &form, &[], scope).await;
        match &grant {
            Ok(_) => state.lost = None,
            Err(error) if error.is_outcome_unknown() => {}
            Err(_) => state.lost = former,
        }
        let grant = grant.map_err(|error| {
            let error = error.into_refresh_rejection(same(state.lost.as_ref(), refresh_token));
            if error.is_refresh_token_rejected() {
                state.rejected = Some((refresh_token.clone(), error.clone()));
            }
            error
        })?;
        state.pending = Some(self::stored(&grant, Some(refresh_token)));
        state.save_pending().await?;
        Ok(grant.grant)
    }

    pub(super) async fn keep_in(
        &self,
        store: Arc<dyn TokenStore>,
        name: String,
    ) -> Result<(), Error> {
        let mut state = self.state.lock().await;
        if self.has_ended() {
            return Err(Failure::Ended.into());
        }
        let from = state.location.clone();
        let to = StoreLocation {
            store,
            key: TokenKey {
                session: Some(name),
                ..from.key.clone()
            },
        };
        let token = match state.pending.clone() {
            Some(pending) => pending,
            None => from
                .store
                .load(&from.key)
                .await?
                .ok_or_else(|| Error::from(Failure::Ended))?,
        };
        let _guard = to.store.lock(&to.key).await?;
        to.store.save(&to.key, &token).await?;
        state.pending = None;
        state.location = to;
        Ok(())
    }

    pub(super) async fn sign_out(&self) -> Result<(), Error> {
        let mut state = self.state.lock().await;
        let StoreLocation { store, key } = state.location.clone();
        let stored = {
            let _guard = store.lock(&key).await?;
            let stored = store.load(&key).await?;
            store.remove(&key).await?;
            stored
        };
        self.has_ended.store(true, Ordering::Release);
        let newest = state.pending.take().or(stored);
        match newest.and_then(|token| token.refresh_token) {
            Some(token) => self.revoke(&token).await,
            None => Ok(()),
        }
    }

    /// Revokes a refresh token (RFC 7009). Safe to retry: revoking twice is harmless.
    async fn revoke(&self, refresh_token: &SecretString) -> Result<(), Error> {
        let form = Form::default()
            .secret("token", refresh_token)
            .field("token_type_hint", "refresh_token");
        let response = self
            .application
            .post(Endpoint::Revocation, &form, RetrySafety::Safe)
            .await?;
        response.into_success(|_, _| Ok(()))
    }
}

impl State {
    /// Saves the tokens that are not saved yet.
    async fn save_pending(&mut self) -> Result<(), Error> {
        if let Some(pending) = &self.pending {
            self.location
                .store
                .save(&self.location.key, pending)
                .await?;
            self.pending = None;
        }
        Ok(())
    }
}

fn same(known: Option<&SecretString>, token: &SecretString) -> bool {
    known.is_some_and(|known| is_same(known.secret(), token.secret()))
}

/// Converts a grant for the store. `previous` is the refresh token that it was obtained with.
pub(super) fn stored(grant: &UserGrant, previous: Option<&SecretString>) -> StoredToken {
    let lifetime = |lifetime: Duration| grant.requested_at.checked_add(lifetime);
    let mut stored = StoredToken::new(grant.grant.token.clone(), grant.requested_at);
    stored.expires_at = grant.grant.lifetime.and_then(lifetime);
    if grant.grant.key.is_some() {
        stored.token_type = "DPoP".to_owned();
    }
    stored.scope = grant.grant.scopes.as_ref().map(ToString::to_string);
    // A server that does not rotate refresh tokens sends none; the old one stays valid (RFC 6749 §6).
    stored.refresh_token = grant.refresh_token.as_ref().or(previous).cloned();
    stored
}
