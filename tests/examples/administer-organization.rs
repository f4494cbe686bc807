//! Administers an organization with the My Organization API: logs in with a browser, renames the organization, adds an
//! identity provider and a domain, invites people and assigns a role.
//!
//! ```text
//! cargo run --example administer-organization            # against a local sandbox, without an account
//! cargo run --example administer-organization -- --help  # arguments, and how to use a live organization
//! ```
//!
//! Every step checks the current state first, so the command can be repeated. Prints each change and the resulting
//! organization. Exit status: 0 success, 1 an operation failed, 2 invalid arguments or environment variables.

#![allow(clippy::print_stdout, reason = "prints its results")]

use std::io;
use std::process::ExitCode;

use auth0_auth::{DpopKey, Loopback, Session};
use auth0_core::{Operation, Scopes};
use auth0_my_organization::resources::organization::Organization;
use auth0_my_organization::types::{
    CreateIdpDomainRequestContent, CreateMemberInvitationInvitee,
    CreateMemberInvitationRequestContent, CreateOrganizationDomainRequestContent,
    IdpListItemResponse, IdpOidcOptionsRequest, IdpOidcOptionsRequestRequired,
    IdpOidcOptionsTypeEnum, IdpOidcRequest, IdpOidcRequestRequired, OrgDetailsRequest, OrgDomain,
    OrgDomainStatusEnum, OrgMember, OrganizationMemberRolesChangeRequestContent, Role,
};
use auth0_my_organization::{Client, Error, operations};
use auth0_sandbox::{Sandbox, SandboxBuilder};
use clap::Parser;

use support::my_organization::{ENVIRONMENT, OrganizationSettings};
use support::{Failure, note};

mod support;

/// The called operations. The login requests the scopes that they need.
const OPERATIONS: &[&Operation] = &[
    &operations::GET_ORGANIZATION_DETAILS,
    &operations::UPDATE_ORGANIZATION_DETAILS,
    &operations::LIST_ORGANIZATION_IDENTITY_PROVIDERS,
    &operations::CREATE_ORGANIZATION_IDENTITY_PROVIDER,
    &operations::LIST_ORGANIZATION_DOMAINS,
    &operations::CREATE_ORGANIZATION_DOMAIN,
    &operations::CREATE_ORGANIZATION_DOMAIN_VERIFICATION,
    &operations::GET_ORGANIZATION_DOMAIN_IDENTITY_PROVIDERS,
    &operations::CREATE_ORGANIZATION_IDENTITY_PROVIDER_DOMAIN,
    &operations::LIST_ORGANIZATION_MEMBERS,
    &operations::LIST_ROLES,
    &operations::LIST_ORG_MEMBER_ROLES,
    &operations::ASSIGN_ORGANIZATION_MEMBER_ROLES,
    &operations::LIST_INVITATIONS,
    &operations::CREATE_INVITATIONS,
];

/// Log in to an organization, rename it, add an identity provider and a domain, invite people and assign a role
///
/// Prints the resulting organization at the end. Whatever exists already is kept, so the command can be repeated.
#[derive(Parser)]
#[command(after_help = support::help(
    "only what the arguments ask for in a live organization. Invitations are sent by e-mail.",
    OPERATIONS,
    &ENVIRONMENT,
))]
struct Arguments {
    /// Bind the tokens to a DPoP key of this program, so that a stolen token is useless
    #[arg(long)]
    dpop: bool,
    /// Port of the callback URL of the application; 0 chooses any free port
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// New display name of the organization
    #[arg(long, value_name = "NAME")]
    display_name: Option<String>,
    /// Add an OpenID Connect identity provider with this name
    #[arg(long, value_name = "NAME", requires_all = ["discovery_url", "provider_client"])]
    provider: Option<String>,
    /// URL of its discovery document
    #[arg(long, value_name = "URL", requires = "provider")]
    discovery_url: Option<String>,
    /// Client id of Auth0 at the identity provider
    #[arg(long, value_name = "CLIENT-ID", requires = "provider")]
    provider_client: Option<String>,
    /// Add and verify this domain; users with an address in it log in with the new identity provider
    #[arg(long, value_name = "DOMAIN")]
    domain: Option<String>,
    /// Invite this person; can be repeated
    #[arg(long, value_name = "EMAIL")]
    invite: Vec<String>,
    /// Member that gets the role
    #[arg(long, value_name = "EMAIL-or-ID", requires = "role")]
    member: Option<String>,
    /// Role to assign, by name or id
    #[arg(long, value_name = "ROLE", requires = "member")]
    role: Option<String>,
}

impl Arguments {
    /// Fills in missing arguments with values for a sandbox.
    fn with_sandbox_defaults(self) -> Self {
        let or = |given: Option<String>, default: &str| given.or_else(|| Some(default.to_owned()));
        let mut invite = self.invite;
        if invite.is_empty() {
            invite = vec!["grace@northwind.test".into(), "kay@northwind.test".into()];
        }
        Self {
            display_name: or(self.display_name, "Northwind"),
            provider: or(self.provider, "northwind-login"),
            discovery_url: or(
                self.discovery_url,
                "https://login.northwind.test/.well-known/openid-configuration",
            ),
            provider_client: or(self.provider_client, "auth0"),
            domain: or(self.domain, "northwind.test"),
            invite,
            // Stays empty: the default is the first member of the sandbox, who also logs in.
            member: self.member,
            role: or(self.role, "Billing"),
            ..self
        }
    }
}

/// Maximum number of invitations per call.
const BATCH: usize = 10;

#[tokio::main]
async fn main() -> ExitCode {
    support::exit(run(Arguments::parse()).await)
}

fn sandbox(dpop: bool) -> SandboxBuilder {
    let builder = Sandbox::builder().login_at_once();
    if dpop { builder.dpop_nonces() } else { builder }
}

async fn run(arguments: Arguments) -> Result<(), Failure> {
    let (settings, sandbox) = OrganizationSettings::open(sandbox(arguments.dpop)).await?;
    let session = login(&settings, sandbox.as_ref(), &arguments).await?;
    let target = settings.connect(session, sandbox)?;
    let (client, org) = (&target.client, target.client.organization());
    let arguments = match target.sandbox {
        Some(_) => arguments.with_sandbox_defaults(),
        None => arguments,
    };
    let assignment = find_member_and_role(&org, &target.sandbox, &arguments).await?;

    if let Some(name) = &arguments.display_name {
        rename(client, name).await?;
    }
    let provider = match &arguments {
        Arguments {
            provider: Some(name),
            discovery_url: Some(url),
            provider_client: Some(client_id),
            ..
        } => Some(add_provider(&org, name, url, client_id).await?),
        _ => None,
    };
    if let Some(name) = &arguments.domain {
        let domain = verify_domain(&org, target.sandbox.as_ref(), name).await?;
        if let Some(provider) = provider.filter(|_| is_verified(&domain)) {
            route_domain(&org, &domain, &provider).await?;
        }
    }
    invite(&org, &arguments.invite).await?;
    if let Some((member, role)) = &assignment {
        assign_role(&org, member, role).await?;
    }
    print_organization(client).await
}

/// Logs in the administrator with PKCE. The flow verifies that the ID token names the organization.
async fn login(
    settings: &OrganizationSettings,
    sandbox: Option<&Sandbox>,
    arguments: &Arguments,
) -> Result<Session, Failure> {
    let loopback = Loopback::bind_port(arguments.port).await?;
    let mut flow = settings
        .login(&loopback.redirect_uri())
        .scope("email profile")
        .scope(Scopes::needed_by(OPERATIONS.iter().copied()).to_string());
    if arguments.dpop {
        flow = flow.dpop(DpopKey::generate().map_err(Failure::failed)?);
    }
    let session = match sandbox {
        Some(sandbox) => {
            let member = sandbox.organization_member();
            let hint = member.map(|member| member.email.clone());
            let flow = flow.login_hint(hint.unwrap_or_default()).build()?;
            loopback.login(&flow, follow_redirects).await?
        }
        None => loopback.login(&flow.build()?, print_login_url).await?,
    };
    if let Some(id_token) = session.id_token() {
        let who = id_token.email().or(id_token.name());
        println!(
            "logged in to {1} as {0}{2}",
            who.unwrap_or_else(|| id_token.subject()),
            id_token.org_id().unwrap_or(&settings.organization),
            if arguments.dpop {
                ", with tokens bound to a DPoP key"
            } else {
                ""
            }
        );
    }
    Ok(session)
}

/// Prints the URL for the user. It must not be logged, because whoever has it can complete the login.
fn print_login_url(url: &str) -> io::Result<()> {
    note(format!("open this URL in a browser to log in:\n{url}"));
    Ok(())
}

/// Replaces the browser: the sandbox logs in without a page, so following its redirects is sufficient.
fn follow_redirects(url: &str) -> io::Result<()> {
    let browser = reqwest::Client::builder().no_proxy().build();
    let browser = browser.map_err(io::Error::other)?;
    tokio::spawn(browser.get(url).send());
    Ok(())
}

/// Finds the member and the role, before anything is changed.
async fn find_member_and_role(
    org: &Organization,
    sandbox: &Option<Sandbox>,
    arguments: &Arguments,
) -> Result<Option<(OrgMember, Role)>, Failure> {
    let Some(role_name) = &arguments.role else {
        return Ok(None);
    };
    let default = sandbox.as_ref().and_then(Sandbox::organization_member);
    let default = default.map(|member| &*member.email);
    let email_or_id = arguments.member.as_deref().or(default).unwrap_or_default();
    let mut members = org.members().list().page_size(100).stream();
    let member = loop {
        let Some(member) = members.try_next().await? else {
            return Err(Failure::usage(format!(
                "expected a member of the organization by e-mail address or id, found `{email_or_id}`"
            )));
        };
        if member.user_id.as_deref() == Some(email_or_id)
            || is_same(member.email.as_deref(), email_or_id)
        {
            break member;
        }
    };
    let mut roles = org.roles().list().page_size(100).stream();
    while let Some(role) = roles.try_next().await? {
        if role.id == *role_name || role.name == *role_name {
            return Ok(Some((member, role)));
        }
    }
    Err(Failure::usage(format!(
        "expected a role by name or id, found `{role_name}`"
    )))
}

fn is_same(email: Option<&str>, other: &str) -> bool {
    email.is_some_and(|email| email.eq_ignore_ascii_case(other))
}

async fn rename(client: &Client, name: &str) -> Result<(), Error> {
    let before = client.organization_details().get().await?;
    if before.display_name.as_deref() == Some(name) {
        println!("display name: already {name}");
        return Ok(());
    }
    // Fields that are not set are not sent and stay unchanged.
    let change = OrgDetailsRequest::new().display_name(name);
    client.organization_details().update(change).await?;
    println!("display name: changed to {name}");
    Ok(())
}

/// Adds an identity provider unless one with this name exists. Returns its id.
async fn add_provider(
    org: &Organization,
    name: &str,
    discovery_url: &str,
    client_id: &str,
) -> Result<String, Failure> {
    let providers = org.identity_providers().list().await?.identity_providers;
    let existing = providers
        .iter()
        .find(|provider| provider.name() == Some(name));
    if let Some(id) = existing.and_then(IdpListItemResponse::id) {
        println!("identity provider {name}: exists already");
        return Ok(id.to_owned());
    }
    // The front channel needs no secret; the back channel needs `.client_secret(…)`.
    let channel = IdpOidcOptionsTypeEnum::FrontChannel;
    let options = IdpOidcOptionsRequest::new(IdpOidcOptionsRequestRequired {
        client_id,
        discovery_url,
        type_: channel,
    });
    let provider = IdpOidcRequest::new(IdpOidcRequestRequired { name, options }).is_enabled(true);
    let provider = org.identity_providers().create(provider).await?;
    println!("identity provider {name}: added");
    let id = provider.id().map(str::to_owned);
    id.ok_or_else(|| Failure::failed("the response has no id of the new identity provider"))
}

fn is_verified(domain: &OrgDomain) -> bool {
    domain.status == OrgDomainStatusEnum::Verified
}

/// Adds a domain unless it exists, and requests its verification unless it is verified.
async fn verify_domain(
    org: &Organization,
    sandbox: Option<&Sandbox>,
    name: &str,
) -> Result<OrgDomain, Error> {
    let domain = match find_domain(org, name).await? {
        Some(domain) => domain,
        None => {
            let domain = CreateOrganizationDomainRequestContent::with_domain(name);
            let domain = org.domains().create(domain).await?;
            println!("domain {name}: added");
            domain
        }
    };
    if is_verified(&domain) {
        println!("domain {name}: already verified");
        return Ok(domain);
    }
    if let Some(sandbox) = sandbox {
        // The owner of a real domain publishes this record.
        sandbox.publish_dns_record(&domain.verification_host, &domain.verification_txt);
    }
    let domain = org.domains().verify().create(&domain.id).await?;
    if is_verified(&domain) {
        println!("domain {name}: verified");
    } else {
        println!(
            "domain {name}: {}; publish this TXT record and run the command again:\n  {} {}",
            domain.status, domain.verification_host, domain.verification_txt
        );
    }
    Ok(domain)
}

async fn find_domain(org: &Organization, name: &str) -> Result<Option<OrgDomain>, Error> {
    let mut domains = org.domains().list().stream();
    while let Some(domain) = domains.try_next().await? {
        if domain.domain.eq_ignore_ascii_case(name) {
            return Ok(Some(domain));
        }
    }
    Ok(None)
}

/// Makes users with an address in the domain log in with the identity provider.
async fn route_domain(org: &Organization, domain: &OrgDomain, provider: &str) -> Result<(), Error> {
    let users = org.domains().identity_providers().list(&domain.id).await?;
    let mut users = users.identity_providers.into_iter();
    if users.any(|user| user.id == provider) {
        return Ok(());
    }
    let domain_of_provider = CreateIdpDomainRequestContent::with_domain(&domain.domain);
    org.identity_providers()
        .domains()
        .create(provider, domain_of_provider)
        .await?;
    println!(
        "domain {}: assigned to the identity provider",
        domain.domain
    );
    Ok(())
}

/// Invites people in batches. Skips those who have an open invitation, because a new one would revoke it.
async fn invite(org: &Organization, people: &[String]) -> Result<(), Error> {
    if people.is_empty() {
        return Ok(());
    }
    let mut known = Vec::new();
    for email in open_invitations(org).await? {
        known.push((email, "already invited"));
    }
    let mut members = org.members().list().page_size(100).stream();
    while let Some(member) = members.try_next().await? {
        known.extend(member.email.map(|email| (email.into(), "already a member")));
    }
    let mut new = Vec::new();
    for person in people {
        match known.iter().find(|(email, _)| is_same(Some(email), person)) {
            Some((_, state)) => println!("{person}: {state}"),
            None => new.push(person),
        }
    }
    for batch in new.chunks(BATCH) {
        let invitees = batch
            .iter()
            .map(|email| CreateMemberInvitationInvitee::with_email(*email));
        let invitations = CreateMemberInvitationRequestContent::with_invitees(invitees);
        // The response has the invitation link. It grants access to the organization, so it is not printed.
        for invitation in org.invitations().create(invitations).await? {
            let invitee = invitation.invitee.and_then(|invitee| invitee.email);
            println!("{}: invited", invitee.unwrap_or_default());
        }
    }
    Ok(())
}

/// The e-mail addresses with open invitations.
async fn open_invitations(org: &Organization) -> Result<Vec<String>, Error> {
    let mut found = Vec::new();
    let mut invitations = org.invitations().list().page_size(100).stream();
    while let Some(invitation) = invitations.try_next().await? {
        let email = invitation.invitee.and_then(|invitee| invitee.email);
        found.extend(email.map(String::from));
    }
    Ok(found)
}

async fn assign_role(org: &Organization, member: &OrgMember, role: &Role) -> Result<(), Error> {
    let (id, name) = (
        member.user_id.as_deref().unwrap_or_default(),
        display_name(member),
    );
    let mut roles = org.members().roles().list(id).stream();
    while let Some(own) = roles.try_next().await? {
        if own.id == role.id {
            println!("{name}: already has the role {}", role.name);
            return Ok(());
        }
    }
    let change = OrganizationMemberRolesChangeRequestContent::with_role_ids([&role.id]);
    org.members().roles().assign(id, change).await?;
    println!("{name}: assigned the role {}", role.name);
    Ok(())
}

fn display_name(member: &OrgMember) -> &str {
    let name = member.email.as_deref().or(member.name.as_deref());
    name.or(member.user_id.as_deref()).unwrap_or_default()
}

/// Prints the organization.
async fn print_organization(client: &Client) -> Result<(), Failure> {
    let details = client.organization_details().get().await?;
    let org = client.organization();
    println!(
        "\n{} ({})",
        details.display_name.as_deref().unwrap_or_default(),
        details.name.as_deref().unwrap_or_default()
    );
    println!("  domains");
    let mut domains = org.domains().list().stream();
    while let Some(domain) = domains.try_next().await? {
        println!("    {}: {}", domain.domain, domain.status);
    }
    println!("  identity providers");
    let providers = org.identity_providers().list().await?.identity_providers;
    for provider in &providers {
        // An unknown strategy is returned as text.
        println!(
            "    {} ({})",
            provider.name().unwrap_or_default(),
            provider.strategy().unwrap_or("unknown strategy")
        );
    }
    println!("  members");
    let mut members = org.members().list().page_size(100).stream();
    while let Some(member) = members.try_next().await? {
        let roles = member.roles.iter().flatten();
        let roles: Vec<_> = roles.map(|role| &*role.name).collect();
        let list = if roles.is_empty() {
            "no role".to_owned()
        } else {
            roles.join(", ")
        };
        println!("    {}: {list}", display_name(&member));
    }
    println!("  invited");
    for email in open_invitations(&org).await? {
        println!("    {email}");
    }
    Ok(())
}
