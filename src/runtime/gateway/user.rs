//! The private stream: what the venue says of our orders and wallets by itself.

use super::Shared;
use crate::core::{
    AccountEvent, EventKind, LinkChannel, LinkState, OperatorCommand, OperatorRequest,
};
use crate::net::http::HttpClient;
use crate::net::ws::{WsReader, WsWriter};
use crate::net::{Address, Dial, NetError};
use crate::runtime::link;
use crate::runtime::renewal::Renewal;
use crate::types::Text;
use crate::venue::{Call, DecodeError, OrderDialect, Stream, UserDialect, UserEvent};
use std::cell::RefCell;
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

/// What the log calls it.
const LINK: &str = "private stream";

/// Where the stream is, and what it takes to keep it.
pub(super) struct PrivateStream {
    /// For its key.
    pub(super) calls: HttpClient,
    pub(super) dial: Dial,
    pub(super) base: Address,
    pub(super) dialect: RefCell<Box<dyn UserDialect>>,
    /// It is replaced before it gets older.
    pub(super) age_max: Duration,
}

/// Listens for ever.
pub(super) async fn listen(shared: Rc<Shared<dyn OrderDialect>>, stream: PrivateStream) {
    let stream = Rc::new(stream);
    let mut waits = link::Waits::new(LINK);
    loop {
        let ended = match open(Rc::clone(&stream)).await {
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

async fn open(stream: Rc<PrivateStream>) -> Result<Connection, Ended> {
    let call = stream.dialect.borrow().key_call();
    let answer = link::call(&stream.calls, &call).await?;
    let Stream { target, .. } = stream.dialect.borrow_mut().on_key(&answer)?;
    Ok(link::open(&stream.dial, &stream.base.with_target(&target)?).await?)
}

async fn read(
    shared: &Shared<dyn OrderDialect>,
    stream: &Rc<PrivateStream>,
    mut connection: Connection,
) -> Ended {
    let mut renewal = Renewal::after(LINK, stream.age_max);
    let (keep_alive, every_s) = stream.dialect.borrow().keep_alive();
    let every = Duration::from_secs(every_s.into());
    let mut due = tokio::time::interval_at(tokio::time::Instant::now() + every, every);
    let mut events = Vec::new();
    loop {
        tokio::select! {
            biased;
            message = connection.0.next() => match message {
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
            next = renewal.next(|| Box::pin(open(Rc::clone(stream)))) => {
                connection = next;
                // Nothing should be missing. It is money: look.
                events.push(UserEvent::AccountChanged);
            }
            _ = due.tick() => {
                if let Err(ended) = keep(&stream.calls, &keep_alive).await {
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
async fn keep(calls: &HttpClient, call: &Call) -> Result<(), Ended> {
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
