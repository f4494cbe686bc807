//! Support for generated crates and `auth0-auth`. Public only because they are separate crates: not covered by semantic
//! versioning and not intended for programs.

mod settings;

pub use settings::{auth0_client_settings, builder_settings, call_settings, token_settings};

pub use crate::base_url::{BaseUrl, dns_label, host, is_host_name, one_of, server_value};
pub use crate::call::{Call, CallOptions, RawResponse};
pub use crate::check::{Check, Checker, Rules};
pub use crate::containers::{
    null_as_empty, null_as_unknown, null_as_unknown_items, null_as_unknown_optional_items,
    optional_list, optional_object, require_object,
};
pub use crate::credentials::{SchemeKind, SecurityScheme};
pub use crate::http_client::is_certificate_error;
pub use crate::nullable::deserialize_present;
pub use crate::operation::OperationFields;
pub use crate::paging::{Listing, Page, Paged, Position, items, pages, resume};
pub use crate::request::{
    Files, FormRule, Json, Multipart, PreparedRequest, RequestBuilder, RequestError, Style,
};
pub use crate::response::value_of;
pub use crate::retry::{
    Attempt, AttemptOutcome, NextStep, RetryDecision, classify, is_unprocessed, next_step,
    requested_wait,
};
pub use crate::text::printable;
pub use crate::transport::{Transport, TransportBuilder};
pub use crate::write_back::{Renamed, into_unlisted, into_update};
