//! The team: its state and operations.

mod activity;
mod bulk_changes;
mod initial_state;
mod invitations;
mod members;
mod tenant_access;
mod tenants;

use std::collections::{BTreeSet, HashSet};

use serde_json::{Value, json};
use uuid::Uuid;

use crate::call::Call;
use crate::document::Operation;
pub use crate::population::Member;
use crate::problem::Problem;
use crate::resources::{Collection, Listing, ListingQuirks};
use crate::response::{ApiResponse, ok};
use activity::LogEntry;
pub use invitations::Invitation;
use members::Members;
use tenants::TeamTenant;

/// A private cloud of a team.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PrivateCloud {
    /// The environment, such as `acme-private`.
    pub(crate) environment: String,
    /// The locality, such as `frankfurt`.
    pub(crate) locality: String,
}

/// The settings of a team.
#[derive(Debug, Clone)]
pub(crate) struct TeamSettings {
    pub(crate) members: u64,
    pub(crate) tenants: u64,
    pub(crate) activity: u64,
    pub(crate) seed: u64,
    pub(crate) slug: String,
    pub(crate) private_clouds: Vec<PrivateCloud>,
    pub(crate) tenant_limit: Option<usize>,
    pub(crate) accept_invitations: bool,
}

/// The result of an operation.
#[derive(Debug)]
pub(crate) struct OperationOutcome {
    pub(crate) response: ApiResponse,
    /// Additional details for the activity log, for operations that change something.
    details: Value,
    /// Whether the operation had an effect.
    pub(crate) acted: bool,
}

impl OperationOutcome {
    fn changing(response: ApiResponse, details: Value) -> Self {
        Self {
            response,
            details,
            acted: true,
        }
    }
}

impl From<ApiResponse> for OperationOutcome {
    /// The outcome of an operation that only reads.
    fn from(response: ApiResponse) -> Self {
        Self::changing(response, Value::Null)
    }
}

/// The state of a team.
pub(crate) struct Team {
    settings: TeamSettings,
    members: Members,
    invitations: Vec<Invitation>,
    tenants: Collection<TeamTenant>,
    /// The names of all tenants, including deleted ones. Names are not reused.
    names: HashSet<String>,
    activity: Vec<LogEntry>,
    random: fastrand::Rng,
}

impl Team {
    pub(crate) fn new(settings: TeamSettings) -> Self {
        let mut team = Self {
            members: Members::new(settings.seed, settings.members),
            invitations: Vec::new(),
            tenants: Collection::new(),
            names: HashSet::new(),
            activity: Vec::new(),
            random: fastrand::Rng::with_seed(settings.seed),
            settings,
        };
        team.seed();
        team
    }

    /// Executes an operation and logs it if it changes something.
    pub(crate) fn call(
        &mut self,
        operation: &Operation,
        call: &Call,
    ) -> Result<OperationOutcome, Problem> {
        let result = self.execute(operation, call);
        if let Some(event) = activity::event(&operation.id) {
            let details = match &result {
                Ok(done) => done.details.clone(),
                Err(problem) => json!({"type": problem.kind, "title": problem.title}),
            };
            let acted = result.as_ref().is_ok_and(|done| done.acted);
            let entry = LogEntry::of_call(self.uuid(), event, call, acted, details);
            self.activity.push(entry);
        }
        if self.settings.accept_invitations {
            // After logging the call, so that the log contains the invitation before its acceptance.
            while let Some(id) = self.invitations.first().map(|pending| pending.id.clone()) {
                self.accept(&id, call.now);
            }
        }
        result
    }

    fn execute(&mut self, operation: &Operation, call: &Call) -> Result<OperationOutcome, Problem> {
        match operation.id.as_str() {
            "listMembers" => self.list_members(operation, call),
            "inviteMember" => self.invite_member(call),
            "getMember" => self.get_member(call),
            "updateMemberRole" => self.update_member_role(call),
            "deleteMember" => self.delete_member(call),
            "addMemberTenants" => self.add_member_tenants(call),
            "updateMemberTenants" => self.update_member_tenants(call),
            "removeMemberTenant" => self.remove_member_tenants(call),
            "listTenantAccessByEnvironment" => self.list_tenant_access(call),
            "listTenants" => self.list_tenants(operation, call),
            "createTenant" => self.create_tenant(call),
            "getTenant" => self.get_tenant(call),
            "deleteTenant" => self.delete_tenant(call),
            "listTenantMembers" => self.list_tenant_members(operation, call),
            "getEnvironments" => self.list_environments(),
            "listActivityLogs" => self.list_activity(operation, call),
            _ => Err(Problem::no_handler()),
        }
    }

    /// The environments that contain tenants.
    fn list_environments(&self) -> Result<OperationOutcome, Problem> {
        let tenants = self.tenants.iter();
        let environments = tenants.map(|(_, tenant)| tenant.environment.clone());
        let environments: BTreeSet<String> = environments.collect();
        Ok(ok(&json!({ "environments": environments }))?.into())
    }

    /// Generates an id from the seed.
    fn uuid(&mut self) -> Uuid {
        uuid::Builder::from_random_bytes(self.random.u128(..).to_be_bytes()).into_uuid()
    }
}

fn listing<'a>(
    operation: &'a Operation,
    call: &'a Call,
    name: &'a str,
) -> Result<Listing<'a>, Problem> {
    Listing::new(operation, call, ListingQuirks::default(), name)
}
