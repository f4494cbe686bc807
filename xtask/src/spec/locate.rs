//! Finds the source position of a JSON pointer. The source is parsed again to report a problem, so that documents can be
//! plain values without positions.

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::rc::Rc;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_yaml::{Location, Spanned};

use crate::spec::parse::yaml_options;
use crate::spec::source::{Format, Positions, Source};

/// The source position of a pointer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    /// The bytes of the key, or of the value if it is an item of a list.
    pub span: Range<usize>,
    /// Whether the whole pointer was found; otherwise this is its nearest existing ancestor.
    pub exact: bool,
}

/// Finds positions in one source. Parsed parts are cached, because a large document can have many problems.
pub struct Locator<'a> {
    source: &'a Source,
    positions: OnceCell<Positions<'a>>,
    yaml: OnceCell<Option<Node>>,
    json: RefCell<HashMap<String, Rc<Opened<'a>>>>,
}

/// A parsed value of a JSON source, with the unparsed text of its members.
enum Opened<'a> {
    Object(HashMap<String, &'a RawValue>),
    List(Vec<&'a RawValue>),
    Scalar,
}

impl<'a> Locator<'a> {
    /// Creates a locator for `source`.
    pub fn new(source: &'a Source) -> Self {
        Self {
            source,
            positions: OnceCell::new(),
            yaml: OnceCell::new(),
            json: RefCell::default(),
        }
    }

    /// The positions in the source.
    pub(crate) fn positions(&self) -> &Positions<'a> {
        let source = self.source;
        self.positions.get_or_init(|| Positions::new(&source.text))
    }

    /// Finds the value at `pointer`, or its nearest existing ancestor. Returns `None` for the root.
    pub fn find(&self, pointer: &str) -> Option<Located> {
        let steps: Vec<&str> = pointer.split('/').skip(1).collect();
        let (span, found) = match self.source.format {
            Format::Json => self.find_json(&steps)?,
            Format::Yaml => self.find_yaml(&steps)?,
            Format::Toml => return None,
        };
        Some(Located {
            span,
            exact: found == steps.len(),
        })
    }

    fn find_json(&self, steps: &[&str]) -> Option<(Range<usize>, usize)> {
        let text = self.source.text.as_str();
        let offset = |raw: &RawValue| raw.get().as_ptr() as usize - text.as_ptr() as usize;
        let mut raw = None;
        let mut pointer = String::new();
        let mut span = None;
        let mut found = 0;
        for step in steps {
            let opened = self.open(&pointer, raw);
            let key = unescaped(step);
            let (member, place) = match &*opened {
                Opened::Object(members) => {
                    let Some(member) = members.get(&key).copied() else {
                        break;
                    };
                    (member, key_before(text, &key, offset(member)))
                }
                Opened::List(items) => {
                    let item = key.parse().ok().and_then(|index: usize| items.get(index));
                    let Some(item) = item.copied() else { break };
                    (item, None)
                }
                Opened::Scalar => break,
            };
            let value = offset(member)..offset(member) + member.get().len();
            span = Some(place.unwrap_or(value));
            raw = Some(member);
            pointer.push('/');
            pointer.push_str(step);
            found += 1;
        }
        span.map(|span| (span, found))
    }

    /// Parses the value at `pointer`, whose text is `raw` or by default the whole source.
    fn open(&self, pointer: &str, raw: Option<&'a RawValue>) -> Rc<Opened<'a>> {
        if let Some(opened) = self.json.borrow().get(pointer) {
            return Rc::clone(opened);
        }
        let text = raw.map_or(self.source.text.as_str(), RawValue::get);
        let opened = if let Ok(members) = serde_json::from_str(text) {
            Opened::Object(members)
        } else if let Ok(items) = serde_json::from_str(text) {
            Opened::List(items)
        } else {
            Opened::Scalar
        };
        let opened = Rc::new(opened);
        let mut known = self.json.borrow_mut();
        known.insert(pointer.to_owned(), Rc::clone(&opened));
        opened
    }

    fn find_yaml(&self, steps: &[&str]) -> Option<(Range<usize>, usize)> {
        let read = || serde_yaml::from_str_with_options(&self.source.text, yaml_options()).ok();
        let mut node = self.yaml.get_or_init(read).as_ref()?;
        let mut span = None;
        let mut found = 0;
        for step in steps {
            let step = unescaped(step);
            let (location, length, next) = match node {
                Node::Map(members) => {
                    let Some((location, value)) = members.get(&step) else {
                        break;
                    };
                    (*location, step.len(), value)
                }
                Node::List(items) => {
                    let item = step.parse().ok().and_then(|index: usize| items.get(index));
                    let Some(item) = item else { break };
                    (item.referenced, 1, &item.value)
                }
                Node::Scalar => break,
            };
            let start = self.positions().offset(
                usize::try_from(location.line()).ok()?,
                usize::try_from(location.column()).ok()?,
            );
            span = Some(start..(start + length).min(self.source.text.len()));
            node = next;
            found += 1;
        }
        span.map(|span| (span, found))
    }
}

pub(crate) fn unescaped(step: &str) -> String {
    step.replace("~1", "/").replace("~0", "~")
}

/// Finds the key before the value at offset `value`. A key written with escapes is not found.
fn key_before(text: &str, key: &str, value: usize) -> Option<Range<usize>> {
    let key = serde_json::to_string(key).ok()?;
    let start = text[..value].rfind(&key)?;
    let between = &text[start + key.len()..value];
    between
        .chars()
        .all(|c| c == ':' || c.is_whitespace())
        .then(|| start..start + key.len())
}

/// The structure of a YAML document with the positions of its keys and items.
enum Node {
    Map(HashMap<String, (Location, Node)>),
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
        let mut map = HashMap::new();
        while let Some(key) = members.next_key::<Spanned<String>>()? {
            map.insert(key.value, (key.referenced, members.next_value()?));
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
        Locator::new(&source).find(pointer).map(|at| {
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
    fn key_that_occurs_repeatedly_is_found_at_the_right_position() {
        let text = "{\"a\": {\"x\": 1},\n \"b\": {\"x\": 2},\n \"c\": {\"x\": \"x\"}}";
        for (pointer, line) in [("/a/x", 1), ("/b/x", 2), ("/c/x", 3)] {
            let found = place(text, Format::Json, pointer);
            assert_eq!(found, Some(("\"x\"".into(), line, true)));
        }
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
    fn missing_member_yields_the_nearest_ancestor() {
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
