//! `token show`: claims and scopes, never the token.

use std::time::SystemTime;

use auth0_teams::chrono::{DateTime, SecondsFormat, Utc};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::Subcommand;
use serde_json::{Map, Value, json};

use crate::context::Context;
use crate::failure::{Exit, Failure};

#[derive(Subcommand)]
pub(crate) enum TokenCommand {
    /// Obtain an access token and show its expiry, scopes and claims
    Show,
}

pub(crate) async fn run(command: TokenCommand, context: &Context) -> Result<Exit, Failure> {
    let TokenCommand::Show = command;
    let token = context.access_token().await?;
    let mut rows = context.console.rows(&["name", "value"])?;
    rows.write([json!("expires_at"), json!(token.expiry().map(time))])?;
    let scopes = token
        .scopes()
        .map(|scopes| scopes.iter().collect::<Vec<_>>());
    rows.write([json!("scopes"), json!(scopes)])?;
    match claims(token.secret()) {
        Some(claims) => {
            for (name, value) in claims {
                rows.write([json!(format!("claim {name}")), value])?;
            }
        }
        None => rows.write([json!("claims"), json!("none: the token is opaque")])?,
    }
    rows.finish()?;
    Ok(Exit::Success)
}

/// The claims of a JWT, unverified. `None` for other tokens.
fn claims(token: &str) -> Option<Map<String, Value>> {
    let mut parts = token.split('.');
    let (_, payload, _) = (parts.next()?, parts.next()?, parts.next()?);
    let payload = URL_SAFE_NO_PAD.decode(payload).ok()?;
    serde_json::from_slice(&payload).ok()
}

/// A time in RFC 3339.
pub(crate) fn time(time: SystemTime) -> String {
    DateTime::<Utc>::from(time).to_rfc3339_opts(SecondsFormat::Secs, true)
}
