//! Identity providers: tagged by their strategy where they are created and read, by the caller's choice where they change.

use auth0_my_organization::types::*;
use auth0_my_organization::{Error, serde_json};
use serde_json::{Value, json};

use super::organization;
use super::samples::*;
use crate::support::*;

/// What the server gives as an identity provider that was asked for.
async fn got(answer: Value) -> Result<IdpKnownResponse, Error> {
    let server = answering_json(200, answer).await;
    organization(&server)
        .organization()
        .identity_providers()
        .get(IDP_ID)
        .await
}

async fn listed(items: Value) -> Vec<IdpListItemResponse> {
    let server = answering_json(200, json!({"identity_providers": items})).await;
    let list = organization(&server)
        .organization()
        .identity_providers()
        .list()
        .await;
    list.unwrap().identity_providers
}

/// What is sent to create `provider`.
async fn created(provider: impl Into<IdpKnownRequest>) -> Value {
    let server = answering_json(201, identity_provider("oidc")).await;
    let call = organization(&server)
        .organization()
        .identity_providers()
        .create(provider);
    call.await.unwrap();
    only_request(&server).await.body_json().unwrap()
}

/// What is sent to change one.
async fn updated(change: impl Into<IdpUpdateKnownRequest>) -> Value {
    let server = answering_json(200, identity_provider("oidc")).await;
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
async fn strategy_is_known_then_the_answer_is_of_that_form_and_comes_back_whole() {
    for strategy in STRATEGIES {
        let provider = got(identity_provider(strategy)).await.unwrap();
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
async fn strategy_is_unknown_then_the_answer_survives_a_round_trip() {
    let mut body = identity_provider("oidc");
    body["strategy"] = json!("keycloak");
    body["options"] = json!({"realm": ["acme", null]});
    let provider = got(body.clone()).await.unwrap();
    assert_eq!(variant(&provider), "other");
    assert_eq!(provider.strategy(), Some("keycloak"));
    assert_eq!(provider.id(), Some(IDP_ID));
    assert_eq!(provider.is_enabled(), Some(true));
    assert_eq!(serde_json::to_value(&provider).unwrap(), body);
    // It can be sent as well, by saying so.
    let IdpKnownResponse::Other(unlisted) = provider else {
        panic!("found {provider:?}");
    };
    assert_eq!(created(IdpKnownRequest::Other(unlisted)).await, body);
}

#[tokio::test]
async fn strategy_is_missing_or_odd_then_the_answer_is_kept_as_it_came() {
    for odd in [Value::Null, json!(7), json!(["oidc"])] {
        let mut body = identity_provider("oidc");
        body["strategy"] = odd;
        let provider = got(body.clone()).await.unwrap();
        assert_eq!((variant(&provider), provider.strategy()), ("other", None));
        assert_eq!(serde_json::to_value(&provider).unwrap(), body);
    }
}

#[tokio::test]
async fn field_of_a_known_strategy_is_missing_then_the_error_names_it() {
    let mut body = identity_provider("oidc");
    body.as_object_mut().unwrap().remove("attributes");
    let error = got(body).await.unwrap_err();
    assert!(
        error.to_string().contains("missing field `attributes`"),
        "{error}"
    );
}

#[tokio::test]
async fn strategy_of_a_listed_provider_is_null_then_the_listing_goes_on_and_the_item_is_kept() {
    let mut short = short_identity_provider();
    short["strategy"] = Value::Null;
    let odd = json!({"id": IDP_ID, "strategy": null, "name": "a", "options": {}});
    let list = listed(json!([short, odd, identity_provider("oidc")])).await;
    assert!(
        matches!(list[0], IdpListItemResponse::Minimal(_)),
        "{list:?}"
    );
    assert!(matches!(list[1], IdpListItemResponse::Other(_)), "{list:?}");
    assert_eq!(serde_json::to_value(&list[1]).unwrap(), odd);
    assert!(matches!(list[2], IdpListItemResponse::Oidc(_)), "{list:?}");
}

#[tokio::test]
async fn listing_has_all_forms_then_each_item_is_of_its_own() {
    let mut unknown = short_identity_provider();
    unknown["strategy"] = json!("keycloak");
    let items = [
        identity_provider("samlp"),
        short_identity_provider(),
        unknown,
        json!({"strategy": "ldap"}),
    ];
    let list = listed(json!(items)).await;
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
async fn identity_provider_is_created_then_its_strategy_is_written_without_being_asked_for() {
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
        assert_eq!(created(request).await, expected);
    }
}

#[tokio::test]
async fn identity_provider_is_changed_then_no_strategy_is_sent() {
    let options = IdpSamlpOptionsRequestAutomatic::new(IdpSamlpOptionsRequestAutomaticRequired {
        metadata_url: "https://acme.com/metadata",
        sign_saml_request: false,
    });
    for (sent, expected) in [
        (
            updated(IdpAdfsUpdateRequest::new().display_name("A")).await,
            json!({"display_name": "A"}),
        ),
        (
            updated(IdpGoogleAppsUpdateRequest::new().is_enabled(true)).await,
            json!({"is_enabled": true}),
        ),
        (
            updated(IdpOidcUpdateRequest::new().show_as_button(false)).await,
            json!({"show_as_button": false}),
        ),
        (
            updated(IdpOktaUpdateRequest::new().assign_membership_on_login(true)).await,
            json!({"assign_membership_on_login": true}),
        ),
        (
            updated(IdpPingFederateUpdateRequest::new().is_enabled(true)).await,
            json!({"is_enabled": true}),
        ),
        (
            updated(IdpSamlpUpdateRequest::new().options(options)).await,
            json!({"options": {"metadataUrl": "https://acme.com/metadata", "signSAMLRequest": false}}),
        ),
        (updated(IdpWaadUpdateRequest::new()).await, json!({})),
    ] {
        assert_eq!(sent, expected);
    }
}

#[tokio::test]
async fn options_come_in_either_form_then_nothing_of_them_is_lost() {
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
        let provider = got(body.clone()).await.unwrap();
        assert_eq!(serde_json::to_value(&provider).unwrap(), body);
    }
}
