//! Where and how it listens. Other machines reach it only over TLS, or when the operator says that a proxy stands
//! before it.

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::limit::Limits;
use crate::serve::StartError;

/// How to listen.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The address; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Who can reach it there.
    pub exposure: Exposure,
    /// What clients may ask for.
    pub limits: Limits,
}

/// Who can reach it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exposure {
    /// Programs on this machine: the address is a loopback.
    Loopback,
    /// Anybody, over TLS.
    Tls(TlsFiles),
    /// A proxy that ends TLS and lets nobody else through.
    BehindProxy,
}

/// The certificate chain and its private key, as PEM files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate, then those that vouch for it.
    pub certificate: PathBuf,
    /// The private key: PKCS#8, PKCS#1 or SEC1.
    pub key: PathBuf,
}

impl Settings {
    /// Listens on a loopback address.
    pub fn loopback(listen: SocketAddr) -> Settings {
        Settings { listen, exposure: Exposure::Loopback, limits: Limits::default() }
    }

    pub(crate) fn check(&self) -> Result<(), StartError> {
        match self.exposure {
            Exposure::Loopback if !self.listen.ip().is_loopback() => Err(StartError::Exposed(self.listen)),
            Exposure::Loopback | Exposure::Tls(_) | Exposure::BehindProxy => Ok(()),
        }
    }
}
