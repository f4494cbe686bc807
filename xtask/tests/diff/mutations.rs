//! Changes every fact of certain kinds in real documents, one at a time. Each change is found among the facts at its exact
//! place, and by a rule that fits.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};
use xtask::diff::{CompareOptions, compare, compare_facts};
use xtask::spec::canonical::sort_sets;
use xtask::spec::document::Document;
use xtask::spec::facts::strip_prose;
use xtask::spec::walk::{Place, join, walk};

/// One changed fact.
struct Mutation {
    /// A description of the change.
    what: String,
    /// The pointer of the changed value, and the new value.
    pointer: String,
    value: Value,
    /// The places of the expected differences.
    places: BTreeSet<String>,
    /// The rules that fit.
    rules: &'static [&'static str],
}

/// The rules for changes of parts that the crate does not read.
const UNREACHED: [&str; 4] = [
    "unused-changed",
    "unread-changed",
    "response-header-changed",
    "parameter-unread-changed",
];

fn load(name: &str) -> Value {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let document = Document::load(&root.join(name)).unwrap_or_else(|report| panic!("{report}"));
    let mut value = document.value;
    strip_prose(&mut value);
    sort_sets(&mut value);
    value
}

fn mutations(document: &Value) -> Vec<Mutation> {
    let mut found = Vec::new();
    walk(document, &mut |value, place, pointer| match place {
        Place::Schema => schema(value, pointer, &mut found),
        Place::SecurityRequirement => requirement(value, pointer, &mut found),
        Place::Scopes => scopes(value, pointer, &mut found),
        Place::Parameter if value.get("name").is_some() && value["in"] != "path" => {
            flag(
                value,
                pointer,
                &["parameter-required", "parameter-optional"],
                &mut found,
            );
        }
        Place::RequestBody if value.get("content").is_some() => {
            flag(
                value,
                pointer,
                &["body-required", "body-optional"],
                &mut found,
            );
        }
        Place::Operation => statuses(value, pointer, &mut found),
        _ => {}
    });
    found
}

/// The value at a pointer, with one member replaced.
fn member(value: &Value, key: &str, new: Value) -> Value {
    let mut changed = value.clone();
    changed[key] = new;
    changed
}

fn add(
    found: &mut Vec<Mutation>,
    (what, pointer, value): (String, &str, Value),
    places: &[String],
    rules: &'static [&'static str],
) {
    found.push(Mutation {
        what,
        pointer: pointer.to_owned(),
        value,
        places: places.iter().cloned().collect(),
        rules,
    });
}

fn schema(schema: &Value, pointer: &str, found: &mut Vec<Mutation>) {
    let Some(members) = schema.as_object() else {
        return;
    };
    for (key, value) in members {
        let at = join(pointer, key);
        let mut change = |new: Value, rules| {
            let what = format!("{at}: {value} -> {new}");
            add(
                found,
                (what, pointer, member(schema, key, new)),
                std::slice::from_ref(&at),
                rules,
            );
        };
        match key.as_str() {
            "enum" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    let mut values = value.clone();
                    values[index] = other(item);
                    change(values, VALUES);
                }
            }
            "const" => change(other(value), VALUES),
            "required" => {
                for index in 0..value.as_array().map_or(0, Vec::len) {
                    let mut names = value.as_array().cloned().unwrap_or_default();
                    names.remove(index);
                    change(names.into(), REQUIRED);
                }
            }
            "type" => change(other_type(value), TYPES),
            "minimum" | "maximum" | "minLength" | "maxLength" | "minItems" | "maxItems"
            | "minProperties" | "maxProperties" | "exclusiveMinimum" | "exclusiveMaximum"
            | "multipleOf" => {
                for step in [1.0, -1.0] {
                    if let Some(bound) = value.as_f64() {
                        let moved = if value.is_f64() {
                            json!(bound + step)
                        } else {
                            json!((bound + step) as i64)
                        };
                        change(moved, BOUNDS);
                    }
                }
            }
            "uniqueItems" => change(json!(!value.as_bool().unwrap_or_default()), BOUNDS),
            "pattern" => change(
                json!(format!("{}|x", value.as_str().unwrap_or_default())),
                BOUNDS,
            ),
            _ => {}
        }
    }
}

const VALUES: &[&str] = &[
    "condition-changed",
    "enum-value-added",
    "enum-value-removed",
    "value-allowed",
    "value-disallowed",
    "null-disallowed",
    "null-disallowed-optional",
    "type-changed",
    "type-widened",
];
const REQUIRED: &[&str] = &["property-optional", "condition-changed"];
const TYPES: &[&str] = &[
    "type-changed",
    "type-narrowed",
    "type-widened",
    "null-allowed",
    "null-disallowed",
    "null-allowed-optional",
    "null-disallowed-optional",
];
const BOUNDS: &[&str] = &[
    "constraint-tightened",
    "constraint-loosened",
    "pattern-changed",
    "condition-changed",
];

/// Another value of the same kind.
fn other(value: &Value) -> Value {
    match value {
        Value::String(text) => json!(format!("{text} of another kind")),
        Value::Number(number) => json!(number.as_i64().unwrap_or_default() + 1000),
        Value::Bool(flag) => json!(!flag),
        _ => json!("none"),
    }
}

fn other_type(value: &Value) -> Value {
    match value {
        Value::Array(_) => json!("boolean"),
        Value::String(kind) if kind == "boolean" => json!("string"),
        _ => json!("boolean"),
    }
}

fn requirement(value: &Value, pointer: &str, found: &mut Vec<Mutation>) {
    for (scheme, scopes) in value.as_object().into_iter().flatten() {
        let at = join(pointer, scheme);
        let rules = &["scope-tightened", "scope-loosened"];
        for index in 0..scopes.as_array().map_or(0, Vec::len) {
            let mut changed = scopes.clone();
            changed[index] = json!("another:scope");
            let what = format!("{at}: scope {index}");
            add(
                found,
                (what, pointer, member(value, scheme, changed)),
                std::slice::from_ref(&at),
                rules,
            );
        }
        let mut more = scopes.as_array().cloned().unwrap_or_default();
        more.push(json!("one:more"));
        let what = format!("{at}: one scope more");
        add(
            found,
            (what, pointer, member(value, scheme, more.into())),
            &[at],
            rules,
        );
    }
}

fn scopes(value: &Value, pointer: &str, found: &mut Vec<Mutation>) {
    for scope in value
        .as_object()
        .into_iter()
        .flat_map(|scopes| scopes.keys())
    {
        let mut changed = value.clone();
        if let Some(text) = changed
            .as_object_mut()
            .and_then(|scopes| scopes.remove(scope))
        {
            changed["another:scope"] = text;
        }
        let places = [join(pointer, scope), join(pointer, "another:scope")];
        add(
            found,
            (format!("{pointer}: {scope}"), pointer, changed),
            &places,
            &["security-scheme-changed"],
        );
    }
}

fn flag(value: &Value, pointer: &str, rules: &'static [&'static str], found: &mut Vec<Mutation>) {
    let is = value["required"] == json!(true);
    let at = join(pointer, "required");
    let changed = member(value, "required", json!(!is));
    add(
        found,
        (format!("{at}: {is}"), pointer, changed),
        &[at],
        rules,
    );
}

fn statuses(operation: &Value, pointer: &str, found: &mut Vec<Mutation>) {
    const RULES: &[&str] = &[
        "error-added",
        "error-removed",
        "success-added",
        "success-removed",
        "success-listed",
    ];
    let at = join(pointer, "responses");
    let responses = &operation["responses"];
    for status in responses.as_object().into_iter().flat_map(|all| all.keys()) {
        let mut without = responses.clone();
        let Some(response) = without.as_object_mut().and_then(|all| all.remove(status)) else {
            continue;
        };
        let place = join(&at, status);
        add(
            found,
            (format!("{place} removed"), &at, without.clone()),
            std::slice::from_ref(&place),
            RULES,
        );
        let new = if status.starts_with('2') {
            "207"
        } else {
            "418"
        };
        without[new] = response;
        add(
            found,
            (format!("{place} -> {new}"), &at, without),
            &[place, join(&at, new)],
            RULES,
        );
    }
}

fn check(name: &str) -> usize {
    let document = load(name);
    let mutations = mutations(&document);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let parts: Vec<_> = mutations
            .chunks(mutations.len().div_ceil(threads))
            .map(|part| {
                scope.spawn(|| {
                    part.iter()
                        .flat_map(|mutation| try_out(&document, mutation))
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        parts
            .into_iter()
            .flat_map(|part| part.join().expect("no panic"))
            .collect()
    });
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        mutations.len(),
        wrong.join("\n")
    );
    mutations.len()
}

/// Returns the errors in the report of a mutation.
fn try_out(document: &Value, mutation: &Mutation) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut changed = document.clone();
    if let Some(value) = changed.pointer_mut(&mutation.pointer) {
        *value = mutation.value.clone();
    }
    let facts = compare_facts(document, &changed, &[]);
    let places: BTreeSet<String> = facts.iter().map(|fact| fact.pointer().to_owned()).collect();
    if places != mutation.places {
        wrong.push(format!("{}: facts differ at {places:?}", mutation.what));
    }
    let options = CompareOptions {
        include: &[],
        surface: false,
    };
    let diff = compare(document, &changed, &options);
    let explained: usize = diff.changes.iter().map(|change| change.facts.len()).sum();
    if explained != facts.len() {
        wrong.push(format!(
            "{}: {explained} of {} facts explained",
            mutation.what,
            facts.len()
        ));
    }
    let rules: Vec<&str> = diff.changes.iter().map(|change| change.rule.id).collect();
    let fits = rules
        .iter()
        .any(|rule| mutation.rules.contains(rule) || UNREACHED.contains(rule));
    if !fits || rules.contains(&"other-fact") {
        wrong.push(format!("{}: reported by {rules:?}", mutation.what));
    }
    wrong
}

#[test]
fn every_mutation_of_the_teams_document_is_found() {
    let count = check("../openapi/teams/openapi.yaml");
    assert!(count > 400, "{count}");
}

#[test]
fn every_mutation_of_documents_with_every_construct_is_found() {
    let count = check("tests/documents/everything.json") + check("tests/documents/unusual.yaml");
    assert!(count > 100, "{count}");
}
