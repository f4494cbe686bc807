//! HTML pages of the login, without scripts and external resources.

use std::fmt::Write as _;

use http::StatusCode;

use super::User;
use crate::response::ApiResponse;
use crate::token::no_store;

/// A page whose form posts to the sandbox, which may then redirect to `source`.
pub(super) fn page(
    status: StatusCode,
    title: &str,
    body: &str,
    source: Option<&str>,
) -> ApiResponse {
    let title = escape_html(title);
    let html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n<h1>{title}</h1>\n{body}</html>\n"
    );
    let source = source
        .map(|source| format!(" {source}"))
        .unwrap_or_default();
    let policy = format!(
        "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'{source}"
    );
    no_store(ApiResponse::text(status, "text/html; charset=utf-8", html))
        .with_header("content-security-policy", &policy)
        .with_header("x-content-type-options", "nosniff")
        .with_header("referrer-policy", "no-referrer")
}

/// A page that reports an error.
pub(super) fn error_page(reason: &str) -> ApiResponse {
    let body = format!("<p>{}</p>\n", escape_html(reason));
    page(StatusCode::BAD_REQUEST, "Request failed", &body, None)
}

/// A form to choose a user or to deny the request. `inner` contains additional fields.
pub(super) fn user_form<'a>(
    action: &str,
    inner: &str,
    users: impl Iterator<Item = &'a User>,
) -> String {
    let mut form = format!(
        "<form method=\"post\" action=\"{}\">\n{inner}",
        escape_html(action)
    );
    for user in users {
        let (id, name, email) = (
            escape_html(&user.id),
            escape_html(&user.name),
            escape_html(&user.email),
        );
        let _ = writeln!(
            form,
            "<p><button name=\"user\" value=\"{id}\">{name} ({email})</button></p>"
        );
    }
    form.push_str("<p><button name=\"deny\" value=\"true\">Deny</button></p>\n</form>\n");
    form
}

/// A hidden form field.
pub(super) fn hidden_field(name: &str, value: &str) -> String {
    format!(
        "<input type=\"hidden\" name=\"{}\" value=\"{}\">\n",
        escape_html(name),
        escape_html(value)
    )
}

/// Escapes text for HTML, including attribute values.
pub(super) fn escape_html(text: &str) -> String {
    text.chars().fold(String::new(), |mut html, sign| {
        match sign {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            sign => html.push(sign),
        }
        html
    })
}
