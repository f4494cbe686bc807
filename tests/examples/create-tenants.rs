//! Creates tenants in the public cloud and in private clouds, and stores the client secret of each in a file as soon as
//! it is received, because no other call returns it.
//!
//! ```text
//! cargo run --example create-tenants            # against a local sandbox, without an account
//! cargo run --example create-tenants -- --help  # arguments, and how to use a live team
//! ```
//!
//! Prints the result for each tenant and the path of the file. Exit status: 0 success, 1 a tenant was not created or
//! needs attention, 2 invalid arguments or environment variables.

#![allow(clippy::print_stdout, reason = "prints its results")]

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

/// Create tenants in the public cloud and in private clouds, and store their secrets in a file
///
/// The file gets a line of JSON for each tenant, with the credentials of its management client.
#[derive(Parser)]
#[command(after_help = support::help(
    "creates the tenants. Each costs money, and its name can never be reused, not even after deletion. A live team \
     requires --public or --private, --admin and --secrets.",
    &[&operations::CREATE_TENANT, &operations::LIST_TENANTS],
    &teams::ENVIRONMENT,
))]
struct Arguments {
    /// Tenant in the public cloud, such as shop-staging:eu; can be repeated
    #[arg(long, value_name = "NAME:LOCALITY", value_parser = name_and_place)]
    public: Vec<(String, String)>,
    /// Tenant in a private cloud, such as shop-internal:private-1; can be repeated
    #[arg(long, value_name = "NAME:ENVIRONMENT", value_parser = name_and_place)]
    private: Vec<(String, String)>,
    /// E-mail address of the member who administers the tenants
    #[arg(long, value_name = "EMAIL")]
    admin: Option<String>,
    /// File that the secrets are appended to; created if missing, and readable only by its owner
    #[arg(long, value_name = "FILE")]
    secrets: Option<PathBuf>,
}

fn name_and_place(text: &str) -> Result<(String, String), String> {
    match text.split_once(':') {
        Some((name, place)) if !name.is_empty() && !place.is_empty() => {
            Ok((name.to_owned(), place.to_owned()))
        }
        _ => Err("expected a name and a place, separated by a colon".to_owned()),
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    support::exit(run(Arguments::parse()).await)
}

async fn run(mut arguments: Arguments) -> Result<(), Failure> {
    let team = teams::open(Sandbox::builder()).await?;
    let has_tenants = !arguments.public.is_empty() || !arguments.private.is_empty();
    team.require(&[
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

    // Validate all names and open the file before anything is created.
    requests.iter().try_for_each(check)?;
    let mut secrets = match &arguments.secrets {
        Some(path) => SecretsFile::open(path)?,
        None => SecretsFile::temporary()?,
    };
    let mut failed = 0;
    for request in requests {
        let name = request.tenant_name().clone().unwrap_or_default();
        if let Err(failure) = create(&team.client, &name, request, &mut secrets).await {
            println!("{name}: {}", failure.message());
            failed += 1;
        }
    }
    println!("the secrets are in {}", secrets.path.display());
    match failed {
        0 => Ok(()),
        _ => Err(Failure::failed(format!(
            "{failed} tenants need attention, see above"
        ))),
    }
}

/// Checks the documented constraints, as the call does before it sends the request.
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

/// Creates a tenant and stores its secret first, even if the response cannot be decoded.
async fn create(
    teams: &Client,
    name: &str,
    request: CreateTenantsRequestContent,
    secrets: &mut SecretsFile,
) -> Result<(), Failure> {
    match teams.tenants().create(request).await {
        Ok(tenant) => {
            secrets.append(name, &credentials(&tenant))?;
            println!("{name}: created, at {}", tenant.domain());
            Ok(())
        }
        // The tenant exists, and its secret is in the response that could not be decoded.
        Err(error) if error.has_acted() => {
            let body = error
                .body()
                .map(|body| String::from_utf8_lossy(body).into_owned());
            secrets.append(name, &json!({"undecodable_response": body}))?;
            let error = support::error_chain(&error);
            Err(Failure::failed(format!(
                "created, but the response could not be decoded; look for the secret in {}: {error}",
                secrets.path.display()
            )))
        }
        // There was no response, or one like 502 that leaves the outcome open. A retry could create a second tenant, so
        // verify with the operation that the error names.
        Err(error) if error.is_outcome_unknown() => {
            let found = match exists(teams, name).await {
                Ok(true) => "the tenant exists: rotate the secret of its management client",
                Ok(false) => "the tenant does not exist: run the command for it again",
                Err(_) => {
                    "verification failed: check whether the tenant exists before running the command again"
                }
            };
            Err(Failure::failed(format!(
                "outcome unknown, verified with {}: {found}",
                error.verify_with().join(", ")
            )))
        }
        Err(error) if error.is_conflict() => Err(Failure::failed(
            "the name belongs to a tenant or to a deleted one: choose another name",
        )),
        Err(error) => Err(error.into()),
    }
}

/// Whether the team has a tenant of this name.
async fn exists(teams: &Client, name: &str) -> Result<bool, Error> {
    let mut tenants = teams.tenants().list().stream();
    while let Some(tenant) = tenants.try_next().await? {
        if tenant.tenant_name == name {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The stored credentials of a tenant. This is the only place that reads a secret.
fn credentials(tenant: &CreateTenantsResponseContent) -> Value {
    let manager = tenant.management_client();
    json!({
        "domain": tenant.domain(),
        "client_id": manager.client_id,
        "client_secret": manager.client_secret.secret(),
    })
}

/// The file with the secrets.
struct SecretsFile {
    file: File,
    path: PathBuf,
}

impl SecretsFile {
    /// Opens the file, or creates it with mode 0600.
    fn open(path: &Path) -> Result<Self, Failure> {
        let name = path.display();
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path).map_err(|error| {
            Failure::usage(format!("{name}: cannot open the file for writing: {error}"))
        })?;
        let secrets = Self {
            file,
            path: path.to_owned(),
        };
        match secrets.is_private() {
            Ok(true) => Ok(secrets),
            Ok(false) => Err(Failure::usage(format!(
                "{name}: expected a regular file that only its owner can read (chmod 600)"
            ))),
            Err(error) => Err(Failure::usage(format!("{name}: {error}"))),
        }
    }

    /// Creates a temporary file for the secrets of a sandbox, which are useless after it has stopped.
    fn temporary() -> Result<Self, Failure> {
        let file = tempfile::Builder::new()
            .prefix("create-tenants-")
            .suffix(".jsonl")
            .tempfile()?;
        let (file, path) = file.keep().map_err(Failure::failed)?;
        note(format!(
            "without --secrets, the secrets of the sandbox are stored in {}",
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

    /// Appends a line and syncs the file.
    fn append(&mut self, tenant: &str, created: &Value) -> Result<(), Failure> {
        let line = format!("{}\n", json!({"tenant": tenant, "created": created}));
        let written = self.file.write_all(line.as_bytes());
        written.and_then(|()| self.file.sync_all()).map_err(|error| {
            Failure::failed(format!(
                "created, but writing {} failed and the secret is lost ({error}): rotate the secret of the \
                 management client",
                self.path.display()
            ))
        })
    }
}
