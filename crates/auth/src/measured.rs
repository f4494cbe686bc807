//! What the benchmarks measure and nobody else has a use for.

use std::time::SystemTime;

use auth0_core::SecretString;

use crate::application;
use crate::error::Error;
use crate::signing::Signer;

/// An assertion of `private_key_jwt`.
pub async fn assertion(
    signer: &dyn Signer,
    client_id: &str,
    issuer: &str,
    now: SystemTime,
) -> Result<SecretString, Error> {
    application::assertion(signer, client_id, issuer, now).await
}
