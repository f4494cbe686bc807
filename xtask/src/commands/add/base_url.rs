//! The default base URL of a new crate, from the servers of its document.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::fetch::address;
use crate::problem::Problem;
use crate::sources::VariableKind;

/// A URL with variables in its host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct UrlTemplate {
    pub(super) text: String,
    pub(super) variables: BTreeMap<String, VariableKind>,
}

impl UrlTemplate {
    /// Parses `https://{team}.example.com/api`. A variable is a host or one of its labels.
    ///
    /// # Errors
    ///
    /// An invalid URL, or a variable outside of the host.
    pub(super) fn parse(text: &str) -> Result<Self, Problem> {
        let rejected = |message: &str| {
            Problem::at("", message)
                .expected(
                    "https, and variables only in the host, such as https://{team}.example.com/api",
                )
                .found(text)
        };
        let after_scheme = text.find("://").map_or(0, |at| at + 3);
        let host_end = text[after_scheme..]
            .find('/')
            .map_or(text.len(), |at| after_scheme + at);
        let (before, host, after) = (
            &text[..after_scheme],
            &text[after_scheme..host_end],
            &text[host_end..],
        );
        if [before, after].iter().any(|part| part.contains(['{', '}'])) {
            return Err(rejected("a variable is not in the host of the URL"));
        }
        let variables = variables(text)?;
        let plain_host = variables.keys().fold(host.to_owned(), |host, name| {
            host.replace(&format!("{{{name}}}"), "x")
        });
        let url = address::parse(&format!("{before}{plain_host}{after}"))?;
        if url.query().is_some() || url.fragment().is_some() || has_user(&url) {
            return Err(rejected("a base URL has no user, query or fragment"));
        }
        Ok(Self {
            text: text.trim_end_matches('/').to_owned(),
            variables,
        })
    }

    /// Derives the template from the first server of the document whose URL is usable. Variables outside of the host are replaced by their
    /// defaults. `None` if there is no such server, so that users of the crate set the URL.
    pub(super) fn of_document(document: &Value) -> Option<Self> {
        let servers = document["servers"].as_array().into_iter().flatten();
        servers
            .filter_map(|server| Self::parse(&filled(server)?).ok())
            .next()
    }
}

/// The URL of a server in which variables outside of the host have their defaults, and variables of the host names that are not those of
/// settings of a client.
fn filled(server: &Value) -> Option<String> {
    let url = server["url"].as_str()?;
    let default = |name: &str| server["variables"][name]["default"].as_str();
    let mut text = String::new();
    let mut rest = url;
    while let Some((literal, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}')?;
        text.push_str(literal);
        let authority = text.split_once("://").map(|(_, host)| host);
        let in_host = authority.is_some_and(|host| !host.contains(['/', ':']));
        match default(name) {
            Some(default) if !in_host => text.push_str(default),
            _ if SETTINGS.contains(&crate::emit::snake_name(name).as_str()) => {
                text.push_str(&format!("{{server_{name}}}"));
            }
            _ => text.push_str(&format!("{{{name}}}")),
        }
        rest = after;
    }
    text.push_str(rest);
    Some(text)
}

/// The names of the methods of a client's builder, which a setter of a variable must not have.
const SETTINGS: [&str; 10] = [
    "base_url",
    "build",
    "call_timeout",
    "check_scopes",
    "http_client",
    "limiter",
    "max_response_bytes",
    "retry",
    "timeout",
    "token_source",
];

/// The variables of a template, which are a host if nothing else is between slashes, or one label.
pub(super) fn variables(template: &str) -> Result<BTreeMap<String, VariableKind>, Problem> {
    let mut found = BTreeMap::new();
    let mut parts = template.split('{');
    let mut before = parts.next().unwrap_or_default();
    for part in parts {
        let split = part.split_once('}').filter(|(name, _)| is_name(name));
        let Some((name, after)) = split.filter(|_| !before.contains('}')) else {
            let problem = Problem::at(
                "",
                "a template has an unmatched brace or an invalid variable",
            );
            return Err(problem.expected("variables such as {team}").found(template));
        };
        let is_whole = before.ends_with('/') && (after.is_empty() || after.starts_with(['/', ':']));
        let kind = match is_whole {
            true => VariableKind::Host,
            false => VariableKind::Label,
        };
        found.insert(name.to_owned(), kind);
        before = after;
    }
    Ok(found)
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

/// Whether the URL contains a user name or a password.
pub(super) fn has_user(url: &url::Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn first_usable_server_is_the_base_url_with_the_kinds_of_its_variables() {
        let defaults = json!({
            "scheme": {"default": "https"}, "host": {"default": "localhost"}, "port": {"default": "8443"},
            "base": {"default": "v2"}, "url": {"default": "https://api.example.com"},
        });
        for (url, template, variables) in [
            (
                "https://api.example.com/v1/",
                "https://api.example.com/v1",
                "{}",
            ),
            (
                "https://{tenantDomain}/api",
                "https://{tenantDomain}/api",
                r#"{"tenantDomain": Host}"#,
            ),
            (
                "https://{team}.example.com",
                "https://{team}.example.com",
                r#"{"team": Label}"#,
            ),
            (
                "https://eu-{r}.example.com:8443",
                "https://eu-{r}.example.com:8443",
                r#"{"r": Label}"#,
            ),
            (
                "https://{timeout}.example.com",
                "https://{server_timeout}.example.com",
                r#"{"server_timeout": Label}"#,
            ),
            (
                "{scheme}://{host}:{port}/{base}",
                "https://{host}:8443/v2",
                r#"{"host": Host}"#,
            ),
            ("{url}", "https://api.example.com", "{}"),
            // Not usable, so that the second server is.
            ("/v1", "https://second.example.com", "{}"),
            ("http://example.com", "https://second.example.com", "{}"),
            (
                "https://example.com/{version}",
                "https://second.example.com",
                "{}",
            ),
            ("https://{a", "https://second.example.com", "{}"),
            (
                "https://user:secret@example.com",
                "https://second.example.com",
                "{}",
            ),
        ] {
            let servers =
                json!([{"url": url, "variables": defaults}, {"url": "https://second.example.com"}]);
            let found = UrlTemplate::of_document(&json!({ "servers": servers })).expect("usable");
            assert_eq!(found.text, template, "{url}");
            assert_eq!(format!("{:?}", found.variables), variables, "{url}");
        }
        for document in [
            json!({}),
            json!({"servers": []}),
            json!({"servers": [{"url": "/"}]}),
        ] {
            assert_eq!(UrlTemplate::of_document(&document), None);
        }
    }

    #[test]
    fn invalid_template_is_an_error() {
        for text in [
            "",
            "example.com",
            "https://",
            "http://example.com",
            "https://example.com/{version}",
            "https://{}.example.com",
            "https://{a",
            "https://example.com?a=b",
        ] {
            assert!(UrlTemplate::parse(text).is_err(), "{text}");
        }
    }
}
