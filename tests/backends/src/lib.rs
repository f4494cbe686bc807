//! What a program does first with other backends than the default.

/// Installs the cryptography of rustls if the program brings its own.
pub fn install_provider() {
    // An error means that it is installed.
    #[cfg(feature = "ring")]
    let _ = rustls::crypto::ring::default_provider().install_default();
}
