//! `access`.

use auth0_teams::types::{
    CreateMembersTenantsRequestContent, CreateMembersTenantsRequestContentRequired,
    DeleteMembersTenantsRequestContent, MembersTenantsFailureItem,
    UpdateMembersTenantsRequestContent, UpdateMembersTenantsRequestContentRequired,
};
use auth0_teams::{Client, Error};
use clap::{Args, Subcommand};
use serde_json::json;

use super::member::access_role;
use crate::context::Context;
use crate::failure::{Exit, Failure, chain};
use crate::lookup;
use crate::team::{self, Access, TeamState, Tenant};

#[derive(Subcommand)]
pub(crate) enum AccessCommand {
    /// List who has access to which tenants
    List {
        /// Only this member, by e-mail address or id
        #[arg(long, value_name = "MEMBER")]
        member: Option<String>,
        /// Only this tenant, by name, domain or id
        #[arg(long, value_name = "TENANT")]
        tenant: Option<String>,
    },
    /// Review who has which access: CSV, JSON, one HTML page, differences to an earlier review
    Review(super::review::ReviewArguments),
    /// Give a member access to tenants to which they have none
    #[command(
        after_help = "Examples:\n  auth0-teams access grant jo@example.com acme-1 acme-2 --role viewer-users"
    )]
    Grant(ChangeArguments),
    /// Replace a member's roles on tenants
    #[command(
        after_help = "Examples:\n  auth0-teams access change jo@example.com acme-1 --role editor-users"
    )]
    Change(ChangeArguments),
    /// Remove a member's access to tenants
    #[command(after_help = "Examples:\n  auth0-teams access revoke jo@example.com acme-1")]
    Revoke {
        /// E-mail address or id
        member: String,
        /// Name, domain or id
        #[arg(required = true)]
        tenants: Vec<String>,
    },
}

#[derive(Args)]
pub(crate) struct ChangeArguments {
    /// E-mail address or id
    member: String,
    /// Name, domain or id
    #[arg(required = true)]
    tenants: Vec<String>,
    /// Role on these tenants, such as viewer-users; can be repeated
    #[arg(long = "role", value_name = "ROLE", required = true)]
    roles: Vec<String>,
    /// Application that the role editor-specific-apps is limited to; can be repeated
    #[arg(long = "app", value_name = "CLIENT_ID")]
    client_ids: Vec<String>,
}

pub(crate) async fn run(command: AccessCommand, context: &Context) -> Result<Exit, Failure> {
    let (member, tenants, change) = match command {
        AccessCommand::List { member, tenant } => return list(context, member, tenant).await,
        AccessCommand::Review(arguments) => return super::review::run(arguments, context).await,
        AccessCommand::Grant(arguments) => {
            let access = arguments.access();
            (arguments.member, arguments.tenants, Change::Grant(access))
        }
        AccessCommand::Change(arguments) => {
            let access = arguments.access();
            (arguments.member, arguments.tenants, Change::Replace(access))
        }
        AccessCommand::Revoke { member, tenants } => (member, tenants, Change::Revoke),
    };
    // Detect missing members and tenants before anything is changed.
    let member = lookup::member(&context.client, &member).await?;
    let tenants = lookup::tenants(&context.client, &tenants).await?;
    context.stop.finish_calls();
    let mut rows = context
        .console
        .rows(&["tenant", "domain", "result", "detail"])?;
    // Printed at the end: a reader that stops must not stop the calls.
    let mut results = Vec::new();
    let (mut succeeded, mut failed) = (0, 0);
    for batch in tenants.chunks(change.batch_size()) {
        let ids: Vec<String> = batch
            .iter()
            .map(|tenant| tenant.tenant_id.to_string())
            .collect();
        let result = if context.stop.is_requested() {
            Err("stopped before this call".to_owned())
        } else {
            let outcome = change.send(&context.client, &member.id, &ids).await;
            outcome.map_err(|error| chain(&error))
        };
        for tenant in batch {
            let failure = match &result {
                Ok(failures) => failures
                    .iter()
                    .find(|failure| failure.tenant_id == tenant.tenant_id)
                    .map(|failure| failure.title.text().into_owned()),
                Err(message) => Some(message.clone()),
            };
            let word = if failure.is_none() {
                change.done()
            } else {
                "failed"
            };
            if failure.is_none() {
                succeeded += 1
            } else {
                failed += 1
            }
            results.push([
                json!(tenant.tenant_name),
                json!(tenant.domain),
                json!(word),
                json!(failure),
            ]);
        }
    }
    results
        .into_iter()
        .try_for_each(|cells| rows.write(cells))?;
    rows.finish()?;
    Ok(match (succeeded, failed) {
        (_, 0) => Exit::Success,
        (0, _) => Exit::Failure,
        _ => Exit::Partial,
    })
}

impl ChangeArguments {
    fn access(&self) -> Access {
        Access {
            roles: self.roles.iter().cloned().collect(),
            client_ids: self.client_ids.iter().cloned().collect(),
        }
    }
}

/// A bulk change of a member's access.
pub(crate) enum Change {
    Grant(Access),
    Replace(Access),
    Revoke,
}

impl Change {
    /// How many tenants one call changes: the API accepts ten, and one with applications.
    pub(crate) fn batch_size(&self) -> usize {
        match self {
            Self::Grant(access) | Self::Replace(access) if !access.client_ids.is_empty() => 1,
            _ => 10,
        }
    }

    fn done(&self) -> &'static str {
        match self {
            Self::Grant(_) => "granted",
            Self::Replace(_) => "changed",
            Self::Revoke => "revoked",
        }
    }

    /// Makes one call. Returns the failures of single tenants.
    pub(crate) async fn send(
        &self,
        client: &Client,
        member: &str,
        tenants: &[String],
    ) -> Result<Vec<MembersTenantsFailureItem>, Error> {
        let tenants = tenants.iter().map(String::as_str);
        let calls = client.members().tenants();
        Ok(match self {
            Self::Grant(access) => {
                let roles = access.roles.iter().map(|role| access_role(role));
                let required = CreateMembersTenantsRequestContentRequired { roles, tenants };
                let mut request = CreateMembersTenantsRequestContent::new(required);
                if !access.client_ids.is_empty() {
                    request = request.client_ids(access.client_ids.iter().cloned());
                }
                calls
                    .create(member, request)
                    .await?
                    .failures()
                    .cloned()
                    .collect()
            }
            Self::Replace(access) => {
                let roles = access.roles.iter().map(|role| access_role(role));
                let required = UpdateMembersTenantsRequestContentRequired { roles, tenants };
                let mut request = UpdateMembersTenantsRequestContent::new(required);
                if !access.client_ids.is_empty() {
                    request = request.client_ids(access.client_ids.iter().cloned());
                }
                calls
                    .update(member, request)
                    .await?
                    .failures()
                    .cloned()
                    .collect()
            }
            Self::Revoke => {
                let request = DeleteMembersTenantsRequestContent::with_tenants(tenants);
                calls
                    .remove(member, request)
                    .await?
                    .failures()
                    .cloned()
                    .collect()
            }
        })
    }
}

async fn list(
    context: &Context,
    member: Option<String>,
    tenant: Option<String>,
) -> Result<Exit, Failure> {
    let client = &context.client;
    let tenant: Option<Tenant> = match &tenant {
        Some(wanted) => Some(Tenant::from(&lookup::tenant(client, wanted).await?)),
        None => None,
    };
    let state = match &member {
        Some(wanted) => {
            let member = lookup::member(client, wanted).await?;
            let tenants = team::tenants(client).await?;
            let mut state = TeamState {
                tenants: tenants.iter().map(Tenant::from).collect(),
                members: Vec::new(),
            };
            let environments = state.environments();
            state.members.push(team::Member {
                access: team::access_of(client, &member.id, &environments).await?,
                email: member.email.text().into_owned(),
                role: member.role.to_string(),
                id: member.id.text().into_owned(),
            });
            state
        }
        None => TeamState::read(client).await?,
    };
    let columns = &[
        "email",
        "tenant",
        "roles",
        "client_ids",
        "environment",
        "tag",
        "team_role",
    ];
    let mut rows = context.console.rows(columns)?;
    for member in &state.members {
        let mut accesses: Vec<(&String, &Access)> = member.access.iter().collect();
        accesses.sort_by_key(|(id, _)| state.tenant_name(id));
        for (id, access) in accesses {
            if tenant.as_ref().is_some_and(|tenant| tenant.id != *id) {
                continue;
            }
            let found = state.tenant(id);
            rows.write([
                json!(member.email),
                json!(state.tenant_name(id)),
                json!(access.roles),
                json!(access.client_ids),
                json!(found.map(|tenant| &tenant.environment)),
                json!(found.and_then(|tenant| tenant.tag.as_ref())),
                json!(member.role),
            ])?;
        }
    }
    rows.finish()?;
    Ok(Exit::Success)
}
