//! What the test of each API begins with: where it is, tokens for it, and values that the sandbox knows. Random ones would
//! only ever find nothing.
//!
//! What an operation takes away is named by dictionaries of its own (`spare-…`), so that the others still find theirs.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::sandbox::Sandbox;
use crate::console::Failure;

/// All that schemathesis is told about the sandbox.
pub(super) struct Scene {
    pub(super) url: String,
    /// Tokens, by the names of the variables that the settings have for them.
    pub(super) tokens: Vec<(&'static str, String)>,
    /// Values, by the names of dictionaries.
    pub(super) dictionaries: BTreeMap<&'static str, Vec<String>>,
}

/// The variable with the token that calls have.
const TOKEN: &str = "SANDBOX_TOKEN";

impl Scene {
    pub(super) fn of(api: &str, sandbox: &Sandbox) -> Result<Self, Failure> {
        match api {
            "my-organization" => my_organization(sandbox),
            "organizations" => organizations(sandbox),
            _ => teams(sandbox),
        }
    }
}

/// The texts under `name` of all items, or the items themselves.
fn texts(list: &Value, name: &str) -> Vec<String> {
    let items = list.as_array().into_iter().flatten();
    let text = |item: &Value| Some(item[name].as_str().or(item.as_str())?.to_owned());
    items.filter_map(text).collect()
}

fn teams(sandbox: &Sandbox) -> Result<Scene, Failure> {
    let url = sandbox.text("url").to_owned();
    let token = sandbox.token(sandbox.text("audience"), None)?;
    let get = |path: &str| sandbox.get(&format!("{url}{path}"), &token);
    let members = &get("/api/members")?["members"];
    let tenants = &get("/api/tenants")?["tenants"];
    let environments = &get("/api/environments")?["environments"];
    let dictionaries = [
        ("members", texts(members, "id")),
        ("emails", texts(members, "email")),
        ("tenants", texts(tenants, "tenant_id")),
        ("environments", texts(environments, "")),
    ];
    Ok(Scene {
        dictionaries: dictionaries.into(),
        tokens: vec![(TOKEN, token)],
        url,
    })
}

/// What belongs to the first organization, made ready by the Management API.
struct Organization<'a> {
    sandbox: &'a Sandbox,
    token: String,
    url: String,
    dictionaries: BTreeMap<&'static str, Vec<String>>,
}

/// How many of each thing are kept and how many can be taken away.
const KEPT: usize = 5;
const SPARE: usize = 60;

impl<'a> Organization<'a> {
    fn new(sandbox: &'a Sandbox) -> Result<Self, Failure> {
        let token = sandbox.token(sandbox.text("management_audience"), None)?;
        let management = sandbox.text("management_url");
        let all = sandbox.get(&format!("{management}/organizations?take=100"), &token)?;
        let ids = texts(&all["organizations"], "id");
        let names = texts(&all["organizations"], "name");
        let (kept, spare) = ids.split_at(1);
        let url = format!("{management}/organizations/{}", kept[0]);
        let mut organization = Self {
            sandbox,
            token,
            url,
            dictionaries: BTreeMap::new(),
        };
        organization.keep("organizations", "organizations", kept.to_vec());
        organization.keep("spare-organizations", "spare-organizations", spare.to_vec());
        organization.keep("names", "names", names[..1].to_vec());
        organization.people()?;
        organization.connections(spare)?;
        organization.domains()?;
        Ok(organization)
    }

    /// Divides values into those that stay and those that may go.
    fn keep(&mut self, name: &'static str, spare: &'static str, mut values: Vec<String>) {
        if name != spare && values.len() > KEPT {
            let others = values.split_off(KEPT);
            self.dictionaries.insert(spare, others);
        }
        self.dictionaries.insert(name, values);
    }

    fn get(&self, path: &str) -> Result<Value, Failure> {
        self.sandbox
            .get(&format!("{}{path}", self.url), &self.token)
    }

    fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        let url = format!("{}{path}", self.url);
        self.sandbox.post(&url, &self.token, body)
    }

    fn people(&mut self) -> Result<(), Failure> {
        let members = texts(&self.get("/members?take=100")?["members"], "user_id");
        let member = members.first().cloned().unwrap_or_default();
        self.keep("members", "spare-members", members);
        let effective = format!("/members/{}/effective-roles", member.replace('|', "%7C"));
        let roles = texts(&self.get(&effective)?["roles"], "id");
        self.keep("roles", "roles", roles);
        let groups = texts(&self.get("/groups")?["groups"], "id");
        self.keep("groups", "groups", groups);
        let grants = texts(&self.sandbox.client_grants()?, "id");
        self.keep("grants", "grants", grants);
        Ok(())
    }

    /// Gives the organization the connections of the others. Some are left for it to add.
    fn connections(&mut self, others: &[String]) -> Result<(), Failure> {
        let management = self.sandbox.text("management_url");
        let mut ids = Vec::new();
        for other in others {
            let url = format!("{management}/organizations/{other}/connections");
            let connections = texts(&self.sandbox.get(&url, &self.token)?, "connection_id");
            let new = connections
                .into_iter()
                .skip(1)
                .filter(|id| !ids.contains(id));
            ids.extend(new.collect::<Vec<String>>());
        }
        let own = texts(&self.get("/connections")?, "connection_id");
        ids.retain(|id| !own.contains(id));
        let (used, free) = ids.split_at(ids.len() * 2 / 3);
        let (kept, spare) = used.split_at(KEPT * 2);
        // What is limited can be changed and not taken away.
        for (ids, level) in [(kept, "limited"), (spare, "full")] {
            for id in ids {
                let body = json!({"connection_id": id, "organization_access_level": level});
                self.post("/connections", &body)?;
            }
        }
        self.keep("connections", "connections", kept.to_vec());
        self.keep("spare-connections", "spare-connections", spare.to_vec());
        self.keep("free-connections", "free-connections", free.to_vec());
        Ok(())
    }

    fn domains(&mut self) -> Result<(), Failure> {
        let (mut ids, mut names) = (Vec::new(), Vec::new());
        for number in 0..KEPT + SPARE {
            let name = format!("domain-{number}.example");
            let body = json!({"domain": name, "status": "verified"});
            let domain = self.post("/discovery-domains", &body)?;
            ids.extend(texts(&json!([domain]), "id"));
            names.push(name);
        }
        self.keep("domains", "spare-domains", ids);
        self.keep("domain-names", "domain-names", names[..KEPT].to_vec());
        Ok(())
    }

    fn invitations(&mut self) -> Result<(), Failure> {
        let mut ids = Vec::new();
        for number in 0..KEPT + SPARE {
            let body = json!({
                "client_id": "sandbox",
                "inviter": {"name": "Ada"},
                "invitee": {"email": format!("invited-{number}@example.com")},
            });
            ids.extend(texts(&json!([self.post("/invitations", &body)?]), "id"));
        }
        self.keep("invitations", "spare-invitations", ids);
        Ok(())
    }
}

fn organizations(sandbox: &Sandbox) -> Result<Scene, Failure> {
    let mut organization = Organization::new(sandbox)?;
    organization.invitations()?;
    Ok(Scene {
        url: sandbox.text("management_url").to_owned(),
        tokens: vec![(TOKEN, organization.token)],
        dictionaries: organization.dictionaries,
    })
}

fn my_organization(sandbox: &Sandbox) -> Result<Scene, Failure> {
    let mut organization = Organization::new(sandbox)?;
    organization.invitations()?;
    let url = sandbox.text("my_organization_url").to_owned();
    let audience = sandbox.text("my_organization_audience");
    let own = organization.dictionaries["organizations"].first();
    let token = sandbox.token(audience, own.map(String::as_str))?;
    // Deleting its organization is all that a token can do to it, so that operation has one of its own.
    let other = organization.dictionaries["spare-organizations"].last();
    let other = sandbox.token(audience, other.map(String::as_str))?;
    // Some providers have provisioning, and others wait for it.
    let mut tokens = Vec::new();
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for id in &organization.dictionaries["connections"] {
        let path = format!("{url}/identity-providers/{id}");
        let provider = sandbox.get(&path, &token)?;
        let can = ["oidc", "okta", "samlp", "waad"].map(Value::from);
        if !can.contains(&provider["strategy"]) {
            continue;
        }
        if without.len() < 2 {
            without.push(id.clone());
            continue;
        }
        let path = format!("{path}/provisioning");
        sandbox.post(&path, &token, &Value::Null)?;
        // A token belongs to one provider, so one alone has them.
        for _ in 0..if with.is_empty() { SPARE } else { 0 } {
            let created = sandbox.post(&format!("{path}/scim-tokens"), &token, &json!({}))?;
            tokens.extend(texts(&json!([created]), "token_id"));
        }
        with.push(id.clone());
    }
    organization.keep(
        "with-tokens",
        "with-tokens",
        with.iter().take(1).cloned().collect(),
    );
    organization.keep("provisioned", "provisioned", with);
    organization.keep("unprovisioned", "unprovisioned", without);
    organization.keep("scim-tokens", "scim-tokens", tokens);
    Ok(Scene {
        url,
        tokens: vec![(TOKEN, token), ("SANDBOX_TOKEN_OF_ANOTHER", other)],
        dictionaries: organization.dictionaries,
    })
}
