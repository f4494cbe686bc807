//! The extensions (`x-…`) of this project: their names, their values, which passes set them, and which modules read them.
//!
//! All extensions that a pass or the emitter uses are declared here. Other modules use these constants, so a search for a constant finds all
//! uses. [`table`] renders the declarations as Markdown; `openapi/EXTENSIONS.md` is that table, for authors of overlays.

use serde_json::{Map, Value};

use crate::spec::walk::{Place, join, walk_mut};

/// An extension of OpenAPI documents.
#[derive(Debug, Clone, Copy)]
pub struct Extension {
    /// The member name, including `x-`.
    pub name: &'static str,
    /// The kind of object that carries it.
    pub on: &'static str,
    /// The type of its value.
    pub value: &'static str,
    /// Its meaning.
    pub meaning: &'static str,
    /// Its source.
    pub set_by: SetBy,
    /// The passes and modules that read it.
    pub read_by: &'static [&'static str],
}

/// The source of an extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetBy {
    /// The published document, a correction or an addition. These passes set a default or complete the value.
    Author(&'static [&'static str]),
    /// Only these passes. The extension is removed from input documents.
    Passes(&'static [&'static str]),
}

impl Extension {
    /// Its value on `object`.
    pub(crate) fn get<'v>(&self, object: &'v Value) -> Option<&'v Value> {
        object.get(self.name)
    }

    /// Its value among the members of an object.
    pub(crate) fn get_in<'v>(&self, members: &'v Map<String, Value>) -> Option<&'v Value> {
        members.get(self.name)
    }

    /// Its value on `object`; null if it is not set.
    pub(crate) fn value<'v>(&self, object: &'v Value) -> &'v Value {
        &object[self.name]
    }

    /// Whether it is set on `object`.
    pub(crate) fn is_set(&self, object: &Value) -> bool {
        self.get(object).is_some()
    }

    /// Whether it is `true` on `object`.
    pub(crate) fn is_true(&self, object: &Value) -> bool {
        *self.value(object) == Value::Bool(true)
    }

    /// Its value on `object`, if that is a string.
    pub(crate) fn text<'v>(&self, object: &'v Value) -> Option<&'v str> {
        self.value(object).as_str()
    }

    /// The items of its value on `object`; empty if it is not an array.
    pub(crate) fn items<'v>(&self, object: &'v Value) -> impl Iterator<Item = &'v Value> {
        self.value(object).as_array().into_iter().flatten()
    }

    /// Sets it on the members of an object.
    pub(crate) fn set(&self, members: &mut Map<String, Value>, value: impl Into<Value>) {
        members.insert(self.name.to_owned(), value.into());
    }

    /// Removes it from the members of an object.
    pub(crate) fn remove(&self, members: &mut Map<String, Value>) -> Option<Value> {
        members.remove(self.name)
    }
}

/// The value of [`TAG`]: a property with a constant value, which the type does not have as a field.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tag<'v> {
    /// The name of the property on the wire.
    pub(crate) property: &'v str,
    /// Its value.
    pub(crate) value: &'v str,
}

impl Tag<'_> {
    /// The tag of a schema.
    pub(crate) fn of(schema: &Value) -> Option<Tag<'_>> {
        let tag = TAG.get(schema)?;
        Some(Tag {
            property: tag["property"].as_str()?,
            value: tag["value"].as_str()?,
        })
    }
}

/// The variants that [`UNION`] lists: objects with `name`, `ref` and `when`.
pub(crate) fn union_variants(schema: &Value) -> impl Iterator<Item = &Value> {
    let variants = &UNION.value(schema)["variants"];
    variants.as_array().into_iter().flatten()
}

/// The resources that lead to an operation.
pub const OPERATION_GROUP: Extension = Extension {
    name: "x-operation-group",
    on: "operation",
    value: "a string or an array of strings",
    meaning: "The resources that lead to the method: `[organizations, members]` is `organizations().members()`. Default: the first tag; without tags, the first segment of the path.",
    set_by: SetBy::Author(&["operation-groups"]),
    read_by: &["operation-groups", "emit/model", "diff"],
};
/// The name of the method of an operation.
pub const OPERATION_NAME: Extension = Extension {
    name: "x-operation-name",
    on: "operation",
    value: "a string",
    meaning: "The name of the method. Default: derived from `operationId`. A name that ends with its group loses that part.",
    set_by: SetBy::Author(&["operation-groups"]),
    read_by: &["operation-groups", "emit/model", "diff"],
};
/// How mature an operation is.
pub const RELEASE_LIFECYCLE: Extension = Extension {
    name: "x-release-lifecycle",
    on: "operation",
    value: "a string, for example `EA`",
    meaning: "The release stage. It is stated in the documentation of the method.",
    set_by: SetBy::Author(&[]),
    read_by: &["emit/model", "diff"],
};
/// Leaves an operation out of the client.
pub const SDK_IGNORE: Extension = Extension {
    name: "x-sdk-ignore",
    on: "operation",
    value: "`true`",
    meaning: "Leaves the operation out of the client. Set by the passes if the client cannot build the request body.",
    set_by: SetBy::Author(&["request-bodies"]),
    read_by: &["emit/model", "coverage", "diff"],
};
/// When a call may be retried.
pub const RETRY_SAFETY: Extension = Extension {
    name: "x-retry-safety",
    on: "operation",
    value: "`safe`, `idempotent` or `unsafe`",
    meaning: "The retry class. Default: by the method (RFC 9110, section 9.2). `unsafe` is retried only if the server has not processed the request.",
    set_by: SetBy::Author(&["retry-safety"]),
    read_by: &["retry-safety", "emit/model", "diff"],
};
/// The outcomes of a bulk operation.
pub const OUTCOME: Extension = Extension {
    name: "x-outcome",
    on: "operation",
    value: "`complete`, `partial`: success statuses; `failures`: a property of the report",
    meaning: "Declares a bulk operation that can fail for some of its items: the call returns the report as a success or as a partial success, by the status.",
    set_by: SetBy::Author(&[]),
    read_by: &["emit/model"],
};
/// How an operation pages.
pub const PAGING: Extension = Extension {
    name: "x-paging",
    on: "operation",
    value: "`size_default`, `limit`: positive integers (authors); parameters and properties of the paging style (pass)",
    meaning: "How the operation pages. The pass derives the style; corrections add the default page size of the server, and the number of items after which it stops.",
    set_by: SetBy::Author(&["paging"]),
    read_by: &["paging", "page-items", "emit/model"],
};
/// Conditions between the properties of an object.
pub const CONDITIONS: Extension = Extension {
    name: "x-conditions",
    on: "schema",
    value: "an array of objects with `if` and `then`, arrays of clauses, and `message`, a string. A clause is `property` with one of `present`, `absent`, `equals`, `contains`, `minItems`, `maxItems`",
    meaning: "Conditions between properties, checked before a request is sent. The pass derives them from `if`/`then` and `dependentRequired`.",
    set_by: SetBy::Author(&["conditions", "all-of"]),
    read_by: &["all-of", "tags", "emit/model", "emit/doc_text"],
};
/// The descriptions of the values of an enumeration.
pub const ENUM_DESCRIPTIONS: Extension = Extension {
    name: "x-enum-descriptions",
    on: "schema with `enum`",
    value: "an object: value → description",
    meaning: "The descriptions of the values. They become the documentation of the variants.",
    set_by: SetBy::Author(&["unions"]),
    read_by: &[
        "unions",
        "enumeration-names",
        "descriptions",
        "enumerations",
        "coverage",
    ],
};
/// The name that responses use for a property of an update.
pub const RESPONSE_NAME: Extension = Extension {
    name: "x-response-name",
    on: "property of an update request",
    value: "a string",
    meaning: "The name of the same property in responses. The conversion from the response to the update request renames it.",
    set_by: SetBy::Author(&[]),
    read_by: &["emit/model"],
};
/// Marks a secret string.
pub const SECRET: Extension = Extension {
    name: "x-secret",
    on: "schema of a string",
    value: "`true`",
    meaning: "The value is a secret: its type is `SecretString`, which `Debug` does not print. Also set by `format: password`, and by names such as `client_secret`.",
    set_by: SetBy::Author(&[]),
    read_by: &["secrets"],
};
/// Where an addition to the published document comes from.
pub const SOURCE: Extension = Extension {
    name: "x-source",
    on: "action of `additions.overlay.yaml`",
    value: "`repository`: owner and name on GitHub; `version`: a release; `file`: a path in it; `date`: the day it was read, as YYYY-MM-DD",
    meaning: "The source of the action: an official SDK that has what the published document lacks. Required there.",
    set_by: SetBy::Author(&[]),
    read_by: &["overlay"],
};
/// The statuses of the documented errors.
pub const ERRORS: Extension = Extension {
    name: "x-errors",
    on: "operation",
    value: "an array of statuses",
    meaning: "The documented error statuses. Error responses themselves are removed: all operations share one error type.",
    set_by: SetBy::Passes(&["error-responses"]),
    read_by: &["emit/model"],
};
/// Marks an operation whose request body has no properties.
pub const EMPTY_BODY: Extension = Extension {
    name: "x-empty-body",
    on: "operation",
    value: "`true`",
    meaning: "The request body has no properties: the method takes no argument for it.",
    set_by: SetBy::Passes(&["request-bodies"]),
    read_by: &["emit/model"],
};
/// How a parameter is sent.
pub const SERIALIZATION: Extension = Extension {
    name: "x-serialization",
    on: "parameter",
    value: "`in`: a location; `style`, `explode`, `allowReserved`: as OpenAPI defines them; `json`: `true` for a value that is sent as JSON; `compound`: `true` for a list or an object",
    meaning: "How the parameter is sent, where it differs from the default of its location. progenitor accepts only the defaults.",
    set_by: SetBy::Passes(&["parameters"]),
    read_by: &["emit/model"],
};
/// The media type of a request body.
pub const REQUEST_MEDIA: Extension = Extension {
    name: "x-request-media",
    on: "operation",
    value: "`mediaType`: a string; `encoding`: `json`, `text`, `upload`, `form`, `multipart` or `alternatives`; `parts`: an object: property → `style`, `explode`, `allowReserved`, `contentType`, `headers`; `alternatives`: an array of the same with `property` and `variant`",
    meaning: "The media type of the request body and how it is encoded, where that is not JSON. progenitor accepts few media types.",
    set_by: SetBy::Passes(&["request-bodies"]),
    read_by: &["emit/model"],
};
/// The media types of the successful responses.
pub const RESPONSE_MEDIA: Extension = Extension {
    name: "x-response-media",
    on: "operation",
    value: "`accept`: a string; `encoding`: `text`, `events`, `lines` or `alternatives`; `alternatives`: an array of objects with `property`, `variant`, `status`, `mediaType`, `encoding`",
    meaning: "The media types of the successful responses and how they are read, where that is not JSON. progenitor accepts one response type.",
    set_by: SetBy::Passes(&["success-responses"]),
    read_by: &["emit/model"],
};
/// The name of a parameter on the wire.
pub const WIRE_NAME: Extension = Extension {
    name: "x-wire-name",
    on: "parameter",
    value: "a string",
    meaning: "The name on the wire, where two parameters of one operation would have the same name in Rust.",
    set_by: SetBy::Passes(&["parameters"]),
    read_by: &["emit/model"],
};
/// The names of properties on the wire.
pub const WIRE_NAMES: Extension = Extension {
    name: "x-wire-names",
    on: "schema of an object",
    value: "an object: property → name on the wire",
    meaning: "The names on the wire, where two properties of one object would have the same name in Rust.",
    set_by: SetBy::Passes(&["names"]),
    read_by: &["emit/model"],
};
/// Marks a page of a listing.
pub const PAGE: Extension = Extension {
    name: "x-page",
    on: "schema of an object",
    value: "`items`: a property; `bare`: `true` if the response may also be the array alone",
    meaning: "The object merges the shapes in which a listing responds.",
    set_by: SetBy::Passes(&["listings"]),
    read_by: &["emit/model"],
};
/// How the variants of a union are distinguished.
pub const UNION: Extension = Extension {
    name: "x-union",
    on: "component schema with `oneOf`",
    value: "`variants`: an array of objects with `name`, `ref`, `when` (`tag`, `tags`, `has`, `otherwise`, `tries`, …)",
    meaning: "How the variants are distinguished. The emitter writes the enum and its decoding instead of typify.",
    set_by: SetBy::Passes(&["union-rules"]),
    read_by: &["union-rules", "tags", "open-types", "emit/model"],
};
/// A property with a fixed value.
pub const TAG: Extension = Extension {
    name: "x-tag",
    on: "component schema of a variant",
    value: "`property`, `value`: strings",
    meaning: "The property that identifies the variant. It is written when a value is sent, and is not a field.",
    set_by: SetBy::Passes(&["tags"]),
    read_by: &["emit/model", "emit/doc_text"],
};
/// The constraints of a value.
pub const CONSTRAINTS: Extension = Extension {
    name: "x-constraints",
    on: "schema",
    value: "an object of JSON Schema keywords; `items` holds the constraints of the items",
    meaning: "The constraints, checked before a request is sent. Types stay plain, so responses that violate a constraint still decode.",
    set_by: SetBy::Passes(&["enumeration-names", "constraints"]),
    read_by: &["paging", "emit/model", "emit/doc_text"],
};
/// The default of a value.
pub const DEFAULT: Extension = Extension {
    name: "x-default",
    on: "schema",
    value: "any JSON value",
    meaning: "The default, for the documentation. typify would send it with every request.",
    set_by: SetBy::Passes(&["defaults"]),
    read_by: &["paging", "emit/model", "emit/doc_text"],
};
/// The Rust type that typify uses for a schema.
pub const RUST_TYPE: Extension = Extension {
    name: "x-rust-type",
    on: "schema",
    value: "`crate`, `version`, `path`, `parameters`, as typify defines them",
    meaning: "The Rust type of the schema. The first pass that assigns one decides; later passes leave the schema as it is.",
    set_by: SetBy::Passes(&[
        "secrets",
        "open-types",
        "nullable-fields",
        "optional-fields",
    ]),
    read_by: &[
        "open-types",
        "nullable-fields",
        "optional-fields",
        "plain-components",
        "typify",
    ],
};
/// Marks a normalized document.
pub const NORMALIZED: Extension = Extension {
    name: "x-normalized",
    on: "document",
    value: "`true`",
    meaning: "The document is the output of `normalize`: its reserved extensions are ours, and normalizing it again changes nothing.",
    set_by: SetBy::Passes(&["(all)"]),
    read_by: &["reserved-extensions"],
};
/// The location of a value in the source document.
pub const NORMALIZER_SOURCE: Extension = Extension {
    name: "x-normalizer-source",
    on: "schema, operation, parameter, request body, response, header, path item",
    value: "a JSON pointer",
    meaning: "The location in the source document, for messages. Set while the passes run and removed afterwards.",
    set_by: SetBy::Passes(&["(all)"]),
    read_by: &["(all)"],
};
/// The component that a value was resolved from.
pub const NORMALIZER_NAME: Extension = Extension {
    name: "x-normalizer-name",
    on: "schema",
    value: "the name of a component",
    meaning: "The component that the value was copied from: a hint for the name of a type. Removed after the passes.",
    set_by: SetBy::Passes(&["references"]),
    read_by: &["hoist", "unions"],
};
/// Paging of Dropshot.
pub const DROPSHOT_PAGINATION: Extension = Extension {
    name: "x-dropshot-pagination",
    on: "operation",
    value: "defined by progenitor",
    meaning: "Would make progenitor emit a stream beside ours.",
    set_by: SetBy::Passes(&[]),
    read_by: &["progenitor"],
};
/// WebSockets of Dropshot.
pub const DROPSHOT_WEBSOCKET: Extension = Extension {
    name: "x-dropshot-websocket",
    on: "operation",
    value: "defined by progenitor",
    meaning: "Would make progenitor emit a WebSocket upgrade instead of a call.",
    set_by: SetBy::Passes(&[]),
    read_by: &["progenitor"],
};

/// All extensions: first those that authors set, then those that only passes set.
pub const ALL: &[Extension] = &[
    OPERATION_GROUP,
    OPERATION_NAME,
    RELEASE_LIFECYCLE,
    SDK_IGNORE,
    RETRY_SAFETY,
    OUTCOME,
    PAGING,
    CONDITIONS,
    ENUM_DESCRIPTIONS,
    RESPONSE_NAME,
    SECRET,
    SOURCE,
    ERRORS,
    EMPTY_BODY,
    SERIALIZATION,
    REQUEST_MEDIA,
    RESPONSE_MEDIA,
    WIRE_NAME,
    WIRE_NAMES,
    PAGE,
    UNION,
    TAG,
    CONSTRAINTS,
    DEFAULT,
    RUST_TYPE,
    NORMALIZED,
    NORMALIZER_SOURCE,
    NORMALIZER_NAME,
    DROPSHOT_PAGINATION,
    DROPSHOT_WEBSOCKET,
];

/// Whether a member name is that of an extension.
pub(crate) fn is_extension(name: &str) -> bool {
    name.starts_with("x-")
}

/// Removes the extensions that only passes may set, and calls `removed` with the name and the pointer of each.
pub(crate) fn strip_reserved(document: &mut Value, removed: &mut dyn FnMut(&str, String)) {
    walk_mut(document, &mut |value, place, pointer| {
        let Value::Object(members) = value else {
            return;
        };
        // The keys of a map are chosen by the document and are not members of OpenAPI.
        if matches!(
            place,
            Place::Data | Place::Map(_) | Place::List(_) | Place::Scopes
        ) {
            return;
        }
        for extension in ALL {
            let is_reserved = matches!(extension.set_by, SetBy::Passes(_));
            // The stamps of the current normalization stay.
            let is_stamp = [NORMALIZER_SOURCE.name, NORMALIZER_NAME.name].contains(&extension.name);
            if is_reserved && !is_stamp && extension.remove(members).is_some() {
                removed(extension.name, join(pointer, extension.name));
            }
        }
    });
}

/// The extensions as a Markdown document.
pub fn table() -> String {
    let mut text = String::from(
        "# Extensions\n\n\
         The `x-` members that documents of this project carry. This file is generated from `xtask/src/extensions.rs`; a test compares them.\n",
    );
    let section = |title: &str, intro: &str, is_in: &dyn Fn(&Extension) -> bool| {
        let mut text = format!("\n## {title}\n\n{intro}\n");
        for extension in ALL.iter().filter(|extension| is_in(extension)) {
            let passes = match extension.set_by {
                SetBy::Author(passes) | SetBy::Passes(passes) => passes,
            };
            text.push_str(&format!(
                "\n### `{}`\n\n{}\n\n- On: {}\n- Value: {}\n",
                extension.name, extension.meaning, extension.on, extension.value,
            ));
            if !passes.is_empty() {
                text.push_str(&format!("- Set by passes: {}\n", passes.join(", ")));
            }
            text.push_str(&format!("- Read by: {}\n", extension.read_by.join(", ")));
        }
        text
    };
    text.push_str(&section(
        "For authors of overlays",
        "Published documents, `corrections.overlay.yaml` and `additions.overlay.yaml` may set these. Passes complete them where a default is stated.",
        &|extension| matches!(extension.set_by, SetBy::Author(_)),
    ));
    text.push_str(&section(
        "Reserved for the passes",
        "The passes write these for later passes, for the emitter, for typify or for progenitor. The normalizer removes them from its input.",
        &|extension| matches!(extension.set_by, SetBy::Passes(_)),
    ));
    text
}
