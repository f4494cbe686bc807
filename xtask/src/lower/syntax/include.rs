//! Purpose: a client for a part of a large document.
//!
//! Only the paths under one of the prefixes of `--include` are kept.

use serde_json::Value;

use crate::lower::PassContext;
use crate::problem::Problem;
use crate::spec::walk::join;

pub(crate) fn apply(document: &mut Value, cx: &mut PassContext<'_>) {
    let prefixes = cx.options.include;
    if prefixes.is_empty() {
        return;
    }
    let Some(paths) = document.get_mut("paths").and_then(Value::as_object_mut) else {
        return;
    };
    for prefix in prefixes {
        if !paths.keys().any(|path| is_under(path, prefix)) {
            cx.problem(
                Problem::at("/paths", "no path of the document matches the prefix")
                    .expected(format!("a path under {prefix}"))
                    .found(first_paths(paths.keys().map(String::as_str)))
                    .help("write the prefix as it appears in the paths of the document"),
            );
        }
    }
    let before = paths.len();
    paths.retain(|path, _| prefixes.iter().any(|prefix| is_under(path, prefix)));
    let removed = before - paths.len();
    if removed > 0 {
        cx.changed_at("/paths", format!("removed {removed} of {before} paths"));
    }
    if let Some(members) = document.as_object_mut()
        && members.remove("webhooks").is_some()
    {
        cx.changed_at(join("", "webhooks"), "removed the webhooks");
    }
}

/// Whether `path` equals `prefix` or lies below it: `/organizations` includes `/organizations/{id}`, but not `/organizations-report`.
pub(crate) fn is_under(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix.trim_end_matches('/'))
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The first paths, for a message.
fn first_paths<'a>(paths: impl Iterator<Item = &'a str>) -> String {
    let mut paths: Vec<&str> = paths.collect();
    paths.sort_unstable();
    let more = if paths.len() > 3 { ", …" } else { "" };
    paths.truncate(3);
    format!("{}{more}", paths.join(", "))
}
