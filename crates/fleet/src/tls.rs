//! TLS to Redis: with rustls and aws-lc, as all of the SDK's.

use std::sync::Arc;

use auth0_core::SecretString;
use rustls::client::ClientConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ConfigBuilder, RootCertStore, WantsVerifier};
use rustls_platform_verifier::Verifier;
use tokio_rustls::TlsConnector;

/// Whom to trust and who this is; of the system and nobody unless said otherwise.
#[derive(Clone, Default)]
pub(super) struct Tls {
    pub(super) authorities: Option<Vec<u8>>,
    pub(super) identity: Option<SecretString>,
}

impl Tls {
    /// Whether anything was said.
    pub(super) fn is_set(&self) -> bool {
        self.authorities.is_some() || self.identity.is_some()
    }

    /// The errors say what is wrong and quote nothing.
    pub(super) fn connector(&self) -> Result<TlsConnector, String> {
        // Named, because where two providers are compiled in, rustls panics without.
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(|_| "tls: the cryptography does not work on this machine".to_owned())?;
        let builder = match &self.authorities {
            Some(pem) => builder.with_root_certificates(authorities(pem)?),
            None => trusting_the_system(builder, provider)?,
        };
        let config = match &self.identity {
            None => builder.with_no_client_auth(),
            Some(pem) => {
                let wrong = || {
                    "identity: expected a certificate and its private key in PEM, found something else"
                        .to_owned()
                };
                let pem = pem.secret().as_bytes();
                let chain = certificates(pem).ok_or_else(wrong)?;
                let key = PrivateKeyDer::from_pem_slice(pem).map_err(|_| wrong())?;
                builder
                    .with_client_auth_cert(chain, key)
                    .map_err(|_| wrong())?
            }
        };
        Ok(TlsConnector::from(Arc::new(config)))
    }
}

type Builder<State> = ConfigBuilder<ClientConfig, State>;

fn trusting_the_system(
    builder: Builder<WantsVerifier>,
    provider: Arc<rustls::crypto::CryptoProvider>,
) -> Result<Builder<rustls::client::WantsClientCert>, String> {
    let verifier = Verifier::new(provider)
        .map_err(|_| "tls: the trust store of the system cannot be used".to_owned())?;
    Ok(builder
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier)))
}

fn authorities(pem: &[u8]) -> Result<RootCertStore, String> {
    let wrong =
        || "authorities: expected certificates in PEM, found something else or none".to_owned();
    let mut store = RootCertStore::empty();
    for certificate in certificates(pem).ok_or_else(wrong)? {
        store.add(certificate).map_err(|_| wrong())?;
    }
    Ok(store)
}

/// All certificates in `pem`; nothing if there are none, or one cannot be read.
fn certificates(pem: &[u8]) -> Option<Vec<CertificateDer<'static>>> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    certificates.ok().filter(|found| !found.is_empty())
}
