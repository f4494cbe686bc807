//! `offboard`: removes a person from every tenant, then from the team, and verifies that nothing is left.

use std::fmt::Write as _;
use std::path::PathBuf;

use auth0_core::time::{Clock as _, SystemTimer};
use clap::Args;
use serde_json::{Value, json};

use super::member::check_owners;
use super::token::time;
use crate::cli::Confirmation;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::files;
use crate::lookup;
use crate::output::{markdown, note};
use crate::roster::{Applier, Entry, Guards, Invitations, Journal, Plan, StepResult};
use crate::team::{self, Member, TeamState, Tenant};

#[derive(Args)]
#[command(
    after_help = "Examples:\n  auth0-teams offboard jo@example.com\n  auth0-teams offboard jo@example.com --confirm jo@example.com --report jo.json --report-markdown jo.md"
)]
pub(crate) struct OffboardArguments {
    /// E-mail address or id
    member: String,
    /// File for a report in JSON
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// File for a report in Markdown
    #[arg(long, value_name = "FILE")]
    report_markdown: Option<PathBuf>,
    /// File for the journal [default: none]
    #[arg(long, value_name = "FILE")]
    journal: Option<PathBuf>,
    /// Number of owners that the team keeps
    #[arg(long, value_name = "NUMBER", default_value_t = 2)]
    min_owners: usize,
    /// Only show what would be removed
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    confirmation: Confirmation,
}

const COLUMNS: &[&str] = &["email", "tenant", "roles", "result"];

/// How often the state is read again until nothing is left.
const ROUNDS: usize = 3;

pub(crate) async fn run(arguments: OffboardArguments, context: &Context) -> Result<Exit, Failure> {
    let client = &context.client;
    context.console.check_columns(COLUMNS)?;
    let member = lookup::member(client, &arguments.member).await?;
    let tenants = team::tenants(client).await?;
    let tenants: Vec<Tenant> = tenants.iter().map(Tenant::from).collect();
    let mut state = TeamState {
        members: Vec::new(),
        tenants,
    };
    let id = member.id.text().into_owned();
    let before = Member {
        access: team::access_of(client, &id, &state.environments()).await?,
        email: member.email.text().into_owned(),
        role: member.role.to_string(),
        id: id.clone(),
    };
    let email = &before.email;
    note(format!(
        "{email} is {} with access to {} tenants",
        before.role,
        before.access.len()
    ));
    // Checked again immediately before the removal.
    check_owners(context, &before.role, arguments.min_owners).await?;
    if arguments.dry_run {
        let mut rows = context.console.rows(COLUMNS)?;
        let mut accesses: Vec<_> = before.access.iter().collect();
        accesses.sort_by_key(|(tenant, _)| state.tenant_name(tenant));
        for (tenant, access) in accesses {
            rows.write([
                json!(email),
                json!(state.tenant_name(tenant)),
                json!(access.roles),
                json!(null),
            ])?;
        }
        rows.finish()?;
        return Ok(Exit::ChangesPending);
    }
    let confirmed = arguments.confirmation.confirm.as_deref();
    let action = format!(
        "removing {email} from {} tenants and the team",
        before.access.len()
    );
    context.console.confirm(&action, email, confirmed)?;
    let guards = Guards::of_owners(arguments.min_owners);
    let mut journal = match &arguments.journal {
        Some(path) => Some(Journal::<Entry>::open(path)?.0),
        None => None,
    };
    let started = SystemTimer.now();
    context.stop.finish_calls();
    let mut reasons: Vec<String> = Vec::new();
    let mut left = Some(before.clone());
    for _ in 0..ROUNDS {
        let Some(member) = left.take() else {
            break;
        };
        let plan = Plan::offboard(&member);
        // The other members are read for the guard of owners, immediately before the removal.
        state.members = others(client, &member).await?;
        let mut applier = Applier {
            client,
            guards: &guards,
            stop: &context.stop,
            state: state.clone(),
        };
        let mut record = |entry: &Entry| match &mut journal {
            Some(journal) => journal.append(entry),
            None => Ok(()),
        };
        let report = applier
            .run(&plan.steps, &[], &mut Invitations::default(), &mut record)
            .await?;
        reasons = report
            .results
            .iter()
            .flat_map(|(_, result)| reasons_of(result, &state))
            .collect();
        left = read_again(client, &before, &state).await?;
        if context.stop.is_requested() {
            break;
        }
    }
    let report = Offboarding {
        team: &context.settings.team,
        before: &before,
        left: left.as_ref(),
        reasons: &reasons,
        state: &state,
        started: time(started),
        ended: time(SystemTimer.now()),
    };
    if let Some(path) = &arguments.report {
        files::replace(path, format!("{:#}\n", report.json()).as_bytes())?;
    }
    if let Some(path) = &arguments.report_markdown {
        files::replace(path, report.markdown().as_bytes())?;
    }
    let mut rows = context.console.rows(COLUMNS)?;
    for (place, roles, result) in report.lines() {
        rows.write([json!(email), json!(place), json!(roles), json!(result)])?;
    }
    rows.finish()?;
    for reason in &reasons {
        note(reason);
    }
    Ok(report.exit())
}

/// The members of the team without their access, and this one with it.
async fn others(client: &auth0_teams::Client, member: &Member) -> Result<Vec<Member>, Failure> {
    let members = team::members(client).await?;
    let members = members.iter().map(|other| {
        if other.id == member.id {
            return member.clone();
        }
        Member {
            id: other.id.text().into_owned(),
            email: other.email.text().into_owned(),
            role: other.role.to_string(),
            access: Default::default(),
        }
    });
    Ok(members.collect())
}

/// What is left of a member, or `None` if nothing is.
async fn read_again(
    client: &auth0_teams::Client,
    before: &Member,
    state: &TeamState,
) -> Result<Option<Member>, Failure> {
    let member = match client.members().get(&before.id).await {
        Err(error) if error.is_not_found() => return Ok(None),
        other => other?,
    };
    let access = team::access_of(client, &before.id, &state.environments()).await?;
    Ok(Some(Member {
        role: member.role.to_string(),
        access,
        ..before.clone()
    }))
}

fn reasons_of(result: &StepResult, state: &TeamState) -> Vec<String> {
    match result {
        StepResult::Done | StepResult::AlreadyDone => Vec::new(),
        StepResult::Partial(failed) => {
            let reasons = failed
                .iter()
                .map(|(id, reason)| format!("{}: {reason}", state.tenant_name(id)));
            reasons.collect()
        }
        StepResult::Failed(reason) | StepResult::Unknown(reason) | StepResult::Skipped(reason) => {
            vec![reason.clone()]
        }
    }
}

/// The report for auditors.
struct Offboarding<'a> {
    team: &'a str,
    before: &'a Member,
    left: Option<&'a Member>,
    reasons: &'a [String],
    state: &'a TeamState,
    started: String,
    ended: String,
}

impl Offboarding<'_> {
    /// Place, roles before, and result of each access and of the membership.
    fn lines(&self) -> Vec<(Option<String>, Vec<String>, &'static str)> {
        let result = |remains: bool| if remains { "remains" } else { "removed" };
        let mut lines: Vec<_> = self
            .before
            .access
            .iter()
            .map(|(id, access)| {
                let remains = self.left.is_some_and(|left| left.access.contains_key(id));
                let place = Some(self.state.tenant_name(id).to_owned());
                (
                    place,
                    access.roles.iter().cloned().collect(),
                    result(remains),
                )
            })
            .collect();
        lines.sort();
        lines.push((
            None,
            vec![self.before.role.clone()],
            result(self.left.is_some()),
        ));
        lines
    }

    fn json(&self) -> Value {
        let lines: Vec<Value> = self
            .lines()
            .into_iter()
            .map(|(tenant, roles, result)| json!({"tenant": tenant, "roles": roles, "result": result}))
            .collect();
        json!({
            "team": self.team,
            "email": self.before.email,
            "id": self.before.id,
            "started_at": self.started,
            "ended_at": self.ended,
            "complete": self.left.is_none(),
            "access": lines,
            "reasons": self.reasons,
        })
    }

    fn markdown(&self) -> String {
        let verdict = if self.left.is_none() {
            "Nothing is left: verified by reading the team again."
        } else {
            "The offboarding is not complete."
        };
        let mut text = format!(
            "# Offboarding of {}\n\nTeam {}, member {}, from {} to {}. {verdict}\n\n| where | roles | result |\n| --- | --- | --- |\n",
            markdown(&self.before.email),
            markdown(self.team),
            markdown(&self.before.id),
            self.started,
            self.ended
        );
        for (tenant, roles, result) in self.lines() {
            let place = tenant.unwrap_or_else(|| "team".to_owned());
            let (place, roles) = (markdown(&place), markdown(&roles.join(", ")));
            let _ = writeln!(text, "| {place} | {roles} | {result} |");
        }
        for reason in self.reasons {
            let _ = write!(text, "\n- {}", markdown(reason));
        }
        if !self.reasons.is_empty() {
            text.push('\n');
        }
        text
    }

    fn exit(&self) -> Exit {
        match self.left {
            None => Exit::Success,
            Some(left) if left.access.len() < self.before.access.len() => Exit::Partial,
            Some(_) => Exit::Failure,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_server_are_no_markup_in_the_report() {
        let access = std::collections::BTreeMap::from([("id".to_owned(), Default::default())]);
        let before = Member {
            id: "auth0|1".to_owned(),
            email: "jo@x.test".to_owned(),
            role: "teams_contributor".to_owned(),
            access,
        };
        let tenant = Tenant {
            id: "id".to_owned(),
            name: "a|b <img src=x>\n# [c](d)".to_owned(),
            domain: String::new(),
            environment: String::new(),
            tag: None,
        };
        let state = TeamState {
            members: Vec::new(),
            tenants: vec![tenant],
        };
        let report = Offboarding {
            team: "acme",
            before: &before,
            left: None,
            reasons: &["`x`".to_owned()],
            state: &state,
            started: "1".to_owned(),
            ended: "2".to_owned(),
        };
        let text = report.markdown();
        let line = text.lines().find(|line| line.contains("img")).unwrap();
        assert!(line.starts_with(r"| a\|b \<img src=x\>"), "{line}");
        assert!(line.ends_with(r"\# \[c\](d) |  | removed |"), "{line}");
        assert!(text.contains(r"member auth0\|1,"), "{text}");
        assert!(text.ends_with("\n- \\`x\\`\n"), "{text}");
    }
}
