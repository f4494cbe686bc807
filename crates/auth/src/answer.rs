//! The answer of a token endpoint: a token or an error of RFC 6749.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use auth0_core::{Scopes, SecretString, codegen::printable};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::dpop::DpopKey;
use crate::error::{Kind, Rejection};

/// The longest error code, description or token type that is kept.
const MAX_TEXT: usize = 200;

/// A token as the server granted it.
#[derive(Debug)]
pub(crate) struct Grant {
    pub(crate) token: SecretString,
    /// How long the token is valid, where the server said so.
    pub(crate) lifetime: Option<Duration>,
    /// The scopes that were granted, where they are known.
    pub(crate) scopes: Option<Scopes>,
    /// When it was asked for, where that was not just now.
    pub(crate) obtained_at: Option<SystemTime>,
    /// The key that the token is bound to, where it is bound to one.
    pub(crate) key: Option<DpopKey>,
}

/// What a token is by its `token_type`: bound to the key that it was asked for with, or to none. Nothing where it is of a
/// type that cannot be used here, as one that is bound to a key which nobody has.
pub(crate) fn binding(token_type: &str, key: Option<&DpopKey>) -> Option<Option<DpopKey>> {
    if token_type.eq_ignore_ascii_case("bearer") {
        return Some(None);
    }
    let key = key.filter(|_| token_type.eq_ignore_ascii_case("dpop"))?;
    Some(Some(key.clone()))
}

/// Every field may have any type, so that a strange description does not hide the error that it describes.
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

/// Reads the body of a response with a 2xx status to a request for the scopes in `asked` that proved `key`, if it proved
/// one. What is kept of its texts has `secrets` blotted out.
pub(crate) fn read_grant(
    body: &[u8],
    asked: &str,
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
            "expected an access_token of visible ASCII characters, found others or none".into(),
        ));
    }
    let mut hidden = secrets.to_vec();
    hidden.push(token.secret());
    let token_type = fields.token_type.as_ref();
    // One of no type is taken for a bearer token.
    let bound = token_type.map_or(Some(None), |text| binding(text.as_str()?, key));
    let Some(bound_to) = bound else {
        // A token bound to a key is useless to a caller that sends it as a bearer token.
        let found = token_type.and_then(|token_type| text(token_type, &hidden));
        let found = found.unwrap_or_else(|| "no string".into());
        let expected = key.map_or("Bearer", |_| "DPoP or Bearer");
        return Err(Kind::InvalidResponse(format!(
            "expected token_type {expected}, found {found}"
        )));
    };
    let granted = match &fields.scope {
        // A response that names no scopes grants those of the request (RFC 6749 §5.1).
        None => scopes(asked, secrets),
        Some(Value::String(text)) if text.is_empty() => scopes(asked, secrets),
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

/// Whether a token can go into a header: anything but visible ASCII would either not fit or mean something else there.
pub(crate) fn fits_header(token: &SecretString) -> bool {
    !token.is_empty() && token.secret().bytes().all(|byte| byte.is_ascii_graphic())
}

/// Reads the body of an answer with any other status.
pub(crate) fn read_rejection(body: &[u8], secrets: &[&str]) -> Result<Rejection, Kind> {
    rejection(&parse(body)?, secrets)
        .ok_or_else(|| Kind::InvalidResponse("expected an error code, found none".into()))
}

/// The JSON of an answer.
pub(crate) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Kind> {
    serde_json::from_slice(body).map_err(|error| {
        // The text of a serde error quotes what it read, so only its category and place are kept.
        let found = match (body.is_empty(), error.classify()) {
            (true, _) => "an empty body",
            (_, serde_json::error::Category::Eof) => "JSON that breaks off",
            (_, serde_json::error::Category::Data) => "JSON of another shape",
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

/// A text of the server's that may be shown: short, on one line, without secrets.
pub(crate) fn text(value: &Value, secrets: &[&str]) -> Option<String> {
    // First what cannot be seen goes: with something between its letters a secret would not be found.
    let mut text = printable(value.as_str()?);
    for secret in secrets.iter().map(|secret| printable(secret)) {
        if !secret.is_empty() {
            text = text.replace(&secret, "…");
        }
    }
    let shown: String = text.chars().take(MAX_TEXT).collect();
    (!shown.is_empty()).then_some(shown)
}

/// `scope` as RFC 6749 §3.3 writes it. Some servers send a list of strings. What is neither says nothing: the scopes are
/// unknown then, never those of the request.
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

/// The scopes in `scope`; nothing where it names none. A server that repeats a secret there is not believed.
pub(crate) fn scopes(text: &str, secrets: &[&str]) -> Option<Scopes> {
    let scopes = Scopes::parse(text);
    let repeats = |scope: &str| {
        secrets
            .iter()
            .any(|secret| !secret.is_empty() && scope.contains(secret))
    };
    (!scopes.is_empty() && !scopes.iter().any(repeats)).then_some(scopes)
}

/// The lifetime in `expires_in`: a number of seconds, which some servers send as a string. What is not a
/// positive number is as good as nothing: the token has been paid for and is worth using.
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
