//! Where a team is and who calls: from the environment, or of a sandbox.

use auth0_sandbox::{Sandbox, SandboxBuilder};
use auth0_teams::{Client, ClientBuilder};

use super::environment::Environment;
use super::machine::Machine;
use super::{Failure, Place};

pub(crate) mod lookup;

/// The variables that lead to a team.
pub(crate) const ENVIRONMENT: Environment = Environment {
    what: "team",
    decides: (
        "AUTH0_TEAM",
        "the team's slug, as in https://SLUG.teams.auth0.com",
    ),
    required: &[
        (
            "AUTH0_DOMAIN",
            "the domain of the tenant that grants the tokens, such as acme-auth.us.auth0.com",
        ),
        (
            "AUTH0_CLIENT_ID",
            "the client id of an application of that tenant",
        ),
        ("AUTH0_CLIENT_SECRET", "its secret"),
    ],
    optional: &[
        (
            "AUTH0_AUDIENCE",
            "the audience of the tokens, instead of https://SLUG.teams.auth0.com/api/",
        ),
        (
            "AUTH0_BASE_URL",
            "the address of the API, as that of a sandbox that runs as a program",
        ),
        ("AUTH0_TOKEN_URL", "the token endpoint, likewise"),
    ],
};

/// What it takes to call the API of a team.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) team: String,
    pub(crate) machine: Machine,
    base_url: Option<String>,
}

/// The team that the environment names, or else one of `sandbox`, which is started on this machine.
pub(crate) async fn open(sandbox: SandboxBuilder) -> Result<Place<Client>, Failure> {
    let (settings, sandbox) = Settings::open(sandbox).await?;
    Ok(Place {
        client: settings.client()?,
        sandbox,
        environment: &ENVIRONMENT,
    })
}

impl Settings {
    /// The settings of the environment, or else those of a sandbox that is started for it.
    pub(crate) async fn open(sandbox: SandboxBuilder) -> Result<(Self, Option<Sandbox>), Failure> {
        if let Some(values) = ENVIRONMENT.read()? {
            let team = values.required("AUTH0_TEAM");
            let audience = auth0_teams::audience(&team)?;
            let domain = values.required("AUTH0_DOMAIN");
            let settings = Self {
                machine: Machine::of_environment(&values, domain, audience),
                base_url: values.optional("AUTH0_BASE_URL"),
                team,
            };
            return Ok((settings, None));
        }
        let sandbox = sandbox.start().await.map_err(Failure::failed)?;
        let settings = Self {
            team: sandbox.team().to_owned(),
            machine: Machine::of_sandbox(&sandbox, sandbox.audience()),
            base_url: Some(sandbox.url().to_owned()),
        };
        Ok((settings, Some(sandbox)))
    }

    /// A client that gets its tokens by itself. Nothing is sent yet.
    pub(crate) fn client(&self) -> Result<Client, Failure> {
        let token_source = self.machine.token_source().build()?;
        Ok(self.client_builder().token_source(token_source).build()?)
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
        let mut other = self.clone();
        audience.clone_into(&mut other.machine.audience);
        other
    }

    /// The address of the API.
    pub(crate) fn api(&self) -> String {
        let published = || format!("https://{}.teams.auth0.com", self.team);
        self.base_url.clone().unwrap_or_else(published)
    }
}
