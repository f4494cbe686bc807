//! Addresses: which of them may be fetched, and what of them is shown.

use url::{Host, Url};

use crate::problem::Problem;

/// The address in a text.
pub(crate) fn parse(text: &str) -> Result<Url, Problem> {
    // The text itself is not shown: it may hold a password.
    let url = Url::parse(text).map_err(|error| {
        Problem::at("", "this is no address")
            .expected("an address such as https://example.com/openapi.json")
            .found(error.to_string())
    })?;
    check(&url)?;
    Ok(url)
}

/// Refuses what is neither https nor http on this machine.
pub(super) fn check(url: &Url) -> Result<(), Problem> {
    let refused = |why: &str| {
        Problem::at("", why)
            .expected("https, or http from this machine")
            .found(shown(url))
    };
    match url.scheme() {
        "https" => Ok(()),
        "http" if is_loopback(url) => Ok(()),
        "http" => Err(refused("plain http is for this machine only")
            .help("take the https address; what comes by plain http can be changed on the way")),
        "file" => {
            Err(refused("a file is named by its path")
                .help("give the path of the file: --from FILE"))
        }
        scheme => Err(refused(&format!("`{scheme}` is not fetched")).help(
            "save the document by other means and give the file: cargo xtask fetch API --from FILE",
        )),
    }
}

/// Whether a redirect from one address to another is followed: to https, and to http only within this machine.
pub(super) fn may_lead(from: &Url, to: &Url) -> bool {
    match to.scheme() {
        "https" => true,
        "http" => from.scheme() == "http" && is_loopback(to),
        _ => false,
    }
}

/// Whether the address is on this machine.
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// The address for people. User name and password are left out, and so is what stands in a query or a fragment: the
/// addresses that a redirect leads to are often signed there.
pub(super) fn shown(url: &Url) -> String {
    let mut plain = url.clone();
    // Neither fails for an address with a host; one without has no user.
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
    fn redirect_never_leads_from_https_to_http() {
        let leads = |from: &str, to: &str| {
            let url = |text: &str| Url::parse(text).expect("an address");
            may_lead(&url(from), &url(to))
        };
        let (https, here) = ("https://example.com/a", "http://127.0.0.1:80/a");
        assert!(leads(https, "https://example.org/b"));
        assert!(leads(here, https));
        assert!(leads(here, "http://[::1]/b"));
        assert!(!leads(https, here));
        assert!(!leads(https, "http://example.com/a"));
        assert!(!leads(here, "http://example.com/a"));
        assert!(!leads(here, "ftp://127.0.0.1/a"));
    }

    #[test]
    fn address_that_may_be_fetched_is_told_from_one_that_may_not() {
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
        `ftp` is not fetched; ftp://example.com/a
        a file is named by its path; file:///etc/passwd
        `data` is not fetched; data:application/json,{}
        this is no address; empty host
        this is no address; invalid international domain name
        https://example.com/a?...
        plain http is for this machine only; http://example.com/a?...
        ");
    }
}
