//! The rules that classify changes by their effect on the generated crate. The only place that defines version levels.

use std::fmt::Write as _;

/// The version level that a change of the generated crate requires.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// A change of documentation or of internals: existing code is not affected and gains nothing.
    Patch,
    /// A new feature, or a change of behaviour that needs no change in calling code.
    Minor,
    /// Code that compiled may fail to compile, or a request that was accepted may be rejected.
    Major,
}

impl Level {
    /// The name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Patch => "patch",
            Self::Minor => "minor",
            Self::Major => "major",
        }
    }
}

/// The direction in which a changed schema is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    /// In a parameter or a request body.
    Request,
    /// In a success response.
    Response,
    /// Where the crate decodes nothing: in error responses, response headers, and omitted parameters and operations.
    Unread,
}

impl Direction {
    /// The name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Response => "response",
            Self::Unread => "unread",
        }
    }

    /// The text for people.
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Unread => "not read by the crate",
            other => other.name(),
        }
    }
}

/// The level of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Levels {
    /// The same in all directions.
    Always(Level),
    /// The levels in requests and in responses; patch where the crate reads nothing.
    By(Level, Level),
}

/// A rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// The name in reports.
    pub id: &'static str,
    /// The description of the change, in lower case and without a full stop.
    pub says: &'static str,
    /// The required version level.
    pub levels: Levels,
    /// The reason: the effect on the generated crate.
    pub why: &'static str,
}

impl Rule {
    /// The level of a change in one direction, or without a direction if it does not concern a schema.
    pub fn level(&self, direction: Option<Direction>) -> Level {
        match (self.levels, direction) {
            (Levels::Always(level), _) => level,
            (Levels::By(request, _), Some(Direction::Request)) => request,
            (Levels::By(_, response), Some(Direction::Response)) => response,
            (Levels::By(..), Some(Direction::Unread) | None) => Level::Patch,
        }
    }

    /// The rule of this name. Every name used in the code has a rule, which a test checks.
    pub(super) fn named(id: &str) -> &'static Rule {
        RULES.iter().find(|rule| rule.id == id).unwrap_or(&OTHER)
    }
}

use Level::{Major, Minor, Patch};
use Levels::{Always, By};

const fn rule(id: &'static str, levels: Levels, says: &'static str, why: &'static str) -> Rule {
    Rule {
        id,
        says,
        levels,
        why,
    }
}

const OTHER: Rule = rule(
    "other-fact",
    Always(Patch),
    "another fact changed",
    "has no rule of its own; if it changes the crate, `rust-item-removed` or `rust-item-added` reports it",
);

/// The rules, in the order of the table.
#[rustfmt::skip]
pub const RULES: &[Rule] = &[
    rule("operation-removed", Always(Major), "operation removed", "its method is removed"),
    rule("operation-added", Always(Minor), "operation added", "a new method"),
    rule("path-changed", Always(Minor), "path changed", "the method stays and sends to another path"),
    rule("method-changed", Always(Minor), "HTTP method changed", "the method stays and sends another HTTP method; its retry class may change"),
    rule("operation-renamed", Always(Major), "operationId changed", "it names the call type and the constant in the operation table"),
    rule("method-renamed", Always(Major), "group or name changed", "the Rust method is moved or renamed"),
    rule("operation-hidden", Always(Major), "operation excluded from SDKs", "its method is removed"),
    rule("operation-shown", Always(Minor), "operation no longer excluded from SDKs", "a new method"),
    rule("operation-deprecated", Always(Minor), "operation deprecated", "its method gets `#[deprecated]`, which warns callers"),
    rule("operation-revived", Always(Patch), "operation no longer deprecated", "the warning is removed"),
    rule("lifecycle-changed", Always(Patch), "release stage changed", "documentation"),
    rule("tags-changed", Always(Patch), "tags changed", "they name the resource only without a group, which is then `method-renamed`"),
    rule("scope-tightened", Always(Major), "requires more or other scopes", "tokens that were sufficient no longer are"),
    rule("scope-loosened", Always(Minor), "requires fewer scopes", "more tokens are sufficient"),
    rule("security-scheme-changed", Always(Patch), "security scheme changed", "the crate sends any token it is given"),
    rule("server-changed", Always(Minor), "servers changed", "the default base URL may change"),
    rule("document-changed", Always(Patch), "title, version or tags of the document changed", "documentation"),
    rule("parameter-added", Always(Minor), "optional parameter added", "a new setter"),
    rule("parameter-added-required", Always(Major), "required parameter added", "the method takes one more argument"),
    rule("parameter-removed", Always(Major), "parameter removed", "a setter or an argument is removed"),
    rule("parameter-required", Always(Major), "parameter now required", "a setter becomes an argument"),
    rule("parameter-optional", Always(Major), "parameter no longer required", "an argument becomes a setter"),
    rule("parameter-style-changed", Always(Minor), "parameter style changed", "the same setter or argument, serialized in another way"),
    rule("path-parameter-renamed", Always(Patch), "path parameter renamed", "arguments are positional, and the name is not sent"),
    rule("parameter-unread-changed", Always(Patch), "implied header changed", "the crate omits transport headers"),
    rule("body-added", Always(Major), "request body added", "the method takes one more argument"),
    rule("body-removed", Always(Major), "request body removed", "the method takes one argument fewer"),
    rule("body-required", Always(Patch), "request body now required", "the method always takes it"),
    rule("body-optional", Always(Patch), "request body no longer required", "the method always takes it"),
    rule("body-format-changed", Always(Minor), "format of the request body changed", "the same argument, sent in another format"),
    rule("body-format-listed", Always(Patch), "formats of the request body changed", "does not affect the format that the crate sends"),
    rule("success-added", Always(Major), "success status added, with another body", "the response type changes"),
    rule("success-removed", Always(Major), "success status removed, with another body", "the response type changes"),
    rule("success-listed", Always(Patch), "success status added, removed or changed, with the same body as another", "the response type stays the same"),
    rule("error-added", Always(Patch), "error status added", "all error statuses share one error type; affects documentation and the operation table"),
    rule("error-removed", Always(Patch), "error status removed", "all error statuses share one error type; affects documentation and the operation table"),
    rule("response-body-added", By(Patch, Major), "response body added", "the response type changes"),
    rule("response-body-removed", By(Patch, Major), "response body removed", "the response type changes"),
    rule("response-format-changed", By(Patch, Major), "response format changed", "JSON is decoded; other formats are returned as bytes"),
    rule("response-format-listed", By(Patch, Patch), "response formats changed", "does not affect the type of the response"),
    rule("response-header-changed", Always(Patch), "response header changed", "headers are returned without types"),
    rule("unread-changed", Always(Patch), "callbacks, links, webhooks or encodings changed", "not part of the client"),
    rule("type-changed", By(Major, Major), "type changed", "another Rust type"),
    rule("type-narrowed", By(Major, Major), "type narrowed", "another Rust type"),
    rule("type-widened", By(Major, Major), "type widened", "another Rust type"),
    rule("type-renamed", By(Major, Major), "schema renamed", "the Rust type is renamed"),
    rule("schema-moved", By(Patch, Patch), "schema moved", "scalars, lists and maps have no type of their own"),
    rule("null-allowed", By(Major, Major), "null allowed", "`T` becomes `Option<T>`, and `Option<T>` in requests `Option<Nullable<T>>`"),
    rule("null-disallowed", By(Major, Major), "null no longer allowed", "the reverse of `null-allowed`"),
    rule("null-allowed-optional", By(Major, Patch), "null allowed for an optional value", "in responses both are `Option<T>`"),
    rule("null-disallowed-optional", By(Major, Patch), "null no longer allowed for an optional value", "in responses both are `Option<T>`"),
    rule("format-changed", By(Major, Major), "format changed", "this format changes the Rust type"),
    rule("format-noted", By(Patch, Patch), "format changed", "this format affects only documentation"),
    rule("enum-value-added", By(Minor, Minor), "value added", "a new variant; fields are `Open` and enums are `#[non_exhaustive]`"),
    rule("enum-value-removed", By(Major, Major), "value removed", "its variant is removed"),
    rule("enum-opened", By(Major, Major), "list of values removed", "`Open<T>` becomes `String`"),
    rule("enum-closed", By(Major, Major), "list of values added", "`String` becomes `Open<T>`"),
    rule("value-allowed", By(Minor, Patch), "number or boolean allowed", "checked in requests only"),
    rule("value-disallowed", By(Major, Patch), "number or boolean no longer allowed", "requests with it are rejected before they are sent"),
    rule("constraint-tightened", By(Major, Patch), "constraint tightened", "requests are checked before they are sent; responses are not"),
    rule("constraint-loosened", By(Minor, Patch), "constraint loosened", "requests are checked before they are sent; responses are not"),
    rule("pattern-changed", By(Major, Patch), "pattern changed", "the effect of a pattern change is unknown; requests are checked"),
    rule("condition-changed", By(Major, Patch), "condition between fields changed", "requests are checked before they are sent; responses are not"),
    rule("default-changed", By(Patch, Patch), "default changed", "defaults are documented but never sent"),
    rule("property-added", By(Minor, Minor), "optional field added", "a new field and setter; structs are `#[non_exhaustive]`"),
    rule("property-added-required", By(Major, Major), "required field added", "`new` takes one more argument, in response types too"),
    rule("property-removed", By(Major, Major), "field removed", "the field is removed"),
    rule("property-required", By(Major, Major), "field now required", "`Option<T>` becomes `T` and an argument of `new`"),
    rule("property-optional", By(Major, Major), "field no longer required", "`T` becomes `Option<T>`"),
    rule("object-closed", By(Patch, Patch), "additional fields disallowed", "unknown fields are accepted in either case"),
    rule("object-opened", By(Patch, Patch), "additional fields allowed", "unknown fields are accepted in either case"),
    rule("map-values-changed", By(Major, Major), "type of additional fields added or removed", "a map for them is added or removed"),
    rule("variant-added", By(Minor, Minor), "variant added", "a new variant; unions are `#[non_exhaustive]`"),
    rule("variant-removed", By(Major, Major), "variant removed", "its variant is removed"),
    rule("discriminator-changed", By(Major, Major), "another property chooses the variant", "what is sent and accepted changes, whatever the Rust names"),
    rule("mapping-changed", By(Major, Major), "another value chooses the variant", "what is sent and accepted changes, whatever the Rust names"),
    rule("mapping-added", By(Major, Major), "a further value chooses the variant", "each value has a variant and a type of its own"),
    rule("variants-reordered", By(Patch, Patch), "`oneOf` and `anyOf` exchanged, or a discriminator added or removed", "unions are decoded by the contents of their variants"),
    rule("read-only-changed", By(Major, Patch), "read-only changed", "read-only fields are not in request types"),
    rule("write-only-changed", By(Patch, Major), "write-only changed", "write-only fields are not in response types"),
    rule("deprecation-noted", By(Patch, Patch), "deprecation added or removed", "documentation"),
    rule("title-changed", By(Patch, Patch), "title changed", "documentation; if it names a type, `rust-item-removed` reports it"),
    rule("form-changed", Always(Patch), "written differently, with the same meaning", "no effect"),
    rule("unused-changed", Always(Patch), "a component that no operation references changed", "the crate omits it"),
    OTHER,
    rule("rust-item-removed", Always(Major), "public Rust items removed or changed", "found by generating both crates, if no other rule requires a major version"),
    rule("rust-item-added", Always(Minor), "public Rust items added", "found by generating both crates, if no other rule requires a minor version"),
];

/// Formats the rules as Markdown: the contents of `RULES.md`.
pub fn table() -> String {
    let mut text = "\
# Rules of `cargo xtask diff`

Generated from `rules.rs`; a test checks that they match. Levels apply to the generated Rust crate:

- **patch**: changes of documentation or internals;
- **minor**: new features, or changes of behaviour that need no change in calling code;
- **major**: code that compiled may fail to compile, or a request that was accepted may be rejected.

A schema can be used in three directions: in requests, in success responses, and unread (error responses, response headers,
cookies, omitted operations), where every rule with two levels is a patch. The highest level applies. In versions 0.y.z, a
major change increments y, and all others increment z.

| rule | change | request | response | effect on the crate |
| --- | --- | --- | --- | --- |
"
    .to_owned();
    for rule in RULES {
        let levels = match rule.levels {
            Always(level) => format!("{0} | {0}", level.name()),
            By(request, response) => format!("{} | {}", request.name(), response.name()),
        };
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "| `{}` | {} | {levels} | {} |",
            rule.id, rule.says, rule.why
        );
    }
    text
}
