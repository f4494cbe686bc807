//! User logins: codes with PKCE, ID tokens and rotating refresh tokens.

use std::time::Duration;

use auth0_sandbox::{Application, Sandbox, SandboxBuilder, User};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use reqwest::redirect::Policy;
use serde_json::{Value, json};
use url::Url;

use crate::support::{TestResponse, TestSandbox, form, send_request};

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/// From RFC 7636, appendix B.
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const LOOPBACK_URI: &str = "http://127.0.0.1:51234/callback";
const WEB_URI: &str = "https://app.test/callback?a=b";
const SCOPE: &str = "openid profile email offline_access read:members none:such";

fn builder() -> SandboxBuilder {
    Sandbox::builder()
        .application(Application::native("program").organizations(["org_1"]))
        .application(
            Application::new("web", "s3cret")
                .redirect_uri(WEB_URI)
                .name("<b>\"Web\"</b>"),
        )
        .user(User::new("auth0|ada", "ada@example.test", "Ada <i>"))
        .user(User::new("auth0|bob", "bob@example.test", "Bob"))
        .check_responses()
}

async fn start(builder: SandboxBuilder) -> TestSandbox {
    let mut sandbox = TestSandbox::without_token(builder.start().await.unwrap());
    let http = reqwest::Client::builder().no_proxy();
    sandbox.http = http.redirect(Policy::none()).build().unwrap();
    sandbox
}

type Changes<'a> = &'a [(&'a str, &'a str)];
type Pairs<'a> = Vec<(&'a str, &'a str)>;

/// The parameters of a native application with changes; an empty value is not sent.
fn authorization_parameters<'a>(
    sandbox: &'a TestSandbox,
    changes: &[(&'a str, &'a str)],
) -> Pairs<'a> {
    let mut pairs = vec![
        ("client_id", "program"),
        ("response_type", "code"),
        ("redirect_uri", LOOPBACK_URI),
        ("state", "st&te"),
        ("nonce", "n0nce"),
        ("scope", SCOPE),
        ("audience", sandbox.audience()),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    for &(name, value) in changes {
        pairs.retain(|(own, _)| *own != name);
        pairs.push((name, value));
    }
    pairs
}

async fn authorize(sandbox: &TestSandbox, pairs: &[(&str, &str)]) -> TestResponse {
    let url = format!("{}/authorize?{}", sandbox.url(), form(pairs));
    send_request(sandbox.http.get(url)).await
}

/// Submits the login form.
async fn submit_form(sandbox: &TestSandbox, pairs: &[(&str, &str)]) -> TestResponse {
    let request = sandbox.http.post(format!("{}/authorize", sandbox.url()));
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    send_request(request.body(form(pairs))).await
}

/// The parameters of the redirect URI.
#[track_caller]
fn redirect_parameters(response: &TestResponse) -> Value {
    assert!([302, 303].contains(&response.status), "{response:?}");
    let location = Url::parse(response.header("location").unwrap()).unwrap();
    let pairs = location.query_pairs().into_owned();
    json!(pairs.collect::<std::collections::BTreeMap<_, _>>())
}

async fn code(sandbox: &TestSandbox, changes: &[(&str, &str)]) -> String {
    let mut pairs = authorization_parameters(sandbox, changes);
    pairs.push(("user", "auth0|ada"));
    let response = redirect_parameters(&submit_form(sandbox, &pairs).await);
    response["code"].as_str().expect("a code").to_owned()
}

async fn exchange(sandbox: &TestSandbox, code: &str, changes: &[(&str, &str)]) -> TestResponse {
    let mut pairs = vec![
        ("grant_type", "authorization_code"),
        ("client_id", "program"),
        ("code", code),
        ("redirect_uri", LOOPBACK_URI),
        ("code_verifier", VERIFIER),
    ];
    for &(name, value) in changes {
        pairs.retain(|(own, _)| *own != name);
        pairs.push((name, value));
    }
    sandbox.request_token(&pairs).await
}

async fn refresh(sandbox: &TestSandbox, token: &Value) -> TestResponse {
    let token = token.as_str().unwrap();
    sandbox
        .request_token(&[
            ("grant_type", "refresh_token"),
            ("client_id", "program"),
            ("refresh_token", token),
        ])
        .await
}

/// The claims of a token for this audience, verified with the published keys.
async fn verified_claims(sandbox: &TestSandbox, token: &Value, audience: &str) -> Value {
    let keys = format!("{}/.well-known/jwks.json", sandbox.url());
    let keys: JwkSet =
        serde_json::from_value(send_request(sandbox.http.get(keys)).await.expect(200)).unwrap();
    let token = token.as_str().unwrap();
    let kid = jsonwebtoken::decode_header(token).unwrap().kid.unwrap();
    let key = DecodingKey::from_jwk(keys.find(&kid).unwrap()).unwrap();
    let mut validation = Validation::new(Algorithm::RS256);
    validation.set_audience(&[audience]);
    validation.set_issuer(&[format!("{}/", sandbox.url())]);
    validation.set_required_spec_claims(&["exp", "aud", "iss", "sub"]);
    let token = jsonwebtoken::decode::<Value>(token, &key, &validation);
    token.unwrap().claims
}

#[track_caller]
fn assert_error(response: &TestResponse, status: u16, error: &str) {
    let found = response.body["error"].as_str().unwrap_or_default();
    assert_eq!(
        (response.status, found),
        (status, error),
        "{:?}",
        response.body
    );
}

#[tokio::test]
async fn code_of_the_selected_user_obtains_tokens_with_its_claims() {
    let mut sandbox = start(builder()).await;
    let mut pairs = authorization_parameters(&sandbox, &[("organization", "org_1")]);
    pairs.push(("user", "auth0|ada"));
    let response = submit_form(&sandbox, &pairs).await;
    assert_eq!(response.status, 303);
    assert_eq!(response.header("cache-control"), Some("no-store"));
    assert!(
        response
            .header("location")
            .unwrap()
            .starts_with(LOOPBACK_URI)
    );
    let back = redirect_parameters(&response);
    assert_eq!(back["state"], "st&te");
    assert_eq!(back["iss"], format!("{}/", sandbox.url()));

    let response = exchange(&sandbox, back["code"].as_str().unwrap(), &[]).await;
    assert_eq!(response.header("cache-control"), Some("no-store"));
    let response = response.expect(200);
    let scope = "openid profile email offline_access read:members";
    assert_eq!(response["scope"], scope);
    assert_eq!(response["token_type"], "Bearer");
    let access = verified_claims(&sandbox, &response["access_token"], sandbox.audience()).await;
    assert_eq!(access["sub"], "auth0|ada");
    assert_eq!(access["azp"], "program");
    assert_eq!(access["org_id"], "org_1");
    assert_eq!(access["scope"], scope);
    assert_eq!(access.get("gty"), None);
    let id = verified_claims(&sandbox, &response["id_token"], "program").await;
    assert_eq!(id["sub"], "auth0|ada");
    assert_eq!(id["nonce"], "n0nce");
    assert_eq!(id["org_id"], "org_1");
    assert_eq!(id["email"], "ada@example.test");
    assert_eq!(id["name"], "Ada <i>");
    assert!(id["iat"].is_i64());

    // The API accepts the token for its scopes.
    sandbox.token = response["access_token"].as_str().unwrap().to_owned();
    sandbox.get("/api/members").await.expect(200);
    sandbox.get("/api/tenants").await.expect(403);
}

#[tokio::test]
async fn fewer_scopes_yield_fewer_claims() {
    let sandbox = start(builder()).await;
    let changes = [("scope", "openid"), ("audience", ""), ("nonce", "")];
    let code = code(&sandbox, &changes).await;
    let response = exchange(&sandbox, &code, &[]).await.expect(200);
    let id = verified_claims(&sandbox, &response["id_token"], "program").await;
    for name in ["nonce", "org_id", "email", "name"] {
        assert_eq!(id.get(name), None, "{name}");
    }
    assert_eq!(response.get("refresh_token"), None);
    let userinfo = format!("{}/userinfo", sandbox.url());
    verified_claims(&sandbox, &response["access_token"], &userinfo).await;
}

#[tokio::test]
async fn login_page_lists_the_users_and_escapes_all_input() {
    let sandbox = start(builder()).await;
    let changes = [
        ("client_id", "web"),
        ("redirect_uri", WEB_URI),
        ("state", "\"><script>alert(1)</script>"),
        ("login_hint", "bob@example.test"),
    ];
    let response = authorize(&sandbox, &authorization_parameters(&sandbox, &changes)).await;
    assert_eq!(response.status, 200);
    let policy = response.header("content-security-policy").unwrap();
    assert_eq!(
        policy,
        "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self' https://app.test"
    );
    assert_eq!(response.header("cache-control"), Some("no-store"));
    let page = response.body.as_str().unwrap();
    assert!(page.contains("value=\"auth0|bob\""), "{page}");
    assert!(page.contains("Ada &lt;i&gt;"), "{page}");
    for raw in ["<script", "<i>", "<b>"] {
        assert!(!page.contains(raw), "{page}");
    }
}

#[tokio::test]
async fn login_at_once_requires_only_a_hint() {
    let sandbox = start(builder().login_at_once()).await;
    for hint in ["bob@example.test", "auth0|bob"] {
        for prompt in ["", "none"] {
            let changes = [("login_hint", hint), ("prompt", prompt)];
            let back = redirect_parameters(
                &authorize(&sandbox, &authorization_parameters(&sandbox, &changes)).await,
            );
            let response = exchange(&sandbox, back["code"].as_str().unwrap(), &[]).await;
            let id = verified_claims(&sandbox, &response.expect(200)["id_token"], "program").await;
            assert_eq!(id["sub"], "auth0|bob");
        }
    }
    let nobody = authorization_parameters(&sandbox, &[("login_hint", "eve@example.test")]);
    authorize(&sandbox, &nobody).await.expect(200);
}

#[tokio::test]
async fn unknown_redirect_uri_or_client_is_not_redirected() {
    let sandbox = start(builder()).await;
    #[rustfmt::skip]
    let table: &[&[(&str, &str)]] = &[
        &[("client_id", "nobody")],
        &[("client_id", "")],
        &[("redirect_uri", "")],
        &[("redirect_uri", "https://evil.test/callback")],
        &[("redirect_uri", "https://127.0.0.1:1/callback")],
        &[("redirect_uri", "http://127.0.0.1.evil.test:1/callback")],
        &[("redirect_uri", "http://127.0.0.1:1@evil.test/callback")],
        &[("redirect_uri", "http://user@127.0.0.1:1/callback")],
        &[("redirect_uri", "http://127.0.0.1:1/callback#part")],
        &[("redirect_uri", "javascript:alert(1)")],
        &[("redirect_uri", "callback")],
        // Loopback addresses are allowed for native applications only.
        &[("client_id", "web"), ("redirect_uri", LOOPBACK_URI)],
        &[("client_id", "web"), ("redirect_uri", "https://app.test/callback")],
        &[("client_id", "web"), ("redirect_uri", "https://app.test/callback?a=b&c=d")],
        &[("client_id", "web"), ("redirect_uri", "https://APP.test/callback?a=b")],
    ];
    for changes in table {
        let mut pairs = authorization_parameters(&sandbox, changes);
        pairs.push(("user", "auth0|ada"));
        for response in [
            authorize(&sandbox, &pairs).await,
            submit_form(&sandbox, &pairs).await,
        ] {
            assert_eq!(response.status, 400, "{changes:?}");
            assert_eq!(response.header("location"), None, "{changes:?}");
        }
    }
    let mut twice = authorization_parameters(&sandbox, &[]);
    twice.push(("redirect_uri", LOOPBACK_URI));
    authorize(&sandbox, &twice).await.expect(400);
    for uri in [
        "http://localhost:8080/other",
        "http://[::1]:1/",
        "http://127.0.0.1/",
    ] {
        let response = authorize(
            &sandbox,
            &authorization_parameters(&sandbox, &[("redirect_uri", uri)]),
        )
        .await;
        assert_eq!(response.status, 200, "{uri}");
    }
}

#[tokio::test]
async fn invalid_authorization_request_is_reported_to_the_application() {
    let sandbox = start(builder()).await;
    #[rustfmt::skip]
    let table: &[(&[(&str, &str)], &str)] = &[
        (&[("response_type", "token")], "unsupported_response_type"),
        (&[("response_type", "")], "invalid_request"),
        (&[("response_mode", "fragment")], "invalid_request"),
        (&[("code_challenge", "")], "invalid_request"),
        (&[("code_challenge", ""), ("code_challenge_method", "")], "invalid_request"),
        (&[("code_challenge", "short")], "invalid_request"),
        (&[("code_challenge_method", "plain")], "invalid_request"),
        (&[("code_challenge_method", "")], "invalid_request"),
        (&[("audience", "https://other.test/")], "access_denied"),
        (&[("organization", "org_2")], "invalid_request"),
        (&[("prompt", "maybe")], "invalid_request"),
        (&[("prompt", "none")], "login_required"),
        (&[("prompt", "none"), ("login_hint", "auth0|ada")], "login_required"),
    ];
    for (changes, error) in table {
        let response = authorize(&sandbox, &authorization_parameters(&sandbox, changes)).await;
        let back = redirect_parameters(&response);
        assert_eq!(back["error"], *error, "{changes:?}");
        assert_eq!(back["state"], "st&te", "{changes:?}");
        assert_eq!(back["iss"], format!("{}/", sandbox.url()), "{changes:?}");
        assert_eq!(back.get("code"), None, "{changes:?}");
    }
    for (chosen, error) in [
        (("deny", "true"), "access_denied"),
        (("user", "auth0|eve"), "invalid_request"),
        (("user", ""), "invalid_request"),
    ] {
        let back = redirect_parameters(
            &submit_form(&sandbox, &authorization_parameters(&sandbox, &[chosen])).await,
        );
        assert_eq!(back["error"], error, "{chosen:?}");
    }
}

#[tokio::test]
async fn invalid_code_exchange_obtains_no_token() {
    let sandbox = start(builder()).await;
    let code = code(&sandbox, &[]).await;
    let other = "x".repeat(43);
    let web = [("client_id", "web"), ("client_secret", "s3cret")];
    #[rustfmt::skip]
    let table: &[(&str, Changes<'_>, u16, &str)] = &[
        ("unknown", &[], 403, "invalid_grant"),
        (&code, &[("redirect_uri", "http://127.0.0.1:51235/callback")], 403, "invalid_grant"),
        (&code, &[("redirect_uri", "")], 403, "invalid_grant"),
        (&code, &[("code_verifier", &other)], 403, "invalid_grant"),
        (&code, &[("code_verifier", "short")], 400, "invalid_request"),
        (&code, &[("code_verifier", "")], 400, "invalid_request"),
        (&code, &web, 403, "invalid_grant"),
        (&code, &[("client_id", "web")], 400, "invalid_request"),
        (&code, &[("client_secret", "guess")], 401, "invalid_client"),
        ("", &[], 400, "invalid_request"),
    ];
    for (code, changes, status, error) in table {
        assert_error(&exchange(&sandbox, code, changes).await, *status, error);
    }
    assert_eq!(sandbox.tokens_granted(), 0);
    exchange(&sandbox, &code, &[]).await.expect(200);
}

#[tokio::test]
async fn web_application_with_secret_needs_no_challenge() {
    let sandbox = start(builder()).await;
    let plain = [
        ("client_id", "web"),
        ("redirect_uri", WEB_URI),
        ("code_challenge", ""),
        ("code_challenge_method", ""),
    ];
    let secret = [
        ("client_id", "web"),
        ("client_secret", "s3cret"),
        ("redirect_uri", WEB_URI),
    ];
    let unproved = code(&sandbox, &plain).await;
    let response = exchange(&sandbox, &unproved, &secret).await;
    assert_error(&response, 403, "invalid_grant");
    let [id, secret, uri] = secret;
    let proved = [id, secret, uri, ("code_verifier", "")];
    exchange(&sandbox, &unproved, &proved).await.expect(200);
}

#[tokio::test]
async fn code_expires_after_a_minute() {
    let sandbox = start(builder()).await;
    let (young, old) = (code(&sandbox, &[]).await, code(&sandbox, &[]).await);
    sandbox.advance(Duration::from_secs(55));
    exchange(&sandbox, &young, &[]).await.expect(200);
    sandbox.advance(Duration::from_secs(5));
    assert_error(&exchange(&sandbox, &old, &[]).await, 403, "invalid_grant");
}

#[tokio::test]
async fn reused_code_revokes_its_tokens() {
    let mut sandbox = start(builder()).await;
    let code = code(&sandbox, &[]).await;
    let first = exchange(&sandbox, &code, &[]).await.expect(200);
    let second = refresh(&sandbox, &first["refresh_token"]).await.expect(200);
    sandbox.token = second["access_token"].as_str().unwrap().to_owned();
    sandbox.get("/api/members").await.expect(200);
    assert_error(&exchange(&sandbox, &code, &[]).await, 403, "invalid_grant");
    for response in [&first, &second] {
        sandbox.token = response["access_token"].as_str().unwrap().to_owned();
        sandbox.get("/api/members").await.expect(401);
    }
    let response = refresh(&sandbox, &second["refresh_token"]).await;
    assert_error(&response, 403, "invalid_grant");
}

#[tokio::test]
async fn refresh_token_is_rotated_and_reuse_revokes_the_family() {
    let mut sandbox = start(builder()).await;
    let code = code(&sandbox, &[]).await;
    let first = exchange(&sandbox, &code, &[]).await.expect(200);
    let second = refresh(&sandbox, &first["refresh_token"]).await.expect(200);
    assert_ne!(first["refresh_token"], second["refresh_token"]);
    assert_eq!(first["scope"], second["scope"]);
    let id = verified_claims(&sandbox, &second["id_token"], "program").await;
    assert_eq!(id["sub"], "auth0|ada");
    assert_eq!(id.get("nonce"), None);
    let third = refresh(&sandbox, &second["refresh_token"])
        .await
        .expect(200);

    // Reuse of the first token revokes the family.
    let again = refresh(&sandbox, &first["refresh_token"]).await;
    assert_error(&again, 403, "invalid_grant");
    let dead = refresh(&sandbox, &third["refresh_token"]).await;
    assert_error(&dead, 403, "invalid_grant");
    // Access tokens stay valid until they expire.
    sandbox.token = third["access_token"].as_str().unwrap().to_owned();
    sandbox.get("/api/members").await.expect(200);
}

#[tokio::test]
async fn invalid_refresh_does_not_use_the_token() {
    let sandbox = start(builder().refresh_token_lifetime(Duration::from_secs(3600))).await;
    let code = code(&sandbox, &[]).await;
    let first = exchange(&sandbox, &code, &[]).await.expect(200);
    let token = first["refresh_token"].as_str().unwrap();
    let own = [("grant_type", "refresh_token"), ("client_id", "program")];
    let request_token =
        async |more: &[(&str, &str)]| sandbox.request_token(&[&own[..], more].concat()).await;
    let more = request_token(&[("refresh_token", token), ("scope", "openid read:tenants")]).await;
    assert_error(&more, 400, "invalid_scope");
    assert_error(
        &request_token(&[("refresh_token", "x")]).await,
        403,
        "invalid_grant",
    );
    assert_error(&request_token(&[]).await, 400, "invalid_request");
    let web = [
        ("grant_type", "refresh_token"),
        ("client_id", "web"),
        ("client_secret", "s3cret"),
        ("refresh_token", token),
    ];
    assert_error(&sandbox.request_token(&web).await, 403, "invalid_grant");

    let less = [("refresh_token", token), ("scope", "read:members")];
    let second = request_token(&less).await.expect(200);
    assert_eq!(second["scope"], "read:members");
    assert_eq!(second.get("id_token"), None);
    let third = refresh(&sandbox, &second["refresh_token"])
        .await
        .expect(200);
    assert_eq!(third["scope"], first["scope"]);
    sandbox.advance(Duration::from_secs(3600));
    let late = refresh(&sandbox, &third["refresh_token"]).await;
    assert_error(&late, 403, "invalid_grant");
}

#[tokio::test]
async fn revoked_refresh_token_is_rejected() {
    let sandbox = start(builder()).await;
    let revoke = async |pairs: &[(&str, &str)]| {
        let request = sandbox.http.post(format!("{}/oauth/revoke", sandbox.url()));
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        send_request(request.body(form(pairs))).await
    };
    let code = code(&sandbox, &[]).await;
    let response = exchange(&sandbox, &code, &[]).await.expect(200);
    let token = response["refresh_token"].as_str().unwrap();
    let (program, web) = (("client_id", "program"), ("client_id", "web"));
    assert_error(&revoke(&[program]).await, 400, "invalid_request");
    let invalid = revoke(&[web, ("client_secret", "x"), ("token", token)]).await;
    assert_error(&invalid, 401, "invalid_client");
    // The token of another client: succeeds without any effect.
    let other = [web, ("client_secret", "s3cret"), ("token", token)];
    revoke(&other).await.expect(200);
    revoke(&[program, ("token", "x")]).await.expect(200);
    let response = refresh(&sandbox, &response["refresh_token"]).await;
    let token = &response.expect(200)["refresh_token"];
    revoke(&[program, ("token", token.as_str().unwrap())])
        .await
        .expect(200);
    assert_error(&refresh(&sandbox, token).await, 403, "invalid_grant");
}

#[tokio::test]
async fn machine_may_name_only_its_own_organizations() {
    let robot = Application::new("robot", "s3cret").organizations(["org_1", "org_2"]);
    let sandbox = start(builder().application(robot)).await;
    let request_token = async |changes: &[(&str, &str)]| {
        let mut pairs = vec![
            ("grant_type", "client_credentials"),
            ("client_id", "robot"),
            ("client_secret", "s3cret"),
            ("audience", sandbox.audience()),
        ];
        pairs.extend(changes);
        sandbox.request_token(&pairs).await
    };
    let response = request_token(&[("organization", "org_2")])
        .await
        .expect(200);
    let claims = verified_claims(&sandbox, &response["access_token"], sandbox.audience()).await;
    assert_eq!(claims["org_id"], "org_2");
    let response = request_token(&[]).await.expect(200);
    let claims = verified_claims(&sandbox, &response["access_token"], sandbox.audience()).await;
    assert_eq!(claims.get("org_id"), None);
    let response = request_token(&[("organization", "org_3")]).await;
    assert_error(&response, 403, "access_denied");

    let native = [
        ("grant_type", "client_credentials"),
        ("client_id", "program"),
        ("audience", sandbox.audience()),
    ];
    assert_error(
        &sandbox.request_token(&native).await,
        403,
        "unauthorized_client",
    );
}

#[tokio::test]
async fn first_member_can_log_in_by_default() {
    let sandbox = start(Sandbox::builder()).await;
    let member = sandbox.first_member();
    assert_eq!(
        sandbox.users(),
        [User::new(&member.id, &member.email, &member.name)]
    );
    let same = User::new("same", "a@example.test", "A");
    let builder = Sandbox::builder().user(same.clone()).user(same);
    let error = builder.start().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "user: expected unique user ids, found a duplicate"
    );
}

#[tokio::test]
async fn request_log_contains_no_login_secrets() {
    let sandbox = start(builder()).await;
    let code = code(&sandbox, &[]).await;
    let response = exchange(&sandbox, &code, &[]).await.expect(200);
    refresh(&sandbox, &response["refresh_token"])
        .await
        .expect(200);
    let mut pairs = authorization_parameters(&sandbox, &[]);
    pairs.push(("prompt", "none"));
    authorize(&sandbox, &pairs).await;
    let shown = format!("{:?} {:?}", sandbox.requests(), *sandbox);
    let signature = response["id_token"].as_str().unwrap().rsplit('.').next();
    for secret in [
        code.as_str(),
        response["refresh_token"].as_str().unwrap(),
        signature.unwrap(),
        VERIFIER,
        &URL_SAFE_NO_PAD.encode("s3cret"),
    ] {
        assert!(!shown.contains(secret), "{shown}");
    }
    let seen = sandbox.requests_of("authorize");
    let seen: Vec<_> = seen
        .iter()
        .map(|request| (request.method.as_str(), request.query.is_some()))
        .collect();
    assert_eq!(seen, [("POST", false), ("GET", true)]);
}
