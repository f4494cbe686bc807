//! Organizations.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::connections::apply;
use super::listings::{PageMode, numbered_page, page_mode};
use super::{ManagementContext, organization_not_found};
use crate::pages::cursor_page;
use crate::problem::{Problem, RequestPart};
use crate::response::{ApiResponse, created, no_content, ok};
use crate::tenant::{EnabledConnection, Organization};

/// Maximum number of metadata entries of an organization.
const MAX_METADATA_ENTRIES: usize = 25;

/// Scope required to enable connections.
const CREATE_CONNECTIONS_SCOPE: &str = "create:organization_connections";

fn to_json(organization: &Organization) -> Value {
    let mut body = Map::new();
    body.insert("id".to_owned(), json!(organization.id));
    body.insert("name".to_owned(), json!(organization.name));
    if let Some(name) = &organization.display_name {
        body.insert("display_name".to_owned(), json!(name));
    }
    if let Some(branding) = &organization.branding {
        let mut branding = branding.clone();
        if let Some(members) = branding.as_object_mut() {
            // The My Organization API accepts null here; this API does not return null.
            members.retain(|_, value| !value.is_null());
        }
        body.insert("branding".to_owned(), branding);
    }
    if !organization.metadata.is_empty() {
        body.insert("metadata".to_owned(), json!(organization.metadata));
    }
    if let Some(quota) = &organization.token_quota {
        body.insert("token_quota".to_owned(), quota.clone());
    }
    Value::Object(body)
}

/// Merges metadata entries; null removes an entry.
fn merge_metadata(metadata: &mut BTreeMap<String, String>, entries: &Value) -> Result<(), Problem> {
    let mut after = metadata.clone();
    for (name, value) in entries.as_object().into_iter().flatten() {
        match value.as_str() {
            Some(text) => {
                after.insert(name.clone(), text.to_owned());
            }
            None => {
                after.remove(name);
            }
        }
    }
    if after.len() > MAX_METADATA_ENTRIES {
        let rule = format!("expected at most {MAX_METADATA_ENTRIES} entries in total");
        return Err(Problem::body_field("/metadata", &rule));
    }
    *metadata = after;
    Ok(())
}

fn name_taken() -> Problem {
    let title = "An organization has this name already";
    Problem::conflict("ORGANIZATION_CONFLICT", title)
}

impl ManagementContext<'_> {
    /// Numbers of all organizations in the requested order.
    fn sorted_numbers(&self) -> Result<Box<dyn Iterator<Item = u64> + '_>, Problem> {
        let organizations = &self.tenant.organizations;
        let sort = self.call.get("sort").unwrap_or("created_at:1");
        let (field, is_ascending) = match sort.split_once(':') {
            Some((field, "1")) => (field, true),
            Some((field, "-1")) => (field, false),
            _ => ("", true),
        };
        let key: fn(Organization) -> String = match field {
            "created_at" if is_ascending => return Ok(Box::new(organizations.numbers())),
            // All keys are equal, so the numbers determine the order.
            "created_at" => |_| String::new(),
            "name" => |organization| organization.name,
            "display_name" => |organization| organization.display_name.unwrap_or_default(),
            _ => {
                let rule = "expected name, display_name or created_at with :1 or :-1";
                return Err(Problem::parameter(RequestPart::Query, "sort", rule));
            }
        };
        let keyed = |number| Some((key(organizations.get(number)?), number));
        let mut all: Vec<(String, u64)> = organizations.numbers().filter_map(keyed).collect();
        all.sort();
        if !is_ascending {
            all.reverse();
        }
        Ok(Box::new(all.into_iter().map(|(_, number)| number)))
    }

    pub(super) fn list_organizations(&self) -> Result<ApiResponse, Problem> {
        let organizations = &self.tenant.organizations;
        let numbers = self.sorted_numbers()?;
        let show = |number| organizations.get(number).map(|found| to_json(&found));
        match page_mode(self.operation, self.call)? {
            PageMode::Numbered { start, size } => Ok(numbered_page(
                self.call,
                "organizations",
                (start, size),
                Some(organizations.count()),
                numbers.filter_map(show),
            )),
            PageMode::Cursor(start) => {
                let is_in_order = self
                    .call
                    .get("sort")
                    .is_none_or(|sort| sort == "created_at:1");
                let mut is_after = start.is_none();
                let rest = numbers.filter(move |number| match start {
                    // Also works if the organization named by the cursor was deleted.
                    Some(start) if is_in_order => *number > start,
                    _ => {
                        let was_after = is_after;
                        is_after |= Some(*number) == start;
                        was_after
                    }
                });
                let items = rest.filter_map(|number| Some((number, show(number)?)));
                let quirks = self.tenant.settings.quirks;
                Ok(cursor_page(
                    self.operation,
                    self.call,
                    quirks,
                    "organizations",
                    items,
                ))
            }
        }
    }

    pub(super) fn create_organization(&mut self) -> Result<ApiResponse, Problem> {
        let body = &self.call.body;
        let name = body["name"].as_str().unwrap_or_default();
        if self.tenant.organizations.number_of_name(name).is_some() {
            return Err(name_taken());
        }
        let mut connections = Vec::new();
        for requested in body["enabled_connections"].as_array().into_iter().flatten() {
            if !self.call.caller.has_scope(CREATE_CONNECTIONS_SCOPE) {
                let title = "Enabling connections requires another scope";
                let problem = Problem::forbidden("INSUFFICIENT_SCOPE", title);
                return Err(problem.details(format!("expected {CREATE_CONNECTIONS_SCOPE}")));
            }
            let id = requested["connection_id"].as_str().unwrap_or_default();
            if self.tenant.connection(id).is_none() {
                return Err(Problem::body_field(
                    "/enabled_connections",
                    "no connection has this connection_id",
                ));
            }
            let mut enabled = EnabledConnection::new(id);
            apply(&mut enabled, requested);
            connections.push(enabled);
        }
        let mut metadata = BTreeMap::new();
        merge_metadata(&mut metadata, &body["metadata"])?;
        let (number, organization) = self.tenant.organizations.create(name);
        organization.display_name = body["display_name"].as_str().map(str::to_owned);
        organization.branding = body.get("branding").cloned();
        organization.token_quota = body.get("token_quota").cloned();
        organization.metadata = metadata;
        organization.connections = connections;
        let organization = self
            .tenant
            .organizations
            .get(number)
            .ok_or_else(organization_not_found)?;
        let mut response = to_json(&organization);
        if body.get("enabled_connections").is_some() {
            let connections = organization.connections.iter();
            let connections: Vec<Value> = connections
                .map(|one| self.enabled_connection_json(one))
                .collect();
            response["enabled_connections"] = json!(connections);
        }
        created(&response)
    }

    pub(super) fn get_by_name(&self) -> Result<ApiResponse, Problem> {
        let organizations = &self.tenant.organizations;
        let number = organizations.number_of_name(self.call.required("name"));
        let organization = number.and_then(|number| organizations.get(number));
        ok(&to_json(&organization.ok_or_else(organization_not_found)?))
    }

    pub(super) fn get_organization(&self) -> Result<ApiResponse, Problem> {
        ok(&to_json(&self.organization()?))
    }

    pub(super) fn update_organization(&mut self) -> Result<ApiResponse, Problem> {
        let mut organization = self.organization()?;
        let body = &self.call.body;
        merge_metadata(&mut organization.metadata, &body["metadata"])?;
        if let Some(name) = body["name"].as_str() {
            let organizations = &mut self.tenant.organizations;
            let number = organizations.number_of_id(&organization.id);
            let holder = organizations.number_of_name(name);
            if holder.is_some() && holder != number {
                // The document has no 409 for this operation.
                return Err(Problem::body_field(
                    "/name",
                    "another organization has this name",
                ));
            }
            if let Some(number) = number {
                organizations.rename(number, name);
            }
        }
        let found = self.organization_mut()?;
        found.metadata = organization.metadata;
        if let Some(name) = body["display_name"].as_str() {
            found.display_name = Some(name.to_owned());
        }
        if let Some(branding) = body.get("branding") {
            found.branding = Some(branding.clone());
        }
        match body.get("token_quota") {
            Some(Value::Null) => found.token_quota = None,
            Some(quota) => found.token_quota = Some(quota.clone()),
            None => {}
        }
        let found = found.clone();
        ok(&to_json(&found))
    }

    /// The members stay people of the tenant.
    pub(super) fn delete_organization(&mut self) -> Result<ApiResponse, Problem> {
        let id = self.organization()?.id;
        let organizations = &mut self.tenant.organizations;
        if let Some(number) = organizations.number_of_id(&id) {
            organizations.remove(number);
        }
        no_content()
    }

    /// The point in time that the member list reflects.
    pub(super) fn member_list_time(&self) -> DateTime<Utc> {
        match self.tenant.settings.quirks.member_lag {
            0 => DateTime::<Utc>::MAX_UTC,
            lag => {
                let lag = chrono::TimeDelta::try_seconds(lag);
                let time = lag.and_then(|lag| self.call.now.checked_sub_signed(lag));
                time.unwrap_or(DateTime::<Utc>::MIN_UTC)
            }
        }
    }
}
