//! Finds people by e-mail address or id, and tenants by name, domain or id.

use auth0_teams::Client;
use auth0_teams::types::{TeamMember, TenantItem};

use crate::failure::Failure;
use crate::names::near_matches;
use crate::team;

/// The member with this e-mail address or id.
pub(crate) async fn member(client: &Client, wanted: &str) -> Result<TeamMember, Failure> {
    member_among(&team::members(client).await?, wanted).cloned()
}

fn member_among<'a>(all: &'a [TeamMember], wanted: &str) -> Result<&'a TeamMember, Failure> {
    if let Some(member) = all.iter().find(|member| member.id == wanted) {
        return Ok(member);
    }
    let has_email = |member: &&TeamMember| member.email.eq_ignore_ascii_case(wanted);
    let found: Vec<&TeamMember> = all.iter().filter(has_email).collect();
    match found.as_slice() {
        [member] => Ok(member),
        [] => Err(Failure::usage(format!(
            "expected a member of the team by e-mail address or id, found `{wanted}`{}",
            near_matches(wanted, all.iter().map(|member| &*member.email))
        ))),
        several => {
            let ids = several.iter().map(|member| &*member.id);
            Err(same_email(wanted, ids, "use an id"))
        }
    }
}

/// The failure if several members have the e-mail address that names one.
pub(crate) fn same_email<'a>(
    email: &str,
    ids: impl IntoIterator<Item = &'a str>,
    remedy: &str,
) -> Failure {
    let ids: Vec<&str> = ids.into_iter().collect();
    Failure::usage(format!(
        "expected one member with the e-mail address {email}, found {} ({}): {remedy}",
        ids.len(),
        ids.join(", ")
    ))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn email_of_several_members_is_ambiguous_and_their_ids_are_not() {
        let members: Vec<TeamMember> = ["a", "b"]
            .map(|id| {
                let json = format!(
                    r#"{{"id": "auth0|{id}", "email": "jo@x.test", "name": "", "given_name": "", "family_name": "", "nickname": "", "role": "teams_owner"}}"#
                );
                serde_json::from_str(&json).unwrap()
            })
            .into();
        let error = member_among(&members, "JO@x.test").err().unwrap();
        assert_eq!(
            error.message(),
            "expected one member with the e-mail address JO@x.test, found 2 (auth0|a, auth0|b): use an id"
        );
        assert!(member_among(&members, "auth0|b").is_ok_and(|member| member.id == "auth0|b"));
    }
}
