//! Errors of the sandbox.

/// Why a sandbox does not start or cannot carry out a command.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The port cannot be bound.
    #[error("binding 127.0.0.1:{port} failed: {source}")]
    Port {
        /// The requested port; 0 is any free port.
        port: u16,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// A setting is invalid.
    #[error("{setting}: {message}")]
    Setting {
        /// Name of the setting.
        setting: &'static str,
        /// What was expected and what was found.
        message: String,
    },
    /// A fault script is invalid.
    #[error("{name}: {message}")]
    Script {
        /// Name of the script.
        name: String,
        /// What is invalid, and where.
        message: String,
    },
    /// No such invitation is pending.
    #[error("no pending invitation has the id `{id}`")]
    Invitation {
        /// Id of the invitation.
        id: String,
    },
    /// There is no such user.
    #[error("no user has the id or e-mail address `{user}`")]
    User {
        /// The given id or e-mail address.
        user: String,
    },
    /// No such device authorization request is pending.
    #[error("no pending device authorization has this user code")]
    Device,
    /// An internal error of the sandbox.
    #[error("internal error of the sandbox: {0}")]
    Internal(String),
}
