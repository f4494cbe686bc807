//! Responses of the server with every documented field.

use serde_json::{Value, json};

pub(super) const IDP_ID: &str = "con_2CZPv6IY0gWzDaQJ";
pub(super) const DOMAIN_ID: &str = "ord_aW1UHetvkBWSWdCCe8DWq7";
pub(super) const INVITATION_ID: &str = "uinv_12345678abcdefgh";
pub(super) const TOKEN_ID: &str = "tok_tuz8H9hWQ8LaCkdh";
pub(super) const ROLE_ID: &str = "rol_BKI0BKI0BKI0BKI0";
pub(super) const USER_ID: &str = "auth0|abc/1 ü";
/// [`USER_ID`] as it is encoded in a request line.
pub(super) const ENCODED_USER_ID: &str = "auth0%7Cabc%2F1%20%C3%BC";
const ORGANIZATION_ID: &str = "org_zW1UHutvkVWSWdCC";

pub(super) fn details() -> Value {
    json!({
        "id": ORGANIZATION_ID,
        "name": "acme",
        "display_name": "Acme",
        "branding": {
            "logo_url": "https://acme.com/logo.png",
            "colors": {"primary": "#000000", "page_background": "#FFF"},
        },
    })
}

pub(super) fn domain(status: &str) -> Value {
    json!({
        "id": DOMAIN_ID,
        "org_id": ORGANIZATION_ID,
        "domain": "acme.com",
        "status": status,
        "verification_txt": "dove_text=abc",
        "verification_host": "_ss-verification.org.acme.com",
    })
}

fn attribute(field: (&str, Value)) -> Value {
    let mut attribute = json!({
        "user_attribute": "preferred_username",
        "label": "Name",
        "description": "The name",
        "is_required": true,
        "is_extra": false,
        "is_missing": false,
    });
    attribute[field.0] = field.1;
    attribute
}

/// The options of an identity provider with this strategy, as responses have them.
fn options(strategy: &str) -> Value {
    match strategy {
        "adfs" => json!({"adfs_server": "https://adfs.acme.com"}),
        "google-apps" | "okta" => {
            json!({"domain": "acme.com", "client_id": "c", "icon_url": "https://acme.com/i"})
        }
        "oidc" => {
            json!({"type": "front_channel", "client_id": "c", "discovery_url": "https://acme.com/d"})
        }
        "pingfederate" => json!({
            "pingFederateBaseUrl": "https://ping.acme.com",
            "signSAMLRequest": true,
            "signatureAlgorithm": "rsa-sha256",
            "digestAlgorithm": "sha256",
            "cert": "MII",
            "icon_url": "https://acme.com/i",
            "idpInitiated": {"enabled": true, "client_id": "c", "client_protocol": "SAML", "client_authorizequery": "q"},
        }),
        "samlp" => json!({
            "metadataUrl": "https://acme.com/metadata",
            "signSAMLRequest": false,
            "bindingMethod": "HTTP-Redirect",
            "protocolBinding": "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST",
            "cert": "MII",
            "discovery_url": "https://acme.com/d",
        }),
        _ => {
            json!({"tenant_domain": "acme.onmicrosoft.com", "client_id": "c", "icon_url": "https://acme.com/i"})
        }
    }
}

pub(super) const STRATEGIES: [&str; 7] = [
    "adfs",
    "google-apps",
    "oidc",
    "okta",
    "pingfederate",
    "samlp",
    "waad",
];

/// An identity provider.
pub(super) fn identity_provider(strategy: &str) -> Value {
    let mut provider = json!({
        "id": IDP_ID,
        "name": "acme-login",
        "display_name": "Acme",
        "strategy": strategy,
        "options": options(strategy),
        "access_level": "full",
        "domains": ["acme.com"],
        "is_enabled": true,
        "show_as_button": false,
        "assign_membership_on_login": true,
    });
    if ["oidc", "okta", "samlp"].contains(&strategy) {
        provider["attributes"] = json!([attribute(("sso_field", json!(["userName"])))]);
    }
    provider
}

/// The short form of an identity provider.
pub(super) fn short_identity_provider() -> Value {
    json!({
        "id": "con_0000000000000002",
        "name": "hidden",
        "display_name": "Hidden",
        "is_enabled": false,
        "access_level": "none",
    })
}

pub(super) fn provisioning() -> Value {
    json!({
        "identity_provider_id": IDP_ID,
        "identity_provider_name": "acme-login",
        "strategy": "okta",
        "method": "scim",
        "attributes": [attribute(("provisioning_field", json!("userName")))],
        "user_id_attribute": "externalId",
        "created_at": "2026-01-01T00:00:00Z",
        "updated_on": "2026-01-02T00:00:00Z",
    })
}

/// A SCIM token as listings show it.
pub(super) fn scim_token() -> Value {
    json!({
        "token_id": TOKEN_ID,
        "scopes": ["get:users"],
        "created_at": "2026-01-01T00:00:00Z",
        "valid_until": "2026-01-02T00:00:00Z",
    })
}

pub(super) fn new_scim_token(token: &str) -> Value {
    let mut response = scim_token();
    response["token"] = json!(token);
    response
}

pub(super) fn role() -> Value {
    json!({"id": ROLE_ID, "name": "Admin", "description": "All of it"})
}

pub(super) fn member() -> Value {
    json!({
        "user_id": USER_ID,
        "email": "ada@acme.com",
        "name": "Ada Lovelace",
        "nickname": "ada",
        "given_name": "Ada",
        "family_name": "Lovelace",
        "phone_number": "+15550100",
        "created_at": "2026-01-01T00:00:00Z",
        "updated_at": "2026-01-02T00:00:00Z",
        "last_login": "2026-01-03T00:00:00Z",
    })
}

pub(super) fn invitation(url: &str, ticket: &str) -> Value {
    json!({
        "id": INVITATION_ID,
        "organization_id": ORGANIZATION_ID,
        "inviter": {"name": "Grace"},
        "invitee": {"email": "ada@acme.com"},
        "identity_provider_id": IDP_ID,
        "created_at": "2026-01-01T00:00:00Z",
        "expires_at": "2026-01-08T00:00:00Z",
        "roles": [ROLE_ID],
        "invitation_url": url,
        "ticket_id": ticket,
    })
}
