//! A local Auth0 to develop against: a token endpoint, the Teams API, the My Organization API and the organizations of the
//! Management API with real state, on this machine.
//!
//! The Teams API is open to few, and what it creates costs money and cannot be undone. The sandbox behaves as the
//! service is documented to, needs no account, starts in a moment and can be told to fail. Use it in tests:
//!
//! ```
//! use auth0_sandbox::{Effect, Fault, Sandbox};
//!
//! # async fn example() -> Result<(), auth0_sandbox::Error> {
//! let sandbox = Sandbox::builder().members(200).tenants(40).start().await?;
//!
//! // A client takes `sandbox.url()` as its base URL, and its token source takes these.
//! let _ = (sandbox.token_url(), sandbox.client_id(), sandbox.client_secret(), sandbox.audience());
//!
//! // The next tenant is created, but its answer gets lost on the way.
//! sandbox.fail(Fault::of("createTenant").times(1).then(Effect::Reset { acted: true }))?;
//!
//! // What came in, and whether it was done.
//! let created = sandbox.requests_of("createTenant").iter().filter(|request| request.acted).count();
//! # let _ = created;
//! # Ok(())
//! # }
//! ```
//!
//! or as a program of its own, which prints one line of JSON when it is ready:
//!
//! ```text
//! $ cargo run -p auth0-sandbox -- --members 200 --tenants 40
//! {"url":"http://127.0.0.1:40123","team":"acme","domain":"acme-auth.sandbox.test","client_id":"sandbox",…}
//! ```
//!
//! # What it does
//!
//! | | |
//! | --- | --- |
//! | tokens | client credentials with `client_secret_post`, `client_secret_basic` and `private_key_jwt`; RS256 tokens, their keys and discovery under `/.well-known`; quotas ([`TokenQuota`]); organizations |
//! | logins | `/authorize` for the [`User`]s of the sandbox, in a browser and by plain HTTP: code with PKCE, ID tokens, refresh tokens that are rotated and whose reuse ends the login, `/oauth/revoke`; the device flow, approved at `/activate` or by [`Sandbox::approve_device`] |
//! | DPoP | at the token endpoint and in every call, with proofs checked in full and tokens that are worth nothing without their key; nonces if told so ([`dpop_nonces`](SandboxBuilder::dpop_nonces)) |
//! | Teams API | all operations; the token's signature, issuer, audience, expiry and scopes are checked in every call |
//! | My Organization API | all operations, under [`my_organization_url`](Sandbox::my_organization_url), for the organization that the token is bound to |
//! | Management API | all operations of organizations, under [`management_url`](Sandbox::management_url), for machines; what is changed here is what the My Organization API shows |
//! | requests | held against the published documents; status 400 says which field breaks which rule, in the form of each API |
//! | limits | [`RateLimits`] for the Teams API and [`Plan`] for the others, with the headers; off unless asked for |
//! | faults | [`Fault`] and [`Effect`], in code, by HTTP under `/_sandbox`, or from a [`Script`] |
//!
//! # Rules
//!
//! What the document's schemas cannot say answers with a status that it lists for the operation:
//!
//! | rule | status and `type` |
//! | --- | --- |
//! | a cursor goes on with the listing and the filters that it came from | 404 (403 for the activity log) `CURSOR_NOT_FOUND` |
//! | the last owner stays one | 403 `LAST_OWNER` |
//! | an invited person is no member yet | 403 `MEMBER_ALREADY_EXISTS` |
//! | `editor-specific-apps` names applications, and (but for invitations) nothing else does | 403 `CLIENT_IDS_REQUIRED`, `CLIENT_IDS_NOT_ALLOWED` |
//! | the administrator of a new tenant is a member | 404 `ADMIN_NOT_FOUND` |
//! | a locality or private cloud exists | 404 `LOCALITY_NOT_FOUND`, `ENVIRONMENT_NOT_FOUND` |
//! | a tenant's name is new, also among those that were deleted | 409 `TENANT_ALREADY_EXISTS` |
//! | the team has room for a tenant ([`tenant_limit`](SandboxBuilder::tenant_limit)) | 403 `TENANT_LIMIT_REACHED` |
//! | a tenant is added to a member who does not have it, and changed or removed for one who has | item 409 `TENANT_MEMBER_ALREADY_EXISTS`, item 404 `TENANT_MEMBER_NOT_FOUND` |
//! | the token has a scope of the operation | 403 `INSUFFICIENT_SCOPE` |
//!
//! The other two APIs have the rules that their documents state in words, and these:
//!
//! | rule | My Organization | Management |
//! | --- | --- | --- |
//! | the organization is there, and what a path names belongs to it | 404 | 404 |
//! | roles, providers and domains that a body names are there | 404 | 400, and 404 for connections and client grants |
//! | names of organizations, connections and domains are new | 409; 400 for the organization's own | 409; 400 in an update |
//! | a member has at most 10 roles | 403 | 409 |
//! | a provider's domains are verified, by [a published record](Sandbox::publish_dns_record) or by the operator | 404 | |
//! | a change fits the strategy of its provider | 400 | |
//! | a provider is open for it: `none` hides it, `readonly` lets nothing be changed, `limited` nothing be taken away | 404, 403 | |
//! | the tenant allows a strategy, and the deletion of connections that have users | 403 | |
//! | a new invitation revokes what the same person was sent before | | |
//! | numbered pages end within the first 1,000 records | | 400 |
//! | the token is bound to an organization, of which a user has to be a member when it is granted | 403 | |
//!
//! Where an operation documents no 404, it answers 403 instead. The types other than those that Auth0 documents are the sandbox's own. Nothing here was tried against the live
//! service: it shows what a program does, not what Auth0 does.
//!
//! # Safe to run
//!
//! It listens at 127.0.0.1 only, and answers only requests that name this machine in `Host`. Domains of its tenants end
//! in `.test`, where no host can be. Nothing is kept when it ends.
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
mod pages;
mod permutation;
mod population;
mod problem;
mod rate_limits;
mod request_log;
mod request_parser;
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
