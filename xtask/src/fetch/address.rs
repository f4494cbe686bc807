//! URLs of documents: which may be fetched, and how they are shown.

use url::{Host, Url};

use crate::problem::Problem;

/// Parses and checks a URL.
pub(crate) fn parse(text: &str) -> Result<Url, Problem> {
    // The text is not shown, because it may contain a password.
    let url = Url::parse(text).map_err(|error| {
        Problem::at("", "this is not a valid address")
            .expected("an address such as https://example.com/openapi.json")
            .found(error.to_string())
    })?;
    check(&url)?;
    Ok(url)
}

/// Rejects everything but https, and http on this machine.
pub(super) fn check(url: &Url) -> Result<(), Problem> {
    let rejected = |message: &str| {
        Problem::at("", message)
            .expected("https, or http on this machine")
            .found(shown(url))
    };
    match url.scheme() {
        "https" => Ok(()),
        "http" if is_loopback(url) => Ok(()),
        "http" => Err(rejected("plain http is for this machine only")
            .help("use the https address; a document fetched over plain http could be modified in transit")),
        "file" => {
            Err(rejected("file URLs are not supported")
                .help("pass the path of the file: --from FILE"))
        }
        scheme => Err(rejected(&format!("the scheme `{scheme}` is not supported")).help(
            "save the document by other means and pass the file: cargo xtask fetch API --from FILE",
        )),
    }
}

/// Whether a redirect is followed: always to https, and to http only within this machine.
pub(super) fn may_redirect(from: &Url, to: &Url) -> bool {
    match to.scheme() {
        "https" => true,
        "http" => from.scheme() == "http" && is_loopback(to),
        _ => false,
    }
}

/// Whether the host is this machine.
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Formats a URL for people, without user name, password, query and fragment: redirects often lead to signed URLs.
pub(super) fn shown(url: &Url) -> String {
    let mut plain = url.clone();
    // These fail only for URLs without a host, which have no user.
    let _ = plain.set_username("");
    let _ = plain.set_password(None);
    plain.set_query(None);
    plain.set_fragment(None);
    match url.query() {
        Some(_) => format!("{plain}?..."),
        None => plain.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(text: &str) -> String {
        match parse(text) {
            Ok(url) => shown(&url),
            Err(problem) => format!(
                "{problem}; {}",
                problem.found.as_deref().unwrap_or_default()
            ),
        }
    }

    #[test]
    fn redirect_from_https_to_http_is_never_followed() {
        let followed = |from: &str, to: &str| {
            let url = |text: &str| Url::parse(text).expect("an address");
            may_redirect(&url(from), &url(to))
        };
        let (https, here) = ("https://example.com/a", "http://127.0.0.1:80/a");
        assert!(followed(https, "https://example.org/b"));
        assert!(followed(here, https));
        assert!(followed(here, "http://[::1]/b"));
        assert!(!followed(https, here));
        assert!(!followed(https, "http://example.com/a"));
        assert!(!followed(here, "http://example.com/a"));
        assert!(!followed(here, "ftp://127.0.0.1/a"));
    }

    #[test]
    fn address_that_must_not_be_fetched_is_rejected_without_secrets() {
        let outcomes: Vec<String> = [
            "https://example.com/a.json",
            "HTTPS://example.com",
            "http://127.0.0.1:8080/a",
            "http://127.9.9.9/",
            "http://[::1]/a",
            "http://localhost/a",
            "http://localhost.example.com/a",
            "http://example.com/a",
            "http://0.0.0.0/a",
            "ftp://example.com/a",
            "file:///etc/passwd",
            "data:application/json,{}",
            "https://",
            "https://u:secret@exa mple.com/",
            "https://u:secret@example.com/a?token=secret#secret",
            "http://u:secret@example.com/a?token=secret",
        ]
        .map(outcome)
        .into();
        let text = outcomes.join("\n");
        assert!(!text.contains("secret"), "{text}");
        insta::assert_snapshot!(text, @"
        https://example.com/a.json
        https://example.com/
        http://127.0.0.1:8080/a
        http://127.9.9.9/
        http://[::1]/a
        http://localhost/a
        plain http is for this machine only; http://localhost.example.com/a
        plain http is for this machine only; http://example.com/a
        plain http is for this machine only; http://0.0.0.0/a
        the scheme `ftp` is not supported; ftp://example.com/a
        file URLs are not supported; file:///etc/passwd
        the scheme `data` is not supported; data:application/json,{}
        this is not a valid address; empty host
        this is not a valid address; invalid international domain name
        https://example.com/a?...
        plain http is for this machine only; http://example.com/a?...
        ");
    }
}
