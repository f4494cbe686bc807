//! Connects to the My Organization API of a live organization or of a sandbox, with a login of its administrator.

use auth0_auth::{AuthorizationCode, AuthorizationCodeBuilder, Session};
use auth0_my_organization::Client;
use auth0_sandbox::{Sandbox, SandboxBuilder};

use super::environment::Environment;
use super::{Failure, Target};

/// The environment variables for a live organization.
pub(crate) const ENVIRONMENT: Environment = Environment {
    target: "organization",
    selector: (
        "AUTH0_ORGANIZATION",
        "id of the organization, such as org_zW1UHutvkVWSWdCC",
    ),
    required: &[
        (
            "AUTH0_DOMAIN",
            "domain of its tenant, or the custom domain for logins",
        ),
        (
            "AUTH0_CLIENT_ID",
            "client id of a native application with access to the My Organization API",
        ),
    ],
    optional: &[
        (
            "AUTH0_AUDIENCE",
            "audience of the tokens, by default https://DOMAIN/my-org/",
        ),
        (
            "AUTH0_BASE_URL",
            "URL of the API, for example of a sandbox process",
        ),
        (
            "AUTH0_ISSUER",
            "URL of the issuer, for example of a sandbox process",
        ),
    ],
};

/// Settings of the login and of the client.
pub(crate) struct OrganizationSettings {
    /// The id of the organization.
    pub(crate) organization: String,
    domain: String,
    client_id: String,
    audience: String,
    base_url: Option<String>,
    issuer: Option<String>,
}

impl OrganizationSettings {
    /// Reads the environment variables or, if no organization is selected, starts a sandbox and uses its settings.
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

    /// A builder of the login flow of a user of the organization. A native application has no client secret.
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

    /// A client that acts for the logged-in user.
    pub(crate) fn connect(
        &self,
        session: Session,
        sandbox: Option<Sandbox>,
    ) -> Result<Target<Client>, Failure> {
        let builder = Client::builder().domain(&self.domain).token_source(session);
        let builder = match &self.base_url {
            Some(url) => builder.base_url(url),
            None => builder,
        };
        Ok(Target {
            client: builder.build()?,
            sandbox,
            environment: &ENVIRONMENT,
        })
    }
}
