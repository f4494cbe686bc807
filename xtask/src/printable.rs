//! Escapes invisible characters in untrusted text from documents and servers.

/// Whether a character is invisible: a control or format character (such as a bidirectional override), a line separator,
/// or a private-use or unassigned code point. Spaces of any width count as visible.
pub(crate) fn is_hidden(c: char) -> bool {
    match c {
        ' '..='~' => false,
        _ if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => true,
        _ if c.is_whitespace() => false,
        // `escape_debug` escapes unprintable characters by the Unicode tables of the compiler. At the start of a text it
        // also escapes combining marks, hence the `x`.
        _ => format!("x{c}").escape_debug().nth(1) == Some('\\'),
    }
}

/// Replaces hidden characters by escapes, except for those in `kept`.
pub(crate) fn escaped(text: &str, kept: &[char]) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match is_hidden(c) && !kept.contains(&c) {
            true => out.extend(c.escape_unicode()),
            false => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_character_is_escaped() {
        let hidden = "\0\u{1b}\n\u{7f}\u{85}\u{ad}\u{61c}\u{200b}\u{200f}\u{2028}\u{202e}\u{2066}\u{feff}\u{e000}\u{e0041}";
        for c in hidden.chars() {
            let shown = escaped(&format!("a{c}b"), &[]);
            assert_eq!(shown, format!("a\\u{{{:x}}}b", u32::from(c)));
        }
        for text in ["plain", "Größe 東京 e\u{301} 👍🏽", "a\u{a0}b\u{3000}c"] {
            assert_eq!(escaped(text, &[]), text);
        }
        assert_eq!(escaped("a\tb\nc", &['\t', '\n']), "a\tb\nc");
    }
}
