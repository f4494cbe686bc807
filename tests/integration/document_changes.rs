//! Changes one fact in `openapi.yaml` and finds the change in every place of the generated crate that states the fact.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use xtask::spec::canonical;
use xtask::spec::document::Document;

use crate::repository::{copy, files, xtask};

const FACTS: &str = "openapi/teams/openapi.yaml";

/// Changes the value at `pointer` in the facts and generates the crate. Returns the added lines, by file.
fn generated_after(pointer: &str, change: impl FnOnce(&mut Value)) -> BTreeSet<String> {
    generated_with(pointer, change, "")
}

/// The same, with `descriptions` appended to the overlay of descriptions.
fn generated_with(
    pointer: &str,
    change: impl FnOnce(&mut Value),
    descriptions: &str,
) -> BTreeSet<String> {
    let copy = copy();
    let facts = copy.path().join(FACTS);
    let mut document = Document::read(&facts).unwrap().value;
    let place = document.pointer_mut(pointer);
    let place = place.unwrap_or_else(|| panic!("the facts have no {pointer}"));
    let before = place.clone();
    change(place);
    assert_ne!(*place, before, "{pointer} did not change");
    fs::write(&facts, canonical::yaml(&document, "changed by a test")).unwrap();
    let overlay = copy.path().join("openapi/teams/descriptions.overlay.yaml");
    let mut text = fs::read_to_string(&overlay).unwrap();
    text.push_str(descriptions);
    fs::write(&overlay, text).unwrap();

    let before = lines(copy.path());
    let (status, text) = xtask(copy.path(), &["regen", "teams"]);
    assert_eq!(status, 0, "{text}");
    let after = lines(copy.path()).into_iter();
    // Many lines occur more than once, so compare how often each occurs.
    after
        .filter(|(line, times)| before.get(line).is_none_or(|before| before < times))
        .map(|(line, _)| line)
        .collect()
}

/// Counts each line of the generated crate per file. Parts of a module count as one file.
fn lines(root: &Path) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    for (path, bytes) in files(&root.join("generated/teams")) {
        let path = path.display().to_string();
        let part = ["src/operations/", "src/requests/", "src/types/"]
            .iter()
            .find(|module| path.starts_with(**module));
        let file = part.map_or(path.clone(), |module| {
            format!("{}.rs", module.trim_end_matches('/'))
        });
        for line in String::from_utf8(bytes).unwrap().lines() {
            let line = format!("{file}: {}", line.trim());
            *found.entry(line).or_default() += 1;
        }
    }
    found
}

fn assert_has(lines: &BTreeSet<String>, expected: &[&str]) {
    for line in expected {
        assert!(lines.contains(*line), "{line} is not among {lines:#?}");
    }
}

#[test]
fn scope_is_changed_then_table_and_docs_name_it() {
    let scopes = "/paths/~1api~1members~1{id}/delete/security/0/Bearer/0";
    let lines = generated_after(scopes, |scope| *scope = json!("remove:members"));
    assert_has(
        &lines,
        &[
            "src/operations.rs: scopes: &[&[\"remove:members\"]],",
            "src/resources/members.rs: /// - Scope: `remove:members`",
        ],
    );
}

#[test]
fn bound_of_a_parameter_is_changed_then_check_and_docs_have_it() {
    let bound = "/components/parameters/Take/schema/maximum";
    let lines = generated_after(bound, |bound| *bound = json!(40));
    for resource in ["activity", "members", "tenants", "tenants_members"] {
        let file = format!("src/resources/{resource}.rs: ");
        for (what, part) in [
            ("check", "maximum(40.0)"),
            ("docs", "Constraints: 1 to 40."),
        ] {
            let states_it = |line: &String| line.starts_with(&file) && line.contains(part);
            assert!(
                lines.iter().any(states_it),
                "{what} of {resource}: {lines:#?}"
            );
        }
    }
}

#[test]
fn length_of_a_field_is_changed_then_the_check_has_it() {
    let tenants =
        "/components/schemas/DeleteMembersTenantsRequestContent/properties/tenants/maxItems";
    let lines = generated_after(tenants, |bound| *bound = json!(7));
    assert!(
        lines
            .iter()
            .any(|line| line.starts_with("src/types.rs") && line.contains("max_items(7)")),
        "{lines:#?}"
    );
}

#[test]
fn value_of_an_enum_is_added_then_the_type_has_a_variant() {
    let descriptions = "\n  - target: $.components.schemas.TeamMemberRoleEnum\n    update:\n      \
                 x-enum-descriptions: {teams_guest: Sees next to nothing.}\n";
    let lines = generated_with(
        "/components/schemas/TeamMemberRoleEnum/enum",
        |values| values.as_array_mut().unwrap().push(json!("teams_guest")),
        descriptions,
    );
    assert_has(
        &lines,
        &[
            "src/types.rs: /// Sees next to nothing.",
            "src/types.rs: #[serde(rename = \"teams_guest\")]",
            "src/types.rs: TeamsGuest,",
            "src/types.rs: \"teams_guest\" => Ok(Self::TeamsGuest),",
        ],
    );
}

#[test]
fn field_becomes_required_then_it_is_a_named_argument_and_no_option() {
    let required = "/components/schemas/PublicCloudPayload/required";
    let lines = generated_after(required, |names| {
        names.as_array_mut().unwrap().push(json!("tenant_name"))
    });
    assert_has(
        &lines,
        &[
            "src/types.rs: pub tenant_name: ::std::string::String,",
            "src/types.rs: pub tenant_name: TenantName,",
            "src/types.rs: TenantName: ::std::convert::Into<::std::string::String>,",
        ],
    );
}

#[test]
fn type_of_a_field_is_changed_then_the_struct_has_it() {
    let of_name = "/components/schemas/TeamMember/properties/nickname/type";
    let lines = generated_after(of_name, |of_name| *of_name = json!("boolean"));
    assert_has(
        &lines,
        &["src/types.rs: pub nickname: ::auth0_core::Open<bool>,"],
    );
}

#[test]
fn status_is_added_then_table_and_docs_name_it() {
    let responses = "/paths/~1api~1members~1{id}/delete/responses";
    let lines = generated_after(responses, |responses| {
        responses["418"] = json!({"description": ""});
    });
    assert_has(
        &lines,
        &[
            "src/operations.rs: errors: &[400, 401, 403, 404, 418, 429, 500],",
            "src/resources/members.rs: /// - Documented errors: 400, 401, 403, 404, 418, 429, 500",
        ],
    );
}
