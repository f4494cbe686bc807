use super::*;

fn key(byte: u8) -> EncryptionKey {
    EncryptionKey::from_bytes([byte; KEY])
}

fn keys(bytes: &[u8]) -> Keys {
    Keys::new(bytes.iter().map(|&byte| key(byte)).collect()).unwrap()
}

#[test]
fn text_is_sealed_then_it_opens_for_its_owner_and_key_alone() {
    let sealed = key(1).seal(b"owner", b"token").unwrap();
    assert_eq!(keys(&[1]).open(b"owner", &sealed).unwrap(), b"token");
    assert_eq!(keys(&[2, 1]).open(b"owner", &sealed).unwrap(), b"token");
    assert_eq!(keys(&[1]).open(b"other", &sealed), Err(Fault::Damaged));
    assert_eq!(keys(&[2]).open(b"owner", &sealed), Err(Fault::Key));
    assert!(!sealed.windows(5).any(|window| window == b"token"));
}

#[test]
fn sealed_text_is_changed_or_cut_then_it_does_not_open() {
    let sealed = key(1).seal(b"owner", b"token").unwrap();
    for at in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[at] ^= 1;
        assert!(keys(&[1]).open(b"owner", &changed).is_err(), "byte {at}");
        assert!(
            keys(&[1]).open(b"owner", &sealed[..at]).is_err(),
            "cut at {at}"
        );
    }
}

#[test]
fn same_text_is_sealed_twice_then_nothing_tells_that_it_is_the_same() {
    let [one, two] = [(); 2].map(|()| key(1).seal(b"owner", b"token").unwrap());
    let head = 1 + ID;
    assert_eq!(one[..head], two[..head]);
    assert_ne!(one[head..head + NONCE], two[head..head + NONCE]);
    assert_ne!(one[head + NONCE..], two[head + NONCE..]);
}

/// Fleets that are updated machine by machine depend on it: names and envelopes of one version are those of the next.
#[test]
fn key_is_known_then_its_names_and_envelopes_are_as_they_ever_were() {
    assert_eq!(
        key(7).name(&[b"token", b"owner"]),
        "QlvDifNsVlI8A1c5bbfDwdceLMb_xGIG5QyYq8oVHAg"
    );
    let envelope = "AbqlZsq/kS56AAECAwQFBgcICQoLoRCp4C/QAYKk4nCBRMfPurB5WUAO";
    let envelope = STANDARD.decode(envelope).unwrap();
    assert_eq!(keys(&[7]).open(b"owner", &envelope).unwrap(), b"token");
}

#[test]
fn names_are_of_other_parts_or_keys_then_they_differ() {
    let name = key(1).name(&[b"ab", b"c"]);
    assert_eq!(key(1).name(&[b"ab", b"c"]), name);
    assert_ne!(key(1).name(&[b"a", b"bc"]), name);
    assert_ne!(key(2).name(&[b"ab", b"c"]), name);
}

#[test]
fn key_is_no_base64_of_32_bytes_then_the_error_does_not_repeat_it() {
    assert!(EncryptionKey::from_base64(&format!(" {}\n", STANDARD.encode([1; 32]))).is_ok());
    for (text, found) in [
        ("pl4nted!", "something else"),
        ("cGw0bnRlZA==", "that of 7"),
        ("", "that of 0"),
    ] {
        let error = EncryptionKey::from_base64(text).unwrap_err();
        assert!(error.is_configuration());
        assert_eq!(
            error.to_string(),
            format!(
                "invalid settings: encryption key: expected the base64 of 32 bytes, found {found}"
            )
        );
    }
    assert_eq!(format!("{:?}", key(1)), "EncryptionKey([redacted])");
}
