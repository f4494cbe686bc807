//! The device flow (RFC 8628): a program shows a code, and a user approves it elsewhere.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::StatusCode;

use super::{Consent, Refusal};
use crate::application::{Application, random_text};
use crate::login::User;

/// How long a code waits, in seconds.
pub(super) const LIFETIME: i64 = 900;

/// How long a client waits between two polls, in seconds: at first, and what each one that comes too soon adds.
pub(super) const INTERVAL: u64 = 5;

/// Letters that no word is made of and that nobody takes for another.
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";

/// What a program asks for, before it is known who the user is.
pub(super) struct Wish {
    pub(super) client_id: String,
    pub(super) scope: String,
    pub(super) audience: String,
}

struct Device {
    user_code: String,
    wish: Wish,
    until: i64,
    interval: Duration,
    polled: Option<Duration>,
    decision: Option<Decision>,
}

enum Decision {
    Approved(User),
    Denied,
}

/// Devices that wait, by device code.
#[derive(Default)]
pub(crate) struct Devices(Mutex<HashMap<String, Device>>);

impl Devices {
    /// A new device code and user code.
    pub(super) fn add(&self, wish: Wish, now: i64) -> Result<(String, String), crate::Error> {
        let device_code = random_text()?;
        let mut devices = self.devices();
        let user_code = loop {
            let code = user_code()?;
            if !devices.values().any(|device| device.user_code == code) {
                break code;
            }
        };
        let device = Device {
            user_code: user_code.clone(),
            wish,
            until: now.saturating_add(LIFETIME),
            interval: Duration::from_secs(INTERVAL),
            polled: None,
            decision: None,
        };
        devices.insert(device_code.clone(), device);
        Ok((device_code, user_code))
    }

    /// Approves a code that waits, or denies it where there is no user. Says whether there was one.
    pub(crate) fn decide(&self, user_code: &str, user: Option<&User>, now: i64) -> bool {
        let given = plain(user_code);
        let mut devices = self.devices();
        let waits = |device: &&mut Device| {
            plain(&device.user_code) == given && device.decision.is_none() && device.until > now
        };
        let device = devices.values_mut().find(waits);
        let is_there = device.is_some();
        if let Some(device) = device {
            device.decision = Some(match user {
                Some(user) => Decision::Approved(user.clone()),
                None => Decision::Denied,
            });
        }
        is_there
    }

    /// What a poll comes to: what the user allowed, once.
    pub(super) fn poll(
        &self,
        device_code: &str,
        application: &Application,
        now: i64,
        monotonic: Duration,
    ) -> Result<Consent, Refusal> {
        let forbidden = |error, why: &str| Refusal::new(StatusCode::FORBIDDEN, error, why);
        let mut devices = self.devices();
        let device = devices.get_mut(device_code);
        let device = device
            .filter(|device| device.wish.client_id == application.client_id)
            .ok_or_else(|| Refusal::invalid_grant("Invalid or expired device code."))?;
        if device.until <= now {
            return Err(forbidden("expired_token", "The device code has expired."));
        }
        let user = match &device.decision {
            Some(Decision::Approved(user)) => user.clone(),
            Some(Decision::Denied) => {
                let why = "The end-user denied the authorization request.";
                return Err(forbidden("access_denied", why));
            }
            None => {
                let polled = device.polled.replace(monotonic);
                let is_early = |before| monotonic.saturating_sub(before) < device.interval;
                if polled.is_some_and(is_early) {
                    device.interval += Duration::from_secs(INTERVAL);
                    return Err(Refusal::new(
                        StatusCode::TOO_MANY_REQUESTS,
                        "slow_down",
                        format!(
                            "You are polling faster than the interval of {} seconds allows.",
                            device.interval.as_secs()
                        ),
                    ));
                }
                let why = "User has yet to authorize device code.";
                return Err(forbidden("authorization_pending", why));
            }
        };
        let consent = Consent {
            client_id: device.wish.client_id.clone(),
            user,
            scope: device.wish.scope.clone(),
            audience: device.wish.audience.clone(),
            organization: None,
            nonce: None,
        };
        devices.remove(device_code);
        Ok(consent)
    }

    fn devices(&self) -> MutexGuard<'_, HashMap<String, Device>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The code as people type it, in one form.
fn plain(code: &str) -> String {
    code.chars()
        .filter(char::is_ascii_alphabetic)
        .map(|letter| letter.to_ascii_uppercase())
        .collect()
}

fn user_code() -> Result<String, crate::Error> {
    let mut bytes = [0; 8];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|error| crate::Error::Broken(error.to_string()))?;
    let letter = |byte: &u8| char::from(LETTERS[usize::from(*byte) % LETTERS.len()]);
    let (first, second) = bytes.split_at(4);
    let half = |bytes: &[u8]| bytes.iter().map(letter).collect::<String>();
    Ok(format!("{}-{}", half(first), half(second)))
}
