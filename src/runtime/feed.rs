//! The feed thread: public market data from sockets into the hot thread's lane.
//!
//! Must hold: the receive time is taken right after the message is read, before it is decoded; a
//! message that cannot be read is counted and never guessed at; reading goes on whatever it says.
//! A full lane means (D12): a quote is dropped, because the next one says it all; anything else
//! loses that instrument's book, which is then begun again from a fresh snapshot.
//!
//! Where a backup is configured (`standby`), it is read in the place of a primary (`source`) that
//! is silent, once its prices agree with the last ones (`prices`). Every book begins anew with a
//! change of the place.

mod prices;
mod source;
mod standby;
mod succession;

use super::allowance::Errand;
use super::books::Compared;
use super::calls::Rest;
use super::clock::Clock;
use super::hot::Incoming;
use super::lane::Filler;
use super::link::{self, Said};
use super::renewal::Renewal;
use super::startup::StartError;
use super::threads;
use crate::config::Wait;
use crate::core::{EventKind, LinkChannel, LinkEvent, LinkState};
use crate::net::ws::{WsReader, WsWriter};
use crate::net::{Address, Bytes, Dial, NetError};
use crate::ops::FeedCounters;
use crate::types::{InstrumentId, MarketData, MarketEvent, VenueId};
use crate::venue::{Answer, MarketDialect};
use futures_util::future::LocalBoxFuture;
use parking_lot::Mutex;
use source::Source;
use standby::{Admission, Heard, Standby};
pub(super) use standby::{BackupPlace, StandbyParts};
use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use std::thread::JoinHandle;
use std::time::Duration;
use succession::{Ended, Fault, until};
use tokio::sync::watch;
use tokio::time::Instant;

/// What the log calls it.
const LINK: &str = "market data";

/// How many messages are read between two looks at the shared counters.
const COUNT_EVERY: u64 = 64;

/// How soon a snapshot that could not be had or used is asked for again: twice as late each time up
/// to the second figure, because a venue that is asked without a pause refuses everything else too.
const SNAPSHOT_WAIT: Duration = Duration::from_secs(1);
const SNAPSHOT_WAIT_MAX: Duration = Duration::from_secs(30);

/// How soon an overrun is told when nothing comes in meanwhile.
const OVERRUN_WAIT: Duration = Duration::from_millis(1);

/// How often the books are compared with what the core makes of them: many copies of the state.
const COMPARE_EVERY: Duration = Duration::from_secs(1);

/// Everything that the feed thread owns.
struct Feed {
    venue: VenueId,
    clock: Clock,
    /// The place that is traded on.
    source: Rc<Source>,
    standby: Option<Standby>,
    dial: Dial,
    lane: RefCell<Filler<Incoming>>,
    shared: Arc<Mutex<FeedCounters>>,
    counters: FeedCounters,
    /// Instruments whose loss the hot thread has not been told yet.
    overrun: Vec<InstrumentId>,
    events: Vec<MarketEvent>,
    snapshots: Pace,
    compared: Compared,
    connection_age_max: Duration,
}

/// What a feed on a thread of its own is given.
pub(super) struct FeedParts {
    pub(super) venue: VenueId,
    pub(super) clock: Clock,
    pub(super) dialect: Box<dyn MarketDialect>,
    /// Where the streams and the snapshots are.
    pub(super) place: MarketPlace,
    /// Where they are too.
    pub(super) standby: Option<StandbyParts>,
    pub(super) dial: Dial,
    pub(super) lane: Filler<Incoming>,
    pub(super) shared: Arc<Mutex<FeedCounters>>,
    pub(super) compared: Compared,
    /// Connections are replaced before they get older.
    pub(super) connection_age_max: Duration,
    pub(super) wait: Wait,
    pub(super) cpu: Option<u16>,
}

/// Where the market of a venue is told of.
#[derive(Clone, Debug)]
pub(super) struct MarketPlace {
    pub(super) rest: Rest,
    pub(super) streams: Address,
}

/// A feed on its thread; ends with its owner.
#[derive(Debug)]
pub(super) struct FeedThread {
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<Result<(), StartError>>>,
}

impl FeedThread {
    /// Starts one.
    pub(super) fn start(name: &str, parts: FeedParts) -> Result<Self, StartError> {
        let (stop, stopped) = watch::channel(false);
        let thread = Some(spawn(name, parts, stopped)?);
        Ok(Self { stop, thread })
    }
}

impl Drop for FeedThread {
    fn drop(&mut self) {
        // One that has ended already is stopped.
        let _ = self.stop.send(true);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Starts the thread of a feed, which runs until it is told to stop.
pub(super) fn spawn(
    name: &str,
    parts: FeedParts,
    mut stopped: watch::Receiver<bool>,
) -> Result<JoinHandle<Result<(), StartError>>, StartError> {
    let (wait, cpu) = (parts.wait, parts.cpu);
    let thread = threads::spawn(name, cpu, move || {
        let body = async move {
            let feed = Feed::new(parts)?;
            tokio::select! {
                () = feed.run() => {}
                _ = stopped.wait_for(|stop| *stop) => {}
            }
            Ok(())
        };
        threads::block_on(wait, body)?
    })?;
    Ok(thread)
}

/// When the next snapshot may be asked for.
#[derive(Clone, Copy, Debug, Default)]
struct Pace {
    failed: u32,
    not_before: Option<Instant>,
}

impl Pace {
    fn on_used(&mut self) {
        *self = Self::default();
    }

    /// `now` is when it failed; a venue that says how long to wait is obeyed.
    fn on_failed(&mut self, now: Instant, retry_after_s: Option<u32>) {
        let doubled = SNAPSHOT_WAIT.saturating_mul(1 << self.failed.min(5));
        let told = Duration::from_secs(retry_after_s.unwrap_or(0).into());
        self.failed = self.failed.saturating_add(1);
        self.not_before = Some(now + doubled.min(SNAPSHOT_WAIT_MAX).max(told));
    }
}

/// All that the market comes over.
type Connections = Vec<(WsReader, WsWriter)>;

type Snapshot = LocalBoxFuture<'static, (InstrumentId, Option<Answer>)>;

impl Feed {
    fn new(parts: FeedParts) -> Result<Self, NetError> {
        let FeedParts { venue, clock, dialect, place, dial, lane, shared, compared, .. } = parts;
        let connection_age_max = parts.connection_age_max;
        let source = Rc::new(Source::new(dialect, place, &dial)?);
        let standby = parts.standby.map(|standby| Standby::new(&source, standby, &dial));
        Ok(Self {
            venue,
            clock,
            source,
            standby: standby.transpose()?,
            dial,
            lane: RefCell::new(lane),
            shared,
            counters: FeedCounters::default(),
            overrun: Vec::new(),
            events: Vec::new(),
            snapshots: Pace::default(),
            compared,
            connection_age_max,
        })
    }

    /// Runs for ever: connects, reads, and connects again.
    async fn run(mut self) {
        let mut waits = link::Waits::new(LINK);
        let mut opened: Option<Connections> = None;
        loop {
            let connected = match opened.take() {
                Some(connections) => Ok(connections),
                None => self.source.connect(&self.dial).await,
            };
            let ended = match connected {
                Ok(mut connections) => {
                    self.counters.connects += 1;
                    self.begin().await;
                    waits.up();
                    let ended = self.read(&mut connections).await;
                    // The primary that takes over from its backup is there already.
                    if !(self.stands_in() && matches!(ended, Ended::Succeeded(_))) {
                        self.say(LinkState::Down).await;
                    }
                    ended
                }
                Err(error) => Ended::Failed(error.into()),
            };
            opened = self.next_place(ended, &mut waits).await;
        }
    }

    async fn begin(&mut self) {
        let now_ns = self.clock.mono_ns();
        self.source.dialect.borrow_mut().on_connect(&mut self.events);
        self.deliver(now_ns);
        self.say(LinkState::Up).await;
    }

    /// Reads until there is a reason to read no more; says which.
    async fn read(&mut self, connections: &mut Connections) -> Ended {
        let mut snapshot: Option<Snapshot> = None;
        let mut renewal = Renewal::after(LINK, self.connection_age_max);
        let mut compare = tokio::time::interval(COMPARE_EVERY);
        let mut other: Option<Heard> = None;
        loop {
            if snapshot.is_none() {
                snapshot = self.ask_for_snapshot();
            }
            if other.is_none() && self.stands_in() {
                other = self.standby.as_ref().map(Standby::hear_primary);
            }
            let is_waiting = self.stands_in() || other.is_none();
            let silence_due = self.silence_due().filter(|_| is_waiting);
            // Fair: a flood of messages must not keep the snapshot waiting that they wait for.
            tokio::select! {
                message = next_of(connections) => match message {
                    Ok(message) if self.announces_end(&message) => renewal.hasten(),
                    Ok(message) if renewal.is_news(&message) => self.on_message(&message),
                    Ok(_) => {}
                    Err(error) => return Ended::Failed(error.into()),
                },
                next = renewal.next(|| self.source.connect(&self.dial)) => *connections = next,
                (instrument, answer) = maybe(&mut snapshot) => {
                    snapshot = None;
                    self.on_snapshot(instrument, answer.as_ref());
                }
                _ = compare.tick() => self.compare(),
                () = tokio::time::sleep(OVERRUN_WAIT), if !self.overrun.is_empty() => {
                    self.deliver(self.clock.mono_ns());
                }
                () = until(silence_due) => match &self.standby {
                    Some(standby) if !standby.stands_in => other = Some(standby.hear_backup()),
                    Some(_) | None => return Ended::Failed(Fault::Silent),
                },
                heard = maybe(&mut other) => {
                    other = None;
                    if let Some(ended) = self.on_heard(heard) {
                        return ended;
                    }
                }
            }
            if let Some(wrong) = self.standby.as_mut().and_then(Standby::take_disagreement) {
                return Ended::Failed(wrong.into());
            }
        }
    }

    fn announces_end(&self, message: &Bytes) -> bool {
        self.source.dialect.borrow().announces_end(message)
    }

    fn on_message(&mut self, message: &Bytes) {
        let received_ns = self.clock.mono_ns();
        self.counters.messages += 1;
        let heard = self.source.dialect.borrow_mut().on_message(message, &mut self.events);
        if let Err(error) = heard {
            tracing::debug!(%error, bytes = message.len(), "a market message could not be read");
            self.publish();
        }
        self.deliver(received_ns);
        if self.counters.messages.is_multiple_of(COUNT_EVERY) {
            self.publish();
        }
    }

    fn ask_for_snapshot(&mut self) -> Option<Snapshot> {
        let (instrument, call) = self.source.dialect.borrow_mut().snapshot_wanted()?;
        let (rest, not_before) = (Rc::clone(&self.source.rest), self.snapshots.not_before);
        Some(Box::pin(async move {
            if let Some(not_before) = not_before {
                tokio::time::sleep_until(not_before).await;
            }
            let answer = rest.make(&call, Errand::Reading).await;
            if let Err(error) = &answer {
                error.say("no answer to a request for a snapshot of the book");
            }
            (instrument, answer.ok())
        }))
    }

    fn on_snapshot(&mut self, instrument: InstrumentId, answer: Option<&Answer>) {
        let received_ns = self.clock.mono_ns();
        let mut dialect = self.source.dialect.borrow_mut();
        let used = dialect.on_snapshot(instrument, answer, &mut self.events);
        drop(dialect);
        match used {
            Ok(()) => self.snapshots.on_used(),
            Err(error) => {
                tracing::warn!(%error, "a snapshot of the book could not be used; asking again");
                let retry_after_s = answer.and_then(|answer| answer.retry_after_s);
                self.snapshots.on_failed(Instant::now(), retry_after_s);
            }
        }
        self.deliver(received_ns);
        self.publish();
    }

    /// Hands the decoded events over, in order.
    fn deliver(&mut self, received_ns: u64) {
        self.tell_overruns(received_ns);
        let mut events = std::mem::take(&mut self.events);
        let mut begun = Vec::new();
        for event in events.drain(..) {
            match self.standby.as_mut().map(|it| it.admits(&event, received_ns)) {
                None | Some(Admission::Told) => {}
                Some(Admission::First) => begun.push(event.instrument),
                Some(Admission::Kept) => continue,
            }
            let lossless = !matches!(event.data, MarketData::Quote(_));
            let lost = self.overrun.contains(&event.instrument);
            if (lost && lossless) || self.push(event, received_ns) {
                continue;
            }
            if lossless {
                self.counters.overruns += 1;
                self.overrun.push(event.instrument);
            } else {
                self.counters.quotes_coalesced += 1;
            }
        }
        self.events = events;
        for instrument in begun {
            self.source.dialect.borrow_mut().on_overrun(instrument, &mut self.events);
        }
    }

    /// Begins the books again that the core cannot use.
    fn compare(&mut self) {
        for instrument in self.compared.look() {
            tracing::warn!(
                instrument = instrument.0,
                "the book contradicts itself; beginning anew"
            );
            self.source.dialect.borrow_mut().on_overrun(instrument, &mut self.events);
        }
        self.deliver(self.clock.mono_ns());
    }

    /// Loses the books whose updates did not fit, as soon as that can be said.
    fn tell_overruns(&mut self, received_ns: u64) {
        while let Some(instrument) = self.overrun.last().copied() {
            let data = MarketData::BookLost;
            if !self.push(MarketEvent { instrument, sent_unix_ms: None, data }, received_ns) {
                return;
            }
            self.overrun.pop();
            self.source.dialect.borrow_mut().on_overrun(instrument, &mut self.events);
        }
    }

    fn push(&mut self, event: MarketEvent, received_ns: u64) -> bool {
        match event.data {
            MarketData::BookBegin => self.compared.hand_out(event.instrument, true),
            MarketData::BookLost => self.compared.hand_out(event.instrument, false),
            MarketData::BookDelta(_)
            | MarketData::BookEnd { .. }
            | MarketData::Quote(_)
            | MarketData::Mark(_)
            | MarketData::Trade(_) => {}
        }
        self.lane.get_mut().push(Incoming { received_ns, kind: EventKind::Market(event) }).is_ok()
    }

    async fn say(&mut self, state: LinkState) {
        let (venue, channel) = (self.venue, LinkChannel::Market);
        let event = EventKind::Link(LinkEvent { venue, channel, state });
        let received_ns = self.clock.mono_ns();
        Said::new(event, received_ns).into(&self.lane).await;
        self.publish();
    }

    fn publish(&mut self) {
        let market = self.source.dialect.borrow().counters();
        let idle = self.standby.as_ref().map(Standby::idle_counters);
        self.counters.market = idle.map_or(market, |idle| market.plus(idle));
        *self.shared.lock() = self.counters;
    }
}

/// The next message of any connection. The one that was heard goes to the end of the row, so that a
/// busy connection cannot drown another.
pub(super) async fn next_of(connections: &mut [(WsReader, WsWriter)]) -> Result<Bytes, NetError> {
    poll_fn(|context| {
        for at in 0..connections.len() {
            let message = pin!(connections[at].0.next()).poll(context);
            if let Poll::Ready(message) = message {
                connections[at..].rotate_left(1);
                return Poll::Ready(message);
            }
        }
        Poll::Pending
    })
    .await
}

/// The result of a future that may not be there.
async fn maybe<T>(future: &mut Option<LocalBoxFuture<'static, T>>) -> T {
    match future {
        Some(future) => future.await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_that_fails_is_asked_for_ever_more_slowly() {
        let now = Instant::now();
        let mut pace = Pace::default();
        let mut waits_s = Vec::new();
        for _ in 0..7 {
            pace.on_failed(now, None);
            waits_s.push(pace.not_before.unwrap().duration_since(now).as_secs());
        }
        assert_eq!(waits_s, [1, 2, 4, 8, 16, 30, 30]);
        pace.on_failed(now, Some(120));
        assert_eq!(pace.not_before.unwrap().duration_since(now).as_secs(), 120);
        pace.on_used();
        assert_eq!(pace.not_before, None);
    }
}
