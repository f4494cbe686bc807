//! The secrets of profiles: one file per profile, which only its owner can read.

use std::fs;
use std::io::{self, Read as _};
use std::path::PathBuf;

use auth0_core::SecretString;

use crate::failure::Failure;
use crate::files;

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

    /// Where the secret of a profile is stored, for messages.
    pub(crate) fn place(&self, profile: &str) -> String {
        self.path(profile).display().to_string()
    }

    pub(crate) fn set(&self, profile: &str, secret: &SecretString) -> Result<(), Failure> {
        fs::create_dir_all(&self.directory)
            .map_err(|error| Failure::file(&self.directory, &error))?;
        files::replace(&self.path(profile), secret.secret().as_bytes())
    }

    pub(crate) fn get(&self, profile: &str) -> Result<Option<SecretString>, Failure> {
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

    pub(crate) fn remove(&self, profile: &str) -> Result<(), Failure> {
        let path = self.path(profile);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(Failure::file(&path, &error))
            }
            _ => Ok(()),
        }
    }
}
