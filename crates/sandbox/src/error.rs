//! Why a sandbox does not start, or does not do what it is told.

/// An error of the sandbox itself.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The port cannot be listened at.
    #[error("port {port} of 127.0.0.1 cannot be used: {source}")]
    Port {
        /// The port that was asked for; 0 is any that is free.
        port: u16,
        /// What the system says.
        source: std::io::Error,
    },
    /// A setting is wrong.
    #[error("{setting}: {message}")]
    Setting {
        /// Which one.
        setting: &'static str,
        /// What was expected and what was found.
        message: String,
    },
    /// A script of faults cannot be used.
    #[error("{name}: {message}")]
    Script {
        /// What the script is called.
        name: String,
        /// What is wrong, and where.
        message: String,
    },
    /// There is no such invitation.
    #[error("no invitation with the id `{id}` waits to be accepted")]
    Invitation {
        /// The id.
        id: String,
    },
    /// There is no such user.
    #[error("no user has the id or e-mail address `{user}`")]
    User {
        /// What was given.
        user: String,
    },
    /// There is no such device.
    #[error("no device waits with this user code")]
    Device,
    /// Something that this crate brings along does not work, which is its own fault.
    #[error("the sandbox does not work: {0}")]
    Internal(String),
}
