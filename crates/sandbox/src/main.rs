//! The sandbox as a program: prints one line of JSON when it is ready, and serves until it is told to stop.
#![forbid(unsafe_code)]

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use auth0_sandbox::{Application, RateLimits, Sandbox, SandboxBuilder, Script, TokenQuota};
use clap::Parser;

/// A local Auth0 to develop against: token endpoint and Teams API
///
/// Prints one line of JSON on the standard output once it is ready: url, team, domain, client_id, client_secret,
/// audience, token_url, pid, admin_token and admin_email. Logs go to the standard error; RUST_LOG is not read. It
/// listens at 127.0.0.1 only, keeps nothing, and ends with Ctrl-C.
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = "Examples:\n  auth0-sandbox --members 200 --tenants 40\n  auth0-sandbox --port 8080 --faults faults.toml\n\nExit status: 0 it was told to stop, 1 it could not start, 2 the arguments are wrong."
)]
struct Arguments {
    /// The port to listen at; 0 is any that is free
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// How many members the team begins with
    #[arg(long, value_name = "NUMBER", default_value_t = 25)]
    members: u64,
    /// How many tenants the team begins with
    #[arg(long, value_name = "NUMBER", default_value_t = 8)]
    tenants: u64,
    /// How many entries the activity log begins with
    #[arg(long, value_name = "NUMBER", default_value_t = 60)]
    activity: u64,
    /// What ids, names and times are made of: the same seed gives the same ones
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    seed: u64,
    /// The slug of the team
    #[arg(long, value_name = "SLUG", default_value = "acme")]
    team: String,
    /// The client id of the application that may ask for tokens
    #[arg(long, value_name = "ID", default_value = "sandbox")]
    client_id: String,
    /// Its secret; a random one where it is left out
    #[arg(long, value_name = "SECRET")]
    client_secret: Option<String>,
    /// A scope that it has, instead of all; can be given several times
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<String>,
    /// The audience of access tokens [default: https://SLUG.teams.auth0.com/api/]
    #[arg(long, value_name = "URI")]
    audience: Option<String>,
    /// How long tokens live
    #[arg(long, value_name = "SECONDS", default_value_t = 86_400)]
    token_lifetime: u64,
    /// How many tokens the application may be granted in an hour
    #[arg(long, value_name = "NUMBER")]
    token_quota: Option<u64>,
    /// Keep to the rate limits of a plan: free, public-self-service, public-enterprise, private-basic or
    /// private-performance
    #[arg(long, value_name = "PLAN")]
    rate_limit: Option<RateLimits>,
    /// How many tenants the team may have
    #[arg(long, value_name = "NUMBER")]
    tenant_limit: Option<usize>,
    /// Make invited persons members at once
    #[arg(long)]
    accept_invitations: bool,
    /// Hold every answer against the document before it goes out
    #[arg(long)]
    check_answers: bool,
    /// A TOML file that lists what goes wrong
    #[arg(long, value_name = "FILE")]
    faults: Option<PathBuf>,
    /// Log every request
    #[arg(long, short)]
    verbose: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let level = if arguments.verbose {
        tracing_subscriber::filter::LevelFilter::INFO
    } else {
        tracing_subscriber::filter::LevelFilter::WARN
    };
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_max_level(level)
        .init();
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn run(arguments: Arguments) -> Result<(), String> {
    let sandbox = settings(arguments)?
        .start()
        .await
        .map_err(|error| error.to_string())?;
    let line = serde_json::to_string(&sandbox.connection()).map_err(|error| error.to_string())?;
    let mut out = std::io::stdout();
    writeln!(out, "{line}")
        .and_then(|()| out.flush())
        .map_err(|error| format!("the standard output cannot be written to: {error}"))?;
    stopped()
        .await
        .map_err(|error| format!("signals cannot be heard: {error}"))
}

/// Comes back when the program is told to stop: by Ctrl-C, or as service managers do it.
#[cfg(unix)]
async fn stopped() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        result = tokio::signal::ctrl_c() => result,
        _ = terminate.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn stopped() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}

fn settings(arguments: Arguments) -> Result<SandboxBuilder, String> {
    let mut settings = Sandbox::builder()
        .port(arguments.port)
        .members(arguments.members)
        .tenants(arguments.tenants)
        .activity(arguments.activity)
        .seed(arguments.seed)
        .team(arguments.team)
        .token_lifetime(Duration::from_secs(arguments.token_lifetime));
    let has_own = arguments.client_secret.is_some()
        || arguments.client_id != "sandbox"
        || !arguments.scopes.is_empty();
    if has_own {
        let mut application = match arguments.client_secret {
            Some(secret) => Application::new(arguments.client_id, secret),
            None => Application::with_random_secret(arguments.client_id)
                .map_err(|error| error.to_string())?,
        };
        if !arguments.scopes.is_empty() {
            application = application.scopes(arguments.scopes);
        }
        settings = settings.application(application);
    }
    if let Some(audience) = arguments.audience {
        settings = settings.audience(audience);
    }
    if let Some(tokens) = arguments.token_quota {
        settings = settings.token_quota(TokenQuota::per_hour(tokens));
    }
    if let Some(limits) = arguments.rate_limit {
        settings = settings.rate_limits(limits);
    }
    if let Some(tenants) = arguments.tenant_limit {
        settings = settings.tenant_limit(tenants);
    }
    if arguments.accept_invitations {
        settings = settings.accept_invitations();
    }
    if arguments.check_answers {
        settings = settings.check_answers();
    }
    if let Some(file) = arguments.faults {
        let name = file.display().to_string();
        let text = std::fs::read_to_string(&file)
            .map_err(|error| format!("{name}: cannot be read: {error}"))?;
        settings = settings.script(Script::parse(&name, &text).map_err(|error| error.to_string())?);
    }
    Ok(settings)
}
