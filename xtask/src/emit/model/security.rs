//! Security schemes: what credentials the client needs, and which operations need which.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::emit::model::{OperationModel, list, members, str_of};
use crate::emit::names;

/// A security scheme that an operation of the client uses.
#[derive(Debug, Clone)]
pub(crate) struct SchemeModel {
    /// The name in the document.
    pub(crate) name: String,
    /// The setter of the client builder.
    pub(crate) setter: String,
    pub(crate) kind: SchemeKind,
    pub(crate) description: String,
}

/// Where its credentials are sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SchemeKind {
    Token,
    Basic,
    /// Another scheme of HTTP authentication.
    Http(String),
    Header(String),
    Query(String),
    Cookie(String),
}

/// What the builder of the client has setters for.
#[derive(Debug, Clone)]
pub(crate) enum SecurityModel {
    /// No operation needs credentials.
    None,
    /// Every operation needs an access token, and one token source is enough.
    Token,
    /// The credentials of these schemes, by operation.
    Schemes(Vec<SchemeModel>),
}

impl SecurityModel {
    /// The schemes; empty if there is at most one token source.
    pub(crate) fn schemes(&self) -> &[SchemeModel] {
        match self {
            Self::Schemes(schemes) => schemes,
            _ => &[],
        }
    }

    /// Whether the client may need access tokens. A client without credentials may be given a token source as well.
    pub(crate) fn has_tokens(&self) -> bool {
        match self {
            Self::Schemes(schemes) => schemes
                .iter()
                .any(|scheme| scheme.kind == SchemeKind::Token),
            _ => true,
        }
    }

    pub(super) fn read(document: &Value, operations: &[OperationModel<'_>]) -> Self {
        let declared = &document["components"]["securitySchemes"];
        let operations: Vec<_> = operations
            .iter()
            .filter(|operation| !operation.is_ignored)
            .collect();
        let used: BTreeSet<&str> = operations
            .iter()
            .flat_map(|operation| operation.security.iter().flatten())
            .map(String::as_str)
            .collect();
        if operations
            .iter()
            .all(|operation| operation.security.is_empty())
        {
            return Self::None;
        }
        let mut schemes: Vec<SchemeModel> = members(declared)
            .filter(|(name, _)| used.contains(name.as_str()))
            .filter_map(|(name, scheme)| SchemeModel::read(name, scheme))
            .collect();
        let is_token = |name: &String| {
            let mut schemes = schemes.iter();
            schemes.any(|scheme| scheme.name == *name && scheme.kind == SchemeKind::Token)
        };
        // An operation without a token at all is called without one, so the client has to know which.
        let needs_token = |operation: &&OperationModel<'_>| {
            !operation.security.is_empty()
                && operation
                    .security
                    .iter()
                    .all(|alternative| alternative.len() == 1 && alternative.iter().all(is_token))
        };
        // Tokens of one kind: each operation accepts all of them.
        let tokens: BTreeSet<BTreeSet<&String>> = operations
            .iter()
            .map(|operation| operation.security.iter().flatten().collect())
            .collect();
        if operations.iter().all(needs_token) && tokens.len() == 1 {
            return Self::Token;
        }
        let number_of_tokens = schemes
            .iter()
            .filter(|scheme| scheme.kind == SchemeKind::Token)
            .count();
        let mut taken: BTreeSet<String> = SETTERS.iter().map(|name| (*name).to_owned()).collect();
        for scheme in &mut schemes {
            let name = names::snake_name(&scheme.name);
            let name = match (&scheme.kind, number_of_tokens) {
                // The general setter is that of the only scheme of tokens.
                (SchemeKind::Token, 1) => {
                    scheme.setter = "token_source".to_owned();
                    continue;
                }
                (SchemeKind::Token, _) => format!("{name}_token_source"),
                _ => name,
            };
            let mut setter = name.clone();
            let mut number = 2;
            while !taken.insert(setter.clone()) {
                setter = format!("{name}_{number}");
                number += 1;
            }
            scheme.setter = setter;
        }
        Self::Schemes(schemes)
    }
}

/// The methods that every builder has.
pub(crate) const SETTERS: [&str; 16] = [
    "auth0_client",
    "base_url",
    "build",
    "call_timeout",
    "check_scopes",
    "clone",
    "default",
    "http_client",
    "limiter",
    "max_response_bytes",
    "retry",
    "server",
    "timeout",
    "timer",
    "token_source",
    "user_agent",
];

impl SchemeModel {
    fn read(name: &str, scheme: &Value) -> Option<Self> {
        let key = str_of(scheme, "name").to_owned();
        let kind = match (str_of(scheme, "type"), str_of(scheme, "in")) {
            ("oauth2" | "openIdConnect", _) => SchemeKind::Token,
            ("apiKey", "header") => SchemeKind::Header(key),
            ("apiKey", "query") => SchemeKind::Query(key),
            ("apiKey", "cookie") => SchemeKind::Cookie(key),
            ("http", _) => match str_of(scheme, "scheme").to_ascii_lowercase().as_str() {
                "bearer" => SchemeKind::Token,
                "basic" => SchemeKind::Basic,
                _ => SchemeKind::Http(str_of(scheme, "scheme").to_owned()),
            },
            _ => return None,
        };
        Some(Self {
            name: name.to_owned(),
            setter: String::new(),
            kind,
            description: str_of(scheme, "description").to_owned(),
        })
    }
}

/// The alternatives of a security requirement: the names of the schemes that are required together. A scheme that is not declared, such as
/// `mutualTLS`, is left to the HTTP client.
pub(super) fn read_alternatives(security: &Value, declared: &Value) -> Vec<Vec<String>> {
    let mut seen = BTreeSet::new();
    list(security)
        .map(|requirement| {
            members(requirement)
                .map(|(name, _)| name.clone())
                .filter(|name| declared.get(name).is_some())
                .collect()
        })
        .filter(|alternative: &Vec<String>| seen.insert(alternative.clone()))
        .collect()
}
