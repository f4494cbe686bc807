//! The file with all profiles, `profiles.toml`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::Place;
use crate::failure::Failure;
use crate::files;
use crate::names::near_matches;

/// The settings of one team. Secrets are stored elsewhere.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Profile {
    pub(crate) team: String,
    pub(crate) domain: String,
    pub(crate) client_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) audience: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) base_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) token_url: Option<String>,
    /// Where the secret is.
    #[serde(default)]
    pub(crate) secret: Place,
    /// Signing algorithm, if the credential is a private key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) algorithm: Option<String>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    /// The profile that is used without `--profile`.
    #[serde(skip_serializing_if = "Option::is_none")]
    current: Option<String>,
    #[serde(default)]
    profiles: BTreeMap<String, Profile>,
}

/// The file with all profiles.
pub(crate) struct ProfileFile {
    path: PathBuf,
    content: Content,
}

impl ProfileFile {
    pub(crate) fn load() -> Result<Self, Failure> {
        let path = super::directory()?.join("profiles.toml");
        let content = match files::read_optional(&path)? {
            None => Content::default(),
            Some(text) => toml::from_str(&text).map_err(|error| {
                let error = error.to_string();
                Failure::usage(format!("{}: {}", path.display(), error.trim_end()))
            })?,
        };
        Ok(Self { path, content })
    }

    pub(crate) fn save(&self) -> Result<(), Failure> {
        if let Some(directory) = self.path.parent() {
            std::fs::create_dir_all(directory).map_err(|error| Failure::file(directory, &error))?;
        }
        let text = toml::to_string(&self.content)
            .map_err(|error| Failure::failed(format!("{}: {error}", self.path.display())))?;
        files::replace(&self.path, text.as_bytes())
    }

    /// The name of the profile that is used without `--profile`.
    pub(crate) fn current(&self) -> Option<&str> {
        self.content.current.as_deref()
    }

    pub(crate) fn list(&self) -> impl Iterator<Item = (&String, &Profile)> {
        self.content.profiles.iter()
    }

    pub(crate) fn get(&self, name: &str) -> Result<&Profile, Failure> {
        self.content.profiles.get(name).ok_or_else(|| {
            let names = self.content.profiles.keys().map(String::as_str);
            let near = near_matches(name, names);
            Failure::usage(format!(
                "expected a profile of {}, found `{name}`{near}",
                self.path.display()
            ))
        })
    }

    pub(crate) fn contains(&self, name: &str) -> bool {
        self.content.profiles.contains_key(name)
    }

    /// Adds or replaces a profile. The first one is selected.
    pub(crate) fn set(&mut self, name: &str, profile: Profile) {
        self.content.profiles.insert(name.to_owned(), profile);
        self.content.current.get_or_insert_with(|| name.to_owned());
    }

    pub(crate) fn select(&mut self, name: &str) -> Result<(), Failure> {
        self.get(name)?;
        self.content.current = Some(name.to_owned());
        Ok(())
    }

    pub(crate) fn remove(&mut self, name: &str) -> Result<(), Failure> {
        self.get(name)?;
        self.content.profiles.remove(name);
        self.content.current.take_if(|current| current == name);
        Ok(())
    }
}

/// Checks the name of a profile, which is also the name of a file.
pub(crate) fn check_name(name: &str) -> Result<String, String> {
    let is_valid = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !name.is_empty() && name.len() <= 64 && name.chars().all(is_valid) {
        return Ok(name.to_owned());
    }
    Err("expected 1 to 64 letters, digits, `-` or `_`".to_owned())
}
