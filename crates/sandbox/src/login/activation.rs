//! `/activate`: where a user approves or denies what a device shows.

use http::StatusCode;

use super::Login;
use super::html::{error_page, escape_html, page, user_form};
use crate::response::ApiResponse;
use crate::token::{OAuthParameters, TokenEndpoint};

impl Login {
    /// The page on which a code is typed, which may be in the query already.
    pub(crate) fn activation_page(&self, query: &[u8]) -> ApiResponse {
        let Ok(parameters) = OAuthParameters::from_form(query) else {
            return error_page("A parameter is there twice.");
        };
        let code = escape_html(parameters.get("user_code").unwrap_or_default());
        let field = format!(
            "<p><label>The code that the device shows <input name=\"user_code\" value=\"{code}\" autocomplete=\"off\"></label></p>\n"
        );
        let form = user_form("/activate", &field, self.selectable_users());
        page(StatusCode::OK, "Activate a device", &form, None)
    }

    /// What the user decided.
    pub(crate) fn activate(&self, tokens: &TokenEndpoint, form: &[u8], now: i64) -> ApiResponse {
        let Ok(parameters) = OAuthParameters::from_form(form) else {
            return error_page("A parameter is there twice.");
        };
        let user = if parameters.get("deny").is_some() {
            None
        } else {
            let user = parameters.get("user").and_then(|user| self.user(user));
            if user.is_none() {
                return error_page("user: nobody has this id.");
            }
            user
        };
        let code = parameters.get("user_code").unwrap_or_default();
        if !tokens.devices().decide(code, user.as_ref(), now) {
            return error_page("user_code: no device waits with this code.");
        }
        let body = "<p>You can go back to the device.</p>\n";
        page(StatusCode::OK, "It is done", body, None)
    }
}
