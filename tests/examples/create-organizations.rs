//! Creates organizations with connections and members in the Management API, several at a time and within the rate
//! limits of the plan.
//!
//! ```text
//! cargo run --example create-organizations            # against a local sandbox, without an account
//! cargo run --example create-organizations -- --help  # arguments, and how to use a live tenant
//! ```
//!
//! Every organization is first looked up by name, so the command can be repeated. Prints a line per organization and a
//! table of connections and members. Exit status: 0 success, 1 an organization needs attention, 2 invalid arguments,
//! environment variables or input file.

#![allow(clippy::print_stdout, reason = "prints its results")]

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use auth0_core::Operation;
use auth0_core::codegen::{Check as _, Checker, Rules};
use auth0_management::types::{
    AddOrganizationConnectionRequestContent, ConnectionForOrganization,
    CreateOrganizationMemberRequestContent, CreateOrganizationRequestContent,
    OrganizationConnection, OrganizationMember,
};
use auth0_management::{Client, Error, Limits, limits, operations};
use auth0_sandbox::Sandbox;
use clap::{Parser, ValueEnum};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::Deserialize;

use support::organizations::{ENVIRONMENT, open};
use support::{Failure, error_chain, write};

mod support;

/// The called operations.
const OPERATIONS: &[&Operation] = &[
    &operations::ORGANIZATIONS_GET_BY_NAME,
    &operations::ORGANIZATIONS_CREATE,
    &operations::ORGANIZATIONS_LIST,
    &operations::ORGANIZATIONS_ENABLED_CONNECTIONS_LIST,
    &operations::ORGANIZATIONS_ENABLED_CONNECTIONS_ADD,
    &operations::ORGANIZATIONS_MEMBERS_LIST,
    &operations::ORGANIZATIONS_MEMBERS_CREATE,
];

/// Create organizations with their connections and members, and list them
///
/// An organization that exists, by name, gets the connections and members that it lacks. Nothing is removed.
#[derive(Parser)]
#[command(after_help = support::help(
    "creates the organizations, enables connections and adds members. A live tenant requires --file and --plan.",
    OPERATIONS,
    &ENVIRONMENT,
))]
struct Arguments {
    /// File with one JSON object per organization and line: {"name": "acme", "display_name": "Acme", "connections":
    /// ["con_…"], "members": ["auth0|…"]}; only the name is required
    #[arg(long, value_name = "FILE", conflicts_with = "count")]
    file: Option<PathBuf>,
    /// Number of generated organizations; only for a sandbox
    #[arg(long, value_name = "NUMBER", default_value_t = 50)]
    count: usize,
    /// Plan whose rate limits apply
    #[arg(long, value_enum)]
    plan: Option<Plan>,
    /// Number of organizations processed concurrently
    #[arg(long, value_name = "NUMBER", default_value_t = 8, value_parser = at_least_one)]
    at_once: usize,
}

#[derive(Clone, Copy, ValueEnum)]
enum Plan {
    /// Production tenant of Public Enterprise: 16 requests per second.
    Production,
    /// Development or staging tenant of Public Enterprise: 2 requests per second. New tenants are of this kind.
    Other,
}

impl Plan {
    fn limits(self) -> Limits {
        match self {
            Self::Production => limits::PUBLIC_ENTERPRISE_PRODUCTION,
            Self::Other => limits::PUBLIC_ENTERPRISE_OTHER,
        }
    }
}

fn at_least_one(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| "expected a number, at least 1".to_owned())
}

/// An organization to create.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OrganizationSpec {
    name: String,
    display_name: Option<String>,
    /// Connection ids.
    #[serde(default)]
    connections: Vec<String>,
    /// User ids.
    #[serde(default)]
    members: Vec<String>,
}

/// Maximum number of connections in the request that creates an organization.
const CONNECTIONS: usize = 10;

/// Number of members per call. The document states no limit, so this uses the limit of similar calls.
const MEMBERS: usize = 10;

#[tokio::main]
async fn main() -> ExitCode {
    support::exit(run(Arguments::parse()).await)
}

async fn run(arguments: Arguments) -> Result<(), Failure> {
    let plan = "public-enterprise".parse::<auth0_sandbox::RateLimitPlan>();
    let plan = plan.map_err(Failure::failed)?.production();
    let limits = arguments.plan.unwrap_or(Plan::Production).limits();
    let target = open(Sandbox::builder().rate_limit_plan(plan), limits).await?;
    target.require(&[
        ("--file", arguments.file.is_some()),
        ("--plan", arguments.plan.is_some()),
    ])?;
    let client = &target.client;
    let wanted = match &arguments.file {
        Some(path) => read(path)?,
        None => sandbox_specs(client, arguments.count).await?,
    };
    // Validate all before anything is created.
    wanted.iter().try_for_each(check)?;

    let mut failed = 0;
    let mut results = stream::iter(&wanted)
        .map(|wanted| async move { (wanted, provision(client, wanted).await) })
        .buffered(arguments.at_once);
    while let Some((wanted, result)) = results.next().await {
        let text = result.unwrap_or_else(|failure| {
            failed += 1;
            failure.message()
        });
        write(format!("{}: {text}\n", wanted.name))?;
    }
    print_table(client, &wanted, arguments.at_once).await?;
    match failed {
        0 => Ok(()),
        _ => Err(Failure::failed(format!(
            "{failed} organizations need attention, see above"
        ))),
    }
}

/// Reads the file. Duplicate names are an error, because both would be created concurrently.
fn read(path: &Path) -> Result<Vec<OrganizationSpec>, Failure> {
    let file = path.display();
    let text = fs::read_to_string(path)
        .map_err(|error| Failure::usage(format!("{file}: cannot read the file: {error}")))?;
    let mut all: Vec<OrganizationSpec> = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim().is_empty() {
            continue;
        }
        let wanted: OrganizationSpec = serde_json::from_str(line)
            .map_err(|error| Failure::usage(format!("{file}, line {number}: {error}")))?;
        if all.iter().any(|other| other.name == wanted.name) {
            return Err(Failure::usage(format!(
                "{file}, line {number}: duplicate name `{}`",
                wanted.name
            )));
        }
        all.push(wanted);
    }
    Ok(all)
}

/// Generates organizations for the sandbox, with connections and members that exist in it.
async fn sandbox_specs(client: &Client, count: usize) -> Result<Vec<OrganizationSpec>, Error> {
    let (mut connections, mut people) = (Vec::new(), Vec::new());
    let mut organizations = client.organizations().list().page_size(3).stream();
    while let Some(organization) = organizations.try_next().await? {
        let id = organization.id.unwrap_or_default();
        let used = enabled_connections(client, &id).await?.into_iter();
        connections.extend(used.filter_map(|one| one.connection_id).map(String::from));
        let members = members(client, &id).await?.into_iter();
        people.extend(
            members
                .filter_map(|member| member.user_id)
                .map(String::from),
        );
    }
    connections.sort();
    connections.dedup();
    // Cycles through the pool, starting at a different item for each organization.
    let some = |pool: &[String], from: usize, most: usize| {
        let all = pool.iter().cycle().skip(from % pool.len().max(1));
        all.take(most.min(pool.len())).cloned().collect()
    };
    Ok((1..=count)
        .map(|number| OrganizationSpec {
            name: format!("customer-{number:02}"),
            display_name: Some(format!("Customer {number}")),
            connections: some(&connections, number, 1 + number % 2),
            members: some(&people, number, 1 + number % 3),
        })
        .collect())
}

fn request(wanted: &OrganizationSpec) -> CreateOrganizationRequestContent {
    let connections = wanted.connections.iter().take(CONNECTIONS);
    let mut request = CreateOrganizationRequestContent::with_name(&wanted.name)
        .enabled_connections(connections.map(ConnectionForOrganization::with_connection_id));
    request.display_name.clone_from(&wanted.display_name);
    request
}

/// Checks the documented constraints, as the call does before it sends the request.
fn check(wanted: &OrganizationSpec) -> Result<(), Failure> {
    let mut checker = Checker::new();
    request(wanted).check(&Rules::NONE, &mut checker);
    match checker.violations().first() {
        None => Ok(()),
        Some(violation) => Err(Failure::usage(format!("`{}`: {violation}", wanted.name))),
    }
}

/// The id of an organization.
enum Provisioned {
    /// Just created with its first connections and without members.
    Created(String),
    /// Existed before, so its connections and members have to be read.
    Existing(String),
}

impl Provisioned {
    fn id(&self) -> &str {
        match self {
            Self::Created(id) | Self::Existing(id) => id,
        }
    }
}

/// Ensures that an organization exists with all its connections and members. Returns what was done.
async fn provision(client: &Client, wanted: &OrganizationSpec) -> Result<String, Failure> {
    let (organization, mut actions) = match find(client, &wanted.name).await? {
        Some(id) => (Provisioned::Existing(id), vec!["exists already".to_owned()]),
        None => create(client, wanted).await?,
    };
    let id = organization.id();
    let used: Vec<String> = match &organization {
        Provisioned::Created(_) => wanted
            .connections
            .iter()
            .take(CONNECTIONS)
            .cloned()
            .collect(),
        Provisioned::Existing(id) => {
            let used = enabled_connections(client, id).await?.into_iter();
            let ids = used.filter_map(|one| one.connection_id);
            ids.map(String::from).collect()
        }
    };
    let missing: Vec<_> = wanted
        .connections
        .iter()
        .filter(|id| !used.contains(id))
        .collect();
    for connection in &missing {
        let connection = AddOrganizationConnectionRequestContent::with_connection_id(*connection);
        let connections = client.organizations().enabled_connections();
        connections.add(id, connection).await?;
    }
    if !missing.is_empty() {
        actions.push(format!("{} connections enabled", missing.len()));
    }
    let people: Vec<String> = match &organization {
        Provisioned::Created(_) => Vec::new(),
        Provisioned::Existing(id) => {
            let people = members(client, id).await?.into_iter();
            let ids = people.filter_map(|one| one.user_id);
            ids.map(String::from).collect()
        }
    };
    let missing: Vec<_> = wanted
        .members
        .iter()
        .filter(|id| !people.contains(id))
        .collect();
    // The list of members is eventually consistent; adding an existing member changes nothing.
    for batch in missing.chunks(MEMBERS) {
        let batch = batch.iter().map(|id| id.as_str());
        let batch = CreateOrganizationMemberRequestContent::with_members(batch);
        client.organizations().members().create(id, batch).await?;
    }
    if !missing.is_empty() {
        actions.push(format!("{} members added", missing.len()));
    }
    Ok(actions.join(", "))
}

/// Finds the id of the organization with this name.
async fn find(client: &Client, name: &str) -> Result<Option<String>, Error> {
    match client.organizations().get_by_name(name).await {
        Ok(found) => Ok(found.id.map(String::from)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Creates an organization. Returns its id and what was done.
async fn create(
    client: &Client,
    wanted: &OrganizationSpec,
) -> Result<(Provisioned, Vec<String>), Failure> {
    let error = match client.organizations().create(request(wanted)).await {
        Ok(created) => {
            let id = created.id.unwrap_or_default();
            return Ok((Provisioned::Created(id.into()), vec!["created".to_owned()]));
        }
        Err(error) => error,
    };
    // Either someone else created the organization meanwhile, or the response was lost, undecodable, or leaves the
    // outcome open like 502. A retry would only report a conflict, so look the organization up.
    let action = if error.is_conflict() {
        "created by someone else meanwhile"
    } else if error.may_have_acted() {
        "created, though the response was lost"
    } else {
        return Err(error.into());
    };
    match find(client, &wanted.name).await {
        Ok(Some(id)) => Ok((Provisioned::Existing(id), vec![action.to_owned()])),
        Ok(None) => Err(Failure::failed(format!(
            "outcome unknown, the organization does not exist: run the command again ({})",
            error_chain(&error)
        ))),
        Err(_) => Err(Failure::failed(format!(
            "outcome unknown, the lookup failed: run the command again ({})",
            error_chain(&error)
        ))),
    }
}

/// The enabled connections of an organization. This listing uses offset paging.
async fn enabled_connections(
    client: &Client,
    id: &str,
) -> Result<Vec<OrganizationConnection>, Error> {
    let mut found = Vec::new();
    let mut listing = client
        .organizations()
        .enabled_connections()
        .list(id)
        .page_size(100)
        .stream();
    while let Some(connection) = listing.try_next().await? {
        found.push(connection);
    }
    Ok(found)
}

/// The members of an organization. This listing uses checkpoint paging, which has no limit.
async fn members(client: &Client, id: &str) -> Result<Vec<OrganizationMember>, Error> {
    let mut found = Vec::new();
    let mut listing = client
        .organizations()
        .members()
        .list(id)
        .page_size(100)
        .stream();
    while let Some(member) = listing.try_next().await? {
        found.push(member);
    }
    Ok(found)
}

/// Reads the organizations back and prints a table of them.
async fn print_table(
    client: &Client,
    wanted: &[OrganizationSpec],
    at_once: usize,
) -> Result<(), Failure> {
    let mut rest: HashMap<&str, &OrganizationSpec> =
        wanted.iter().map(|one| (&*one.name, one)).collect();
    let mut found = Vec::new();
    let mut organizations = client.organizations().list().page_size(100).stream();
    while !rest.is_empty()
        && let Some(organization) = organizations.try_next().await?
    {
        let name = organization.name.unwrap_or_default();
        if let Some(wanted) = rest.remove(&*name) {
            found.push((wanted, organization.id.unwrap_or_default()));
        }
    }
    // Sort by name: the list is in order of creation, which is random for concurrent creations.
    found.sort_by(|(one, _), (other, _)| one.name.cmp(&other.name));
    let rows: Vec<[String; 3]> = stream::iter(found)
        .map(|(wanted, id)| row(client, wanted, id.into()))
        .buffered(at_once)
        .try_collect()
        .await?;
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let (name_width, connections_width) = (width(0), width(1));
    write("\norganizations, connections, members:\n")?;
    for [name, connections, people] in &rows {
        write(format!(
            "{name:name_width$}  {connections:connections_width$}  {people}\n"
        ))?;
    }
    Ok(())
}

/// A row of the table.
async fn row(client: &Client, wanted: &OrganizationSpec, id: String) -> Result<[String; 3], Error> {
    let connections = enabled_connections(client, &id).await?.into_iter();
    let connections = connections.map(|one| match one.connection {
        Some(connection) => connection.name.unwrap_or_default(),
        None => one.connection_id.unwrap_or_default(),
    });
    let people = members(client, &id).await?;
    let is_listed = |id: &&String| {
        people
            .iter()
            .any(|one| one.user_id.as_deref() == Some(id.as_str()))
    };
    // The list of members is eventually consistent.
    let pending = wanted.members.iter().filter(|id| !is_listed(id)).count();
    let people = people.into_iter().map(|one| {
        let name = one.email.or(one.name).or(one.user_id);
        name.unwrap_or_default().into()
    });
    let mut people: Vec<String> = people.collect();
    if pending > 0 {
        people.push(format!("{pending} pending"));
    }
    Ok([
        wanted.name.clone(),
        join_names(connections.map(String::from).collect()),
        join_names(people),
    ])
}

fn join_names(names: Vec<String>) -> String {
    if names.is_empty() {
        "-".to_owned()
    } else {
        names.join(", ")
    }
}
