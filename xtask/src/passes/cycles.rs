//! Answers: a schema that is composed of itself (`A: allOf: [A, …]`, `A: $ref B` and `B: $ref A`) has no end, and progenitor follows it for ever. A
//! schema whose properties lead back to it is something else, and fine.

use serde_json::{Value, json};

use super::{
    Context,
    schema::{Object, components, components_mut, ref_name},
    source,
};
use crate::{problem::Problem, walk::join};

const COMPOSED: [&str; 3] = ["allOf", "oneOf", "anyOf"];

pub(super) fn apply(document: &mut Value, cx: &mut Context<'_>) {
    let schemas = components(document);
    let mut names: Vec<&String> = schemas.keys().collect();
    names.sort();
    let mut search = Search {
        schemas: &schemas,
        done: Vec::new(),
        open: Vec::new(),
        cycles: Vec::new(),
    };
    for name in names {
        search.visit(name);
    }
    let cycles = search.cycles;
    for (name, back) in cycles {
        let Some(schema) = components_mut(document).and_then(|schemas| schemas.get_mut(&name))
        else {
            continue;
        };
        let at = source::of(schema, &join("/components/schemas", &name));
        cx.problem(
            Problem::at(at, format!("`{name}` is composed of itself"))
                .expected("a composition that ends")
                .found(format!("it leads back to `{back}`"))
                .help("remove the reference, or make it a property"),
        );
        // The rest of the document can still be looked at.
        cut(schema, &back);
    }
}

struct Search<'a> {
    schemas: &'a Object,
    done: Vec<String>,
    open: Vec<String>,
    cycles: Vec<(String, String)>,
}

impl Search<'_> {
    fn visit(&mut self, name: &str) {
        if self.done.iter().any(|done| done == name) {
            return;
        }
        let Some(schema) = self.schemas.get(name) else {
            return;
        };
        self.open.push(name.to_owned());
        let mut parts = Vec::new();
        collect(schema, &mut parts);
        parts.sort();
        parts.dedup();
        for part in parts {
            if self.open.contains(&part) {
                self.cycles.push((name.to_owned(), part));
            } else {
                self.visit(&part);
            }
        }
        self.open.pop();
        self.done.push(name.to_owned());
    }
}

/// The components that a schema is composed of.
fn collect(schema: &Value, parts: &mut Vec<String>) {
    parts.extend(ref_name(schema));
    for key in COMPOSED {
        for member in schema
            .get(key)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            collect(member, parts);
        }
    }
}

/// Takes the parts out that lead back.
fn cut(schema: &mut Value, back: &str) {
    if ref_name(schema).as_deref() == Some(back) {
        *schema = json!({ (source::SOURCE): source::of(schema, "") });
        return;
    }
    for key in COMPOSED {
        for member in schema
            .get_mut(key)
            .and_then(Value::as_array_mut)
            .into_iter()
            .flatten()
        {
            cut(member, back);
        }
    }
}
