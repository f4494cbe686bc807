//! Markdown for GitHub made of texts that are not ours: none of them can format, link, run or mention anything.

use crate::printable::is_hidden;

/// A text as code within a line.
pub fn code(text: &str) -> String {
    // A line break would end the list item or the line that it stands in.
    let text: String = text
        .chars()
        .map(|c| if is_hidden(c) { ' ' } else { c })
        .collect();
    let fence = "`".repeat(longest_run(&text) + 1);
    // A blank on both sides is taken away by the reader, so that the text may begin or end with a backtick.
    let pad = if text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) || text.is_empty() {
        " "
    } else {
        ""
    };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// A text as a block of code, with a line break at its end.
pub fn fenced(language: &str, text: &str) -> String {
    let fence = fence(text);
    let end = if text.ends_with('\n') { "" } else { "\n" };
    format!("{fence}{language}\n{text}{end}{fence}\n")
}

/// What stands above and below a block of code with this text.
pub fn fence(text: &str) -> String {
    "`".repeat(longest_run(text).max(2) + 1)
}

/// A text as plain words of a line.
pub fn plain(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            // Whatever Markdown says, a name behind this sign would be mentioned, and a number linked.
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
    // An address would become a link.
    out.replace("://", ":\u{200b}//")
        .replace("www.", "www\u{200b}.")
}

/// A part that is folded up. Its text is Markdown and its title is not.
pub fn details(title: &str, text: &str) -> String {
    // The empty lines make GitHub read what is inside as Markdown.
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
    fn text_as_code_stays_within_its_marks() {
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
    fn plain_text_formats_links_and_mentions_nothing() {
        let text = "<script> @team #1 [a](http://b) `c` *d* www.e |\n- f";
        let shown = plain(text);
        insta::assert_snapshot!(shown.replace('\u{200b}', "."), @r"&lt;script&gt; @.team #.1 \[a\](http:.//b) \`c\` \*d\* www..e \| - f");
    }
}
