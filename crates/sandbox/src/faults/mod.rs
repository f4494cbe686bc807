//! Fault injection.

mod body_mutations;
mod effect;
mod injection;
mod script;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize};

pub use effect::{Effect, Hint, Reply};
pub(crate) use injection::{Delivery, FaultContext, apply, too_many_requests};
pub use script::Script;

use crate::document::{Document, Operation};

/// Name of the token endpoint in faults and in the request log.
pub(crate) const TOKEN: &str = "token";

/// A fault to inject: which calls it affects, and its effect.
///
/// ```
/// use std::time::Duration;
/// use auth0_sandbox::{Effect, Fault};
///
/// // The first tenant is created, but the client receives no response.
/// let lost = Fault::of("createTenant").call(1).then(Effect::Reset { acted: true });
/// // One in ten calls is slow and then fails.
/// let slow = Fault::of_any().probability(0.1).delay(Duration::from_millis(300)).then(Effect::status(503));
/// # let _ = (lost, slow);
/// ```
///
/// The first fault as TOML in a [`Script`]:
///
/// ```toml
/// [[fault]]
/// operation = "createTenant"
/// calls = [1]
/// then = { reset = { acted = true } }
/// ```
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[must_use]
pub struct Fault {
    #[serde(
        deserialize_with = "operation",
        skip_serializing_if = "Option::is_none"
    )]
    operation: Option<String>,
    #[serde(deserialize_with = "calls", skip_serializing_if = "Vec::is_empty")]
    calls: Vec<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    times: Option<u64>,
    #[serde(
        deserialize_with = "probability",
        skip_serializing_if = "Option::is_none"
    )]
    probability: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delay_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    then: Option<Effect>,
}

impl Fault {
    /// Creates a fault of one operation, by operation id, such as `createTenant`. `token` is the token endpoint. If
    /// several APIs use the same id, prefix it with the name of the API: `my-organization.ListRoles`.
    pub fn of(operation: impl Into<String>) -> Self {
        Self {
            operation: Some(operation.into()),
            ..Self::default()
        }
    }

    /// Creates a fault of all API operations, but not of the token endpoint.
    pub fn of_any() -> Self {
        Self::default()
    }

    /// Limits the fault to the call with this number, counted from 1 since the fault was added. Can be repeated to
    /// select several calls.
    pub fn call(mut self, number: u64) -> Self {
        self.calls.push(number);
        self
    }

    /// Limits how many calls are affected.
    pub fn times(mut self, times: u64) -> Self {
        self.times = Some(times);
        self
    }

    /// Affects a call with this probability, from 0 to 1. The seed of the sandbox determines which calls.
    pub fn probability(mut self, probability: f64) -> Self {
        self.probability = Some(probability);
        self
    }

    /// Delays the response.
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay_ms = Some(u64::try_from(delay.as_millis()).unwrap_or(u64::MAX));
        self
    }

    /// Sets the effect of the fault.
    pub fn then(mut self, effect: Effect) -> Self {
        self.then = Some(effect);
        self
    }

    /// Validates the fault.
    pub(crate) fn check(&self) -> Result<(), String> {
        self.operation.as_deref().map_or(Ok(()), check_operation)?;
        self.calls.iter().try_for_each(|call| check_call(*call))?;
        self.probability.map_or(Ok(()), check_probability)?;
        let is_token_endpoint = self.operation.as_deref() == Some(TOKEN);
        match &self.then {
            Some(effect) => effect.check(is_token_endpoint),
            None if self.delay_ms.is_none() => {
                Err("expected `then` or `delay-ms`, found neither".to_owned())
            }
            None => Ok(()),
        }
    }

    fn matches(&self, call: FaultTarget<'_>) -> bool {
        match (&self.operation, call) {
            (Some(own), FaultTarget::Token) => own == TOKEN,
            (Some(own), FaultTarget::Operation(operation)) => operation.has_name(own),
            (None, FaultTarget::Token) => false,
            (None, FaultTarget::Operation(_)) => true,
        }
    }
}

fn check_operation(name: &str) -> Result<(), String> {
    let documents = Document::all().map_err(str::to_owned)?;
    if name == TOKEN || Document::find_operation(name).is_some() {
        return Ok(());
    }
    // Five suggestions are sufficient to recognize a typing error.
    let operations = documents.iter().flat_map(|document| &document.operations);
    let names = operations.map(|operation| operation.name.as_str());
    let common = |other: &str| {
        let pairs = name.chars().zip(other.chars());
        pairs.take_while(|(one, other)| one == other).count()
    };
    let mut near: Vec<&str> = names.chain([TOKEN]).filter(|own| common(own) > 2).collect();
    near.sort_unstable_by_key(|own| (std::cmp::Reverse(common(own)), *own));
    near.truncate(5);
    let mut message = format!("expected an operation, found `{name}`");
    if !near.is_empty() {
        message.push_str(&format!("; similar names: {}", near.join(", ")));
    }
    Err(message)
}

fn check_call(number: u64) -> Result<(), String> {
    match number {
        0 => Err("expected a call number from 1, found 0".to_owned()),
        _ => Ok(()),
    }
}

fn check_probability(probability: f64) -> Result<(), String> {
    if (0.0..=1.0).contains(&probability) {
        Ok(())
    } else {
        Err(format!(
            "expected a probability from 0 to 1, found {probability}"
        ))
    }
}

// Single values are also validated during deserialization, so that errors point to their position.

fn operation<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let name = String::deserialize(deserializer)?;
    check_operation(&name).map_err(serde::de::Error::custom)?;
    Ok(Some(name))
}

fn calls<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u64>, D::Error> {
    let calls = Vec::<u64>::deserialize(deserializer)?;
    calls
        .iter()
        .try_for_each(|call| check_call(*call))
        .map_err(serde::de::Error::custom)?;
    Ok(calls)
}

fn probability<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    let probability = f64::deserialize(deserializer)?;
    check_probability(probability).map_err(serde::de::Error::custom)?;
    Ok(Some(probability))
}

/// A call that faults can affect.
#[derive(Clone, Copy)]
pub(crate) enum FaultTarget<'a> {
    Token,
    Operation(&'a Operation),
}

/// The faults that apply to one call.
#[derive(Debug, Default)]
pub(crate) struct FaultDecision {
    pub(crate) delay: Duration,
    pub(crate) effect: Option<Effect>,
}

/// The active faults.
pub(crate) struct Faults(Mutex<FaultState>);

struct FaultState {
    faults: Vec<ActiveFault>,
    random: fastrand::Rng,
}

struct ActiveFault {
    fault: Fault,
    /// Number of calls that matched.
    seen: u64,
    /// Number of calls that were affected.
    applied: u64,
}

impl Faults {
    pub(crate) fn new(faults: Vec<Fault>, seed: u64) -> Self {
        let state = FaultState {
            faults: faults.into_iter().map(ActiveFault::new).collect(),
            random: fastrand::Rng::with_seed(seed),
        };
        Self(Mutex::new(state))
    }

    pub(crate) fn add(&self, fault: Fault) {
        self.state().faults.push(ActiveFault::new(fault));
    }

    pub(crate) fn clear(&self) {
        self.state().faults.clear();
    }

    /// All active faults.
    pub(crate) fn list(&self) -> Vec<Fault> {
        let state = self.state();
        state
            .faults
            .iter()
            .map(|active| active.fault.clone())
            .collect()
    }

    /// Determines the faults of a call. The first matching effect applies; delays add up.
    pub(crate) fn draw(&self, call: FaultTarget<'_>) -> FaultDecision {
        let mut state = self.state();
        let FaultState { faults, random } = &mut *state;
        let mut decision = FaultDecision::default();
        for active in faults
            .iter_mut()
            .filter(|active| active.fault.matches(call))
        {
            active.seen += 1;
            let Fault {
                calls,
                times,
                probability,
                ..
            } = &active.fault;
            let applies = (calls.is_empty() || calls.contains(&active.seen))
                && times.is_none_or(|times| active.applied < times)
                && probability.is_none_or(|probability| random.f64() < probability)
                && (active.fault.then.is_none() || decision.effect.is_none());
            if applies {
                active.applied += 1;
                decision.delay += Duration::from_millis(active.fault.delay_ms.unwrap_or(0));
                decision.effect = decision.effect.or_else(|| active.fault.then.clone());
            }
        }
        decision
    }

    fn state(&self) -> MutexGuard<'_, FaultState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ActiveFault {
    fn new(fault: Fault) -> Self {
        Self {
            fault,
            seen: 0,
            applied: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers of the affected calls among the first ten calls of `operation`.
    fn affected_calls(fault: Fault, operation: &str) -> Vec<usize> {
        let faults = Faults::new(vec![fault.then(Effect::Truncate)], 1);
        let is_affected = |_: &usize| faults.draw(call(operation)).effect.is_some();
        (1..=10).filter(is_affected).collect()
    }

    fn call(operation: &str) -> FaultTarget<'static> {
        Document::find_operation(operation).map_or(FaultTarget::Token, FaultTarget::Operation)
    }

    #[test]
    fn calls_are_selected_by_number_times_and_operation() {
        assert_eq!(
            affected_calls(Fault::of("getTenant").call(2).call(5), "getTenant"),
            [2, 5]
        );
        assert_eq!(
            affected_calls(Fault::of("getTenant").times(2), "getTenant"),
            [1, 2]
        );
        assert!(affected_calls(Fault::of("getTenant").call(9).times(0), "getTenant").is_empty());
        assert!(affected_calls(Fault::of("getTenant"), "listTenants").is_empty());
        assert_eq!(affected_calls(Fault::of_any(), "listTenants").len(), 10);
        assert!(affected_calls(Fault::of_any(), TOKEN).is_empty());
        assert_eq!(affected_calls(Fault::of(TOKEN), TOKEN).len(), 10);
    }

    #[test]
    fn seed_determines_which_calls_are_affected_by_chance() {
        let draws = |seed| {
            let faults = Faults::new(
                vec![Fault::of_any().probability(0.25).then(Effect::Truncate)],
                seed,
            );
            let draw = |_| faults.draw(call("getTenant")).effect.is_some();
            (0..1000).map(draw).collect::<Vec<bool>>()
        };
        let affected = draws(3)
            .into_iter()
            .filter(|&is_affected| is_affected)
            .count();
        assert!((200..300).contains(&affected), "{affected} of 1000");
        assert_eq!(draws(3), draws(3));
        assert_ne!(draws(3), draws(4));
        assert!(affected_calls(Fault::of_any().probability(0.0), "getTenant").is_empty());
    }

    #[test]
    fn first_matching_effect_applies_and_delays_add_up() {
        let faults = Faults::new(
            vec![
                Fault::of_any().delay(Duration::from_millis(20)),
                Fault::of_any().call(1).then(Effect::Truncate),
                Fault::of_any()
                    .times(1)
                    .delay(Duration::from_millis(5))
                    .then(Effect::Endless),
            ],
            1,
        );
        let first = faults.draw(call("getTenant"));
        assert_eq!(
            (first.delay.as_millis(), first.effect),
            (20, Some(Effect::Truncate))
        );
        let second = faults.draw(call("getTenant"));
        assert_eq!(
            (second.delay.as_millis(), second.effect),
            (25, Some(Effect::Endless))
        );
        let third = faults.draw(call("getTenant"));
        assert_eq!((third.delay.as_millis(), third.effect), (20, None));
    }
}
