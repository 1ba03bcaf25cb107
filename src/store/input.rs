//! Every input of the core as records, and back: what a replay feeds.
//!
//! Must hold: [`EventReader`] gives back exactly the event that [`each_record`] was given, both
//! stamps included; neither allocates for an event that is a plain value; what the disk says is
//! believed only as far as it can be an event.
//!
//! An event is one record, with two exceptions. Its time of arrival stands in a record of its own
//! before it, [`Record::Received`], where that is not the time of its stamp; market data, of which
//! there is much, carries its age instead. A reading of the account is a head and its items.

use super::record::Record;
use super::wire::{Put, Take, Wire, largest, wire_enum, wire_struct};
use crate::core::{AccountEvent, Event, EventKind};
use crate::types::{
    AccountMargin, AccountSnapshot, AssetId, BalanceChange, BookDelta, Cash, DELTA_LEVELS,
    FeeRates, InstrumentId, InstrumentMargin, Level, MarginMode, MarginTier, MarginTiers,
    MarketData, MarketEvent, Price, Qty, QueryToken, Quote, Side, Stamp, Trade, VenueId,
    VenueOrder, VenuePosition, WalletMargin,
};

/// What the market did, and how long before its stamp that arrived.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct MarketInput {
    /// From arrival to stamp, nanoseconds; what does not fit stands in [`Record::Received`].
    pub age_ns: u32,
    /// What.
    pub event: MarketEvent,
}

/// The venue's word on the account, short of a whole reading.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AccountTold {
    /// The question could not be answered.
    QueryFailed {
        /// Who did not answer.
        venue: VenueId,
        /// Which question.
        token: QueryToken,
    },
    /// A wallet changed without a trade of ours.
    Balance(BalanceChange),
    /// It is near to liquidating positions.
    MarginCall(VenueId),
}

/// A reading of the account, before its items.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ReadingHead {
    /// Whose word it is.
    pub venue: VenueId,
    /// Which question it answers.
    pub token: QueryToken,
    /// It holds an asset that the configuration does not name.
    pub has_unnamed_assets: bool,
    /// Positions in instruments that the configuration does not name.
    pub unnamed_positions: u32,
    /// The venue told of margin.
    pub has_margin: bool,
    /// How many items follow.
    pub items: u32,
}

/// A part of a reading of the account.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ReadingItem {
    /// A wallet's balance.
    Balance {
        /// Of what.
        asset: AssetId,
        /// How much.
        amount: Cash,
    },
    /// A position.
    Position(VenuePosition),
    /// An open order.
    Order(VenueOrder),
    /// What a wallet carries.
    Wallet(WalletMargin),
    /// How an instrument is traded.
    Instrument {
        /// Which.
        instrument: InstrumentId,
        /// Notional per initial margin.
        leverage: u32,
        /// What stands behind a position.
        mode: MarginMode,
        /// How many steps its margin has, in the items that follow; `None` where that is unknown.
        tiers: Option<u8>,
    },
    /// Up to two steps of the margin of the instrument before.
    Tiers {
        /// One.
        first: MarginTier,
        /// The next.
        second: Option<MarginTier>,
    },
    /// What trades of an instrument cost.
    Fees(FeeRates),
}

/// What a replay must have come to at this place.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Checkpoint {
    /// The digest of the state: [`crate::core::Core::pulse`], or the whole digest.
    pub state: u64,
    /// The running digest of the effects that no record holds.
    pub told: u64,
    /// Whether `state` is of the whole state, books included.
    pub whole: bool,
}

wire_struct!(Quote { bid: Price, bid_qty: Qty, ask: Price, ask_qty: Qty });
wire_struct!(Trade { id: u64, price: Price, qty: Qty, aggressor: Side });
wire_struct!(Level { price: Price, qty: Qty });
wire_struct!(ReadingHead {
    venue: VenueId,
    token: QueryToken,
    has_unnamed_assets: bool,
    unnamed_positions: u32,
    has_margin: bool,
    items: u32,
});
wire_enum!(AccountTold {
    1 = QueryFailed { venue: VenueId, token: QueryToken },
    2 = Balance(change: BalanceChange),
    3 = MarginCall(venue: VenueId),
});
wire_enum!(ReadingItem {
    1 = Balance { asset: AssetId, amount: Cash },
    2 = Position(position: VenuePosition),
    3 = Order(order: VenueOrder),
    4 = Wallet(wallet: WalletMargin),
    5 = Instrument {
        instrument: InstrumentId, leverage: u32, mode: MarginMode, tiers: Option<u8>
    },
    6 = Tiers { first: MarginTier, second: Option<MarginTier> },
    7 = Fees(rates: FeeRates),
});
wire_struct!(Checkpoint { state: u64, told: u64, whole: bool });

/// Bytes of everything but the data.
const MARKET_HEAD: usize = u32::SIZE + InstrumentId::SIZE + <Option<u64>>::SIZE;

impl Wire for MarketInput {
    const SIZE: usize = MARKET_HEAD + MarketData::SIZE;

    #[inline(always)]
    fn size(&self) -> usize {
        MARKET_HEAD + self.event.data.size()
    }

    #[inline(always)]
    fn put(&self, out: &mut Put<'_>) {
        self.age_ns.put(out);
        self.event.instrument.put(out);
        self.event.sent_unix_ms.put(out);
        self.event.data.put(out);
    }

    fn take(from: &mut Take<'_>) -> Option<Self> {
        let age_ns = u32::take(from)?;
        let instrument = InstrumentId::take(from)?;
        let sent_unix_ms = <Option<u64> as Wire>::take(from)?;
        let data = MarketData::take(from)?;
        Some(Self { age_ns, event: MarketEvent { instrument, sent_unix_ms, data } })
    }
}

impl Wire for MarketData {
    const SIZE: usize = 1 + largest(&[Quote::SIZE, Trade::SIZE, BookDelta::SIZE]);

    #[inline(always)]
    fn size(&self) -> usize {
        1 + match self {
            Self::Quote(_) => Quote::SIZE,
            Self::Trade(_) => Trade::SIZE,
            Self::Mark(_) => Price::SIZE,
            Self::BookLost | Self::BookBegin => 0,
            Self::BookDelta(delta) => delta.size(),
            Self::BookEnd { .. } => u64::SIZE,
        }
    }

    #[inline(always)]
    fn put(&self, out: &mut Put<'_>) {
        match self {
            Self::Quote(quote) => (1_u8.put(out), quote.put(out)),
            Self::Trade(trade) => (2_u8.put(out), trade.put(out)),
            Self::Mark(price) => (3_u8.put(out), price.put(out)),
            Self::BookLost => (4_u8.put(out), ()),
            Self::BookBegin => (5_u8.put(out), ()),
            Self::BookDelta(delta) => (6_u8.put(out), delta.put(out)),
            Self::BookEnd { update_id } => (7_u8.put(out), update_id.put(out)),
        };
    }

    fn take(from: &mut Take<'_>) -> Option<Self> {
        Some(match u8::take(from)? {
            1 => Self::Quote(Quote::take(from)?),
            2 => Self::Trade(Trade::take(from)?),
            3 => Self::Mark(Price::take(from)?),
            4 => Self::BookLost,
            5 => Self::BookBegin,
            6 => Self::BookDelta(BookDelta::take(from)?),
            7 => Self::BookEnd { update_id: u64::take(from)? },
            _ => return None,
        })
    }
}

/// The levels that are meant, and no others.
impl Wire for BookDelta {
    const SIZE: usize = 2 + DELTA_LEVELS * Level::SIZE;

    #[inline(always)]
    fn size(&self) -> usize {
        2 + self.levels().len() * Level::SIZE
    }

    #[inline(always)]
    fn put(&self, out: &mut Put<'_>) {
        self.side.put(out);
        u8::try_from(self.levels().len()).unwrap_or(u8::MAX).put(out);
        self.levels().iter().for_each(|level| level.put(out));
    }

    fn take(from: &mut Take<'_>) -> Option<Self> {
        let (side, count) = (Side::take(from)?, u8::take(from)?);
        let mut levels = [Level::default(); DELTA_LEVELS];
        for level in levels.get_mut(..usize::from(count))? {
            *level = Level::take(from)?;
        }
        Some(Self { side, count, levels })
    }
}

/// Hands the records of an event to `put`, in their order.
pub fn each_record(event: &Event, mut put: impl FnMut(&Record)) {
    let Event { at, received_ns, kind } = event;
    if let EventKind::Market(market) = kind {
        let age_ns = at.mono_ns.checked_sub(*received_ns).and_then(|age| u32::try_from(age).ok());
        if age_ns.is_none() {
            put(&Record::Received(*received_ns));
        }
        put(&Record::Market(MarketInput { age_ns: age_ns.unwrap_or_default(), event: *market }));
        return;
    }
    if *received_ns != at.mono_ns {
        put(&Record::Received(*received_ns));
    }
    match kind {
        EventKind::Market(_) => {}
        EventKind::Execution(report) => put(&Record::Execution(*report)),
        EventKind::Account(AccountEvent::Snapshot(reading)) => each_part(reading, put),
        EventKind::Account(AccountEvent::QueryFailed { venue, token }) => {
            put(&Record::Told(AccountTold::QueryFailed { venue: *venue, token: *token }));
        }
        EventKind::Account(AccountEvent::Balance(change)) => {
            put(&Record::Told(AccountTold::Balance(*change)));
        }
        EventKind::Account(AccountEvent::MarginCall(venue)) => {
            put(&Record::Told(AccountTold::MarginCall(*venue)));
        }
        EventKind::DeadMan(report) => put(&Record::DeadMan(*report)),
        EventKind::Reference(event) => put(&Record::Reference(*event)),
        EventKind::Link(link) => put(&Record::Link(*link)),
        EventKind::Clock(sample) => put(&Record::Clock(*sample)),
        EventKind::Condition(told) => put(&Record::Condition(*told)),
        EventKind::Journal(state) => put(&Record::Journal(*state)),
        EventKind::Operator(request) => put(&Record::Operator(*request)),
        EventKind::Timer => put(&Record::Timer),
    }
}

/// A reading of the account: its head, then its items in the order of the fields.
fn each_part(reading: &AccountSnapshot, mut put: impl FnMut(&Record)) {
    let mut items = 0_u32;
    each_item(reading, |_| items = items.saturating_add(1));
    put(&Record::Reading(ReadingHead {
        venue: reading.venue,
        token: reading.token,
        has_unnamed_assets: reading.has_unnamed_assets,
        unnamed_positions: reading.unnamed_positions,
        has_margin: reading.margin.is_some(),
        items,
    }));
    each_item(reading, |item| put(&Record::ReadingItem(item)));
}

fn each_item(reading: &AccountSnapshot, mut put: impl FnMut(ReadingItem)) {
    for &(asset, amount) in &reading.balances {
        put(ReadingItem::Balance { asset, amount });
    }
    reading.positions.iter().for_each(|it| put(ReadingItem::Position(*it)));
    reading.open_orders.iter().for_each(|it| put(ReadingItem::Order(*it)));
    let Some(margin) = &reading.margin else { return };
    margin.wallets.iter().for_each(|it| put(ReadingItem::Wallet(*it)));
    for &InstrumentMargin { instrument, leverage, mode, tiers } in &margin.instruments {
        let steps = tiers.as_ref().map_or(&[][..], MarginTiers::as_slice);
        let tiers = tiers.and_then(|_| u8::try_from(steps.len()).ok());
        put(ReadingItem::Instrument { instrument, leverage, mode, tiers });
        for pair in steps.chunks(2) {
            if let Some(first) = pair.first() {
                put(ReadingItem::Tiers { first: *first, second: pair.get(1).copied() });
            }
        }
    }
    margin.fees.iter().for_each(|it| put(ReadingItem::Fees(*it)));
}

/// What a record is to who reads inputs.
#[derive(Clone, Debug, PartialEq)]
pub enum Taken {
    /// The input is complete.
    Event(Event),
    /// It belongs to an input of which more follows.
    More,
    /// It is no input.
    Other,
    /// It is part of an input and does not follow what was before.
    Broken,
}

/// Makes events of records again.
#[derive(Debug, Default)]
pub struct EventReader {
    received_ns: Option<u64>,
    reading: Option<Reading>,
}

/// A reading of the account of which items are missing.
#[derive(Debug)]
struct Reading {
    missing: u32,
    snapshot: AccountSnapshot,
    /// Steps of the margin of the last instrument, and how many are missing.
    tiers: (Vec<MarginTier>, u8),
}

impl EventReader {
    /// Takes the next record of the journal, which was written at `at`.
    pub fn take(&mut self, at: Stamp, record: &Record) -> Taken {
        if self.reading.is_some() {
            return self.take_item(at, record);
        }
        let kind = match record {
            Record::Received(received_ns) => {
                self.received_ns = Some(*received_ns);
                return Taken::More;
            }
            Record::Reading(head) => return self.begin(at, head),
            Record::ReadingItem(_) => return Taken::Broken,
            Record::Market(MarketInput { age_ns, event }) => {
                let arrived = at.mono_ns.saturating_sub(u64::from(*age_ns));
                self.received_ns.get_or_insert(arrived);
                EventKind::Market(*event)
            }
            Record::Execution(report) => EventKind::Execution(*report),
            Record::Told(told) => EventKind::Account(match told {
                AccountTold::QueryFailed { venue, token } => {
                    AccountEvent::QueryFailed { venue: *venue, token: *token }
                }
                AccountTold::Balance(change) => AccountEvent::Balance(*change),
                AccountTold::MarginCall(venue) => AccountEvent::MarginCall(*venue),
            }),
            Record::DeadMan(report) => EventKind::DeadMan(*report),
            Record::Reference(event) => EventKind::Reference(*event),
            Record::Link(link) => EventKind::Link(*link),
            Record::Clock(sample) => EventKind::Clock(*sample),
            Record::Condition(told) => EventKind::Condition(*told),
            Record::Journal(state) => EventKind::Journal(*state),
            Record::Operator(request) => EventKind::Operator(*request),
            Record::Timer => EventKind::Timer,
            other => return self.pass(other),
        };
        self.finish(at, kind)
    }

    /// What is no input may stand anywhere but behind half of one. A segment may begin there.
    fn pass(&self, record: &Record) -> Taken {
        let begins_segment = matches!(record, Record::Carry(_) | Record::PartTrip(_));
        match self.received_ns {
            Some(_) if !begins_segment => Taken::Broken,
            Some(_) | None => Taken::Other,
        }
    }

    fn finish(&mut self, at: Stamp, kind: EventKind) -> Taken {
        let received_ns = self.received_ns.take().unwrap_or(at.mono_ns);
        Taken::Event(Event { at, received_ns, kind })
    }

    fn begin(&mut self, at: Stamp, head: &ReadingHead) -> Taken {
        let snapshot = AccountSnapshot {
            venue: head.venue,
            token: head.token,
            balances: Vec::new(),
            has_unnamed_assets: head.has_unnamed_assets,
            positions: Vec::new(),
            unnamed_positions: head.unnamed_positions,
            open_orders: Vec::new(),
            margin: head.has_margin.then(AccountMargin::default),
        };
        self.reading = Some(Reading { missing: head.items, snapshot, tiers: (Vec::new(), 0) });
        self.end_if_whole(at)
    }

    fn take_item(&mut self, at: Stamp, record: &Record) -> Taken {
        let (Some(reading), Record::ReadingItem(item)) = (&mut self.reading, record) else {
            let begins_segment = matches!(record, Record::Carry(_) | Record::PartTrip(_));
            return if begins_segment { Taken::Other } else { Taken::Broken };
        };
        if reading.add(item).is_none() {
            return Taken::Broken;
        }
        self.end_if_whole(at)
    }

    fn end_if_whole(&mut self, at: Stamp) -> Taken {
        match self.reading.take() {
            Some(reading) if reading.missing == 0 => {
                let snapshot = Box::new(reading.snapshot);
                self.finish(at, EventKind::Account(AccountEvent::Snapshot(snapshot)))
            }
            reading => {
                self.reading = reading;
                Taken::More
            }
        }
    }
}

impl Reading {
    /// `None` where the item does not belong here.
    fn add(&mut self, item: &ReadingItem) -> Option<()> {
        self.missing = self.missing.checked_sub(1)?;
        let belongs = match item {
            ReadingItem::Tiers { .. } => 0 < self.tiers.1,
            _ => self.tiers.1 == 0,
        };
        belongs.then_some(())?;
        let snapshot = &mut self.snapshot;
        match item {
            ReadingItem::Balance { asset, amount } => snapshot.balances.push((*asset, *amount)),
            ReadingItem::Position(position) => snapshot.positions.push(*position),
            ReadingItem::Order(order) => snapshot.open_orders.push(*order),
            ReadingItem::Wallet(wallet) => snapshot.margin.as_mut()?.wallets.push(*wallet),
            ReadingItem::Instrument { instrument, leverage, mode, tiers } => {
                self.tiers = (Vec::new(), tiers.unwrap_or_default());
                let (instrument, leverage, mode, tiers) = (*instrument, *leverage, *mode, None);
                let line = InstrumentMargin { instrument, leverage, mode, tiers };
                snapshot.margin.as_mut()?.instruments.push(line);
            }
            ReadingItem::Tiers { first, second } => return self.add_tiers(*first, *second),
            ReadingItem::Fees(rates) => snapshot.margin.as_mut()?.fees.push(*rates),
        }
        Some(())
    }

    fn add_tiers(&mut self, first: MarginTier, second: Option<MarginTier>) -> Option<()> {
        let (tiers, missing) = &mut self.tiers;
        for tier in [Some(first), second].into_iter().flatten() {
            *missing = missing.checked_sub(1)?;
            tiers.push(tier);
        }
        if *missing == 0 {
            let line = self.snapshot.margin.as_mut()?.instruments.last_mut()?;
            line.tiers = Some(MarginTiers::new(tiers)?);
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::{ClockSample, LinkChannel, LinkEvent, LinkState};
    use crate::store::layout::RECORD_VERSION;

    const AT: Stamp = Stamp { mono_ns: 9_000_000_000, unix_ns: 77 };

    fn event(received_ns: u64, kind: EventKind) -> Event {
        Event { at: AT, received_ns, kind }
    }

    /// Through bytes, as the disk would have it.
    fn records_of(event: &Event) -> Vec<Record> {
        let mut records = Vec::new();
        each_record(event, |record| {
            let payload = record.payload();
            records.push(Record::decode(record.kind(), RECORD_VERSION, &payload).unwrap());
        });
        records
    }

    fn read(records: &[Record]) -> Vec<Taken> {
        let mut reader = EventReader::default();
        records.iter().map(|record| reader.take(AT, record)).collect()
    }

    fn assert_reads_back(event: &Event) {
        let taken = read(&records_of(event));
        assert_eq!(taken.last(), Some(&Taken::Event(event.clone())));
        assert!(taken[..taken.len() - 1].iter().all(|it| *it == Taken::More));
    }

    fn tiers(count: i32) -> Option<MarginTiers> {
        let tier = |at: i32| MarginTier {
            notional_max: Cash::whole(at),
            maintenance_ppm: 4_000,
            leverage_max: 20,
        };
        MarginTiers::new(&(1..=count).map(tier).collect::<Vec<_>>())
    }

    fn reading(tier_counts: &[i32]) -> AccountSnapshot {
        let line = |(at, count): (u16, &i32)| InstrumentMargin {
            instrument: InstrumentId(at),
            leverage: 20,
            mode: MarginMode::Cross,
            tiers: tiers(*count),
        };
        AccountSnapshot {
            venue: VenueId(0),
            token: QueryToken(5),
            balances: vec![(AssetId(0), Cash::whole(5)), (AssetId(1), Cash::ZERO)],
            has_unnamed_assets: true,
            positions: vec![VenuePosition {
                instrument: InstrumentId(1),
                qty: Qty::whole(-2),
                entry: Price::whole(3),
            }],
            unnamed_positions: 7,
            open_orders: Vec::new(),
            margin: Some(AccountMargin {
                wallets: Vec::new(),
                instruments: (0..).zip(tier_counts).map(line).collect(),
                fees: vec![FeeRates { instrument: InstrumentId(0), maker_e8: -1, taker_e8: 5 }],
            }),
        }
    }

    #[test]
    fn both_stamps_of_an_event_read_back_however_far_apart() {
        let mark = MarketData::Mark(Price::whole(5));
        let market = MarketEvent { instrument: InstrumentId(3), sent_unix_ms: None, data: mark };
        let far = AT.mono_ns - u64::from(u32::MAX);
        for received_ns in [AT.mono_ns, AT.mono_ns - 1, far, far - 1, AT.mono_ns + 1, 0] {
            assert_reads_back(&event(received_ns, EventKind::Market(market)));
            assert_reads_back(&event(received_ns, EventKind::Timer));
        }
        let near = records_of(&event(far, EventKind::Market(market)));
        assert_eq!(
            (near.len(), records_of(&event(far - 1, EventKind::Market(market))).len()),
            (1, 2)
        );
    }

    #[test]
    fn a_time_of_arrival_is_of_one_event_only() {
        let (first, second) = (event(5, EventKind::Timer), event(AT.mono_ns, EventKind::Timer));
        let records = [records_of(&first), records_of(&second)].concat();
        let taken = read(&records);
        assert_eq!(taken[1..], [Taken::Event(first), Taken::Event(second)]);
    }

    #[test]
    fn a_reading_of_the_account_reads_back_with_every_count_of_tiers() {
        let none = AccountSnapshot { margin: None, ..reading(&[]) };
        let all = [reading(&[]), reading(&[0]), reading(&[1, 2, 3, 16, 0]), none];
        for snapshot in all {
            let kind = EventKind::Account(AccountEvent::Snapshot(Box::new(snapshot)));
            assert_reads_back(&event(8, kind));
        }
        let empty = AccountSnapshot {
            balances: Vec::new(),
            positions: Vec::new(),
            margin: None,
            ..reading(&[])
        };
        let kind = EventKind::Account(AccountEvent::Snapshot(Box::new(empty)));
        assert_eq!(records_of(&event(AT.mono_ns, kind.clone())).len(), 1);
        assert_reads_back(&event(AT.mono_ns, kind));
    }

    #[test]
    fn parts_that_do_not_follow_are_no_event() {
        let kind = EventKind::Account(AccountEvent::Snapshot(Box::new(reading(&[3]))));
        let records = records_of(&event(AT.mono_ns, kind));
        let broken = |records: &[Record]| read(records).contains(&Taken::Broken);
        assert!(!broken(&records));
        assert!(broken(&records[1..]), "items without their head");
        for missing in 1..records.len() {
            let mut some = records.clone();
            some.remove(missing);
            let taken = read(&some);
            assert!(!taken.iter().any(|it| matches!(it, Taken::Event(_))), "without {missing}");
            some.push(Record::Timer);
            assert!(broken(&some), "without {missing}");
        }
        let arrived = Record::Received(1);
        assert!(broken(&[arrived, Record::Stop { clean: true }]));
    }

    #[test]
    fn a_segment_may_begin_between_two_parts() {
        let kind = EventKind::Account(AccountEvent::Snapshot(Box::new(reading(&[2]))));
        let event = event(3, kind);
        let records = records_of(&event);
        let carry = Record::Carry(crate::store::Carried::default());
        let spread: Vec<Record> = records.iter().flat_map(|record| [carry, *record]).collect();
        assert_eq!(read(&spread).last(), Some(&Taken::Event(event)));
    }

    #[test]
    fn what_is_no_input_is_said_to_be_none() {
        let link =
            LinkEvent { venue: VenueId(0), channel: LinkChannel::User, state: LinkState::Down };
        let sample = ClockSample { venue: VenueId(0), offset_ns: -3, rtt_ns: 4 };
        assert_reads_back(&event(1, EventKind::Link(link)));
        assert_reads_back(&event(1, EventKind::Clock(sample)));
        assert_eq!(read(&[Record::MarketGap]), [Taken::Other]);
    }

    #[test]
    fn a_delta_takes_the_room_of_the_levels_that_are_meant() {
        let size = |count| {
            let delta = BookDelta { side: Side::Buy, count, levels: [Level::default(); 8] };
            let data = MarketData::BookDelta(delta);
            let event = MarketEvent { instrument: InstrumentId(0), sent_unix_ms: None, data };
            Record::Market(MarketInput { age_ns: 0, event }).payload().len()
        };
        assert_eq!([size(0), size(1), size(8), size(200)], [24, 40, 152, 152]);
    }
}
