//! Where a tenant is and which program operates its organizations: from the environment, or of a sandbox.

use auth0_organizations::{Client, Limits};
use auth0_sandbox::SandboxBuilder;

use super::environment::Environment;
use super::machine::Machine;
use super::{Failure, Place};

/// The variables that lead to a tenant.
pub(crate) const ENVIRONMENT: Environment = Environment {
    what: "tenant",
    decides: (
        "AUTH0_TENANT",
        "the tenant's own domain, such as acme.us.auth0.com",
    ),
    required: &[
        (
            "AUTH0_CLIENT_ID",
            "the client id of an application that may use the Management API",
        ),
        ("AUTH0_CLIENT_SECRET", "its secret"),
    ],
    optional: &[
        (
            "AUTH0_AUDIENCE",
            "the audience of the tokens, instead of https://DOMAIN/api/v2/",
        ),
        (
            "AUTH0_BASE_URL",
            "the address of the API, as that of a sandbox that runs as a program",
        ),
        ("AUTH0_TOKEN_URL", "the token endpoint, likewise"),
    ],
};

/// The tenant that the environment names, or else that of `sandbox`, which is started on this machine. Calls keep to
/// these limits.
pub(crate) async fn open(
    sandbox: SandboxBuilder,
    limits: Limits,
) -> Result<Place<Client>, Failure> {
    let limiter = auth0_organizations::Limiter::new(limits)?;
    let (builder, machine, sandbox) = match ENVIRONMENT.read()? {
        Some(values) => {
            let domain = values.required("AUTH0_TENANT");
            let audience = auth0_organizations::audience(&domain)?;
            let builder = Client::builder().domain(&domain);
            let builder = match values.optional("AUTH0_BASE_URL") {
                Some(url) => builder.base_url(url),
                None => builder,
            };
            let machine = Machine::of_environment(&values, domain, audience);
            (builder, machine, None)
        }
        None => {
            let sandbox = sandbox.start().await.map_err(Failure::failed)?;
            let builder = Client::builder().base_url(sandbox.management_url());
            let machine = Machine::of_sandbox(&sandbox, sandbox.management_audience());
            (builder, machine, Some(sandbox))
        }
    };
    Ok(Place {
        client: builder
            .token_source(machine.token_source().build()?)
            .limiter(limiter)
            .build()?,
        sandbox,
        environment: &ENVIRONMENT,
    })
}
