//! Entity tags: how a server tells that a document is still the one that was fetched last.

use crate::sources::ApiSource;

use super::digest;

/// Tags above this length are not kept; the list of sources is for people.
const LONGEST: usize = 200;

/// An entity tag as RFC 9110 writes it, `"…"` or `W/"…"`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Etag(String);

impl Etag {
    /// The tag, if it is one: servers send all sorts of texts, and one that is no tag could not be sent back.
    pub fn parse(text: &str) -> Option<Self> {
        let opaque = text
            .strip_prefix("W/")
            .unwrap_or(text)
            .strip_prefix('"')?
            .strip_suffix('"')?;
        let fits = opaque
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'"');
        (fits && text.len() <= LONGEST).then(|| Self(text.to_owned()))
    }

    /// The tag as a header has it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a tag stands for here: an address, the part of the document that was wanted, and the facts that were made of it.
/// With another of any of these the tag says nothing of the facts that are there now.
pub(super) fn of(entry: &ApiSource, facts: &str) -> String {
    let mut text = entry.url.clone();
    for part in entry.include.iter().map(String::as_str).chain([facts]) {
        text.push('\n');
        text.push_str(part);
    }
    digest(text.as_bytes())
}

/// The tag that was kept, if it stands for these facts and for what would be fetched now.
pub(super) fn kept(entry: &ApiSource, facts: &str) -> Option<Etag> {
    let same = entry.etag_of.as_deref() == Some(of(entry, facts).as_str());
    entry.etag.as_deref().filter(|_| same).and_then(Etag::parse)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_is_no_tag_is_not_kept() {
        for text in [r#""""#, r#""a""#, r#"W/"a\b'#=""#] {
            assert_eq!(Etag::parse(text).as_ref().map(Etag::as_str), Some(text));
        }
        let long = format!("\"{}\"", "a".repeat(LONGEST));
        for text in [
            "", "a", "\"", "\"a", "w/\"a\"", "W/a", "\"a\"b\"", "\"a b\"", "\"a\nb\"", "\"é\"",
            "*", &long,
        ] {
            assert_eq!(Etag::parse(text), None, "{text}");
        }
    }
}
