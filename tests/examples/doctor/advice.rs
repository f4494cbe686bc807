//! Advice for each kind of failure.

use std::time::SystemTime;

use auth0_auth::Error as AuthError;
use auth0_teams::chrono::{DateTime, SecondsFormat, Utc};
use auth0_teams::http::header::WWW_AUTHENTICATE;
use auth0_teams::{Error, TokenError};

use crate::checks::connect;
use crate::support::teams::TeamSettings;

/// Advice for a failed token request.
pub(crate) async fn for_token_error(error: &TokenError, settings: &TeamSettings) -> String {
    let endpoint = settings.application.token_endpoint();
    let Some(error) = AuthError::find_in(error) else {
        return "see the message; there is no specific advice".to_owned();
    };
    if error.is_rate_limited() {
        format!(
            "the token quota is exhausted: try again {}",
            when(error.retry_at())
        )
    } else if error.is_invalid_client() {
        format!(
            "set AUTH0_CLIENT_ID and AUTH0_CLIENT_SECRET to those of the application in the tenant {}; the secret may \
             have been rotated",
            settings.application.domain
        )
    } else if error.is_transport() {
        format!(
            "cannot reach {endpoint}: check AUTH0_DOMAIN (or AUTH0_TOKEN_URL), the network, and the proxy"
        )
    } else if error.is_invalid_response() {
        format!("{endpoint} is not a token endpoint: check AUTH0_DOMAIN (or AUTH0_TOKEN_URL)")
    } else {
        match working_audience(settings).await {
            Some(audience) => set_audience(&audience),
            None => format!(
                "in the tenant {}, enable the grant `client_credentials` for the application and authorize it for the \
                 Teams API; no other known audience works either",
                settings.application.domain
            ),
        }
    }
}

/// Advice for a failed call.
pub(crate) async fn for_call_error(error: &Error, settings: &TeamSettings) -> String {
    let api = settings.api();
    if error.is_unauthorized() && rejection_text(error).contains("expired") {
        "the token expired before it was used: check the clock of this machine and the token lifetime of the API"
            .to_owned()
    } else if error.is_unauthorized() {
        match working_audience(settings).await {
            Some(audience) => set_audience(&audience),
            None => format!(
                "{api} rejects tokens of the tenant {} for every known audience: check that AUTH0_DOMAIN is the \
                 tenant of AUTH0_TEAM",
                settings.application.domain
            ),
        }
    } else if error.is_missing_scope() {
        let needed: Vec<_> = error
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
        format!("{api} does not know the team: check AUTH0_TEAM (or AUTH0_BASE_URL)")
    } else if error.is_rate_limited() {
        format!(
            "the rate limit is exceeded: try again {}",
            when(error.retry_at())
        )
    } else if error.is_transport() {
        format!(
            "cannot reach {api}: check AUTH0_TEAM (or AUTH0_BASE_URL), the network, and the proxy"
        )
    } else if error.is_undecodable() {
        format!("{api} is not the Teams API: check AUTH0_BASE_URL and the proxy")
    } else {
        let request = error.request_id().unwrap_or("unknown");
        format!("try again later; give Auth0 support the request id {request}")
    }
}

fn set_audience(audience: &str) -> String {
    format!("set AUTH0_AUDIENCE={audience}: tokens for it are granted and accepted")
}

/// The description of the server for a rejected token, in lower case.
fn rejection_text(error: &Error) -> String {
    let header = error
        .headers()
        .and_then(|headers| headers.get(WWW_AUTHENTICATE));
    let header = header.and_then(|value| value.to_str().ok());
    let problem = error.problem();
    let detail = problem.and_then(|problem| problem.detail());
    let title = problem.and_then(|problem| problem.title());
    let texts: Vec<_> = [header, detail, title].into_iter().flatten().collect();
    texts.join(" ").to_lowercase()
}

/// Finds an audience whose tokens the API accepts. Documentation, dashboard and SDKs of Auth0 name different audiences
/// for this API. A 403 counts as accepted, because the API rejects only the scopes then.
async fn working_audience(settings: &TeamSettings) -> Option<String> {
    let (team, domain) = (&settings.team, &settings.application.domain);
    let candidates = [
        format!("https://{team}.teams.auth0.com/api/"),
        format!("https://{team}.teams.auth0.com/api"),
        format!("https://{domain}/api/v2/"),
        format!("https://{domain}/api/"),
    ];
    for audience in candidates {
        if audience == settings.application.audience {
            continue;
        }
        let Ok((_, client)) = connect(&settings.with_audience(&audience)) else {
            continue;
        };
        match client.members().list().take(1).await {
            Ok(_) => return Some(audience),
            Err(error) if error.is_forbidden() => return Some(audience),
            Err(_) => {}
        }
    }
    None
}

fn when(time: Option<SystemTime>) -> String {
    match time {
        Some(time) => {
            let time = DateTime::<Utc>::from(time).to_rfc3339_opts(SecondsFormat::Secs, true);
            format!("at {time}")
        }
        None => "later".to_owned(),
    }
}
