//! The steps: settings, token, scopes, and a call of each kind that only reads.

use std::time::Duration;

use auth0_auth::ClientCredentials;
use auth0_core::{AccessToken, RetrySafety, TokenSource as _};
use auth0_teams::chrono::{DateTime, SecondsFormat, Utc};
use auth0_teams::{Client, Error, RetryPolicy, Scopes, operations};

use crate::advice;
use crate::report::{MissingScopes, Report};
use crate::support::teams::Settings;
use crate::support::{Failure, in_full};

/// A call of an API that does not answer need not take a minute here.
const PATIENCE: Duration = Duration::from_secs(10);

const CALLS: [&str; 4] = ["members", "tenants", "environments", "activity"];

/// Looks at everything that can be looked at without changing anything.
pub(crate) async fn examine(settings: &Settings, read_only: bool) -> Report {
    let mut report = Report::default();
    look(&mut report, settings, read_only).await;
    report.skip_others(&["token", "scopes"]);
    report.skip_others(&CALLS);
    report
}

/// Takes the steps up to one that makes the others hopeless.
async fn look(report: &mut Report, settings: &Settings, read_only: bool) {
    let (source, client) = match connect(settings) {
        Ok(connected) => connected,
        Err(failure) => {
            let advice = "correct the AUTH0_… variables, see --help".to_owned();
            return report.failed("settings", failure.in_full(), advice);
        }
    };
    let (team, api, audience) = (&settings.team, settings.api(), &settings.machine.audience);
    report.ok(
        "settings",
        format!("team {team} at {api}, audience {audience}"),
    );

    let token = match source.token().await {
        Ok(token) => token,
        Err(error) => {
            let advice = advice::on_token(&error, settings).await;
            return report.failed("token", in_full(&error), advice);
        }
    };
    report.ok("token", validity(&token));
    compare_scopes(report, &token, read_only);

    for name in CALLS {
        match call(&client, name).await {
            Ok(found) => report.ok(name, found),
            Err(error) => {
                let advice = advice::on_call(&error, settings).await;
                report.failed(name, in_full(&error), advice);
                // These say nothing of the one call alone.
                if error.is_unauthorized() || error.is_transport() || error.is_rate_limited() {
                    return;
                }
            }
        }
    }
}

/// A token source and a client that gives up early. Nothing is sent yet.
pub(crate) fn connect(settings: &Settings) -> Result<(ClientCredentials, Client), Failure> {
    let source = settings.machine.token_source().timeout(PATIENCE).build()?;
    let client = settings
        .client_builder()
        .token_source(source.clone())
        .timeout(PATIENCE)
        .retry(RetryPolicy::never())
        .build()?;
    Ok((source, client))
}

fn validity(token: &AccessToken) -> String {
    match token.expiry() {
        Some(end) => {
            let end = DateTime::<Utc>::from(end).to_rfc3339_opts(SecondsFormat::Secs, true);
            format!("granted, valid until {end}")
        }
        None => "granted, its end is not told".to_owned(),
    }
}

/// Which calls the scopes of the token are not enough for.
fn compare_scopes(report: &mut Report, token: &AccessToken, read_only: bool) {
    let Some(granted) = token.scopes() else {
        return report.ok("scopes", "not told with the token, the calls will show");
    };
    let mut missing = MissingScopes::new();
    for operation in operations::ALL {
        let is_meant = !read_only || operation.retry_safety() == RetrySafety::Safe;
        if !is_meant || granted.allow(operation) {
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
    let advice = "grant the application these scopes for the Teams API, or do without the calls";
    let hint = if read_only {
        ""
    } else {
        " (--read-only expects no others)"
    };
    report.lacks("scopes", missing, format!("{advice}{hint}"));
}

/// Makes one of the calls that only read, and says what came.
async fn call(client: &Client, name: &str) -> Result<String, Error> {
    Ok(match name {
        "members" => some(client.members().list().take(1).await?.members.len()),
        "tenants" => some(client.tenants().list().take(1).await?.tenants.len()),
        "environments" => {
            let environments = client.environments().list().await?.environments;
            let names: Vec<&str> = environments.iter().map(|name| &**name).collect();
            names.join(", ")
        }
        _ => some(client.activity().list().take(1).await?.logs.len()),
    })
}

fn some(found: usize) -> String {
    match found {
        0 => "can be read, there are none".to_owned(),
        _ => "can be read".to_owned(),
    }
}
