//! The programs that may ask for tokens.

use secrecy::SecretString;

use crate::error::Error;

/// A machine-to-machine application that the sandbox knows.
///
/// ```
/// use auth0_sandbox::Application;
///
/// let reader = Application::new("reader", "its secret").scopes(["read:members"]);
/// # let _ = reader;
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct Application {
    pub(crate) client_id: String,
    pub(crate) client_secret: SecretString,
    pub(crate) name: String,
    /// All that there are, where it is not said.
    pub(crate) scopes: Option<Vec<String>>,
}

impl Application {
    /// An application with every scope of the Teams API.
    pub fn new(client_id: impl Into<String>, client_secret: impl Into<String>) -> Self {
        let client_id = client_id.into();
        Self {
            name: client_id.clone(),
            client_id,
            client_secret: SecretString::from(client_secret.into()),
            scopes: None,
        }
    }

    /// The same with a secret that nobody can guess.
    ///
    /// # Errors
    ///
    /// The system gives no random numbers.
    pub fn with_random_secret(client_id: impl Into<String>) -> Result<Self, Error> {
        Ok(Self::new(client_id, random_text()?))
    }

    /// Its name, as the activity log shows it; the client id unless said otherwise.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// The scopes that it may be granted, instead of all.
    pub fn scopes<I: Into<String>>(mut self, scopes: impl IntoIterator<Item = I>) -> Self {
        self.scopes = Some(scopes.into_iter().map(Into::into).collect());
        self
    }
}

/// A text that nobody can guess.
pub(crate) fn random_text() -> Result<String, Error> {
    use base64::Engine as _;
    let mut bytes = [0; 32];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|error| Error::Broken(error.to_string()))?;
    Ok(base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes))
}
