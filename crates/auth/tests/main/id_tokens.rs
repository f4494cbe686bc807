//! Validation of ID tokens and the error of each failed check.

use std::time::Duration;

use auth0_auth::{AuthorizationCode, IdTokenErrorKind, SigningAlgorithm};
use aws_lc_rs::hmac;
use serde_json::{Value, json};

use crate::provider::{Key, Provider, base64, unsigned};

/// The failed check of a login whose ID token is the result of `token` for the nonce, or `None` if the login succeeds.
async fn failed_check(
    provider: &Provider,
    flow: AuthorizationCode,
    token: impl FnOnce(&str) -> String,
) -> Option<IdTokenErrorKind> {
    let error = provider.login_with(&flow, token).await.err()?;
    assert!(error.to_string().starts_with("the ID token is invalid"));
    assert!(!error.is_outcome_unknown());
    Some(error.id_token_error_kind().unwrap())
}

#[tokio::test]
async fn each_invalid_claim_has_its_own_error() {
    use IdTokenErrorKind::*;
    let provider = Provider::start().await;
    let now = 1_800_000_000_u64;
    let cases: Vec<(&str, Value, Option<IdTokenErrorKind>)> = vec![
        (
            "iss",
            json!(format!("{}/", provider.issuer())),
            Some(Issuer),
        ),
        ("iss", json!("https://evil.test"), Some(Issuer)),
        ("iss", Value::Null, Some(Issuer)),
        ("aud", json!("another"), Some(Audience)),
        ("aud", json!(["another"]), Some(Audience)),
        ("aud", json!([]), Some(Audience)),
        ("aud", Value::Null, Some(Audience)),
        ("aud", json!(["client"]), None),
        ("aud", json!(["client", "another"]), Some(AuthorizedParty)),
        ("azp", json!("another"), Some(AuthorizedParty)),
        ("azp", json!("client"), None),
        ("azp", json!(1), Some(AuthorizedParty)),
        ("sub", json!(""), Some(Malformed)),
        ("sub", Value::Null, Some(Malformed)),
        ("exp", json!(now - 60), Some(Expired)),
        ("exp", json!(now - 59), None),
        ("exp", Value::Null, Some(Malformed)),
        ("exp", json!("1900000000"), Some(Malformed)),
        ("exp", json!(-1), Some(Malformed)),
        ("exp", json!(1e300), Some(Malformed)),
        ("iat", json!(now + 61), Some(NotYetValid)),
        ("iat", json!(now + 60), None),
        ("iat", Value::Null, Some(Malformed)),
        ("nbf", json!(now + 61), Some(NotYetValid)),
        ("nbf", json!(now), None),
        ("nonce", json!("another"), Some(Nonce)),
        ("nonce", json!(""), Some(Nonce)),
        ("nonce", Value::Null, Some(Nonce)),
    ];
    for (name, value, expected) in cases {
        let found = failed_check(&provider, provider.flow(), |nonce| {
            let mut claims = provider.claims(nonce);
            match value {
                Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
                _ => claims[name] = value.clone(),
            }
            provider.id_token(&claims)
        })
        .await;
        assert_eq!(found, expected, "{name}: {value}");
    }
    let several = failed_check(&provider, provider.flow(), |nonce| {
        let mut claims = provider.claims(nonce);
        claims["aud"] = json!(["client", "another"]);
        claims["azp"] = json!("client");
        provider.id_token(&claims)
    });
    assert_eq!(several.await, None);
}

#[tokio::test]
async fn invalid_claim_message_shows_expected_and_found_values() {
    let provider = Provider::start().await;
    let now = 1_800_000_000_u64;
    let issuer = provider.issuer();
    let cases: Vec<(&str, Value, String)> = vec![
        (
            "iss",
            json!("https://evil.test/"),
            format!("iss: expected {issuer}, found https://evil.test/"),
        ),
        (
            "iss",
            json!("p\u{202e}l4nted"),
            format!("iss: expected {issuer}, found text that is not an issuer"),
        ),
        (
            "iss",
            Value::Null,
            format!("iss: expected {issuer}, found none"),
        ),
        (
            "aud",
            json!("another"),
            "aud: expected client, found another".into(),
        ),
        (
            "aud",
            json!(["a", "b\u{202e}"]),
            "aud: expected client, found a, b".into(),
        ),
        (
            "aud",
            json!([1]),
            "aud: expected client, found an empty value or one of another type".into(),
        ),
        (
            "azp",
            json!("another"),
            "azp: expected client, found another".into(),
        ),
        (
            "exp",
            json!(now - 100),
            "found one 100 s ago by the clock of this machine (leeway 60 s)".into(),
        ),
        (
            "iat",
            json!(now + 90),
            "iat: expected a time in the past, found one 90 s ahead of the clock of this machine \
            (leeway 60 s): the clock skew"
                .into(),
        ),
        (
            "nbf",
            json!(now + 3600),
            "nbf: expected a time in the past, found one 3600 s ahead of".into(),
        ),
        (
            "org_id",
            json!("org_2"),
            "org_id: expected org_1, found org_2".into(),
        ),
        (
            "org_id",
            Value::Null,
            "org_id: expected org_1, found none".into(),
        ),
        (
            "auth_time",
            json!(now - 500),
            "within max_age (100 s, leeway 60 s), found one 500 s ago".into(),
        ),
    ];
    for (name, value, expected) in cases {
        let flow = provider
            .builder()
            .organization("org_1")
            .max_age(Duration::from_secs(100))
            .build()
            .unwrap();
        let token = |nonce: &str| {
            let mut claims = provider.claims(nonce);
            claims["org_id"] = json!("org_1");
            claims["auth_time"] = json!(now);
            match value {
                Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
                _ => claims[name] = value.clone(),
            }
            provider.id_token(&claims)
        };
        let error = provider.login_with(&flow, token).await.unwrap_err();
        assert!(error.to_string().contains(&expected), "{error}");
    }
    // The nonce is a secret of the login.
    let mut login_nonce = String::new();
    let token = |nonce: &str| {
        login_nonce = nonce.to_owned();
        let mut claims = provider.claims("pl4nted");
        claims["aud"] = json!("client");
        provider.id_token(&claims)
    };
    let error = provider
        .login_with(&provider.flow(), token)
        .await
        .unwrap_err();
    let text = crate::support::chain(&error);
    assert!(
        !text.contains(&login_nonce) && !text.contains("pl4nted"),
        "{text}"
    );
    let token = |nonce: &str| {
        let mut claims = provider.claims(nonce);
        claims["aud"] = json!(format!("x{nonce}x"));
        provider.id_token(&claims)
    };
    let error = provider
        .login_with(&provider.flow(), token)
        .await
        .unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("aud: expected client, found x…x"),
        "{error}"
    );
    let of_algorithm = provider
        .builder()
        .id_token_algorithms([SigningAlgorithm::Es256, SigningAlgorithm::Ps256])
        .build()
        .unwrap();
    let token = |nonce: &str| provider.id_token(&provider.claims(nonce));
    let error = provider.login_with(&of_algorithm, token).await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("alg: expected ES256 or PS256, found RS256"),
        "{error}"
    );
}

#[tokio::test]
async fn requested_organization_must_be_in_the_token() {
    let provider = Provider::start().await;
    let rejected = Some(IdTokenErrorKind::Organization);
    for (requested, claims, expected) in [
        ("org_1", json!({"org_id": "org_1"}), None),
        ("org_1", json!({"org_id": "org_2"}), rejected),
        ("org_1", json!({"org_id": "ORG_1"}), rejected),
        ("org_1", json!({"org_name": "org_1"}), rejected),
        ("org_1", json!({}), rejected),
        ("org_1", json!({"org_id": ["org_1"]}), rejected),
        ("acme", json!({"org_id": "org_1", "org_name": "acme"}), None),
        ("Acme", json!({"org_id": "org_1", "org_name": "acme"}), None),
        (
            "acme",
            json!({"org_id": "org_1", "org_name": "ecma"}),
            rejected,
        ),
        ("acme", json!({"org_id": "acme"}), rejected),
        ("", json!({"org_id": "org_2"}), None),
    ] {
        // The flow's own organization, and one that is set for a login.
        let of_builder = match requested {
            "" => provider.flow(),
            _ => provider.builder().organization(requested).build().unwrap(),
        };
        for flow in [of_builder, provider.flow().with_organization(requested)] {
            let found = failed_check(&provider, flow.clone(), |nonce| {
                let mut all = provider.claims(nonce);
                for (name, value) in claims.as_object().unwrap() {
                    all[name] = value.clone();
                }
                provider.id_token(&all)
            });
            assert_eq!(found.await, expected, "{requested}: {claims}");
        }
    }
}

#[tokio::test]
async fn auth_time_must_be_within_max_age() {
    let provider = Provider::start().await;
    let flow = provider
        .builder()
        .max_age(Duration::from_secs(100))
        .build()
        .unwrap();
    let now = 1_800_000_000_u64;
    for (time, expected) in [
        (json!(now - 160), None),
        (json!(now - 161), Some(IdTokenErrorKind::AuthenticationTime)),
        (Value::Null, Some(IdTokenErrorKind::Malformed)),
    ] {
        let found = failed_check(&provider, flow.clone(), |nonce| {
            let mut claims = provider.claims(nonce);
            claims["auth_time"] = time.clone();
            provider.id_token(&claims)
        });
        assert_eq!(found.await, expected, "{time}");
    }
    let missing = failed_check(&provider, flow.clone(), |nonce| {
        provider.id_token(&provider.claims(nonce))
    });
    assert_eq!(missing.await, Some(IdTokenErrorKind::AuthenticationTime));
}

#[tokio::test]
async fn none_hmac_and_unaccepted_algorithms_are_rejected() {
    let provider = Provider::start().await;
    let rejected = Some(IdTokenErrorKind::Algorithm);
    for name in ["none", "None", "NONE", ""] {
        for end in [".", ".AAAA"] {
            let found = failed_check(&provider, provider.flow(), |nonce| {
                unsigned(
                    &json!({"alg": name, "kid": "key-1"}),
                    &provider.claims(nonce),
                ) + end
            });
            assert_eq!(found.await, rejected, "{name}");
        }
    }
    // An HMAC keyed with the public key.
    for (name, algorithm) in [
        ("HS256", hmac::HMAC_SHA256),
        ("HS384", hmac::HMAC_SHA384),
        ("HS512", hmac::HMAC_SHA512),
    ] {
        let found = failed_check(&provider, provider.flow(), |nonce| {
            let message = unsigned(
                &json!({"alg": name, "kid": "key-1"}),
                &provider.claims(nonce),
            );
            let key = hmac::Key::new(algorithm, &provider.key.public_bytes());
            format!(
                "{message}.{}",
                base64(hmac::sign(&key, message.as_bytes()).as_ref())
            )
        });
        assert_eq!(found.await, rejected, "{name}");
    }
    // A valid signature with an algorithm that is not accepted.
    let found = failed_check(&provider, provider.flow(), |nonce| {
        let header = json!({"alg": "PS256", "kid": "key-1"});
        provider.key.signed(&header, &provider.claims(nonce))
    });
    assert_eq!(found.await, rejected);
}

#[tokio::test]
async fn configured_algorithm_replaces_rs256() {
    let provider = Provider::start().await;
    let elliptic = Key::ec("key-2");
    provider.publish(&[provider.key, &elliptic]).await;
    for (name, algorithm, key) in [
        ("PS256", SigningAlgorithm::Ps256, provider.key),
        ("ES256", SigningAlgorithm::Es256, &elliptic),
    ] {
        let flow = provider
            .builder()
            .id_token_algorithms([algorithm])
            .build()
            .unwrap();
        let found = failed_check(&provider, flow.clone(), |nonce| {
            let header = json!({"alg": name, "kid": key.id()});
            key.signed(&header, &provider.claims(nonce))
        });
        assert_eq!(found.await, None, "{name}");
        let found = failed_check(&provider, flow.clone(), |nonce| {
            provider.id_token(&provider.claims(nonce))
        });
        assert_eq!(found.await, Some(IdTokenErrorKind::Algorithm), "{name}");
    }
    // The key exists, but it is of another kind than the header says.
    let flow = provider
        .builder()
        .id_token_algorithms([SigningAlgorithm::Es256, SigningAlgorithm::Rs256])
        .build()
        .unwrap();
    let found = failed_check(&provider, flow.clone(), |nonce| {
        let header = json!({"alg": "RS256", "kid": "key-2"});
        elliptic.signed(&header, &provider.claims(nonce))
    });
    assert_eq!(found.await, Some(IdTokenErrorKind::UnknownKey));
}

#[tokio::test]
async fn unsigned_text_is_malformed() {
    let provider = Provider::start().await;
    let right = |nonce: &str| provider.id_token(&provider.claims(nonce));
    let malformed = Some(IdTokenErrorKind::Malformed);
    for text in ["", "a", "a.b", "a.b.c", "a.b.c.d", "....", "e30.e30.e30"] {
        let found = failed_check(&provider, provider.flow(), |_| text.to_owned());
        assert_eq!(found.await, malformed, "{text}");
    }
    let found = failed_check(&provider, provider.flow(), |nonce| {
        format!("{}{}", right(nonce), "A".repeat(40_000))
    });
    assert_eq!(found.await, malformed);
    let critical = json!({"alg": "RS256", "kid": "key-1", "crit": ["exp"]});
    let found = failed_check(&provider, provider.flow(), |nonce| {
        provider.key.signed(&critical, &provider.claims(nonce))
    });
    assert_eq!(found.await, malformed);
    let found = failed_check(&provider, provider.flow(), |_| {
        provider.id_token(&json!(["no object"]))
    });
    assert_eq!(found.await, malformed);
}

#[tokio::test]
async fn response_without_id_token_is_rejected() {
    let provider = Provider::start().await;
    let flow = provider.flow();
    let pending = flow.start().await.unwrap();
    provider
        .on("/oauth/token", crate::provider::grant(1, json!({})))
        .await;
    let query = crate::provider::callback_query(&pending);
    let error = flow.finish(pending, &query).await.unwrap_err();
    assert_eq!(error.id_token_error_kind(), Some(IdTokenErrorKind::Missing));
}

#[tokio::test]
async fn signature_of_another_key_or_text_is_rejected() {
    let provider = Provider::start().await;
    let other = Key::rsa("key-1");
    let header = json!({"alg": "RS256", "kid": "key-1"});
    let rejected = Some(IdTokenErrorKind::Signature);
    let found = failed_check(&provider, provider.flow(), |nonce| {
        other.signed(&header, &provider.claims(nonce))
    });
    assert_eq!(found.await, rejected);
    for changed in [true, false] {
        let found = failed_check(&provider, provider.flow(), |nonce| {
            let token = provider.id_token(&provider.claims(nonce));
            let (_, signature) = token.rsplit_once('.').unwrap();
            let mut claims = provider.claims(nonce);
            claims["sub"] = json!("auth0|2");
            match changed {
                true => format!("{}.{signature}", unsigned(&header, &claims)),
                false => format!("{}.", unsigned(&header, &claims)),
            }
        });
        assert_eq!(found.await, rejected);
    }
}

#[tokio::test]
async fn unknown_key_triggers_one_fetch_per_minute() {
    let provider = Provider::start().await;
    let flow = provider.flow();
    let fetches = async || provider.requests("/jwks").await.len();
    provider.login(&flow).await;
    provider.login(&flow).await;
    assert_eq!(fetches().await, 1);

    // The server rotated its key.
    let next = Key::rsa("key-2");
    let header = json!({"alg": "RS256", "kid": "key-2"});
    provider.publish(&[&next]).await;
    let unknown = Some(IdTokenErrorKind::UnknownKey);
    let found = failed_check(&provider, flow.clone(), |nonce| {
        next.signed(&header, &provider.claims(nonce))
    });
    assert_eq!(
        found.await,
        unknown,
        "the keys are too fresh to be fetched again"
    );
    assert_eq!(fetches().await, 1);

    provider.clock.advance(60);
    let found = failed_check(&provider, flow.clone(), |nonce| {
        next.signed(&header, &provider.claims(nonce))
    });
    assert_eq!(found.await, None);
    assert_eq!(fetches().await, 2);

    // Made-up key IDs cause no requests.
    let header = json!({"alg": "RS256", "kid": "made up"});
    for _ in 0..3 {
        let found = failed_check(&provider, flow.clone(), |nonce| {
            next.signed(&header, &provider.claims(nonce))
        });
        assert_eq!(found.await, unknown);
    }
    assert_eq!(fetches().await, 2);
    provider.clock.advance(60);
    let found = failed_check(&provider, flow.clone(), |nonce| {
        next.signed(&header, &provider.claims(nonce))
    });
    assert_eq!(found.await, unknown);
    assert_eq!(fetches().await, 3);
}

#[tokio::test]
async fn keys_are_fetched_again_after_an_hour() {
    let provider = Provider::start().await;
    let flow = provider.flow();
    provider.login(&flow).await;
    provider.clock.advance(3599);
    provider.login(&flow).await;
    assert_eq!(provider.requests("/jwks").await.len(), 1);
    provider.clock.advance(1);
    provider.login(&flow).await;
    assert_eq!(provider.requests("/jwks").await.len(), 2);
}

#[tokio::test]
async fn token_without_key_id_uses_the_only_suitable_key() {
    let provider = Provider::start().await;
    let header = json!({"alg": "RS256"});
    let token = |nonce: &str| provider.key.signed(&header, &provider.claims(nonce));
    let mut encrypts = Key::rsa("key-3").jwk();
    encrypts["use"] = json!("enc");
    let mut other_algorithm = Key::rsa("key-4").jwk();
    other_algorithm["alg"] = json!("PS256");
    let one = [
        provider.key.jwk(),
        Key::ec("key-2").jwk(),
        encrypts,
        other_algorithm,
        json!({"kty": "new"}),
        json!("no key"),
    ];
    provider.publish_raw(json!({ "keys": one })).await;
    assert_eq!(failed_check(&provider, provider.flow(), token).await, None);
    let other = Key::rsa("key-2");
    provider.publish(&[provider.key, &other]).await;
    let found = failed_check(&provider, provider.flow(), token).await;
    assert_eq!(found, Some(IdTokenErrorKind::UnknownKey));
}
