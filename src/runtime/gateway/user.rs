//! The private stream: what the venue says of our orders and wallets by itself.

use super::Shared;
use crate::core::{
    AccountEvent, EventKind, LinkChannel, LinkState, OperatorCommand, OperatorRequest,
};
use crate::net::ws::{WsReader, WsWriter};
use crate::net::{Address, Dial, NetError};
use crate::runtime::allowance::Errand;
use crate::runtime::calls::{CallError, Calls};
use crate::runtime::link;
use crate::runtime::renewal::Renewal;
use crate::types::Text;
use crate::venue::{
    Call, DecodeError, OrderDialect, Stream, StreamBase, UserDialect, UserEvent, UserOpening,
};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

/// Why the stream ended.
#[derive(Debug, thiserror::Error)]
enum Ended {
    #[error("the connection failed: {0}")]
    Link(#[from] NetError),
    #[error("its key could not be had: {0}")]
    Key(#[from] CallError),
    #[error("the venue's answer could not be used: {0}")]
    Answer(#[from] DecodeError),
    #[error("the stream has ended, or its key has expired")]
    Expired,
    #[error("its key could not be kept alive within {0:?}")]
    Unkept(Duration),
    #[error("the venue did not tell its time and answer a subscription within {0:?}")]
    Unanswered(Duration),
}

/// How often nothing is done where there is no key to keep alive.
const NEVER_S: u32 = 24 * 60 * 60;

/// Nothing is heard of the stream while its key is kept alive, so that this may not take long.
const KEEP_MAX: Duration = Duration::from_secs(5);

/// What the log calls it.
const LINK: &str = "private stream";

/// Where the stream is, and what it takes to keep it.
pub(super) struct PrivateStream {
    /// For its key, where it has one.
    pub(super) calls: Calls,
    pub(super) dial: Dial,
    pub(super) streams: Address,
    pub(super) order_entry: Address,
    pub(super) dialect: RefCell<Box<dyn UserDialect>>,
    /// It is replaced before it gets older.
    pub(super) age_max: Duration,
}

/// Listens for ever.
pub(super) async fn listen(shared: Rc<Shared<dyn OrderDialect>>, stream: PrivateStream) {
    let stream = Rc::new(stream);
    let mut waits = link::Waits::new(LINK);
    loop {
        let ended = match open(Rc::clone(&shared), Rc::clone(&stream)).await {
            Ok(connection) => {
                waits.up();
                shared.tell_link(LinkChannel::User, LinkState::Up).await;
                let ended = read(&shared, &stream, connection).await;
                shared.tell_link(LinkChannel::User, LinkState::Down).await;
                ended
            }
            Err(ended) => ended,
        };
        waits.down(&ended).await;
    }
}

type Connection = (WsReader, WsWriter);

async fn open(
    shared: Rc<Shared<dyn OrderDialect>>,
    stream: Rc<PrivateStream>,
) -> Result<Connection, Ended> {
    let opening = stream.dialect.borrow().opening();
    match opening {
        UserOpening::Key(call) => {
            let answer = stream.calls.make(&call, Errand::Question).await?;
            let place = stream.dialect.borrow_mut().on_key(&answer)?;
            stream.connect(&place).await
        }
        UserOpening::Subscription(place) => {
            let mut connection = stream.connect(&place).await?;
            let limit = stream.dial.limit;
            let subscribed = stream.subscribe(&shared, &mut connection);
            let answer = tokio::time::timeout(limit, subscribed).await;
            answer.map_err(|_| Ended::Unanswered(limit))??;
            Ok(connection)
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

    /// Asks for everything to be told, and waits for the word that it is. What is told before it, a
    /// reading of the account tells too: it is asked for when the stream is up.
    async fn subscribe(
        &self,
        shared: &Shared<dyn OrderDialect>,
        (reader, writer): &mut Connection,
    ) -> Result<(), Ended> {
        let at = shared.venue_time_measured().await;
        let message = self.dialect.borrow().subscription(at.unix_ms);
        writer.send(&message).await?;
        let mut events = Vec::new();
        while !events.contains(&UserEvent::Subscribed) {
            let message = reader.next().await?;
            self.dialect.borrow_mut().on_message(&message, &mut events)?;
        }
        Ok(())
    }
}

async fn read(
    shared: &Rc<Shared<dyn OrderDialect>>,
    stream: &Rc<PrivateStream>,
    mut connection: Connection,
) -> Ended {
    let mut renewal = Renewal::after(LINK, stream.age_max);
    let keep_alive = stream.dialect.borrow().keep_alive();
    let every_s = keep_alive.as_ref().map_or(NEVER_S, |(_, every_s)| *every_s);
    let every = Duration::from_secs(every_s.into());
    let mut due = tokio::time::interval_at(tokio::time::Instant::now() + every, every);
    let mut events = Vec::new();
    loop {
        tokio::select! {
            biased;
            message = connection.0.next() => match message {
                Ok(message) if stream.dialect.borrow().announces_end(&message) => renewal.hasten(),
                Ok(message) if renewal.is_news(&message) => {
                    let heard = stream.dialect.borrow_mut().on_message(&message, &mut events);
                    if let Err(error) = heard {
                        tracing::error!(%error, "a private message could not be read");
                        // What it said is lost: only a reading of the account makes up for it.
                        events.push(UserEvent::AccountChanged);
                    }
                }
                Ok(_) => {}
                Err(error) => return Ended::Link(error),
            },
            next = renewal.next(|| Box::pin(open(Rc::clone(shared), Rc::clone(stream)))) => {
                connection = next;
                // Nothing should be missing. It is money: look.
                events.push(UserEvent::AccountChanged);
            }
            _ = due.tick() => {
                if let Some((call, _)) = &keep_alive
                    && let Err(ended) = keep(&stream.calls, call).await
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
                UserEvent::Stop(report) => shared.tell(EventKind::Stop(report)),
                UserEvent::AccountChanged => shared.tell(reconcile()),
                UserEvent::Subscribed => {}
                UserEvent::Expired => return Ended::Expired,
            }
        }
        shared.own_up().await;
    }
}

/// A key that is not kept alive is lost without a word: a refusal ends the stream.
async fn keep(calls: &Calls, call: &Call) -> Result<(), Ended> {
    let asked = tokio::time::timeout(KEEP_MAX, calls.make(call, Errand::Safety));
    let answer = asked.await.map_err(|_| Ended::Unkept(KEEP_MAX))??;
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
