//! Users who log in: codes with PKCE, ID tokens, and refresh tokens that are rotated.

use std::time::Duration;

use auth0_sandbox::{Application, Sandbox, SandboxBuilder, User};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use reqwest::redirect::Policy;
use serde_json::{Value, json};
use url::Url;

use crate::support::{Reply, Running, form, reply};

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/// Of RFC 7636, appendix B.
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const HERE: &str = "http://127.0.0.1:51234/callback";
const WEB: &str = "https://app.test/callback?a=b";
const SCOPE: &str = "openid profile email offline_access read:members none:such";

fn builder() -> SandboxBuilder {
    Sandbox::builder()
        .application(Application::native("program").organizations(["org_1"]))
        .application(
            Application::new("web", "s3cret")
                .redirect_uri(WEB)
                .name("<b>\"Web\"</b>"),
        )
        .user(User::new("auth0|ada", "ada@example.test", "Ada <i>"))
        .user(User::new("auth0|bob", "bob@example.test", "Bob"))
        .check_responses()
}

async fn start(builder: SandboxBuilder) -> Running {
    let mut sandbox = Running::without_token(builder.start().await.unwrap());
    let http = reqwest::Client::builder().no_proxy();
    sandbox.http = http.redirect(Policy::none()).build().unwrap();
    sandbox
}

type Changes<'a> = &'a [(&'a str, &'a str)];
type Pairs<'a> = Vec<(&'a str, &'a str)>;

/// What a native application asks, with some of it changed; an empty value leaves it out.
fn asked<'a>(sandbox: &'a Running, changes: &[(&'a str, &'a str)]) -> Pairs<'a> {
    let mut pairs = vec![
        ("client_id", "program"),
        ("response_type", "code"),
        ("redirect_uri", HERE),
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

async fn authorize(sandbox: &Running, pairs: &[(&str, &str)]) -> Reply {
    let url = format!("{}/authorize?{}", sandbox.url(), form(pairs));
    reply(sandbox.http.get(url)).await
}

/// Sends the page's form.
async fn choose(sandbox: &Running, pairs: &[(&str, &str)]) -> Reply {
    let request = sandbox.http.post(format!("{}/authorize", sandbox.url()));
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    reply(request.body(form(pairs))).await
}

/// The parameters with which the user is sent back.
#[track_caller]
fn sent_back(answer: &Reply) -> Value {
    assert!([302, 303].contains(&answer.status), "{answer:?}");
    let location = Url::parse(answer.header("location").unwrap()).unwrap();
    let pairs = location.query_pairs().into_owned();
    json!(pairs.collect::<std::collections::BTreeMap<_, _>>())
}

async fn code(sandbox: &Running, changes: &[(&str, &str)]) -> String {
    let mut pairs = asked(sandbox, changes);
    pairs.push(("user", "auth0|ada"));
    let answer = sent_back(&choose(sandbox, &pairs).await);
    answer["code"].as_str().expect("a code").to_owned()
}

async fn exchange(sandbox: &Running, code: &str, changes: &[(&str, &str)]) -> Reply {
    let mut pairs = vec![
        ("grant_type", "authorization_code"),
        ("client_id", "program"),
        ("code", code),
        ("redirect_uri", HERE),
        ("code_verifier", VERIFIER),
    ];
    for &(name, value) in changes {
        pairs.retain(|(own, _)| *own != name);
        pairs.push((name, value));
    }
    sandbox.ask(&pairs).await
}

async fn refresh(sandbox: &Running, token: &Value) -> Reply {
    let token = token.as_str().unwrap();
    sandbox
        .ask(&[
            ("grant_type", "refresh_token"),
            ("client_id", "program"),
            ("refresh_token", token),
        ])
        .await
}

/// The claims of a token for this audience, checked by what the sandbox publishes.
async fn verified(sandbox: &Running, token: &Value, audience: &str) -> Value {
    let keys = format!("{}/.well-known/jwks.json", sandbox.url());
    let keys: JwkSet =
        serde_json::from_value(reply(sandbox.http.get(keys)).await.expect(200)).unwrap();
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
fn assert_error(answer: &Reply, status: u16, error: &str) {
    let found = answer.body["error"].as_str().unwrap_or_default();
    assert_eq!((answer.status, found), (status, error), "{:?}", answer.body);
}

#[tokio::test]
async fn user_is_chosen_then_the_code_is_worth_tokens_that_say_so() {
    let mut sandbox = start(builder()).await;
    let mut pairs = asked(&sandbox, &[("organization", "org_1")]);
    pairs.push(("user", "auth0|ada"));
    let answer = choose(&sandbox, &pairs).await;
    assert_eq!(answer.status, 303);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert!(answer.header("location").unwrap().starts_with(HERE));
    let back = sent_back(&answer);
    assert_eq!(back["state"], "st&te");
    assert_eq!(back["iss"], format!("{}/", sandbox.url()));

    let answer = exchange(&sandbox, back["code"].as_str().unwrap(), &[]).await;
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let answer = answer.expect(200);
    let scope = "openid profile email offline_access read:members";
    assert_eq!(answer["scope"], scope);
    assert_eq!(answer["token_type"], "Bearer");
    let access = verified(&sandbox, &answer["access_token"], sandbox.audience()).await;
    assert_eq!(access["sub"], "auth0|ada");
    assert_eq!(access["azp"], "program");
    assert_eq!(access["org_id"], "org_1");
    assert_eq!(access["scope"], scope);
    assert_eq!(access.get("gty"), None);
    let id = verified(&sandbox, &answer["id_token"], "program").await;
    assert_eq!(id["sub"], "auth0|ada");
    assert_eq!(id["nonce"], "n0nce");
    assert_eq!(id["org_id"], "org_1");
    assert_eq!(id["email"], "ada@example.test");
    assert_eq!(id["name"], "Ada <i>");
    assert!(id["iat"].is_i64());

    // The API takes it for what it has.
    sandbox.token = answer["access_token"].as_str().unwrap().to_owned();
    sandbox.get("/api/members").await.expect(200);
    sandbox.get("/api/tenants").await.expect(403);
}

#[tokio::test]
async fn less_is_asked_for_then_less_is_told() {
    let sandbox = start(builder()).await;
    let changes = [("scope", "openid"), ("audience", ""), ("nonce", "")];
    let code = code(&sandbox, &changes).await;
    let answer = exchange(&sandbox, &code, &[]).await.expect(200);
    let id = verified(&sandbox, &answer["id_token"], "program").await;
    for name in ["nonce", "org_id", "email", "name"] {
        assert_eq!(id.get(name), None, "{name}");
    }
    assert_eq!(answer.get("refresh_token"), None);
    let userinfo = format!("{}/userinfo", sandbox.url());
    verified(&sandbox, &answer["access_token"], &userinfo).await;
}

#[tokio::test]
async fn browser_comes_then_a_page_lists_the_users_and_reflects_nothing_as_it_is() {
    let sandbox = start(builder()).await;
    let changes = [
        ("client_id", "web"),
        ("redirect_uri", WEB),
        ("state", "\"><script>alert(1)</script>"),
        ("login_hint", "bob@example.test"),
    ];
    let answer = authorize(&sandbox, &asked(&sandbox, &changes)).await;
    assert_eq!(answer.status, 200);
    let policy = answer.header("content-security-policy").unwrap();
    assert_eq!(
        policy,
        "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self' https://app.test"
    );
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let page = answer.body.as_str().unwrap();
    assert!(page.contains("value=\"auth0|bob\""), "{page}");
    assert!(page.contains("Ada &lt;i&gt;"), "{page}");
    for raw in ["<script", "<i>", "<b>"] {
        assert!(!page.contains(raw), "{page}");
    }
}

#[tokio::test]
async fn login_is_told_to_go_at_once_then_a_hint_is_enough() {
    let sandbox = start(builder().login_at_once()).await;
    for hint in ["bob@example.test", "auth0|bob"] {
        for prompt in ["", "none"] {
            let changes = [("login_hint", hint), ("prompt", prompt)];
            let back = sent_back(&authorize(&sandbox, &asked(&sandbox, &changes)).await);
            let answer = exchange(&sandbox, back["code"].as_str().unwrap(), &[]).await;
            let id = verified(&sandbox, &answer.expect(200)["id_token"], "program").await;
            assert_eq!(id["sub"], "auth0|bob");
        }
    }
    let nobody = asked(&sandbox, &[("login_hint", "eve@example.test")]);
    authorize(&sandbox, &nobody).await.expect(200);
}

#[tokio::test]
async fn address_or_application_is_unknown_then_nobody_is_sent_there() {
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
        // A loopback address is for native applications.
        &[("client_id", "web"), ("redirect_uri", HERE)],
        &[("client_id", "web"), ("redirect_uri", "https://app.test/callback")],
        &[("client_id", "web"), ("redirect_uri", "https://app.test/callback?a=b&c=d")],
        &[("client_id", "web"), ("redirect_uri", "https://APP.test/callback?a=b")],
    ];
    for changes in table {
        let mut pairs = asked(&sandbox, changes);
        pairs.push(("user", "auth0|ada"));
        for answer in [
            authorize(&sandbox, &pairs).await,
            choose(&sandbox, &pairs).await,
        ] {
            assert_eq!(answer.status, 400, "{changes:?}");
            assert_eq!(answer.header("location"), None, "{changes:?}");
        }
    }
    let mut twice = asked(&sandbox, &[]);
    twice.push(("redirect_uri", HERE));
    authorize(&sandbox, &twice).await.expect(400);
    for uri in [
        "http://localhost:8080/other",
        "http://[::1]:1/",
        "http://127.0.0.1/",
    ] {
        let answer = authorize(&sandbox, &asked(&sandbox, &[("redirect_uri", uri)])).await;
        assert_eq!(answer.status, 200, "{uri}");
    }
}

#[tokio::test]
async fn request_is_wrong_then_the_application_hears_of_it() {
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
        let answer = authorize(&sandbox, &asked(&sandbox, changes)).await;
        let back = sent_back(&answer);
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
        let back = sent_back(&choose(&sandbox, &asked(&sandbox, &[chosen])).await);
        assert_eq!(back["error"], error, "{chosen:?}");
    }
}

#[tokio::test]
async fn exchange_is_wrong_then_there_is_no_token() {
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
async fn web_application_has_a_secret_then_it_needs_no_challenge() {
    let sandbox = start(builder()).await;
    let plain = [
        ("client_id", "web"),
        ("redirect_uri", WEB),
        ("code_challenge", ""),
        ("code_challenge_method", ""),
    ];
    let secret = [
        ("client_id", "web"),
        ("client_secret", "s3cret"),
        ("redirect_uri", WEB),
    ];
    let unproved = code(&sandbox, &plain).await;
    let answer = exchange(&sandbox, &unproved, &secret).await;
    assert_error(&answer, 403, "invalid_grant");
    let [id, secret, uri] = secret;
    let proved = [id, secret, uri, ("code_verifier", "")];
    exchange(&sandbox, &unproved, &proved).await.expect(200);
}

#[tokio::test]
async fn code_is_a_minute_old_then_it_is_worth_nothing() {
    let sandbox = start(builder()).await;
    let (young, old) = (code(&sandbox, &[]).await, code(&sandbox, &[]).await);
    sandbox.advance(Duration::from_secs(55));
    exchange(&sandbox, &young, &[]).await.expect(200);
    sandbox.advance(Duration::from_secs(5));
    assert_error(&exchange(&sandbox, &old, &[]).await, 403, "invalid_grant");
}

#[tokio::test]
async fn code_comes_twice_then_all_that_it_gave_is_taken_back() {
    let mut sandbox = start(builder()).await;
    let code = code(&sandbox, &[]).await;
    let first = exchange(&sandbox, &code, &[]).await.expect(200);
    let second = refresh(&sandbox, &first["refresh_token"]).await.expect(200);
    sandbox.token = second["access_token"].as_str().unwrap().to_owned();
    sandbox.get("/api/members").await.expect(200);
    assert_error(&exchange(&sandbox, &code, &[]).await, 403, "invalid_grant");
    for answer in [&first, &second] {
        sandbox.token = answer["access_token"].as_str().unwrap().to_owned();
        sandbox.get("/api/members").await.expect(401);
    }
    let answer = refresh(&sandbox, &second["refresh_token"]).await;
    assert_error(&answer, 403, "invalid_grant");
}

#[tokio::test]
async fn refresh_token_is_used_then_a_new_one_takes_its_place() {
    let mut sandbox = start(builder()).await;
    let code = code(&sandbox, &[]).await;
    let first = exchange(&sandbox, &code, &[]).await.expect(200);
    let second = refresh(&sandbox, &first["refresh_token"]).await.expect(200);
    assert_ne!(first["refresh_token"], second["refresh_token"]);
    assert_eq!(first["scope"], second["scope"]);
    let id = verified(&sandbox, &second["id_token"], "program").await;
    assert_eq!(id["sub"], "auth0|ada");
    assert_eq!(id.get("nonce"), None);
    let third = refresh(&sandbox, &second["refresh_token"])
        .await
        .expect(200);

    // The first one again: somebody has a copy.
    let again = refresh(&sandbox, &first["refresh_token"]).await;
    assert_error(&again, 403, "invalid_grant");
    let dead = refresh(&sandbox, &third["refresh_token"]).await;
    assert_error(&dead, 403, "invalid_grant");
    // Access tokens live on until they end.
    sandbox.token = third["access_token"].as_str().unwrap().to_owned();
    sandbox.get("/api/members").await.expect(200);
}

#[tokio::test]
async fn refresh_is_wrong_then_the_token_is_not_spent() {
    let sandbox = start(builder().refresh_token_lifetime(Duration::from_secs(3600))).await;
    let code = code(&sandbox, &[]).await;
    let first = exchange(&sandbox, &code, &[]).await.expect(200);
    let token = first["refresh_token"].as_str().unwrap();
    let own = [("grant_type", "refresh_token"), ("client_id", "program")];
    let ask = async |more: &[(&str, &str)]| sandbox.ask(&[&own[..], more].concat()).await;
    let more = ask(&[("refresh_token", token), ("scope", "openid read:tenants")]).await;
    assert_error(&more, 400, "invalid_scope");
    assert_error(&ask(&[("refresh_token", "x")]).await, 403, "invalid_grant");
    assert_error(&ask(&[]).await, 400, "invalid_request");
    let web = [
        ("grant_type", "refresh_token"),
        ("client_id", "web"),
        ("client_secret", "s3cret"),
        ("refresh_token", token),
    ];
    assert_error(&sandbox.ask(&web).await, 403, "invalid_grant");

    let less = [("refresh_token", token), ("scope", "read:members")];
    let second = ask(&less).await.expect(200);
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
async fn refresh_token_is_revoked_then_it_is_worth_nothing() {
    let sandbox = start(builder()).await;
    let revoke = async |pairs: &[(&str, &str)]| {
        let request = sandbox.http.post(format!("{}/oauth/revoke", sandbox.url()));
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        reply(request.body(form(pairs))).await
    };
    let code = code(&sandbox, &[]).await;
    let answer = exchange(&sandbox, &code, &[]).await.expect(200);
    let token = answer["refresh_token"].as_str().unwrap();
    let (program, web) = (("client_id", "program"), ("client_id", "web"));
    assert_error(&revoke(&[program]).await, 400, "invalid_request");
    let wrong = revoke(&[web, ("client_secret", "x"), ("token", token)]).await;
    assert_error(&wrong, 401, "invalid_client");
    // Another's token: nothing is told, and nothing done.
    let other = [web, ("client_secret", "s3cret"), ("token", token)];
    revoke(&other).await.expect(200);
    revoke(&[program, ("token", "x")]).await.expect(200);
    let answer = refresh(&sandbox, &answer["refresh_token"]).await;
    let token = &answer.expect(200)["refresh_token"];
    revoke(&[program, ("token", token.as_str().unwrap())])
        .await
        .expect(200);
    assert_error(&refresh(&sandbox, token).await, 403, "invalid_grant");
}

#[tokio::test]
async fn machine_names_an_organization_then_it_has_to_be_its_own() {
    let robot = Application::new("robot", "s3cret").organizations(["org_1", "org_2"]);
    let sandbox = start(builder().application(robot)).await;
    let ask = async |changes: &[(&str, &str)]| {
        let mut pairs = vec![
            ("grant_type", "client_credentials"),
            ("client_id", "robot"),
            ("client_secret", "s3cret"),
            ("audience", sandbox.audience()),
        ];
        pairs.extend(changes);
        sandbox.ask(&pairs).await
    };
    let answer = ask(&[("organization", "org_2")]).await.expect(200);
    let claims = verified(&sandbox, &answer["access_token"], sandbox.audience()).await;
    assert_eq!(claims["org_id"], "org_2");
    let answer = ask(&[]).await.expect(200);
    let claims = verified(&sandbox, &answer["access_token"], sandbox.audience()).await;
    assert_eq!(claims.get("org_id"), None);
    let answer = ask(&[("organization", "org_3")]).await;
    assert_error(&answer, 403, "access_denied");

    let native = [
        ("grant_type", "client_credentials"),
        ("client_id", "program"),
        ("audience", sandbox.audience()),
    ];
    assert_error(&sandbox.ask(&native).await, 403, "unauthorized_client");
}

#[tokio::test]
async fn nobody_is_named_then_the_first_member_can_log_in() {
    let sandbox = start(Sandbox::builder()).await;
    let member = sandbox.first_member();
    assert_eq!(
        sandbox.users(),
        [User::new(&member.id, &member.email, &member.name)]
    );
    let same = User::new("same", "a@example.test", "A");
    let builder = Sandbox::builder().user(same.clone()).user(same);
    let error = builder.start().await.unwrap_err();
    assert_eq!(error.to_string(), "user: expected ids that differ");
}

#[tokio::test]
async fn logins_are_over_then_no_log_holds_what_they_gave() {
    let sandbox = start(builder()).await;
    let code = code(&sandbox, &[]).await;
    let answer = exchange(&sandbox, &code, &[]).await.expect(200);
    refresh(&sandbox, &answer["refresh_token"])
        .await
        .expect(200);
    let mut pairs = asked(&sandbox, &[]);
    pairs.push(("prompt", "none"));
    authorize(&sandbox, &pairs).await;
    let shown = format!("{:?} {:?}", sandbox.requests(), *sandbox);
    let signature = answer["id_token"].as_str().unwrap().rsplit('.').next();
    for secret in [
        code.as_str(),
        answer["refresh_token"].as_str().unwrap(),
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
