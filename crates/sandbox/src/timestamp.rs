//! Formatting of timestamps.

use chrono::{DateTime, SecondsFormat, Utc};

/// Formats a time as the APIs do: RFC 3339 in UTC with milliseconds.
pub(crate) fn rfc3339(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}
