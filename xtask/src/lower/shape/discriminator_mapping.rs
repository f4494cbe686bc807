//! What a discriminator maps that no type can carry: values that lead to no variant, and further values of one variant.

use serde_json::Value;

use crate::lower::PassContext;
use crate::lower::schema::ref_name;
use crate::problem::Problem;
use crate::spec::walk::join;

/// Warns of the values that answers may have and that are read as those of an unknown kind.
pub(crate) fn warn(discriminator: &Value, variants: &[Value], at: &str, cx: &mut PassContext<'_>) {
    let mapping = discriminator.get("mapping").and_then(Value::as_object);
    let mut known: Vec<String> = Vec::new();
    for (value, target) in mapping.into_iter().flatten() {
        let variant = variants.iter().filter_map(ref_name).find(|component| {
            let target = target.as_str().unwrap_or_default();
            ref_name(&serde_json::json!({ "$ref": target })).as_ref() == Some(component)
                || target == component
        });
        let place = join(&join(&join(at, "discriminator"), "mapping"), value);
        match variant {
            None => cx.warn(
                Problem::at(place, format!("`{value}` is mapped to no variant of the union"))
                    .expected("a reference to one of the variants")
                    .found(target.to_string())
                    .help("what comes with it is read as an object of an unknown kind; correct it by an overlay"),
            ),
            Some(variant) if known.contains(&variant) => cx.warn(
                Problem::at(place, format!("`{value}` is a further value of the variant `{variant}`"))
                    .expected("one value for each variant")
                    .help("what comes with it is read as an object of an unknown kind; give it a schema of its own by an overlay"),
            ),
            Some(variant) => known.push(variant),
        }
    }
}
