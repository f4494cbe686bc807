//! Entity tags, which show whether a document has changed since the last fetch.

use crate::sources::ApiSource;

use super::digest;

/// Maximum length of a tag. Longer ones are not stored, because people read `sources.toml`.
const MAX_LENGTH: usize = 200;

/// An entity tag as in RFC 9110, section 8.8.3: `"…"` or `W/"…"`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Etag(String);

impl Etag {
    /// Parses an entity tag. Returns `None` for an invalid one, which could not be sent back.
    pub fn parse(text: &str) -> Option<Self> {
        let opaque = text
            .strip_prefix("W/")
            .unwrap_or(text)
            .strip_prefix('"')?
            .strip_suffix('"')?;
        let fits = opaque
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'"');
        (fits && text.len() <= MAX_LENGTH).then(|| Self(text.to_owned()))
    }

    /// The value for a header.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Returns a digest of what an entity tag applies to: the URL, the included operations and the resulting facts. If any of these
/// has changed, the tag says nothing about the current facts.
pub(super) fn scope(entry: &ApiSource, facts: &str) -> String {
    let mut text = entry.url.clone().unwrap_or_default();
    for selector in &entry.include {
        text += &format!("\n{selector}");
    }
    text.push('\n');
    text.push_str(facts);
    digest(text.as_bytes())
}

/// Returns the stored tag if it applies to these facts and to the current settings.
pub(super) fn stored(entry: &ApiSource, facts: &str) -> Option<Etag> {
    let same = entry.etag_of.as_deref() == Some(scope(entry, facts).as_str());
    entry.etag.as_deref().filter(|_| same).and_then(Etag::parse)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_tag_is_not_stored() {
        for text in [r#""""#, r#""a""#, r#"W/"a\b'#=""#] {
            assert_eq!(Etag::parse(text).as_ref().map(Etag::as_str), Some(text));
        }
        let long = format!("\"{}\"", "a".repeat(MAX_LENGTH));
        for text in [
            "", "a", "\"", "\"a", "w/\"a\"", "W/a", "\"a\"b\"", "\"a b\"", "\"a\nb\"", "\"é\"",
            "*", &long,
        ] {
            assert_eq!(Etag::parse(text), None, "{text}");
        }
    }
}
