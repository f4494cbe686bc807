//! The client and its builder.

pub(crate) mod builder;
pub(crate) mod limits;
