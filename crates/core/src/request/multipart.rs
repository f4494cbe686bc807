//! Bodies of `multipart/form-data`.

use std::io;

use reqwest::multipart::{Form, Part};
use serde::Serialize;
use serde_json::Value;

use super::upload::Upload;
use crate::{Nullable, Violation};

/// The parts of a form.
#[derive(Debug, Default)]
pub struct Multipart {
    parts: Vec<(String, Content, Option<&'static str>)>,
    violations: Vec<Violation>,
}

#[derive(Debug)]
enum Content {
    Text(String),
    Json(String),
    File(Upload),
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
        let mut form = Form::new();
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
                    let part = part.file_name(file.name().unwrap_or(name).to_owned());
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
            form = form.part(name.clone(), part);
        }
        Ok(form)
    }
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
