//! Starts a sandbox from its settings.

use std::sync::{Arc, Mutex};

use secrecy::SecretString;

use super::SandboxBuilder;
use crate::api::{Api, Audiences};
use crate::application::{Application, random_token};
use crate::clock::Clock;
use crate::document::Document;
use crate::error::Error;
use crate::faults::Faults;
use crate::login::{Login, User};
use crate::rate_limits::RateLimiters;
use crate::request_log::RequestLog;
use crate::sandbox::{Sandbox, offset};
use crate::server::{Listener, ServerState, serve};
use crate::team::Team;
use crate::tenant::{SharedTenant, Tenant};
use crate::token::{
    ApiScopes, DpopVerifier, RevokedTokens, SigningKey, TokenEndpoint, TokenSettings,
    TokenValidator,
};

impl SandboxBuilder {
    /// Starts the sandbox on the current Tokio runtime.
    ///
    /// # Errors
    ///
    /// Returns an error if a setting is invalid or if the port cannot be bound.
    pub async fn start(self) -> Result<Sandbox, Error> {
        self.validate()?;
        // Generating the key and compiling the schemas of the documents is slow the first time.
        let prepared = tokio::task::spawn_blocking(|| (Document::all(), SigningKey::for_process()));
        let (documents, key) = prepared.await.map_err(internal_error)?;
        let (documents, key) = (
            documents.map_err(internal_error)?,
            key.map_err(internal_error)?,
        );

        let unusable = |source| Error::Port {
            port: self.port,
            source,
        };
        let listener = Arc::new(Listener::bind(self.port).await.map_err(unusable)?);
        let url = format!("http://127.0.0.1:{}", listener.port());
        let issuer = format!("{url}/");

        let clock = Arc::new(Clock::new(offset(self.clock_offset_seconds)?));
        let slug = self.team.slug.clone();
        let audience = self
            .audience
            .unwrap_or_else(|| format!("https://{slug}.teams.auth0.com/api/"));
        let domain = format!("{slug}-auth.sandbox.test");
        let audiences = Audiences::new(audience, &domain);
        let scopes = ApiScopes::of(documents);
        let mut applications = self.applications;
        if applications.is_empty() {
            let machine = Application::with_random_secret("sandbox")?.name("Sandbox client");
            applications.push(machine.any_organization());
            let program = Application::native("sandbox-native").name("Sandbox native application");
            applications.push(program.any_organization());
        }
        for application in &mut applications {
            let all = || scopes.all().into_iter().map(str::to_owned).collect();
            application.scopes.get_or_insert_with(all);
        }
        let application = applications[0].clone();
        let native = applications
            .iter()
            .find(|application| application.is_native);
        let native = native.map(|application| application.client_id.clone());
        let names = applications
            .iter()
            .map(|application| (application.client_id.clone(), application.name.clone()))
            .collect();
        let seed = self.team.seed;
        let mut tenant = Tenant::new(
            self.tenant,
            seed,
            &domain,
            clock.now(),
            client_grants(&applications, &audiences, &scopes),
        );
        let by_id = |application: Application| (application.client_id.clone(), application);
        let team = Team::new(self.team);
        let admin = team
            .first_member()
            .ok_or_else(|| internal_error("the team has no member"))?;
        let members = tenant.first_users(2);
        let mut users = self.users;
        for user in &users {
            tenant.add_to_first_organization(user, clock.now());
        }
        if users.is_empty() {
            users.push(User::new(&admin.id, &admin.email, &admin.name));
        }
        let organization = tenant.first_organization();
        let organization =
            organization.ok_or_else(|| internal_error("the tenant has no organization"))?;
        let member = members.first().cloned();
        let tenant = Arc::new(SharedTenant::new(tenant));
        let revoked = Arc::new(RevokedTokens::default());
        let shared = Arc::new(ServerState {
            documents,
            token_validator: TokenValidator::new(
                key,
                issuer.clone(),
                audiences.clone(),
                names,
                Arc::clone(&revoked),
                DpopVerifier::new(self.dpop_nonces)?,
            ),
            tokens: TokenEndpoint::new(TokenSettings {
                key,
                clock: Arc::clone(&clock),
                issuer,
                audiences,
                scopes,
                tenant: Arc::clone(&tenant),
                applications: applications.into_iter().map(by_id).collect(),
                lifetime: self.token_lifetime,
                refresh_lifetime: self.refresh_token_lifetime,
                quota: self.token_quota,
                revoked,
                dpop_verifier: DpopVerifier::new(self.dpop_nonces)?,
            }),
            login: Login {
                users,
                members,
                tenant: Arc::clone(&tenant),
                at_once: self.login_at_once,
            },
            team: Mutex::new(team),
            tenant,
            faults: Faults::new(self.faults, seed),
            requests: RequestLog::default(),
            limits: RateLimiters::new(self.rate_limits, self.rate_limit_plan, &clock),
            violations: self.check_responses.then(Mutex::default),
            admin_token: SecretString::from(random_token()?),
            clock,
            port: listener.port(),
        });
        Ok(Sandbox {
            server: tokio::spawn(serve(Arc::clone(&listener), Arc::clone(&shared))),
            listener,
            shared,
            application,
            native,
            admin,
            organization,
            member,
            team: slug,
            url,
        })
    }
}

/// A client grant for each machine-to-machine application and each organization API: client id, audience and scopes.
fn client_grants(
    applications: &[Application],
    audiences: &Audiences,
    scopes: &ApiScopes,
) -> Vec<(String, String, Vec<String>)> {
    let machines = applications
        .iter()
        .filter(|application| !application.is_native);
    let apis = [Api::MyOrganization, Api::Management];
    let granted = machines.flat_map(|application| {
        apis.map(|api| {
            let own = application.scopes.iter().flatten();
            let own = own.filter(|scope| scopes.belongs(scope, api)).cloned();
            let client_id = application.client_id.clone();
            (client_id, audiences.of(api).to_owned(), own.collect())
        })
    });
    granted.collect()
}

fn internal_error(error: impl std::fmt::Display) -> Error {
    Error::Internal(error.to_string())
}
