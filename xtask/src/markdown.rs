//! Escapes untrusted text for Markdown on GitHub, so that it cannot format, link, run or mention anything.

use crate::printable::is_hidden;

/// Formats a text as inline code.
pub fn code(text: &str) -> String {
    // A line break would end the surrounding list item.
    let text: String = text
        .chars()
        .map(|c| if is_hidden(c) { ' ' } else { c })
        .collect();
    let fence = "`".repeat(longest_run(&text) + 1);
    // Markdown strips one space on both sides, which allows the text to begin or end with a backtick.
    let pad = if text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) || text.is_empty() {
        " "
    } else {
        ""
    };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// Formats a text as a code block, followed by a line break.
pub fn fenced(language: &str, text: &str) -> String {
    let fence = fence(text);
    let end = if text.ends_with('\n') { "" } else { "\n" };
    format!("{fence}{language}\n{text}{end}{fence}\n")
}

/// Returns the fence for a code block with this text.
pub fn fence(text: &str) -> String {
    "`".repeat(longest_run(text).max(2) + 1)
}

/// Escapes a text for use within a line.
pub fn plain(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            // GitHub links `@name` and `#1` even if the character is escaped.
            '@' | '#' => {
                out.push(c);
                out.push('\u{200b}');
            }
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '!' | '$' => {
                out.push('\\');
                out.push(c);
            }
            c if is_hidden(c) => out.push(' '),
            c => out.push(c),
        }
    }
    // GitHub turns bare URLs into links.
    out.replace("://", ":\u{200b}//")
        .replace("www.", "www\u{200b}.")
}

/// Formats a collapsed section. The text is Markdown; the title is escaped.
pub fn details(title: &str, text: &str) -> String {
    // GitHub parses the contents as Markdown only between empty lines.
    format!(
        "<details>\n<summary>{}</summary>\n\n{}\n\n</details>\n",
        plain(title),
        text.trim_end()
    )
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_cannot_escape_its_delimiters() {
        for (text, expected) in [
            ("/a", "`/a`"),
            ("", "`  `"),
            ("a`b", "``a`b``"),
            ("`", "`` ` ``"),
            ("a\n- [ ] b", "`a - [ ] b`"),
        ] {
            assert_eq!(code(text), expected);
        }
        assert_eq!(fenced("yaml", "a\n```\nb"), "````yaml\na\n```\nb\n````\n");
    }

    #[test]
    fn plain_text_cannot_format_link_or_mention() {
        let text = "<script> @team #1 [a](http://b) `c` *d* www.e |\n- f";
        let shown = plain(text);
        insta::assert_snapshot!(shown.replace('\u{200b}', "."), @r"&lt;script&gt; @.team #.1 \[a\](http:.//b) \`c\` \*d\* www..e \| - f");
    }
}
