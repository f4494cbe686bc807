//! Authorization codes and refresh tokens.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{OAuthError, RevokedTokens};
use crate::application::{Application, random_token};
use crate::login::User;

/// Lifetime of an authorization code, in seconds.
const CODE_LIFETIME: i64 = 60;

/// What a user allowed an application to do.
#[derive(Clone)]
pub(crate) struct Consent {
    pub(crate) client_id: String,
    pub(crate) user: User,
    /// The granted scopes.
    pub(crate) scope: String,
    pub(crate) audience: String,
    pub(crate) organization: Option<String>,
    /// The nonce for the ID token.
    pub(crate) nonce: Option<String>,
}

impl Consent {
    pub(super) fn has_scope(&self, scope: &str) -> bool {
        self.scope.split_ascii_whitespace().any(|one| one == scope)
    }
}

/// The data that an authorization code is bound to.
pub(crate) struct AuthorizationCode {
    pub(crate) consent: Consent,
    pub(crate) redirect_uri: String,
    /// PKCE challenge with method S256.
    pub(crate) challenge: Option<String>,
}

struct IssuedCode {
    code: AuthorizationCode,
    expires_at: i64,
    /// The token family that the code was exchanged for.
    family: Option<usize>,
}

/// The tokens of one login.
struct TokenFamily {
    consent: Consent,
    /// The only refresh token that is valid now.
    current_refresh_token: Option<String>,
    /// Thumbprint of the key that refresh tokens of a native application are bound to.
    jkt: Option<String>,
    expires_at: i64,
    is_revoked: bool,
    /// Numbers of the access tokens.
    access_tokens: Vec<u64>,
}

#[derive(Default)]
struct GrantState {
    codes: HashMap<String, IssuedCode>,
    families: Vec<TokenFamily>,
    /// Token families by refresh token, including used refresh tokens.
    refresh_tokens: HashMap<String, usize>,
}

/// Stores authorization codes and refresh tokens.
pub(crate) struct GrantStore {
    state: Mutex<GrantState>,
    revoked: Arc<RevokedTokens>,
    /// Lifetime of a login, in seconds.
    lifetime: i64,
}

impl GrantStore {
    pub(super) fn new(revoked: Arc<RevokedTokens>, lifetime: i64) -> Self {
        Self {
            state: Mutex::default(),
            revoked,
            lifetime,
        }
    }

    /// Issues an authorization code.
    pub(crate) fn issue_code(
        &self,
        code: AuthorizationCode,
        now: i64,
    ) -> Result<String, crate::Error> {
        let text = random_token()?;
        let issued = IssuedCode {
            code,
            expires_at: now.saturating_add(CODE_LIFETIME),
            family: None,
        };
        self.state().codes.insert(text.clone(), issued);
        Ok(text)
    }

    /// Exchanges a code. Reusing a code revokes the tokens that were issued for it.
    pub(super) fn exchange(
        &self,
        code: &str,
        application: &Application,
        redirect_uri: Option<&str>,
        verifier: Option<&str>,
        now: i64,
    ) -> Result<(usize, Consent), OAuthError> {
        let mut state = self.state();
        let GrantState {
            codes, families, ..
        } = &mut *state;
        let invalid = || OAuthError::invalid_grant("Invalid authorization code");
        let issued = codes.get_mut(code).ok_or_else(invalid)?;
        if issued.code.consent.client_id != application.client_id {
            return Err(invalid());
        }
        if let Some(family) = issued.family {
            self.revoke_family(&mut families[family]);
            return Err(invalid());
        }
        if issued.expires_at <= now {
            return Err(OAuthError::invalid_grant(
                "The authorization code has expired",
            ));
        }
        if redirect_uri != Some(&issued.code.redirect_uri) {
            return Err(OAuthError::invalid_grant(
                "redirect_uri: expected the value of the authorization request",
            ));
        }
        match (&issued.code.challenge, verifier) {
            (None, None) => {}
            (Some(challenge), Some(verifier)) if is_code_verifier(verifier) => {
                if code_challenge_of(verifier) != *challenge {
                    return Err(OAuthError::invalid_grant("Failed to verify code verifier"));
                }
            }
            (Some(_), Some(_)) => {
                return Err(OAuthError::invalid_request(
                    "code_verifier: expected 43 to 128 unreserved characters (RFC 7636)",
                ));
            }
            (Some(_), None) => return Err(OAuthError::invalid_request("code_verifier is missing")),
            (None, Some(_)) => {
                return Err(OAuthError::invalid_grant(
                    "code_verifier: the authorization request had no code_challenge",
                ));
            }
        }
        issued.family = Some(families.len());
        let consent = issued.code.consent.clone();
        Ok((self.new_family(families, consent.clone(), now), consent))
    }

    /// Starts the token family of a login without a code.
    pub(super) fn start_family(&self, consent: Consent, now: i64) -> usize {
        self.new_family(&mut self.state().families, consent, now)
    }

    fn new_family(&self, families: &mut Vec<TokenFamily>, consent: Consent, now: i64) -> usize {
        families.push(TokenFamily {
            consent,
            current_refresh_token: None,
            jkt: None,
            expires_at: now.saturating_add(self.lifetime),
            is_revoked: false,
            access_tokens: Vec::new(),
        });
        families.len() - 1
    }

    /// Uses a refresh token, for all or some of its scopes. Reusing one revokes the refresh tokens of its family.
    pub(super) fn refresh(
        &self,
        token: &str,
        application: &Application,
        scope: Option<&str>,
        jkt: Option<&str>,
        now: i64,
    ) -> Result<(usize, Consent), OAuthError> {
        let mut state = self.state();
        let GrantState {
            families,
            refresh_tokens,
            ..
        } = &mut *state;
        let invalid = || OAuthError::invalid_grant("Unknown or invalid refresh token.");
        let &number = refresh_tokens.get(token).ok_or_else(invalid)?;
        let family = &mut families[number];
        if family.consent.client_id != application.client_id || family.is_revoked {
            return Err(invalid());
        }
        if family.current_refresh_token.as_deref() != Some(token) {
            family.is_revoked = true;
            return Err(invalid());
        }
        if family.expires_at <= now {
            return Err(invalid());
        }
        if family.jkt.is_some() && family.jkt.as_deref() != jkt {
            return Err(OAuthError::invalid_grant(
                "The refresh token is bound to another key.",
            ));
        }
        let mut consent = family.consent.clone();
        // The nonce belongs to the authorization request only.
        consent.nonce = None;
        if let Some(requested) = scope {
            if !requested
                .split_ascii_whitespace()
                .all(|one| consent.has_scope(one))
            {
                return Err(OAuthError::new(
                    http::StatusCode::BAD_REQUEST,
                    "invalid_scope",
                    "scope: expected only scopes that were granted before",
                ));
            }
            requested.clone_into(&mut consent.scope);
        }
        family.current_refresh_token = None;
        Ok((number, consent))
    }

    /// Binds the refresh tokens of a family to a key.
    pub(super) fn bind(&self, family: usize, jkt: Option<&str>) {
        self.state().families[family].jkt = jkt.map(str::to_owned);
    }

    /// Records an access token of a family and issues the next refresh token, if the family has refresh tokens.
    pub(super) fn issue_tokens(
        &self,
        family: usize,
        token: u64,
    ) -> Result<Option<String>, crate::Error> {
        let mut state = self.state();
        let GrantState {
            families,
            refresh_tokens,
            ..
        } = &mut *state;
        let number = family;
        let family = &mut families[number];
        family.access_tokens.push(token);
        if family.is_revoked {
            // The code was reused in the meantime.
            self.revoked.add([token]);
        }
        if !family.consent.has_scope("offline_access") {
            return Ok(None);
        }
        let text = random_token()?;
        family.current_refresh_token = Some(text.clone());
        refresh_tokens.insert(text.clone(), number);
        Ok(Some(text))
    }

    /// Revokes the refresh tokens of the given token's family, if it belongs to this application.
    pub(super) fn revoke(&self, token: &str, application: &Application) {
        let mut state = self.state();
        let GrantState {
            families,
            refresh_tokens,
            ..
        } = &mut *state;
        if let Some(&number) = refresh_tokens.get(token)
            && families[number].consent.client_id == application.client_id
        {
            families[number].is_revoked = true;
        }
    }

    /// Revokes a family and its access tokens.
    fn revoke_family(&self, family: &mut TokenFamily) {
        family.is_revoked = true;
        self.revoked.add(family.access_tokens.drain(..));
    }

    fn state(&self) -> MutexGuard<'_, GrantState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_code_verifier(text: &str) -> bool {
    (43..=128).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
}

fn code_challenge_of(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(aws_lc_rs::digest::digest(
        &aws_lc_rs::digest::SHA256,
        verifier.as_bytes(),
    ))
}
