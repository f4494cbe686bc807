use super::*;
use crate::redis::{EncryptionKey, Redis};

fn redis() -> Redis {
    Redis::builder("redis://user:pl4nted@pl4nted.test:1234/")
        .encryption_key(EncryptionKey::from_bytes([1; 32]))
        .build()
        .unwrap()
}

#[test]
fn things_are_shown_then_no_part_of_the_url_is() {
    let store = RedisStore::new(&redis()).lock_expiry(Duration::ZERO);
    assert_eq!(
        format!("{store:?}"),
        "RedisStore { redis: Redis { prefix: \"auth0:\", .. }, lock_expiry: 100ms, .. }"
    );
    let builder = Redis::builder("redis://user:pl4nted@pl4nted.test:1234/");
    assert_eq!(
        format!("{builder:?}"),
        "RedisBuilder { prefix: \"auth0:\", time_out: 250ms, .. }"
    );
}

#[test]
fn settings_are_wrong_then_all_of_them_are_named() {
    let error = Redis::builder("redis://host")
        .prefix("a{b}")
        .time_out(Duration::ZERO)
        .authorities("pl4nted")
        .build()
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "invalid settings: encryption_key is missing; time_out: expected more than 0 s, found 0 s; \
         prefix: expected a text without braces, found one; \
         authorities or identity: expected rediss:// or valkeys://, found a URL without TLS"
    );
    let tls = || Redis::builder("rediss://host").encryption_key(EncryptionKey::from_bytes([1; 32]));
    for (builder, setting) in [
        (tls().authorities("pl4nted"), "authorities"),
        (tls().identity("pl4nted"), "identity"),
    ] {
        let error = builder.build().unwrap_err().to_string();
        assert!(error.contains(&format!("{setting}: expected")), "{error}");
        assert!(!error.contains("pl4nted"));
    }
    assert!(tls().build().is_ok());
}

#[test]
fn value_is_no_token_then_it_says_so() {
    let store = RedisStore::new(&redis());
    let keys = &store.0.redis.0.keys;
    let read = |value: Vec<u8>| {
        let fence = Value::BulkString(b"1".to_vec());
        let answer = Value::Array(vec![fence, Value::BulkString(value)]);
        store.read(b"owner", answer).map(|found| found.is_some())
    };
    let seal = |text: &[u8]| keys.first().seal(b"owner", text).unwrap();
    assert_eq!(read(seal(b"{}")), Err(Fault::Content));
    assert_eq!(read(seal(b"")), Err(Fault::Content));
    let token = StoredToken::new("token", std::time::SystemTime::UNIX_EPOCH);
    let mut text = serde_json::to_value(token).unwrap();
    // What a later version adds is in nobody's way.
    text["later"] = true.into();
    assert_eq!(read(seal(text.to_string().as_bytes())), Ok(true));
    let other = Value::Array(vec![Value::Int(1)]);
    assert_eq!(store.read(b"owner", other).err(), Some(Fault::Format));
}
