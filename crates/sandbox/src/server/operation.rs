//! The way of a request that is an operation: limits, token, document, and what it does.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{RawPathParams, Request};
use bytes::Bytes;
use http::header::USER_AGENT;
use http::{HeaderMap, Uri};

use super::{Shared, read_body, record, scissors};
use crate::answer::Answer;
use crate::api::Api;
use crate::call::Call;
use crate::document::Operation;
use crate::faults::Befallen;
use crate::problem::Problem;
use crate::{management, my_organization, request};

impl Shared {
    pub(super) async fn operation(
        self: Arc<Self>,
        operation: &'static Operation,
        path: Result<RawPathParams, RawPathParamsRejection>,
        request: Request,
    ) -> axum::response::Response {
        let record = record(&request, Some(&operation.name));
        let (parts, body) = request.into_parts();
        let read = read_body(body).await.and_then(|body| {
            let invalid = |error: RawPathParamsRejection| {
                // It has the name of the route.
                let mut text = error.body_text();
                for (place, part) in operation.path.split('/').enumerate() {
                    let name = part.trim_matches(['{', '}']);
                    text = text.replace(&format!("`p{place}`"), &format!("`{name}`"));
                }
                Problem::invalid(format!("path: {text}"))
            };
            Ok((path.map_err(invalid)?, body))
        });
        let (path, body) = match read {
            Ok(read) => read,
            Err(problem) => {
                return self.refuse(record, problem.answer(operation.api, Some(operation)));
            }
        };
        // Routes number what the document names.
        let path: BTreeMap<String, String> = names(&operation.path)
            .zip(path.iter())
            .map(|(name, (_, value))| (name.to_owned(), value.to_owned()))
            .collect();
        let query = parts.uri.query().unwrap_or_default();
        let from = url::form_urlencoded::parse(query.as_bytes())
            .find(|(name, _)| name == "from")
            .map(|(_, value)| value.into_owned());
        let drawn = self.faults.draw(Befallen::Operation(operation));
        let act = || {
            let (answer, acted) =
                self.carry_out(operation, &parts.uri, &path, &parts.headers, &body);
            match self.access.nonce(self.clock.seconds()) {
                Some(nonce) if parts.headers.contains_key("dpop") => {
                    (answer.with("dpop-nonce", &nonce), acted)
                }
                _ => (answer, acted),
            }
        };
        let scissors = scissors(&parts.extensions);
        self.befall(
            record,
            drawn,
            Some(operation),
            from.as_deref(),
            act,
            scissors,
        )
        .await
    }

    /// Carries out an operation: its answer, and whether anything was done.
    fn carry_out(
        &self,
        operation: &Operation,
        uri: &Uri,
        path: &BTreeMap<String, String>,
        headers: &HeaderMap,
        body: &Bytes,
    ) -> (Answer, bool) {
        let mut standing = None;
        let mut act = || {
            // The Teams API counts every request, the others those that are let in: whose limit it is depends on the
            // token.
            if operation.api == Api::Teams {
                standing = self.limits.of_teams(operation)?;
            }
            let now = self.clock.seconds();
            let caller = self.access.admit(headers, operation, uri.path(), now)?;
            match (operation.api, &caller.organization) {
                (Api::Teams, _) => {}
                (Api::MyOrganization, Some(organization)) => {
                    standing = self.limits.of_organization(operation, organization)?;
                }
                (Api::MyOrganization, None) => return Err(unbound().into()),
                (Api::Organizations, _) => standing = self.limits.of_management(operation)?,
            }
            let query = uri.query().unwrap_or_default();
            let asked = request::read(operation, path, query, headers, body)?;
            let agent = headers
                .get(USER_AGENT)
                .and_then(|value| value.to_str().ok());
            let call = Call {
                parameters: asked.parameters,
                lists: asked.lists,
                body: asked.body,
                caller,
                user_agent: agent.unwrap_or_default().to_owned(),
                now: self.clock.now(),
            };
            Ok(match operation.api {
                Api::Teams => {
                    let done = self.team().call(operation, &call)?;
                    (done.answer, done.acted)
                }
                Api::MyOrganization => {
                    let document = &self.documents[operation.api as usize];
                    let mut tenant = self.tenant.lock();
                    let answer = my_organization::call(&mut tenant, document, operation, &call)?;
                    (answer, true)
                }
                Api::Organizations => {
                    let answer = management::call(&mut self.tenant.lock(), operation, &call)?;
                    (answer, true)
                }
            })
        };
        let (answer, acted) = match act() {
            Ok(done) => done,
            Err(Refused::Problem(problem)) => {
                (problem.answer(operation.api, Some(operation)), false)
            }
            Err(Refused::Answer(answer)) => return (*answer, false),
        };
        let answer = self.checked(operation, answer);
        match standing {
            Some(standing) => (standing.write_on(answer), acted),
            None => (answer, acted),
        }
    }

    /// The answer, if it is as the document says. Otherwise the sandbox is at fault, which is noted.
    fn checked(&self, operation: &Operation, answer: Answer) -> Answer {
        let Some(violations) = &self.violations else {
            return answer;
        };
        let Some(fault) = operation.fault_of(&answer) else {
            return answer;
        };
        tracing::error!(fault, "an answer is not as the document says");
        let problem = Problem::unknown(fault.clone()).answer(operation.api, None);
        violations
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(fault);
        problem
    }
}

/// Why a call is not carried out.
enum Refused {
    Problem(Problem),
    /// By a limit, which says so itself.
    Answer(Box<Answer>),
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<Box<Answer>> for Refused {
    fn from(answer: Box<Answer>) -> Self {
        Self::Answer(answer)
    }
}

/// The My Organization API acts for the organization of the token.
fn unbound() -> Problem {
    Problem::forbidden("NO_ORGANIZATION", "The token is bound to no organization")
        .details("expected a token that was asked for with `organization`")
}

/// The names of the parameters in a path.
fn names(path: &str) -> impl Iterator<Item = &str> {
    let parts = path.split('/');
    parts.filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

/// The path of an operation for the router, which wants one name at one place whatever the document calls it.
pub(super) fn route(operation: &Operation) -> String {
    let parts = operation.path.split('/').enumerate();
    let parts = parts.map(|(place, part)| match part.starts_with('{') {
        true => format!("{{p{place}}}"),
        false => part.to_owned(),
    });
    let path = parts.collect::<Vec<_>>().join("/");
    format!("{}{path}", operation.api.base())
}
