//! Names of documents as Rust identifiers, by the rules of typify and progenitor.

use heck::{ToSnakeCase as _, ToUpperCamelCase as _};
use proc_macro2::{Ident, Span};

/// The name that typify gives to the type of the schema `name`.
pub(crate) fn type_name(name: &str) -> String {
    avoid_keyword(with_valid_start(separated(name).to_upper_camel_case(), "X"))
}

/// The name that progenitor gives to a parameter, field or method called `name`.
pub(crate) fn snake_name(name: &str) -> String {
    avoid_keyword(with_valid_start(separated(name).to_snake_case(), "_"))
}

/// The name of the method that builds the requests of the operation `id`. It must not collide with the methods of
/// progenitor's client itself.
pub(crate) fn request_method(id: &str) -> String {
    const RESERVED: [&str; 9] = [
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
    if RESERVED.contains(&name.as_str()) {
        format!("{name}_operation")
    } else {
        name
    }
}

/// The name of a constant in the operation table, in which `ALL` is the table itself.
pub(crate) fn constant_name(name: &str) -> String {
    let name = with_valid_start(separated(name).to_snake_case(), "_").to_uppercase();
    unlike(name, &["ALL"])
}

/// The name of the module and file of a group. rustc does not find the file of a module with a non-ASCII name, so other
/// letters are replaced by their code points.
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

/// Whether Windows reserves this file name for a device, with any extension.
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

/// An identifier. `name` has to come from one of the functions above.
pub(crate) fn ident(name: &str) -> Ident {
    Ident::new(name, Span::call_site())
}

/// `name`, with an underscore appended if it is one of `taken`.
pub(crate) fn unlike(name: String, taken: &[&str]) -> String {
    if taken.contains(&name.as_str()) {
        format!("{name}_")
    } else {
        name
    }
}

/// `name`, with the first number from 2 on that makes it unique appended if it is taken.
pub(crate) fn numbered(name: String, is_taken: impl Fn(&str) -> bool) -> String {
    let mut free = name.clone();
    let mut number = 2;
    while is_taken(&free) {
        free = format!("{name}{number}");
        number += 1;
    }
    free
}

/// The name with each character that an identifier cannot contain replaced by a word boundary.
fn separated(name: &str) -> String {
    match name {
        // Both signs would be dropped, and the two names would collide.
        "+1" => "plus1".to_owned(),
        "-1" => "minus1".to_owned(),
        _ => name
            .replace('\'', "")
            .replace(|c: char| c != '_' && !c.is_alphanumeric(), "-"),
    }
}

fn with_valid_start(name: String, prefix: &str) -> String {
    match name.chars().next() {
        None => prefix.replace('_', "x"),
        Some(first) if first.is_alphabetic() || first == '_' => name,
        Some(_) => format!("{prefix}{name}"),
    }
}

fn avoid_keyword(name: String) -> String {
    // syn accepts `gen`, a keyword of the 2024 edition, as an identifier.
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
    fn keywords_and_special_characters_become_identifiers() {
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
    fn module_named_like_a_windows_device_gets_an_underscore() {
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
