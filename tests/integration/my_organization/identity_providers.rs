//! Identity providers: tagged by strategy when they are created and read, untagged when they are updated.

use auth0_my_organization::types::*;
use auth0_my_organization::{Error, serde_json};
use serde_json::{Value, json};

use super::organization;
use super::samples::*;
use crate::support::*;

/// Decodes an identity provider from the response to `get`.
async fn decode(response: Value) -> Result<IdpKnownResponse, Error> {
    let server = mock_server_json(200, response).await;
    organization(&server)
        .organization()
        .identity_providers()
        .get(IDP_ID)
        .await
}

async fn decode_list(items: Value) -> Vec<IdpListItemResponse> {
    let server = mock_server_json(200, json!({"identity_providers": items})).await;
    let list = organization(&server)
        .organization()
        .identity_providers()
        .list()
        .await;
    list.unwrap().identity_providers
}

/// Returns the body that creates `provider`.
async fn create_body(provider: impl Into<IdpKnownRequest>) -> Value {
    let server = mock_server_json(201, identity_provider("oidc")).await;
    let call = organization(&server)
        .organization()
        .identity_providers()
        .create(provider);
    call.await.unwrap();
    only_request(&server).await.body_json().unwrap()
}

/// Returns the body of an update.
async fn update_body(change: impl Into<IdpUpdateKnownRequest>) -> Value {
    let server = mock_server_json(200, identity_provider("oidc")).await;
    let call = organization(&server)
        .organization()
        .identity_providers()
        .update(IDP_ID, change);
    call.await.unwrap();
    only_request(&server).await.body_json().unwrap()
}

fn variant(provider: &IdpKnownResponse) -> &'static str {
    match provider {
        IdpKnownResponse::Adfs(_) => "adfs",
        IdpKnownResponse::GoogleApps(_) => "google-apps",
        IdpKnownResponse::Oidc(_) => "oidc",
        IdpKnownResponse::Okta(_) => "okta",
        IdpKnownResponse::PingFederate(_) => "pingfederate",
        IdpKnownResponse::Samlp(_) => "samlp",
        IdpKnownResponse::Waad(_) => "waad",
        _ => "other",
    }
}

#[tokio::test]
async fn strategy_is_known_then_the_response_has_that_variant_and_round_trips() {
    for strategy in STRATEGIES {
        let provider = decode(identity_provider(strategy)).await.unwrap();
        assert_eq!(variant(&provider), strategy);
        assert_eq!(provider.strategy(), Some(strategy));
        assert_eq!(provider.id(), Some(IDP_ID));
        assert_eq!(provider.is_enabled(), Some(true));
        let levels = provider.access_level().map(ToString::to_string);
        assert_eq!(levels.as_deref(), Some("full"));
        assert_eq!(
            serde_json::to_value(&provider).unwrap(),
            identity_provider(strategy)
        );
    }
}

#[tokio::test]
async fn strategy_is_unknown_then_the_response_round_trips() {
    let mut body = identity_provider("oidc");
    body["strategy"] = json!("keycloak");
    body["options"] = json!({"realm": ["acme", null]});
    let provider = decode(body.clone()).await.unwrap();
    assert_eq!(variant(&provider), "other");
    assert_eq!(provider.strategy(), Some("keycloak"));
    assert_eq!(provider.id(), Some(IDP_ID));
    assert_eq!(provider.is_enabled(), Some(true));
    assert_eq!(serde_json::to_value(&provider).unwrap(), body);
    // It can also be sent.
    let IdpKnownResponse::Other(unlisted) = provider else {
        panic!("found {provider:?}");
    };
    assert_eq!(create_body(IdpKnownRequest::Other(unlisted)).await, body);
}

#[tokio::test]
async fn strategy_is_missing_or_invalid_then_the_response_is_kept_unchanged() {
    for unexpected in [Value::Null, json!(7), json!(["oidc"])] {
        let mut body = identity_provider("oidc");
        body["strategy"] = unexpected;
        let provider = decode(body.clone()).await.unwrap();
        assert_eq!((variant(&provider), provider.strategy()), ("other", None));
        assert_eq!(serde_json::to_value(&provider).unwrap(), body);
    }
}

#[tokio::test]
async fn field_of_a_known_strategy_is_missing_then_the_error_names_it() {
    let mut body = identity_provider("oidc");
    body.as_object_mut().unwrap().remove("attributes");
    let error = decode(body).await.unwrap_err();
    assert!(
        error.to_string().contains("missing field `attributes`"),
        "{error}"
    );
}

#[tokio::test]
async fn strategy_of_a_listed_provider_is_null_then_the_listing_continues_and_keeps_the_item() {
    let mut short = short_identity_provider();
    short["strategy"] = Value::Null;
    let unexpected = json!({"id": IDP_ID, "strategy": null, "name": "a", "options": {}});
    let list = decode_list(json!([short, unexpected, identity_provider("oidc")])).await;
    assert!(
        matches!(list[0], IdpListItemResponse::Minimal(_)),
        "{list:?}"
    );
    assert!(matches!(list[1], IdpListItemResponse::Other(_)), "{list:?}");
    assert_eq!(serde_json::to_value(&list[1]).unwrap(), unexpected);
    assert!(matches!(list[2], IdpListItemResponse::Oidc(_)), "{list:?}");
}

#[tokio::test]
async fn listing_has_all_strategies_then_each_item_has_its_variant() {
    let mut unknown = short_identity_provider();
    unknown["strategy"] = json!("keycloak");
    let items = [
        identity_provider("samlp"),
        short_identity_provider(),
        unknown,
        json!({"strategy": "ldap"}),
    ];
    let list = decode_list(json!(items)).await;
    assert!(matches!(list[0], IdpListItemResponse::Samlp(_)), "{list:?}");
    assert!(
        matches!(list[1], IdpListItemResponse::Minimal(_)),
        "{list:?}"
    );
    assert!(matches!(list[2], IdpListItemResponse::Other(_)), "{list:?}");
    assert!(matches!(list[3], IdpListItemResponse::Other(_)), "{list:?}");
    let strategies: Vec<_> = list.iter().map(IdpListItemResponse::strategy).collect();
    assert_eq!(
        strategies,
        [Some("samlp"), None, Some("keycloak"), Some("ldap")]
    );
    let names: Vec<_> = list.iter().map(IdpListItemResponse::name).collect();
    assert_eq!(
        names,
        [Some("acme-login"), Some("hidden"), Some("hidden"), None]
    );
    assert_eq!(serde_json::to_value(&list).unwrap(), json!(items));
}

#[tokio::test]
async fn identity_provider_is_created_then_its_strategy_is_sent_automatically() {
    let adfs = IdpAdfsOptionsRequestAdfsServer::with_adfs_server("https://adfs.acme.com");
    let saml = IdpSamlpOptionsRequestManual::new(IdpSamlpOptionsRequestManualRequired {
        sign_in_endpoint: "https://acme.com/in",
        sign_saml_request: true,
        signing_cert: "PEM",
    });
    let ping = IdpPingFederateOptionsRequest::new(IdpPingFederateOptionsRequestRequired {
        digest_algorithm: IdpSignAlgDigestTypeEnum::Sha256,
        ping_federate_base_url: "https://ping.acme.com",
        sign_saml_request: true,
        signature_algorithm: IdpSignAlgTypeEnum::RsaSha256,
        signing_cert: "PEM",
    });
    let oidc = IdpOidcOptionsRequest::new(IdpOidcOptionsRequestRequired {
        client_id: "c",
        discovery_url: "https://acme.com/d",
        type_: IdpOidcOptionsTypeEnum::BackChannel,
    });
    let requests: [IdpKnownRequest; 7] = [
        IdpAdfsRequest::new(IdpAdfsRequestRequired {
            name: "a",
            options: adfs,
        })
        .into(),
        IdpGoogleAppsRequest::new(IdpGoogleAppsRequestRequired {
            name: "a",
            options: IdpGoogleAppsOptionsRequest::new(IdpGoogleAppsOptionsRequestRequired {
                client_id: "c",
                client_secret: "s",
                domain: "acme.com",
            }),
        })
        .into(),
        IdpOidcRequest::new(IdpOidcRequestRequired {
            name: "a",
            options: oidc,
        })
        .into(),
        IdpOktaRequest::new(IdpOktaRequestRequired {
            name: "a",
            options: IdpOktaOptionsRequest::new(IdpOktaOptionsRequestRequired {
                client_id: "c",
                client_secret: "s",
                domain: "acme.okta.com",
            }),
        })
        .into(),
        IdpPingFederateRequest::new(IdpPingFederateRequestRequired {
            name: "a",
            options: ping,
        })
        .into(),
        IdpSamlpRequest::new(IdpSamlpRequestRequired {
            name: "a",
            options: saml,
        })
        .into(),
        IdpWaadRequest::new(IdpWaadRequestRequired {
            name: "a",
            options: IdpWaadOptionsRequest::new(IdpWaadOptionsRequestRequired {
                client_id: "c",
                client_secret: "s",
                tenant_domain: "acme.onmicrosoft.com",
            }),
        })
        .into(),
    ];
    let options = [
        json!({"adfs_server": "https://adfs.acme.com"}),
        json!({"client_id": "c", "client_secret": "s", "domain": "acme.com"}),
        json!({"client_id": "c", "discovery_url": "https://acme.com/d", "type": "back_channel"}),
        json!({"client_id": "c", "client_secret": "s", "domain": "acme.okta.com"}),
        json!({
            "digestAlgorithm": "sha256",
            "pingFederateBaseUrl": "https://ping.acme.com",
            "signSAMLRequest": true,
            "signatureAlgorithm": "rsa-sha256",
            "signingCert": "PEM",
        }),
        json!({"signInEndpoint": "https://acme.com/in", "signSAMLRequest": true, "signingCert": "PEM"}),
        json!({"client_id": "c", "client_secret": "s", "tenant_domain": "acme.onmicrosoft.com"}),
    ];
    for ((request, strategy), options) in requests.into_iter().zip(STRATEGIES).zip(options) {
        let expected = json!({"name": "a", "strategy": strategy, "options": options});
        assert_eq!(create_body(request).await, expected);
    }
}

#[tokio::test]
async fn identity_provider_is_updated_then_no_strategy_is_sent() {
    let options = IdpSamlpOptionsRequestAutomatic::new(IdpSamlpOptionsRequestAutomaticRequired {
        metadata_url: "https://acme.com/metadata",
        sign_saml_request: false,
    });
    for (sent, expected) in [
        (
            update_body(IdpAdfsUpdateRequest::new().display_name("A")).await,
            json!({"display_name": "A"}),
        ),
        (
            update_body(IdpGoogleAppsUpdateRequest::new().is_enabled(true)).await,
            json!({"is_enabled": true}),
        ),
        (
            update_body(IdpOidcUpdateRequest::new().show_as_button(false)).await,
            json!({"show_as_button": false}),
        ),
        (
            update_body(IdpOktaUpdateRequest::new().assign_membership_on_login(true)).await,
            json!({"assign_membership_on_login": true}),
        ),
        (
            update_body(IdpPingFederateUpdateRequest::new().is_enabled(true)).await,
            json!({"is_enabled": true}),
        ),
        (
            update_body(IdpSamlpUpdateRequest::new().options(options)).await,
            json!({"options": {"metadataUrl": "https://acme.com/metadata", "signSAMLRequest": false}}),
        ),
        (update_body(IdpWaadUpdateRequest::new()).await, json!({})),
    ] {
        assert_eq!(sent, expected);
    }
}

#[tokio::test]
async fn options_have_either_shape_then_no_field_is_lost() {
    for (strategy, options) in [
        ("adfs", json!({"fedMetadataXml": "<xml/>"})),
        ("adfs", json!({})),
        (
            "samlp",
            json!({"signInEndpoint": "https://acme.com/in", "signSAMLRequest": true, "cert": "MII"}),
        ),
    ] {
        let mut body = identity_provider(strategy);
        body["options"] = options;
        let provider = decode(body.clone()).await.unwrap();
        assert_eq!(serde_json::to_value(&provider).unwrap(), body);
    }
}
