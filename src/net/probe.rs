//! How long each step of opening a connection takes: for who wants to know where it fails.
//!
//! Must hold: the same steps as [`Dial::open`](super::Dial::open), under the same limit; nothing is
//! sent beyond the TLS handshake.

use super::{Address, Dial, NetError};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::Instant;

/// What opening a connection took.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Steps {
    /// Where the connection went.
    pub peer: SocketAddr,
    /// Looking up the name.
    pub resolve: Duration,
    /// Until TCP stood.
    pub connect: Duration,
    /// Until TLS stood on it; `None` where the address has none.
    pub secure: Option<Duration>,
}

impl Dial {
    /// Opens a connection step by step, and closes it again.
    ///
    /// # Errors
    /// Those of [`Dial::open`].
    pub async fn probe(&self, address: &Address) -> Result<Steps, NetError> {
        self.within_limit(address, self.step(address)).await
    }

    async fn step(&self, address: &Address) -> Result<Steps, NetError> {
        let failed = |source| NetError::Connect { to: address.host_and_port(), source };
        let begun = Instant::now();
        let found: Vec<SocketAddr> =
            lookup_host((address.host(), address.port())).await.map_err(failed)?.collect();
        let resolve = begun.elapsed();
        let begun = Instant::now();
        let tcp = TcpStream::connect(found.as_slice()).await.map_err(failed)?;
        let connect = begun.elapsed();
        let peer = tcp.peer_addr().map_err(failed)?;
        let begun = Instant::now();
        drop(self.secure(address, tcp).await?);
        let secure = address.scheme().is_secure().then(|| begun.elapsed());
        Ok(Steps { peer, resolve, connect, secure })
    }
}
