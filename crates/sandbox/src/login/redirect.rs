//! Redirects to applications.

use http::StatusCode;
use url::{Host, Url};

use crate::application::Application;
use crate::response::ApiResponse;
use crate::token::no_store;

/// A redirect URI of the application, and what the response contains.
pub(super) struct Redirect {
    pub(super) given: String,
    url: Url,
    state: Option<String>,
    /// The issuer of the response (RFC 9207).
    issuer: String,
}

impl Redirect {
    /// Returns the redirect if the application may use the URI: an exact match, or for native applications any port and
    /// path of a loopback address (RFC 8252 §7.3).
    pub(super) fn new(
        application: &Application,
        given: &str,
        state: Option<&str>,
        issuer: &str,
    ) -> Option<Self> {
        let url = Url::parse(given).ok()?;
        let is_listed = application.redirect_uris.iter().any(|uri| uri == given);
        let is_own = is_listed || (application.is_native && is_loopback(&url));
        (is_own && url.fragment().is_none()).then(|| Self {
            given: given.to_owned(),
            url,
            state: state.map(str::to_owned),
            issuer: issuer.to_owned(),
        })
    }

    /// Redirects the user with these parameters. After a form, 303 makes the browser send GET.
    pub(super) fn response(&self, parameters: &[(&str, &str)], is_after_form: bool) -> ApiResponse {
        let mut url = self.url.clone();
        url.query_pairs_mut()
            .extend_pairs(parameters)
            .extend_pairs(self.state.iter().map(|state| ("state", state)))
            .append_pair("iss", &self.issuer);
        let status = if is_after_form {
            StatusCode::SEE_OTHER
        } else {
            StatusCode::FOUND
        };
        no_store(ApiResponse::empty(status))
            .with_header("location", url.as_str())
            .with_header("referrer-policy", "no-referrer")
    }

    /// The source for `form-action`, which browsers also apply to the redirect after a form.
    pub(super) fn source(&self) -> String {
        match self.url.scheme() {
            "http" | "https" => self.url.origin().ascii_serialization(),
            scheme => format!("{scheme}:"),
        }
    }
}

fn is_loopback(url: &Url) -> bool {
    let is_here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    is_here && url.scheme() == "http" && url.username().is_empty() && url.password().is_none()
}
