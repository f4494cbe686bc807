//! Near matches of names that were not found.

use crate::output::printable;

/// How many near matches an error lists.
const SHOWN: usize = 3;

/// The similarity, from 0 to 1, from which on a name counts as a near match.
const SIMILAR: f64 = 0.75;

/// The remedy of an error about `wanted`: the most similar of `names`, or nothing.
pub(crate) fn near_matches<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> String {
    let wanted = wanted.to_lowercase();
    let mut near: Vec<(f64, &str)> = names
        .into_iter()
        .map(|name| {
            let lower = name.to_lowercase();
            let is_part = wanted.len() > 2 && lower.contains(&wanted);
            let score = if is_part {
                1.0
            } else {
                strsim::jaro_winkler(&wanted, &lower)
            };
            (score, name)
        })
        .filter(|(score, _)| *score >= SIMILAR)
        .collect();
    near.sort_by(|(a, x), (b, y)| b.total_cmp(a).then_with(|| x.cmp(y)));
    near.dedup();
    let near: Vec<String> = near
        .iter()
        .take(SHOWN)
        .map(|(_, name)| format!("`{}`", printable(name)))
        .collect();
    match near.as_slice() {
        [] => String::new(),
        [one] => format!("; did you mean {one}?"),
        several => format!("; near matches: {}", several.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn similar_names_are_listed_best_first() {
        let names = ["acme-prod", "acme-prod-2", "other", "acme-dev"];
        assert_eq!(
            near_matches("acme-prdo", names),
            "; near matches: `acme-prod`, `acme-prod-2`, `acme-dev`"
        );
        assert_eq!(near_matches("zzz", names), "");
        assert_eq!(near_matches("OTHR", names), "; did you mean `other`?");
        let hostile = ["acme\n\u{1b}[2J"];
        assert_eq!(near_matches("acme", hostile), "; did you mean `acme[2J`?");
    }
}
