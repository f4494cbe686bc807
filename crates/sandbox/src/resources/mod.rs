//! Resources as data. A [`Kind`] says how a resource is stored: id, unique field, references, defaults, what follows from creation
//! and deletion. A [`View`] says how an API presents it: its place, parameters, names and errors. A table of [`Action`]s says what
//! each operation does with a view. The document determines the rest: kind of pages, filters, response properties and statuses.

mod actions;
mod collection;
mod context;
mod item;
mod kind;
mod listing;

#[cfg(test)]
mod tests;

pub(crate) use collection::{Collection, Record, Seed};
pub(crate) use context::{Context, Outcome, execute};
pub(crate) use item::{Item, texts};
pub(crate) use kind::{Action, Filter, Kind, View};
pub(crate) use listing::{Listing, ListingQuirks};
