//! `diff`: every rule with a pair of documents for each direction, whole documents, and the command.

#![forbid(unsafe_code)]

mod cases;
mod command;
mod documents;
mod facts;
mod mutations;
mod reports;
mod support;
