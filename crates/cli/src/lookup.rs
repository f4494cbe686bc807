//! Finds people by e-mail address or id, and tenants by name, domain or id.

use auth0_teams::Client;
use auth0_teams::types::{TeamMember, TenantItem};

use crate::failure::Failure;
use crate::names::near_matches;
use crate::team;

/// The member with this e-mail address or id.
pub(crate) async fn member(client: &Client, wanted: &str) -> Result<TeamMember, Failure> {
    let members = team::members(client).await?;
    let found = members
        .iter()
        .find(|member| member.id == wanted)
        .or_else(|| {
            let has_email = |member: &&TeamMember| member.email.eq_ignore_ascii_case(wanted);
            members.iter().find(has_email)
        });
    found.cloned().ok_or_else(|| {
        let names = members.iter().map(|member| &*member.email);
        Failure::usage(format!(
            "expected a member of the team by e-mail address or id, found `{wanted}`{}",
            near_matches(wanted, names)
        ))
    })
}

/// The tenants with these names, domains or ids, in this order and without duplicates.
pub(crate) async fn tenants(
    client: &Client,
    wanted: &[String],
) -> Result<Vec<TenantItem>, Failure> {
    let all = team::tenants(client).await?;
    let mut found: Vec<TenantItem> = Vec::new();
    for name in wanted {
        let tenant = tenant_among(&all, name)?;
        if !found
            .iter()
            .any(|other| other.tenant_id == tenant.tenant_id)
        {
            found.push(tenant.clone());
        }
    }
    Ok(found)
}

/// The tenant with this name, domain or id.
pub(crate) async fn tenant(client: &Client, wanted: &str) -> Result<TenantItem, Failure> {
    tenant_among(&team::tenants(client).await?, wanted).cloned()
}

fn tenant_among<'a>(all: &'a [TenantItem], wanted: &str) -> Result<&'a TenantItem, Failure> {
    let by_id = all.iter().find(|tenant| tenant.tenant_id.is(wanted));
    let by_domain = || {
        all.iter()
            .find(|tenant| tenant.domain.eq_ignore_ascii_case(wanted))
    };
    if let Some(tenant) = by_id.or_else(by_domain) {
        return Ok(tenant);
    }
    let named: Vec<&TenantItem> = all
        .iter()
        .filter(|tenant| tenant.tenant_name == wanted)
        .collect();
    match named.as_slice() {
        [tenant] => Ok(tenant),
        [] => Err(Failure::usage(format!(
            "expected a tenant of the team by name, domain or id, found `{wanted}`{}",
            near_matches(wanted, all.iter().map(|tenant| &*tenant.tenant_name))
        ))),
        several => {
            let domains: Vec<&str> = several.iter().map(|tenant| &*tenant.domain).collect();
            Err(Failure::usage(format!(
                "expected one tenant, found {} with the name `{wanted}`: use a domain ({}) or an id",
                several.len(),
                domains.join(", ")
            )))
        }
    }
}
