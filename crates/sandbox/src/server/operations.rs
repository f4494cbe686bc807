//! Requests to API operations: rate limits, token, validation and execution.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{RawPathParams, Request};
use bytes::Bytes;
use http::header::USER_AGENT;
use http::{HeaderMap, Uri};

use super::{ServerState, killer, log_record, read_body};
use crate::api::Api;
use crate::call::Call;
use crate::document::Operation;
use crate::faults::FaultTarget;
use crate::problem::Problem;
use crate::resources::Context;
use crate::response::ApiResponse;
use crate::{management, my_organization, request_parser};

impl ServerState {
    pub(super) async fn operation(
        self: Arc<Self>,
        operation: &'static Operation,
        path: Result<RawPathParams, RawPathParamsRejection>,
        request: Request,
    ) -> axum::response::Response {
        let log_record = log_record(&request, Some(&operation.name));
        let (parts, body) = request.into_parts();
        let read = read_body(body).await.and_then(|body| {
            let invalid = |error: RawPathParamsRejection| {
                // The message contains the name used in the route.
                let mut text = error.body_text();
                for (index, part) in operation.path.split('/').enumerate() {
                    let name = part.trim_matches(['{', '}']);
                    text = text.replace(&format!("`p{index}`"), &format!("`{name}`"));
                }
                Problem::invalid(format!("path: {text}"))
            };
            Ok((path.map_err(invalid)?, body))
        });
        let (path, body) = match read {
            Ok(read) => read,
            Err(problem) => {
                return self.respond_and_log(
                    log_record,
                    problem.into_response(operation.api, Some(operation)),
                );
            }
        };
        // Routes number the parameters; the document names them.
        let path: BTreeMap<String, String> = path_parameter_names(&operation.path)
            .zip(path.iter())
            .map(|(name, (_, value))| (name.to_owned(), value.to_owned()))
            .collect();
        let query = parts.uri.query().unwrap_or_default();
        let from = url::form_urlencoded::parse(query.as_bytes())
            .find(|(name, _)| name == "from")
            .map(|(_, value)| value.into_owned());
        let faults = self.faults.draw(FaultTarget::Operation(operation));
        let act = || {
            let (response, acted) =
                self.execute(operation, &parts.uri, &path, &parts.headers, &body);
            match self.token_validator.nonce(self.clock.seconds()) {
                Some(nonce) if parts.headers.contains_key("dpop") => {
                    (response.with_header("dpop-nonce", &nonce), acted)
                }
                _ => (response, acted),
            }
        };
        let killer = killer(&parts.extensions);
        self.respond_with_faults(
            log_record,
            faults,
            Some(operation),
            from.as_deref(),
            act,
            killer,
        )
        .await
    }

    /// Executes an operation. Returns the response and whether the operation had an effect.
    fn execute(
        &self,
        operation: &Operation,
        uri: &Uri,
        path: &BTreeMap<String, String>,
        headers: &HeaderMap,
        body: &Bytes,
    ) -> (ApiResponse, bool) {
        let mut limit_status = None;
        let mut act = || {
            // The Teams API counts every request. The other APIs count authorized requests only, because the token
            // determines whose limit applies.
            if operation.api == Api::Teams {
                limit_status = self.limits.take_teams(operation)?;
            }
            let now = self.clock.seconds();
            let caller = self
                .token_validator
                .validate(headers, operation, uri.path(), now)?;
            match (operation.api, &caller.organization) {
                (Api::Teams, _) => {}
                (Api::MyOrganization, Some(organization)) => {
                    limit_status = self.limits.take_my_organization(operation, organization)?;
                }
                (Api::MyOrganization, None) => return Err(no_organization().into()),
                (Api::Management, _) => limit_status = self.limits.take_management(operation)?,
            }
            let query = uri.query().unwrap_or_default();
            let parsed = request_parser::parse(operation, path, query, headers, body)?;
            let agent = headers
                .get(USER_AGENT)
                .and_then(|value| value.to_str().ok());
            let call = Call {
                parameters: parsed.parameters,
                lists: parsed.lists,
                body: parsed.body,
                caller,
                user_agent: agent.unwrap_or_default().to_owned(),
                now: self.clock.now(),
            };
            let document = &self.documents[operation.api as usize];
            let handled = match operation.api {
                Api::Teams => {
                    let done = self.team().call(operation, &call);
                    done.map(|done| (done.response, done.acted))
                }
                api => {
                    let mut tenant = self.tenant.lock();
                    let context = Context {
                        tenant: &mut tenant,
                        document,
                        operation,
                        call: &call,
                    };
                    let handled = match api {
                        Api::MyOrganization => my_organization::call(context),
                        _ => management::call(context),
                    };
                    handled.map(|response| (response, true))
                }
            };
            Ok(match handled {
                Err(problem) if problem.is_no_handler() => {
                    (document.default_response(operation, &call), true)
                }
                handled => {
                    let (response, acted) = handled?;
                    (document.completed(operation, &call, response), acted)
                }
            })
        };
        let (response, acted) = match act() {
            Ok(done) => done,
            Err(Rejection::Problem(problem)) => {
                (problem.into_response(operation.api, Some(operation)), false)
            }
            Err(Rejection::Response(response)) => return (*response, false),
        };
        let response = self.checked_response(operation, response);
        match limit_status {
            Some(limit_status) => (limit_status.add_headers(response), acted),
            None => (response, acted),
        }
    }

    /// Returns the response if it matches the document. Otherwise records the violation and returns a 500.
    fn checked_response(&self, operation: &Operation, response: ApiResponse) -> ApiResponse {
        let Some(violations) = &self.violations else {
            return response;
        };
        let Some(violation) = operation.response_violation(&response) else {
            return response;
        };
        tracing::error!(violation, "a response violates its document");
        let problem = Problem::internal(violation.clone()).into_response(operation.api, None);
        violations
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(violation);
        problem
    }
}

/// Why a call is not executed.
enum Rejection {
    Problem(Problem),
    /// The response of an exceeded rate limit.
    Response(Box<ApiResponse>),
}

impl From<Problem> for Rejection {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<Box<ApiResponse>> for Rejection {
    fn from(response: Box<ApiResponse>) -> Self {
        Self::Response(response)
    }
}

/// The error for a token that is not bound to an organization, which the My Organization API requires.
fn no_organization() -> Problem {
    Problem::forbidden("NO_ORGANIZATION", "The token is bound to no organization")
        .details("expected a token requested with the `organization` parameter")
}

/// The names of the path parameters.
fn path_parameter_names(path: &str) -> impl Iterator<Item = &str> {
    let parts = path.split('/');
    parts.filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

/// The path of an operation for the router, which requires the same parameter name at the same position in all routes.
pub(super) fn route_path(operation: &Operation) -> String {
    let parts = operation.path.split('/').enumerate();
    let parts = parts.map(|(index, part)| match part.starts_with('{') {
        true => format!("{{p{index}}}"),
        false => part.to_owned(),
    });
    let path = parts.collect::<Vec<_>>().join("/");
    format!("{}{path}", operation.api.base())
}
