//! `auth0-teams`: a command-line tool for owners of an Auth0 team.
#![forbid(unsafe_code)]

mod activity;
mod cli;
mod commands;
mod context;
mod failure;
mod files;
mod lookup;
mod names;
mod output;
mod profile;
mod review;
mod roster;
mod stop;
mod team;

use std::process::ExitCode;

use clap::Parser as _;

use crate::failure::{Exit, Failure};

fn main() -> ExitCode {
    let arguments = cli::Arguments::parse();
    match run(arguments) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            failure.print();
            failure.exit().into()
        }
    }
}

fn run(arguments: cli::Arguments) -> Result<Exit, Failure> {
    if let Some(level) = &arguments.global.log {
        output::start_log(level)?;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::failed(format!("starting the runtime failed: {error}")))?;
    runtime.block_on(stop::until_stopped(|stop| commands::run(arguments, stop)))
}
