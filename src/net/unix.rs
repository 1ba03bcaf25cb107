//! The control socket: how `engine status`, `engine kill-switch` and the like reach the engine that
//! runs on this machine. One line asks, one line answers, then the connection ends.
//!
//! Must hold: only the user the engine runs as, or root, is heard (`SO_PEERCRED`; the file is 0600
//! besides); at most one engine owns a path; a socket file is replaced only when nobody answers on
//! it; a request is at most 16 KiB and must arrive within 5 s.
//! Not here: what the lines mean.
//!
//! Decision: a lock file beside the socket decides between two engines that start at once. Looking
//! whether somebody answers cannot: both would look, both would see nobody, and the second would
//! take the path of the first. The kernel gives the lock back when its owner dies.

use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::NetError;

/// The longest request, in bytes without its line end.
pub const REQUEST_BYTES_MAX: usize = 16 << 10;
/// The longest reply that a client takes, in bytes: a full status page is under 100 KiB.
pub const REPLY_BYTES_MAX: usize = 1 << 20;
/// Connections served at a time; more wait in the kernel's queue.
const CONNECTIONS_MAX: usize = 8;
/// How long a request may take to arrive, and a reply to be taken.
const LINE_MAX: Duration = Duration::from_secs(5);
/// After a failed accept we wait so long instead of spinning.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// One request and the place for its reply.
#[derive(Debug)]
pub struct Question {
    /// The request without its line end.
    pub line: String,
    /// The user who asks, for the audit log: ours or root.
    pub user_id: u32,
    reply: oneshot::Sender<String>,
}

impl Question {
    /// Replies with one line. A client that has left meanwhile is no fault of the engine; dropping
    /// the question ends the connection without a reply.
    pub fn answer(self, line: impl Into<String>) {
        drop(self.reply.send(line.into()));
    }
}

/// The engine's end. Dropping it removes the socket file.
#[derive(Debug)]
pub struct ControlSocket {
    path: PathBuf,
    questions: mpsc::Receiver<Question>,
    _lock: File,
    _tasks: JoinSet<()>,
}

impl ControlSocket {
    /// Makes the socket file, and its folder (0700) where that is missing. Needs a tokio runtime
    /// around it.
    ///
    /// # Errors
    /// [`NetError::SecondEngine`] when somebody holds the lock or answers;
    /// [`NetError::ControlSocket`] when the file system refuses, or when the path holds something
    /// that is not a socket (it is left alone).
    pub async fn bind(path: &Path) -> Result<Self, NetError> {
        let failed = |source| NetError::ControlSocket { path: path.to_owned(), source };
        make_folder(path).map_err(failed)?;
        let lock = lock(path)?;
        clear_stale(path).await?;
        let listener = UnixListener::bind(path).map_err(failed)?;
        std::fs::set_permissions(path, Permissions::from_mode(0o600)).map_err(failed)?;
        let (sender, questions) = mpsc::channel(CONNECTIONS_MAX);
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, sender));
        Ok(Self { path: path.to_owned(), questions, _lock: lock, _tasks: tasks })
    }

    /// The next question. Dropping the wait loses nothing.
    pub async fn next(&mut self) -> Question {
        match self.questions.recv().await {
            Some(question) => question,
            // The accepting task holds a sender for as long as we live.
            None => std::future::pending().await,
        }
    }
}

impl Drop for ControlSocket {
    /// The lock is still held here, so the file is ours.
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.path));
    }
}

/// Asks the engine one thing and waits for its line.
///
/// # Errors
/// [`NetError::NoEngine`] when nobody listens, [`NetError::ControlSocket`] when we may not connect,
/// [`NetError::Unsendable`] for a line that is too long or more than one,
/// [`NetError::NoReply`] when no whole line came back in time: the engine may have acted.
pub async fn ask(path: &Path, line: &str, limit: Duration) -> Result<String, NetError> {
    if line.len() > REQUEST_BYTES_MAX || line.contains('\n') {
        let fault = format!("it has more than one line or more than {REQUEST_BYTES_MAX} bytes");
        return Err(NetError::Unsendable { what: "control request", fault });
    }
    let silent = |fault: String| NetError::NoReply { path: path.to_owned(), fault };
    let asking = async {
        let stream = UnixStream::connect(path).await.map_err(|source| no_engine(path, source))?;
        converse(stream, line).await.map_err(|error| silent(error.to_string()))
    };
    timeout(limit, asking)
        .await
        .unwrap_or_else(|_| Err(silent(format!("nothing within {} ms", limit.as_millis()))))
}

fn no_engine(path: &Path, source: io::Error) -> NetError {
    let path = path.to_owned();
    if matches!(source.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) {
        NetError::NoEngine { path }
    } else {
        NetError::ControlSocket { path, source }
    }
}

async fn converse(mut stream: UnixStream, line: &str) -> io::Result<String> {
    stream.write_all(format!("{line}\n").as_bytes()).await?;
    read_line(&mut stream, REPLY_BYTES_MAX).await
}

fn make_folder(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() && !folder.exists() => {
            DirBuilder::new().recursive(true).mode(0o700).create(folder)
        }
        _ => Ok(()),
    }
}

/// Takes `<path>.lock` for as long as the file is open.
fn lock(path: &Path) -> Result<File, NetError> {
    let failed = |source| NetError::ControlSocket { path: path.to_owned(), source };
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&name)
        .map_err(failed)?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(rustix::io::Errno::WOULDBLOCK) => Err(NetError::SecondEngine { path: path.to_owned() }),
        Err(error) => Err(failed(error.into())),
    }
}

/// Removes what a dead engine has left. Called with the lock held.
async fn clear_stale(path: &Path) -> Result<(), NetError> {
    let failed = |source| NetError::ControlSocket { path: path.to_owned(), source };
    match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(error)),
        Ok(file) if !file.file_type().is_socket() => {
            return Err(failed(io::Error::other("there is a file that is not a socket")));
        }
        Ok(_) => {}
    }
    match UnixStream::connect(path).await {
        Ok(_) => Err(NetError::SecondEngine { path: path.to_owned() }),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            std::fs::remove_file(path).map_err(failed)
        }
        Err(error) => Err(failed(error)),
    }
}

async fn accept(listener: UnixListener, questions: mpsc::Sender<Question>) {
    let mut connections = JoinSet::new();
    loop {
        let has_room = connections.len() < CONNECTIONS_MAX;
        tokio::select! {
            accepted = listener.accept(), if has_room => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve(stream, questions.clone()));
                }
                Err(error) => {
                    tracing::warn!(%error, "accept failed on the control socket");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve(mut stream: UnixStream, questions: mpsc::Sender<Question>) {
    let own_id = rustix::process::geteuid().as_raw();
    let Ok(user_id) = stream.peer_cred().map(|peer| peer.uid()) else { return };
    if !may_ask(user_id, own_id) {
        tracing::warn!(user_id, "refused on the control socket: not our user");
        return;
    }
    let read = timeout(LINE_MAX, read_line(&mut stream, REQUEST_BYTES_MAX)).await;
    let line = match read {
        Ok(Ok(line)) => line,
        Ok(Err(error)) => {
            tracing::warn!(user_id, %error, "no whole line on the control socket");
            return;
        }
        Err(_) => return,
    };
    let (reply, answer) = oneshot::channel();
    if questions.send(Question { line, user_id, reply }).await.is_err() {
        return;
    }
    let Ok(mut answer) = answer.await else { return };
    // A reply of several lines would be cut by the client at the first.
    answer.retain(|letter| letter != '\n');
    answer.push('\n');
    drop(timeout(LINE_MAX, stream.write_all(answer.as_bytes())).await);
}

/// Our own user and root.
fn may_ask(user_id: u32, own_id: u32) -> bool {
    user_id == own_id || user_id == 0
}

async fn read_line(stream: &mut UnixStream, bytes_max: usize) -> io::Result<String> {
    let limit = u64::try_from(bytes_max).unwrap_or(u64::MAX).saturating_add(1);
    let mut line = Vec::new();
    BufReader::new(stream.take(limit)).read_until(b'\n', &mut line).await?;
    if line.pop() != Some(b'\n') {
        return Err(if line.len() >= bytes_max {
            io::Error::new(io::ErrorKind::InvalidData, "the line is too long")
        } else {
            io::Error::new(io::ErrorKind::UnexpectedEof, "the connection ended in mid-line")
        });
    }
    String::from_utf8(line).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_user_and_root_may_ask() {
        assert!(may_ask(1_000, 1_000));
        assert!(may_ask(0, 1_000));
        assert!(!may_ask(1_001, 1_000));
        assert!(!may_ask(1_000, 0));
    }
}
