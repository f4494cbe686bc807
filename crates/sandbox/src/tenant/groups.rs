//! Groups of people, which organizations give roles to.

use chrono::{DateTime, Utc};

/// A group of the tenant.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    pub(crate) id: String,
    pub(crate) name: &'static str,
    pub(crate) created_at: DateTime<Utc>,
}

/// A group as an organization has it.
#[derive(Debug, Clone)]
pub(crate) struct GroupAssignment {
    pub(crate) group_id: String,
    /// The numbers of the people in it.
    pub(crate) people: Vec<u64>,
    pub(crate) roles: Vec<String>,
}
