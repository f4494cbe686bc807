//! Where an organization is and by which application its administrator logs in: from the environment, or of a sandbox.

use auth0_auth::{AuthorizationCode, AuthorizationCodeBuilder, Session};
use auth0_my_organization::Client;
use auth0_sandbox::{Sandbox, SandboxBuilder};

use super::environment::Environment;
use super::{Failure, Place};

/// The variables that lead to an organization.
pub(crate) const ENVIRONMENT: Environment = Environment {
    what: "organization",
    decides: (
        "AUTH0_ORGANIZATION",
        "the organization's id, such as org_zW1UHutvkVWSWdCC",
    ),
    required: &[
        (
            "AUTH0_DOMAIN",
            "the domain of its tenant, or the custom one by which users log in",
        ),
        (
            "AUTH0_CLIENT_ID",
            "the client id of a native application that may use the My Organization API",
        ),
    ],
    optional: &[
        (
            "AUTH0_AUDIENCE",
            "the audience of the tokens, instead of https://DOMAIN/my-org/",
        ),
        (
            "AUTH0_BASE_URL",
            "the address of the API, as that of a sandbox that runs as a program",
        ),
        ("AUTH0_ISSUER", "the address of the login, likewise"),
    ],
};

/// What it takes to log in to an organization and to call its API.
pub(crate) struct Settings {
    /// The id of the organization.
    pub(crate) organization: String,
    domain: String,
    client_id: String,
    audience: String,
    base_url: Option<String>,
    issuer: Option<String>,
}

impl Settings {
    /// The settings of the environment, or else those of a sandbox that is started for it.
    pub(crate) async fn open(sandbox: SandboxBuilder) -> Result<(Self, Option<Sandbox>), Failure> {
        if let Some(values) = ENVIRONMENT.read()? {
            let domain = values.required("AUTH0_DOMAIN");
            let audience = match values.optional("AUTH0_AUDIENCE") {
                Some(audience) => audience,
                None => auth0_my_organization::audience(&domain)?,
            };
            let settings = Self {
                organization: values.required("AUTH0_ORGANIZATION"),
                domain,
                client_id: values.required("AUTH0_CLIENT_ID"),
                audience,
                base_url: values.optional("AUTH0_BASE_URL"),
                issuer: values.optional("AUTH0_ISSUER"),
            };
            return Ok((settings, None));
        }
        let sandbox = sandbox.start().await.map_err(Failure::failed)?;
        let settings = Self {
            organization: sandbox.organization_id().to_owned(),
            domain: sandbox.domain(),
            client_id: sandbox.native_client_id().unwrap_or_default().to_owned(),
            audience: sandbox.my_organization_audience().to_owned(),
            base_url: Some(sandbox.my_organization_url()),
            issuer: Some(format!("{}/", sandbox.url())),
        };
        Ok((settings, Some(sandbox)))
    }

    /// The login of a user of the organization. There is no secret: the application is a program on their own machine.
    pub(crate) fn login(&self, redirect_uri: &str) -> AuthorizationCodeBuilder {
        let builder = AuthorizationCode::builder(&self.domain)
            .client_id(&self.client_id)
            .redirect_uri(redirect_uri)
            .audience(&self.audience)
            .organization(&self.organization);
        match &self.issuer {
            Some(issuer) => builder.issuer(issuer),
            None => builder,
        }
    }

    /// A client that calls in the name of who logged in.
    pub(crate) fn place(
        &self,
        session: Session,
        sandbox: Option<Sandbox>,
    ) -> Result<Place<Client>, Failure> {
        let builder = Client::builder().domain(&self.domain).token_source(session);
        let builder = match &self.base_url {
            Some(url) => builder.base_url(url),
            None => builder,
        };
        Ok(Place {
            client: builder.build()?,
            sandbox,
            environment: &ENVIRONMENT,
        })
    }
}
