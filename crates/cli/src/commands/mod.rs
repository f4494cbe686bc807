//! The commands, one module per resource.

pub(crate) mod access;
pub(crate) mod activity;
pub(crate) mod doctor;
pub(crate) mod environment;
pub(crate) mod member;
mod member_file;
pub(crate) mod offboard;
pub(crate) mod onboard;
pub(crate) mod profile;
mod review;
pub(crate) mod roster;
pub(crate) mod tenant;
mod tenant_secret;
pub(crate) mod token;

use std::path::Path;

use clap::CommandFactory as _;

use crate::cli::{Arguments, Command};
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::output::{Console, note, print};
use crate::stop::Stop;

/// Runs a command.
pub(crate) async fn run(arguments: Arguments, stop: Stop) -> Result<Exit, Failure> {
    let Arguments { global, command } = arguments;
    match command {
        Command::Completions { shell } => return completions(shell),
        Command::Man { directory } => return man(&directory),
        Command::Profile(command) => return profile::run(command, &global, &Console::new(&global)),
        _ => {}
    }
    let context = Context::open(&global, stop).await?;
    if context.is_sandbox() {
        note("using a new local sandbox; its state is lost when the command ends");
    }
    let result = match command {
        Command::Member(command) => member::run(command, &context).await,
        Command::Tenant(command) => tenant::run(command, &context).await,
        Command::Access(command) => access::run(command, &context).await,
        Command::Environment(command) => environment::run(command, &context).await,
        Command::Roster(command) => roster::run(command, &context).await,
        Command::Offboard(arguments) => offboard::run(arguments, &context).await,
        Command::Onboard(arguments) => onboard::run(arguments, &context).await,
        Command::Activity(command) => activity::run(command, &context).await,
        Command::Token(command) => token::run(command, &context).await,
        Command::Doctor(arguments) => doctor::run(&arguments, &context).await,
        Command::Completions { .. } | Command::Man { .. } | Command::Profile(_) => {
            Ok(Exit::Success)
        }
    };
    context.close().await;
    result
}

fn completions(shell: clap_complete::Shell) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "auth0-teams", &mut script);
    print(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Success)
}

fn man(directory: &Path) -> Result<Exit, Failure> {
    std::fs::create_dir_all(directory)
        .and_then(|()| clap_mangen::generate_to(Arguments::command(), directory))
        .map_err(|error| Failure::file(directory, &error))?;
    Ok(Exit::Success)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_command_has_help_and_the_everyday_ones_examples() {
        fn check(command: &clap::Command, path: &str) {
            let path = format!("{path} {}", command.get_name());
            assert!(command.get_about().is_some(), "{path} has no description");
            let is_leaf = command.get_subcommands().next().is_none();
            if is_leaf
                && command
                    .get_arguments()
                    .any(|argument| argument.is_required_set())
            {
                let examples = command.get_after_help().map(ToString::to_string);
                assert!(
                    examples.is_some_and(|text| text.contains("auth0-teams ")),
                    "{path} has no example"
                );
            }
            command
                .get_subcommands()
                .for_each(|command| check(command, &path));
        }
        check(&Arguments::command(), "");
    }
}
