//! How much work a target is: an upper bound, from its text and the size of the document.
//!
//! The JSONPath library takes time that grows exponentially with the nesting of filters, both for reading a target and
//! for evaluating it, and offers no limit. So targets that could take minutes are rejected before it sees them.

use serde_json::Value;

/// How deep brackets and parentheses may be nested.
const MAX_NESTING: usize = 6;

/// How many values evaluation may visit. A few million take about a second.
const MAX_VISITS: f64 = 5e6;

/// The size of a document.
#[derive(Debug, Clone, Copy)]
struct Size {
    values: f64,
    depth: f64,
}

impl Size {
    fn of(value: &Value) -> Self {
        let below = |children: &mut dyn Iterator<Item = &Value>| {
            children.map(Self::of).fold(
                Self {
                    values: 1.0,
                    depth: 1.0,
                },
                |all, child| Self {
                    values: all.values + child.values,
                    depth: all.depth.max(child.depth + 1.0),
                },
            )
        };
        match value {
            Value::Array(items) => below(&mut items.iter()),
            Value::Object(members) => below(&mut members.values()),
            _ => below(&mut std::iter::empty()),
        }
    }
}

/// A query and the filter that it stands in.
#[derive(Debug, Clone, Copy)]
struct Query {
    /// How often the filter is evaluated.
    times: f64,
    /// How many values the query visits, in all evaluations together.
    visits: f64,
    is_absolute: bool,
    /// Whether it selects more than one value.
    is_plural: bool,
}

impl Query {
    fn new(times: f64, is_absolute: bool) -> Self {
        Self {
            times,
            visits: times,
            is_absolute,
            is_plural: false,
        }
    }

    /// It selects the children of values, or with `..` all that is below them. What lies below all values of a document
    /// together is at most as many values as the document has, times its depth.
    fn spread(&mut self, size: Size, descends: bool) {
        if self.is_absolute && !self.is_plural {
            self.visits *= size.values;
        } else if descends || !self.is_plural {
            self.visits *= size.depth;
        }
        self.is_plural = true;
    }
}

/// Why `target` is too much work for `document`, if it is.
pub(super) fn excess(target: &str, document: &Value) -> Option<String> {
    let size = Size::of(document);
    let mut query = Query::new(1.0, true);
    // What stands around the current place: a filter with the query that it belongs to, or other brackets.
    // Of brackets also how many selectors they hold, which may select the same value again and again.
    let mut around: Vec<(Option<Query>, f64)> = Vec::new();
    let mut visits = 0.0_f64;
    let mut rest = target.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\'' | '"' => skip_text(c, &mut rest),
            '@' | '$' => query = Query::new(query.times, c == '$'),
            '.' if rest.peek() == Some(&'.') => query.spread(size, true),
            '*' | ':' => query.spread(size, false),
            '[' | '(' => {
                while rest.next_if(|c| c.is_whitespace()).is_some() {}
                let is_filter = c == '[' && rest.next_if_eq(&'?').is_some();
                if is_filter {
                    query.spread(size, false);
                }
                around.push((is_filter.then_some(query), 1.0));
                if is_filter {
                    query = Query::new(query.visits, false);
                }
                if around.len() > MAX_NESTING {
                    return Some(format!(
                        "brackets that are nested more than {MAX_NESTING} times"
                    ));
                }
            }
            ',' => {
                if let Some((_, selectors)) = around.last_mut() {
                    *selectors += 1.0;
                }
            }
            ']' | ')' => {
                let (outer, selectors) = around.pop().unwrap_or((None, 1.0));
                query = outer.unwrap_or(query);
                if c == ']' {
                    query.visits *= selectors;
                }
            }
            _ => {}
        }
        visits = visits.max(query.visits);
    }
    (visits > MAX_VISITS).then(|| {
        format!(
            "one that may visit {visits:.0e} values, as the document has {} and is {} deep",
            size.values, size.depth
        )
    })
}

/// Skips the rest of a text in quotes.
fn skip_text(quote: char, rest: &mut impl Iterator<Item = char>) {
    while let Some(c) = rest.next() {
        if c == '\\' {
            rest.next();
        } else if c == quote {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// As large as a published document: some 10,000 values.
    fn document() -> Value {
        let schema = |n: u32| json!({"type": "object", "properties": {"a": {"type": "string", "x": [n, 1, 2]}}});
        let schemas: Vec<Value> = (0..900).map(schema).collect();
        json!({"paths": {"/a": {"get": {"parameters": [{"name": "a"}]}}}, "components": {"schemas": schemas}})
    }

    #[test]
    fn target_is_one_that_overlays_have_then_it_is_no_excess() {
        let document = document();
        for target in [
            "$",
            "$.paths['/a'].get.parameters[?@.name == 'a[?@..[?@..[?@..x]]]'].schema",
            "$.paths.*[?@.parameters[?@.name == 'a']]",
            "$..parameters[?@.name == 'a' || @.name == 'b']",
            "$..[?@..x]",
            "$..[?@.properties.a.type == 'string' && (@.a || !@.b)]",
            "$.components.schemas[0:10:2]",
            "$..*..*",
            "$['paths', 'components', 'servers']['/a', '/b', '/c', '/d', '/e', '/f']['get', 'post']",
        ] {
            assert_eq!(excess(target, &document), None, "{target}");
        }
    }

    #[test]
    fn target_takes_minutes_then_it_is_an_excess() {
        let document = document();
        for target in [
            "$..[?$..[?$..x]]",
            "$..[?count($..*) > 1]",
            "$..[?@..[?@..[?@..[?@..[?@..x]]]]]",
            "$..[?@..*..*..*..*..*..x]",
            "$[?@[?@[?@[?@[?@[?@[?@]]]]]]]",
            "$[ ?((((((((@.a))))))))]",
            "$.components.schemas[?$.components.schemas[?$.components.schemas[?@.x]]]",
            &"['paths','paths','paths','paths','paths','paths','paths','paths']".repeat(8),
        ] {
            assert!(excess(target, &document).is_some(), "{target}");
        }
    }
}
