//! Applies the steps of a plan: verifies each before and after its call, and records both.

use std::collections::{BTreeMap, BTreeSet};

use auth0_teams::types::UpdateMembersRequestContent;
use auth0_teams::{Client, Error};
use serde::{Deserialize, Serialize};

use super::guards::{Guards, owners};
use super::invitations::{InvitationStatus, Invitations};
use super::step::{Remaining, Step};
use crate::commands::access;
use crate::commands::member::{invitation, team_role};
use crate::failure::{Exit, Failure, chain};
use crate::stop::Stop;
use crate::team::{self, TeamState};

/// Calls of one step: the first one, and more if a call is known not to have had an effect.
const ATTEMPTS: usize = 3;

/// An entry of the journal of a plan. `step` is an index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Entry {
    /// The plan with this id is applied, or continued.
    Begin {
        plan: String,
    },
    /// Written before the first call of a step. Without a later entry, its outcome has to be verified.
    Start {
        step: usize,
        change: Step,
    },
    Done {
        step: usize,
    },
    /// A part failed, by tenant id.
    Partial {
        step: usize,
        failed: BTreeMap<String, String>,
    },
    /// Nothing was changed.
    Failed {
        step: usize,
        reason: String,
    },
    /// All steps are done. The same plan can be made again when the team differs in the same way again.
    End,
}

/// How a step ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum StepResult {
    Done,
    /// The state was already as desired, or an earlier run made the change.
    AlreadyDone,
    /// By tenant id.
    Partial(BTreeMap<String, String>),
    Failed(String),
    /// The call may have had an effect, and it could not be verified.
    Unknown(String),
    Skipped(String),
}

/// The results of a plan, by step.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) results: Vec<(Step, StepResult)>,
}

impl Report {
    pub(crate) fn exit(&self) -> Exit {
        let is_ok =
            |result: &StepResult| matches!(result, StepResult::Done | StepResult::AlreadyDone);
        let done = self
            .results
            .iter()
            .filter(|(_, result)| is_ok(result))
            .count();
        let partial = |(_, result): &(Step, StepResult)| matches!(result, StepResult::Partial(_));
        if done == self.results.len() {
            Exit::Success
        } else if done > 0 || self.results.iter().any(partial) {
            Exit::Partial
        } else {
            Exit::Failure
        }
    }
}

/// Records an entry, durably, before it returns.
pub(crate) type Record<'r> = &'r mut (dyn FnMut(&Entry) -> Result<(), Failure> + Send);

/// Applies steps to a team.
pub(crate) struct Applier<'a> {
    pub(crate) client: &'a Client,
    pub(crate) guards: &'a Guards,
    pub(crate) stop: &'a Stop,
    /// The state that was read just before; kept up to date.
    pub(crate) state: TeamState,
}

/// A call's effect.
enum Outcome {
    Complete,
    /// By tenant id.
    Partial(BTreeMap<String, String>),
}

impl Applier<'_> {
    /// Applies the steps in order. `earlier` holds the entries of an interrupted run of the same plan.
    pub(crate) async fn run(
        &mut self,
        steps: &[Step],
        earlier: &[Entry],
        invitations: &mut Invitations,
        record: Record<'_>,
    ) -> Result<Report, Failure> {
        let is_done = |index: usize| {
            let done = |entry: &Entry| matches!(entry, Entry::Done { step } if *step == index);
            earlier.iter().any(done)
        };
        let mut report = Report::default();
        // Members with a failed step: they are not removed, because their access may remain.
        let mut failed = BTreeSet::new();
        let mut stopped: Option<String> = None;
        for (index, step) in steps.iter().enumerate() {
            if self.stop.is_requested() && stopped.is_none() {
                stopped = Some("stopped before this call".to_owned());
            }
            let result = if is_done(index) {
                StepResult::AlreadyDone
            } else if let Some(reason) = &stopped {
                StepResult::Skipped(reason.clone())
            } else if matches!(step, Step::Remove { .. }) && failed.contains(step.email()) {
                StepResult::Skipped("an earlier step of this person failed".to_owned())
            } else {
                let (result, is_fatal) = self.step(index, step, invitations, record).await?;
                if is_fatal {
                    stopped = Some("an earlier call failed for all calls".to_owned());
                }
                result
            };
            if !matches!(result, StepResult::Done | StepResult::AlreadyDone) {
                failed.insert(step.email().to_owned());
            }
            report.results.push((step.clone(), result));
        }
        Ok(report)
    }

    /// Applies one step. Returns whether all further calls would fail too.
    async fn step(
        &mut self,
        index: usize,
        step: &Step,
        invitations: &mut Invitations,
        record: Record<'_>,
    ) -> Result<(StepResult, bool), Failure> {
        let (mut todo, mut failures) = match step.remaining(&self.state) {
            Remaining::Nothing => {
                record(&Entry::Done { step: index })?;
                return Ok((StepResult::AlreadyDone, false));
            }
            Remaining::Conflict(reason) => {
                return Ok((StepResult::Skipped(reason), false));
            }
            Remaining::Step { step, conflicts } => (step, conflicts),
        };
        if let Step::Invite { email, .. } = step {
            match invitations.status(email) {
                Some(InvitationStatus::Invited) => {
                    record(&Entry::Done { step: index })?;
                    return Ok((StepResult::AlreadyDone, false));
                }
                Some(InvitationStatus::Started) => {
                    return Ok((StepResult::Unknown(unknown_invitation()), false));
                }
                Some(InvitationStatus::Rejected | InvitationStatus::Joined) | None => {}
            }
        }
        if step.removes_owner()
            && let Some(violation) = self.owner_violation(step).await?
        {
            return Ok((StepResult::Skipped(violation), false));
        }
        let is_only_conflicts = todo.tenants().is_empty() && !failures.is_empty();
        if is_only_conflicts {
            return Ok((StepResult::Partial(failures), false));
        }
        record(&Entry::Start {
            step: index,
            change: todo.clone(),
        })?;
        for attempt in 1..=ATTEMPTS {
            let error = match self.send(&todo, invitations).await? {
                Ok(Outcome::Complete) => {
                    todo.act_on(&mut self.state);
                    break;
                }
                Ok(Outcome::Partial(failed)) => {
                    // An item can fail because someone else made the same change.
                    if self.refresh(&todo).await.is_err() {
                        failures.extend(failed);
                        break;
                    }
                    let left = match todo.remaining(&self.state) {
                        Remaining::Nothing => Vec::new(),
                        Remaining::Conflict(_) => todo.tenants(),
                        Remaining::Step { step, conflicts } => step
                            .tenants()
                            .into_iter()
                            .chain(conflicts.into_keys())
                            .collect(),
                    };
                    failures.extend(failed.into_iter().filter(|(id, _)| left.contains(id)));
                    break;
                }
                Err(error) => error,
            };
            if !error.may_have_acted() && !error.is_not_found() {
                let reason = chain(&error);
                record(&Entry::Failed {
                    step: index,
                    reason: reason.clone(),
                })?;
                return Ok((StepResult::Failed(reason), is_fatal(&error)));
            }
            // The call may have had its effect: only the state tells.
            if let Err(unreadable) = self.refresh(&todo).await {
                let reason = format!(
                    "{}; and verifying it failed: {}",
                    chain(&error),
                    chain(&unreadable)
                );
                return Ok((StepResult::Unknown(reason), is_fatal(&unreadable)));
            }
            match todo.remaining(&self.state) {
                Remaining::Nothing => break,
                // Only an accepted invitation can be seen.
                _ if matches!(todo, Step::Invite { .. }) => {
                    return Ok((StepResult::Unknown(unknown_invitation()), false));
                }
                Remaining::Conflict(reason) => return Ok((StepResult::Skipped(reason), false)),
                Remaining::Step {
                    step: left,
                    conflicts,
                } => {
                    failures.extend(conflicts);
                    if attempt == ATTEMPTS {
                        let reason = format!("{} ({ATTEMPTS} attempts)", chain(&error));
                        record(&Entry::Failed {
                            step: index,
                            reason: reason.clone(),
                        })?;
                        return Ok((StepResult::Failed(reason), is_fatal(&error)));
                    }
                    todo = left;
                }
            }
        }
        if failures.is_empty() {
            record(&Entry::Done { step: index })?;
            return Ok((StepResult::Done, false));
        }
        record(&Entry::Partial {
            step: index,
            failed: failures.clone(),
        })?;
        Ok((StepResult::Partial(failures), false))
    }

    /// Counts the owners immediately before the team loses one.
    async fn owner_violation(&mut self, step: &Step) -> Result<Option<String>, Failure> {
        let members = team::members(self.client).await?;
        for member in &members {
            let id = member.id.text();
            if let Some(known) = self.state.members.iter_mut().find(|known| known.id == id) {
                known.role = member.role.to_string();
            }
        }
        self.state
            .members
            .retain(|known| members.iter().any(|member| member.id == known.id));
        let mut planned = self.state.clone();
        step.act_on(&mut planned);
        Ok(self
            .guards
            .owner_violation(owners(&self.state), owners(&planned)))
    }

    /// Reads again what a step is about.
    async fn refresh(&mut self, step: &Step) -> Result<(), Error> {
        let Some(id) = step.member() else {
            let members = team::members(self.client).await?;
            let joined = members
                .iter()
                .find(|member| member.email.eq_ignore_ascii_case(step.email()));
            if let Some(member) = joined {
                self.state.members.push(team::Member {
                    id: member.id.text().into_owned(),
                    email: member.email.text().into_owned(),
                    role: member.role.to_string(),
                    access: BTreeMap::new(),
                });
            }
            return Ok(());
        };
        let member = match self.client.members().get(id).await {
            Err(error) if error.is_not_found() => {
                self.state.members.retain(|member| member.id != id);
                return Ok(());
            }
            other => other?,
        };
        let environments = self.state.environments();
        let access = team::access_of(self.client, id, &environments).await?;
        if let Some(known) = self.state.members.iter_mut().find(|known| known.id == id) {
            known.role = member.role.to_string();
            known.access = access;
        }
        Ok(())
    }

    /// Makes the call of a step.
    async fn send(
        &self,
        step: &Step,
        invitations: &mut Invitations,
    ) -> Result<Result<Outcome, Error>, Failure> {
        let client = self.client;
        let (change, member) = match step {
            Step::Invite {
                email,
                role,
                tenants,
                access,
            } => {
                let roles: Vec<String> = access.roles.iter().cloned().collect();
                let request = invitation(email, role, tenants, &roles);
                let result = invitations.send(client, email, request).await?;
                return Ok(result.map(|_| Outcome::Complete));
            }
            Step::Role { member, to, .. } => {
                let request = UpdateMembersRequestContent::with_role(team_role(to));
                let result = client.members().update(member, request).await;
                return Ok(result.map(|_| Outcome::Complete));
            }
            Step::Remove { member, .. } => {
                let result = client.members().delete(member).await;
                return Ok(result.map(|()| Outcome::Complete));
            }
            Step::Grant { member, access, .. } => (access::Change::Grant(access.clone()), member),
            Step::Change { member, access, .. } => {
                (access::Change::Replace(access.clone()), member)
            }
            Step::Revoke { member, .. } => (access::Change::Revoke, member),
        };
        let sent = change.send(client, member, &step.tenants()).await;
        Ok(sent.map(|failures| {
            if failures.is_empty() {
                return Outcome::Complete;
            }
            let failures = failures.iter().map(|failure| {
                (
                    failure.tenant_id.to_string(),
                    failure.title.text().into_owned(),
                )
            });
            Outcome::Partial(failures.collect())
        }))
    }
}

/// Whether every other call would fail in the same way.
fn is_fatal(error: &Error) -> bool {
    error.is_token() || error.is_unauthorized() || error.is_rate_limited() || error.is_connect()
}

fn unknown_invitation() -> String {
    "the person may have been invited: ask them, or use --reinvite".to_owned()
}
