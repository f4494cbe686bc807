//! DPoP: tokens that are worth nothing without their key.

use std::sync::LazyLock;
use std::time::Duration;

use auth0_sandbox::{Application, Sandbox, SandboxBuilder, User};
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, Header};
use serde_json::{Value, json};

use crate::keys::{Pair, ec256, ec384};
use crate::support::{Reply, Running, reply};

static KEY: LazyLock<Pair> = LazyLock::new(ec256);
static OTHER: LazyLock<Pair> = LazyLock::new(ec256);

async fn start(builder: SandboxBuilder) -> Running {
    let builder = builder
        .application(Application::new("robot", "s3cret"))
        .application(Application::native("program"))
        .user(User::new("auth0|ada", "ada@example.test", "Ada"));
    Running::without_token(builder.check_responses().start().await.unwrap())
}

fn id() -> String {
    format!("{:?}", fastrand::u128(..))
}

/// The claims of a proof for the token endpoint, or for a path of the API with the token in use.
fn claims(sandbox: &Running, path: &str) -> Value {
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

/// A proof with a header of one's own.
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

/// Asks for a token of a machine.
async fn ask(sandbox: &Running, proof: &str) -> Reply {
    let request = sandbox.form(&[
        ("grant_type", "client_credentials"),
        ("client_id", "robot"),
        ("client_secret", "s3cret"),
        ("audience", sandbox.audience()),
    ]);
    reply(request.header("dpop", proof)).await
}

/// A token that is bound to the key, for any API.
pub(crate) struct Bound<'a> {
    sandbox: &'a Running,
    pub(crate) token: String,
}

impl<'a> Bound<'a> {
    /// Asks for it as the first application, with the nonce that is asked for.
    pub(crate) async fn ask(sandbox: &'a Running, more: &[(&str, &str)]) -> Self {
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
            reply(sandbox.form(&pairs).header("dpop", proof(&KEY, &claims))).await
        };
        let first = send(None).await;
        let answer = send(first.header("dpop-nonce")).await.expect(200);
        assert_eq!(answer["token_type"], "DPoP");
        Self {
            sandbox,
            token: answer["access_token"].as_str().unwrap().to_owned(),
        }
    }

    /// A call with a proof, and with this nonce in it.
    pub(crate) async fn get(&self, path: &str, nonce: Option<&str>) -> Reply {
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
        reply(request.header("dpop", proof(&KEY, &claims))).await
    }
}

/// Takes a token that is bound to the key.
async fn bound(sandbox: &mut Running) {
    let proof = proof(&KEY, &claims(sandbox, "/oauth/token"));
    let answer = ask(sandbox, &proof).await.expect(200);
    assert_eq!(answer["token_type"], "DPoP");
    sandbox.token = answer["access_token"].as_str().unwrap().to_owned();
}

const PATH: &str = "/api/environments";

async fn call(sandbox: &Running, scheme: &str, proof: Option<&str>) -> Reply {
    let request = sandbox.http.get(format!("{}{PATH}?x=y", sandbox.url()));
    let request = request.header("authorization", format!("{scheme} {}", sandbox.token));
    reply(match proof {
        Some(proof) => request.header("dpop", proof),
        None => request,
    })
    .await
}

#[track_caller]
fn assert_refused(answer: &Reply, error: &str) {
    assert_eq!(answer.status, 401, "{error}: {:?}", answer.body);
    let challenge = answer.header("www-authenticate").unwrap();
    assert!(
        challenge.contains(&format!("error=\"{error}\"")),
        "{challenge}"
    );
}

#[tokio::test]
async fn proof_is_right_then_the_token_is_bound_and_calls_need_one_too() {
    let mut sandbox = start(Sandbox::builder()).await;
    bound(&mut sandbox).await;
    let payload = sandbox.token.split('.').nth(1).unwrap();
    let payload: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
    // RFC 7638, by hand.
    let (x, y) = (&KEY.jwk["x"], &KEY.jwk["y"]);
    let canonical = format!("{{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":{x},\"y\":{y}}}");
    let thumbprint = URL_SAFE_NO_PAD.encode(digest(&SHA256, canonical.as_bytes()));
    assert_eq!(payload["cnf"], json!({"jkt": thumbprint}));

    let own = proof(&KEY, &claims(&sandbox, PATH));
    let answer = call(&sandbox, "DPoP", Some(&own)).await;
    assert_eq!(answer.header("dpop-nonce"), None);
    answer.expect(200);
    assert_refused(
        &call(&sandbox, "DPoP", Some(&own)).await,
        "invalid_dpop_proof",
    );
    assert_refused(&call(&sandbox, "DPoP", None).await, "invalid_dpop_proof");
    let own = proof(&KEY, &claims(&sandbox, PATH));
    let as_bearer = call(&sandbox, "Bearer", Some(&own)).await;
    assert_refused(&as_bearer, "invalid_token");
    let other = proof(&OTHER, &claims(&sandbox, PATH));
    let answer = call(&sandbox, "DPoP", Some(&other)).await;
    assert_refused(&answer, "invalid_token");
    let challenge = answer.header("www-authenticate").unwrap();
    assert!(
        challenge.starts_with("DPoP algs=\"ES256\", "),
        "{challenge}"
    );

    let answer = sandbox.ask_as_usual("").await.expect(200);
    assert_eq!(answer["token_type"], "Bearer");
    sandbox.token = answer["access_token"].as_str().unwrap().to_owned();
    let own = proof(&KEY, &claims(&sandbox, PATH));
    assert_refused(&call(&sandbox, "DPoP", Some(&own)).await, "invalid_token");
    call(&sandbox, "Bearer", None).await.expect(200);
}

#[tokio::test]
async fn proof_is_wrong_then_it_does_not_count_anywhere() {
    let mut sandbox = start(Sandbox::builder()).await;
    bound(&mut sandbox).await;
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
        ("jti", json!(""), "jti is missing"),
        ("jti", json!(null), "jti is missing"),
    ];
    for (name, value, why) in table {
        for path in ["/oauth/token", PATH] {
            let mut claims = claims(&sandbox, path);
            claims[*name] = value.clone();
            let proof = proof(&KEY, &claims);
            if path == PATH {
                let answer = call(&sandbox, "DPoP", Some(&proof)).await;
                assert_refused(&answer, "invalid_dpop_proof");
                assert!(answer.details().contains(why), "{why}: {answer:?}");
            } else {
                unproved(&ask(&sandbox, &proof).await, why);
            }
        }
    }
    for hash in [json!(null), json!("x"), json!(URL_SAFE_NO_PAD.encode("x"))] {
        let mut claims = claims(&sandbox, PATH);
        claims["ath"] = hash;
        let answer = call(&sandbox, "DPoP", Some(&proof(&KEY, &claims))).await;
        assert_refused(&answer, "invalid_dpop_proof");
        assert!(answer.details().contains("ath:"), "{answer:?}");
    }
    assert_eq!(sandbox.tokens_granted(), 1);
}

#[tokio::test]
async fn header_of_the_proof_is_wrong_then_there_is_no_token() {
    let sandbox = start(Sandbox::builder()).await;
    let claims = || claims(&sandbox, "/oauth/token");
    let es256 = Algorithm::ES256;
    let mut private = KEY.jwk.clone();
    private["d"] = json!("c2VjcmV0");
    let large = ec384();
    ask(&sandbox, &signed(&KEY, es256, &json!({}), &claims()))
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
        (signed(&KEY, es256, &json!({"jwk": private}), &claims()), "found a private one"),
        (signed(&KEY, es256, &json!({"jwk": OTHER.jwk}), &claims()), "the signature"),
    ];
    for (proof, why) in table {
        unproved(&ask(&sandbox, &proof).await, why);
    }
    let twice = sandbox.form(&[("grant_type", "client_credentials")]);
    let twice = twice.header("dpop", proof(&KEY, &claims()));
    let twice = reply(twice.header("dpop", proof(&KEY, &claims()))).await;
    unproved(&twice, "found several");
    let once = proof(&KEY, &claims());
    ask(&sandbox, &once).await.expect(200);
    unproved(&ask(&sandbox, &once).await, "jti: expected a new one");
}

#[tokio::test]
async fn nonces_are_asked_for_then_they_are_given_and_change() {
    let mut sandbox = start(Sandbox::builder().dpop_nonces()).await;
    // At the beginning of a nonce's time.
    let into = u64::try_from(chrono::Utc::now().timestamp() % 300).unwrap();
    let ahead = 300 - into + 5;
    sandbox.advance(Duration::from_secs(ahead));
    let mut ahead = i64::try_from(ahead).unwrap();
    let with = |sandbox: &Running, path: &str, nonce: &str, ahead: i64| {
        let mut claims = claims(sandbox, path);
        claims["iat"] = json!(claims["iat"].as_i64().unwrap() + ahead);
        claims["nonce"] = json!(nonce);
        proof(&KEY, &claims)
    };
    let challenged = ask(&sandbox, &with(&sandbox, "/oauth/token", "guess", ahead)).await;
    assert_eq!(challenged.body["error"], "use_dpop_nonce");
    assert_eq!(challenged.status, 400);
    let nonce = challenged.header("dpop-nonce").unwrap();
    let answer = ask(&sandbox, &with(&sandbox, "/oauth/token", nonce, ahead)).await;
    assert_eq!(answer.header("dpop-nonce"), Some(nonce));
    sandbox.token = answer.expect(200)["access_token"]
        .as_str()
        .unwrap()
        .to_owned();

    // The API has its own.
    let challenged = call(&sandbox, "DPoP", Some(&with(&sandbox, PATH, nonce, ahead))).await;
    assert_refused(&challenged, "use_dpop_nonce");
    let first = challenged.header("dpop-nonce").unwrap().to_owned();
    assert_ne!(nonce, first);
    for (seconds, status) in [(0, 200), (300, 200), (300, 401)] {
        sandbox.advance(Duration::from_secs(seconds));
        ahead += i64::try_from(seconds).unwrap();
        let proof = with(&sandbox, PATH, &first, ahead);
        let answer = call(&sandbox, "DPoP", Some(&proof)).await;
        assert_eq!(answer.status, status, "{answer:?}");
        let newest = answer.header("dpop-nonce").unwrap();
        assert_eq!(newest == first, seconds == 0);
    }
    // Whoever brings no proof needs no nonce.
    let bearer = sandbox.ask_as_usual("").await;
    assert_eq!(bearer.header("dpop-nonce"), None);
    assert_eq!(bearer.expect(200)["token_type"], "Bearer");
}

#[tokio::test]
async fn native_application_has_a_key_then_its_refresh_tokens_need_it() {
    let sandbox = start(Sandbox::builder()).await;
    let request = sandbox
        .http
        .post(format!("{}/oauth/device/code", sandbox.url()));
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let request = request.body("client_id=program&scope=openid+offline_access");
    let device = reply(request).await.expect(200);
    sandbox
        .approve_device(device["user_code"].as_str().unwrap(), "auth0|ada")
        .unwrap();
    let own = || proof(&KEY, &claims(&sandbox, "/oauth/token"));
    let request = sandbox.form(&[
        ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
        ("client_id", "program"),
        ("device_code", device["device_code"].as_str().unwrap()),
    ]);
    let answer = reply(request.header("dpop", own())).await.expect(200);
    assert_eq!(answer["token_type"], "DPoP");
    let refresh = || {
        sandbox.form(&[
            ("grant_type", "refresh_token"),
            ("client_id", "program"),
            ("refresh_token", answer["refresh_token"].as_str().unwrap()),
        ])
    };
    let other = proof(&OTHER, &claims(&sandbox, "/oauth/token"));
    for wrong in [refresh(), refresh().header("dpop", other)] {
        assert_eq!(reply(wrong).await.expect(403)["error"], "invalid_grant");
    }
    let right = reply(refresh().header("dpop", own())).await.expect(200);
    assert_eq!(right["token_type"], "DPoP");
}

#[track_caller]
fn unproved(answer: &Reply, why: &str) {
    assert_eq!(answer.body["error"], "invalid_dpop_proof", "{why}");
    assert_eq!(answer.status, 400, "{why}");
    let description = answer.body["error_description"].as_str().unwrap();
    assert!(description.contains(why), "{why}: {description}");
}
