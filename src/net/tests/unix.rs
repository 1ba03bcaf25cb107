//! The control socket: who is heard, who owns the path, and what a client is told.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};

use super::support::ms;
use crate::net::unix::{ControlSocket, REQUEST_BYTES_MAX, ask};
use crate::net::{Blame, NetError, Sent};

fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state").join("engine.sock");
    (folder, path)
}

async fn engine(path: &Path) {
    let mut socket = ControlSocket::bind(path).await.unwrap();
    tokio::spawn(async move {
        loop {
            let question = socket.next().await;
            let reply = format!("{{\"echo\":{:?},\"size\":{}}}", "ok", question.line.len());
            question.answer(reply);
        }
    });
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn one_line_asks_and_one_line_answers_as_often_as_one_likes() {
    let (_folder, path) = folder();
    engine(&path).await;
    for _ in 0..20 {
        let reply = ask(&path, r#"{"verb":"status"}"#, ms(2_000)).await.unwrap();
        assert_eq!(reply, r#"{"echo":"ok","size":17}"#);
    }
}

#[tokio::test]
async fn the_folder_and_the_socket_belong_to_us_alone() {
    let (_folder, path) = folder();
    engine(&path).await;
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
}

#[tokio::test]
async fn the_user_who_asks_is_known() {
    let (_folder, path) = folder();
    let mut socket = ControlSocket::bind(&path).await.unwrap();
    let asking = ask(&path, "{}", ms(2_000));
    let answering = async {
        let question = socket.next().await;
        assert_eq!(question.user_id, rustix::process::geteuid().as_raw());
        question.answer("a\nb");
    };
    let (reply, ()) = tokio::join!(asking, answering);
    assert_eq!(reply.unwrap(), "ab", "a reply is one line");
}

#[tokio::test]
async fn nobody_there_is_told_from_nobody_answers() {
    let (_folder, path) = folder();
    let error = ask(&path, "{}", ms(2_000)).await.unwrap_err();
    assert!(error.to_string().contains("no engine is running (no socket at"), "{error}");
    assert_eq!((error.sent(), error.blame()), (Sent::No, Blame::Operator));
    let mut socket = ControlSocket::bind(&path).await.unwrap();
    let error = ask(&path, "{}", ms(100)).await.unwrap_err();
    assert!(error.to_string().contains("does not answer (nothing within 100 ms)"), "{error}");
    assert_eq!(error.sent(), Sent::Unknown);
    drop(socket.next().await);
    let asking = ask(&path, "{}", ms(2_000));
    let dropping = async { drop(socket.next().await) };
    let (error, ()) = tokio::join!(asking, dropping);
    assert!(matches!(error, Err(NetError::NoReply { .. })));
}

#[tokio::test]
async fn a_second_engine_is_refused_and_the_first_stays_reachable() {
    let (_folder, path) = folder();
    engine(&path).await;
    let error = ControlSocket::bind(&path).await.unwrap_err();
    assert!(matches!(error, NetError::SecondEngine { .. }));
    assert!(ask(&path, "{}", ms(2_000)).await.is_ok());
}

#[tokio::test]
async fn a_socket_that_somebody_else_answers_is_not_taken_even_without_a_lock() {
    let (folder, _) = folder();
    let path = folder.path().join("engine.sock");
    let _other = UnixListener::bind(&path).unwrap();
    let error = ControlSocket::bind(&path).await.unwrap_err();
    assert!(matches!(error, NetError::SecondEngine { .. }));
    assert!(path.exists());
}

#[tokio::test]
async fn what_a_dead_engine_left_is_replaced_and_an_orderly_end_leaves_nothing() {
    let (folder, _) = folder();
    let path = folder.path().join("engine.sock");
    drop(UnixListener::bind(&path).unwrap());
    assert!(path.exists(), "tokio leaves the file, as a dead engine does");
    assert!(matches!(ask(&path, "{}", ms(500)).await, Err(NetError::NoEngine { .. })));
    let socket = ControlSocket::bind(&path).await.unwrap();
    drop(socket);
    assert!(!path.exists());
    ControlSocket::bind(&path).await.unwrap();
}

#[tokio::test]
async fn a_file_that_is_no_socket_is_left_alone() {
    let (folder, _) = folder();
    let path = folder.path().join("engine.sock");
    std::fs::write(&path, "precious").unwrap();
    let error = ControlSocket::bind(&path).await.unwrap_err();
    assert!(matches!(error, NetError::ControlSocket { .. }));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "precious");
}

#[tokio::test]
async fn a_request_of_16_kib_is_taken_and_one_byte_more_is_not() {
    let (_folder, path) = folder();
    engine(&path).await;
    let line = "x".repeat(REQUEST_BYTES_MAX);
    let reply = ask(&path, &line, ms(2_000)).await.unwrap();
    assert!(reply.contains("16384"));
    let error = ask(&path, &format!("{line}x"), ms(2_000)).await.unwrap_err();
    assert!(matches!(error, NetError::Unsendable { .. }));
    assert!(ask(&path, "two\nlines", ms(2_000)).await.is_err());
    let mut by_hand = UnixStream::connect(&path).await.unwrap();
    by_hand.write_all(format!("{line}x\n").as_bytes()).await.unwrap();
    let mut reply = String::new();
    let _ = by_hand.read_to_string(&mut reply).await;
    assert_eq!(reply, "");
}

#[tokio::test]
async fn a_half_line_is_never_a_question() {
    let (_folder, path) = folder();
    let mut socket = ControlSocket::bind(&path).await.unwrap();
    let mut by_hand = UnixStream::connect(&path).await.unwrap();
    by_hand.write_all(b"{\"verb\":\"kill").await.unwrap();
    by_hand.shutdown().await.unwrap();
    assert!(tokio::time::timeout(ms(100), socket.next()).await.is_err());
}
