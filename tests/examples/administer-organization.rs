//! An administrator runs their own organization: logs in by browser, and changes what the organization is and who gets in.
//!
//! Each step finds what is there already, so that it can be run again.

#![allow(clippy::print_stdout, reason = "it tells what it does")]

use std::io;
use std::process::ExitCode;

use auth0_auth::{DpopKey, Loopback, Session};
use auth0_core::{Operation, Scopes};
use auth0_my_organization::resources::organization::Organization;
use auth0_my_organization::types::{
    CreateIdpDomainRequestContent, CreateMemberInvitationInvitee,
    CreateMemberInvitationRequestContent, CreateOrganizationDomainRequestContent,
    IdpListItemResponse, IdpOidcOptionsRequest, IdpOidcOptionsTypeEnum, IdpOidcRequest,
    OrgDetailsRequest, OrgDomain, OrgDomainStatusEnum, OrgMember,
    OrganizationMemberRolesChangeRequestContent, Role,
};
use auth0_my_organization::{Client, Error, operations};
use auth0_sandbox::{Sandbox, SandboxBuilder};
use clap::Parser;

use support::my_organization::{ENVIRONMENT, Settings};
use support::{Failure, note};

mod support;

/// What is called, which is also what the login asks for.
const CALLED: &[&Operation] = &[
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

/// Log in to an organization and rename it, add an identity provider and a domain, invite people and give a role
///
/// It ends with what the organization looks like then. What is there already stays as it is, so it can be run again.
#[derive(Parser)]
#[command(after_help = support::help(
    "nothing in a live organization but what is asked for. An invitation is sent by e-mail.",
    CALLED,
    &ENVIRONMENT,
))]
struct Arguments {
    /// Bind the tokens to a key of this program, so that nobody else can use them (DPoP)
    #[arg(long)]
    dpop: bool,
    /// Where to wait for the answer of the browser, if the application's callback URL names a port; otherwise any
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// What people shall see the organization called
    #[arg(long, value_name = "NAME")]
    display_name: Option<String>,
    /// Add an identity provider of OpenID Connect with this name
    #[arg(long, value_name = "NAME", requires_all = ["discovery_url", "provider_client"])]
    provider: Option<String>,
    /// Its discovery document
    #[arg(long, value_name = "URL", requires = "provider")]
    discovery_url: Option<String>,
    /// The client id by which it knows Auth0
    #[arg(long, value_name = "CLIENT-ID", requires = "provider")]
    provider_client: Option<String>,
    /// Add this domain and have it verified; whoever has an address there is sent to the new identity provider
    #[arg(long, value_name = "DOMAIN")]
    domain: Option<String>,
    /// Invite this person; can be given several times
    #[arg(long, value_name = "EMAIL")]
    invite: Vec<String>,
    /// Give a role to this member
    #[arg(long, value_name = "EMAIL-or-ID", requires = "role")]
    member: Option<String>,
    /// The role, by name or id
    #[arg(long, value_name = "ROLE", requires = "member")]
    role: Option<String>,
}

impl Arguments {
    /// Made-up values in the place of those that were not given. They are for a sandbox only.
    fn or_made_up(self) -> Self {
        let or = |given: Option<String>, made_up: &str| given.or_else(|| Some(made_up.to_owned()));
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
            // The members of a sandbox have made-up names, and the first of them is the one who logs in.
            member: self.member,
            role: or(self.role, "Billing"),
            ..self
        }
    }
}

/// How many people one call can invite.
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
    let (settings, sandbox) = Settings::open(sandbox(arguments.dpop)).await?;
    let session = login(&settings, sandbox.as_ref(), &arguments).await?;
    let place = settings.place(session, sandbox)?;
    let (client, org) = (&place.client, place.client.organization());
    let arguments = match place.sandbox {
        Some(_) => arguments.or_made_up(),
        None => arguments,
    };
    let found = find(&org, &place.sandbox, &arguments).await?;

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
        let domain = verify_domain(&org, place.sandbox.as_ref(), name).await?;
        if let Some(provider) = provider.filter(|_| is_verified(&domain)) {
            send_to(&org, &domain, &provider).await?;
        }
    }
    invite(&org, &arguments.invite).await?;
    if let Some((member, role)) = &found {
        give_role(&org, member, role).await?;
    }
    show(client).await
}

/// Logs the administrator in with PKCE. Whose organization the ID token names has been checked by then.
async fn login(
    settings: &Settings,
    sandbox: Option<&Sandbox>,
    arguments: &Arguments,
) -> Result<Session, Failure> {
    let loopback = Loopback::bind_port(arguments.port).await?;
    let mut flow = settings
        .login(&loopback.redirect_uri())
        .scope("email profile")
        .scope(Scopes::needed_by(CALLED.iter().copied()).to_string());
    if arguments.dpop {
        flow = flow.dpop(DpopKey::generate().map_err(Failure::failed)?);
    }
    let session = match sandbox {
        Some(sandbox) => {
            let member = sandbox.organization_member();
            let hint = member.map(|member| member.email.clone());
            let flow = flow.login_hint(hint.unwrap_or_default()).build()?;
            loopback.login(&flow, stand_in_for_a_browser).await?
        }
        None => loopback.login(&flow.build()?, ask_for_a_browser).await?,
    };
    if let Some(id_token) = session.id_token() {
        let who = id_token.email().or(id_token.name());
        println!(
            "{} is logged in to {}{}",
            who.unwrap_or_else(|| id_token.subject()),
            id_token.org_id().unwrap_or(&settings.organization),
            if arguments.dpop {
                ", with tokens that are bound to a key"
            } else {
                ""
            }
        );
    }
    Ok(session)
}

/// The address goes to the person and nowhere else: whoever has it can answer in their place.
fn ask_for_a_browser(url: &str) -> io::Result<()> {
    note(format!("open this address in a browser to log in:\n{url}"));
    Ok(())
}

/// The sandbox lets the user in without a page, so that following its redirects is enough.
fn stand_in_for_a_browser(url: &str) -> io::Result<()> {
    let browser = reqwest::Client::builder().no_proxy().build();
    let browser = browser.map_err(io::Error::other)?;
    tokio::spawn(browser.get(url).send());
    Ok(())
}

/// The member and the role that are to come together. Who is not there is better noticed before anything is changed.
async fn find(
    org: &Organization,
    sandbox: &Option<Sandbox>,
    arguments: &Arguments,
) -> Result<Option<(OrgMember, Role)>, Failure> {
    let Some(wanted) = &arguments.role else {
        return Ok(None);
    };
    let made_up = sandbox.as_ref().and_then(Sandbox::organization_member);
    let made_up = made_up.map(|member| &*member.email);
    let who = arguments.member.as_deref().or(made_up).unwrap_or_default();
    let mut members = org.members().list().take(100).stream();
    let member = loop {
        let Some(member) = members.try_next().await? else {
            return Err(Failure::usage(format!(
                "expected a member of the organization by e-mail address or id, found `{who}`"
            )));
        };
        if member.user_id.as_deref() == Some(who) || is_same(member.email.as_deref(), who) {
            break member;
        }
    };
    let mut roles = org.roles().list().take(100).stream();
    while let Some(role) = roles.try_next().await? {
        if role.id == *wanted || role.name == *wanted {
            return Ok(Some((member, role)));
        }
    }
    Err(Failure::usage(format!(
        "expected a role by name or id, found `{wanted}`"
    )))
}

fn is_same(email: Option<&str>, other: &str) -> bool {
    email.is_some_and(|email| email.eq_ignore_ascii_case(other))
}

async fn rename(client: &Client, name: &str) -> Result<(), Error> {
    let before = client.organization_details().get().await?;
    if before.display_name.as_deref() == Some(name) {
        println!("it is called {name} already");
        return Ok(());
    }
    // What is not set is not sent, and stays.
    let change = OrgDetailsRequest::new().display_name(name);
    client.organization_details().update(change).await?;
    println!("it is called {name} now");
    Ok(())
}

/// Adds an identity provider, unless there is one of this name. Gives back its id.
async fn add_provider(
    org: &Organization,
    name: &str,
    discovery_url: &str,
    client_id: &str,
) -> Result<String, Failure> {
    let providers = org.identity_providers().list().await?.identity_providers;
    let known = providers
        .iter()
        .find(|provider| provider.name() == Some(name));
    if let Some(id) = known.and_then(IdpListItemResponse::id) {
        println!("identity provider {name}: is there already");
        return Ok(id.to_owned());
    }
    // By the front channel no secret is needed; the back channel takes `.client_secret(…)`.
    let channel = IdpOidcOptionsTypeEnum::FrontChannel;
    let options = IdpOidcOptionsRequest::new(client_id, discovery_url, channel);
    let provider = IdpOidcRequest::new(name, options).is_enabled(true);
    let provider = org.identity_providers().create(provider).await?;
    println!("identity provider {name}: added");
    let id = provider.id().map(str::to_owned);
    id.ok_or_else(|| Failure::failed("expected the id of the new identity provider, found none"))
}

fn is_verified(domain: &OrgDomain) -> bool {
    domain.status == OrgDomainStatusEnum::Verified
}

/// Adds a domain unless it is there, and asks for its verification unless it is verified.
async fn verify_domain(
    org: &Organization,
    sandbox: Option<&Sandbox>,
    name: &str,
) -> Result<OrgDomain, Error> {
    let domain = match find_domain(org, name).await? {
        Some(domain) => domain,
        None => {
            let domain = CreateOrganizationDomainRequestContent::new(name);
            let domain = org.domains().create(domain).await?;
            println!("domain {name}: added");
            domain
        }
    };
    if is_verified(&domain) {
        println!("domain {name}: is verified already");
        return Ok(domain);
    }
    if let Some(sandbox) = sandbox {
        // What the owner of the domain does at their name server.
        sandbox.publish_dns_record(&domain.verification_host, &domain.verification_txt);
    }
    let domain = org.domains().verify().create(&domain.id).await?;
    if is_verified(&domain) {
        println!("domain {name}: is verified");
    } else {
        println!(
            "domain {name}: is {}; publish this TXT record, and run the command again:\n  {} {}",
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

/// Sends whoever has an address in the domain to the identity provider.
async fn send_to(org: &Organization, domain: &OrgDomain, provider: &str) -> Result<(), Error> {
    let users = org.domains().identity_providers().list(&domain.id).await?;
    let mut users = users.identity_providers.into_iter();
    if users.any(|user| user.id == provider) {
        return Ok(());
    }
    let domain_of_provider = CreateIdpDomainRequestContent::new(&domain.domain);
    org.identity_providers()
        .domains()
        .create(provider, domain_of_provider)
        .await?;
    println!("domain {}: leads to the identity provider", domain.domain);
    Ok(())
}

/// Invites people, ten in a call. A second invitation would revoke the first, so those who have one are left alone.
async fn invite(org: &Organization, people: &[String]) -> Result<(), Error> {
    if people.is_empty() {
        return Ok(());
    }
    let mut known = Vec::new();
    for email in invited(org).await? {
        known.push((email, "is invited already"));
    }
    let mut members = org.members().list().take(100).stream();
    while let Some(member) = members.try_next().await? {
        known.extend(
            member
                .email
                .map(|email| (email.into(), "is a member already")),
        );
    }
    let mut new = Vec::new();
    for person in people {
        match known.iter().find(|(email, _)| is_same(Some(email), person)) {
            Some((_, what)) => println!("{person}: {what}"),
            None => new.push(person),
        }
    }
    for batch in new.chunks(BATCH) {
        let invitees = batch
            .iter()
            .map(|email| CreateMemberInvitationInvitee::new(*email));
        let invitations = CreateMemberInvitationRequestContent::new(invitees);
        // Each comes with a link by which anybody can join: it is for the e-mail alone, and does not print.
        for invitation in org.invitations().create(invitations).await? {
            let invitee = invitation.invitee.and_then(|invitee| invitee.email);
            println!("{}: is invited", invitee.unwrap_or_default());
        }
    }
    Ok(())
}

/// The addresses of those whose invitations are open.
async fn invited(org: &Organization) -> Result<Vec<String>, Error> {
    let mut found = Vec::new();
    let mut invitations = org.invitations().list().take(100).stream();
    while let Some(invitation) = invitations.try_next().await? {
        let email = invitation.invitee.and_then(|invitee| invitee.email);
        found.extend(email.map(String::from));
    }
    Ok(found)
}

async fn give_role(org: &Organization, member: &OrgMember, role: &Role) -> Result<(), Error> {
    let (id, name) = (member.user_id.as_deref().unwrap_or_default(), name(member));
    let mut roles = org.members().roles().list(id).stream();
    while let Some(own) = roles.try_next().await? {
        if own.id == role.id {
            println!("{name}: has the role {} already", role.name);
            return Ok(());
        }
    }
    let change = OrganizationMemberRolesChangeRequestContent::new([&role.id]);
    org.members().roles().assign(id, change).await?;
    println!("{name}: has the role {} now", role.name);
    Ok(())
}

fn name(member: &OrgMember) -> &str {
    let name = member.email.as_deref().or(member.name.as_deref());
    name.or(member.user_id.as_deref()).unwrap_or_default()
}

/// What the organization looks like.
async fn show(client: &Client) -> Result<(), Failure> {
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
        println!("    {} is {}", domain.domain, domain.status);
    }
    println!("  identity providers");
    let providers = org.identity_providers().list().await?.identity_providers;
    for provider in &providers {
        // A strategy that this version of the crate does not know fails nothing; where it is not told, there is none.
        println!(
            "    {} ({})",
            provider.name().unwrap_or_default(),
            provider.strategy().unwrap_or("strategy not told")
        );
    }
    println!("  members");
    let mut members = org.members().list().take(100).stream();
    while let Some(member) = members.try_next().await? {
        let roles = member.roles.iter().flatten();
        let roles: Vec<_> = roles.map(|role| &*role.name).collect();
        let list = if roles.is_empty() {
            "no role".to_owned()
        } else {
            roles.join(", ")
        };
        println!("    {}: {list}", name(&member));
    }
    println!("  invited");
    for email in invited(&org).await? {
        println!("    {email}");
    }
    Ok(())
}
