//! `member`.

use std::path::PathBuf;

use auth0_teams::types::{
    InviteMembersRequestContent, InviteMembersRequestContentRequired, TeamMember,
    TeamMemberRoleEnum, UpdateMembersRequestContent,
};
use auth0_teams::{Error, Open};
use clap::{Args, Subcommand};
use serde_json::json;

use super::member_file;
use crate::cli::Confirmation;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::lookup;
use crate::output::note;
use crate::roster::Guards;
use crate::team::{self, OWNER, TeamState};

#[derive(Subcommand)]
pub(crate) enum MemberCommand {
    /// List the members of the team
    List,
    /// Show a member and their access
    #[command(after_help = "Examples:\n  auth0-teams member get jo@example.com")]
    Get {
        /// E-mail address or id
        member: String,
    },
    /// Invite a person, or all people of a CSV file
    ///
    /// The file has the columns email, role and optionally tenants and tenant_roles, whose values are separated by spaces.
    /// Invitations are recorded in the directory of the configuration, so that an interrupted command continues where it stopped and invites nobody twice.
    #[command(
        after_help = "Examples:\n  auth0-teams member invite jo@example.com --role teams_contributor\n  auth0-teams member invite --file people.csv"
    )]
    Invite(InviteArguments),
    /// Change the role of a member in the team
    #[command(
        after_help = "Examples:\n  auth0-teams member role jo@example.com teams_report_viewer"
    )]
    Role {
        /// E-mail address or id
        member: String,
        /// The new role, such as teams_contributor
        role: String,
        /// Number of owners that the team keeps
        #[arg(long, value_name = "NUMBER", default_value_t = 2)]
        min_owners: usize,
    },
    /// Remove a member from the team; `offboard` also verifies that nothing is left
    #[command(
        after_help = "Examples:\n  auth0-teams member remove jo@example.com --confirm jo@example.com"
    )]
    Remove {
        /// E-mail address or id
        member: String,
        /// Number of owners that the team keeps
        #[arg(long, value_name = "NUMBER", default_value_t = 2)]
        min_owners: usize,
        #[command(flatten)]
        confirmation: Confirmation,
    },
}

#[derive(Args)]
pub(crate) struct InviteArguments {
    /// E-mail address of the person
    #[arg(value_parser = email_address, required_unless_present = "file", conflicts_with = "file", requires = "role")]
    email: Option<String>,
    /// Role in the team, such as teams_contributor
    #[arg(long)]
    role: Option<String>,
    /// Tenant that the person will have access to, by name, domain or id; can be repeated
    #[arg(long = "tenant", value_name = "TENANT", requires = "tenant_roles")]
    tenants: Vec<String>,
    /// Role in these tenants, such as viewer-users; can be repeated
    #[arg(long = "tenant-role", value_name = "ROLE", requires = "tenants")]
    tenant_roles: Vec<String>,
    /// CSV file with the people to invite
    #[arg(long, value_name = "FILE", conflicts_with_all = ["role", "tenants"])]
    file: Option<PathBuf>,
}

const COLUMNS: &[&str] = &["email", "role", "name", "id"];

pub(crate) async fn run(command: MemberCommand, context: &Context) -> Result<Exit, Failure> {
    match command {
        MemberCommand::List => list(context).await?,
        MemberCommand::Get { member } => get(context, &member).await?,
        MemberCommand::Invite(arguments) => return invite(context, arguments).await,
        MemberCommand::Role {
            member,
            role,
            min_owners,
        } => {
            let mut rows = context.console.rows(&["email", "from", "to"])?;
            let member = lookup::member(&context.client, &member).await?;
            if role != OWNER {
                check_owners(context, &member.role.to_string(), min_owners).await?;
            }
            let request = UpdateMembersRequestContent::with_role(team_role(&role));
            let changed = context
                .writer()
                .members()
                .update(&member.id, request)
                .await?;
            rows.write([json!(member.email), json!(member.role), json!(changed.role)])?;
            rows.finish()?;
        }
        MemberCommand::Remove {
            member,
            min_owners,
            confirmation,
        } => {
            let member = lookup::member(&context.client, &member).await?;
            check_owners(context, &member.role.to_string(), min_owners).await?;
            let action = format!("removing {} from the team", member.email);
            let confirm = confirmation.confirm.as_deref();
            context.console.confirm(&action, &member.email, confirm)?;
            delete(context, &member.id).await?;
            note(format!("removed {}", member.email));
        }
    }
    Ok(Exit::Success)
}

async fn list(context: &Context) -> Result<(), Failure> {
    let mut rows = context.console.rows(COLUMNS)?;
    let mut members = context.client.members().list().page_size(50).stream();
    while let Some(member) = members.try_next().await? {
        rows.write([
            json!(member.email),
            json!(member.role),
            json!(member.name),
            json!(member.id),
        ])?;
    }
    rows.finish()
}

async fn get(context: &Context, wanted: &str) -> Result<(), Failure> {
    let member = lookup::member(&context.client, wanted).await?;
    let tenants = crate::team::tenants(&context.client).await?;
    let tenants = tenants.iter().map(Into::into).collect();
    let state = TeamState {
        members: Vec::new(),
        tenants,
    };
    let environments = state.environments();
    let access = crate::team::access_of(&context.client, &member.id, &environments).await?;
    let access: Vec<String> = access
        .iter()
        .map(|(id, access)| {
            let roles: Vec<&str> = access.roles.iter().map(String::as_str).collect();
            format!("{}: {}", state.tenant_name(id), roles.join(" "))
        })
        .collect();
    let mut rows = context
        .console
        .rows(&["email", "role", "name", "id", "access"])?;
    rows.write([
        json!(member.email),
        json!(member.role),
        json!(member.name),
        json!(member.id),
        json!(access),
    ])?;
    rows.finish()
}

async fn invite(context: &Context, arguments: InviteArguments) -> Result<Exit, Failure> {
    if let Some(file) = &arguments.file {
        return member_file::invite_all(context, file).await;
    }
    let (Some(email), Some(role)) = (arguments.email, arguments.role) else {
        return Err(Failure::usage("expected an e-mail address and --role"));
    };
    let mut rows = context.console.rows(&["email", "role", "id"])?;
    let tenants = lookup::tenants(&context.client, &arguments.tenants).await?;
    let tenants: Vec<String> = tenants
        .iter()
        .map(|tenant| tenant.tenant_id.to_string())
        .collect();
    let request = invitation(&email, &role, &tenants, &arguments.tenant_roles);
    let mut invitations = context.invitations()?;
    let sent = invitations.send(context.writer(), &email, request).await?;
    let invited = match sent {
        Err(error) if error.is_outcome_unknown() => return Err(unknown_invitation(&email, &error)),
        other => other?,
    };
    rows.write([json!(invited.email), json!(invited.role), json!(invited.id)])?;
    rows.finish()?;
    Ok(Exit::Success)
}

fn unknown_invitation(email: &str, error: &Error) -> Failure {
    Failure::failed(format!(
        "{email} may have been invited ({error}): ask the person before you invite them again"
    ))
}

/// Checks an e-mail address of the command line.
pub(crate) fn email_address(text: &str) -> Result<String, String> {
    match text.split_once('@') {
        Some((name, domain)) if !name.is_empty() && !domain.is_empty() => Ok(text.to_owned()),
        _ => Err("expected an e-mail address such as jo@example.com".to_owned()),
    }
}

/// An invitation with access to tenants.
pub(crate) fn invitation(
    email: &str,
    role: &str,
    tenants: &[String],
    tenant_roles: &[String],
) -> InviteMembersRequestContent {
    let role = team_role(role);
    let required = InviteMembersRequestContentRequired { email, role };
    let request = InviteMembersRequestContent::new(required);
    if tenants.is_empty() {
        return request;
    }
    let roles = tenant_roles.iter().map(|role| access_role(role));
    request
        .tenant_ids(tenants.iter().map(String::as_str))
        .tenant_roles(roles)
}

/// Fails if the team would have too few owners without a member of this role.
pub(crate) async fn check_owners(
    context: &Context,
    role: &str,
    min_owners: usize,
) -> Result<(), Failure> {
    if role != OWNER {
        return Ok(());
    }
    let members = team::members(&context.client).await?;
    let is_owner = |member: &&TeamMember| member.role.to_string() == OWNER;
    let owners = members.iter().filter(is_owner).count();
    let guards = Guards::of_owners(min_owners);
    match guards.owner_violation(owners, owners.saturating_sub(1)) {
        Some(violation) => Err(Failure::failed(violation)),
        None => Ok(()),
    }
}

/// Removes a member from the team. A lost response is retried; a 404 then means that the first attempt succeeded.
pub(crate) async fn delete(context: &Context, id: &str) -> Result<(), Error> {
    match context.writer().members().delete(id).await {
        Err(error) if error.is_not_found() && error.earlier_attempt_may_have_acted() => Ok(()),
        other => other.map(drop),
    }
}

/// A role in the team. Unknown roles are sent as they are, because the server may know more.
pub(crate) fn team_role(text: &str) -> Open<TeamMemberRoleEnum> {
    Open::parse(text).unwrap_or_else(|_| Open::other(text))
}

/// A role on a tenant. Unknown roles are sent as they are.
pub(crate) fn access_role(text: &str) -> Open<auth0_teams::types::TenantMemberRoleEnum> {
    Open::parse(text).unwrap_or_else(|_| Open::other(text))
}
