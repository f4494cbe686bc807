//! What operations do with resources: list, get, create, update and delete.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::collection::Collection;
use super::context::{Context, Outcome};
use super::item::Item;
use super::kind::{Filter, Kind, View};
use super::listing::PAGE_PARAMETERS;
use crate::problem::{Problem, RequestPart};
use crate::response::ApiResponse;

impl Context<'_> {
    pub(crate) fn list(&self, view: &View) -> Outcome {
        let collection = self.collection(view)?;
        let listing = self.listing(view.list)?;
        let is_filtered = self.filters(view).next().is_some();
        let find = |number| {
            let item = collection.get(number)?;
            let is_listed = self.is_visible(view, &item)
                && (!is_filtered || self.matches(view, &self.fields(view, &item)));
            is_listed.then_some((number, item))
        };
        let items = self.sorted(view, collection, listing.start())?;
        let items = items.filter_map(find);
        let total = || {
            let kind = view.kind;
            let is_complete = !is_filtered
                && view.visible.is_none()
                && kind.link.is_none()
                && kind.references.is_empty();
            let shape = self.document.shape(self.operation, view.list);
            shape.page.contains("total").then(|| match is_complete {
                true => collection.len(),
                false => collection.numbers().filter_map(find).count() as u64,
            })
        };
        let shown = items.map(|(number, item)| (number, self.show(view, &item)));
        Ok(listing.page(total, shown))
    }

    /// The parameters of the call that filter a listing.
    fn filters<'v>(&'v self, view: &'v View) -> impl Iterator<Item = (&'v str, Filter)> {
        let parameters = self.operation.parameters.iter();
        let parameters = parameters.filter(|one| one.part == RequestPart::Query);
        let names = parameters.map(|one| one.name.as_str());
        let given = names.filter(|name| {
            let is_given = self.call.get(name).is_some() || self.call.lists.contains_key(*name);
            is_given && !PAGE_PARAMETERS.contains(name)
        });
        given.map(|name| {
            let mut own = view.filters.iter();
            let own = own.find(|(parameter, _)| *parameter == name);
            (name, own.map_or(Filter::Equals, |(_, filter)| *filter))
        })
    }

    fn matches(&self, view: &View, fields: &Map<String, Value>) -> bool {
        let text = |field: &str| match fields.get(field) {
            Some(Value::String(text)) => Some(Cow::Borrowed(text.as_str())),
            other => other.map(|value| Cow::Owned(value.to_string())),
        };
        self.filters(view).all(|(name, filter)| match filter {
            Filter::Equals => text(name).as_deref() == self.call.get(name),
            Filter::OneOf(field) => {
                let wanted = self.call.lists.get(name).into_iter().flatten();
                wanted
                    .map(String::as_str)
                    .any(|one| text(field).as_deref() == Some(one))
            }
            Filter::Contains(field) => {
                let wanted = self.call.required(name).to_lowercase();
                text(field).is_some_and(|text| text.to_lowercase().contains(&wanted))
            }
        })
    }

    /// The numbers of a collection in the requested order, starting after the last item of the previous page.
    fn sorted<'c>(
        &self,
        view: &View,
        collection: &'c Collection<Item>,
        start: Option<u64>,
    ) -> Result<Box<dyn Iterator<Item = u64> + 'c>, Problem> {
        let default = if view.newest_first {
            "created_at:-1"
        } else {
            "created_at:1"
        };
        let sort = self.call.get("sort").unwrap_or(default);
        let known = |field: &str| field == "created_at" || view.sorts.contains(&field);
        let (field, is_ascending) = match sort.split_once(':') {
            Some((field, order @ ("1" | "-1"))) if known(field) => (field, order == "1"),
            _ => {
                let mut fields = view.sorts.join(", ");
                fields.push_str(if fields.is_empty() {
                    "created_at"
                } else {
                    " or created_at"
                });
                let rule = format!("expected {fields} with :1 or :-1");
                return Err(Problem::parameter(RequestPart::Query, "sort", rule));
            }
        };
        if field == "created_at" {
            return Ok(collection.ordered(is_ascending, start));
        }
        let items = collection.iter();
        let mut keyed: Vec<(String, u64)> = items
            .map(|(number, item)| (item.text(field).to_owned(), number))
            .collect();
        keyed.sort();
        if !is_ascending {
            keyed.reverse();
        }
        let numbers = keyed.into_iter().map(|(_, number)| number);
        Ok(match start {
            Some(start) => Box::new(numbers.skip_while(move |number| *number != start).skip(1)),
            None => Box::new(numbers),
        })
    }

    /// A response with an item.
    fn respond(&self, view: &View, item: &Item) -> Outcome {
        let status = self.document.success_status(self.operation);
        Ok(ApiResponse::json(status, &self.show(view, item)))
    }

    pub(super) fn get(&self, view: &View) -> Outcome {
        let item = self.collection(view)?.get(self.number(view)?);
        self.respond(view, &*item.ok_or_else(|| view.missing())?)
    }

    pub(super) fn get_by(&self, view: &View, parameter: &str) -> Outcome {
        let collection = self.collection(view)?;
        let value = self.call.required(parameter);
        let [field] = view.kind.unique else {
            return Err(Problem::internal("expected one unique field"));
        };
        let number = find(view.kind, collection, field, value);
        let item = number.and_then(|number| collection.get(number));
        self.respond(view, &*item.ok_or_else(|| view.missing())?)
    }

    pub(super) fn create(&mut self, view: &View) -> Outcome {
        let item = self.add(view, self.body())?;
        self.respond(view, &item)
    }

    pub(crate) fn body(&self) -> Map<String, Value> {
        self.call.body.as_object().cloned().unwrap_or_default()
    }

    /// Adds a resource with these fields.
    pub(crate) fn add(
        &mut self,
        view: &View,
        mut fields: Map<String, Value>,
    ) -> Result<Item, Problem> {
        let kind = view.kind;
        if kind.link.is_some() {
            // The body names the resource like the path does, or like the response.
            let ids = view.parameters.iter();
            if let Some(id) = ids.filter_map(|name| fields.remove(*name)).next_back() {
                fields.insert(kind.id.to_owned(), id);
            }
        }
        let mut item = Item::new((kind.defaults)());
        change_fields(kind, &mut item, &fields)?;
        let collection = self.collection(view)?;
        if !self.is_complete(kind, &item) {
            return Err(Problem::not_found(view.unknown.0, view.unknown.1));
        }
        if let Some(check) = view.check {
            check(&item)?;
        }
        if holder(kind, collection, &item).is_some() {
            return Err(Problem::conflict(view.taken.0, view.taken.1));
        }
        if kind.link.is_none() {
            let (prefix, length) = kind.generated;
            let id = collection.next_id();
            let id = id.unwrap_or_else(|| self.tenant.ids.next(prefix, length));
            item.set(kind.id, id);
        }
        (kind.created)(&mut item, self.parent(view)?);
        self.collection_mut(view)?.push(item.clone());
        Ok(item)
    }

    /// Changes the resource named by the call.
    pub(crate) fn update(&mut self, view: &View) -> Outcome {
        let number = self.number(view)?;
        let collection = self.collection(view)?;
        let item = collection.get(number).ok_or_else(|| view.missing())?;
        let mut item = item.into_owned();
        change_fields(view.kind, &mut item, &self.body())?;
        if holder(view.kind, collection, &item).is_some_and(|holder| holder != number) {
            // No update documents a 409.
            let field = view.kind.unique.first().unwrap_or(&view.kind.id);
            let rule = format!("another {} has this {field}", view.kind.noun);
            return Err(Problem::body_field(&format!("/{field}"), &rule));
        }
        *self.item_mut(view)? = item.clone();
        self.respond(view, &item)
    }

    pub(crate) fn delete(&mut self, view: &View) -> Outcome {
        match self.number(view) {
            Ok(number) => self.remove(view, number)?,
            Err(_) if view.deletes_missing => {
                self.collection(view)?;
            }
            Err(problem) => return Err(problem),
        }
        let status = self.document.success_status(self.operation);
        Ok(ApiResponse::empty(status))
    }

    pub(crate) fn remove(&mut self, view: &View, number: u64) -> Result<(), Problem> {
        let parent = self.parent(view)?.cloned();
        if let Some(item) = self.collection_mut(view)?.remove(number) {
            (view.kind.deleted)(self.tenant, parent.as_ref(), &item);
        }
        Ok(())
    }
}

fn find(kind: &Kind, collection: &Collection<Item>, field: &str, value: &str) -> Option<u64> {
    match kind.ignores_case {
        true => collection.find_ignoring_case(field, value),
        false => collection.find(field, value),
    }
}

/// The number of the resource with the same unique fields as an item, or with the same id if it is a link.
fn holder(kind: &Kind, collection: &Collection<Item>, item: &Item) -> Option<u64> {
    match kind.unique {
        [] if kind.link.is_none() => None,
        [] => collection.find(kind.id, item.text(kind.id)),
        [field] => find(kind, collection, field, item.text(field)),
        fields => {
            let is_same = |other: &Item| {
                fields
                    .iter()
                    .all(|field| other.text(field) == item.text(field))
            };
            let mut all = collection.iter();
            all.find_map(|(number, other)| is_same(&other).then_some(number))
        }
    }
}

/// Sets the fields of a request. Null resets a field to its default or removes it.
fn change_fields(kind: &Kind, item: &mut Item, fields: &Map<String, Value>) -> Result<(), Problem> {
    let defaults = Item::new((kind.defaults)());
    for (name, value) in fields {
        let value = if value.is_null() {
            defaults.value(name)
        } else {
            value
        };
        match kind.merged {
            Some((merged, most)) if merged == name => {
                let mut entries = item.value(name).as_object().cloned().unwrap_or_default();
                entries.extend(value.as_object().cloned().unwrap_or_default());
                entries.retain(|_, entry| !entry.is_null());
                if entries.len() > most {
                    let rule = format!("expected at most {most} entries in total");
                    return Err(Problem::body_field(&format!("/{name}"), &rule));
                }
                if entries.is_empty() {
                    item.fields.remove(name);
                } else {
                    item.set(name, entries);
                }
            }
            _ if value.is_null() => {
                item.fields.remove(name);
            }
            _ => item.set(name, value.clone()),
        }
    }
    Ok(())
}
