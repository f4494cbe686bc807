//! The predicates of an error by name.

use auth0_core::Error;

type Predicate = (&'static str, fn(&Error) -> bool);

/// Every public `is_*` of [`Error`].
pub(crate) const PREDICATES: [Predicate; 23] = [
    ("configuration", Error::is_configuration),
    ("invalid_request", Error::is_invalid_request),
    ("token", Error::is_token),
    ("missing_scope", Error::is_missing_scope),
    ("transport", Error::is_transport),
    ("outcome_unknown", Error::is_outcome_unknown),
    ("status", Error::is_status),
    ("undecodable", Error::is_undecodable),
    ("repeated_cursor", Error::is_repeated_cursor),
    ("paging_limit", Error::is_paging_limit),
    ("incomplete_listing", Error::is_incomplete_listing),
    ("stalled_listing", Error::is_stalled_listing),
    ("connect", Error::is_connect),
    ("certificate", Error::is_certificate),
    ("timeout", Error::is_timeout),
    ("unauthorized", Error::is_unauthorized),
    ("invalid_dpop_proof", Error::is_invalid_dpop_proof),
    ("forbidden", Error::is_forbidden),
    ("not_found", Error::is_not_found),
    ("conflict", Error::is_conflict),
    ("rate_limited", Error::is_rate_limited),
    ("server_error", Error::is_server_error),
    ("retryable", Error::is_retryable),
];

/// The names of the predicates that are true.
pub(crate) fn true_predicates(error: &Error) -> Vec<&'static str> {
    let holds = |(name, holds): &Predicate| holds(error).then_some(*name);
    PREDICATES.iter().filter_map(holds).collect()
}
