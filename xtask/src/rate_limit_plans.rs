//! Rate limit plans, as configured in `openapi/sources.toml`.

use serde::Deserialize;

/// The name of a rate limit plan, such as `public-enterprise`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct PlanName(String);

impl PlanName {
    /// The name as configured.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for PlanName {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(plain) {
            return Ok(Self(name));
        }
        Err(format!(
            "expected a plan name of lower-case letters, digits and `-` that starts with a letter, because it becomes the \
             name of a constant, found `{name}`"
        ))
    }
}

/// The rate limits of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateLimitPlan {
    /// The limits for all callers of a tenant together.
    pub tenant: Allowance,
    /// The additional limits for each organization, if it has its own.
    pub organization: Option<OrganizationAllowance>,
}

/// The limits for one organization. Its reads and writes are always counted separately.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrganizationAllowance {
    read: Count,
    write: Count,
    burst: Option<Count>,
}

impl From<OrganizationAllowance> for Allowance {
    fn from(organization: OrganizationAllowance) -> Self {
        let OrganizationAllowance { read, write, burst } = organization;
        let rates = Rates::Each { read, write };
        Self { rates, burst }
    }
}

/// Rates and burst of reads and writes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Fields")]
pub struct Allowance {
    /// Requests per second.
    pub rates: Rates,
    /// The number of requests that may be sent at once; by default as many as the rate allows per second.
    pub burst: Option<Count>,
}

/// Requests per second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rates {
    /// Reads and writes are counted separately.
    Each {
        /// Reads per second.
        read: Count,
        /// Writes per second.
        write: Count,
    },
    /// Reads and writes are counted together.
    Both(Count),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    read: Option<Count>,
    write: Option<Count>,
    both: Option<Count>,
    burst: Option<Count>,
}

impl TryFrom<Fields> for Allowance {
    type Error = &'static str;

    fn try_from(fields: Fields) -> Result<Self, Self::Error> {
        let rates = match (fields.read, fields.write, fields.both) {
            (Some(read), Some(write), None) => Rates::Each { read, write },
            (None, None, Some(both)) => Rates::Both(both),
            _ => {
                return Err("expected `read` and `write`, or `both` if they are counted together");
            }
        };
        let burst = fields.burst;
        Ok(Self { rates, burst })
    }
}

/// A number of requests, from 1 to 1,000,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "i64")]
pub struct Count(u32);

impl Count {
    /// The number.
    pub fn get(self) -> u32 {
        self.0
    }
}

impl TryFrom<i64> for Count {
    type Error = String;

    fn try_from(count: i64) -> Result<Self, String> {
        // The limiter rejects larger bursts.
        match u32::try_from(count) {
            Ok(count @ 1..=1_000_000) => Ok(Self(count)),
            _ => Err(format!(
                "expected a number of requests from 1 to 1000000, found {count}"
            )),
        }
    }
}
