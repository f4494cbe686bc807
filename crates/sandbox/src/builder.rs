//! The builder of a sandbox.

mod startup;
mod validation;

use std::time::Duration;

use crate::application::Application;
use crate::faults::{Fault, Script};
use crate::login::User;
use crate::rate_limits::{RateLimitPlan, RateLimits};
use crate::resources::ListingQuirks;
use crate::team::{PrivateCloud, TeamSettings};
use crate::tenant::{ENTERPRISE, TenantSettings};
use crate::token::TokenQuota;

/// Members are generated on access, but each needs a number.
const MAX_MEMBERS: u64 = 1_000_000_000;

/// Upper bound of everything that is numbered or kept in memory.
const MAX_STORED: u64 = 1_000_000;

/// Look-ups scan all connections.
const MAX_CONNECTIONS: u64 = 1_000;

/// Builds a [`Sandbox`](crate::Sandbox). Created by [`Sandbox::builder`](crate::Sandbox::builder).
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

    /// Port of 127.0.0.1 to listen on. The default, 0, picks a free port.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Slug of the team. Default: `acme`.
    pub fn team(mut self, slug: impl Into<String>) -> Self {
        self.team.slug = slug.into();
        self
    }

    /// Initial number of team members, from 1 to 1,000,000,000. Default: 25.
    ///
    /// The first two are owners. Members are generated on access, so a large team needs no memory.
    pub fn members(mut self, members: u64) -> Self {
        self.team.members = members;
        self
    }

    /// Initial number of tenants, at most 1,000,000. Default: 8.
    pub fn tenants(mut self, tenants: u64) -> Self {
        self.team.tenants = tenants;
        self
    }

    /// Initial number of activity log entries, at most 1,000,000. Default: 60.
    pub fn activity(mut self, entries: u64) -> Self {
        self.team.activity = entries;
        self
    }

    /// Seed of ids, names and times. The same seed produces the same values. Default: 0.
    pub fn seed(mut self, seed: u64) -> Self {
        self.team.seed = seed;
        self
    }

    /// Adds a private cloud to the team. `private-1` in `frankfurt` always exists.
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

    /// Maximum number of tenants of the team. Default: unlimited.
    pub fn tenant_limit(mut self, tenants: usize) -> Self {
        self.team.tenant_limit = Some(tenants);
        self
    }

    /// Accepts invitations to the team immediately, without
    /// [`Sandbox::accept_invitation`](crate::Sandbox::accept_invitation).
    pub fn accept_invitations(mut self) -> Self {
        self.team.accept_invitations = true;
        self
    }

    /// Initial number of organizations, from 1 to 1,000,000. Default: 3.
    ///
    /// Organizations and their members are generated on access.
    pub fn organizations(mut self, organizations: u64) -> Self {
        self.tenant.organizations = organizations;
        self
    }

    /// Initial number of members of each organization, at most 1,000,000. Default: 5.
    ///
    /// The users added with [`user`](Self::user) are members of the first organization in addition.
    pub fn organization_members(mut self, members: u64) -> Self {
        self.tenant.members = members;
        self
    }

    /// Initial number of connections of the tenant, at most 1,000. Default: 3.
    ///
    /// The first is a database connection that every organization uses. The others are identity providers, one of which
    /// each organization uses.
    pub fn connections(mut self, connections: u64) -> Self {
        self.tenant.connections = connections;
        self
    }

    /// Strategies of the identity providers that an organization may create. Default: all seven.
    ///
    /// With an empty list, the tenant is not configured for identity providers of organizations.
    pub fn allowed_strategies<I: Into<String>>(
        mut self,
        strategies: impl IntoIterator<Item = I>,
    ) -> Self {
        self.tenant.allowed_strategies = strategies.into_iter().map(Into::into).collect();
        self
    }

    /// Allows an organization to delete an identity provider only while it has no users (`allow_if_empty` at Auth0). By
    /// default, deletion is always allowed.
    pub fn keep_used_connections(mut self) -> Self {
        self.tenant.deletes_used_connections = false;
        self
    }

    /// Makes the last page of a listing with cursors point to an additional, empty page.
    pub fn empty_last_pages(mut self) -> Self {
        self.tenant.quirks.empty_last_page = true;
        self
    }

    /// Makes pages of listings with cursors half as long as requested, even if more items follow.
    pub fn short_pages(mut self) -> Self {
        self.tenant.quirks.short_pages = true;
        self
    }

    /// Delays the member list of the Management API behind membership changes, in whole seconds.
    pub fn member_list_lag(mut self, lag: Duration) -> Self {
        self.tenant.quirks.member_lag = i64::try_from(lag.as_secs()).unwrap_or(i64::MAX);
        self
    }

    /// Audience of access tokens for the Teams API. Default: `https://{team}.teams.auth0.com/api/`.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = Some(audience.into());
        self
    }

    /// Adds an application that can request tokens. [`Sandbox::client_id`](crate::Sandbox::client_id) returns the first
    /// one.
    ///
    /// By default there are two, both of which may act for every organization: a machine-to-machine application with a
    /// random secret and all scopes, and a native application.
    pub fn application(mut self, application: Application) -> Self {
        self.applications.push(application);
        self
    }

    /// Adds a user who can log in and is a member of the first organization.
    ///
    /// By default, the first member of the team can log in, who belongs to no organization. Members of organizations
    /// can always log in.
    pub fn user(mut self, user: User) -> Self {
        self.users.push(user);
        self
    }

    /// Completes a login whose `login_hint` is the id or e-mail address of a user without showing the user selection
    /// page.
    pub fn login_at_once(mut self) -> Self {
        self.login_at_once = true;
        self
    }

    /// Requires a nonce of the sandbox in DPoP proofs, at the token endpoint and in API calls.
    ///
    /// The nonce changes every five minutes of the sandbox's clock; the previous nonce remains valid until the next
    /// change.
    pub fn dpop_nonces(mut self) -> Self {
        self.dpop_nonces = true;
        self
    }

    /// Lifetime of access tokens, in whole seconds. Default: one day.
    pub fn token_lifetime(mut self, lifetime: Duration) -> Self {
        self.token_lifetime = lifetime;
        self
    }

    /// Lifetime of a login with refresh tokens, in whole seconds. Default: 30 days.
    pub fn refresh_token_lifetime(mut self, lifetime: Duration) -> Self {
        self.refresh_token_lifetime = lifetime;
        self
    }

    /// Limits how many tokens each application can obtain. By default there is no limit and no quota header.
    pub fn token_quota(mut self, quota: TokenQuota) -> Self {
        self.token_quota = Some(quota);
        self
    }

    /// Rate limits of the Teams API. By default there are no limits and no rate limit headers.
    pub fn rate_limits(mut self, limits: RateLimits) -> Self {
        self.rate_limits = Some(limits);
        self
    }

    /// Rate limit plan of the My Organization API and the Management API. By default there are no limits.
    pub fn rate_limit_plan(mut self, plan: RateLimitPlan) -> Self {
        self.rate_limit_plan = Some(plan);
        self
    }

    /// Adds a fault.
    pub fn fault(mut self, fault: Fault) -> Self {
        self.faults.push(fault);
        self
    }

    /// Adds the faults and the clock offset of a script.
    pub fn script(mut self, script: Script) -> Self {
        let faults = script.faults.into_iter().map(toml::Spanned::into_inner);
        self.faults.extend(faults);
        let offset = script.clock_offset_seconds;
        self.clock_offset_seconds = self.clock_offset_seconds.saturating_add(offset);
        self
    }

    /// Offset of the sandbox's clock from the system clock, in seconds. A negative offset puts it behind.
    pub fn clock_offset_seconds(mut self, seconds: i64) -> Self {
        self.clock_offset_seconds = seconds;
        self
    }

    /// Validates every response against the OpenAPI document. A response that does not match is replaced by a 500 and
    /// recorded in [`Sandbox::violations`](crate::Sandbox::violations).
    pub fn check_responses(mut self) -> Self {
        self.check_responses = true;
        self
    }
}
