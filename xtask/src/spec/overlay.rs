//! Applies OpenAPI Overlay 1.0 documents.

use serde_json::Value;
use serde_json_path::JsonPath;

use crate::diagnostic::Report;
use crate::extensions::SOURCE;
use crate::problem::Problem;
use crate::spec::document::{Document, kind};

mod addition;
mod cost;

/// The message for an action whose update the document already contains.
const CHANGES_NOTHING: &str = "the action changes nothing";

/// The message for an addition if the document defines all that it adds.
const CAUGHT_UP: &str =
    "the document has caught up: it defines what the action adds, so remove the action";

/// Whether a problem means that the document no longer needs the action.
pub(crate) fn is_obsolete(problem: &Problem) -> bool {
    [CHANGES_NOTHING, CAUGHT_UP].contains(&problem.message.as_str())
}

/// The source of an action in one line; empty if it has none.
pub(crate) fn source_of(action: &Value) -> String {
    addition::shown(SOURCE.value(action))
}

/// The purpose of an overlay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// It corrects the document. Every action needs a reason in its `description`.
    Corrections,
    /// It adds what official SDKs have and the document lacks. Every action names its source in `x-source` and changes nothing that exists.
    Additions,
    /// It adds descriptions. Actions need no reason.
    Descriptions,
}

/// Applies the actions of `overlay` to `document` in order. An action that matches nothing or changes nothing is an error,
/// because it no longer fits the document.
pub fn apply(
    document: &mut Value,
    overlay: &Document,
    purpose: Purpose,
) -> Result<(), Vec<Report>> {
    let mut problems = Vec::new();
    match actions(&overlay.value) {
        Err(problem) => problems.push(problem),
        Ok(actions) => {
            for (index, action) in actions.iter().enumerate() {
                let pointer = format!("/actions/{index}");
                if let Err(problem) = apply_action(document, action, &pointer, purpose) {
                    problems.push(problem);
                }
            }
        }
    }
    if problems.is_empty() {
        return Ok(());
    }
    Err(Report::all(problems, &overlay.source))
}

fn actions(overlay: &Value) -> Result<&[Value], Problem> {
    let help = "an overlay begins with `overlay: 1.0.0`, then `info` with `title` and `version`, then `actions`";
    let members = overlay.as_object().ok_or_else(|| {
        Problem::at("", "this is not an overlay")
            .expected("an object")
            .found(kind(overlay))
            .help(help)
    })?;
    match members.get("overlay") {
        Some(Value::String(version)) if version.starts_with("1.0.") => {}
        other => {
            return Err(
                Problem::at("/overlay", "unknown version of the overlay format")
                    .expected("`overlay: 1.0.0`")
                    .found(other.map_or_else(|| "none".to_owned(), kind))
                    .help(help),
            );
        }
    }
    if let Some(key) = members.keys().find(|key| {
        !matches!(key.as_str(), "overlay" | "info" | "extends" | "actions")
            && !key.starts_with("x-")
    }) {
        return Err(Problem::at(
            crate::spec::walk::join("", key),
            format!("unknown key `{key}` in the overlay"),
        )
        .help(help));
    }
    for key in ["title", "version"] {
        if !overlay["info"][key].is_string() {
            return Err(
                Problem::at("/info", format!("the overlay has no `info.{key}`")).help(help),
            );
        }
    }
    match members.get("actions") {
        Some(Value::Array(actions)) => Ok(actions),
        // All actions were removed.
        Some(Value::Null) => Ok(&[]),
        other => Err(
            Problem::at("/actions", "the overlay has no list of actions")
                .expected("a list")
                .found(other.map_or_else(|| "none".to_owned(), kind))
                .help(help),
        ),
    }
}

fn apply_action(
    document: &mut Value,
    action: &Value,
    pointer: &str,
    purpose: Purpose,
) -> Result<(), Problem> {
    let members = action.as_object().ok_or_else(|| {
        Problem::at(pointer, "the action is not an object")
            .expected("`target` and `update` or `remove`")
            .found(kind(action))
    })?;
    if let Some(key) = members.keys().find(|key| {
        !matches!(key.as_str(), "target" | "description" | "update" | "remove")
            && !key.starts_with("x-")
    }) {
        return Err(Problem::at(
            crate::spec::walk::join(pointer, key),
            format!("unknown key `{key}` in the action"),
        )
        .expected("`target`, `description`, `update` or `remove`"));
    }
    let reason = action["description"].as_str().unwrap_or_default();
    if purpose == Purpose::Corrections && reason.trim().is_empty() {
        return Err(Problem::at(pointer, "the correction has no reason")
            .expected("a `description` that states the error of the published document")
            .help("add `description:` to the action"));
    }
    if purpose == Purpose::Additions {
        addition::check_source(SOURCE.value(action), pointer)?;
    }
    let at = format!("{pointer}/target");
    let target = action["target"].as_str().ok_or_else(|| {
        Problem::at(pointer, "the action has no target")
            .expected("`target` with a JSONPath, such as `$.info`")
    })?;
    if let Some(excess) = cost::excess(target, document) {
        return Err(Problem::at(at, "the target takes too long to evaluate")
            .expected("a target that visits at most a few million values")
            .found(excess)
            .help("use keys instead of `..` and `*`, use `@` instead of `$` in filters, and nest fewer filters"));
    }
    let path = JsonPath::parse(target).map_err(|error| {
        Problem::at(at.clone(), "the target is not a valid JSONPath")
            .expected("JSONPath by RFC 9535, such as `$.paths['/members'].get`")
            .found(format!("`{target}`: {error}"))
    })?;
    let places: Vec<String> = path
        .query_located(document)
        .dedup()
        .locations()
        .map(|place| place.to_json_pointer())
        .collect();
    if places.is_empty() {
        return Err(Problem::at(at, "the target matches nothing in the document")
            .found(nearest(document, target))
            .help("the document no longer contains the node: delete the action, or change its target to where the node is now"));
    }
    let remove = match members.get("remove") {
        None | Some(Value::Bool(false)) => false,
        Some(Value::Bool(true)) => true,
        Some(other) => {
            return Err(
                Problem::at(format!("{pointer}/remove"), "`remove` is not a boolean")
                    .expected("true")
                    .found(kind(other)),
            );
        }
    };
    match (remove, members.get("update")) {
        (true, _) if purpose == Purpose::Additions => {
            Err(Problem::at(pointer, "an addition removes nothing")
                .expected("`update`")
                .help("removals belong in the corrections overlay"))
        }
        (false, Some(update)) if purpose == Purpose::Additions => {
            addition::check_new(document, &places, update, &at)?;
            update_all(document, &places, update, &at)
        }
        (true, None) => remove_all(document, &places, &at),
        (false, Some(update)) => update_all(document, &places, update, &at),
        (true, Some(_)) => Err(Problem::at(pointer, "the action has both `remove` and `update`")
            .expected("one of `remove` and `update`")
            .help("to replace a node, remove it in one action and add the new one to its parent in the next")),
        (false, None) => {
            Err(Problem::at(pointer, "the action does nothing").expected("`update`, or `remove: true`"))
        }
    }
}

/// Describes which part of the target still matches, for the error.
fn nearest(document: &Value, target: &str) -> String {
    target
        .char_indices()
        .rev()
        .filter(|(_, c)| matches!(c, '.' | '['))
        .filter_map(|(at, _)| target.get(..at))
        .find(|prefix| JsonPath::parse(prefix).is_ok_and(|path| !path.query(document).is_empty()))
        .map_or_else(
            || "no part of it".to_owned(),
            |prefix| format!("`{prefix}`, but no `{}` in it", &target[prefix.len()..]),
        )
}

fn remove_all(document: &mut Value, places: &[String], at: &str) -> Result<(), Problem> {
    // In reverse order, so that the indexes of the remaining items stay valid.
    let mut ordered: Vec<(Vec<Step>, &String)> =
        places.iter().map(|place| (steps(place), place)).collect();
    ordered.sort();
    for (_, place) in ordered.into_iter().rev() {
        let Some((parent, key)) = place.rsplit_once('/') else {
            return Err(Problem::at(at, "the whole document cannot be removed"));
        };
        match document.pointer_mut(parent) {
            Some(Value::Object(members)) => {
                members.remove(&key.replace("~1", "/").replace("~0", "~"));
            }
            Some(Value::Array(items)) => {
                if let Some(index) = key.parse().ok().filter(|index| *index < items.len()) {
                    items.remove(index);
                }
            }
            // Its parent was removed by the same action.
            _ => {}
        }
    }
    Ok(())
}

/// A step of a pointer. Indexes are ordered numerically.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Index(usize),
    Name(String),
}

fn steps(pointer: &str) -> Vec<Step> {
    let step = |part: &str| {
        part.parse()
            .map_or_else(|_| Step::Name(part.to_owned()), Step::Index)
    };
    pointer.split('/').skip(1).map(step).collect()
}

fn update_all(
    document: &mut Value,
    places: &[String],
    update: &Value,
    at: &str,
) -> Result<(), Problem> {
    let mut changed = false;
    for place in places {
        let Some(node) = document.pointer_mut(place) else {
            continue;
        };
        match node {
            Value::Array(items) => changed |= append(items, update),
            Value::Object(_) if update.is_object() => changed |= merge(node, update),
            Value::Object(_) => {
                return Err(
                    Problem::at(at, "an object can only be updated with an object")
                        .found(kind(update)),
                );
            }
            other => {
                return Err(Problem::at(at, "only objects and lists can be updated")
                    .expected("a target that is an object or a list")
                    .found(kind(other))
                    .help("take its parent as the target and name the key in `update`"));
            }
        }
    }
    if changed {
        return Ok(());
    }
    Err(Problem::at(at, CHANGES_NOTHING)
        .found("a document that already contains the update")
        .help("the document was corrected: delete the action"))
}

/// Merges as the specification requires: objects member by member, lists by appending, other values by replacing.
fn merge(node: &mut Value, update: &Value) -> bool {
    match (node, update) {
        (Value::Object(members), Value::Object(updates)) => {
            let mut changed = false;
            for (key, update) in updates {
                match members.get_mut(key) {
                    Some(member) => changed |= merge(member, update),
                    None => {
                        members.insert(key.clone(), update.clone());
                        changed = true;
                    }
                }
            }
            changed
        }
        (Value::Array(items), Value::Array(more)) => {
            let before = items.len();
            for item in more {
                append(items, item);
            }
            items.len() > before
        }
        (node, update) => {
            let changed = node != update;
            node.clone_from(update);
            changed
        }
    }
}

/// Appends an item. Scalars that the list already contains are skipped, because such lists are sets in OpenAPI.
fn append(items: &mut Vec<Value>, item: &Value) -> bool {
    let plain = !item.is_object() && !item.is_array();
    if plain && items.contains(item) {
        return false;
    }
    items.push(item.clone());
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn overlay(actions: &str) -> Document {
        let text = format!("overlay: 1.0.0\ninfo: {{title: t, version: '1'}}\nactions:\n{actions}");
        Document::from_bytes("o.yaml".into(), text.as_bytes()).expect("it is YAML")
    }

    fn applied(document: &Value, actions: &str) -> Value {
        let mut document = document.clone();
        apply(&mut document, &overlay(actions), Purpose::Descriptions).expect("it applies");
        document
    }

    fn rejected(document: &Value, actions: &str) -> String {
        rejected_as(Purpose::Corrections, document, actions)
    }

    fn rejected_as(purpose: Purpose, document: &Value, actions: &str) -> String {
        let mut document = document.clone();
        let reports =
            apply(&mut document, &overlay(actions), purpose).expect_err("it does not apply");
        reports.iter().map(|report| format!("{report}\n")).collect()
    }

    const SOURCE: &str =
        "x-source: {repository: auth0/sdk, version: 2.0.0, file: a.py, date: 2026-11-30}";

    #[test]
    fn update_merges_objects_and_appends_to_lists() {
        let document = json!({"a": {"b": 1, "l": ["x"]}, "l": [{"n": 1}, {"n": 2}]});
        let actions = "  - {target: $.a, update: {b: 2, c: {d: 3}, l: [x, y]}}\n  - {target: $.l, update: {n: 3}}\n  \
                       - {target: '$.l[?@.n == 2]', update: {m: 0}}\n";
        assert_eq!(
            applied(&document, actions),
            json!({"a": {"b": 2, "c": {"d": 3}, "l": ["x", "y"]}, "l": [{"n": 1}, {"n": 2, "m": 0}, {"n": 3}]})
        );
    }

    #[test]
    fn remove_deletes_all_matches_in_a_list() {
        let document = json!({"l": [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], "a/b": {"c": 1}});
        let actions =
            "  - {target: '$.l[?@ > 1]', remove: true}\n  - {target: \"$['a/b']\", remove: true}\n";
        assert_eq!(applied(&document, actions), json!({"l": [0, 1]}));
    }

    #[test]
    fn list_is_replaced_with_two_actions() {
        let document = json!({"s": {"required": ["a", "b"]}});
        let actions = "  - {target: $.s.required, remove: true}\n  - {target: $.s, update: {required: [b]}}\n";
        assert_eq!(
            applied(&document, actions),
            json!({"s": {"required": ["b"]}})
        );
    }

    #[test]
    fn expensive_target_is_rejected_without_evaluation() {
        let document = json!({"paths": {"/a": {"get": {"tags": ["t"]}}}});
        for depth in [7, 12, 30] {
            let target = format!("$..a{}.a{}", "[?@".repeat(depth), "]".repeat(depth));
            let text = rejected(
                &document,
                &format!("  - {{target: \"{target}\", description: why, remove: true}}\n"),
            );
            assert!(
                text.starts_with("the target takes too long to evaluate\nat /actions/0/target"),
                "{text}"
            );
        }
    }

    #[test]
    fn action_that_no_longer_applies_is_an_error() {
        let document = json!({"paths": {"/a": {"get": {"deprecated": true, "tags": ["t"]}}}});
        let text = rejected(
            &document,
            "  - {target: \"$.paths['/a'].put.x\", description: why, remove: true}\n  \
               - {target: \"$.paths['/a'].get\", description: why, update: {deprecated: true, tags: [t]}}\n  \
               - {target: $.paths, update: {x-a: 1}}\n  \
               - {target: \"$.paths[\", description: why, remove: true}\n  \
               - {target: \"$.paths['/a'].get.deprecated\", description: why, update: false}\n  \
               - {target: $, description: why, remove: true}\n  \
               - {target: $.paths, description: why}\n  \
               - {target: $.paths, description: why, updaet: {}}\n",
        );
        insta::assert_snapshot!(text, @r#"
        the target matches nothing in the document
        at /actions/0/target
        found `$.paths['/a']`, but no `.put.x` in it
        the action changes nothing
        at /actions/1/target
        found a document that already contains the update
        the correction has no reason
        at /actions/2
        expected a `description` that states the error of the published document
        the target is not a valid JSONPath
        at /actions/3/target
        expected JSONPath by RFC 9535, such as `$.paths['/members'].get`
        found `$.paths[`: at position 7, parser error
        only objects and lists can be updated
        at /actions/4/target
        expected a target that is an object or a list
        found a boolean
        the whole document cannot be removed
        at /actions/5/target
        the action does nothing
        at /actions/6
        expected `update`, or `remove: true`
        unknown key `updaet` in the action
        at /actions/7/updaet
        expected `target`, `description`, `update` or `remove`
        "#);
    }

    #[test]
    fn addition_adds_members_items_and_parameters() {
        let mut document = json!({
            "components": {"parameters": {"Total": {"name": "total", "in": "query"}}},
            "get": {"parameters": [{"name": "from", "in": "query"}]}, "enum": ["a"],
        });
        let actions = format!(
            "  - target: $.get.parameters\n    {SOURCE}\n    update: {{$ref: '#/components/parameters/Total'}}\n  \
               - target: $.enum\n    {SOURCE}\n    update: b\n  - target: $\n    {SOURCE}\n    update: {{new: {{x: 1}}}}\n"
        );
        apply(&mut document, &overlay(&actions), Purpose::Additions).expect("it applies");
        assert_eq!(
            document["get"]["parameters"][1],
            json!({"$ref": "#/components/parameters/Total"})
        );
        assert_eq!(document["enum"], json!(["a", "b"]));
        assert_eq!(document["new"], json!({"x": 1}));
    }

    #[test]
    fn addition_that_the_document_defines_by_now_is_an_error_whatever_its_definition() {
        let document = json!({
            "components": {"parameters": {"Total": {"name": "total", "in": "query"}}},
            "get": {"parameters": [{"name": "total", "in": "query", "schema": {"type": "string"}}]},
            "enum": ["a"], "properties": {"id": {"type": "string"}},
        });
        let actions = format!(
            "  - target: $.get.parameters\n    {SOURCE}\n    update: {{$ref: '#/components/parameters/Total'}}\n  \
               - target: $.enum\n    {SOURCE}\n    update: a\n  \
               - target: $.properties\n    {SOURCE}\n    update: {{id: {{$ref: '#/x'}}}}\n  \
               - target: $.properties\n    {SOURCE}\n    update: {{id: {{}}, name: {{}}}}\n"
        );
        insta::assert_snapshot!(rejected_as(Purpose::Additions, &document, &actions), @r"
        the document has caught up: it defines what the action adds, so remove the action
        at /actions/0/target
        found `/get/parameters/0`
        the document has caught up: it defines what the action adds, so remove the action
        at /actions/1/target
        found `/enum/0`
        the document has caught up: it defines what the action adds, so remove the action
        at /actions/2/target
        found `/properties/id`
        the document defines a part of what the action adds
        at /actions/3/target
        expected nothing of it, or all of it
        found `/properties/id`
        ");
    }

    #[test]
    fn addition_without_a_valid_source_is_an_error() {
        let document = json!({"a": {}});
        let action = |source: &str| format!("  - {{target: $.a, update: {{b: 1}}{source}}}\n");
        let sources = [
            "",
            ", x-source: auth0/sdk",
            ", x-source: {repository: sdk, version: 1.0.0, file: a, date: 2026-11-30}",
            ", x-source: {repository: a/b, version: 2.0, file: a, date: 2026-11-30}",
            ", x-source: {repository: a/b, version: 1.0.0, file: ' ', date: 2026-11-30}",
            ", x-source: {repository: a/b, version: 1.0.0, file: a, date: 2026-11-31}",
            ", x-source: {repository: a/b, version: 1.0.0, file: a}",
            ", x-source: {repository: a/b, version: 1.0.0, file: a, date: 2026-11-30, by: me}",
        ];
        let mut actions: String = sources.map(action).concat();
        actions.push_str(&format!(
            "  - target: $.a\n    {SOURCE}\n    remove: true\n"
        ));
        insta::assert_snapshot!(rejected_as(Purpose::Additions, &document, &actions), @r"
        the addition has no source
        at /actions/0
        expected `x-source` with `repository`, `version`, `file` and `date`
        the addition has no source
        at /actions/1
        expected `x-source` with `repository`, `version`, `file` and `date`
        invalid `repository` in the source
        at /actions/2/x-source
        expected the owner and the name of a repository, such as `auth0/myorganization-go`
        found `sdk`
        invalid `version` in the source
        at /actions/3/x-source
        expected a release in quotes, such as `'2.0'`
        found the number 2.0
        invalid `file` in the source
        at /actions/4/x-source
        expected a path in the repository
        found ` `
        invalid `date` in the source
        at /actions/5/x-source
        expected the day on which the file was read, as YYYY-MM-DD
        found `2026-11-31`
        invalid `date` in the source
        at /actions/6/x-source
        expected the day on which the file was read, as YYYY-MM-DD
        found none
        unknown key `by` in the source
        at /actions/7/x-source/by
        expected `repository`, `version`, `file` and `date`
        an addition removes nothing
        at /actions/8
        expected `update`
        ");
    }
}
