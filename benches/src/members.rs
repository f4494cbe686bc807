//! Members of a team, of the own organization and of an organization of a tenant: as JSON of the server, and as types
//! of handwritten code.

use auth0_teams::chrono::{DateTime, Utc};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// The access token of every call.
pub const TOKEN: &str = "a-token-of-the-usual-length-is-longer-than-this";

/// The member with this number.
pub fn member(number: usize) -> Value {
    json!({
        "id": format!("auth0|65a1f0c2b7d4e900{number:08}"),
        "email": format!("jane.{number}@example.com"),
        "name": "Jane Doe",
        "given_name": "Jane",
        "family_name": "Doe",
        "nickname": "jane",
        "role": "teams_owner",
    })
}

/// The member of the own organization with this number.
pub fn own_member(number: usize) -> Value {
    json!({
        "user_id": format!("auth0|65a1f0c2b7d4e900{number:08}"),
        "email": format!("jane.{number}@example.com"),
        "name": "Jane Doe",
        "nickname": "jane",
        "given_name": "Jane",
        "family_name": "Doe",
        "created_at": "2026-01-01T00:00:00.000Z",
        "updated_at": "2026-01-02T00:00:00.000Z",
        "roles": [{"id": "rol_BKI0BKI0BKI0BKI0", "name": "Admin", "description": "Manages the organization"}],
    })
}

/// The member of an organization of the tenant with this number.
pub fn tenant_member(number: usize) -> Value {
    json!({
        "user_id": format!("auth0|65a1f0c2b7d4e900{number:08}"),
        "email": format!("jane.{number}@example.com"),
        "name": "Jane Doe",
        "picture": "https://example.com/jane.png",
    })
}

/// The first fifty members.
pub fn fifty(member: fn(usize) -> Value) -> Vec<Value> {
    (0..50).map(member).collect()
}

/// A handwritten client for these calls.
pub struct ByHand {
    /// The HTTP client.
    pub http: reqwest::Client,
    /// The base URL of the API.
    pub base: String,
}

/// A member of a team in handwritten code.
#[derive(Debug, Deserialize)]
#[allow(missing_docs)]
pub struct Member {
    pub email: String,
    pub family_name: String,
    pub given_name: String,
    pub id: String,
    pub name: String,
    pub nickname: String,
    pub role: String,
}

/// A member of the own organization in handwritten code. Times are parsed, as in the client.
#[derive(Debug, Deserialize)]
#[allow(missing_docs)]
pub struct OwnMember {
    pub created_at: Option<DateTime<Utc>>,
    pub email: Option<String>,
    pub family_name: Option<String>,
    pub given_name: Option<String>,
    pub last_login: Option<DateTime<Utc>>,
    pub name: Option<String>,
    pub nickname: Option<String>,
    pub phone_number: Option<String>,
    pub roles: Option<Vec<Role>>,
    pub updated_at: Option<DateTime<Utc>>,
    pub user_id: Option<String>,
}

/// A role in handwritten code.
#[derive(Debug, Deserialize)]
#[allow(missing_docs)]
pub struct Role {
    pub description: Option<String>,
    pub id: String,
    pub name: String,
}

/// A member of an organization of a tenant in handwritten code.
#[derive(Debug, Deserialize)]
#[allow(missing_docs)]
pub struct TenantMember {
    pub email: Option<String>,
    pub name: Option<String>,
    pub picture: Option<String>,
    pub roles: Option<Vec<Role>>,
    pub user_id: Option<String>,
}

/// A page in handwritten code.
#[derive(Debug, Deserialize)]
#[allow(missing_docs)]
pub struct Page<M = Member> {
    pub members: Vec<M>,
    pub next: Option<String>,
}

impl ByHand {
    /// One member.
    pub async fn member(&self, id: &str) -> Result<Member, reqwest::Error> {
        let request = self.http.get(format!("{}/api/members/{id}", self.base));
        let response = request.bearer_auth(TOKEN).send().await?;
        response.error_for_status()?.json().await
    }

    /// A page of members of a team.
    pub async fn members(&self, take: u32, from: Option<&str>) -> Result<Page, reqwest::Error> {
        self.page("/api/members", take, from).await
    }

    /// A page of members of any kind.
    pub async fn page<M: DeserializeOwned>(
        &self,
        path: &str,
        take: u32,
        from: Option<&str>,
    ) -> Result<Page<M>, reqwest::Error> {
        let request = self.http.get(format!("{}{path}", self.base));
        let mut request = request.query(&[("take", take)]).bearer_auth(TOKEN);
        if let Some(from) = from {
            request = request.query(&[("from", from)]);
        }
        request.send().await?.error_for_status()?.json().await
    }
}
