//! Answers: a large document of which only a part is wanted. Keeps the paths that start with one of the prefixes of `--include`.

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
                Problem::at(
                    "/paths",
                    "no path of the document starts with what was asked for",
                )
                .expected(format!("a path under {prefix}"))
                .found(sample(paths.keys().map(String::as_str)))
                .help("give the prefix as the paths of the document are written"),
            );
        }
    }
    let before = paths.len();
    paths.retain(|path, _| prefixes.iter().any(|prefix| is_under(path, prefix)));
    let dropped = before - paths.len();
    if dropped > 0 {
        cx.changed_at("/paths", format!("left out {dropped} paths of {before}"));
    }
    if let Some(members) = document.as_object_mut()
        && members.remove("webhooks").is_some()
    {
        cx.changed_at(join("", "webhooks"), "left out the webhooks");
    }
}

/// Whether `path` is `prefix` or lies below it: `/organizations` takes in `/organizations/{id}`, and not `/organizations-report`.
pub(crate) fn is_under(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix.trim_end_matches('/'))
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn sample<'a>(paths: impl Iterator<Item = &'a str>) -> String {
    let mut paths: Vec<&str> = paths.collect();
    paths.sort_unstable();
    let more = if paths.len() > 3 { ", …" } else { "" };
    paths.truncate(3);
    format!("{}{more}", paths.join(", "))
}
