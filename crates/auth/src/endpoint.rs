//! A token endpoint: where it is, and how one request to it is made.
//!
//! The requests are written here and not by the `oauth2` crate (5.0). What every flow needs from an answer is lost
//! behind its `RequestTokenError`: the status and `Retry-After`, without which a used-up quota cannot be told from
//! a refusal, and a 502 not from anything. Its parse error keeps the whole body, which may hold a token, and
//! an `expires_in` that is a string is an error there. What it would save is the encoding of a form of six fields.

use std::time::Duration;

use auth0_core::HttpClient;
use auth0_core::retry::wait_asked_for;
use auth0_core::time::SharedClock;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use reqwest::{Response, StatusCode};
use url::{Host, Url};

use crate::answer::{self, Grant};
use crate::error::{Answer, Error, Kind};

/// No token answer comes near this size; what is longer is not one.
const MAX_BODY: usize = 64 * 1024;

/// Where tokens are had.
pub(crate) struct TokenEndpoint {
    pub(crate) url: Url,
    pub(crate) http_client: HttpClient,
    pub(crate) clock: SharedClock,
    pub(crate) timeout: Duration,
}

/// One request to a token endpoint.
pub(crate) struct TokenRequest<'a> {
    /// The encoded form.
    pub(crate) form: String,
    /// User name and password of the Authorization header.
    pub(crate) basic: Option<(&'a str, &'a str)>,
    /// What must not be repeated from the answer.
    pub(crate) secrets: &'a [&'a str],
}

impl TokenEndpoint {
    /// Sends `request` once.
    pub(crate) async fn send(&self, request: TokenRequest<'_>) -> Result<Grant, Error> {
        let mut builder = self
            .http_client
            .reqwest()
            .post(self.url.clone())
            .timeout(self.timeout)
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(request.form);
        if let Some((user, password)) = request.basic {
            builder = builder.basic_auth(user, Some(password));
        }
        let sent = builder.build().map_err(Error::transport)?;
        // The encoded pair is as good as the secret in it.
        let encoded = sent
            .headers()
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok()?.strip_prefix("Basic "))
            .map(str::to_owned);
        let mut secrets = request.secrets.to_vec();
        secrets.extend(encoded.as_deref());
        let client = self.http_client.reqwest();
        let response = client.execute(sent).await.map_err(Error::transport)?;

        let answer = self.answer(&response);
        let status = answer.status;
        let outcome =
            match body(response).await {
                // The status alone says what a 429 means, and a body that cannot be read must not hide it.
                body if status == StatusCode::TOO_MANY_REQUESTS => Err(Kind::RateLimited(
                    body.and_then(|body| answer::read_rejection(&body, &secrets))
                        .ok(),
                )),
                Err(kind) => Err(kind),
                Ok(body) if status.is_success() => answer::read_grant(&body, &secrets),
                Ok(body) => Err(answer::read_rejection(&body, &secrets)
                    .map_or_else(|kind| kind, Kind::Rejected)),
            };
        outcome.map_err(|kind| Error::answered(answer, kind))
    }

    fn answer(&self, response: &Response) -> Answer {
        let received_at = self.clock.now();
        Answer {
            status: response.status(),
            retry_after: wait_asked_for(response.headers(), response.status(), received_at),
            received_at,
        }
    }
}

/// The body, as long as it is not longer than the limit.
async fn body(mut response: Response) -> Result<Vec<u8>, Kind> {
    let mut body = Vec::new();
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(|error| Kind::Transport(error.without_url()))?
    {
        if body.len() + chunk.len() > MAX_BODY {
            return Err(Kind::InvalidResponse(format!(
                "expected at most {MAX_BODY} bytes, found more"
            )));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// The token endpoint of an Auth0 domain, which has to be a bare host name.
///
/// The text is compared with the host that a URL parser finds in it, so that nothing which moves the host
/// elsewhere (`evil.com/#`, `user@evil.com`) gets through, and the fault does not repeat it: it may hold a password.
pub(crate) fn of_domain(domain: &str) -> Result<Url, String> {
    if domain.is_empty() {
        return Err("domain is missing".into());
    }
    Url::parse(&format!("https://{domain}/oauth/token"))
        .ok()
        .filter(|url| {
            matches!(url.host(), Some(Host::Domain(host)) if host.eq_ignore_ascii_case(domain))
        })
        .ok_or_else(|| {
            "domain: expected a bare host name such as acme.us.auth0.com, found something else (a scheme, a port, a \
             path, an address)"
                .into()
        })
}

/// A token endpoint given in full: https, or http on this machine.
pub(crate) fn of_url(text: &str) -> Result<Url, String> {
    let url =
        Url::parse(text).map_err(|error| format!("token_url: expected a URL, found {error}"))?;
    let loopback = match url.host() {
        Some(Host::Domain(host)) => host == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    match url.scheme() {
        "https" => {}
        "http" if loopback => {}
        "http" => {
            return Err(
                "token_url: expected https, found http to a host that is not loopback".into(),
            );
        }
        _ => return Err("token_url: expected https, found another scheme".into()),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("token_url: expected no user name or password, found one".into());
    }
    if url.fragment().is_some() {
        return Err("token_url: expected no fragment, found one".into());
    }
    Ok(url)
}
