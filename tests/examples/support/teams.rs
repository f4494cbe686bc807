//! Connects to a live team or to a sandbox, with an application's credentials.

use auth0_sandbox::{Sandbox, SandboxBuilder};
use auth0_teams::{Client, ClientBuilder};

use super::application::ApplicationCredentials;
use super::environment::Environment;
use super::{Failure, Target};

pub(crate) mod lookup;

/// The environment variables for a live team.
pub(crate) const ENVIRONMENT: Environment = Environment {
    target: "team",
    selector: (
        "AUTH0_TEAM",
        "slug of the team, as in https://SLUG.teams.auth0.com",
    ),
    required: &[
        (
            "AUTH0_DOMAIN",
            "domain of the tenant that issues the tokens, such as acme-auth.us.auth0.com",
        ),
        (
            "AUTH0_CLIENT_ID",
            "client id of an application of that tenant",
        ),
        ("AUTH0_CLIENT_SECRET", "client secret of the application"),
    ],
    optional: &[
        (
            "AUTH0_AUDIENCE",
            "audience of the tokens, by default https://SLUG.teams.auth0.com/api/",
        ),
        (
            "AUTH0_BASE_URL",
            "URL of the API, for example of a sandbox process",
        ),
        (
            "AUTH0_TOKEN_URL",
            "URL of the token endpoint, for example of a sandbox process",
        ),
    ],
};

/// Settings of the client and of its token source.
#[derive(Clone)]
pub(crate) struct TeamSettings {
    pub(crate) team: String,
    pub(crate) application: ApplicationCredentials,
    base_url: Option<String>,
}

/// Connects to the team of the environment variables or, if none is selected, to a new sandbox.
pub(crate) async fn open(sandbox: SandboxBuilder) -> Result<Target<Client>, Failure> {
    let (settings, sandbox) = TeamSettings::open(sandbox).await?;
    Ok(Target {
        client: settings.client()?,
        sandbox,
        environment: &ENVIRONMENT,
    })
}

impl TeamSettings {
    /// Reads the environment variables or, if no team is selected, starts a sandbox and uses its settings.
    pub(crate) async fn open(sandbox: SandboxBuilder) -> Result<(Self, Option<Sandbox>), Failure> {
        if let Some(values) = ENVIRONMENT.read()? {
            let team = values.required("AUTH0_TEAM");
            let audience = auth0_teams::audience(&team)?;
            let domain = values.required("AUTH0_DOMAIN");
            let settings = Self {
                application: ApplicationCredentials::from_environment(&values, domain, audience),
                base_url: values.optional("AUTH0_BASE_URL"),
                team,
            };
            return Ok((settings, None));
        }
        let sandbox = sandbox.start().await.map_err(Failure::failed)?;
        let settings = Self {
            team: sandbox.team().to_owned(),
            application: ApplicationCredentials::from_sandbox(&sandbox, sandbox.audience()),
            base_url: Some(sandbox.url().to_owned()),
        };
        Ok((settings, Some(sandbox)))
    }

    /// A client that obtains its tokens when it needs them. Building it sends nothing.
    pub(crate) fn client(&self) -> Result<Client, Failure> {
        let token_source = self.application.token_source().build()?;
        Ok(self.client_builder().token_source(token_source).build()?)
    }

    /// A builder with the URL of the API.
    pub(crate) fn client_builder(&self) -> ClientBuilder {
        let builder = Client::builder().team(&self.team);
        match &self.base_url {
            Some(url) => builder.base_url(url),
            None => builder,
        }
    }
}
