//! Tenants in both clouds, and a safe place for each secret the moment it exists: no call returns it again.

#![allow(clippy::print_stdout, reason = "it tells what it does")]

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use auth0_core::codegen::{Check as _, Checker, Rules};
use auth0_sandbox::Sandbox;
use auth0_teams::serde_json::{Value, json};
use auth0_teams::types::{
    CreateTenantsRequestContent, CreateTenantsResponseContent, PrivateCloudPayload,
    PrivateCloudPayloadRequired, PublicCloudPayload, PublicCloudPayloadRequired,
};
use auth0_teams::{Client, Error, operations};
use clap::Parser;

use support::{Failure, note, teams};

mod support;

/// Create tenants in the public cloud and in private ones, and keep their secrets in a file
///
/// The file gets a line of JSON for each tenant, with the credentials of its management client.
#[derive(Parser)]
#[command(after_help = support::help(
    "creates the tenants. Each costs money, and its name can never be used again, not even after it was deleted. For a \
     live team everything has to be given.",
    &[&operations::CREATE_TENANT, &operations::LIST_TENANTS],
    &teams::ENVIRONMENT,
))]
struct Arguments {
    /// A tenant in the public cloud, such as shop-staging:eu; can be given several times
    #[arg(long, value_name = "NAME:LOCALITY", value_parser = name_and_place)]
    public: Vec<(String, String)>,
    /// A tenant in a private cloud, such as shop-internal:private-1; can be given several times
    #[arg(long, value_name = "NAME:ENVIRONMENT", value_parser = name_and_place)]
    private: Vec<(String, String)>,
    /// The member who administers the tenants
    #[arg(long, value_name = "EMAIL")]
    admin: Option<String>,
    /// Where the secrets go: a file that nobody else can read, which is made if it is not there and added to if it is
    #[arg(long, value_name = "FILE")]
    secrets: Option<PathBuf>,
}

fn name_and_place(text: &str) -> Result<(String, String), String> {
    match text.split_once(':') {
        Some((name, place)) if !name.is_empty() && !place.is_empty() => {
            Ok((name.to_owned(), place.to_owned()))
        }
        _ => Err("expected a name and a place with a colon in between".to_owned()),
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    support::exit(run(Arguments::parse()).await)
}

async fn run(mut arguments: Arguments) -> Result<(), Failure> {
    let team = teams::open(Sandbox::builder()).await?;
    let has_tenants = !arguments.public.is_empty() || !arguments.private.is_empty();
    team.needs(&[
        ("--public or --private", has_tenants),
        ("--admin", arguments.admin.is_some()),
        ("--secrets", arguments.secrets.is_some()),
    ])?;
    if !has_tenants {
        arguments.public = vec![("shop-staging".into(), "eu".into())];
        arguments.private = vec![("shop-internal".into(), "private-1".into())];
    }
    let admin = arguments
        .admin
        .as_deref()
        .unwrap_or("ada.lovelace@example.com");
    let public = arguments.public.iter().map(|(name, locality)| {
        let payload = PublicCloudPayload::new(PublicCloudPayloadRequired {
            admin_email: admin,
            locality,
        })
        .tenant_name(name);
        CreateTenantsRequestContent::from(payload)
    });
    let private = arguments.private.iter().map(|(name, environment)| {
        let payload = PrivateCloudPayload::new(PrivateCloudPayloadRequired {
            admin_email: admin,
            environment,
        })
        .tenant_name(name);
        CreateTenantsRequestContent::from(payload)
    });
    let requests: Vec<_> = public.chain(private).collect();

    // Nothing is created before all names are in order and there is a place for the secrets.
    requests.iter().try_for_each(check)?;
    let mut safe = match &arguments.secrets {
        Some(path) => Safe::open(path)?,
        None => Safe::temporary()?,
    };
    let mut failed = 0;
    for request in requests {
        let name = request.tenant_name().clone().unwrap_or_default();
        if let Err(failure) = create(&team.client, &name, request, &mut safe).await {
            println!("{name}: {}", failure.in_full());
            failed += 1;
        }
    }
    println!("the secrets are in {}", safe.path.display());
    match failed {
        0 => Ok(()),
        _ => Err(Failure::failed(format!(
            "{failed} tenants need a look, see above"
        ))),
    }
}

/// Holds a request against the rules of the API's document, as each call does for its own.
fn check(request: &CreateTenantsRequestContent) -> Result<(), Failure> {
    let mut checker = Checker::new();
    request.check(&Rules::NONE, &mut checker);
    match checker.violations().first() {
        None => Ok(()),
        Some(violation) => {
            let name = request.tenant_name().as_deref().unwrap_or_default();
            Err(Failure::usage(format!("`{name}`: {violation}")))
        }
    }
}

/// Creates a tenant. Its secret is kept before anything else is done, whatever the answer looks like.
async fn create(
    teams: &Client,
    name: &str,
    request: CreateTenantsRequestContent,
    safe: &mut Safe,
) -> Result<(), Failure> {
    match teams.tenants().create(request).await {
        Ok(tenant) => {
            safe.keep(name, &credentials(&tenant))?;
            println!("{name}: created, at {}", tenant.domain());
            Ok(())
        }
        // The tenant is there, and its secret is somewhere in an answer that could not be read.
        Err(error) if error.has_acted() => {
            let body = error
                .body()
                .map(|body| String::from_utf8_lossy(body).into_owned());
            safe.keep(name, &json!({"unreadable_answer": body}))?;
            let error = support::in_full(&error);
            Err(Failure::failed(format!(
                "created, but look for its secret in {}: {error}",
                safe.path.display()
            )))
        }
        // No response came, or one that leaves it open, such as 502. Sending it again could create a second tenant, so
        // somebody has to look: at `tenants().list`, as the error says itself.
        Err(error) if error.is_outcome_unknown() => {
            let found = match is_there(teams, name).await {
                Ok(true) => "it is there now: make a new secret for its management client",
                Ok(false) => "it is not there: the command can be run again for it",
                Err(_) => "it could not be looked for: do that before the command is run again",
            };
            Err(Failure::failed(format!(
                "outcome unknown, looked at {}: {found}",
                error.verify_with().join(", ")
            )))
        }
        Err(error) if error.is_conflict() => Err(Failure::failed(
            "a tenant has this name, or had it before it was deleted: choose another name",
        )),
        Err(error) => Err(error.into()),
    }
}

/// Whether the team has a tenant of this name.
async fn is_there(teams: &Client, name: &str) -> Result<bool, Error> {
    let mut tenants = teams.tenants().list().stream();
    while let Some(tenant) = tenants.try_next().await? {
        if tenant.tenant_name == name {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What is kept of a tenant. This is the one place where a secret is read.
fn credentials(tenant: &CreateTenantsResponseContent) -> Value {
    let manager = tenant.management_client();
    json!({
        "domain": tenant.domain(),
        "client_id": manager.client_id,
        "client_secret": manager.client_secret.secret(),
    })
}

/// The file that the secrets go to.
struct Safe {
    file: File,
    path: PathBuf,
}

impl Safe {
    /// Opens the file, or makes it with mode 0600.
    fn open(path: &Path) -> Result<Self, Failure> {
        let name = path.display();
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options
            .open(path)
            .map_err(|error| Failure::usage(format!("{name}: cannot be written to: {error}")))?;
        let safe = Self {
            file,
            path: path.to_owned(),
        };
        match safe.is_private() {
            Ok(true) => Ok(safe),
            Ok(false) => Err(Failure::usage(format!(
                "{name}: expected a regular file that only its owner can read (chmod 600)"
            ))),
            Err(error) => Err(Failure::usage(format!("{name}: {error}"))),
        }
    }

    /// A file for secrets of a sandbox, which are worth nothing once it is gone.
    fn temporary() -> Result<Self, Failure> {
        let file = tempfile::Builder::new()
            .prefix("create-tenants-")
            .suffix(".jsonl")
            .tempfile()?;
        let (file, path) = file.keep().map_err(Failure::failed)?;
        note(format!(
            "without --secrets the secrets of the sandbox go to {}",
            path.display()
        ));
        Ok(Self { file, path })
    }

    fn is_private(&self) -> io::Result<bool> {
        let metadata = self.file.metadata()?;
        #[cfg(unix)]
        let others = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o077;
        #[cfg(not(unix))]
        let others = 0;
        Ok(metadata.is_file() && others == 0)
    }

    /// Writes a line, and waits until it is on the disk.
    fn keep(&mut self, tenant: &str, what: &Value) -> Result<(), Failure> {
        let line = format!("{}\n", json!({"tenant": tenant, "created": what}));
        let written = self.file.write_all(line.as_bytes());
        written.and_then(|()| self.file.sync_all()).map_err(|error| {
            Failure::failed(format!(
                "created, but {} cannot be written to, so its secret is lost ({error}): make a new one for its \
                 management client",
                self.path.display()
            ))
        })
    }
}
