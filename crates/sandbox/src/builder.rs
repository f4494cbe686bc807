//! The settings of a sandbox.

mod startup;
mod validation;

use std::time::Duration;

use crate::application::Application;
use crate::faults::{Fault, Script};
use crate::login::User;
use crate::rate_limits::{RateLimitPlan, RateLimits};
use crate::team::{PrivateCloud, TeamSettings};
use crate::tenant::{ENTERPRISE, ListingQuirks, TenantSettings};
use crate::token::TokenQuota;

/// The most members: they are made when they are looked at, but each has a number.
const MAX_MEMBERS: u64 = 1_000_000_000;

/// The most tenants and entries of the log, which are kept in memory.
const MAX_STORED: u64 = 1_000_000;

/// The most connections, through which every look-up goes.
const MAX_CONNECTIONS: u64 = 1_000;

/// The settings of a [`Sandbox`](crate::Sandbox); made by [`Sandbox::builder`](crate::Sandbox::builder).
///
/// ```
/// use auth0_sandbox::{Effect, Fault, Sandbox};
///
/// # async fn example() -> Result<(), auth0_sandbox::Error> {
/// let sandbox = Sandbox::builder()
///     .team("acme")
///     .members(200)
///     .fault(Fault::of("listMembers").call(2).then(Effect::status(503)))
///     .start()
///     .await?;
/// # let _ = sandbox;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct SandboxBuilder {
    port: u16,
    team: TeamSettings,
    tenant: TenantSettings,
    audience: Option<String>,
    applications: Vec<Application>,
    users: Vec<User>,
    login_at_once: bool,
    dpop_nonces: bool,
    token_lifetime: Duration,
    refresh_token_lifetime: Duration,
    token_quota: Option<TokenQuota>,
    rate_limits: Option<RateLimits>,
    rate_limit_plan: Option<RateLimitPlan>,
    faults: Vec<Fault>,
    clock_offset_seconds: i64,
    check_responses: bool,
}

impl SandboxBuilder {
    pub(crate) fn new() -> Self {
        Self {
            port: 0,
            team: TeamSettings {
                members: 25,
                tenants: 8,
                activity: 60,
                seed: 0,
                slug: "acme".to_owned(),
                private_clouds: vec![PrivateCloud {
                    environment: "private-1".to_owned(),
                    locality: "frankfurt".to_owned(),
                }],
                tenant_limit: None,
                accept_invitations: false,
            },
            tenant: TenantSettings {
                organizations: 3,
                members: 5,
                connections: 3,
                allowed_strategies: ENTERPRISE.map(str::to_owned).to_vec(),
                deletes_used_connections: true,
                quirks: ListingQuirks::default(),
            },
            audience: None,
            applications: Vec::new(),
            users: Vec::new(),
            login_at_once: false,
            dpop_nonces: false,
            token_lifetime: Duration::from_secs(86_400),
            refresh_token_lifetime: Duration::from_secs(30 * 86_400),
            token_quota: None,
            rate_limits: None,
            rate_limit_plan: None,
            faults: Vec::new(),
            clock_offset_seconds: 0,
            check_responses: false,
        }
    }

    /// The port of 127.0.0.1 to listen at; 0, as without it, is any that is free.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// The slug of the team; `acme` unless said otherwise.
    pub fn team(mut self, slug: impl Into<String>) -> Self {
        self.team.slug = slug.into();
        self
    }

    /// How many members the team begins with; 25 unless said otherwise, at least 1 and at most 1,000,000,000. The first
    /// two are owners. Members are made when they are looked at, so that a million of them take no memory.
    pub fn members(mut self, members: u64) -> Self {
        self.team.members = members;
        self
    }

    /// How many tenants the team begins with; 8 unless said otherwise, at most 1,000,000.
    pub fn tenants(mut self, tenants: u64) -> Self {
        self.team.tenants = tenants;
        self
    }

    /// How many entries the activity log begins with; 60 unless said otherwise, at most 1,000,000.
    pub fn activity(mut self, entries: u64) -> Self {
        self.team.activity = entries;
        self
    }

    /// What ids, names and times are made of: the same seed gives the same ones. 0 unless said otherwise.
    pub fn seed(mut self, seed: u64) -> Self {
        self.team.seed = seed;
        self
    }

    /// Adds a private cloud of the team, by environment and locality. There is always `private-1` in `frankfurt`.
    pub fn private_cloud(
        mut self,
        environment: impl Into<String>,
        locality: impl Into<String>,
    ) -> Self {
        self.team.private_clouds.push(PrivateCloud {
            environment: environment.into(),
            locality: locality.into(),
        });
        self
    }

    /// How many tenants the team may have at once; any number unless said otherwise.
    pub fn tenant_limit(mut self, tenants: usize) -> Self {
        self.team.tenant_limit = Some(tenants);
        self
    }

    /// Invited persons become members at once, without [`Sandbox::accept_invitation`](crate::Sandbox::accept_invitation).
    pub fn accept_invitations(mut self) -> Self {
        self.team.accept_invitations = true;
        self
    }

    /// How many organizations the tenant begins with; 3 unless said otherwise, at least 1 and at most 1,000,000. Like
    /// their members they are made when they are looked at.
    pub fn organizations(mut self, organizations: u64) -> Self {
        self.tenant.organizations = organizations;
        self
    }

    /// How many members each organization begins with; 5 unless said otherwise, at most 1,000,000. The users of the
    /// sandbox are members of the first organization beside them.
    pub fn organization_members(mut self, members: u64) -> Self {
        self.tenant.members = members;
        self
    }

    /// How many connections the tenant begins with; 3 unless said otherwise, at most 1,000. The first is a database that
    /// every organization uses; the others are identity providers, of which each organization uses one.
    pub fn connections(mut self, connections: u64) -> Self {
        self.tenant.connections = connections;
        self
    }

    /// The strategies of the identity providers that an organization may add; without it the seven that there are.
    /// Where there are none, the tenant is not set up for it.
    pub fn allowed_strategies<I: Into<String>>(
        mut self,
        strategies: impl IntoIterator<Item = I>,
    ) -> Self {
        self.tenant.allowed_strategies = strategies.into_iter().map(Into::into).collect();
        self
    }

    /// An organization can delete an identity provider only while no user came through it, which Auth0 calls
    /// `allow_if_empty`. It can always unless said otherwise.
    pub fn keep_used_connections(mut self) -> Self {
        self.tenant.deletes_used_connections = false;
        self
    }

    /// The last page of a listing that goes on by a cursor names a next one, which is empty.
    pub fn empty_last_pages(mut self) -> Self {
        self.tenant.quirks.empty_last_page = true;
        self
    }

    /// Pages of listings that go on by a cursor hold half of what was asked for, though there is more.
    pub fn short_pages(mut self) -> Self {
        self.tenant.quirks.short_pages = true;
        self
    }

    /// The list of an organization's members in the Management API is so far behind, in whole seconds.
    pub fn member_list_lag(mut self, lag: Duration) -> Self {
        self.tenant.quirks.member_lag = i64::try_from(lag.as_secs()).unwrap_or(i64::MAX);
        self
    }

    /// The audience of access tokens for the Teams API; `https://{team}.teams.auth0.com/api/` unless said otherwise.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = Some(audience.into());
        self
    }

    /// Adds an application that may ask for tokens. [`Sandbox::client_id`](crate::Sandbox::client_id) is the first; without
    /// any, two are made up that may act for every organization: a machine with a random secret and all scopes, and a
    /// native one.
    pub fn application(mut self, application: Application) -> Self {
        self.applications.push(application);
        self
    }

    /// Adds a user who can log in, and who is a member of the first organization; unless said otherwise, the first
    /// member of the team, who is in no organization. Those who are members of an organization can log in beside them.
    pub fn user(mut self, user: User) -> Self {
        self.users.push(user);
        self
    }

    /// A login with the `login_hint` of a user, an id or an e-mail address, goes through without the page on which
    /// one chooses who one is.
    pub fn login_at_once(mut self) -> Self {
        self.login_at_once = true;
        self
    }

    /// Proofs of DPoP need a nonce that the sandbox gave out, at the token endpoint and in calls. It changes every five
    /// minutes of the sandbox's clock, and the one before counts until it changes again.
    pub fn dpop_nonces(mut self) -> Self {
        self.dpop_nonces = true;
        self
    }

    /// How long tokens live, in whole seconds; a day unless said otherwise.
    pub fn token_lifetime(mut self, lifetime: Duration) -> Self {
        self.token_lifetime = lifetime;
        self
    }

    /// How long a login lasts for which refresh tokens are granted, in whole seconds; 30 days unless said otherwise.
    pub fn refresh_token_lifetime(mut self, lifetime: Duration) -> Self {
        self.refresh_token_lifetime = lifetime;
        self
    }

    /// How many tokens each application may be granted; any number, and no quota headers, unless said otherwise.
    pub fn token_quota(mut self, quota: TokenQuota) -> Self {
        self.token_quota = Some(quota);
        self
    }

    /// How many requests of the Teams API are let through; any number, and no headers about it, unless said otherwise.
    pub fn rate_limits(mut self, limits: RateLimits) -> Self {
        self.rate_limits = Some(limits);
        self
    }

    /// The plan by whose limits the My Organization API and the Management API go; without one there are none.
    pub fn rate_limit_plan(mut self, plan: RateLimitPlan) -> Self {
        self.rate_limit_plan = Some(plan);
        self
    }

    /// Adds something that goes wrong.
    pub fn fault(mut self, fault: Fault) -> Self {
        self.faults.push(fault);
        self
    }

    /// Adds the faults of a script, and sets the clock off as it says.
    pub fn script(mut self, script: Script) -> Self {
        let faults = script.faults.into_iter().map(toml::Spanned::into_inner);
        self.faults.extend(faults);
        let offset = script.clock_offset_seconds;
        self.clock_offset_seconds = self.clock_offset_seconds.saturating_add(offset);
        self
    }

    /// How many seconds the sandbox's clock is ahead of the machine's, or behind it if negative.
    pub fn clock_offset_seconds(mut self, seconds: i64) -> Self {
        self.clock_offset_seconds = seconds;
        self
    }

    /// Holds every answer against the document before it goes out. One that breaks it becomes a 500 and is listed in
    /// [`Sandbox::violations`](crate::Sandbox::violations).
    pub fn check_responses(mut self) -> Self {
        self.check_responses = true;
        self
    }
}
