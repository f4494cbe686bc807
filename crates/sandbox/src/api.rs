//! The APIs that the sandbox serves.

/// An API. Each has a document, an audience and a form of its errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Api {
    Teams,
    MyOrganization,
    /// The part of the Management API that is about organizations.
    Organizations,
}

impl Api {
    pub(crate) const ALL: [Self; 3] = [Self::Teams, Self::MyOrganization, Self::Organizations];

    /// What it is called where operations of several APIs have one id: `my-organization.ListRoles`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Teams => "teams",
            Self::MyOrganization => "my-organization",
            Self::Organizations => "organizations",
        }
    }

    /// What the paths of its document come after. The paths of the Teams API are whole.
    pub(crate) fn base(self) -> &'static str {
        match self {
            Self::Teams => "",
            Self::MyOrganization => "/my-org",
            Self::Organizations => "/api/v2",
        }
    }

    /// The API that a path belongs to; the Teams API has what belongs to none.
    pub(crate) fn of_path(path: &str) -> Self {
        let is_under = |api: &Self| {
            path.strip_prefix(api.base())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let others = [Self::MyOrganization, Self::Organizations];
        others.into_iter().find(is_under).unwrap_or(Self::Teams)
    }
}

/// The audiences of access tokens, by API.
#[derive(Debug, Clone)]
pub(crate) struct Audiences([String; 3]);

impl Audiences {
    /// Those of a tenant at `domain`. That of the Teams API is set by itself.
    pub(crate) fn new(teams: String, domain: &str) -> Self {
        Self(Api::ALL.map(|api| match api {
            Api::Teams => teams.clone(),
            _ => format!("https://{domain}{}/", api.base()),
        }))
    }

    pub(crate) fn of(&self, api: Api) -> &str {
        &self.0[api as usize]
    }

    /// The API that has this audience.
    pub(crate) fn api(&self, audience: &str) -> Option<Api> {
        Api::ALL.into_iter().find(|api| self.of(*api) == audience)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_is_under_a_base_then_it_belongs_to_that_api() {
        for (path, api) in [
            ("/api/members", Api::Teams),
            ("/api/v2/organizations", Api::Organizations),
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
