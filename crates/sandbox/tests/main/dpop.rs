//! DPoP proofs and key-bound tokens.

use std::sync::LazyLock;
use std::time::Duration;

use auth0_sandbox::{Application, Sandbox, SandboxBuilder, User};
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, Header};
use serde_json::{Value, json};

use crate::keys::{Pair, ec256, ec384};
use crate::support::{TestResponse, TestSandbox, send_request};

static KEY: LazyLock<Pair> = LazyLock::new(ec256);
static OTHER: LazyLock<Pair> = LazyLock::new(ec256);

async fn start(builder: SandboxBuilder) -> TestSandbox {
    let builder = builder
        .application(Application::new("robot", "s3cret"))
        .application(Application::native("program"))
        .user(User::new("auth0|ada", "ada@example.test", "Ada"));
    TestSandbox::without_token(builder.check_responses().start().await.unwrap())
}

fn id() -> String {
    format!("{:?}", fastrand::u128(..))
}

/// The claims of a proof for the token endpoint, or for an API path with the current token.
fn claims(sandbox: &TestSandbox, path: &str) -> Value {
    let now = chrono::Utc::now().timestamp();
    let method = if path == "/oauth/token" {
        "POST"
    } else {
        "GET"
    };
    let url = format!("{}{path}", sandbox.url());
    let mut claims = json!({"htm": method, "htu": url, "iat": now, "jti": id()});
    if method == "GET" {
        claims["ath"] = json!(URL_SAFE_NO_PAD.encode(digest(&SHA256, sandbox.token.as_bytes())));
    }
    claims
}

/// A proof with changes to its header.
fn signed(pair: &Pair, algorithm: Algorithm, change: &Value, claims: &Value) -> String {
    let mut header = json!({"typ": "dpop+jwt", "alg": format!("{algorithm:?}"), "jwk": pair.jwk});
    for (name, value) in change.as_object().into_iter().flatten() {
        header[name] = value.clone();
    }
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let text = format!("{}.{}", part(&header), part(claims));
    let signature = jsonwebtoken::crypto::sign(text.as_bytes(), &pair.key, algorithm).unwrap();
    format!("{text}.{signature}")
}

fn proof(pair: &Pair, claims: &Value) -> String {
    let mut header = Header::new(Algorithm::ES256);
    header.typ = Some("dpop+jwt".to_owned());
    header.jwk = Some(serde_json::from_value(pair.jwk.clone()).unwrap());
    jsonwebtoken::encode(&header, claims, &pair.key).unwrap()
}

/// Requests a token for a machine with this proof.
async fn request_token_with_proof(sandbox: &TestSandbox, proof: &str) -> TestResponse {
    let request = sandbox.form(&[
        ("grant_type", "client_credentials"),
        ("client_id", "robot"),
        ("client_secret", "s3cret"),
        ("audience", sandbox.audience()),
    ]);
    send_request(request.header("dpop", proof)).await
}

/// A token bound to the key, for any API.
pub(crate) struct BoundToken<'a> {
    sandbox: &'a TestSandbox,
    pub(crate) token: String,
}

impl<'a> BoundToken<'a> {
    /// Requests the token as the first application, with the nonce that the sandbox requires.
    pub(crate) async fn obtain(sandbox: &'a TestSandbox, more: &[(&str, &str)]) -> Self {
        let mut pairs = vec![
            ("grant_type", "client_credentials"),
            ("client_id", sandbox.client_id()),
            ("client_secret", sandbox.client_secret()),
        ];
        pairs.extend(more);
        let send = async |nonce: Option<&str>| {
            let mut claims = claims(sandbox, "/oauth/token");
            if let Some(nonce) = nonce {
                claims["nonce"] = json!(nonce);
            }
            send_request(sandbox.form(&pairs).header("dpop", proof(&KEY, &claims))).await
        };
        let first = send(None).await;
        let response = send(first.header("dpop-nonce")).await.expect(200);
        assert_eq!(response["token_type"], "DPoP");
        Self {
            sandbox,
            token: response["access_token"].as_str().unwrap().to_owned(),
        }
    }

    /// Sends a call with a proof that contains this nonce.
    pub(crate) async fn get(&self, path: &str, nonce: Option<&str>) -> TestResponse {
        let url = format!("{}{path}", self.sandbox.url());
        let hash = digest(&SHA256, self.token.as_bytes());
        let mut claims = json!({
            "htm": "GET",
            "htu": url,
            "iat": chrono::Utc::now().timestamp(),
            "jti": id(),
            "ath": URL_SAFE_NO_PAD.encode(hash),
        });
        if let Some(nonce) = nonce {
            claims["nonce"] = json!(nonce);
        }
        let request = self.sandbox.http.get(url);
        let request = request.header("authorization", format!("DPoP {}", self.token));
        send_request(request.header("dpop", proof(&KEY, &claims))).await
    }
}

/// Obtains a token bound to the key.
async fn set_bound_token(sandbox: &mut TestSandbox) {
    let proof = proof(&KEY, &claims(sandbox, "/oauth/token"));
    let response = request_token_with_proof(sandbox, &proof).await.expect(200);
    assert_eq!(response["token_type"], "DPoP");
    sandbox.token = response["access_token"].as_str().unwrap().to_owned();
}

const PATH: &str = "/api/environments";

async fn call(sandbox: &TestSandbox, scheme: &str, proof: Option<&str>) -> TestResponse {
    let request = sandbox.http.get(format!("{}{PATH}?x=y", sandbox.url()));
    let request = request.header("authorization", format!("{scheme} {}", sandbox.token));
    send_request(match proof {
        Some(proof) => request.header("dpop", proof),
        None => request,
    })
    .await
}

#[track_caller]
fn assert_unauthorized(response: &TestResponse, error: &str) {
    assert_eq!(response.status, 401, "{error}: {:?}", response.body);
    let challenge = response.header("www-authenticate").unwrap();
    assert!(
        challenge.contains(&format!("error=\"{error}\"")),
        "{challenge}"
    );
}

#[tokio::test]
async fn valid_proof_binds_the_token_and_calls_require_a_proof() {
    let mut sandbox = start(Sandbox::builder()).await;
    set_bound_token(&mut sandbox).await;
    let payload = sandbox.token.split('.').nth(1).unwrap();
    let payload: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
    // The thumbprint of RFC 7638, computed by hand.
    let (x, y) = (&KEY.jwk["x"], &KEY.jwk["y"]);
    let canonical = format!("{{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":{x},\"y\":{y}}}");
    let thumbprint = URL_SAFE_NO_PAD.encode(digest(&SHA256, canonical.as_bytes()));
    assert_eq!(payload["cnf"], json!({"jkt": thumbprint}));

    let own = proof(&KEY, &claims(&sandbox, PATH));
    let response = call(&sandbox, "DPoP", Some(&own)).await;
    assert_eq!(response.header("dpop-nonce"), None);
    response.expect(200);
    assert_unauthorized(
        &call(&sandbox, "DPoP", Some(&own)).await,
        "invalid_dpop_proof",
    );
    assert_unauthorized(&call(&sandbox, "DPoP", None).await, "invalid_dpop_proof");
    let own = proof(&KEY, &claims(&sandbox, PATH));
    let as_bearer = call(&sandbox, "Bearer", Some(&own)).await;
    assert_unauthorized(&as_bearer, "invalid_token");
    let other = proof(&OTHER, &claims(&sandbox, PATH));
    let response = call(&sandbox, "DPoP", Some(&other)).await;
    assert_unauthorized(&response, "invalid_token");
    let challenge = response.header("www-authenticate").unwrap();
    assert!(
        challenge.starts_with("DPoP algs=\"ES256\", "),
        "{challenge}"
    );

    let response = sandbox.request_default_token("").await.expect(200);
    assert_eq!(response["token_type"], "Bearer");
    sandbox.token = response["access_token"].as_str().unwrap().to_owned();
    let own = proof(&KEY, &claims(&sandbox, PATH));
    assert_unauthorized(&call(&sandbox, "DPoP", Some(&own)).await, "invalid_token");
    call(&sandbox, "Bearer", None).await.expect(200);
}

#[tokio::test]
async fn proof_with_invalid_claim_is_rejected() {
    let mut sandbox = start(Sandbox::builder()).await;
    set_bound_token(&mut sandbox).await;
    let now = chrono::Utc::now().timestamp();
    let token_url = sandbox.token_url();
    #[rustfmt::skip]
    let table: &[(&str, Value, &str)] = &[
        ("htm", json!("PUT"), "htm:"),
        ("htm", json!("get"), "htm:"),
        ("htm", json!(null), "htm:"),
        ("htu", json!("http://127.0.0.1/oauth/token"), "htu:"),
        ("htu", json!(format!("{token_url}?a=b")), "htu:"),
        ("htu", json!(format!("{token_url}#a")), "htu:"),
        ("htu", json!(null), "htu:"),
        ("iat", json!(now - 90), "iat:"),
        ("iat", json!(now + 90), "iat:"),
        ("iat", json!("now"), "iat:"),
        ("iat", json!(null), "iat:"),
        ("jti", json!(""), "jti: missing"),
        ("jti", json!(null), "jti: missing"),
    ];
    for (name, value, reason) in table {
        for path in ["/oauth/token", PATH] {
            let mut claims = claims(&sandbox, path);
            claims[*name] = value.clone();
            let proof = proof(&KEY, &claims);
            if path == PATH {
                let response = call(&sandbox, "DPoP", Some(&proof)).await;
                assert_unauthorized(&response, "invalid_dpop_proof");
                assert!(
                    response.details().contains(reason),
                    "{reason}: {response:?}"
                );
            } else {
                assert_invalid_proof(&request_token_with_proof(&sandbox, &proof).await, reason);
            }
        }
    }
    for hash in [json!(null), json!("x"), json!(URL_SAFE_NO_PAD.encode("x"))] {
        let mut claims = claims(&sandbox, PATH);
        claims["ath"] = hash;
        let response = call(&sandbox, "DPoP", Some(&proof(&KEY, &claims))).await;
        assert_unauthorized(&response, "invalid_dpop_proof");
        assert!(response.details().contains("ath:"), "{response:?}");
    }
    assert_eq!(sandbox.tokens_granted(), 1);
}

#[tokio::test]
async fn proof_with_invalid_header_obtains_no_token() {
    let sandbox = start(Sandbox::builder()).await;
    let claims = || claims(&sandbox, "/oauth/token");
    let es256 = Algorithm::ES256;
    let mut private = KEY.jwk.clone();
    private["d"] = json!("c2VjcmV0");
    let large = ec384();
    request_token_with_proof(&sandbox, &signed(&KEY, es256, &json!({}), &claims()))
        .await
        .expect(200);
    #[rustfmt::skip]
    let table = [
        ("not.a.proof".to_owned(), "expected a JWT"),
        (signed(&KEY, es256, &json!({"typ": "JWT"}), &claims()), "typ:"),
        (signed(&KEY, es256, &json!({"typ": null}), &claims()), "typ:"),
        (signed(&KEY, es256, &json!({"alg": "none"}), &claims()), "alg:"),
        (signed(&KEY, es256, &json!({"alg": "HS256"}), &claims()), "alg:"),
        (signed(&large, Algorithm::ES384, &json!({}), &claims()), "alg:"),
        (signed(&KEY, es256, &json!({"jwk": null}), &claims()), "jwk:"),
        (signed(&KEY, es256, &json!({"jwk": large.jwk}), &claims()), "jwk:"),
        (signed(&KEY, es256, &json!({"jwk": private}), &claims()), "found a private key"),
        (signed(&KEY, es256, &json!({"jwk": OTHER.jwk}), &claims()), "the signature"),
    ];
    for (proof, reason) in table {
        assert_invalid_proof(&request_token_with_proof(&sandbox, &proof).await, reason);
    }
    let twice = sandbox.form(&[("grant_type", "client_credentials")]);
    let twice = twice.header("dpop", proof(&KEY, &claims()));
    let twice = send_request(twice.header("dpop", proof(&KEY, &claims()))).await;
    assert_invalid_proof(&twice, "found several");
    let once = proof(&KEY, &claims());
    request_token_with_proof(&sandbox, &once).await.expect(200);
    assert_invalid_proof(
        &request_token_with_proof(&sandbox, &once).await,
        "jti: expected a new value",
    );
}

#[tokio::test]
async fn required_nonces_are_issued_and_rotated() {
    let mut sandbox = start(Sandbox::builder().dpop_nonces()).await;
    // Moves to the start of a nonce's lifetime.
    let into = u64::try_from(chrono::Utc::now().timestamp() % 300).unwrap();
    let ahead = 300 - into + 5;
    sandbox.advance(Duration::from_secs(ahead));
    let mut ahead = i64::try_from(ahead).unwrap();
    let with = |sandbox: &TestSandbox, path: &str, nonce: &str, ahead: i64| {
        let mut claims = claims(sandbox, path);
        claims["iat"] = json!(claims["iat"].as_i64().unwrap() + ahead);
        claims["nonce"] = json!(nonce);
        proof(&KEY, &claims)
    };
    let challenged =
        request_token_with_proof(&sandbox, &with(&sandbox, "/oauth/token", "guess", ahead)).await;
    assert_eq!(challenged.body["error"], "use_dpop_nonce");
    assert_eq!(challenged.status, 400);
    let nonce = challenged.header("dpop-nonce").unwrap();
    let response =
        request_token_with_proof(&sandbox, &with(&sandbox, "/oauth/token", nonce, ahead)).await;
    assert_eq!(response.header("dpop-nonce"), Some(nonce));
    sandbox.token = response.expect(200)["access_token"]
        .as_str()
        .unwrap()
        .to_owned();

    // The APIs use another nonce than the token endpoint.
    let challenged = call(&sandbox, "DPoP", Some(&with(&sandbox, PATH, nonce, ahead))).await;
    assert_unauthorized(&challenged, "use_dpop_nonce");
    let first = challenged.header("dpop-nonce").unwrap().to_owned();
    assert_ne!(nonce, first);
    for (seconds, status) in [(0, 200), (300, 200), (300, 401)] {
        sandbox.advance(Duration::from_secs(seconds));
        ahead += i64::try_from(seconds).unwrap();
        let proof = with(&sandbox, PATH, &first, ahead);
        let response = call(&sandbox, "DPoP", Some(&proof)).await;
        assert_eq!(response.status, status, "{response:?}");
        let newest = response.header("dpop-nonce").unwrap();
        assert_eq!(newest == first, seconds == 0);
    }
    // Requests without a proof need no nonce.
    let bearer = sandbox.request_default_token("").await;
    assert_eq!(bearer.header("dpop-nonce"), None);
    assert_eq!(bearer.expect(200)["token_type"], "Bearer");
}

#[tokio::test]
async fn refresh_tokens_of_native_applications_are_bound_to_the_key() {
    let sandbox = start(Sandbox::builder()).await;
    let request = sandbox
        .http
        .post(format!("{}/oauth/device/code", sandbox.url()));
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let request = request.body("client_id=program&scope=openid+offline_access");
    let device = send_request(request).await.expect(200);
    sandbox
        .approve_device(device["user_code"].as_str().unwrap(), "auth0|ada")
        .unwrap();
    let own = || proof(&KEY, &claims(&sandbox, "/oauth/token"));
    let request = sandbox.form(&[
        ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
        ("client_id", "program"),
        ("device_code", device["device_code"].as_str().unwrap()),
    ]);
    let response = send_request(request.header("dpop", own()))
        .await
        .expect(200);
    assert_eq!(response["token_type"], "DPoP");
    let refresh = || {
        sandbox.form(&[
            ("grant_type", "refresh_token"),
            ("client_id", "program"),
            ("refresh_token", response["refresh_token"].as_str().unwrap()),
        ])
    };
    let other = proof(&OTHER, &claims(&sandbox, "/oauth/token"));
    for invalid in [refresh(), refresh().header("dpop", other)] {
        assert_eq!(
            send_request(invalid).await.expect(403)["error"],
            "invalid_grant"
        );
    }
    let valid = send_request(refresh().header("dpop", own()))
        .await
        .expect(200);
    assert_eq!(valid["token_type"], "DPoP");
}

#[track_caller]
fn assert_invalid_proof(response: &TestResponse, reason: &str) {
    assert_eq!(response.body["error"], "invalid_dpop_proof", "{reason}");
    assert_eq!(response.status, 400, "{reason}");
    let description = response.body["error_description"].as_str().unwrap();
    assert!(description.contains(reason), "{reason}: {description}");
}
