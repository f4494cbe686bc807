//! A plan as a file, bound to the state that it was made for.

use std::collections::BTreeSet;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{Plan, Step};
use crate::failure::Failure;
use crate::files;
use crate::team::TeamState;

const VERSION: u32 = 1;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SavedPlan {
    version: u32,
    pub(crate) team: String,
    /// The roster, whose record of invitations applies.
    pub(crate) roster: String,
    /// Digest of the state and of the pending invitations.
    pub(crate) state: String,
    pub(crate) steps: Vec<Step>,
}

impl SavedPlan {
    pub(crate) fn new(
        team: &str,
        roster: &str,
        (state, pending): (&TeamState, &BTreeSet<String>),
        plan: &Plan,
    ) -> Result<Self, Failure> {
        Ok(Self {
            version: VERSION,
            team: team.to_owned(),
            roster: roster.to_owned(),
            state: digest(&(state, pending))?,
            steps: plan.steps.clone(),
        })
    }

    pub(crate) fn load(path: &Path) -> Result<Self, Failure> {
        let text = files::read(path)?;
        let plan: Self = serde_json::from_str(&text).map_err(|error| {
            Failure::usage(format!(
                "{}: expected a plan that `roster plan --save` wrote ({error})",
                path.display()
            ))
        })?;
        if plan.version != VERSION {
            return Err(Failure::usage(format!(
                "{}: expected a plan of version {VERSION}, found {}; plan again",
                path.display(),
                plan.version
            )));
        }
        Ok(plan)
    }

    pub(crate) fn save(&self, path: &Path) -> Result<(), Failure> {
        let mut text =
            serde_json::to_vec_pretty(self).map_err(|error| Failure::failed(error.to_string()))?;
        text.push(b'\n');
        files::replace(path, &text)
    }

    /// Identifies the plan in a journal.
    pub(crate) fn id(&self) -> Result<String, Failure> {
        digest(self)
    }

    /// Fails if the team is no longer in the state that the plan was made for.
    pub(crate) fn check_state(
        &self,
        state: &TeamState,
        pending: &BTreeSet<String>,
    ) -> Result<(), Failure> {
        if digest(&(state, pending))? == self.state {
            return Ok(());
        }
        Err(Failure::failed(
            "expected the state that the plan was made for, found another: members, tenants, access or invitations changed \
             meanwhile; plan again",
        ))
    }
}

fn digest(value: &impl Serialize) -> Result<String, Failure> {
    let json = serde_json::to_vec(value).map_err(|error| Failure::failed(error.to_string()))?;
    let digest = Sha256::digest(&json);
    Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}
