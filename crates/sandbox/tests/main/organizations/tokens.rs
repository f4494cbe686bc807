//! Tokens of the three APIs: audiences, organizations and keys.

use auth0_sandbox::{Application, Sandbox, User};
use reqwest::redirect::Policy;
use serde_json::{Value, json};
use url::Url;

use super::{ask, code, error, inside, operator, plain, start, token};
use crate::dpop::Bound;
use crate::support::{Reply, Running, form, reply};

async fn get(sandbox: &Running, path: &str, token: &str) -> Reply {
    let request = sandbox.http.get(format!("{}{path}", sandbox.url()));
    reply(request.bearer_auth(token)).await
}

#[tokio::test]
async fn token_is_for_another_api_then_each_api_refuses_it_in_its_own_form() {
    let sandbox = plain().await;
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
            let answer = get(&sandbox, path, &token).await;
            if path == own {
                answer.expect(200);
                continue;
            }
            assert_eq!(answer.status, 401, "{audience} at {path}");
            let challenge = answer.header("www-authenticate").unwrap();
            assert!(challenge.contains("another audience"), "{challenge}");
            match path {
                "/api/members" => assert_eq!(answer.problem(), (401, "UNAUTHORIZED")),
                "/my-org/details" => assert_eq!(code(&answer), (401, "A0E-401-0001")),
                _ => assert_eq!(error(&answer), (401, "invalid_token")),
            }
        }
    }
    let answer = reply(
        sandbox
            .http
            .get(format!("{}/details", sandbox.my_organization_url())),
    )
    .await;
    assert_eq!(code(&answer), (401, "A0E-401-0002"));
    let answer = ask(&sandbox, &[("audience", "https://other.test/my-org/")]).await;
    assert_eq!(answer.status, 403);
}

#[tokio::test]
async fn token_is_asked_for_then_it_has_the_scopes_of_its_api_alone() {
    let sandbox = plain().await;
    let granted = async |audience: &str| {
        let answer = ask(&sandbox, &[("audience", audience)]).await.expect(200);
        answer["scope"].as_str().unwrap().to_owned()
    };
    let inside = granted(sandbox.my_organization_audience()).await;
    assert_eq!(inside.split(' ').count(), 30, "{inside}");
    assert!(inside.split(' ').all(|scope| scope.contains(":my_org:")));
    let operator = granted(sandbox.management_audience()).await;
    assert!(
        operator
            .split(' ')
            .all(|scope| scope.contains(":organization"))
    );
    let team = granted(sandbox.audience()).await;
    assert!(team.contains("read:members") && !team.contains("organization"));
    let answer = ask(
        &sandbox,
        &[
            ("audience", sandbox.management_audience()),
            ("scope", "read:my_org:details"),
        ],
    )
    .await;
    assert_eq!(answer.status, 403);
}

#[tokio::test]
async fn scope_is_missing_then_the_call_is_refused_and_one_of_several_is_enough() {
    let sandbox = plain().await;
    let reader = inside(&sandbox, sandbox.organization_id(), "read:my_org:details").await;
    reader.get("/details").await.expect(200);
    let refused = reader.get("/members").await;
    assert_eq!(code(&refused), (403, "A0E-403-0002"));
    let summary = operator(&sandbox, "read:organizations_summary").await;
    summary.get("/organizations").await.expect(200);
    let refused = summary.get(&summary.own("/members")).await;
    assert_eq!(error(&refused), (403, "insufficient_scope"));
}

#[tokio::test]
async fn token_is_bound_to_no_organization_then_my_organization_does_not_know_whom_it_is_about() {
    let sandbox = plain().await;
    let audience = sandbox.my_organization_audience();
    let token = token(&sandbox, &[("audience", audience)]).await;
    let answer = get(&sandbox, "/my-org/details", &token).await;
    assert_eq!(code(&answer), (403, "A0E-403-0001"));
    let organization = "org_0000000000000000";
    let answer = ask(
        &sandbox,
        &[("audience", audience), ("organization", organization)],
    )
    .await;
    assert_eq!(answer.status, 403);
}

#[tokio::test]
async fn token_is_bound_to_an_organization_then_it_sees_that_one_alone() {
    let sandbox = plain().await;
    let operator = operator(&sandbox, "").await;
    let all = operator.get("/organizations").await.expect(200);
    for organization in all.as_array().unwrap() {
        let id = organization["id"].as_str().unwrap();
        let details = inside(&sandbox, id, "")
            .await
            .get("/details")
            .await
            .expect(200);
        assert_eq!(details["name"], organization["name"]);
    }
}

/// Logs in with a code and PKCE, as a native application.
async fn login(sandbox: &Running, user: &str, organization: &str) -> Result<Value, Value> {
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
        // Of RFC 7636, appendix B.
        (
            "code_challenge",
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        ),
        ("code_challenge_method", "S256"),
    ]);
    let url = format!("{}/authorize?{query}", sandbox.url());
    let answer = reply(http.build().unwrap().get(url)).await;
    let location = Url::parse(answer.header("location").unwrap()).unwrap();
    let pairs: std::collections::BTreeMap<_, _> = location.query_pairs().into_owned().collect();
    let Some(code) = pairs.get("code") else {
        return Err(json!(pairs["error"]));
    };
    let answer = sandbox
        .ask(&[
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
    Ok(answer.expect(200))
}

#[tokio::test]
async fn user_logs_in_then_only_members_get_a_token_of_their_organization() {
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
    // Whoever the tenant knows can log in, and the others are in other organizations.
    let operator = operator(&sandbox, "").await;
    let all = operator.get("/organizations").await.expect(200);
    let other = all[1]["id"].as_str().unwrap();
    assert_eq!(
        login(&sandbox, "eve@example.test", other).await,
        Err(json!("access_denied"))
    );
    // Who leaves keeps the token that there is, and gets no other.
    let path = operator.own("/members");
    let body = json!({"members": ["auth0|eve"]});
    let removed = operator
        .send(reqwest::Method::DELETE, &path, Some(body))
        .await;
    removed.expect(204);
    let refreshed = sandbox
        .ask(&[
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
async fn user_asks_for_the_management_api_then_it_is_not_for_users() {
    let sandbox = start(
        Sandbox::builder()
            .application(Application::native("program"))
            .user(User::new("auth0|eve", "eve@example.test", "Eve"))
            .login_at_once(),
    )
    .await;
    let answer = sandbox
        .ask(&[
            ("grant_type", "client_credentials"),
            ("client_id", "program"),
            ("audience", sandbox.management_audience()),
        ])
        .await;
    assert_eq!(answer.body["error"], "unauthorized_client");
    let request = sandbox
        .http
        .post(format!("{}/oauth/device/code", sandbox.url()));
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let body = form(&[
        ("client_id", "program"),
        ("audience", sandbox.management_audience()),
    ]);
    assert_eq!(
        reply(request.body(body)).await.body["error"],
        "access_denied"
    );
}

#[tokio::test]
async fn token_is_bound_to_a_key_then_every_api_wants_a_proof_with_a_nonce() {
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
        let bound = Bound::ask(&sandbox, &more(audience)).await;
        // The nonce is asked for once, and then it is right.
        let first = bound.get(path, None).await;
        assert_eq!(first.status, 401, "{path}");
        let challenge = first.header("www-authenticate").unwrap();
        assert!(challenge.contains("use_dpop_nonce"), "{challenge}");
        let nonce = first.header("dpop-nonce").unwrap().to_owned();
        bound.get(path, Some(&nonce)).await.expect(200);
        let answer = get(&sandbox, path, &bound.token).await;
        assert_eq!(answer.status, 401, "{path}");
    }
}

#[tokio::test]
async fn operator_creates_an_organization_then_its_administrator_renames_the_same_one() {
    let sandbox = plain().await;
    let operator = operator(&sandbox, "").await;
    let body = json!({"name": "acme-customers"});
    let organization = operator.post("/organizations", body).await.expect(201);
    let id = organization["id"].as_str().unwrap();
    let inside = inside(&sandbox, id, "").await;
    let renamed = inside
        .patch("/details", json!({"name": "acme-people"}))
        .await;
    assert_eq!(renamed.expect(200)["name"], "acme-people");
    let found = operator.get("/organizations/name/acme-people").await;
    assert_eq!(found.expect(200)["id"], id);
    let gone = operator.get("/organizations/name/acme-customers").await;
    assert_eq!(error(&gone), (404, "inexistent_organization"));
}
