//! The device flow (RFC 8628): a device shows a code, and a user approves it in a browser.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::StatusCode;

use super::{Consent, OAuthError};
use crate::application::{Application, random_token};
use crate::login::User;

/// Lifetime of a device code, in seconds.
pub(super) const DEVICE_CODE_LIFETIME: i64 = 900;

/// Initial polling interval, and the increment after polling too fast, in seconds.
pub(super) const POLL_INTERVAL: u64 = 5;

/// Consonants only, which are hard to confuse and form no words.
const USER_CODE_LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";

/// A device authorization request.
pub(super) struct DeviceRequest {
    pub(super) client_id: String,
    pub(super) scope: String,
    pub(super) audience: String,
}

struct PendingDevice {
    user_code: String,
    request: DeviceRequest,
    until: i64,
    interval: Duration,
    last_poll: Option<Duration>,
    decision: Option<DeviceDecision>,
}

enum DeviceDecision {
    Approved(User),
    Denied,
}

/// Pending device authorizations by device code.
#[derive(Default)]
pub(crate) struct Devices(Mutex<HashMap<String, PendingDevice>>);

impl Devices {
    /// Adds a request. Returns the device code and the user code.
    pub(super) fn add(
        &self,
        request: DeviceRequest,
        now: i64,
    ) -> Result<(String, String), crate::Error> {
        let device_code = random_token()?;
        let mut devices = self.devices();
        let user_code = loop {
            let code = user_code()?;
            if !devices.values().any(|device| device.user_code == code) {
                break code;
            }
        };
        let device = PendingDevice {
            user_code: user_code.clone(),
            request,
            until: now.saturating_add(DEVICE_CODE_LIFETIME),
            interval: Duration::from_secs(POLL_INTERVAL),
            last_poll: None,
            decision: None,
        };
        devices.insert(device_code.clone(), device);
        Ok((device_code, user_code))
    }

    /// Approves a pending user code, or denies it if `user` is `None`. Returns whether the code was pending.
    pub(crate) fn decide(&self, user_code: &str, user: Option<&User>, now: i64) -> bool {
        let given = normalize(user_code);
        let mut devices = self.devices();
        let waits = |device: &&mut PendingDevice| {
            normalize(&device.user_code) == given && device.decision.is_none() && device.until > now
        };
        let device = devices.values_mut().find(waits);
        let is_there = device.is_some();
        if let Some(device) = device {
            device.decision = Some(match user {
                Some(user) => DeviceDecision::Approved(user.clone()),
                None => DeviceDecision::Denied,
            });
        }
        is_there
    }

    /// Polls for the user's decision. An approval can be collected once.
    pub(super) fn poll(
        &self,
        device_code: &str,
        application: &Application,
        now: i64,
        monotonic: Duration,
    ) -> Result<Consent, OAuthError> {
        let forbidden = |error, reason: &str| OAuthError::new(StatusCode::FORBIDDEN, error, reason);
        let mut devices = self.devices();
        let device = devices.get_mut(device_code);
        let device = device
            .filter(|device| device.request.client_id == application.client_id)
            .ok_or_else(|| OAuthError::invalid_grant("Invalid or expired device code."))?;
        if device.until <= now {
            return Err(forbidden("expired_token", "The device code has expired."));
        }
        let user = match &device.decision {
            Some(DeviceDecision::Approved(user)) => user.clone(),
            Some(DeviceDecision::Denied) => {
                let reason = "The end-user denied the authorization request.";
                return Err(forbidden("access_denied", reason));
            }
            None => {
                let last_poll = device.last_poll.replace(monotonic);
                let is_early = |before| monotonic.saturating_sub(before) < device.interval;
                if last_poll.is_some_and(is_early) {
                    device.interval += Duration::from_secs(POLL_INTERVAL);
                    return Err(OAuthError::new(
                        StatusCode::TOO_MANY_REQUESTS,
                        "slow_down",
                        format!(
                            "You are polling faster than the interval of {} seconds allows.",
                            device.interval.as_secs()
                        ),
                    ));
                }
                let reason = "User has yet to authorize device code.";
                return Err(forbidden("authorization_pending", reason));
            }
        };
        let consent = Consent {
            client_id: device.request.client_id.clone(),
            user,
            scope: device.request.scope.clone(),
            audience: device.request.audience.clone(),
            organization: None,
            nonce: None,
        };
        devices.remove(device_code);
        Ok(consent)
    }

    fn devices(&self) -> MutexGuard<'_, HashMap<String, PendingDevice>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Normalizes a user code that was typed by a person.
fn normalize(code: &str) -> String {
    code.chars()
        .filter(char::is_ascii_alphabetic)
        .map(|letter| letter.to_ascii_uppercase())
        .collect()
}

fn user_code() -> Result<String, crate::Error> {
    let mut bytes = [0; 8];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|error| crate::Error::Internal(error.to_string()))?;
    let letter =
        |byte: &u8| char::from(USER_CODE_LETTERS[usize::from(*byte) % USER_CODE_LETTERS.len()]);
    let (first, second) = bytes.split_at(4);
    let half = |bytes: &[u8]| bytes.iter().map(letter).collect::<String>();
    Ok(format!("{}-{}", half(first), half(second)))
}
