//! Secrets of logins and sessions are planted in every input, and all output is searched for them.

use std::fmt::Write as _;
use std::sync::Arc;

use auth0_auth::{DeviceFlow, Loopback, MemoryStore, StoredToken};
use auth0_core::{RetryPolicy, TokenSource as _};
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use crate::provider::{CLIENT, Provider, callback_query, parameter};
use crate::secrets::collector;
use crate::support::chain;

const SECRET: &str = "pl4nted/secret";
const CODE: &str = "pl4nted/code";
const ACCESS: &str = "pl4nted-access";
const REFRESH: &str = "pl4nted/refresh";
const DEVICE: &str = "pl4nted/device";
const USER_CODE: &str = "PL4NTED";
const PARAMETER: &str = "pl4nted/hint";
const BODY: &str = "pl4nted-body";

#[track_caller]
fn assert_clean(output: &str, generated: &[String]) {
    for secret in generated
        .iter()
        .map(String::as_str)
        .chain(["pl4nted", USER_CODE])
    {
        assert!(
            !secret.is_empty() && !output.contains(secret),
            "{secret} in {}",
            excerpt(output, secret)
        );
    }
}

/// The line with the secret in it.
fn excerpt<'o>(output: &'o str, secret: &str) -> &'o str {
    let mut lines = output.lines();
    lines.find(|line| line.contains(secret)).unwrap_or_default()
}

#[tokio::test]
async fn no_output_contains_a_secret_of_a_user() {
    let log = collector();
    let provider = Provider::start().await;
    let mut output = String::new();
    let mut generated = Vec::new();

    let builder = provider
        .builder()
        .client_secret(SECRET)
        .login_hint(PARAMETER)
        .authorize_parameter("hint", PARAMETER)
        .parameter("more", PARAMETER);
    writeln!(output, "{builder:?} {builder:#?}").unwrap();
    let flow = builder.build().unwrap().with_invitation(PARAMETER);
    writeln!(output, "{flow:?} {flow:#?}").unwrap();
    let tokens = |id_token: &str| json!({"access_token": ACCESS, "refresh_token": REFRESH, "id_token": id_token, "expires_in": 3600});

    // Server and browser echo what they were sent.
    for round in 0..9 {
        provider.reset().await;
        let pending = flow.start().await.unwrap();
        writeln!(output, "{pending:?} {pending:#?}").unwrap();
        let serialized = serde_json::to_value(&pending).unwrap();
        let [state, nonce, verifier] = ["state", "nonce", "verifier"]
            .map(|name| serialized[name].as_str().unwrap().to_owned());
        let challenge = parameter(pending.url(), "code_challenge").unwrap();
        let all = format!("{SECRET} {CODE} {PARAMETER} {state} {nonce} {verifier}");
        let mut claims = provider.claims(&nonce);
        claims["email"] = json!("pl4nted@acme.com");
        let right = provider.id_token(&claims);
        claims["aud"] = json!("pl4nted");
        claims["iss"] = json!("pl4nted");
        let wrong = provider.id_token(&claims);
        generated.extend([
            state.clone(),
            nonce,
            verifier,
            challenge,
            right.clone(),
            wrong.clone(),
        ]);
        let query = form(&[("code", CODE), ("state", &state)]);
        let (query, response) = match round {
            0 => (query, json!(tokens(&right))),
            1 => (query, tokens(&wrong)),
            2 => (query, tokens(&format!("{right}pl4nted"))),
            3 => (
                query,
                json!({"error": "invalid_grant", "error_description": all}),
            ),
            4 => (query, json!({"error": all})),
            5 => (
                query,
                json!({"access_token": ACCESS, "refresh_token": [REFRESH]}),
            ),
            6 => (query, json!(format!("{BODY} {ACCESS}"))),
            7 => {
                // The verifier itself is never sent through the browser.
                let all = all.replace(SECRET, "");
                let parameters = [
                    ("error", "access_denied"),
                    ("error_description", &*all),
                    ("code", CODE),
                    ("state", &*state),
                ];
                (form(&parameters), json!(null))
            }
            _ => (
                form(&[("code", CODE), ("state", BODY), ("iss", BODY)]),
                json!(null),
            ),
        };
        let status = if response.get("error").is_some() {
            403
        } else {
            200
        };
        let template = ResponseTemplate::new(status).set_body_json(response);
        provider.on("/oauth/token", template).await;
        match flow.finish(pending, &query).await {
            Ok(session) => {
                assert_eq!(round, 0);
                writeln!(output, "{session:?} {:?}", session.id_token()).unwrap();
                writeln!(output, "{:?}", session.token().await.unwrap()).unwrap();
                refreshes(&provider, session, &mut output).await;
            }
            Err(error) => writeln!(output, "{}", chain(&error)).unwrap(),
        }
    }
    devices(&provider, &mut output).await;
    let loopback = Loopback::bind().await.unwrap();
    writeln!(output, "{loopback:?}").unwrap();

    assert_clean(&output, &generated);
    let log = log.text();
    assert_clean(&log, &generated);
    for expected in [
        "login started domain=\"acme.us.auth0.com\"",
        "login finished",
        "login failed",
        "session refreshed",
        "session not refreshed",
        "device login started",
        "device login failed",
        "signing keys fetched",
    ] {
        assert!(log.contains(expected), "{expected} not in {log}");
    }
}

fn form(pairs: &[(&str, &str)]) -> String {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(pairs);
    form.finish()
}

/// Refreshes of a session, each with another response.
async fn refreshes(provider: &Provider, session: auth0_auth::Session, output: &mut String) {
    session
        .keep_in(Arc::new(MemoryStore::new()), "user")
        .await
        .unwrap();
    let all = format!("{SECRET} {REFRESH} {PARAMETER} pl4nted%2Frefresh");
    for (status, body) in [
        (
            200,
            json!({"access_token": ACCESS, "refresh_token": REFRESH, "expires_in": 3600}),
        ),
        (200, json!({"access_token": [ACCESS]})),
        (502, json!(BODY)),
        (
            403,
            json!({"error": "mfa_required", "error_description": all, "mfa_token": "pl4nted/mfa"}),
        ),
        (
            403,
            json!({"error": "invalid_grant", "error_description": all, "error_uri": all}),
        ),
    ] {
        provider.reset().await;
        let template = ResponseTemplate::new(status).set_body_json(body);
        provider.on("/oauth/token", template).await;
        provider.clock.advance(3600);
        match session.token().await {
            Ok(token) => writeln!(output, "{token:?}").unwrap(),
            Err(error) => writeln!(output, "{}", chain(&error)).unwrap(),
        }
    }
    let error_body = json!({"error": "invalid_request", "error_description": all});
    let template = ResponseTemplate::new(400).set_body_json(error_body);
    provider.on("/oauth/revoke", template).await;
    let error = session.sign_out().await.unwrap_err();
    writeln!(output, "{}", chain(&error)).unwrap();
    writeln!(output, "{}", chain(&session.token().await.unwrap_err())).unwrap();
    let mut stored = StoredToken::new(ACCESS, std::time::SystemTime::UNIX_EPOCH);
    stored.refresh_token = Some(REFRESH.into());
    writeln!(output, "{stored:?}").unwrap();
}

async fn devices(provider: &Provider, output: &mut String) {
    let builder = DeviceFlow::builder("acme.us.auth0.com")
        .issuer(provider.issuer())
        .client_id(CLIENT)
        .client_secret(SECRET)
        .clock(provider.clock.clone())
        .sleeper(provider.sleeper.clone())
        .retry(RetryPolicy::never());
    writeln!(output, "{builder:?}").unwrap();
    let flow = builder.build().unwrap();
    writeln!(output, "{flow:?}").unwrap();
    let all = format!("{SECRET} {DEVICE} pl4nted%2Fdevice");
    let right = json!({
        "device_code": DEVICE, "user_code": USER_CODE, "verification_uri": "https://acme.test/",
        "verification_uri_complete": format!("https://acme.test/?user_code={USER_CODE}"), "expires_in": 60,
    });
    let responses: [(u16, Value); 4] = [
        (
            403,
            json!({"error": "access_denied", "error_description": all}),
        ),
        (
            200,
            json!({"access_token": [ACCESS], "refresh_token": REFRESH}),
        ),
        (403, json!({"error": all})),
        (200, grant_body()),
    ];
    for (status, body) in responses {
        provider.reset().await;
        let template = ResponseTemplate::new(200).set_body_json(&right);
        provider.on("/oauth/device/code", template).await;
        let template = ResponseTemplate::new(status).set_body_json(body);
        provider.on("/oauth/token", template).await;
        let login = flow.start().await.unwrap();
        writeln!(output, "{login:?} {login:#?}").unwrap();
        match login.finish().await {
            Ok(session) => writeln!(output, "{session:?}").unwrap(),
            Err(error) => writeln!(output, "{}", chain(&error)).unwrap(),
        }
    }
    for wrong in [
        json!({"device_code": [DEVICE]}),
        json!({"device_code": DEVICE}),
        json!(DEVICE),
    ] {
        provider.reset().await;
        let template = ResponseTemplate::new(200).set_body_json(wrong);
        provider.on("/oauth/device/code", template).await;
        writeln!(output, "{}", chain(&flow.start().await.unwrap_err())).unwrap();
    }
}

fn grant_body() -> Value {
    json!({"access_token": ACCESS, "refresh_token": REFRESH, "id_token": "pl4nted.pl4nted.pl4nted"})
}

#[tokio::test]
async fn code_with_special_characters_is_preserved() {
    // The counterpart of the search: planted secrets are really sent.
    let provider = Provider::start().await;
    let flow = provider.flow();
    let pending = provider
        .pending(&flow, |nonce| provider.id_token(&provider.claims(nonce)))
        .await;
    let query = callback_query(&pending).replace("c0de", "pl4nted%2Fcode");
    flow.finish(pending, &query).await.unwrap();
    let request = &provider.requests("/oauth/token").await[0];
    assert_eq!(
        crate::provider::field(request, "code").as_deref(),
        Some(CODE)
    );
}
