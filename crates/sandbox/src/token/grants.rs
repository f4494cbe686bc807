//! What users let applications do: codes, and families of refresh tokens.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{Refusal, Revoked};
use crate::application::{Application, random_text};
use crate::login::User;

/// How long a code can be exchanged, in seconds.
const CODE_LIFETIME: i64 = 60;

/// What a user let an application do.
#[derive(Clone)]
pub(crate) struct Consent {
    pub(crate) client_id: String,
    pub(crate) user: User,
    /// The scopes that are granted.
    pub(crate) scope: String,
    pub(crate) audience: String,
    pub(crate) organization: Option<String>,
    /// What the ID token has to repeat.
    pub(crate) nonce: Option<String>,
}

impl Consent {
    pub(super) fn has(&self, scope: &str) -> bool {
        self.scope.split_ascii_whitespace().any(|one| one == scope)
    }
}

/// What a code is bound to.
pub(crate) struct Code {
    pub(crate) consent: Consent,
    pub(crate) redirect_uri: String,
    /// The challenge of PKCE, by S256.
    pub(crate) challenge: Option<String>,
}

struct Issued {
    code: Code,
    until: i64,
    /// What was made of it.
    family: Option<usize>,
}

/// What one login led to.
struct Family {
    consent: Consent,
    /// The refresh token that counts now.
    current: Option<String>,
    /// The thumbprint of the key without which no refresh token of a native application counts.
    jkt: Option<String>,
    until: i64,
    is_dead: bool,
    /// The numbers of the access tokens.
    tokens: Vec<u64>,
}

#[derive(Default)]
struct State {
    codes: HashMap<String, Issued>,
    families: Vec<Family>,
    /// The families of refresh tokens, old ones too.
    refresh: HashMap<String, usize>,
}

/// Codes and refresh tokens.
pub(crate) struct Grants {
    state: Mutex<State>,
    revoked: Arc<Revoked>,
    /// How long a login lasts, in seconds.
    lifetime: i64,
}

impl Grants {
    pub(super) fn new(revoked: Arc<Revoked>, lifetime: i64) -> Self {
        Self {
            state: Mutex::default(),
            revoked,
            lifetime,
        }
    }

    /// A new code.
    pub(crate) fn add(&self, code: Code, now: i64) -> Result<String, crate::Error> {
        let text = random_text()?;
        let issued = Issued {
            code,
            until: now.saturating_add(CODE_LIFETIME),
            family: None,
        };
        self.state().codes.insert(text.clone(), issued);
        Ok(text)
    }

    /// Exchanges a code. One that was exchanged before takes back what it gave.
    pub(super) fn exchange(
        &self,
        code: &str,
        application: &Application,
        redirect_uri: Option<&str>,
        verifier: Option<&str>,
        now: i64,
    ) -> Result<(usize, Consent), Refusal> {
        let mut state = self.state();
        let State {
            codes, families, ..
        } = &mut *state;
        let wrong = || Refusal::invalid_grant("Invalid authorization code");
        let issued = codes.get_mut(code).ok_or_else(wrong)?;
        if issued.code.consent.client_id != application.client_id {
            return Err(wrong());
        }
        if let Some(family) = issued.family {
            self.kill(&mut families[family]);
            return Err(wrong());
        }
        if issued.until <= now {
            return Err(Refusal::invalid_grant("The authorization code has expired"));
        }
        if redirect_uri != Some(&issued.code.redirect_uri) {
            return Err(Refusal::invalid_grant(
                "redirect_uri: expected that of the authorization request",
            ));
        }
        match (&issued.code.challenge, verifier) {
            (None, None) => {}
            (Some(challenge), Some(verifier)) if is_verifier(verifier) => {
                if challenge_of(verifier) != *challenge {
                    return Err(Refusal::invalid_grant("Failed to verify code verifier"));
                }
            }
            (Some(_), Some(_)) => {
                return Err(Refusal::invalid_request(
                    "code_verifier: expected 43 to 128 characters as RFC 7636 has them",
                ));
            }
            (Some(_), None) => return Err(Refusal::invalid_request("code_verifier is missing")),
            (None, Some(_)) => {
                return Err(Refusal::invalid_grant(
                    "code_verifier: the authorization request had no challenge",
                ));
            }
        }
        issued.family = Some(families.len());
        let consent = issued.code.consent.clone();
        Ok((self.found(families, consent.clone(), now), consent))
    }

    /// The family of a login without a code.
    pub(super) fn begin(&self, consent: Consent, now: i64) -> usize {
        self.found(&mut self.state().families, consent, now)
    }

    fn found(&self, families: &mut Vec<Family>, consent: Consent, now: i64) -> usize {
        families.push(Family {
            consent,
            current: None,
            jkt: None,
            until: now.saturating_add(self.lifetime),
            is_dead: false,
            tokens: Vec::new(),
        });
        families.len() - 1
    }

    /// Spends a refresh token, for all or some of its scopes. One that was spent before kills its family.
    pub(super) fn refresh(
        &self,
        token: &str,
        application: &Application,
        scope: Option<&str>,
        jkt: Option<&str>,
        now: i64,
    ) -> Result<(usize, Consent), Refusal> {
        let mut state = self.state();
        let State {
            families, refresh, ..
        } = &mut *state;
        let wrong = || Refusal::invalid_grant("Unknown or invalid refresh token.");
        let &number = refresh.get(token).ok_or_else(wrong)?;
        let family = &mut families[number];
        if family.consent.client_id != application.client_id || family.is_dead {
            return Err(wrong());
        }
        if family.current.as_deref() != Some(token) {
            family.is_dead = true;
            return Err(wrong());
        }
        if family.until <= now {
            return Err(wrong());
        }
        if family.jkt.is_some() && family.jkt.as_deref() != jkt {
            return Err(Refusal::invalid_grant(
                "The refresh token is bound to another key.",
            ));
        }
        let mut consent = family.consent.clone();
        // What was asked for at the login is not asked for now.
        consent.nonce = None;
        if let Some(asked) = scope {
            if !asked.split_ascii_whitespace().all(|one| consent.has(one)) {
                return Err(Refusal::new(
                    http::StatusCode::BAD_REQUEST,
                    "invalid_scope",
                    "scope: expected no more than was granted before",
                ));
            }
            asked.clone_into(&mut consent.scope);
        }
        family.current = None;
        Ok((number, consent))
    }

    /// Binds the refresh tokens of a family to a key.
    pub(super) fn bind(&self, family: usize, jkt: Option<&str>) {
        self.state().families[family].jkt = jkt.map(str::to_owned);
    }

    /// Notes an access token of a family, and makes the family's new refresh token if it has any.
    pub(super) fn note(&self, family: usize, token: u64) -> Result<Option<String>, crate::Error> {
        let mut state = self.state();
        let State {
            families, refresh, ..
        } = &mut *state;
        let number = family;
        let family = &mut families[number];
        family.tokens.push(token);
        if family.is_dead {
            // The code came a second time meanwhile.
            self.revoked.add([token]);
        }
        if !family.consent.has("offline_access") {
            return Ok(None);
        }
        let text = random_text()?;
        family.current = Some(text.clone());
        refresh.insert(text.clone(), number);
        Ok(Some(text))
    }

    /// Kills the family of a refresh token of this application, if it is one.
    pub(super) fn revoke(&self, token: &str, application: &Application) {
        let mut state = self.state();
        let State {
            families, refresh, ..
        } = &mut *state;
        if let Some(&number) = refresh.get(token)
            && families[number].consent.client_id == application.client_id
        {
            families[number].is_dead = true;
        }
    }

    /// Kills a family and what it was given.
    fn kill(&self, family: &mut Family) {
        family.is_dead = true;
        self.revoked.add(family.tokens.drain(..));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_verifier(text: &str) -> bool {
    (43..=128).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
}

fn challenge_of(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(aws_lc_rs::digest::digest(
        &aws_lc_rs::digest::SHA256,
        verifier.as_bytes(),
    ))
}
