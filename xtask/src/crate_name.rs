//! Names of crates: cargo's rules, told before cargo would tell them.

use crate::emit::{dependencies, is_device};
use crate::problem::Problem;

/// Names that cargo refuses, or that would hide a crate that every program uses.
const TAKEN: [&str; 6] = ["test", "core", "std", "alloc", "proc_macro", "proc-macro"];

/// Checks the name of a crate that is to be made.
pub fn check(name: &str) -> Result<(), Problem> {
    let problem = Problem::at("", format!("`{name}` cannot be the name of a crate"))
        .expected("letters, digits, `-` and `_`, beginning with a letter, at most 64 of them")
        .help("take a name such as `my-api`");
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
        return Err(problem.found("a name that Windows has for a device"));
    }
    if TAKEN.contains(&name) {
        return Err(problem.found("a name of Rust's own libraries"));
    }
    // cargo takes neither a package that depends on itself nor two of one name.
    let same = |dependency: &str| dependency.replace('-', "_") == name.replace('-', "_");
    if dependencies().any(same) {
        return Err(problem.found("a crate that the generated one depends on"));
    }
    if syn::parse_str::<syn::Ident>(&name.replace('-', "_")).is_err() {
        return Err(problem.found("a keyword of Rust"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_that_cargo_would_refuse_is_refused() {
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
