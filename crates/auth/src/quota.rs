//! Token quotas that the token endpoint reports.

use std::time::{Duration, SystemTime};

use auth0_core::SecretString;
use auth0_core::http::HeaderMap;

/// The token quotas of a response: `Auth0-Client-Quota-Limit` and `Auth0-Organization-Quota-Limit`.
///
/// ```
/// # use auth0_auth::TokenQuotas;
/// # fn example(quotas: &TokenQuotas) {
/// if let Some(reset) = quotas.used_up_until() {
///     println!("no tokens until {reset:?}");
/// }
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct TokenQuotas {
    /// The windows of the client's own quota.
    pub client: Vec<QuotaWindow>,
    /// The windows of the organization's quota.
    pub organization: Vec<QuotaWindow>,
}

/// One window of a quota. See [`ClientCredentials::quotas`](crate::ClientCredentials::quotas) for an example.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct QuotaWindow {
    /// The name, such as `per_hour` or `per_day`: ASCII letters, digits, `_`, `-` and `.`.
    pub name: String,
    /// The number of tokens in the window.
    pub quota: u64,
    /// The number of tokens left.
    pub remaining: u64,
    /// When the window resets.
    pub resets_at: SystemTime,
}

impl TokenQuotas {
    /// Parses the headers of a response that was received at `now`. Returns `None` if they contain no valid window. Windows whose
    /// name contains one of `secrets` are left out.
    pub(crate) fn of(
        headers: &HeaderMap,
        now: SystemTime,
        secrets: &[SecretString],
    ) -> Option<Self> {
        let repeats = |name: &str| {
            let mut secrets = secrets.iter().filter(|secret| !secret.is_empty());
            secrets.any(|secret| name.contains(secret.secret()))
        };
        let windows = |name: &str| -> Vec<QuotaWindow> {
            let values = headers.get_all(name).iter();
            values
                .filter_map(|value| value.to_str().ok())
                .flat_map(|value| value.split(','))
                .filter_map(|window| QuotaWindow::parse(window, now))
                .filter(|window| !repeats(&window.name))
                .collect()
        };
        let quotas = Self {
            client: windows("auth0-client-quota-limit"),
            organization: windows("auth0-organization-quota-limit"),
        };
        (quotas != Self::default()).then_some(quotas)
    }

    /// Returns when the next token can be granted if a window is exhausted, and `None` otherwise.
    pub fn used_up_until(&self) -> Option<SystemTime> {
        let windows = self.client.iter().chain(&self.organization);
        windows
            .filter(|window| window.remaining == 0)
            .map(|window| window.resets_at)
            .max()
    }
}

impl QuotaWindow {
    /// Parses `b=per_hour;q=10;r=7;t=3540`: name, quota, remaining, seconds until the reset, in any order.
    fn parse(text: &str, now: SystemTime) -> Option<Self> {
        let (mut name, mut quota, mut remaining, mut resets_in) = (None, None, None, None);
        for part in text.split(';') {
            let (key, value) = part.trim().split_once('=')?;
            match key {
                "b" => name = Some(value),
                "q" => quota = Some(value.parse().ok()?),
                "r" => remaining = Some(value.parse().ok()?),
                "t" => resets_in = Some(Duration::from_secs(value.parse().ok()?)),
                // Unknown keys are ignored for forward compatibility.
                _ => {}
            }
        }
        // Programs print the name, so it must not contain characters that a terminal or a page interprets.
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        let name =
            name.filter(|name| (1..=64).contains(&name.len()) && name.chars().all(is_plain))?;
        Some(Self {
            name: name.to_owned(),
            quota: quota?,
            remaining: remaining?,
            resets_at: now.checked_add(resets_in?)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use auth0_core::http::HeaderValue;

    use super::*;

    fn of(value: &'static str) -> Option<TokenQuotas> {
        let mut headers = HeaderMap::new();
        headers.insert("auth0-client-quota-limit", HeaderValue::from_static(value));
        TokenQuotas::of(&headers, UNIX_EPOCH, &["s3cr3t".into()])
    }

    #[test]
    fn window_with_an_invalid_or_secret_name_is_ignored() {
        for name in [
            "<b>",
            "a\"b",
            "a\\b",
            "a`b",
            "$(a)",
            "a b",
            "",
            "s3cr3t",
            "x-s3cr3t-x",
        ] {
            let value = format!("b={name};q=1;r=1;t=1,b=per_day;q=2;r=2;t=2");
            let quotas = of(Box::leak(value.into_boxed_str())).unwrap();
            let names: Vec<_> = quotas.client.iter().map(|window| &*window.name).collect();
            assert_eq!(names, ["per_day"], "{name}");
        }
    }

    #[test]
    fn windows_are_parsed_in_any_order_and_with_unknown_keys() {
        let quotas = of("b=per_hour;q=10;r=7;t=3540,b=per_day; t=86000; r=0; q=100; x=1").unwrap();
        let found: Vec<_> = quotas
            .client
            .iter()
            .map(|window| (window.name.as_str(), window.quota, window.remaining))
            .collect();
        assert_eq!(found, [("per_hour", 10, 7), ("per_day", 100, 0)]);
        let until = UNIX_EPOCH + Duration::from_secs(86_000);
        assert_eq!(quotas.used_up_until(), Some(until));
    }

    #[test]
    fn invalid_headers_are_ignored() {
        for text in [
            "",
            "b=per_hour",
            "b=;q=1;r=1;t=1",
            "q=1;r=1;t=1",
            "b=x;q=-1;r=1;t=1",
            "b=x;q=1;r=1;t=1e9",
            "b",
        ] {
            assert_eq!(of(text), None, "{text}");
        }
        assert_eq!(of("b=x;q=1;r=1;t=18446744073709551615"), None);
    }

    #[test]
    fn quota_with_remaining_tokens_is_not_exhausted() {
        assert_eq!(of("b=x;q=1;r=1;t=9").unwrap().used_up_until(), None);
    }
}
