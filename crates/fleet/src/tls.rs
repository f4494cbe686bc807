//! TLS to Redis, with rustls and aws-lc like all connections of the SDK.

use std::sync::Arc;

use auth0_core::SecretString;
use rustls::client::{ClientConfig, WantsClientCert};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ConfigBuilder, RootCertStore, WantsVerifier};
use rustls_platform_verifier::Verifier;
use tokio_rustls::TlsConnector;

/// Which server certificates to trust, and the client's own certificate. The default trusts those that the system trusts and
/// has no client certificate.
#[derive(Clone, Default)]
pub(crate) struct TlsSettings {
    pub(crate) root_certificates: Option<Vec<u8>>,
    pub(crate) identity: Option<SecretString>,
}

impl TlsSettings {
    pub(crate) fn is_set(&self) -> bool {
        self.root_certificates.is_some() || self.identity.is_some()
    }

    /// Builds the connector. The errors do not quote the settings.
    pub(crate) fn connector(&self) -> Result<TlsConnector, String> {
        // The provider is explicit because rustls panics without one if two are compiled in.
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(|_| "tls: the cryptography provider supports no TLS version".to_owned())?;
        let builder = match &self.root_certificates {
            Some(pem) => builder.with_root_certificates(root_store(pem)?),
            None => with_platform_verifier(builder, provider)?,
        };
        let config = match &self.identity {
            None => builder.with_no_client_auth(),
            Some(pem) => {
                let invalid = || {
                    "identity: expected a certificate and its private key in PEM, found something else"
                        .to_owned()
                };
                let pem = pem.secret().as_bytes();
                let chain = certificates(pem).ok_or_else(invalid)?;
                let key = PrivateKeyDer::from_pem_slice(pem).map_err(|_| invalid())?;
                builder
                    .with_client_auth_cert(chain, key)
                    .map_err(|_| invalid())?
            }
        };
        Ok(TlsConnector::from(Arc::new(config)))
    }
}

fn with_platform_verifier(
    builder: ConfigBuilder<ClientConfig, WantsVerifier>,
    provider: Arc<CryptoProvider>,
) -> Result<ConfigBuilder<ClientConfig, WantsClientCert>, String> {
    let verifier = Verifier::new(provider)
        .map_err(|_| "tls: the system's trust store cannot be loaded".to_owned())?;
    Ok(builder
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier)))
}

fn root_store(pem: &[u8]) -> Result<RootCertStore, String> {
    let invalid =
        || "root_certificates: expected certificates in PEM, found something else".to_owned();
    let mut store = RootCertStore::empty();
    for certificate in certificates(pem).ok_or_else(invalid)? {
        store.add(certificate).map_err(|_| invalid())?;
    }
    Ok(store)
}

/// All certificates in `pem`. Returns `None` if there are none or one cannot be parsed.
fn certificates(pem: &[u8]) -> Option<Vec<CertificateDer<'static>>> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    certificates.ok().filter(|found| !found.is_empty())
}
