//! Profiles: the settings of several teams.

mod file;
mod secrets;
mod settings;

pub(crate) use file::{Profile, ProfileFile, check_name};
pub(crate) use secrets::{Choice, Place, SecretStore};
pub(crate) use settings::{Settings, signing_algorithm};

use std::path::PathBuf;

use directories::ProjectDirs;

use crate::failure::Failure;

/// The directory of the configuration: `AUTH0_TEAMS_CONFIG_DIR`, or the one that the operating system provides.
fn directory() -> Result<PathBuf, Failure> {
    if let Some(directory) = settings::variable("AUTH0_TEAMS_CONFIG_DIR")? {
        return Ok(directory.into());
    }
    let directories = ProjectDirs::from("", "", "auth0-teams");
    let directories = directories.ok_or_else(|| {
        Failure::usage("expected a home directory; set AUTH0_TEAMS_CONFIG_DIR instead")
    })?;
    Ok(directories.config_dir().to_owned())
}

/// The record of the invitations to a team.
pub(crate) fn invitations(team: &str) -> Result<PathBuf, Failure> {
    let is_safe = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let name = team.replace(|c| !is_safe(c), "_");
    Ok(directory()?.join("invitations").join(name + ".ndjson"))
}
