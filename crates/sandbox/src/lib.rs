//! A local Auth0 for development and tests: a token endpoint, the Teams API, the My Organization API and the organization
//! operations of the Management API, with state.
//!
//! The Teams API is available to few customers, and the resources it creates cost money and cannot be undone. The
//! sandbox follows the documented behaviour of the service, needs no account, starts immediately, and can inject faults.
//! In tests it is a library:
//!
//! ```
//! use auth0_sandbox::{Effect, Fault, Sandbox};
//!
//! # async fn example() -> Result<(), auth0_sandbox::Error> {
//! let sandbox = Sandbox::builder().members(200).tenants(40).start().await?;
//!
//! // The base URL of a client is `sandbox.url()`. Its token source needs these values.
//! let _ = (sandbox.token_url(), sandbox.client_id(), sandbox.client_secret(), sandbox.audience());
//!
//! // The next tenant is created, but the response is lost.
//! sandbox.fail(Fault::of("createTenant").times(1).then(Effect::Reset { acted: true }))?;
//!
//! // The request log tells which requests arrived and which had an effect.
//! let created = sandbox.requests_of("createTenant").iter().filter(|request| request.acted).count();
//! # let _ = created;
//! # Ok(())
//! # }
//! ```
//!
//! The program prints one line of JSON when it is ready:
//!
//! ```text
//! $ cargo run -p auth0-sandbox -- --members 200 --tenants 40
//! {"url":"http://127.0.0.1:40123","team":"acme","domain":"acme-auth.sandbox.test","client_id":"sandbox",…}
//! ```
//!
//! # Features
//!
//! | | |
//! | --- | --- |
//! | tokens | client credentials with `client_secret_post`, `client_secret_basic` and `private_key_jwt`; RS256 access tokens with keys and discovery under `/.well-known`; quotas ([`TokenQuota`]); organizations |
//! | logins | `/authorize` for the [`User`]s of the sandbox, in a browser or over plain HTTP: authorization codes with PKCE, ID tokens, rotating refresh tokens with reuse detection, `/oauth/revoke`; the device flow, approved at `/activate` or with [`Sandbox::approve_device`] |
//! | DPoP | at the token endpoint and in API calls, with complete verification of proofs and key-bound tokens; nonces with [`dpop_nonces`](SandboxBuilder::dpop_nonces) |
//! | Teams API | all operations; every call checks signature, issuer, audience, expiry and scopes of the token |
//! | My Organization API | all operations, under [`my_organization_url`](Sandbox::my_organization_url), for the organization that the token is bound to |
//! | Management API | all organization operations, under [`management_url`](Sandbox::management_url), for machines; it shares its state with the My Organization API |
//! | requests | validated against the published documents; a 400 names the field and the violated rule in the format of each API |
//! | rate limits | [`RateLimits`] for the Teams API and [`RateLimitPlan`] for the others, with headers; off by default |
//! | faults | [`Fault`] and [`Effect`] in code, over HTTP under `/_sandbox`, or from a [`Script`] |
//!
//! # Rules
//!
//! Rules that the schemas of the Teams API cannot express fail with a status that its document lists for the operation:
//!
//! | rule | status and `type` |
//! | --- | --- |
//! | a cursor belongs to the listing and the filters that returned it | 404 (403 for the activity log) `CURSOR_NOT_FOUND` |
//! | a team keeps at least one owner | 403 `LAST_OWNER` |
//! | an invited person is not yet a member | 403 `MEMBER_ALREADY_EXISTS` |
//! | `editor-specific-apps` requires applications; other roles (except in invitations) allow none | 403 `CLIENT_IDS_REQUIRED`, `CLIENT_IDS_NOT_ALLOWED` |
//! | the administrator of a new tenant is a member | 404 `ADMIN_NOT_FOUND` |
//! | the locality or private cloud exists | 404 `LOCALITY_NOT_FOUND`, `ENVIRONMENT_NOT_FOUND` |
//! | no existing or deleted tenant has the same name | 409 `TENANT_ALREADY_EXISTS` |
//! | the team is below its [`tenant_limit`](SandboxBuilder::tenant_limit) | 403 `TENANT_LIMIT_REACHED` |
//! | access to a tenant is added only if the member has none, and changed or removed only if the member has it | item 409 `TENANT_MEMBER_ALREADY_EXISTS`, item 404 `TENANT_MEMBER_NOT_FOUND` |
//! | the token has a scope of the operation | 403 `INSUFFICIENT_SCOPE` |
//!
//! The other two APIs follow the rules in the descriptions of their documents, and these:
//!
//! | rule | My Organization | Management |
//! | --- | --- | --- |
//! | the organization exists and contains the resource named in the path | 404 | 404 |
//! | the roles, providers and domains named in the body exist | 404 | 400; 404 for connections and client grants |
//! | names of organizations, connections and domains are unique | 409; 400 for the organization's own name | 409; 400 in an update |
//! | a member has at most 10 roles | 403 | 409 |
//! | the domains of a provider are verified, by [a DNS record](Sandbox::publish_dns_record) or by the operator | 404 | |
//! | a change matches the strategy of its provider | 400 | |
//! | the access level of a provider permits the operation: `none` hides it, `readonly` forbids changes, `limited` forbids deletion | 404, 403 | |
//! | the tenant allows the strategy, and the deletion of connections with users | 403 | |
//! | a new invitation replaces earlier invitations of the same person | | |
//! | numbered pages end within the first 1,000 records | | 400 |
//! | the token is bound to an organization; users must be members of it when the token is issued | 403 | |
//!
//! If an operation documents no 404, it responds with 403 instead. Error types that Auth0 does not document are specific
//! to the sandbox. None of this has been verified against the live service: the sandbox shows how a program behaves, not
//! how Auth0 behaves.
//!
//! # Security
//!
//! The sandbox listens on 127.0.0.1 only and rejects requests whose `Host` does not name this machine. The domains of its
//! tenants end in `.test`, where no host exists. It stores nothing on disk.
#![forbid(unsafe_code)]

mod api;
mod application;
mod builder;
mod call;
mod clock;
mod cursor;
mod document;
mod error;
mod faults;
mod login;
mod management;
mod my_organization;
mod permutation;
mod population;
mod problem;
mod rate_limits;
mod request_log;
mod request_parser;
mod resources;
mod response;
mod sandbox;
mod server;
mod tcp_connection;
mod team;
mod tenant;
mod timestamp;
mod token;

pub use application::Application;
pub use builder::SandboxBuilder;
pub use error::Error;
pub use faults::{Effect, Fault, Hint, Reply, Script};
pub use login::User;
pub use rate_limits::{RateLimitPlan, RateLimits};
pub use request_log::RequestRecord;
pub use sandbox::{ConnectionInfo, Sandbox};
pub use team::{Invitation, Member};
pub use token::TokenQuota;
