//! From an address to an open byte stream: name, TCP, options, TLS, within one limit of time.
//!
//! Must hold: small writes leave at once (`TCP_NODELAY`); a dead peer is noticed by the kernel even
//! when nobody writes (keep-alive); all addresses of a name are tried in the resolver's order.
//! A name is looked up by the system's resolver on a thread of tokio's blocking pool.
//! Not here: the upgrade to a WebSocket ([`super::ws`]) and requests ([`super::http`]).

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use rustix::net::sockopt;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;

use super::{Address, Heartbeat, NetError, TlsRoots};

/// The kernel's first probe on a quiet connection. Shorter than the idle cut of common NAT boxes
/// (60 s and up).
const KEEP_ALIVE_AFTER: Duration = Duration::from_secs(20);
/// Between two probes.
const KEEP_ALIVE_EVERY: Duration = Duration::from_secs(5);
/// Probes without an answer until the kernel reports the connection as dead: 20 + 3 × 5 = 35 s.
const KEEP_ALIVE_PROBES: u32 = 3;
/// Bytes that the peer does not acknowledge or take for this long end the connection, also where
/// nothing above has a limit for writing (an HTTP reply). The same 35 s in ms.
const UNTAKEN_MS_MAX: u32 = 35_000;

/// How to open connections, and how long to wait for whom they lead to.
#[derive(Clone, Debug)]
pub struct Dial {
    /// Whom to trust where the address is secure.
    pub roots: TlsRoots,
    /// The limit for name lookup, TCP, TLS and upgrade together.
    pub limit: Duration,
    /// When a WebSocket that is quiet counts as dead.
    pub heartbeat: Heartbeat,
    /// The longest wait for an answer over HTTP.
    pub answer_max: Duration,
}

impl Dial {
    /// With [`Heartbeat::STANDARD`] and 5 s for an answer: one that comes later than the receive
    /// window of a request is worth nothing.
    pub fn new(roots: TlsRoots, limit: Duration) -> Self {
        let (heartbeat, answer_max) = (Heartbeat::STANDARD, Duration::from_secs(5));
        Self { roots, limit, heartbeat, answer_max }
    }

    /// Opens a connection to an address.
    ///
    /// # Errors
    /// [`NetError::Connect`], [`NetError::ConnectTimeout`] or [`NetError::Tls`]; nothing was sent
    /// beyond the TLS handshake.
    pub async fn open(&self, address: &Address) -> Result<Stream, NetError> {
        self.within_limit(address, self.connect(address)).await
    }

    /// Runs a step of connecting under the limit.
    pub(super) async fn within_limit<T>(
        &self,
        address: &Address,
        step: impl Future<Output = Result<T, NetError>>,
    ) -> Result<T, NetError> {
        timeout(self.limit, step).await.unwrap_or_else(|_| {
            let limit_ms = self.limit.as_millis();
            Err(NetError::ConnectTimeout { to: address.host_and_port(), limit_ms })
        })
    }

    /// Name, TCP, options, TLS, without a limit of its own.
    pub(super) async fn connect(&self, address: &Address) -> Result<Stream, NetError> {
        let failed = |source| NetError::Connect { to: address.host_and_port(), source };
        let tcp = TcpStream::connect((address.host(), address.port())).await.map_err(failed)?;
        self.secure(address, tcp).await
    }

    /// Options, and TLS where the address asks for it.
    pub(super) async fn secure(
        &self,
        address: &Address,
        tcp: TcpStream,
    ) -> Result<Stream, NetError> {
        let failed = |source| NetError::Connect { to: address.host_and_port(), source };
        set_options(&tcp).map_err(failed)?;
        if !address.scheme().is_secure() {
            return Ok(Stream::Plain(tcp));
        }
        let failed = |source| NetError::Tls { to: address.host_and_port(), source };
        let name = ServerName::try_from(address.host().to_owned())
            .map_err(|error| failed(io::Error::new(io::ErrorKind::InvalidInput, error)))?;
        let secure = self.roots.connector().connect(name, tcp).await.map_err(failed)?;
        Ok(Stream::Secure(Box::new(secure)))
    }
}

/// Sends small writes at once and lets the kernel watch over quiet connections.
pub(super) fn set_options(tcp: &TcpStream) -> io::Result<()> {
    tcp.set_nodelay(true)?;
    sockopt::set_socket_keepalive(tcp, true)?;
    sockopt::set_tcp_keepidle(tcp, KEEP_ALIVE_AFTER)?;
    sockopt::set_tcp_keepintvl(tcp, KEEP_ALIVE_EVERY)?;
    sockopt::set_tcp_keepcnt(tcp, KEEP_ALIVE_PROBES)?;
    sockopt::set_tcp_user_timeout(tcp, UNTAKEN_MS_MAX)?;
    Ok(())
}

/// An open connection.
#[derive(Debug)]
pub enum Stream {
    /// TCP.
    Plain(TcpStream),
    /// TLS over TCP; boxed because its state is a kilobyte.
    Secure(Box<TlsStream<TcpStream>>),
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_read(context, buffer),
            Self::Secure(tls) => Pin::new(tls.as_mut()).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_write(context, bytes),
            Self::Secure(tls) => Pin::new(tls.as_mut()).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_flush(context),
            Self::Secure(tls) => Pin::new(tls.as_mut()).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_shutdown(context),
            Self::Secure(tls) => Pin::new(tls.as_mut()).poll_shutdown(context),
        }
    }
}
