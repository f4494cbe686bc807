//! `/activate`: the page where a user approves or denies a device.

use http::StatusCode;

use super::Login;
use super::html::{error_page, escape_html, page, user_form};
use crate::response::ApiResponse;
use crate::token::{OAuthParameters, TokenEndpoint};

impl Login {
    /// The page with the field for the user code, prefilled from the query.
    pub(crate) fn activation_page(&self, query: &[u8]) -> ApiResponse {
        let Ok(parameters) = OAuthParameters::from_form(query) else {
            return error_page("Expected each parameter once, found a duplicate.");
        };
        let code = escape_html(parameters.get("user_code").unwrap_or_default());
        let field = format!(
            "<p><label>Code shown on the device <input name=\"user_code\" value=\"{code}\" autocomplete=\"off\"></label></p>\n"
        );
        let form = user_form("/activate", &field, self.selectable_users());
        page(StatusCode::OK, "Activate a device", &form, None)
    }

    /// Handles the submitted decision.
    pub(crate) fn activate(&self, tokens: &TokenEndpoint, form: &[u8], now: i64) -> ApiResponse {
        let Ok(parameters) = OAuthParameters::from_form(form) else {
            return error_page("Expected each parameter once, found a duplicate.");
        };
        let user = if parameters.get("deny").is_some() {
            None
        } else {
            let user = parameters.get("user").and_then(|user| self.user(user));
            if user.is_none() {
                return error_page("user: no user has this id.");
            }
            user
        };
        let code = parameters.get("user_code").unwrap_or_default();
        if !tokens.devices().decide(code, user.as_ref(), now) {
            return error_page("user_code: no pending device authorization has this code.");
        }
        let body = "<p>You can return to the device.</p>\n";
        page(StatusCode::OK, "Decision recorded", body, None)
    }
}
