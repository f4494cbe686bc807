//! Operations: the table of operations and the resources that group them.

pub(crate) mod paths;
pub(crate) mod resources;
pub(crate) mod table;
