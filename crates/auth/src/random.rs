//! Random identifiers: IDs of assertions and proofs, states, nonces and verifiers.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::crypto;
use crate::error::{Error, Kind};
use crate::signing::SignError;

/// Returns 43 characters of base64url, which hold 256 bits.
pub(crate) fn text() -> Result<String, Error> {
    id().map_err(|error| Error::of(Kind::Signing(error)))
}

/// Returns the same as [`text`], with the error type of signers.
pub(crate) fn id() -> Result<String, SignError> {
    let mut bytes = [0; 32];
    crypto::fill_random(&mut bytes)
        .map_err(|_| SignError::new("the system's random number generator failed"))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}
