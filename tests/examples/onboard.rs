//! Onboards a person: invites them to the team, waits until they accept, and gives them access to tenants.
//!
//! ```text
//! cargo run --example onboard            # against a local sandbox, without an account
//! cargo run --example onboard -- --help  # arguments, and how to use a live team
//! ```
//!
//! Prints the invitation, the new member and the tenants that they have access to. Exit status: 0 success, 1 the
//! invitation was not accepted in time or some access could not be given, 2 invalid arguments or environment variables.

#![allow(clippy::print_stdout, reason = "prints its results")]

use std::process::ExitCode;
use std::time::Duration;

use auth0_core::time::{Sleeper as _, SystemTimer};
use auth0_sandbox::Sandbox;
use auth0_teams::types::{
    CreateMembersTenantsRequestContent, CreateMembersTenantsRequestContentRequired,
    InviteMembersRequestContent, InviteMembersRequestContentRequired, TeamMember,
    TeamMemberRoleEnum, TenantItem, TenantMemberRoleEnum,
};
use auth0_teams::{Client, Error, Open, Outcome, operations};
use clap::Parser;

use support::teams::lookup::{accessible_tenants, find_member, find_tenants};
use support::{Failure, teams};

mod support;

/// Invite a person, wait until they are a member, and give them access to tenants
///
/// An existing member is only given access.
#[derive(Parser)]
#[command(after_help = support::help(
    "sends an invitation by e-mail and gives access to tenants. A live team requires --email and --role.",
    &[
        &operations::LIST_MEMBERS,
        &operations::INVITE_MEMBER,
        &operations::LIST_TENANTS,
        &operations::ADD_MEMBER_TENANTS,
    ],
    &teams::ENVIRONMENT,
))]
struct Arguments {
    /// E-mail address of the person
    #[arg(long)]
    email: Option<String>,
    /// Role in the team, such as teams_contributor
    #[arg(long, value_name = "ROLE", value_parser = team_role)]
    role: Option<Open<TeamMemberRoleEnum>>,
    /// Tenant to give access to, by name or id; can be repeated
    #[arg(long = "tenant", value_name = "TENANT", requires = "tenant_role")]
    tenants: Vec<String>,
    /// Role in those tenants, such as viewer-users
    #[arg(long, value_name = "ROLE", value_parser = tenant_role)]
    tenant_role: Option<Open<TenantMemberRoleEnum>>,
    /// Do not send an invitation; wait until an earlier one is accepted
    #[arg(long)]
    invited: bool,
    /// How many times to check whether the invitation was accepted
    #[arg(long, value_name = "NUMBER", default_value_t = 20)]
    looks: u32,
    /// Seconds between two checks
    #[arg(long, value_name = "SECONDS", default_value_t = 15)]
    every: u64,
}

/// Accepts any role, because the server may know roles that this version of the crate does not.
fn team_role(text: &str) -> Result<Open<TeamMemberRoleEnum>, String> {
    Ok(Open::parse(text).unwrap_or_else(|_| Open::other(text)))
}

fn tenant_role(text: &str) -> Result<Open<TenantMemberRoleEnum>, String> {
    Ok(Open::parse(text).unwrap_or_else(|_| Open::other(text)))
}

#[tokio::main]
async fn main() -> ExitCode {
    support::exit(run(Arguments::parse()).await)
}

async fn run(mut arguments: Arguments) -> Result<(), Failure> {
    let team = teams::open(Sandbox::builder().members(5).tenants(6)).await?;
    let teams = &team.client;
    team.require(&[
        ("--email", arguments.email.is_some()),
        ("--role", arguments.role.is_some()),
    ])?;
    if team.sandbox.is_some() && arguments.tenants.is_empty() {
        arguments.tenants = ["acme-1", "acme-2", "acme-5"].map(str::to_owned).into();
    }
    let email = arguments.email.as_deref().unwrap_or("grace@example.com");
    let role = arguments.role.clone();
    let role = role.unwrap_or(TeamMemberRoleEnum::TeamsContributor.into());
    let tenant_role = arguments.tenant_role.clone();
    let tenant_role = tenant_role.unwrap_or(TenantMemberRoleEnum::ViewerUsers.into());

    // Detect missing tenants before anything is changed.
    let tenants = find_tenants(teams, &arguments.tenants).await?;
    let member = match find_member(teams, email).await? {
        Some(member) => {
            println!("{email} is already a member");
            member
        }
        None => {
            if !arguments.invited {
                // An invitation could include tenants, but an existing member needs a separate call anyway.
                let invitation =
                    InviteMembersRequestContent::new(InviteMembersRequestContentRequired {
                        email,
                        role,
                    });
                let invitation = teams.members().invite(invitation).await?;
                println!("invited {email} as {}", invitation.role);
            }
            if let Some(sandbox) = &team.sandbox {
                accept(sandbox, email)?;
            }
            wait_for(teams, email, &arguments).await?
        }
    };
    let is_complete = give_access(teams, &member, tenant_role, &tenants).await?;
    print_access(teams, &member).await?;
    if is_complete {
        return Ok(());
    }
    Err(Failure::failed("some access could not be given, see above"))
}

/// Accepts the invitation, which the person does in a browser.
fn accept(sandbox: &Sandbox, email: &str) -> Result<(), Failure> {
    for invitation in sandbox.invitations() {
        if invitation.email == email {
            sandbox
                .accept_invitation(&invitation.id)
                .map_err(Failure::failed)?;
        }
    }
    Ok(())
}

/// Polls for the member, because the API does not notify about accepted invitations.
async fn wait_for(
    teams: &Client,
    email: &str,
    arguments: &Arguments,
) -> Result<TeamMember, Failure> {
    for attempt in 1..=arguments.looks {
        if let Some(member) = find_member(teams, email).await? {
            println!("{email} is now a member with id {}", member.id);
            return Ok(member);
        }
        if attempt == 1 {
            support::note(format!(
                "waiting for {email} to accept the invitation, checking every {} s",
                arguments.every
            ));
        }
        if attempt < arguments.looks {
            SystemTimer
                .sleep(Duration::from_secs(arguments.every))
                .await;
        }
    }
    Err(Failure::failed(format!(
        "{email} has not accepted the invitation yet; run the same command with --invited to continue"
    )))
}

/// Gives access to the tenants. Returns whether the member now has access to all of them.
async fn give_access(
    teams: &Client,
    member: &TeamMember,
    role: Open<TenantMemberRoleEnum>,
    tenants: &[TenantItem],
) -> Result<bool, Error> {
    let mut is_complete = true;
    // The API accepts at most ten tenants per call.
    for batch in tenants.chunks(10) {
        let ids = batch.iter().map(|tenant| tenant.tenant_id.clone());
        let request =
            CreateMembersTenantsRequestContent::new(CreateMembersTenantsRequestContentRequired {
                roles: [role.clone()],
                tenants: ids,
            });
        let outcome = teams
            .members()
            .tenants()
            .create(&member.id, request)
            .await?;
        let Outcome::Partial(report) = outcome else {
            continue;
        };
        for failure in &report.failure {
            // The member already has access; existing roles stay.
            if failure.status == 409 {
                println!("{}: access existed already", failure.tenant_id);
            } else {
                println!("{}: access failed: {}", failure.tenant_id, failure.title);
                is_complete = false;
            }
        }
    }
    Ok(is_complete)
}

async fn print_access(teams: &Client, member: &TeamMember) -> Result<(), Error> {
    println!("{} has access to:", member.email);
    for environment in accessible_tenants(teams, &member.id).await? {
        for tenant in &environment.tenants {
            let roles: Vec<_> = tenant
                .roles
                .iter()
                .map(|item| item.role.to_string())
                .collect();
            println!(
                "  {}: {} as {}",
                environment.environment,
                tenant.domain,
                roles.join(", ")
            );
        }
    }
    Ok(())
}
