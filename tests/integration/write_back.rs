//! Values that are read and sent again: absent, null and set fields stay distinct, unknown fields are kept, and
//! responses convert into the update request of their resource. Tests every type of the three crates that the documents
//! list.

mod samples;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use xtask::lower;

use samples::WriteBackSampler;

type RoundTrip = fn(&Value) -> Result<Value, String>;
type Conversion = fn(&Value) -> Result<Value, String>;
type Conversions = BTreeMap<(&'static str, &'static str), Conversion>;

fn round_trip<T: Serialize + DeserializeOwned>(value: &Value) -> Result<Value, String> {
    // Serialize to text, as for a file or a queue.
    let read: T = serde_json::from_str(&value.to_string()).map_err(|error| error.to_string())?;
    let text = serde_json::to_string(&read).map_err(|error| error.to_string())?;
    serde_json::from_str(&text).map_err(|error| error.to_string())
}

fn converted<R, U>(response: &Value) -> Result<Value, String>
where
    R: DeserializeOwned,
    U: TryFrom<R, Error = auth0_core::ConversionError> + Serialize,
{
    let response: R =
        serde_json::from_str(&response.to_string()).map_err(|error| error.to_string())?;
    let update = U::try_from(response).map_err(|error| error.field().to_owned())?;
    serde_json::to_value(&update).map_err(|error| error.to_string())
}

/// The types of each API that are sent or written back.
macro_rules! types {
    ($($api:literal, $module:ident { $($ty:ident)* })*) => {
        [$(($api, BTreeMap::from([$((stringify!($ty), round_trip::<$module::types::$ty> as RoundTrip)),*]))),*]
    };
}

/// The conversions of each API.
macro_rules! conversions {
    ($($api:literal, $module:ident { $($from:ident => $into:ident,)* })*) => {
        [$(($api, BTreeMap::from([$((
            (stringify!($from), stringify!($into)),
            converted::<$module::types::$from, $module::types::$into> as Conversion,
        )),*]))),*]
    };
}

fn types() -> [(&'static str, BTreeMap<&'static str, RoundTrip>); 3] {
    types! {
        "teams", auth0_teams {
            CreateMembersTenantsRequestContent CreateTenantsRequestContent
            DeleteMembersTenantsRequestContent GetMembersResponseContent
            InviteMembersRequestContent InviteMembersResponseContent PrivateCloudPayload
            PublicCloudPayload TeamMember UpdateMembersRequestContent
            UpdateMembersResponseContent UpdateMembersTenantsRequestContent
        }
        "my-organization", auth0_my_organization {
            CreateIdpDomainRequestContent CreateIdpProvisioningScimTokenRequestContent
            CreateMemberInvitationInvitee CreateMemberInvitationRequestContent
            CreateOrganizationDomainRequestContent DeleteMemberInvitationsRequestContent
            DeleteOrganizationMembershipsRequestContent IdpAdfsOptionsRequest
            IdpAdfsOptionsRequestAdfsServer IdpAdfsOptionsRequestFedMetadataXml
            IdpAdfsOptionsResponse IdpAdfsRequest IdpAdfsResponse IdpAdfsUpdateRequest
            IdpGoogleAppsOptionsRequest IdpGoogleAppsOptionsResponse IdpGoogleAppsRequest
            IdpGoogleAppsResponse IdpGoogleAppsUpdateRequest IdpKnownRequest
            IdpMinimalResponse IdpOidcOptionsRequest IdpOidcOptionsResponse IdpOidcRequest
            IdpOidcResponse IdpOidcUpdateRequest IdpOktaOptionsRequest
            IdpOktaOptionsResponse IdpOktaRequest IdpOktaResponse IdpOktaUpdateRequest
            IdpOptionsIdpInitiated IdpPingFederateOptionsRequest
            IdpPingFederateOptionsResponse IdpPingFederateRequest IdpPingFederateResponse
            IdpPingFederateUpdateRequest IdpSamlpOptionsRequest
            IdpSamlpOptionsRequestAutomatic IdpSamlpOptionsRequestManual
            IdpSamlpOptionsResponse IdpSamlpRequest IdpSamlpResponse IdpSamlpUpdateRequest
            CrossAppAccessResourceApp IdpUpdateKnownRequest IdpWaadOptionsRequest IdpWaadOptionsResponse
            IdpWaadRequest IdpWaadResponse IdpWaadUpdateRequest MemberInvitationInviter
            OrgBranding OrgBrandingColors OrgDetails OrgDetailsRequest
            OrganizationMemberRolesChangeRequestContent
        }
        "management", auth0_management {
            AddOrganizationConnectionRequestContent AddOrganizationConnectionResponseContent
            AssignOrganizationMemberRolesRequestContent
            AssociateOrganizationClientGrantRequestContent ConnectionForOrganization
            CreateOrganizationAllConnectionRequestContent
            CreateOrganizationAllConnectionResponseContent
            CreateOrganizationDiscoveryDomainRequestContent
            CreateOrganizationDiscoveryDomainResponseContent
            CreateOrganizationGroupRolesRequestContent
            CreateOrganizationInvitationRequestContent
            CreateOrganizationMemberRequestContent CreateOrganizationRequestContent
            CreateOrganizationResponseContent CreateTokenQuota
            DeleteOrganizationGroupRolesRequestContent
            DeleteOrganizationMemberRolesRequestContent
            DeleteOrganizationMembersRequestContent
            GetOrganizationAllConnectionResponseContent GetOrganizationByNameResponseContent
            GetOrganizationConnectionResponseContent
            GetOrganizationDiscoveryDomainByNameResponseContent
            GetOrganizationDiscoveryDomainResponseContent GetOrganizationResponseContent
            Organization OrganizationAllConnectionPost OrganizationBranding
            OrganizationBrandingColors OrganizationConnection OrganizationDiscoveryDomain
            OrganizationInvitationInvitee OrganizationInvitationInviter TokenQuota
            TokenQuotaClientCredentials UpdateOrganizationAllConnectionRequestContent
            UpdateOrganizationAllConnectionResponseContent
            UpdateOrganizationConnectionRequestContent
            UpdateOrganizationConnectionResponseContent
            UpdateOrganizationDiscoveryDomainRequestContent
            UpdateOrganizationDiscoveryDomainResponseContent
            UpdateOrganizationRequestContent UpdateOrganizationResponseContent
            UpdateTokenQuota
        }
    }
}

fn conversions() -> [(&'static str, Conversions); 3] {
    conversions! {
        "teams", auth0_teams {
            GetMembersResponseContent => UpdateMembersRequestContent,
            InviteMembersResponseContent => UpdateMembersRequestContent,
            TeamMember => UpdateMembersRequestContent,
            UpdateMembersResponseContent => UpdateMembersRequestContent,
        }
        "my-organization", auth0_my_organization {
            IdpAdfsResponse => IdpAdfsUpdateRequest,
            IdpGoogleAppsResponse => IdpGoogleAppsUpdateRequest,
            IdpKnownResponse => IdpUpdateKnownRequest,
            IdpListItemResponse => IdpUpdateKnownRequest,
            IdpOidcResponse => IdpOidcUpdateRequest,
            IdpOktaResponse => IdpOktaUpdateRequest,
            IdpPingFederateResponse => IdpPingFederateUpdateRequest,
            IdpSamlpResponse => IdpSamlpUpdateRequest,
            IdpWaadResponse => IdpWaadUpdateRequest,
            OrgDetails => OrgDetailsRequest,
        }
        "management", auth0_management {
            AddOrganizationConnectionResponseContent => UpdateOrganizationConnectionRequestContent,
            CreateOrganizationAllConnectionResponseContent => UpdateOrganizationAllConnectionRequestContent,
            CreateOrganizationDiscoveryDomainResponseContent => UpdateOrganizationDiscoveryDomainRequestContent,
            CreateOrganizationResponseContent => UpdateOrganizationRequestContent,
            GetOrganizationAllConnectionResponseContent => UpdateOrganizationAllConnectionRequestContent,
            GetOrganizationByNameResponseContent => UpdateOrganizationRequestContent,
            GetOrganizationConnectionResponseContent => UpdateOrganizationConnectionRequestContent,
            GetOrganizationDiscoveryDomainByNameResponseContent => UpdateOrganizationDiscoveryDomainRequestContent,
            GetOrganizationDiscoveryDomainResponseContent => UpdateOrganizationDiscoveryDomainRequestContent,
            GetOrganizationResponseContent => UpdateOrganizationRequestContent,
            Organization => UpdateOrganizationRequestContent,
            OrganizationAllConnectionPost => UpdateOrganizationAllConnectionRequestContent,
            OrganizationConnection => UpdateOrganizationConnectionRequestContent,
            OrganizationDiscoveryDomain => UpdateOrganizationDiscoveryDomainRequestContent,
            UpdateOrganizationAllConnectionResponseContent => UpdateOrganizationAllConnectionRequestContent,
            UpdateOrganizationConnectionResponseContent => UpdateOrganizationConnectionRequestContent,
            UpdateOrganizationDiscoveryDomainResponseContent => UpdateOrganizationDiscoveryDomainRequestContent,
            UpdateOrganizationResponseContent => UpdateOrganizationRequestContent,
        }
    }
}

fn sampler(api: &str) -> WriteBackSampler {
    let path = format!("../openapi/{api}/normalized.json");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    WriteBackSampler::new(serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap())
}

#[test]
fn every_type_that_is_sent_or_written_back_has_a_round_trip() {
    for (api, types) in types() {
        let sampler = sampler(api);
        let plan = lower::write_back(&sampler.value);
        let sent = lower::reachable(&sampler.value).requests;
        let expected: BTreeSet<&str> = sent
            .union(&plan.keeping)
            .map(String::as_str)
            .filter(|name| sampler.is_object(name))
            .collect();
        assert_eq!(
            types.into_keys().collect::<BTreeSet<_>>(),
            expected,
            "{api}"
        );
    }
}

#[test]
fn field_is_absent_null_or_set_then_a_round_trip_keeps_it() {
    let mut tried = 0;
    for (api, types) in types() {
        let sampler = sampler(api);
        for (name, round_trip) in types {
            for value in sampler.samples(name) {
                let read = round_trip(&value);
                assert_eq!(read.as_ref(), Ok(&value), "{api}: {name}");
                tried += 1;
            }
        }
    }
    assert!(tried > 500, "only {tried} values were tried");
}

#[test]
fn field_is_unknown_then_types_that_are_written_back_keep_it() {
    for (api, types) in types() {
        let sampler = sampler(api);
        let written_back = lower::write_back(&sampler.value).keeping;
        for (name, round_trip) in types {
            let value = sampler.complete(name, &written_back);
            assert_eq!(round_trip(&value).as_ref(), Ok(&value), "{api}: {name}");
        }
    }
}

#[test]
fn response_is_converted_then_the_update_has_every_accepted_field() {
    // Fields that requests require and no response has.
    let secrets: BTreeMap<&str, &str> = [
        ("IdpGoogleAppsUpdateRequest", "options.client_secret"),
        ("IdpOktaUpdateRequest", "options.client_secret"),
        ("IdpWaadUpdateRequest", "options.client_secret"),
    ]
    .into();
    for (api, conversions) in conversions() {
        let sampler = sampler(api);
        let plan = lower::write_back(&sampler.value);
        let planned = plan.conversions.iter();
        let planned = planned.map(|(from, into)| (from.as_str(), into.as_str()));
        let tried: BTreeSet<_> = conversions.keys().copied().collect();
        assert!(planned.clone().count() > 0);
        for pair in planned {
            assert!(tried.contains(&pair), "{api}: {pair:?} is not tried");
        }
        for ((from, into), convert) in conversions {
            let accepted = sampler.properties(into);
            for response in sampler.complete_variants(from, &plan.keeping) {
                let converted = convert(&response);
                if let Some(field) = secrets.get(into) {
                    assert_eq!(converted, Err((*field).to_owned()), "{from}");
                    continue;
                }
                let mut expected: Map<String, Value> = response.as_object().unwrap().clone();
                expected.retain(|name, _| accepted.contains(name));
                if let Some(cert) = expected
                    .get_mut("options")
                    .and_then(|options| options.as_object_mut()?.remove("cert"))
                {
                    expected["options"]["signingCert"] = cert;
                }
                if converted == Err("options.client_secret".to_owned()) {
                    // The union of all variants.
                    assert!(
                        ["google-apps", "okta", "waad"]
                            .contains(&response["strategy"].as_str().unwrap())
                    );
                    continue;
                }
                assert_eq!(converted, Ok(expected.into()), "{from} into {into}");
            }
        }
    }
}

#[test]
fn queued_update_has_nulls_then_deserializing_it_keeps_them() {
    for update in [
        json!({"token_quota": null, "branding": {"logo_url": null}}),
        json!({"metadata": {"gone": null, "kept": "x"}, "branding": {}}),
        json!({"branding": {"logo_url": null, "colors": {"page_background": "#fff", "primary": "#000"}}}),
        json!({}),
    ] {
        let read = round_trip::<auth0_management::types::UpdateOrganizationRequestContent>(&update);
        assert_eq!(read, Ok(update));
    }
    let update = json!({"branding": {"logo_url": null}});
    let read = round_trip::<auth0_my_organization::types::OrgDetailsRequest>(&update);
    assert_eq!(read, Ok(update));
}

#[test]
fn null_is_not_allowed_then_it_is_an_error() {
    use auth0_management::types::*;
    use auth0_teams::types::UpdateMembersTenantsRequestContent;

    let assert_invalid = |result: Result<Value, String>, expected: &str| {
        let error = result.unwrap_err();
        assert!(error.contains("null"), "{error}");
        assert!(error.contains(expected), "{error}");
    };
    for update in [json!({"display_name": null}), json!({"name": null})] {
        assert_invalid(
            round_trip::<UpdateOrganizationRequestContent>(&update),
            "expected a string",
        );
    }
    // An empty list would remove every role.
    let roles = json!({"roles": null, "tenants": ["4b4ea5a8-5b8e-4d0c-9d8d-0d2b6a2a6f5e"]});
    assert_invalid(
        round_trip::<UpdateMembersTenantsRequestContent>(&roles),
        "expected a sequence",
    );
    // A type that responses use, too, keeps the null.
    let quota = json!({"token_quota": {"client_credentials": {"enforce": true, "per_day": null}}});
    let read = round_trip::<UpdateOrganizationRequestContent>(&quota);
    assert_eq!(read, Ok(quota));
}

mod identity_providers {
    use std::sync::{Arc, Mutex};

    use auth0_my_organization::types::*;
    use auth0_my_organization::{Client, RetryPolicy};
    use wiremock::{MockServer, Request};

    use super::*;
    use crate::support::*;

    const SECRET: &str = "s3cr3t-of-the-decryption";

    /// A server with one identity provider; an update replaces its options completely.
    async fn replacing_server(provider: Value) -> (MockServer, Client, Arc<Mutex<Value>>) {
        let state = Arc::new(Mutex::new(provider));
        let shared = Arc::clone(&state);
        let server = mock_server_with(move |request: &Request| {
            let mut provider = shared.lock().unwrap();
            if request.method == "PATCH" {
                let change: Map<String, Value> = request.body_json().unwrap();
                for (name, value) in change {
                    provider[name] = value;
                }
            }
            json(200, &provider)
        })
        .await;
        let client = Client::builder()
            .base_url(format!("{}/my-org", server.uri()))
            .retry(RetryPolicy::never())
            .token_source(auth0_core::StaticToken::new(TOKEN))
            .http_client(http_client())
            .build()
            .unwrap();
        (server, client, state)
    }

    fn saml() -> Value {
        json!({
            "id": "con_0000000000000001",
            "strategy": "samlp",
            "attributes": [],
            "created_at": "2026-01-08T10:00:00Z",
            "options": {
                "signInEndpoint": "https://acme.test/in",
                "signSAMLRequest": true,
                "cert": "MII",
                "icon_url": "https://acme.test/icon",
                "assertion_decryption_settings": {"algorithm_profile": "v2026-1", "key": SECRET, "default": null},
                "idpInitiated": {"enabled": true, "client_organization": null},
            },
        })
    }

    #[tokio::test]
    async fn provider_is_changed_and_written_back_then_unknown_options_are_kept() {
        let (_server, client, state) = replacing_server(saml()).await;
        let providers = client.organization().identity_providers();
        let provider = providers.get("con_0000000000000001").await.unwrap();
        assert!(!format!("{provider:?}").contains(SECRET), "{provider:?}");
        let mut update = IdpUpdateKnownRequest::try_from(provider).unwrap();
        let IdpUpdateKnownRequest::Samlp(saml) = &mut update else {
            panic!("expected samlp, found {update:?}");
        };
        saml.display_name = Some("Acme".to_owned());
        let Some(IdpSamlpOptionsRequest::Manual(options)) = &mut saml.options else {
            panic!("expected the manual form");
        };
        let unknown = options
            .additional_fields
            .get("assertion_decryption_settings");
        assert_eq!(unknown.unwrap()["default"], Value::Null);
        options.icon_url = Some("https://acme.test/new".to_owned());
        assert!(!format!("{update:?}").contains(SECRET), "{update:?}");
        providers
            .update("con_0000000000000001", update)
            .await
            .unwrap();

        let mut expected = self::saml();
        expected["display_name"] = json!("Acme");
        expected["options"]["icon_url"] = json!("https://acme.test/new");
        let options = expected["options"].as_object_mut().unwrap();
        let cert = options.remove("cert").unwrap();
        options.insert("signingCert".to_owned(), cert);
        assert_eq!(*state.lock().unwrap(), expected);
    }

    #[tokio::test]
    async fn provider_has_a_certificate_under_both_names_then_both_are_written_back() {
        let mut provider = saml();
        provider["options"]["signingCert"] = json!("MIJ");
        let (_server, client, state) = replacing_server(provider.clone()).await;
        let providers = client.organization().identity_providers();
        let read = providers.get("con_0000000000000001").await.unwrap();
        let update = IdpUpdateKnownRequest::try_from(read).unwrap();
        providers
            .update("con_0000000000000001", update)
            .await
            .unwrap();
        assert_eq!(*state.lock().unwrap(), provider);
    }

    #[tokio::test]
    async fn strategy_is_unknown_then_the_provider_is_written_back_unchanged() {
        let mut provider = saml();
        provider["strategy"] = json!("keycloak");
        let (server, client, state) = replacing_server(provider.clone()).await;
        let providers = client.organization().identity_providers();
        let read = providers.get("con_0000000000000001").await.unwrap();
        let update = IdpUpdateKnownRequest::try_from(read).unwrap();
        assert!(
            matches!(update, IdpUpdateKnownRequest::Other(_)),
            "{update:?}"
        );
        providers
            .update("con_0000000000000001", update)
            .await
            .unwrap();
        assert_eq!(*state.lock().unwrap(), provider);
        // Properties that an update does not accept are not sent.
        let sent: Value = requests(&server).await[1].body_json().unwrap();
        assert_eq!(sent, json!({"options": provider["options"]}));
    }

    #[test]
    fn update_matches_no_variant_then_it_is_kept_and_can_be_sent() {
        for update in [
            json!({"options": {"realm": "acme"}, "display_name": "Acme"}),
            json!({"options": {"type": "back_channel", "client_id": 7}}),
        ] {
            assert_eq!(round_trip::<IdpUpdateKnownRequest>(&update), Ok(update));
        }
    }

    #[test]
    fn request_requires_a_field_that_no_response_has_then_the_error_names_it() {
        let provider = json!({
            "strategy": "okta",
            "attributes": [],
            "options": {"client_id": "c", "domain": "okta.acme.test", "token": SECRET},
        });
        let provider: IdpKnownResponse = serde_json::from_value(provider).unwrap();
        let error = IdpUpdateKnownRequest::try_from(provider.clone()).unwrap_err();
        assert_eq!(error.field(), "options.client_secret");
        assert_eq!(
            error.to_string(),
            "the response cannot be converted into `IdpOktaUpdateRequest`: options.client_secret: required by the request, absent \
             from the response"
        );
        assert!(!printed(&error).contains(SECRET));
        // The caller adds the secret.
        let IdpKnownResponse::Okta(mut okta) = provider else {
            panic!("expected okta");
        };
        okta.options.additional_fields.set("client_secret", "known");
        let update = IdpOktaUpdateRequest::try_from(okta).unwrap();
        let options = update.options.unwrap();
        assert_eq!(options.client_secret.secret(), "known");
        assert!(options.additional_fields.get("client_secret").is_none());
    }

    #[tokio::test]
    async fn additional_field_has_a_documented_name_then_nothing_is_sent() {
        let (server, client, _) = replacing_server(saml()).await;
        let mut update = IdpOidcUpdateRequest::new().is_enabled(true);
        update.additional_fields.set("display_name", SECRET);
        let providers = client.organization().identity_providers();
        let error = providers
            .update("con_0000000000000001", update)
            .await
            .unwrap_err();
        assert!(error.to_string().contains("display_name"), "{error}");
        assert!(!printed(&error).contains(SECRET));
        assert!(requests(&server).await.is_empty());
    }
}
