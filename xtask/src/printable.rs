//! Text of documents and servers, which are strangers, made fit for terminals, sources and pages.

/// Whether a character is not printed: a control or format character, such as one that turns the direction of writing, a
/// separator of lines, or a code point for private use or without a meaning. Spaces of any width are printed.
pub(crate) fn is_hidden(c: char) -> bool {
    match c {
        ' '..='~' => false,
        _ if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => true,
        _ if c.is_whitespace() => false,
        // The standard library escapes what is not printed, by the Unicode tables of the compiler. The character must not
        // stand first, where combining marks are escaped as well.
        _ => format!("x{c}").escape_debug().nth(1) == Some('\\'),
    }
}

/// The text with hidden characters written as escapes, except for those in `kept`.
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
    fn character_is_hidden_then_it_is_escaped() {
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
