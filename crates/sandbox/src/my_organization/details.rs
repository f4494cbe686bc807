//! Details of the organization.

use serde_json::{Map, Value, json};

use super::MyOrganizationContext;
use crate::document::is_organization_name;
use crate::problem::Problem;
use crate::response::{ApiResponse, no_content, ok};
use crate::tenant::Organization;

impl MyOrganizationContext<'_> {
    pub(super) fn details(&self) -> Result<ApiResponse, Problem> {
        ok(&to_json(&self.organization))
    }

    pub(super) fn update_details(&mut self) -> Result<ApiResponse, Problem> {
        let body = &self.call.body;
        if let Some(id) = body["id"].as_str()
            && id != self.organization.id
        {
            return Err(Problem::body_field("/id", "the id cannot be changed"));
        }
        if let Some(name) = body["name"].as_str() {
            if !is_organization_name(name) {
                let rule = "expected lower-case letters, digits, hyphens and underscores";
                return Err(Problem::body_field("/name", rule));
            }
            let number = self
                .tenant
                .organizations
                .number_of_id(&self.organization.id);
            let name_taken = self.tenant.organizations.number_of_name(name);
            if name_taken.is_some() && name_taken != number {
                return Err(Problem::body_field(
                    "/name",
                    "another organization has this name",
                ));
            }
            if let Some(number) = number {
                self.tenant.organizations.rename(number, name);
            }
        }
        let organization = self.organization_mut()?;
        if let Some(display_name) = body["display_name"].as_str() {
            organization.display_name = Some(display_name.to_owned());
        }
        if body["branding"].is_object() {
            organization.branding = Some(body["branding"].clone());
        }
        let organization = organization.clone();
        ok(&to_json(&organization))
    }

    pub(super) fn delete_organization(&mut self) -> Result<ApiResponse, Problem> {
        let organizations = &mut self.tenant.organizations;
        if let Some(number) = organizations.number_of_id(&self.organization.id) {
            organizations.remove(number);
        }
        no_content()
    }
}

fn to_json(organization: &Organization) -> Value {
    let mut body = Map::new();
    body.insert("id".to_owned(), json!(organization.id));
    body.insert("name".to_owned(), json!(organization.name));
    if let Some(name) = &organization.display_name {
        body.insert("display_name".to_owned(), json!(name));
    }
    if let Some(branding) = &organization.branding {
        body.insert("branding".to_owned(), branding.clone());
    }
    Value::Object(body)
}
