//! The constraints that a document can set on a value.

/// Rules on a scalar or a collection, built in constants by generated code.
///
/// ```
/// use auth0_core::codegen::Rules;
///
/// static TENANT_NAME: Rules = Rules::NONE.pattern("^[a-z0-9-]+$").min_length(3).max_length(63);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rules {
    pub(super) one_of: Option<&'static [&'static str]>,
    pub(super) pattern: Option<&'static str>,
    pub(super) min_length: Option<u64>,
    pub(super) max_length: Option<u64>,
    pub(super) minimum: Option<f64>,
    pub(super) maximum: Option<f64>,
    pub(super) exclusive_minimum: Option<f64>,
    pub(super) exclusive_maximum: Option<f64>,
    pub(super) multiple_of: Option<f64>,
    pub(super) min_items: Option<u64>,
    pub(super) max_items: Option<u64>,
    pub(super) unique_items: bool,
    pub(super) min_properties: Option<u64>,
    pub(super) max_properties: Option<u64>,
    pub(super) items: Option<&'static Rules>,
}

impl Rules {
    /// No rule.
    pub const NONE: Self = Self {
        one_of: None,
        pattern: None,
        min_length: None,
        max_length: None,
        minimum: None,
        maximum: None,
        exclusive_minimum: None,
        exclusive_maximum: None,
        multiple_of: None,
        min_items: None,
        max_items: None,
        unique_items: false,
        min_properties: None,
        max_properties: None,
        items: None,
    };

    /// The string, number or boolean must be one of these, in its JSON notation.
    #[must_use]
    pub const fn one_of(mut self, values: &'static [&'static str]) -> Self {
        self.one_of = Some(values);
        self
    }

    /// The string must contain a match of this ECMA 262 regular expression.
    #[must_use]
    pub const fn pattern(mut self, pattern: &'static str) -> Self {
        self.pattern = Some(pattern);
        self
    }

    /// The string must have at least this many characters (Unicode scalar values).
    #[must_use]
    pub const fn min_length(mut self, length: u64) -> Self {
        self.min_length = Some(length);
        self
    }

    /// The string must have at most this many characters (Unicode scalar values).
    #[must_use]
    pub const fn max_length(mut self, length: u64) -> Self {
        self.max_length = Some(length);
        self
    }

    /// The number must be at least this.
    #[must_use]
    pub const fn minimum(mut self, minimum: f64) -> Self {
        self.minimum = Some(minimum);
        self
    }

    /// The number must be at most this.
    #[must_use]
    pub const fn maximum(mut self, maximum: f64) -> Self {
        self.maximum = Some(maximum);
        self
    }

    /// The number must be greater than this.
    #[must_use]
    pub const fn exclusive_minimum(mut self, minimum: f64) -> Self {
        self.exclusive_minimum = Some(minimum);
        self
    }

    /// The number must be less than this.
    #[must_use]
    pub const fn exclusive_maximum(mut self, maximum: f64) -> Self {
        self.exclusive_maximum = Some(maximum);
        self
    }

    /// The number must be a multiple of this.
    #[must_use]
    pub const fn multiple_of(mut self, divisor: f64) -> Self {
        self.multiple_of = Some(divisor);
        self
    }

    /// The list must have at least this many items.
    #[must_use]
    pub const fn min_items(mut self, count: u64) -> Self {
        self.min_items = Some(count);
        self
    }

    /// The list must have at most this many items.
    #[must_use]
    pub const fn max_items(mut self, count: u64) -> Self {
        self.max_items = Some(count);
        self
    }

    /// The items of the list must be unique.
    #[must_use]
    pub const fn unique_items(mut self) -> Self {
        self.unique_items = true;
        self
    }

    /// The map must have at least this many entries.
    #[must_use]
    pub const fn min_properties(mut self, count: u64) -> Self {
        self.min_properties = Some(count);
        self
    }

    /// The map must have at most this many entries.
    #[must_use]
    pub const fn max_properties(mut self, count: u64) -> Self {
        self.max_properties = Some(count);
        self
    }

    /// Each item of the list, or each value of the map, must satisfy these rules. In an inline constant, they need a nested
    /// `const` block to live long enough:
    ///
    /// ```
    /// use auth0_core::codegen::Rules;
    ///
    /// let rules = const { &Rules::NONE.min_items(1).items(const { &Rules::NONE.min_length(3) }) };
    /// ```
    #[must_use]
    pub const fn items(mut self, rules: &'static Rules) -> Self {
        self.items = Some(rules);
        self
    }
}
