//! A running sandbox.

use std::fmt;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use chrono::TimeDelta;
use secrecy::ExposeSecret as _;
use serde::Serialize;
use tokio::task::JoinHandle;

use crate::api::Api;
use crate::application::Application;
use crate::builder::SandboxBuilder;
use crate::document::Document;
use crate::error::Error;
use crate::faults::Fault;
use crate::login::User;
use crate::request_log::RequestRecord;
use crate::server::{Listener, ServerState};
use crate::team::{Invitation, Member};

/// A running sandbox. Dropping it stops the server.
///
/// The port is free as soon as `drop` returns. Open connections are closed when the runtime drops the server task.
///
/// ```
/// use auth0_sandbox::Sandbox;
///
/// # async fn example() -> Result<(), auth0_sandbox::Error> {
/// let sandbox = Sandbox::builder().members(200).tenants(40).start().await?;
/// println!("token endpoint: {}", sandbox.token_url());
/// # Ok(())
/// # }
/// ```
pub struct Sandbox {
    pub(crate) shared: Arc<ServerState>,
    pub(crate) server: JoinHandle<()>,
    pub(crate) listener: Arc<Listener>,
    pub(crate) application: Application,
    /// Client id of the first native application.
    pub(crate) native: Option<String>,
    /// Id and name of the first organization.
    pub(crate) organization: (String, String),
    /// First member of the first organization.
    pub(crate) member: Option<User>,
    pub(crate) admin: Member,
    pub(crate) team: String,
    pub(crate) url: String,
}

/// The connection details that a program needs to use a sandbox.
///
/// Serializes to the JSON line that the binary prints. Contains secrets, so it does not implement `Debug`.
#[derive(Clone, Serialize)]
#[non_exhaustive]
pub struct ConnectionInfo {
    /// Base URL of the Teams API, without a trailing slash.
    pub url: String,
    /// Slug of the team.
    pub team: String,
    /// Domain of the tenant that issues tokens. No such host exists: send requests to `token_url`.
    pub domain: String,
    /// Client id of the application.
    pub client_id: String,
    /// Client secret of the application.
    pub client_secret: String,
    /// Audience of access tokens for the Teams API.
    pub audience: String,
    /// URL of the token endpoint.
    pub token_url: String,
    /// Process id of the sandbox.
    pub pid: u32,
    /// Bearer token for `/_sandbox/…`.
    pub admin_token: String,
    /// E-mail address of the first team member, who is an owner.
    pub admin_email: String,
    /// Base URL of the My Organization API, without a trailing slash.
    pub my_organization_url: String,
    /// Audience of access tokens for the My Organization API.
    pub my_organization_audience: String,
    /// Base URL of the Management API, without a trailing slash.
    pub management_url: String,
    /// Audience of access tokens for the Management API.
    pub management_audience: String,
    /// Id of the first organization.
    pub organization_id: String,
    /// Name of the first organization.
    pub organization_name: String,
    /// E-mail address of a member of the first organization who can log in, if it has members.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member_email: Option<String>,
    /// Client id of the first native application, for user logins, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub native_client_id: Option<String>,
}

impl Sandbox {
    /// Returns a builder with the default settings. [`start`](SandboxBuilder::start) runs the sandbox.
    pub fn builder() -> SandboxBuilder {
        SandboxBuilder::new()
    }

    /// Base URL of the Teams API, without a trailing slash, such as `http://127.0.0.1:40123`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// URL of the token endpoint.
    pub fn token_url(&self) -> String {
        format!("{}/oauth/token", self.url)
    }

    /// Slug of the team.
    pub fn team(&self) -> &str {
        &self.team
    }

    /// Domain of the tenant that issues tokens. No such host exists: send requests to [`token_url`](Self::token_url).
    pub fn domain(&self) -> String {
        format!("{}-auth.sandbox.test", self.team)
    }

    /// Audience of access tokens for the Teams API.
    pub fn audience(&self) -> &str {
        self.audience_of(Api::Teams)
    }

    /// Base URL of the My Organization API, without a trailing slash.
    pub fn my_organization_url(&self) -> String {
        format!("{}{}", self.url, Api::MyOrganization.base())
    }

    /// Audience of access tokens for the My Organization API.
    pub fn my_organization_audience(&self) -> &str {
        self.audience_of(Api::MyOrganization)
    }

    /// Base URL of the Management API, without a trailing slash.
    pub fn management_url(&self) -> String {
        format!("{}{}", self.url, Api::Management.base())
    }

    /// Audience of access tokens for the Management API.
    pub fn management_audience(&self) -> &str {
        self.audience_of(Api::Management)
    }

    fn audience_of(&self, api: Api) -> &str {
        self.shared.tokens.audiences().of(api)
    }

    /// Id of the tenant's first organization.
    pub fn organization_id(&self) -> &str {
        &self.organization.0
    }

    /// Initial name of the first organization.
    pub fn organization_name(&self) -> &str {
        &self.organization.1
    }

    /// An initial member of the first organization who can log in, if it started with members.
    pub fn organization_member(&self) -> Option<&User> {
        self.member.as_ref()
    }

    /// Client id of the first native application, for user logins, if there is one.
    pub fn native_client_id(&self) -> Option<&str> {
        self.native.as_deref()
    }

    /// Client id of the first application.
    pub fn client_id(&self) -> &str {
        &self.application.client_id
    }

    /// Client secret of the first application, or an empty string if it has none.
    pub fn client_secret(&self) -> &str {
        self.application.secret().unwrap_or_default()
    }

    /// The users who can log in.
    pub fn users(&self) -> &[User] {
        &self.shared.login.users
    }

    /// The first member of the team, who is an owner.
    pub fn first_member(&self) -> &Member {
        &self.admin
    }

    /// Returns the connection details that a program needs to use the sandbox.
    pub fn connection_info(&self) -> ConnectionInfo {
        ConnectionInfo {
            url: self.url.clone(),
            team: self.team.clone(),
            domain: self.domain(),
            client_id: self.client_id().to_owned(),
            client_secret: self.client_secret().to_owned(),
            audience: self.audience().to_owned(),
            token_url: self.token_url(),
            pid: std::process::id(),
            admin_token: self.shared.admin_token.expose_secret().to_owned(),
            admin_email: self.admin.email.clone(),
            my_organization_url: self.my_organization_url(),
            my_organization_audience: self.my_organization_audience().to_owned(),
            management_url: self.management_url(),
            management_audience: self.management_audience().to_owned(),
            organization_id: self.organization_id().to_owned(),
            organization_name: self.organization_name().to_owned(),
            member_email: self.member.as_ref().map(|user| user.email.clone()),
            native_client_id: self.native.clone(),
        }
    }

    /// Injects a fault into the calls that follow.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`] if the fault names an unknown operation or contains an invalid value.
    pub fn fail(&self, fault: Fault) -> Result<(), Error> {
        fault.check().map_err(|message| Error::Setting {
            setting: "fault",
            message,
        })?;
        self.shared.faults.add(fault);
        Ok(())
    }

    /// Removes all faults.
    pub fn clear_faults(&self) {
        self.shared.faults.clear();
    }

    /// Returns the latest 10,000 requests, oldest first.
    pub fn requests(&self) -> Vec<RequestRecord> {
        self.shared.requests.list()
    }

    /// Returns the latest requests of one operation, by operation id. `token` is the token endpoint. If several APIs
    /// use the same id, prefix it with the name of the API: `my-organization.ListRoles`.
    pub fn requests_of(&self, operation: &str) -> Vec<RequestRecord> {
        let name = Document::find_operation(operation).map_or(operation, |found| &found.name);
        let mut requests = self.requests();
        requests.retain(|request| request.operation.as_deref() == Some(name));
        requests
    }

    /// Clears the request log.
    pub fn forget_requests(&self) {
        self.shared.requests.clear();
    }

    /// Number of access tokens issued so far.
    pub fn tokens_granted(&self) -> u64 {
        self.shared.tokens.granted_count()
    }

    /// Revokes all access tokens issued so far.
    pub fn revoke_tokens(&self) {
        self.shared
            .token_validator
            .revoke_up_to(self.shared.tokens.granted_count());
    }

    /// Advances the sandbox's clock. Token expiry and rate limits follow this clock.
    pub fn advance(&self, by: Duration) {
        self.shared.clock.advance(by);
    }

    /// Sets the offset of the sandbox's clock from the system clock, in seconds. A negative offset puts it behind.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Setting`] if the offset is out of range.
    pub fn set_clock_offset(&self, seconds: i64) -> Result<(), Error> {
        self.shared.clock.set_offset(offset(seconds)?);
        Ok(())
    }

    /// The pending invitations to the team.
    pub fn invitations(&self) -> Vec<Invitation> {
        self.shared.team().invitations().to_vec()
    }

    /// Accepts an invitation to the team, as the invited person does in a browser, and returns the new member.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Invitation`] if no such invitation is pending.
    pub fn accept_invitation(&self, id: &str) -> Result<Member, Error> {
        let member = self.shared.team().accept(id, self.shared.clock.now());
        member.ok_or_else(|| Error::Invitation { id: id.to_owned() })
    }

    /// Accepts an invitation to an organization, as the invited person does in a browser. Returns the new member, who
    /// can log in.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Invitation`] if no such invitation is pending or if it has expired.
    pub fn accept_organization_invitation(&self, id: &str) -> Result<User, Error> {
        let now = self.shared.clock.now();
        let accepted = self.shared.tenant.lock().accept(id, now);
        let (_, user) = accepted.ok_or_else(|| Error::Invitation { id: id.to_owned() })?;
        Ok(user)
    }

    /// Publishes a DNS TXT record in the sandbox, which verifies a domain. Pass the `verification_host` and
    /// `verification_txt` of the domain.
    pub fn publish_dns_record(&self, host: &str, text: &str) {
        self.shared.tenant.lock().publish_dns_record(host, text);
    }

    /// Approves a device authorization request on behalf of a user, given by id or e-mail address.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Device`] if no request with this user code is pending, or [`Error::User`] if the user does not
    /// exist.
    pub fn approve_device(&self, user_code: &str, user: &str) -> Result<(), Error> {
        let found = self.shared.login.user(user);
        let user = found.ok_or_else(|| Error::User {
            user: user.to_owned(),
        })?;
        self.decide(user_code, Some(&user))
    }

    /// Denies a device authorization request.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Device`] if no request with this user code is pending.
    pub fn deny_device(&self, user_code: &str) -> Result<(), Error> {
        self.decide(user_code, None)
    }

    fn decide(&self, user_code: &str, user: Option<&User>) -> Result<(), Error> {
        let now = self.shared.clock.seconds();
        let devices = self.shared.tokens.devices();
        if devices.decide(user_code, user, now) {
            Ok(())
        } else {
            Err(Error::Device)
        }
    }

    /// The responses that did not match the OpenAPI document, which are bugs of the sandbox. Always empty unless
    /// [`check_responses`](SandboxBuilder::check_responses) is set.
    pub fn violations(&self) -> Vec<String> {
        let violations = self.shared.violations.as_ref();
        violations.map_or_else(Vec::new, |list| {
            list.lock().unwrap_or_else(PoisonError::into_inner).clone()
        })
    }
}

pub(crate) fn offset(seconds: i64) -> Result<TimeDelta, Error> {
    TimeDelta::try_seconds(seconds).ok_or_else(|| Error::Setting {
        setting: "clock offset",
        message: format!("expected a valid clock offset in seconds, found {seconds}"),
    })
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.listener.close();
        self.server.abort();
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox")
            .field("url", &self.url)
            .field("team", &self.team)
            .finish_non_exhaustive()
    }
}
