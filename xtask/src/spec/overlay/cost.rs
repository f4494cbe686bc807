//! Estimates an upper bound for the cost of evaluating a target, from its text and the size of the document.
//!
//! The JSONPath library takes time that grows exponentially with the nesting of filters, both for reading a target and
//! for evaluating it, and has no limit. Targets that could take minutes are therefore rejected beforehand.

use serde_json::Value;

/// Maximum nesting of brackets and parentheses.
const MAX_NESTING: usize = 6;

/// Maximum number of values that evaluation may visit. A few million take about a second.
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

/// A query and the filter that contains it.
#[derive(Debug, Clone, Copy)]
struct Query {
    /// The number of evaluations of the filter.
    times: f64,
    /// The number of values that the query visits, in all evaluations together.
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

    /// Accounts for a selector of the children of values, or of all descendants (`..`). All values of a document together
    /// have at most as many descendants as the document has values, times its depth.
    fn spread(&mut self, size: Size, descends: bool) {
        if self.is_absolute && !self.is_plural {
            self.visits *= size.values;
        } else if descends || !self.is_plural {
            self.visits *= size.depth;
        }
        self.is_plural = true;
    }
}

/// Returns the reason why `target` is too expensive for `document`, if it is.
pub(super) fn excess(target: &str, document: &Value) -> Option<String> {
    let size = Size::of(document);
    let mut query = Query::new(1.0, true);
    // The brackets around the current position: the outer query of a filter, if it is one, and the number of selectors,
    // each of which may select the same value.
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
            "a target that may visit {visits:.0e} values, in a document of {} values with depth {}",
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

    /// A document of about 10,000 values, like the published ones.
    fn document() -> Value {
        let schema = |n: u32| json!({"type": "object", "properties": {"a": {"type": "string", "x": [n, 1, 2]}}});
        let schemas: Vec<Value> = (0..900).map(schema).collect();
        json!({"paths": {"/a": {"get": {"parameters": [{"name": "a"}]}}}, "components": {"schemas": schemas}})
    }

    #[test]
    fn usual_target_is_accepted() {
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
    fn target_that_could_take_minutes_is_rejected() {
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
