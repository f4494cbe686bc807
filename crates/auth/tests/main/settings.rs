//! Validation in `build`.

use std::time::Duration;

use auth0_auth::ClientCredentials;

fn complete() -> auth0_auth::ClientCredentialsBuilder {
    ClientCredentials::builder("acme.us.auth0.com")
        .client_id("client")
        .client_secret("s3cr3t")
        .audience("https://api.test/")
}

#[track_caller]
fn build_error(settings: auth0_auth::ClientCredentialsBuilder) -> String {
    let error = settings.build().unwrap_err();
    assert!(error.is_configuration());
    error.to_string()
}

#[test]
fn missing_settings_are_all_reported() {
    assert_eq!(
        build_error(ClientCredentials::builder("")),
        "invalid settings: domain is missing; client_id is missing; client_secret is missing; audience is missing"
    );
}

#[test]
fn empty_settings_count_as_missing() {
    let text = build_error(complete().client_id("").client_secret("").audience(""));
    for name in ["client_id", "client_secret", "audience"] {
        assert!(text.contains(&format!("{name} is missing")), "{text}");
    }
    assert!(build_error(complete().organization("")).contains("organization"));
}

#[test]
fn bare_host_is_accepted_as_domain() {
    for domain in [
        "acme.us.auth0.com",
        "Login.Acme.com",
        "a",
        "xn--mller-kva.de",
        " acme.us.auth0.com\n",
    ] {
        ClientCredentials::builder(domain)
            .client_id("client")
            .client_secret("s3cr3t")
            .audience("https://api.test/")
            .build()
            .unwrap();
    }
}

#[test]
fn invalid_domain_is_rejected_without_its_text() {
    for domain in [
        "https://acme.us.auth0.com",
        "acme.us.auth0.com/",
        "acme.us.auth0.com:443",
        "acme.us.auth0.com:8443",
        "user@acme.us.auth0.com",
        "user:p4ssw0rd@acme.us.auth0.com",
        "evil.com/#",
        "evil.com?",
        "evil.com\\",
        "acme .com",
        "acme.com\nevil.com",
        "acme%2ecom",
        "müller.de",
        "127.0.0.1",
        "[::1]",
        "0x7f.1",
        "2130706433",
        "..",
        ".",
        "acme..com",
        ".acme.com",
        "acme.com.",
        "*",
        "*.auth0.com",
        "acme.*.com",
        "-acme.com",
        "acme-.com",
        "ac_me.com",
        &format!("{}.com", "a".repeat(64)),
        &format!("{}com", "a.".repeat(126)),
    ] {
        let text = build_error(
            ClientCredentials::builder(domain)
                .client_id("client")
                .client_secret("s3cr3t")
                .audience("https://api.test/"),
        );
        assert!(
            text.contains("domain: expected a bare host name"),
            "{domain}: {text}"
        );
        assert!(!text.contains("p4ssw0rd"), "{text}");
    }
}

#[test]
fn url_with_an_invalid_host_is_rejected() {
    let long = "a".repeat(64);
    for host in [
        "*",
        "*.auth0.com",
        "..",
        "acme..com",
        "acme.com.",
        "-a.com",
        "a_b.com",
        &long,
    ] {
        let url = format!("https://{host}/");
        for (name, error) in [
            ("issuer", complete().issuer(url.clone()).build().err()),
            ("token_url", complete().token_url(url.clone()).build().err()),
            (
                "redirect_uri",
                auth0_auth::AuthorizationCode::builder("acme.us.auth0.com")
                    .client_id("client")
                    .redirect_uri(url.clone())
                    .build()
                    .err(),
            ),
        ] {
            let error = error.unwrap_or_else(|| panic!("{name}: {host} is taken"));
            assert!(error.is_configuration());
            assert!(
                error.to_string().contains(&format!("{name}: expected a ")),
                "{host}: {error}"
            );
        }
    }
}

#[test]
fn https_and_loopback_token_urls_are_accepted() {
    for url in [
        "https://acme.us.auth0.com/oauth/token",
        "https://acme.us.auth0.com:8443/token?tenant=a",
        "http://localhost/token",
        "http://LOCALHOST:1234/token",
        "http://127.0.0.1:1234/token",
        "http://127.255.0.9/token",
        "http://[::1]:1234/token",
        " https://acme.us.auth0.com/oauth/token\r\n",
    ] {
        complete().token_url(url).build().unwrap();
    }
}

#[test]
fn invalid_token_url_is_rejected_without_its_text() {
    for (url, expected) in [
        (
            "http://acme.us.auth0.com/oauth/token",
            "expected https, found http",
        ),
        ("http://localhost.evil.com/", "expected https, found http"),
        ("http://127.0.0.1.evil.com/", "expected https, found http"),
        ("http://127.0.0.1@evil.com/", "expected https, found http"),
        (
            "http://localhost:p4ssw0rd@evil.com/",
            "expected https, found http",
        ),
        ("http://evil.com#@localhost/", "expected https, found http"),
        ("http://128.0.0.1/", "expected https, found http"),
        ("http://0.0.0.0/", "expected https, found http"),
        ("ftp://localhost/", "found another scheme"),
        (
            "https://user:p4ssw0rd@acme.us.auth0.com/",
            "expected no user name",
        ),
        ("https://user@acme.us.auth0.com/", "expected no user name"),
        (
            "https://acme.us.auth0.com/#p4ssw0rd",
            "expected no fragment",
        ),
        ("acme.us.auth0.com", "expected a URL"),
        ("", "expected a URL"),
    ] {
        let text = build_error(complete().token_url(url));
        assert!(text.contains("token_url: "), "{url}: {text}");
        assert!(text.contains(expected), "{url}: {text}");
        assert!(!text.contains("p4ssw0rd"), "{text}");
    }
}

#[test]
fn invalid_token_url_and_domain_are_both_reported() {
    let text = build_error(
        ClientCredentials::builder("a/b")
            .token_url("http://evil.com")
            .client_id("client")
            .client_secret("s3cr3t")
            .audience("https://api.test/"),
    );
    assert!(
        text.contains("domain: ") && text.contains("token_url: "),
        "{text}"
    );
}

#[test]
fn reserved_parameter_is_rejected() {
    for name in [
        "grant_type",
        "client_secret",
        "audience",
        "scope",
        "organization",
    ] {
        let text = build_error(complete().parameter(name, "p4ssw0rd"));
        assert!(text.contains(name), "{text}");
        assert!(!text.contains("p4ssw0rd"), "{text}");
    }
    assert!(build_error(complete().parameter("", "value")).contains("expected a name"));
}

#[test]
fn zero_durations_are_rejected_where_time_is_needed() {
    complete().leeway(Duration::ZERO).build().unwrap();
    assert!(
        build_error(complete().fallback_lifetime(Duration::ZERO)).contains("fallback_lifetime")
    );
    assert!(build_error(complete().timeout(Duration::ZERO)).contains("timeout"));
}
