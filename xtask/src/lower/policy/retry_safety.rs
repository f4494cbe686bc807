//! Defect: OpenAPI does not say whether a request may be retried.
//!
//! An operation without `x-retry-safety` gets the retry class of its method (RFC 9110, section 9.2).

use serde_json::Value;

use crate::extensions::RETRY_SAFETY;
use crate::lower::PassContext;
use crate::lower::origin;
use crate::lower::schema::each_operation_mut;
use crate::lower::syntax::structure::abbreviated;
use crate::problem::Problem;
use crate::spec::walk::join;

pub(crate) fn apply(document: &mut Value, cx: &mut PassContext<'_>) {
    each_operation_mut(document, &mut |operation, _, method, pointer| {
        let at = origin::of(operation, pointer);
        match RETRY_SAFETY.get(operation) {
            None => {}
            Some(Value::String(known))
                if ["safe", "idempotent", "unsafe"].contains(&known.as_str()) =>
            {
                return;
            }
            Some(other) => {
                cx.problem(
                    Problem::at(join(&at, RETRY_SAFETY.name), "unknown retry class")
                        .expected("safe, idempotent or unsafe")
                        .found(abbreviated(other)),
                );
                return;
            }
        }
        let safety = match method {
            "get" | "head" | "options" | "trace" => "safe",
            "put" | "delete" => "idempotent",
            _ => "unsafe",
        };
        cx.changed_at(
            &at,
            format!(
                "set {} to {safety}, the class of the method",
                RETRY_SAFETY.name
            ),
        );
        if let Some(members) = operation.as_object_mut() {
            RETRY_SAFETY.set(members, safety);
        }
    });
}
