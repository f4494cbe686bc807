//! What the sandbox was asked, and what became of it.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

/// How many requests are kept: the newest.
const MAX_REQUESTS: usize = 10_000;

/// A request that the sandbox saw. Those that tell it what to do, under `/_sandbox`, are not among them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RequestRecord {
    /// The number of the request, counted from 1.
    pub number: u64,
    /// The method.
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// The query, as it came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// The operation that it is, by its id in the document; `token` is the token endpoint, and nothing is none of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// The status that was answered; nothing if no answer went out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Whether anything of what was asked for was done, whatever the caller got to hear of it.
    pub acted: bool,
}

/// The newest requests.
#[derive(Debug, Default)]
pub(crate) struct RequestLog(Mutex<LogState>);

#[derive(Debug, Default)]
struct LogState {
    count: u64,
    records: VecDeque<RequestRecord>,
}

impl RequestLog {
    /// Adds a request. Its number is given here.
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
    fn there_are_too_many_requests_then_the_oldest_are_forgotten() {
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
            });
        }
        let records = log.list();
        assert_eq!((records.len(), records[0].number), (MAX_REQUESTS, 6));
    }
}
