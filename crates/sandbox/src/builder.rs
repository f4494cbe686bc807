//! The settings of a sandbox.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use secrecy::SecretString;

use crate::application::{Application, random_text};
use crate::clock::Clock;
use crate::document::Document;
use crate::error::Error;
use crate::faults::{Fault, Faults, Script};
use crate::login::{Login, User};
use crate::rate_limits::{Buckets, RateLimits};
use crate::request_log::RequestLog;
use crate::sandbox::{Sandbox, offset};
use crate::server::{Port, Shared, serve};
use crate::team::{PrivateCloud, Settings, Team};
use crate::token::{
    Access, Key, Proofs, Revoked, Settings as TokenSettings, TokenEndpoint, TokenQuota,
};

/// The most members: they are made when they are looked at, but each has a number.
const MOST_MEMBERS: u64 = 1_000_000_000;

/// The most tenants and entries of the log, which are kept in memory.
const MOST_KEPT: u64 = 1_000_000;

/// The settings of a [`Sandbox`]; made by [`Sandbox::builder`].
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
    team: Settings,
    audience: Option<String>,
    applications: Vec<Application>,
    users: Vec<User>,
    login_at_once: bool,
    dpop_nonces: bool,
    token_lifetime: Duration,
    refresh_token_lifetime: Duration,
    token_quota: Option<TokenQuota>,
    rate_limits: Option<RateLimits>,
    faults: Vec<Fault>,
    clock_offset_seconds: i64,
    check_answers: bool,
}

impl SandboxBuilder {
    pub(crate) fn new() -> Self {
        Self {
            port: 0,
            team: Settings {
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
            audience: None,
            applications: Vec::new(),
            users: Vec::new(),
            login_at_once: false,
            dpop_nonces: false,
            token_lifetime: Duration::from_secs(86_400),
            refresh_token_lifetime: Duration::from_secs(30 * 86_400),
            token_quota: None,
            rate_limits: None,
            faults: Vec::new(),
            clock_offset_seconds: 0,
            check_answers: false,
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

    /// Invited persons become members at once, without [`Sandbox::accept_invitation`].
    pub fn accept_invitations(mut self) -> Self {
        self.team.accept_invitations = true;
        self
    }

    /// The audience of access tokens; `https://{team}.teams.auth0.com/api/` unless said otherwise.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = Some(audience.into());
        self
    }

    /// Adds an application that may ask for tokens. [`Sandbox::client_id`] is the first; without any, one is made up
    /// with a random secret and all scopes.
    pub fn application(mut self, application: Application) -> Self {
        self.applications.push(application);
        self
    }

    /// Adds a user who can log in; the first member of the team unless said otherwise.
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

    /// How many requests are let through; any number, and no headers about it, unless said otherwise.
    pub fn rate_limits(mut self, limits: RateLimits) -> Self {
        self.rate_limits = Some(limits);
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
    /// [`Sandbox::violations`].
    pub fn check_answers(mut self) -> Self {
        self.check_answers = true;
        self
    }

    /// Starts it, on the runtime that this is called in.
    ///
    /// # Errors
    ///
    /// A setting has a value that it cannot have, or the port cannot be used.
    pub async fn start(self) -> Result<Sandbox, Error> {
        self.check()?;
        // Making the key and compiling the document's schemas takes long the first time.
        let prepared = tokio::task::spawn_blocking(|| (Document::teams(), Key::of_this_process()));
        let (document, key) = prepared.await.map_err(broken)?;
        let (document, key) = (document.map_err(broken)?, key.map_err(broken)?);

        let unusable = |source| Error::Port {
            port: self.port,
            source,
        };
        let port = Arc::new(Port::open(self.port).await.map_err(unusable)?);
        let url = format!("http://127.0.0.1:{}", port.number());
        let issuer = format!("{url}/");

        let clock = Arc::new(Clock::new(offset(self.clock_offset_seconds)?));
        let slug = self.team.slug.clone();
        let audience = self
            .audience
            .unwrap_or_else(|| format!("https://{slug}.teams.auth0.com/api/"));
        let mut applications = self.applications;
        if applications.is_empty() {
            applications.push(Application::with_random_secret("sandbox")?.name("Sandbox client"));
        }
        for application in &mut applications {
            let all = || document.scopes().into_iter().map(str::to_owned).collect();
            application.scopes.get_or_insert_with(all);
        }
        let application = applications[0].clone();
        let names = applications
            .iter()
            .map(|application| (application.client_id.clone(), application.name.clone()))
            .collect();
        let by_id = |application: Application| (application.client_id.clone(), application);
        let seed = self.team.seed;
        let team = Team::new(self.team);
        let admin = team
            .first_member()
            .ok_or_else(|| broken("there is no member"))?;
        let mut users = self.users;
        if users.is_empty() {
            users.push(User::new(&admin.id, &admin.email, &admin.name));
        }
        let revoked = Arc::new(Revoked::default());
        let shared = Arc::new(Shared {
            document,
            access: Access::new(
                key,
                issuer.clone(),
                audience.clone(),
                names,
                Arc::clone(&revoked),
                Proofs::new(self.dpop_nonces)?,
            ),
            tokens: TokenEndpoint::new(TokenSettings {
                key,
                clock: Arc::clone(&clock),
                issuer,
                audience,
                applications: applications.into_iter().map(by_id).collect(),
                lifetime: self.token_lifetime,
                refresh_lifetime: self.refresh_token_lifetime,
                quota: self.token_quota,
                revoked,
                proofs: Proofs::new(self.dpop_nonces)?,
            }),
            login: Login {
                users,
                at_once: self.login_at_once,
            },
            team: Mutex::new(team),
            faults: Faults::new(self.faults, seed),
            requests: RequestLog::default(),
            buckets: self
                .rate_limits
                .map(|limits| Buckets::new(limits, Arc::clone(&clock))),
            violations: self.check_answers.then(Mutex::default),
            admin_token: SecretString::from(random_text()?),
            clock,
            port: port.number(),
        });
        Ok(Sandbox {
            server: tokio::spawn(serve(Arc::clone(&port), Arc::clone(&shared))),
            port,
            shared,
            application,
            admin,
            team: slug,
            url,
        })
    }

    fn check(&self) -> Result<(), Error> {
        let wrong = |setting, message: &str| Error::Setting {
            setting,
            message: message.to_owned(),
        };
        if self.team.members == 0 {
            return Err(wrong("members", "expected at least 1, the owner; found 0"));
        }
        let most = [
            ("members", self.team.members, MOST_MEMBERS),
            ("tenants", self.team.tenants, MOST_KEPT),
            ("activity", self.team.activity, MOST_KEPT),
        ];
        for (setting, found, most) in most {
            if found > most {
                let message = format!("expected at most {most}, found {found}");
                return Err(wrong(setting, &message));
            }
        }
        let is_label = |slug: &str| {
            let is_plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
            (1..=63).contains(&slug.len())
                && slug.bytes().all(is_plain)
                && !slug.starts_with('-')
                && !slug.ends_with('-')
        };
        if !is_label(&self.team.slug) {
            return Err(wrong(
                "team",
                "expected one label of a host name: lower-case letters, digits and hyphens",
            ));
        }
        let mut environments = BTreeSet::new();
        for cloud in &self.team.private_clouds {
            let environment = cloud.environment.as_str();
            let is_environment = environment.len() <= 32
                && is_label(environment)
                && environment.starts_with(|first: char| first.is_ascii_lowercase())
                && !environment.contains("--");
            if !is_environment {
                return Err(wrong(
                    "private cloud",
                    "expected an environment of at most 32 lower-case letters, digits and single hyphens",
                ));
            }
            if !environments.insert(environment) {
                return Err(wrong("private cloud", "expected environments that differ"));
            }
        }
        offset(self.clock_offset_seconds)?;
        if self.token_lifetime.as_secs() == 0 {
            return Err(wrong("token lifetime", "expected at least 1 second"));
        }
        let is_repeated = |user: &User| {
            let same = self.users.iter().filter(|other| other.id == user.id);
            same.count() > 1
        };
        if self.users.iter().any(is_repeated) {
            return Err(wrong("user", "expected ids that differ"));
        }
        let mut ids: Vec<&str> = self
            .applications
            .iter()
            .map(|application| application.client_id.as_str())
            .collect();
        ids.sort_unstable();
        if ids.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(wrong("application", "expected client ids that differ"));
        }
        for fault in &self.faults {
            fault.check().map_err(|message| Error::Setting {
                setting: "fault",
                message,
            })?;
        }
        Ok(())
    }
}

fn broken(error: impl std::fmt::Display) -> Error {
    Error::Broken(error.to_string())
}
