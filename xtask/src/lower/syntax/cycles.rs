//! Answers: a schema that is composed of itself (`A: allOf: [A, …]`, `A: $ref B` and `B: $ref A`) has no end, and progenitor follows it for ever. A
//! schema whose properties lead back to it is something else, and fine. So is one that is composed of a few others, which are composed in turn; but
//! a chain of hundreds is followed by every pass, and nobody writes one.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::lower::PassContext;
use crate::lower::origin;
use crate::lower::schema::{Object, components_mut, members, ref_name};
use crate::problem::Problem;
use crate::spec::walk::join;

const COMPOSED: [&str; 3] = ["allOf", "oneOf", "anyOf"];

/// How many schemas may be composed of one another, one behind the other.
const DEEPEST: usize = 100;

pub(crate) fn apply(document: &mut Value, cx: &mut PassContext<'_>) {
    let empty = Object::new();
    let schemas = members(document).unwrap_or(&empty);
    let mut names: Vec<&String> = schemas.keys().collect();
    names.sort();
    let mut search = Search {
        schemas,
        done: BTreeMap::new(),
        open: BTreeSet::new(),
        cycles: Vec::new(),
    };
    for name in names {
        search.visit(name);
    }
    let cycles = search.cycles;
    for (name, back, is_cycle) in cycles {
        let Some(schema) = components_mut(document).and_then(|schemas| schemas.get_mut(&name))
        else {
            continue;
        };
        let at = origin::of(schema, &join("/components/schemas", &name));
        cx.problem(if is_cycle {
            Problem::at(at, format!("`{name}` is composed of itself"))
                .expected("a composition that ends")
                .found(format!("it leads back to `{back}`"))
                .help("remove the reference, or make it a property")
        } else {
            Problem::at(at, format!("`{name}` is composed of too many schemas"))
                .expected(format!("at most {DEEPEST} of them, one behind the other"))
                .found(format!("more than that behind `{back}`"))
                .help("write the innermost ones out, or make one of them a property")
        });
        // The rest of the document can still be looked at.
        cut(schema, &back);
    }
}

struct Search<'a> {
    schemas: &'a Object,
    /// How many schemas stand behind each, one behind the other.
    done: BTreeMap<String, usize>,
    open: BTreeSet<String>,
    /// A schema, the part of it that has to go, and whether that leads back to it.
    cycles: Vec<(String, String, bool)>,
}

impl Search<'_> {
    /// Looks at a schema that is not open. Says how many stand behind it.
    fn visit(&mut self, name: &str) -> usize {
        if let Some(depth) = self.done.get(name) {
            return *depth;
        }
        let Some(schema) = self.schemas.get(name) else {
            return 0;
        };
        self.open.insert(name.to_owned());
        let mut parts = Vec::new();
        collect(schema, &mut parts);
        parts.sort();
        parts.dedup();
        let mut deepest = 0;
        for part in parts {
            if self.open.contains(&part) {
                self.cycles.push((name.to_owned(), part, true));
                continue;
            }
            // The bound on what is open is one on the stack.
            let depth = if self.open.len() > DEEPEST {
                DEEPEST
            } else {
                self.visit(&part)
            };
            if depth < DEEPEST {
                deepest = deepest.max(depth + 1);
            } else {
                self.cycles.push((name.to_owned(), part, false));
            }
        }
        self.open.remove(name);
        self.done.insert(name.to_owned(), deepest);
        deepest
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
        *schema = json!({ (origin::SOURCE): origin::of(schema, "") });
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
