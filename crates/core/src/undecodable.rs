//! Why a body could not be decoded, without values from the body.

use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;

use crate::problem::shortened;

/// Where in a body decoding failed, and why. Contains no value from the body, because it may be a secret.
///
/// ```
/// use auth0_core::Error;
///
/// fn report(error: &Error) {
///     if let Some(undecodable) = error.undecodable() {
///         // For example: members[3].age: expected u32, found a string (line 1, column 44)
///         println!("{}: {undecodable}", undecodable.path());
///     }
/// }
/// # report(&Error::configuration("example"));
/// ```
#[derive(Debug)]
pub struct Undecodable {
    path: String,
    offset: Option<usize>,
    line: usize,
    column: usize,
    category: Category,
    what: String,
    is_not_json: bool,
}

impl Undecodable {
    pub(crate) fn new(body: &[u8], error: &serde_json::Error) -> Self {
        let (line, column) = (error.line(), error.column());
        let offset = offset(body, line, column);
        Self {
            path: offset.map_or_else(String::new, |offset| path_at(body, offset)),
            offset,
            line,
            column,
            category: error.classify(),
            what: redacted_message(error),
            is_not_json: error.is_syntax()
                && !matches!(body.trim_ascii_start(), [b'{' | b'[' | b'"', ..]),
        }
    }

    /// Returns the path of keys and indexes, such as `members[3].role`; empty for the whole body.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Returns the offset in bytes from the start of the body, if known.
    pub fn offset(&self) -> Option<usize> {
        self.offset
    }

    /// The message without the position.
    pub(crate) fn what(&self) -> &str {
        &self.what
    }

    /// Whether the body does not begin like JSON, such as HTML or plain text.
    pub(crate) fn is_not_json(&self) -> bool {
        self.is_not_json
    }

    /// Returns the kind of error: invalid JSON, an unexpected end, or a value of the wrong type.
    pub fn category(&self) -> Category {
        self.category
    }
}

impl fmt::Display for Undecodable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.what)?;
        if self.line > 0 {
            write!(f, " (line {}, column {})", self.line, self.column)?;
        }
        Ok(())
    }
}

/// The message of serde without the values that it quotes. Expected types and missing fields come from the Rust type, so
/// they are safe to show.
fn redacted_message(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = match text.rfind(" at line ") {
        Some(position) if error.line() > 0 => &text[..position],
        _ => text.as_str(),
    };
    if !error.is_data() {
        // These messages are constants of serde_json.
        return text.to_owned();
    }
    let from_the_type = [
        "missing field `",
        "duplicate field `",
        "data did not match any variant of untagged enum ",
        "no variant matches",
    ];
    if from_the_type.iter().any(|start| text.starts_with(start)) {
        return shortened(text);
    }
    let quotes_a_value = [
        "invalid type: ",
        "invalid value: ",
        "invalid length ",
        "unknown variant `",
        "unknown field `",
    ];
    let expects_nothing =
        text.ends_with("there are no variants") || text.ends_with("there are no fields");
    let quoted = quotes_a_value
        .iter()
        .find_map(|start| text.strip_prefix(start));
    match (text.rfind(", expected "), quoted) {
        (Some(position), Some(quoted)) if !expects_nothing => {
            format!(
                "expected {}, found {}",
                shortened(&text[position + ", expected ".len()..]),
                kind_of(text, quoted)
            )
        }
        _ => "the value has the wrong type".to_owned(),
    }
}

/// The kind of the value that serde quotes. Serde names the kind before the value.
fn kind_of(text: &str, quoted: &str) -> &'static str {
    const KINDS: [(&str, &str); 9] = [
        ("null", "null"),
        ("unit value", "null"),
        ("string ", "a string"),
        ("number", "a number"),
        ("integer ", "a number"),
        ("floating point ", "a number"),
        ("boolean", "a boolean"),
        ("sequence", "an array"),
        ("map", "an object"),
    ];
    if text.starts_with("unknown variant ") {
        return "a string that is none of these";
    }
    if !text.starts_with("invalid type: ") && !text.starts_with("invalid value: ") {
        return "another value";
    }
    KINDS
        .iter()
        .find(|(start, _)| quoted.starts_with(start))
        .map_or("another value", |(_, kind)| kind)
}

/// Converts line (from 1) and column (in bytes) of serde into an offset.
fn offset(body: &[u8], line: usize, column: usize) -> Option<usize> {
    let starts = body.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::len);
    let start: usize = starts.take(line.checked_sub(1)?).sum();
    Some((start + column).min(body.len()))
}

/// Returns the path of the value that ends or begins at `offset`.
///
/// The body is parsed again up to that value without keeping any values, which takes time proportional to the body and
/// memory for the path only. Tracking the path while decoding (`serde_path_to_error`) would compile all decoding twice: a
/// program with all operations took 16 to 19 % longer to build.
fn path_at(body: &[u8], offset: usize) -> String {
    let read = &body[..offset];
    let in_scalar =
        |byte: &u8| matches!(byte, b'+' | b'-' | b'.' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z');
    let (end, begins) = match read.last() {
        // Leaves the string, object or array that ends here open.
        Some(b'"' | b'}' | b']') => (read.len() - 1, false),
        // Removes a number or literal.
        Some(byte) if in_scalar(byte) => {
            let before = read.iter().rposition(|byte| !in_scalar(byte));
            (before.map_or(0, |last| last + 1), true)
        }
        _ => (read.len(), false),
    };
    let mut json = serde_json::Deserializer::from_slice(&read[..end]);
    let mut visitor = PathVisitor {
        path: Vec::new(),
        begins,
        entered: 0,
    };
    if visitor.deserialize(&mut json).is_ok() {
        return String::new();
    }
    let mut path = String::new();
    for step in &visitor.path {
        match step {
            PathStep::Item(index) => path.push_str(&format!("[{index}]")),
            PathStep::Member(key) => {
                if !path.is_empty() {
                    path.push('.');
                }
                // Keys of maps come from the server, so they are truncated.
                path.extend(shortened(key).chars().take(64));
            }
        }
    }
    path
}

/// Visits a value recursively and keeps only the current path.
struct PathVisitor {
    /// The current path, or the path where parsing failed.
    path: Vec<PathStep>,
    /// Whether a value begins where the JSON ends.
    begins: bool,
    /// The number of values that the parser has entered.
    entered: u64,
}

enum PathStep {
    Item(usize),
    Member(String),
}

impl<'de> DeserializeSeed<'de> for &mut PathVisitor {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.entered += 1;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &mut PathVisitor {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        for index in 0.. {
            let entered = self.entered;
            self.path.push(PathStep::Item(index));
            let item = items.next_element_seed(&mut *self);
            // Without an item, the position is the list itself.
            let has_item = self.entered > entered || self.begins && item.is_err();
            if !has_item || item.is_ok() {
                self.path.pop();
            }
            if item?.is_none() {
                break;
            }
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(key) = members.next_key()? {
            self.path.push(PathStep::Member(key));
            members.next_value_seed(&mut *self)?;
            self.path.pop();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[allow(dead_code, reason = "only decoding is tested")]
    struct Member {
        name: String,
        age: u32,
        roles: Vec<Role>,
        #[serde(default)]
        extra: BTreeMap<String, u8>,
    }

    #[derive(Debug, serde::Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Role {
        Owner,
        Viewer,
    }

    fn message(body: &str) -> String {
        let error = serde_json::from_str::<Vec<Member>>(body).unwrap_err();
        Undecodable::new(body.as_bytes(), &error).to_string()
    }

    #[test]
    fn missing_field_is_reported_with_its_position() {
        assert_eq!(
            message("[{\"name\":\"a\",\n\"age\":1}]"),
            "[0]: missing field `roles` (line 2, column 8)"
        );
    }

    #[test]
    fn wrong_type_is_reported_without_the_value() {
        assert_eq!(
            message(r#"[{"name":"a","age":"s3cr3t, expected s3cr3t","roles":[]}]"#),
            "[0].age: expected u32, found a string (line 1, column 44)"
        );
    }

    #[test]
    fn wrong_container_is_reported_at_its_start() {
        assert_eq!(
            message(r#"[{"name":{"a":1},"age":1,"roles":[]}]"#),
            "[0].name: expected a string, found an object (line 1, column 9)"
        );
    }

    #[test]
    fn kind_of_the_value_is_reported_without_the_value() {
        let cases = [
            ("null", "null"),
            ("-1", "a number"),
            ("4294967296", "a number"),
            ("1.5", "a number"),
            ("\"s3cr3t\"", "a string"),
            ("true", "a boolean"),
            ("[\"s3cr3t\"]", "an array"),
            ("{\"s3cr3t\":1}", "an object"),
        ];
        for (value, kind) in cases {
            let message = message(&format!(r#"[{{"name":"a","age":{value},"roles":[]}}]"#));
            let expected = format!("[0].age: expected u32, found {kind} (");
            assert!(message.starts_with(&expected), "{value}: {message}");
        }
        assert!(message("[null]").starts_with("[0]: expected struct Member, found null ("));
    }

    #[test]
    fn secret_that_is_not_text_is_reported_by_its_kind() {
        for (body, kind) in [
            ("null", "null"),
            ("1.5", "a number"),
            ("123456789012345678901234", "a number"),
            ("[1]", "an array"),
            ("{}", "an object"),
        ] {
            let error = serde_json::from_str::<crate::SecretString>(body).unwrap_err();
            let message = Undecodable::new(body.as_bytes(), &error).to_string();
            assert!(
                message.starts_with(&format!("expected a string, found {kind}")),
                "{message}"
            );
        }
        for text in ["123", "true"] {
            let secret: crate::SecretString = serde_json::from_str(text).unwrap();
            assert_eq!(secret.secret(), text);
        }
    }

    #[test]
    fn position_at_the_end_of_a_large_body_is_found() {
        let member = r#"{"name":"a\u00e9","age":1,"roles":["owner"],"extra":{"x":1,"y":2}},"#;
        let body = format!(r#"[{}{{"name":"b","age":null}}]"#, member.repeat(100_000));
        assert!(message(&body).starts_with("[100000].age: expected u32, found null"));
    }

    #[test]
    fn unknown_variant_is_reported_with_the_known_ones() {
        assert_eq!(
            message(r#"[{"name":"a","age":1,"roles":["owner","s3cr3t"]}]"#),
            "[0].roles[1]: expected `owner` or `viewer`, found a string that is none of these (line 1, column 46)"
        );
    }

    #[test]
    fn syntax_error_is_reported_with_its_position() {
        assert_eq!(
            message(r#"[{"name":"a","age":1,"#),
            "[0]: EOF while parsing a value (line 1, column 21)"
        );
    }

    #[test]
    fn key_with_escapes_is_decoded_and_truncated() {
        let key = "k\\\"]{".to_owned() + &"x".repeat(100);
        let path = path_at(format!("{{\"{key}\":1").as_bytes(), 109);
        assert_eq!(path, "k\"]{".to_owned() + &"x".repeat(60));
    }

    #[test]
    fn path_of_every_kind_of_value_is_found() {
        for value in ["\"a]\"", "-1.5e+3", "true", "null", "[[]]", "{\"a\":{}}"] {
            let body =
                format!(r#"[{{"name":"a","age":1,"roles":[],"extra":{{"x":1,"y":{value}}}}}]"#);
            let error = serde_json::from_str::<Vec<Member>>(&body).unwrap_err();
            let message = Undecodable::new(body.as_bytes(), &error);
            assert_eq!(message.path(), "[0].extra.y", "{value}");
            assert_eq!(message.category(), Category::Data);
            let end = body.find(value).unwrap() + value.len();
            assert!(
                message.offset().is_some_and(|offset| offset <= end),
                "{value}"
            );
        }
    }

    #[test]
    fn list_item_of_every_kind_is_reported_with_its_index() {
        for value in ["7", "-1.5e+3", "true", "null", "\"a\""] {
            for before in ["", r#"{"name":"a","age":1,"roles":["owner"]},"#] {
                let body = format!("[{before}{value}]");
                let error = serde_json::from_str::<Vec<Member>>(&body).unwrap_err();
                let path = if before.is_empty() { "[0]" } else { "[1]" };
                assert_eq!(
                    Undecodable::new(body.as_bytes(), &error).path(),
                    path,
                    "{body}"
                );
            }
        }
    }

    #[test]
    fn path_omits_closed_containers() {
        let rest = r#"[{"name":"a","age":1,"roles":["owner"],"extra":{"x":1}},{"name":"b","age":2,"roles":[]},{"roles":1"#;
        let error = serde_json::from_str::<Vec<Member>>(rest).unwrap_err();
        assert_eq!(
            Undecodable::new(rest.as_bytes(), &error).path(),
            "[2].roles"
        );
    }

    #[test]
    fn error_without_a_position_has_no_path() {
        let error = <serde_json::Error as serde::de::Error>::custom("found s3cr3t");
        let message = Undecodable::new(b"{}", &error);
        assert_eq!(message.to_string(), "the value has the wrong type");
    }
}
