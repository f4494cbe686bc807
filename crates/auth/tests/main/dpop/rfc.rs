//! The examples of RFC 9449.

use auth0_core::proof::ServerRole;

use super::*;

/// The proof of §4.1 and §5.
const FOR_A_TOKEN: &str = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg";

/// The proof of §7.1.
const WITH_A_TOKEN: &str = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA";

/// The token of §7.1.
const TOKEN: &str = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU";

/// The JSON type of each member, by name.
fn shape(proof: &Proof) -> Vec<(String, bool)> {
    let claims = proof.claims.iter();
    claims
        .map(|(name, value)| (name.clone(), value.is_string()))
        .collect()
}

fn ours(request: auth0_core::proof::ProofRequest<'_>) -> Proof {
    let proof = DpopKey::generate().unwrap().proof(request).unwrap();
    Proof::verified(proof.secret())
}

#[test]
fn token_request_proof_matches_section_5() {
    let theirs = Proof::verified(FOR_A_TOKEN);
    assert_eq!(
        theirs.thumbprint,
        "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"
    );
    let url = theirs.url().parse().unwrap();
    let ours = ours(auth0_core::proof::ProofRequest::new(
        &auth0_core::http::Method::POST,
        &url,
    ));
    assert_eq!(shape(&ours), shape(&theirs));
    assert_eq!((ours.method(), ours.url()), (theirs.method(), theirs.url()));
}

#[test]
fn call_proof_matches_section_7() {
    let theirs = Proof::verified(WITH_A_TOKEN);
    assert!(theirs.is_for(TOKEN));
    let url = format!("{}?page=2#a", theirs.url()).parse().unwrap();
    let token = TOKEN.into();
    let request = auth0_core::proof::ProofRequest::new(&auth0_core::http::Method::GET, &url)
        .with_access_token(&token);
    let ours = ours(request);
    assert_eq!(shape(&ours), shape(&theirs));
    assert_eq!((ours.method(), ours.url()), (theirs.method(), theirs.url()));
    assert_eq!(ours.claims["ath"], theirs.claims["ath"]);
}

#[test]
fn nonce_claim_matches_section_8() {
    let key = DpopKey::generate().unwrap();
    let url = "https://server.example.com/token".parse().unwrap();
    key.nonce(
        ServerRole::AuthorizationServer,
        &url,
        "eyJ7S_zG.eyJH0-Z.HX4w-7v",
    );
    let of = |url: &str| {
        let url = url.parse().unwrap();
        let request = auth0_core::proof::ProofRequest::new(&auth0_core::http::Method::POST, &url);
        let proof = key.clone().proof(request).unwrap();
        let proof = Proof::verified(proof.secret());
        proof.nonce().map(str::to_owned)
    };
    assert_eq!(
        of("https://server.example.com:443/other?a").as_deref(),
        Some("eyJ7S_zG.eyJH0-Z.HX4w-7v")
    );
    for other in [
        "http://server.example.com/token",
        "https://server.example.com:8443/token",
        "https://example.com/token",
    ] {
        assert_eq!(of(other), None, "{other}");
    }
}
