//! The HTTP client: one warm connection, and the line between "not sent" and "outcome unknown".

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::sleep;

use super::support::*;
use crate::net::http::{HttpClient, HttpLimits, Reply};
use crate::net::listen::{self, Incoming, ListenLimits};
use crate::net::{Bytes, Method, NetError, Retry, Sent};

fn client(at: std::net::SocketAddr) -> HttpClient {
    client_with(at, HttpLimits::STANDARD)
}

fn client_with(at: std::net::SocketAddr, limits: HttpLimits) -> HttpClient {
    HttpClient::new(address("http", at), dial(), limits).unwrap()
}

async fn get(client: &HttpClient, target: &str) -> Result<Reply, NetError> {
    client.call(Method::GET, target, &[], Bytes::new(), ms(2_000)).await
}

/// A peer that reads one request head per connection, answers with these bytes and hangs up.
async fn hangs_up_after(bytes: &'static [u8]) -> HttpClient {
    let at = raw_peer(move |mut tcp| async move {
        read_head(&mut tcp).await;
        tcp.write_all(bytes).await.unwrap();
    })
    .await;
    client(at)
}

#[tokio::test]
async fn a_hundred_calls_share_one_connection() {
    let mut listener = listener(ListenLimits::STANDARD);
    let client = client(listener.at());
    client.warm_up().await.unwrap();
    let calls = async {
        for number in 0..100 {
            let body = Bytes::from(format!("body {number}"));
            let headers = [("X-MBX-APIKEY", "k")];
            let reply = client
                .call(Method::POST, "/order?a=b", &headers, body.clone(), ms(2_000))
                .await
                .unwrap();
            assert_eq!((reply.status, reply.body), (200, body));
        }
    };
    let owner = async {
        loop {
            let Incoming::Http { request, answer } = listener.next().await else { continue };
            assert_eq!((request.path(), request.query()), ("/order", "a=b"));
            assert_eq!(request.header("x-mbx-apikey"), Some("k"));
            assert_eq!(request.method, Method::POST);
            answer.send(listen::Reply::json(200, request.body));
        }
    };
    tokio::select! { () = calls => {}, () = owner => {} }
    assert_eq!(listener.counts().accepted, 1);
}

#[tokio::test]
async fn status_headers_and_the_time_to_wait_are_told() {
    let client = hangs_up_after(
        b"HTTP/1.1 418 Teapot\r\nRetry-After: 60\r\nX-MBX-USED-WEIGHT-1M: 12\r\n\
          content-length: 2\r\n\r\n{}",
    )
    .await;
    let reply = get(&client, "/").await.unwrap();
    assert_eq!((reply.status, reply.retry_after_s), (418, Some(60)));
    assert_eq!(reply.header("x-mbx-used-weight-1m"), Some("12"));
    assert_eq!(reply.header("x-none"), None);
    assert_eq!(&reply.body[..], b"{}");
    let client = hangs_up_after(
        b"HTTP/1.1 503 Away\r\nRetry-After: Wed, 21 Oct 2026 07:28:00 GMT\r\n\
          content-length: 0\r\n\r\n",
    )
    .await;
    assert_eq!(get(&client, "/").await.unwrap().retry_after_s, None);
}

#[tokio::test]
async fn what_stops_before_the_first_byte_is_certainly_not_sent() {
    let refused = client(closed_port().await);
    let error = get(&refused, "/").await.unwrap_err();
    assert!(matches!(error, NetError::Connect { .. }));
    assert_eq!((error.sent(), error.retry()), (Sent::No, Retry::Later));
    for (target, headers) in [
        ("no-slash", [("a", "b")]),
        ("/with blank", [("a", "b")]),
        ("/", [("bad name", "b")]),
        ("/", [("a", "bad\nvalue")]),
    ] {
        let called = refused.call(Method::GET, target, &headers, Bytes::new(), ms(2_000)).await;
        let error = called.unwrap_err();
        assert!(matches!(error, NetError::Unsendable { .. }), "{error}");
        assert_eq!(error.sent(), Sent::No);
    }
    let websocket = address("ws", closed_port().await);
    let not_http = HttpClient::new(websocket, dial(), HttpLimits::STANDARD);
    assert!(matches!(not_http, Err(NetError::Address { .. })));
}

#[tokio::test]
async fn a_value_that_cannot_be_sent_is_not_shown() {
    let client = client(closed_port().await);
    let headers = [("x-key", "secret\n")];
    let called = client.call(Method::GET, "/", &headers, Bytes::new(), ms(2_000)).await;
    let error = called.unwrap_err().to_string();
    assert!(error.contains("x-key") && !error.contains("secret"), "{error}");
}

#[tokio::test]
async fn a_server_that_dies_after_the_request_leaves_the_outcome_unknown() {
    let answers: [&'static [u8]; 5] = [
        b"",
        b"HTTP/1.1 200 OK\r\ncontent-le",
        b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nabc",
        b"\x16\x03\x01 this is not HTTP\r\n\r\n",
    ];
    for bytes in answers {
        let client = hangs_up_after(bytes).await;
        let error = get(&client, "/").await.unwrap_err();
        assert!(matches!(error, NetError::NoAnswer { .. }), "{error}");
        assert_eq!(error.sent(), Sent::Unknown);
        assert!(error.to_string().contains("outcome unknown"));
    }
}

#[tokio::test]
async fn a_late_answer_is_never_taken_for_that_of_the_next_request() {
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&connections);
    let at = raw_peer(move |mut tcp| {
        let number = counted.fetch_add(1, Ordering::SeqCst);
        async move {
            read_head(&mut tcp).await;
            sleep(ms(if number == 0 { 300 } else { 0 })).await;
            let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n{number}");
            let _ = tcp.write_all(answer.as_bytes()).await;
            let _ = tcp.read_to_end(&mut Vec::new()).await;
        }
    })
    .await;
    let client = client(at);
    let called = client.call(Method::GET, "/", &[], Bytes::new(), ms(100)).await;
    let error = called.unwrap_err();
    assert!(matches!(error, NetError::AnswerTimeout { limit_ms: 100, .. }));
    assert_eq!(error.sent(), Sent::Unknown);
    sleep(ms(400)).await;
    assert_eq!(&get(&client, "/").await.unwrap().body[..], b"1");
}

#[tokio::test]
async fn a_call_that_was_abandoned_does_not_leave_its_answer_behind() {
    let mut listener = listener(ListenLimits::STANDARD);
    let client = client(listener.at());
    let owner = async {
        let Incoming::Http { answer: first, .. } = listener.next().await else { panic!() };
        let Incoming::Http { answer: second, .. } = listener.next().await else { panic!() };
        first.send(listen::Reply::json(200, "first"));
        second.send(listen::Reply::json(200, "second"));
        std::future::pending::<()>().await;
    };
    let calls = async {
        assert!(tokio::time::timeout(ms(100), get(&client, "/1")).await.is_err());
        assert_eq!(&get(&client, "/2").await.unwrap().body[..], b"second");
    };
    tokio::select! { () = calls => {}, () = owner => {} }
}

#[tokio::test]
async fn a_call_that_waits_for_the_connection_until_its_limit_is_not_sent() {
    let at = raw_peer(|mut tcp: TcpStream| async move {
        let _ = tcp.read_to_end(&mut Vec::new()).await;
    })
    .await;
    let client = client(at);
    let slow = client.call(Method::GET, "/slow", &[], Bytes::new(), ms(600));
    let waiting = async {
        sleep(ms(100)).await;
        client.call(Method::GET, "/waits", &[], Bytes::new(), ms(100)).await
    };
    let (slow, waiting) = tokio::join!(slow, waiting);
    assert_eq!(slow.unwrap_err().sent(), Sent::Unknown);
    let error = waiting.unwrap_err();
    assert!(matches!(error, NetError::ConnectTimeout { .. }));
    assert_eq!(error.sent(), Sent::No);
}

#[tokio::test]
async fn a_connection_that_the_server_closed_is_replaced_without_an_error() {
    let at = raw_peer(|mut tcp| async move {
        read_head(&mut tcp).await;
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
        tcp.write_all(answer).await.unwrap();
    })
    .await;
    let client = client(at);
    for _ in 0..10 {
        assert_eq!(get(&client, "/").await.unwrap().status, 200);
        sleep(ms(5)).await;
    }
}

#[tokio::test]
async fn a_connection_idle_for_too_long_is_replaced_before_use() {
    let listener = listener(ListenLimits::STANDARD);
    let at = listener.at();
    let limits = HttpLimits { idle_max: ms(100), ..HttpLimits::STANDARD };
    let client = client_with(at, limits);
    let (told, mut counts) = tokio::sync::mpsc::channel(9);
    tokio::spawn(async move {
        let mut listener = listener;
        loop {
            if let Incoming::Http { answer, .. } = listener.next().await {
                told.send(listener.counts().accepted).await.unwrap();
                answer.send(listen::Reply::status(200));
            }
        }
    });
    for (pause, connections) in [(0, 1), (0, 1), (200, 2)] {
        sleep(ms(pause)).await;
        get(&client, "/").await.unwrap();
        assert_eq!(counts.recv().await, Some(connections));
    }
}

#[tokio::test]
async fn an_answer_at_the_limit_is_taken_and_one_byte_more_is_refused() {
    let listener = listener(ListenLimits::STANDARD);
    let limits = HttpLimits { answer_bytes_max: 1_000, ..HttpLimits::STANDARD };
    let client = client_with(listener.at(), limits);
    tokio::spawn(echo(listener));
    let send = |size| client.call(Method::PUT, "/", &[], vec![b'x'; size].into(), ms(2_000));
    assert_eq!(send(1_000).await.unwrap().body.len(), 1_000);
    let error = send(1_001).await.unwrap_err();
    assert!(matches!(error, NetError::TooBig { bytes_max: 1_000, .. }));
    assert_eq!(error.sent(), Sent::Unknown);
    assert_eq!(send(10).await.unwrap().body.len(), 10);
}
