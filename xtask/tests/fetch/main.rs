//! Tests of `fetch` against a local server with arbitrary responses.
//!
//! The server writes to a socket directly, because an HTTP library would not send invalid responses such as a truncated
//! body.

#![forbid(unsafe_code)]

mod rejections;
mod repository;
mod responses;
mod results;
mod server;
