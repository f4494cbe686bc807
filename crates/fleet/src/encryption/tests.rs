use super::*;

fn key(byte: u8) -> EncryptionKey {
    EncryptionKey::from_bytes([byte; KEY_LEN])
}

fn key_ring(bytes: &[u8]) -> KeyRing {
    KeyRing::new(bytes.iter().map(|&byte| key(byte)).collect()).unwrap()
}

#[test]
fn envelope_decrypts_only_with_its_owner_and_key() {
    let envelope = key(1).encrypt(b"owner", b"token").unwrap();
    assert_eq!(
        key_ring(&[1]).decrypt(b"owner", &envelope).unwrap(),
        b"token"
    );
    assert_eq!(
        key_ring(&[2, 1]).decrypt(b"owner", &envelope).unwrap(),
        b"token"
    );
    assert_eq!(
        key_ring(&[1]).decrypt(b"other", &envelope),
        Err(EncryptionError::Authentication)
    );
    assert_eq!(
        key_ring(&[2]).decrypt(b"owner", &envelope),
        Err(EncryptionError::UnknownKey)
    );
    assert!(!envelope.windows(5).any(|window| window == b"token"));
}

#[test]
fn changed_or_truncated_envelope_does_not_decrypt() {
    let envelope = key(1).encrypt(b"owner", b"token").unwrap();
    for at in 0..envelope.len() {
        let mut changed = envelope.clone();
        changed[at] ^= 1;
        assert!(
            key_ring(&[1]).decrypt(b"owner", &changed).is_err(),
            "byte {at} changed"
        );
        assert!(
            key_ring(&[1]).decrypt(b"owner", &envelope[..at]).is_err(),
            "truncated at {at}"
        );
    }
}

#[test]
fn same_text_encrypted_twice_yields_different_envelopes() {
    let [one, two] = [(); 2].map(|()| key(1).encrypt(b"owner", b"token").unwrap());
    let header = 1 + ID_LEN;
    assert_eq!(one[..header], two[..header]);
    assert_ne!(
        one[header..header + NONCE_LEN],
        two[header..header + NONCE_LEN]
    );
    assert_ne!(one[header + NONCE_LEN..], two[header + NONCE_LEN..]);
}

/// A fleet that is upgraded one machine at a time depends on it.
#[test]
fn hashes_and_envelopes_are_stable_across_versions() {
    assert_eq!(
        key(7).hash(&[b"token", b"owner"]),
        "QlvDifNsVlI8A1c5bbfDwdceLMb_xGIG5QyYq8oVHAg"
    );
    let envelope = "AbqlZsq/kS56AAECAwQFBgcICQoLoRCp4C/QAYKk4nCBRMfPurB5WUAO";
    let envelope = STANDARD.decode(envelope).unwrap();
    assert_eq!(
        key_ring(&[7]).decrypt(b"owner", &envelope).unwrap(),
        b"token"
    );
}

#[test]
fn hashes_differ_by_parts_and_key() {
    let hash = key(1).hash(&[b"ab", b"c"]);
    assert_eq!(key(1).hash(&[b"ab", b"c"]), hash);
    assert_ne!(key(1).hash(&[b"a", b"bc"]), hash);
    assert_ne!(key(2).hash(&[b"ab", b"c"]), hash);
}

#[test]
fn invalid_base64_key_is_an_error_without_the_text() {
    assert!(EncryptionKey::from_base64(&format!(" {}\n", STANDARD.encode([1; 32]))).is_ok());
    for (text, found) in [
        ("pl4nted!", "text that is not base64"),
        ("cGw0bnRlZA==", "7 bytes"),
        ("", "0 bytes"),
    ] {
        let error = EncryptionKey::from_base64(text).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "invalid configuration: encryption key: expected 32 bytes in base64, found {found}"
            )
        );
        assert!(!format!("{error:?}").contains("pl4nted"));
    }
    assert_eq!(format!("{:?}", key(1)), "EncryptionKey([redacted])");
}
