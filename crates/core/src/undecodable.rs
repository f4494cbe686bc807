//! Why a success could not be read, told without a value from the body.

use std::fmt;

use crate::problem::shortened;

/// A place in a body and what was wrong there.
#[derive(Debug)]
pub(crate) struct Undecodable {
    path: String,
    line: usize,
    column: usize,
    what: String,
}

impl Undecodable {
    pub(crate) fn new(body: &[u8], error: &serde_json::Error) -> Self {
        let (line, column) = (error.line(), error.column());
        let path = offset(body, line, column).map(|offset| path_at(body, offset));
        Self {
            path: path.unwrap_or_default(),
            line,
            column,
            what: safe_text(error),
        }
    }

    /// The place, such as `members[3].role`; empty at the top.
    pub(crate) fn path(&self) -> &str {
        &self.path
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

/// Serde quotes the value it could not take; what it expected, and which field it missed, come from the type and
/// are safe to tell.
fn safe_text(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = match text.rfind(" at line ") {
        Some(position) if error.line() > 0 => &text[..position],
        _ => text.as_str(),
    };
    if !error.is_data() {
        // These texts are constants of serde_json.
        return text.to_owned();
    }
    let from_the_type = [
        "missing field `",
        "duplicate field `",
        "data did not match any variant of untagged enum ",
        "no variant fits",
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
    let names_nothing =
        text.ends_with("there are no variants") || text.ends_with("there are no fields");
    match text.rfind(", expected ") {
        Some(position)
            if !names_nothing && quotes_a_value.iter().any(|start| text.starts_with(start)) =>
        {
            format!(
                "expected {}, found another value",
                shortened(&text[position + ", expected ".len()..])
            )
        }
        _ => "a value that does not fit its type".to_owned(),
    }
}

/// Serde counts lines from 1 and columns in bytes.
fn offset(body: &[u8], line: usize, column: usize) -> Option<usize> {
    let starts = body.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::len);
    let start: usize = starts.take(line.checked_sub(1)?).sum();
    Some((start + column).min(body.len()))
}

/// A container that is open at the offset.
enum Open {
    /// An object and the key whose value is being read.
    Object(Option<String>),
    /// An array and the index of the item that is being read.
    Array(usize),
}

/// The path of the value that ends or begins at `offset`. It reads broken JSON as far as it goes.
fn path_at(body: &[u8], offset: usize) -> String {
    let mut open = Vec::new();
    let mut position = 0;
    while position < offset {
        match body[position] {
            b'{' => open.push(Open::Object(None)),
            b'[' => open.push(Open::Array(0)),
            b'}' | b']' => {
                open.pop();
            }
            b',' => match open.last_mut() {
                Some(Open::Object(key)) => *key = None,
                Some(Open::Array(index)) => *index += 1,
                None => {}
            },
            b'"' => {
                let end = string_end(body, position);
                if let Some(Open::Object(key @ None)) = open.last_mut() {
                    *key = Some(key_text(&body[position..end]));
                }
                position = end;
                continue;
            }
            _ => {}
        }
        position += 1;
    }
    let mut path = String::new();
    for container in &open {
        match container {
            Open::Array(index) => path.push_str(&format!("[{index}]")),
            Open::Object(None) => {}
            Open::Object(Some(key)) => {
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(key);
            }
        }
    }
    path
}

/// The position after the string that begins at `start`.
fn string_end(body: &[u8], start: usize) -> usize {
    let mut position = start + 1;
    while let Some(byte) = body.get(position) {
        match byte {
            b'"' => return position + 1,
            b'\\' => position += 2,
            _ => position += 1,
        }
    }
    body.len()
}

/// A key as text. Keys of maps are the server's, so they are bounded like its other words.
fn key_text(quoted: &[u8]) -> String {
    let key: String = serde_json::from_slice(quoted).unwrap_or_default();
    shortened(&key).chars().take(64).collect()
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

    fn told(body: &str) -> String {
        let error = serde_json::from_str::<Vec<Member>>(body).unwrap_err();
        Undecodable::new(body.as_bytes(), &error).to_string()
    }

    #[test]
    fn missing_field_is_named_with_its_place() {
        assert_eq!(
            told("[{\"name\":\"a\",\n\"age\":1}]"),
            "[0]: missing field `roles` (line 2, column 8)"
        );
    }

    #[test]
    fn wrong_type_is_told_without_the_value() {
        assert_eq!(
            told(r#"[{"name":"a","age":"s3cr3t, expected s3cr3t","roles":[]}]"#),
            "[0].age: expected u32, found another value (line 1, column 44)"
        );
    }

    #[test]
    fn wrong_container_is_told_at_its_start() {
        assert_eq!(
            told(r#"[{"name":{"a":1},"age":1,"roles":[]}]"#),
            "[0].name: expected a string, found another value (line 1, column 9)"
        );
    }

    #[test]
    fn unknown_variant_is_told_by_the_known_ones() {
        assert_eq!(
            told(r#"[{"name":"a","age":1,"roles":["owner","s3cr3t"]}]"#),
            "[0].roles[1]: expected `owner` or `viewer`, found another value (line 1, column 46)"
        );
    }

    #[test]
    fn syntax_error_is_told_with_its_place() {
        assert_eq!(
            told(r#"[{"name":"a","age":1,"#),
            "[0]: EOF while parsing a value (line 1, column 21)"
        );
    }

    #[test]
    fn key_with_escapes_is_read_and_bounded() {
        let key = "k\\\"]{".to_owned() + &"x".repeat(100);
        let path = path_at(format!("{{\"{key}\":1").as_bytes(), 109);
        assert_eq!(path, "k\"]{".to_owned() + &"x".repeat(60));
    }

    #[test]
    fn error_without_a_position_has_no_path() {
        let error = <serde_json::Error as serde::de::Error>::custom("found s3cr3t");
        let told = Undecodable::new(b"{}", &error);
        assert_eq!(told.to_string(), "a value that does not fit its type");
    }
}
