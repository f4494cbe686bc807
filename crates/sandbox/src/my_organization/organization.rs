//! The organization and its domains.

use http::StatusCode;
use serde_json::{Value, json};

use super::views::{DOMAINS, LISTED_PROVIDERS, ORGANIZATION};
use crate::document::is_organization_name;
use crate::problem::Problem;
use crate::resources::{Context, Outcome};
use crate::response::{ApiResponse, ok};
use crate::tenant::kinds;

pub(super) fn update(context: &mut Context<'_>) -> Outcome {
    let body = &context.call.body;
    if body["id"]
        .as_str()
        .is_some_and(|id| id != context.id(&ORGANIZATION))
    {
        return Err(Problem::body_field("/id", "the id cannot be changed"));
    }
    if body["name"]
        .as_str()
        .is_some_and(|name| !is_organization_name(name))
    {
        let rule = "expected lower-case letters, digits, hyphens and underscores";
        return Err(Problem::body_field("/name", rule));
    }
    context.update(&ORGANIZATION)
}

/// The response contains the status. Without a DNS record the domain stays pending.
pub(super) fn verify_domain(context: &mut Context<'_>) -> Outcome {
    let domain = context.item(&DOMAINS)?;
    let [host, text] = ["verification_host", "verification_txt"].map(|field| domain.text(field));
    if context.tenant.has_dns_record(host, text) {
        context.item_mut(&DOMAINS)?.set("status", "verified");
    }
    let domain = context.item(&DOMAINS)?;
    Ok(ApiResponse::json(
        StatusCode::ACCEPTED,
        &context.show(&DOMAINS, domain),
    ))
}

pub(super) fn list_domain_providers(context: &mut Context<'_>) -> Outcome {
    let domain = context.item(&DOMAINS)?;
    let name = domain.text("domain");
    let mut providers: Vec<Value> = Vec::new();
    for (_, link) in context.collection(&LISTED_PROVIDERS)?.iter() {
        let connection = context.linked(&kinds::ORGANIZATION_CONNECTIONS, &link);
        let connection = connection.filter(|_| context.is_visible(&LISTED_PROVIDERS, &link));
        if let Some(connection) = connection
            && connection
                .texts("domains")
                .iter()
                .any(|one| one.eq_ignore_ascii_case(name))
        {
            let mut fields = connection.fields.clone();
            fields.retain(|name, _| ["id", "name", "display_name"].contains(&name.as_str()));
            providers.push(fields.into());
        }
    }
    ok(&json!({ "identity_providers": providers }))
}
