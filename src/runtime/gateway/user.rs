//! The private stream: what the venue says of our orders and wallets by itself.

use super::Shared;
use crate::core::{
    AccountEvent, EventKind, LinkChannel, LinkState, OperatorCommand, OperatorRequest,
};
use crate::net::http::HttpClient;
use crate::net::ws::WsReader;
use crate::net::{Address, Dial, NetError};
use crate::runtime::link;
use crate::types::Text;
use crate::venue::{Call, DecodeError, OrderDialect, Stream, UserDialect, UserEvent};
use std::rc::Rc;
use std::time::Duration;

/// Why the stream ended.
#[derive(Debug, thiserror::Error)]
enum Ended {
    #[error("the connection failed: {0}")]
    Link(#[from] NetError),
    #[error("the venue's answer could not be used: {0}")]
    Answer(#[from] DecodeError),
    #[error("the stream's key has expired")]
    Expired,
}

/// Where the stream is, and what it takes to keep it.
pub(super) struct PrivateStream {
    /// For its key.
    pub(super) calls: HttpClient,
    pub(super) dial: Dial,
    pub(super) base: Address,
    pub(super) dialect: Box<dyn UserDialect>,
}

/// Listens for ever.
pub(super) async fn listen(shared: Rc<Shared<dyn OrderDialect>>, mut stream: PrivateStream) {
    let mut waits = link::Waits::new("private stream");
    loop {
        let ended = match open(&mut stream).await {
            Ok(mut reader) => {
                waits.up();
                shared.tell_link(LinkChannel::User, LinkState::Up).await;
                let ended = read(&shared, &mut stream, &mut reader.0).await;
                shared.tell_link(LinkChannel::User, LinkState::Down).await;
                ended
            }
            Err(ended) => ended,
        };
        waits.down(&ended).await;
    }
}

type Connection = (WsReader, crate::net::ws::WsWriter);

async fn open(stream: &mut PrivateStream) -> Result<Connection, Ended> {
    let answer = link::call(&stream.calls, &stream.dialect.key_call()).await?;
    let Stream { target, .. } = stream.dialect.on_key(&answer)?;
    Ok(link::open(&stream.dial, &stream.base.with_target(&target)?).await?)
}

async fn read(
    shared: &Shared<dyn OrderDialect>,
    stream: &mut PrivateStream,
    reader: &mut WsReader,
) -> Ended {
    let PrivateStream { calls, dialect, .. } = stream;
    let (keep_alive, every_s) = dialect.keep_alive();
    let every = Duration::from_secs(every_s.into());
    let mut due = tokio::time::interval_at(tokio::time::Instant::now() + every, every);
    let mut events = Vec::new();
    loop {
        tokio::select! {
            biased;
            message = reader.next() => match message {
                Ok(message) => {
                    if let Err(error) = dialect.on_message(&message, &mut events) {
                        tracing::error!(%error, "a private message could not be read");
                        // What it said is lost: only a reading of the account makes up for it.
                        events.push(UserEvent::AccountChanged);
                    }
                }
                Err(error) => return Ended::Link(error),
            },
            _ = due.tick() => {
                if let Err(ended) = renew(calls, &keep_alive).await {
                    return ended;
                }
            }
        }
        for event in events.drain(..) {
            match event {
                UserEvent::Execution(report) => shared.tell(EventKind::Execution(report)),
                UserEvent::Balance(change) => {
                    shared.tell(EventKind::Account(AccountEvent::Balance(change)));
                }
                UserEvent::MarginCall => {
                    shared.tell(EventKind::Account(AccountEvent::MarginCall(shared.venue)));
                }
                UserEvent::AccountChanged => shared.tell(reconcile()),
                UserEvent::Expired => return Ended::Expired,
            }
        }
        shared.own_up().await;
    }
}

/// A key that is not kept alive is lost without a word: a refusal ends the stream.
async fn renew(calls: &HttpClient, call: &Call) -> Result<(), Ended> {
    let answer = link::call(calls, call).await?;
    if answer.status == 200 { Ok(()) } else { Err(Ended::Expired) }
}

fn reconcile() -> EventKind {
    EventKind::Operator(OperatorRequest {
        ticket: 0,
        by: Text::new("venue"),
        reason: Text::new("the account changed"),
        command: OperatorCommand::Reconcile,
    })
}
