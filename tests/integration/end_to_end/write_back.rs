//! A resource that is read, changed in one field and written back keeps everything else.

use auth0_core::Nullable;
use auth0_management::types::{
    UpdateOrganizationAllConnectionRequestContent, UpdateOrganizationConnectionRequestContent,
    UpdateOrganizationRequestContent,
};
use auth0_my_organization::types::*;
use auth0_sandbox::Sandbox;
use auth0_teams::types::UpdateMembersRequestContent;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::as_json;
use crate::sandbox::Local;

async fn local() -> Local {
    Local::start(Sandbox::builder()).await
}

/// The response body as the server sent it.
fn raw<T>(response: auth0_core::Response<T>) -> Value {
    serde_json::from_slice(response.body()).unwrap()
}

fn typed<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

/// For each strategy whose update needs no secret, the options of a provider.
fn options() -> [(&'static str, Value); 6] {
    // The document leaves this object open, and the sandbox keeps its content.
    let initiated = json!({"enabled": true, "unknown": {"a": [null, 1]}, "null": null});
    [
        ("adfs", json!({"adfs_server": "adfs.acme.test"})),
        ("adfs", json!({"fedMetadataXml": "<xml/>"})),
        (
            "oidc",
            json!({"client_id": "c", "discovery_url": "https://acme.test/d", "type": "front_channel"}),
        ),
        (
            "pingfederate",
            json!({
                "digestAlgorithm": "sha256",
                "pingFederateBaseUrl": "https://ping.acme.test",
                "signSAMLRequest": true,
                "signatureAlgorithm": "rsa-sha256",
                "signingCert": "PEM",
                "idpInitiated": initiated,
            }),
        ),
        (
            "samlp",
            json!({"metadataUrl": "https://acme.test/m", "signSAMLRequest": false, "idpInitiated": initiated}),
        ),
        (
            "samlp",
            json!({
                "signInEndpoint": "https://acme.test/in",
                "signSAMLRequest": false,
                "signingCert": "PEM",
                "idpInitiated": initiated,
            }),
        ),
    ]
}

#[tokio::test]
async fn provider_is_renamed_and_written_back_then_nothing_else_changes() {
    let local = local().await;
    let providers = local.my_organization().organization().identity_providers();
    for (number, (strategy, options)) in options().into_iter().enumerate() {
        let request =
            json!({"strategy": strategy, "name": format!("one-{number}"), "options": &options});
        let created = providers
            .create(typed::<IdpKnownRequest>(request))
            .await
            .unwrap();
        let id = created.id().unwrap().to_owned();
        let before = raw(providers.get(&id).send().await.unwrap());
        let initiated = &options["idpInitiated"];
        assert_eq!(&before["options"]["idpInitiated"], initiated, "{strategy}");

        let response = providers.get(&id).await.unwrap();
        let mut update = IdpUpdateKnownRequest::try_from(response).unwrap();
        let name = Some("Renamed".to_owned());
        match &mut update {
            IdpUpdateKnownRequest::Adfs(update) => update.display_name = name,
            IdpUpdateKnownRequest::Oidc(update) => update.display_name = name,
            IdpUpdateKnownRequest::PingFederate(update) => update.display_name = name,
            IdpUpdateKnownRequest::Samlp(update) => update.display_name = name,
            other => panic!("found {other:?} for {strategy}"),
        }
        providers.update(&id, update).await.unwrap();

        let mut expected = before;
        expected["display_name"] = json!("Renamed");
        assert_eq!(raw(providers.get(&id).send().await.unwrap()), expected);
        // Items of the list and the response to the update convert in the same way.
        let list = providers.list().await.unwrap().identity_providers;
        let item = list
            .into_iter()
            .find(|item| item.id() == Some(&id))
            .unwrap();
        let update = IdpUpdateKnownRequest::try_from(item).unwrap();
        let after = providers.update(&id, update).send().await.unwrap();
        assert_eq!(raw(after), expected);
    }
}

#[tokio::test]
async fn organization_is_written_back_then_nothing_else_changes() {
    let local = local().await;
    let details = local.my_organization().organization_details();
    let colors = json!({"page_background": "#ffffff", "primary": "#0059d6"});
    let branding =
        json!({"branding": {"colors": colors, "logo_url": "https://acme.test/logo.png"}});
    details
        .update(typed::<OrgDetailsRequest>(branding))
        .await
        .unwrap();
    let before = raw(details.get().send().await.unwrap());

    let mut update = OrgDetailsRequest::try_from(details.get().await.unwrap()).unwrap();
    update.display_name = Some("Renamed".to_owned());
    details.update(update).await.unwrap();
    let mut expected = before;
    expected["display_name"] = json!("Renamed");
    assert_eq!(raw(details.get().send().await.unwrap()), expected);

    // The same organization as the operator of the tenant sees it.
    let organizations = local.organizations().organizations();
    let id = local.organization_id();
    let before = raw(organizations.get(id).send().await.unwrap());
    let response = organizations.get(id).await.unwrap();
    let mut update = UpdateOrganizationRequestContent::try_from(response).unwrap();
    update.branding.as_mut().unwrap().logo_url = Some(Nullable::Null);
    organizations.update(id, update).await.unwrap();
    let mut expected = before;
    expected["branding"]
        .as_object_mut()
        .unwrap()
        .remove("logo_url");
    let mut after = raw(organizations.get(id).send().await.unwrap());
    // The key is absent or null.
    let branding = after["branding"].as_object_mut().unwrap();
    assert_eq!(branding.remove("logo_url").unwrap_or_default(), Value::Null);
    assert_eq!(after, expected);
}

#[tokio::test]
async fn connection_of_an_organization_is_written_back_then_nothing_else_changes() {
    let local = local().await;
    let client = local.organizations().organizations();
    let id = local.organization_id();
    let listed = client.connections().list(id).await.unwrap().connections;
    let connection = listed[0].connection_id.clone();
    let connections = client.connections();
    let before = connections.get(id, &connection).await.unwrap();
    let expected = as_json(&before);
    let update = UpdateOrganizationAllConnectionRequestContent::try_from(before).unwrap();
    connections.update(id, &connection, update).await.unwrap();
    let after = connections.get(id, &connection).await.unwrap();
    assert_eq!(as_json(&after), expected);

    let connections = client.enabled_connections();
    let before = connections.get(id, &connection).await.unwrap();
    let expected = as_json(&before);
    let update = UpdateOrganizationConnectionRequestContent::try_from(before).unwrap();
    connections.update(id, &connection, update).await.unwrap();
    let after = connections.get(id, &connection).await.unwrap();
    assert_eq!(as_json(&after), expected);
}

#[tokio::test]
async fn member_of_a_team_is_written_back_then_nothing_changes() {
    let local = local().await;
    let members = local.client.members();
    let listed = members.list().await.unwrap().members.remove(1);
    let id = listed.id.clone();
    let expected = as_json(&listed);
    let update = UpdateMembersRequestContent::try_from(listed).unwrap();
    let after = members.update(&id, update).await.unwrap();
    assert_eq!(as_json(&after), expected);
}
