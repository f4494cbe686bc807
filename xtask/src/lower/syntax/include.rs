//! Purpose: a client for a part of a large document.
//!
//! Only the operations that `--include` selects are kept.

use serde_json::Value;

use crate::diff::counted;
use crate::lower::PassContext;
use crate::selection;
use crate::spec::walk::join;

pub(crate) fn apply(document: &mut Value, cx: &mut PassContext<'_>) {
    let selectors = cx.options.include;
    let count = |document: &Value| document["paths"].as_object().map(serde_json::Map::len);
    let Some(before) = count(document) else {
        return;
    };
    if selectors.is_empty() {
        return;
    }
    if let Err(problem) = selection::check(selectors, &[document]) {
        cx.problem(problem);
    }
    let changed = selection::retain(document, selectors);
    let removed = before - count(document).unwrap_or_default();
    if removed > 0 {
        cx.changed_at("/paths", format!("removed {removed} of {before} paths"));
    }
    if changed > removed {
        let reduced = changed - removed;
        cx.changed_at(
            "/paths",
            format!("removed operations of {}", counted(reduced, "path")),
        );
    }
    if let Some(members) = document.as_object_mut()
        && members.remove("webhooks").is_some()
    {
        cx.changed_at(join("", "webhooks"), "removed the webhooks");
    }
}
