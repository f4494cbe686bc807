//! `/oauth/token`: the grants of RFC 6749, with what Auth0 adds to them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::HOST;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use super::claims::IdClaims;
use super::device::{INTERVAL, LIFETIME, Wish};
use super::dpop::{Proved, Unproved};
use super::quota::{TokenQuota, Usage};
use super::{
    Claims, Clients, Confirmation, Consent, Devices, Grants, Parameters, Proofs, Refusal, Revoked,
    uncached,
};
use crate::answer::Answer;
use crate::api::{Api, Audiences};
use crate::application::{Application, Authentication};
use crate::clock::Clock;
use crate::login::target;
use crate::tenant::SharedTenant;
use crate::token::{Key, Scopes};

/// The grant type of device codes.
const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// How long an ID token lives, in seconds.
const ID_LIFETIME: i64 = 36_000;

/// What the endpoint grants, and to whom.
pub(crate) struct Settings {
    pub(crate) key: &'static Key,
    pub(crate) clock: Arc<Clock>,
    pub(crate) issuer: String,
    pub(crate) audiences: Audiences,
    /// The scopes of the APIs.
    pub(crate) scopes: Scopes,
    /// Who belongs to which organization.
    pub(crate) tenant: Arc<SharedTenant>,
    /// By client id.
    pub(crate) applications: HashMap<String, Application>,
    pub(crate) lifetime: Duration,
    pub(crate) refresh_lifetime: Duration,
    pub(crate) quota: Option<TokenQuota>,
    pub(crate) revoked: Arc<Revoked>,
    pub(crate) proofs: Proofs,
}

/// Grants tokens to the sandbox's applications.
pub(crate) struct TokenEndpoint {
    key: &'static Key,
    clock: Arc<Clock>,
    audiences: Audiences,
    scopes: Scopes,
    tenant: Arc<SharedTenant>,
    lifetime: i64,
    quota: Option<TokenQuota>,
    clients: Clients,
    grants: Grants,
    devices: Devices,
    proofs: Proofs,
    /// What of the quota is used, by client id.
    usage: Mutex<HashMap<String, Usage>>,
    granted: AtomicU64,
}

/// What an access token is to say.
struct Subject<'a> {
    sub: &'a str,
    audience: &'a str,
    scope: &'a str,
    client_id: &'a str,
    gty: Option<&'a str>,
    organization: Option<&'a str>,
    /// The key of whoever asks.
    jkt: Option<&'a str>,
}

impl TokenEndpoint {
    pub(crate) fn new(settings: Settings) -> Self {
        Self {
            key: settings.key,
            clock: settings.clock,
            audiences: settings.audiences,
            scopes: settings.scopes,
            tenant: settings.tenant,
            lifetime: seconds(settings.lifetime),
            quota: settings.quota,
            clients: Clients::new(settings.issuer, settings.applications),
            grants: Grants::new(settings.revoked, seconds(settings.refresh_lifetime)),
            devices: Devices::default(),
            proofs: settings.proofs,
            usage: Mutex::default(),
            granted: AtomicU64::new(0),
        }
    }

    pub(crate) fn key(&self) -> &'static Key {
        self.key
    }

    /// Whose tokens they are: the sandbox's URL, with a slash at its end.
    pub(crate) fn issuer(&self) -> &str {
        &self.clients.issuer
    }

    /// The APIs that tokens are for.
    pub(crate) fn audiences(&self) -> &Audiences {
        &self.audiences
    }

    /// The scopes of all APIs.
    pub(crate) fn all_scopes(&self) -> Vec<&'static str> {
        self.scopes.all()
    }

    /// The scopes that an application has of an API.
    pub(crate) fn scopes<'a>(
        &self,
        application: &'a Application,
        api: Api,
    ) -> impl Iterator<Item = &'a str> {
        let own = application.scopes.iter().flatten().map(String::as_str);
        own.filter(move |scope| self.scopes.belongs(scope, api))
    }

    /// Whether an application may act for an organization, at all or by a client grant for this API.
    pub(crate) fn may_act(
        &self,
        application: &Application,
        organization: &str,
        audience: &str,
    ) -> bool {
        application
            .organizations
            .iter()
            .any(|own| own == organization)
            || application.any_organization && self.tenant.lock().has_organization(organization)
            || self
                .tenant
                .lock()
                .is_granted(organization, &application.client_id, audience)
    }

    /// Whether a user may act for an organization: those of the tenant have members, and others are but names.
    pub(crate) fn is_member(&self, organization: &str, user: &str) -> bool {
        let tenant = self.tenant.lock();
        !tenant.has_organization(organization) || tenant.is_member(organization, user)
    }

    pub(crate) fn clients(&self) -> &Clients {
        &self.clients
    }

    pub(crate) fn grants(&self) -> &Grants {
        &self.grants
    }

    pub(crate) fn devices(&self) -> &Devices {
        &self.devices
    }

    /// How many access tokens were granted.
    pub(crate) fn granted(&self) -> u64 {
        self.granted.load(Ordering::SeqCst)
    }

    /// Answers a request. The token says that it lives `early` shorter than the answer says.
    pub(crate) fn answer(&self, headers: &HeaderMap, body: &Bytes, early: Duration) -> Answer {
        let now = self.clock.seconds();
        let answer = self
            .proof(headers, now)
            .and_then(|jkt| self.grant(headers, body, jkt.as_deref(), seconds(early)))
            .unwrap_or_else(Answer::from);
        match self.proofs.nonce(now) {
            Some(nonce) if headers.contains_key("dpop") => answer.with("dpop-nonce", &nonce),
            _ => answer,
        }
    }

    /// The thumbprint of the key of whoever asks, if it proves that it has one.
    fn proof(&self, headers: &HeaderMap, now: i64) -> Result<Option<String>, Refusal> {
        let host = headers.get(HOST).and_then(|host| host.to_str().ok());
        let request = Proved {
            method: "POST",
            url: &format!("http://{}/oauth/token", host.unwrap_or_default()),
            token: None,
            now,
        };
        self.proofs.check(headers, &request).map_err(|unproved| {
            let (error, why) = match unproved {
                Unproved::Wrong(why) => ("invalid_dpop_proof", why),
                Unproved::Nonce => ("use_dpop_nonce", "nonce: expected that of DPoP-Nonce"),
            };
            Refusal::new(StatusCode::BAD_REQUEST, error, format!("DPoP: {why}"))
        })
    }

    fn grant(
        &self,
        headers: &HeaderMap,
        body: &Bytes,
        jkt: Option<&str>,
        early: i64,
    ) -> Result<Answer, Refusal> {
        let parameters = Parameters::read(headers, body)?;
        let now = self.clock.seconds();
        let application = self.clients.authenticate(headers, &parameters, now)?;
        match parameters.required("grant_type")? {
            "client_credentials" => self.client_credentials(application, &parameters, jkt, early),
            "authorization_code" => {
                let (family, consent) = self.grants.exchange(
                    parameters.required("code")?,
                    application,
                    parameters.get("redirect_uri"),
                    parameters.get("code_verifier"),
                    now,
                )?;
                self.first(family, application, &consent, jkt, early)
            }
            "refresh_token" => {
                let (family, consent) = self.grants.refresh(
                    parameters.required("refresh_token")?,
                    application,
                    parameters.get("scope"),
                    jkt,
                    now,
                )?;
                if let Some(organization) = &consent.organization
                    && !self.is_member(organization, &consent.user.id)
                {
                    return Err(Refusal::invalid_grant(
                        "The user is no longer a member of the organization.",
                    ));
                }
                self.for_user(family, &consent, jkt, early)
            }
            DEVICE_CODE => {
                let code = parameters.required("device_code")?;
                let monotonic = self.clock.monotonic();
                let consent = self.devices.poll(code, application, now, monotonic)?;
                let family = self.grants.begin(consent.clone(), now);
                self.first(family, application, &consent, jkt, early)
            }
            _ => Err(Refusal::new(
                StatusCode::BAD_REQUEST,
                "unsupported_grant_type",
                "expected grant_type client_credentials, authorization_code, refresh_token or that of device codes",
            )),
        }
    }

    /// Answers `/oauth/device/code` (RFC 8628 §3.1).
    pub(crate) fn device(&self, headers: &HeaderMap, body: &Bytes) -> Answer {
        let begin = || {
            let parameters = Parameters::read(headers, body)?;
            let now = self.clock.seconds();
            let application = self.clients.authenticate(headers, &parameters, now)?;
            let (scope, audience) = target(self, application, &parameters)
                .ok_or_else(|| Refusal::denied("Service not found"))?;
            let wish = Wish {
                client_id: application.client_id.clone(),
                scope,
                audience,
            };
            let (device_code, user_code) = self.devices.add(wish, now).map_err(Refusal::broken)?;
            let page = format!("{}activate", self.issuer());
            let answer = json!({
                "device_code": device_code,
                "user_code": user_code,
                "verification_uri": page,
                "verification_uri_complete": format!("{page}?user_code={user_code}"),
                "expires_in": LIFETIME,
                "interval": INTERVAL,
            });
            Ok(uncached(Answer::json(StatusCode::OK, &answer)))
        };
        begin().unwrap_or_else(|refusal: Refusal| refusal.into())
    }

    /// Answers `/oauth/revoke` (RFC 7009): a refresh token and all that came of its login are worth nothing from now
    /// on. It does not tell whether there was one.
    pub(crate) fn revoke(&self, headers: &HeaderMap, body: &Bytes) -> Answer {
        let revoke = || {
            let parameters = Parameters::read(headers, body)?;
            let now = self.clock.seconds();
            let application = self.clients.authenticate(headers, &parameters, now)?;
            self.grants
                .revoke(parameters.required("token")?, application);
            Ok(uncached(Answer::empty(StatusCode::OK)))
        };
        revoke().unwrap_or_else(|refusal: Refusal| refusal.into())
    }

    fn client_credentials(
        &self,
        application: &Application,
        parameters: &Parameters,
        jkt: Option<&str>,
        early: i64,
    ) -> Result<Answer, Refusal> {
        if matches!(application.authentication, Authentication::Public) {
            return Err(Refusal::new(
                StatusCode::FORBIDDEN,
                "unauthorized_client",
                "Grant type 'client_credentials' not allowed for the client.",
            ));
        }
        let audience = parameters.required("audience")?;
        let Some(api) = self.audiences.api(audience) else {
            return Err(Refusal::denied(format!("Service not found: {audience}")));
        };
        let organization = parameters.get("organization");
        if let Some(id) = organization
            && !self.may_act(application, id, audience)
        {
            return Err(Refusal::denied(
                "organization: the application may not act for it",
            ));
        }
        let all: Vec<&str> = self.scopes(application, api).collect();
        let scope = granted(&all, parameters.get("scope"))?;

        let now = self.clock.now();
        let mut usage = self.usage.lock().unwrap_or_else(PoisonError::into_inner);
        let usage = self.quota.map(|quota| {
            let fresh = || Usage::new(quota);
            usage
                .entry(application.client_id.clone())
                .or_insert_with(fresh)
        });
        let mut header = None;
        if let Some(usage) = usage {
            let taken = usage.take(now);
            header = Some(usage.header(now));
            if let Err(wait) = taken {
                let answer = Answer::from(Refusal::quota(wait));
                return Ok(with_quota(answer, header));
            }
        }

        let (token, _) = self.sign(
            &Subject {
                sub: &format!("{}@clients", application.client_id),
                audience,
                scope: &scope,
                client_id: &application.client_id,
                gty: Some("client-credentials"),
                organization,
                jkt,
            },
            early,
        )?;
        let answer = uncached(Answer::json(
            StatusCode::OK,
            &self.token_answer(&token, &scope, jkt),
        ));
        Ok(with_quota(answer, header))
    }

    /// The first tokens of one login. The refresh tokens of who can keep no secret are bound to its key (RFC 9449 §5).
    fn first(
        &self,
        family: usize,
        application: &Application,
        consent: &Consent,
        jkt: Option<&str>,
        early: i64,
    ) -> Result<Answer, Refusal> {
        if matches!(application.authentication, Authentication::Public) {
            self.grants.bind(family, jkt);
        }
        self.for_user(family, consent, jkt, early)
    }

    /// The tokens of one login.
    fn for_user(
        &self,
        family: usize,
        consent: &Consent,
        jkt: Option<&str>,
        early: i64,
    ) -> Result<Answer, Refusal> {
        let (token, number) = self.sign(
            &Subject {
                sub: &consent.user.id,
                audience: &consent.audience,
                scope: &consent.scope,
                client_id: &consent.client_id,
                gty: None,
                organization: consent.organization.as_deref(),
                jkt,
            },
            early,
        )?;
        let mut answer = self.token_answer(&token, &consent.scope, jkt);
        if consent.has("openid") {
            answer["id_token"] = json!(self.id_token(consent)?);
        }
        if let Some(refresh) = self.grants.note(family, number).map_err(Refusal::broken)? {
            answer["refresh_token"] = json!(refresh);
        }
        Ok(uncached(Answer::json(StatusCode::OK, &answer)))
    }

    fn token_answer(&self, token: &str, scope: &str, jkt: Option<&str>) -> Value {
        json!({
            "access_token": token,
            "token_type": if jkt.is_some() { "DPoP" } else { "Bearer" },
            "expires_in": self.lifetime,
            "scope": scope,
        })
    }

    /// An access token and its number.
    fn sign(&self, subject: &Subject<'_>, early: i64) -> Result<(String, u64), Refusal> {
        let issued_at = self.clock.seconds();
        let number = self.granted.fetch_add(1, Ordering::SeqCst) + 1;
        let claims = Claims {
            iss: self.issuer().to_owned(),
            sub: subject.sub.to_owned(),
            aud: subject.audience.to_owned(),
            iat: issued_at,
            exp: issued_at
                .saturating_add(self.lifetime)
                .saturating_sub(early),
            scope: subject.scope.to_owned(),
            azp: subject.client_id.to_owned(),
            gty: subject.gty.map(str::to_owned),
            org_id: subject.organization.map(str::to_owned),
            cnf: subject.jkt.map(|jkt| Confirmation {
                jkt: jkt.to_owned(),
            }),
            jti: number,
        };
        let token = self.key.sign(&claims).map_err(Refusal::broken)?;
        Ok((token, number))
    }

    fn id_token(&self, consent: &Consent) -> Result<String, Refusal> {
        let issued_at = self.clock.seconds();
        let has_email = consent.has("email");
        let claims = IdClaims {
            iss: self.issuer(),
            sub: &consent.user.id,
            aud: &consent.client_id,
            iat: issued_at,
            exp: issued_at.saturating_add(ID_LIFETIME),
            nonce: consent.nonce.as_deref(),
            org_id: consent.organization.as_deref(),
            name: consent.has("profile").then_some(&consent.user.name),
            email: has_email.then_some(&consent.user.email),
            email_verified: has_email.then_some(true),
        };
        self.key.sign(&claims).map_err(Refusal::broken)
    }
}

fn seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}

/// The scopes that are granted: those that were asked for, or all that the application has.
fn granted(all: &[&str], asked: Option<&str>) -> Result<String, Refusal> {
    let has = |scope: &&str| all.contains(scope);
    let asked: Vec<&str> = asked.unwrap_or_default().split_ascii_whitespace().collect();
    if asked.is_empty() {
        return Ok(all.join(" "));
    }
    let lacking: Vec<&str> = asked.iter().copied().filter(|scope| !has(scope)).collect();
    if lacking.is_empty() {
        Ok(asked.join(" "))
    } else {
        Err(Refusal::denied(format!(
            "Client has not been granted scopes: {}",
            lacking.join(", ")
        )))
    }
}

fn with_quota(answer: Answer, header: Option<String>) -> Answer {
    match header {
        Some(header) => answer.with("auth0-client-quota-limit", &header),
        None => answer,
    }
}
