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
use crate::venue::{
    Call, DecodeError, OrderDialect, Stream, StreamBase, UserDialect, UserEvent, UserOpening,
};
use std::rc::Rc;
use std::time::Duration;

/// Why the stream ended.
#[derive(Debug, thiserror::Error)]
enum Ended {
    #[error("the connection failed: {0}")]
    Link(#[from] NetError),
    #[error("the venue's answer could not be used: {0}")]
    Answer(#[from] DecodeError),
    #[error("the stream has ended, or its key has expired")]
    Expired,
    #[error("the venue's clock is not known yet, and a subscription is signed with it")]
    NoClock,
    #[error("the venue did not answer a subscription within {0:?}")]
    Unanswered(Duration),
}

/// How often nothing is done where there is no key to keep alive.
const NEVER_S: u32 = 24 * 60 * 60;

/// Where the stream is, and what it takes to keep it.
pub(super) struct PrivateStream {
    /// For its key, where it has one.
    pub(super) calls: HttpClient,
    pub(super) dial: Dial,
    pub(super) streams: Address,
    pub(super) order_entry: Address,
    pub(super) dialect: Box<dyn UserDialect>,
}

/// Listens for ever.
pub(super) async fn listen(shared: Rc<Shared<dyn OrderDialect>>, mut stream: PrivateStream) {
    let mut waits = link::Waits::new("private stream");
    loop {
        let ended = match open(&shared, &mut stream).await {
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

async fn open(
    shared: &Shared<dyn OrderDialect>,
    stream: &mut PrivateStream,
) -> Result<Connection, Ended> {
    match stream.dialect.opening() {
        UserOpening::Key(call) => {
            let answer = link::call(&stream.calls, &call).await?;
            let place = stream.dialect.on_key(&answer)?;
            stream.connect(&place).await
        }
        UserOpening::Subscription(place) => {
            let at = shared.venue_time().ok_or(Ended::NoClock)?;
            let (mut reader, mut writer) = stream.connect(&place).await?;
            writer.send(&stream.dialect.subscription(at.unix_ms)).await?;
            let limit = stream.dial.limit;
            let subscribed = subscribed(stream.dialect.as_mut(), &mut reader);
            let answer = tokio::time::timeout(limit, subscribed).await;
            answer.map_err(|_| Ended::Unanswered(limit))??;
            Ok((reader, writer))
        }
    }
}

impl PrivateStream {
    async fn connect(&self, place: &Stream) -> Result<Connection, Ended> {
        let base = match place.base {
            StreamBase::Streams => &self.streams,
            StreamBase::OrderEntry => &self.order_entry,
        };
        Ok(link::open(&self.dial, &base.with_target(&place.target)?).await?)
    }
}

/// Waits for the word that everything is told from here on. What is told before it, a reading of
/// the account will tell too: it is asked for when the stream is up.
async fn subscribed(dialect: &mut dyn UserDialect, reader: &mut WsReader) -> Result<(), Ended> {
    let mut events = Vec::new();
    loop {
        let message = reader.next().await?;
        dialect.on_message(&message, &mut events)?;
        if events.contains(&UserEvent::Subscribed) {
            return Ok(());
        }
    }
}

async fn read(
    shared: &Shared<dyn OrderDialect>,
    stream: &mut PrivateStream,
    reader: &mut WsReader,
) -> Ended {
    let PrivateStream { calls, dialect, .. } = stream;
    let keep_alive = dialect.keep_alive();
    let every_s = keep_alive.as_ref().map(|(_, every_s)| *every_s);
    let every = Duration::from_secs(every_s.unwrap_or(NEVER_S).into());
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
                if let Some((call, _)) = &keep_alive
                    && let Err(ended) = renew(calls, call).await
                {
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
                UserEvent::Subscribed => {}
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
