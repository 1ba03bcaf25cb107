//! TLS against a server of our own, with a certificate made by the `openssl` command.

use std::net::SocketAddr;
use std::process::Command;
use std::sync::Arc;

use futures_util::{SinkExt, StreamExt};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::support::{CALM, any_port, closed_port, ms, raw_peer};
use crate::net::http::{HttpClient, HttpLimits};
use crate::net::ws::{self, WsLimits};
use crate::net::{Address, Blame, Bytes, Dial, Method, NetError, Sent, TlsRoots};

/// A self-signed certificate for `localhost`, or `None` where `openssl` is missing.
fn certificate() -> Option<(Vec<u8>, Vec<u8>)> {
    let folder = tempfile::tempdir().unwrap();
    let (key, certificate) = (folder.path().join("key.pem"), folder.path().join("cert.pem"));
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"])
        .args(["-nodes", "-days", "2", "-subj", "/CN=localhost"])
        .args(["-addext", "subjectAltName=DNS:localhost"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .output();
    match made {
        Err(_) => {
            println!("skipped: the openssl command is not installed");
            None
        }
        Ok(output) => {
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            Some((std::fs::read(&certificate).unwrap(), std::fs::read(&key).unwrap()))
        }
    }
}

fn acceptor(certificate: &[u8], key: &[u8]) -> TlsAcceptor {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from_pem_slice(certificate).unwrap()],
            PrivateKeyDer::from_pem_slice(key).unwrap(),
        )
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

/// A TLS server that answers every request with "ok".
async fn server(certificate: &[u8], key: &[u8]) -> SocketAddr {
    let acceptor = acceptor(certificate, key);
    let listener = TcpListener::bind(any_port()).await.unwrap();
    let at = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut tls) = acceptor.accept(tcp).await else { return };
                let mut request = vec![0; 4_096];
                while tls.read(&mut request).await.is_ok_and(|size| size > 0) {
                    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
                    tls.write_all(answer).await.unwrap();
                }
            });
        }
    });
    at
}

async fn get(host: &str, at: SocketAddr, roots: TlsRoots) -> Result<Bytes, NetError> {
    let address = Address::parse(&format!("https://{host}:{}", at.port())).unwrap();
    let dial = Dial::new(roots, ms(5_000));
    let client = HttpClient::new(address, dial, HttpLimits::STANDARD).unwrap();
    for _ in 0..2 {
        client.call(Method::GET, "/", &[], Bytes::new(), ms(5_000)).await?;
    }
    Ok(client.call(Method::GET, "/", &[], Bytes::new(), ms(5_000)).await?.body)
}

#[tokio::test]
async fn a_server_whose_root_we_were_given_is_trusted() {
    let Some((certificate, key)) = certificate() else { return };
    let at = server(&certificate, &key).await;
    let roots = TlsRoots::bundled_and(&certificate).unwrap();
    assert_eq!(&get("localhost", at, roots).await.unwrap()[..], b"ok");
}

#[tokio::test]
async fn an_unknown_root_and_a_wrong_name_are_refused_before_a_request_leaves() {
    let Some((certificate, key)) = certificate() else { return };
    let at = server(&certificate, &key).await;
    let trusting = TlsRoots::bundled_and(&certificate).unwrap();
    for (host, roots, part) in [
        ("localhost", TlsRoots::bundled().unwrap(), "UnknownIssuer"),
        ("127.0.0.1", trusting, "not valid for name"),
    ] {
        let error = get(host, at, roots).await.unwrap_err();
        assert!(matches!(error, NetError::Tls { .. }), "{error}");
        assert!(error.to_string().contains(part), "{error}");
        assert_eq!((error.sent(), error.blame()), (Sent::No, Blame::Peer));
    }
}

#[tokio::test]
async fn a_secure_websocket_shows_the_status_of_its_refusal() {
    let Some((certificate, key)) = certificate() else { return };
    let at = server(&certificate, &key).await;
    let dial = Dial::new(TlsRoots::bundled_and(&certificate).unwrap(), ms(5_000));
    let address = Address::parse(&format!("wss://localhost:{}/ws", at.port())).unwrap();
    let opened = ws::open(&dial, &address, &[], WsLimits::STANDARD, CALM).await;
    assert!(matches!(opened, Err(NetError::Upgrade { status: 200, .. })), "{opened:?}");
}

#[tokio::test]
async fn a_secure_websocket_carries_messages_both_ways() {
    let Some((certificate, key)) = certificate() else { return };
    let acceptor = acceptor(&certificate, &key);
    let at = raw_peer(move |tcp| {
        let acceptor = acceptor.clone();
        async move {
            let tls = acceptor.accept(tcp).await.unwrap();
            let mut socket = tokio_tungstenite::accept_async(tls).await.unwrap();
            while let Some(Ok(message)) = socket.next().await {
                let _ = socket.send(message).await;
            }
        }
    })
    .await;
    let dial = Dial::new(TlsRoots::bundled_and(&certificate).unwrap(), ms(5_000));
    let address = Address::parse(&format!("wss://localhost:{}/ws", at.port())).unwrap();
    let (mut reader, mut writer) =
        ws::open(&dial, &address, &[], WsLimits::STANDARD, CALM).await.unwrap();
    for size in [0, 1, 300, 60_000] {
        let text = vec![b'x'; size];
        writer.send(&text).await.unwrap();
        assert_eq!(reader.next().await.unwrap(), text);
    }
}

#[tokio::test]
async fn a_server_without_tls_or_without_a_word_is_refused_in_time() {
    let at = raw_peer(|mut tcp| async move {
        tcp.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        let _ = tcp.read_to_end(&mut Vec::new()).await;
    })
    .await;
    let address = |at: SocketAddr| Address::parse(&format!("wss://localhost:{}", at.port()));
    let dial = Dial::new(TlsRoots::bundled().unwrap(), ms(200));
    let opened = dial.open(&address(at).unwrap()).await;
    assert!(matches!(opened, Err(NetError::Tls { .. })), "{opened:?}");
    let at = raw_peer(|mut tcp| async move {
        let _ = tcp.read_to_end(&mut Vec::new()).await;
    })
    .await;
    let opened = dial.open(&address(at).unwrap()).await;
    assert!(matches!(opened, Err(NetError::ConnectTimeout { limit_ms: 200, .. })), "{opened:?}");
}

#[tokio::test]
async fn a_probe_tells_each_step_and_fails_where_opening_does() {
    let Some((certificate, key)) = certificate() else { return };
    let at = server(&certificate, &key).await;
    let dial = |roots| Dial::new(roots, ms(5_000));
    let trusting = dial(TlsRoots::bundled_and(&certificate).unwrap());
    let address = |scheme: &str, at: SocketAddr| {
        Address::parse(&format!("{scheme}://localhost:{}", at.port())).unwrap()
    };
    let steps = trusting.probe(&address("wss", at)).await.unwrap();
    assert!(steps.peer.port() == at.port() && steps.secure.is_some(), "{steps:?}");
    assert_eq!(trusting.probe(&address("http", at)).await.unwrap().secure, None);
    let strange = dial(TlsRoots::bundled().unwrap()).probe(&address("https", at)).await;
    assert!(matches!(strange, Err(NetError::Tls { .. })), "{strange:?}");
    let nobody = trusting.probe(&address("http", closed_port().await)).await;
    assert!(matches!(nobody, Err(NetError::Connect { .. })), "{nobody:?}");
    let nowhere = Address::parse("http://no-such-host.invalid").unwrap();
    assert!(trusting.probe(&nowhere).await.is_err());
}
