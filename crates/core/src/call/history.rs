//! What is known about a call beside its response.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::Scopes;
use crate::base_url::BaseUrl;
use crate::redaction::Redaction;

/// The history of the attempts of a call, which its response or error carries.
#[derive(Debug, Default)]
pub(crate) struct AttemptHistory {
    /// The number of requests that were sent.
    pub(crate) attempts: u32,
    /// The total wait between attempts.
    pub(crate) waited: Duration,
    /// The server may have acted on an attempt before the last one although it reported no success.
    pub(crate) earlier_may_have_acted: bool,
    /// The same for the last attempt.
    pub(crate) may_have_acted: bool,
    /// A retry is harmless and may succeed.
    pub(crate) retryable: bool,
    /// When the server accepts such calls again.
    pub(crate) retry_at: Option<SystemTime>,
    /// The scopes of the token, if known.
    pub(crate) granted: Option<Arc<Scopes>>,
    /// The base URL of the API.
    pub(crate) base_url: Option<Arc<BaseUrl>>,
    /// The secrets that an error must not contain. Collected for error responses only.
    pub(crate) redaction: Redaction,
}

impl AttemptHistory {
    /// Begins another attempt: the last one becomes an earlier one.
    pub(super) fn begin_next_attempt(&mut self) {
        self.earlier_may_have_acted |= std::mem::take(&mut self.may_have_acted);
        self.retryable = false;
        self.retry_at = None;
    }
}
