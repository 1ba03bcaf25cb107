//! A server for HTTP and WebSocket on one port, with one owner of all state.
//!
//! Must hold: everything that comes in is one queue of [`Incoming`], in order per connection; the
//! owner takes from it and answers through the [`Answer`] in a request or through the [`Outbox`].
//! Number of connections, header, body, message, queue and waiting times are all bounded. An
//! accepted WebSocket ends with exactly one [`Incoming::Closed`]; a refused one with none.
//! A full incoming queue stops the reading of sockets (the peers feel back-pressure); a full
//! outgoing queue cuts that one connection.
//! Not here: routes, tokens, dialects.
//!
//! Decision: a queue and an outbox instead of handler callbacks, so that the owner is one plain
//! struct in one task and needs no lock; the price is one hop through a channel.

mod body;
mod message;
mod outbox;
mod request;
mod session;

pub use message::{Admission, Answer, CloseReason, ConnectionId, Incoming, Parts, Reply, Request};
pub use outbox::{Delivery, Outbox};

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;

use super::ws::WsLimits;
use super::{Heartbeat, NetError};

/// Connections that the kernel holds until we take them.
const BACKLOG: u32 = 128;
/// After a failed accept (no file handle left) we wait so long instead of spinning.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The bounds of one listener.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ListenLimits {
    /// Open connections, HTTP and WebSocket together; one more is answered with 503.
    pub connections_max: usize,
    /// Incoming events that wait for the owner.
    pub incoming_max: usize,
    /// Outgoing frames that wait for one connection; one more cuts it.
    pub outgoing_max: usize,
    /// Request line and headers, in bytes.
    pub header_bytes_max: usize,
    /// Body of a request, in bytes.
    pub body_bytes_max: usize,
    /// How long a request may take to arrive, head and body each; also how long a kept-alive
    /// connection may wait for its next request.
    pub read_max: Duration,
    /// The WebSocket side.
    pub ws: WsLimits,
    /// Our pings and the silence after which a WebSocket is given up.
    pub heartbeat: Heartbeat,
}

impl ListenLimits {
    /// For a port that serves people and one engine: 64 connections, 16 KiB of headers, 1 MiB of
    /// body, 5 s to say something.
    pub const STANDARD: Self = Self {
        connections_max: 64,
        incoming_max: 1_024,
        outgoing_max: 1_024,
        header_bytes_max: 16 << 10,
        body_bytes_max: 1 << 20,
        read_max: Duration::from_secs(5),
        ws: WsLimits::STANDARD,
        heartbeat: Heartbeat {
            ping_every: Duration::from_secs(20),
            silence_max: Duration::from_secs(60),
        },
    };
}

/// What a listener has seen since its start.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Counts {
    /// Connections taken.
    pub accepted: u64,
    /// Connections turned away because all places were taken.
    pub turned_away: u64,
    /// WebSockets cut because they did not read.
    pub slow_cut: u64,
}

/// An open port. Dropping it closes the port and every connection.
#[derive(Debug)]
pub struct Listener {
    at: SocketAddr,
    incoming: mpsc::Receiver<Incoming>,
    outbox: Outbox,
    house: Arc<House>,
    _tasks: JoinSet<()>,
}

impl Listener {
    /// Takes the port and starts to serve. Port 0 lets the system choose; [`Listener::at`] tells.
    /// Needs a tokio runtime around it.
    ///
    /// # Errors
    /// [`NetError::Listen`] when the port is taken or the address is not ours.
    pub fn bind(at: SocketAddr, limits: ListenLimits) -> Result<Self, NetError> {
        let failed = |source| NetError::Listen { at, source };
        let listener = open_port(at).map_err(failed)?;
        let at = listener.local_addr().map_err(failed)?;
        let (sender, incoming) = mpsc::channel(limits.incoming_max);
        let outbox = Outbox::new(limits.outgoing_max);
        let house = Arc::new(House {
            limits,
            incoming: sender,
            outbox: outbox.clone(),
            places: Arc::new(Semaphore::new(limits.connections_max)),
            next_id: AtomicU64::new(1),
            accepted: AtomicU64::new(0),
            turned_away: AtomicU64::new(0),
        });
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, Arc::clone(&house)));
        Ok(Self { at, incoming, outbox, house, _tasks: tasks })
    }

    /// Address and port that clients connect to.
    pub fn at(&self) -> SocketAddr {
        self.at
    }

    /// What came in next. Dropping the wait loses nothing.
    pub async fn next(&mut self) -> Incoming {
        match self.incoming.recv().await {
            Some(incoming) => incoming,
            // The house, which we hold, owns a sender, so the queue cannot end.
            None => std::future::pending().await,
        }
    }

    /// The way out to the WebSockets.
    pub fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    /// What the listener has seen so far.
    pub fn counts(&self) -> Counts {
        Counts {
            accepted: self.house.accepted.load(Ordering::Relaxed),
            turned_away: self.house.turned_away.load(Ordering::Relaxed),
            slow_cut: self.outbox.slow_cut_count(),
        }
    }
}

/// What all connections of one listener share.
#[derive(Debug)]
struct House {
    limits: ListenLimits,
    incoming: mpsc::Sender<Incoming>,
    outbox: Outbox,
    places: Arc<Semaphore>,
    next_id: AtomicU64,
    accepted: AtomicU64,
    turned_away: AtomicU64,
}

impl House {
    fn new_id(&self) -> ConnectionId {
        ConnectionId(self.next_id.fetch_add(1, Ordering::Relaxed))
    }
}

/// Reuses the address, so that a restart does not wait for connections in TIME_WAIT; a port that is
/// really taken still fails.
fn open_port(at: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if at.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(at)?;
    socket.listen(BACKLOG)
}

async fn accept(listener: TcpListener, house: Arc<House>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((tcp, peer)) => admit(tcp, peer, &house, &mut connections),
                Err(error) => {
                    tracing::warn!(%error, "accept failed");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

fn admit(tcp: TcpStream, peer: SocketAddr, house: &Arc<House>, connections: &mut JoinSet<()>) {
    let Ok(place) = Arc::clone(&house.places).try_acquire_owned() else {
        house.turned_away.fetch_add(1, Ordering::Relaxed);
        turn_away(&tcp);
        return;
    };
    house.accepted.fetch_add(1, Ordering::Relaxed);
    let house = Arc::clone(house);
    connections.spawn(async move {
        request::serve(tcp, peer, &house).await;
        drop(place);
    });
}

/// One try; a peer that does not take it sees the end of the connection.
fn turn_away(tcp: &TcpStream) {
    let full =
        b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    drop(tcp.try_write(full));
}
