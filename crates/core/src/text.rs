//! Sanitizes text from servers for display.

/// Returns `text` without non-printable characters: control characters, format characters such as those that change the
/// direction of text, line and paragraph separators, private-use and unassigned code points. Unusual spaces become plain
/// ones.
///
/// All text from servers passes through this function before it is shown, because terminals and log viewers interpret these
/// characters.
///
/// ```
/// assert_eq!(auth0_core::codegen::printable("user\u{202e}gpj.exe\u{1b}[2J"), "usergpj.exe[2J");
/// assert_eq!(auth0_core::codegen::printable("Z\u{fc}rich\u{a0}8001"), "Zürich 8001");
/// ```
pub fn printable(text: &str) -> String {
    text.chars()
        .filter_map(|c| match c {
            ' '..='~' => Some(c),
            _ if c.is_whitespace() && !is_separator(c) => Some(' '),
            _ => is_printed(c).then_some(c),
        })
        .collect()
}

/// Control characters (category Cc), and line and paragraph separators (Zl, Zp).
fn is_separator(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

/// Whether a character is printable: the standard library escapes exactly the others. The character must not be the first
/// one, where combining marks are escaped as well.
fn is_printed(c: char) -> bool {
    let text = format!("x{c}");
    let is_escaped = text.escape_debug().nth(1) == Some('\\');
    !is_escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn non_printable_characters_are_removed() {
        // Category Cc, all of Cf, Zl, Zp, private use, noncharacters.
        let ranges = [
            ('\u{0}', '\u{1f}'),
            ('\u{7f}', '\u{9f}'),
            ('\u{ad}', '\u{ad}'),
            ('\u{600}', '\u{605}'),
            ('\u{61c}', '\u{61c}'),
            ('\u{6dd}', '\u{6dd}'),
            ('\u{70f}', '\u{70f}'),
            ('\u{890}', '\u{891}'),
            ('\u{8e2}', '\u{8e2}'),
            ('\u{180e}', '\u{180e}'),
            ('\u{200b}', '\u{200f}'),
            ('\u{2028}', '\u{202e}'),
            ('\u{2060}', '\u{206f}'),
            ('\u{e000}', '\u{e0ff}'),
            ('\u{feff}', '\u{feff}'),
            ('\u{fff9}', '\u{fffb}'),
            ('\u{110bd}', '\u{110bd}'),
            ('\u{110cd}', '\u{110cd}'),
            ('\u{13430}', '\u{1343f}'),
            ('\u{1bca0}', '\u{1bca3}'),
            ('\u{1d173}', '\u{1d17a}'),
            ('\u{1fffe}', '\u{1ffff}'),
            ('\u{e0001}', '\u{e0001}'),
            ('\u{e0020}', '\u{e007f}'),
            ('\u{f0000}', '\u{f00ff}'),
        ];
        for (first, last) in ranges {
            for c in first..=last {
                assert_eq!(printable(&format!("a{c}b")), "ab", "{:x}", u32::from(c));
            }
        }
    }

    #[test]
    fn printable_characters_are_kept() {
        for text in [
            "plain ASCII, with 'single' and \"double\" quotes and a \\",
            "Größe, 東京, Ελλάδα, ירושלים, القاهرة, कि, 👍🏽",
            "e\u{301}",
        ] {
            assert_eq!(printable(text), text);
        }
        assert_eq!(printable("a\u{a0}b\u{3000}c\u{2003}d"), "a b c d");
    }
}
