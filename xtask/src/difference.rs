//! Unified diffs of bounded size.

use similar::TextDiff;

/// Maximum number of lines.
const LIMIT: usize = 120;

/// Maximum number of characters per line.
const WIDTH: usize = 200;

/// Returns the unified diff from `old` to `new`, truncated to a bounded size. Empty if the texts are equal.
pub fn unified(name: &str, old: &str, new: &str) -> String {
    if old == new {
        return String::new();
    }
    let diff = TextDiff::from_lines(old, new);
    let text = diff
        .unified_diff()
        .context_radius(3)
        .header(&format!("{name} (old)"), &format!("{name} (new)"))
        .to_string();
    let mut lines = text.lines();
    let mut shown = String::new();
    for line in lines.by_ref().take(LIMIT) {
        match line.char_indices().nth(WIDTH) {
            None => shown.push_str(line),
            Some((at, _)) => {
                shown.push_str(&line[..at]);
                shown.push_str("...");
            }
        }
        shown.push('\n');
    }
    let more = lines.count();
    if more > 0 {
        shown.push_str(&format!("... {more} more lines\n"));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_diff_is_truncated() {
        let new: String = (0..1000).map(|n| format!("{n}\n")).collect();
        let text = unified("a", "", &new);
        assert_eq!(text.lines().count(), LIMIT + 1);
        assert!(text.ends_with("... 883 more lines\n"), "{text}");
        assert_eq!(unified("a", "x", "x"), "");
        assert!(unified("a", "", &"y".repeat(10_000)).len() < 400);
    }
}
