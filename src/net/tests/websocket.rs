//! The WebSocket client against honest and dishonest peers.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::support::*;
use crate::net::listen::{Admission, Incoming, ListenLimits, Reply};
use crate::net::ws::{self, WsLimits};
use crate::net::{Blame, Heartbeat, NetError, Retry, Sent};

const TEXT: u8 = 0x81;
const BINARY: u8 = 0x82;

/// Opens a client to a peer that writes these bytes behind the upgrade and then stays open.
async fn after_upgrade(bytes: Vec<u8>) -> (ws::WsReader, ws::WsWriter) {
    let at = raw_peer(move |mut tcp| {
        let bytes = bytes.clone();
        async move {
            answer_upgrade(&mut tcp).await;
            tcp.write_all(&bytes).await.unwrap();
            let _ = tcp.read_to_end(&mut Vec::new()).await;
        }
    })
    .await;
    open(at).await.unwrap()
}

#[tokio::test]
async fn text_comes_back_as_it_was_sent_in_order() {
    let listener = listener(ListenLimits::STANDARD);
    let at = listener.at();
    tokio::spawn(echo(listener));
    let (mut reader, mut writer) = open(at).await.unwrap();
    for number in 0..100 {
        writer.send(format!("message {number} \u{20bf}").as_bytes()).await.unwrap();
    }
    for number in 0..100 {
        let text = reader.next().await.unwrap();
        assert_eq!(text, format!("message {number} \u{20bf}").as_bytes());
    }
}

#[tokio::test]
async fn binary_and_fragmented_payloads_arrive_whole() {
    let mut bytes = frame(BINARY, b"\xff\x00");
    bytes.extend(frame(0x01, b"he"));
    bytes.extend(frame(0x89, b"between"));
    bytes.extend(frame(0x80, b"llo"));
    let (mut reader, _writer) = after_upgrade(bytes).await;
    assert_eq!(&reader.next().await.unwrap()[..], b"\xff\x00");
    assert_eq!(&reader.next().await.unwrap()[..], b"hello");
}

#[tokio::test]
async fn a_message_of_1_mib_is_taken_and_one_byte_more_is_refused() {
    let quarter = vec![b'x'; 256 << 10];
    let mut whole = frame(0x01, &quarter);
    whole.extend(frame(0x00, &quarter));
    whole.extend(frame(0x00, &quarter));
    let mut over = whole.clone();
    whole.extend(frame(0x80, &quarter));
    over.extend(frame(0x00, &quarter));
    over.extend(frame(0x80, b"x"));
    let (mut reader, _writer) = after_upgrade(whole).await;
    assert_eq!(reader.next().await.unwrap().len(), 1 << 20);
    let (mut reader, _writer) = after_upgrade(over).await;
    let error = reader.next().await.unwrap_err();
    assert!(matches!(error, NetError::TooBig { bytes_max, .. } if bytes_max == 1 << 20));
    assert_eq!(error.blame(), Blame::Peer);
}

#[tokio::test]
async fn a_frame_of_256_kib_is_taken_and_one_byte_more_is_refused_by_its_header() {
    let (mut reader, _writer) = after_upgrade(frame(TEXT, &vec![b'x'; 256 << 10])).await;
    assert_eq!(reader.next().await.unwrap().len(), 256 << 10);
    let mut header_only = frame(TEXT, &vec![b'x'; (256 << 10) + 1]);
    header_only.truncate(10);
    let (mut reader, _writer) = after_upgrade(header_only).await;
    assert!(matches!(reader.next().await, Err(NetError::TooBig { .. })));
    assert!(matches!(reader.next().await, Err(NetError::AlreadyClosed)));
}

#[tokio::test]
async fn broken_rules_end_the_link_and_the_peer_is_told_why() {
    for (bytes, code) in [
        (frame(TEXT, b"\xff\xfe"), 1007_u16),
        (frame(0x83, b""), 1002),
        (frame(0xc1, b"reserved bit"), 1002),
        (frame(0x80, b"continues nothing"), 1002),
        (vec![TEXT, 0x81, 0, 0, 0, 0, b'x'], 1002),
    ] {
        let (told, mut heard) = mpsc::channel(1);
        let at = raw_peer(move |mut tcp: TcpStream| {
            let (bytes, told) = (bytes.clone(), told.clone());
            async move {
                answer_upgrade(&mut tcp).await;
                tcp.write_all(&bytes).await.unwrap();
                told.send(read_client_frame(&mut tcp).await).await.unwrap();
            }
        })
        .await;
        let (mut reader, _writer) = open(at).await.unwrap();
        assert!(matches!(reader.next().await, Err(NetError::Protocol { .. })), "{code}");
        assert_eq!(heard.recv().await.unwrap(), (0x88, code.to_be_bytes().to_vec()));
    }
}

#[tokio::test]
async fn a_ping_is_answered_with_its_own_payload_while_we_read() {
    let (told, mut heard) = mpsc::channel(1);
    let at = raw_peer(move |mut tcp| {
        let told = told.clone();
        async move {
            answer_upgrade(&mut tcp).await;
            tcp.write_all(&frame(0x89, b"1700000000000")).await.unwrap();
            told.send(read_client_frame(&mut tcp).await).await.unwrap();
            tcp.write_all(&frame(TEXT, b"after")).await.unwrap();
        }
    })
    .await;
    let (mut reader, _writer) = open(at).await.unwrap();
    assert_eq!(&reader.next().await.unwrap()[..], b"after");
    assert_eq!(heard.recv().await.unwrap(), (0x8a, b"1700000000000".to_vec()));
}

#[tokio::test]
async fn a_quiet_link_is_pinged_and_then_called_silent_not_before_its_time() {
    let (told, mut heard) = mpsc::channel(9);
    let at = raw_peer(move |mut tcp| {
        let told = told.clone();
        async move {
            answer_upgrade(&mut tcp).await;
            loop {
                told.send(read_client_frame(&mut tcp).await.0).await.unwrap();
            }
        }
    })
    .await;
    let heartbeat = Heartbeat { ping_every: ms(100), silence_max: ms(400) };
    let (mut reader, _writer) = open_with(at, WsLimits::STANDARD, heartbeat).await.unwrap();
    let begin = tokio::time::Instant::now();
    let error = timeout(ms(5_000), reader.next()).await.unwrap().unwrap_err();
    assert!(matches!(error, NetError::Silent { limit_ms: 400 }));
    assert!(begin.elapsed() >= ms(395), "{:?}", begin.elapsed());
    assert_eq!(error.retry(), Retry::Now);
    let pinged = timeout(ms(1_000), heard.recv()).await.unwrap();
    assert_eq!(pinged, Some(0x89));
}

#[tokio::test]
async fn a_peer_that_only_answers_pings_is_not_silent() {
    let listener = listener(ListenLimits::STANDARD);
    let at = listener.at();
    tokio::spawn(echo(listener));
    let heartbeat = Heartbeat { ping_every: ms(50), silence_max: ms(400) };
    let (mut reader, _writer) = open_with(at, WsLimits::STANDARD, heartbeat).await.unwrap();
    assert!(timeout(ms(1_300), reader.next()).await.is_err(), "no event is expected");
}

#[tokio::test]
async fn the_code_and_the_reason_of_a_close_are_told_and_answered() {
    let (told, mut heard) = mpsc::channel(1);
    let at = raw_peer(move |mut tcp| {
        let told = told.clone();
        async move {
            answer_upgrade(&mut tcp).await;
            tcp.write_all(&frame(0x88, b"\x03\xf0too many requests")).await.unwrap();
            told.send(read_client_frame(&mut tcp).await.0).await.unwrap();
        }
    })
    .await;
    let (mut reader, mut writer) = open(at).await.unwrap();
    match reader.next().await {
        Err(NetError::Closed { code, reason }) => {
            assert_eq!((code, reason.as_str()), (1008, "too many requests"));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(heard.recv().await, Some(0x88));
    let error = writer.send(b"late").await.unwrap_err();
    assert!(matches!(error, NetError::AlreadyClosed));
    assert_eq!(error.sent(), Sent::No);
    let (mut reader, _writer) = after_upgrade(frame(0x88, b"")).await;
    assert!(matches!(reader.next().await, Err(NetError::Closed { code: 1005, .. })));
}

#[tokio::test]
async fn a_connection_that_ends_without_a_close_is_broken() {
    let at = raw_peer(|mut tcp| async move {
        answer_upgrade(&mut tcp).await;
        tcp.shutdown().await.unwrap();
        let _ = tcp.read_to_end(&mut Vec::new()).await;
    })
    .await;
    let (mut reader, _writer) = open(at).await.unwrap();
    assert!(matches!(reader.next().await, Err(NetError::Broken { .. })));
}

#[tokio::test]
async fn an_upgrade_that_is_refused_shows_its_status_and_how_long_to_wait() {
    let mut listener = listener(ListenLimits::STANDARD);
    let at = listener.at();
    tokio::spawn(async move {
        loop {
            if let Incoming::Opening { answer, request, .. } = listener.next().await {
                assert_eq!(request.target, "/path?query=1");
                assert_eq!(request.header("x-mbx-apikey"), Some("k"));
                let reply = Reply::status(429).with_header("retry-after", "7");
                answer.send(Admission::Refuse(reply));
            }
        }
    });
    let headers = [("X-MBX-APIKEY", "k")];
    let opened = ws::open(&dial(), &address("ws", at), &headers, WsLimits::STANDARD, CALM).await;
    let error = opened.unwrap_err();
    assert!(
        matches!(error, NetError::Upgrade { status: 429, retry_after_s: Some(7), .. }),
        "{error}"
    );
    assert_eq!((error.retry(), error.sent()), (Retry::Later, Sent::No));
}

#[tokio::test]
async fn a_peer_that_does_not_speak_the_protocol_is_told_from_one_that_is_away() {
    let at = raw_peer(|mut tcp| async move {
        read_head(&mut tcp).await;
        tcp.write_all(b"SSH-2.0-OpenSSH_9.9\r\n\r\n").await.unwrap();
    })
    .await;
    assert!(matches!(open(at).await, Err(NetError::Handshake { .. })));
    let at = closed_port().await;
    let error = open(at).await.unwrap_err();
    assert!(matches!(error, NetError::Connect { .. }));
    assert_eq!((error.blame(), error.retry()), (Blame::Network, Retry::Later));
}

#[tokio::test]
async fn an_upgrade_that_never_comes_ends_at_the_limit() {
    let at = raw_peer(|mut tcp| async move {
        let _ = tcp.read_to_end(&mut Vec::new()).await;
    })
    .await;
    let mut dial = dial();
    dial.limit = ms(100);
    let opened = ws::open(&dial, &address("ws", at), &[], WsLimits::STANDARD, CALM).await;
    assert!(matches!(opened, Err(NetError::ConnectTimeout { limit_ms: 100, .. })));
}

#[tokio::test]
async fn what_no_peer_could_accept_is_refused_before_a_byte_leaves() {
    let at = closed_port().await;
    for headers in [[("bad name", "x")], [("x", "bad\r\nvalue")], [("host", "other")]] {
        let opened =
            ws::open(&dial(), &address("ws", at), &headers, WsLimits::STANDARD, CALM).await;
        assert!(opened.is_err());
    }
    let opened = ws::open(&dial(), &address("http", at), &[], WsLimits::STANDARD, CALM).await;
    assert!(matches!(opened, Err(NetError::Address { .. })));
    let (_reader, mut writer) = after_upgrade(Vec::new()).await;
    let refused = writer.send(b"\xff").await;
    assert!(matches!(refused, Err(NetError::Unsendable { .. })));
    let refused = writer.send(&vec![b'x'; 65 << 10]).await;
    assert!(matches!(refused, Err(NetError::Unsendable { .. })), "over the write limit");
    writer.send(b"still usable").await.unwrap();
}

#[tokio::test]
async fn a_peer_that_takes_no_bytes_stalls_the_writer_once_and_for_all() {
    let at = raw_peer(|mut tcp| async move {
        answer_upgrade(&mut tcp).await;
        std::future::pending::<()>().await;
    })
    .await;
    let limits = WsLimits { stall_max: ms(150), ..WsLimits::STANDARD };
    let (_reader, mut writer) = open_with(at, limits, CALM).await.unwrap();
    let message = vec![b'x'; 60 << 10];
    let error = loop {
        if let Err(error) = writer.send(&message).await {
            break error;
        }
    };
    assert!(matches!(error, NetError::Stalled { limit_ms: 150 }), "{error}");
    assert_eq!(error.sent(), Sent::Unknown);
    assert!(matches!(writer.send(b"{}").await, Err(NetError::AlreadyClosed)));
}

#[tokio::test]
async fn a_send_that_was_abandoned_leaves_the_writer_unusable() {
    let at = raw_peer(|mut tcp| async move {
        answer_upgrade(&mut tcp).await;
        std::future::pending::<()>().await;
    })
    .await;
    let (_reader, mut writer) = open(at).await.unwrap();
    let message = vec![b'x'; 60 << 10];
    while timeout(ms(100), writer.send(&message)).await.is_ok() {}
    assert!(matches!(writer.send(b"{}").await, Err(NetError::AlreadyClosed)));
}
