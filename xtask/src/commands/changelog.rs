//! The entry of a new version in the changelog.

/// The entry of one version of a crate.
pub(crate) struct Entry<'a> {
    pub(crate) crate_name: &'a str,
    pub(crate) version: &'a str,
    /// Year, month and day.
    pub(crate) date: &'a str,
    /// The changes, under headings of the third level.
    pub(crate) text: &'a str,
}

impl Entry<'_> {
    /// The changelog with this entry before the first section; unchanged if it has an entry for this version.
    pub(crate) fn inserted(&self, changelog: &str) -> String {
        let heading = format!("## {} {} - ", self.crate_name, self.version);
        if changelog.lines().any(|line| line.starts_with(&heading)) {
            return changelog.to_owned();
        }
        let text = match self.text.trim() {
            "" => "No change that users notice.",
            text => text,
        };
        let section = format!("{heading}{}\n\n{text}\n", self.date);
        let first = match changelog.starts_with("## ") {
            true => Some(0),
            false => changelog.find("\n## ").map(|before| before + 1),
        };
        match first {
            Some(at) => format!("{}{section}\n{}", &changelog[..at], &changelog[at..]),
            None => format!("{}\n\n{section}", changelog.trim_end()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entry_stands_before_the_first_section() {
        let entry = Entry {
            crate_name: "auth0-teams",
            version: "0.2.0",
            date: "2026-01-08",
            text: "### Added\n\n- `a`\n",
        };
        assert_eq!(
            entry.inserted("# Changelog\n\nText.\n\n## Unreleased\n\n- x\n"),
            "# Changelog\n\nText.\n\n## auth0-teams 0.2.0 - 2026-01-08\n\n### Added\n\n- `a`\n\n## Unreleased\n\n- x\n"
        );
        let once = entry.inserted("# Changelog\n\n## Unreleased\n");
        assert_eq!(
            entry.inserted(&once),
            once,
            "an interrupted run is repeated"
        );
        assert_eq!(
            entry.inserted("# Changelog\n"),
            "# Changelog\n\n## auth0-teams 0.2.0 - 2026-01-08\n\n### Added\n\n- `a`\n"
        );
    }
}
