//! The sandbox as a client sees it: over HTTP, through its library and as a program.
#![allow(
    clippy::unwrap_used,
    reason = "what the tests share panics like a test does"
)]

mod access;
mod activity;
mod admin;
mod admission;
mod arguments;
mod assertions;
mod changes;
mod clocks;
mod devices;
mod dpop;
mod effects;
mod grants;
mod hosts;
mod invitations;
mod keys;
mod lifecycle;
mod limits;
mod logins;
mod members;
mod organizations;
mod paging;
mod parameters;
mod program;
mod quotas;
mod refusals;
mod schedules;
mod scripts;
mod secrets;
mod seeds;
mod support;
mod tenants;
mod token_faults;
mod validation;
