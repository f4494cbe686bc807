//! Answers: nothing in OpenAPI says whether a call may be sent twice, and peers repeat writes blindly. Where the corrections say nothing, the
//! method decides (RFC 9110, 9.2).

use serde_json::Value;

use crate::extensions;
use crate::lower::Context;
use crate::lower::origin;
use crate::lower::schema::each_operation_mut;
use crate::lower::syntax::structure::show;
use crate::problem::Problem;
use crate::spec::walk::join;

const KEY: &str = extensions::RETRY_SAFETY.name;

pub(crate) fn apply(document: &mut Value, cx: &mut Context<'_>) {
    each_operation_mut(document, &mut |operation, _, method, pointer| {
        let at = origin::of(operation, pointer);
        match operation.get(KEY) {
            None => {}
            Some(Value::String(known))
                if ["safe", "idempotent", "unsafe"].contains(&known.as_str()) =>
            {
                return;
            }
            Some(other) => {
                cx.problem(
                    Problem::at(join(&at, KEY), "this is not a retry safety")
                        .expected("safe, idempotent or unsafe")
                        .found(show(other)),
                );
                return;
            }
        }
        let safety = match method {
            "get" | "head" | "options" | "trace" => "safe",
            "put" | "delete" => "idempotent",
            _ => "unsafe",
        };
        cx.changed_at(&at, format!("set {KEY} to {safety}, as the method says"));
        if let Some(members) = operation.as_object_mut() {
            members.insert(KEY.into(), safety.into());
        }
    });
}
