//! What can go wrong on a socket: one variant per operation, each with its cause.
//!
//! Must hold: [`NetError::sent`] answers `No` only for errors that are raised before the first byte
//! of a request or a message could have reached the kernel. In doubt it answers `Unknown`, and the
//! caller treats the order behind it as possibly working (idea 4 of the design).

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use tokio_tungstenite::tungstenite;

/// Who has to act on an error.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Blame {
    /// This program: a caller asked for something that cannot be sent.
    Us,
    /// The other end of the connection (for a venue's socket: the venue).
    Peer,
    /// The way between.
    Network,
    /// What the operator wrote or started on this machine.
    Operator,
}

/// Whether the same call may work at another time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Retry {
    /// At once, on a fresh connection.
    Now,
    /// After a wait: the [`super::Backoff`] schedule or the peer's own `Retry-After`.
    Later,
    /// Not before somebody changed something.
    Never,
}

/// What is known about the bytes that the failed call wanted to send.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Sent {
    /// Certainly nothing of them left this machine.
    No,
    /// Some or all may have arrived and may have been acted on.
    Unknown,
}

/// The errors of this layer. Times are milliseconds, sizes are bytes.
#[derive(Debug, thiserror::Error)]
pub enum NetError {
    /// An address that cannot be used.
    #[error("address {text:?}: {fault}; write it as wss://host[:port][/path]")]
    Address {
        /// What was written.
        text: String,
        /// What is wrong with it.
        fault: &'static str,
    },
    /// A trust root that is not a certificate.
    #[error("trust root: {fault}")]
    TrustRoot {
        /// What is wrong with it.
        fault: String,
    },
    /// The name did not resolve or nobody accepted the connection.
    #[error("cannot connect to {to}: {source}")]
    Connect {
        /// Host and port.
        to: String,
        /// The system's word.
        source: io::Error,
    },
    /// Name lookup, TCP, TLS or the upgrade took too long, or the one connection stayed taken.
    #[error("no connection to {to} within {limit_ms} ms")]
    ConnectTimeout {
        /// Host and port.
        to: String,
        /// The limit that was passed.
        limit_ms: u128,
    },
    /// The TLS handshake failed: certificate not trusted, wrong name, no common version.
    #[error("no secure connection to {to}: {source}; check the host name, the clock and the roots")]
    Tls {
        /// Host and port.
        to: String,
        /// The library's word, which names the certificate fault.
        source: io::Error,
    },
    /// The peer answered the WebSocket upgrade with a plain HTTP status.
    #[error("{to} refused the WebSocket with HTTP status {status}")]
    Upgrade {
        /// Host and port.
        to: String,
        /// The HTTP status.
        status: u16,
        /// `Retry-After` in seconds, where the peer gave it.
        retry_after_s: Option<u32>,
    },
    /// The peer does not speak HTTP/1.1 or WebSocket.
    #[error("{to} does not answer in the protocol: {source}")]
    Handshake {
        /// Host and port.
        to: String,
        /// The library's word.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A request or message of ours that no peer could accept; it was not sent.
    #[error("cannot send this {what}: {fault}")]
    Unsendable {
        /// What was to be sent.
        what: &'static str,
        /// What is wrong with it.
        fault: String,
    },
    /// The connection had ended before the message was handed over.
    #[error("the connection is closed; nothing was sent")]
    AlreadyClosed,
    /// The peer closed the WebSocket in order.
    #[error("the peer closed the WebSocket (code {code}): {reason}")]
    Closed {
        /// RFC 6455 section 7.4; 1005 where the peer gave none.
        code: u16,
        /// The peer's text, possibly empty.
        reason: String,
    },
    /// The connection broke while open.
    #[error("the connection broke: {source}")]
    Broken {
        /// The system's word.
        source: io::Error,
    },
    /// Nothing was heard for longer than allowed.
    #[error("nothing heard for {limit_ms} ms")]
    Silent {
        /// The limit that was passed.
        limit_ms: u128,
    },
    /// A message or an answer over the limit.
    #[error("{what} is larger than {bytes_max} bytes")]
    TooBig {
        /// What was too large.
        what: &'static str,
        /// The limit.
        bytes_max: usize,
    },
    /// The peer broke the protocol, or sent text that is not UTF-8.
    #[error("the peer broke the WebSocket protocol: {source}")]
    Protocol {
        /// The library's word.
        source: Box<tungstenite::Error>,
    },
    /// The socket took no more bytes within the limit: the peer does not read.
    #[error("the peer took no bytes for {limit_ms} ms")]
    Stalled {
        /// The limit that was passed.
        limit_ms: u128,
    },
    /// The request went out and the connection ended or spoke garbage before the answer was whole.
    #[error("request sent to {to}, outcome unknown: {source}")]
    NoAnswer {
        /// Host and port.
        to: String,
        /// The library's word.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The request went out and no whole answer came in time.
    #[error("request sent to {to}, outcome unknown: no answer within {limit_ms} ms")]
    AnswerTimeout {
        /// Host and port.
        to: String,
        /// The limit that was passed.
        limit_ms: u128,
    },
    /// The port could not be taken.
    #[error("cannot listen on {at}: {source}; see who holds it with `ss -ltnp` or choose another")]
    Listen {
        /// Address and port.
        at: SocketAddr,
        /// The system's word.
        source: io::Error,
    },
    /// The control socket could not be made or opened.
    #[error(
        "cannot use the control socket {}: {source}; check who owns the folder",
        path.display()
    )]
    ControlSocket {
        /// Where.
        path: PathBuf,
        /// The system's word.
        source: io::Error,
    },
    /// Somebody answers on the control socket already.
    #[error("an engine is running already (it answers on {}); stop it first", path.display())]
    SecondEngine {
        /// Where.
        path: PathBuf,
    },
    /// Nobody listens on the control socket.
    #[error("no engine is running (no socket at {}); start it or check the folder", path.display())]
    NoEngine {
        /// Where.
        path: PathBuf,
    },
    /// The engine listens and may have acted, but no whole answer came.
    #[error(
        "the engine at {} does not answer ({fault}); what was asked may have happened",
        path.display()
    )]
    NoReply {
        /// Where.
        path: PathBuf,
        /// Timeout, end of file or a system error.
        fault: String,
    },
}

impl NetError {
    /// Who has to act.
    pub fn blame(&self) -> Blame {
        match self {
            Self::Unsendable { .. } => Blame::Us,
            Self::Tls { .. }
            | Self::Upgrade { .. }
            | Self::Handshake { .. }
            | Self::Closed { .. }
            | Self::TooBig { .. }
            | Self::Protocol { .. } => Blame::Peer,
            Self::Connect { .. }
            | Self::ConnectTimeout { .. }
            | Self::AlreadyClosed
            | Self::Broken { .. }
            | Self::Silent { .. }
            | Self::Stalled { .. }
            | Self::NoAnswer { .. }
            | Self::AnswerTimeout { .. } => Blame::Network,
            Self::Address { .. }
            | Self::TrustRoot { .. }
            | Self::Listen { .. }
            | Self::ControlSocket { .. }
            | Self::SecondEngine { .. }
            | Self::NoEngine { .. }
            | Self::NoReply { .. } => Blame::Operator,
        }
    }

    /// Whether and when the same call may work. A caller with `sent() == Unknown` asks the peer
    /// what became of the first one before it repeats anything that acts.
    pub fn retry(&self) -> Retry {
        match self {
            Self::AlreadyClosed
            | Self::Closed { .. }
            | Self::Broken { .. }
            | Self::Silent { .. }
            | Self::Stalled { .. } => Retry::Now,
            Self::Upgrade { status, .. } if is_lasting_refusal(*status) => Retry::Never,
            Self::Upgrade { .. }
            | Self::Connect { .. }
            | Self::ConnectTimeout { .. }
            | Self::Tls { .. }
            | Self::Handshake { .. }
            | Self::TooBig { .. }
            | Self::Protocol { .. }
            | Self::NoAnswer { .. }
            | Self::AnswerTimeout { .. }
            | Self::NoEngine { .. }
            | Self::NoReply { .. } => Retry::Later,
            Self::Address { .. }
            | Self::TrustRoot { .. }
            | Self::Unsendable { .. }
            | Self::Listen { .. }
            | Self::ControlSocket { .. }
            | Self::SecondEngine { .. } => Retry::Never,
        }
    }

    /// What is known about the bytes that the failed call wanted to send.
    pub fn sent(&self) -> Sent {
        match self {
            Self::Address { .. }
            | Self::TrustRoot { .. }
            | Self::Connect { .. }
            | Self::ConnectTimeout { .. }
            | Self::Tls { .. }
            | Self::Upgrade { .. }
            | Self::Handshake { .. }
            | Self::Unsendable { .. }
            | Self::AlreadyClosed
            | Self::Listen { .. }
            | Self::ControlSocket { .. }
            | Self::SecondEngine { .. }
            | Self::NoEngine { .. } => Sent::No,
            Self::Closed { .. }
            | Self::Broken { .. }
            | Self::Silent { .. }
            | Self::TooBig { .. }
            | Self::Protocol { .. }
            | Self::Stalled { .. }
            | Self::NoAnswer { .. }
            | Self::AnswerTimeout { .. }
            | Self::NoReply { .. } => Sent::Unknown,
        }
    }
}

/// A 4xx says that the request itself is wrong, except "too slow", "too many" and "banned for a
/// while" (408, 418, 425, 429).
fn is_lasting_refusal(status: u16) -> bool {
    (400..500).contains(&status) && !matches!(status, 408 | 418 | 425 | 429)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn upgrade(status: u16) -> NetError {
        NetError::Upgrade { to: "h:1".into(), status, retry_after_s: None }
    }

    #[test]
    fn a_refused_upgrade_is_final_only_when_the_request_itself_is_wrong() {
        for (status, retry) in [
            (399, Retry::Later),
            (400, Retry::Never),
            (403, Retry::Never),
            (418, Retry::Later),
            (429, Retry::Later),
            (499, Retry::Never),
            (500, Retry::Later),
            (503, Retry::Later),
        ] {
            assert_eq!(upgrade(status).retry(), retry, "{status}");
        }
    }

    #[test]
    fn an_error_after_the_first_byte_never_says_not_sent() {
        let broken = NetError::Broken { source: io::ErrorKind::BrokenPipe.into() };
        assert_eq!(broken.sent(), Sent::Unknown);
        assert_eq!(NetError::Stalled { limit_ms: 1 }.sent(), Sent::Unknown);
        let late = NetError::AnswerTimeout { to: "h:1".into(), limit_ms: 1 };
        assert_eq!(late.sent(), Sent::Unknown);
        assert_eq!(NetError::AlreadyClosed.sent(), Sent::No);
    }
}
