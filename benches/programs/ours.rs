//! Calls every operation once, with our crate.

use auth0_core::StaticToken;
use auth0_teams::types::*;
use auth0_teams::uuid::Uuid;
use auth0_teams::{Client, Error};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    Ok(runtime.block_on(run())?)
}

async fn run() -> Result<(), Error> {
    let teams = Client::builder()
        .team("acme")
        .token_source(StaticToken::new("token"))
        .build()?;
    let roles = || [TenantMemberRoleEnum::Owner];
    let tenants = || [Uuid::nil()];

    println!("{:?}", teams.activity().list().take(50).await?);
    println!("{:?}", teams.environments().list().await?);

    let members = teams.members();
    println!("{:?}", members.list().take(50).await?);
    println!("{:?}", members.get("id").await?);
    let body = InviteMembersRequestContent::new(InviteMembersRequestContentRequired {
        email: "jane@example.com",
        role: TeamMemberRoleEnum::TeamsOwner,
    });
    println!("{:?}", members.invite(body).await?);
    let body = UpdateMembersRequestContent::with_role(TeamMemberRoleEnum::TeamsOwner);
    println!("{:?}", members.update("id", body).await?);
    members.delete("id").await?;

    let access = members.tenants();
    println!("{:?}", access.list("id", "PUBLIC").await?);
    let body =
        CreateMembersTenantsRequestContent::new(CreateMembersTenantsRequestContentRequired {
            roles: roles(),
            tenants: tenants(),
        });
    println!("{:?}", access.create("id", body).await?);
    let body =
        UpdateMembersTenantsRequestContent::new(UpdateMembersTenantsRequestContentRequired {
            roles: roles(),
            tenants: tenants(),
        });
    println!("{:?}", access.update("id", body).await?);
    let body = DeleteMembersTenantsRequestContent::with_tenants(tenants());
    println!("{:?}", access.remove("id", body).await?);

    let all = teams.tenants();
    println!("{:?}", all.list().take(50).await?);
    println!("{:?}", all.get(Uuid::nil()).await?);
    let body = PublicCloudPayload::new(PublicCloudPayloadRequired {
        admin_email: "jane@example.com",
        locality: "us",
    })
    .tenant_name("acme-dev");
    println!("{:?}", all.create(body).await?);
    println!("{:?}", all.members().list(Uuid::nil()).take(50).await?);
    all.delete(Uuid::nil()).await?;
    Ok(())
}
