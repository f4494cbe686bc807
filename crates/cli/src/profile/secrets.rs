//! The secrets of profiles: in the keyring of the operating system, or in files that only their owner can read.

use std::fs;
use std::io::{self, Read as _};
use std::path::PathBuf;

use auth0_core::SecretString;
use clap::ValueEnum;
use keyring::{Entry, Error};
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::files;

/// The name of the tool in the keyring.
const SERVICE: &str = "auth0-teams";

/// Where the secret of a profile is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Place {
    #[default]
    File,
    Keyring,
}

/// Where a secret shall be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Choice {
    /// In the keyring, or in a file if there is no keyring.
    Auto,
    /// In the keyring of the operating system.
    Keyring,
    /// In a file that only its owner can read.
    File,
}

/// Stores the client secret or private key of each profile.
pub(crate) struct SecretStore {
    directory: PathBuf,
}

impl SecretStore {
    pub(crate) fn open() -> Result<Self, Failure> {
        let directory = super::directory()?.join("secrets");
        Ok(Self { directory })
    }

    fn path(&self, profile: &str) -> PathBuf {
        self.directory.join(profile)
    }

    /// Where the secret of a profile is, for messages.
    pub(crate) fn describe(&self, profile: &str, place: Place) -> String {
        match place {
            Place::Keyring => "the keyring".to_owned(),
            Place::File => self.path(profile).display().to_string(),
        }
    }

    /// Stores a secret. Returns where.
    pub(crate) fn set(
        &self,
        profile: &str,
        secret: &SecretString,
        choice: Choice,
    ) -> Result<Place, Failure> {
        let error = match choice {
            Choice::File => None,
            Choice::Auto | Choice::Keyring => {
                let stored = entry(profile).and_then(|entry| entry.set_password(secret.secret()));
                match stored {
                    Ok(()) => {
                        // A secret of an earlier version of the profile.
                        self.remove_file(profile)?;
                        return Ok(Place::Keyring);
                    }
                    Err(error) => Some(error),
                }
            }
        };
        match error {
            Some(error) if choice == Choice::Keyring => return Err(keyring_failure(&error)),
            Some(error) => tracing::debug!(%error, "no keyring is available"),
            None => {}
        }
        fs::create_dir_all(&self.directory)
            .map_err(|error| Failure::file(&self.directory, &error))?;
        files::replace(&self.path(profile), secret.secret().as_bytes())?;
        Ok(Place::File)
    }

    pub(crate) fn get(&self, profile: &str, place: Place) -> Result<Option<SecretString>, Failure> {
        match place {
            Place::File => self.read_file(profile),
            Place::Keyring => match entry(profile).and_then(|entry| entry.get_password()) {
                Ok(secret) => Ok(Some(secret.into())),
                Err(Error::NoEntry) => Ok(None),
                Err(error) => Err(keyring_failure(&error)),
            },
        }
    }

    fn read_file(&self, profile: &str) -> Result<Option<SecretString>, Failure> {
        let path = self.path(profile);
        let mut file = match fs::File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Failure::file(&path, &error)),
        };
        let is_private = files::is_private(&file).map_err(|error| Failure::file(&path, &error))?;
        if !is_private {
            return Err(Failure::usage(format!(
                "{}: expected a file that only its owner can read; run chmod 600",
                path.display()
            )));
        }
        let mut text = String::new();
        file.read_to_string(&mut text)
            .map_err(|error| Failure::file(&path, &error))?;
        Ok(Some(SecretString::from(text).trimmed()))
    }

    pub(crate) fn remove(&self, profile: &str, place: Place) -> Result<(), Failure> {
        match place {
            Place::File => self.remove_file(profile),
            Place::Keyring => match entry(profile).and_then(|entry| entry.delete_credential()) {
                Ok(()) | Err(Error::NoEntry) => Ok(()),
                Err(error) => Err(keyring_failure(&error)),
            },
        }
    }

    fn remove_file(&self, profile: &str) -> Result<(), Failure> {
        let path = self.path(profile);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(Failure::file(&path, &error))
            }
            _ => Ok(()),
        }
    }
}

fn entry(profile: &str) -> keyring::Result<Entry> {
    Entry::new(SERVICE, profile)
}

fn keyring_failure(error: &Error) -> Failure {
    let error = crate::failure::chain(error);
    Failure::failed(format!(
        "using the keyring failed: {error}; --secret-store file uses a file instead"
    ))
}
