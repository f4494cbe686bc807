//! The styles of parameters: how OpenAPI writes a value in a path, a query, a header, a cookie or a form.

/// How a parameter is written: the `style`, `explode` and `allowReserved` of OpenAPI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    pub(crate) kind: StyleKind,
    pub(crate) is_exploded: bool,
    pub(crate) allows_reserved: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StyleKind {
    Simple,
    Label,
    Matrix,
    Form,
    SpaceDelimited,
    PipeDelimited,
    DeepObject,
}

impl Style {
    /// `blue,black`: the default of paths and headers.
    pub const SIMPLE: Self = Self::new(StyleKind::Simple, false);
    /// `.blue,black`
    pub const LABEL: Self = Self::new(StyleKind::Label, false);
    /// `;color=blue,black`
    pub const MATRIX: Self = Self::new(StyleKind::Matrix, false);
    /// `color=blue&color=black`: the default of queries and cookies. The only style that is exploded by default.
    pub const FORM: Self = Self::new(StyleKind::Form, true);
    /// `color=blue%20black`
    pub const SPACE_DELIMITED: Self = Self::new(StyleKind::SpaceDelimited, false);
    /// `color=blue%7Cblack`
    pub const PIPE_DELIMITED: Self = Self::new(StyleKind::PipeDelimited, false);
    /// `color%5BR%5D=100&color%5BG%5D=200`
    pub const DEEP_OBJECT: Self = Self::new(StyleKind::DeepObject, true);

    const fn new(kind: StyleKind, is_exploded: bool) -> Self {
        Self {
            kind,
            is_exploded,
            allows_reserved: false,
        }
    }

    /// Sets whether items and members are separate parameters.
    #[must_use]
    pub const fn explode(mut self, explode: bool) -> Self {
        self.is_exploded = explode;
        self
    }

    /// Does not percent-encode the reserved characters that a query allows. Has no effect elsewhere.
    #[must_use]
    pub const fn allow_reserved(mut self) -> Self {
        self.allows_reserved = true;
        self
    }
}
