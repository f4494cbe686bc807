//! What to do about a failure.

use std::time::SystemTime;

use auth0_auth::Error as AuthError;
use auth0_teams::chrono::{DateTime, SecondsFormat, Utc};
use auth0_teams::http::header::WWW_AUTHENTICATE;
use auth0_teams::{Error, TokenError};

use crate::examination::connect;
use crate::support::teams::Settings;

/// What to do where no token could be had.
pub(crate) async fn on_token(error: &TokenError, settings: &Settings) -> String {
    let endpoint = settings.machine.token_endpoint();
    let Some(error) = AuthError::find_in(error) else {
        return "the message says all that is known".to_owned();
    };
    if error.is_rate_limited() {
        format!(
            "the quota of tokens is used up: come back {}",
            when(error.retry_at())
        )
    } else if error.is_invalid_client() {
        format!(
            "copy AUTH0_CLIENT_ID and AUTH0_CLIENT_SECRET anew from the application in the tenant {}; was the secret \
             rotated?",
            settings.machine.domain
        )
    } else if error.is_transport() {
        format!(
            "nobody answers at {endpoint}: check AUTH0_DOMAIN (or AUTH0_TOKEN_URL), the network, and the proxy"
        )
    } else if error.is_invalid_response() {
        format!("{endpoint} is no token endpoint: check AUTH0_DOMAIN (or AUTH0_TOKEN_URL)")
    } else {
        match working_audience(settings).await {
            Some(audience) => set_audience(&audience),
            None => format!(
                "in the tenant {}, allow the application the grant `client_credentials` and authorize it for the Teams \
                 API; no other audience works either",
                settings.machine.domain
            ),
        }
    }
}

/// What to do where a call failed.
pub(crate) async fn on_call(error: &Error, settings: &Settings) -> String {
    let api = settings.api();
    if error.is_unauthorized() && words(error).contains("expired") {
        "the token ended before it arrived: compare the clock of this machine with another one, and look at the \
         lifetime of the API's tokens"
            .to_owned()
    } else if error.is_unauthorized() {
        match working_audience(settings).await {
            Some(audience) => set_audience(&audience),
            None => format!(
                "tokens of the tenant {} are not taken at {api}, whatever their audience: check that AUTH0_DOMAIN is the \
                 tenant of AUTH0_TEAM",
                settings.machine.domain
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
        "the scopes are enough, but the server does not allow it: its words say why".to_owned()
    } else if error.is_not_found() {
        format!("there is no such team at {api}: check AUTH0_TEAM (or AUTH0_BASE_URL)")
    } else if error.is_rate_limited() {
        format!(
            "too many calls were made: come back {}",
            when(error.retry_at())
        )
    } else if error.is_transport() {
        format!(
            "nobody answers at {api}: check AUTH0_TEAM (or AUTH0_BASE_URL), the network, and the proxy"
        )
    } else if error.is_undecodable() {
        format!("what answers at {api} is not the Teams API: check AUTH0_BASE_URL and the proxy")
    } else {
        let request = error.request_id().unwrap_or("unknown");
        format!("try again later; Auth0's support asks for the request id, which is {request}")
    }
}

fn set_audience(audience: &str) -> String {
    format!("set AUTH0_AUDIENCE={audience}: tokens for it are granted and taken")
}

/// All that the server says about a token that it refuses.
fn words(error: &Error) -> String {
    let header = error
        .headers()
        .and_then(|headers| headers.get(WWW_AUTHENTICATE));
    let header = header.and_then(|value| value.to_str().ok());
    let problem = error.problem();
    let detail = problem.and_then(|problem| problem.detail());
    let title = problem.and_then(|problem| problem.title());
    let words: Vec<_> = [header, detail, title].into_iter().flatten().collect();
    words.join(" ").to_lowercase()
}

/// Documentation, console and SDKs of Auth0 name different audiences for this API. The one among them for which a token
/// is granted that the API takes, be it only to say that it lacks a scope.
async fn working_audience(settings: &Settings) -> Option<String> {
    let (team, domain) = (&settings.team, &settings.machine.domain);
    let known = [
        format!("https://{team}.teams.auth0.com/api/"),
        format!("https://{team}.teams.auth0.com/api"),
        format!("https://{domain}/api/v2/"),
        format!("https://{domain}/api/"),
    ];
    for audience in known {
        if audience == settings.machine.audience {
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
