//! The backup of a feed: where it is, when it stands in, which of its books may be told already.
//!
//! Decision: the primary is where orders go, and is right. While it tells prices nobody asks the
//! backup; when it does not, the backup is believed only as far as its prices agree with the last
//! ones of the primary, instrument by instrument. A primary that speaks again and says something
//! else than the backup is gone back to at once, one that agrees when it has spoken for a while.

use super::prices::{Comparison, Disagreement, Prices};
use super::source::{Hearing, Source, Unfit};
use super::{Connections, MarketPlace, Pace};
use crate::config::BackupRules;
use crate::net::{Dial, NetError};
use crate::types::{Instrument, InstrumentId, MarketData, MarketEvent};
use crate::venue::{Directory, MarketCounters, MarketDialect, VenueKind};
use futures_util::future::LocalBoxFuture;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;
use tokio::time::Instant;

/// A second place that tells the market of a venue.
#[derive(Clone, Debug)]
pub(in crate::runtime) struct BackupPlace {
    pub(in crate::runtime) place: MarketPlace,
    pub(in crate::runtime) rules: BackupRules,
}

/// What a feed is given of its backup.
pub(in crate::runtime) struct StandbyParts {
    place: BackupPlace,
    dialect: Box<dyn MarketDialect>,
    instruments: Vec<Instrument>,
}

impl StandbyParts {
    /// It speaks the venue's dialect, and has nobody's key.
    pub(in crate::runtime) fn new(
        place: BackupPlace,
        kind: VenueKind,
        directory: &Directory,
    ) -> Self {
        let nobody = crate::venue::Credentials::new(String::new(), String::new());
        let dialect = crate::venue::dialects(kind, directory, &nobody).market;
        let instruments = directory.instruments.clone();
        Self { place, dialect, instruments }
    }
}

/// What the hearing of another place comes to.
pub(super) type Heard = LocalBoxFuture<'static, Result<Connections, Unfit>>;

/// The backup of a feed.
pub(super) struct Standby {
    pub(super) primary: Rc<Source>,
    pub(super) backup: Rc<Source>,
    dial: Dial,
    prices: Rc<RefCell<Prices>>,
    rules: BackupRules,
    instruments: Vec<InstrumentId>,
    /// When each of them may be heard again.
    backup_pace: Pace,
    primary_pace: Pace,
    /// The backup is traded on.
    pub(super) stands_in: bool,
    /// Instruments of which the backup has told no price that agrees: nothing of them is told.
    unheard: Vec<InstrumentId>,
    disagreement: Option<Disagreement>,
}

impl Standby {
    pub(super) fn new(
        primary: &Rc<Source>,
        parts: StandbyParts,
        dial: &Dial,
    ) -> Result<Self, NetError> {
        let StandbyParts { place: BackupPlace { place, rules }, dialect, instruments } = parts;
        let symbols = instruments.iter().map(|it| it.symbol.clone()).collect();
        let prices = Prices::new(symbols, rules.tolerance_bps);
        Ok(Self {
            primary: Rc::clone(primary),
            backup: Rc::new(Source::new(dialect, place, dial)?),
            dial: dial.clone(),
            prices: Rc::new(RefCell::new(prices)),
            rules,
            instruments: instruments.iter().map(|it| it.id).collect(),
            backup_pace: Pace::default(),
            primary_pace: Pace::default(),
            stands_in: false,
            unheard: Vec::new(),
            disagreement: None,
        })
    }

    /// From here on that place is traded on.
    pub(super) fn switch(&mut self, stands_in: bool, now_ns: u64) {
        self.prices.borrow_mut().begin(now_ns);
        self.stands_in = stands_in;
        self.disagreement = None;
        self.primary_pace.on_used();
        self.unheard = if stands_in { self.instruments.clone() } else { Vec::new() };
    }

    /// What the place has counted that is not traded on.
    pub(super) fn idle_counters(&self) -> MarketCounters {
        let idle = if self.stands_in { &self.primary } else { &self.backup };
        idle.dialect.borrow().counters()
    }

    /// True where the place that is traded on has told no price for so long.
    pub(super) fn is_silent(&self, now_ns: u64) -> bool {
        self.silent_in(now_ns).is_some_and(|left| left.is_zero())
    }

    /// How long until it is; `None` where no price is known.
    fn silent_in(&self, now_ns: u64) -> Option<Duration> {
        let since_ns = self.prices.borrow().silent_since_ns()?;
        let silent = Duration::from_nanos(now_ns.saturating_sub(since_ns));
        Some(self.rules.after.saturating_sub(silent))
    }

    /// When the silence of the place that is traded on must be looked at.
    pub(super) fn due(&self, now_ns: u64) -> Option<Instant> {
        let at = Instant::now() + self.silent_in(now_ns)?;
        let not_before = self.backup_pace.not_before.filter(|_| !self.stands_in);
        Some(not_before.map_or(at, |not_before| at.max(not_before)))
    }

    /// Hears the backup: one price that agrees is enough, the others are compared as they come.
    pub(super) fn hear_backup(&self) -> Heard {
        Box::pin(self.hearing(&self.backup, Duration::ZERO, None).hold())
    }

    /// Hears the primary while the backup stands in.
    pub(super) fn hear_primary(&self) -> Heard {
        let begin = self.primary_pace.not_before;
        Box::pin(self.hearing(&self.primary, self.rules.return_after, begin).hold())
    }

    fn hearing(&self, source: &Rc<Source>, fit_for: Duration, begin: Option<Instant>) -> Hearing {
        Hearing {
            source: Rc::clone(source),
            dial: self.dial.clone(),
            prices: Rc::clone(&self.prices),
            silence_max: self.rules.after,
            fit_for,
            begin,
        }
    }

    /// The backup is no help; it is asked again, ever more slowly.
    pub(super) fn on_unfit(&mut self, error: &dyn std::error::Error) {
        tracing::error!(%error, "the backup of the market data cannot be traded on");
        self.backup_pace.on_failed(Instant::now(), None);
    }

    /// The primary is not back yet.
    pub(super) fn on_still_gone(&mut self, error: &Unfit) {
        tracing::debug!(%error, "the primary market data are not back");
        self.primary_pace.on_failed(Instant::now(), None);
    }

    /// The backup has been of use: its next fault is a new one.
    pub(super) fn on_used(&mut self) {
        self.backup_pace.on_used();
    }

    /// Whether an event may be told. The first price of the backup that agrees has the book of
    /// its instrument begun anew.
    pub(super) fn admits(&mut self, event: &MarketEvent, received_ns: u64) -> Admission {
        let unheard = self.unheard.iter().position(|id| *id == event.instrument);
        let MarketData::Quote(quote) = &event.data else {
            let lost = matches!(event.data, MarketData::BookLost);
            return if unheard.is_none() || lost { Admission::Told } else { Admission::Kept };
        };
        let compared = unheard.map(|_| self.prices.borrow().compare(event.instrument, quote));
        match compared {
            None => {
                self.prices.borrow_mut().note(event.instrument, quote, received_ns);
                Admission::Told
            }
            Some(Comparison::Agrees) => {
                self.unheard.retain(|id| *id != event.instrument);
                self.prices.borrow_mut().note(event.instrument, quote, received_ns);
                Admission::First
            }
            Some(Comparison::Unknown) => Admission::Kept,
            Some(Comparison::Disagrees(disagreement)) => {
                self.disagreement = Some(disagreement);
                Admission::Kept
            }
        }
    }

    /// What the backup said that cannot be true.
    pub(super) fn take_disagreement(&mut self) -> Option<Disagreement> {
        self.disagreement.take()
    }
}

/// What becomes of an event.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Admission {
    /// It is told.
    Told,
    /// It is told, and is the first of its instrument: the book begins anew.
    First,
    /// It is not told.
    Kept,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::{Address, TlsRoots};
    use crate::runtime::calls::Rest;
    use crate::runtime::clock::Clock;
    use crate::runtime::listing;
    use crate::types::{Price, Qty, Quote, VenueId};

    const ONE: InstrumentId = InstrumentId(0);

    fn standby() -> Standby {
        let directory = Directory {
            venue: VenueId(0),
            instruments: vec![listing::instrument(&listing::simulated("BTCUSDT"))],
            assets: Vec::new(),
            prefix: listing::nobody(),
            recv_window_ms: 1_000,
        };
        let at = |scheme: &str| Address::parse(&format!("{scheme}://127.0.0.1:9")).unwrap();
        let rest = Rest::new(at("http"), VenueKind::BinanceUsdm, &Clock::start());
        let place = || MarketPlace { rest: rest.clone(), streams: at("ws") };
        let (after, return_after) = (Duration::from_secs(2), Duration::from_secs(9));
        let rules = BackupRules { after, tolerance_bps: 50, return_after };
        let parts = |place| {
            let backup = BackupPlace { place, rules };
            StandbyParts::new(backup, VenueKind::BinanceUsdm, &directory)
        };
        let limit = Duration::from_secs(1);
        let dial = Dial::new(TlsRoots::bundled().unwrap(), limit);
        let primary = Rc::new(Source::new(parts(place()).dialect, place(), &dial).unwrap());
        Standby::new(&primary, parts(place()), &dial).unwrap()
    }

    fn event(data: MarketData) -> MarketEvent {
        MarketEvent { instrument: ONE, sent_unix_ms: None, data }
    }

    fn quote(bid: &str, ask: &str) -> MarketEvent {
        let [bid, ask] = [bid, ask].map(|text| Price::parse(text.as_bytes()).unwrap());
        let qty = Qty::parse(b"1").unwrap();
        event(MarketData::Quote(Quote { bid, bid_qty: qty, ask, ask_qty: qty }))
    }

    #[test]
    fn nothing_of_the_backup_is_told_before_a_price_that_agrees() {
        let mut standby = standby();
        assert_eq!(standby.admits(&event(MarketData::BookBegin), 1), Admission::Told);
        assert_eq!(standby.admits(&quote("999", "1001"), 1), Admission::Told);
        standby.switch(true, 2);
        assert_eq!(standby.admits(&event(MarketData::BookLost), 3), Admission::Told);
        assert_eq!(standby.admits(&event(MarketData::BookBegin), 3), Admission::Kept);
        assert_eq!(standby.admits(&quote("1001", "999"), 3), Admission::Kept, "it is crossed");
        assert_eq!(standby.admits(&quote("1000", "1002"), 3), Admission::First);
        assert_eq!(standby.admits(&event(MarketData::BookBegin), 4), Admission::Told);
        assert_eq!(standby.admits(&quote("1100", "1102"), 5), Admission::Told, "it is believed");
        assert_eq!(standby.take_disagreement(), None);
    }

    #[test]
    fn a_price_that_disagrees_is_kept_and_named() {
        let mut standby = standby();
        standby.admits(&quote("999", "1001"), 1);
        standby.switch(true, 2);
        assert_eq!(standby.admits(&quote("1049", "1051"), 3), Admission::Kept);
        let disagreement = standby.take_disagreement().unwrap();
        assert!(disagreement.to_string().contains("1050 of BTCUSDT"), "{disagreement}");
        assert_eq!(standby.take_disagreement(), None);
    }

    #[test]
    fn silence_counts_from_the_last_price_and_a_backup_of_no_help_is_asked_later() {
        let mut standby = standby();
        assert_eq!(standby.due(9_000_000_000), None, "there is nothing to compare with");
        standby.admits(&quote("999", "1001"), 1_000_000_000);
        assert!(!standby.is_silent(2_999_999_999));
        assert!(standby.is_silent(3_000_000_000));
        let at = standby.due(3_000_000_000).unwrap();
        standby.on_unfit(&Unfit::Silent(Duration::from_secs(2)));
        standby.on_unfit(&Unfit::Silent(Duration::from_secs(2)));
        assert!(at + Duration::from_secs(1) < standby.due(3_000_000_000).unwrap());
        standby.switch(true, 3_000_000_000);
        assert!(!standby.is_silent(3_000_000_000), "it has only begun");
    }
}
