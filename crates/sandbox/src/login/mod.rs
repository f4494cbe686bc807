//! User logins: `/authorize`, `/activate` and their pages.

mod activation;
mod authorization;
mod html;
mod redirect;
mod user;

pub(crate) use authorization::{Login, scope_and_audience};
pub use user::User;
