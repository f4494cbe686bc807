//! Parsing of token responses: a token (RFC 6749 §5.1) or an error (RFC 6749 §5.2).

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use auth0_core::codegen::printable;
use auth0_core::{Scopes, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::dpop::DpopKey;
use crate::error::{Kind, Rejection};

/// The maximum length of an error code, description or token type.
const MAX_TEXT: usize = 200;

/// A granted token.
#[derive(Debug)]
pub(crate) struct Grant {
    pub(crate) token: SecretString,
    /// The lifetime of the token, if the server sent it.
    pub(crate) lifetime: Option<Duration>,
    /// The granted scopes, if they are known.
    pub(crate) scopes: Option<Scopes>,
    /// When the token was requested, if that was not just now.
    pub(crate) obtained_at: Option<SystemTime>,
    /// The DPoP key that the token is bound to, if any.
    pub(crate) key: Option<DpopKey>,
}

/// Returns the key that a token with this `token_type` is bound to (`None` inside for a bearer token). Returns `None` if the
/// type is not usable, such as a DPoP token without a key.
pub(crate) fn binding(token_type: &str, key: Option<&DpopKey>) -> Option<Option<DpopKey>> {
    if token_type.eq_ignore_ascii_case("bearer") {
        return Some(None);
    }
    let key = key.filter(|_| token_type.eq_ignore_ascii_case("dpop"))?;
    Some(Some(key.clone()))
}

/// All optional fields accept any type, so that an unexpected description does not hide the error that it describes.
#[derive(Deserialize)]
struct Fields {
    access_token: Option<SecretString>,
    token_type: Option<Value>,
    expires_in: Option<Value>,
    scope: Option<Value>,
    error: Option<Value>,
    error_description: Option<Value>,
    error_uri: Option<Value>,
    mfa_token: Option<Value>,
}

/// Parses a 2xx response to a request for the scopes in `requested`, which proved `key` if it is set. `secrets` are redacted in
/// the texts that are kept.
pub(crate) fn read_grant(
    body: &[u8],
    requested: &str,
    secrets: &[&str],
    key: Option<&DpopKey>,
) -> Result<Grant, Kind> {
    let fields: Fields = parse(body)?;
    let Some(token) = &fields.access_token else {
        return Err(match rejection(&fields, secrets) {
            Some(rejection) => Kind::Rejected(rejection),
            None => Kind::InvalidResponse("expected access_token, found none".into()),
        });
    };
    if !fits_header(token) {
        return Err(Kind::InvalidResponse(
            "expected an access_token of visible ASCII characters, found other characters or none"
                .into(),
        ));
    }
    let mut hidden = secrets.to_vec();
    hidden.push(token.secret());
    let token_type = fields.token_type.as_ref();
    // A token without a type is treated as a bearer token.
    let bound = token_type.map_or(Some(None), |text| binding(text.as_str()?, key));
    let Some(bound_to) = bound else {
        // A bound token is useless to a caller that sends it as a bearer token.
        let found = token_type.and_then(|token_type| text(token_type, &hidden));
        let found = found.unwrap_or_else(|| "another JSON type".into());
        let expected = key.map_or("Bearer", |_| "DPoP or Bearer");
        return Err(Kind::InvalidResponse(format!(
            "expected token_type {expected}, found {found}"
        )));
    };
    let granted = match &fields.scope {
        // A response without scopes grants those of the request (RFC 6749 §5.1).
        None => scopes(requested, secrets),
        Some(Value::String(text)) if text.is_empty() => scopes(requested, secrets),
        Some(scope) => scope_text(scope).and_then(|text| scopes(&text, &hidden)),
    };
    Ok(Grant {
        token: token.clone(),
        lifetime: fields.expires_in.as_ref().and_then(lifetime),
        scopes: granted,
        obtained_at: None,
        key: bound_to,
    })
}

/// Returns whether a token is a valid header value: visible ASCII only.
pub(crate) fn fits_header(token: &SecretString) -> bool {
    !token.is_empty() && token.secret().bytes().all(|byte| byte.is_ascii_graphic())
}

/// Parses a response with a status other than 2xx.
pub(crate) fn read_rejection(body: &[u8], secrets: &[&str]) -> Result<Rejection, Kind> {
    rejection(&parse(body)?, secrets)
        .ok_or_else(|| Kind::InvalidResponse("expected an error code, found none".into()))
}

/// Parses the JSON of a response.
pub(crate) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Kind> {
    serde_json::from_slice(body).map_err(|error| {
        // The message of a serde error quotes the input, so only its category and position are kept.
        let found = match (body.is_empty(), error.classify()) {
            (true, _) => "an empty body",
            (_, serde_json::error::Category::Eof) => "incomplete JSON",
            (_, serde_json::error::Category::Data) => "unexpected JSON",
            _ => "a body that is not JSON",
        };
        Kind::InvalidResponse(format!(
            "expected a JSON object, found {found} (line {}, column {})",
            error.line(),
            error.column()
        ))
    })
}

fn rejection(fields: &Fields, secrets: &[&str]) -> Option<Rejection> {
    let mfa_token = fields.mfa_token.as_ref().and_then(Value::as_str);
    let mut secrets = secrets.to_vec();
    secrets.extend(mfa_token);
    let keep = |field: &Option<Value>| text(field.as_ref()?, &secrets);
    Some(Rejection {
        error: keep(&fields.error)?,
        description: keep(&fields.error_description),
        uri: keep(&fields.error_uri),
        mfa_token: mfa_token.map(SecretString::from),
    })
}

/// Sanitizes a text of the server for display: truncated, printable, with secrets redacted.
pub(crate) fn text(value: &Value, secrets: &[&str]) -> Option<String> {
    // Invisible characters are removed first: inside a secret they would prevent its detection.
    let mut text = printable(value.as_str()?);
    for secret in secrets.iter().map(|secret| printable(secret)) {
        if !secret.is_empty() {
            text = text.replace(&secret, "…");
        }
    }
    let shown: String = text.chars().take(MAX_TEXT).collect();
    (!shown.is_empty()).then_some(shown)
}

/// Returns `scope` as a space-separated list (RFC 6749 §3.3). Some servers send an array of strings. For any other type, the
/// scopes are unknown; they are never assumed to be those of the request.
fn scope_text(scope: &Value) -> Option<Cow<'_, str>> {
    match scope {
        Value::String(text) => Some(text.into()),
        Value::Array(all) => {
            let all: Option<Vec<&str>> = all.iter().map(Value::as_str).collect();
            Some(all?.join(" ").into())
        }
        _ => None,
    }
}

/// Parses scopes. Returns `None` if there are none, or if the server repeats a secret there.
pub(crate) fn scopes(text: &str, secrets: &[&str]) -> Option<Scopes> {
    let scopes = Scopes::parse(text);
    let repeats = |scope: &str| {
        secrets
            .iter()
            .any(|secret| !secret.is_empty() && scope.contains(secret))
    };
    (!scopes.is_empty() && !scopes.iter().any(repeats)).then_some(scopes)
}

/// Parses `expires_in`: a number of seconds, which some servers send as a string. Values that are not positive numbers are
/// treated as missing: the token has been paid for and is worth using.
pub(crate) fn lifetime(expires_in: &Value) -> Option<Duration> {
    let seconds = match expires_in {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    Duration::try_from_secs_f64(seconds)
        .ok()
        .filter(|lifetime| !lifetime.is_zero())
}
