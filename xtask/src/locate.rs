//! From a JSON pointer to the bytes of the source that it names. Read anew when a problem is to be shown, so that
//! the documents themselves stay plain values.

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_yaml::Spanned;

use crate::parse::yaml_options;
use crate::source::{Format, Source};

/// Where a pointer leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    /// The bytes of the key, or of the value where it stands in a list.
    pub span: Range<usize>,
    /// How many steps of the pointer were found; the others are not in the source.
    pub steps: usize,
    /// Whether all of them were.
    pub exact: bool,
}

/// Finds what `pointer` names in `source`, or what comes nearest above it. Nothing for the whole document.
pub fn locate(source: &Source, pointer: &str) -> Option<Located> {
    let steps: Vec<String> = pointer
        .split('/')
        .skip(1)
        .map(|step| step.replace("~1", "/").replace("~0", "~"))
        .collect();
    let (span, found) = match source.format {
        Format::Json => json(&source.text, &steps)?,
        Format::Yaml => yaml(source, &steps)?,
        Format::Toml => return None,
    };
    Some(Located {
        span,
        steps: found,
        exact: found == steps.len(),
    })
}

fn json(text: &str, steps: &[String]) -> Option<(Range<usize>, usize)> {
    let mut at = serde_json::from_str::<&RawValue>(text).ok()?;
    let mut span = None;
    let mut found = 0;
    for step in steps {
        let offset = |raw: &RawValue| raw.get().as_ptr() as usize - text.as_ptr() as usize;
        if let Ok(mut members) = serde_json::from_str::<HashMap<String, &RawValue>>(at.get()) {
            let Some(member) = members.remove(step) else {
                break;
            };
            let value = offset(member);
            // The key stands before the value; one written with escapes is not found, and the value is shown.
            let key = serde_json::to_string(step).ok()?;
            let start = text[..value].rfind(&key).filter(|&start| {
                text[start + key.len()..value]
                    .chars()
                    .all(|c| c == ':' || c.is_whitespace())
            });
            span = Some(match start {
                Some(start) => start..start + key.len(),
                None => value..value + member.get().len(),
            });
            at = member;
        } else {
            let Ok(items) = serde_json::from_str::<Vec<&RawValue>>(at.get()) else {
                break;
            };
            let Some(item) = step
                .parse()
                .ok()
                .and_then(|index: usize| items.get(index).copied())
            else {
                break;
            };
            span = Some(offset(item)..offset(item) + item.get().len());
            at = item;
        }
        found += 1;
    }
    span.map(|span| (span, found))
}

fn yaml(source: &Source, steps: &[String]) -> Option<(Range<usize>, usize)> {
    let root: Node = serde_yaml::from_str_with_options(&source.text, yaml_options()).ok()?;
    let mut node = &root;
    let mut span = None;
    let mut found = 0;
    for step in steps {
        let (location, length, next) = match node {
            Node::Map(members) => {
                let Some((key, value)) = members.iter().find(|(key, _)| key.value == *step) else {
                    break;
                };
                (key.referenced, step.len(), value)
            }
            Node::List(items) => {
                let Some(item) = step.parse().ok().and_then(|index: usize| items.get(index)) else {
                    break;
                };
                (item.referenced, 1, &item.value)
            }
            Node::Scalar => break,
        };
        let start = source.offset(
            usize::try_from(location.line()).ok()?,
            usize::try_from(location.column()).ok()?,
        );
        span = Some(start..(start + length).min(source.text.len()));
        node = next;
        found += 1;
    }
    span.map(|span| (span, found))
}

/// The shape of a YAML document with the places of its keys and items.
enum Node {
    Map(Vec<(Spanned<String>, Node)>),
    List(Vec<Spanned<Node>>),
    Scalar,
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Node, E> {
        Ok(Node::Scalar)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Node, E> {
        Ok(Node::Scalar)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Node, E> {
        Ok(Node::Scalar)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Node, E> {
        Ok(Node::Scalar)
    }

    fn visit_str<E>(self, _: &str) -> Result<Node, E> {
        Ok(Node::Scalar)
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Scalar)
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Scalar)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        Node::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Node, A::Error> {
        let mut map = Vec::new();
        while let Some(key) = members.next_key()? {
            map.push((key, members.next_value()?));
        }
        Ok(Node::Map(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str, format: Format, pointer: &str) -> Option<(String, usize, bool)> {
        let source = Source {
            name: "x".into(),
            text: text.into(),
            format,
        };
        locate(&source, pointer).map(|at| {
            let (line, _) = source.position(at.span.start);
            (source.text[at.span].to_owned(), line, at.exact)
        })
    }

    const JSON: &str = "{\n \"a/b\": {\"é\": [10,\n {\"x\": true}]},\n \"k\\u0061\": 1}";
    const YAML: &str = "a/b:\n  é:\n  - 10\n  - x: true\nlist: [1, two]\n200: ok\n";

    #[test]
    fn member_of_json_is_found_at_its_key() {
        let at = |pointer| place(JSON, Format::Json, pointer);
        assert_eq!(at("/a~1b"), Some(("\"a/b\"".into(), 2, true)));
        assert_eq!(at("/a~1b/é/1/x"), Some(("\"x\"".into(), 3, true)));
        assert_eq!(at("/a~1b/é/0"), Some(("10".into(), 2, true)));
        assert_eq!(at("/ka"), Some(("1".into(), 4, true)));
    }

    #[test]
    fn member_of_yaml_is_found_at_its_key() {
        let at = |pointer| place(YAML, Format::Yaml, pointer);
        assert_eq!(at("/a~1b"), Some(("a/b".into(), 1, true)));
        assert_eq!(at("/a~1b/é/1/x"), Some(("x".into(), 4, true)));
        assert_eq!(at("/list/1"), Some(("t".into(), 5, true)));
        assert_eq!(at("/200"), Some(("200".into(), 6, true)));
    }

    #[test]
    fn missing_member_leads_to_the_nearest_place_above() {
        assert_eq!(
            place(YAML, Format::Yaml, "/a~1b/é/7/x"),
            Some(("é".into(), 2, false))
        );
        assert_eq!(
            place(JSON, Format::Json, "/a~1b/none"),
            Some(("\"a/b\"".into(), 2, false))
        );
        assert_eq!(place(JSON, Format::Json, "/none"), None);
        assert_eq!(place(JSON, Format::Json, ""), None);
    }
}
