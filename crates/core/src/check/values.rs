//! Implements [`Check`] for the types in requests.

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{Check, Checker, Rules, pattern};
use crate::{Nullable, Open, SecretString};

/// Checks that the value is one of those that the rules list, if they list any.
fn check_listed(rules: &Rules, at: &mut Checker, is: impl Fn(&str) -> bool) {
    if let Some(values) = rules.one_of
        && !values.iter().any(|value| is(value))
    {
        at.broken(format!("expected one of {}", values.join(", ")));
    }
}

impl Check for bool {
    fn check(&self, rules: &Rules, at: &mut Checker) {
        check_listed(rules, at, |value| value == self.to_string());
    }
}

impl Check for str {
    fn check(&self, rules: &Rules, at: &mut Checker) {
        check_listed(rules, at, |value| value == self);
        if rules.min_length.is_some() || rules.max_length.is_some() {
            let length = self.chars().count() as u64;
            check_count(
                length,
                ("character", "characters"),
                rules.min_length,
                rules.max_length,
                at,
            );
        }
        match rules
            .pattern
            .map(|pattern| (pattern, pattern::matches(pattern, self)))
        {
            None | Some((_, Ok(true))) => {}
            Some((pattern, Ok(false))) => at.broken(format!("does not match {pattern}")),
            Some((pattern, Err(error))) => {
                at.broken(format!(
                    "cannot be checked, {pattern} is not a regular expression: {error}"
                ));
            }
        }
    }
}

impl Check for String {
    fn check(&self, rules: &Rules, at: &mut Checker) {
        self.as_str().check(rules, at);
    }
}

impl Check for SecretString {
    fn check(&self, rules: &Rules, at: &mut Checker) {
        self.secret().check(rules, at);
    }
}

/// Types that no rule applies to.
macro_rules! without_rules {
    ($($ty:ty),*) => {$(
        impl Check for $ty {
            fn check(&self, _: &Rules, _: &mut Checker) {}
        }
    )*};
}

without_rules!(Uuid, DateTime<Utc>, NaiveDate);

macro_rules! numbers {
    ($($ty:ty),*) => {$(
        impl Check for $ty {
            fn check(&self, rules: &Rules, at: &mut Checker) {
                // Bounds are far below 2^53, up to which a float represents every integer.
                check_number(*self as f64, rules, at);
            }
        }
    )*};
}

numbers!(i8, i16, i32, i64, u8, u16, u32, u64, f32, f64);

fn check_number(value: f64, rules: &Rules, at: &mut Checker) {
    if !value.is_finite() {
        at.broken("not a finite number");
        return;
    }
    check_listed(rules, at, |listed| listed.parse() == Ok(value));
    if let Some(minimum) = rules.minimum.filter(|minimum| value < *minimum) {
        at.broken(format!("too small, expected at least {minimum}"));
    }
    if let Some(maximum) = rules.maximum.filter(|maximum| value > *maximum) {
        at.broken(format!("too large, expected at most {maximum}"));
    }
    if let Some(minimum) = rules.exclusive_minimum.filter(|minimum| value <= *minimum) {
        at.broken(format!("too small, expected more than {minimum}"));
    }
    if let Some(maximum) = rules.exclusive_maximum.filter(|maximum| value >= *maximum) {
        at.broken(format!("too large, expected less than {maximum}"));
    }
    if let Some(divisor) = rules
        .multiple_of
        .filter(|divisor| !is_multiple(value, *divisor))
    {
        at.broken(format!("expected a multiple of {divisor}"));
    }
}

/// Tolerates rounding, because decimal fractions have no exact float: 0.3 is a multiple of 0.1.
fn is_multiple(value: f64, divisor: f64) -> bool {
    let quotient = value / divisor;
    (quotient - quotient.round()).abs() <= 1e-9 * quotient.abs().max(1.0)
}

/// Checks a count against its bounds. `what` is the singular and plural name.
fn check_count(
    found: u64,
    what: (&str, &str),
    minimum: Option<u64>,
    maximum: Option<u64>,
    at: &mut Checker,
) {
    let what = if found == 1 { what.0 } else { what.1 };
    if let Some(minimum) = minimum.filter(|minimum| found < *minimum) {
        at.broken(format!("{found} {what}, expected at least {minimum}"));
    }
    if let Some(maximum) = maximum.filter(|maximum| found > *maximum) {
        at.broken(format!("{found} {what}, expected at most {maximum}"));
    }
}

fn item_rules(rules: &Rules) -> &'static Rules {
    rules.items.unwrap_or(const { &Rules::NONE })
}

impl<T: Check + Serialize> Check for [T] {
    fn check(&self, rules: &Rules, at: &mut Checker) {
        check_count(
            self.len() as u64,
            ("item", "items"),
            rules.min_items,
            rules.max_items,
            at,
        );
        if rules.unique_items && has_repeated_item(self) {
            at.broken("contains the same item twice");
        }
        for (index, item) in self.iter().enumerate() {
            at.item(index, item, item_rules(rules));
        }
    }
}

impl<T: Check + Serialize> Check for Vec<T> {
    fn check(&self, rules: &Rules, at: &mut Checker) {
        self.as_slice().check(rules, at);
    }
}

/// Items are equal if their JSON is. An item that cannot be serialized makes the request fail later.
fn has_repeated_item<T: Serialize>(items: &[T]) -> bool {
    let mut seen = HashSet::new();
    items
        .iter()
        .filter_map(|item| serde_json::to_string(item).ok())
        .any(|item| !seen.insert(item))
}

/// Checks the entries of any kind of map.
fn check_entries<'v, T: Check + 'v>(
    entries: impl ExactSizeIterator<Item = (&'v String, &'v T)>,
    rules: &Rules,
    at: &mut Checker,
) {
    check_count(
        entries.len() as u64,
        ("property", "properties"),
        rules.min_properties,
        rules.max_properties,
        at,
    );
    for (key, value) in entries {
        at.entry(key, value, item_rules(rules));
    }
}

impl<T: Check> Check for BTreeMap<String, T> {
    fn check(&self, rules: &Rules, at: &mut Checker) {
        check_entries(self.iter(), rules, at);
    }
}

impl Check for Map<String, Value> {
    fn check(&self, rules: &Rules, at: &mut Checker) {
        check_entries(self.iter(), rules, at);
    }
}

impl Check for Value {
    fn check(&self, rules: &Rules, at: &mut Checker) {
        match self {
            Self::Null => {}
            Self::Bool(flag) => flag.check(rules, at),
            Self::Number(value) => {
                if let Some(value) = value.as_f64() {
                    check_number(value, rules, at);
                }
            }
            Self::String(text) => text.check(rules, at),
            Self::Array(items) => items.check(rules, at),
            Self::Object(entries) => entries.check(rules, at),
        }
    }
}

/// No rule applies to an unlisted value, which is in a request on purpose.
impl<T: Check> Check for Open<T> {
    fn check(&self, rules: &Rules, at: &mut Checker) {
        if let Some(value) = self.known() {
            value.check(rules, at);
        }
    }
}

impl<T: Check> Check for Option<T> {
    fn check(&self, rules: &Rules, at: &mut Checker) {
        if let Some(value) = self {
            value.check(rules, at);
        }
    }
}

impl<T: Check> Check for Nullable<T> {
    fn check(&self, rules: &Rules, at: &mut Checker) {
        if let Some(value) = self.as_value() {
            value.check(rules, at);
        }
    }
}

impl<T: Check + ?Sized> Check for &T {
    fn check(&self, rules: &Rules, at: &mut Checker) {
        (**self).check(rules, at);
    }
}

impl<T: Check + ?Sized> Check for Box<T> {
    fn check(&self, rules: &Rules, at: &mut Checker) {
        (**self).check(rules, at);
    }
}
