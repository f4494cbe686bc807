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
        assert_eq!(source.position(source.text.len()), (3, 6));
        assert_eq!(source.offset(9, 9), source.text.len());
        assert_eq!(source.offset(2, 5), 8);
    }
}
