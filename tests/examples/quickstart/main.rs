//! What a program does with a team: list, create, invite, give access, and cope with what goes wrong.
//!
//! Run it with `cargo run --example quickstart`. It needs no account: the module `server` below plays Auth0, on this
//! machine. For a real team leave out `base_url`, `token_url` and the server.

#![allow(clippy::print_stdout, reason = "it tells what it does")]

use std::error::Error;

use auth0_auth::ClientCredentials;
use auth0_teams::types::{
    CreateMembersTenantsRequestContent, CreateTenantsResponseContent, EnvironmentTypeEnum,
    InviteMembersRequestContent, PublicCloudPayload, TeamMemberRoleEnum, TenantMemberRoleEnum,
};
use auth0_teams::{Client, Open, Outcome};

mod server;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = server::start().await;
    let teams = connect(&server.uri())?;

    list_members(&teams).await?;
    let tenant = create_tenant(&teams).await?;
    invite_member(&teams).await?;
    give_access(&teams, &tenant).await?;
    break_a_rule(&teams).await?;
    create_the_same_again(&teams).await?;

    println!(
        "\nDone. The server granted {} token for all of it.",
        server::tokens(&server).await
    );
    Ok(())
}

/// A client and where its tokens come from. Nothing is sent yet.
fn connect(server: &str) -> Result<Client, Box<dyn Error>> {
    // Client id and secret come from an application of the tenant that runs the team.
    let token = ClientCredentials::builder("acme-auth.us.auth0.com")
        .client_id("quickstart")
        .client_secret("the secret of this program")
        .audience(auth0_teams::audience("acme")?)
        .token_url(format!("{server}/oauth/token"))
        .build()?;
    let teams = Client::builder()
        .team("acme")
        .base_url(server)
        .token_source(token)
        .build()?;
    Ok(teams)
}

/// A listing is read item by item; the pages behind it are fetched as they are needed.
async fn list_members(teams: &Client) -> Result<(), auth0_teams::Error> {
    println!("The members of the team, two to a page:");
    let mut members = teams.members().list().take(2).stream();
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

/// What is optional has a setter; what is left out is not sent.
async fn create_tenant(teams: &Client) -> Result<CreateTenantsResponseContent, auth0_teams::Error> {
    println!("\nCreate a tenant:");
    let payload = PublicCloudPayload::new("ada@example.com", "us")
        .tenant_name("acme-staging")
        .environment_tag(EnvironmentTypeEnum::Staging);
    let tenant = teams.tenants().create(payload).await?;
    println!(
        "  {} has the id {}",
        tenant.tenant_name(),
        tenant.tenant_id()
    );

    // The secret is shown this once. It is read with `.secret()`, and never printed by accident.
    let manager = tenant.management_client();
    println!(
        "  its management client is {}, with a secret of {} characters",
        manager.client_id,
        manager.client_secret.secret().len()
    );
    println!("  printed, the secret is {:?}", manager.client_secret);
    Ok(tenant)
}

/// `send` gives status and headers as well.
async fn invite_member(teams: &Client) -> Result<(), auth0_teams::Error> {
    println!("\nInvite a member:");
    let invitation =
        InviteMembersRequestContent::new("grace@example.com", TeamMemberRoleEnum::TeamsContributor);
    let response = teams.members().invite(invitation).send().await?;
    println!("  {} for {}", response.status(), response.value().email);
    Ok(())
}

/// A bulk operation does all of it or a part of it, and its outcome says which.
async fn give_access(
    teams: &Client,
    tenant: &CreateTenantsResponseContent,
) -> Result<(), auth0_teams::Error> {
    println!("\nGive Ada access to two tenants, one of which she has already:");
    let roles = [TenantMemberRoleEnum::ViewerUsers];
    let tenants = [tenant.tenant_id().clone(), server::OLD_TENANT.into()];
    let request = CreateMembersTenantsRequestContent::new(roles, tenants);
    match teams
        .members()
        .tenants()
        .create("auth0|ada", request)
        .await?
    {
        Outcome::Complete => println!("  all done"),
        Outcome::Partial(report) => {
            println!(
                "  {} of {} done",
                report.summary.success_count, report.summary.total_count
            );
            for failure in &report.failure {
                println!("  failed for {}: {}", failure.tenant_id, failure.title);
            }
        }
    }
    Ok(())
}

/// A request that the server would refuse is refused here, by field and rule, and is not sent.
async fn break_a_rule(teams: &Client) -> Result<(), auth0_teams::Error> {
    println!("\nAsk for a tenant with a name that breaks the rules:");
    let payload = PublicCloudPayload::new("ada@example.com", "us").tenant_name("Acme!");
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

/// What the server refuses is an error with its status and the server's own words for it.
async fn create_the_same_again(teams: &Client) -> Result<(), auth0_teams::Error> {
    println!("\nAsk for the same tenant again:");
    let payload = PublicCloudPayload::new("ada@example.com", "us").tenant_name("acme-staging");
    match teams.tenants().create(payload).await {
        Err(error) if error.is_conflict() => {
            println!("  {error}");
            Ok(())
        }
        other => other.map(drop),
    }
}
