//! What a login gives: access tokens for as long as the refresh token holds.

use std::fmt;
use std::sync::Arc;

use auth0_core::{AccessToken, BoxFuture, TokenError, TokenSource};
use tracing::Instrument as _;

use crate::application::Application;
use crate::cache::{Cache, Timing};
use crate::error::{Error, Failure};
use crate::id_token::IdToken;
use crate::store::{MemoryStore, TokenKey, TokenStore};
use crate::user_grant::UserGrant;

mod keeper;

use keeper::{Keeper, Place};

/// A user's session: a token source that refreshes its access token.
///
/// It comes from a login with an [`AuthorizationCode`](crate::AuthorizationCode) or a [`DeviceFlow`](crate::DeviceFlow), and is
/// a [`TokenSource`] for the API clients. Clones are cheap and are the same session.
///
/// # What to set up in Auth0
///
/// Without a refresh token the session ends with its access token. There is one if the login asked for the scope
/// `offline_access`, the application has the grant type *Refresh Token*, and the API *Allows Offline Access*. Turn on
/// *Refresh Token Rotation*: then each of them can be used once, and a stolen one comes to light.
///
/// # What happens with refresh tokens
///
/// - The access token is replaced shortly before its end, by one request however many callers wait, and in a task of its
///   own, so that a caller that goes away does not take the new refresh token with it.
/// - The new refresh token is in the [store](Self::keep_in) before the new access token is handed out. If the store fails,
///   callers get [its error](Error::is_store) in place of the token; both tokens are kept in memory, and the next call
///   tries the store again, not the server.
/// - An answer without a refresh token leaves the old one in place.
/// - A request with a refresh token is never repeated by itself, unless it never left. If the answer is lost, the error is
///   one with an [unknown outcome](Error::is_outcome_unknown): the refresh token may be spent. The next call tries it once
///   more, which Auth0 allows within the *Rotation Overlap Period*, and otherwise costs a session that is lost anyway.
/// - A refresh token that the server refuses is not sent again.
///
/// # Sessions that outlive the program
///
/// ```
/// use std::sync::Arc;
///
/// use auth0_auth::{AuthorizationCode, Error, Loopback, Session, TokenStore};
///
/// async fn session(flow: &AuthorizationCode, loopback: Loopback, store: Arc<dyn TokenStore>) -> Result<Session, Error> {
///     if let Some(session) = flow.restore(store.clone(), "default").await? {
///         return Ok(session);
///     }
///     let session = loopback.login(flow, |url| {
///         println!("Log in at {url}");
///         Ok(())
///     }).await?;
///     session.keep_in(store, "default").await?;
///     Ok(session)
/// }
/// ```
///
/// # Errors to expect
///
/// They arrive as the source of a [`TokenError`]; [`Error::find_in`] finds them.
///
/// - [`is_session_ended`](Error::is_session_ended): only a login helps. Where the server refused the refresh token,
///   [`is_refresh_token_refused`](Error::is_refresh_token_refused) says so, and
///   [`is_refresh_token_spent`](Error::is_refresh_token_spent) whether an answer that was lost explains it. Where nothing
///   does, it expired or was revoked, or somebody else used it.
/// - [`is_interaction_required`](Error::is_interaction_required): the server wants to see the user, for a second factor say.
/// - [`is_outcome_unknown`](Error::is_outcome_unknown) and [`is_store`](Error::is_store), as above.
#[derive(Clone)]
pub struct Session(Arc<Inner>);

struct Inner {
    keeper: Arc<Keeper>,
    cache: Cache,
    id_token: Option<IdToken>,
}

impl Session {
    /// The session that a login begins, in a memory of its own.
    pub(crate) async fn begin(
        application: Arc<Application>,
        key: TokenKey,
        grant: UserGrant,
        id_token: Option<IdToken>,
    ) -> Result<Self, Error> {
        let place = Place {
            store: Arc::new(MemoryStore::new()),
            key,
        };
        place
            .store
            .save(&place.key, &keeper::stored(&grant, None))
            .await?;
        Ok(Self::at(application, place, id_token))
    }

    /// The session that is in a store, if there is one. Version 0.1.0 wrote scopes and organization into the key as the
    /// program spelled them (`former`); a session under such a key moves to the canonical one.
    pub(crate) async fn restore(
        application: Arc<Application>,
        [key, former]: [TokenKey; 2],
        store: Arc<dyn TokenStore>,
        name: String,
    ) -> Result<Option<Self>, Error> {
        let [key, former] = [key, former].map(|key| TokenKey {
            session: Some(name.clone()),
            ..key
        });
        let mut found = store.load(&key).await?;
        if found.is_none() && former != key {
            let _guard = store.lock(&former).await?;
            found = match store.load(&former).await? {
                Some(token) => {
                    store.save(&key, &token).await?;
                    store.remove(&former).await?;
                    Some(token)
                }
                // Another process may have moved it while this one waited.
                None => store.load(&key).await?,
            };
        }
        let place = Place { store, key };
        Ok(found.map(|_| Self::at(application, place, None)))
    }

    fn at(application: Arc<Application>, place: Place, id_token: Option<IdToken>) -> Self {
        let clock = application.exchange.clock.clone();
        let timing = Timing::default();
        let keeper = Arc::new(Keeper::new(application, place, timing));
        let fetching = keeper.clone();
        let fetch = Box::new(move || -> BoxFuture<'static, _> {
            let keeper = fetching.clone();
            Box::pin(async move {
                // A task, because what the server has rotated must reach the store, whoever still waits for it.
                let renewing = keeper.clone();
                let renewal = async move { renewing.renew().await }.in_current_span();
                let grant = tokio::spawn(renewal)
                    .await
                    .unwrap_or_else(|_| Err(Error::panicked()))?;
                keeper.give(&grant.token);
                Ok(grant)
            })
        });
        Self(Arc::new(Inner {
            keeper,
            cache: Cache::new(fetch, clock, timing),
            id_token,
        }))
    }

    /// Who logged in; nothing in a session that was [restored](crate::AuthorizationCode::restore), or if a device flow
    /// did not ask for `openid`. It is that of the login: one that comes with a refresh is not looked at.
    pub fn id_token(&self) -> Option<&IdToken> {
        self.0.id_token.as_ref()
    }

    /// Keeps the session in `store` from now on, under `name`, in place of what is there. All clones move along.
    ///
    /// The name is the caller's: of the profile in a command-line program, of the browser's session in a web application.
    /// Two users must never have the same.
    ///
    /// # Errors
    ///
    /// The [store failed](Error::is_store); the session stays where it was.
    pub async fn keep_in(
        &self,
        store: Arc<dyn TokenStore>,
        name: impl Into<String>,
    ) -> Result<(), Error> {
        self.0.keeper.keep_in(store, name.into()).await
    }

    /// Ends the session: removes it from its store, and has the server revoke the refresh token (RFC 7009). Who logged in
    /// at the server stays logged in there; that is the browser's business.
    ///
    /// # Errors
    ///
    /// The [store failed](Error::is_store): then nothing was done. Or the server did not confirm that it revoked the refresh
    /// token: then the session has ended all the same, as far as this program goes.
    pub async fn sign_out(&self) -> Result<(), Error> {
        self.0.keeper.sign_out().await
    }
}

impl TokenSource for Session {
    fn token(&self) -> BoxFuture<'_, Result<AccessToken, TokenError>> {
        Box::pin(async {
            if self.0.keeper.has_ended() {
                return Err(Error::from(Failure::Ended).into());
            }
            Ok(self.0.cache.token().await?)
        })
    }

    fn accepted(&self, token: &AccessToken) {
        self.0.cache.accepted(token.id());
    }

    fn rejected(&self, token: &AccessToken) -> bool {
        self.0.cache.rejected(token.id())
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let application = self.0.keeper.application();
        f.debug_struct("Session")
            .field("domain", &application.domain)
            .field("client_id", &application.client_id)
            .finish_non_exhaustive()
    }
}
