//! Rust identifiers as progenitor and typify derive them, so that collisions are found before rustc reports them.

use heck::{ToPascalCase, ToSnakeCase};

/// The name of a type or a variant.
pub(crate) fn pascal(text: &str) -> String {
    identifier(text, str::to_pascal_case)
}

/// The name of a field, a parameter or a method.
pub(crate) fn snake(text: &str) -> String {
    identifier(text, str::to_snake_case)
}

/// The rules of typify: characters that an identifier cannot contain separate words, and a name that cannot start an identifier gets a
/// prefix.
fn identifier(text: &str, case: fn(&str) -> String) -> String {
    let words: String = text
        .chars()
        .filter(|c| *c != '\'')
        .map(|c| {
            if c.is_alphanumeric() || c == '_' {
                c
            } else {
                '-'
            }
        })
        .collect();
    let name = match text {
        "+1" => "plus1".to_owned(),
        "-1" => "minus1".to_owned(),
        _ => case(&words),
    };
    match name.chars().next() {
        None => case("x"),
        Some(first) if first.is_alphabetic() => name,
        Some(_) => format!("{}{name}", case("x")),
    }
}

/// `base`, or `base` with the first number from 2 that makes the name unique.
pub(crate) fn unique(base: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let mut name = base.to_owned();
    let mut number = 2;
    while is_taken(&name) {
        name = format!("{base}{number}");
        number += 1;
    }
    name
}

/// `base` with the first number from 2 that makes the name unique, in the form `field_2`.
pub(crate) fn numbered(base: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let mut number = 2;
    loop {
        // heck leaves `user_id_2` unchanged, and so do progenitor and typify.
        let name = format!("{base}_{number}");
        if !is_taken(&name) {
            return name;
        }
        number += 1;
    }
}
