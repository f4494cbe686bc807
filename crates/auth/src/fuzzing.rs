//! Entry points of the fuzz targets in `fuzz/`, compiled only for them and for the tests.
//!
//! The tests run the entry points over the committed corpus and some thousand mutations of it, so that known inputs are
//! checked in every test run. The mutations are not guided by coverage.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use auth0_core::challenge::Challenge;
use auth0_core::http::{HeaderMap, HeaderValue};
use auth0_core::time::{SharedClock, SystemTimer};

use crate::cache::Timing;
use crate::discovery::{Endpoint, Metadata, Server};
use crate::error::Kind;
use crate::quota::TokenQuotas;
use crate::token_response;

#[cfg(test)]
mod tests;

/// A secret of the request, which must not appear in any result.
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
        _ => panic!("a response cannot be another kind of error"),
    }
}

/// Parses the body of a token response.
pub fn token_response(bytes: &[u8]) {
    match token_response::read_grant(bytes, "", &[SECRET], None) {
        Ok(grant) => {
            assert!(token_response::fits_header(&grant.token));
            assert!(grant.lifetime.is_none_or(|lifetime| !lifetime.is_zero()));
            for scope in grant.scopes.iter().flat_map(|scopes| scopes.iter()) {
                assert!(!scope.contains(SECRET) && !scope.contains(grant.token.secret()));
            }
            let (due_at, ends_at) = Timing::default().times(now(), grant.lifetime, 1.0);
            assert!(now() <= due_at && due_at <= ends_at);
        }
        Err(kind) => assert_clean(&kind),
    }
    match token_response::read_rejection(bytes, &[SECRET]) {
        Ok(rejection) => assert_clean(&Kind::Rejected(rejection)),
        Err(kind) => assert_clean(&kind),
    }
}

/// Parses the value of a quota header.
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

/// Parses a discovery document, for a client with a certificate and one without.
pub fn discovery(bytes: &[u8]) {
    let metadata: Metadata = match token_response::parse(bytes) {
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
            panic!("the settings are valid");
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

/// Parses the value of `WWW-Authenticate`, which tells whether a server asks for a nonce.
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
        // A value may be anything, but it is never longer than the input.
        let error = challenge.parameter("ERROR").unwrap_or_default();
        assert!(error.len() <= bytes.len());
    }
    // A second header adds its own challenges and does not change those of the first.
    let mut doubled = headers.clone();
    doubled.append("www-authenticate", HeaderValue::from_static("Bearer"));
    let more = Challenge::all(&doubled);
    assert_eq!(more.len(), found.len() + 1);
    for (one, other) in found.iter().zip(&more) {
        assert_eq!(one.scheme(), other.scheme());
        assert_eq!(one.parameter("error"), other.parameter("error"));
    }
}

/// Parses the content of a token file.
pub fn token_file(bytes: &[u8]) {
    crate::store::file::document::fuzz(bytes);
}
