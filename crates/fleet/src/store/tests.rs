use super::*;
use crate::{EncryptionKey, Redis};

fn redis() -> Redis {
    Redis::builder("redis://user:pl4nted@pl4nted.test:1234/")
        .encryption_key(EncryptionKey::from_bytes([1; 32]))
        .build()
        .unwrap()
}

#[test]
fn debug_output_shows_no_part_of_the_url() {
    let store = RedisStore::new(&redis()).lock_expiry(Duration::ZERO);
    assert_eq!(
        format!("{store:?}"),
        "RedisStore { redis: Redis { prefix: \"auth0:\", .. }, lock_expiry: 100ms, .. }"
    );
    let builder = Redis::builder("redis://user:pl4nted@pl4nted.test:1234/");
    assert_eq!(
        format!("{builder:?}"),
        "RedisBuilder { prefix: \"auth0:\", timeout: 250ms, .. }"
    );
}

#[test]
fn invalid_settings_are_all_named() {
    let error = Redis::builder("redis://host")
        .prefix("a{b}")
        .timeout(Duration::ZERO)
        .root_certificates("pl4nted")
        .build()
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "invalid configuration: encryption_key is missing; timeout: expected more than 0 s, found 0 s; \
         prefix: expected text without braces, found a brace; \
         root_certificates or identity: expected rediss:// or valkeys://, found a URL without TLS"
    );
    let tls = || Redis::builder("rediss://host").encryption_key(EncryptionKey::from_bytes([1; 32]));
    for (builder, setting) in [
        (tls().root_certificates("pl4nted"), "root_certificates"),
        (tls().identity("pl4nted"), "identity"),
    ] {
        let error = builder.build().unwrap_err().to_string();
        assert!(error.contains(&format!("{setting}: expected")), "{error}");
        assert!(!error.contains("pl4nted"));
    }
    assert!(tls().build().is_ok());
}

#[test]
fn value_that_is_not_a_token_is_an_error() {
    let store = RedisStore::new(&redis());
    let keys = store.0.redis.encryption_keys();
    let read = |envelope: Vec<u8>| {
        let fencing_token = Value::BulkString(b"1".to_vec());
        let response = Value::Array(vec![fencing_token, Value::BulkString(envelope)]);
        store
            .read(b"context", response)
            .map(|found| found.is_some())
    };
    let encrypt = |text: &[u8]| keys.first().encrypt(b"context", text).unwrap();
    assert_eq!(read(encrypt(b"{}")), Err(EncryptionError::Content));
    assert_eq!(read(encrypt(b"")), Err(EncryptionError::Content));
    let token = StoredToken::new("token", std::time::SystemTime::UNIX_EPOCH);
    let mut json = serde_json::to_value(token).unwrap();
    // Fields that a later version adds are ignored.
    json["later"] = true.into();
    assert_eq!(read(encrypt(json.to_string().as_bytes())), Ok(true));
    let other = Value::Array(vec![Value::Int(1)]);
    assert_eq!(
        store.read(b"context", other).err(),
        Some(EncryptionError::Format)
    );
}
