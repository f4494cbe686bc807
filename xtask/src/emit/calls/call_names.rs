//! What the types of calls and the rows of the table of operations are called.

use std::collections::BTreeMap;

use crate::emit::model::Operation;
use crate::emit::names;

/// Names the calls and the rows of the table. An operation id that is a name, as `listMembers`, is the name. One with
/// signs between its words, beside a group and a method of the document's own, is a transcription of HTTP method and path
/// (`get_name_by_name`): group and method make the better name, unless another operation would have it too.
pub(crate) fn give(operations: &mut [Operation<'_>]) {
    let composed = |operation: &Operation<'_>| {
        let is_transcribed = operation.id.contains(|c: char| !c.is_alphanumeric())
            && names::snake_name(&operation.id) != names::snake_name(&operation.name);
        is_transcribed.then(|| format!("{}_{}", operation.group.join("_"), operation.name))
    };
    let mut taken: BTreeMap<String, usize> = BTreeMap::new();
    for operation in operations.iter() {
        let names = [Some(operation.id.clone()), composed(operation)];
        for name in names.into_iter().flatten() {
            *taken.entry(names::constant_name(&name)).or_default() += 1;
        }
    }
    for operation in operations {
        let name = composed(operation)
            .filter(|name| taken.get(&names::constant_name(name)) == Some(&1))
            .unwrap_or_else(|| operation.id.clone());
        operation.call = names::type_name(&name);
        operation.constant = names::constant_name(&name);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::emit::model::Model;

    /// The names of the calls of operations, each given as id, group and name.
    fn calls(operations: &[(&str, &[&str], &str)]) -> Vec<String> {
        let paths = operations
            .iter()
            .enumerate()
            .map(|(index, (id, group, name))| {
                let operation = json!({
                    "operationId": id,
                    "x-operation-group": group,
                    "x-operation-name": name,
                    "x-retry-safety": "safe",
                });
                (format!("/{index}"), json!({ "get": operation }))
            });
        let document = json!({ "paths": paths.collect::<serde_json::Map<_, _>>() });
        let mut model = Model::read(&document).unwrap();
        model.operations.sort_by(|a, b| a.path.cmp(&b.path));
        let name = |operation: &crate::emit::model::Operation<'_>| {
            format!("{} {}", operation.call, operation.constant)
        };
        model.operations.iter().map(name).collect()
    }

    #[test]
    fn id_is_a_name_then_it_is_kept() {
        assert_eq!(
            calls(&[
                ("listMembers", &["members"], "list"),
                (
                    "DeleteInvitation",
                    &["organization", "invitations"],
                    "delete"
                ),
                // Without a name of its own, an operation is called by its id.
                ("list_pets", &["pets"], "list_pets"),
            ]),
            [
                "ListMembers LIST_MEMBERS",
                "DeleteInvitation DELETE_INVITATION",
                "ListPets LIST_PETS"
            ]
        );
    }

    #[test]
    fn id_is_a_transcription_then_group_and_method_name_the_call() {
        assert_eq!(
            calls(&[
                ("get_name_by_name", &["organizations"], "getByName"),
                (
                    "create_organization-client-grants",
                    &["organizations", "clientGrants"],
                    "create"
                ),
            ]),
            [
                "OrganizationsGetByName ORGANIZATIONS_GET_BY_NAME",
                "OrganizationsClientGrantsCreate ORGANIZATIONS_CLIENT_GRANTS_CREATE"
            ]
        );
    }

    #[test]
    fn two_operations_would_have_one_name_then_their_ids_name_them() {
        assert_eq!(
            calls(&[
                ("get_a", &["a", "b"], "c"),
                ("get_b", &["a"], "bC"),
                ("get_c", &["d"], "list"),
                ("dList", &["d"], "all"),
            ]),
            ["GetA GET_A", "GetB GET_B", "GetC GET_C", "DList D_LIST"]
        );
    }
}
