//! An operator creates organizations with connections and members, several at a time, and sees who is where.
//!
//! Each is looked for by name first, so a second run finds what is there, and creates nothing twice.

#![allow(clippy::print_stdout, reason = "it tells what it does")]

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use auth0_core::Operation;
use auth0_core::codegen::{Check as _, Checker, Rules};
use auth0_organizations::types::{
    AddOrganizationConnectionRequestContent, ConnectionForOrganization,
    CreateOrganizationMemberRequestContent, CreateOrganizationRequestContent,
    OrganizationConnection, OrganizationMember,
};
use auth0_organizations::{Client, Error, Limits, limits, operations};
use auth0_sandbox::Sandbox;
use clap::{Parser, ValueEnum};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::Deserialize;

use support::organizations::{ENVIRONMENT, open};
use support::{Failure, in_full, write};

mod support;

const CALLED: &[&Operation] = &[
    &operations::ORGANIZATIONS_GET_BY_NAME,
    &operations::ORGANIZATIONS_CREATE,
    &operations::ORGANIZATIONS_LIST,
    &operations::ORGANIZATIONS_ENABLED_CONNECTIONS_LIST,
    &operations::ORGANIZATIONS_ENABLED_CONNECTIONS_ADD,
    &operations::ORGANIZATIONS_MEMBERS_LIST,
    &operations::ORGANIZATIONS_MEMBERS_CREATE,
];

/// Create organizations with their connections and members, and show who is where
///
/// One that is there already, by its name, gets the connections and members that it lacks. Nothing is taken away.
#[derive(Parser)]
#[command(after_help = support::help(
    "creates the organizations, enables connections and adds members. For a live tenant file and plan have to be given.",
    CALLED,
    &ENVIRONMENT,
))]
struct Arguments {
    /// The organizations, a line of JSON for each: {"name": "acme", "display_name": "Acme", "connections": ["con_…"],
    /// "members": ["auth0|…"]}; all but the name can be left out
    #[arg(long, value_name = "FILE", conflicts_with = "count")]
    file: Option<PathBuf>,
    /// How many organizations to make up; for a sandbox only
    #[arg(long, value_name = "NUMBER", default_value_t = 50)]
    count: usize,
    /// Whose rate limits to keep to
    #[arg(long, value_enum)]
    plan: Option<Plan>,
    /// How many organizations to work at at once
    #[arg(long, value_name = "NUMBER", default_value_t = 8, value_parser = at_least_one)]
    at_once: usize,
}

#[derive(Clone, Copy, ValueEnum)]
enum Plan {
    /// A production tenant of Public Enterprise: 16 requests a second.
    Production,
    /// Its other tenants, those of development and staging: 2 requests a second. A new tenant is one of these.
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

/// An organization as it is wished for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    name: String,
    display_name: Option<String>,
    /// By their ids.
    #[serde(default)]
    connections: Vec<String>,
    #[serde(default)]
    members: Vec<String>,
}

/// How many connections a new organization can begin with.
const CONNECTIONS: usize = 10;

/// How many members are added in a call. The document names no limit, so it is one that other calls have.
const MEMBERS: usize = 10;

#[tokio::main]
async fn main() -> ExitCode {
    support::exit(run(Arguments::parse()).await)
}

async fn run(arguments: Arguments) -> Result<(), Failure> {
    let plan = "public-enterprise".parse::<auth0_sandbox::RateLimitPlan>();
    let plan = plan.map_err(Failure::failed)?.production();
    let limits = arguments.plan.unwrap_or(Plan::Production).limits();
    let place = open(Sandbox::builder().rate_limit_plan(plan), limits).await?;
    place.needs(&[
        ("--file", arguments.file.is_some()),
        ("--plan", arguments.plan.is_some()),
    ])?;
    let client = &place.client;
    let wanted = match &arguments.file {
        Some(path) => read(path)?,
        None => made_up(client, arguments.count).await?,
    };
    // Nothing is created before all are in order.
    wanted.iter().try_for_each(check)?;

    let mut failed = 0;
    let mut settled = stream::iter(&wanted)
        .map(|wanted| async move { (wanted, settle(client, wanted).await) })
        .buffered(arguments.at_once);
    while let Some((wanted, settled)) = settled.next().await {
        let told = settled.unwrap_or_else(|failure| {
            failed += 1;
            failure.in_full()
        });
        write(format!("{}: {told}\n", wanted.name))?;
    }
    show(client, &wanted, arguments.at_once).await?;
    match failed {
        0 => Ok(()),
        _ => Err(Failure::failed(format!(
            "{failed} organizations need a look, see above"
        ))),
    }
}

/// The organizations of a file. One that is named twice would be created twice at once.
fn read(path: &Path) -> Result<Vec<Wanted>, Failure> {
    let place = path.display();
    let text = fs::read_to_string(path)
        .map_err(|error| Failure::usage(format!("{place}: cannot be read: {error}")))?;
    let mut all: Vec<Wanted> = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim().is_empty() {
            continue;
        }
        let wanted: Wanted = serde_json::from_str(line)
            .map_err(|error| Failure::usage(format!("{place}, line {number}: {error}")))?;
        if all.iter().any(|other| other.name == wanted.name) {
            return Err(Failure::usage(format!(
                "{place}, line {number}: expected each name once, found `{}` again",
                wanted.name
            )));
        }
        all.push(wanted);
    }
    Ok(all)
}

/// Organizations for the sandbox: made-up names, with the connections and people that its organizations have.
async fn made_up(client: &Client, count: usize) -> Result<Vec<Wanted>, Error> {
    let (mut connections, mut people) = (Vec::new(), Vec::new());
    let mut organizations = client.organizations().list().page_size(3).stream();
    while let Some(organization) = organizations.try_next().await? {
        let id = organization.id.unwrap_or_default();
        let used = enabled(client, &id).await?.into_iter();
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
    // The same again and again, from another place each time.
    let some = |pool: &[String], from: usize, most: usize| {
        let all = pool.iter().cycle().skip(from % pool.len().max(1));
        all.take(most.min(pool.len())).cloned().collect()
    };
    Ok((1..=count)
        .map(|number| Wanted {
            name: format!("customer-{number:02}"),
            display_name: Some(format!("Customer {number}")),
            connections: some(&connections, number, 1 + number % 2),
            members: some(&people, number, 1 + number % 3),
        })
        .collect())
}

fn request(wanted: &Wanted) -> CreateOrganizationRequestContent {
    let connections = wanted.connections.iter().take(CONNECTIONS);
    let mut request = CreateOrganizationRequestContent::with_name(&wanted.name)
        .enabled_connections(connections.map(ConnectionForOrganization::with_connection_id));
    request.display_name.clone_from(&wanted.display_name);
    request
}

/// Holds a request against the rules of the API's document, as each call does for its own.
fn check(wanted: &Wanted) -> Result<(), Failure> {
    let mut checker = Checker::new();
    request(wanted).check(&Rules::NONE, &mut checker);
    match checker.violations().first() {
        None => Ok(()),
        Some(violation) => Err(Failure::usage(format!("`{}`: {violation}", wanted.name))),
    }
}

/// An organization that is there, by its id.
enum Settled {
    /// It has what it was created with, and no members.
    New(String),
    /// What it has has to be looked at.
    Known(String),
}

impl Settled {
    fn id(&self) -> &str {
        match self {
            Self::New(id) | Self::Known(id) => id,
        }
    }
}

/// Sees to it that an organization is there with all that it is to have. Says what was done.
async fn settle(client: &Client, wanted: &Wanted) -> Result<String, Failure> {
    let (organization, mut told) = match find(client, &wanted.name).await? {
        Some(id) => (Settled::Known(id), vec!["is there already".to_owned()]),
        None => create(client, wanted).await?,
    };
    let id = organization.id();
    let used: Vec<String> = match &organization {
        Settled::New(_) => wanted
            .connections
            .iter()
            .take(CONNECTIONS)
            .cloned()
            .collect(),
        Settled::Known(id) => {
            let used = enabled(client, id).await?.into_iter();
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
        told.push(format!("{} connections enabled", missing.len()));
    }
    let people: Vec<String> = match &organization {
        Settled::New(_) => Vec::new(),
        Settled::Known(id) => {
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
    // The list of members lags behind; adding one who is a member already changes nothing.
    for batch in missing.chunks(MEMBERS) {
        let batch = batch.iter().map(|id| id.as_str());
        let batch = CreateOrganizationMemberRequestContent::with_members(batch);
        client.organizations().members().create(id, batch).await?;
    }
    if !missing.is_empty() {
        told.push(format!("{} members added", missing.len()));
    }
    Ok(told.join(", "))
}

/// The id of the organization with this name.
async fn find(client: &Client, name: &str) -> Result<Option<String>, Error> {
    match client.organizations().get_by_name(name).await {
        Ok(found) => Ok(found.id.map(String::from)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Creates an organization, and says what became of it.
async fn create(client: &Client, wanted: &Wanted) -> Result<(Settled, Vec<String>), Failure> {
    let error = match client.organizations().create(request(wanted)).await {
        Ok(created) => {
            let id = created.id.unwrap_or_default();
            return Ok((Settled::New(id.into()), vec!["created".to_owned()]));
        }
        Err(error) => error,
    };
    // The answer is lost, or cannot be read (`has_acted`), or leaves it open, as 502 does; or somebody was faster. Sent
    // again blindly it could only tell that the name is taken, so it is looked for.
    let told = if error.is_conflict() {
        "somebody else has created it just now"
    } else if error.may_have_acted() {
        "created, though no answer said so"
    } else {
        return Err(error.into());
    };
    match find(client, &wanted.name).await {
        Ok(Some(id)) => Ok((Settled::Known(id), vec![told.to_owned()])),
        Ok(None) => Err(Failure::failed(format!(
            "outcome unknown, it is not there: the command can be run again ({})",
            in_full(&error)
        ))),
        Err(_) => Err(Failure::failed(format!(
            "outcome unknown, it could not be looked for: the command can be run again ({})",
            in_full(&error)
        ))),
    }
}

/// The connections that an organization has enabled. The API gives these out in counted pages.
async fn enabled(client: &Client, id: &str) -> Result<Vec<OrganizationConnection>, Error> {
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

/// The members of an organization, however many: the listing goes on by checkpoints.
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

/// Reads back which organizations there are and who is in them, and shows those that were wished for.
async fn show(client: &Client, wanted: &[Wanted], at_once: usize) -> Result<(), Failure> {
    let mut rest: HashMap<&str, &Wanted> = wanted.iter().map(|one| (&*one.name, one)).collect();
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
    // The order of the list is that of their coming, which is a matter of chance where several were created at once.
    found.sort_by(|(one, _), (other, _)| one.name.cmp(&other.name));
    let rows: Vec<[String; 3]> = stream::iter(found)
        .map(|(wanted, id)| row(client, wanted, id.into()))
        .buffered(at_once)
        .try_collect()
        .await?;
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let (of_names, of_connections) = (width(0), width(1));
    write("\nwho is where:\n")?;
    for [name, connections, people] in &rows {
        write(format!(
            "{name:of_names$}  {connections:of_connections$}  {people}\n"
        ))?;
    }
    Ok(())
}

/// A line of the table.
async fn row(client: &Client, wanted: &Wanted, id: String) -> Result<[String; 3], Error> {
    let connections = enabled(client, &id).await?.into_iter();
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
    // The list of members lags behind.
    let to_come = wanted.members.iter().filter(|id| !is_listed(id)).count();
    let people = people.into_iter().map(|one| {
        let name = one.email.or(one.name).or(one.user_id);
        name.unwrap_or_default().into()
    });
    let mut people: Vec<String> = people.collect();
    if to_come > 0 {
        people.push(format!("{to_come} to come"));
    }
    Ok([
        wanted.name.clone(),
        list(connections.map(String::from).collect()),
        list(people),
    ])
}

fn list(names: Vec<String>) -> String {
    if names.is_empty() {
        "-".to_owned()
    } else {
        names.join(", ")
    }
}
