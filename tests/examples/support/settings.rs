//! Where a team is and who calls: from the environment, or of a sandbox.

use std::ffi::OsString;

use auth0_auth::{ClientCredentials, ClientCredentialsBuilder};
use auth0_sandbox::Sandbox;
use auth0_teams::{Client, ClientBuilder, SecretString};

use super::{Failure, note};

/// What it takes to call the API of a team.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) team: String,
    /// The tenant that grants the tokens.
    pub(crate) domain: String,
    client_id: String,
    client_secret: SecretString,
    pub(crate) audience: String,
    base_url: Option<String>,
    token_url: Option<String>,
}

/// The variables that count for nothing without `AUTH0_TEAM`.
const OTHERS: [&str; 6] = [
    "AUTH0_DOMAIN",
    "AUTH0_CLIENT_ID",
    "AUTH0_CLIENT_SECRET",
    "AUTH0_AUDIENCE",
    "AUTH0_BASE_URL",
    "AUTH0_TOKEN_URL",
];

impl Settings {
    /// The settings of the environment; nothing where it names no team.
    ///
    /// `AUTH0_TEAM` decides alone: the others are often there for other tools, and their being there must not make an
    /// example write to a real team.
    pub(crate) fn from_env() -> Result<Option<Self>, Failure> {
        let Some(team) = variable("AUTH0_TEAM")? else {
            note_sandbox();
            return Ok(None);
        };
        let mut missing = Vec::new();
        let mut required = |name| {
            let value = variable(name)?;
            if value.is_none() {
                missing.push(name);
            }
            Ok::<_, Failure>(value.unwrap_or_default())
        };
        let domain = required("AUTH0_DOMAIN")?;
        let client_id = required("AUTH0_CLIENT_ID")?;
        let client_secret = required("AUTH0_CLIENT_SECRET")?.into();
        if !missing.is_empty() {
            return Err(Failure::usage(format!(
                "with AUTH0_TEAM expected {} too; without it the example runs against a sandbox",
                missing.join(", ")
            )));
        }
        let audience = match variable("AUTH0_AUDIENCE")? {
            Some(audience) => audience,
            None => auth0_teams::audience(&team)?,
        };
        Ok(Some(Self {
            team,
            domain,
            client_id,
            client_secret,
            audience,
            base_url: variable("AUTH0_BASE_URL")?,
            token_url: variable("AUTH0_TOKEN_URL")?,
        }))
    }

    /// The settings for the team of `sandbox`.
    pub(crate) fn of_sandbox(sandbox: &Sandbox) -> Self {
        Self {
            team: sandbox.team().to_owned(),
            domain: sandbox.domain(),
            client_id: sandbox.client_id().to_owned(),
            client_secret: sandbox.client_secret().into(),
            audience: sandbox.audience().to_owned(),
            base_url: Some(sandbox.url().to_owned()),
            token_url: Some(sandbox.token_url()),
        }
    }

    /// A client that gets its tokens by itself. Nothing is sent yet.
    pub(crate) fn client(&self) -> Result<Client, Failure> {
        let token_source = self.token_source().build()?;
        Ok(self.client_builder().token_source(token_source).build()?)
    }

    /// Where tokens come from: client id and secret are those of an application of the tenant that runs the team.
    pub(crate) fn token_source(&self) -> ClientCredentialsBuilder {
        let builder = ClientCredentials::builder(&self.domain)
            .client_id(&self.client_id)
            .client_secret(self.client_secret.clone())
            .audience(&self.audience);
        match &self.token_url {
            Some(url) => builder.token_url(url),
            None => builder,
        }
    }

    /// Where the calls go.
    pub(crate) fn client_builder(&self) -> ClientBuilder {
        let builder = Client::builder().team(&self.team);
        match &self.base_url {
            Some(url) => builder.base_url(url),
            None => builder,
        }
    }

    /// The same for another audience.
    pub(crate) fn with_audience(&self, audience: &str) -> Self {
        Self {
            audience: audience.to_owned(),
            ..self.clone()
        }
    }

    /// The address of the API.
    pub(crate) fn api(&self) -> String {
        let published = || format!("https://{}.teams.auth0.com", self.team);
        self.base_url.clone().unwrap_or_else(published)
    }

    /// The token endpoint.
    pub(crate) fn token_endpoint(&self) -> String {
        let published = || format!("https://{}/oauth/token", self.domain);
        self.token_url.clone().unwrap_or_else(published)
    }
}

/// Says that it is a sandbox, and which variables are there all the same.
fn note_sandbox() {
    let is_set = |name: &&str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let set: Vec<_> = OTHERS.into_iter().filter(is_set).collect();
    if set.is_empty() {
        note("this is a sandbox on this machine; --help says how to use a team of your own");
    } else {
        note(format!(
            "this is a sandbox on this machine: {} would be used only if AUTH0_TEAM were set too",
            set.join(", ")
        ));
    }
}

/// A variable of the environment. One that is empty counts as not set.
fn variable(name: &str) -> Result<Option<String>, Failure> {
    std::env::var_os(name)
        .filter(|value| !value.is_empty())
        .map(OsString::into_string)
        .transpose()
        .map_err(|_| {
            Failure::usage(format!(
                "{name}: expected a text in UTF-8, found other bytes"
            ))
        })
}
