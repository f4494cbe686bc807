//! Links between methods: a description that names another operation by HTTP method and path links to the method of that operation.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::emit::model::{Model, OperationModel};
use crate::emit::resources::Groups;
use crate::spec::walk::{Place, walk_mut};

/// Links to the methods of operations, by HTTP method and path. Names of path parameters are ignored.
pub(crate) struct DocLinks(BTreeMap<String, String>);

impl DocLinks {
    pub(crate) fn new(model: &Model<'_>, groups: &Groups<'_>) -> Self {
        let methods = groups.method_links();
        let link = |operation: &OperationModel<'_>| {
            let link = methods.get(operation.id.as_str())?;
            let method = operation.method.to_uppercase();
            Some((key(&method, &operation.path), link.clone()))
        };
        Self(model.operations.iter().filter_map(link).collect())
    }

    /// Replaces operations in code spans (`` `GET /members/{id}` ``) by links, in the descriptions of operations, their parts and schemas.
    pub(crate) fn apply(&self, document: &mut Value) {
        walk_mut(document, &mut |value, place, _| {
            let has_description = matches!(
                place,
                Place::Schema
                    | Place::Operation
                    | Place::Parameter
                    | Place::Response
                    | Place::RequestBody
            );
            if let Some(Value::String(text)) =
                value.get_mut("description").filter(|_| has_description)
            {
                *text = self.link(text);
            }
        });
    }

    fn link(&self, text: &str) -> String {
        let mut linked = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('`') {
            linked.push_str(before);
            let Some((code, following)) = after.split_once('`') else {
                linked.push('`');
                rest = after;
                continue;
            };
            let operation = code.split_once(' ').map(|(method, path)| key(method, path));
            match operation.and_then(|key| self.0.get(&key)) {
                Some(link) => linked.push_str(link),
                None => linked.extend(["`", code, "`"]),
            }
            rest = following;
        }
        linked + rest
    }
}

/// HTTP method and path without the names of path parameters.
fn key(method: &str, path: &str) -> String {
    let mut key = format!("{method} ");
    let mut rest = path;
    while let Some((literal, after)) = rest.split_once('{') {
        key.extend([literal, "{}"]);
        rest = after.split_once('}').map_or("", |(_, after)| after);
    }
    key + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operation_in_a_code_span_becomes_a_link() {
        let links = DocLinks(
            [(
                key("GET", "/a/{id}"),
                "[`A::get`](crate::A::get)".to_owned(),
            )]
            .into(),
        );
        assert_eq!(
            links.link("Use `GET /a/{a_id}`, not `GET /b` or `` ` ``; a lone ` stays."),
            "Use [`A::get`](crate::A::get), not `GET /b` or `` ` ``; a lone ` stays."
        );
    }
}
