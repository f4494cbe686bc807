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

/// A local Auth0, which stops when this is dropped. Its port is free then, and its connections are closed as soon as
/// the runtime gets to it.
///
/// ```
/// use auth0_sandbox::Sandbox;
///
/// # async fn example() -> Result<(), auth0_sandbox::Error> {
/// let sandbox = Sandbox::builder().members(200).tenants(40).start().await?;
/// println!("{} grants tokens", sandbox.token_url());
/// # Ok(())
/// # }
/// ```
pub struct Sandbox {
    pub(crate) shared: Arc<ServerState>,
    pub(crate) server: JoinHandle<()>,
    pub(crate) listener: Arc<Listener>,
    pub(crate) application: Application,
    /// The client id of the first native application.
    pub(crate) native: Option<String>,
    /// Id and name of the first organization.
    pub(crate) organization: (String, String),
    /// Its first member.
    pub(crate) member: Option<User>,
    pub(crate) admin: Member,
    pub(crate) team: String,
    pub(crate) url: String,
}

/// What a program needs to know to use a sandbox. It serializes to what the binary prints; it holds secrets, so it
/// does not print itself.
#[derive(Clone, Serialize)]
#[non_exhaustive]
pub struct ConnectionInfo {
    /// The base URL of the API, without a slash at its end.
    pub url: String,
    /// The slug of the team.
    pub team: String,
    /// The domain of the tenant that grants tokens. No host of this name exists: use `token_url`.
    pub domain: String,
    /// The client id of the application.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
    /// The audience of access tokens.
    pub audience: String,
    /// The token endpoint.
    pub token_url: String,
    /// The process.
    pub pid: u32,
    /// What `/_sandbox/…` wants as a bearer token.
    pub admin_token: String,
    /// The e-mail address of the first member, who is an owner.
    pub admin_email: String,
    /// The base URL of the My Organization API, without a slash at its end.
    pub my_organization_url: String,
    /// The audience of its access tokens.
    pub my_organization_audience: String,
    /// The base URL of the Management API, without a slash at its end.
    pub management_url: String,
    /// The audience of its access tokens.
    pub management_audience: String,
    /// The id of the first organization.
    pub organization_id: String,
    /// Its name.
    pub organization_name: String,
    /// The e-mail address of a user who is a member of it and can log in, if it has any members.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member_email: Option<String>,
    /// The client id of a native application, by which users log in, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub native_client_id: Option<String>,
}

impl Sandbox {
    /// The settings of a sandbox, to be [started](SandboxBuilder::start).
    pub fn builder() -> SandboxBuilder {
        SandboxBuilder::new()
    }

    /// The base URL of the Teams API, without a slash at its end, such as `http://127.0.0.1:40123`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The token endpoint.
    pub fn token_url(&self) -> String {
        format!("{}/oauth/token", self.url)
    }

    /// The slug of the team.
    pub fn team(&self) -> &str {
        &self.team
    }

    /// The domain of the tenant that grants tokens. No host of this name exists: use [`token_url`](Self::token_url).
    pub fn domain(&self) -> String {
        format!("{}-auth.sandbox.test", self.team)
    }

    /// The audience of access tokens for the Teams API.
    pub fn audience(&self) -> &str {
        self.audience_of(Api::Teams)
    }

    /// The base URL of the My Organization API, without a slash at its end.
    pub fn my_organization_url(&self) -> String {
        format!("{}{}", self.url, Api::MyOrganization.base())
    }

    /// The audience of access tokens for the My Organization API.
    pub fn my_organization_audience(&self) -> &str {
        self.audience_of(Api::MyOrganization)
    }

    /// The base URL of the Management API, without a slash at its end.
    pub fn management_url(&self) -> String {
        format!("{}{}", self.url, Api::Organizations.base())
    }

    /// The audience of access tokens for the Management API.
    pub fn management_audience(&self) -> &str {
        self.audience_of(Api::Organizations)
    }

    fn audience_of(&self, api: Api) -> &str {
        self.shared.tokens.audiences().of(api)
    }

    /// The id of the first organization of the tenant.
    pub fn organization_id(&self) -> &str {
        &self.organization.0
    }

    /// The name that the first organization began with.
    pub fn organization_name(&self) -> &str {
        &self.organization.1
    }

    /// A user who was a member of the first organization to begin with and can log in, if it had any members.
    pub fn organization_member(&self) -> Option<&User> {
        self.member.as_ref()
    }

    /// The client id of the first native application, by which users log in, if there is one.
    pub fn native_client_id(&self) -> Option<&str> {
        self.native.as_deref()
    }

    /// The client id of the application.
    pub fn client_id(&self) -> &str {
        &self.application.client_id
    }

    /// The secret of the application; empty if it has none.
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

    /// All that a program needs to know to use it.
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

    /// Lets something go wrong from now on.
    ///
    /// # Errors
    ///
    /// The fault names no operation that there is, or has a value that it cannot have.
    pub fn fail(&self, fault: Fault) -> Result<(), Error> {
        fault.check().map_err(|message| Error::Setting {
            setting: "fault",
            message,
        })?;
        self.shared.faults.add(fault);
        Ok(())
    }

    /// Lets nothing go wrong any more.
    pub fn clear_faults(&self) {
        self.shared.faults.clear();
    }

    /// The newest 10,000 requests, the oldest of them first.
    pub fn requests(&self) -> Vec<RequestRecord> {
        self.shared.requests.list()
    }

    /// The newest requests of one operation, by its id; `token` is the token endpoint. Where several APIs have an id, the
    /// name of the API comes first: `my-organization.ListRoles`.
    pub fn requests_of(&self, operation: &str) -> Vec<RequestRecord> {
        let name = Document::find_operation(operation).map_or(operation, |found| &found.name);
        let mut requests = self.requests();
        requests.retain(|request| request.operation.as_deref() == Some(name));
        requests
    }

    /// Forgets the requests so far.
    pub fn forget_requests(&self) {
        self.shared.requests.clear();
    }

    /// How many tokens were granted.
    pub fn tokens_granted(&self) -> u64 {
        self.shared.tokens.granted_count()
    }

    /// Refuses the tokens that were granted so far.
    pub fn revoke_tokens(&self) {
        self.shared
            .token_validator
            .revoke_up_to(self.shared.tokens.granted_count());
    }

    /// Moves the sandbox's clock on. Tokens expire by it and rate limits recover.
    pub fn advance(&self, by: Duration) {
        self.shared.clock.advance(by);
    }

    /// Sets how many seconds the sandbox's clock is ahead of the machine's, or behind it if negative.
    ///
    /// # Errors
    ///
    /// No clock can be off by so much.
    pub fn set_clock_offset(&self, seconds: i64) -> Result<(), Error> {
        self.shared.clock.set_offset(offset(seconds)?);
        Ok(())
    }

    /// The invitations that wait to be accepted.
    pub fn invitations(&self) -> Vec<Invitation> {
        self.shared.team().invitations().to_vec()
    }

    /// Accepts an invitation, as the invited person would do in a browser. Gives back the new member.
    ///
    /// # Errors
    ///
    /// No such invitation waits.
    pub fn accept_invitation(&self, id: &str) -> Result<Member, Error> {
        let member = self.shared.team().accept(id, self.shared.clock.now());
        member.ok_or_else(|| Error::Invitation { id: id.to_owned() })
    }

    /// Accepts an invitation to an organization, as the invited person would do in a browser, and gives back the user
    /// who is a member now and can log in.
    ///
    /// # Errors
    ///
    /// No such invitation waits, or it has expired.
    pub fn accept_organization_invitation(&self, id: &str) -> Result<User, Error> {
        let now = self.shared.clock.now();
        let accepted = self.shared.tenant.lock().accept(id, now);
        let (_, person) = accepted.ok_or_else(|| Error::Invitation { id: id.to_owned() })?;
        Ok(User::new(person.id, person.email, person.name))
    }

    /// Lets the name servers of the sandbox's world answer with this text for this host, which is how the owner of a
    /// domain proves that it is theirs: `verification_host` and `verification_txt` of the domain.
    pub fn publish_dns_record(&self, host: &str, text: &str) {
        self.shared.tenant.lock().publish_dns_record(host, text);
    }

    /// Approves what a device asks for, as a user by id or e-mail address would do in a browser.
    ///
    /// # Errors
    ///
    /// No device waits with this code, or there is no such user.
    pub fn approve_device(&self, user_code: &str, user: &str) -> Result<(), Error> {
        let found = self.shared.login.user(user);
        let user = found.ok_or_else(|| Error::User {
            user: user.to_owned(),
        })?;
        self.decide(user_code, Some(&user))
    }

    /// Denies what a device asks for.
    ///
    /// # Errors
    ///
    /// No device waits with this code.
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

    /// The answers that were not as the document says, which are faults of the sandbox. Nothing is looked for without
    /// [`check_answers`](SandboxBuilder::check_answers).
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
        message: format!("expected seconds that a clock can be off by, found {seconds}"),
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
