//! The listener: bounds, refusals, cuts and the order of events.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::support::*;
use crate::net::http::{HttpClient, HttpLimits};
use crate::net::listen::{
    Admission, CloseReason, ConnectionId, Delivery, Incoming, ListenLimits, Listener, Reply,
};
use crate::net::ws::{WsLimits, WsReader, WsWriter};
use crate::net::{Blame, Bytes, Heartbeat, Method, NetError, Retry};

const STANDARD: ListenLimits = ListenLimits::STANDARD;

/// Opens a client and admits it; the owner's number of the connection comes along.
async fn admitted(listener: &mut Listener) -> (ConnectionId, WsReader, WsWriter) {
    let at = listener.at();
    let client = tokio::spawn(async move { open(at).await.unwrap() });
    let Incoming::Opening { connection, answer, .. } = listener.next().await else { panic!() };
    answer.send(Admission::Accept);
    let (reader, writer) = client.await.unwrap();
    (connection, reader, writer)
}

async fn closed(listener: &mut Listener) -> (ConnectionId, CloseReason) {
    let incoming = timeout(ms(5_000), listener.next()).await.unwrap();
    let Incoming::Closed { connection, reason } = incoming else { panic!("{incoming:?}") };
    (connection, reason)
}

/// Writes bytes by hand and returns all that comes back before the end of the connection.
async fn raw(listener: &Listener, bytes: &[u8]) -> String {
    let mut tcp = TcpStream::connect(listener.at()).await.unwrap();
    tcp.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    let _ = timeout(ms(5_000), tcp.read_to_end(&mut answer)).await.unwrap();
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn a_busy_port_is_named_and_the_system_chooses_for_port_0() {
    let first = listener(STANDARD);
    assert_ne!(first.at().port(), 0);
    let error = Listener::bind(first.at(), STANDARD).unwrap_err();
    let text = error.to_string();
    assert!(text.contains(&first.at().to_string()) && text.contains("ss -ltnp"), "{text}");
    assert_eq!((error.blame(), error.retry()), (Blame::Operator, Retry::Never));
    let at = first.at();
    drop(first);
    tokio::task::yield_now().await;
    Listener::bind(at, STANDARD).unwrap();
}

#[tokio::test]
async fn opening_messages_and_the_one_close_come_in_order() {
    let mut listener = listener(STANDARD);
    let (connection, mut reader, mut writer) = admitted(&mut listener).await;
    writer.send(b"one").await.unwrap();
    writer.send(b"two").await.unwrap();
    for text in ["one", "two"] {
        let Incoming::Message { connection: from, payload } = listener.next().await else {
            panic!()
        };
        assert_eq!((from, &payload[..]), (connection, text.as_bytes()));
    }
    assert_eq!(listener.outbox().send(connection, "three"), Delivery::Queued);
    assert_eq!(&reader.next().await.unwrap()[..], b"three");
    writer.close(4_001, "done").await.unwrap();
    let (ended, reason) = closed(&mut listener).await;
    assert_eq!(ended, connection);
    assert!(
        matches!(reason, CloseReason::Peer(NetError::Closed { code: 4_001, .. })),
        "{reason:?}"
    );
    assert_eq!(listener.outbox().send(connection, "late"), Delivery::Gone);
    assert_eq!(listener.outbox().open_count(), 0);
    assert!(matches!(reader.next().await, Err(NetError::Closed { code: 4_001, .. })));
}

#[tokio::test]
async fn a_frame_may_be_sent_in_the_breath_of_the_admission() {
    let mut listener = listener(STANDARD);
    let at = listener.at();
    let client = tokio::spawn(async move { open(at).await.unwrap() });
    let Incoming::Opening { connection, answer, .. } = listener.next().await else { panic!() };
    answer.send(Admission::Accept);
    assert_eq!(listener.outbox().send(connection, "welcome"), Delivery::Queued);
    let (mut reader, _writer) = client.await.unwrap();
    assert_eq!(&reader.next().await.unwrap()[..], b"welcome");
}

#[tokio::test]
async fn a_websocket_whose_opening_is_dropped_is_cut_and_leaves_nothing_behind() {
    let mut listener = listener(STANDARD);
    let at = listener.at();
    let client = tokio::spawn(async move { open(at).await.map(drop) });
    let Incoming::Opening { answer, .. } = listener.next().await else { panic!() };
    assert_eq!(listener.outbox().open_count(), 1);
    drop(answer);
    assert!(client.await.unwrap().is_err());
    assert_eq!(listener.outbox().open_count(), 0);
    assert!(timeout(ms(100), listener.next()).await.is_err(), "no close without an admission");
}

#[tokio::test]
async fn the_owner_closes_with_a_code_or_cuts_without_a_word() {
    let mut listener = listener(STANDARD);
    let (connection, mut reader, _writer) = admitted(&mut listener).await;
    assert_eq!(listener.outbox().close(connection, 1_012, "restart"), Delivery::Queued);
    match reader.next().await {
        Err(NetError::Closed { code, reason }) => {
            assert_eq!((code, reason.as_str()), (1_012, "restart"));
        }
        other => panic!("{other:?}"),
    }
    let (ended, reason) = closed(&mut listener).await;
    assert!(ended == connection && matches!(reason, CloseReason::Owner));
    let (connection, mut reader, _writer) = admitted(&mut listener).await;
    listener.outbox().cut(connection);
    assert!(matches!(reader.next().await, Err(NetError::Broken { .. })));
    assert!(matches!(closed(&mut listener).await.1, CloseReason::Owner));
}

#[tokio::test]
async fn a_slow_reader_is_cut_and_counted_and_the_others_are_served() {
    let limits = ListenLimits { outgoing_max: 4, ..STANDARD };
    let mut listener = listener(limits);
    let (slow, _slow_reader, _slow_writer) = admitted(&mut listener).await;
    let (brisk, mut reader, _writer) = admitted(&mut listener).await;
    let frame = Bytes::from(vec![b'x'; 60 << 10]);
    let mut sent_count = 0;
    while listener.outbox().send(slow, frame.clone()) == Delivery::Queued {
        sent_count += 1;
        tokio::time::sleep(ms(1)).await;
    }
    assert!(sent_count >= 4);
    let (ended, reason) = closed(&mut listener).await;
    assert!(ended == slow && matches!(reason, CloseReason::SlowReader), "{reason:?}");
    assert_eq!(listener.counts().slow_cut, 1);
    assert_eq!(listener.outbox().send(slow, "more"), Delivery::Gone);
    assert_eq!(listener.outbox().send(brisk, "hello"), Delivery::Queued);
    assert_eq!(&reader.next().await.unwrap()[..], b"hello");
}

#[tokio::test]
async fn a_reader_that_stalls_below_the_queue_limit_is_slow_too() {
    let ws = WsLimits { stall_max: ms(150), ..WsLimits::STANDARD };
    let mut listener = listener(ListenLimits { ws, ..STANDARD });
    let (slow, _reader, _writer) = admitted(&mut listener).await;
    let frame = Bytes::from(vec![b'x'; 60 << 10]);
    for _ in 0..500 {
        let _ = listener.outbox().send(slow, frame.clone());
    }
    assert!(matches!(closed(&mut listener).await.1, CloseReason::SlowReader));
    assert_eq!(listener.counts().slow_cut, 1);
}

#[tokio::test]
async fn a_client_that_ends_its_half_or_falls_silent_is_reported() {
    let heartbeat = Heartbeat { ping_every: ms(50), silence_max: ms(200) };
    let mut listener = listener(ListenLimits { heartbeat, ..STANDARD });
    let upgrade = b"GET /ws HTTP/1.1\r\nhost: h\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
        sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    for does_leave in [true, false] {
        let mut tcp = TcpStream::connect(listener.at()).await.unwrap();
        tcp.write_all(upgrade).await.unwrap();
        let Incoming::Opening { answer, .. } = listener.next().await else { panic!() };
        answer.send(Admission::Accept);
        let head = read_head(&mut tcp).await;
        assert_eq!(header(&head, "sec-websocket-accept"), Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
        if does_leave {
            tcp.shutdown().await.unwrap();
        }
        let (_, reason) = closed(&mut listener).await;
        let CloseReason::Peer(error) = reason else { panic!("{reason:?}") };
        assert_eq!(matches!(error, NetError::Broken { .. }), does_leave, "{error}");
        assert_eq!(matches!(error, NetError::Silent { .. }), !does_leave, "{error}");
    }
}

#[tokio::test]
async fn a_wrong_upgrade_is_refused_without_asking_the_owner() {
    let mut listener = listener(STANDARD);
    let answer = raw(
        &listener,
        b"GET / HTTP/1.1\r\nhost: h\r\nconnection: upgrade, close\r\nupgrade: websocket\r\n\
          sec-websocket-version: 12\r\n\r\n",
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    assert!(timeout(ms(50), listener.next()).await.is_err());
}

#[tokio::test]
async fn one_connection_too_many_is_turned_away_and_a_free_place_is_given_again() {
    let mut listener = listener(ListenLimits { connections_max: 1, ..STANDARD });
    let (connection, _reader, _writer) = admitted(&mut listener).await;
    assert!(raw(&listener, b"").await.starts_with("HTTP/1.1 503"));
    assert_eq!(listener.counts().turned_away, 1);
    listener.outbox().cut(connection);
    closed(&mut listener).await;
    tokio::task::yield_now().await;
    admitted(&mut listener).await;
}

#[tokio::test]
async fn headers_over_the_limit_and_garbage_are_answered_here() {
    let mut listener = listener(STANDARD);
    let long = format!("GET / HTTP/1.1\r\nhost: h\r\nx: {}\r\n\r\n", "y".repeat(17 << 10));
    assert!(raw(&listener, long.as_bytes()).await.starts_with("HTTP/1.1 431"));
    assert!(raw(&listener, b"\x16\x03\x01\r\n\r\n").await.starts_with("HTTP/1.1 400"));
    assert!(timeout(ms(50), listener.next()).await.is_err());
}

#[tokio::test]
async fn a_request_that_does_not_arrive_in_time_is_ended() {
    let listener = listener(ListenLimits { read_max: ms(100), ..STANDARD });
    assert_eq!(raw(&listener, b"GET / HT").await, "");
    let answer = raw(&listener, b"POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 5\r\n\r\nab").await;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
}

#[tokio::test]
async fn a_body_at_the_limit_is_taken_and_one_byte_more_is_refused() {
    let listener = listener(STANDARD);
    let target = address("http", listener.at());
    let client = HttpClient::new(target, dial(), HttpLimits::STANDARD).unwrap();
    tokio::spawn(echo(listener));
    let send = |size| client.call(Method::POST, "/", &[], vec![b'x'; size].into(), ms(5_000));
    assert_eq!(send(1 << 20).await.unwrap().body.len(), 1 << 20);
    // The server answers and hangs up while we still write: both ends of that race are right.
    match send((1 << 20) + 1).await {
        Ok(reply) => assert_eq!(reply.status, 413),
        Err(error) => assert!(matches!(error, NetError::NoAnswer { .. }), "{error}"),
    }
}

#[tokio::test]
async fn a_request_whose_answer_is_dropped_ends_without_a_word() {
    let mut listener = listener(STANDARD);
    let target = address("http", listener.at());
    let client = HttpClient::new(target, dial(), HttpLimits::STANDARD).unwrap();
    let call =
        tokio::spawn(
            async move { client.call(Method::GET, "/", &[], Bytes::new(), ms(2_000)).await },
        );
    let Incoming::Http { answer, .. } = listener.next().await else { panic!() };
    drop(answer);
    assert!(matches!(call.await.unwrap(), Err(NetError::NoAnswer { .. })));
}

#[tokio::test]
async fn a_reply_may_go_on_in_parts_until_the_owner_or_the_peer_has_enough() {
    let mut listener = listener(STANDARD);
    let mut tcp = TcpStream::connect(listener.at()).await.unwrap();
    tcp.write_all(b"GET /stream HTTP/1.1\r\nhost: h\r\n\r\n").await.unwrap();
    let Incoming::Http { answer, .. } = listener.next().await else { panic!() };
    let mut parts = answer.stream(Reply::new(200, "text/event-stream", "zero"), 2);
    let head = read_head(&mut tcp).await;
    assert_eq!(header(&head, "transfer-encoding"), Some("chunked"));
    let mut chunk = [0; 9];
    tcp.read_exact(&mut chunk).await.unwrap();
    assert_eq!(&chunk, b"4\r\nzero\r\n");
    for text in ["one!", "two!"] {
        assert_eq!(parts.send(text), Delivery::Queued);
        tcp.read_exact(&mut chunk).await.unwrap();
        assert_eq!(chunk, format!("4\r\n{text}\r\n").as_bytes());
    }
    assert_eq!(parts.send("a"), Delivery::Queued);
    assert_eq!(parts.send("b"), Delivery::Queued);
    assert_eq!(parts.send("c"), Delivery::Cut, "the reader had no chance to take any");
    assert_eq!(parts.send("d"), Delivery::Gone);
    let mut rest = [0; 17];
    tcp.read_exact(&mut rest).await.unwrap();
    assert_eq!(&rest, b"1\r\na\r\n1\r\nb\r\n0\r\n\r\n");
}

#[tokio::test]
async fn a_stream_whose_reader_has_left_is_gone() {
    let mut listener = listener(STANDARD);
    let mut tcp = TcpStream::connect(listener.at()).await.unwrap();
    tcp.write_all(b"GET /stream HTTP/1.1\r\nhost: h\r\n\r\n").await.unwrap();
    let Incoming::Http { answer, .. } = listener.next().await else { panic!() };
    let mut parts = answer.stream(Reply::status(200), 1_000);
    read_head(&mut tcp).await;
    drop(tcp);
    let gone = async {
        while parts.send("x") == Delivery::Queued {
            tokio::time::sleep(ms(5)).await;
        }
    };
    timeout(ms(2_000), gone).await.unwrap();
    assert_eq!(parts.send("x"), Delivery::Gone);
}

#[tokio::test]
async fn a_reply_with_headers_that_http_does_not_allow_goes_out_without_them() {
    let mut listener = listener(STANDARD);
    let mut tcp = TcpStream::connect(listener.at()).await.unwrap();
    tcp.write_all(b"GET / HTTP/1.1\r\nhost: h\r\n\r\n").await.unwrap();
    let Incoming::Http { answer, .. } = listener.next().await else { panic!() };
    answer.send(Reply::status(99).with_header("x-good", "1").with_header("x-bad", "a\r\nb"));
    let head = read_head(&mut tcp).await;
    assert!(head.starts_with("HTTP/1.1 500"), "{head}");
    assert_eq!((header(&head, "x-good"), header(&head, "x-bad")), (Some("1"), None));
}

#[tokio::test]
async fn a_dropped_listener_closes_its_port_and_its_connections() {
    let mut listener = listener(STANDARD);
    let at = listener.at();
    let (_, mut reader, _writer) = admitted(&mut listener).await;
    drop(listener);
    let ended = timeout(ms(2_000), reader.next()).await.unwrap();
    assert!(matches!(ended, Err(NetError::Broken { .. })));
    assert!(matches!(open(at).await, Err(NetError::Connect { .. })));
}
