//! The wait that the server requests in response headers.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::header::{DATE, RETRY_AFTER};
use http::{HeaderMap, StatusCode};

/// Returns how long a response asks to wait before the next request: `Retry-After` in seconds or as a date (RFC 9110
/// §10.2.3); otherwise, for a 429, `x-ratelimit-reset` in Unix seconds.
///
/// Both times are by the server's clock, so they are compared with `Date` of the response, or with `now` without one. An
/// invalid header is ignored.
///
/// ```
/// use std::time::{Duration, SystemTime};
///
/// use auth0_core::http::{HeaderMap, HeaderValue, StatusCode};
/// use auth0_core::codegen::requested_wait;
///
/// let mut headers = HeaderMap::new();
/// headers.insert("retry-after", HeaderValue::from_static("7"));
/// let wait = requested_wait(&headers, StatusCode::SERVICE_UNAVAILABLE, SystemTime::UNIX_EPOCH);
/// assert_eq!(wait, Some(Duration::from_secs(7)));
/// ```
pub fn requested_wait(
    headers: &HeaderMap,
    status: StatusCode,
    now: SystemTime,
) -> Option<Duration> {
    let limited = status == StatusCode::TOO_MANY_REQUESTS;
    // A reset in the past is ignored.
    let reset = || until_reset(headers, now).filter(|wait| limited && !wait.is_zero());
    retry_after(headers, now).or_else(reset)
}

fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = text(headers, RETRY_AFTER.as_str())?;
    if let Some(seconds) = whole_number(text) {
        return Some(Duration::from_secs(seconds));
    }
    Some(until(httpdate::parse_http_date(text).ok()?, headers, now))
}

/// Returns the time until `x-ratelimit-reset`.
pub(crate) fn until_reset(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let seconds = whole_number(text(headers, "x-ratelimit-reset")?)?;
    let reset = UNIX_EPOCH.checked_add(Duration::from_secs(seconds))?;
    Some(until(reset, headers, now))
}

fn until(moment: SystemTime, headers: &HeaderMap, now: SystemTime) -> Duration {
    let date = text(headers, DATE.as_str()).and_then(|text| httpdate::parse_http_date(text).ok());
    moment
        .duration_since(date.unwrap_or(now))
        .unwrap_or_default()
}

/// Parses the number in a header.
pub(crate) fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    whole_number(text(headers, name)?)
}

/// Parses digits only: `parse` alone would accept a plus sign.
fn whole_number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    /// Sun, 06 Nov 1994 08:49:37 GMT, the local time.
    const NOW: u64 = 784_111_777;

    fn wait(status: u16, headers: &[(&'static str, &str)]) -> Option<u64> {
        let headers = headers
            .iter()
            .map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_str(value).unwrap(),
                )
            })
            .collect();
        let now = UNIX_EPOCH + Duration::from_secs(NOW);
        requested_wait(&headers, StatusCode::from_u16(status).unwrap(), now)
            .map(|wait| wait.as_secs())
    }

    #[test]
    fn retry_after_is_parsed_as_seconds_and_as_a_date() {
        for status in [429, 503] {
            assert_eq!(wait(status, &[("retry-after", "7")]), Some(7));
            assert_eq!(wait(status, &[("retry-after", " 0 ")]), Some(0));
            assert_eq!(
                wait(status, &[("retry-after", "Sun, 06 Nov 1994 08:49:50 GMT")]),
                Some(13)
            );
            assert_eq!(
                wait(status, &[("retry-after", "Sunday, 06-Nov-94 08:49:50 GMT")]),
                Some(13)
            );
            assert_eq!(
                wait(status, &[("retry-after", "Sun, 06 Nov 1994 08:00:00 GMT")]),
                Some(0)
            );
        }
    }

    #[test]
    fn reset_counts_only_with_a_429_and_after_retry_after() {
        let reset = (NOW + 30).to_string();
        assert_eq!(wait(429, &[("x-ratelimit-reset", &reset)]), Some(30));
        assert_eq!(wait(503, &[("x-ratelimit-reset", &reset)]), None);
        assert_eq!(
            wait(429, &[("x-ratelimit-reset", &reset), ("retry-after", "2")]),
            Some(2)
        );
        assert_eq!(
            wait(
                429,
                &[("x-ratelimit-reset", &reset), ("retry-after", "soon")]
            ),
            Some(30)
        );
    }

    #[test]
    fn reset_in_the_past_is_ignored() {
        for at in [NOW, NOW - 5] {
            assert_eq!(wait(429, &[("x-ratelimit-reset", &at.to_string())]), None);
        }
    }

    #[test]
    fn skewed_server_clock_is_corrected_by_its_date() {
        // Ten minutes ahead of the local clock, and ten behind.
        for (date, at) in [
            ("Sun, 06 Nov 1994 08:59:37 GMT", NOW + 600),
            ("Sun, 06 Nov 1994 08:39:37 GMT", NOW - 600),
        ] {
            let reset = (at + 5).to_string();
            assert_eq!(
                wait(429, &[("date", date), ("x-ratelimit-reset", &reset)]),
                Some(5)
            );
        }
        assert_eq!(
            wait(
                503,
                &[
                    ("date", "Sun, 06 Nov 1994 08:39:37 GMT"),
                    ("retry-after", "Sun, 06 Nov 1994 08:39:40 GMT"),
                ]
            ),
            Some(3)
        );
    }

    #[test]
    fn invalid_header_is_ignored() {
        for value in [
            "",
            "soon",
            "-1",
            "+1",
            "1.5",
            "1e3",
            "Mon, 99 Nov 1994 08:49:37 GMT",
        ] {
            assert_eq!(
                wait(429, &[("retry-after", value), ("x-ratelimit-reset", value)]),
                None,
                "{value}"
            );
        }
        assert_eq!(wait(429, &[]), None);
        assert_eq!(
            wait(
                429,
                &[
                    ("date", "today"),
                    ("x-ratelimit-reset", &(NOW + 1).to_string())
                ]
            ),
            Some(1)
        );
        // A time beyond any clock is a very long wait, not a panic.
        assert_eq!(
            wait(429, &[("retry-after", "99999999999999999999999")]),
            Some(u64::MAX)
        );
        assert_eq!(
            wait(429, &[("x-ratelimit-reset", "99999999999999999999999")]),
            None
        );
    }
}
