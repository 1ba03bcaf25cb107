//! The market of a simulated exchange: played (made up, or from a recording), or what a venue sends
//! at this moment.
//!
//! Must hold: events come in the order in which they were made; a live market whose connection is
//! gone has no book, so that nothing is matched against what it showed last.

use super::{ExchangeError, ExchangePlan};
use crate::config::MarketSource;
use crate::core::{EventKind, LinkEvent, LinkState};
use crate::runtime::assemble::Universe;
use crate::runtime::bell::Bell;
use crate::runtime::books::Books;
use crate::runtime::hot::Incoming;
use crate::runtime::lane::Reader;
use crate::runtime::listing;
use crate::runtime::recorded::{self, Recorded};
use crate::sim::Synthetic;
use crate::types::{InstrumentId, MarketData, MarketEvent};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::unix::pipe::Receiver;

/// What the exchange trades in.
pub(in crate::runtime) enum Market {
    /// What is due, when it is due.
    Played(Box<Played>),
    /// What came in.
    Live(Live),
}

impl Market {
    /// What the plan wants played.
    pub(super) fn played(plan: &ExchangePlan, universe: &Universe) -> Result<Self, ExchangeError> {
        Played::open(plan, universe).map(|played| Self::Played(Box::new(played)))
    }

    /// Waits until something may be there; for ever when the market is over.
    pub(super) async fn due(&mut self, since_ns: u64) {
        match self {
            Self::Played(played) => sleep(played.wait(since_ns)).await,
            Self::Live(live) => live.wait().await,
        }
    }

    /// True when nothing but its readers decides how fast it goes.
    pub(super) fn is_unpaced(&self) -> bool {
        matches!(self, Self::Played(played) if played.is_unpaced())
    }

    /// True when nothing comes any more.
    pub(super) fn is_over(&self) -> bool {
        matches!(self, Self::Played(played) if played.due_ns.is_none())
    }

    /// The next event, if it is there.
    pub(super) fn pop(&mut self, since_ns: u64) -> Option<MarketEvent> {
        match self {
            Self::Played(played) => played.pop(since_ns),
            Self::Live(live) => live.pop(),
        }
    }
}

/// The events of a feed as it reads them.
pub(in crate::runtime) struct Live {
    events: Reader<Incoming>,
    bell: Arc<Bell>,
    /// Made where it is heard.
    ear: Option<Receiver>,
    /// Tells the feed which books are whole here.
    books: Books,
    instruments: usize,
    /// What a connection took with it.
    lost: VecDeque<MarketEvent>,
}

impl Live {
    /// Of a feed that fills the lane.
    pub(in crate::runtime) fn new(
        events: Reader<Incoming>,
        bell: Arc<Bell>,
        books: Books,
        instruments: usize,
    ) -> Self {
        Self { events, bell, ear: None, books, instruments, lost: VecDeque::new() }
    }

    async fn wait(&mut self) {
        if !self.lost.is_empty() {
            return;
        }
        if self.ear.is_none() {
            match self.bell.ear() {
                Ok(ear) => self.ear = Some(ear),
                Err(error) => {
                    tracing::error!(%error, "the live market cannot be heard: nothing is matched");
                    std::future::pending::<()>().await;
                }
            }
        }
        if let Some(ear) = &self.ear {
            self.bell.wait_async(ear, || self.events.is_empty()).await;
        }
    }

    fn pop(&mut self) -> Option<MarketEvent> {
        loop {
            if let Some(event) = self.lost.pop_front() {
                self.tell(&event);
                return Some(event);
            }
            let kind = self.events.pop()?.kind;
            if let EventKind::Market(event) = kind {
                self.tell(&event);
                return Some(event);
            }
            if let EventKind::Link(LinkEvent { state: LinkState::Down, .. }) = kind {
                self.lose_all();
            }
        }
    }

    fn lose_all(&mut self) {
        let instruments = (0_u16..).map(InstrumentId).take(self.instruments);
        let lost =
            |instrument| MarketEvent { instrument, sent_unix_ms: None, data: MarketData::BookLost };
        self.lost.extend(instruments.map(lost));
    }

    fn tell(&self, event: &MarketEvent) {
        match event.data {
            MarketData::BookBegin => self.books.tell(event.instrument, true),
            MarketData::BookLost => self.books.tell(event.instrument, false),
            MarketData::BookDelta(_)
            | MarketData::BookEnd { .. }
            | MarketData::Quote(_)
            | MarketData::Mark(_)
            | MarketData::Trade(_) => {}
        }
    }
}

async fn sleep(wait: Option<Duration>) {
    match wait {
        Some(Duration::ZERO) => tokio::task::yield_now().await,
        Some(wait) => tokio::time::sleep(wait).await,
        None => std::future::pending().await,
    }
}

/// What comes next, and when.
pub(in crate::runtime) struct Played {
    source: Source,
    ready: VecDeque<MarketEvent>,
    /// When the next events are due, nanoseconds since the market began.
    due_ns: Option<u64>,
}

enum Source {
    Synthetic(Box<Synthetic>),
    Recording { recorded: Box<Recorded>, speed: Option<u32>, first_unix_ns: Option<u64> },
}

impl Played {
    fn open(plan: &ExchangePlan, universe: &Universe) -> Result<Self, ExchangeError> {
        let source = match &plan.exchange.market {
            MarketSource::Seed(seed) => {
                Source::Synthetic(Box::new(Synthetic::new(*seed, &universe.instruments)))
            }
            MarketSource::Recording { path, speed } => {
                let directory = universe.directory(listing::nobody(), 0);
                let directory = recorded::occurring(path, plan.kind, &directory)?;
                let recorded = Box::new(Recorded::open(path, plan.kind, &directory)?);
                Source::Recording { recorded, speed: *speed, first_unix_ns: None }
            }
        };
        let mut played = Self { source, ready: VecDeque::new(), due_ns: Some(0) };
        played.fill();
        Ok(played)
    }

    /// How long until something is due; `None` when the market is over.
    fn wait(&self, since_ns: u64) -> Option<Duration> {
        self.due_ns.map(|due_ns| Duration::from_nanos(due_ns.saturating_sub(since_ns)))
    }

    /// True when nothing but its readers decides how fast it goes.
    fn is_unpaced(&self) -> bool {
        matches!(self.source, Source::Recording { speed: None, .. })
    }

    /// The next event, if it is due.
    fn pop(&mut self, since_ns: u64) -> Option<MarketEvent> {
        if self.due_ns.is_none_or(|due_ns| since_ns < due_ns) {
            return None;
        }
        let event = self.ready.pop_front();
        if self.ready.is_empty() {
            self.fill();
        }
        event
    }

    /// Reads on until there are events, or the end.
    fn fill(&mut self) {
        while self.ready.is_empty() && self.due_ns.is_some() {
            match &mut self.source {
                Source::Synthetic(synthetic) => match synthetic.next() {
                    Some((delay_ns, event)) => {
                        self.due_ns = self.due_ns.map(|due_ns| due_ns.saturating_add(delay_ns));
                        self.ready.push_back(event);
                    }
                    None => self.due_ns = None,
                },
                Source::Recording { recorded, speed, first_unix_ns } => match recorded.next() {
                    Ok(Some(frame)) => {
                        let first = *first_unix_ns.get_or_insert(frame.received_unix_ns);
                        let gap_ns = frame.received_unix_ns.saturating_sub(first);
                        let due_ns = speed.map_or(0, |speed| gap_ns / u64::from(speed.max(1)));
                        self.due_ns = Some(due_ns);
                        self.ready.extend(frame.events);
                    }
                    Ok(None) => self.due_ns = None,
                    Err(error) => {
                        tracing::error!(%error, "the recording ends here");
                        self.due_ns = None;
                    }
                },
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::{LinkChannel, LinkEvent};
    use crate::runtime::lane::lane;
    use crate::types::{Price, VenueId};

    fn market(instrument: u16, data: MarketData) -> EventKind {
        let instrument = InstrumentId(instrument);
        EventKind::Market(MarketEvent { instrument, sent_unix_ms: None, data })
    }

    fn link(state: LinkState) -> EventKind {
        EventKind::Link(LinkEvent { venue: VenueId(0), channel: LinkChannel::Market, state })
    }

    #[test]
    fn a_live_market_passes_in_order_and_a_connection_takes_every_book_with_it() {
        let bell = Arc::new(Bell::new().unwrap());
        let (mut filler, events) = lane(8, &bell);
        let mut live = Live::new(events, bell, Books::new(2), 2);
        let mark = MarketData::Mark(Price::whole(7));
        let fed = [
            link(LinkState::Up),
            market(1, MarketData::BookBegin),
            market(1, mark),
            link(LinkState::Down),
            market(0, mark),
        ];
        for kind in fed {
            assert!(filler.push(Incoming { received_ns: 0, kind }).is_ok());
        }
        let popped: Vec<(u16, MarketData)> =
            std::iter::from_fn(|| live.pop()).map(|it| (it.instrument.0, it.data)).collect();
        let expected = [
            (1, MarketData::BookBegin),
            (1, mark),
            (0, MarketData::BookLost),
            (1, MarketData::BookLost),
            (0, mark),
        ];
        assert_eq!(popped, expected);
    }
}
