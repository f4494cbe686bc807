//! A little Auth0 on this machine: a token endpoint and a team with three members, enough for the example.

use std::sync::Mutex;

use auth0_teams::uuid::Uuid;
use serde_json::{Value, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

/// A tenant that Ada has access to already.
pub(crate) const OLD_TENANT: Uuid = Uuid::from_u128(0x0f6e1f0a_3f0d_4b5e_8a53_3a7b5c1d9e21);

const NEW_TENANT: Uuid = Uuid::from_u128(0x4b4ea5a8_5b8e_4d0c_9d8d_0d2b6a2a6f5e);

const TOKEN: &str = "an-access-token";

/// Starts the server on a port that is free.
pub(crate) async fn start() -> MockServer {
    let server = MockServer::start().await;
    let mock = Mock::given(any()).respond_with(Team::default());
    mock.mount(&server).await;
    server
}

/// How many tokens the server granted.
pub(crate) async fn tokens(server: &MockServer) -> usize {
    let requests = server.received_requests().await.unwrap_or_default();
    let is_for_a_token = |request: &&Request| request.url.path() == "/oauth/token";
    requests.iter().filter(is_for_a_token).count()
}

/// The names of the tenants that were created.
#[derive(Default)]
struct Team(Mutex<Vec<String>>);

impl Respond for Team {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let body: Value = request.body_json().unwrap_or_default();
        let path = request.url.path();
        if path == "/oauth/token" {
            return answer(
                200,
                &json!({"access_token": TOKEN, "token_type": "Bearer", "expires_in": 3600}),
            );
        }
        let authorization = request.headers.get("authorization");
        if authorization.is_none_or(|value| value != &format!("Bearer {TOKEN}")) {
            return problem(401, "UNAUTHORIZED", "The token is missing or wrong");
        }
        match (request.method.as_str(), path) {
            ("GET", "/api/members") => members(request),
            ("POST", "/api/members") => answer(
                201,
                &json!({"id": "invitation-1", "email": body["email"], "role": body["role"]}),
            ),
            ("POST", "/api/tenants") => self.create_tenant(&body),
            ("PUT", "/api/members/auth0%7Cada/tenants") => add_tenants(&body),
            _ => problem(404, "NOT_FOUND", "There is nothing here"),
        }
    }
}

impl Team {
    fn create_tenant(&self, body: &Value) -> ResponseTemplate {
        let name = body["tenant_name"].as_str().unwrap_or("made-up").to_owned();
        let Ok(mut names) = self.0.lock() else {
            return problem(500, "UNKNOWN_ERROR", "Something broke");
        };
        if names.contains(&name) {
            return problem(409, "TENANT_ALREADY_EXISTS", "The name is in use");
        }
        names.push(name.clone());
        answer(
            201,
            &json!({
                "tenant_id": NEW_TENANT,
                "tenant_name": name,
                "domain": format!("{name}.us.auth0.com"),
                "environment": "US-3",
                "environment_tag": body["environment_tag"],
                "locality": body["locality"],
                "created_at": "2026-01-08T10:00:00Z",
                "management_client": {
                    "client_name": "Teams management",
                    "client_id": "manager-of-the-tenant",
                    "client_secret": "a-secret-that-is-shown-once",
                },
            }),
        )
    }
}

/// Two pages: two members on the first, one on the second.
fn members(request: &Request) -> ResponseTemplate {
    let member = |id: &str, name: &str, role: &str| {
        json!({
            "id": format!("auth0|{id}"), "email": format!("{id}@example.com"), "name": name,
            "given_name": "", "family_name": "", "nickname": id, "role": role,
        })
    };
    let is_first = !request.url.query_pairs().any(|(name, _)| name == "from");
    let page = if is_first {
        json!({
            "members": [
                member("ada", "Ada Lovelace", "teams_owner"),
                member("alan", "Alan Turing", "teams_contributor"),
            ],
            "next": "page-2",
        })
    } else {
        json!({"members": [member("kay", "Kay McNulty", "teams_archivist")]})
    };
    answer(200, &page)
}

/// Adds all tenants but the old one, which is there already.
fn add_tenants(body: &Value) -> ResponseTemplate {
    let tenants = body["tenants"].as_array().cloned().unwrap_or_default();
    let (old, new): (Vec<Value>, Vec<Value>) = tenants
        .into_iter()
        .partition(|tenant| *tenant == json!(OLD_TENANT));
    if old.is_empty() {
        return ResponseTemplate::new(204);
    }
    let success: Vec<_> = new
        .iter()
        .map(|tenant| json!({"tenant_id": tenant, "roles": body["roles"]}))
        .collect();
    let failure: Vec<_> = old
        .iter()
        .map(|tenant| {
            json!({
                "tenant_id": tenant, "status": 409, "type": "TENANT_ALREADY_EXISTS",
                "title": "The member has access to this tenant already",
            })
        })
        .collect();
    answer(
        200,
        &json!({
            "status_code": 200,
            "message": "finished with errors",
            "summary": {
                "total_count": success.len() + failure.len(),
                "success_count": success.len(),
                "failure_count": failure.len(),
            },
            "success": success,
            "failure": failure,
        }),
    )
}

fn answer(status: u16, body: &Value) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(body)
}

fn problem(status: u16, kind: &str, title: &str) -> ResponseTemplate {
    answer(
        status,
        &json!({"status": status, "type": kind, "title": title}),
    )
}
