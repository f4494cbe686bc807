//! The operations that `--include` and `include` in `sources.toml` select.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use serde_json::Value;

use crate::problem::Problem;
use crate::spec::walk::METHODS;

/// Selects operations by path and method: `[METHOD[,METHOD…] ][=]PATH`.
///
/// `/clients` selects the operations of `/clients` and of all paths below it, `=/clients` those of this path only, and
/// `GET,PATCH =/clients/{id}` two operations of one path.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Selector {
    text: String,
    /// As keys of a path item; empty for all.
    methods: Vec<&'static str>,
    path: String,
    is_exact: bool,
}

impl Selector {
    fn selects_path(&self, path: &str) -> bool {
        path.strip_prefix(&self.path)
            .is_some_and(|rest| rest.is_empty() || (!self.is_exact && rest.starts_with('/')))
    }

    fn selects(&self, path: &str, method: &str) -> bool {
        self.selects_path(path) && (self.methods.is_empty() || self.methods.contains(&method))
    }

    /// Whether each method, or without methods the path, is one of the document's.
    fn has_match(&self, document: &Value) -> bool {
        let items = || {
            let items = document["paths"].as_object().into_iter().flatten();
            items.filter(|(path, _)| self.selects_path(path))
        };
        let has = |method: &&str| items().any(|(_, item)| item.get(*method).is_some());
        items().next().is_some() && self.methods.iter().all(has)
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Selector {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (methods, path) = match text.split_once(' ') {
            Some((methods, path)) if !text.starts_with(['/', '=']) => (Some(methods), path),
            _ => (None, text),
        };
        let methods = methods.into_iter().flat_map(|names| names.split(','));
        let methods = methods.map(|name| {
            let known = METHODS
                .into_iter()
                .find(|method| name.eq_ignore_ascii_case(method));
            known.ok_or_else(|| {
                format!(
                    "expected HTTP methods before the path, separated by commas, found `{name}`"
                )
            })
        });
        let methods = methods.collect::<Result<_, _>>()?;
        let (path, is_exact) = match path.strip_prefix('=') {
            Some(path) => (path, true),
            None => (path.trim_end_matches('/'), false),
        };
        if !path.starts_with('/') && (is_exact || !path.is_empty() || !text.ends_with('/')) {
            return Err(format!(
                "expected a path prefix such as `/clients`, a path such as `=/clients/{{id}}`, or either after methods such as \
                 `GET,PATCH `, found `{text}`"
            ));
        }
        Ok(Self {
            text: text.to_owned(),
            methods,
            path: path.to_owned(),
            is_exact,
        })
    }
}

impl TryFrom<String> for Selector {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

/// A selector as an argument of a shell command.
pub(crate) fn argument(selector: &str) -> String {
    match selector.contains([' ', '=']) {
        true => format!("'{selector}'"),
        false => selector.to_owned(),
    }
}

/// Whether one of the selectors selects the operation. Without selectors, all are selected.
pub(crate) fn includes(selectors: &[Selector], path: &str, method: &str) -> bool {
    selectors.is_empty()
        || selectors
            .iter()
            .any(|selector| selector.selects(path, method))
}

/// Removes all other operations, and the paths that are left without operations. Returns the number of changed and removed paths.
pub(crate) fn retain(document: &mut Value, selectors: &[Selector]) -> usize {
    let Some(paths) = document.get_mut("paths").and_then(Value::as_object_mut) else {
        return 0;
    };
    let mut changed = 0;
    paths.retain(|path, item| {
        let matching: Vec<&Selector> = selectors
            .iter()
            .filter(|selector| selector.selects_path(path))
            .collect();
        if selectors.is_empty() || matching.iter().any(|selector| selector.methods.is_empty()) {
            return true;
        }
        let before = item.as_object().map_or(0, |members| members.len());
        if let Some(members) = item.as_object_mut() {
            members.retain(|key, _| {
                !METHODS.contains(&key.as_str())
                    || matching.iter().any(|selector| selector.selects(path, key))
            });
        }
        let is_left = METHODS.iter().any(|method| item.get(*method).is_some());
        let after = item.as_object().map_or(0, |members| members.len());
        changed += usize::from(!is_left || after < before);
        is_left
    });
    changed
}

/// Rejects a selector that matches nothing in any of the documents.
pub(crate) fn check(selectors: &[Selector], documents: &[&Value]) -> Result<(), Problem> {
    let is_unmatched = |selector: &&Selector| {
        !documents
            .iter()
            .any(|document| selector.has_match(document))
    };
    let Some(selector) = selectors.iter().find(is_unmatched) else {
        return Ok(());
    };
    let paths = documents
        .iter()
        .filter_map(|document| document["paths"].as_object())
        .flatten();
    let mut paths: Vec<&str> = paths.map(|(path, _)| path.as_str()).collect();
    paths.sort_unstable();
    paths.dedup();
    let more = if paths.len() > 3 { ", …" } else { "" };
    paths.truncate(3);
    Err(Problem::at("/paths", format!("`{selector}` selects no operation of the document"))
        .expected(match (selector.methods.as_slice(), selector.is_exact) {
            ([], false) => format!("a path under {}", selector.path),
            ([], true) => format!("the path {}", selector.path),
            (methods, is_exact) => {
                let below = if is_exact { "at" } else { "at or under" };
                format!("operations {below} {} with each of the methods {}", selector.path, methods.join(", ").to_uppercase())
            }
        })
        .found(format!("{}{more}", paths.join(", ")))
        .help("write the path as in the document; `=PATH` excludes the paths below it, and methods precede it: `GET,PATCH =/clients/{id}`"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn selectors(texts: &[&str]) -> Vec<Selector> {
        let parsed = texts.iter().map(|text| text.parse().expect("valid"));
        parsed.collect()
    }

    fn document() -> Value {
        json!({"paths": {
            "/users": {"get": {}, "post": {}},
            "/users/{id}": {"parameters": [], "get": {}, "delete": {}},
            "/users/{id}/organizations": {"get": {}},
            "/users-by-email": {"get": {}},
        }})
    }

    /// The selected operations, as method and path.
    fn selected(texts: &[&str]) -> Vec<String> {
        let selectors = selectors(texts);
        let mut kept = document();
        retain(&mut kept, &selectors);
        let paths = kept["paths"].as_object().expect("paths").iter();
        let operations = paths.flat_map(|(path, item)| {
            let methods = METHODS.iter().filter(|method| item.get(**method).is_some());
            methods.map(move |method| format!("{method} {path}"))
        });
        let operations: Vec<String> = operations.collect();
        for (path, item) in document()["paths"].as_object().expect("paths") {
            for method in METHODS.iter().filter(|method| item.get(**method).is_some()) {
                let is_kept = operations.contains(&format!("{method} {path}"));
                assert_eq!(
                    includes(&selectors, path, method),
                    is_kept,
                    "{method} {path}"
                );
            }
        }
        operations
    }

    #[test]
    fn selector_matches_by_prefix_exactly_and_by_method() {
        assert_eq!(selected(&[]).len(), 6);
        assert_eq!(selected(&["/"]).len(), 6);
        let below = [
            "get /users/{id}",
            "delete /users/{id}",
            "get /users/{id}/organizations",
        ];
        assert_eq!(selected(&["/users/{id}"]), below);
        assert_eq!(selected(&["/users/{id}/"]), below);
        assert_eq!(selected(&["=/users/{id}"]), below[..2]);
        assert_eq!(selected(&["GET =/users/{id}"]), below[..1]);
        assert_eq!(selected(&["get,delete =/users/{id}"]), below[..2]);
        assert_eq!(
            selected(&["DELETE /users", "=/users-by-email"]),
            ["get /users-by-email", "delete /users/{id}"]
        );
        assert_eq!(
            selected(&["GET =/users/{id}", "DELETE /users/{id}"]),
            below[..2]
        );
    }

    #[test]
    fn members_of_a_path_that_all_methods_share_are_kept() {
        let mut kept = document();
        assert_eq!(retain(&mut kept, &selectors(&["GET =/users/{id}"])), 4);
        assert_eq!(
            kept,
            json!({"paths": {"/users/{id}": {"parameters": [], "get": {}}}})
        );
    }

    #[test]
    fn selector_without_a_match_is_an_error() {
        let rejects = |text: &str| check(&selectors(&["/users", text]), &[&document()]).is_err();
        assert!(!rejects("GET,POST /users"));
        for text in [
            "/user",
            "=/users/{id}/organizations/",
            "PUT /users",
            "GET,PUT =/users",
            "POST =/users/{id}",
        ] {
            assert!(rejects(text), "{text}");
        }
        let both = [&document(), &json!({"paths": {"/things": {"get": {}}}})];
        assert_eq!(check(&selectors(&["/things"]), &both), Ok(()));
    }

    #[test]
    fn text_that_is_no_selector_is_an_error() {
        for text in [
            "",
            "users",
            "=users",
            "=",
            "GET",
            "GET ",
            "GET users",
            "FETCH /users",
            "GET, POST /users",
            "GET POST /users",
        ] {
            assert!(text.parse::<Selector>().is_err(), "{text}");
        }
        let text = "GET =/users/{id}";
        assert_eq!(selectors(&[text])[0].to_string(), text);
    }
}
