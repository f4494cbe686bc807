//! What a login gives: access tokens for as long as the refresh token holds.

use std::fmt;
use std::sync::Arc;

use auth0_core::{AccessToken, BoxFuture, HttpClient, TokenError, TokenSource};

use crate::application::Application;
use crate::background::Flight;
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
/// - The access token is replaced shortly before its end, by one request, in the background: callers use the old token
///   meanwhile, and wait only once it has ended. A caller that goes away, or whose runtime ends, does not take the new
///   refresh token with it. A program that exits calls [`finish_refresh`](Self::finish_refresh) first.
/// - The new refresh token is in the [store](Self::keep_in) before the new access token is handed out. If the store fails,
///   callers get [its error](Error::is_store) in place of the token; both tokens are kept in memory, and the next call
///   tries the store again, not the server.
/// - An answer without a refresh token leaves the old one in place.
/// - A request with a refresh token is sent again only if the server surely did not process it: no connection was made, or
///   the server says so. If the response is lost, the error has an [unknown outcome](Error::is_outcome_unknown): the
///   refresh token may be spent. The next call tries it once more, which Auth0 allows within the *Rotation Overlap Period*,
///   and otherwise costs a session that is lost anyway.
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
        let work = Self::find(application, [key, former], store, name);
        Flight::start(work).landed().await
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
        let owner = (application.domain.clone(), application.client_id.clone());
        let keeper = Arc::new(Keeper::new(application, place, timing));
        let fetching = keeper.clone();
        let fetch = Box::new(move |need| -> BoxFuture<'static, _> {
            let keeper = fetching.clone();
            Box::pin(async move { keeper.renew(need).await })
        });
        Self(Arc::new(Inner {
            keeper,
            cache: Cache::new(fetch, clock, timing, owner),
            id_token,
        }))
    }

    /// Who logged in; nothing in a session that was [restored](crate::AuthorizationCode::restore), or if a device flow
    /// did not ask for `openid`. It is that of the login: one that comes with a refresh is not looked at.
    pub fn id_token(&self) -> Option<&IdToken> {
        self.0.id_token.as_ref()
    }

    /// Waits for the refresh in flight, if there is one; starts none.
    ///
    /// The access token is replaced in the background shortly before it ends. A program that exits in the middle of that
    /// may lose the new refresh token, and the login with it. Where refresh tokens are rotated, a program that runs for a
    /// short time, such as a command-line tool, calls this before it ends:
    ///
    /// ```
    /// # use auth0_auth::Session;
    /// async fn work(session: &Session) {
    ///     // Calls of an API client that uses the session.
    ///     session.finish_refresh().await;
    /// }
    /// ```
    ///
    /// A refresh that fails is logged; the next call for a token gets its error if there is no valid token by then.
    pub async fn finish_refresh(&self) {
        self.0.cache.settled().await;
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
        let (keeper, name) = (self.0.keeper.clone(), name.into());
        Flight::start(async move { keeper.keep_in(store, name).await })
            .landed()
            .await
    }

    /// Ends the session: removes it from its store, and has the server revoke the refresh token (RFC 7009). Who logged in
    /// at the server stays logged in there; that is the browser's business.
    ///
    /// # Errors
    ///
    /// The [store failed](Error::is_store): then nothing was done. Or the server did not confirm that it revoked the refresh
    /// token: then the session has ended all the same, as far as this program goes.
    pub async fn sign_out(&self) -> Result<(), Error> {
        let keeper = self.0.keeper.clone();
        Flight::start(async move { keeper.sign_out().await })
            .landed()
            .await
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

    fn inherit_http_client(&self, client: &HttpClient) {
        self.0
            .keeper
            .application()
            .exchange
            .http_client
            .inherit(client);
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
