//! Base URLs: a client sends its token only to the team's host, and only over https unless the host is local.

use auth0_core::StaticToken;
use auth0_teams::{Client, Error};

use crate::support::*;

fn invalid_team(team: &str) -> Result<Client, Error> {
    builder(StaticToken::new(TOKEN)).team(team).build()
}

fn at(url: &str) -> Result<Client, Error> {
    builder(StaticToken::new(TOKEN)).base_url(url).build()
}

#[test]
fn team_is_not_a_dns_label_then_client_and_audience_are_rejected() {
    let long = "a".repeat(64);
    for team in [
        "",
        ".",
        "-",
        "-acme",
        "acme-",
        "a.b",
        "acme.",
        "acme/",
        "evil.com/#",
        "evil.com/?",
        "evil.com\\",
        "acme@evil",
        "acme:8080",
        "user:password@evil.com",
        "acme evil",
        " acme",
        "acme\n",
        "acme\t",
        "acme\0",
        "%61cme",
        "ac_me",
        "äcme",
        "ａcme",
        "acme\u{200b}",
        "аcme",
        "acme。evil",
        "[::1]",
        "{team}",
        &long,
    ] {
        for error in [
            invalid_team(team).unwrap_err(),
            auth0_teams::audience(team).unwrap_err(),
        ] {
            assert!(error.is_configuration(), "{team:?}: {error:?}");
            let text = error.to_string();
            assert!(
                text.starts_with("team: expected one DNS label"),
                "{team:?}: {text}"
            );
            assert!(!text.contains(['\n', '\0', '\u{200b}']), "{text:?}");
        }
    }
}

#[test]
fn team_is_a_dns_label_then_host_and_audience_contain_it() {
    let long = "a".repeat(63);
    for team in ["acme", "a", "7", "acme-2", "ACME", "xn--cme-pla", &long] {
        let client = invalid_team(team).unwrap();
        let text = format!("{client:?}");
        // The URL parser lowercases hosts. The audience is compared as text, so it has to be lowercase too.
        let host = format!("https://{}.teams.auth0.com", team.to_lowercase());
        assert!(text.contains(&host), "{text}");
        let audience = auth0_teams::audience(team).unwrap();
        assert_eq!(audience, format!("{host}/api/"));
    }
}

#[test]
fn base_url_only_resembles_loopback_then_it_is_rejected() {
    for url in [
        "http://localhost.evil.com",
        "http://127.0.0.1.evil.com",
        "http://127.0.0.1@evil.com",
        "http://localhost@evil.com",
        "http://localhost:8080@evil.com",
        "http://evil.com#localhost",
        "http://evil.com?127.0.0.1",
        "http://evil.com/localhost",
        "http://evil.com\\@localhost",
        "http://localhost\\.evil.com",
        "http://[::1].evil.com",
        "http://[::ffff:192.0.2.1]",
        "http://0.0.0.0",
        "http://localhos",
        "http://teams.auth0.com",
        "HTTP://acme.teams.auth0.com",
        "//localhost",
        "localhost:8080",
        "ftp://localhost",
        "file:///etc/passwd",
        "https://",
        "https:acme.teams.auth0.com",
        "https://user@acme.teams.auth0.com",
        "https://:@acme.teams.auth0.com",
        "https://acme.teams.auth0.com?x=1",
        "https://acme.teams.auth0.com#x",
        " https://acme.teams.auth0.com",
        "https://acme.teams.\nauth0.com",
        "",
    ] {
        let error = at(url).err().unwrap_or_else(|| panic!("{url} was taken"));
        assert!(error.is_configuration(), "{url}: {error:?}");
        assert!(
            error.to_string().starts_with("base url: "),
            "{url}: {error}"
        );
        assert!(!error.to_string().contains("user@"), "{error}");
    }
}

#[test]
fn base_url_is_https_or_loopback_then_it_is_accepted() {
    for url in [
        "https://acme.teams.auth0.com",
        "https://acme.teams.auth0.com:8443/base/",
        "http://localhost",
        "http://localhost:3000",
        "http://127.0.0.1:3000",
        "http://127.255.255.254",
        "http://[::1]:3000",
    ] {
        at(url).unwrap();
    }
}

#[test]
fn setting_is_missing_then_the_build_error_names_it() {
    let error = Client::builder().team("acme").build().unwrap_err();
    assert!(error.to_string().contains("token_source"), "{error}");
    let error = builder(StaticToken::new(TOKEN)).build().unwrap_err();
    assert!(error.to_string().contains("team"), "{error}");
    let error = builder(StaticToken::new(TOKEN))
        .team("acme")
        .user_agent("a\nb")
        .build()
        .unwrap_err();
    assert!(error.to_string().contains("user_agent"), "{error}");
}

#[tokio::test]
async fn base_url_has_a_path_then_requests_go_below_it() {
    let server = mock_server_json(200, serde_json::json!({"environments": []})).await;
    let client = at(&format!("{}/base/", server.uri())).unwrap();
    client.environments().list().await.unwrap();
    assert_eq!(
        only_request(&server).await.url.path(),
        "/base/api/environments"
    );
}

/// The paths that one call of each API requests when all clients have the same base URL, except for the API-specific
/// suffix.
async fn paths_at(base: &str, [teams, organizations, my_organization]: [&str; 3]) -> Vec<String> {
    let server = mock_server_json(404, serde_json::json!({"error": "Not Found"})).await;
    let base = format!("{}{base}", server.uri());
    let source = || StaticToken::new(TOKEN);
    let client = at(&format!("{base}{teams}")).unwrap();
    client.environments().list().await.unwrap_err();
    let client = auth0_management::Client::builder()
        .base_url(format!("{base}{organizations}"))
        .token_source(source())
        .http_client(http_client())
        .build()
        .unwrap();
    client.organizations().list().await.unwrap_err();
    let client = auth0_my_organization::Client::builder()
        .base_url(format!("{base}{my_organization}"))
        .token_source(source())
        .http_client(http_client())
        .build()
        .unwrap();
    client.organization_details().get().await.unwrap_err();
    let requests = requests(&server).await;
    requests
        .iter()
        .map(|request| request.url.path().to_owned())
        .collect()
}

#[tokio::test]
async fn base_url_has_the_api_path_or_not_then_requests_go_to_the_same_path() {
    for base in ["", "/gateway", "/gateway/my-orgs"] {
        for ends in [
            ["", "", ""],
            ["/", "/", "/"],
            ["/api", "/api/v2", "/my-org"],
            ["/api/", "/api/v2/", "/my-org/"],
        ] {
            assert_eq!(
                paths_at(base, ends).await,
                [
                    format!("{base}/api/environments"),
                    format!("{base}/api/v2/organizations"),
                    format!("{base}/my-org/details"),
                ],
                "{base} {ends:?}"
            );
        }
    }
    // A different version below the path of an API is kept, because the caller may want it.
    assert_eq!(
        paths_at("", ["", "/api/v2/eu", "/my-org/v1"]).await,
        [
            "/api/environments",
            "/api/v2/eu/organizations",
            "/my-org/v1/details"
        ]
    );
}

#[tokio::test]
async fn base_url_is_wrong_then_the_first_404_mentions_it() {
    for (body, media_type) in [
        ("<html>Cannot GET /v2</html>", "text/html"),
        ("", "text/plain"),
        ("{}", "application/json"),
        ("[]", "application/json"),
        (r#"{"path":"/v2"}"#, "application/json"),
    ] {
        let response = wiremock::ResponseTemplate::new(404).set_body_raw(body, media_type);
        let server = mock_server(response).await;
        let url = format!("{}/v2", server.uri());
        let error = at(&url).unwrap().members().get("x").await.unwrap_err();
        assert!(error.is_not_found(), "{error}");
        let hint = format!(
            "members().get: 404 Not Found: this is not an error of the API: check the base URL {}/…, \
             expected one such as https://{{team}}.teams.auth0.com/api (GET {}/…/api/members/{{id}})",
            server.uri(),
            server.uri()
        );
        assert_eq!(error.to_string(), hint);
    }
    let body =
        serde_json::json!({"statusCode": 404, "error": "Not Found", "message": "no such member"});
    let server = mock_server_json(404, body).await;
    let error = at(&server.uri())
        .unwrap()
        .members()
        .get("x")
        .await
        .unwrap_err();
    assert!(!error.to_string().contains("base URL"), "{error}");
}
