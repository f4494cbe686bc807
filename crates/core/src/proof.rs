//! Tokens that are bound to a key (RFC 9449, DPoP): who sends one proves with every request that he has the key, so
//! that a stolen token is of no use.
//!
//! A source says so by [`AccessToken::bound_to`](crate::AccessToken::bound_to), and every attempt of a call then
//! carries `Authorization: DPoP …` and a proof that was made for it alone. `auth0-auth` has a key that makes such proofs.

use http::{HeaderMap, HeaderName, Method};
use url::Url;

use crate::challenge::Challenge;
use crate::{SecretString, TokenError};

/// The header that carries a proof.
pub const DPOP: HeaderName = HeaderName::from_static("dpop");

/// The header by which a server says which nonce the next proof has to hold.
pub const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// Longer nonces would make requests too large for many a server, and no server needs them.
const MAX_NONCE: usize = 1024;

/// What a token is bound to: a key, and what is needed to prove that one has it.
///
/// A proof is made on the task of the call, right before each attempt, so `proof` has to be quick, as signing with a
/// key in memory is.
pub trait ProofOfPossession: Send + Sync + 'static {
    /// A new proof for this request, with the nonce that the server which it goes to gave last: the one at its origin
    /// in its [role](ProofRequest::role).
    ///
    /// # Errors
    ///
    /// Why there is none; the request is not sent then. The error may hold no secret.
    fn proof(&self, request: ProofRequest<'_>) -> Result<SecretString, TokenError>;

    /// The server at the origin of `url` wants this nonce in the next proof for it in this role. It comes with any
    /// answer.
    fn nonce(&self, role: ServerRole, url: &Url, nonce: &str);
}

/// As what a server takes a proof. Both roles have nonces of their own (RFC 9449 §8 and §9), also where one host has
/// both, as the domain of a tenant has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ServerRole {
    /// It gives out tokens.
    AuthorizationServer,
    /// It serves an API, to those who have a token.
    ResourceServer,
}

/// The request that a proof is for.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct ProofRequest<'a> {
    /// Its method.
    pub method: &'a Method,
    /// Where it goes, query and all.
    pub url: &'a Url,
    /// The token that it carries; nothing where it asks for one.
    pub access_token: Option<&'a SecretString>,
}

impl<'a> ProofRequest<'a> {
    /// A request without a token.
    pub fn new(method: &'a Method, url: &'a Url) -> Self {
        Self {
            method,
            url,
            access_token: None,
        }
    }

    /// The role of the server that the request goes to: a token is shown to an API, and to no token endpoint.
    pub fn role(&self) -> ServerRole {
        match self.access_token {
            Some(_) => ServerRole::ResourceServer,
            None => ServerRole::AuthorizationServer,
        }
    }

    /// The same request with a token.
    #[must_use]
    pub fn with_access_token(mut self, token: &'a SecretString) -> Self {
        self.access_token = Some(token);
        self
    }
}

/// The nonce that an answer gives for the next proof. One that is none by RFC 9449 §8.1 could not be sent back, and is
/// as good as nothing.
pub fn nonce_of(headers: &HeaderMap) -> Option<&str> {
    let is_nonce_character = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\');
    let nonce = headers.get(DPOP_NONCE)?.to_str().ok()?;
    let fits = (1..=MAX_NONCE).contains(&nonce.len()) && nonce.bytes().all(is_nonce_character);
    fits.then_some(nonce)
}

/// Why a server refuses a proof, where that is what it refuses: the token may be as good as ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProofRejection {
    /// It lacks a nonce, or has an old one. `given`: the answer holds the one to use.
    Nonce { given: bool },
    /// It is not right.
    Invalid,
}

impl ProofRejection {
    /// What the headers of a 401 say.
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
        // The answer of RFC 9449 §9.
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
