//! Tokens of the three APIs: audiences, organizations and keys.

use auth0_sandbox::{Application, Sandbox, User};
use reqwest::redirect::Policy;
use serde_json::{Value, json};
use url::Url;

use super::{
    error_code, error_type, management, my_organization, request_token, start, start_default, token,
};
use crate::dpop::BoundToken;
use crate::support::{TestResponse, TestSandbox, form, send_request};

async fn get(sandbox: &TestSandbox, path: &str, token: &str) -> TestResponse {
    let request = sandbox.http.get(format!("{}{path}", sandbox.url()));
    send_request(request.bearer_auth(token)).await
}

#[tokio::test]
async fn token_for_another_api_is_rejected_in_each_error_format() {
    let sandbox = start_default().await;
    let apis = [
        (sandbox.audience(), "/api/members"),
        (sandbox.my_organization_audience(), "/my-org/details"),
        (sandbox.management_audience(), "/api/v2/organizations"),
    ];
    for (audience, own) in apis {
        let organization = sandbox.organization_id();
        let token = token(
            &sandbox,
            &[("audience", audience), ("organization", organization)],
        )
        .await;
        for (_, path) in apis {
            let response = get(&sandbox, path, &token).await;
            if path == own {
                response.expect(200);
                continue;
            }
            assert_eq!(response.status, 401, "{audience} at {path}");
            let challenge = response.header("www-authenticate").unwrap();
            assert!(challenge.contains("another audience"), "{challenge}");
            match path {
                "/api/members" => assert_eq!(response.status_and_type(), (401, "UNAUTHORIZED")),
                "/my-org/details" => assert_eq!(error_type(&response), (401, "A0E-401-0001")),
                _ => assert_eq!(error_code(&response), (401, "invalid_token")),
            }
        }
    }
    let response = send_request(
        sandbox
            .http
            .get(format!("{}/details", sandbox.my_organization_url())),
    )
    .await;
    assert_eq!(error_type(&response), (401, "A0E-401-0002"));
    let response = request_token(&sandbox, &[("audience", "https://other.test/my-org/")]).await;
    assert_eq!(response.status, 403);
}

#[tokio::test]
async fn token_contains_the_scopes_of_its_api_only() {
    let sandbox = start_default().await;
    let granted = async |audience: &str| {
        let response = request_token(&sandbox, &[("audience", audience)])
            .await
            .expect(200);
        response["scope"].as_str().unwrap().to_owned()
    };
    let my_organization = granted(sandbox.my_organization_audience()).await;
    assert_eq!(my_organization.split(' ').count(), 31, "{my_organization}");
    assert!(
        my_organization
            .split(' ')
            .all(|scope| scope.contains(":my_org:"))
    );
    let management = granted(sandbox.management_audience()).await;
    assert!(
        management
            .split(' ')
            .all(|scope| scope.contains(":organization"))
    );
    let team = granted(sandbox.audience()).await;
    assert!(team.contains("read:members") && !team.contains("organization"));
    let response = request_token(
        &sandbox,
        &[
            ("audience", sandbox.management_audience()),
            ("scope", "read:my_org:details"),
        ],
    )
    .await;
    assert_eq!(response.status, 403);
}

#[tokio::test]
async fn one_of_several_scopes_is_required() {
    let sandbox = start_default().await;
    let reader = my_organization(&sandbox, sandbox.organization_id(), "read:my_org:details").await;
    reader.get("/details").await.expect(200);
    let rejected = reader.get("/members").await;
    assert_eq!(error_type(&rejected), (403, "A0E-403-0002"));
    let summary = management(&sandbox, "read:organizations_summary").await;
    summary.get("/organizations").await.expect(200);
    let rejected = summary.get(&summary.organization_path("/members")).await;
    assert_eq!(error_code(&rejected), (403, "insufficient_scope"));
}

#[tokio::test]
async fn token_without_organization_is_rejected_by_my_organization() {
    let sandbox = start_default().await;
    let audience = sandbox.my_organization_audience();
    let token = token(&sandbox, &[("audience", audience)]).await;
    let response = get(&sandbox, "/my-org/details", &token).await;
    assert_eq!(error_type(&response), (403, "A0E-403-0001"));
    let organization = "org_0000000000000000";
    let response = request_token(
        &sandbox,
        &[("audience", audience), ("organization", organization)],
    )
    .await;
    assert_eq!(response.status, 403);
}

#[tokio::test]
async fn organization_token_accesses_its_organization_only() {
    let sandbox = start_default().await;
    let management = management(&sandbox, "").await;
    let all = management.get("/organizations").await.expect(200);
    for organization in all.as_array().unwrap() {
        let id = organization["id"].as_str().unwrap();
        let details = my_organization(&sandbox, id, "")
            .await
            .get("/details")
            .await
            .expect(200);
        assert_eq!(details["name"], organization["name"]);
    }
}

/// Logs in as a native application, with a code and PKCE.
async fn login(sandbox: &TestSandbox, user: &str, organization: &str) -> Result<Value, Value> {
    let http = reqwest::Client::builder()
        .no_proxy()
        .redirect(Policy::none());
    let query = form(&[
        ("client_id", "program"),
        ("response_type", "code"),
        ("redirect_uri", "http://127.0.0.1:1/callback"),
        ("scope", "openid offline_access read:my_org:details"),
        ("audience", sandbox.my_organization_audience()),
        ("organization", organization),
        ("login_hint", user),
        // From RFC 7636, appendix B.
        (
            "code_challenge",
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        ),
        ("code_challenge_method", "S256"),
    ]);
    let url = format!("{}/authorize?{query}", sandbox.url());
    let response = send_request(http.build().unwrap().get(url)).await;
    let location = Url::parse(response.header("location").unwrap()).unwrap();
    let pairs: std::collections::BTreeMap<_, _> = location.query_pairs().into_owned().collect();
    let Some(code) = pairs.get("code") else {
        return Err(json!(pairs["error"]));
    };
    let response = sandbox
        .request_token(&[
            ("grant_type", "authorization_code"),
            ("client_id", "program"),
            ("code", code),
            ("redirect_uri", "http://127.0.0.1:1/callback"),
            (
                "code_verifier",
                "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
            ),
        ])
        .await;
    Ok(response.expect(200))
}

#[tokio::test]
async fn only_members_obtain_a_token_for_the_organization() {
    let sandbox = start(
        Sandbox::builder()
            .application(Application::new("robot", "s3cret").any_organization())
            .application(Application::native("program").any_organization())
            .user(User::new("auth0|eve", "eve@example.test", "Eve"))
            .login_at_once(),
    )
    .await;
    let organization = sandbox.organization_id();
    let tokens = login(&sandbox, "eve@example.test", organization)
        .await
        .unwrap();
    let token = tokens["access_token"].as_str().unwrap();
    let details = get(&sandbox, "/my-org/details", token).await.expect(200);
    assert_eq!(details["id"], organization);
    assert_eq!(get(&sandbox, "/my-org/members", token).await.status, 403);
    // All people of the tenant can log in, but not for organizations they are not members of.
    let management = management(&sandbox, "").await;
    let all = management.get("/organizations").await.expect(200);
    let other = all[1]["id"].as_str().unwrap();
    assert_eq!(
        login(&sandbox, "eve@example.test", other).await,
        Err(json!("access_denied"))
    );
    // A removed member keeps the current access token but cannot obtain another.
    let path = management.organization_path("/members");
    let body = json!({"members": ["auth0|eve"]});
    let removed = management
        .send(reqwest::Method::DELETE, &path, Some(body))
        .await;
    removed.expect(204);
    let refreshed = sandbox
        .request_token(&[
            ("grant_type", "refresh_token"),
            ("client_id", "program"),
            ("refresh_token", tokens["refresh_token"].as_str().unwrap()),
        ])
        .await;
    assert_eq!(
        (refreshed.status, &refreshed.body["error"]),
        (403, &json!("invalid_grant"))
    );
    assert_eq!(
        login(&sandbox, "eve@example.test", organization).await,
        Err(json!("access_denied"))
    );
}

#[tokio::test]
async fn users_obtain_no_management_api_token() {
    let sandbox = start(
        Sandbox::builder()
            .application(Application::native("program"))
            .user(User::new("auth0|eve", "eve@example.test", "Eve"))
            .login_at_once(),
    )
    .await;
    let response = sandbox
        .request_token(&[
            ("grant_type", "client_credentials"),
            ("client_id", "program"),
            ("audience", sandbox.management_audience()),
        ])
        .await;
    assert_eq!(response.body["error"], "unauthorized_client");
    let request = sandbox
        .http
        .post(format!("{}/oauth/device/code", sandbox.url()));
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let body = form(&[
        ("client_id", "program"),
        ("audience", sandbox.management_audience()),
    ]);
    assert_eq!(
        send_request(request.body(body)).await.body["error"],
        "access_denied"
    );
}

#[tokio::test]
async fn bound_token_requires_a_proof_with_nonce_at_every_api() {
    let sandbox = start(Sandbox::builder().dpop_nonces()).await;
    let more = |audience| {
        [
            ("audience", audience),
            ("organization", sandbox.organization_id()),
        ]
    };
    for (audience, path) in [
        (sandbox.audience(), "/api/environments"),
        (sandbox.my_organization_audience(), "/my-org/details"),
        (sandbox.management_audience(), "/api/v2/organizations"),
    ] {
        let bound = BoundToken::obtain(&sandbox, &more(audience)).await;
        // The first call fails and returns the nonce for the second.
        let first = bound.get(path, None).await;
        assert_eq!(first.status, 401, "{path}");
        let challenge = first.header("www-authenticate").unwrap();
        assert!(challenge.contains("use_dpop_nonce"), "{challenge}");
        let nonce = first.header("dpop-nonce").unwrap().to_owned();
        bound.get(path, Some(&nonce)).await.expect(200);
        let response = get(&sandbox, path, &bound.token).await;
        assert_eq!(response.status, 401, "{path}");
    }
}

#[tokio::test]
async fn organization_created_by_management_api_can_be_renamed_by_its_administrator() {
    let sandbox = start_default().await;
    let management = management(&sandbox, "").await;
    let body = json!({"name": "acme-customers"});
    let organization = management.post("/organizations", body).await.expect(201);
    let id = organization["id"].as_str().unwrap();
    let my_organization = my_organization(&sandbox, id, "").await;
    let renamed = my_organization
        .patch("/details", json!({"name": "acme-people"}))
        .await;
    assert_eq!(renamed.expect(200)["name"], "acme-people");
    let found = management.get("/organizations/name/acme-people").await;
    assert_eq!(found.expect(200)["id"], id);
    let gone = management.get("/organizations/name/acme-customers").await;
    assert_eq!(error_code(&gone), (404, "inexistent_organization"));
}

#[tokio::test]
async fn client_grant_allows_a_machine_to_act_for_the_organization() {
    let application = |id| Application::new(id, "s3cret");
    let builder = Sandbox::builder().application(application("operator"));
    let sandbox = start(builder.application(application("robot"))).await;
    let management = management(&sandbox, "").await;
    let audience = sandbox.my_organization_audience();
    let robot = async || {
        let pairs = [
            ("grant_type", "client_credentials"),
            ("client_id", "robot"),
            ("client_secret", "s3cret"),
            ("audience", audience),
            ("organization", sandbox.organization_id()),
        ];
        sandbox.request_token(&pairs).await.status
    };
    assert_eq!(robot().await, 403);
    let grants = send_request(sandbox.admin(reqwest::Method::GET, "/client-grants")).await;
    let grants = grants.expect(200);
    let is_match = |grant: &&Value| grant["client_id"] == "robot" && grant["audience"] == audience;
    let grant = grants.as_array().unwrap().iter().find(is_match).unwrap();
    let path = management.organization_path("/client-grants");
    let added = management
        .post(&path, json!({"grant_id": grant["id"]}))
        .await;
    added.expect(201);
    assert_eq!(robot().await, 200);
    let one = format!("{path}/{}", grant["id"].as_str().unwrap());
    management.delete(&one).await.expect(204);
    assert_eq!(robot().await, 403);
}
