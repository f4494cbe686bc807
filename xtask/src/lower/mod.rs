//! The normalizer: from an OpenAPI 3.0 or 3.1 document to an OpenAPI 3.0.3 document that progenitor takes, with the meaning kept.
//!
//! Each rule is one pass: a function from document to document with a name and the defect that it answers. [`PASSES`] is the one place
//! where they are listed, in the order in which they run.

use serde_json::Value;

use crate::extensions;
use crate::problem::Problem;

pub(crate) mod context;
pub(crate) mod origin;
pub(crate) mod policy;
pub(crate) mod reach;
pub(crate) mod schema;
pub(crate) mod shape;
pub(crate) mod syntax;

pub use context::PassContext;
pub use reach::{Reach, reachable};
pub(crate) use shape::identifiers::numbered;
pub(crate) use shape::operation_groups::names as operation_names;
pub use shape::write_back_plan::{WriteBack, plan as write_back};
pub(crate) use syntax::error_responses::is_success;
pub(crate) use syntax::include::is_under;
pub(crate) use syntax::references::pointer_of;
pub(crate) use syntax::request_bodies::rank;

/// What the caller asks of a normalization.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options<'a> {
    /// Keep only the paths that start with one of these prefixes; all where there are none.
    pub include: &'a [String],
    /// Refuse keywords that no pass knows, instead of warning of them.
    pub strict: bool,
}

/// One thing that a pass changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The name of the pass.
    pub pass: &'static str,
    /// Where, as a JSON pointer into the source document.
    pub pointer: String,
    /// What was changed, in lower case and without a full stop.
    pub what: String,
}

/// A normalized document, and what was done to make it.
#[derive(Debug, Clone)]
pub struct Normalized {
    /// The document: OpenAPI 3.0.3 with the extensions that the emitter reads.
    pub document: Value,
    /// What the passes changed, in the order in which they ran.
    pub changes: Vec<Change>,
    /// What is lost or doubtful.
    pub warnings: Vec<Problem>,
}

/// A rule of the normalizer.
#[derive(Clone, Copy)]
pub struct Pass {
    /// The name, as it stands in reports and in the names of the fixtures.
    pub name: &'static str,
    /// What progenitor, typify or openapiv3 does wrong with a document that the pass has not changed.
    pub defect: &'static str,
    /// The passes that have to run before this one, with the reasons. Gates are not named: they run before all later passes.
    pub after: &'static [(&'static [&'static str], &'static str)],
    /// Whether later passes rely on this one having found no problem. Passes that are listed after a gate run after it.
    gate: bool,
    apply: fn(&mut Value, &mut PassContext<'_>),
}

impl std::fmt::Debug for Pass {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pass")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// The names of the passes that have to run before `pass`, gates included. What a gate follows in the list, it follows in every order.
pub fn predecessors(pass: &Pass) -> Vec<&'static str> {
    let index = PASSES.iter().position(|other| other.name == pass.name);
    let earlier = &PASSES[..index.unwrap_or_default()];
    let implied = earlier.iter().filter(|other| pass.gate || other.gate);
    let implied = implied.map(|other| other.name);
    let declared = pass.after.iter().flat_map(|(names, _)| *names).copied();
    implied.chain(declared).collect()
}

/// The passes, in the order in which they run.
pub const PASSES: &[Pass] = &[
    pass("include", "paths that nobody asked for", syntax::include::apply).gate(),
    pass("reserved-extensions", "an input document can hold extensions that steer typify, progenitor or the emitter", syntax::reserved_extensions::apply),
    pass("version", "OpenAPI 3.1, webhooks and callbacks are refused or skipped", syntax::version::apply),
    pass("prune-unused", "components that nothing refers to become types that no call needs", syntax::prune::apply),
    pass("structure", "a value of the wrong kind stops openapiv3 without a place", syntax::structure::apply).gate(),
    pass("references", "`$ref` to parameters, responses, bodies and path items: panics where the target is missing, cyclic or a path item", syntax::references::apply).gate(),
    pass("local-references", "`$ref` into the middle of a document: progenitor panics", syntax::local_references::apply),
    pass("operation-members", "members that openapiv3 does not know are skipped without a word", syntax::operation_members::apply),
    pass("operation-ids", "an operationId that is missing or repeated: panic, or two methods of one name", shape::operation_ids::apply),
    pass("parameters", "parameters that do not match the path, cookies, other styles, parameters by `content`: refused or panic", syntax::operation_parameters::apply),
    pass("request-bodies", "a body in several formats, or in one that is not known: panic or refused; one that can hold nothing: an argument", syntax::request_bodies::apply),
    pass("error-responses", "one error type only, other bodies are thrown away: errors leave the document for x-errors", syntax::error_responses::apply),
    pass("success-responses", "one success type only: a body beside a 204 becomes optional, several become a union", syntax::success_responses::apply),
    pass("operation-groups", "an operation with two tags is ambiguous; groups have more than one shape", shape::operation_groups::apply),
    pass("retry-safety", "nothing says whether a call may be repeated", policy::retry_safety::apply),
    pass("conditions", "`if`/`then` and `dependentRequired` are skipped without a word", syntax::conditions::apply),
    pass("keywords", "keywords that openapiv3 does not know are skipped without a word", syntax::schema_keywords::apply),
    pass("boolean-schemas", "`true` and `false` as schemas are refused", syntax::boolean_schemas::apply),
    pass("constants", "`const` is dropped: any value", syntax::constants::apply),
    pass("nulls", "`type: [X, null]` is refused, `type: null` panics", shape::nulls::apply),
    pass("untyped", "a schema without a type is guessed wrongly", syntax::untyped::apply),
    pass("exclusive-bounds", "numeric exclusive bounds are refused", syntax::exclusive_bounds::apply),
    pass("closed-objects", "`additionalProperties: false` fails every read after one new field", syntax::closed_objects::apply),
    pass("reference-siblings", "what stands beside `$ref` is dropped", syntax::reference_siblings::apply),
    pass("cycles", "a schema that is composed of itself has no end", syntax::cycles::apply),
    pass("listings", "a listing in several shapes becomes a union of them", policy::listings::apply),
    pass("single-variants", "a union of one, and alternatives that only restrict", shape::single_variants::apply),
    pass("all-of", "`allOf` is merged by rules that panic or lose", shape::all_of::apply),
    pass("unions", "`anyOf` becomes a struct that cannot be read back; unions of plain values or of unions", shape::union_simplification::apply),
    pass("defaults", "a default is always sent", syntax::defaults::apply),
    pass("formats", "formats that become closed types: one odd value fails a whole page", syntax::formats::apply),
    pass("enumeration-names", "two values that become one variant: typify fails", shape::enumeration_names::apply),
    pass("hoist", "inline schemas are named after the operation, the first one wins; inline enumerations panic", shape::hoist::apply),
    pass("nullable-components", "a nullable component becomes a newtype around an Option", shape::nullable_components::apply),
    pass("plain-components", "a component that is a plain value, list or map becomes a newtype", shape::plain_components::apply),
    pass("directions", "readOnly and writeOnly are ignored", shape::directions::apply),
    pass("constraints", "patterns and lengths become newtypes whose errors name no field; bounds become NonZero; old data does not decode", syntax::constraints::apply),
    pass("union-rules", "unions are untagged, the first that fits wins, the discriminator is ignored", shape::union_rules::apply),
    pass("tags", "what can have one value only is a field and an argument", shape::tags::apply),
    pass("descriptions", "rustdoc runs, links or rejects what stands in descriptions", syntax::descriptions::apply),
    pass("enumerations", "values without docs, values that become one variant", shape::enumerations::apply),
    pass("paging", "only Dropshot's paging is known", policy::paging_styles::apply),
    pass("page-items", "a listing without its list is an empty page", policy::page_items::apply),
    pass("secrets", "secrets print in Debug", policy::secrets::apply),
    pass("open-types", "one new value, null or odd scalar fails a whole page", shape::open_types::apply),
    pass("nullable-fields", "optional and nullable is one Option: a field cannot be cleared", shape::nullable_fields::apply),
    pass("optional-fields", "an empty list or map cannot be sent", shape::optional_fields::apply),
    pass("names", "names that meet once they are Rust names", shape::name_collisions::apply),
    pass("prune", "components that nothing refers to any more", syntax::prune::apply),
    pass("accepted", "openapiv3 refuses a document without saying where", syntax::accepted::apply),
];

const fn pass(
    name: &'static str,
    defect: &'static str,
    apply: fn(&mut Value, &mut PassContext<'_>),
) -> Pass {
    Pass {
        name,
        defect,
        after: &[],
        gate: false,
        apply,
    }
}

impl Pass {
    const fn after(mut self, after: &'static [(&'static [&'static str], &'static str)]) -> Self {
        self.after = after;
        self
    }

    const fn gate(mut self) -> Self {
        self.gate = true;
        self
    }
}

/// What a run of passes left: the document in whatever state it is, and all notes.
#[derive(Debug)]
pub struct Outcome {
    /// The document.
    pub document: Value,
    /// What was changed.
    pub changes: Vec<Change>,
    /// What is lost or doubtful.
    pub warnings: Vec<Problem>,
    /// Why the document cannot be used.
    pub problems: Vec<Problem>,
}

/// Makes a document fit for progenitor.
///
/// # Errors
///
/// Every construct whose meaning would be lost, as many as can be found in one go. Only a document whose structure is broken is given up early.
pub fn normalize(document: Value, options: &Options<'_>) -> Result<Normalized, Vec<Problem>> {
    let mut outcome = run(PASSES, document, options);
    if outcome.problems.is_empty() {
        if let Some(members) = outcome.document.as_object_mut() {
            extensions::NORMALIZED.set(members, true);
        }
        Ok(Normalized {
            document: outcome.document,
            changes: outcome.changes,
            warnings: outcome.warnings,
        })
    } else {
        Err(outcome.problems)
    }
}

/// The part of a document that `include` asks for: the paths under the prefixes, the components that these name, and
/// all that belongs to the document as a whole. Normalizing it gives what normalizing the whole with `include` gives.
///
/// # Errors
///
/// A prefix that no path begins with.
pub fn excerpt(document: Value, include: &[String]) -> Result<Value, Vec<Problem>> {
    const EXCERPT: &[Pass] = &[
        pass(
            "include",
            "paths that nobody asked for",
            syntax::include::apply,
        )
        .gate(),
        pass(
            "unnamed",
            "components that only those paths name",
            syntax::prune::unnamed,
        ),
    ];
    if include.is_empty() {
        return Ok(document);
    }
    let options = Options {
        include,
        strict: false,
    };
    let outcome = run(EXCERPT, document, &options);
    if outcome.problems.is_empty() {
        Ok(outcome.document)
    } else {
        Err(outcome.problems)
    }
}

/// Drops the components that nothing refers to.
pub(crate) fn without_unused(document: &mut Value) {
    let options = Options::default();
    syntax::prune::apply(document, &mut PassContext::new(&options));
}

/// Runs some of the passes: all of them for [`normalize`], one for its fixture.
pub fn run(passes: &[Pass], mut document: Value, options: &Options<'_>) -> Outcome {
    let mut context = PassContext::new(options);
    origin::stamp(&mut document);
    for pass in passes {
        context.pass = pass.name;
        (pass.apply)(&mut document, &mut context);
        if pass.gate && !context.problems.is_empty() {
            break;
        }
    }
    origin::strip(&mut document);
    Outcome {
        document,
        changes: context.changes,
        warnings: context.warnings,
        problems: context.problems,
    }
}
