//! The checks: settings, token, scopes, and one read-only call per resource.

use std::time::Duration;

use auth0_auth::ClientCredentials;
use auth0_core::{AccessToken, RetrySafety, TokenSource as _};
use auth0_teams::chrono::{DateTime, SecondsFormat, Utc};
use auth0_teams::{Client, Error, RetryPolicy, Scopes, operations};

use crate::advice;
use crate::report::{MissingScopes, Report};
use crate::support::teams::TeamSettings;
use crate::support::{Failure, error_chain};

/// Shorter than the default, so that the doctor finishes soon if an API does not respond.
const TIMEOUT: Duration = Duration::from_secs(10);

const CALLS: [&str; 4] = ["members", "tenants", "environments", "activity"];

/// Runs all checks. None of them changes anything.
pub(crate) async fn run_checks(settings: &TeamSettings, read_only: bool) -> Report {
    let mut report = Report::default();
    check(&mut report, settings, read_only).await;
    report.skip_remaining(&["token", "scopes"]);
    report.skip_remaining(&CALLS);
    report
}

/// Runs the checks up to a failure that all later checks would repeat.
async fn check(report: &mut Report, settings: &TeamSettings, read_only: bool) {
    let (source, client) = match connect(settings) {
        Ok(connected) => connected,
        Err(failure) => {
            let advice = "correct the AUTH0_* environment variables, see --help".to_owned();
            return report.failed("settings", failure.message(), advice);
        }
    };
    let (team, api, audience) = (
        &settings.team,
        settings.api(),
        &settings.application.audience,
    );
    report.ok(
        "settings",
        format!("team {team} at {api}, audience {audience}"),
    );

    let token = match source.token().await {
        Ok(token) => token,
        Err(error) => {
            let advice = advice::for_token_error(&error, settings).await;
            return report.failed("token", error_chain(&error), advice);
        }
    };
    report.ok("token", validity(&token));
    compare_scopes(report, &token, read_only);

    for name in CALLS {
        match call(&client, name).await {
            Ok(found) => report.ok(name, found),
            Err(error) => {
                let advice = advice::for_call_error(&error, settings).await;
                report.failed(name, error_chain(&error), advice);
                // Other calls would fail in the same way.
                if error.is_unauthorized() || error.is_transport() || error.is_rate_limited() {
                    return;
                }
            }
        }
    }
}

/// Builds a token source and a client with a short timeout and no retries. Sends nothing.
pub(crate) fn connect(settings: &TeamSettings) -> Result<(ClientCredentials, Client), Failure> {
    let source = settings
        .application
        .token_source()
        .timeout(TIMEOUT)
        .build()?;
    let client = settings
        .client_builder()
        .token_source(source.clone())
        .timeout(TIMEOUT)
        .retry(RetryPolicy::never())
        .build()?;
    Ok((source, client))
}

fn validity(token: &AccessToken) -> String {
    match token.expiry() {
        Some(end) => {
            let end = DateTime::<Utc>::from(end).to_rfc3339_opts(SecondsFormat::Secs, true);
            format!("granted, expires at {end}")
        }
        None => "granted, expiry unknown".to_owned(),
    }
}

/// Compares the granted scopes with those that the calls need.
fn compare_scopes(report: &mut Report, token: &AccessToken, read_only: bool) {
    let Some(granted) = token.scopes() else {
        return report.ok("scopes", "not returned with the token, see the calls below");
    };
    let mut missing = MissingScopes::new();
    for operation in operations::ALL {
        let is_expected = !read_only || operation.retry_safety() == RetrySafety::Safe;
        if !is_expected || granted.allow(operation) {
            continue;
        }
        let call = format!("{}.{}", operation.group().join("."), operation.name());
        for scope in Scopes::needed_by([*operation]).iter() {
            if !granted.contains(scope) {
                missing
                    .entry(scope.to_owned())
                    .or_default()
                    .push(call.clone());
            }
        }
    }
    if missing.is_empty() {
        return report.ok("scopes", granted.to_string());
    }
    let advice = "grant the application these scopes for the Teams API, or do not use these calls";
    let hint = if read_only {
        ""
    } else {
        " (--read-only skips the scopes of calls that write)"
    };
    report.lacks_scopes("scopes", missing, format!("{advice}{hint}"));
}

/// Makes a read-only call and describes its result.
async fn call(client: &Client, name: &str) -> Result<String, Error> {
    Ok(match name {
        "members" => readable(client.members().list().take(1).await?.members.len()),
        "tenants" => readable(client.tenants().list().take(1).await?.tenants.len()),
        "environments" => {
            let environments = client.environments().list().await?.environments;
            let names: Vec<&str> = environments.iter().map(|name| &**name).collect();
            names.join(", ")
        }
        _ => readable(client.activity().list().take(1).await?.logs.len()),
    })
}

fn readable(count: usize) -> String {
    match count {
        0 => "readable, none found".to_owned(),
        _ => "readable".to_owned(),
    }
}
