//! A person leaves: off every tenant, and out of the team if that is asked for.

#![allow(clippy::print_stdout, reason = "it tells what it does")]

use std::process::ExitCode;

use auth0_sandbox::Sandbox;
use auth0_teams::types::{
    DeleteMembersTenantsRequestContent, MembersTenantsFailureItem, TeamMember,
};
use auth0_teams::{Client, Error, Outcome, operations};
use clap::Parser;

use support::teams::lookup::{find_member, reach};
use support::{Failure, teams};

mod support;

/// Take a member off every tenant, and delete them if --delete is given
///
/// It can be run again, whatever became of the last time: it begins with what the member can reach then.
#[derive(Parser)]
#[command(after_help = support::help(
    "ends the member's access to all tenants; with --delete the member leaves the team. For a live team the member has \
     to be given; --dry-run changes nothing.",
    &[
        &operations::LIST_MEMBERS,
        &operations::REMOVE_MEMBER_TENANT,
        &operations::DELETE_MEMBER,
    ],
    &teams::ENVIRONMENT,
))]
struct Arguments {
    /// The member, by e-mail address or id
    #[arg(long, value_name = "EMAIL-or-ID")]
    member: Option<String>,
    /// Delete the member too, once no tenant is left
    #[arg(long)]
    delete: bool,
    /// Say what would be done and do nothing
    #[arg(long)]
    dry_run: bool,
}

/// How many tenants the API takes in a call.
const BATCH: usize = 10;

#[tokio::main]
async fn main() -> ExitCode {
    support::exit(run(Arguments::parse()).await)
}

async fn run(arguments: Arguments) -> Result<(), Failure> {
    let team = teams::open(Sandbox::builder().members(4).tenants(23)).await?;
    let teams = &team.client;
    team.needs(&[("--member", arguments.member.is_some())])?;
    let who = arguments
        .member
        .as_deref()
        .unwrap_or("ada.lovelace@example.com");
    let Some(member) = find_member(teams, who).await? else {
        return Err(Failure::usage(format!(
            "expected a member of the team by e-mail address or id, found `{who}`"
        )));
    };

    let reach = reach(teams, &member.id).await?;
    println!("{} can reach:", member.email);
    for environment in reach.iter().filter(|found| !found.tenants.is_empty()) {
        let domains: Vec<_> = environment
            .tenants
            .iter()
            .map(|tenant| &*tenant.domain)
            .collect();
        println!("  {}: {}", environment.environment, domains.join(", "));
    }
    let tenants = reach
        .into_iter()
        .flat_map(|environment| environment.tenants);
    let tenants: Vec<_> = tenants.map(|tenant| tenant.tenant_id).collect();

    if arguments.dry_run {
        let calls = tenants.len().div_ceil(BATCH);
        println!(
            "would take them off {} tenants in {calls} calls",
            tenants.len()
        );
        if arguments.delete {
            println!("would delete {}", member.email);
        }
        return Ok(());
    }

    let mut kept = 0;
    for (number, batch) in tenants.chunks(BATCH).enumerate() {
        let request = DeleteMembersTenantsRequestContent::with_tenants(batch.iter().cloned());
        match teams
            .members()
            .tenants()
            .remove(&member.id, request)
            .await?
        {
            Outcome::Complete => {}
            Outcome::Partial(report) => {
                kept += report
                    .failure
                    .iter()
                    .filter(|failure| is_kept(failure))
                    .count();
            }
        }
        let done = number * BATCH + batch.len();
        println!("{done} of {} tenants are done", tenants.len());
    }
    if kept > 0 {
        return Err(Failure::failed(format!(
            "{} can still reach {kept} tenants, see above, and stays a member",
            member.email
        )));
    }
    if arguments.delete {
        delete(teams, &member).await?;
        println!("{} is no member any more", member.email);
    }
    Ok(())
}

/// Tells of a tenant that could not be removed, and whether the member can still reach it.
fn is_kept(failure: &MembersTenantsFailureItem) -> bool {
    // Somebody else was faster.
    let is_gone = failure.status == 404;
    let what = if is_gone {
        "was gone already"
    } else {
        "is still accessible"
    };
    println!("{} {what}: {}", failure.tenant_id, failure.title);
    !is_gone
}

/// A deletion is sent again where its answer is lost. If that finds no member, the first one has done it.
async fn delete(teams: &Client, member: &TeamMember) -> Result<(), Error> {
    match teams.members().delete(&member.id).await {
        Err(error) if error.is_not_found() && error.earlier_attempt_may_have_acted() => Ok(()),
        other => other.map(drop),
    }
}
