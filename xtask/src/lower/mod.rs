//! The normalizer: converts an OpenAPI 3.0 or 3.1 document to an equivalent OpenAPI 3.0.3 document that progenitor supports.
//!
//! Each rule is a pass: a function that changes the document, with a name, the defect that it corrects, and the passes that have to run before
//! it. [`PASSES`] lists them in the order in which they run; a test runs other allowed orders and expects the same result.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::extensions;
use crate::problem::Problem;
use crate::selection::Selector;

pub(crate) mod context;
pub(crate) mod equivalence;
pub(crate) mod origin;
pub(crate) mod policy;
pub(crate) mod reach;
pub(crate) mod schema;
pub(crate) mod shape;
pub(crate) mod syntax;
pub(crate) mod value_shape;

pub use context::PassContext;
pub use reach::{Reach, reachable};
pub(crate) use shape::identifiers::numbered;
pub(crate) use shape::operation_groups::names as operation_names;
pub use shape::write_back_plan::{WriteBack, plan as write_back};
pub(crate) use syntax::error_responses::is_success;
pub(crate) use syntax::media_types::{essence, rank};
pub(crate) use syntax::references::pointer_of;

/// The options of a normalization.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options<'a> {
    /// Keep only the operations that one of these selects; all if the list is empty.
    pub include: &'a [Selector],
    /// Report mistakes of the document as errors, even those with an obvious reading such as unknown keywords.
    pub strict: bool,
    /// The normalized document of the previous version. Variants that it has keep their names, so that an addition renames none.
    pub previous: Option<&'a Value>,
}

/// A change made by a pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The name of the pass.
    pub pass: &'static str,
    /// The location, as a JSON pointer into the source document.
    pub pointer: String,
    /// The change, in lower case and without a full stop.
    pub what: String,
}

/// A normalized document and the changes that were made.
#[derive(Debug, Clone)]
pub struct Normalized {
    /// The document: OpenAPI 3.0.3 with the extensions that the emitter reads.
    pub document: Value,
    /// The changes, in the order in which the passes ran.
    pub changes: Vec<Change>,
    /// Warnings about lost or ambiguous constructs.
    pub warnings: Vec<Problem>,
    /// The locations of operations and components in the source document, by their locations in this one.
    pub(crate) sources: BTreeMap<String, String>,
}

impl Normalized {
    /// The location in the source document of a location in this one, or of what encloses it.
    pub(crate) fn source_of(&self, pointer: &str) -> String {
        let mut at = pointer;
        loop {
            if let Some(source) = self.sources.get(at) {
                return source.clone();
            }
            match at.rsplit_once('/') {
                Some((outer, _)) => at = outer,
                None => return String::new(),
            }
        }
    }
}

/// A rule of the normalizer.
#[derive(Clone, Copy)]
pub struct Pass {
    /// The name, used in reports and fixture names.
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
    pass("include", "the document has operations that were not selected", syntax::include::apply).gate(),
    pass("reserved-extensions", "an input document can hold extensions that steer typify, progenitor or the emitter", syntax::reserved_extensions::apply),
    pass("version", "OpenAPI 3.1 is rejected; webhooks and callbacks are ignored silently", syntax::version::apply),
    pass("discriminators", "a discriminator is ignored, and the children of a parent that inherit with `allOf` are lost", shape::discriminators::apply),
    pass("prune-unused", "unreferenced components become types that no operation uses", syntax::prune::apply)
        .after(&[(&["discriminators"], "a discriminator refers to components that nothing else uses")]),
    pass("structure", "openapiv3 rejects a value of the wrong kind without naming its location", syntax::structure::apply).gate(),
    pass("local-references", "progenitor panics at a `$ref` into the middle of a document", syntax::local_references::apply),
    pass("references", "a `$ref` to a parameter, response, request body or path item panics if the target is missing, cyclic or a path item", syntax::references::apply).gate(),
    pass("operation-members", "openapiv3 silently ignores unknown members", syntax::operation_members::apply),
    pass("operation-ids", "a missing or duplicate operationId causes a panic or two methods of the same name", shape::operation_ids::apply),
    pass("parameters", "progenitor rejects, or panics at, parameters that the path lacks, cookies, most styles and parameters with `content`", syntax::operation_parameters::apply)
        .after(&[(&["local-references"], "a local reference can lead into a parameter that this pass rewrites")]),
    pass("request-bodies", "progenitor rejects, or panics at, request bodies with several or unknown media types; an empty body becomes an argument", syntax::request_bodies::apply)
        .after(&[(&["local-references"], "a local reference can lead into a request body that this pass rewrites")]),
    pass("error-responses", "progenitor supports one error type and discards other error bodies", syntax::error_responses::apply)
        .after(&[(&["local-references"], "a local reference can lead into a response that this pass removes")]),
    pass("success-responses", "progenitor supports one success type: a body beside a 204 has to be optional, several bodies have to be a union", syntax::success_responses::apply)
        .after(&[(&["error-responses"], "only success responses are left")]),
    pass("operation-groups", "an operation with two tags is ambiguous; the group extension has several forms", shape::operation_groups::apply)
        .after(&[(&["operation-ids"], "a method name is derived from the operationId")]),
    pass("retry-safety", "OpenAPI does not state whether an operation is idempotent", policy::retry_safety::apply),
    pass("conditions", "`if`/`then` and `dependentRequired` are ignored silently", syntax::conditions::apply)
        .after(&[(&["local-references"], "a condition can stand behind a local reference")]),
    pass("keywords", "openapiv3 silently ignores unknown keywords", syntax::schema_keywords::apply)
        .after(&[(&["conditions"], "rules such as `not` and `contains` within `if` belong to conditions"), (&["local-references"], "local references lead into `$defs`, which this pass removes"), (&["parameters", "request-bodies", "success-responses"], "binary data is recognized by `contentMediaType`, which this pass removes")]),
    pass("boolean-schemas", "the schemas `true` and `false` are rejected", syntax::boolean_schemas::apply)
        .after(&[(&["keywords"], "`patternProperties` and `prefixItems` become schemas, which can be booleans"), (&["conditions"], "`true` and `false` within `if` and `then` are clauses")]),
    pass("constants", "`const` is ignored: any value is accepted", syntax::constants::apply)
        .after(&[(&["keywords", "conditions"], "a `const` within `if` is a clause")]),
    pass("nulls", "`type: [X, null]` is rejected, `type: null` panics", shape::nulls::apply)
        .after(&[(&["constants"], "`const: null` is a null"), (&["boolean-schemas"], "a boolean schema has no type")]),
    pass("untyped", "the type of a schema without `type` is guessed incorrectly", syntax::untyped::apply)
        .after(&[(&["nulls", "constants"], "both determine types"), (&["boolean-schemas", "keywords"], "a schema that is empty afterwards stays untyped")]),
    pass("exclusive-bounds", "numeric exclusive bounds are rejected", syntax::exclusive_bounds::apply)
        .after(&[(&["keywords"], "unsupported keywords are removed first")]),
    pass("closed-objects", "with `additionalProperties: false`, one new field fails every response", syntax::closed_objects::apply)
        .after(&[(&["boolean-schemas"], "`additionalProperties` can be a boolean schema"), (&["request-bodies"], "a closed request body without properties takes no argument")]),
    pass("reference-siblings", "keywords beside `$ref` are ignored", syntax::reference_siblings::apply)
        .after(&[(&["keywords", "nulls", "untyped"], "what is left beside `$ref` decides whether it is wrapped")]),
    pass("cycles", "resolving a schema that is composed of itself does not end", syntax::cycles::apply)
        .after(&[(&["reference-siblings", "nulls", "untyped"], "compositions have their final members")]),
    pass("listings", "a listing with several response forms becomes a union", policy::listings::apply)
        .after(&[(&["cycles"], "variants are resolved, which does not end in a cycle"), (&["parameters", "success-responses", "error-responses"], "a listing is recognized by its parameters and its response")]),
    pass("single-variants", "a union of one variant, and variants that only restrict, become types of their own", shape::single_variants::apply)
        .after(&[(&["cycles"], "variants are resolved, which does not end in a cycle"), (&["listings"], "the variants of a listing are not alternatives")]),
    pass("all-of", "merging `allOf` panics or loses constraints", shape::all_of::apply)
        .after(&[(&["single-variants"], "a union of one variant is a part like any other"), (&["closed-objects"], "closed parts cannot be merged"), (&["conditions"], "conditions of all parts are merged")]),
    pass("unions", "`anyOf` becomes a struct that does not round-trip; unions of scalars or of unions are not supported", shape::union_simplification::apply)
        .after(&[(&["all-of"], "variants are merged objects")]),
    pass("defaults", "a default value is always sent", syntax::defaults::apply)
        .after(&[(&["all-of"], "parts with different defaults are merged")]),
    pass("formats", "some formats become closed types: one malformed value fails a whole page", syntax::formats::apply)
        .after(&[(&["all-of", "untyped"], "the type decides whether a format is removed")]),
    pass("enumeration-names", "typify fails if two values map to the same variant name", shape::enumeration_names::apply)
        .after(&[(&["unions"], "unions of constants are enumerations by then")]),
    pass("hoist", "inline schemas are named after the operation, and the first name wins; inline enumerations panic", shape::hoist::apply)
        .after(&[(&["unions", "enumeration-names", "defaults", "formats"], "an inline schema has its final form when it becomes a component"), (&["request-bodies", "parameters", "success-responses"], "names are derived from the place of the schema")]),
    pass("nullable-components", "a nullable component becomes a newtype around `Option`", shape::nullable_components::apply)
        .after(&[(&["hoist"], "inline schemas are components")]),
    pass("plain-components", "a component that is a scalar, list or map becomes a newtype", shape::plain_components::apply)
        .after(&[(&["nullable-components"], "null belongs to the reference, not to the component")]),
    pass("directions", "readOnly and writeOnly are ignored", shape::directions::apply)
        .after(&[(&["plain-components"], "only structs differ between requests and responses")]),
    pass("constraints", "patterns and lengths become newtypes whose errors name no field, bounds become `NonZero` types, and old data does not decode", syntax::constraints::apply)
        .after(&[(&["exclusive-bounds"], "bounds have the form of 3.0"), (&["directions"], "both forms of a component have the constraints")]),
    pass("union-rules", "unions are untagged: the first matching variant wins, and the discriminator is ignored", shape::union_rules::apply)
        .after(&[(&["constraints", "directions"], "variants have their final properties")]),
    pass("tags", "a property with a single possible value is a field and a constructor argument", shape::tags::apply)
        .after(&[(&["union-rules"], "a tag is the property by which a variant is chosen")]),
    pass("descriptions", "rustdoc runs, links or rejects parts of descriptions", syntax::descriptions::apply)
        .after(&[(&["hoist"], "a description is copied to the component")]),
    pass("enumerations", "enumeration values have no documentation", shape::enumerations::apply)
        .after(&[(&["descriptions", "tags"], "variants carry the final descriptions; a tag is no enumeration")]),
    pass("paging", "only Dropshot's pagination is supported", policy::paging_styles::apply)
        .after(&[(&["constraints", "defaults"], "the page size has its default and its maximum in extensions"), (&["tags", "enumerations"], "the response has its final properties")]),
    pass("page-items", "a response without its list decodes as an empty page", policy::page_items::apply)
        .after(&[(&["paging"], "it names the list of a page")]),
    pass("secrets", "secrets are printed by `Debug`", policy::secrets::apply)
        .after(&[(&["enumerations", "constraints"], "an enumeration is no secret"), (&["page-items"], "the list of a page is no secret")]),
    pass("open-types", "a new enumeration value, a null or an unexpected scalar fails a whole page", shape::open_types::apply)
        .after(&[(&["secrets"], "the first pass that assigns a Rust type decides"), (&["union-rules", "enumerations"], "unions with rules decode themselves")]),
    pass("nullable-fields", "optional and nullable share one `Option`, so a field cannot be cleared", shape::nullable_fields::apply)
        .after(&[(&["open-types"], "`Nullable` encloses the opened type")]),
    pass("optional-fields", "an empty list or map cannot be sent", shape::optional_fields::apply)
        .after(&[(&["nullable-fields"], "a nullable list is an `Option` already")]),
    pass("names", "different names can map to the same Rust name", shape::name_collisions::apply)
        .after(&[(&["optional-fields"], "extensions that refer to components are renamed too")]),
    pass("prune", "components without references remain", syntax::prune::apply)
        .after(&[(&["names"], "references have their final names"), (&["optional-fields"], "Rust types refer to components")]),
    pass("accepted", "openapiv3 rejects a document without naming the location", syntax::accepted::apply).gate(),
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

/// The outcome of a run of passes.
#[derive(Debug)]
pub struct Outcome {
    /// The document, complete only if there are no problems.
    pub document: Value,
    /// The changes.
    pub changes: Vec<Change>,
    /// Warnings about lost or ambiguous constructs.
    pub warnings: Vec<Problem>,
    /// The reasons why the document cannot be used.
    pub problems: Vec<Problem>,
    sources: BTreeMap<String, String>,
}

/// Normalizes a document for progenitor.
///
/// # Errors
///
/// All constructs whose meaning would be lost. Only structural errors end the normalization early.
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
            sources: outcome.sources,
        })
    } else {
        Err(outcome.problems)
    }
}

/// Returns the part of a document that `include` selects: the operations, the components that they reference, and the members of the
/// document itself. Normalizing it equals normalizing the whole document with `include`.
///
/// # Errors
///
/// A selector that matches nothing.
pub fn excerpt(document: Value, include: &[Selector]) -> Result<Value, Vec<Problem>> {
    const EXCERPT: &[Pass] = &[
        pass(
            "include",
            "the document has operations that were not selected",
            syntax::include::apply,
        )
        .gate(),
        pass(
            "unnamed",
            "components that only other operations reference remain",
            syntax::prune::unnamed,
        ),
    ];
    if include.is_empty() {
        return Ok(document);
    }
    let options = Options {
        include,
        ..Options::default()
    };
    let outcome = run(EXCERPT, document, &options);
    if outcome.problems.is_empty() {
        Ok(outcome.document)
    } else {
        Err(outcome.problems)
    }
}

/// Removes unreferenced components.
pub(crate) fn without_unused(document: &mut Value) {
    let options = Options::default();
    syntax::prune::apply(document, &mut PassContext::new(&options));
}

/// Runs passes on a document. [`normalize`] runs all of them, a fixture runs one.
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
    let sources = origin::sources(&document);
    origin::strip(&mut document);
    Outcome {
        document,
        changes: context.changes,
        warnings: context.warnings,
        problems: context.problems,
        sources,
    }
}
