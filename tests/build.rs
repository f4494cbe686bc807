//! Lists the types of successful responses of each API, so that `integration/decoding.rs` tests those of a new document too.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use heck::ToUpperCamelCase as _;
use serde_json::Value;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut code = String::from("[\n");
    for api in ["teams", "my-organization", "management"] {
        let path = format!("../openapi/{api}/normalized.json");
        println!("cargo::rerun-if-changed={path}");
        let document: Value = serde_json::from_str(&std::fs::read_to_string(path)?)?;
        let types: Vec<String> = response_components(&document)
            .into_iter()
            .map(|name| format!("({name:?}, {})", name.to_upper_camel_case()))
            .collect();
        let krate = format!("auth0_{}", api.replace('-', "_"));
        writeln!(
            code,
            "(ResponseSampler::read({api:?}), types! {{ {krate}: {} }}),",
            types.join(", ")
        )?;
    }
    code.push(']');
    let out = std::env::var("OUT_DIR")?;
    std::fs::write(Path::new(&out).join("response_types.rs"), code)?;
    Ok(())
}

/// The components that successful responses refer to.
fn response_components(document: &Value) -> BTreeSet<String> {
    let items = document["paths"].as_object().into_iter().flatten();
    let operations = items.flat_map(|(_, item)| item.as_object().into_iter().flatten());
    let responses = operations
        .filter(|(_, operation)| operation["x-sdk-ignore"] != true)
        .flat_map(|(_, operation)| operation["responses"].as_object().into_iter().flatten());
    responses
        .filter(|(status, _)| status.starts_with('2'))
        .filter_map(|(_, response)| {
            let schema = &response["content"]["application/json"]["schema"];
            let schema = match schema["type"].as_str() {
                Some("array") => &schema["items"],
                _ => schema,
            };
            let reference = schema.get("$ref").or(schema["allOf"][0].get("$ref"))?;
            Some(reference.as_str()?.rsplit('/').next()?.to_owned())
        })
        .collect()
}
