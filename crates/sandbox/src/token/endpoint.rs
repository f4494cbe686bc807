//! `/oauth/token`: the grants of RFC 6749, with what Auth0 adds to them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::HOST;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use super::claims::IdTokenClaims;
use super::device::{DEVICE_CODE_LIFETIME, DeviceRequest, POLL_INTERVAL};
use super::dpop::{ProofError, ProofTarget};
use super::token_quota::{QuotaUsage, TokenQuota};
use super::{
    AccessTokenClaims, Clients, Confirmation, Consent, Devices, DpopVerifier, GrantStore,
    OAuthError, OAuthParameters, RevokedTokens, no_store,
};
use crate::api::{Api, Audiences};
use crate::application::{Application, Authentication};
use crate::clock::Clock;
use crate::login::scope_and_audience;
use crate::response::ApiResponse;
use crate::tenant::SharedTenant;
use crate::token::{ApiScopes, SigningKey};

/// The grant type of device codes.
const DEVICE_CODE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// How long an ID token lives, in seconds.
const ID_TOKEN_LIFETIME: i64 = 36_000;

/// What the endpoint grants, and to whom.
pub(crate) struct TokenSettings {
    pub(crate) key: &'static SigningKey,
    pub(crate) clock: Arc<Clock>,
    pub(crate) issuer: String,
    pub(crate) audiences: Audiences,
    /// The scopes of the APIs.
    pub(crate) scopes: ApiScopes,
    /// Who belongs to which organization.
    pub(crate) tenant: Arc<SharedTenant>,
    /// By client id.
    pub(crate) applications: HashMap<String, Application>,
    pub(crate) lifetime: Duration,
    pub(crate) refresh_lifetime: Duration,
    pub(crate) quota: Option<TokenQuota>,
    pub(crate) revoked: Arc<RevokedTokens>,
    pub(crate) proofs: DpopVerifier,
}

/// Grants tokens to the sandbox's applications.
pub(crate) struct TokenEndpoint {
    key: &'static SigningKey,
    clock: Arc<Clock>,
    audiences: Audiences,
    scopes: ApiScopes,
    tenant: Arc<SharedTenant>,
    lifetime: i64,
    quota: Option<TokenQuota>,
    clients: Clients,
    grants: GrantStore,
    devices: Devices,
    proofs: DpopVerifier,
    /// What of the quota is used, by client id.
    usage: Mutex<HashMap<String, QuotaUsage>>,
    granted_count: AtomicU64,
}

/// What an access token is to say.
struct TokenSubject<'a> {
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
    pub(crate) fn new(settings: TokenSettings) -> Self {
        Self {
            key: settings.key,
            clock: settings.clock,
            audiences: settings.audiences,
            scopes: settings.scopes,
            tenant: settings.tenant,
            lifetime: seconds(settings.lifetime),
            quota: settings.quota,
            clients: Clients::new(settings.issuer, settings.applications),
            grants: GrantStore::new(settings.revoked, seconds(settings.refresh_lifetime)),
            devices: Devices::default(),
            proofs: settings.proofs,
            usage: Mutex::default(),
            granted_count: AtomicU64::new(0),
        }
    }

    pub(crate) fn key(&self) -> &'static SigningKey {
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

    pub(crate) fn grants(&self) -> &GrantStore {
        &self.grants
    }

    pub(crate) fn devices(&self) -> &Devices {
        &self.devices
    }

    /// How many access tokens were granted.
    pub(crate) fn granted_count(&self) -> u64 {
        self.granted_count.load(Ordering::SeqCst)
    }

    /// Answers a request. The token says that it lives `early` shorter than the answer says.
    pub(crate) fn token_response(
        &self,
        headers: &HeaderMap,
        body: &Bytes,
        early: Duration,
    ) -> ApiResponse {
        let now = self.clock.seconds();
        let response = self
            .proof_thumbprint(headers, now)
            .and_then(|jkt| self.grant(headers, body, jkt.as_deref(), seconds(early)))
            .unwrap_or_else(ApiResponse::from);
        match self.proofs.nonce(now) {
            Some(nonce) if headers.contains_key("dpop") => {
                response.with_header("dpop-nonce", &nonce)
            }
            _ => response,
        }
    }

    /// The thumbprint of the key of whoever asks, if it proves that it has one.
    fn proof_thumbprint(
        &self,
        headers: &HeaderMap,
        now: i64,
    ) -> Result<Option<String>, OAuthError> {
        let host = headers.get(HOST).and_then(|host| host.to_str().ok());
        let request = ProofTarget {
            method: "POST",
            url: &format!("http://{}/oauth/token", host.unwrap_or_default()),
            token: None,
            now,
        };
        self.proofs
            .verify_headers(headers, &request)
            .map_err(|error| {
                let (error, reason) = match error {
                    ProofError::Invalid(reason) => ("invalid_dpop_proof", reason),
                    ProofError::NonceRequired => {
                        ("use_dpop_nonce", "nonce: expected that of DPoP-Nonce")
                    }
                };
                OAuthError::new(StatusCode::BAD_REQUEST, error, format!("DPoP: {reason}"))
            })
    }

    fn grant(
        &self,
        headers: &HeaderMap,
        body: &Bytes,
        jkt: Option<&str>,
        early: i64,
    ) -> Result<ApiResponse, OAuthError> {
        let parameters = OAuthParameters::read(headers, body)?;
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
                self.first_user_tokens(family, application, &consent, jkt, early)
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
                    return Err(OAuthError::invalid_grant(
                        "The user is no longer a member of the organization.",
                    ));
                }
                self.user_tokens(family, &consent, jkt, early)
            }
            DEVICE_CODE_GRANT => {
                let code = parameters.required("device_code")?;
                let monotonic = self.clock.monotonic();
                let consent = self.devices.poll(code, application, now, monotonic)?;
                let family = self.grants.start_family(consent.clone(), now);
                self.first_user_tokens(family, application, &consent, jkt, early)
            }
            _ => Err(OAuthError::new(
                StatusCode::BAD_REQUEST,
                "unsupported_grant_type",
                "expected grant_type client_credentials, authorization_code, refresh_token or that of device codes",
            )),
        }
    }

    /// Answers `/oauth/device/code` (RFC 8628 §3.1).
    pub(crate) fn device_authorization(&self, headers: &HeaderMap, body: &Bytes) -> ApiResponse {
        let begin = || {
            let parameters = OAuthParameters::read(headers, body)?;
            let now = self.clock.seconds();
            let application = self.clients.authenticate(headers, &parameters, now)?;
            let (scope, audience) = scope_and_audience(self, application, &parameters)
                .ok_or_else(|| OAuthError::access_denied("Service not found"))?;
            let request = DeviceRequest {
                client_id: application.client_id.clone(),
                scope,
                audience,
            };
            let (device_code, user_code) = self
                .devices
                .add(request, now)
                .map_err(OAuthError::server_error)?;
            let page = format!("{}activate", self.issuer());
            let response = json!({
                "device_code": device_code,
                "user_code": user_code,
                "verification_uri": page,
                "verification_uri_complete": format!("{page}?user_code={user_code}"),
                "expires_in": DEVICE_CODE_LIFETIME,
                "interval": POLL_INTERVAL,
            });
            Ok(no_store(ApiResponse::json(StatusCode::OK, &response)))
        };
        begin().unwrap_or_else(|refusal: OAuthError| refusal.into())
    }

    /// Answers `/oauth/revoke` (RFC 7009): a refresh token and all that came of its login are worth nothing from now
    /// on. It does not tell whether there was one.
    pub(crate) fn revoke(&self, headers: &HeaderMap, body: &Bytes) -> ApiResponse {
        let revoke = || {
            let parameters = OAuthParameters::read(headers, body)?;
            let now = self.clock.seconds();
            let application = self.clients.authenticate(headers, &parameters, now)?;
            self.grants
                .revoke(parameters.required("token")?, application);
            Ok(no_store(ApiResponse::empty(StatusCode::OK)))
        };
        revoke().unwrap_or_else(|refusal: OAuthError| refusal.into())
    }

    fn client_credentials(
        &self,
        application: &Application,
        parameters: &OAuthParameters,
        jkt: Option<&str>,
        early: i64,
    ) -> Result<ApiResponse, OAuthError> {
        if matches!(application.authentication, Authentication::Public) {
            return Err(OAuthError::new(
                StatusCode::FORBIDDEN,
                "unauthorized_client",
                "Grant type 'client_credentials' not allowed for the client.",
            ));
        }
        let audience = parameters.required("audience")?;
        let Some(api) = self.audiences.api(audience) else {
            return Err(OAuthError::access_denied(format!(
                "Service not found: {audience}"
            )));
        };
        let organization = parameters.get("organization");
        if let Some(id) = organization
            && !self.may_act(application, id, audience)
        {
            return Err(OAuthError::access_denied(
                "organization: the application may not act for it",
            ));
        }
        let all: Vec<&str> = self.scopes(application, api).collect();
        let scope = granted_scopes(&all, parameters.get("scope"))?;

        let now = self.clock.now();
        let mut usage = self.usage.lock().unwrap_or_else(PoisonError::into_inner);
        let usage = self.quota.map(|quota| {
            let fresh = || QuotaUsage::new(quota);
            usage
                .entry(application.client_id.clone())
                .or_insert_with(fresh)
        });
        let mut header = None;
        if let Some(usage) = usage {
            let taken = usage.take(now);
            header = Some(usage.header(now));
            if let Err(wait) = taken {
                let response = ApiResponse::from(OAuthError::quota_exceeded(wait));
                return Ok(with_quota_header(response, header));
            }
        }

        let (token, _) = self.sign(
            &TokenSubject {
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
        let response = no_store(ApiResponse::json(
            StatusCode::OK,
            &self.token_body(&token, &scope, jkt),
        ));
        Ok(with_quota_header(response, header))
    }

    /// The first tokens of one login. The refresh tokens of who can keep no secret are bound to its key (RFC 9449 §5).
    fn first_user_tokens(
        &self,
        family: usize,
        application: &Application,
        consent: &Consent,
        jkt: Option<&str>,
        early: i64,
    ) -> Result<ApiResponse, OAuthError> {
        if matches!(application.authentication, Authentication::Public) {
            self.grants.bind(family, jkt);
        }
        self.user_tokens(family, consent, jkt, early)
    }

    /// The tokens of one login.
    fn user_tokens(
        &self,
        family: usize,
        consent: &Consent,
        jkt: Option<&str>,
        early: i64,
    ) -> Result<ApiResponse, OAuthError> {
        let (token, number) = self.sign(
            &TokenSubject {
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
        let mut response = self.token_body(&token, &consent.scope, jkt);
        if consent.has_scope("openid") {
            response["id_token"] = json!(self.id_token(consent)?);
        }
        if let Some(refresh) = self
            .grants
            .issue_tokens(family, number)
            .map_err(OAuthError::server_error)?
        {
            response["refresh_token"] = json!(refresh);
        }
        Ok(no_store(ApiResponse::json(StatusCode::OK, &response)))
    }

    fn token_body(&self, token: &str, scope: &str, jkt: Option<&str>) -> Value {
        json!({
            "access_token": token,
            "token_type": if jkt.is_some() { "DPoP" } else { "Bearer" },
            "expires_in": self.lifetime,
            "scope": scope,
        })
    }

    /// An access token and its number.
    fn sign(&self, subject: &TokenSubject<'_>, early: i64) -> Result<(String, u64), OAuthError> {
        let issued_at = self.clock.seconds();
        let number = self.granted_count.fetch_add(1, Ordering::SeqCst) + 1;
        let claims = AccessTokenClaims {
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
        let token = self.key.sign(&claims).map_err(OAuthError::server_error)?;
        Ok((token, number))
    }

    fn id_token(&self, consent: &Consent) -> Result<String, OAuthError> {
        let issued_at = self.clock.seconds();
        let has_email = consent.has_scope("email");
        let claims = IdTokenClaims {
            iss: self.issuer(),
            sub: &consent.user.id,
            aud: &consent.client_id,
            iat: issued_at,
            exp: issued_at.saturating_add(ID_TOKEN_LIFETIME),
            nonce: consent.nonce.as_deref(),
            org_id: consent.organization.as_deref(),
            name: consent.has_scope("profile").then_some(&consent.user.name),
            email: has_email.then_some(&consent.user.email),
            email_verified: has_email.then_some(true),
        };
        self.key.sign(&claims).map_err(OAuthError::server_error)
    }
}

fn seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}

/// The scopes that are granted: those that were asked for, or all that the application has.
fn granted_scopes(all: &[&str], requested: Option<&str>) -> Result<String, OAuthError> {
    let has = |scope: &&str| all.contains(scope);
    let requested: Vec<&str> = requested
        .unwrap_or_default()
        .split_ascii_whitespace()
        .collect();
    if requested.is_empty() {
        return Ok(all.join(" "));
    }
    let missing: Vec<&str> = requested
        .iter()
        .copied()
        .filter(|scope| !has(scope))
        .collect();
    if missing.is_empty() {
        Ok(requested.join(" "))
    } else {
        Err(OAuthError::access_denied(format!(
            "Client has not been granted scopes: {}",
            missing.join(", ")
        )))
    }
}

fn with_quota_header(response: ApiResponse, header: Option<String>) -> ApiResponse {
    match header {
        Some(header) => response.with_header("auth0-client-quota-limit", &header),
        None => response,
    }
}
