//! Groups, to which organizations assign roles.

use chrono::{DateTime, Utc};

/// A group of the tenant.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    pub(crate) id: String,
    pub(crate) name: &'static str,
    pub(crate) created_at: DateTime<Utc>,
}

/// A group of an organization.
#[derive(Debug, Clone)]
pub(crate) struct GroupAssignment {
    pub(crate) group_id: String,
    /// Numbers of the people in the group.
    pub(crate) people: Vec<u64>,
    pub(crate) roles: Vec<String>,
}
