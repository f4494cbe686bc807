//! Whether a bulk operation did everything that it was asked for.

/// The outcome of a bulk operation. It is decided by the status of the answer and by nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "a bulk operation may have failed in part"]
pub enum Outcome<R> {
    /// Everything was done.
    Complete,
    /// Something failed; the report says what.
    Partial(R),
}

/// The report of a bulk operation that failed in part.
pub trait PartialReport {
    /// An item that failed.
    type Failure;

    /// The items that failed.
    fn failures(&self) -> &[Self::Failure];
}

impl<R> Outcome<R> {
    /// Whether everything was done.
    pub fn is_complete(&self) -> bool {
        matches!(self, Self::Complete)
    }

    /// The report, where something failed.
    pub fn report(&self) -> Option<&R> {
        match self {
            Self::Complete => None,
            Self::Partial(report) => Some(report),
        }
    }

    /// The report as an error, for callers that take a partial success for a failure.
    pub fn into_result(self) -> Result<(), R> {
        match self {
            Self::Complete => Ok(()),
            Self::Partial(report) => Err(report),
        }
    }
}

impl<R: PartialReport> Outcome<R> {
    /// The items that failed; none when everything was done.
    pub fn failures(&self) -> std::slice::Iter<'_, R::Failure> {
        self.report()
            .map_or(&[][..], PartialReport::failures)
            .iter()
    }
}
