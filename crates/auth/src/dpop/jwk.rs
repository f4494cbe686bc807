//! The public key as a JWK and its thumbprint.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::crypto::sha256;
use crate::signing::SignError;

/// The required members of a public JWK (RFC 7638 §3.2), sorted by name.
pub(super) type PublicJwk = BTreeMap<&'static str, String>;

/// Converts an uncompressed P-256 point to a JWK (RFC 7518 §6.2.1).
pub(super) fn public(point: &[u8]) -> Result<PublicJwk, SignError> {
    let [4, coordinates @ ..] = point else {
        return Err(SignError::new("expected an uncompressed public key"));
    };
    let (x, y) = coordinates
        .split_at_checked(32)
        .filter(|(_, y)| y.len() == 32)
        .ok_or_else(|| SignError::new("expected a public key of P-256"))?;
    Ok(BTreeMap::from([
        ("crv", "P-256".to_owned()),
        ("kty", "EC".to_owned()),
        ("x", URL_SAFE_NO_PAD.encode(x)),
        ("y", URL_SAFE_NO_PAD.encode(y)),
    ]))
}

/// Returns the thumbprint (RFC 7638 §3): the hash of the required members, sorted and without white space.
pub(super) fn thumbprint(jwk: &PublicJwk) -> Result<String, SignError> {
    let text = serde_json::to_vec(jwk);
    let text = text.map_err(|_| SignError::new("serializing the public key to JSON failed"))?;
    Ok(URL_SAFE_NO_PAD.encode(sha256(&text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn thumbprint_of(members: &[(&'static str, &str)]) -> String {
        let members = members.iter();
        let jwk = members.map(|(name, value)| (*name, (*value).to_owned()));
        thumbprint(&jwk.collect()).unwrap()
    }

    #[test]
    fn thumbprint_matches_rfc_7638() {
        // RFC 7638 §3.1, where the members are in another order and have others beside them.
        assert_eq!(
            thumbprint_of(&[
                ("kty", "RSA"),
                (
                    "n",
                    "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZC\
                     iFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9\
                     c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF\
                     44-csFCur-kEgU8awapJzKnqDKgw"
                ),
                ("e", "AQAB"),
            ]),
            "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
        );
    }

    #[test]
    fn thumbprint_matches_rfc_9449() {
        // The key of RFC 9449 §4.1 and its `jkt` in §6.1.
        assert_eq!(
            thumbprint_of(&[
                ("kty", "EC"),
                ("x", "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs"),
                ("y", "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA"),
                ("crv", "P-256"),
            ]),
            "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"
        );
    }

    #[test]
    fn point_of_another_form_is_rejected() {
        let point = |first: u8, length: usize| {
            let mut point = vec![7; length];
            point[0] = first;
            point
        };
        let jwk = public(&point(4, 65)).unwrap();
        assert_eq!(jwk["x"], URL_SAFE_NO_PAD.encode([7; 32]));
        for (first, length) in [(2, 33), (4, 64), (4, 66), (4, 97), (4, 1)] {
            public(&point(first, length)).unwrap_err();
        }
        public(&[]).unwrap_err();
    }
}
