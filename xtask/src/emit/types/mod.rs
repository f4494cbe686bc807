//! The Rust types of schemas.

pub(crate) mod accessors;
pub(crate) mod adjust;
pub(crate) mod checks;
pub(crate) mod constructors;
pub(crate) mod containers;
pub(crate) mod items;
pub(crate) mod setters;
pub(crate) mod shapes;
pub(crate) mod unions;
pub(crate) mod wire;
pub(crate) mod write_back;
