//! Markdown that rustdoc neither runs nor links nor warns about.
//!
//! The transformation is idempotent.

/// Escapes a description for rustdoc.
pub(crate) fn for_rustdoc(text: &str) -> String {
    if is_plain(text) {
        return text.to_owned();
    }
    let text = text
        .replace("\r\n", "\n")
        .replace('\r', "\n")
        .replace("*/", "*\u{200b}/");
    let mut out: Vec<String> = Vec::new();
    let mut lines = text.lines().peekable();
    let mut after_blank = true;
    let mut in_list = false;
    while let Some(line) = lines.next() {
        if let Some(fence) = fence(line) {
            // rustdoc runs blocks without a language and blocks of Rust, so all blocks become `text`.
            out.push(format!("{fence}text"));
            for inner in lines.by_ref() {
                if closes(inner, &fence) {
                    break;
                }
                out.push(inner.to_owned());
            }
            out.push(fence);
            after_blank = true;
        } else if after_blank && !in_list && is_indented(line) {
            out.push("```text".into());
            out.push(unindent(line));
            while let Some(next) = lines.next_if(|next| is_indented(next) || next.trim().is_empty())
            {
                out.push(unindent(next));
            }
            while out.last().is_some_and(|last| last.trim().is_empty()) {
                out.pop();
            }
            out.push("```".into());
            if lines.peek().is_some() {
                out.push(String::new());
            }
            after_blank = true;
        } else {
            after_blank = line.trim().is_empty();
            let is_item = is_list_item(line);
            in_list = is_item || in_list && (after_blank || line.starts_with(' '));
            out.push(inline(line.trim_end()));
        }
    }
    while out.last().is_some_and(|last| last.trim().is_empty()) {
        out.pop();
    }
    out.join("\n")
}

/// Whether a text is one line without markup, as most are.
fn is_plain(text: &str) -> bool {
    const MARKS: [char; 11] = ['\r', '\n', '\t', '\\', '`', '~', '[', ']', '<', '*', ':'];
    !text.contains(MARKS) && !text.starts_with(' ') && !text.ends_with(char::is_whitespace)
}

/// The fence, if the line opens a fenced block.
fn fence(line: &str) -> Option<String> {
    let trimmed = line.trim_start();
    let mark = trimmed
        .chars()
        .next()
        .filter(|mark| *mark == '`' || *mark == '~')?;
    let length = trimmed.chars().take_while(|c| *c == mark).count();
    let info = trimmed.trim_start_matches(mark);
    (length >= 3 && !(mark == '`' && info.contains('`'))).then(|| mark.to_string().repeat(length))
}

fn closes(line: &str, fence: &str) -> bool {
    let line = line.trim();
    line.starts_with(fence) && line.chars().all(|c| fence.starts_with(c))
}

fn is_indented(line: &str) -> bool {
    !line.trim().is_empty() && (line.starts_with("    ") || line.starts_with('\t'))
}

fn unindent(line: &str) -> String {
    line.strip_prefix('\t')
        .or_else(|| line.strip_prefix("    "))
        .unwrap_or_else(|| line.trim_start())
        .trim_end()
        .to_owned()
}

fn is_list_item(line: &str) -> bool {
    let line = line.trim_start();
    let after_number = line.trim_start_matches(|c: char| c.is_ascii_digit());
    let bullet = ["- ", "* ", "+ "].iter().any(|mark| line.starts_with(mark));
    bullet
        || after_number.len() < line.len()
            && (after_number.starts_with(". ") || after_number.starts_with(") "))
}

/// Escapes one line outside of code blocks.
fn inline(line: &str) -> String {
    let mut out = String::with_capacity(line.len() + 8);
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let (escaped_span, used) = span(rest, first, out.chars().next_back());
        out.push_str(&escaped_span);
        rest = &rest[used..];
    }
    out
}

/// The escaped form of the next span, and the number of bytes that it replaces.
fn span(rest: &str, first: char, before: Option<char>) -> (String, usize) {
    match first {
        '\\' => {
            let escaped: String = rest.chars().take(2).collect();
            // A backslash at the end of a line would escape what follows.
            if escaped.len() == 1 {
                ("\\\\".into(), 1)
            } else {
                (escaped.clone(), escaped.len())
            }
        }
        '`' => code(rest),
        '[' => link(rest).unwrap_or_else(|| ("\\[".into(), 1)),
        ']' => ("\\]".into(), 1),
        '<' => angle(rest),
        'h' if before.is_none_or(|before| !before.is_alphanumeric()) => {
            url(rest).map_or_else(|| ("h".into(), 1), |url| (format!("<{url}>"), url.len()))
        }
        other => (other.to_string(), other.len_utf8()),
    }
}

/// A code span, or escaped backticks.
fn code(rest: &str) -> (String, usize) {
    let ticks = rest.chars().take_while(|c| *c == '`').count();
    let mark = &rest[..ticks];
    let mut from = ticks;
    while let Some(found) = rest[from..].find(mark) {
        let start = from + found;
        let run = rest[start..].chars().take_while(|c| *c == '`').count();
        if run == ticks {
            let end = start + run;
            return (rest[..end].to_owned(), end);
        }
        from = start + run;
    }
    ("\\`".repeat(ticks), ticks)
}

/// A link with a web address. rustdoc would treat any other text in brackets as a path.
fn link(rest: &str) -> Option<(String, usize)> {
    let close = rest.find("](")?;
    let label = &rest[1..close];
    let end = close + 2 + rest[close + 2..].find(')')?;
    let target = &rest[close + 2..end];
    let is_web = target.starts_with("https://") || target.starts_with("http://");
    if label.is_empty()
        || label.contains(['[', ']', '<', '>', '`'])
        || !is_web
        || target.contains(['<', '>', ' ', '('])
    {
        return None;
    }
    Some((rest[..=end].to_owned(), end + 1))
}

/// Keeps autolinks, turns `<br>` into a line break, and escapes other tags.
fn angle(rest: &str) -> (String, usize) {
    if let Some(end) = rest.find('>') {
        let inner = &rest[1..end];
        if url(inner).is_some_and(|url| url.len() == inner.len()) {
            return (rest[..=end].to_owned(), end + 1);
        }
        let tag = inner.trim_matches(|c: char| c == '/' || c.is_whitespace());
        if tag.eq_ignore_ascii_case("br") {
            return ("\n".into(), end + 1);
        }
    }
    ("\\<".into(), 1)
}

/// The URL at the start of the text, without trailing punctuation.
fn url(text: &str) -> Option<&str> {
    if !text.starts_with("http://") && !text.starts_with("https://") {
        return None;
    }
    let end = text
        .find(|c: char| c.is_whitespace() || "<>\"'`)]}{[(|\\".contains(c))
        .unwrap_or(text.len());
    let url = text[..end].trim_end_matches(['.', ',', ';', ':', '!', '?', '*', '_']);
    let scheme = url.find("://")? + 3;
    (url.len() > scheme).then_some(url)
}
