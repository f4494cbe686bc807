//! Generates what can be expressed of a document: each construct that a pass or the generator rejects costs at most the operations
//! that use it.
//!
//! A rejected construct is removed, loosened or omitted in the source document (see [`Edit`]), and the work is repeated. Every
//! repetition makes the document smaller, and their number is limited.

mod edit;
mod search;
mod users;

use std::collections::BTreeSet;

use serde_json::Value;

use crate::console::Failure;
use crate::diagnostic::Report;
use crate::extensions;
use crate::guard::guard;
use crate::lower::{self, Normalized, Options};
use crate::pipeline;
use crate::problem::Problem;
use crate::selection;
use crate::spec::source::Source;
use crate::spec::walk::{METHODS, join};

pub use edit::Edit;

/// The number of repetitions in which constructs are removed or loosened. Later, the operations that use them are omitted.
const LOOSENING_ROUNDS: usize = 12;
/// The limit for all repetitions.
const MAX_ROUNDS: usize = 40;

/// What could be generated from a document.
#[derive(Debug)]
pub struct Recovered<T> {
    /// The result of the generator.
    pub output: T,
    /// The normalized document that it was generated from.
    pub normalized: Normalized,
    /// What is lost or ambiguous, with the edits.
    pub warnings: Vec<Report>,
    /// The operations of the generated client.
    pub generated: usize,
    /// The operations of the document that the client does not have.
    pub omitted: usize,
    /// The constructs that the client accepts more values for than the document allows.
    pub loosened: usize,
}

impl<T> Recovered<T> {
    /// The counts as a line of text.
    pub fn summary(&self) -> String {
        format!(
            "operations: {} generated, {} omitted; constructs: {} loosened\n",
            self.generated, self.omitted, self.loosened
        )
    }
}

/// Normalizes a document and passes it to `generate`, without the constructs that either of them rejects. Each such construct is a
/// warning. `generate` reports problems with their locations in the normalized document.
///
/// # Errors
///
/// The reasons, if no operation is left.
pub fn generate<T>(
    document: Value,
    source: &Source,
    options: &Options<'_>,
    generate: impl Fn(&Value) -> Result<T, Vec<Problem>>,
) -> Result<Recovered<T>, Failure> {
    let mut recovery = Recovery {
        document,
        edits: BTreeSet::new(),
        warnings: Vec::new(),
    };
    let described = included_operations(&recovery.document, options);
    for round in 0..MAX_ROUNDS {
        let problems = match attempt(&recovery.document, options, &generate) {
            Ok((output, mut normalized)) => {
                let generated = generated_operations(&normalized.document);
                let mut warnings = recovery.warnings;
                warnings.append(&mut normalized.warnings);
                let loosened = recovery.edits.iter().filter(|edit| edit.loosens()).count();
                return Ok(Recovered {
                    output,
                    normalized,
                    warnings: pipeline::warnings(warnings, source),
                    generated,
                    omitted: described.saturating_sub(generated),
                    loosened,
                });
            }
            Err(problems) => problems,
        };
        let is_unlocated = problems.iter().all(|problem| problem.pointer.is_empty());
        let mut changed = recovery.avoid(&problems, round < LOOSENING_ROUNDS);
        if !changed && is_unlocated {
            let fails = |part: &Value| {
                attempt(part, options, &generate).is_err_and(|problems| {
                    problems.iter().all(|problem| problem.pointer.is_empty())
                })
            };
            let culprits = search::failing_operations(&recovery.document, &fails);
            if let Some(problem) = problems.first() {
                changed = recovery.omit(&culprits, problem);
            }
        }
        if !changed || included_operations(&recovery.document, options) == 0 {
            let mut reasons = Report::all(recovery.reasons(), source);
            if !changed {
                reasons.extend(Report::all(problems, source));
            }
            return Err(Failure(reasons));
        }
    }
    let problem = Problem::at(
        "",
        "the document has too many constructs that are not supported",
    )
    .help("exclude parts of it with --include, or correct it with an overlay");
    Err(Failure(vec![Report::new(problem, source)]))
}

/// The number of operations that are to be generated.
fn included_operations(document: &Value, options: &Options<'_>) -> usize {
    let items = document["paths"].as_object().into_iter().flatten();
    items
        .map(|(path, item)| {
            let methods = METHODS.iter().filter(|method| item.get(**method).is_some());
            methods
                .filter(|method| selection::includes(options.include, path, method))
                .count()
        })
        .sum()
}

/// The number of operations of the normalized document that the client has.
fn generated_operations(normalized: &Value) -> usize {
    let items = normalized["paths"].as_object().into_iter().flatten();
    let operations = items.flat_map(|(_, item)| METHODS.iter().filter_map(|key| item.get(*key)));
    operations
        .filter(|operation| !extensions::SDK_IGNORE.is_true(operation))
        .count()
}

/// Normalizes and generates once. Problems are located in the source document.
fn attempt<T>(
    document: &Value,
    options: &Options<'_>,
    generate: &impl Fn(&Value) -> Result<T, Vec<Problem>>,
) -> Result<(T, Normalized), Vec<Problem>> {
    let normalized = pipeline::lowered(document.clone(), options)?;
    let output = guard("the generator", || generate(&normalized.document))
        .map_err(Vec::from)
        .and_then(|output| output)
        .map_err(|problems| {
            let locate = |problem: Problem| Problem {
                pointer: normalized.source_of(&problem.pointer),
                ..problem
            };
            problems.into_iter().map(locate).collect::<Vec<_>>()
        })?;
    Ok((output, normalized))
}

/// The document with the edits so far.
struct Recovery {
    document: Value,
    edits: BTreeSet<Edit>,
    warnings: Vec<Problem>,
}

impl Recovery {
    /// Edits the document so that it no longer has the constructs of the problems. Returns whether anything changed.
    fn avoid(&mut self, problems: &[Problem], may_loosen: bool) -> bool {
        let mut changed = false;
        let mut omissions = Vec::new();
        let mut edited: BTreeSet<String> = BTreeSet::new();
        for problem in problems {
            let is_gone = |edited: &BTreeSet<String>| {
                edited
                    .iter()
                    .any(|outer| edit::is_within(&problem.pointer, outer))
            };
            if is_gone(&edited) {
                continue;
            }
            let candidates = match may_loosen {
                true => edit::candidates(&problem.pointer, &self.document),
                false => Vec::new(),
            };
            let next = candidates
                .into_iter()
                .find(|candidate| !self.edits.contains(candidate));
            match next {
                Some(edit) if edit.apply(&mut self.document) => {
                    edited.insert(edit.pointer().to_owned());
                    self.warnings.push(edit.warning(problem));
                    self.edits.insert(edit);
                    changed = true;
                }
                _ => omissions.push(problem),
            }
        }
        if !omissions.is_empty() {
            let users = users::Users::new(&self.document);
            for problem in omissions {
                let operations = users.of(&problem.pointer);
                changed |= self.omit(&operations, problem);
            }
        }
        changed
    }

    /// Removes the path items that are left without operations: what they hold besides is in no request.
    fn remove_empty_items(&mut self) {
        let paths = self.document.get_mut("paths");
        let Some(paths) = paths.and_then(Value::as_object_mut) else {
            return;
        };
        loop {
            let pointers: BTreeSet<String> =
                paths.keys().map(|path| join("/paths", path)).collect();
            let before = paths.len();
            paths.retain(|path, item| {
                let Some(reference) = item.get("$ref").and_then(Value::as_str) else {
                    return extensions::is_extension(path)
                        || METHODS.iter().any(|method| item.get(method).is_some());
                };
                let target = lower::pointer_of(reference);
                let is_gone = target.starts_with("/paths/") && !pointers.contains(&target);
                if is_gone {
                    self.warnings.push(
                        Problem::at(
                            join("/paths", path),
                            format!("{path} is omitted: it refers to a path without operations"),
                        )
                        .found(reference),
                    );
                }
                !is_gone
            });
            if paths.len() == before {
                return;
            }
        }
    }

    /// Omits operations because of a problem. Returns whether any of them existed.
    fn omit(&mut self, operations: &BTreeSet<(String, String)>, problem: &Problem) -> bool {
        let mut changed = false;
        for (path, method) in operations {
            let edit = Edit::omission(path, method);
            if edit.apply(&mut self.document) {
                self.warnings.push(edit.warning(problem));
                self.edits.insert(edit);
                changed = true;
            }
        }
        if changed {
            self.remove_empty_items();
        }
        changed
    }

    /// The warnings, as the reasons why no operation is left.
    fn reasons(&mut self) -> Vec<Problem> {
        std::mem::take(&mut self.warnings)
    }
}
