//! What the library's faults mean to us, by the moment at which they strike.
//!
//! Must hold: a fault of writing is [`NetError::AlreadyClosed`] or [`NetError::Unsendable`] only
//! where the library refused the message before it touched the socket.

use std::io;

use tokio_tungstenite::tungstenite::Error as WsError;
use tokio_tungstenite::tungstenite::error::{CapacityError, ProtocolError};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use crate::net::{Address, NetError};

/// The close code that tells the peer what it did wrong; `None` where nobody would hear it.
#[expect(clippy::wildcard_enum_match_arm, reason = "the library may add faults; they map alike")]
pub(super) fn close_code(error: &WsError) -> Option<CloseCode> {
    match error {
        WsError::Capacity(_) => Some(CloseCode::Size),
        WsError::Utf8(_) => Some(CloseCode::Invalid),
        WsError::Protocol(ProtocolError::ResetWithoutClosingHandshake) => None,
        WsError::Protocol(_) => Some(CloseCode::Protocol),
        _ => None,
    }
}

pub(super) fn unsendable(what: &'static str, fault: String) -> NetError {
    NetError::Unsendable { what, fault }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the library may add faults; they map alike")]
pub(super) fn upgrade_error(address: &Address, error: WsError) -> NetError {
    let to = address.host_and_port();
    match error {
        WsError::Http(response) => NetError::Upgrade {
            to,
            status: response.status().as_u16(),
            retry_after_s: crate::net::http::retry_after_s(response.headers()),
        },
        WsError::Io(source) => NetError::Connect { to, source },
        error => NetError::Handshake { to, source: Box::new(error) },
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the library may add faults; they map alike")]
pub(super) fn read_error(error: WsError) -> NetError {
    match error {
        WsError::Io(source) => NetError::Broken { source },
        WsError::ConnectionClosed | WsError::AlreadyClosed => NetError::AlreadyClosed,
        WsError::Protocol(ProtocolError::ResetWithoutClosingHandshake) => {
            NetError::Broken { source: io::ErrorKind::UnexpectedEof.into() }
        }
        WsError::Capacity(CapacityError::MessageTooLong { max_size, .. }) => {
            NetError::TooBig { what: "a WebSocket message", bytes_max: max_size }
        }
        error => NetError::Protocol { source: Box::new(error) },
    }
}

/// Before the first byte: closed, or refused by the buffer. After: broken.
#[expect(clippy::wildcard_enum_match_arm, reason = "the library may add faults; they map alike")]
pub(super) fn write_error(error: WsError) -> NetError {
    match error {
        WsError::ConnectionClosed
        | WsError::AlreadyClosed
        | WsError::Protocol(ProtocolError::SendAfterClosing) => NetError::AlreadyClosed,
        WsError::WriteBufferFull(_) => {
            unsendable("WebSocket message", "it does not fit into the write buffer".to_owned())
        }
        WsError::Io(source) => NetError::Broken { source },
        error => NetError::Broken { source: io::Error::other(error) },
    }
}
