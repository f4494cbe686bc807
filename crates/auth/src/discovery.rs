//! The endpoints of a server: at Auth0's paths, or from its discovery document.

use std::sync::Arc;
use std::time::Duration;

use auth0_core::codegen::{is_host_name, printable};
use auth0_core::time::SharedClock;
use serde::Deserialize;
use url::{Host, Url};

use crate::document_cache::{DocumentCache, Version};
use crate::error::{Error, Kind};
use crate::exchange::Exchange;

/// The maximum age of a cached discovery document. Endpoints rarely move; keys are cached separately.
const MAX_AGE: Duration = Duration::from_secs(60 * 60);

/// The delay before the next request after a failed one, if there is an older document.
const RETRY_DELAY: Duration = Duration::from_secs(60);

/// The maximum length of an issuer in an error.
const MAX_ISSUER: usize = 200;

/// The relevant parts of a discovery document (OpenID Connect Discovery 1.0, RFC 8414).
#[derive(Debug, Deserialize)]
pub(crate) struct Metadata {
    issuer: String,
    token_endpoint: Option<String>,
    authorization_endpoint: Option<String>,
    device_authorization_endpoint: Option<String>,
    jwks_uri: Option<String>,
    revocation_endpoint: Option<String>,
    /// RFC 9207 §3.
    authorization_response_iss_parameter_supported: Option<bool>,
    #[serde(default)]
    mtls_endpoint_aliases: Aliases,
}

/// RFC 8705 §5.
#[derive(Debug, Default, Deserialize)]
struct Aliases {
    token_endpoint: Option<String>,
    device_authorization_endpoint: Option<String>,
    revocation_endpoint: Option<String>,
}

/// An endpoint of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Endpoint {
    Token,
    Authorization,
    DeviceAuthorization,
    Jwks,
    Revocation,
}

impl Endpoint {
    fn name(self) -> &'static str {
        match self {
            Self::Token => "token_endpoint",
            Self::Authorization => "authorization_endpoint",
            Self::DeviceAuthorization => "device_authorization_endpoint",
            Self::Jwks => "jwks_uri",
            Self::Revocation => "revocation_endpoint",
        }
    }

    /// The name of the endpoint in errors.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Token => "token endpoint",
            Self::Authorization => "authorization endpoint",
            Self::DeviceAuthorization => "device authorization endpoint",
            Self::Jwks => "JWKS endpoint",
            Self::Revocation => "revocation endpoint",
        }
    }

    /// The path of the endpoint at Auth0.
    fn path(self) -> &'static str {
        match self {
            Self::Token => "oauth/token",
            Self::Authorization => "authorize",
            Self::DeviceAuthorization => "oauth/device/code",
            Self::Jwks => ".well-known/jwks.json",
            Self::Revocation => "oauth/revoke",
        }
    }
}

/// A server and the source of its endpoints.
pub(crate) struct Server {
    /// The issuer: the expected `iss` of ID tokens and the audience of assertions.
    issuer: String,
    /// The issuer as a base URL.
    base: Url,
    /// The token endpoint from the settings.
    token_url: Option<Url>,
    /// Whether endpoints come from the discovery document.
    discovers: bool,
    /// Whether the mTLS endpoint aliases are used.
    mutual_tls: bool,
    clock: SharedClock,
    metadata: DocumentCache<Metadata>,
}

impl Server {
    /// Creates the server of an Auth0 domain, or of an explicit issuer. Returns every problem of the settings.
    pub(crate) fn new(
        domain: &str,
        issuer: Option<&str>,
        token_url: Option<&str>,
        mutual_tls: bool,
        clock: SharedClock,
    ) -> Result<Self, Vec<String>> {
        let mut problems = Vec::new();
        // The domain is validated even if another endpoint is used.
        let of_domain = of_domain(domain).map_err(|problem| problems.push(problem));
        let base = match issuer {
            Some(issuer) => of_url("issuer", issuer).map_err(|problem| problems.push(problem)),
            None => of_domain,
        };
        let token_url = token_url.map(|url| of_url("token_url", url)).transpose();
        let token_url = token_url.map_err(|problem| problems.push(problem));
        let (Ok(base), Ok(token_url), true) = (base, token_url, problems.is_empty()) else {
            return Err(problems);
        };
        Ok(Self {
            issuer: issuer.map_or_else(|| base.to_string(), str::to_owned),
            // The mTLS aliases are only in the discovery document.
            discovers: issuer.is_some() || (mutual_tls && token_url.is_none()),
            base,
            token_url,
            mutual_tls,
            clock,
            metadata: DocumentCache::default(),
        })
    }

    /// Returns whether requests are sent to this machine over plain http.
    pub(crate) fn is_plain(&self) -> bool {
        let is_plain = |url: &Url| url.scheme() == "http";
        is_plain(&self.base) || self.token_url.as_ref().is_some_and(is_plain)
    }

    /// Returns the issuer.
    pub(crate) fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Returns who grants the tokens: an explicit token endpoint may belong to another server than the issuer.
    pub(crate) fn granter(&self) -> &str {
        self.token_url.as_ref().map_or(&self.issuer, Url::as_str)
    }

    /// Returns the URL of an endpoint. Fetches the discovery document if it is needed and not cached.
    pub(crate) async fn endpoint(
        &self,
        endpoint: Endpoint,
        exchange: &Exchange,
    ) -> Result<Url, Error> {
        if let (Endpoint::Token, Some(url)) = (endpoint, &self.token_url) {
            return Ok(url.clone());
        }
        if !self.discovers {
            return below(&self.base, endpoint.path()).map_err(undiscovered);
        }
        let metadata = self.metadata(exchange).await?;
        self.locate(endpoint, &metadata)
    }

    /// Returns whether the discovery document announces `iss` in every authorization response (RFC 9207 §2.3). Returns
    /// `false` without a discovery document.
    pub(crate) async fn promises_issuer(&self, exchange: &Exchange) -> Result<bool, Error> {
        if !self.discovers {
            return Ok(false);
        }
        let metadata = self.metadata(exchange).await?;
        Ok(metadata.authorization_response_iss_parameter_supported == Some(true))
    }

    /// Returns the URL of an endpoint in a document, after validation.
    pub(crate) fn locate(&self, endpoint: Endpoint, metadata: &Metadata) -> Result<Url, Error> {
        let Metadata {
            mtls_endpoint_aliases: aliases,
            ..
        } = metadata;
        let alias = match endpoint {
            Endpoint::Token => &aliases.token_endpoint,
            Endpoint::DeviceAuthorization => &aliases.device_authorization_endpoint,
            Endpoint::Revocation => &aliases.revocation_endpoint,
            Endpoint::Authorization | Endpoint::Jwks => &None,
        };
        let plain = match endpoint {
            Endpoint::Token => &metadata.token_endpoint,
            Endpoint::DeviceAuthorization => &metadata.device_authorization_endpoint,
            Endpoint::Authorization => &metadata.authorization_endpoint,
            Endpoint::Jwks => &metadata.jwks_uri,
            Endpoint::Revocation => &metadata.revocation_endpoint,
        };
        let text = alias
            .as_ref()
            .filter(|_| self.mutual_tls)
            .or(plain.as_ref());
        let name = endpoint.name();
        let text = text.ok_or_else(|| undiscovered(format!("{name} is missing")))?;
        let url = of_url(name, text).map_err(undiscovered)?;
        if self.base.scheme() == "https" && url.scheme() != "https" {
            // A server that is reached over https must not redirect requests to a local http service.
            return Err(undiscovered(format!("{name}: expected https, found http")));
        }
        Ok(url)
    }

    async fn metadata(&self, exchange: &Exchange) -> Result<Arc<Metadata>, Error> {
        let now = self.clock.monotonic();
        let url = below(&self.base, ".well-known/openid-configuration").map_err(undiscovered)?;
        let (exchange, issuer) = (exchange.clone(), self.issuer.clone());
        let fetch = |last: Option<Version<Metadata>>| async move {
            let result = exchange.get::<Metadata>("discovery endpoint", url).await;
            match (result, last) {
                (Ok(metadata), _) => {
                    check(&metadata, &issuer)?;
                    tracing::debug!(issuer, "discovery document fetched");
                    Ok(Version {
                        document: Arc::new(metadata),
                        fetched_at: now,
                    })
                }
                (Err(error), None) => Err(error),
                (Err(error), Some(last)) => {
                    // The old document is most likely still right, and without it every request would fail.
                    tracing::warn!(%error, "fetching the discovery document failed, the last one is used");
                    // The delay starts now: the failed request may have taken a while.
                    let now = exchange.clock.monotonic();
                    Ok(Version {
                        fetched_at: now.saturating_sub(MAX_AGE - RETRY_DELAY),
                        ..last
                    })
                }
            }
        };
        self.metadata.get(now, MAX_AGE, fetch).await
    }

    /// Checks that a document belongs to this server.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn check(&self, metadata: &Metadata) -> Result<(), Error> {
        check(metadata, &self.issuer)
    }
}

/// Checks that a document belongs to `issuer`; the comparison is exact (OpenID Connect Discovery 1.0 §4.3).
fn check(metadata: &Metadata, issuer: &str) -> Result<(), Error> {
    if metadata.issuer == issuer {
        return Ok(());
    }
    Err(undiscovered(format!(
        "issuer: expected {issuer}, found {}; set the issuer exactly as its document spells it",
        shown_issuer(&metadata.issuer)
    )))
}

fn undiscovered(problem: impl std::fmt::Display) -> Error {
    Error::of(Kind::Discovery(problem.to_string()))
}

/// Appends a path to an issuer, which may or may not end with a slash.
fn below(base: &Url, path: &str) -> Result<Url, String> {
    let base = base.as_str().trim_end_matches('/');
    Url::parse(&format!("{base}/{path}")).map_err(|error| error.to_string())
}

/// Returns the issuer URL of an Auth0 domain, which has to be a bare host name.
///
/// The text is compared with the host that a URL parser finds in it, so that nothing that changes the host (`evil.com/#`,
/// `user@evil.com`) passes. The error does not contain the text, which may hold a password.
fn of_domain(domain: &str) -> Result<Url, String> {
    if domain.is_empty() {
        return Err("domain is missing".into());
    }
    Url::parse(&format!("https://{domain}/"))
        .ok()
        .filter(|url| {
            matches!(url.host(), Some(Host::Domain(host)) if host.eq_ignore_ascii_case(domain) && is_host_name(host))
        })
        .ok_or_else(|| {
            "domain: expected a bare host name such as acme.us.auth0.com, found something else (a scheme, a port, a \
             path, an address, a wildcard, an empty label)"
                .into()
        })
}

/// Parses an absolute URL: https, or http on a loopback host.
pub(crate) fn of_url(name: &str, text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("{name}: expected a URL, found {error}"))?;
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(&url) => {}
        "http" => {
            return Err(format!(
                "{name}: expected https, found http to a host that is not loopback"
            ));
        }
        _ => return Err(format!("{name}: expected https, found another scheme")),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(format!(
            "{name}: expected no user name or password, found one"
        ));
    }
    if has_unfit_host(&url) {
        return Err(format!("{name}: {EXPECTED_HOST}"));
    }
    if url.fragment().is_some() {
        return Err(format!("{name}: expected no fragment, found one"));
    }
    if name == "issuer" && url.query().is_some() {
        // OpenID Connect Discovery 1.0 §3; paths could not be appended to it.
        return Err(format!("{name}: expected no query, found one"));
    }
    Ok(url)
}

/// The problem of a URL with an [invalid host](has_unfit_host).
pub(crate) const EXPECTED_HOST: &str = "expected a host name whose labels are 1 to 63 letters, digits and inner hyphens, found another host";

/// Formats an issuer of a server for an error. Text that is not an issuer URL is not shown.
pub(crate) fn shown_issuer(text: &str) -> String {
    let is_issuer = Url::parse(text).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
    });
    match is_issuer {
        true => printable(text).chars().take(MAX_ISSUER).collect(),
        false => "text that is not an issuer".to_owned(),
    }
}

/// Returns whether the host is not a valid DNS name, such as `*.auth0.com`, which the URL parser accepts. URLs with
/// private-use schemes have no host name.
pub(crate) fn has_unfit_host(url: &Url) -> bool {
    matches!(url.host(), Some(Host::Domain(host)) if !is_host_name(host))
}

/// Returns whether the host is a loopback host.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(host)) => host == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
