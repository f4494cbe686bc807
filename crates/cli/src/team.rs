//! The state of a team: members, tenants and who has which access.

use std::collections::{BTreeMap, BTreeSet};

use auth0_teams::types::{MemberTenantItem, TeamMember, TenantItem};
use auth0_teams::{Client, Error};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::lookup;

/// Calls in flight while the access of all members is read.
const CONCURRENCY: usize = 8;

/// Roles on a tenant, and the applications that `editor-specific-apps` is limited to.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Access {
    pub(crate) roles: BTreeSet<String>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) client_ids: BTreeSet<String>,
}

/// A member with their access, by tenant id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Member {
    pub(crate) id: String,
    pub(crate) email: String,
    pub(crate) role: String,
    pub(crate) access: BTreeMap<String, Access>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Tenant {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) domain: String,
    pub(crate) environment: String,
    pub(crate) tag: Option<String>,
}

/// Everything that a roster describes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct TeamState {
    pub(crate) members: Vec<Member>,
    pub(crate) tenants: Vec<Tenant>,
}

/// The role of team owners.
pub(crate) const OWNER: &str = "teams_owner";

impl TeamState {
    pub(crate) async fn read(client: &Client) -> Result<Self, Error> {
        let tenants: Vec<Tenant> = tenants(client).await?.iter().map(Tenant::from).collect();
        let environments = environments(&tenants);
        let members = members(client).await?;
        let mut members: Vec<Member> = stream::iter(members)
            .map(|member| read_member(client, member, &environments))
            .buffered(CONCURRENCY)
            .try_filter_map(async |member| Ok(member))
            .try_collect()
            .await?;
        members.sort_by(|a, b| a.email.cmp(&b.email).then_with(|| a.id.cmp(&b.id)));
        let mut state = Self { members, tenants };
        state.add_unlisted_tenants();
        Ok(state)
    }

    /// Adds the tenants that a member has access to although the listing lacks them, such as one that was just created.
    fn add_unlisted_tenants(&mut self) {
        let ids = self.members.iter().flat_map(|member| member.access.keys());
        let unlisted: BTreeSet<String> = ids
            .filter(|id| self.tenant(id).is_none())
            .cloned()
            .collect();
        self.tenants.extend(unlisted.into_iter().map(|id| Tenant {
            name: id.clone(),
            domain: id.clone(),
            id,
            environment: String::new(),
            tag: None,
        }));
    }

    pub(crate) fn member(&self, email: &str) -> Option<&Member> {
        let has_email = |member: &&Member| member.email.eq_ignore_ascii_case(email);
        self.members.iter().find(has_email)
    }

    /// Fails if several members have the same e-mail address and it `is_named`: an address then names none of them.
    pub(crate) fn check_emails(
        &self,
        is_named: impl Fn(&str) -> bool,
        remedy: &str,
    ) -> Result<(), Failure> {
        let mut ids = BTreeMap::<String, Vec<&str>>::new();
        for member in self.members.iter().filter(|member| is_named(&member.email)) {
            let email = member.email.to_lowercase();
            ids.entry(email).or_default().push(&member.id);
        }
        match ids.into_iter().find(|(_, ids)| ids.len() > 1) {
            Some((email, ids)) => Err(lookup::same_email(&email, ids, remedy)),
            None => Ok(()),
        }
    }

    pub(crate) fn member_by_id(&self, id: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.id == id)
    }

    pub(crate) fn tenant(&self, id: &str) -> Option<&Tenant> {
        self.tenants.iter().find(|tenant| tenant.id == id)
    }

    /// The name of a tenant, or its id if there is no such tenant.
    pub(crate) fn tenant_name<'a>(&'a self, id: &'a str) -> &'a str {
        self.tenant(id).map_or(id, |tenant| &tenant.name)
    }

    pub(crate) fn environments(&self) -> BTreeSet<String> {
        environments(&self.tenants)
    }
}

fn environments(tenants: &[Tenant]) -> BTreeSet<String> {
    let environments = tenants.iter().map(|tenant| tenant.environment.clone());
    environments.filter(|name| !name.is_empty()).collect()
}

/// A member's access in these environments. `None` if they left the team meanwhile.
async fn read_member(
    client: &Client,
    member: TeamMember,
    environments: &BTreeSet<String>,
) -> Result<Option<Member>, Error> {
    let id = member.id.text().into_owned();
    let access = match access_of(client, &id, environments).await {
        Err(error) if error.is_not_found() && is_gone(client, &id).await? => return Ok(None),
        other => other?,
    };
    Ok(Some(Member {
        email: member.email.text().into_owned(),
        role: member.role.to_string(),
        id,
        access,
    }))
}

/// Whether the team has no such member.
pub(crate) async fn is_gone(client: &Client, id: &str) -> Result<bool, Error> {
    match client.members().get(id).await {
        Ok(_) => Ok(false),
        Err(error) if error.is_not_found() => Ok(true),
        Err(error) => Err(error),
    }
}

/// A member's access, by tenant id.
pub(crate) async fn access_of(
    client: &Client,
    id: &str,
    environments: &BTreeSet<String>,
) -> Result<BTreeMap<String, Access>, Error> {
    let mut access = BTreeMap::new();
    for environment in environments {
        let listed = client.members().tenants().list(id, environment).await?;
        for tenant in &listed.tenants {
            access.insert(tenant.tenant_id.to_string(), Access::from(tenant));
        }
    }
    Ok(access)
}

pub(crate) async fn members(client: &Client) -> Result<Vec<TeamMember>, Error> {
    client
        .members()
        .list()
        .page_size(50)
        .stream()
        .try_collect()
        .await
}

pub(crate) async fn tenants(client: &Client) -> Result<Vec<TenantItem>, Error> {
    client
        .tenants()
        .list()
        .page_size(50)
        .stream()
        .try_collect()
        .await
}

impl From<&TenantItem> for Tenant {
    fn from(tenant: &TenantItem) -> Self {
        Self {
            id: tenant.tenant_id.to_string(),
            name: tenant.tenant_name.text().into_owned(),
            domain: tenant.domain.text().into_owned(),
            environment: tenant.environment.text().into_owned(),
            tag: tenant.environment_tag.as_ref().map(ToString::to_string),
        }
    }
}

impl From<&MemberTenantItem> for Access {
    fn from(tenant: &MemberTenantItem) -> Self {
        let roles = tenant.roles.iter().map(|item| item.role.to_string());
        let client_ids = tenant
            .roles
            .iter()
            .flat_map(|item| &item.client_ids)
            .flatten();
        Self {
            roles: roles.collect(),
            client_ids: client_ids.map(|id| id.text().into_owned()).collect(),
        }
    }
}
