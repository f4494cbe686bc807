//! The members of a team and their access as a file.
//!
//! [`Roster`] is the file. [`Desired`] is what it asks of a team, [`Plan`] the steps from the present state to it. The planner
//! is a pure function; [`apply`] is the only part that calls the API.

mod apply;
mod changes;
mod desired;
mod guards;
mod invitations;
mod journal;
mod model;
#[cfg(test)]
mod model_test;
mod plan;
mod pull;
mod saved;
mod step;

pub(crate) use apply::{Applier, Entry, Report, StepResult};
pub(crate) use changes::{Change, markdown, summary, text};
pub(crate) use desired::Desired;
pub(crate) use guards::{Guards, MaxRemovals};
pub(crate) use invitations::{InvitationStatus, Invitations};
pub(crate) use journal::Journal;
pub(crate) use model::Roster;
pub(crate) use plan::{Onboarding, Plan};
pub(crate) use pull::pull;
pub(crate) use saved::SavedPlan;
pub(crate) use step::Step;
