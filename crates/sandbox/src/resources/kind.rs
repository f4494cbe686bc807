//! The table of resources: how they are stored, how an API presents them, and what its operations do with them.

use serde_json::{Map, Value, json};

use super::context::Context;
use super::item::Item;
use crate::problem::Problem;
use crate::response::ApiResponse;
use crate::tenant::Tenant;

/// A kind of resource, as it is stored.
pub(crate) struct Kind {
    /// Name of the collection, unique among the collections of the same parent.
    pub(crate) name: &'static str,
    /// What one resource is called in errors.
    pub(crate) noun: &'static str,
    /// Field with the id.
    pub(crate) id: &'static str,
    /// Prefix and length of generated ids.
    pub(crate) generated: (&'static str, usize),
    /// For links, the kind of the tenant's resource with the same id, whose fields the link has as well.
    pub(crate) link: Option<&'static Kind>,
    /// Fields with the ids of resources of the tenant. If one is deleted, the resources that refer to it are gone as well.
    pub(crate) references: &'static [(&'static str, &'static Kind)],
    /// Fields whose values no other resource of the collection has.
    pub(crate) unique: &'static [&'static str],
    /// Whether unique values are compared regardless of case.
    pub(crate) ignores_case: bool,
    /// Initial fields. A null in an update resets a field to this value, or removes it.
    pub(crate) defaults: fn() -> Value,
    /// Object field whose entries are merged by updates, and their maximum number.
    pub(crate) merged: Option<(&'static str, usize)>,
    /// Adds the fields of a new resource that depend on its id or parent.
    pub(crate) created: fn(&mut Item, Option<&Item>),
    /// Changes other resources after the deletion of one. Children and links need no change.
    pub(crate) deleted: fn(&mut Tenant, Option<&Item>, &Item),
}

impl Kind {
    pub(crate) const fn new(name: &'static str, noun: &'static str, prefix: &'static str) -> Self {
        Self {
            name,
            noun,
            id: "id",
            generated: (prefix, 16),
            link: None,
            references: &[],
            unique: &[],
            ignores_case: false,
            defaults: || json!({}),
            merged: None,
            created: |_, _| {},
            deleted: |_, _, _| {},
        }
    }

    /// A link to a resource of the tenant, with the id in this field.
    pub(crate) const fn link(name: &'static str, linked: &'static Kind, id: &'static str) -> Self {
        Self {
            id,
            link: Some(linked),
            ..Self::new(name, linked.noun, "")
        }
    }
}

/// Kind and title of an error.
pub(crate) type ErrorText = (&'static str, &'static str);

type Check = fn(&Item) -> Result<(), Problem>;

type Visible = fn(&Context<'_>, &Item) -> bool;

type Shown = fn(&Context<'_>, &Item, &mut Fields);

/// The fields of a resource.
type Fields = Map<String, Value>;

/// A kind of resource, as an API presents it.
pub(crate) struct View {
    pub(crate) kind: &'static Kind,
    /// The resource that contains the collection.
    pub(crate) parent: Option<&'static View>,
    /// Parameters with the id, the first of which counts. A view without parameters is that of the organization of the token.
    pub(crate) parameters: &'static [&'static str],
    /// Name of the items in a page.
    pub(crate) list: &'static str,
    pub(crate) missing: ErrorText,
    /// The id or unique field of a new resource is in use.
    pub(crate) taken: ErrorText,
    /// A resource that a new one refers to does not exist.
    pub(crate) unknown: ErrorText,
    /// Whether the API knows the resource.
    pub(crate) visible: Option<Visible>,
    /// Adds fields that are not stored. Only the properties that the document lists for the operation are returned.
    pub(crate) shown: Option<Shown>,
    /// Checks the fields of a new resource.
    pub(crate) check: Option<Check>,
    /// Parameters of listings that filter in another way than by equality of the field with the same name.
    pub(crate) filters: &'static [(&'static str, Filter)],
    /// Fields by which listings can be sorted. Their order is ascending by creation unless `newest_first`.
    pub(crate) sorts: &'static [&'static str],
    pub(crate) newest_first: bool,
    /// Whether deleting a resource that does not exist succeeds.
    pub(crate) deletes_missing: bool,
}

impl View {
    pub(crate) const fn new(kind: &'static Kind, list: &'static str, missing: ErrorText) -> Self {
        Self {
            kind,
            parent: None,
            parameters: &[],
            list,
            missing,
            taken: missing,
            unknown: missing,
            visible: None,
            shown: None,
            check: None,
            filters: &[],
            sorts: &[],
            newest_first: false,
            deletes_missing: false,
        }
    }

    pub(crate) fn missing(&self) -> Problem {
        Problem::not_found(self.missing.0, self.missing.1)
    }
}

/// How a parameter filters a listing.
#[derive(Clone, Copy)]
pub(crate) enum Filter {
    /// The field with the name of the parameter has its value.
    Equals,
    /// The field has one of the values of a list parameter.
    OneOf(&'static str),
    /// The field contains the text, regardless of case.
    Contains(&'static str),
}

/// What an operation does.
#[derive(Clone, Copy)]
pub(crate) enum Action {
    List(&'static View),
    Get(&'static View),
    /// Finds a resource by its unique field, which a parameter has.
    GetBy(&'static View, &'static str),
    Create(&'static View),
    Update(&'static View),
    Delete(&'static View),
    Code(fn(&mut Context<'_>) -> Result<ApiResponse, Problem>),
}
