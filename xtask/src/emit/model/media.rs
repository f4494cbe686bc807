//! How the parameters and bodies of an operation are written.

use serde_json::Value;

use crate::emit::model::{list, members, reference, text};
use crate::extensions;

/// The style of a parameter or of a property of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ParameterStyle {
    name: String,
    /// Whether it is exploded, if that is not the default of the style.
    pub(crate) explode: Option<bool>,
    pub(crate) allows_reserved: bool,
}

impl ParameterStyle {
    /// Reads the members `style`, `explode` and `allowReserved`.
    pub(crate) fn read(value: &Value, default: &str) -> Self {
        let name = value["style"].as_str().unwrap_or(default).to_owned();
        let is_default = |explode: &bool| *explode == ["form", "deepObject"].contains(&&*name);
        Self {
            explode: value["explode"]
                .as_bool()
                .filter(|explode| !is_default(explode)),
            allows_reserved: value["allowReserved"] == Value::Bool(true),
            name,
        }
    }

    /// The constant of `auth0_core::codegen::Style`.
    pub(crate) fn constant(&self) -> &'static str {
        match self.name.as_str() {
            "label" => "LABEL",
            "matrix" => "MATRIX",
            "form" => "FORM",
            "spaceDelimited" => "SPACE_DELIMITED",
            "pipeDelimited" => "PIPE_DELIMITED",
            "deepObject" => "DEEP_OBJECT",
            _ => "SIMPLE",
        }
    }

    /// The style for the documentation, if it is not the default one.
    pub(crate) fn description(&self, default: &str) -> Option<String> {
        let explode = self.explode.map(|explode| match explode {
            true => ", exploded",
            false => ", not exploded",
        });
        let is_default = self.name == default && explode.is_none() && !self.allows_reserved;
        (!is_default).then(|| {
            let reserved = match self.allows_reserved {
                true => ", reserved characters not encoded",
                false => "",
            };
            format!(
                "in the style `{}`{}{reserved}",
                self.name,
                explode.unwrap_or_default()
            )
        })
    }
}

/// How a request body is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyEncoding {
    Json,
    Text,
    Upload,
    Form,
    Multipart,
    /// One of several, which the caller chooses.
    Alternatives,
}

/// The media type of the request body.
#[derive(Debug, Clone)]
pub(crate) struct RequestMedia {
    pub(crate) media_type: String,
    pub(crate) encoding: BodyEncoding,
    /// The properties of a form that are not written in the default way.
    pub(crate) parts: Vec<PartModel>,
    pub(crate) alternatives: Vec<BodyAlternative>,
}

/// One of several kinds of request bodies.
#[derive(Debug, Clone)]
pub(crate) struct BodyAlternative {
    /// The property of the placeholder type that has the type of the body.
    pub(crate) property: String,
    pub(crate) variant: String,
    pub(crate) media: RequestMedia,
}

/// A property of a form.
#[derive(Debug, Clone)]
pub(crate) struct PartModel {
    pub(crate) name: String,
    /// The style in a URL-encoded form; `None` for JSON.
    pub(crate) style: Option<ParameterStyle>,
    /// The media type of the part.
    pub(crate) media_type: Option<String>,
    /// The headers of the part, with their values.
    pub(crate) headers: Vec<(String, String)>,
}

impl RequestMedia {
    pub(super) fn read(operation: &Value) -> Self {
        let media = extensions::REQUEST_MEDIA.value(operation);
        let declared = members(&operation["requestBody"]["content"]).next();
        let declared = declared.map_or("application/json", |(media_type, _)| media_type);
        Self::of(media, declared)
    }

    fn of(media: &Value, declared: &str) -> Self {
        let encoding = match media["encoding"].as_str().unwrap_or(declared) {
            "text" => BodyEncoding::Text,
            "upload" => BodyEncoding::Upload,
            "multipart" => BodyEncoding::Multipart,
            "alternatives" => BodyEncoding::Alternatives,
            "form" | "application/x-www-form-urlencoded" => BodyEncoding::Form,
            _ => BodyEncoding::Json,
        };
        Self {
            media_type: media["mediaType"].as_str().unwrap_or(declared).to_owned(),
            encoding,
            parts: members(&media["parts"])
                .map(|(name, part)| PartModel {
                    name: name.clone(),
                    style: part
                        .get("style")
                        .map(|_| ParameterStyle::read(part, "form")),
                    media_type: part["contentType"].as_str().map(str::to_owned),
                    headers: members(&part["headers"])
                        .map(|(name, _)| (name.clone(), text(&part["headers"], name)))
                        .collect(),
                })
                .collect(),
            alternatives: list(&media["alternatives"])
                .map(|alternative| BodyAlternative {
                    property: text(alternative, "property"),
                    variant: text(alternative, "variant"),
                    media: Self::of(alternative, declared),
                })
                .collect(),
        }
    }

    /// Whether the body, or one that the caller can choose, has files or is one.
    pub(crate) fn has_uploads(&self) -> bool {
        let mut alternatives = self.alternatives.iter();
        matches!(
            self.encoding,
            BodyEncoding::Upload | BodyEncoding::Multipart
        ) || alternatives.any(|alternative| alternative.media.has_uploads())
    }
}

/// How a successful response is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ResponseEncoding {
    /// As progenitor's type says: JSON, bytes or nothing.
    Default,
    Text,
    /// `text/event-stream`
    Events,
    /// JSON values in lines.
    Lines,
    /// An enum of what the statuses and media types respond with.
    Alternatives,
}

/// The media types of the successful responses.
#[derive(Debug, Clone)]
pub(crate) struct ResponseMedia {
    /// The value of the `Accept` header, if it is not that of JSON.
    pub(crate) accept: Option<String>,
    pub(crate) encoding: ResponseEncoding,
    pub(crate) alternatives: Vec<AlternativeModel>,
    /// The type of the successful responses, if it is that of a component.
    pub(crate) component: Option<String>,
}

/// One of several kinds of success.
#[derive(Debug, Clone)]
pub(crate) struct AlternativeModel {
    /// The property of the placeholder type that has the type of the body.
    pub(crate) property: String,
    pub(crate) variant: String,
    /// A status, a range such as `2XX`, or `default`.
    pub(crate) status: String,
    /// Its media types, separated by commas; empty for a response without a body.
    pub(crate) media_types: String,
    /// `json`, `text`, `bytes`, `events`, `lines` or `empty`.
    pub(crate) encoding: String,
}

impl ResponseMedia {
    pub(super) fn read(operation: &Value) -> Self {
        let media = extensions::RESPONSE_MEDIA.value(operation);
        let encoding = match media["encoding"].as_str() {
            Some("text") => ResponseEncoding::Text,
            Some("events") => ResponseEncoding::Events,
            Some("lines") => ResponseEncoding::Lines,
            Some("alternatives") => ResponseEncoding::Alternatives,
            _ => ResponseEncoding::Default,
        };
        Self {
            accept: media["accept"].as_str().map(str::to_owned),
            encoding,
            alternatives: list(&media["alternatives"])
                .map(|alternative| AlternativeModel {
                    property: text(alternative, "property"),
                    variant: text(alternative, "variant"),
                    status: text(alternative, "status"),
                    media_types: text(alternative, "mediaType"),
                    encoding: text(alternative, "encoding"),
                })
                .collect(),
            component: members(&operation["responses"])
                .filter(|(status, _)| status.starts_with('2'))
                .find_map(|(_, response)| {
                    reference(&response["content"]["application/json"]["schema"])
                }),
        }
    }
}
