//! The sandbox as a program: prints one line of JSON when it is ready, and serves until it is told to stop.
#![forbid(unsafe_code)]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use auth0_sandbox::{
    Application, Error, RateLimitPlan, RateLimits, Sandbox, SandboxBuilder, Script, TokenQuota,
};
use clap::Parser;

/// A local Auth0 to develop against: token endpoint, Teams API, My Organization API and organizations
///
/// Prints one line of JSON on the standard output once it is ready: url, team, domain, client_id, client_secret,
/// audience, token_url, pid, admin_token and admin_email, my_organization_url and management_url with their audiences,
/// and the first organization, one of its members and a native application to log in by. Logs go to the standard error; RUST_LOG is not read. It
/// listens at 127.0.0.1 only, keeps nothing, and ends with Ctrl-C.
#[derive(Parser)]
#[command(
    version,
    after_help = "Examples:\n  auth0-sandbox --members 200 --tenants 40\n  auth0-sandbox --port 8080 --faults faults.toml\n\nExit status: 0 it was told to stop, 1 it could not start, 2 the arguments or the file of faults are wrong."
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
    /// How many organizations the tenant begins with
    #[arg(long, value_name = "NUMBER", default_value_t = 3)]
    organizations: u64,
    /// How many members each organization begins with
    #[arg(long, value_name = "NUMBER", default_value_t = 5)]
    organization_members: u64,
    /// How many connections the tenant begins with
    #[arg(long, value_name = "NUMBER", default_value_t = 3)]
    connections: u64,
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
    /// The client id of a native application beside it, by which users log in with a browser or a device; can be given
    /// several times
    #[arg(long = "native", value_name = "ID")]
    natives: Vec<String>,
    /// Log in at once whoever `login_hint` names, without a page to choose from
    #[arg(long)]
    login_at_once: bool,
    /// Ask for nonces in DPoP proofs
    #[arg(long)]
    dpop_nonces: bool,
    /// The audience of access tokens [default: https://SLUG.teams.auth0.com/api/]
    #[arg(long, value_name = "URI")]
    audience: Option<String>,
    /// How long tokens live
    #[arg(long, value_name = "SECONDS", default_value_t = 86_400)]
    token_lifetime: u64,
    /// How many tokens the application may be granted in an hour
    #[arg(long, value_name = "NUMBER")]
    token_quota: Option<u64>,
    /// Keep to the rate limits of a plan in the My Organization API and the Management API: free, public-self-service,
    /// public-enterprise, private-basic or private-performance
    #[arg(long, value_name = "PLAN")]
    plan: Option<RateLimitPlan>,
    /// The tenant is one of production, which has higher limits in the Management API
    #[arg(long, requires = "plan")]
    production: bool,
    /// Keep to the rate limits of a plan in the Teams API, for which none are published: those of the tenant
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
            let _ = writeln!(std::io::stderr(), "error: {}", error.message);
            ExitCode::from(error.status)
        }
    }
}

/// Why the program ends, and its exit status.
struct StartupError {
    message: String,
    status: u8,
}

impl StartupError {
    fn new(message: impl ToString) -> Self {
        let message = message.to_string();
        Self { message, status: 1 }
    }
}

impl From<Error> for StartupError {
    fn from(error: Error) -> Self {
        let is_argument = matches!(error, Error::Setting { .. } | Error::Script { .. });
        Self {
            status: if is_argument { 2 } else { 1 },
            ..Self::new(error)
        }
    }
}

#[tokio::main]
async fn run(arguments: Arguments) -> Result<(), StartupError> {
    // Before it says that it is ready: whoever reads that may stop it at once.
    let shutdown_signal = shutdown_signal()
        .map_err(|error| StartupError::new(format!("signals cannot be heard: {error}")))?;
    let sandbox = builder(arguments)?.start().await?;
    let line = serde_json::to_string(&sandbox.connection_info()).map_err(StartupError::new)?;
    let mut out = std::io::stdout();
    writeln!(out, "{line}")
        .and_then(|()| out.flush())
        .map_err(|error| {
            StartupError::new(format!("the standard output cannot be written to: {error}"))
        })?;
    shutdown_signal.await;
    Ok(())
}

/// From now on, comes back when the program is told to stop: by Ctrl-C, or as service managers do it.
#[cfg(unix)]
fn shutdown_signal() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

#[cfg(windows)]
fn shutdown_signal() -> std::io::Result<impl Future<Output = ()>> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    Ok(async move {
        interrupt.recv().await;
    })
}

fn builder(arguments: Arguments) -> Result<SandboxBuilder, Error> {
    let mut builder = Sandbox::builder()
        .port(arguments.port)
        .members(arguments.members)
        .tenants(arguments.tenants)
        .organizations(arguments.organizations)
        .organization_members(arguments.organization_members)
        .connections(arguments.connections)
        .activity(arguments.activity)
        .seed(arguments.seed)
        .team(arguments.team)
        .token_lifetime(Duration::from_secs(arguments.token_lifetime));
    let has_custom_application = arguments.client_secret.is_some()
        || arguments.client_id != "sandbox"
        || !arguments.scopes.is_empty()
        || !arguments.natives.is_empty();
    if has_custom_application {
        let mut application = match arguments.client_secret {
            Some(secret) => Application::new(arguments.client_id, secret),
            None => Application::with_random_secret(arguments.client_id)?,
        };
        if !arguments.scopes.is_empty() {
            application = application.scopes(arguments.scopes);
        }
        builder = builder.application(application.any_organization());
        let mut natives = arguments.natives;
        if natives.is_empty() {
            natives.push("sandbox-native".to_owned());
        }
        for id in natives {
            builder = builder.application(Application::native(id).any_organization());
        }
    }
    if arguments.login_at_once {
        builder = builder.login_at_once();
    }
    if arguments.dpop_nonces {
        builder = builder.dpop_nonces();
    }
    if let Some(audience) = arguments.audience {
        builder = builder.audience(audience);
    }
    if let Some(tokens) = arguments.token_quota {
        builder = builder.token_quota(TokenQuota::per_hour(tokens));
    }
    if let Some(limits) = arguments.rate_limit {
        builder = builder.rate_limits(limits);
    }
    if let Some(plan) = arguments.plan {
        builder = builder.rate_limit_plan(match arguments.production {
            true => plan.production(),
            false => plan,
        });
    }
    if let Some(tenants) = arguments.tenant_limit {
        builder = builder.tenant_limit(tenants);
    }
    if arguments.accept_invitations {
        builder = builder.accept_invitations();
    }
    if arguments.check_answers {
        builder = builder.check_responses();
    }
    if let Some(file) = arguments.faults {
        let name = file.display().to_string();
        builder = builder.script(Script::parse(&name, &read(&file, &name)?)?);
    }
    Ok(builder)
}

fn read(file: &Path, name: &str) -> Result<String, Error> {
    std::fs::read_to_string(file).map_err(|error| Error::Script {
        name: name.to_owned(),
        message: format!("cannot be read: {error}"),
    })
}
