//! Offboards a member: removes their access to every tenant and, with `--delete`, deletes them from the team.
//!
//! ```text
//! cargo run --example offboard            # against a local sandbox, without an account
//! cargo run --example offboard -- --help  # arguments, and how to use a live team
//! ```
//!
//! Prints the tenants that the member has access to and the progress. Exit status: 0 success, 1 an operation failed or
//! the member still has access, 2 invalid arguments or environment variables.

#![allow(clippy::print_stdout, reason = "prints its results")]

use std::process::ExitCode;

use auth0_sandbox::Sandbox;
use auth0_teams::types::{
    DeleteMembersTenantsRequestContent, MembersTenantsFailureItem, TeamMember,
};
use auth0_teams::{Client, Error, Outcome, operations};
use clap::Parser;

use support::teams::lookup::{accessible_tenants, find_member};
use support::{Failure, teams};

mod support;

/// Remove a member's access to every tenant and, with --delete, delete the member
///
/// The command can be repeated after a failure: it starts from the access that the member then has.
#[derive(Parser)]
#[command(after_help = support::help(
    "removes the member's access to all tenants; --delete also deletes the member. A live team requires --member. \
     --dry-run changes nothing.",
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
    /// Delete the member after the access to all tenants was removed
    #[arg(long)]
    delete: bool,
    /// Only print what would be done
    #[arg(long)]
    dry_run: bool,
}

/// Maximum number of tenants per call.
const BATCH: usize = 10;

#[tokio::main]
async fn main() -> ExitCode {
    support::exit(run(Arguments::parse()).await)
}

async fn run(arguments: Arguments) -> Result<(), Failure> {
    let team = teams::open(Sandbox::builder().members(4).tenants(23)).await?;
    let teams = &team.client;
    team.require(&[("--member", arguments.member.is_some())])?;
    let email_or_id = arguments
        .member
        .as_deref()
        .unwrap_or("ada.lovelace@example.com");
    let Some(member) = find_member(teams, email_or_id).await? else {
        return Err(Failure::usage(format!(
            "expected a member of the team by e-mail address or id, found `{email_or_id}`"
        )));
    };

    let access = accessible_tenants(teams, &member.id).await?;
    println!("{} has access to:", member.email);
    for environment in access.iter().filter(|found| !found.tenants.is_empty()) {
        let domains: Vec<_> = environment
            .tenants
            .iter()
            .map(|tenant| &*tenant.domain)
            .collect();
        println!("  {}: {}", environment.environment, domains.join(", "));
    }
    let tenants = access
        .into_iter()
        .flat_map(|environment| environment.tenants);
    let tenants: Vec<_> = tenants.map(|tenant| tenant.tenant_id).collect();

    if arguments.dry_run {
        let calls = tenants.len().div_ceil(BATCH);
        println!(
            "would remove access to {} tenants in {calls} calls",
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
                    .filter(|failure| keeps_access(failure))
                    .count();
            }
        }
        let done = number * BATCH + batch.len();
        println!("processed {done} of {} tenants", tenants.len());
    }
    if kept > 0 {
        return Err(Failure::failed(format!(
            "{} still has access to {kept} tenants and was not deleted, see above",
            member.email
        )));
    }
    if arguments.delete {
        delete(teams, &member).await?;
        println!("deleted {}", member.email);
    }
    Ok(())
}

/// Prints a failed removal. Returns whether the member still has access.
fn keeps_access(failure: &MembersTenantsFailureItem) -> bool {
    // The access was already removed by someone else.
    let is_gone = failure.status == 404;
    let state = if is_gone {
        "access was already removed"
    } else {
        "access remains"
    };
    println!("{}: {state}: {}", failure.tenant_id, failure.title);
    !is_gone
}

/// The client retries a deletion whose response is lost. A 404 after such a retry means that the first attempt
/// succeeded.
async fn delete(teams: &Client, member: &TeamMember) -> Result<(), Error> {
    match teams.members().delete(&member.id).await {
        Err(error) if error.is_not_found() && error.earlier_attempt_may_have_acted() => Ok(()),
        other => other.map(drop),
    }
}
