//! Where a server's endpoints are: at Auth0's well-known paths, or where its discovery document says.

use std::sync::Arc;
use std::time::Duration;

use auth0_core::codegen::{is_host_name, printable};
use auth0_core::time::SharedClock;
use serde::Deserialize;
use url::{Host, Url};

use crate::error::{Error, Kind};
use crate::exchange::Exchange;
use crate::published::{Published, Version};

/// How long a discovery document is used. Endpoints move seldom, and keys have a life of their own.
const FRESH: Duration = Duration::from_secs(60 * 60);

/// How long after a failure the document is asked for again, where there is an old one.
const PAUSE: Duration = Duration::from_secs(60);

/// The longest issuer that is shown in an error.
const MAX_ISSUER: usize = 200;

/// The parts of a discovery document (OpenID Connect Discovery 1.0, RFC 8414) that are used here.
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

    /// What an error calls it.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Token => "token endpoint",
            Self::Authorization => "authorization endpoint",
            Self::DeviceAuthorization => "device authorization endpoint",
            Self::Jwks => "JWKS endpoint",
            Self::Revocation => "revocation endpoint",
        }
    }

    /// Where it is at Auth0.
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

/// A server, and how its endpoints are known.
pub(crate) struct Server {
    /// Who it says it is in ID tokens and to whom assertions are addressed.
    issuer: String,
    /// The issuer as a URL that paths are put below.
    base: Url,
    /// The token endpoint that the user gave.
    token_url: Option<Url>,
    /// Whether the discovery document is asked.
    discovers: bool,
    /// Whether the endpoints for clients with a certificate are meant.
    mutual_tls: bool,
    clock: SharedClock,
    metadata: Published<Metadata>,
}

impl Server {
    /// The server of an Auth0 domain, or the issuer that is given. Gives back every fault.
    pub(crate) fn new(
        domain: &str,
        issuer: Option<&str>,
        token_url: Option<&str>,
        mutual_tls: bool,
        clock: SharedClock,
    ) -> Result<Self, Vec<String>> {
        let mut faults = Vec::new();
        // The domain has to be right even where another endpoint is used.
        let of_domain = of_domain(domain).map_err(|fault| faults.push(fault));
        let base = match issuer {
            Some(issuer) => of_url("issuer", issuer).map_err(|fault| faults.push(fault)),
            None => of_domain,
        };
        let token_url = token_url.map(|url| of_url("token_url", url)).transpose();
        let token_url = token_url.map_err(|fault| faults.push(fault));
        let (Ok(base), Ok(token_url), true) = (base, token_url, faults.is_empty()) else {
            return Err(faults);
        };
        Ok(Self {
            issuer: issuer.map_or_else(|| base.to_string(), str::to_owned),
            // The aliases for certificates are in the discovery document alone.
            discovers: issuer.is_some() || (mutual_tls && token_url.is_none()),
            base,
            token_url,
            mutual_tls,
            clock,
            metadata: Published::default(),
        })
    }

    /// Whether all that is sent goes to this machine, and in clear.
    pub(crate) fn is_plain(&self) -> bool {
        let is_plain = |url: &Url| url.scheme() == "http";
        is_plain(&self.base) || self.token_url.as_ref().is_some_and(is_plain)
    }

    /// Who the server says it is.
    pub(crate) fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Who grants the tokens: a token endpoint that was given by hand may be anybody's.
    pub(crate) fn granter(&self) -> &str {
        self.token_url.as_ref().map_or(&self.issuer, Url::as_str)
    }

    /// Where an endpoint is. Asks the discovery document if that is needed and was not asked lately.
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

    /// Whether the discovery document promises `iss` in every authorization response (RFC 9207 §2.3). Without a discovery
    /// document nothing is promised.
    pub(crate) async fn promises_issuer(&self, exchange: &Exchange) -> Result<bool, Error> {
        if !self.discovers {
            return Ok(false);
        }
        let metadata = self.metadata(exchange).await?;
        Ok(metadata.authorization_response_iss_parameter_supported == Some(true))
    }

    /// Where a document has an endpoint, if it may be there.
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
            // Whoever is reached by https does not send others to what listens on their own machine.
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
                    // What was true an hour ago is most likely still, and nothing works without it.
                    tracing::warn!(%error, "the discovery document cannot be fetched, the last one is used");
                    // It is fetched again after a pause that begins now: until here the request may have taken a while.
                    let now = exchange.clock.monotonic();
                    Ok(Version {
                        fetched_at: now.saturating_sub(FRESH - PAUSE),
                        ..last
                    })
                }
            }
        };
        self.metadata.get(now, FRESH, fetch).await
    }

    /// Whether a document is this server's own.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn check(&self, metadata: &Metadata) -> Result<(), Error> {
        check(metadata, &self.issuer)
    }
}

/// Whether a document is that of `issuer`: OpenID Connect Discovery 1.0 §4.3, to the letter.
fn check(metadata: &Metadata, issuer: &str) -> Result<(), Error> {
    if metadata.issuer == issuer {
        return Ok(());
    }
    Err(undiscovered(format!(
        "issuer: expected {issuer}, found {}; set the issuer exactly as its document spells it",
        shown_issuer(&metadata.issuer)
    )))
}

fn undiscovered(fault: impl std::fmt::Display) -> Error {
    Error::of(Kind::Discovery(fault.to_string()))
}

/// A path below an issuer, which may or may not end in a slash.
fn below(base: &Url, path: &str) -> Result<Url, String> {
    let base = base.as_str().trim_end_matches('/');
    Url::parse(&format!("{base}/{path}")).map_err(|error| error.to_string())
}

/// The issuer of an Auth0 domain, which has to be a bare host name.
///
/// The text is compared with the host that a URL parser finds in it, so that nothing which moves the host
/// elsewhere (`evil.com/#`, `user@evil.com`) gets through, and the fault does not repeat it: it may hold a password.
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

/// An endpoint given in full: https, or http on this machine.
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
        // OpenID Connect Discovery 1.0 §3; nothing could be put below it.
        return Err(format!("{name}: expected no query, found one"));
    }
    Ok(url)
}

/// What is wrong with a URL that [has such a host](has_unfit_host).
pub(crate) const EXPECTED_HOST: &str = "expected a host name whose labels are 1 to 63 letters, digits and inner hyphens, found another host";

/// An issuer that a server names, as an error may show it: whole if it is one, and otherwise without its text, which may be
/// anything.
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
        false => "something that is no issuer".to_owned(),
    }
}

/// Whether the host is a name that DNS does not know, such as `*.auth0.com`. The URL parser lets it through. Schemes of
/// programs have no host names.
pub(crate) fn has_unfit_host(url: &Url) -> bool {
    matches!(url.host(), Some(Host::Domain(host)) if !is_host_name(host))
}

/// Whether the host is this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(host)) => host == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
