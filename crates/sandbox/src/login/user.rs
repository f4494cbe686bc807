//! Who can log in.

/// A user, who can log in without a password: this is a sandbox.
///
/// ```
/// use auth0_sandbox::{Sandbox, User};
///
/// let settings = Sandbox::builder().user(User::new("auth0|ada", "ada@example.test", "Ada"));
/// # let _ = settings;
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct User {
    /// The id, which tokens have as `sub`.
    pub id: String,
    /// The e-mail address.
    pub email: String,
    /// The name.
    pub name: String,
}

impl User {
    /// A user by id, e-mail address and name.
    pub fn new(id: impl Into<String>, email: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            email: email.into(),
            name: name.into(),
        }
    }
}
