//! The APIs of the sandbox.

/// An API with its own document, audience and error format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Api {
    Teams,
    MyOrganization,
    Management,
}

impl Api {
    pub(crate) const ALL: [Self; 3] = [Self::Teams, Self::MyOrganization, Self::Management];

    /// Prefix for operation ids that several APIs use: `my-organization.ListRoles`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Teams => "teams",
            Self::MyOrganization => "my-organization",
            Self::Management => "management",
        }
    }

    /// Base path of the API. The Teams API document contains complete paths.
    pub(crate) fn base(self) -> &'static str {
        match self {
            Self::Teams => "",
            Self::MyOrganization => "/my-org",
            Self::Management => "/api/v2",
        }
    }

    /// The API that a path belongs to. Paths outside all APIs count as Teams API.
    pub(crate) fn of_path(path: &str) -> Self {
        let is_under = |api: &Self| {
            path.strip_prefix(api.base())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let others = [Self::MyOrganization, Self::Management];
        others.into_iter().find(is_under).unwrap_or(Self::Teams)
    }
}

/// Audiences of access tokens, by API.
#[derive(Debug, Clone)]
pub(crate) struct Audiences([String; 3]);

impl Audiences {
    /// Creates the audiences of a tenant with this `domain`.
    pub(crate) fn new(teams: String, domain: &str) -> Self {
        Self(Api::ALL.map(|api| match api {
            Api::Teams => teams.clone(),
            _ => format!("https://{domain}{}/", api.base()),
        }))
    }

    pub(crate) fn of(&self, api: Api) -> &str {
        &self.0[api as usize]
    }

    /// The API with this audience.
    pub(crate) fn api(&self, audience: &str) -> Option<Api> {
        Api::ALL.into_iter().find(|api| self.of(*api) == audience)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_belongs_to_the_api_with_its_base_path() {
        for (path, api) in [
            ("/api/members", Api::Teams),
            ("/api/v2/organizations", Api::Management),
            ("/api/v22", Api::Teams),
            ("/my-org", Api::MyOrganization),
            ("/my-org/details", Api::MyOrganization),
            ("/my-organization", Api::Teams),
            ("/", Api::Teams),
        ] {
            assert_eq!(Api::of_path(path), api, "{path}");
        }
    }
}
