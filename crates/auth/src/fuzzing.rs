//! What the fuzz targets in `fuzz/` do with the bytes that they make up. It is compiled for them and for the tests alone.
//!
//! The test at the end runs the same over the committed corpus and over some thousand mutations of it, so that what was
//! found once is looked for in every run of the tests. It is no fuzzer: nothing guides it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use auth0_core::challenge::Challenge;
use auth0_core::http::{HeaderMap, HeaderValue};
use auth0_core::time::{SharedClock, SystemTimer};

use crate::answer;
use crate::cache::Timing;
use crate::discovery::{Endpoint, Metadata, Server};
use crate::error::Kind;
use crate::quota::TokenQuotas;

#[cfg(test)]
mod tests;

/// What was sent with the request, and must not come back in anything.
const SECRET: &str = "s3cr3t";

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_800_000_000)
}

fn assert_shown(text: &str) {
    assert!(!text.contains(SECRET), "a secret is shown");
    assert!(
        !text.chars().any(char::is_control),
        "a control character is shown"
    );
}

fn assert_clean(kind: &Kind) {
    match kind {
        Kind::Rejected(rejection) => {
            for text in [
                Some(&rejection.error),
                rejection.description.as_ref(),
                rejection.uri.as_ref(),
            ]
            .into_iter()
            .flatten()
            {
                assert_shown(text);
                assert!(text.chars().count() <= 200, "a text is too long");
            }
            assert_shown(&format!("{kind:?}").replace(char::is_control, ""));
        }
        Kind::InvalidResponse(found) => assert_shown(found),
        _ => panic!("an answer is another kind of failure"),
    }
}

/// The body of an answer of the token endpoint.
pub fn token_answer(bytes: &[u8]) {
    match answer::read_grant(bytes, "", &[SECRET], None) {
        Ok(grant) => {
            assert!(answer::fits_header(&grant.token));
            assert!(grant.lifetime.is_none_or(|lifetime| !lifetime.is_zero()));
            for scope in grant.scopes.iter().flat_map(|scopes| scopes.iter()) {
                assert!(!scope.contains(SECRET) && !scope.contains(grant.token.secret()));
            }
            let (due_at, ends_at) = Timing::default().times(now(), grant.lifetime, 1.0);
            assert!(now() <= due_at && due_at <= ends_at);
        }
        Err(kind) => assert_clean(&kind),
    }
    match answer::read_rejection(bytes, &[SECRET]) {
        Ok(rejection) => assert_clean(&Kind::Rejected(rejection)),
        Err(kind) => assert_clean(&kind),
    }
}

/// The value of a quota header.
pub fn quota_header(bytes: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(bytes) else {
        return;
    };
    let mut headers = HeaderMap::new();
    headers.append("auth0-client-quota-limit", value.clone());
    headers.append("auth0-organization-quota-limit", value);
    let Some(quotas) = TokenQuotas::of(&headers, now(), &[]) else {
        return;
    };
    assert_eq!(quotas.client, quotas.organization);
    for window in &quotas.client {
        assert!(!window.name.is_empty() && window.name.bytes().all(|byte| byte.is_ascii_graphic()));
        assert!(window.resets_at >= now());
    }
    if let Some(until) = quotas.used_up_until() {
        assert!(
            quotas
                .client
                .iter()
                .any(|window| window.remaining == 0 && window.resets_at == until)
        );
    }
}

/// A discovery document, for a client with a certificate and one without.
pub fn discovery(bytes: &[u8]) {
    let metadata: Metadata = match answer::parse(bytes) {
        Ok(metadata) => metadata,
        Err(kind) => return assert_clean(&kind),
    };
    let clock: SharedClock = std::sync::Arc::new(SystemTimer);
    let issuer = "https://acme.us.auth0.com/";
    for mutual_tls in [false, true] {
        let server = Server::new(
            "acme.us.auth0.com",
            Some(issuer),
            None,
            mutual_tls,
            clock.clone(),
        );
        let Ok(server) = server else {
            panic!("the settings are right");
        };
        let _ = server.check(&metadata);
        for endpoint in [
            Endpoint::Token,
            Endpoint::Authorization,
            Endpoint::DeviceAuthorization,
            Endpoint::Jwks,
        ] {
            if let Ok(url) = server.locate(endpoint, &metadata) {
                assert_eq!(url.scheme(), "https");
                assert!(url.has_host() && url.username().is_empty() && url.password().is_none());
            }
        }
    }
}

/// The value of `WWW-Authenticate`, by which a call decides whether a server asks for a nonce.
pub fn challenges(bytes: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(bytes) else {
        return;
    };
    let mut headers = HeaderMap::new();
    headers.append("www-authenticate", value);
    let found = Challenge::all(&headers);
    for challenge in &found {
        let is_visible = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b',' | b'"' | b'=');
        assert!(!challenge.scheme().is_empty() && challenge.scheme().bytes().all(is_visible));
        assert!(challenge.is(&challenge.scheme().to_uppercase()));
        // A value may be anything, but it is never longer than what it was read from.
        let error = challenge.parameter("ERROR").unwrap_or_default();
        assert!(error.len() <= bytes.len());
    }
    // A second header adds its own and changes nothing of the first.
    let mut doubled = headers.clone();
    doubled.append("www-authenticate", HeaderValue::from_static("Bearer"));
    let more = Challenge::all(&doubled);
    assert_eq!(more.len(), found.len() + 1);
    for (one, other) in found.iter().zip(&more) {
        assert_eq!(one.scheme(), other.scheme());
        assert_eq!(one.parameter("error"), other.parameter("error"));
    }
}

/// The content of a token file.
pub fn token_file(bytes: &[u8]) {
    crate::store::file::document::fuzz(bytes);
}
