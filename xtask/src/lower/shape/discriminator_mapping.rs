//! Entries of a discriminator mapping that no type can express: values without a variant.

use serde_json::Value;

use crate::lower::PassContext;
use crate::lower::schema::ref_name;
use crate::problem::Problem;
use crate::spec::walk::join;

/// Warns about values that are decoded as an unknown variant.
pub(crate) fn warn(discriminator: &Value, variants: &[Value], at: &str, cx: &mut PassContext<'_>) {
    let mapping = discriminator.get("mapping").and_then(Value::as_object);
    for (value, target) in mapping.into_iter().flatten() {
        let variant = variants.iter().filter_map(ref_name).find(|component| {
            let target = target.as_str().unwrap_or_default();
            ref_name(&serde_json::json!({ "$ref": target })).as_ref() == Some(component)
                || target == component
        });
        let location = join(&join(&join(at, "discriminator"), "mapping"), value);
        if variant.is_none() {
            cx.warn(
                Problem::at(location, format!("the value `{value}` is not mapped to a variant of the union"))
                    .expected("a reference to one of the variants")
                    .found(target.to_string())
                    .help("an object with this value is decoded as an unknown variant; correct the mapping in an overlay"),
            );
        }
    }
}
