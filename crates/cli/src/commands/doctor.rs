//! `doctor`: checks settings, token, scopes and one read-only call per resource.

use std::collections::BTreeMap;
use std::time::Duration;

use auth0_auth::Error as AuthError;
use auth0_core::{AccessToken, RetrySafety, TokenSource as _};
use auth0_teams::http::header::WWW_AUTHENTICATE;
use auth0_teams::{Client, Error, RetryPolicy, Scopes, TokenError, operations};
use clap::Args;
use serde_json::json;

use super::token::time;
use crate::context::Context;
use crate::failure::{Exit, Failure, chain};
use crate::profile::Settings;

#[derive(Args)]
#[command(after_help = "Examples:\n  auth0-teams doctor\n  auth0-teams doctor --read-only -o json")]
pub(crate) struct DoctorArguments {
    /// Only expect the scopes of commands that change nothing
    #[arg(long)]
    read_only: bool,
}

/// Shorter than the default, so that the doctor finishes soon if an API does not respond.
const TIMEOUT: Duration = Duration::from_secs(10);

const CALLS: [&str; 4] = ["members", "tenants", "environments", "activity"];

/// A finding: name, result, detail, remedy.
struct Check {
    name: &'static str,
    result: &'static str,
    detail: String,
    remedy: Option<String>,
}

/// Runs the checks and prints them. None changes anything.
pub(crate) async fn run(arguments: &DoctorArguments, context: &Context) -> Result<Exit, Failure> {
    let mut checks = Vec::new();
    check(&mut checks, &context.settings, arguments.read_only).await?;
    for name in ["token", "scopes"].into_iter().chain(CALLS) {
        if !checks.iter().any(|check| check.name == name) {
            add(
                &mut checks,
                name,
                "skipped",
                "an earlier check failed".to_owned(),
                None,
            );
        }
    }
    let mut rows = context
        .console
        .rows(&["check", "result", "detail", "remedy"])?;
    for check in &checks {
        rows.write([
            json!(check.name),
            json!(check.result),
            json!(check.detail),
            json!(check.remedy),
        ])?;
    }
    rows.finish()?;
    let all_passed = checks.iter().all(|check| check.result == "ok");
    Ok(if all_passed {
        Exit::Success
    } else {
        Exit::Failure
    })
}

fn add(
    checks: &mut Vec<Check>,
    name: &'static str,
    result: &'static str,
    detail: String,
    remedy: Option<String>,
) {
    checks.push(Check {
        name,
        result,
        detail,
        remedy,
    });
}

/// Runs the checks up to a failure that all later ones would repeat.
async fn check(
    checks: &mut Vec<Check>,
    settings: &Settings,
    read_only: bool,
) -> Result<(), Failure> {
    let (tokens, client) = connect(settings)?;
    let profile = settings.profile.as_deref().unwrap_or("none");
    let detail = format!(
        "team {} at {}, audience {}, profile {profile}",
        settings.team,
        settings.api(),
        settings.audience
    );
    add(checks, "settings", "ok", detail, None);
    let token = match tokens.token().await {
        Ok(token) => token,
        Err(error) => {
            let remedy = token_remedy(&error, settings).await;
            add(checks, "token", "failed", chain(&error), Some(remedy));
            return Ok(());
        }
    };
    let expiry = token.expiry().map_or("unknown".to_owned(), time);
    add(
        checks,
        "token",
        "ok",
        format!("granted, expires: {expiry}"),
        None,
    );
    check_scopes(checks, &token, read_only);
    for name in CALLS {
        match call(&client, name).await {
            Ok(found) => add(checks, name, "ok", found, None),
            Err(error) => {
                let remedy = call_remedy(&error, settings).await;
                add(checks, name, "failed", chain(&error), Some(remedy));
                if error.is_unauthorized() || error.is_transport() || error.is_rate_limited() {
                    return Ok(());
                }
            }
        }
    }
    Ok(())
}

/// A token source and a client with a short timeout and no retries.
fn connect(settings: &Settings) -> Result<(auth0_auth::ClientCredentials, Client), Failure> {
    let tokens = settings.token_source()?;
    let client = settings
        .client_builder()
        .token_source(tokens.clone())
        .timeout(TIMEOUT)
        .retry(RetryPolicy::never())
        .build()?;
    Ok((tokens, client))
}

fn check_scopes(checks: &mut Vec<Check>, token: &AccessToken, read_only: bool) {
    let Some(granted) = token.scopes() else {
        let detail = "not returned with the token, see the calls below";
        return add(checks, "scopes", "ok", detail.to_owned(), None);
    };
    // The calls that need each missing scope.
    let mut missing = BTreeMap::<String, Vec<String>>::new();
    for operation in operations::ALL {
        let is_expected = !read_only || operation.retry_safety() == RetrySafety::Safe;
        if !is_expected || granted.allow(operation) {
            continue;
        }
        let call = format!("{}.{}", operation.group().join("."), operation.name());
        let needed = Scopes::needed_by([*operation]);
        for scope in needed.iter().filter(|scope| !granted.contains(scope)) {
            missing
                .entry(scope.to_owned())
                .or_default()
                .push(call.clone());
        }
    }
    if missing.is_empty() {
        return add(checks, "scopes", "ok", granted.to_string(), None);
    }
    let missing = missing
        .iter()
        .map(|(scope, calls)| format!("{scope} ({})", calls.join(", ")));
    let missing: Vec<String> = missing.collect();
    let detail = format!("missing: {}", missing.join(", "));
    let hint = if read_only {
        ""
    } else {
        "; --read-only expects no scopes of calls that write"
    };
    let remedy = format!(
        "grant the application these scopes for the Teams API, or do not use the commands that need them{hint}"
    );
    add(checks, "scopes", "failed", detail, Some(remedy));
}

/// Makes a read-only call and describes its result.
async fn call(client: &Client, name: &str) -> Result<String, Error> {
    let count = match name {
        "members" => client.members().list().take(1).await?.members.len(),
        "tenants" => client.tenants().list().take(1).await?.tenants.len(),
        "environments" => {
            let environments = client.environments().list().await?.environments;
            let names: Vec<String> = environments.iter().map(ToString::to_string).collect();
            return Ok(format!("readable: {}", names.join(", ")));
        }
        _ => client.activity().list().take(1).await?.logs.len(),
    };
    Ok(match count {
        0 => "readable, none found",
        _ => "readable",
    }
    .to_owned())
}

async fn token_remedy(error: &TokenError, settings: &Settings) -> String {
    let Some(error) = AuthError::find_in(error) else {
        return "see the message".to_owned();
    };
    let domain = &settings.domain;
    if error.is_rate_limited() {
        let at = error
            .retry_at()
            .map_or("later".to_owned(), |at| format!("at {}", time(at)));
        format!("the token quota is exhausted: try again {at}")
    } else if error.is_invalid_client() {
        format!(
            "check client id and secret of the application in the tenant {domain}; the secret may have been rotated"
        )
    } else if error.is_transport() {
        format!("cannot reach {domain}: check --domain, the network and the proxy")
    } else if error.is_invalid_response() {
        format!("{domain} has no token endpoint: check --domain")
    } else {
        match working_audience(settings).await {
            Some(audience) => {
                format!("set --audience {audience}, for which tokens are granted and accepted")
            }
            None => format!(
                "in the tenant {domain}, enable the grant client_credentials for the application and authorize it for \
                 the Teams API"
            ),
        }
    }
}

async fn call_remedy(error: &Error, settings: &Settings) -> String {
    let api = settings.api();
    if error.is_unauthorized() && rejection_text(error).contains("expired") {
        "the token expired before it was used: check the clock of this machine and the token lifetime of the API"
            .to_owned()
    } else if error.is_unauthorized() {
        match working_audience(settings).await {
            Some(audience) => {
                format!("set --audience {audience}, for which tokens are granted and accepted")
            }
            None => format!(
                "{api} rejects tokens of {} for every known audience: check that --domain is the tenant of the team",
                settings.domain
            ),
        }
    } else if error.is_missing_scope() {
        let needed: Vec<String> = error
            .needed_scopes()
            .iter()
            .map(|all| all.join(" and "))
            .collect();
        format!(
            "grant the application the scope {} for the Teams API",
            needed.join(", or ")
        )
    } else if error.is_forbidden() {
        "the scopes suffice, but the server forbids the call: see its message".to_owned()
    } else if error.is_not_found() {
        format!("{api} does not know the team: check --team")
    } else if error.is_rate_limited() {
        let at = error
            .retry_at()
            .map_or("later".to_owned(), |at| format!("at {}", time(at)));
        format!("the rate limit is exceeded: try again {at}")
    } else if error.is_transport() {
        format!("cannot reach {api}: check --team, the network and the proxy")
    } else if error.is_undecodable() {
        format!("{api} is not the Teams API: check --team and the proxy")
    } else {
        let request = error.request_id().unwrap_or("unknown");
        format!("try again later; give Auth0 support the request id {request}")
    }
}

/// The server's description of a rejected token, in lower case.
fn rejection_text(error: &Error) -> String {
    let header = error
        .headers()
        .and_then(|headers| headers.get(WWW_AUTHENTICATE));
    let header = header.and_then(|value| value.to_str().ok());
    let problem = error.problem();
    let detail = problem.and_then(|problem| problem.detail());
    let title = problem.and_then(|problem| problem.title());
    let texts: Vec<&str> = [header, detail, title].into_iter().flatten().collect();
    texts.join(" ").to_lowercase()
}

/// Finds an audience whose tokens the API accepts: Auth0's documentation, dashboard and SDKs name different ones. A 403
/// counts as accepted, because the API rejects only the scopes then.
async fn working_audience(settings: &Settings) -> Option<String> {
    let (team, domain) = (&settings.team, &settings.domain);
    let candidates = [
        format!("https://{team}.teams.auth0.com/api/"),
        format!("https://{team}.teams.auth0.com/api"),
        format!("https://{domain}/api/v2/"),
        format!("https://{domain}/api/"),
    ];
    for audience in candidates {
        if audience == settings.audience {
            continue;
        }
        let Ok((_, client)) = connect(&settings.with_audience(audience.clone())) else {
            continue;
        };
        match call(&client, "members").await {
            Ok(_) => return Some(audience),
            Err(error) if error.is_forbidden() => return Some(audience),
            Err(_) => {}
        }
    }
    None
}
