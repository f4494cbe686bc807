//! `/oauth/token`: the grants of RFC 6749 with the extensions of Auth0.

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

/// Grant type of the device flow.
const DEVICE_CODE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// Lifetime of an ID token, in seconds.
const ID_TOKEN_LIFETIME: i64 = 36_000;

/// Settings of the token endpoint.
pub(crate) struct TokenSettings {
    pub(crate) key: &'static SigningKey,
    pub(crate) clock: Arc<Clock>,
    pub(crate) issuer: String,
    pub(crate) audiences: Audiences,
    /// Scopes of the APIs.
    pub(crate) scopes: ApiScopes,
    /// The tenant, which knows the members of organizations.
    pub(crate) tenant: Arc<SharedTenant>,
    /// By client id.
    pub(crate) applications: HashMap<String, Application>,
    pub(crate) lifetime: Duration,
    pub(crate) refresh_lifetime: Duration,
    pub(crate) quota: Option<TokenQuota>,
    pub(crate) revoked: Arc<RevokedTokens>,
    pub(crate) dpop_verifier: DpopVerifier,
}

/// Issues tokens to the applications of the sandbox.
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
    dpop_verifier: DpopVerifier,
    /// Quota usage by client id.
    usage: Mutex<HashMap<String, QuotaUsage>>,
    granted_count: AtomicU64,
}

/// The content of an access token.
struct TokenSubject<'a> {
    sub: &'a str,
    audience: &'a str,
    scope: &'a str,
    client_id: &'a str,
    gty: Option<&'a str>,
    organization: Option<&'a str>,
    /// Thumbprint of the client's key.
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
            dpop_verifier: settings.dpop_verifier,
            usage: Mutex::default(),
            granted_count: AtomicU64::new(0),
        }
    }

    pub(crate) fn key(&self) -> &'static SigningKey {
        self.key
    }

    /// The issuer of tokens: the URL of the sandbox with a trailing slash.
    pub(crate) fn issuer(&self) -> &str {
        &self.clients.issuer
    }

    /// Audiences of the APIs.
    pub(crate) fn audiences(&self) -> &Audiences {
        &self.audiences
    }

    /// Scopes of all APIs.
    pub(crate) fn all_scopes(&self) -> Vec<&'static str> {
        self.scopes.all()
    }

    /// The scopes of an API that an application has.
    pub(crate) fn scopes<'a>(
        &self,
        application: &'a Application,
        api: Api,
    ) -> impl Iterator<Item = &'a str> {
        let own = application.scopes.iter().flatten().map(String::as_str);
        own.filter(move |scope| self.scopes.belongs(scope, api))
    }

    /// Whether an application may act for an organization, by its settings or by a client grant for this audience.
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

    /// Whether a user may act for an organization. Organizations unknown to the tenant accept every user.
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

    /// Number of access tokens issued so far.
    pub(crate) fn granted_count(&self) -> u64 {
        self.granted_count.load(Ordering::SeqCst)
    }

    /// Handles a request. The token expires `early` sooner than the response states.
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
        match self.dpop_verifier.nonce(now) {
            Some(nonce) if headers.contains_key("dpop") => {
                response.with_header("dpop-nonce", &nonce)
            }
            _ => response,
        }
    }

    /// Verifies the client's DPoP proof, if any, and returns the thumbprint of its key.
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
        self.dpop_verifier
            .verify_headers(headers, &request)
            .map_err(|error| {
                let (error, reason) = match error {
                    ProofError::Invalid(reason) => ("invalid_dpop_proof", reason),
                    ProofError::NonceRequired => (
                        "use_dpop_nonce",
                        "nonce: expected the value of the DPoP-Nonce header",
                    ),
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
                "grant_type: expected client_credentials, authorization_code, refresh_token or urn:ietf:params:oauth:grant-type:device_code",
            )),
        }
    }

    /// Handles `/oauth/device/code` (RFC 8628 §3.1).
    pub(crate) fn device_authorization(&self, headers: &HeaderMap, body: &Bytes) -> ApiResponse {
        let authorize = || {
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
        authorize().unwrap_or_else(|error: OAuthError| error.into())
    }

    /// Handles `/oauth/revoke` (RFC 7009): revokes all refresh tokens of the given token's login. Access tokens stay valid
    /// until they expire. The response does not reveal whether the token existed.
    pub(crate) fn revoke(&self, headers: &HeaderMap, body: &Bytes) -> ApiResponse {
        let revoke = || {
            let parameters = OAuthParameters::read(headers, body)?;
            let now = self.clock.seconds();
            let application = self.clients.authenticate(headers, &parameters, now)?;
            self.grants
                .revoke(parameters.required("token")?, application);
            Ok(no_store(ApiResponse::empty(StatusCode::OK)))
        };
        revoke().unwrap_or_else(|error: OAuthError| error.into())
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
                "organization: the application may not act for this organization",
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

    /// Issues the first tokens of a login. Refresh tokens of public clients are bound to the client's key (RFC 9449
    /// §5).
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

    /// Issues tokens for a login.
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

    /// Signs an access token. Returns the token and its number.
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

/// The granted scopes: the requested ones, or by default all scopes of the application.
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
