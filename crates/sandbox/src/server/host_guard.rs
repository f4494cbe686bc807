//! Rejects requests whose `Host` is not this machine, which protects against DNS rebinding by web pages.

use std::future::{Ready, ready};
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::extract::Request;
use axum::response::Response;
use futures_util::future::Either;
use http::StatusCode;
use http::header::HOST;
use tower::{Layer, Service};

use super::ServerState;
use crate::problem::Problem;

/// Passes requests whose `Host` names this machine.
#[derive(Clone)]
pub(super) struct HostGuardLayer(Arc<ServerState>);

impl HostGuardLayer {
    pub(super) fn new(shared: Arc<ServerState>) -> Self {
        Self(shared)
    }
}

impl<S> Layer<S> for HostGuardLayer {
    type Service = HostGuard<S>;

    fn layer(&self, inner: S) -> HostGuard<S> {
        HostGuard {
            inner,
            shared: Arc::clone(&self.0),
        }
    }
}

#[derive(Clone)]
pub(super) struct HostGuard<S> {
    inner: S,
    shared: Arc<ServerState>,
}

impl<S: Service<Request, Response = Response>> Service<Request> for HostGuard<S> {
    type Response = Response;
    type Error = S::Error;
    type Future = Either<S::Future, Ready<Result<Response, S::Error>>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        if is_local_host(&request, self.shared.port) {
            return Either::Left(self.inner.call(request));
        }
        let status = StatusCode::MISDIRECTED_REQUEST;
        let problem = Problem::new(status, "WRONG_HOST", "The sandbox only serves this machine")
            .details("Host: expected 127.0.0.1, localhost or [::1] with the sandbox's port");
        Either::Right(ready(Ok(self
            .shared
            .respond_outside_apis(&request, problem.into()))))
    }
}

/// Whether there is exactly one `Host` header, and it names this machine and the sandbox's port.
fn is_local_host(request: &Request, port: u16) -> bool {
    let mut hosts = request.headers().get_all(HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else {
        return false;
    };
    // Clients omit the default port of http.
    let given = host.to_str().ok().and_then(|host| {
        let without = (port == 80).then_some((host, "80"));
        let (name, given) = host.rsplit_once(':').or(without)?;
        (given == port.to_string()).then_some(name)
    });
    given.is_some_and(|name| {
        let is = |own: &&str| name.eq_ignore_ascii_case(own);
        ["127.0.0.1", "localhost", "[::1]"].iter().any(is)
    })
}
