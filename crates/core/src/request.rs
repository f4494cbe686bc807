//! Building the request of a generated call: parameters in their styles, and the body in its media type.

use std::fmt;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use reqwest::Request;
use serde::{Serialize, Serializer};
use url::Url;

use crate::Violation;

mod encoding;
mod form;
mod multipart;
mod payload;
mod style;
mod upload;
mod writer;

pub use form::FormRule;
pub use multipart::{Files, Multipart};
pub(crate) use payload::Payload;
pub use style::Style;
pub use upload::{Upload, UploadProgress};
use writer::Place;

/// Adds cookies to those that the request has: all are sent in one header.
pub(crate) fn add_cookies(headers: &mut HeaderMap, cookies: &HeaderValue) {
    let all = match headers.get(COOKIE) {
        Some(others) => [others.as_bytes(), b"; ", cookies.as_bytes()].concat(),
        None => cookies.as_bytes().to_vec(),
    };
    // Both are valid, so their combination is.
    if let Ok(mut all) = HeaderValue::from_bytes(&all) {
        all.set_sensitive(true);
        headers.insert(COOKIE, all);
    }
}

/// Builds the request of one call. What cannot be sent is collected and reported by [`build`](Self::build).
pub struct RequestBuilder {
    method: Method,
    url: String,
    headers: HeaderMap,
    /// The value of the `Cookie` header.
    cookies: String,
    payload: Payload,
    violations: Vec<Violation>,
}

impl RequestBuilder {
    /// Creates a builder. The path follows.
    pub fn new(method: Method, base_url: &str) -> Self {
        let mut url = String::with_capacity(base_url.len() + 128);
        url.push_str(base_url);
        Self {
            method,
            url,
            headers: HeaderMap::new(),
            cookies: String::new(),
            payload: Payload::None,
            violations: Vec::new(),
        }
    }

    /// Appends a part of the path template between two parameters.
    pub fn path(&mut self, literal: &str) {
        self.url.push_str(literal);
    }

    /// Appends a path parameter.
    pub fn path_value<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
        style: Style,
    ) {
        let start = self.url.len();
        let written = writer::write(&mut self.url, name, value, style, Place::Path);
        self.report(name, written);
        // The URL parser would remove such a segment.
        if let segment @ ("" | "." | "..") = &self.url[start..] {
            let rule = match segment {
                "" => "empty, expected a value".to_owned(),
                dots => format!("`{dots}` is not allowed in a path, expected another value"),
            };
            self.violate(name, rule);
        }
    }

    /// Appends a query parameter. An absent value is not sent.
    pub fn query<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T, style: Style) {
        let written = writer::write(&mut self.url, name, value, style, Place::Query);
        self.report(name, written);
    }

    /// Adds a header. An absent value is not sent.
    pub fn header<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T, style: Style) {
        let mut text = String::new();
        let written = writer::write(&mut text, name, value, style, Place::Header);
        if !self.report(name, written) {
            return;
        }
        match (
            HeaderName::from_bytes(name.as_bytes()),
            HeaderValue::try_from(text),
        ) {
            (Ok(name), Ok(value)) => drop(self.headers.append(name, value)),
            (Err(_), _) => self.violate(name, "not a valid name of a header".to_owned()),
            (_, Err(_)) => self.violate(
                name,
                "found a character that is not valid in a header".to_owned(),
            ),
        }
    }

    /// Adds a cookie. All cookies are sent in one header.
    pub fn cookie<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T, style: Style) {
        let written = writer::write(&mut self.cookies, name, value, style, Place::Cookie);
        self.report(name, written);
    }

    /// Sets the media types of the response that the operation documents. Default: `application/json`.
    pub fn accept(&mut self, media_types: &'static str) {
        self.headers
            .insert(ACCEPT, HeaderValue::from_static(media_types));
    }

    /// Sets a JSON body.
    pub fn json<T: Serialize + ?Sized>(&mut self, media_type: &'static str, body: &T) {
        match serde_json::to_vec(body) {
            Ok(body) => self.bytes(media_type, body),
            Err(_) => self.violate("body", "cannot be serialized as JSON".to_owned()),
        }
    }

    /// Sets a body of text or bytes.
    pub fn bytes(&mut self, media_type: &'static str, body: impl Into<Bytes>) {
        self.headers
            .insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
        self.payload = Payload::Bytes(body.into());
    }

    /// Sets a body that may be streamed. Its own media type, if it has one, takes precedence over that of the document.
    pub fn upload(&mut self, media_type: &'static str, body: Upload) {
        let own = body
            .media_type()
            .and_then(|own| HeaderValue::from_str(own).ok());
        self.headers.insert(
            CONTENT_TYPE,
            own.unwrap_or(HeaderValue::from_static(media_type)),
        );
        self.payload = Payload::Upload(body);
    }

    /// Sets a body of `application/x-www-form-urlencoded`. Properties without a rule are written in the default way of OpenAPI: scalars and
    /// lists of scalars in the form style, objects and lists of objects as JSON.
    pub fn form<T: Serialize + ?Sized>(
        &mut self,
        media_type: &'static str,
        body: &T,
        rules: &[(&str, FormRule)],
    ) {
        match form::encode(body, rules) {
            Ok(body) => self.bytes(media_type, body),
            Err((name, error)) => self.violate(&name, error.to_string()),
        }
    }

    /// Sets a body of `multipart/form-data`.
    pub fn multipart(&mut self, parts: Multipart) {
        self.payload = Payload::Multipart(parts);
    }

    /// Ends the building.
    ///
    /// # Errors
    ///
    /// The values that cannot be sent.
    pub fn build(mut self) -> Result<PreparedRequest, RequestError> {
        if !self.cookies.is_empty() {
            match HeaderValue::try_from(std::mem::take(&mut self.cookies)) {
                Ok(cookies) => drop(self.headers.insert(COOKIE, cookies)),
                Err(_) => self.violate("cookie", "not valid in a header".to_owned()),
            }
        }
        if let Payload::Multipart(parts) = &mut self.payload {
            self.violations.append(parts.violations());
        }
        let url = Url::parse(&self.url).ok().filter(Url::has_host);
        match url {
            Some(url) if self.violations.is_empty() => {
                let mut request = Request::new(self.method, url);
                *request.headers_mut() = self.headers;
                Ok(PreparedRequest {
                    request,
                    payload: self.payload,
                })
            }
            _ => Err(RequestError(self.violations)),
        }
    }

    fn report(&mut self, name: &str, written: Result<bool, writer::Unwritable>) -> bool {
        written.unwrap_or_else(|error| {
            self.violate(name, error.to_string());
            false
        })
    }

    fn violate(&mut self, name: &str, rule: String) {
        self.violations.push(Violation::new(name.to_owned(), rule));
    }
}

/// A request that is ready to be sent.
pub struct PreparedRequest {
    pub(crate) request: Request,
    pub(crate) payload: Payload,
}

/// Shows the method only: URL, headers and body may contain secrets.
impl fmt::Debug for RequestBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestBuilder")
            .field("method", &self.method)
            .finish_non_exhaustive()
    }
}

/// Shows the method only, like [`RequestBuilder`].
impl fmt::Debug for PreparedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PreparedRequest")
            .field("method", self.request.method())
            .finish_non_exhaustive()
    }
}

impl PreparedRequest {
    /// The URL of the request.
    pub fn url(&self) -> &Url {
        self.request.url()
    }
}

impl From<Request> for PreparedRequest {
    fn from(request: Request) -> Self {
        Self {
            request,
            payload: Payload::None,
        }
    }
}

/// Why a request cannot be built: the values that cannot be sent. Empty if the URL is not valid.
#[derive(Debug)]
pub struct RequestError(pub(crate) Vec<Violation>);

/// A parameter that is sent as JSON (`content: application/json`). An absent value is not sent.
pub struct Json<'v, T: ?Sized>(pub &'v T);

impl<T: Serialize + ?Sized> Serialize for Json<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = serde_json::to_string(self.0).map_err(serde::ser::Error::custom)?;
        match text.as_str() {
            "null" => serializer.serialize_none(),
            text => serializer.serialize_str(text),
        }
    }
}
