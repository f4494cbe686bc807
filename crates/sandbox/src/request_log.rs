//! The request log.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

/// Capacity of the log. The oldest requests are dropped first.
const MAX_REQUESTS: usize = 10_000;

/// A request that the sandbox received. Requests to `/_sandbox` are not logged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RequestRecord {
    /// Number of the request, counted from 1.
    pub number: u64,
    /// HTTP method.
    pub method: String,
    /// Path, without the query.
    pub path: String,
    /// Query, as received.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// Operation id in the document, `token` for the token endpoint, or `None` for other paths.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// Status of the response, or `None` if no response was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Whether the operation had an effect, whatever response the client received.
    pub acted: bool,
    /// Whether the response was generated from the document, because the sandbox has no handler for the operation.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub default_response: bool,
}

/// The latest requests.
#[derive(Debug, Default)]
pub(crate) struct RequestLog(Mutex<LogState>);

#[derive(Debug, Default)]
struct LogState {
    count: u64,
    records: VecDeque<RequestRecord>,
}

impl RequestLog {
    /// Adds a request and assigns its number.
    pub(crate) fn add(&self, mut record: RequestRecord) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.count += 1;
        record.number = state.count;
        if state.records.len() == MAX_REQUESTS {
            state.records.pop_front();
        }
        state.records.push_back(record);
    }

    pub(crate) fn list(&self) -> Vec<RequestRecord> {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.records.iter().cloned().collect()
    }

    pub(crate) fn clear(&self) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.records.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_log_drops_the_oldest_requests() {
        let log = RequestLog::default();
        for _ in 0..MAX_REQUESTS + 5 {
            log.add(RequestRecord {
                number: 0,
                method: "GET".to_owned(),
                path: "/".to_owned(),
                query: None,
                operation: None,
                status: None,
                acted: false,
                default_response: false,
            });
        }
        let records = log.list();
        assert_eq!((records.len(), records[0].number), (MAX_REQUESTS, 6));
    }
}
