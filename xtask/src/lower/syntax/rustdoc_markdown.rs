//! Markdown that rustdoc neither runs, links nor complains of.
//!
//! The result is a fixed point: a text that went through once comes out of a second time as it went in.

/// The harmless form of a text.
pub(crate) fn harmless(text: &str) -> String {
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
            // A fence that says what it holds is run by rustdoc if it holds Rust, or if it does not say.
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

/// Whether a text is one line without any mark. Most are.
fn is_plain(text: &str) -> bool {
    const MARKS: [char; 11] = ['\r', '\n', '\t', '\\', '`', '~', '[', ']', '<', '*', ':'];
    !text.contains(MARKS) && !text.starts_with(' ') && !text.ends_with(char::is_whitespace)
}

/// The marks that open a fenced block, if the line does.
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

/// One line outside of blocks.
fn inline(line: &str) -> String {
    let mut out = String::with_capacity(line.len() + 8);
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let (done, used) = span(rest, first, out.chars().next_back());
        out.push_str(&done);
        rest = &rest[used..];
    }
    out
}

/// What the next piece becomes, and how many bytes of the line it was.
fn span(rest: &str, first: char, before: Option<char>) -> (String, usize) {
    match first {
        '\\' => {
            let escaped: String = rest.chars().take(2).collect();
            // Alone at the end of a line it would swallow what comes next.
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

/// A code span, or a mark that opens none.
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

/// `[text](https://…)` is a link; everything else in brackets would be taken for a path in the code.
fn link(rest: &str) -> Option<(String, usize)> {
    let close = rest.find("](")?;
    let label = &rest[1..close];
    let end = close + 2 + rest[close + 2..].find(')')?;
    let to = &rest[close + 2..end];
    let is_web = to.starts_with("https://") || to.starts_with("http://");
    if label.is_empty()
        || label.contains(['[', ']', '<', '>', '`'])
        || !is_web
        || to.contains(['<', '>', ' ', '('])
    {
        return None;
    }
    Some((rest[..=end].to_owned(), end + 1))
}

/// An autolink stays, a line break breaks, every other tag is text.
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

/// A URL at the beginning of the text, without the punctuation that ends a sentence.
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
