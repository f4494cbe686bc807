//! User sessions: access tokens that are refreshed with a refresh token.

use std::fmt;
use std::sync::Arc;

use auth0_core::{AccessToken, BoxFuture, HttpClient, TokenError, TokenSource};

use crate::application::Application;
use crate::background::SharedTask;
use crate::cache::{Cache, Timing};
use crate::error::{Error, Failure};
use crate::id_token::IdToken;
use crate::store::{MemoryStore, TokenKey, TokenStore};
use crate::user_grant::UserGrant;

mod refresher;

use refresher::{Refresher, StoreLocation};

/// A user session: a token source that refreshes its access token (RFC 6749 §6).
///
/// It is the result of a login with an [`AuthorizationCode`](crate::AuthorizationCode) or a [`DeviceFlow`](crate::DeviceFlow)
/// and a [`TokenSource`] for API clients. Cloning is cheap; clones share one session.
///
/// # Setup in Auth0
///
/// Without a refresh token, the session ends when its access token expires. To get a refresh token, request the scope
/// `offline_access`, enable the grant type *Refresh Token* of the application, and enable *Allow Offline Access* of the API.
/// Enable *Refresh Token Rotation*: each refresh token can then be used only once, so the use of a stolen one is detected.
///
/// # Refresh tokens
///
/// - The access token is refreshed shortly before it expires, by one request in the background. Callers use the old token in the
///   meantime and wait only after it has expired. A caller that is cancelled, or whose runtime ends, does not lose the new
///   refresh token. A program that exits calls [`finish_refresh`](Self::finish_refresh) first.
/// - The new refresh token is saved in the [store](Self::keep_in) before the new access token is returned. If the store fails,
///   callers get [its error](Error::is_store) instead of the token; both tokens stay in memory, and the next call retries the
///   store, not the server.
/// - If the response contains no refresh token, the old one stays in use.
/// - A refresh request is retried only if the server surely did not process it: no connection was made, or the server says so.
///   If the response is lost, the error has an [unknown outcome](Error::is_outcome_unknown): the refresh token may be spent. The
///   next call tries it once more. Auth0 allows that within the *Rotation Overlap Period*; after it, the session is
///   lost in any case.
/// - A refresh token that the server rejects is not sent again.
///
/// # Saving sessions
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
/// Each error is the source of a [`TokenError`]; [`Error::find_in`] finds it.
///
/// - [`is_session_ended`](Error::is_session_ended): the user has to log in again. If the server rejected the refresh token,
///   [`is_refresh_token_rejected`](Error::is_refresh_token_rejected) is true. In that case,
///   [`is_refresh_token_spent`](Error::is_refresh_token_spent) says whether a lost response explains it. If not, the token
///   expired, was revoked, or was used by somebody else.
/// - [`is_interaction_required`](Error::is_interaction_required): the user has to interact, for example for a second factor.
/// - [`is_outcome_unknown`](Error::is_outcome_unknown) and [`is_store`](Error::is_store): see above.
#[doc(alias = "refresh token")]
#[doc(alias = "offline_access")]
#[derive(Clone)]
pub struct Session(Arc<Inner>);

struct Inner {
    refresher: Arc<Refresher>,
    cache: Cache,
    id_token: Option<IdToken>,
}

impl Session {
    /// Creates the session of a new login, with a memory store.
    pub(crate) async fn begin(
        application: Arc<Application>,
        key: TokenKey,
        grant: UserGrant,
        id_token: Option<IdToken>,
    ) -> Result<Self, Error> {
        let location = StoreLocation {
            store: Arc::new(MemoryStore::new()),
            key,
        };
        location
            .store
            .save(&location.key, &refresher::stored(&grant, None))
            .await?;
        Ok(Self::at(application, location, id_token))
    }

    /// Restores the session in a store, if there is one. Version 0.1.0 wrote scopes and organization into the key as the
    /// program spelled them (`former`); a session under such a key is moved to the canonical key.
    pub(crate) async fn restore(
        application: Arc<Application>,
        [key, former]: [TokenKey; 2],
        store: Arc<dyn TokenStore>,
        name: String,
    ) -> Result<Option<Self>, Error> {
        let work = Self::find(application, [key, former], store, name);
        SharedTask::start(work).join().await
    }

    async fn find(
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
                // Another process may have moved it before this one got the lock.
                None => store.load(&key).await?,
            };
        }
        let location = StoreLocation { store, key };
        Ok(found.map(|_| Self::at(application, location, None)))
    }

    fn at(
        application: Arc<Application>,
        location: StoreLocation,
        id_token: Option<IdToken>,
    ) -> Self {
        let clock = application.exchange.clock.clone();
        let timing = Timing::default();
        let owner = (application.domain.clone(), application.client_id.clone());
        let refresher = Arc::new(Refresher::new(application, location, timing));
        let fetching = refresher.clone();
        let fetch = Box::new(move |need| -> BoxFuture<'static, _> {
            let refresher = fetching.clone();
            Box::pin(async move { refresher.next_token(need).await })
        });
        Self(Arc::new(Inner {
            refresher,
            cache: Cache::new(fetch, clock, timing, owner),
            id_token,
        }))
    }

    /// Returns the ID token of the login. Returns `None` if the session was
    /// [restored](crate::AuthorizationCode::restore), or if a device flow did not request `openid`. ID tokens of refresh
    /// responses are ignored.
    pub fn id_token(&self) -> Option<&IdToken> {
        self.0.id_token.as_ref()
    }

    /// Waits for the refresh in flight, if there is one. Starts none.
    ///
    /// The access token is refreshed in the background shortly before it expires. A program that exits during the refresh may
    /// lose the new refresh token, and with it the login. If refresh tokens are rotated, a short-lived program such as a
    /// command-line tool should call this before it exits:
    ///
    /// ```
    /// # use auth0_auth::Session;
    /// async fn work(session: &Session) {
    ///     // Calls of an API client with this session.
    ///     session.finish_refresh().await;
    /// }
    /// ```
    ///
    /// A failed refresh is logged; the next call for a token returns its error if there is no valid token by then.
    pub async fn finish_refresh(&self) {
        self.0.cache.wait_for_fetch().await;
    }

    /// Saves the session in `store` under `name`, replacing what is there, and keeps it there from now on. Applies to all
    /// clones.
    ///
    /// Choose the name: for example the profile of a command-line program, or the browser session of a web application. Two
    /// users must never share a name.
    ///
    /// # Errors
    ///
    /// Returns a [store error](Error::is_store); the session then stays in its previous store.
    pub async fn keep_in(
        &self,
        store: Arc<dyn TokenStore>,
        name: impl Into<String>,
    ) -> Result<(), Error> {
        let (refresher, name) = (self.0.refresher.clone(), name.into());
        SharedTask::start(async move { refresher.keep_in(store, name).await })
            .join()
            .await
    }

    /// Ends the session: removes it from its store and revokes the refresh token at the server (RFC 7009). The user's login
    /// session in the browser is not affected.
    ///
    /// # Errors
    ///
    /// Returns a [store error](Error::is_store) if the store failed; nothing was changed then. Returns another error if the
    /// server did not confirm the revocation; the session has ended locally even so.
    #[doc(alias = "logout")]
    #[doc(alias = "revoke")]
    pub async fn sign_out(&self) -> Result<(), Error> {
        let refresher = self.0.refresher.clone();
        SharedTask::start(async move { refresher.sign_out().await })
            .join()
            .await
    }
}

impl TokenSource for Session {
    fn token(&self) -> BoxFuture<'_, Result<AccessToken, TokenError>> {
        Box::pin(async {
            if self.0.refresher.has_ended() {
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

    fn inherit_http_client(&self, client: &HttpClient) {
        self.0
            .refresher
            .application()
            .exchange
            .http_client
            .inherit(client);
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let application = self.0.refresher.application();
        f.debug_struct("Session")
            .field("domain", &application.domain)
            .field("client_id", &application.client_id)
            .finish_non_exhaustive()
    }
}
