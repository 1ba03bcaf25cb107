//! WebSocket: payloads in, payloads out, over any [`Stream`].
//!
//! Must hold: [`WsReader::next`] gives text and binary payloads only; pings are answered, and a
//! close, a break, a broken rule or silence is an error that ends the link. [`WsWriter::send`]
//! returns after the last byte was handed to the socket; there the tick-to-order clock stops. After
//! a send that failed or was abandoned half-way the writer refuses every further message, so a
//! late message can never slip out behind a newer one.
//! Not here: reconnecting, subscribing, what a payload means.
//!
//! Decision: both halves share the connection under a `parking_lot` mutex that is held for one poll
//! and never across an await; on one thread it is never contended. `futures::split` has room for
//! two owners only, and our own pings need a third hand on the socket.
//!
//! Cost per message: reading makes no allocation of its own (the payload is a slice of the read
//! buffer, which the library refills); text is checked to be UTF-8 by the library. Sending copies
//! the text once into an owned `Bytes`, one allocation, because the library takes ownership.

mod fault;

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use parking_lot::Mutex;
use tokio::net::TcpStream;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, timeout};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error as WsError, Message, Utf8Bytes};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use fault::{read_error, unsendable, upgrade_error, write_error};

use super::heartbeat::{Beat, Pulse};
use super::{Address, Bytes, Dial, Heartbeat, NetError, Stream};

/// The bounds of one connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct WsLimits {
    /// The largest message that is accepted, in bytes.
    pub message_bytes_max: usize,
    /// The largest frame that is accepted, in bytes; a message may have several.
    pub frame_bytes_max: usize,
    /// The most bytes that may wait for a socket that takes none.
    pub write_bytes_max: usize,
    /// A socket that takes no byte for this long is given up.
    pub stall_max: Duration,
}

impl WsLimits {
    /// Fits every venue of the sheets: the largest snapshot in one message is under 1 MiB, a frame
    /// under 256 KiB; nothing we send is over 64 KiB.
    pub const STANDARD: Self = Self {
        message_bytes_max: 1 << 20,
        frame_bytes_max: 256 << 10,
        write_bytes_max: 64 << 10,
        stall_max: Duration::from_secs(5),
    };

    /// The library's settings. Nothing waits in the write buffer (0): an order leaves at once.
    fn config(&self) -> WebSocketConfig {
        WebSocketConfig::default()
            .read_buffer_size(64 << 10)
            .write_buffer_size(0)
            .max_write_buffer_size(self.write_bytes_max.max(1))
            .max_message_size(Some(self.message_bytes_max))
            .max_frame_size(Some(self.frame_bytes_max))
    }
}

/// Opens a WebSocket: connect, TLS, upgrade, all within the dial's limit.
///
/// # Errors
/// Those of [`Dial::open`], [`NetError::Upgrade`] when the peer answers with another HTTP status,
/// [`NetError::Handshake`] when it does not speak the protocol, [`NetError::Address`] and
/// [`NetError::Unsendable`] when the address or a header cannot be used.
pub async fn open(
    dial: &Dial,
    address: &Address,
    headers: &[(&str, &str)],
    limits: WsLimits,
    heartbeat: Heartbeat,
) -> Result<(WsReader, WsWriter), NetError> {
    let request = upgrade_request(address, headers)?;
    let upgrading = async {
        let stream = dial.connect(address).await?;
        client_async_with_config(request, stream, Some(limits.config()))
            .await
            .map_err(|error| upgrade_error(address, error))
    };
    let (socket, _) = dial.within_limit(address, upgrading).await?;
    Ok(halves(socket, limits, heartbeat))
}

/// Takes over a connection whose upgrade the server side has answered. `early` are bytes that came
/// behind the request.
pub(super) async fn serve(
    tcp: TcpStream,
    early: &[u8],
    limits: WsLimits,
    heartbeat: Heartbeat,
) -> (WsReader, WsWriter) {
    let stream = Stream::Plain(tcp);
    let config = Some(limits.config());
    let socket =
        WebSocketStream::from_partially_read(stream, early.to_vec(), Role::Server, config).await;
    halves(socket, limits, heartbeat)
}

type Socket = Arc<Mutex<WebSocketStream<Stream>>>;

fn halves(
    socket: WebSocketStream<Stream>,
    limits: WsLimits,
    heartbeat: Heartbeat,
) -> (WsReader, WsWriter) {
    let socket = Arc::new(Mutex::new(socket));
    let opened_at = Instant::now();
    let mut ticks = interval_at(opened_at + heartbeat.tick(), heartbeat.tick());
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let reader = WsReader {
        socket: Arc::clone(&socket),
        pulse: Pulse::new(heartbeat),
        silence_max: heartbeat.silence_max,
        opened_at,
        ticks,
    };
    (reader, WsWriter { socket, stall_max: limits.stall_max, is_usable: true })
}

/// The incoming half. It also keeps the heartbeat, so somebody has to be waiting in `next`.
#[derive(Debug)]
pub struct WsReader {
    socket: Socket,
    pulse: Pulse,
    silence_max: Duration,
    opened_at: Instant,
    ticks: Interval,
}

impl WsReader {
    /// The next text or binary payload. Dropping the wait loses nothing.
    ///
    /// # Errors
    /// Every error ends the link: [`NetError::Closed`], [`NetError::Broken`], [`NetError::Silent`],
    /// [`NetError::TooBig`], [`NetError::Protocol`]; [`NetError::AlreadyClosed`] after any of them.
    pub async fn next(&mut self) -> Result<Bytes, NetError> {
        poll_fn(|context| self.poll_next(context)).await
    }

    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Result<Bytes, NetError>> {
        loop {
            let frame = self.socket.lock().poll_next_unpin(context);
            match frame {
                Poll::Ready(Some(Ok(message))) => {
                    self.pulse.on_frame();
                    match message {
                        Message::Text(text) => return Poll::Ready(Ok(Bytes::from(text))),
                        Message::Binary(bytes) => return Poll::Ready(Ok(bytes)),
                        Message::Close(frame) => {
                            return Poll::Ready(Err(self.on_close(frame, context)));
                        }
                        Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
                    }
                }
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(self.on_error(error))),
                Poll::Ready(None) => return Poll::Ready(Err(NetError::AlreadyClosed)),
                Poll::Pending => {
                    ready!(self.ticks.poll_tick(context));
                    self.on_tick()?;
                }
            }
        }
    }

    fn on_tick(&mut self) -> Result<(), NetError> {
        match self.pulse.on_tick(self.opened_at.elapsed()) {
            Beat::Rest => {}
            // Written at once if the socket takes it, otherwise with the next write; a socket that
            // takes nothing shows itself by silence. Not flushed here: a flush would take the place
            // of the writer's waker.
            Beat::Ping => drop(self.socket.lock().start_send_unpin(Message::Ping(Bytes::new()))),
            Beat::Silent => {
                return Err(NetError::Silent { limit_ms: self.silence_max.as_millis() });
            }
        }
        Ok(())
    }

    /// The library has queued the answer to the close; one more poll writes it.
    fn on_close(&self, frame: Option<CloseFrame>, context: &mut Context<'_>) -> NetError {
        drop(self.socket.lock().poll_next_unpin(context));
        match frame {
            Some(frame) => {
                NetError::Closed { code: frame.code.into(), reason: frame.reason.to_string() }
            }
            None => NetError::Closed { code: CloseCode::Status.into(), reason: String::new() },
        }
    }

    /// Tells the peer by its close code what it did wrong (RFC 6455 section 7.4.1), if it listens.
    fn on_error(&self, error: WsError) -> NetError {
        if let Some(code) = fault::close_code(&error) {
            let frame = CloseFrame { code, reason: Utf8Bytes::default() };
            drop(self.socket.lock().start_send_unpin(Message::Close(Some(frame))));
        }
        read_error(error)
    }
}

/// The outgoing half.
#[derive(Debug)]
pub struct WsWriter {
    socket: Socket,
    stall_max: Duration,
    is_usable: bool,
}

impl WsWriter {
    /// Sends one text message; returns when the kernel has its last byte. A future that is dropped
    /// before it is done leaves the writer unusable: part of the message may be out.
    ///
    /// # Errors
    /// [`NetError::Unsendable`] when the bytes are not UTF-8 or over the write limit,
    /// [`NetError::AlreadyClosed`] when the link had ended (both: nothing was sent),
    /// [`NetError::Broken`] and [`NetError::Stalled`] (outcome unknown).
    pub async fn send(&mut self, text: &[u8]) -> Result<(), NetError> {
        let text = std::str::from_utf8(text)
            .map_err(|error| unsendable("WebSocket message", error.to_string()))?;
        self.hand_over(Message::Text(Utf8Bytes::from(text))).await
    }

    /// Sends a close frame and ends this half; the reader then reports the peer's answer.
    ///
    /// # Errors
    /// As [`WsWriter::send`]; a reason over 123 bytes is unsendable (RFC 6455 section 5.5).
    pub async fn close(&mut self, code: u16, reason: &str) -> Result<(), NetError> {
        if reason.len() > 123 {
            return Err(unsendable("close frame", "its reason is over 123 bytes".to_owned()));
        }
        let frame = CloseFrame { code: CloseCode::from(code), reason: Utf8Bytes::from(reason) };
        let closed = self.hand_over(Message::Close(Some(frame))).await;
        self.is_usable = false;
        closed
    }

    async fn hand_over(&mut self, message: Message) -> Result<(), NetError> {
        if !self.is_usable {
            return Err(NetError::AlreadyClosed);
        }
        let begun = self.socket.lock().start_send_unpin(message).map_err(write_error);
        self.is_usable = matches!(begun, Err(NetError::Unsendable { .. }));
        begun?;
        self.flush().await?;
        self.is_usable = true;
        Ok(())
    }

    /// Most sends are done at the first poll; the timer is made only for the others.
    async fn flush(&self) -> Result<(), NetError> {
        let flush = poll_fn(|context| self.socket.lock().poll_flush_unpin(context));
        let mut flush = pin!(flush);
        let first = poll_fn(|context| Poll::Ready(flush.as_mut().poll(context))).await;
        let flushed = match first {
            Poll::Ready(flushed) => flushed,
            Poll::Pending => timeout(self.stall_max, flush)
                .await
                .map_err(|_| NetError::Stalled { limit_ms: self.stall_max.as_millis() })?,
        };
        flushed.map_err(write_error)
    }
}

fn upgrade_request(address: &Address, headers: &[(&str, &str)]) -> Result<Request, NetError> {
    let fault = "a WebSocket address starts with ws:// or wss://";
    if !address.scheme().is_websocket() {
        return Err(NetError::Address { text: address.to_string(), fault });
    }
    let wrong = |error: String| unsendable("upgrade request", error);
    let mut request =
        address.to_string().into_client_request().map_err(|error| wrong(error.to_string()))?;
    for (name, value) in headers {
        let name: HeaderName = name.parse().map_err(|_| wrong(format!("header name {name:?}")))?;
        // The value may be a key, so the error names only the header.
        let value =
            HeaderValue::from_str(value).map_err(|_| wrong(format!("the value of {name}")))?;
        request.headers_mut().append(name, value);
    }
    Ok(request)
}
