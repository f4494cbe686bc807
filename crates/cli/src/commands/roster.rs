//! `roster`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::json;

use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::files;
use crate::output::{Format, note, print, print_styled};
use crate::roster::{
    Applier, Change, Desired, Entry, Guards, Invitations, Journal, MaxRemovals, Plan, Report,
    Roster, SavedPlan, Step, StepResult, markdown, pull, summary, text,
};
use crate::team::TeamState;

#[derive(Subcommand)]
pub(crate) enum RosterCommand {
    /// Print the present members and their access as a roster
    #[command(after_help = "Examples:\n  auth0-teams roster pull > roster.yaml")]
    Pull,
    /// Show what has to change so that the team matches the roster; exit code 3 if anything
    ///
    /// A saved plan is bound to the state of the team: it is applied only if nobody changed anything meanwhile.
    #[command(
        after_help = "Examples:\n  auth0-teams roster plan roster.yaml\n  auth0-teams roster plan roster.yaml --save plan.json -o json"
    )]
    Plan {
        /// File for the plan, which `roster apply` takes
        #[arg(long, value_name = "FILE")]
        save: Option<PathBuf>,
        #[command(flatten)]
        arguments: PlanArguments,
    },
    /// Make the changes of a saved plan, or those of a new plan for a roster
    ///
    /// Every call is recorded in a journal beside the plan before and after it is made. After an interruption, the same
    /// command continues; nothing is done twice.
    #[command(
        after_help = "Examples:\n  auth0-teams roster apply plan.json\n  auth0-teams roster apply --roster roster.yaml --confirm acme"
    )]
    Apply(ApplyArguments),
    /// Report how the team differs from the roster, as Markdown; exit code 3 if it does
    #[command(
        after_help = "Examples:\n  auth0-teams roster drift roster.yaml > drift.md; [ $? -eq 3 ] && gh issue create --title 'Roster drift' --body-file drift.md"
    )]
    Drift(PlanArguments),
}

#[derive(Args)]
pub(crate) struct PlanArguments {
    /// The roster
    #[arg(value_name = "ROSTER", default_value = "roster.yaml")]
    roster: PathBuf,
    #[command(flatten)]
    guards: GuardArguments,
}

#[derive(Args)]
pub(crate) struct ApplyArguments {
    /// A plan that `roster plan --save` wrote
    #[arg(required_unless_present = "roster", conflicts_with_all = ["ignore_member", "ignore_tenant"])]
    plan: Option<PathBuf>,
    /// Plan for this roster and apply the plan at once
    #[arg(long, value_name = "ROSTER", conflicts_with = "plan")]
    roster: Option<PathBuf>,
    #[command(flatten)]
    confirmation: crate::cli::Confirmation,
    #[command(flatten)]
    guards: GuardArguments,
}

/// Flags that lift guards.
#[derive(Args)]
#[command(next_help_heading = "Guards")]
pub(crate) struct GuardArguments {
    /// Number of owners that the team keeps
    #[arg(long, value_name = "NUMBER", default_value_t = 2)]
    min_owners: usize,
    /// Maximum number or percentage of removed members, and of removed accesses to tenants
    #[arg(long, value_name = "NUMBER or PERCENT%", default_value = "20%")]
    max_removals: MaxRemovals,
    /// Allow new owners of the team
    #[arg(long)]
    allow_owner: bool,
    /// Allow the removal of this tool's own identity
    #[arg(long)]
    allow_self: bool,
    /// E-mail address of this tool's own identity, in addition to its client id; can be repeated
    #[arg(long, value_name = "EMAIL")]
    identity: Vec<String>,
    /// Do not manage members with this pattern of e-mail addresses; can be repeated
    #[arg(long, value_name = "PATTERN")]
    ignore_member: Vec<String>,
    /// Do not manage these tenants: name with `*`, domain, id, tag:TAG or environment:NAME; can be repeated
    #[arg(long, value_name = "SELECTOR")]
    ignore_tenant: Vec<String>,
    /// Invite this person again although an invitation is pending; can be repeated
    #[arg(long, value_name = "EMAIL")]
    reinvite: Vec<String>,
}

impl GuardArguments {
    fn guards(&self, context: &Context) -> Guards {
        let client_id = &context.settings.client_id;
        let identities = self.identity.iter().map(|identity| identity.to_lowercase());
        Guards {
            min_owners: self.min_owners,
            max_removals: self.max_removals,
            allow_owner: self.allow_owner,
            allow_self: self.allow_self,
            own_identities: identities
                .chain([client_id.clone(), format!("{client_id}@clients")])
                .collect(),
        }
    }

    /// The people who are not invited again.
    fn pending(&self, invitations: &Invitations) -> BTreeSet<String> {
        let mut pending = invitations.pending();
        for email in &self.reinvite {
            pending.remove(&email.to_lowercase());
        }
        pending
    }
}

pub(crate) async fn run(command: RosterCommand, context: &Context) -> Result<Exit, Failure> {
    match command {
        RosterCommand::Pull => {
            let state = TeamState::read(&context.client).await?;
            let remedy = "a roster names people by e-mail address; change one of the addresses";
            state.check_emails(|_| true, remedy)?;
            let roster = pull(&context.settings.team, &state);
            let yaml = serde_yaml::to_string(&roster);
            print(&yaml.map_err(|error| Failure::failed(error.to_string()))?)?;
            Ok(Exit::Success)
        }
        RosterCommand::Plan { arguments, save } => plan(context, &arguments, save.as_deref()).await,
        RosterCommand::Apply(arguments) => {
            context.console.check_columns(REPORT)?;
            match &arguments.plan {
                Some(path) => apply_saved(context, &arguments, path).await,
                None => apply_roster(context, &arguments).await,
            }
        }
        RosterCommand::Drift(arguments) => drift(context, &arguments).await,
    }
}

/// A plan with what it was made from.
struct Planned {
    state: TeamState,
    plan: Plan,
    changes: Vec<Change>,
    /// The recorded invitations.
    pending: BTreeSet<String>,
    /// The invited people who are not members yet.
    waiting: BTreeSet<String>,
    ignored_tenants: BTreeSet<String>,
}

async fn plan_for(
    context: &Context,
    path: &Path,
    guards: &GuardArguments,
) -> Result<Planned, Failure> {
    let mut roster = Roster::parse(&path.display().to_string(), &files::read(path)?)?;
    let team = &context.settings.team;
    if roster.team != *team {
        return Err(Failure::usage(format!(
            "{}: expected the roster of the team {team}, found that of {}",
            path.display(),
            roster.team
        )));
    }
    roster
        .ignore
        .members
        .extend(guards.ignore_member.iter().cloned());
    roster
        .ignore
        .tenants
        .extend(guards.ignore_tenant.iter().cloned());
    let state = TeamState::read(&context.client).await?;
    let desired = Desired::resolve(&roster, &state)?;
    for warning in &desired.warnings {
        note(format!("warning: {warning}"));
    }
    let invitations = context.recorded_invitations()?;
    let waiting = waiting(guards.pending(&invitations), &state);
    let plan = Plan::new(&state, &desired, &waiting);
    Ok(Planned {
        changes: Change::of_plan(&plan, &state),
        pending: invitations.pending(),
        waiting,
        state,
        plan,
        ignored_tenants: desired.ignored_tenants,
    })
}

fn waiting(pending: BTreeSet<String>, state: &TeamState) -> BTreeSet<String> {
    let waiting = pending
        .into_iter()
        .filter(|email| state.member(email).is_none());
    waiting.collect()
}

impl Planned {
    /// Fails if the plan would change more than the flags allow.
    fn check(&self, guards: &Guards) -> Result<(), Failure> {
        let mut violations = guards.violations(&self.state, &self.plan);
        let ignored = &self.ignored_tenants;
        violations.extend(Guards::ignored_access(&self.state, &self.plan, ignored));
        reject(&violations)
    }
}

fn reject(violations: &[String]) -> Result<(), Failure> {
    if violations.is_empty() {
        return Ok(());
    }
    Err(Failure::failed(format!(
        "the plan violates guards; the flag in parentheses lifts each:\n  {}",
        violations.join("\n  ")
    )))
}

async fn plan(
    context: &Context,
    arguments: &PlanArguments,
    save: Option<&Path>,
) -> Result<Exit, Failure> {
    let planned = plan_for(context, &arguments.roster, &arguments.guards).await?;
    let checked = planned.check(&arguments.guards.guards(context));
    let save = save.filter(|_| checked.is_ok() && !planned.plan.is_empty());
    // Saved first: the plan is there even if it cannot be printed.
    if let Some(path) = save {
        let roster = arguments.roster.display().to_string();
        let team = &context.settings.team;
        let made_for = (&planned.state, &planned.pending);
        SavedPlan::new(team, &roster, made_for, &planned.plan)?.save(path)?;
    }
    match context.console.requested_format() {
        Some(_) => print_changes(context, &planned.changes)?,
        None => print_styled(&text(&planned.changes))?,
    }
    note_pending(&planned.waiting);
    if planned.plan.is_empty() {
        note("the team matches the roster");
        return Ok(Exit::Success);
    }
    note(summary(&planned.changes, &planned.plan));
    checked?;
    if let Some(path) = save {
        note(format!("saved the plan in {}", path.display()));
    }
    Ok(Exit::ChangesPending)
}

fn note_pending(pending: &BTreeSet<String>) {
    if !pending.is_empty() {
        let people: Vec<&str> = pending.iter().map(String::as_str).collect();
        note(format!(
            "waiting for {} to accept their invitations",
            people.join(", ")
        ));
    }
}

fn print_changes(context: &Context, changes: &[Change]) -> Result<(), Failure> {
    let columns = &["action", "email", "tenant", "before", "after"];
    let mut rows = context.console.rows(columns)?;
    for change in changes {
        rows.write([
            json!(change.kind.name()),
            json!(change.email),
            json!(change.tenant),
            json!(change.before),
            json!(change.after),
        ])?;
    }
    rows.finish()
}

async fn drift(context: &Context, arguments: &PlanArguments) -> Result<Exit, Failure> {
    let planned = plan_for(context, &arguments.roster, &arguments.guards).await?;
    if context.console.requested_format().is_some() {
        print_changes(context, &planned.changes)?;
    } else if !planned.plan.is_empty() {
        let team = &context.settings.team;
        let roster = arguments.roster.display();
        print(&format!(
            "The team {team} differs from {roster}: {}.\n\n{}",
            summary(&planned.changes, &planned.plan),
            markdown(&planned.changes)
        ))?;
    }
    note_pending(&planned.waiting);
    if planned.plan.is_empty() {
        note("the team matches the roster");
        return Ok(Exit::Success);
    }
    Ok(Exit::ChangesPending)
}

async fn apply_roster(context: &Context, arguments: &ApplyArguments) -> Result<Exit, Failure> {
    let Some(path) = &arguments.roster else {
        return Err(Failure::usage("expected a plan or --roster"));
    };
    let planned = plan_for(context, path, &arguments.guards).await?;
    note_pending(&planned.waiting);
    if planned.plan.is_empty() {
        note("the team matches the roster");
        return Ok(Exit::Success);
    }
    let guards = arguments.guards.guards(context);
    planned.check(&guards)?;
    anstream::eprint!("{}", text(&planned.changes));
    note(summary(&planned.changes, &planned.plan));
    let team = &context.settings.team;
    let confirmed = arguments.confirmation.confirm.as_deref();
    context
        .console
        .confirm(&format!("changing the team {team}"), team, confirmed)?;
    let made_for = (&planned.state, &planned.pending);
    let saved = SavedPlan::new(team, &path.display().to_string(), made_for, &planned.plan)?;
    let journal = files::with_suffix(path, ".journal.ndjson");
    // Read again: the confirmation may have taken a while.
    let state = TeamState::read(&context.client).await?;
    apply(context, arguments, &saved, state, &journal).await
}

async fn apply_saved(
    context: &Context,
    arguments: &ApplyArguments,
    path: &Path,
) -> Result<Exit, Failure> {
    let saved = SavedPlan::load(path)?;
    let team = &context.settings.team;
    if saved.team != *team {
        return Err(Failure::usage(format!(
            "{}: expected a plan for the team {team}, found one for {}",
            path.display(),
            saved.team
        )));
    }
    let state = TeamState::read(&context.client).await?;
    apply(
        context,
        arguments,
        &saved,
        state,
        &files::with_suffix(path, ".journal.ndjson"),
    )
    .await
}

async fn apply(
    context: &Context,
    arguments: &ApplyArguments,
    saved: &SavedPlan,
    state: TeamState,
    journal: &Path,
) -> Result<Exit, Failure> {
    let id = saved.id()?;
    let (mut journal, entries) = Journal::open(journal)?;
    let guards = arguments.guards.guards(context);
    let mut invitations = context.invitations()?;
    let is_done = |step: &Step| step.is_done(&state) || invitations.is_invited(step);
    let earlier = match entries_of(&id, entries) {
        (_, true) if !saved.steps.iter().all(is_done) => Vec::new(),
        (earlier, _) => earlier,
    };
    if earlier.is_empty() {
        saved.check_state(&state, &invitations.pending())?;
        let steps = saved.steps.clone();
        reject(&guards.violations(&state, &Plan { steps }))?;
    } else {
        note("continuing the plan, which an earlier run began");
    }
    invitations.record_joined(&state)?;
    for email in &arguments.guards.reinvite {
        invitations.forget(email)?;
    }
    journal.append(&Entry::Begin { plan: id })?;
    context.stop.finish_calls();
    let progress = context
        .console
        .progress(saved.steps.len() as u64, "applying");
    let mut applier = Applier {
        client: &context.client,
        guards: &guards,
        stop: &context.stop,
        state,
    };
    let mut record = |entry: &Entry| {
        if matches!(entry, Entry::Start { .. }) {
            progress.inc(1);
        }
        journal.append(entry)
    };
    let report = applier
        .run(&saved.steps, &earlier, &mut invitations, &mut record)
        .await;
    progress.finish_and_clear();
    let report = report?;
    if report.exit() == Exit::Success {
        journal.append(&Entry::End)?;
    }
    print_report(context, &report, &applier.state)?;
    Ok(report.exit())
}

/// The entries of the plan with this id since its last complete run, or those of that run and `true`.
fn entries_of(id: &str, entries: Vec<Entry>) -> (Vec<Entry>, bool) {
    let (mut own, mut is_own, mut is_complete) = (Vec::new(), false, false);
    for entry in entries {
        match &entry {
            Entry::Begin { plan } => is_own = plan == id,
            Entry::End if is_own => is_complete = true,
            _ => {}
        }
        if is_own {
            if is_complete && matches!(entry, Entry::Begin { .. }) {
                own.clear();
                is_complete = false;
            }
            own.push(entry);
        }
    }
    (own, is_complete)
}

/// The columns of [`print_report`].
pub(crate) const REPORT: &[&str] = &["email", "tenant", "action", "result", "detail"];

/// Prints one record per person and tenant.
pub(crate) fn print_report(
    context: &Context,
    report: &Report,
    state: &TeamState,
) -> Result<(), Failure> {
    let mut rows = context.console.rows(REPORT)?;
    for (step, result) in &report.results {
        let plan = Plan {
            steps: vec![step.clone()],
        };
        for change in Change::of_plan(&plan, state) {
            let failure = |failed: &std::collections::BTreeMap<String, String>| {
                let mut failed = failed.iter();
                let tenant = change.tenant.as_deref();
                let found = failed.find(|(id, _)| Some(state.tenant_name(id)) == tenant);
                found.map(|(_, reason)| reason.clone())
            };
            let (word, detail) = match result {
                StepResult::Done => ("done", None),
                StepResult::AlreadyDone => ("already done", None),
                StepResult::Partial(failed) => match failure(failed) {
                    Some(reason) => ("failed", Some(reason)),
                    None => ("done", None),
                },
                StepResult::Failed(reason) => ("failed", Some(reason.clone())),
                StepResult::Unknown(reason) => ("unknown", Some(reason.clone())),
                StepResult::Skipped(reason) => ("skipped", Some(reason.clone())),
            };
            rows.write([
                json!(change.email),
                json!(change.tenant),
                json!(change.kind.name()),
                json!(word),
                json!(detail),
            ])?;
        }
    }
    rows.finish()?;
    if report.exit() != Exit::Success && context.console.format() == Format::Table {
        note("not everything was changed; run the command again to continue");
    }
    Ok(())
}
