//! The room on real sockets of 127.0.0.1, one file per concept.
//!
//! Must hold: every port is chosen by the system; no test leaves this machine.

mod http;
mod listen;
mod secure;
mod support;
mod unix;
mod websocket;
