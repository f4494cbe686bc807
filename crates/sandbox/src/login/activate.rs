//! `/activate`: where a user approves or denies what a device shows.

use http::StatusCode;

use super::Login;
use super::page::{choice, escaped, page, refusal};
use crate::answer::Answer;
use crate::token::{Parameters, TokenEndpoint};

impl Login {
    /// The page on which a code is typed, which may be in the query already.
    pub(crate) fn activation(&self, query: &[u8]) -> Answer {
        let Ok(parameters) = Parameters::of_form(query) else {
            return refusal("A parameter is there twice.");
        };
        let code = escaped(parameters.get("user_code").unwrap_or_default());
        let field = format!(
            "<p><label>The code that the device shows <input name=\"user_code\" value=\"{code}\" autocomplete=\"off\"></label></p>\n"
        );
        let form = choice("/activate", &field, self.on_page());
        page(StatusCode::OK, "Activate a device", &form, None)
    }

    /// What the user decided.
    pub(crate) fn activate(&self, tokens: &TokenEndpoint, form: &[u8], now: i64) -> Answer {
        let Ok(parameters) = Parameters::of_form(form) else {
            return refusal("A parameter is there twice.");
        };
        let user = if parameters.get("deny").is_some() {
            None
        } else {
            let user = parameters.get("user").and_then(|user| self.user(user));
            if user.is_none() {
                return refusal("user: nobody has this id.");
            }
            user
        };
        let code = parameters.get("user_code").unwrap_or_default();
        if !tokens.devices().decide(code, user.as_ref(), now) {
            return refusal("user_code: no device waits with this code.");
        }
        let body = "<p>You can go back to the device.</p>\n";
        page(StatusCode::OK, "It is done", body, None)
    }
}
