//! The outcome of a bulk operation.

/// The outcome of a bulk operation, determined by the status of the response.
///
/// ```
/// use auth0_core::{Outcome, PartialReport};
///
/// struct Report(Vec<String>);
///
/// impl PartialReport for Report {
///     type Failure = String;
///
///     fn failures(&self) -> &[String] {
///         &self.0
///     }
/// }
///
/// let outcome = Outcome::Partial(Report(vec!["tenant a".to_owned()]));
/// assert!(!outcome.is_complete());
/// for failure in outcome.failures() {
///     println!("failed: {failure}");
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "a bulk operation may have failed in part"]
pub enum Outcome<R> {
    /// The whole request succeeded.
    Complete,
    /// A part of the request failed; the report says which.
    Partial(R),
}

/// The report of a bulk operation that partially failed. Generated crates implement it; see [`Outcome`] for an example.
pub trait PartialReport {
    /// A failed item.
    type Failure;

    /// Returns the failed items.
    fn failures(&self) -> &[Self::Failure];
}

impl<R> Outcome<R> {
    /// Whether the whole request succeeded.
    pub fn is_complete(&self) -> bool {
        matches!(self, Self::Complete)
    }

    /// Returns the report, if a part failed.
    pub fn report(&self) -> Option<&R> {
        match self {
            Self::Complete => None,
            Self::Partial(report) => Some(report),
        }
    }

    /// Converts a partial failure into an error.
    pub fn into_result(self) -> Result<(), R> {
        match self {
            Self::Complete => Ok(()),
            Self::Partial(report) => Err(report),
        }
    }
}

impl<R: PartialReport> Outcome<R> {
    /// Iterates over the failed items; empty if the whole request succeeded.
    pub fn failures(&self) -> std::slice::Iter<'_, R::Failure> {
        self.report()
            .map_or(&[][..], PartialReport::failures)
            .iter()
    }
}
