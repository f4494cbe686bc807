//! The credentials of APIs that require others than one access token: API keys, HTTP authentication, several tokens, and combinations.

use std::sync::Arc;

use base64::Engine as _;
use http::header::{AUTHORIZATION, COOKIE};
use http::{HeaderName, HeaderValue};
use reqwest::Request;

use crate::request;
use crate::transport::Shared;
use crate::{Error, Operation, SecretString, TokenSource};

/// A security scheme of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(
    clippy::exhaustive_structs,
    reason = "generated code writes it as a literal"
)]
pub struct SecurityScheme {
    /// The name in the document.
    pub name: &'static str,
    /// The setter of the client builder.
    pub setter: &'static str,
    /// Where its credentials are sent.
    pub kind: SchemeKind,
}

/// Where the credentials of a scheme are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(
    clippy::exhaustive_enums,
    reason = "generated code writes it as a literal"
)]
pub enum SchemeKind {
    /// An access token in `Authorization`: http bearer, oauth2 and openIdConnect.
    Token,
    /// User name and password in `Authorization`.
    Basic,
    /// Credentials in `Authorization` after the name of this scheme.
    Http(&'static str),
    /// A key in this header.
    Header(&'static str),
    /// A key in this query parameter.
    Query(&'static str),
    /// A key in this cookie.
    Cookie(&'static str),
}

/// The credentials of a scheme.
#[derive(Clone)]
pub(crate) enum Credential {
    Token(Arc<dyn TokenSource>),
    Key(SecretString),
    Basic {
        user: String,
        password: SecretString,
    },
}

/// The credentials of one call.
#[derive(Default)]
pub(crate) struct Selected {
    pub(crate) tokens: Option<Arc<dyn TokenSource>>,
    keys: Vec<(SchemeKind, SecretString)>,
    /// The passwords that some of the keys contain encoded.
    passwords: Vec<SecretString>,
}

/// Chooses the first alternative of the operation whose credentials are all set.
///
/// # Errors
///
/// A configuration error that names the setters, if there is none.
pub(crate) fn select(shared: &Shared, operation: &'static Operation) -> Result<Selected, Error> {
    let alternatives = operation.security().unwrap_or_default();
    for alternative in alternatives.iter().filter(|all| !all.is_empty()) {
        if let Some(selected) = satisfied(shared, alternative) {
            return Ok(selected);
        }
    }
    // Without alternatives, or with an empty one, no credentials are needed.
    if alternatives.is_empty() || alternatives.iter().any(|all| all.is_empty()) {
        return Ok(Selected::default());
    }
    let setters = |alternative: &&[&str]| {
        let setters = alternative.iter().filter_map(|name| {
            let scheme = scheme(shared, name)?;
            Some(format!("`.{}(…)`", scheme.setter))
        });
        setters.collect::<Vec<_>>().join(" and ")
    };
    let expected: Vec<String> = alternatives.iter().map(setters).collect();
    Err(Error::missing_credentials(
        operation,
        format!(
            "the credentials of this operation are not set, expected {} of the client builder",
            expected.join(", or ")
        ),
    ))
}

fn scheme(shared: &Shared, name: &str) -> Option<&'static SecurityScheme> {
    shared.schemes.iter().find(|scheme| scheme.name == name)
}

fn satisfied(shared: &Shared, alternative: &[&'static str]) -> Option<Selected> {
    let mut selected = Selected::default();
    for name in alternative {
        let scheme = scheme(shared, name)?;
        let own = shared.credentials.iter().find(|(of, _)| of == name);
        match (scheme.kind, own.map(|(_, credential)| credential)) {
            (SchemeKind::Token, Some(Credential::Token(tokens))) => {
                selected.tokens = Some(Arc::clone(tokens));
            }
            (SchemeKind::Token, _) => {
                selected.tokens = Some(Arc::clone(shared.token_source.as_ref()?));
            }
            (kind, Some(Credential::Key(key))) => selected.keys.push((kind, key.clone())),
            (kind, Some(Credential::Basic { user, password })) => {
                let pair = SecretString::from(format!("{user}:{}", password.secret()));
                let encoded = base64::engine::general_purpose::STANDARD.encode(pair.secret());
                selected.keys.push((kind, SecretString::from(encoded)));
                selected.passwords.push(password.clone());
            }
            _ => return None,
        }
    }
    Some(selected)
}

/// RFC 6265 §4.1.1.
fn is_cookie_octet(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"\",;\\".contains(&byte)
}

impl Selected {
    /// Adds the keys to a request.
    pub(crate) fn apply(
        &self,
        operation: &'static Operation,
        request: &mut Request,
    ) -> Result<(), Error> {
        for (kind, key) in &self.keys {
            let key = key.secret();
            match kind {
                SchemeKind::Token => {}
                SchemeKind::Basic => {
                    set(operation, request, AUTHORIZATION, &format!("Basic {key}"))?
                }
                SchemeKind::Http(scheme) => {
                    set(
                        operation,
                        request,
                        AUTHORIZATION,
                        &format!("{scheme} {key}"),
                    )?;
                }
                SchemeKind::Header(name) => {
                    let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| {
                        Error::missing_credentials(
                            operation,
                            format!("the header `{name}` of an API key has no valid name"),
                        )
                    })?;
                    set(operation, request, name, key)?;
                }
                SchemeKind::Query(name) => {
                    request.url_mut().query_pairs_mut().append_pair(name, key);
                }
                SchemeKind::Cookie(name) if !key.bytes().all(is_cookie_octet) => {
                    let expected = format!(
                        "the key for the cookie `{name}` has a character that a cookie cannot contain"
                    );
                    return Err(Error::missing_credentials(operation, expected));
                }
                SchemeKind::Cookie(name) => {
                    let cookie = header_value(operation, &COOKIE, &format!("{name}={key}"))?;
                    request::add_cookies(request.headers_mut(), &cookie);
                }
            }
        }
        Ok(())
    }

    /// The secrets, which errors must not contain.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &str> {
        let keys = self.keys.iter().map(|(_, key)| key);
        keys.chain(&self.passwords).map(SecretString::secret)
    }

    /// The query of a request without the keys in it, for log events.
    pub(crate) fn redacted_query<'r>(
        &self,
        request: &'r Request,
    ) -> Option<std::borrow::Cow<'r, str>> {
        let query = request.url().query()?;
        let names: Vec<&str> = self
            .keys
            .iter()
            .filter_map(|(kind, _)| match kind {
                SchemeKind::Query(name) => Some(*name),
                _ => None,
            })
            .collect();
        if names.is_empty() {
            return Some(query.into());
        }
        let mut shown = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in request.url().query_pairs() {
            match names.contains(&&*name) {
                true => shown.append_pair(&name, "…"),
                false => shown.append_pair(&name, &value),
            };
        }
        Some(shown.finish().into())
    }
}

fn set(
    operation: &'static Operation,
    request: &mut Request,
    name: HeaderName,
    value: &str,
) -> Result<(), Error> {
    let value = header_value(operation, &name, value)?;
    request.headers_mut().insert(name, value);
    Ok(())
}

fn header_value(
    operation: &'static Operation,
    name: &HeaderName,
    value: &str,
) -> Result<HeaderValue, Error> {
    let mut value = HeaderValue::from_str(value).map_err(|_| {
        let message = format!("the credentials in the header `{name}` contain a character that is not valid in a header");
        Error::missing_credentials(operation, message)
    })?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_is_no_cookie_value_then_it_is_rejected() {
        assert!("abc-123_~".bytes().all(is_cookie_octet));
        for key in ["abc; role=admin", "a,b", "a b", "a\"b", "\u{e4}"] {
            assert!(!key.bytes().all(is_cookie_octet), "{key}");
        }
    }
}
