//! A tour of the Teams API: lists members, invites a person, creates a tenant, gives a member access to it, and handles
//! typical errors.
//!
//! ```text
//! cargo run --example quickstart            # against a local sandbox, without an account
//! cargo run --example quickstart -- --help  # how to use a live team
//! ```
//!
//! Prints each step and its result. Exit status: 0 success, 1 an operation failed, 2 invalid arguments or environment
//! variables. The client is built in `support/teams.rs`.

#![allow(clippy::print_stdout, reason = "prints its results")]

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

use support::teams::lookup::{accessible_tenants, find_member};
use support::{Failure, teams};

mod support;

/// Tour of the Teams API: list members, invite a person, create a tenant, give access to it, handle errors
#[derive(Parser)]
#[command(after_help = support::help(
    "nothing in a live team without --invite or --tenant. A tenant costs money, and its name can never be reused.",
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
    /// Create a tenant with this name. Its secret is not stored; `auth0-teams tenant create` stores it
    #[arg(long, value_name = "NAME", requires_all = ["locality", "admin", "member"])]
    tenant: Option<String>,
    /// Locality of the tenant in the public cloud, such as eu
    #[arg(long, requires = "tenant")]
    locality: Option<String>,
    /// E-mail address of the member who administers the tenant
    #[arg(long, value_name = "EMAIL", requires = "tenant")]
    admin: Option<String>,
    /// E-mail address of another member, who gets access to the tenant
    #[arg(long, value_name = "EMAIL", requires = "tenant")]
    member: Option<String>,
}

impl Arguments {
    /// Fills in missing arguments with values that exist in a sandbox.
    fn with_sandbox_defaults(self) -> Self {
        let or = |given: Option<String>, default: &str| given.or_else(|| Some(default.to_owned()));
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
    // A server can return enum values that the client does not know yet. The sandbox does so on the second page of
    // members.
    let new_role = Fault::of("listMembers").call(2).then(Effect::UnknownEnums);
    let team = teams::open(Sandbox::builder().members(3).tenants(3).fault(new_role)).await?;
    let teams = &team.client;
    let arguments = match team.sandbox {
        Some(_) => arguments.with_sandbox_defaults(),
        None => arguments,
    };

    list_members(teams).await?;
    send_invalid_request(teams).await?;
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
        create_duplicate(teams, name, locality, admin).await?;
    }
    if let Some(sandbox) = &team.sandbox {
        let tokens = sandbox.tokens_granted();
        println!("\nDone. All calls shared {tokens} access token.");
    }
    Ok(())
}

/// A listing is read item by item. Pages are fetched when they are needed.
async fn list_members(teams: &Client) -> Result<(), Error> {
    println!("Members of the team, read in pages of two:");
    let mut members = teams.members().list().page_size(2).stream();
    while let Some(member) = members.try_next().await? {
        // An unknown role is not an error.
        let note = match member.role {
            Open::Known(_) => "",
            Open::Other(_) => " (unknown to this version of the crate)",
        };
        println!("  {}: {}{note}", member.name, member.role);
    }
    Ok(())
}

/// A request that violates a documented constraint is rejected before it is sent.
async fn send_invalid_request(teams: &Client) -> Result<(), Error> {
    println!("\nCreate a tenant with an invalid name:");
    let payload = PublicCloudPayload::new(PublicCloudPayloadRequired {
        admin_email: "ada@example.com",
        locality: "us",
    })
    .tenant_name("Acme!");
    match teams.tenants().create(payload).await {
        Err(error) if error.is_invalid_request() => {
            for violation in error.violations() {
                println!("  rejected before sending: {violation}");
            }
            Ok(())
        }
        other => other.map(drop),
    }
}

/// `send` returns the value together with status and headers.
async fn invite_member(teams: &Client, email: &str) -> Result<(), Error> {
    println!("\nInvite a person:");
    let invitation = InviteMembersRequestContent::new(InviteMembersRequestContentRequired {
        email,
        role: TeamMemberRoleEnum::TeamsReportViewer,
    });
    let response = teams.members().invite(invitation).send().await?;
    println!("  {}: {}", response.status(), response.value().email);
    Ok(())
}

/// Optional fields have setters. A field that is not set is not sent.
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
    println!("  created {} at {}", tenant.tenant_name(), tenant.domain());

    // The API returns the secret only this once. `.secret()` reads it; printing the value redacts it. The example
    // `create-tenants` shows how to store it.
    let manager = tenant.management_client();
    println!(
        "  its management client has a secret with {} characters",
        manager.client_secret.secret().len()
    );
    println!("  printing the secret shows {:?}", manager.client_secret);
    Ok(tenant)
}

/// A bulk operation can succeed in part. Its outcome says for which tenants it failed.
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
        "\nGive {} access to the new tenant and to an existing one:",
        member.name
    );
    let access = accessible_tenants(teams, &member.id).await?;
    let existing = access
        .iter()
        .flat_map(|environment| &environment.tenants)
        .next();
    let tenants = existing.map(|tenant| tenant.tenant_id.clone()).into_iter();
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
        Outcome::Complete => println!("  all tenants added"),
        Outcome::Partial(report) => {
            let summary = &report.summary;
            println!(
                "  {} of {} tenants added",
                summary.success_count, summary.total_count
            );
            for failure in &report.failure {
                println!("  failed for {}: {}", failure.tenant_id, failure.title);
            }
        }
    }
    Ok(())
}

/// A request that the server rejects is an error with the status and the description of the server.
async fn create_duplicate(
    teams: &Client,
    name: &str,
    locality: &str,
    admin: &str,
) -> Result<(), Error> {
    println!("\nCreate a tenant with the same name again:");
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
