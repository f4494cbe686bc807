//! The names of calls and of the constants in the operation table.

use std::collections::BTreeMap;

use crate::emit::model::OperationModel;
use crate::emit::names;

/// Assigns the names of calls and constants. An operation id such as `listMembers` is the name. An id with separators
/// (`get_name_by_name`) that differs from the operation's own method name is derived from HTTP method and path; the name
/// is then composed of group and method name, unless another operation has the same name.
pub(super) fn assign(operations: &mut [OperationModel<'_>]) {
    let composed = |operation: &OperationModel<'_>| {
        let is_derived = operation.id.contains(|c: char| !c.is_alphanumeric())
            && names::snake_name(&operation.id) != names::snake_name(&operation.name);
        is_derived.then(|| format!("{}_{}", operation.group.join("_"), operation.name))
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

    /// The names of the calls of operations given as id, group and method name.
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
        let name = |operation: &crate::emit::model::OperationModel<'_>| {
            format!("{} {}", operation.call, operation.constant)
        };
        model.operations.iter().map(name).collect()
    }

    #[test]
    fn id_without_separators_is_the_name() {
        assert_eq!(
            calls(&[
                ("listMembers", &["members"], "list"),
                (
                    "DeleteInvitation",
                    &["organization", "invitations"],
                    "delete"
                ),
                // The method name equals the id.
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
    fn id_derived_from_method_and_path_is_replaced_by_group_and_method_name() {
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
    fn composed_names_that_collide_fall_back_to_the_ids() {
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
