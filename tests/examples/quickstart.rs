//! What a program does with a team: list, create, invite, give access, and cope with what goes wrong.
//!
//! `cargo run --example quickstart` needs no account, and `-- --help` says how to run it against a team of yours. How
//! the client is made is in `support/teams.rs`.

#![allow(clippy::print_stdout, reason = "it tells what it does")]

use std::process::ExitCode;

use auth0_sandbox::{Effect, Fault, Sandbox};
use auth0_teams::types::{
    CreateMembersTenantsRequestContent, CreateMembersTenantsRequestContentRequired,
    CreateTenantsResponseContent, EnvironmentTypeEnum, InviteMembersRequestContent,
    InviteMembersRequestContentRequired, PublicCloudPayload, PublicCloudPayloadRequired,
    TeamMemberRoleEnum, TenantMemberRoleEnum,
};
use auth0_teams::{Client, Error, Open, Outcome, operations};
use clap::Parser;

use support::teams::lookup::{find_member, reach};
use support::{Failure, teams};

mod support;

/// A tour: list members, invite a person, create a tenant, give access to it, and what can go wrong on the way
#[derive(Parser)]
#[command(after_help = support::help(
    "nothing in a live team unless --invite or --tenant says so. A tenant costs money, and its name is never free again.",
    &[
        &operations::LIST_MEMBERS,
        &operations::INVITE_MEMBER,
        &operations::CREATE_TENANT,
        &operations::ADD_MEMBER_TENANTS,
    ],
    &teams::ENVIRONMENT,
))]
struct Arguments {
    /// Invite this person
    #[arg(long, value_name = "EMAIL")]
    invite: Option<String>,
    /// Create a tenant with this name. Its secret is not kept: for a tenant that is to be used there is create-tenants
    #[arg(long, value_name = "NAME", requires_all = ["locality", "admin", "member"])]
    tenant: Option<String>,
    /// Where in the public cloud the tenant is to be, such as eu
    #[arg(long, requires = "tenant")]
    locality: Option<String>,
    /// The member who administers the tenant
    #[arg(long, value_name = "EMAIL", requires = "tenant")]
    admin: Option<String>,
    /// Another member, who gets access to the tenant
    #[arg(long, value_name = "EMAIL", requires = "tenant")]
    member: Option<String>,
}

impl Arguments {
    /// Made-up values in the place of those that were not given. They are for a sandbox only.
    fn or_made_up(self) -> Self {
        let or = |given: Option<String>, made_up: &str| given.or_else(|| Some(made_up.to_owned()));
        Self {
            invite: or(self.invite, "grace@example.com"),
            tenant: or(self.tenant, "acme-staging"),
            locality: or(self.locality, "us"),
            admin: or(self.admin, "sophie.hamilton.1@example.com"),
            member: or(self.member, "ada.lovelace@example.com"),
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    support::exit(run(Arguments::parse()).await)
}

async fn run(arguments: Arguments) -> Result<(), Failure> {
    // Servers learn new values before their clients do; here the second page of members shows one.
    let new_role = Fault::of("listMembers").call(2).then(Effect::UnknownEnums);
    let team = teams::open(Sandbox::builder().members(3).tenants(3).fault(new_role)).await?;
    let teams = &team.client;
    let arguments = match team.sandbox {
        Some(_) => arguments.or_made_up(),
        None => arguments,
    };

    list_members(teams).await?;
    break_a_rule(teams).await?;
    if let Some(email) = &arguments.invite {
        invite_member(teams, email).await?;
    }
    if let Arguments {
        tenant: Some(name),
        locality: Some(locality),
        admin: Some(admin),
        member: Some(member),
        ..
    } = &arguments
    {
        let tenant = create_tenant(teams, name, locality, admin).await?;
        give_access(teams, member, &tenant).await?;
        create_the_same_again(teams, name, locality, admin).await?;
    }
    if let Some(sandbox) = &team.sandbox {
        let tokens = sandbox.tokens_granted();
        println!("\nDone. The server granted {tokens} token for all of it.");
    }
    Ok(())
}

/// A listing is read item by item; the pages behind it are fetched as they are needed.
async fn list_members(teams: &Client) -> Result<(), Error> {
    println!("The members of the team, two to a page:");
    let mut members = teams.members().list().page_size(2).stream();
    while let Some(member) = members.try_next().await? {
        // A role that this version of the crate does not know fails nothing.
        let note = match member.role {
            Open::Known(_) => "",
            Open::Other(_) => " (a role that this crate does not know)",
        };
        println!("  {} is {}{note}", member.name, member.role);
    }
    Ok(())
}

/// A request that the server would refuse is refused here, by field and rule, and is not sent.
async fn break_a_rule(teams: &Client) -> Result<(), Error> {
    println!("\nAsk for a tenant with a name that breaks the rules:");
    let payload = PublicCloudPayload::new(PublicCloudPayloadRequired {
        admin_email: "ada@example.com",
        locality: "us",
    })
    .tenant_name("Acme!");
    match teams.tenants().create(payload).await {
        Err(error) if error.is_invalid_request() => {
            for violation in error.violations() {
                println!("  not sent: {violation}");
            }
            Ok(())
        }
        other => other.map(drop),
    }
}

/// `send` gives status and headers as well.
async fn invite_member(teams: &Client, email: &str) -> Result<(), Error> {
    println!("\nInvite a person:");
    let invitation = InviteMembersRequestContent::new(InviteMembersRequestContentRequired {
        email,
        role: TeamMemberRoleEnum::TeamsReportViewer,
    });
    let response = teams.members().invite(invitation).send().await?;
    println!("  {} for {}", response.status(), response.value().email);
    Ok(())
}

/// What is optional has a setter; what is left out is not sent.
async fn create_tenant(
    teams: &Client,
    name: &str,
    locality: &str,
    admin: &str,
) -> Result<CreateTenantsResponseContent, Error> {
    println!("\nCreate a tenant:");
    let payload = PublicCloudPayload::new(PublicCloudPayloadRequired {
        admin_email: admin,
        locality,
    })
    .tenant_name(name)
    .environment_tag(EnvironmentTypeEnum::Staging);
    let tenant = teams.tenants().create(payload).await?;
    println!("  {} is at {}", tenant.tenant_name(), tenant.domain());

    // The secret is shown this once. It is read with `.secret()`, and never printed by accident; the example
    // `create-tenants` shows how to keep it.
    let manager = tenant.management_client();
    println!(
        "  its management client has a secret of {} characters",
        manager.client_secret.secret().len()
    );
    println!("  printed, the secret is {:?}", manager.client_secret);
    Ok(tenant)
}

/// A bulk operation does all of it or a part of it, and its outcome says which.
async fn give_access(
    teams: &Client,
    member: &str,
    tenant: &CreateTenantsResponseContent,
) -> Result<(), Failure> {
    let Some(member) = find_member(teams, member).await? else {
        return Err(Failure::usage(format!(
            "expected a member of the team, found `{member}`"
        )));
    };
    println!(
        "\nGive {} access to the new tenant and to one of before:",
        member.name
    );
    let reach = reach(teams, &member.id).await?;
    let old = reach
        .iter()
        .flat_map(|environment| &environment.tenants)
        .next();
    let tenants = old.map(|old| old.tenant_id.clone()).into_iter();
    let tenants = tenants.chain([tenant.tenant_id().clone()]);
    let roles = [TenantMemberRoleEnum::ViewerUsers];
    let request =
        CreateMembersTenantsRequestContent::new(CreateMembersTenantsRequestContentRequired {
            roles,
            tenants,
        });
    match teams
        .members()
        .tenants()
        .create(&member.id, request)
        .await?
    {
        Outcome::Complete => println!("  all done"),
        Outcome::Partial(report) => {
            let summary = &report.summary;
            println!(
                "  {} of {} done",
                summary.success_count, summary.total_count
            );
            for failure in &report.failure {
                println!("  failed for {}: {}", failure.tenant_id, failure.title);
            }
        }
    }
    Ok(())
}

/// What the server refuses is an error with its status and the server's own words for it.
async fn create_the_same_again(
    teams: &Client,
    name: &str,
    locality: &str,
    admin: &str,
) -> Result<(), Error> {
    println!("\nAsk for the same tenant again:");
    let payload = PublicCloudPayload::new(PublicCloudPayloadRequired {
        admin_email: admin,
        locality,
    })
    .tenant_name(name);
    match teams.tenants().create(payload).await {
        Err(error) if error.is_conflict() => {
            println!("  {error}");
            Ok(())
        }
        other => other.map(drop),
    }
}
