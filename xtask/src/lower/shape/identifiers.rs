//! Names as progenitor and typify make them, so that a collision is seen here and not in rustc's errors.

use heck::{ToPascalCase, ToSnakeCase};

/// The name of a type.
pub(crate) fn pascal(text: &str) -> String {
    identifier(text, str::to_pascal_case)
}

/// The name of a field, a parameter or a method.
pub(crate) fn snake(text: &str) -> String {
    identifier(text, str::to_snake_case)
}

/// What typify does: everything that cannot stand in an identifier separates words; what cannot begin one gets a prefix.
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

/// `base`, or `base` with the first number from 2 on that makes it free.
pub(crate) fn unique(base: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let mut name = base.to_owned();
    let mut number = 2;
    while is_taken(&name) {
        name = format!("{base}{number}");
        number += 1;
    }
    name
}

/// `base` with the first number from 2 on that makes it free, as a name of a field has it.
pub(crate) fn numbered(base: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let mut number = 2;
    loop {
        // heck leaves `user_id_2` as it is, and so do those who use it.
        let name = format!("{base}_{number}");
        if !is_taken(&name) {
            return name;
        }
        number += 1;
    }
}
