//! `environment`.

use clap::Subcommand;
use serde_json::json;

use crate::context::Context;
use crate::failure::{Exit, Failure};

#[derive(Subcommand)]
pub(crate) enum EnvironmentCommand {
    /// List the environments in which the team has tenants
    List,
}

pub(crate) async fn run(command: EnvironmentCommand, context: &Context) -> Result<Exit, Failure> {
    let EnvironmentCommand::List = command;
    let mut rows = context.console.rows(&["environment"])?;
    for environment in context.client.environments().list().await?.environments {
        rows.write([json!(environment)])?;
    }
    rows.finish()?;
    Ok(Exit::Success)
}
