//! Synthetic documents of any size: groups of operations with parameters, request body and response, and schemas that
//! refer to each other like those of published documents.

use std::error::Error;
use std::fmt::Write as _;

use xtask::spec::document::Document;

use crate::input::Input;

/// Schemas per operation.
const SCHEMAS_PER_OPERATION: usize = 5;

/// A document with approximately this number of schemas.
pub fn document(schemas: usize) -> Result<Input, Box<dyn Error>> {
    let document = Document::from_bytes("synthetic.json".to_owned(), text(schemas).as_bytes())?;
    Ok(Input::of_document(document.value, document.source))
}

fn text(schemas: usize) -> String {
    let operations = schemas.div_ceil(SCHEMAS_PER_OPERATION).max(1);
    let mut paths = String::new();
    let mut components = String::new();
    for number in 0..operations {
        let comma = if number == 0 { "" } else { "," };
        // A group has as many operations as a typical resource, whatever the size of the document.
        let (group, kind) = (number / 8, number % 8);
        let _ = write!(
            paths,
            r##"{comma}"/groups{group}/{{id}}/kinds{kind}":{{"post":{{"operationId":"make{number}","tags":["group{group}"],
"summary":"Makes a thing","description":"Makes a thing of the kind {kind} in the group {group}, if there is none yet.",
"parameters":[{{"name":"id","in":"path","required":true,"schema":{{"type":"string","maxLength":50}}}},
{{"name":"take","in":"query","description":"How many.","schema":{{"type":"integer","minimum":1,"maximum":50}}}}],
"requestBody":{{"content":{{"application/json":{{"schema":{{"$ref":"#/components/schemas/Make{number}Request"}}}}}}}},
"responses":{{"200":{{"description":"made","content":{{"application/json":{{"schema":{{"$ref":"#/components/schemas/Make{number}Answer"}}}}}}}},
"404":{{"description":"there is no such group"}}}}}}}}"##
        );
        // Each response also refers to a schema of another operation.
        let other = number / 2;
        let _ = write!(
            components,
            r##"{comma}"Make{number}Request":{{"type":"object","required":["name","kind"],"properties":{{
"name":{{"type":"string","minLength":1,"maxLength":100,"description":"What it is called."}},
"kind":{{"$ref":"#/components/schemas/Kind{number}"}},
"labels":{{"type":"array","items":{{"type":"string"}},"maxItems":10}},
"settings":{{"$ref":"#/components/schemas/Settings{number}"}}}}}},
"Make{number}Answer":{{"type":"object","required":["id"],"properties":{{
"id":{{"type":"string"}},"made_at":{{"type":"string","format":"date-time"}},
"shape":{{"$ref":"#/components/schemas/Shape{number}"}},
"settings":{{"$ref":"#/components/schemas/Settings{other}"}}}}}},
"Kind{number}":{{"type":"string","enum":["small","large","other"],"description":"The kind."}},
"Settings{number}":{{"type":"object","properties":{{
"on":{{"type":"boolean","default":true,"description":"Whether it is on."}},
"level":{{"type":["integer","null"],"minimum":0,"maximum":9}},
"more":{{"type":"object","properties":{{"text":{{"type":"string"}},"map":{{"type":"object","additionalProperties":{{"type":"integer"}}}}}}}}}}}},
"Shape{number}":{{"oneOf":[
{{"type":"object","required":["shape","radius"],"properties":{{"shape":{{"const":"circle"}},"radius":{{"type":"number"}}}}}},
{{"type":"object","required":["shape","side"],"properties":{{"shape":{{"const":"square"}},"side":{{"type":"number"}}}}}}]}}"##
        );
    }
    format!(
        r#"{{"openapi":"3.1.0","info":{{"title":"Synthetic","version":"1"}},"paths":{{{paths}}},"components":{{"schemas":{{{components}}}}}}}"#
    )
}
