//! Calls every operation once, with the client that progenitor generates.

use naive::types::*;
use naive::{Client, Error};
use uuid::Uuid;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    Ok(runtime.block_on(run())?)
}

async fn run() -> Result<(), Error<()>> {
    let teams = Client::new("https://acme.teams.auth0.com");
    let roles = || vec!["owner".to_owned()];
    let tenants = || vec![Uuid::nil()];

    println!("{:?}", teams.list_activity_logs().take(50).send().await?);
    println!("{:?}", teams.get_environments().send().await?);

    println!("{:?}", teams.list_members().take(50).send().await?);
    println!("{:?}", teams.get_member().id("id").send().await?);
    let body = InviteMembersRequestContent::builder()
        .email("jane@example.com")
        .role("teams_owner");
    println!("{:?}", teams.invite_member().body(body).send().await?);
    let body = UpdateMembersRequestContent::builder().role("teams_owner");
    println!("{:?}", teams.update_member_role().id("id").body(body).send().await?);
    teams.delete_member().id("id").send().await?;

    let access = teams.list_tenant_access_by_environment();
    println!("{:?}", access.id("id").environment("PUBLIC").send().await?);
    let body = CreateMembersTenantsRequestContent::builder()
        .roles(roles())
        .tenants(tenants());
    println!("{:?}", teams.add_member_tenants().id("id").body(body).send().await?);
    let body = UpdateMembersTenantsRequestContent::builder()
        .roles(roles())
        .tenants(tenants());
    println!("{:?}", teams.update_member_tenants().id("id").body(body).send().await?);
    let body = DeleteMembersTenantsRequestContent::builder().tenants(tenants());
    println!("{:?}", teams.remove_member_tenant().id("id").body(body).send().await?);

    println!("{:?}", teams.list_tenants().take(50).send().await?);
    println!("{:?}", teams.get_tenant().tenant_id(Uuid::nil()).send().await?);
    let body = PublicCloudPayload::builder()
        .admin_email("jane@example.com")
        .locality("us")
        .tenant_name("acme-dev".to_owned());
    let body: PublicCloudPayload = body.try_into().map_err(|error| Error::InvalidRequest(format!("{error:?}")))?;
    println!("{:?}", teams.create_tenant().body(body).send().await?);
    let tenant = teams.list_tenant_members().tenant_id(Uuid::nil());
    println!("{:?}", tenant.take(50).send().await?);
    teams.delete_tenant().tenant_id(Uuid::nil()).send().await?;
    Ok(())
}
