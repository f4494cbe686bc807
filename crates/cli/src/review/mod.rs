//! The access review: who has which access, with what is unusual and what changed.
//!
//! [`collect()`] reads the team into a work file, member by member, so that it needs constant memory and can be continued.
//! [`write()`] reads the work file twice, to count and to write the reports.

mod collect;
mod earlier;
mod findings;
mod page;
mod record;
mod work_file;
mod write;

pub(crate) use collect::{Settings, collect};
pub(crate) use earlier::Earlier;
pub(crate) use write::{Outputs, write};
