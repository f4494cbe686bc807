//! A person joins: an invitation, the wait until it is accepted, and access to tenants.

#![allow(clippy::print_stdout, reason = "it tells what it does")]

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

use support::teams::lookup::{find_member, find_tenants, reach};
use support::{Failure, teams};

mod support;

/// Invite a person, wait until they are a member, and give them access to tenants
///
/// Who is a member already gets the access alone.
#[derive(Parser)]
#[command(after_help = support::help(
    "sends an invitation by e-mail, and gives access to tenants. For a live team everything has to be given.",
    &[
        &operations::LIST_MEMBERS,
        &operations::INVITE_MEMBER,
        &operations::LIST_TENANTS,
        &operations::ADD_MEMBER_TENANTS,
    ],
    &teams::ENVIRONMENT,
))]
struct Arguments {
    /// The person
    #[arg(long)]
    email: Option<String>,
    /// Their role in the team, such as teams_contributor
    #[arg(long, value_name = "ROLE", value_parser = team_role)]
    role: Option<Open<TeamMemberRoleEnum>>,
    /// A tenant to give access to, by name or id; can be given several times
    #[arg(long = "tenant", value_name = "TENANT", requires = "tenant_role")]
    tenants: Vec<String>,
    /// Their role in those tenants, such as viewer-users
    #[arg(long, value_name = "ROLE", value_parser = tenant_role)]
    tenant_role: Option<Open<TenantMemberRoleEnum>>,
    /// The invitation was sent before: wait for them to accept it
    #[arg(long)]
    invited: bool,
    /// How often to look whether they have accepted
    #[arg(long, value_name = "NUMBER", default_value_t = 20)]
    looks: u32,
    /// The time from one look to the next
    #[arg(long, value_name = "SECONDS", default_value_t = 15)]
    every: u64,
}

/// Roles grow: one that this crate does not know may be one that the server does, so it is the server that decides.
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
    team.needs(&[
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

    // A tenant that is not there is better noticed before anything is changed.
    let tenants = find_tenants(teams, &arguments.tenants).await?;
    let member = match find_member(teams, email).await? {
        Some(member) => {
            println!("{email} is a member already");
            member
        }
        None => {
            if !arguments.invited {
                // An invitation can carry tenants too, but only one that is still to be accepted.
                let invitation =
                    InviteMembersRequestContent::new(InviteMembersRequestContentRequired {
                        email,
                        role,
                    });
                let invitation = teams.members().invite(invitation).await?;
                println!("{email} is invited as {}", invitation.role);
            }
            if let Some(sandbox) = &team.sandbox {
                accept(sandbox, email)?;
            }
            wait_for(teams, email, &arguments).await?
        }
    };
    let is_complete = give_access(teams, &member, tenant_role, &tenants).await?;
    show_reach(teams, &member).await?;
    if is_complete {
        return Ok(());
    }
    Err(Failure::failed("not all access could be given, see above"))
}

/// What the person does, in a browser.
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

/// Nobody tells when an invitation is accepted, so it is looked for, and not for ever.
async fn wait_for(
    teams: &Client,
    email: &str,
    arguments: &Arguments,
) -> Result<TeamMember, Failure> {
    for look in 1..=arguments.looks {
        if let Some(member) = find_member(teams, email).await? {
            println!("{email} is a member now, with the id {}", member.id);
            return Ok(member);
        }
        if look == 1 {
            support::note(format!(
                "waiting for {email} to accept, looking every {} s",
                arguments.every
            ));
        }
        if look < arguments.looks {
            SystemTimer
                .sleep(Duration::from_secs(arguments.every))
                .await;
        }
    }
    Err(Failure::failed(format!(
        "{email} has not accepted yet; when they have, run the same command with --invited"
    )))
}

/// Gives access to the tenants, and says whether the member has it now to all of them.
async fn give_access(
    teams: &Client,
    member: &TeamMember,
    role: Open<TenantMemberRoleEnum>,
    tenants: &[TenantItem],
) -> Result<bool, Error> {
    let mut is_complete = true;
    // The API takes at most ten tenants in a call.
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
            // Whoever has access already keeps the roles that they have there.
            if failure.status == 409 {
                println!("{} was accessible before", failure.tenant_id);
            } else {
                println!("no access to {}: {}", failure.tenant_id, failure.title);
                is_complete = false;
            }
        }
    }
    Ok(is_complete)
}

async fn show_reach(teams: &Client, member: &TeamMember) -> Result<(), Error> {
    println!("{} can reach:", member.email);
    for environment in reach(teams, &member.id).await? {
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
