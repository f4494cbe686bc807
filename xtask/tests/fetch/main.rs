//! `fetch` against a server on this machine that gives every answer that a server can give.
//!
//! The server is a few lines over a socket rather than a library of answers: most of what is tried here, such as a body
//! that ends too early, is what a library would not send.

#![forbid(unsafe_code)]

mod answers;
mod desk;
mod refusals;
mod results;
mod server;
