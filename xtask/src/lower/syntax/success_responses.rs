//! Defect: progenitor asserts that an operation has one success type, and reads no media type but JSON.
//!
//! A JSON body that only some of the success statuses have becomes optional: all get `{nullable, allOf: [T]}`, which becomes `Option<T>`.
//! `x-response-media` has the media types, and how a body that is not JSON is read. Bodies that differ in more than that become the
//! properties of one object, which the emitter replaces by an enum.

use serde_json::{Map, Value, json};

use crate::extensions;
use crate::lower::PassContext;
use crate::lower::equivalence::equivalent;
use crate::lower::origin;
use crate::lower::schema::{Object, each_operation_mut, remove_keys, with_components_aside};
use crate::lower::shape::{identifiers, nullable_wrapper};
use crate::lower::syntax::error_responses::is_success;
use crate::lower::syntax::media_types::{JSON, MediaKind, essence, variant_name};
use crate::lower::value_shape::ValueShape;
use crate::spec::walk::join;

pub(crate) fn apply(document: &mut Value, cx: &mut PassContext<'_>) {
    with_components_aside(document, |document, schemas| {
        each_operation_mut(document, &mut |operation, _, _, pointer| {
            lower_operation(operation, pointer, schemas, cx);
        });
    });
}

fn lower_operation(
    operation: &mut Value,
    pointer: &str,
    schemas: &Object,
    cx: &mut PassContext<'_>,
) {
    let at = join(&origin::of(operation, pointer), "responses");
    if extensions::RESPONSE_MEDIA.is_set(operation) {
        // The document is normalized already.
        return;
    }
    let is_bulk = extensions::OUTCOME.is_set(operation);
    let Some(responses) = operation
        .get_mut("responses")
        .and_then(Value::as_object_mut)
    else {
        return;
    };
    let mut statuses: Vec<String> = responses
        .keys()
        .filter(|status| is_success(status))
        .cloned()
        .collect();
    statuses.sort();
    let mut bodies = Vec::new();
    for status in &statuses {
        let at = join(&at, status);
        bodies.extend(bodies_of(status, &responses[status], &at, schemas, cx));
    }
    let plan = plan(bodies, is_bulk, schemas);
    if let Plan::Json(media_types) = &plan {
        unify(responses, &statuses, &at, schemas, cx);
        let accept = accept(media_types.iter());
        if accept != JSON && !accept.is_empty() {
            set_media(operation, json!({ "accept": accept }), &at, cx);
        }
        return;
    }
    let (media, content) = match plan {
        Plan::Json(_) => return,
        Plan::One(body) => one_body(&body),
        Plan::Enum(bodies) => alternatives(&bodies, &statuses, &at),
    };
    for status in &statuses {
        if let Some(members) = responses.get_mut(status).and_then(Value::as_object_mut) {
            members.insert("content".into(), content.clone());
        }
    }
    set_media(operation, media, &at, cx);
}

fn set_media(operation: &mut Value, media: Value, at: &str, cx: &mut PassContext<'_>) {
    if let Some(members) = operation.as_object_mut() {
        cx.changed_at(at, format!("set x-response-media: {}", media["accept"]));
        extensions::RESPONSE_MEDIA.set(members, media);
    }
}

/// How the body of a response is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reading {
    Json,
    Events,
    Lines,
    Text,
    Bytes,
    /// There is no body.
    Empty,
}

impl Reading {
    fn of(media_type: &str, shape: Option<ValueShape>) -> Self {
        match essence(media_type).as_str() {
            "text/event-stream" => return Self::Events,
            "application/x-ndjson"
            | "application/ndjson"
            | "application/jsonl"
            | "application/x-jsonl"
            | "application/jsonlines"
            | "application/x-jsonlines"
            | "application/x-json-stream"
            | "application/stream+json"
            | "application/json-seq"
            | "application/json-lines" => return Self::Lines,
            _ => {}
        }
        match MediaKind::of(media_type, shape) {
            MediaKind::Json => Self::Json,
            MediaKind::Text | MediaKind::Form => Self::Text,
            _ => Self::Bytes,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Events => "events",
            Self::Lines => "lines",
            Self::Text => "text",
            Self::Bytes => "bytes",
            Self::Empty => "empty",
        }
    }
}

/// A body of a success.
#[derive(Debug, Clone)]
struct Body {
    status: String,
    reading: Reading,
    media_types: Vec<String>,
    /// The schema of JSON, of the data of an event, or of a line.
    schema: Option<Value>,
}

/// The kinds of bodies that a response can have. Media types that carry the same values as JSON are left out: the client asks for JSON.
fn bodies_of(
    status: &str,
    response: &Value,
    at: &str,
    schemas: &Object,
    cx: &mut PassContext<'_>,
) -> Vec<Body> {
    let content = response.get("content").and_then(Value::as_object);
    let mut media: Vec<(&String, &Value)> = content.into_iter().flatten().collect();
    media.sort_by_key(|(media_type, _)| (essence(media_type) != JSON, media_type.as_str()));
    let mut bodies: Vec<Body> = Vec::new();
    let same = |a: Option<&Value>, b: Option<&Value>| equivalent(a, b, schemas);
    let mut dropped = Vec::new();
    let json_schema = media.iter().find_map(|(media_type, media)| {
        let shape = media
            .get("schema")
            .map(|schema| ValueShape::of(schema, schemas));
        (Reading::of(media_type, shape) == Reading::Json).then(|| media.get("schema"))
    });
    for (media_type, media) in &media {
        let schema = media.get("schema").or_else(|| media.get("itemSchema"));
        let shape = schema.map(|schema| ValueShape::of(schema, schemas));
        let reading = Reading::of(media_type, shape);
        if matches!(reading, Reading::Text | Reading::Bytes)
            && json_schema.is_some_and(|json| {
                json.is_none() && schema.is_none() || json.is_some() && same(json, schema)
            })
        {
            dropped.push(media_type.as_str());
            continue;
        }
        let schema = match reading {
            Reading::Text | Reading::Bytes | Reading::Empty => None,
            Reading::Events | Reading::Lines => Some(item_schema(schema, shape, at)),
            Reading::Json => Some(schema.cloned().unwrap_or_else(|| {
                cx.changed_at(
                    at,
                    "added a schema without constraints: the JSON response has none",
                );
                json!({ (origin::SOURCE): at })
            })),
        };
        let known = bodies
            .iter_mut()
            .find(|body| body.reading == reading && same(body.schema.as_ref(), schema.as_ref()));
        match known {
            Some(body) => body.media_types.push((*media_type).clone()),
            None => bodies.push(Body {
                status: status.to_owned(),
                reading,
                media_types: vec![(*media_type).clone()],
                schema,
            }),
        }
    }
    if !dropped.is_empty() {
        cx.changed_at(
            at,
            format!("left out {}: JSON has the same schema", dropped.join(", ")),
        );
    }
    if bodies.is_empty() {
        bodies.push(Body {
            status: status.to_owned(),
            reading: Reading::Empty,
            media_types: Vec::new(),
            schema: None,
        });
    }
    bodies
}

/// The schema of one item of a stream. Without a schema, an event has text and a line any value.
fn item_schema(schema: Option<&Value>, shape: Option<ValueShape>, at: &str) -> Value {
    match (schema, shape) {
        (Some(schema), Some(shape)) if !shape.binary => {
            let is_list = shape.list && !shape.object && !shape.scalar;
            let items = schema.get("items").filter(|_| is_list);
            items.unwrap_or(schema).clone()
        }
        _ => json!({ "type": "string", (origin::SOURCE): at }),
    }
}

/// How the successes of an operation are read.
enum Plan {
    /// All as JSON or without a body; the media types.
    Json(Vec<String>),
    One(Body),
    Enum(Vec<Body>),
}

fn plan(bodies: Vec<Body>, is_bulk: bool, schemas: &Object) -> Plan {
    let media_types = || bodies.iter().flat_map(|body| body.media_types.clone());
    let mut kinds: Vec<(Reading, Option<&Value>)> = Vec::new();
    for body in &bodies {
        let kind = (body.reading, body.schema.as_ref());
        let is_known = kinds
            .iter()
            .any(|(reading, schema)| *reading == kind.0 && equivalent(*schema, kind.1, schemas));
        if !is_known {
            kinds.push(kind);
        }
    }
    let is_json = |reading: Reading| matches!(reading, Reading::Json | Reading::Empty);
    let number_of_json = kinds
        .iter()
        .filter(|(reading, _)| *reading == Reading::Json)
        .count();
    if kinds.iter().all(|(reading, _)| is_json(*reading)) && (number_of_json < 2 || is_bulk) {
        return Plan::Json(media_types().collect());
    }
    match (kinds.as_slice(), bodies.first()) {
        ([_], Some(first)) => Plan::One(Body {
            media_types: media_types().collect(),
            ..first.clone()
        }),
        _ => Plan::Enum(bodies),
    }
}

/// The value of `Accept`: the distinct media types, those of the first responses first.
fn accept<'m>(media_types: impl Iterator<Item = &'m String>) -> String {
    let mut seen: Vec<&str> = Vec::new();
    for media_type in media_types {
        let is_valid = media_type
            .bytes()
            .all(|byte| byte == b' ' || byte.is_ascii_graphic());
        if is_valid && !seen.contains(&media_type.as_str()) {
            seen.push(media_type);
        }
    }
    seen.join(", ")
}

/// The one kind of body that all successes have.
fn one_body(body: &Body) -> (Value, Value) {
    let accept = accept(body.media_types.iter());
    let text = json!({ "type": "string" });
    let (encoding, content) = match body.reading {
        Reading::Bytes => {
            let media_type = body.media_types.first().map_or("*/*", String::as_str);
            (None, json!({ (media_type): {} }))
        }
        reading => {
            let schema = body.schema.clone().unwrap_or(text);
            (
                Some(reading.name()),
                json!({ (JSON): { "schema": schema } }),
            )
        }
    };
    let mut media = json!({ "accept": accept });
    if let Some(encoding) = encoding {
        media["encoding"] = encoding.into();
    }
    (media, content)
}

/// The kinds of bodies as properties of one object, and what tells them apart.
fn alternatives(bodies: &[Body], statuses: &[String], at: &str) -> (Value, Value) {
    let accept = accept(bodies.iter().flat_map(|body| &body.media_types));
    let mut properties = Map::new();
    let mut required = Vec::new();
    let mut rows = Vec::new();
    let names = variant_names(bodies, statuses);
    for (body, variant) in bodies.iter().zip(names) {
        let property = identifiers::snake(&variant);
        if let Some(schema) = &body.schema {
            properties.insert(property.clone(), schema.clone());
            required.push(Value::from(property.clone()));
        }
        rows.push(json!({
            "property": property,
            "variant": variant,
            "status": body.status,
            "mediaType": body.media_types.join(", "),
            "encoding": body.reading.name(),
        }));
    }
    let media = json!({ "accept": accept, "encoding": "alternatives", "alternatives": rows });
    // A property of its own makes the object a type, and unlike that of other alternatives with the same properties.
    let kinds: Vec<String> = rows
        .iter()
        .map(|row| format!("{}_{}", row["property"], row["encoding"]).replace('"', ""))
        .collect();
    let own = format!("alternatives_{}", kinds.join("_"));
    properties.insert(own, json!({ "type": "string" }));
    let schema = json!({
        "type": "object",
        "properties": properties,
        "required": required,
        (origin::SOURCE): at,
    });
    (media, json!({ (JSON): { "schema": schema } }))
}

/// The names of the variants: the status, the media type if there is only one status, or both if a status has several bodies.
fn variant_names(bodies: &[Body], statuses: &[String]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for body in bodies {
        let of_status = bodies.iter().filter(|other| other.status == body.status);
        let name = match (statuses.len(), of_status.count()) {
            (1, _) => media_name(body),
            (_, 1) => status_name(&body.status),
            _ => format!("{}{}", status_name(&body.status), media_name(body)),
        };
        let mut free = name.clone();
        let mut number = 2;
        while names.contains(&free) {
            free = format!("{name}{number}");
            number += 1;
        }
        names.push(free);
    }
    names
}

fn status_name(status: &str) -> String {
    match status {
        "200" => "Ok",
        "201" => "Created",
        "202" => "Accepted",
        "203" => "NonAuthoritative",
        "204" => "NoContent",
        "205" => "ResetContent",
        "206" => "PartialContent",
        "207" => "MultiStatus",
        "2XX" => "Success",
        other => return format!("Status{other}"),
    }
    .to_owned()
}

fn media_name(body: &Body) -> String {
    match (body.reading, body.media_types.first()) {
        (Reading::Empty, _) | (_, None) => "Empty".to_owned(),
        (Reading::Events, _) => "Events".to_owned(),
        (Reading::Lines, _) => "Lines".to_owned(),
        (_, Some(media_type)) => variant_name(media_type),
    }
}

/// Gives all success statuses the same JSON body.
fn unify(
    responses: &mut Map<String, Value>,
    statuses: &[String],
    at: &str,
    schemas: &Object,
    cx: &mut PassContext<'_>,
) {
    for status in statuses {
        choose_json(&mut responses[status], &join(at, status), cx);
    }
    let mut bodies: Vec<Value> = Vec::new();
    for status in statuses {
        if let Some(schema) = schema_of(&responses[status])
            && !bodies
                .iter()
                .any(|known| equivalent(Some(known), Some(schema), schemas))
        {
            bodies.push(schema.clone());
        }
    }
    let without_body = statuses
        .iter()
        .filter(|status| schema_of(&responses[status.as_str()]).is_none())
        .count();
    let Some(first) = bodies.first() else {
        return;
    };
    // Equal schemas of different components would become different types.
    let is_first = |status: &String| {
        schema_of(&responses[status.as_str()]).is_some_and(|schema| {
            origin::stripped(schema) == origin::stripped(first)
                && schema.get(origin::NAME) == first.get(origin::NAME)
        })
    };
    if statuses.iter().all(is_first) {
        return;
    }
    let body = if bodies.len() == 1 {
        first.clone()
    } else {
        cx.changed_at(at, format!("merged {} bodies into a union", bodies.len()));
        json!({ "oneOf": bodies, (origin::SOURCE): at })
    };
    let body = if without_body > 0 {
        cx.changed_at(
            at,
            "made the body optional: not every success response has one",
        );
        nullable_wrapper::enclose(body, at)
    } else {
        body
    };
    for status in statuses {
        if let Some(members) = responses.get_mut(status).and_then(Value::as_object_mut) {
            members.insert(
                "content".into(),
                json!({ (JSON): { "schema": body.clone() } }),
            );
        }
    }
}

/// Keeps the JSON of a response under the name that progenitor knows.
fn choose_json(response: &mut Value, at: &str, cx: &mut PassContext<'_>) {
    let Some(members) = response.as_object_mut() else {
        return;
    };
    let Some(Value::Object(content)) = members.remove("content") else {
        return;
    };
    let mut media: Vec<(String, Value)> = content.into_iter().collect();
    media.sort_by_key(|(media_type, _)| {
        (
            essence(media_type) != JSON,
            !is_json(media_type),
            media_type.clone(),
        )
    });
    if media.len() > 1 {
        let names: Vec<&str> = media
            .iter()
            .map(|(media_type, _)| media_type.as_str())
            .collect();
        cx.changed_at(
            at,
            format!("kept {} of the media types {}", names[0], names.join(", ")),
        );
    }
    let Some((chosen, mut media)) = media.into_iter().next() else {
        return;
    };
    let _ = remove_keys(&mut media, &["encoding", "example", "examples"]);
    if let Some(members) = media.as_object_mut()
        && !members.contains_key("schema")
    {
        members.insert("schema".into(), json!({ (origin::SOURCE): at }));
    }
    if chosen != JSON {
        cx.changed_at(at, format!("treated {chosen} as {JSON}"));
    }
    members.insert("content".into(), json!({ (JSON): media }));
}

fn is_json(media_type: &str) -> bool {
    let media_type = essence(media_type);
    media_type == JSON || media_type.ends_with("json") || media_type == "*/*"
}

fn schema_of(response: &Value) -> Option<&Value> {
    response.get("content")?.get(JSON)?.get("schema")
}
