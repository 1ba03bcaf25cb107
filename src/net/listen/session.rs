//! One accepted WebSocket of a listener, from its upgrade to its one [`Incoming::Closed`].
//!
//! Must hold: reading, writing and the owner's cut go on side by side, so a peer that does not read
//! cannot keep us from cutting it.

use std::io;
use std::time::Duration;

use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::outbox::{Outgoing, Tap};
use super::request::Pending;
use super::{CloseReason, ConnectionId, House, Incoming};
use crate::net::NetError;
use crate::net::ws::{self, WsReader, WsWriter};

/// How long a peer has to answer our close frame.
const CLOSE_GRACE: Duration = Duration::from_secs(1);

/// Runs an accepted WebSocket to its end and tells the owner.
pub(super) async fn run(pending: Pending, house: &House) {
    let connection = pending.connection;
    let reason = match upgraded(pending.upgrade, house).await {
        Ok(halves) => talk(connection, halves, pending.tap, house).await,
        Err(error) => CloseReason::Peer(error),
    };
    if matches!(reason, CloseReason::SlowReader) {
        house.outbox.count_slow();
    }
    house.outbox.remove(connection);
    // The owner has left together with the listener if this fails.
    drop(house.incoming.send(Incoming::Closed { connection, reason }).await);
}

async fn upgraded(
    upgrade: hyper::upgrade::OnUpgrade,
    house: &House,
) -> Result<(WsReader, WsWriter), NetError> {
    let broken = |error: io::Error| NetError::Broken { source: error };
    let upgraded = upgrade.await.map_err(|error| broken(io::Error::other(error)))?;
    let parts = upgraded
        .downcast::<TokioIo<TcpStream>>()
        .map_err(|_| broken(io::Error::other("the connection is not the one that was accepted")))?;
    let limits = &house.limits;
    Ok(ws::serve(parts.io.into_inner(), &parts.read_buf, limits.ws, limits.heartbeat).await)
}

async fn talk(
    connection: ConnectionId,
    (mut reader, mut writer): (WsReader, WsWriter),
    mut tap: Tap,
    house: &House,
) -> CloseReason {
    let written = tokio::select! {
        biased;
        cut = &mut tap.cut => return cut.unwrap_or(CloseReason::Owner),
        read = read(connection, &mut reader, &house.incoming) => return read,
        written = write(&mut writer, &mut tap.frames) => written,
    };
    if matches!(written, CloseReason::Owner) {
        let drained = async { while reader.next().await.is_ok() {} };
        drop(timeout(CLOSE_GRACE, drained).await);
    }
    written
}

async fn read(
    connection: ConnectionId,
    reader: &mut WsReader,
    incoming: &mpsc::Sender<Incoming>,
) -> CloseReason {
    loop {
        match reader.next().await {
            Ok(payload) => {
                if incoming.send(Incoming::Message { connection, payload }).await.is_err() {
                    return CloseReason::Owner;
                }
            }
            Err(error) => return CloseReason::Peer(error),
        }
    }
}

/// Ends when the owner asked for a close, or with the first error.
async fn write(writer: &mut WsWriter, frames: &mut mpsc::Receiver<Outgoing>) -> CloseReason {
    while let Some(frame) = frames.recv().await {
        let sent = match &frame {
            Outgoing::Text(text) => writer.send(text).await,
            Outgoing::Close { code, reason } => {
                drop(writer.close(*code, reason).await);
                return CloseReason::Owner;
            }
        };
        match sent {
            Ok(()) => {}
            Err(NetError::Stalled { .. }) => return CloseReason::SlowReader,
            Err(error) => return CloseReason::Peer(error),
        }
    }
    CloseReason::Owner
}
