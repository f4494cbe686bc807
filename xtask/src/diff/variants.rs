//! Pairs and compares the alternatives of unions.

use serde_json::Value;

use super::change::{ChangePlaces, Finding};
use super::schema_node::{SchemaNode, named};
use super::schema_view::view;
use super::schemas::SchemaComparison;
use super::side::Side;

/// Compares the alternatives of two unions. They are paired by the names of their schemas, then by their contents, then by title, then by
/// constants. The rest is paired by position, if as many are left on both sides.
pub(super) fn compare(comparison: &mut SchemaComparison<'_, '_>) {
    let mut old: Vec<SchemaNode> = comparison.before.variants.clone();
    let mut new: Vec<SchemaNode> = comparison.after.variants.clone();
    let identities: [fn(Side<'_>, &SchemaNode) -> Option<String>; 4] =
        [|side, node| named(side, node), contents, title, constants];
    let mut pairs = Vec::new();
    for identity in identities {
        old.retain(|variant| {
            let Some(known) = identity(comparison.old, variant) else {
                return true;
            };
            let found = new
                .iter()
                .position(|other| identity(comparison.new, other).as_ref() == Some(&known));
            match found {
                Some(index) => {
                    pairs.push((variant.clone(), new.remove(index)));
                    false
                }
                None => true,
            }
        });
    }
    if old.len() == new.len() {
        pairs.extend(old.drain(..).zip(new.drain(..)));
    }
    for (old, new) in pairs {
        comparison.child(old, new);
    }
    let here = comparison.here();
    for variant in old {
        let name = text(comparison.old, &variant);
        let found = Finding::new("variant-removed", here.clone()).was(name);
        comparison.push(found, ChangePlaces::new(variant, None::<String>));
    }
    for variant in new {
        let name = text(comparison.new, &variant);
        let found = Finding::new("variant-added", here.clone()).is(name);
        comparison.push(found, ChangePlaces::new(None::<String>, variant));
    }
    let keyword = |at: &[String]| {
        let mut words: Vec<String> = at
            .iter()
            .map(|at| at.rsplit('/').next().unwrap_or_default().to_owned())
            .collect();
        words.sort();
        words
    };
    let (was, is) = (
        keyword(&comparison.before.variants_at),
        keyword(&comparison.after.variants_at),
    );
    if was != is && !was.is_empty() && !is.is_empty() {
        let found = Finding::new("variants-reordered", here)
            .was(was.join(", "))
            .is(is.join(", "));
        let places = ChangePlaces::new(
            comparison.before.variants_at.clone(),
            comparison.after.variants_at.clone(),
        );
        comparison.push(found, places);
    }
}

/// What an inline alternative is written like.
fn contents(side: Side<'_>, node: &SchemaNode) -> Option<String> {
    let parts: Vec<String> = node.iter().map(|at| side.get(at).to_string()).collect();
    Some(parts.join(" "))
}

fn title(side: Side<'_>, node: &SchemaNode) -> Option<String> {
    let view = view(side, node);
    view.keyword("title")?.value.as_str().map(str::to_owned)
}

/// The properties with a single string value, which distinguish variants.
fn constants(side: Side<'_>, node: &SchemaNode) -> Option<String> {
    let schema = view(side, node);
    let constant = |(name, node): (&&str, &SchemaNode)| match view(side, node).values.as_deref() {
        Some([Value::String(value)]) => Some(format!("{name}={value}")),
        _ => None,
    };
    let all: Vec<String> = schema.properties.iter().filter_map(constant).collect();
    (!all.is_empty()).then(|| all.join(", "))
}

fn text(side: Side<'_>, node: &SchemaNode) -> String {
    named(side, node)
        .or_else(|| title(side, node))
        .or_else(|| constants(side, node))
        .unwrap_or_else(|| view(side, node).shown(side))
}
