//! Connects to the organizations of a live tenant or of a sandbox in the Management API, with an application's
//! credentials.

use auth0_management::{Client, Limits};
use auth0_sandbox::SandboxBuilder;

use super::application::ApplicationCredentials;
use super::environment::Environment;
use super::{Failure, Target};

/// The environment variables for a live tenant.
pub(crate) const ENVIRONMENT: Environment = Environment {
    target: "tenant",
    selector: (
        "AUTH0_TENANT",
        "canonical domain of the tenant, such as acme.us.auth0.com",
    ),
    required: &[
        (
            "AUTH0_CLIENT_ID",
            "client id of an application with access to the Management API",
        ),
        ("AUTH0_CLIENT_SECRET", "client secret of the application"),
    ],
    optional: &[
        (
            "AUTH0_AUDIENCE",
            "audience of the tokens, by default https://DOMAIN/api/v2/",
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

/// Connects to the tenant of the environment variables or, if none is selected, to a new sandbox. The client applies
/// `limits`.
pub(crate) async fn open(
    sandbox: SandboxBuilder,
    limits: Limits,
) -> Result<Target<Client>, Failure> {
    let limiter = auth0_management::Limiter::new(limits)?;
    let (builder, application, sandbox) = match ENVIRONMENT.read()? {
        Some(values) => {
            let domain = values.required("AUTH0_TENANT");
            let audience = auth0_management::audience(&domain)?;
            let builder = Client::builder().domain(&domain);
            let builder = match values.optional("AUTH0_BASE_URL") {
                Some(url) => builder.base_url(url),
                None => builder,
            };
            let application = ApplicationCredentials::from_environment(&values, domain, audience);
            (builder, application, None)
        }
        None => {
            let sandbox = sandbox.start().await.map_err(Failure::failed)?;
            let builder = Client::builder().base_url(sandbox.management_url());
            let application =
                ApplicationCredentials::from_sandbox(&sandbox, sandbox.management_audience());
            (builder, application, Some(sandbox))
        }
    };
    Ok(Target {
        client: builder
            .token_source(application.token_source().build()?)
            .limiter(limiter)
            .build()?,
        sandbox,
        environment: &ENVIRONMENT,
    })
}
