//! The command line.
#![allow(rustdoc::bare_urls, reason = "the texts are the help on a terminal")]

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::commands::{
    access, activity, doctor, environment, member, offboard, onboard, profile, roster, tenant,
    token,
};
use crate::output::Format;

const EXIT_CODES: &str = "\
Exit codes: 0 success, 1 failure, 2 usage, 3 changes pending (roster plan, roster drift), 4 partial success; 130 stopped by Ctrl-C.
The first Ctrl-C waits for a change in flight, a second one does not.

Examples:
  auth0-teams --sandbox member list
  auth0-teams profile add acme --team acme --domain acme-auth.us.auth0.com --client-id Ab12
  auth0-teams roster pull > roster.yaml
  auth0-teams roster plan roster.yaml --save plan.json
  auth0-teams roster apply plan.json";

/// Manage an Auth0 team: members, tenants, access, roster as code, access reviews, activity log
///
/// Settings come from flags, then environment variables, then the profile. With --profile on the command line, the values of
/// that profile take precedence over environment variables.
#[derive(Parser)]
#[command(name = "auth0-teams", version, after_help = EXIT_CODES, propagate_version = true)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Flags of every command.
#[derive(Args, Clone)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// Profile with the team's settings [default: the one selected with `profile use`]
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// Slug of the team, as in https://SLUG.teams.auth0.com [env: AUTH0_TEAM]
    #[arg(long, global = true, value_name = "SLUG")]
    pub(crate) team: Option<String>,
    /// Domain of the tenant that issues the tokens [env: AUTH0_DOMAIN]
    #[arg(long, global = true, value_name = "DOMAIN")]
    pub(crate) domain: Option<String>,
    /// Client id of an application of that tenant [env: AUTH0_CLIENT_ID]
    #[arg(long, global = true, value_name = "ID")]
    pub(crate) client_id: Option<String>,
    /// Audience of the tokens [env: AUTH0_AUDIENCE] [default: https://SLUG.teams.auth0.com/api/]
    #[arg(long, global = true, value_name = "URI")]
    pub(crate) audience: Option<String>,
    /// URL of the API [env: AUTH0_BASE_URL]
    #[arg(long, global = true, value_name = "URL", hide = true)]
    pub(crate) base_url: Option<String>,
    /// URL of the token endpoint [env: AUTH0_TOKEN_URL]
    #[arg(long, global = true, value_name = "URL", hide = true)]
    pub(crate) token_url: Option<String>,
    /// Run against a new local sandbox instead of a team; needs no account
    #[arg(long, global = true, conflicts_with_all = ["profile", "team", "domain", "client_id", "audience", "base_url", "token_url"])]
    pub(crate) sandbox: bool,
    /// Output format [default: table on a terminal, ndjson in a pipe]
    #[arg(long, short, global = true, value_name = "FORMAT", value_enum)]
    pub(crate) output: Option<Format>,
    /// Columns to print, separated by commas
    #[arg(long, global = true, value_name = "COLUMNS", value_delimiter = ',')]
    pub(crate) columns: Option<Vec<String>>,
    /// Never ask; fail if a confirmation or a secret is missing
    #[arg(long, global = true)]
    pub(crate) no_input: bool,
    /// Maximum number of requests per second [default: no limit except that of the server]
    #[arg(long, global = true, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) rate: Option<u32>,
    /// Log to standard error: error, warn, info, debug, trace, or TARGET=LEVEL pairs
    #[arg(long, global = true, value_name = "LEVEL")]
    pub(crate) log: Option<String>,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// List, invite, change and remove members of the team
    #[command(subcommand)]
    Member(member::MemberCommand),
    /// List, create and delete tenants
    #[command(subcommand)]
    Tenant(tenant::TenantCommand),
    /// List, grant, change, revoke and review access to tenants
    #[command(subcommand)]
    Access(access::AccessCommand),
    /// List the environments of the team
    #[command(subcommand)]
    Environment(environment::EnvironmentCommand),
    /// Members and their access as a file: pull, plan, apply, drift
    #[command(subcommand)]
    Roster(roster::RosterCommand),
    /// Remove a person from every tenant, then from the team
    Offboard(offboard::OffboardArguments),
    /// Give a person the role and the access of another one
    Onboard(onboard::OnboardArguments),
    /// List, export and follow the activity log
    #[command(subcommand)]
    Activity(activity::ActivityCommand),
    /// Show the claims and scopes of an access token
    #[command(subcommand)]
    Token(token::TokenCommand),
    /// Check settings, token, scopes and read-only calls
    Doctor(doctor::DoctorArguments),
    /// Manage profiles
    #[command(subcommand)]
    Profile(profile::ProfileCommand),
    /// Print a completion script
    #[command(
        after_help = "Examples:\n  auth0-teams completions bash > ~/.local/share/bash-completion/completions/auth0-teams"
    )]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Write the man pages to a directory
    #[command(after_help = "Examples:\n  auth0-teams man ~/.local/share/man/man1")]
    Man {
        /// The directory, which is created if it does not exist
        directory: PathBuf,
    },
}

/// Confirmation of an irreversible action.
#[derive(Args)]
pub(crate) struct Confirmation {
    /// Confirm without a question, by repeating the name
    #[arg(long, value_name = "NAME")]
    pub(crate) confirm: Option<String>,
}
