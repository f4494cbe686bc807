//! Media types: how their values are encoded, and what they are called in Rust.

use crate::lower::shape::identifiers;
use crate::lower::value_shape::ValueShape;

pub(crate) const JSON: &str = "application/json";
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";
pub(crate) const MULTIPART: &str = "multipart/form-data";

/// How values of a media type are encoded; the kinds that express more come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum MediaKind {
    Json,
    Form,
    Multipart,
    Text,
    Binary,
    Unsupported,
}

impl MediaKind {
    /// The kind of a media type whose schema has this shape.
    pub(crate) fn of(media_type: &str, shape: Option<ValueShape>) -> Self {
        let media_type = essence(media_type);
        let is_binary = shape.is_some_and(|shape| shape.binary);
        let is_text = shape.is_some_and(|shape| shape.scalar && !shape.is_compound());
        match media_type.as_str() {
            JSON | "text/json" => Self::Json,
            other if other.ends_with("+json") => Self::Json,
            // The schema tells what a range stands for.
            "*/*" | "application/*" => match (is_binary, is_text) {
                (true, _) => Self::Binary,
                (_, true) => Self::Text,
                _ => Self::Json,
            },
            FORM => Self::Form,
            MULTIPART => Self::Multipart,
            other if other.starts_with("multipart/") => Self::Unsupported,
            _ if is_binary => Self::Binary,
            "application/xml"
            | "application/yaml"
            | "application/x-yaml"
            | "application/toml"
            | "application/graphql"
            | "application/jwt"
            | "application/sql"
            | "application/javascript" => Self::Text,
            other if other.starts_with("text/") => Self::Text,
            other if other.ends_with("+xml") || other.ends_with("+yaml") => Self::Text,
            _ => Self::Binary,
        }
    }
}

/// The preference for a media type, for comparing documents; lower is better.
pub(crate) fn rank(media_type: &str) -> u8 {
    let media_type = essence(media_type);
    match media_type.as_str() {
        "application/json" => 0,
        other if other.ends_with("+json") || other == "*/*" => 0,
        "application/x-www-form-urlencoded" => 1,
        "application/octet-stream" => 2,
        _ => 3,
    }
}

/// A media type without its parameters.
pub(crate) fn essence(media_type: &str) -> String {
    media_type
        .split(';')
        .next()
        .unwrap_or(media_type)
        .trim()
        .to_lowercase()
}

/// The name of a variant that holds values of a media type.
pub(crate) fn variant_name(media_type: &str) -> String {
    let media_type = essence(media_type);
    match media_type.as_str() {
        JSON => return "Json".to_owned(),
        FORM => return "Form".to_owned(),
        MULTIPART => return "Multipart".to_owned(),
        "application/octet-stream" => return "Bytes".to_owned(),
        "text/plain" => return "Text".to_owned(),
        _ => {}
    }
    let (of, subtype) = media_type.split_once('/').unwrap_or(("", &media_type));
    let name = match subtype {
        "*" => identifiers::pascal(of),
        subtype => identifiers::pascal(subtype.trim_start_matches("x-")),
    };
    match name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        true => name,
        false => "Other".to_owned(),
    }
}
