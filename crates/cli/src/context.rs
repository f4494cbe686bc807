//! What commands work with: the client, the output, the settings.

use auth0_auth::ClientCredentials;
use auth0_core::{Limiter, Limits, Rate, TokenSource as _};
use auth0_sandbox::Sandbox;
use auth0_teams::Client;

use crate::cli::Global;
use crate::failure::Failure;
use crate::output::Console;
use crate::profile::{self, Settings};
use crate::roster::Invitations;
use crate::stop::Stop;

/// A connection to a team.
pub(crate) struct Context {
    pub(crate) client: Client,
    pub(crate) tokens: ClientCredentials,
    pub(crate) settings: Settings,
    pub(crate) console: Console,
    pub(crate) stop: Stop,
    /// Runs as long as the command.
    sandbox: Option<Sandbox>,
}

impl Context {
    /// Resolves the settings and builds the client. Requests nothing.
    pub(crate) async fn open(global: &Global, stop: Stop) -> Result<Self, Failure> {
        let console = Console::new(global);
        let (settings, sandbox) = if global.sandbox {
            let sandbox = Sandbox::builder().accept_invitations().start().await;
            let sandbox = sandbox.map_err(|error| Failure::failed(error.to_string()))?;
            (Settings::of_sandbox(&sandbox), Some(sandbox))
        } else {
            (Settings::resolve(global)?, None)
        };
        let tokens = settings.token_source()?;
        let mut builder = settings.client_builder().token_source(tokens.clone());
        if let Some(rate) = global.rate {
            let rate = Rate::per_second(rate);
            // The user chose the rate, so only what varies on the way to the server is left.
            let limits = Limits::shared(rate).headroom(0.02).max_in_flight(256);
            builder = builder.limiter(Limiter::new(limits)?);
        }
        let client = builder.build()?;
        Ok(Self {
            client,
            tokens,
            settings,
            console,
            stop,
            sandbox,
        })
    }

    /// The client for a call that changes something: Ctrl-C waits for it from now on.
    pub(crate) fn writer(&self) -> &Client {
        self.stop.finish_calls();
        &self.client
    }

    /// The record of invitations, open for appending. That of a sandbox is in memory.
    pub(crate) fn invitations(&self) -> Result<Invitations, Failure> {
        match self.is_sandbox() {
            true => Ok(Invitations::default()),
            false => Invitations::open(&profile::invitations(&self.settings.team)?),
        }
    }

    /// The recorded invitations, for reading.
    pub(crate) fn recorded_invitations(&self) -> Result<Invitations, Failure> {
        match self.is_sandbox() {
            true => Ok(Invitations::default()),
            false => Invitations::read(&profile::invitations(&self.settings.team)?),
        }
    }

    /// Whether the team is a sandbox of this process, whose state is lost at the end.
    pub(crate) fn is_sandbox(&self) -> bool {
        self.sandbox.is_some()
    }

    /// Waits for a token refresh in flight, which would be billed and lost otherwise.
    pub(crate) async fn close(self) {
        self.tokens.finish_refresh().await;
    }

    /// The scopes of the current token, if the server reports them.
    pub(crate) async fn access_token(&self) -> Result<auth0_core::AccessToken, Failure> {
        let token = self.tokens.token().await;
        token.map_err(|error| Failure::failed(crate::failure::chain(&error)))
    }
}
