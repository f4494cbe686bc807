//! `tenant`.

use auth0_teams::types::{
    CreateTenantsRequestContent, EnvironmentTypeEnum, PrivateCloudPayload,
    PrivateCloudPayloadRequired, PublicCloudPayload, PublicCloudPayloadRequired, TenantItem,
};
use auth0_teams::{Error, Open};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::tenant_secret::{SecretArguments, SecretSink};
use crate::cli::Confirmation;
use crate::context::Context;
use crate::failure::{Exit, Failure, chain};
use crate::lookup;
use crate::output::note;
use crate::team;

#[derive(Subcommand)]
pub(crate) enum TenantCommand {
    /// List the tenants of the team
    List {
        /// Only tenants of this environment
        #[arg(long, value_name = "NAME")]
        environment: Option<String>,
        /// Only tenants with this tag: development, staging or production
        #[arg(long, value_name = "TAG")]
        tag: Option<String>,
    },
    /// Show a tenant
    #[command(after_help = "Examples:\n  auth0-teams tenant get acme-1")]
    Get {
        /// Name, domain or id
        tenant: String,
    },
    /// Create a tenant and store the secret of its management client
    ///
    /// No other call returns that secret. It is written as soon as it exists; if that fails, to a private file in the
    /// directory of temporary files, whose path is reported.
    #[command(
        after_help = "Examples:\n  auth0-teams tenant create acme-dev --locality eu --admin ada@example.com --secret-file acme-dev.json\n  auth0-teams tenant create acme-dev --locality eu --admin ada@example.com --secret-command 'pass insert -m auth0/acme-dev'"
    )]
    Create(CreateArguments),
    /// Delete a tenant with everything in it; its name cannot be used again
    #[command(after_help = "Examples:\n  auth0-teams tenant delete acme-dev --confirm acme-dev")]
    Delete {
        /// Name, domain or id
        tenant: String,
        #[command(flatten)]
        confirmation: Confirmation,
    },
    /// List the members of a tenant
    #[command(after_help = "Examples:\n  auth0-teams tenant members acme-1")]
    Members {
        /// Name, domain or id
        tenant: String,
    },
}

#[derive(Args)]
pub(crate) struct CreateArguments {
    /// Name of the tenant: 3 to 63 lower-case letters, digits and hyphens
    name: String,
    /// E-mail address of its first administrator, a member of the team
    #[arg(long, value_name = "EMAIL")]
    admin: String,
    /// Locality in the public cloud, such as eu
    #[arg(
        long,
        value_name = "LOCALITY",
        required_unless_present = "environment",
        conflicts_with = "environment"
    )]
    locality: Option<String>,
    /// Tag in the public cloud: development, staging or production
    #[arg(long, value_name = "TAG", conflicts_with = "environment")]
    tag: Option<String>,
    /// Environment of a private cloud
    #[arg(long, value_name = "NAME")]
    environment: Option<String>,
    #[command(flatten)]
    secret: SecretArguments,
}

const COLUMNS: &[&str] = &[
    "name",
    "domain",
    "environment",
    "tag",
    "locality",
    "created_at",
    "id",
];

fn cells(tenant: &TenantItem) -> [Value; 7] {
    [
        json!(tenant.tenant_name),
        json!(tenant.domain),
        json!(tenant.environment),
        json!(tenant.environment_tag),
        json!(tenant.locality),
        json!(tenant.created_at),
        json!(tenant.tenant_id),
    ]
}

pub(crate) async fn run(command: TenantCommand, context: &Context) -> Result<Exit, Failure> {
    match command {
        TenantCommand::List { environment, tag } => {
            let mut listing = context.client.tenants().list().page_size(50);
            if let Some(environment) = environment {
                listing = listing.environment(environment);
            }
            if let Some(tag) = tag {
                listing = listing.environment_tag(environment_tag(&tag));
            }
            let mut rows = context.console.rows(COLUMNS)?;
            let mut tenants = listing.stream();
            while let Some(tenant) = tenants.try_next().await? {
                rows.write(cells(&tenant))?;
            }
            rows.finish()?;
        }
        TenantCommand::Get { tenant } => {
            let tenant = lookup::tenant(&context.client, &tenant).await?;
            let mut rows = context.console.rows(COLUMNS)?;
            rows.write(cells(&tenant))?;
            rows.finish()?;
        }
        TenantCommand::Create(arguments) => create(context, arguments).await?,
        TenantCommand::Delete {
            tenant,
            confirmation,
        } => {
            let tenant = lookup::tenant(&context.client, &tenant).await?;
            let name = &*tenant.tenant_name;
            let action = format!("deleting the tenant {name} ({})", tenant.domain);
            context
                .console
                .confirm(&action, name, confirmation.confirm.as_deref())?;
            match context.writer().tenants().delete(&tenant.tenant_id).await {
                Err(error) if error.is_not_found() && error.earlier_attempt_may_have_acted() => {}
                other => other.map(drop)?,
            }
            note(format!("deleted {name}"));
        }
        TenantCommand::Members { tenant } => members(context, &tenant).await?,
    }
    Ok(Exit::Success)
}

async fn members(context: &Context, tenant: &str) -> Result<(), Failure> {
    let tenant = lookup::tenant(&context.client, tenant).await?;
    let mut rows = context.console.rows(&["email", "roles", "name", "id"])?;
    let listing = context.client.tenants().members().list(&tenant.tenant_id);
    let mut members = listing.page_size(50).stream();
    while let Some(member) = members.try_next().await? {
        rows.write([
            json!(member.email),
            json!(member.roles),
            json!(member.name),
            json!(member.id),
        ])?;
    }
    rows.finish()
}

fn environment_tag(text: &str) -> Open<EnvironmentTypeEnum> {
    Open::parse(text).unwrap_or_else(|_| Open::other(text))
}

async fn create(context: &Context, arguments: CreateArguments) -> Result<(), Failure> {
    let mut rows = context
        .console
        .rows(&["name", "domain", "id", "client_id", "secret"])?;
    let request = request(&arguments)?;
    let writer = context.writer();
    // Fails before the tenant is created if the file cannot be written.
    let mut sink = SecretSink::open(&arguments.secret, &arguments.name)?;
    let created = match writer.tenants().create(request).await {
        Ok(created) => created,
        Err(error) if error.has_acted() => {
            let body = error.body().map_or(&[][..], |body| &body[..]);
            sink.store(body)?;
            return Err(Failure::partial(format!(
                "{} was created, but the response could not be decoded; it is stored {}: {}",
                arguments.name,
                sink.place(),
                chain(&error)
            )));
        }
        Err(error) => {
            sink.discard();
            return Err(not_created(context, &arguments.name, error).await);
        }
    };
    let client = created.management_client();
    let secret = json!({
        "tenant": arguments.name,
        "tenant_id": created.tenant_id(),
        "domain": created.domain(),
        "client_id": client.client_id,
        "client_secret": client.client_secret.secret(),
    });
    sink.store(format!("{secret}\n").as_bytes())?;
    rows.write([
        json!(arguments.name),
        json!(created.domain()),
        json!(created.tenant_id()),
        json!(client.client_id),
        json!(sink.place()),
    ])?;
    rows.finish()
}

/// The failure of a creation. If its outcome is unknown, the list of tenants tells whether the tenant exists.
async fn not_created(context: &Context, name: &str, error: Error) -> Failure {
    if !error.is_outcome_unknown() {
        return error.into();
    }
    let cause = chain(&error);
    let rotate = "rotate the secret of its management client, which was lost";
    match team::tenants(&context.client).await {
        Ok(tenants) if tenants.iter().any(|tenant| tenant.tenant_name == name) => Failure::partial(
            format!("{name} exists although the creation failed ({cause}): {rotate}"),
        ),
        Ok(_) => Failure::failed(format!(
            "{name} is not in the list of tenants ({cause}): check `auth0-teams tenant get {name}` again, because the creation may \
             still be in progress, and then run the command again"
        )),
        Err(_) => Failure::failed(format!(
            "{name} may have been created ({cause}): verify with `auth0-teams tenant get {name}`; if it exists, {rotate}"
        )),
    }
}

fn request(arguments: &CreateArguments) -> Result<CreateTenantsRequestContent, Failure> {
    let admin_email = &arguments.admin;
    Ok(match (&arguments.locality, &arguments.environment) {
        (Some(locality), None) => {
            let required = PublicCloudPayloadRequired {
                admin_email,
                locality,
            };
            let request = PublicCloudPayload::new(required).tenant_name(&arguments.name);
            match &arguments.tag {
                Some(tag) => request.environment_tag(environment_tag(tag)).into(),
                None => request.into(),
            }
        }
        (None, Some(environment)) => {
            let required = PrivateCloudPayloadRequired {
                admin_email,
                environment,
            };
            PrivateCloudPayload::new(required)
                .tenant_name(&arguments.name)
                .into()
        }
        _ => {
            return Err(Failure::usage(
                "expected either --locality or --environment",
            ));
        }
    })
}
