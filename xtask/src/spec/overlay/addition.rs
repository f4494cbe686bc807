//! Additions: what official SDKs have and the published document lacks.

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::CAUGHT_UP;
use crate::problem::Problem;
use crate::spec::document::kind;
use crate::spec::walk::join;

/// The members of a source, in the order in which it is shown.
const MEMBERS: [&str; 4] = ["repository", "version", "file", "date"];

/// Checks the source of an addition.
pub(super) fn check_source(source: &Value, action: &str) -> Result<(), Problem> {
    let help = "add `x-source: {repository: owner/name, version: 1.2.3, file: path/in/it, date: 2026-01-31}` to the action";
    let Some(members) = source.as_object() else {
        return Err(Problem::at(action, "the addition has no source")
            .expected("`x-source` with `repository`, `version`, `file` and `date`")
            .help(help));
    };
    let at = join(action, crate::extensions::SOURCE.name);
    if let Some(key) = members.keys().find(|key| !MEMBERS.contains(&key.as_str())) {
        return Err(
            Problem::at(join(&at, key), format!("unknown key `{key}` in the source"))
                .expected("`repository`, `version`, `file` and `date`"),
        );
    }
    for member in MEMBERS {
        let found = &source[member];
        let is_valid = found.as_str().is_some_and(|text| match member {
            "repository" => matches!(text.split('/').collect::<Vec<_>>()[..], [owner, name] if !owner.is_empty() && !name.is_empty()),
            "date" => text.len() == 10 && NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok(),
            _ => !text.trim().is_empty(),
        });
        if is_valid {
            continue;
        }
        let expected = match member {
            "repository" => {
                "the owner and the name of a repository, such as `auth0/myorganization-go`"
            }
            "version" => "a release in quotes, such as `'2.0'`",
            "file" => "a path in the repository",
            _ => "the day on which the file was read, as YYYY-MM-DD",
        };
        return Err(Problem::at(at, format!("invalid `{member}` in the source"))
            .expected(expected)
            .found(match found {
                Value::Null => "none".to_owned(),
                Value::String(text) => format!("`{text}`"),
                other => kind(other),
            })
            .help(help));
    }
    Ok(())
}

/// The source of an action in one line; empty if it has none.
pub(super) fn shown(source: &Value) -> String {
    let [repository, version, file, date] = MEMBERS.map(|member| source[member].as_str());
    match (repository, version, file, date) {
        (Some(repository), Some(version), Some(file), Some(date)) => {
            format!("{repository} {version} has it in {file} (read on {date})")
        }
        _ => String::new(),
    }
}

/// Checks that nothing in `update` exists at `places` yet. The document's own definition wins as soon as there is one: merged with
/// ours, it would be neither.
pub(super) fn check_new(
    document: &Value,
    places: &[String],
    update: &Value,
    at: &str,
) -> Result<(), Problem> {
    let (mut existing, mut is_partial) = (Vec::new(), false);
    for place in places {
        let node = document.pointer(place).unwrap_or(&Value::Null);
        match (node, update) {
            (Value::Object(members), Value::Object(additions)) => {
                for key in additions.keys() {
                    match members.contains_key(key) {
                        true => existing.push(format!("`{}`", join(place, key))),
                        false => is_partial = true,
                    }
                }
            }
            (Value::Array(items), item) => {
                let added = identity(document, item);
                match items
                    .iter()
                    .position(|item| identity(document, item) == added)
                {
                    Some(index) => existing.push(format!("`{place}/{index}`")),
                    None => is_partial = true,
                }
            }
            // `update_all` rejects it.
            _ => is_partial = true,
        }
    }
    if existing.is_empty() {
        return Ok(());
    }
    let existing = existing.join(", ");
    Err(match is_partial {
        false => Problem::at(at, CAUGHT_UP).found(existing).help(
            "delete the action; `cargo xtask bump` does so with a new version of the document",
        ),
        true => Problem::at(at, "the document defines a part of what the action adds")
            .expected("nothing of it, or all of it")
            .found(existing)
            .help("remove from the action what the document defines"),
    })
}

/// What distinguishes an item of a list: name and location of a parameter, which can be a reference, or else the item itself.
fn identity(document: &Value, item: &Value) -> Value {
    let target = item["$ref"]
        .as_str()
        .and_then(|target| target.strip_prefix('#'));
    let target = target.and_then(|pointer| document.pointer(pointer));
    match target.unwrap_or(item) {
        parameter if parameter["in"].is_string() && parameter["name"].is_string() => {
            json!([parameter["in"], parameter["name"]])
        }
        _ => item.clone(),
    }
}
