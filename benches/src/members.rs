//! Members of a team, as a server sends them and as somebody reads them by hand.

use serde::Deserialize;
use serde_json::{Value, json};

/// The token that every call carries.
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

/// The first fifty members.
pub fn fifty() -> Vec<Value> {
    (0..50).map(member).collect()
}

/// What somebody would write who needs these two calls.
pub struct ByHand {
    /// The HTTP client.
    pub http: reqwest::Client,
    /// The URL below which the API is.
    pub base: String,
}

/// A member as it is decoded by hand.
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

/// A page as it is decoded by hand.
#[derive(Debug, Deserialize)]
#[allow(missing_docs)]
pub struct Page {
    pub members: Vec<Member>,
    pub next: Option<String>,
}

impl ByHand {
    /// One member.
    pub async fn member(&self, id: &str) -> Result<Member, reqwest::Error> {
        let request = self.http.get(format!("{}/api/members/{id}", self.base));
        let response = request.bearer_auth(TOKEN).send().await?;
        response.error_for_status()?.json().await
    }

    /// A page of members.
    pub async fn members(&self, take: u32, from: Option<&str>) -> Result<Page, reqwest::Error> {
        let request = self.http.get(format!("{}/api/members", self.base));
        let mut request = request.query(&[("take", take)]).bearer_auth(TOKEN);
        if let Some(from) = from {
            request = request.query(&[("from", from)]);
        }
        request.send().await?.error_for_status()?.json().await
    }
}
