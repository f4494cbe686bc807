//! `onboard`: gives a person the role and the access of another one.

use clap::Args;

use super::roster::{REPORT, print_report};
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::lookup;
use crate::output::note;
use crate::roster::{Applier, Entry, Guards, MaxRemovals, Onboarding};
use crate::team::{OWNER, TeamState};

#[derive(Args)]
#[command(after_help = "Examples:\n  auth0-teams onboard jo@example.com --like ada@example.com")]
pub(crate) struct OnboardArguments {
    /// E-mail address of the person
    #[arg(value_parser = super::member::email_address)]
    email: String,
    /// Member with the same role and access, by e-mail address or id
    #[arg(long, value_name = "MEMBER")]
    like: String,
    /// Allow a new owner of the team
    #[arg(long)]
    allow_owner: bool,
    /// Invite the person again although an invitation is pending
    #[arg(long)]
    reinvite: bool,
    /// Only show what would be done
    #[arg(long)]
    dry_run: bool,
}

pub(crate) async fn run(arguments: OnboardArguments, context: &Context) -> Result<Exit, Failure> {
    let client = &context.client;
    context.console.check_columns(REPORT)?;
    let like = lookup::member(client, &arguments.like).await?;
    let state = TeamState::read(client).await?;
    let is_person = |email: &str| email.eq_ignore_ascii_case(&arguments.email);
    state.check_emails(is_person, "change them by id, with `access grant`")?;
    let like = state.member_by_id(&like.id);
    let like = like.ok_or_else(|| Failure::failed(format!("{} left the team", arguments.like)))?;
    if like.role == OWNER && !arguments.allow_owner {
        return Err(Failure::failed(format!(
            "{} would become an owner of the team (--allow-owner)",
            arguments.email
        )));
    }
    let Onboarding { plan, is_complete } = Onboarding::new(&state, &arguments.email, like);
    if arguments.dry_run {
        let changes = crate::roster::Change::of_plan(&plan, &state);
        crate::output::print_styled(&crate::roster::text(&changes))?;
        return Ok(if plan.is_empty() {
            Exit::Success
        } else {
            Exit::ChangesPending
        });
    }
    let guards = Guards {
        min_owners: 0,
        max_removals: MaxRemovals::Number(0),
        allow_owner: arguments.allow_owner,
        allow_self: false,
        own_identities: Vec::new(),
    };
    let mut invitations = context.invitations()?;
    invitations.record_joined(&state)?;
    if arguments.reinvite {
        invitations.forget(&arguments.email)?;
    }
    context.stop.finish_calls();
    let mut applier = Applier {
        client,
        guards: &guards,
        stop: &context.stop,
        state: state.clone(),
    };
    let mut record = |_: &Entry| Ok(());
    let report = applier
        .run(&plan.steps, &[], &mut invitations, &mut record)
        .await?;
    print_report(context, &report, &applier.state)?;
    if !is_complete {
        note(format!(
            "{} has to accept the invitation first; then run the same command for the other access",
            arguments.email
        ));
    }
    Ok(report.exit())
}
