//! Users who can log in.

/// A user, who can log in without a password.
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
    /// The user id, which is the `sub` of tokens.
    pub id: String,
    /// The e-mail address.
    pub email: String,
    /// The full name.
    pub name: String,
}

impl User {
    /// Creates a user from an id, an e-mail address and a name.
    pub fn new(id: impl Into<String>, email: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            email: email.into(),
            name: name.into(),
        }
    }
}
