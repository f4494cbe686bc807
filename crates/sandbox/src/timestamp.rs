//! How times are shown.

use chrono::{DateTime, SecondsFormat, Utc};

/// A time as the APIs show it: in milliseconds and UTC.
pub(crate) fn rfc3339(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}
