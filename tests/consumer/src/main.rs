//! Creates a tenant, lists the members of a team and gives one of them access to the tenant.

use std::error::Error;

use auth0_auth::ClientCredentials;
use auth0_teams::types::{
    CreateMembersTenantsRequestContent, CreateMembersTenantsRequestContentRequired,
    PublicCloudPayload, PublicCloudPayloadRequired, TenantMemberRoleEnum,
};
use auth0_teams::{Client, Outcome};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let token = ClientCredentials::builder("acme-auth.us.auth0.com")
        .client_id(std::env::var("AUTH0_CLIENT_ID")?)
        .client_secret(std::env::var("AUTH0_CLIENT_SECRET")?)
        .audience(auth0_teams::audience("acme")?)
        .build()?;
    let teams = Client::builder().team("acme").token_source(token).build()?;

    let payload = PublicCloudPayload::new(PublicCloudPayloadRequired {
        admin_email: "ada@example.com",
        locality: "us",
    })
    .tenant_name("acme-dev");
    let tenant = teams.tenants().create(payload).await?;
    println!("created {}", tenant.tenant_name());

    let mut members = teams.members().list().page_size(50).stream();
    let mut last = None;
    while let Some(member) = members.try_next().await? {
        println!("{} is {}", member.name, member.role);
        last = Some(member.id);
    }

    let Some(member_id) = last else {
        return Ok(());
    };
    let roles = [TenantMemberRoleEnum::ViewerUsers];
    let request =
        CreateMembersTenantsRequestContent::new(CreateMembersTenantsRequestContentRequired {
            roles,
            tenants: [tenant.tenant_id().clone()],
        });
    match teams
        .members()
        .tenants()
        .create(&member_id, request)
        .await?
    {
        Outcome::Complete => println!("added"),
        Outcome::Partial(report) => {
            for failure in report.failure {
                println!(
                    "{}: {} {}",
                    failure.tenant_id, failure.status, failure.title
                );
            }
        }
    }
    Ok(())
}
