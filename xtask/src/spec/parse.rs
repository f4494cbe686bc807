//! Parses JSON and YAML strictly: duplicate keys and other input that a parser would silently drop are errors.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::diagnostic::Report;
use crate::problem::Problem;
use crate::spec::source::{Format, Source};

/// Parses the text of `source`. Errors contain the position.
pub fn parse(source: &Source) -> Result<Value, Box<Report>> {
    match source.format {
        Format::Json => json(source),
        Format::Yaml | Format::Toml => yaml(source),
    }
}

fn json(source: &Source) -> Result<Value, Box<Report>> {
    serde_json::from_str::<Strict>(&source.text)
        .map(|strict| strict.0)
        .map_err(|error| {
            let (line, column) = (error.line(), error.column());
            let text = error.to_string();
            let text = text
                .strip_suffix(&format!(" at line {line} column {column}"))
                .unwrap_or(&text);
            let problem = if error.is_eof() {
                Problem::at("", "the document ends too early")
                    .expected("the rest of the JSON")
                    .found("the end of the file")
                    .help("the file is truncated; fetch or copy it again")
            } else if error.is_data() {
                Problem::at("", text.to_owned())
                    .help("each key may occur only once in an object; remove one of the two")
            } else {
                Problem::at("", format!("the document is not valid JSON: {text}"))
            };
            let offset = source.offset_in_bytes(line, column);
            Report::at_offset(problem, source, offset).into()
        })
}

/// Limits against malicious YAML, far above what the largest published document needs.
pub(crate) fn yaml_options() -> serde_yaml::Options {
    serde_yaml::options! {
        budget: serde_yaml::budget! {
            max_depth: 120,
            max_events: 40_000_000,
            max_nodes: 20_000_000,
            simple_key_max_lookahead: 65_536,
        },
        strict_booleans: true,
        with_snippet: false,
    }
}

fn yaml(source: &Source) -> Result<Value, Box<Report>> {
    serde_yaml::from_str_with_options::<Strict>(&source.text, yaml_options())
        .map(|strict| strict.0)
        .map_err(|error| {
            let location = error.location();
            let offset = location.map_or(0, |at| {
                source.offset(
                    usize::try_from(at.line()).unwrap_or(1),
                    usize::try_from(at.column()).unwrap_or(1),
                )
            });
            let problem = match error.without_snippet() {
                serde_yaml::Error::DuplicateMappingKey { key, .. } => {
                    let key = key.as_deref().unwrap_or_default();
                    Problem::at("", format!("duplicate key `{key}`"))
                        .help("each key may occur only once in an object; remove one of the two")
                }
                serde_yaml::Error::MultipleDocuments { .. } => {
                    Problem::at("", "the file holds several YAML documents")
                        .expected("one document")
                        .help("keep the part before the second `---` line")
                }
                other => {
                    let mut text = other.to_string();
                    if let Some(at) = location {
                        let suffix = format!(" at line {}, column {}", at.line(), at.column());
                        if let Some(short) = text.strip_suffix(&suffix) {
                            text.truncate(short.len());
                        }
                    }
                    let is_indentation = text.contains("indentation in multiline quoted scalar");
                    let problem =
                        Problem::at("", format!("the document is not valid YAML: {text}"));
                    match is_indentation {
                        true => problem
                            .expected("a line that is indented more than the key of the quoted text")
                            .help("indent this line, and the lines of the text that follow; the value stays the same"),
                        false => problem,
                    }
                }
            };
            Report::at_offset(problem, source, offset).into()
        })
}

/// A value in which a duplicate key is an error. `serde_json::Value` would silently keep the last one.
struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Strict;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Strict, E> {
        Ok(Strict(Value::Bool(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Strict, E> {
        Ok(Strict(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Strict, E> {
        Ok(Strict(value.into()))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Strict, E> {
        Number::from_f64(value)
            .map(|number| Strict(Value::Number(number)))
            .ok_or_else(|| E::custom("a number that JSON cannot express"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Strict, E> {
        Ok(Strict(Value::String(value.to_owned())))
    }

    fn visit_string<E>(self, value: String) -> Result<Strict, E> {
        Ok(Strict(Value::String(value)))
    }

    fn visit_unit<E>(self) -> Result<Strict, E> {
        Ok(Strict(Value::Null))
    }

    fn visit_none<E>(self) -> Result<Strict, E> {
        Ok(Strict(Value::Null))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Strict, D::Error> {
        Strict::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Strict, A::Error> {
        let mut list = Vec::new();
        while let Some(Strict(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Strict(Value::Array(list)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Strict, A::Error> {
        let mut map = Map::new();
        while let Some(key) = members.next_key::<String>()? {
            if map.contains_key(&key) {
                return Err(de::Error::custom(format!("duplicate key `{key}`")));
            }
            let Strict(value) = members.next_value()?;
            map.insert(key, value);
        }
        Ok(Strict(Value::Object(map)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(text: &str, format: Format) -> Result<Value, (String, (usize, usize))> {
        let source = Source {
            name: "x".into(),
            text: text.into(),
            format,
        };
        parse(&source).map_err(|report| {
            let at = report.offset().unwrap_or_default();
            (report.problem().message.clone(), source.position(at))
        })
    }

    #[test]
    fn plain_yaml_scalars_stay_strings() {
        let value = read(
            "a: on\nb: no\nc: 2026-01-01\nd: 1.0\n200: x\n",
            Format::Yaml,
        );
        assert_eq!(
            value,
            Ok(json!({"a": "on", "b": "no", "c": "2026-01-01", "d": 1.0, "200": "x"}))
        );
    }

    #[test]
    fn quoted_text_that_is_indented_too_little_is_an_error_that_says_what_to_indent() {
        let source = Source {
            name: "x".into(),
            text: "a:\n  b: \"one\ntwo\"\n".into(),
            format: Format::Yaml,
        };
        let report = parse(&source).expect_err("not valid YAML");
        let at = report.offset().unwrap_or_default();
        assert_eq!(source.position(at).0, 3);
        let help = report.problem().help.as_deref().unwrap_or_default();
        assert!(help.starts_with("indent this line"), "{help}");
    }

    #[test]
    fn duplicate_key_is_an_error_with_its_position() {
        let found = read("{\"a\": 1,\n \"a\": 2}", Format::Json).expect_err("it is repeated");
        assert_eq!(found.0, "duplicate key `a`");
        assert_eq!(found.1.0, 2);
        let found = read("b:\n  a: 1\n  a: 2\n", Format::Yaml).expect_err("it is repeated");
        assert_eq!(found, ("duplicate key `a`".into(), (3, 3)));
    }

    #[test]
    fn deep_nesting_is_an_error() {
        let deep = "[".repeat(100_000);
        assert!(read(&deep, Format::Json).is_err());
        assert!(read(&deep, Format::Yaml).is_err());
    }

    #[test]
    fn truncated_text_is_an_error_at_its_end() {
        let (message, at) = read("{\"a\": [1,\n2", Format::Json).expect_err("it is cut");
        assert_eq!(
            (message.as_str(), at),
            ("the document ends too early", (2, 1))
        );
    }
}
