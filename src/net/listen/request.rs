//! One connection from its first byte: HTTP requests, until it ends or becomes a WebSocket.
//!
//! Must hold: head, headers and body are bounded in size and time before the owner hears of them;
//! what breaks a bound is answered here (408, 413, 431) and never reaches the owner.

use std::net::SocketAddr;
use std::sync::Arc;

use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::header::{HeaderName, HeaderValue, UPGRADE};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::upgrade::OnUpgrade;
use hyper::{Response, StatusCode, body};
use hyper_util::rt::{TokioIo, TokioTimer};
use parking_lot::Mutex;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::handshake::server::create_response_with_body;

use super::body::ReplyBody;
use super::message::Spoken;
use super::outbox::Tap;
use super::{Admission, Answer, ConnectionId, House, Incoming, Reply, Request, session};
use crate::net::{Bytes, connect};

type Wire = Response<ReplyBody>;

/// The owner gave no answer: the connection is cut.
#[derive(Debug, thiserror::Error)]
#[error("the owner gave no answer")]
struct Cut;

/// An accepted WebSocket that waits for the end of its HTTP part.
pub(super) struct Pending {
    pub(super) connection: ConnectionId,
    pub(super) upgrade: OnUpgrade,
    pub(super) tap: Tap,
}

/// Serves one connection to its end.
pub(super) async fn serve(tcp: TcpStream, peer: SocketAddr, house: &Arc<House>) {
    if connect::set_options(&tcp).is_err() {
        return;
    }
    let pending = Arc::new(Mutex::new(None));
    let service = {
        let (house, pending) = (Arc::clone(house), Arc::clone(&pending));
        service_fn(move |request| {
            let (house, pending) = (Arc::clone(&house), Arc::clone(&pending));
            async move { answer(request, peer, &house, &pending).await }
        })
    };
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(house.limits.read_max)
        .max_header_size(house.limits.header_bytes_max)
        .serve_connection(TokioIo::new(tcp), service)
        .with_upgrades()
        .await;
    if let Err(error) = served {
        tracing::debug!(%peer, %error, "HTTP connection ended");
    }
    let upgraded = pending.lock().take();
    if let Some(upgraded) = upgraded {
        session::run(upgraded, house).await;
    }
}

async fn answer(
    request: hyper::Request<body::Incoming>,
    peer: SocketAddr,
    house: &House,
    pending: &Mutex<Option<Pending>>,
) -> Result<Wire, Cut> {
    if request.headers().contains_key(UPGRADE) {
        return open(request, peer, house, pending).await;
    }
    let (head, body) = request.into_parts();
    let body = match read_body(body, house).await {
        Ok(body) => body,
        Err(status) => return Ok(wire(Reply::status(status).with_header("connection", "close"))),
    };
    let request = request_of(head, peer, body);
    let (answer, reply) = Answer::new();
    house.incoming.send(Incoming::Http { request, answer }).await.map_err(|_| Cut)?;
    reply.await.map(wire_of).map_err(|_| Cut)
}

async fn read_body(body: body::Incoming, house: &House) -> Result<Bytes, u16> {
    let limited = Limited::new(body, house.limits.body_bytes_max);
    match timeout(house.limits.read_max, limited.collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(413),
        Ok(Err(_)) => Err(400),
        Err(_) => Err(408),
    }
}

/// Asks the owner whether a WebSocket may open. It has its queue before the owner hears of it, so
/// the owner may send to it in the same breath.
async fn open(
    mut request: hyper::Request<body::Incoming>,
    peer: SocketAddr,
    house: &House,
    pending: &Mutex<Option<Pending>>,
) -> Result<Wire, Cut> {
    let switch = match create_response_with_body(&request, ReplyBody::default) {
        Ok(switch) => switch,
        Err(error) => return Ok(wire(Reply::new(400, "text/plain", error.to_string()))),
    };
    let upgrade = hyper::upgrade::on(&mut request);
    let (head, _) = request.into_parts();
    let request = request_of(head, peer, Bytes::new());
    let connection = house.new_id();
    let place = Place { connection, house, is_kept: false };
    let tap = house.outbox.add(connection);
    let (answer, admission) = Answer::new();
    let opening = Incoming::Opening { connection, request, answer };
    house.incoming.send(opening).await.map_err(|_| Cut)?;
    match admission.await.map_err(|_| Cut)?.answer {
        Admission::Accept => {
            place.keep();
            *pending.lock() = Some(Pending { connection, upgrade, tap });
            Ok(switch)
        }
        Admission::Refuse(reply) => Ok(wire(reply)),
    }
}

/// The entry of a WebSocket in the outbox, taken back unless it is kept: also when the peer leaves
/// while the owner still thinks.
struct Place<'a> {
    connection: ConnectionId,
    house: &'a House,
    is_kept: bool,
}

impl Place<'_> {
    fn keep(mut self) {
        self.is_kept = true;
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if !self.is_kept {
            self.house.outbox.remove(self.connection);
        }
    }
}

fn request_of(head: hyper::http::request::Parts, peer: SocketAddr, body: Bytes) -> Request {
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str()).to_owned();
    Request { peer, method: head.method, target, headers: head.headers, body }
}

fn wire(reply: Reply) -> Wire {
    wire_of(Spoken { answer: reply, rest: None })
}

fn wire_of(spoken: Spoken<Reply>) -> Wire {
    let reply = spoken.answer;
    let mut response = Response::new(ReplyBody::new(reply.body, spoken.rest));
    *response.status_mut() =
        StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in reply.headers {
        if let (Ok(name), Ok(value)) =
            (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(&value))
        {
            response.headers_mut().append(name, value);
        }
    }
    response
}
