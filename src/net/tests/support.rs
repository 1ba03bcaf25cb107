//! Peers for the tests: an owner that echoes, and raw sockets that break the rules.

use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::net::listen::{Admission, Incoming, ListenLimits, Listener, Reply};
use crate::net::ws::{self, WsLimits, WsReader, WsWriter};
use crate::net::{Address, Dial, Heartbeat, NetError, TlsRoots};

pub(super) const CALM: Heartbeat =
    Heartbeat { ping_every: Duration::from_secs(60), silence_max: Duration::from_secs(60) };

pub(super) fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

pub(super) fn dial() -> Dial {
    Dial::new(TlsRoots::bundled().unwrap(), ms(5_000))
}

pub(super) fn any_port() -> SocketAddr {
    "127.0.0.1:0".parse().unwrap()
}

pub(super) fn address(scheme: &str, at: SocketAddr) -> Address {
    Address::parse(&format!("{scheme}://{at}/path?query=1")).unwrap()
}

pub(super) fn listener(limits: ListenLimits) -> Listener {
    Listener::bind(any_port(), limits).unwrap()
}

/// A port where nobody listens.
pub(super) async fn closed_port() -> SocketAddr {
    TcpListener::bind(any_port()).await.unwrap().local_addr().unwrap()
}

/// An owner that accepts every WebSocket, echoes messages and answers requests with their body.
pub(super) async fn echo(mut listener: Listener) {
    loop {
        match listener.next().await {
            Incoming::Http { request, answer } => answer.send(Reply::json(200, request.body)),
            Incoming::Opening { answer, .. } => answer.send(Admission::Accept),
            Incoming::Message { connection, payload } => {
                let _ = listener.outbox().send(connection, payload);
            }
            Incoming::Closed { .. } => {}
        }
    }
}

pub(super) async fn open(at: SocketAddr) -> Result<(WsReader, WsWriter), NetError> {
    open_with(at, WsLimits::STANDARD, CALM).await
}

pub(super) async fn open_with(
    at: SocketAddr,
    limits: WsLimits,
    heartbeat: Heartbeat,
) -> Result<(WsReader, WsWriter), NetError> {
    ws::open(&dial(), &address("ws", at), &[], limits, heartbeat).await
}

/// A peer that does with each connection what the script says.
pub(super) async fn raw_peer<F, S>(script: S) -> SocketAddr
where
    S: Fn(TcpStream) -> F + Send + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind(any_port()).await.unwrap();
    let at = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            tokio::spawn(script(tcp));
        }
    });
    at
}

/// Reads up to the end of a request's or reply's headers.
pub(super) async fn read_head(tcp: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match tcp.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8(head).unwrap()
}

/// Answers the upgrade as a server; afterwards the test writes frames by hand.
pub(super) async fn answer_upgrade(tcp: &mut TcpStream) {
    let head = read_head(tcp).await;
    let key = header(&head, "sec-websocket-key").unwrap();
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-accept: {}\r\n\r\n",
        derive_accept_key(key.as_bytes())
    );
    tcp.write_all(answer.as_bytes()).await.unwrap();
}

pub(super) fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| {
        let (key, value) = line.split_once(": ")?;
        key.eq_ignore_ascii_case(name).then_some(value)
    })
}

/// A server's frame: first byte (FIN and opcode) and payload.
pub(super) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    match payload.len() {
        short @ 0..126 => bytes.push(u8::try_from(short).unwrap()),
        long => {
            bytes.push(127);
            bytes.extend_from_slice(&u64::try_from(long).unwrap().to_be_bytes());
        }
    }
    bytes.extend_from_slice(payload);
    bytes
}

/// Reads a short masked frame of a client: first byte and payload.
pub(super) async fn read_client_frame(tcp: &mut TcpStream) -> (u8, Vec<u8>) {
    let first = tcp.read_u8().await.unwrap();
    let size = tcp.read_u8().await.unwrap();
    assert!(size & 0x80 != 0, "a client's frame is masked");
    let mut mask = [0; 4];
    tcp.read_exact(&mut mask).await.unwrap();
    let mut payload = vec![0; usize::from(size & 0x7f)];
    tcp.read_exact(&mut payload).await.unwrap();
    for (byte, key) in payload.iter_mut().zip(mask.iter().cycle()) {
        *byte ^= key;
    }
    (first, payload)
}
