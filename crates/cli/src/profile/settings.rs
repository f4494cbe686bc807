//! The settings of a run: flags, then environment variables, then the profile.

use std::ffi::OsString;

use auth0_auth::{ClientCredentials, PrivateKey, SigningAlgorithm};
use auth0_core::{Auth0Client, SecretString};
use auth0_sandbox::Sandbox;
use auth0_teams::{Client, ClientBuilder};

use super::{Place, Profile, ProfileFile, SecretStore};
use crate::cli::Global;
use crate::failure::Failure;

/// A client secret or a private key.
#[derive(Clone)]
enum Credential {
    Secret(SecretString),
    Key(SecretString, SigningAlgorithm),
}

/// What is needed to connect to a team.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) team: String,
    pub(crate) domain: String,
    pub(crate) client_id: String,
    pub(crate) audience: String,
    pub(crate) base_url: Option<String>,
    pub(crate) token_url: Option<String>,
    /// Name of the profile that was used.
    pub(crate) profile: Option<String>,
    credential: Credential,
}

impl Settings {
    /// Settings of a sandbox in this process.
    pub(crate) fn of_sandbox(sandbox: &Sandbox) -> Self {
        Self {
            team: sandbox.team().to_owned(),
            domain: sandbox.domain(),
            client_id: sandbox.client_id().to_owned(),
            audience: sandbox.audience().to_owned(),
            base_url: Some(sandbox.url().to_owned()),
            token_url: Some(sandbox.token_url()),
            profile: None,
            credential: Credential::Secret(sandbox.client_secret().into()),
        }
    }

    /// Resolves the settings of a command.
    pub(crate) fn resolve(global: &Global) -> Result<Self, Failure> {
        let file = ProfileFile::load()?;
        let is_explicit = global.profile.is_some();
        let name = match &global.profile {
            Some(name) => Some(name.clone()),
            None => variable("AUTH0_TEAMS_PROFILE")?.or(file.current().map(str::to_owned)),
        };
        let profile = match &name {
            Some(name) => file.get(name)?.clone(),
            None => Profile::default(),
        };
        let source = Source { is_explicit };
        let team = source.required(&global.team, "AUTH0_TEAM", Some(profile.team), "--team")?;
        let domain = source.required(
            &global.domain,
            "AUTH0_DOMAIN",
            Some(profile.domain),
            "--domain",
        )?;
        let client_id = source.required(
            &global.client_id,
            "AUTH0_CLIENT_ID",
            Some(profile.client_id),
            "--client-id",
        )?;
        let audience = source.optional(&global.audience, "AUTH0_AUDIENCE", profile.audience)?;
        let audience = match audience {
            Some(audience) => audience,
            None => auth0_teams::audience(&team)?,
        };
        Ok(Self {
            audience,
            base_url: source.optional(&global.base_url, "AUTH0_BASE_URL", profile.base_url)?,
            token_url: source.optional(&global.token_url, "AUTH0_TOKEN_URL", profile.token_url)?,
            credential: source.credential(name.as_deref(), profile.secret, profile.algorithm)?,
            team,
            domain,
            client_id,
            profile: name,
        })
    }

    /// A token source with these settings. Requests nothing.
    pub(crate) fn token_source(&self) -> Result<ClientCredentials, Failure> {
        let builder = ClientCredentials::builder(&self.domain)
            .client_id(&self.client_id)
            .audience(&self.audience);
        let builder = match &self.credential {
            Credential::Secret(secret) => builder.client_secret(secret.clone()),
            Credential::Key(pem, algorithm) => {
                let key = PrivateKey::from_pem(pem.secret(), *algorithm);
                builder.private_key_jwt(key.map_err(|error| Failure::usage(error.to_string()))?)
            }
        };
        let builder = match &self.token_url {
            Some(url) => builder.token_url(url),
            None => builder,
        };
        Ok(builder.build()?)
    }

    /// A client builder with the URL of the API.
    pub(crate) fn client_builder(&self) -> ClientBuilder {
        let name = env!("CARGO_PKG_NAME");
        let builder = Client::builder()
            .team(&self.team)
            .auth0_client(Auth0Client::new(name, env!("CARGO_PKG_VERSION")));
        match &self.base_url {
            Some(url) => builder.base_url(url),
            None => builder,
        }
    }

    /// The same settings with another audience.
    pub(crate) fn with_audience(&self, audience: String) -> Self {
        Self {
            audience,
            ..self.clone()
        }
    }

    /// The URL of the API.
    pub(crate) fn api(&self) -> String {
        let default = || format!("https://{}.teams.auth0.com", self.team);
        self.base_url.clone().unwrap_or_else(default)
    }
}

/// The order in which a setting is looked up.
struct Source {
    /// `--profile` is on the command line, so its values come before environment variables.
    is_explicit: bool,
}

impl Source {
    fn optional(
        &self,
        flag: &Option<String>,
        name: &str,
        profile: Option<String>,
    ) -> Result<Option<String>, Failure> {
        if flag.is_some() {
            return Ok(flag.clone());
        }
        let profile = profile.filter(|value| !value.is_empty());
        Ok(if self.is_explicit {
            profile.or(variable(name)?)
        } else {
            variable(name)?.or(profile)
        })
    }

    fn required(
        &self,
        flag: &Option<String>,
        name: &str,
        profile: Option<String>,
        flag_name: &str,
    ) -> Result<String, Failure> {
        self.optional(flag, name, profile)?.ok_or_else(|| {
            Failure::usage(format!(
                "expected {flag_name}, {name} or a profile (`auth0-teams profile add`), found none; --sandbox needs no \
                 account"
            ))
        })
    }

    fn credential(
        &self,
        profile: Option<&str>,
        place: Place,
        algorithm: Option<String>,
    ) -> Result<Credential, Failure> {
        let from_environment = || -> Result<Option<Credential>, Failure> {
            if let Some(secret) = variable("AUTH0_CLIENT_SECRET")? {
                return Ok(Some(Credential::Secret(
                    SecretString::from(secret).trimmed(),
                )));
            }
            let Some(key) = variable("AUTH0_PRIVATE_KEY")? else {
                return Ok(None);
            };
            let algorithm = variable("AUTH0_CLIENT_ASSERTION_SIGNING_ALG")?;
            let algorithm = signing_algorithm(algorithm.as_deref().unwrap_or("RS256"))?;
            Ok(Some(Credential::Key(
                key.replace("\\n", "\n").into(),
                algorithm,
            )))
        };
        let from_profile = || -> Result<Option<Credential>, Failure> {
            let Some(profile) = profile else {
                return Ok(None);
            };
            let Some(secret) = SecretStore::open()?.get(profile, place)? else {
                return Ok(None);
            };
            Ok(Some(match &algorithm {
                Some(algorithm) => Credential::Key(secret, signing_algorithm(algorithm)?),
                None => Credential::Secret(secret),
            }))
        };
        let found = if self.is_explicit {
            from_profile()?.map_or_else(from_environment, |found| Ok(Some(found)))?
        } else {
            from_environment()?.map_or_else(from_profile, |found| Ok(Some(found)))?
        };
        found.ok_or_else(|| {
            Failure::usage(
                "expected a client secret or private key in the profile (`auth0-teams profile add`), AUTH0_CLIENT_SECRET \
                 or AUTH0_PRIVATE_KEY, found none",
            )
        })
    }
}

/// The signing algorithm with this name.
pub(crate) fn signing_algorithm(name: &str) -> Result<SigningAlgorithm, Failure> {
    use SigningAlgorithm::{Es256, Es384, Ps256, Ps384, Rs256, Rs384};
    let all = [Rs256, Rs384, Ps256, Ps384, Es256, Es384];
    let found = all.into_iter().find(|algorithm| algorithm.name() == name);
    found.ok_or_else(|| {
        let names = all.map(SigningAlgorithm::name).join(", ");
        Failure::usage(format!(
            "expected a signing algorithm ({names}), found `{name}`"
        ))
    })
}

/// The value of an environment variable. An empty variable counts as unset.
pub(crate) fn variable(name: &str) -> Result<Option<String>, Failure> {
    std::env::var_os(name)
        .filter(|value| !value.is_empty())
        .map(OsString::into_string)
        .transpose()
        .map_err(|_| Failure::usage(format!("{name}: expected UTF-8, found other bytes")))
}
