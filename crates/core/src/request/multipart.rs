//! Bodies of `multipart/form-data`.

use std::collections::BTreeMap;
use std::fmt;
use std::io;

use http::{HeaderMap, HeaderName, HeaderValue};
use reqwest::multipart::{Form, Part};
use serde::Serialize;
use serde_json::Value;

use super::upload::Upload;
use crate::redaction::Redaction;
use crate::{Nullable, Violation};

/// The parts of a form.
#[derive(Default)]
pub struct Multipart {
    parts: Vec<(String, Content, Option<&'static str>)>,
    /// Headers by the name of the part.
    headers: Vec<(&'static str, HeaderMap)>,
    violations: Vec<Violation>,
}

enum Content {
    Text(String),
    Json(String),
    File(Upload),
}

/// Shows the names only: the contents may be secrets.
impl fmt::Debug for Multipart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.parts.iter().map(|(name, ..)| name);
        f.debug_list().entries(names).finish()
    }
}

const JSON: &str = "application/json";

impl Multipart {
    /// Creates a form without parts.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one part for each file. `media_type` is that of the document.
    pub fn files(
        &mut self,
        name: &'static str,
        files: &impl Files,
        media_type: Option<&'static str>,
    ) {
        files.each(&mut |file| {
            self.parts
                .push((name.to_owned(), Content::File(file.clone()), media_type));
        });
    }

    /// Adds a value: text, a number or a boolean as text, an object as JSON, a list as one part for each item. With a media type of
    /// JSON, any value is one part. An absent value has no part.
    pub fn value<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
        media_type: Option<&'static str>,
    ) {
        match serde_json::to_value(value) {
            Ok(value) => self.add(name, value, media_type),
            Err(_) => self.violations.push(Violation::new(
                name.to_owned(),
                "cannot be serialized".to_owned(),
            )),
        }
    }

    /// Sets the headers of the parts with this name. Invalid headers are left out.
    pub fn headers(&mut self, name: &'static str, headers: &[(&'static str, &'static str)]) {
        let valid = headers.iter().filter_map(|(name, value)| {
            Some((
                HeaderName::from_bytes(name.as_bytes()).ok()?,
                HeaderValue::from_str(value).ok()?,
            ))
        });
        self.headers.push((name, valid.collect()));
    }

    /// Adds the secrets of the parts to `redaction`. Files are not read.
    pub(super) fn secrets(&self, redaction: &mut Redaction) {
        for (name, content, _) in &self.parts {
            match content {
                Content::Text(text) | Content::Json(text) => redaction.add_member(name, text),
                Content::File(_) => {}
            }
        }
    }

    /// Adds files under the names that the caller chose.
    pub fn named_files(&mut self, files: &BTreeMap<String, Upload>) {
        for (name, file) in files {
            let file = Content::File(file.clone());
            self.parts.push((name.clone(), file, None));
        }
    }

    /// Adds the members of a map, each as a value.
    pub fn members<T: Serialize + ?Sized>(&mut self, map: &T) {
        if let Ok(Value::Object(members)) = serde_json::to_value(map) {
            for (name, value) in members {
                self.add(&name, value, None);
            }
        }
    }

    fn add(&mut self, name: &str, value: Value, media_type: Option<&'static str>) {
        let is_json = media_type.is_some_and(|media_type| media_type.contains("json"));
        let content = match value {
            Value::Null => return,
            value if is_json => Content::Json(value.to_string()),
            Value::Array(items) => {
                for item in items {
                    match item {
                        // A list in a list is one part.
                        Value::Array(_) => {
                            let json = Content::Json(item.to_string());
                            self.parts.push((name.to_owned(), json, media_type));
                        }
                        item => self.add(name, item, media_type),
                    }
                }
                return;
            }
            Value::String(text) => Content::Text(text),
            value @ Value::Object(_) => Content::Json(value.to_string()),
            scalar => Content::Text(scalar.to_string()),
        };
        self.parts.push((name.to_owned(), content, media_type));
    }

    pub(super) fn violations(&mut self) -> &mut Vec<Violation> {
        &mut self.violations
    }

    /// Whether all parts can be sent again.
    pub(super) fn is_replayable(&self) -> bool {
        self.parts.iter().all(|(_, content, _)| match content {
            Content::File(file) => file.is_replayable(),
            _ => true,
        })
    }

    /// The form for one attempt. An error names the part.
    pub(super) async fn form(&self) -> Result<Form, (String, io::Error)> {
        // RFC 7578 allows no encoded names (`name*=`).
        let mut form = Form::new().percent_encode_noop();
        for (name, content, media_type) in &self.parts {
            let failed = |error| (name.clone(), error);
            let (part, own_type) = match content {
                Content::Text(text) => (Part::text(text.clone()), None),
                Content::Json(text) => (Part::text(text.clone()), Some(JSON)),
                Content::File(file) => {
                    let (body, length) = file.body().await.map_err(failed)?;
                    let part = match length {
                        Some(length) => Part::stream_with_length(body, length),
                        None => Part::stream(body),
                    };
                    // Without a file name, servers treat the part as text.
                    let part = part.file_name(one_line(file.name().unwrap_or(name)));
                    (part, file.media_type().or(Some("application/octet-stream")))
                }
            };
            let is_own = matches!(content, Content::File(file) if file.media_type().is_some());
            let media_type = if is_own {
                own_type
            } else {
                media_type.or(own_type)
            };
            let part = match media_type {
                Some(media_type) => part
                    .mime_str(media_type)
                    .map_err(|_| failed(io::Error::other("the media type is not valid")))?,
                None => part,
            };
            let mut headers = self.headers.iter();
            let part = match headers.find(|(of, _)| of == name) {
                Some((_, headers)) => part.headers(headers.clone()),
                None => part,
            };
            form = form.part(one_line(name).replace('"', "%22"), part);
        }
        Ok(form)
    }
}

/// A name without line ends, which would begin a header, in the encoding of HTML forms. reqwest escapes the quotes of file names.
fn one_line(name: &str) -> String {
    name.replace('\r', "%0D").replace('\n', "%0A")
}

/// The files of a part: one, an optional one, or a list.
pub trait Files {
    /// Calls `add` with each file.
    fn each(&self, add: &mut dyn FnMut(&Upload));
}

impl Files for Upload {
    fn each(&self, add: &mut dyn FnMut(&Upload)) {
        add(self);
    }
}

impl<F: Files> Files for Option<F> {
    fn each(&self, add: &mut dyn FnMut(&Upload)) {
        self.iter().for_each(|files| files.each(add));
    }
}

impl<F: Files> Files for Vec<F> {
    fn each(&self, add: &mut dyn FnMut(&Upload)) {
        self.iter().for_each(|files| files.each(add));
    }
}

impl<F: Files> Files for Nullable<F> {
    fn each(&self, add: &mut dyn FnMut(&Upload)) {
        if let Self::Value(files) = self {
            files.each(add);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn names_have_quotes_and_line_ends_then_no_header_begins() {
        let mut parts = Multipart::new();
        parts.add("stra\u{df}e \"a\"\nb", Value::from("secret-text"), None);
        let file = Upload::from(b"x".to_vec()).file_name("a\r\nContent-Type: text/html\r\n\r\n\"");
        parts.files("file", &file, None);
        assert!(!format!("{parts:?}").contains("secret"), "{parts:?}");
        let form = parts.form().await.unwrap();
        let mut body = std::pin::pin!(form.into_stream());
        let mut text = Vec::new();
        while let Some(chunk) =
            std::future::poll_fn(|cx| futures_core::Stream::poll_next(body.as_mut(), cx)).await
        {
            text.extend_from_slice(&chunk.unwrap());
        }
        let text = String::from_utf8(text).unwrap();
        assert!(text.contains("name=\"stra\u{df}e %22a%22%0Ab\""), "{text}");
        assert!(
            text.contains("filename=\"a%0D%0AContent-Type: text/html%0D%0A%0D%0A"),
            "{text}"
        );
    }
}
