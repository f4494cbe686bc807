//! Proof of possession for tokens that are bound to a key (DPoP, RFC 9449): each request proves possession of the key, so a
//! stolen token is useless.
//!
//! A token source binds its token with [`AccessToken::bound_to`](crate::AccessToken::bound_to). Every attempt of a call then
//! has the header `Authorization: DPoP …` and a proof that is created for it. `auth0-auth` provides such keys.

use http::{HeaderMap, HeaderName, Method};
use url::Url;

use crate::challenge::Challenge;
use crate::{SecretString, TokenError};

/// The header with the proof.
pub const DPOP: HeaderName = HeaderName::from_static("dpop");

/// The header with the nonce that a server requires in the next proof.
pub const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// Longer nonces would make requests too large for some servers, and no server needs them.
const MAX_NONCE: usize = 1024;

/// A key that tokens are bound to, which creates proofs of possession.
///
/// `proof` is called in the task of the call before each attempt, so it must be fast, such as signing with a key in memory.
///
/// ```
/// use std::sync::Arc;
///
/// use auth0_core::proof::{ProofOfPossession, ProofRequest, ServerRole};
/// use auth0_core::{AccessToken, SecretString, TokenError};
/// use url::Url;
///
/// struct Key;
///
/// impl ProofOfPossession for Key {
///     fn proof(&self, request: ProofRequest<'_>) -> Result<SecretString, TokenError> {
///         // A real key signs a JWT with these claims (RFC 9449 §4.2).
///         Ok(format!("{} {}", request.method, request.url).into())
///     }
///
///     fn nonce(&self, _role: ServerRole, _url: &Url, _nonce: &str) {}
/// }
///
/// let token = AccessToken::new("eyJhbGciOi…", 1).bound_to(Arc::new(Key));
/// assert!(token.is_bound());
/// ```
#[doc(alias = "DPoP")]
pub trait ProofOfPossession: Send + Sync + 'static {
    /// Creates a proof for this request, with the last nonce from the server at its origin in its
    /// [role](ProofRequest::role).
    ///
    /// # Errors
    ///
    /// Returns why no proof can be created; the request is not sent. The error must not contain a secret.
    fn proof(&self, request: ProofRequest<'_>) -> Result<SecretString, TokenError>;

    /// Called when a response of the server at the origin of `url` contains a nonce for the next proof in this role.
    fn nonce(&self, role: ServerRole, url: &Url, nonce: &str);
}

/// The role of the server that verifies a proof. The roles have separate nonces (RFC 9449 §8 and §9), even if one host has
/// both, like the domain of a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ServerRole {
    /// It issues tokens.
    AuthorizationServer,
    /// It serves an API, authorized by tokens.
    ResourceServer,
}

/// The request that a proof is for.
///
/// ```
/// use auth0_core::SecretString;
/// use auth0_core::http::Method;
/// use auth0_core::proof::{ProofRequest, ServerRole};
/// use url::Url;
///
/// let url = Url::parse("https://acme.us.auth0.com/api/v2/organizations").unwrap();
/// let token = SecretString::from("eyJhbGciOi…");
/// let request = ProofRequest::new(&Method::GET, &url).with_access_token(&token);
/// assert_eq!(request.role(), ServerRole::ResourceServer);
/// ```
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct ProofRequest<'a> {
    /// The HTTP method.
    pub method: &'a Method,
    /// The URL, including its query.
    pub url: &'a Url,
    /// The access token of the request; `None` for a token request.
    pub access_token: Option<&'a SecretString>,
}

impl<'a> ProofRequest<'a> {
    /// Creates a request without a token.
    pub fn new(method: &'a Method, url: &'a Url) -> Self {
        Self {
            method,
            url,
            access_token: None,
        }
    }

    /// Returns the role of the server: requests to an API have a token, requests to the token endpoint do not.
    pub fn role(&self) -> ServerRole {
        match self.access_token {
            Some(_) => ServerRole::ResourceServer,
            None => ServerRole::AuthorizationServer,
        }
    }

    /// Sets the access token.
    #[must_use]
    pub fn with_access_token(mut self, token: &'a SecretString) -> Self {
        self.access_token = Some(token);
        self
    }
}

/// Returns the nonce for the next proof from the headers of a response. A nonce that is invalid by RFC 9449 §8.1 is treated
/// as missing.
///
/// ```
/// use auth0_core::http::{HeaderMap, HeaderValue};
/// use auth0_core::proof::{DPOP_NONCE, nonce_of};
///
/// let mut headers = HeaderMap::new();
/// assert_eq!(nonce_of(&headers), None);
/// headers.insert(DPOP_NONCE, HeaderValue::from_static("eyJ7S_zG.eyJH0-Z.HX4w-7v"));
/// assert_eq!(nonce_of(&headers), Some("eyJ7S_zG.eyJH0-Z.HX4w-7v"));
/// ```
pub fn nonce_of(headers: &HeaderMap) -> Option<&str> {
    let is_nonce_character = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\');
    let nonce = headers.get(DPOP_NONCE)?.to_str().ok()?;
    let fits = (1..=MAX_NONCE).contains(&nonce.len()) && nonce.bytes().all(is_nonce_character);
    fits.then_some(nonce)
}

/// Why a server rejected a proof. The token may still be valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProofRejection {
    /// The nonce is missing or stale. `given`: the response contains a new one.
    Nonce { given: bool },
    /// The proof is invalid.
    Invalid,
}

impl ProofRejection {
    /// Reads the headers of a 401.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let challenges = Challenge::all(headers);
        let mut codes = challenges
            .iter()
            .filter(|challenge| challenge.is("DPoP"))
            .filter_map(|challenge| challenge.parameter("error"));
        codes.find_map(|code| match code {
            "use_dpop_nonce" => Some(Self::Nonce {
                given: nonce_of(headers).is_some(),
            }),
            "invalid_dpop_proof" => Some(Self::Invalid),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use http::header::WWW_AUTHENTICATE;

    use super::*;

    fn headers(challenge: &str, nonce: Option<&str>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_str(challenge).unwrap());
        if let Some(nonce) = nonce {
            headers.insert(
                DPOP_NONCE,
                HeaderValue::from_bytes(nonce.as_bytes()).unwrap(),
            );
        }
        headers
    }

    #[test]
    fn rejected_proof_is_distinguished_from_a_rejected_token() {
        let of = |challenge, nonce| ProofRejection::of(&headers(challenge, nonce));
        let (given, missing) = (
            Some(ProofRejection::Nonce { given: true }),
            Some(ProofRejection::Nonce { given: false }),
        );
        // The response of RFC 9449 §9.
        let asks = r#"DPoP error="use_dpop_nonce", error_description="Resource server requires nonce in DPoP proof""#;
        assert_eq!(of(asks, Some("eyJ7S_zG.eyJH0-Z.HX4w-7v")), given);
        assert_eq!(of(asks, None), missing);
        assert_eq!(of(asks, Some("with space")), missing);
        assert_eq!(of(r#"Bearer, dpop error=use_dpop_nonce"#, Some("n")), given);
        assert_eq!(
            of(r#"DPoP error="invalid_dpop_proof""#, Some("n")),
            Some(ProofRejection::Invalid)
        );
        assert_eq!(of(r#"DPoP error="invalid_token""#, Some("n")), None);
        assert_eq!(of(r#"Bearer error="use_dpop_nonce""#, Some("n")), None);
        assert_eq!(of("DPoP algs=ES256", Some("n")), None);
    }

    #[test]
    fn nonce_is_accepted_only_if_it_is_valid_in_a_proof() {
        let nonce = |text: &str| nonce_of(&headers("DPoP", Some(text))).map(str::to_owned);
        assert_eq!(nonce("a!#~[]9").as_deref(), Some("a!#~[]9"));
        let long = "n".repeat(MAX_NONCE + 1);
        for unfit in ["", "a b", "a\"b", "a\\b", "ä", &long] {
            assert_eq!(nonce(unfit), None, "{unfit}");
        }
        assert!(nonce(&long[1..]).is_some());
    }
}
