//! The sandbox as a program: prints one line of JSON when it is ready, and runs until it receives a signal.
#![forbid(unsafe_code)]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use auth0_sandbox::{
    Application, Error, RateLimitPlan, RateLimits, Sandbox, SandboxBuilder, Script, TokenQuota,
};
use clap::Parser;

/// A local Auth0 for development and tests: token endpoint, Teams API, My Organization API and organizations
///
/// Prints one line of JSON to standard output when it is ready: url, team, domain, client_id, client_secret, audience,
/// token_url, pid, admin_token, admin_email, my_organization_url and management_url with their audiences, the first
/// organization, one of its members, and a native application for logins. Logs go to standard error; RUST_LOG is
/// ignored. Listens on 127.0.0.1 only, stores nothing on disk, and stops on Ctrl-C.
#[derive(Parser)]
#[command(
    version,
    after_help = "Examples:\n  auth0-sandbox --members 200 --tenants 40\n  auth0-sandbox --port 8080 --faults faults.toml\n\nExit status: 0 stopped by a signal, 1 failed to start, 2 invalid arguments or fault file."
)]
struct Arguments {
    /// Port to listen on; 0 picks a free port
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Initial number of team members
    #[arg(long, value_name = "NUMBER", default_value_t = 25)]
    members: u64,
    /// Initial number of tenants of the team
    #[arg(long, value_name = "NUMBER", default_value_t = 8)]
    tenants: u64,
    /// Initial number of organizations of the tenant
    #[arg(long, value_name = "NUMBER", default_value_t = 3)]
    organizations: u64,
    /// Initial number of members of each organization
    #[arg(long, value_name = "NUMBER", default_value_t = 5)]
    organization_members: u64,
    /// Initial number of connections of the tenant
    #[arg(long, value_name = "NUMBER", default_value_t = 3)]
    connections: u64,
    /// Initial number of activity log entries
    #[arg(long, value_name = "NUMBER", default_value_t = 60)]
    activity: u64,
    /// Seed of ids, names and times: the same seed produces the same values
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    seed: u64,
    /// Slug of the team
    #[arg(long, value_name = "SLUG", default_value = "acme")]
    team: String,
    /// Client id of the application that can request tokens
    #[arg(long, value_name = "ID", default_value = "sandbox")]
    client_id: String,
    /// Client secret of the application [default: random]
    #[arg(long, value_name = "SECRET")]
    client_secret: Option<String>,
    /// Scope of the application; can be repeated [default: all scopes]
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<String>,
    /// Client id of an additional native application for browser and device logins; can be repeated
    #[arg(long = "native", value_name = "ID")]
    natives: Vec<String>,
    /// Log in the user named by `login_hint` without showing the user selection page
    #[arg(long)]
    login_at_once: bool,
    /// Require nonces in DPoP proofs
    #[arg(long)]
    dpop_nonces: bool,
    /// Audience of access tokens for the Teams API [default: https://SLUG.teams.auth0.com/api/]
    #[arg(long, value_name = "URI")]
    audience: Option<String>,
    /// Lifetime of access tokens
    #[arg(long, value_name = "SECONDS", default_value_t = 86_400)]
    token_lifetime: u64,
    /// Maximum number of tokens per hour for each application
    #[arg(long, value_name = "NUMBER")]
    token_quota: Option<u64>,
    /// Rate limit plan of the My Organization API and the Management API: free, public-self-service, public-enterprise,
    /// private-basic or private-performance
    #[arg(long, value_name = "PLAN")]
    plan: Option<RateLimitPlan>,
    /// Apply the higher Management API limits of a production tenant
    #[arg(long, requires = "plan")]
    production: bool,
    /// Rate limit plan of the Teams API. No limits are published for it: the tenant limits of the plan apply
    #[arg(long, value_name = "PLAN")]
    rate_limit: Option<RateLimits>,
    /// Maximum number of tenants of the team
    #[arg(long, value_name = "NUMBER")]
    tenant_limit: Option<usize>,
    /// Accept invitations to the team immediately
    #[arg(long)]
    accept_invitations: bool,
    /// Validate every response against the OpenAPI document before sending it
    #[arg(long)]
    check_answers: bool,
    /// TOML file with the faults to inject
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
    // Installed before the ready line is printed: a reader of that line may send a signal immediately.
    let shutdown_signal = shutdown_signal().map_err(|error| {
        StartupError::new(format!("installing signal handlers failed: {error}"))
    })?;
    let sandbox = builder(arguments)?.start().await?;
    let line = serde_json::to_string(&sandbox.connection_info()).map_err(StartupError::new)?;
    let mut out = std::io::stdout();
    writeln!(out, "{line}")
        .and_then(|()| out.flush())
        .map_err(|error| {
            StartupError::new(format!("writing to standard output failed: {error}"))
        })?;
    shutdown_signal.await;
    Ok(())
}

/// Installs the signal handlers. The returned future completes on SIGINT (Ctrl-C) or SIGTERM.
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
        message: format!("reading the file failed: {error}"),
    })
}
