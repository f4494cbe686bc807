//! The rules: what can change, and what the generated crate makes of it. The one place where the levels stand.

use std::fmt::Write as _;

/// What a change asks of the version of the generated crate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Documentation, or what is not in the interface: code goes on as before and gains nothing.
    Patch,
    /// Something is gained, or is done in another way without the caller's doing.
    Minor,
    /// Code that compiled may not compile, or what worked may be refused.
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

/// From which side a changed schema is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    /// In a parameter or a request body.
    Request,
    /// In the answer of a success.
    Response,
    /// Where the crate decodes nothing: in error answers, headers of answers, parameters and operations that it leaves out.
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

    /// The name, for people.
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
    /// The same from wherever it is seen.
    Always(Level),
    /// In requests, and in responses; patch where the crate reads nothing.
    By(Level, Level),
}

/// A rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// The name, as it stands in reports.
    pub id: &'static str,
    /// What it says of the change, in lower case and without a full stop.
    pub says: &'static str,
    /// What it asks of the version.
    pub levels: Levels,
    /// Why: what the generated crate does.
    pub why: &'static str,
}

impl Rule {
    /// The level of a change of this kind, seen from one direction; from none where it is about no schema.
    pub fn level(&self, direction: Option<Direction>) -> Level {
        match (self.levels, direction) {
            (Levels::Always(level), _) => level,
            (Levels::By(request, _), Some(Direction::Request)) => request,
            (Levels::By(_, response), Some(Direction::Response)) => response,
            (Levels::By(..), Some(Direction::Unread) | None) => Level::Patch,
        }
    }

    /// The rule of a name. There is one for every name that the program itself uses: a test runs each of them.
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
    "no rule knows it; where it changes the crate, `rust-item-removed` or `rust-item-added` says so",
);

/// The rules, in the order of the table.
#[rustfmt::skip]
pub const RULES: &[Rule] = &[
    rule("operation-removed", Always(Major), "operation removed", "its method is gone"),
    rule("operation-added", Always(Minor), "operation added", "a new method"),
    rule("path-changed", Always(Minor), "path changed", "the method stays and sends elsewhere"),
    rule("method-changed", Always(Minor), "HTTP method changed", "the method stays and sends in another way; what may be repeated can differ"),
    rule("operation-renamed", Always(Major), "operationId changed", "it names the type of the call and the constant in the table of operations"),
    rule("method-renamed", Always(Major), "group or name changed", "the Rust method has another place or name"),
    rule("operation-hidden", Always(Major), "operation kept out of SDKs", "its method is gone"),
    rule("operation-shown", Always(Minor), "operation no longer kept out of SDKs", "a new method"),
    rule("operation-deprecated", Always(Minor), "operation deprecated", "its method gets `#[deprecated]`, a warning for callers"),
    rule("operation-revived", Always(Patch), "operation no longer deprecated", "the warning goes"),
    rule("lifecycle-changed", Always(Patch), "release stage changed", "documentation"),
    rule("tags-changed", Always(Patch), "tags changed", "they name the resource only where no group is given, which is `method-renamed` then"),
    rule("scope-tightened", Always(Major), "needs more or other scopes", "a token that was enough no longer is"),
    rule("scope-loosened", Always(Minor), "needs fewer scopes", "more tokens are enough"),
    rule("security-scheme-changed", Always(Patch), "security scheme changed", "the crate sends the token that it is given, wherever that comes from"),
    rule("server-changed", Always(Minor), "servers changed", "the default base URL may be another"),
    rule("document-changed", Always(Patch), "title, version or tags of the document changed", "documentation"),
    rule("parameter-added", Always(Minor), "optional parameter added", "a new setter"),
    rule("parameter-added-required", Always(Major), "required parameter added", "the method takes one argument more"),
    rule("parameter-removed", Always(Major), "parameter removed", "a setter or an argument is gone"),
    rule("parameter-required", Always(Major), "parameter now required", "a setter becomes an argument"),
    rule("parameter-optional", Always(Major), "parameter no longer required", "an argument becomes a setter"),
    rule("parameter-style-changed", Always(Minor), "parameter written in another way", "the same setter or argument, sent in another way"),
    rule("path-parameter-renamed", Always(Patch), "path parameter renamed", "arguments go by position; the wire has no name for it"),
    rule("parameter-unread-changed", Always(Patch), "cookie or implied header changed", "the crate leaves cookies and the headers of the transport out"),
    rule("body-added", Always(Major), "request body added", "the method takes one argument more"),
    rule("body-removed", Always(Major), "request body removed", "the method takes one argument less"),
    rule("body-required", Always(Patch), "request body now required", "the method takes it in any case"),
    rule("body-optional", Always(Patch), "request body no longer required", "the method takes it in any case"),
    rule("body-format-changed", Always(Minor), "format of the request body changed", "the same argument, sent in another format"),
    rule("body-format-listed", Always(Patch), "formats of the request body changed", "not the one that the crate sends"),
    rule("success-added", Always(Major), "success status added, with another body", "the type of the answer changes"),
    rule("success-removed", Always(Major), "success status removed, with another body", "the type of the answer changes"),
    rule("success-listed", Always(Patch), "success status added, removed or changed, with the body of another", "the type of the answer stays"),
    rule("error-added", Always(Patch), "error status added", "any error status is one error type; documentation and the table of operations"),
    rule("error-removed", Always(Patch), "error status removed", "any error status is one error type; documentation and the table of operations"),
    rule("answer-added", By(Patch, Major), "body of the answer added", "the type of the answer changes"),
    rule("answer-removed", By(Patch, Major), "body of the answer removed", "the type of the answer changes"),
    rule("answer-format-changed", By(Patch, Major), "format of the answer changed", "JSON is decoded, other formats are bytes"),
    rule("answer-format-listed", By(Patch, Patch), "formats of the answer changed", "not the one that the crate reads"),
    rule("response-header-changed", Always(Patch), "header of the answer changed", "headers are there whole, without types"),
    rule("unread-changed", Always(Patch), "callbacks, links, webhooks or encodings changed", "no part of a client"),
    rule("type-changed", By(Major, Major), "type changed", "another Rust type"),
    rule("type-narrowed", By(Major, Major), "type narrowed", "another Rust type"),
    rule("type-widened", By(Major, Major), "type widened", "another Rust type"),
    rule("type-renamed", By(Major, Major), "schema named differently", "the Rust type has another name"),
    rule("schema-moved", By(Patch, Patch), "schema moved to another place", "a plain value, list or map has no type of its own"),
    rule("null-allowed", By(Major, Major), "null allowed", "`T` becomes `Option<T>`, and `Option<T>` in requests `Option<Nullable<T>>`"),
    rule("null-refused", By(Major, Major), "null no longer allowed", "the reverse"),
    rule("null-allowed-optional", By(Major, Patch), "null allowed where it may be absent", "in answers both are `Option<T>`"),
    rule("null-refused-optional", By(Major, Patch), "null no longer allowed where it may be absent", "in answers both are `Option<T>`"),
    rule("format-changed", By(Major, Major), "format changed", "this one makes another Rust type"),
    rule("format-noted", By(Patch, Patch), "format changed", "this one is documentation"),
    rule("enum-value-added", By(Minor, Minor), "value added", "a new variant; values are `Open` and enums `#[non_exhaustive]`"),
    rule("enum-value-removed", By(Major, Major), "value removed", "its variant is gone"),
    rule("enum-opened", By(Major, Major), "list of values gone", "`Open<T>` becomes `String`"),
    rule("enum-closed", By(Major, Major), "list of values made", "`String` becomes `Open<T>`"),
    rule("value-allowed", By(Minor, Patch), "number or flag allowed", "checked in requests only"),
    rule("value-refused", By(Major, Patch), "number or flag no longer allowed", "requests with it are refused before they are sent"),
    rule("constraint-tightened", By(Major, Patch), "constraint tightened", "requests are checked before they are sent, answers are not"),
    rule("constraint-loosened", By(Minor, Patch), "constraint loosened", "requests are checked before they are sent, answers are not"),
    rule("pattern-changed", By(Major, Patch), "pattern changed", "which of two patterns takes more is not decided; requests are checked"),
    rule("condition-changed", By(Major, Patch), "rule between fields changed", "requests are checked before they are sent, answers are not"),
    rule("default-changed", By(Patch, Patch), "default changed", "defaults are documented, never sent"),
    rule("property-added", By(Minor, Minor), "optional field added", "a new field and setter; structs are `#[non_exhaustive]`"),
    rule("property-added-required", By(Major, Major), "required field added", "`new` takes one argument more, in answers too"),
    rule("property-removed", By(Major, Major), "field removed", "the field is gone"),
    rule("property-required", By(Major, Major), "field now required", "`Option<T>` becomes `T`, and an argument of `new`"),
    rule("property-optional", By(Major, Major), "field no longer required", "`T` becomes `Option<T>`"),
    rule("object-closed", By(Patch, Patch), "other fields refused", "they are ignored either way, so that new ones do no harm"),
    rule("object-opened", By(Patch, Patch), "other fields allowed", "they are ignored either way, so that new ones do no harm"),
    rule("map-values-changed", By(Major, Major), "type of the other fields given or taken away", "a map of them comes or goes"),
    rule("variant-added", By(Minor, Minor), "variant added", "a new variant; unions are `#[non_exhaustive]`"),
    rule("variant-removed", By(Major, Major), "variant removed", "its variant is gone"),
    rule("variants-reordered", By(Patch, Patch), "`oneOf` and `anyOf` exchanged, or the discriminator changed", "a union decides by what its variants hold"),
    rule("read-only-changed", By(Major, Patch), "field sent or no longer sent", "fields that only the server sets are in no request type"),
    rule("write-only-changed", By(Patch, Major), "field answered or no longer answered", "fields that are only sent are in no answer type"),
    rule("deprecation-noted", By(Patch, Patch), "deprecated, or no longer", "documentation"),
    rule("title-changed", By(Patch, Patch), "title changed", "documentation; where it names a type, `rust-item-removed` says so"),
    rule("form-changed", Always(Patch), "written in another way, with the same meaning", "nothing"),
    rule("unused-changed", Always(Patch), "a component changed that no operation reaches", "the crate leaves it out"),
    OTHER,
    rule("rust-item-removed", Always(Major), "public Rust items removed or changed", "found by generating both crates, where no other rule asks for a major version"),
    rule("rust-item-added", Always(Minor), "public Rust items added", "found by generating both crates, where no other rule asks for a minor version"),
];

/// The rules as a Markdown file: what stands in `RULES.md`.
pub fn table() -> String {
    let mut text = "\
# Rules of `cargo xtask diff`

Made from `rules.rs`; a test compares the two. Levels are for the generated Rust crate:

- **patch**: documentation, or what is not in its interface;
- **minor**: something is gained, or done in another way without the caller's doing;
- **major**: code that compiled may not compile, or what worked may be refused.

A schema is seen from up to three directions, and the highest level counts: in requests, in answers of a success, and unread
(errors, headers of answers, cookies, operations that are left out), where every rule with two levels is a patch. In versions
0.y.z, a major change raises y and everything else z.

| rule | change | request | response | what the crate does |
| --- | --- | --- | --- | --- |
"
    .to_owned();
    for rule in RULES {
        let levels = match rule.levels {
            Always(level) => format!("{0} | {0}", level.name()),
            By(request, response) => format!("{} | {}", request.name(), response.name()),
        };
        // Writing into a string does not fail.
        let _ = writeln!(
            text,
            "| `{}` | {} | {levels} | {} |",
            rule.id, rule.says, rule.why
        );
    }
    text
}
