//! `/authorize`: an application redirects a user here and receives an authorization code after the login.

use std::sync::Arc;

use super::User;
use super::html::{error_page, escape_html, hidden_field, page, user_form};
use super::redirect::Redirect;
use crate::api::Api;
use crate::application::{Application, Authentication};
use crate::response::ApiResponse;
use crate::tenant::SharedTenant;
use crate::token::{AuthorizationCode, Consent, OAuthParameters, TokenEndpoint};
use http::StatusCode;

/// Parameters that the login form repeats.
const FORWARDED_PARAMETERS: [&str; 13] = [
    "client_id",
    "redirect_uri",
    "response_type",
    "response_mode",
    "state",
    "nonce",
    "scope",
    "audience",
    "organization",
    "code_challenge",
    "code_challenge_method",
    "prompt",
    "login_hint",
];

/// Scopes that belong to no API.
const IDENTITY_SCOPES: [&str; 4] = ["openid", "profile", "email", "offline_access"];

/// The users and the login settings.
pub(crate) struct Login {
    pub(crate) users: Vec<User>,
    /// Some members of the first organization, for the user selection page.
    pub(crate) members: Vec<User>,
    /// All other people of the tenant can log in as well.
    pub(crate) tenant: Arc<SharedTenant>,
    /// Whether a `login_hint` completes a login.
    pub(crate) at_once: bool,
}

/// An error response (RFC 6749 §4.1.2.1).
struct AuthorizationError(&'static str, String);

/// A valid authorization request.
struct AuthorizationRequest {
    scope: String,
    audience: String,
    organization: Option<String>,
    challenge: Option<String>,
}

impl Login {
    /// Finds a user by id or e-mail address.
    pub(crate) fn user(&self, name: &str) -> Option<User> {
        let is_match = |user: &&User| user.id == name || user.email == name;
        let own = self.users.iter().find(is_match).cloned();
        own.or_else(|| self.tenant.lock().user(name))
    }

    /// The users on the selection page.
    pub(super) fn selectable_users(&self) -> impl Iterator<Item = &User> {
        self.users.iter().chain(&self.members)
    }

    /// Handles a request at `now` (seconds since the Unix epoch). `is_form` tells whether the login form was submitted.
    pub(crate) fn authorize(
        &self,
        tokens: &TokenEndpoint,
        text: &[u8],
        is_form: bool,
        now: i64,
    ) -> ApiResponse {
        let Ok(parameters) = OAuthParameters::from_form(text) else {
            return error_page("Expected each parameter once, found a duplicate.");
        };
        let client = parameters.get("client_id");
        let Some(application) = client.and_then(|id| tokens.clients().get(id)) else {
            return error_page("client_id: no application has this id.");
        };
        let redirect = parameters.get("redirect_uri").and_then(|uri| {
            Redirect::new(application, uri, parameters.get("state"), tokens.issuer())
        });
        let Some(redirect) = redirect else {
            return error_page("redirect_uri: the application has not registered this URI.");
        };
        let code = self.code(tokens, application, &redirect, &parameters, is_form, now);
        match code {
            Ok(Some(code)) => redirect.response(&[("code", &code)], is_form),
            Ok(None) => self.user_selection_page(application, &redirect, &parameters),
            Err(AuthorizationError(error, reason)) => {
                redirect.response(&[("error", error), ("error_description", &reason)], is_form)
            }
        }
    }

    /// Issues a code, or returns `None` if the user has to be selected.
    fn code(
        &self,
        tokens: &TokenEndpoint,
        application: &Application,
        redirect: &Redirect,
        parameters: &OAuthParameters,
        is_form: bool,
        now: i64,
    ) -> Result<Option<String>, AuthorizationError> {
        let request = parse_request(tokens, application, parameters)?;
        let hinted = parameters
            .get("login_hint")
            .and_then(|hint| self.user(hint));
        let user = if is_form {
            if parameters.get("deny").is_some() {
                return Err(AuthorizationError(
                    "access_denied",
                    "The user denied the request".to_owned(),
                ));
            }
            let chosen = parameters.get("user").and_then(|user| self.user(user));
            Some(chosen.ok_or_else(|| invalid("user: no user has this id"))?)
        } else {
            hinted.filter(|_| self.at_once)
        };
        let Some(user) = user else {
            return match parameters.get("prompt") {
                Some("none") => Err(AuthorizationError(
                    "login_required",
                    "Login required".to_owned(),
                )),
                _ => Ok(None),
            };
        };
        if let Some(organization) = &request.organization
            && !tokens.is_member(organization, &user.id)
        {
            let reason = "The user is not part of the organization".to_owned();
            return Err(AuthorizationError("access_denied", reason));
        }
        let code = AuthorizationCode {
            consent: Consent {
                client_id: application.client_id.clone(),
                user,
                scope: request.scope,
                audience: request.audience,
                organization: request.organization,
                nonce: parameters.get("nonce").map(str::to_owned),
            },
            redirect_uri: redirect.given.clone(),
            challenge: request.challenge,
        };
        let code = tokens.grants().issue_code(code, now);
        code.map(Some)
            .map_err(|error| AuthorizationError("server_error", error.to_string()))
    }

    fn user_selection_page(
        &self,
        application: &Application,
        redirect: &Redirect,
        parameters: &OAuthParameters,
    ) -> ApiResponse {
        let kept = FORWARDED_PARAMETERS
            .iter()
            .filter_map(|name| Some(hidden_field(name, parameters.get(name)?)));
        let form = user_form(
            "/authorize",
            &kept.collect::<String>(),
            self.selectable_users(),
        );
        let body = format!(
            "<p>Select the user who logs in to {}.</p>\n{form}",
            escape_html(&application.name)
        );
        let source = redirect.source();
        page(
            StatusCode::OK,
            "Log in to the sandbox",
            &body,
            Some(&source),
        )
    }
}

fn parse_request(
    tokens: &TokenEndpoint,
    application: &Application,
    parameters: &OAuthParameters,
) -> Result<AuthorizationRequest, AuthorizationError> {
    match parameters.get("response_type") {
        Some("code") => {}
        Some(_) => {
            let reason = "response_type: expected code".to_owned();
            return Err(AuthorizationError("unsupported_response_type", reason));
        }
        None => return Err(invalid("response_type is missing")),
    }
    if parameters
        .get("response_mode")
        .is_some_and(|mode| mode != "query")
    {
        return Err(invalid("response_mode: expected query"));
    }
    if let Some(prompt) = parameters.get("prompt")
        && !["none", "login", "consent", "select_account"].contains(&prompt)
    {
        return Err(invalid(
            "prompt: expected none, login, consent or select_account",
        ));
    }
    let challenge = parameters.get("code_challenge");
    match (challenge, parameters.get("code_challenge_method")) {
        (None, None) if matches!(application.authentication, Authentication::Public) => {
            return Err(invalid(
                "code_challenge is missing: native applications require PKCE",
            ));
        }
        (None, Some(_)) => return Err(invalid("code_challenge is missing")),
        (Some(_), method) if method != Some("S256") => {
            return Err(invalid("code_challenge_method: expected S256"));
        }
        (Some(challenge), _) if !is_challenge(challenge) => {
            return Err(invalid(
                "code_challenge: expected 43 characters of base64url",
            ));
        }
        _ => {}
    }
    let (scope, audience) = scope_and_audience(tokens, application, parameters)
        .ok_or_else(|| AuthorizationError("access_denied", "Service not found".to_owned()))?;
    let organization = parameters.get("organization");
    if let Some(id) = organization
        && !tokens.may_act(application, id, &audience)
    {
        return Err(invalid(
            "organization: the application may not act for this organization",
        ));
    }
    Ok(AuthorizationRequest {
        scope,
        audience,
        organization: organization.map(str::to_owned),
        challenge: challenge.map(str::to_owned),
    })
}

/// The requested scopes that a user can grant, and the audience. `None` if the audience is unknown.
pub(crate) fn scope_and_audience(
    tokens: &TokenEndpoint,
    application: &Application,
    parameters: &OAuthParameters,
) -> Option<(String, String)> {
    let (audience, of_api) = match parameters.get("audience") {
        None => (format!("{}userinfo", tokens.issuer()), Vec::new()),
        Some(audience) => match tokens.audiences().api(audience)? {
            // The Management API is for machines only.
            Api::Management => return None,
            api => (
                audience.to_owned(),
                tokens.scopes(application, api).collect(),
            ),
        },
    };
    let is_grantable = |scope: &&str| IDENTITY_SCOPES.contains(scope) || of_api.contains(scope);
    let requested = parameters.get("scope").unwrap_or_default();
    let scopes: Vec<&str> = requested
        .split_ascii_whitespace()
        .filter(is_grantable)
        .collect();
    Some((scopes.join(" "), audience))
}

fn is_challenge(text: &str) -> bool {
    let is_sign = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    text.len() == 43 && text.bytes().all(is_sign)
}

fn invalid(reason: &str) -> AuthorizationError {
    AuthorizationError("invalid_request", reason.to_owned())
}
