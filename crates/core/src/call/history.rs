//! What a call left behind on its way: how often it was sent, and what may have come of it.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::Scopes;
use crate::base_url::BaseUrl;
use crate::redaction::Redaction;

/// What is known of a call beside its answer. An answer has it, and so has an error.
#[derive(Debug, Default)]
pub(crate) struct AttemptHistory {
    /// How many requests were made, the last one included.
    pub(crate) attempts: u32,
    /// How long the call waited between attempts.
    pub(crate) waited: Duration,
    /// The server may have acted on an attempt before the last one, without telling.
    pub(crate) earlier_may_have_acted: bool,
    /// The server may have acted on the last attempt, without telling.
    pub(crate) may_have_acted: bool,
    /// The same call may be made again without harm, and may succeed then.
    pub(crate) retryable: bool,
    /// When the server takes such calls again.
    pub(crate) retry_at: Option<SystemTime>,
    /// What the token was granted, where that is known.
    pub(crate) granted: Option<Arc<Scopes>>,
    /// Where the API is.
    pub(crate) base_url: Option<Arc<BaseUrl>>,
    /// What an error may not repeat of the server's message. Collected for error responses alone.
    pub(crate) redaction: Redaction,
}

impl AttemptHistory {
    /// The call goes on after an attempt: what holds of the last one now holds of an earlier one.
    pub(super) fn go_on(&mut self) {
        self.earlier_may_have_acted |= std::mem::take(&mut self.may_have_acted);
        self.retryable = false;
        self.retry_at = None;
    }
}
