//! Logins of users: `/authorize`, and the pages that it shows.

mod activate;
mod authorize;
mod page;
mod redirect;
mod user;

pub(crate) use authorize::{Login, target};
pub use user::User;
