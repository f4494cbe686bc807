//! Logins of users: `/authorize`, and the pages that it shows.

mod authorize;
mod page;
mod redirect;
mod user;

pub(crate) use authorize::Login;
pub use user::User;
