//! Validation of base URLs and host names.

use auth0_core::codegen::{BaseUrl, dns_label, host};

#[test]
fn valid_base_url_is_accepted_without_its_trailing_slash() {
    for (text, taken) in [
        (
            "https://acme.teams.auth0.com",
            "https://acme.teams.auth0.com",
        ),
        (
            "https://acme.teams.auth0.com/api/",
            "https://acme.teams.auth0.com/api",
        ),
        (
            "HTTPS://Acme.Teams.auth0.com:443/api",
            "https://acme.teams.auth0.com/api",
        ),
        ("http://localhost:3000/api", "http://localhost:3000/api"),
        ("http://LOCALHOST", "http://localhost"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://127.9.9.9", "http://127.9.9.9"),
        ("http://[::1]:8080/", "http://[::1]:8080"),
    ] {
        assert_eq!(BaseUrl::parse(text).unwrap().as_str(), taken);
    }
    assert_eq!(
        format!("{:?}", BaseUrl::parse("https://a.b/").unwrap()),
        "BaseUrl(https://a.b)"
    );
}

#[test]
fn hostile_base_url_is_rejected() {
    for text in [
        "",
        "acme.teams.auth0.com",
        "//acme.teams.auth0.com",
        "http://acme.teams.auth0.com",
        "http://localhost.evil.com",
        "http://127.0.0.1.evil.com",
        "http://127.0.0.1@evil.com",
        "http://evil.com#@127.0.0.1",
        "http://evil.com\\@127.0.0.1",
        "http://localhost.",
        "http://0.0.0.0",
        "http://128.0.0.1",
        "http://[::]",
        "http://[::ffff:10.0.0.1]",
        "https://user@acme.teams.auth0.com",
        "https://user:s3cr3t@acme.teams.auth0.com",
        "https://@acme.teams.auth0.com",
        "https://:@acme.teams.auth0.com",
        "https://acme.teams.auth0.com?",
        "https://acme.teams.auth0.com/api?x=s3cr3t",
        "https://acme.teams.auth0.com/api#",
        "https://acme.teams.auth0.com/\tapi",
        " https://acme.teams.auth0.com",
        "https://..",
        "https://acme..com",
        "https://acme.com.",
        "https://.acme.com",
        "https://*",
        "https://*.auth0.com/api",
        "https://-acme.com",
        "https://ac_me.com",
        &format!("https://{}.com", "a".repeat(64)),
        &format!("https://{}com", "a.".repeat(126)),
        "https:\\\\acme.teams.auth0.com",
        "https:acme.teams.auth0.com",
        "https:/acme.teams.auth0.com",
        "https:///acme.teams.auth0.com",
        "https://",
        "ftp://localhost",
        "file:///etc/passwd",
        "data:text/plain,x",
    ] {
        let error = BaseUrl::parse(text).expect_err(text);
        assert!(error.is_configuration());
        assert!(error.to_string().starts_with("base url: "), "{error}");
        assert!(!error.to_string().contains("s3cr3t"), "{error}");
    }
}

#[test]
fn dns_label_accepts_a_single_label_only() {
    let longest = "a".repeat(63);
    for label in ["acme", "Acme-2", "a", "1", &longest] {
        assert_eq!(dns_label("team", label).unwrap(), label);
    }
    let too_long = "a".repeat(64);
    for text in [
        "",
        "evil.com/#",
        "a.b",
        "-a",
        "a-",
        "a_b",
        "ü",
        "a b",
        "a\n",
        "a@b",
        "a:1",
        "..",
        &too_long,
    ] {
        let error = dns_label("team", text).expect_err(text);
        assert!(error.is_configuration());
    }
    assert_eq!(
        dns_label("team", "evil.com/#\n").unwrap_err().to_string(),
        "team: expected one DNS label: 1 to 63 letters, digits and inner hyphens, found `evil.com/#\\n`"
    );
}

#[test]
fn host_accepts_a_bare_name_only() {
    for name in [
        "acme.us.auth0.com",
        "login.acme-inc.co.uk",
        "1.example.com",
        "xn--bcher-kva.example",
    ] {
        assert_eq!(host("domain", name).unwrap(), name);
    }
    let too_long = format!("{}.com", "a.".repeat(130));
    for text in [
        "",
        "acme",
        "localhost",
        ".",
        "a..b",
        ".a.b",
        "a.b.",
        "https://a.b",
        "a.b/",
        "a.b:443",
        "u@a.b",
        "a.b?x",
        "a.b#x",
        "a b.c",
        "127.0.0.1",
        "1.2.3.0x7f",
        "0x7f.1",
        "a.1",
        "[::1]",
        "ü.com",
        "-a.b",
        &too_long,
    ] {
        assert!(host("domain", text).expect_err(text).is_configuration());
    }
    let long = host("domain", &"x/".repeat(500)).unwrap_err().to_string();
    assert!(long.len() < 200, "{long}");
}

#[test]
fn password_in_a_setting_is_not_quoted() {
    let error = dns_label("team", "https://user:s3cr3t@acme").unwrap_err();
    assert!(!format!("{error} {error:?}").contains("s3cr3t"));
    assert!(
        error.to_string().contains("team: expected one DNS label"),
        "{error}"
    );
}
