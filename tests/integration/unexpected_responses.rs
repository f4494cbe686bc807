//! Undocumented responses and headers in the clients of all three APIs.

use auth0_core::http::{HeaderName, HeaderValue};
use auth0_core::{Error, StaticToken};
use wiremock::ResponseTemplate;

use crate::bodies::public_cloud;
use crate::support::*;

const PAGE: &str = "<html><title>Log in</title></html>";

fn organizations(url: &str) -> auth0_management::Client {
    auth0_management::Client::builder()
        .base_url(url)
        .token_source(StaticToken::new(TOKEN))
        .http_client(http_client())
        .build()
        .unwrap()
}

fn my_organization(url: &str) -> auth0_my_organization::Client {
    auth0_my_organization::Client::builder()
        .base_url(url)
        .token_source(StaticToken::new(TOKEN))
        .http_client(http_client())
        .build()
        .unwrap()
}

/// The errors of calls of each API: writes without a body, writes with one, and reads.
async fn errors(response: ResponseTemplate) -> Vec<(&'static str, Error)> {
    let server = mock_server(response).await;
    let (teams, url) = (client(&server), server.uri());
    let (organizations, my_organization) = (organizations(&url), my_organization(&url));
    let all = organizations.organizations();
    let payload = public_cloud("a@example.com", "us");
    vec![
        (
            "members().delete",
            teams.members().delete("m").await.unwrap_err(),
        ),
        (
            "tenants().delete",
            teams
                .tenants()
                .delete(auth0_teams::uuid::Uuid::nil())
                .await
                .unwrap_err(),
        ),
        (
            "tenants().create",
            teams.tenants().create(payload).await.unwrap_err(),
        ),
        ("members().get", teams.members().get("m").await.unwrap_err()),
        ("members().list", teams.members().list().await.unwrap_err()),
        (
            "organizations().delete",
            all.delete("org_1").await.unwrap_err(),
        ),
        (
            "organizations().get_by_name",
            all.get_by_name("acme").await.unwrap_err(),
        ),
        (
            "organizations().client_grants().delete",
            all.client_grants().delete("org_1", "g").await.unwrap_err(),
        ),
        (
            "organization_details().delete",
            my_organization
                .organization_details()
                .delete()
                .await
                .unwrap_err(),
        ),
        (
            "organization().domains().delete",
            my_organization
                .organization()
                .domains()
                .delete("ord_0123456789abcdefghijkl")
                .await
                .unwrap_err(),
        ),
    ]
}

#[tokio::test]
async fn login_page_is_returned_with_200_then_no_call_succeeds_and_the_error_keeps_the_page() {
    for status in [200, 201, 202, 203] {
        let response = ResponseTemplate::new(status)
            .insert_header("x-auth0-requestid", "r-1")
            .set_body_raw(PAGE, "text/html");
        for (method, error) in errors(response).await {
            assert!(error.is_undecodable() && error.may_have_acted(), "{error}");
            assert_eq!(error.is_outcome_unknown(), !error.has_acted());
            // A login page does not prove that the write was carried out.
            let is_write = ![".get", ".list"].iter().any(|read| method.contains(read));
            if status == 200 {
                assert_eq!(error.is_outcome_unknown(), is_write, "{error}");
            }
            assert_eq!(error.status().unwrap().as_u16(), status);
            assert_eq!(error.headers().unwrap()["content-type"], "text/html");
            assert_eq!(error.body().unwrap(), PAGE);
            let text = error.to_string();
            assert!(text.starts_with(&format!("{method}: ")), "{text}");
            assert!(
                text.contains(&status.to_string()) && text.contains("text/html"),
                "{text}"
            );
            assert!(text.ends_with("; request id r-1)"), "{text}");
            assert!(!text.contains("Log in"), "{text}");
        }
    }
}

#[tokio::test]
async fn redirect_is_returned_then_no_call_succeeds_and_the_error_names_its_target() {
    let response = ResponseTemplate::new(302)
        .insert_header("location", "https://login.example.com/login?state=s3cr3t");
    for (method, error) in errors(response).await {
        assert!(error.is_status() && !error.may_have_acted(), "{error}");
        let text = error.to_string();
        let expected =
            format!("{method}: 302 Found: redirected to https://login.example.com/login,");
        assert!(text.starts_with(&expected), "{text}");
        assert!(!text.contains("s3cr3t"), "{text}");
    }
}

#[tokio::test]
async fn gateway_fails_then_every_write_may_have_acted() {
    for status in [408, 500, 502, 503, 504, 520, 522, 529] {
        let response = ResponseTemplate::new(status).set_body_raw(PAGE, "text/html");
        // The clients of the other APIs retry and wait by default.
        let server = mock_server(response).await;
        let payload = public_cloud("a@example.com", "us");
        let created = client(&server).tenants().create(payload).await;
        let error = created.unwrap_err();
        assert!(error.is_outcome_unknown() && error.is_status(), "{error}");
        assert!(error.may_have_acted() && !error.has_acted(), "{error}");
        assert_eq!(error.verify_with(), ["listTenants"]);
        assert!(
            error.to_string().contains("check tenants().list"),
            "{error}"
        );
        let read = client(&server).members().get("m").await.unwrap_err();
        assert!(!read.is_outcome_unknown(), "{read}");
    }
}

#[tokio::test]
async fn reserved_header_is_set_then_every_client_rejects_it() {
    let server = mock_server_json(200, serde_json::json!({})).await;
    let url = server.uri();
    for name in [
        "authorization",
        "host",
        "content-length",
        "transfer-encoding",
        "dpop",
        "te",
    ] {
        let header = || {
            (
                HeaderName::from_static(name),
                HeaderValue::from_static("s3cr3t"),
            )
        };
        let (name, value) = header();
        let teams = client(&server).members().delete("m").header(name, value);
        let (name, value) = header();
        let organizations = organizations(&url)
            .organizations()
            .get("o")
            .header(name, value);
        let (name, value) = header();
        let my_organization = my_organization(&url)
            .organization_details()
            .get()
            .header(name, value);
        let errors = [
            teams.await.unwrap_err(),
            organizations.await.unwrap_err(),
            my_organization.await.unwrap_err(),
        ];
        for error in errors {
            assert!(error.is_invalid_request(), "{error}");
            assert!(!printed(&error).contains("s3cr3t"), "{error}");
        }
    }
    assert!(requests(&server).await.is_empty());
}
