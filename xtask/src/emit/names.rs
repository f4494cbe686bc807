//! Names: from those of a document to those of Rust, by the same rules as typify and progenitor.

use heck::{ToSnakeCase as _, ToUpperCamelCase as _};
use proc_macro2::{Ident, Span};

/// What typify calls the type of the schema `name`.
pub(crate) fn type_name(name: &str) -> String {
    avoid_keyword(starting_like_an_identifier(
        words(name).to_upper_camel_case(),
        "X",
    ))
}

/// What progenitor calls a parameter, a field or a method of this name.
pub(crate) fn snake_name(name: &str) -> String {
    avoid_keyword(starting_like_an_identifier(
        words(name).to_snake_case(),
        "_",
    ))
}

/// What the method of progenitor's client for the operation `id` is called. An operation must not hide one of the
/// methods that the client needs for itself.
pub(crate) fn call_name(id: &str) -> String {
    const TAKEN: [&str; 9] = [
        "api_version",
        "baseurl",
        "client",
        "exec",
        "inner",
        "new",
        "of",
        "post",
        "pre",
    ];
    let name = snake_name(id);
    if TAKEN.contains(&name.as_str()) {
        format!("{name}_operation")
    } else {
        name
    }
}

/// The name of an operation in the table of operations, where `ALL` is the table.
pub(crate) fn constant_name(name: &str) -> String {
    let name = starting_like_an_identifier(words(name).to_snake_case(), "_").to_uppercase();
    unlike(name, &["ALL"])
}

/// The module and the file of a group, or of what else has a name of several parts. rustc finds the file of a module by its name only where that is ASCII: other
/// letters are written as their numbers.
pub(crate) fn module_name(group: &[String]) -> String {
    let mut name = String::new();
    for c in snake_name(&group.join("_")).chars() {
        if c.is_ascii() {
            name.push(c);
        } else {
            name += &format!("u{:x}", u32::from(c));
        }
    }
    if is_device(&name) {
        name.push('_');
    }
    name
}

/// Whether Windows takes a file of this name, whatever its extension, for a device.
pub(crate) fn is_device(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let is_numbered = |prefix: &str| {
        name.strip_prefix(prefix)
            .is_some_and(|rest| matches!(rest.as_bytes(), [b'0'..=b'9']))
    };
    matches!(&*name, "con" | "prn" | "aux" | "nul" | "conin$" | "conout$")
        || is_numbered("com")
        || is_numbered("lpt")
}

/// An identifier. Names come through the functions above, so they are identifiers already.
pub(crate) fn ident(name: &str) -> Ident {
    Ident::new(name, Span::call_site())
}

/// `name`, with an underscore where it is one of `taken`.
pub(crate) fn unlike(name: String, taken: &[&str]) -> String {
    if taken.contains(&name.as_str()) {
        format!("{name}_")
    } else {
        name
    }
}

/// `name`, with the first number from 2 on that makes it free where it is taken.
pub(crate) fn numbered(name: String, is_taken: impl Fn(&str) -> bool) -> String {
    let mut free = name.clone();
    let mut number = 2;
    while is_taken(&free) {
        free = format!("{name}{number}");
        number += 1;
    }
    free
}

/// The name with everything that no identifier may contain turned into a word boundary.
fn words(name: &str) -> String {
    match name {
        // Without this, both signs would vanish and the two would become one.
        "+1" => "plus1".to_owned(),
        "-1" => "minus1".to_owned(),
        _ => name
            .replace('\'', "")
            .replace(|c: char| c != '_' && !c.is_alphanumeric(), "-"),
    }
}

fn starting_like_an_identifier(name: String, prefix: &str) -> String {
    match name.chars().next() {
        None => prefix.replace('_', "x"),
        Some(first) if first.is_alphabetic() || first == '_' => name,
        Some(_) => format!("{prefix}{name}"),
    }
}

fn avoid_keyword(name: String) -> String {
    // `gen` is a keyword of the 2024 edition that syn still takes for an identifier.
    if name != "gen" && syn::parse_str::<Ident>(&name).is_ok() {
        name
    } else {
        format!("{name}_")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_and_odd_characters_become_identifiers() {
        assert_eq!(snake_name("type"), "type_");
        assert_eq!(snake_name("X-Foo"), "x_foo");
        assert_eq!(snake_name("from"), "from");
        assert_eq!(snake_name("2fa"), "_2fa");
        assert_eq!(
            type_name("get_organizations-request"),
            "GetOrganizationsRequest"
        );
        assert_eq!(type_name("Self"), "Self_");
        assert_eq!(constant_name("listMembers"), "LIST_MEMBERS");
        assert_eq!(snake_name("'"), "x");
    }

    #[test]
    fn module_would_be_a_device_of_windows_then_its_file_has_another_name() {
        for (name, expected) in [
            ("CON", "con_"),
            ("Aux", "aux_"),
            ("nul", "nul_"),
            ("prn", "prn_"),
            ("com1", "com1_"),
            ("COM9", "com9_"),
            ("lpt0", "lpt0_"),
            ("console", "console"),
            ("com10", "com10"),
            ("com", "com"),
        ] {
            assert_eq!(module_name(&[name.to_owned()]), expected, "{name}");
        }
    }
}
