//! A call, and access to the resources that it names.

use serde_json::{Map, Value};

use super::collection::Collection;
use super::item::Item;
use super::kind::{Action, Kind, View};
use super::listing::{Listing, select_fields};
use crate::call::Call;
use crate::document::{Document, Operation};
use crate::problem::Problem;
use crate::response::ApiResponse;
use crate::tenant::Tenant;

pub(crate) type Outcome = Result<ApiResponse, Problem>;

/// A call and the state it operates on.
pub(crate) struct Context<'a> {
    pub(crate) tenant: &'a mut Tenant,
    pub(crate) document: &'static Document,
    pub(crate) operation: &'a Operation,
    pub(crate) call: &'a Call,
}

/// Executes an operation of a table.
pub(crate) fn execute(table: &[(&str, Action)], mut context: Context<'_>) -> Outcome {
    let operation = context.operation;
    let action = table.iter().find(|(id, _)| *id == operation.id);
    let (_, action) = action.ok_or_else(Problem::no_handler)?;
    let result = match *action {
        Action::List(view) => context.list(view),
        Action::Get(view) => context.get(view),
        Action::GetBy(view, parameter) => context.get_by(view, parameter),
        Action::Create(view) => context.create(view),
        Action::Update(view) => context.update(view),
        Action::Delete(view) => context.delete(view),
        Action::Code(code) => code(&mut context),
    };
    result.map_err(|problem| problem.with_documented_status(operation))
}

impl Context<'_> {
    /// The id of a resource in the call. A view without parameters is that of the organization of the token.
    pub(crate) fn id(&self, view: &View) -> &str {
        let mut parameters = view.parameters.iter();
        match view.parameters {
            [] => self.call.caller.organization.as_deref(),
            _ => parameters.find_map(|name| self.call.get(name)),
        }
        .unwrap_or_default()
    }

    pub(crate) fn collection(&self, view: &View) -> Result<&Collection<Item>, Problem> {
        match view.parent {
            Some(parent) => Ok(self.item(parent)?.children(view.kind)),
            None => Ok(self.tenant.root(view.kind)),
        }
    }

    pub(crate) fn collection_mut(&mut self, view: &View) -> Result<&mut Collection<Item>, Problem> {
        match view.parent {
            Some(parent) => Ok(self.item_mut(parent)?.children_mut(view.kind)),
            None => Ok(self.tenant.root_mut(view.kind)),
        }
    }

    /// The number of the resource named by the call.
    pub(crate) fn number(&self, view: &View) -> Result<u64, Problem> {
        self.number_of(view, self.id(view))
    }

    pub(crate) fn number_of(&self, view: &View, id: &str) -> Result<u64, Problem> {
        let collection = self.collection(view)?;
        let number = collection.find(view.kind.id, id);
        let found = number.filter(|number| {
            let item = collection.get(*number);
            item.is_some_and(|item| self.is_visible(view, &item))
        });
        found.ok_or_else(|| view.missing())
    }

    /// The resource named by the call. Initial resources must be stored before.
    pub(crate) fn item(&self, view: &View) -> Result<&Item, Problem> {
        let item = self.collection(view)?.stored(self.number(view)?);
        item.ok_or_else(|| view.missing())
    }

    pub(crate) fn item_mut(&mut self, view: &View) -> Result<&mut Item, Problem> {
        let number = self.number(view)?;
        let item = self.collection_mut(view)?.get_mut(number);
        item.ok_or_else(|| view.missing())
    }

    pub(super) fn parent(&self, view: &View) -> Result<Option<&Item>, Problem> {
        view.parent.map(|parent| self.item(parent)).transpose()
    }

    /// The tenant's resource that a link refers to.
    pub(crate) fn linked(&self, kind: &Kind, item: &Item) -> Option<&Item> {
        self.tenant.resource(kind.link?, item.text(kind.id))
    }

    /// Whether all resources that an item refers to exist.
    pub(super) fn is_complete(&self, kind: &Kind, item: &Item) -> bool {
        let link = kind.link.map(|linked| (kind.id, linked));
        let mut references = link.into_iter().chain(kind.references.iter().copied());
        references.all(|(field, referenced)| {
            let id = item.value(field).as_str();
            id.is_none_or(|id| self.tenant.resource(referenced, id).is_some())
        })
    }

    pub(crate) fn is_visible(&self, view: &View, item: &Item) -> bool {
        self.is_complete(view.kind, item) && view.visible.is_none_or(|visible| visible(self, item))
    }

    /// The fields of an item, and for a link those of the resource that it refers to.
    pub(crate) fn fields(&self, view: &View, item: &Item) -> Map<String, Value> {
        let mut fields = match self.linked(view.kind, item) {
            Some(linked) => linked.fields.clone(),
            None => Map::new(),
        };
        fields.extend(item.fields.clone());
        if let Some(shown) = view.shown {
            shown(self, item, &mut fields);
        }
        fields
    }

    /// The item as the operation returns it.
    pub(crate) fn show(&self, view: &View, item: &Item) -> Value {
        let mut fields = self.fields(view, item);
        let shape = self.document.shape(self.operation, view.list);
        fields.retain(|name, _| shape.item.contains(name));
        select_fields(self.call, Value::Object(fields))
    }

    pub(crate) fn listing<'l>(&'l self, name: &'l str) -> Result<Listing<'l>, Problem> {
        let quirks = self.tenant.settings.quirks;
        Listing::new(self.operation, self.call, quirks, name)
    }
}
