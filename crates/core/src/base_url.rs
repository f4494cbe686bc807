//! The base URL of requests, and validation of its configurable parts.

use std::fmt;

use url::{Host, Position, Url};

use crate::Error;

/// The base of every URL that a client calls: https, or http on loopback hosts.
///
/// Whether a host is loopback is decided by the parsed host, so `http://127.0.0.1@evil.com` and
/// `http://localhost.evil.com` are not.
///
/// ```
/// use auth0_core::codegen::BaseUrl;
///
/// assert_eq!(BaseUrl::parse("https://acme.teams.auth0.com/api/")?.as_str(), "https://acme.teams.auth0.com/api");
/// assert!(BaseUrl::parse("http://127.0.0.1:8080").is_ok());
/// assert!(BaseUrl::parse("http://127.0.0.1.evil.com").is_err());
/// # Ok::<(), auth0_core::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct BaseUrl {
    url: Url,
    /// Without a trailing slash.
    text: String,
    /// The template of the API's base URLs.
    template: Option<&'static str>,
}

impl BaseUrl {
    /// Parses a base URL. A path is kept; a user name, query or fragment is rejected.
    ///
    /// # Errors
    ///
    /// Returns a configuration error that says what is invalid.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let invalid = |reason: &str| {
            Error::configuration(format!(
                "base url: {reason}, expected something like https://example.com/api"
            ))
        };
        // The URL parser removes or replaces these characters, so the result would differ from what is written.
        if text.contains(|c: char| c.is_whitespace() || c.is_control() || c == '\\') {
            return Err(invalid(
                "found white space, a control character or a backslash",
            ));
        }
        let url = Url::parse(text).map_err(|error| invalid(&error.to_string()))?;
        if !text
            .to_ascii_lowercase()
            .starts_with(&format!("{}://", url.scheme()))
        {
            return Err(invalid("found no `://` after the scheme"));
        }
        let authority = text
            .split("://")
            .nth(1)
            .and_then(|rest| rest.split(['/', '?', '#']).next());
        match authority {
            None | Some("") => return Err(invalid("found no host")),
            Some(authority) if authority.contains('@') => return Err(invalid("found a user name")),
            Some(_) => {}
        }
        if matches!(url.host(), Some(Host::Domain(name)) if !is_host_name(name)) {
            return Err(invalid(
                "found a host name with an empty label, a label of more than 63 characters, or one with characters \
                 other than letters, digits and inner hyphens",
            ));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(invalid("found a query or a fragment"));
        }
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(url.host()) => {}
            "http" => return Err(invalid("found http, which is for loopback hosts only")),
            _ => return Err(invalid("found another scheme than https")),
        }
        Ok(Self::with_template(url, None))
    }

    fn with_template(url: Url, template: Option<&'static str>) -> Self {
        let text = url.as_str().trim_end_matches('/').to_owned();
        Self {
            url,
            text,
            template,
        }
    }

    /// Completes the base URL of an API with the template `template` and the path `path`. The path is appended if it is
    /// missing, so that the origin alone is sufficient.
    ///
    /// ```
    /// use auth0_core::codegen::BaseUrl;
    ///
    /// let template = "https://{domain}/api/v2";
    /// for url in ["https://acme.us.auth0.com", "https://acme.us.auth0.com/api/v2/"] {
    ///     let base_url = BaseUrl::parse(url)?.with_path("/api/v2", template);
    ///     assert_eq!(base_url.as_str(), "https://acme.us.auth0.com/api/v2");
    /// }
    /// # Ok::<(), auth0_core::Error>(())
    /// ```
    #[must_use]
    pub fn with_path(mut self, path: &str, template: &'static str) -> Self {
        if !format!("{}/", self.url.path()).contains(&format!("{path}/")) {
            let path = format!("{}{path}", self.url.path().trim_end_matches('/'));
            self.url.set_path(&path);
        }
        Self::with_template(self.url, Some(template))
    }

    /// Like [`with_path`](Self::with_path), for an API whose operations contain `path` in their own paths: it is removed.
    ///
    /// ```
    /// use auth0_core::codegen::BaseUrl;
    ///
    /// let template = "https://{team}.teams.auth0.com/api";
    /// for url in ["https://acme.teams.auth0.com", "https://acme.teams.auth0.com/api"] {
    ///     let base_url = BaseUrl::parse(url)?.without_path("/api", template);
    ///     assert_eq!(base_url.as_str(), "https://acme.teams.auth0.com");
    /// }
    /// # Ok::<(), auth0_core::Error>(())
    /// ```
    #[must_use]
    pub fn without_path(mut self, path: &str, template: &'static str) -> Self {
        let stripped = self.url.path().trim_end_matches('/').strip_suffix(path);
        if let Some(stripped) = stripped.map(str::to_owned) {
            self.url.set_path(&stripped);
        }
        Self::with_template(self.url, Some(template))
    }

    /// Another server of the same document: a URL, or a path below the host of this one.
    ///
    /// ```
    /// use auth0_core::codegen::BaseUrl;
    ///
    /// let base_url = BaseUrl::parse("https://example.com/v1")?;
    /// assert_eq!(base_url.server("/v2")?.as_str(), "https://example.com/v2");
    /// assert_eq!(base_url.server("https://files.example.com")?.as_str(), "https://files.example.com");
    /// # Ok::<(), auth0_core::Error>(())
    /// ```
    pub fn server(&self, text: &str) -> Result<Self, Error> {
        match text.starts_with('/') {
            true => Self::parse(&format!("{}{text}", &self.url[..Position::BeforePath])),
            false => Self::parse(text),
        }
    }

    /// The URL for an error message. A path other than that of the API may be confidential, so it is omitted.
    pub(crate) fn display(&self) -> String {
        let path = self.url.path().trim_end_matches('/');
        let is_own = |template: &str| template.trim_end_matches('/').ends_with(path);
        if path.is_empty() || self.template.is_some_and(is_own) {
            return self.text.clone();
        }
        format!("{}/…", &self.url[..Position::BeforePath])
    }

    /// Another base URL of the same API for an error message; `None` if `text` is not a base URL.
    pub(crate) fn display_other(&self, text: &str) -> Option<String> {
        let url = Self::parse(text).ok()?.url;
        Some(Self::with_template(url, self.template).display())
    }

    /// The template of the API's base URLs, if known.
    pub(crate) fn template(&self) -> Option<&'static str> {
        self.template
    }

    /// Returns the URL without a trailing slash.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub(crate) fn url(&self) -> &Url {
        &self.url
    }

    /// The host.
    pub(crate) fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// Host and port, if it is not the default port.
    pub(crate) fn authority(&self) -> String {
        match self.url.port() {
            Some(port) => format!("{}:{port}", self.host()),
            None => self.host().to_owned(),
        }
    }

    /// Whether the scheme is http, which is allowed for loopback hosts only.
    pub(crate) fn is_plain(&self) -> bool {
        self.url.scheme() == "http"
    }

    /// Whether `url` is below this one: same scheme, host and port, and a path below this path.
    pub(crate) fn covers(&self, url: &Url) -> bool {
        url.scheme() == self.url.scheme()
            && url.host() == self.url.host()
            && url.port_or_known_default() == self.url.port_or_known_default()
            && url.username().is_empty()
            && url.password().is_none()
            && url
                .path()
                .strip_prefix(self.url.path().trim_end_matches('/'))
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

impl fmt::Debug for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BaseUrl({})", self.text)
    }
}

fn is_loopback(host: Option<Host<&str>>) -> bool {
    match host {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Returns `value` if it is a single DNS label: at most 63 letters, digits and inner hyphens. `name` is the setting that an
/// error names.
///
/// ```
/// assert!(auth0_core::codegen::dns_label("team", "acme").is_ok());
/// assert!(auth0_core::codegen::dns_label("team", "evil.com/#").is_err());
/// ```
pub fn dns_label<'v>(name: &str, value: &'v str) -> Result<&'v str, Error> {
    if is_label(value) {
        return Ok(value);
    }
    Err(invalid_setting(
        name,
        "one DNS label: 1 to 63 letters, digits and inner hyphens",
        value,
    ))
}

/// Returns `value` if it is one of `values`. `name` is the setting that an error names.
///
/// ```
/// assert!(auth0_core::codegen::one_of("region", "eu", &["eu", "us"]).is_ok());
/// assert!(auth0_core::codegen::one_of("region", "xx", &["eu", "us"]).is_err());
/// ```
pub fn one_of<'v>(name: &str, value: &'v str, values: &[&str]) -> Result<&'v str, Error> {
    if values.contains(&value) {
        return Ok(value);
    }
    let expected = format!("one of `{}`", values.join("`, `"));
    Err(invalid_setting(name, &expected, value))
}

/// Returns `value` if it changes no other part of the base URL than the one it stands in: the host, or else the path. `name` is the
/// setting that an error names.
///
/// ```
/// assert!(auth0_core::codegen::server_value("region", "eu-1", true).is_ok());
/// assert!(auth0_core::codegen::server_value("region", "evil.example/", true).is_err());
/// assert!(auth0_core::codegen::server_value("base_path", "v1/api", false).is_ok());
/// assert!(auth0_core::codegen::server_value("base_path", "v1?x", false).is_err());
/// ```
pub fn server_value<'v>(name: &str, value: &'v str, is_host: bool) -> Result<&'v str, Error> {
    let is_plain = |allowed: &str| {
        let mut letters = value.chars();
        letters.all(|letter| letter.is_ascii_alphanumeric() || allowed.contains(letter))
    };
    let (is_valid, expected) = match is_host {
        true => (is_plain("-._:"), "a part of a host name"),
        false => (
            is_plain("-._~!$&'()*+,;=:@%/") && !value.split('/').any(|part| part == ".."),
            "a part of a path",
        ),
    };
    match is_valid {
        true => Ok(value),
        false => Err(invalid_setting(name, expected, value)),
    }
}

/// Returns `value` if it is a bare host name with at least one dot: no scheme, port, path, user name or IP address. `name`
/// is the setting that an error names.
///
/// ```
/// assert!(auth0_core::codegen::host("domain", "acme.us.auth0.com").is_ok());
/// assert!(auth0_core::codegen::host("domain", "https://acme.us.auth0.com").is_err());
/// ```
pub fn host<'v>(name: &str, value: &'v str) -> Result<&'v str, Error> {
    // The URL parser treats a host that ends in a number as an IP address.
    let ends_in_name = value
        .rsplit_once('.')
        .is_some_and(|(_, last)| last.starts_with(|c: char| c.is_ascii_alphabetic()));
    if is_host_name(value) && ends_in_name {
        return Ok(value);
    }
    Err(invalid_setting(
        name,
        "a bare host name such as `acme.us.auth0.com`",
        value,
    ))
}

/// Whether `value` is a host name (RFC 1123 §2.1): labels of 1 to 63 letters, digits and inner hyphens, separated by dots,
/// at most 253 characters. Wildcards, empty labels and a trailing dot are not allowed. Internationalized names are allowed
/// in their ASCII form (`xn--…`).
///
/// ```
/// assert!(auth0_core::codegen::is_host_name("acme.us.auth0.com"));
/// assert!(!auth0_core::codegen::is_host_name("*.auth0.com"));
/// assert!(!auth0_core::codegen::is_host_name(".."));
/// ```
pub fn is_host_name(value: &str) -> bool {
    value.len() <= 253 && value.split('.').all(is_label)
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && label
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

fn invalid_setting(name: &str, expected: &str, found: &str) -> Error {
    // A URL with a user name may contain a password.
    if found.contains('@') {
        return Error::configuration(format!("{name}: expected {expected}, found an `@` in it"));
    }
    let found: String = found
        .chars()
        .take(80)
        .flat_map(char::escape_debug)
        .collect();
    Error::configuration(format!("{name}: expected {expected}, found `{found}`"))
}
