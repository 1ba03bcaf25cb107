//! Sockets: the only layer of the crate that opens a connection. Bytes in, bytes out.
//!
//! Must hold: this layer knows no venue, no order and no configuration; every wait has a limit that
//! the caller gives; nothing is ever sent twice by itself; an error says whether the bytes of a
//! request are certainly not out ([`NetError::sent`]), because no answer is not a "no".
//! Not here: what a frame means (`venue`), when to connect again (`venue::session`), which thread
//! runs it (`runtime`).
//!
//! In reading order: [`Address`] and [`TlsRoots`] say where and whom to trust, [`Dial`] makes a
//! [`Stream`] (and [`Steps`] say how long each step of that took), [`ws`] and [`http`] speak over it, [`listen`] is the other side of both, [`unix`] is
//! the operator's socket on this machine, [`Backoff`] says when to try again.

mod address;
mod backoff;
mod connect;
mod error;
mod heartbeat;
pub mod http;
pub mod listen;
mod probe;
mod tls;
pub mod unix;
pub mod ws;

#[cfg(test)]
mod tests;

pub use address::{Address, Scheme};
pub use backoff::{Attempt, Backoff};
pub use connect::{Dial, Stream};
pub use error::{Blame, NetError, Retry, Sent};
pub use heartbeat::Heartbeat;
pub use hyper::{HeaderMap, Method, body::Bytes};
pub use probe::Steps;
pub use tls::TlsRoots;
