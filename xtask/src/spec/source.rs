//! The text of an input file, and positions in it.

/// The format of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// JSON.
    Json,
    /// YAML.
    Yaml,
    /// TOML, for configuration files.
    Toml,
}

impl Format {
    /// The name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "JSON",
            Self::Yaml => "YAML",
            Self::Toml => "TOML",
        }
    }
}

/// The text of an input file, kept to show source lines in errors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The name of the file, as given by the user.
    pub name: String,
    /// The text, without a byte order mark.
    pub text: String,
    /// The format of the text.
    pub format: Format,
}

impl Source {
    /// Returns line and column of a byte offset, both counted from 1, the column in characters.
    pub fn position(&self, offset: usize) -> (usize, usize) {
        let before = &self.text.as_bytes()[..offset.min(self.text.len())];
        let start = before
            .iter()
            .rposition(|&byte| byte == b'\n')
            .map_or(0, |at| at + 1);
        let line = 1 + before.iter().filter(|&&byte| byte == b'\n').count();
        let column = 1 + String::from_utf8_lossy(&before[start..]).chars().count();
        (line, column)
    }

    /// Returns the byte offset of a line and a column in characters, both counted from 1. A column past the end of the line
    /// yields the end of the line.
    pub fn offset(&self, line: usize, column: usize) -> usize {
        let start = self.line_start(line);
        let rest = &self.text[start..];
        let rest = &rest[..rest.find('\n').unwrap_or(rest.len())];
        start
            + rest
                .char_indices()
                .nth(column.saturating_sub(1))
                .map_or(rest.len(), |(at, _)| at)
    }

    /// Returns the byte offset of a line and a column in bytes, both counted from 1, as serde_json reports them.
    pub(crate) fn offset_in_bytes(&self, line: usize, column: usize) -> usize {
        let mut offset = (self.line_start(line) + column.saturating_sub(1)).min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    }

    fn line_start(&self, line: usize) -> usize {
        match line.checked_sub(2) {
            None => 0,
            Some(breaks) => self
                .text
                .bytes()
                .enumerate()
                .filter(|&(_, byte)| byte == b'\n')
                .nth(breaks)
                .map_or(self.text.len(), |(at, _)| at + 1),
        }
    }
}

/// The bytes between two counts of characters in [`Positions`].
const STRIDE: usize = 4096;

/// Positions in a text, for many look-ups: each takes the same time wherever it is in the text.
#[derive(Debug)]
pub(crate) struct Positions<'a> {
    text: &'a str,
    /// The offset of each line.
    lines: Vec<usize>,
    /// The number of characters that begin before each multiple of [`STRIDE`].
    characters: Vec<usize>,
}

impl<'a> Positions<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        let breaks = text.bytes().enumerate().filter(|&(_, byte)| byte == b'\n');
        let mut counted = 0;
        let characters = text.as_bytes().chunks(STRIDE).map(|chunk| {
            let before = counted;
            counted += count(chunk);
            before
        });
        Self {
            text,
            characters: characters.collect(),
            lines: std::iter::once(0)
                .chain(breaks.map(|(at, _)| at + 1))
                .collect(),
        }
    }

    /// As [`Source::position`].
    pub(crate) fn position(&self, offset: usize) -> (usize, usize) {
        let offset = offset.min(self.text.len());
        let line = self.lines.partition_point(|start| *start <= offset);
        let start = self.lines[line - 1];
        (
            line,
            1 + self.characters_before(offset) - self.characters_before(start),
        )
    }

    /// The start of the line that contains `offset`, and its end.
    pub(crate) fn line_of(&self, offset: usize) -> (usize, usize) {
        let line = self.lines.partition_point(|start| *start <= offset);
        let next = self.lines.get(line).map(|next| next - 1);
        (self.lines[line - 1], next.unwrap_or(self.text.len()))
    }

    /// As [`Source::offset`].
    pub(crate) fn offset(&self, line: usize, column: usize) -> usize {
        let Some(&start) = self.lines.get(line.saturating_sub(1)) else {
            return self.text.len();
        };
        let (_, end) = self.line_of(start);
        let wanted = self.characters_before(start) + column.saturating_sub(1);
        let chunk = self
            .characters
            .partition_point(|before| *before <= wanted)
            .saturating_sub(1);
        // No character within the line begins before the line.
        let mut from = (chunk * STRIDE).max(start);
        while !self.text.is_char_boundary(from) {
            from += 1;
        }
        let skipped = wanted.saturating_sub(self.characters_before(from));
        let rest = self.text.get(from..end).unwrap_or_default();
        from.min(end)
            + rest
                .char_indices()
                .nth(skipped)
                .map_or(rest.len(), |(at, _)| at)
    }

    fn characters_before(&self, offset: usize) -> usize {
        let chunk = offset / STRIDE;
        let bytes = self.text.as_bytes();
        match self.characters.get(chunk) {
            Some(before) => before + count(&bytes[chunk * STRIDE..offset]),
            // The end of a text that fills its last chunk.
            None => match self.characters.last() {
                Some(before) => before + count(&bytes[(chunk - 1) * STRIDE..]),
                None => 0,
            },
        }
    }
}

/// The number of characters that begin in these bytes.
fn count(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| *byte & 0xC0 != 0x80).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn position_and_offset_are_inverse() {
        let source = Source {
            name: "x".into(),
            text: "a: é x\n\nbb: 1".into(),
            format: Format::Yaml,
        };
        for (offset, _) in source.text.char_indices() {
            let (line, column) = source.position(offset);
            assert_eq!(source.offset(line, column), offset);
        }
        let long = format!("é{}\n{}", "xé\n".repeat(3000), "é".repeat(9000));
        for text in [source.text.as_str(), &long] {
            let source = Source {
                text: text.to_owned(),
                ..source.clone()
            };
            let positions = Positions::new(text);
            for (offset, _) in text.char_indices().step_by(7).chain([(text.len(), ' ')]) {
                let (line, column) = source.position(offset);
                assert_eq!(positions.position(offset), (line, column), "{offset}");
                assert_eq!(positions.offset(line, column), offset, "{line}:{column}");
            }
            assert_eq!(positions.offset(2, 5), source.offset(2, 5));
            assert_eq!(positions.offset(99_999, 1), text.len());
        }
        assert_eq!(source.position(source.text.len()), (3, 6));
        assert_eq!(source.offset(9, 9), source.text.len());
        assert_eq!(source.offset(2, 5), 8);
    }
}
