//! The servers of operations that have others than the document.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::emit::model::{OperationModel, SETTERS, SecurityModel, list, members};
use crate::emit::names;

/// A server of some operations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ServerModel {
    /// An https URL, or a path below the host of the base URL.
    pub(crate) url: String,
    /// The setter of the client builder.
    pub(crate) setter: String,
}

/// The URL of the first server, with the defaults of its variables; `None` if the client cannot send requests to it.
pub(crate) fn url_of(servers: &Value) -> Option<String> {
    let server = list(servers).next()?;
    let mut url = server["url"].as_str()?.to_owned();
    for (name, variable) in members(&server["variables"]) {
        if let Some(default) = variable["default"].as_str() {
            url = url.replace(&format!("{{{name}}}"), default);
        }
    }
    let url = url.trim_end_matches('/').to_owned();
    let is_usable = url.starts_with("https://") || (url.starts_with('/') && !url.starts_with("//"));
    (is_usable && !url.contains(['{', '}'])).then_some(url)
}

/// The distinct servers of the operations.
pub(super) fn read(
    operations: &[OperationModel<'_>],
    security: &SecurityModel,
) -> Vec<ServerModel> {
    let urls: BTreeSet<&String> = operations
        .iter()
        .filter(|operation| !operation.is_ignored)
        .filter_map(|operation| operation.server.as_ref())
        .collect();
    let mut taken: BTreeSet<String> = SETTERS.iter().map(|name| (*name).to_owned()).collect();
    taken.extend(
        security
            .schemes()
            .iter()
            .map(|scheme| scheme.setter.clone()),
    );
    let mut servers = Vec::new();
    for url in urls {
        let place = url.trim_start_matches("https://").trim_start_matches('/');
        let name = format!("{}_url", names::snake_name(&format!("server_{place}")));
        let mut setter = name.clone();
        let mut number = 2;
        while !taken.insert(setter.clone()) {
            setter = format!("{name}_{number}");
            number += 1;
        }
        servers.push(ServerModel {
            url: url.clone(),
            setter,
        });
    }
    servers
}
