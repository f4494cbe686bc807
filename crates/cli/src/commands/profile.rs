//! `profile`: the settings of several teams.

use std::path::PathBuf;

use auth0_auth::PrivateKey;
use auth0_core::SecretString;
use clap::{Args, Subcommand};
use serde_json::json;

use crate::cli::Global;
use crate::failure::{Exit, Failure};
use crate::files;
use crate::output::{Console, note};
use crate::profile::{self, Choice, Place, Profile, ProfileFile, SecretStore};

#[derive(Subcommand)]
pub(crate) enum ProfileCommand {
    /// Add or replace a profile; reads the client secret from standard input or asks for it
    ///
    /// The values are those of --team, --domain, --client-id and --audience. The secret is stored in
    /// the keyring of the operating system or, if there is none, in a file that only its owner can read.
    #[command(
        after_help = "Examples:\n  auth0-teams profile add acme --team acme --domain acme-auth.us.auth0.com --client-id Ab12 < secret.txt\n  auth0-teams profile add acme --team acme --domain acme-auth.us.auth0.com --client-id Ab12 --private-key key.pem"
    )]
    Add(AddArguments),
    /// List the profiles
    List,
    /// Select the profile that is used without --profile
    #[command(after_help = "Examples:\n  auth0-teams profile use acme")]
    Use {
        /// Name of the profile
        name: String,
    },
    /// Remove a profile and its secret
    #[command(after_help = "Examples:\n  auth0-teams profile remove acme")]
    Remove {
        /// Name of the profile
        name: String,
    },
}

#[derive(Args)]
pub(crate) struct AddArguments {
    /// Name of the profile
    #[arg(value_parser = profile::check_name)]
    name: String,
    /// File with a private key in PEM, instead of a client secret
    #[arg(long, value_name = "FILE")]
    private_key: Option<PathBuf>,
    /// Signing algorithm of the private key
    #[arg(
        long,
        value_name = "NAME",
        default_value = "RS256",
        requires = "private_key"
    )]
    algorithm: String,
    /// Where to store the secret
    #[arg(long, value_name = "PLACE", value_enum, default_value_t = Choice::Auto)]
    secret_store: Choice,
    /// Replace an existing profile
    #[arg(long)]
    replace: bool,
}

pub(crate) fn run(
    command: ProfileCommand,
    global: &Global,
    console: &Console,
) -> Result<Exit, Failure> {
    let mut file = ProfileFile::load()?;
    match command {
        ProfileCommand::Add(arguments) => add(arguments, global, console, &mut file)?,
        ProfileCommand::List => list(console, &file)?,
        ProfileCommand::Use { name } => {
            file.select(&name)?;
            file.save()?;
            note(format!("using profile {name}"));
        }
        ProfileCommand::Remove { name } => {
            let place = file.get(&name)?.secret;
            SecretStore::open()?.remove(&name, place)?;
            file.remove(&name)?;
            file.save()?;
            note(format!("removed profile {name}"));
        }
    }
    Ok(Exit::Success)
}

fn add(
    arguments: AddArguments,
    global: &Global,
    console: &Console,
    file: &mut ProfileFile,
) -> Result<(), Failure> {
    let name = &arguments.name;
    if file.contains(name) && !arguments.replace {
        return Err(Failure::usage(format!(
            "expected a new profile, found `{name}`: use --replace, or remove it first"
        )));
    }
    let required = |value: &Option<String>, flag: &str| {
        let found = value.clone().filter(|value| !value.is_empty());
        found.ok_or_else(|| Failure::usage(format!("expected {flag}, found none")))
    };
    let team = required(&global.team, "--team")?;
    // Validates the slug.
    auth0_teams::audience(&team)?;
    let mut profile = Profile {
        team,
        domain: required(&global.domain, "--domain")?,
        client_id: required(&global.client_id, "--client-id")?,
        audience: global.audience.clone(),
        base_url: global.base_url.clone(),
        token_url: global.token_url.clone(),
        secret: Place::default(),
        algorithm: None,
    };
    let secret = match &arguments.private_key {
        Some(path) => {
            let algorithm = profile::signing_algorithm(&arguments.algorithm)?;
            let pem = SecretString::from(files::read(path)?);
            PrivateKey::from_pem(pem.secret(), algorithm)
                .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
            profile.algorithm = Some(algorithm.name().to_owned());
            pem
        }
        None => console.secret("client secret")?,
    };
    if secret.is_empty() {
        return Err(Failure::usage(
            "expected a client secret on standard input, found nothing",
        ));
    }
    let store = SecretStore::open()?;
    let place = store.set(name, &secret, arguments.secret_store)?;
    profile.secret = place;
    let replaced = file.get(name).ok().map(|profile| profile.secret);
    if let Some(replaced) = replaced.filter(|replaced| *replaced != place) {
        store.remove(name, replaced)?;
    }
    file.set(name, profile);
    file.save()?;
    note(format!(
        "added profile {name}; its secret is in {}",
        store.describe(name, place)
    ));
    Ok(())
}

fn list(console: &Console, file: &ProfileFile) -> Result<(), Failure> {
    let mut rows = console.rows(&["name", "current", "team", "domain", "client_id"])?;
    for (name, profile) in file.list() {
        let is_current = file.current() == Some(name);
        rows.write([
            json!(name),
            json!(is_current),
            json!(profile.team),
            json!(profile.domain),
            json!(profile.client_id),
        ])?;
    }
    rows.finish()
}
