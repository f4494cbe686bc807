//! Validates crate names before cargo sees them.

use crate::emit::{dependencies, is_device};
use crate::problem::Problem;

/// Names that cargo rejects, or that would shadow a crate of the standard library.
const RESERVED: [&str; 6] = ["test", "core", "std", "alloc", "proc_macro", "proc-macro"];

/// Checks the name of a crate to generate.
pub fn check(name: &str) -> Result<(), Problem> {
    let problem = Problem::at("", format!("`{name}` is not a valid crate name"))
        .expected("a letter followed by letters, digits, `-` and `_`, at most 64 characters")
        .help("choose a name such as `my-api`");
    let Some(first) = name.chars().next() else {
        return Err(problem.found("an empty name"));
    };
    if !first.is_ascii_alphabetic() {
        return Err(problem.found(format!("`{first}` as its first character")));
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if let Some(other) = name.chars().find(|c| !allowed(*c)) {
        return Err(problem.found(format!("the character `{}`", other.escape_default())));
    }
    if name.len() > 64 {
        return Err(problem.found(format!("{} characters", name.len())));
    }
    if is_device(name) {
        return Err(problem.found("a reserved device name of Windows"));
    }
    if RESERVED.contains(&name) {
        return Err(problem.found("a reserved name of Rust's own libraries"));
    }
    // cargo rejects a package that depends on itself, and two packages of one name.
    let same = |dependency: &str| dependency.replace('-', "_") == name.replace('-', "_");
    if dependencies().any(same) {
        return Err(problem.found("the name of a dependency of generated crates"));
    }
    if syn::parse_str::<syn::Ident>(&name.replace('-', "_")).is_err() {
        return Err(problem.found("a Rust keyword"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_that_cargo_rejects_is_an_error() {
        for name in [
            "",
            "9a",
            "a b",
            "a/b",
            "é",
            "-a",
            "_",
            "fn",
            "async",
            "test",
            "con",
            "NUL",
            "std",
            "serde",
            "auth0_core",
            &"a".repeat(65),
        ] {
            assert!(check(name).is_err(), "{name}");
        }
        for name in ["a", "my-api", "Auth0_teams", "teams-upstream", "a1"] {
            assert_eq!(check(name), Ok(()), "{name}");
        }
    }
}
