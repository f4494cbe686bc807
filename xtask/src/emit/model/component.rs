//! Component schemas: everything that the emitter knows of a type before progenitor runs.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::emit::model::{Schemas, component_type, list, members, reference, str_of, text};
use crate::emit::names;
use crate::extensions::{self, Tag};
use crate::problem::Problem;
use crate::spec::walk::join;

/// A component schema.
#[derive(Debug)]
pub(crate) struct Component<'a> {
    pub(crate) description: &'a str,
    /// Whether the type is decoded from a JSON object: it has properties or is a union.
    pub(crate) is_object: bool,
    /// The properties by their names on the wire, those of the parts of an `allOf` included.
    pub(crate) properties: BTreeMap<&'a str, Property<'a>>,
    required: BTreeSet<&'a str>,
    /// The names on the wire of properties that have another name in the document.
    pub(crate) wire_names: BTreeMap<&'a str, &'a str>,
    /// The property that is no field because its value is fixed.
    pub(crate) tag: Option<Tag<'a>>,
    /// The variants, if the emitter writes the type as an enum.
    pub(crate) union: Option<Vec<EnumVariant<'a>>>,
    /// The types of the alternatives of a `oneOf`.
    pub(crate) alternatives: Vec<String>,
    pub(crate) conditions: Vec<Condition<'a>>,
    /// The minimum number of properties.
    pub(crate) min_properties: Option<u64>,
    /// The property of a page that holds the items, if the list may also be the whole response.
    pub(crate) bare_list: Option<&'a str>,
    /// The types that the schema refers to, at any depth.
    pub(crate) references: BTreeSet<String>,
}

impl Component<'_> {
    /// Whether the property `wire` is always present.
    pub(crate) fn is_required(&self, wire: &str) -> bool {
        self.required.contains(wire)
    }
}

/// A property of an object.
#[derive(Debug)]
pub(crate) struct Property<'a> {
    /// The value of `x-constraints`.
    pub(crate) constraints: Option<&'a Value>,
    /// The name in responses, if it differs from that in requests.
    pub(crate) response_name: Option<&'a str>,
    /// The types that its schema refers to, at any depth.
    pub(crate) references: BTreeSet<String>,
}

/// A variant of a union.
#[derive(Debug)]
pub(crate) struct EnumVariant<'a> {
    /// The name of the variant in Rust.
    pub(crate) name: String,
    /// The Rust type of its value.
    pub(crate) ty: String,
    pub(crate) rule: VariantRule<'a>,
}

/// When a value is decoded as a variant.
#[derive(Debug)]
pub(crate) enum VariantRule<'a> {
    /// A property has this value.
    Tag(Tag<'a>),
    /// Several properties have these values.
    Tags(Vec<Tag<'a>>),
    /// These properties are present and not null.
    Has(Vec<&'a str>),
    /// The property has a value of this JSON type.
    Kind { property: &'a str, of: &'a str },
    /// No other variant matches.
    Otherwise,
    /// The variants are tried in order.
    Tried,
    /// No rule: the caller chooses the variant.
    Unspecified,
}

impl EnumVariant<'_> {
    /// The property that identifies this variant, and its value.
    pub(crate) fn tag(&self) -> Option<Tag<'_>> {
        match &self.rule {
            VariantRule::Tag(tag) => Some(*tag),
            _ => None,
        }
    }

    /// The properties that identify this variant.
    pub(crate) fn tags(&self) -> &[Tag<'_>] {
        match &self.rule {
            VariantRule::Tag(tag) => std::slice::from_ref(tag),
            VariantRule::Tags(tags) => tags,
            _ => &[],
        }
    }
}

/// A rule between properties.
#[derive(Debug)]
pub(crate) struct Condition<'a> {
    /// The rule applies if all of these hold.
    pub(crate) premises: Vec<Clause<'a>>,
    /// What has to hold then.
    pub(crate) consequences: Vec<Clause<'a>>,
    pub(crate) message: &'a str,
}

/// A part of a condition.
#[derive(Debug)]
pub(crate) struct Clause<'a> {
    /// The property on the wire.
    pub(crate) property: Option<&'a str>,
    /// `None` if the clause has no test that is known.
    pub(crate) test: Option<ClauseTest<'a>>,
    /// The clause in the document, for messages.
    pub(crate) source: &'a Value,
}

/// What a clause says of its property.
#[derive(Debug, Clone, Copy)]
pub(crate) enum ClauseTest<'a> {
    Present,
    Absent,
    MinItems(u64),
    MaxItems(u64),
    Contains(&'a str),
    Equals(&'a str),
}

/// Reads the component schema `name`.
pub(super) fn read<'a>(
    name: &str,
    schema: &'a Value,
    schemas: &Schemas<'a>,
) -> Result<Component<'a>, Problem> {
    let union = extensions::UNION.is_set(schema).then(|| {
        let variants = extensions::union_variants(schema);
        variants
            .map(|variant| read_variant(name, variant, schemas))
            .collect::<Result<Vec<_>, _>>()
    });
    let union = union.transpose()?;
    let properties = property_schemas(schema, schemas).into_iter();
    let page = extensions::PAGE.get(schema);
    let bare_page = page.filter(|page| page["bare"] == Value::Bool(true));
    Ok(Component {
        description: str_of(schema, "description"),
        is_object: schema["properties"].is_object() || union.is_some(),
        properties: properties
            .map(|(wire, schema)| (wire, read_property(schema, schemas)))
            .collect(),
        required: list(&schema["required"])
            .filter_map(Value::as_str)
            .collect(),
        wire_names: members(extensions::WIRE_NAMES.value(schema))
            .filter_map(|(name, wire)| Some((name.as_str(), wire.as_str()?)))
            .collect(),
        tag: Tag::of(schema),
        union,
        alternatives: list(&schema["oneOf"]).filter_map(reference).collect(),
        conditions: extensions::CONDITIONS
            .items(schema)
            .map(read_condition)
            .collect(),
        min_properties: extensions::CONSTRAINTS.value(schema)["minProperties"].as_u64(),
        bare_list: bare_page.map(|page| str_of(page, "items")),
        references: schemas.references(schema),
    })
}

/// The schemas of the properties of an object by their names on the wire.
pub(super) fn property_schemas<'a>(
    schema: &'a Value,
    schemas: &Schemas<'a>,
) -> BTreeMap<&'a str, &'a Value> {
    let mut found = BTreeMap::new();
    for part in list(&schema["allOf"]) {
        let part = reference(part)
            .and_then(|ty| schemas.get(&ty))
            .unwrap_or(part);
        found.extend(property_schemas(part, schemas));
    }
    let wire_names = extensions::WIRE_NAMES.value(schema);
    found.extend(members(&schema["properties"]).map(|(name, property)| {
        let wire = wire_names[name].as_str().unwrap_or(name);
        (wire, property)
    }));
    found
}

fn read_property<'a>(schema: &'a Value, schemas: &Schemas<'a>) -> Property<'a> {
    Property {
        constraints: extensions::CONSTRAINTS.get(schema),
        response_name: extensions::RESPONSE_NAME.text(schema),
        references: schemas.references(schema),
    }
}

fn read_variant<'a>(
    union: &str,
    variant: &'a Value,
    schemas: &Schemas<'a>,
) -> Result<EnumVariant<'a>, Problem> {
    let target = str_of(variant, "ref");
    let ty = component_type(target).filter(|ty| schemas.0.contains_key(ty));
    let ty = ty.ok_or_else(|| {
        Problem::at(
            join("/components/schemas", union),
            "a variant of a union is not a component schema",
        )
        .expected("a reference to a component schema")
        .found(target)
    })?;
    Ok(EnumVariant {
        name: names::type_name(&text(variant, "name")),
        ty,
        rule: read_rule(&variant["when"]),
    })
}

fn read_rule(when: &Value) -> VariantRule<'_> {
    if when.is_null() {
        VariantRule::Unspecified
    } else if let Some(tag) = when.get("tag") {
        VariantRule::Tag(read_tag(tag))
    } else if let Some(tags) = when.get("tags") {
        VariantRule::Tags(list(tags).map(read_tag).collect())
    } else if let Some(keys) = when.get("has") {
        VariantRule::Has(list(keys).filter_map(Value::as_str).collect())
    } else if let Some(kind) = when.get("kind") {
        let (property, of) = (str_of(kind, "property"), str_of(kind, "of"));
        VariantRule::Kind { property, of }
    } else if when.get("otherwise").is_some() {
        VariantRule::Otherwise
    } else {
        VariantRule::Tried
    }
}

fn read_tag(tag: &Value) -> Tag<'_> {
    let (property, value) = (str_of(tag, "property"), str_of(tag, "value"));
    Tag { property, value }
}

fn read_condition(condition: &Value) -> Condition<'_> {
    let clauses = |key: &str| list(&condition[key]).map(read_clause).collect();
    Condition {
        premises: clauses("if"),
        consequences: clauses("then"),
        message: str_of(condition, "message"),
    }
}

fn read_clause(clause: &Value) -> Clause<'_> {
    let is_true = |key: &str| clause[key] == Value::Bool(true);
    let test = if is_true("present") {
        Some(ClauseTest::Present)
    } else if is_true("absent") {
        Some(ClauseTest::Absent)
    } else if let Some(count) = clause["minItems"].as_u64() {
        Some(ClauseTest::MinItems(count))
    } else if let Some(count) = clause["maxItems"].as_u64() {
        Some(ClauseTest::MaxItems(count))
    } else if let Some(text) = clause["contains"].as_str() {
        Some(ClauseTest::Contains(text))
    } else {
        clause["equals"].as_str().map(ClauseTest::Equals)
    };
    Clause {
        property: clause["property"].as_str(),
        test,
        source: clause,
    }
}
