//! Edits `Cargo.lock` as cargo would, because a generated crate is a member of the workspace.

use toml_edit::DocumentMut;

/// Whether the lock file has a package of this name.
pub(crate) fn contains(lock: &str, name: &str) -> bool {
    count(lock, name) > 0
}

fn count(lock: &str, name: &str) -> usize {
    let line = format!("name = \"{name}\"");
    lock.lines().filter(|other| *other == line).count()
}

/// The lock file with the member that has this manifest: added, or replaced if it is there. It stays as it is if it lacks a dependency, which
/// cargo then has to resolve.
pub(crate) fn with_member(lock: &str, manifest: &str) -> String {
    let Some((name, entry)) = entry(lock, manifest) else {
        return lock.to_owned();
    };
    let mut parts = lock.split("[[package]]\n");
    let head = parts.next().unwrap_or_default().trim_end();
    let name_of = |part: &str| part.split('"').nth(1).unwrap_or_default().to_owned();
    let mut packages: Vec<String> = parts.map(|part| part.trim_end().to_owned()).collect();
    packages.retain(|part| name_of(part) != name);
    let at = packages.partition_point(|part| name_of(part) < name);
    packages.insert(at, entry);
    format!(
        "{head}\n\n[[package]]\n{}\n",
        packages.join("\n\n[[package]]\n")
    )
}

/// The name of a crate and its entry. Entries refer to a package by its name if there is one version of it.
fn entry(lock: &str, manifest: &str) -> Option<(String, String)> {
    let manifest: DocumentMut = manifest.parse().ok()?;
    let package = manifest.get("package")?;
    let text = |key: &str| package.get(key)?.as_str();
    let (name, version) = (text("name")?, text("version")?);
    let tables = ["dependencies", "dev-dependencies"];
    let tables = tables
        .iter()
        .filter_map(|key| manifest.get(key)?.as_table_like());
    let mut dependencies: Vec<&str> = tables
        .flat_map(|table| table.iter().map(|(name, _)| name))
        .collect();
    dependencies.sort_unstable();
    dependencies.dedup();
    if dependencies.iter().any(|other| count(lock, other) != 1) {
        return None;
    }
    let lines: Vec<String> = dependencies
        .iter()
        .map(|name| format!(" \"{name}\",\n"))
        .collect();
    let entry = format!(
        "name = \"{name}\"\nversion = \"{version}\"\ndependencies = [\n{}]",
        lines.concat()
    );
    Some((name.to_owned(), entry))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = "version = 4\n\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\n\n[[package]]\nname = \"m\"\nversion = \"0.1.0\"\ndependencies = [\n \"a\",\n]\n\n[[package]]\nname = \"z\"\nversion = \"2.0.0\"\n";

    #[test]
    fn member_is_added_in_order_and_replaced_by_its_next_version() {
        let manifest = "[package]\nname = \"n\"\nversion = \"0.1.0\"\n[dependencies]\nz.workspace = true\n[dev-dependencies]\na = { workspace = true }\n";
        let lock = with_member(LOCK, manifest);
        let entry = "[[package]]\nname = \"n\"\nversion = \"0.1.0\"\ndependencies = [\n \"a\",\n \"z\",\n]\n\n";
        let (before, after) = LOCK.split_at(LOCK.find("[[package]]\nname = \"z\"").expect("z"));
        assert_eq!(lock, format!("{before}{entry}{after}"));
        assert_eq!(with_member(&lock, manifest), lock);
        let next = manifest
            .replace("0.1.0", "0.2.0")
            .replace("a = { workspace = true }\n", "");
        let entry = entry.replace("0.1.0", "0.2.0").replace(" \"a\",\n", "");
        assert_eq!(with_member(&lock, &next), format!("{before}{entry}{after}"));
        let last = with_member(LOCK, &manifest.replace("\"n\"", "\"zz\""));
        assert!(last.ends_with(" \"z\",\n]\n"), "{last}");
    }

    #[test]
    fn lock_file_without_a_dependency_is_left_to_cargo() {
        let manifest = "[package]\nname = \"n\"\nversion = \"0.1.0\"\n[dependencies]\nunknown.workspace = true\n";
        assert_eq!(with_member(LOCK, manifest), LOCK);
    }
}
