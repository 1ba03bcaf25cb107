//! Whom we trust on a TLS connection: the bundled web roots, built once per process.
//!
//! Must hold: TLS 1.2 or 1.3, certificate and host name always checked; there is no way to switch
//! the check off. A private root is added beside the bundled ones, never instead of a check.
//!
//! Decision: bundled roots instead of the system's store, so that the same build trusts the same
//! roots on every machine, and a broken store cannot stop a start.

use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio_rustls::TlsConnector;

use super::NetError;

/// The trusted roots and the ready TLS settings. Cloning is cheap and shares session tickets.
#[derive(Clone)]
pub struct TlsRoots {
    config: Arc<ClientConfig>,
    count: usize,
}

impl std::fmt::Debug for TlsRoots {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TlsRoots").field("count", &self.count).finish()
    }
}

impl TlsRoots {
    /// The bundled roots of the web.
    ///
    /// # Errors
    /// [`NetError::TrustRoot`] when the cryptography provider refuses TLS 1.2 and 1.3.
    pub fn bundled() -> Result<Self, NetError> {
        Self::build(bundled_store())
    }

    /// The bundled roots and the certificates of a PEM text: tests and private gateways.
    ///
    /// # Errors
    /// [`NetError::TrustRoot`] when the text holds no certificate or a damaged one.
    pub fn bundled_and(pem: &[u8]) -> Result<Self, NetError> {
        let fault = |fault: String| NetError::TrustRoot { fault };
        let mut store = bundled_store();
        let mut added_count = 0;
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|error| fault(error.to_string()))?;
            store.add(certificate).map_err(|error| fault(error.to_string()))?;
            added_count += 1;
        }
        if added_count == 0 {
            return Err(fault("no certificate in the PEM text".to_owned()));
        }
        Self::build(store)
    }

    fn build(store: RootCertStore) -> Result<Self, NetError> {
        let count = store.len();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
            .map_err(|error| NetError::TrustRoot { fault: error.to_string() })?
            .with_root_certificates(store)
            .with_no_client_auth();
        Ok(Self { config: Arc::new(config), count })
    }

    pub(super) fn connector(&self) -> TlsConnector {
        TlsConnector::from(Arc::clone(&self.config))
    }
}

fn bundled_store() -> RootCertStore {
    RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bundled_roots_are_there() {
        assert!(TlsRoots::bundled().unwrap().count > 50);
    }

    #[test]
    fn a_text_without_a_certificate_is_refused() {
        for pem in [
            &b""[..],
            b"hello",
            b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            b"-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n",
        ] {
            assert!(matches!(TlsRoots::bundled_and(pem), Err(NetError::TrustRoot { .. })));
        }
    }
}
