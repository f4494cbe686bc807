//! Defect: progenitor follows a schema that is composed of itself (`A: allOf: [A, …]`, or `A: $ref B` and `B: $ref A`) forever.
//!
//! The pass reports such cycles and removes them. A schema that refers to itself through its properties is valid. A chain of more than
//! `MAX_DEPTH` compositions is reported as well, because all passes follow it recursively.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::lower::PassContext;
use crate::lower::origin;
use crate::lower::schema::{Object, component_schemas, components_mut, ref_name};
use crate::problem::Problem;
use crate::spec::walk::join;

const COMPOSITIONS: [&str; 3] = ["allOf", "oneOf", "anyOf"];

/// The limit for a chain of compositions.
const MAX_DEPTH: usize = 100;

pub(crate) fn apply(document: &mut Value, cx: &mut PassContext<'_>) {
    let empty = Object::new();
    let schemas = component_schemas(document).unwrap_or(&empty);
    let mut names: Vec<&String> = schemas.keys().collect();
    names.sort();
    let mut search = CompositionSearch {
        schemas,
        depths: BTreeMap::new(),
        open: BTreeSet::new(),
        cuts: Vec::new(),
    };
    for name in names {
        search.visit(name);
    }
    let cuts = search.cuts;
    for Cut {
        name,
        part,
        is_cycle,
    } in cuts
    {
        let Some(schema) = components_mut(document).and_then(|schemas| schemas.get_mut(&name))
        else {
            continue;
        };
        let at = origin::of(schema, &join("/components/schemas", &name));
        cx.problem(if is_cycle {
            Problem::at(at, format!("`{name}` is composed of itself"))
                .expected("a composition without cycles")
                .found(format!("a cycle through `{part}`"))
                .help("remove the reference, or refer to it from a property")
        } else {
            Problem::at(at, format!("`{name}` has too many nested compositions"))
                .expected(format!("a chain of at most {MAX_DEPTH} schemas"))
                .found(format!("a longer chain through `{part}`"))
                .help("inline the innermost schemas, or refer to one of them from a property")
        });
        // Cutting the chain lets later passes check the rest of the document.
        cut(schema, &part);
    }
}

/// A reference of a schema to a part of its composition that has to be removed.
struct Cut {
    name: String,
    part: String,
    /// Whether the part leads back to the schema; otherwise the chain is too long.
    is_cycle: bool,
}

impl Cut {
    fn new(name: &str, part: String, is_cycle: bool) -> Self {
        Self {
            name: name.to_owned(),
            part,
            is_cycle,
        }
    }
}

/// A depth-first search along compositions.
struct CompositionSearch<'a> {
    schemas: &'a Object,
    /// The length of the longest chain that starts at each schema.
    depths: BTreeMap<String, usize>,
    /// The schemas on the current path.
    open: BTreeSet<String>,
    /// The references to remove.
    cuts: Vec<Cut>,
}

impl CompositionSearch<'_> {
    /// Visits a schema that is not open. Returns the length of the longest chain that starts at it.
    fn visit(&mut self, name: &str) -> usize {
        if let Some(depth) = self.depths.get(name) {
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
        let mut max_depth = 0;
        for part in parts {
            if self.open.contains(&part) {
                self.cuts.push(Cut::new(name, part, true));
                continue;
            }
            // Limiting the path limits the recursion.
            let depth = if self.open.len() > MAX_DEPTH {
                MAX_DEPTH
            } else {
                self.visit(&part)
            };
            if depth < MAX_DEPTH {
                max_depth = max_depth.max(depth + 1);
            } else {
                self.cuts.push(Cut::new(name, part, false));
            }
        }
        self.open.remove(name);
        self.depths.insert(name.to_owned(), max_depth);
        max_depth
    }
}

/// The components that a schema is composed of.
fn collect(schema: &Value, parts: &mut Vec<String>) {
    parts.extend(ref_name(schema));
    for key in COMPOSITIONS {
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

/// Removes the references to `part` from the composition.
fn cut(schema: &mut Value, part: &str) {
    if ref_name(schema).as_deref() == Some(part) {
        *schema = json!({ (origin::SOURCE): origin::of(schema, "") });
        return;
    }
    for key in COMPOSITIONS {
        for member in schema
            .get_mut(key)
            .and_then(Value::as_array_mut)
            .into_iter()
            .flatten()
        {
            cut(member, part);
        }
    }
}
