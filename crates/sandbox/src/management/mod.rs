//! The part of the Management API that is about organizations: what the tenant's operators do with them.

use crate::answer::Answer;
use crate::call::Call;
use crate::document::Operation;
use crate::problem::Problem;
use crate::tenant::Tenant;

/// Carries out an operation.
pub(crate) fn call(
    _tenant: &mut Tenant,
    operation: &Operation,
    _call: &Call,
) -> Result<Answer, Problem> {
    Err(Problem::unknown(format!(
        "`{}` is not built yet",
        operation.id
    )))
}
