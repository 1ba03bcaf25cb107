//! Every input of the core as records: what a replay feeds.
//!
//! Must hold: nothing of an event is left out, both stamps included, and nothing is allocated: this
//! runs on the hot thread. The way back is `input_reader`.
//!
//! An event is one record, with two exceptions. Its time of arrival stands in a record of its own
//! before it, [`Record::Received`], where that is not the time of its stamp; market data, of which
//! there is much, carries its age instead. A reading of the account is a head and its items.

use super::record::Record;
use super::wire::{Put, Take, Wire, fields, largest, variant, wire_enum, wire_struct};
use crate::core::{AccountEvent, Event, EventKind, KeyFitness};
use crate::types::{
    AccountSnapshot, AssetId, BalanceChange, BookDelta, Cash, DELTA_LEVELS, FeeRates, InstrumentId,
    InstrumentMargin, Level, MarginMode, MarginTier, MarginTiers, MarketData, MarketEvent, Price,
    Qty, QueryToken, Quote, Side, Trade, TradesRead, VenueId, VenueOrder, VenuePosition,
    WalletMargin,
};
use serde_json::Value;

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
    /// Trades were asked for and told.
    TradesRead(TradesRead),
    /// They could not be.
    TradesFailed(InstrumentId),
    /// What the key may do.
    Key(KeyFitness),
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
    170 = TradesRead(read: TradesRead),
    171 = TradesFailed(instrument: InstrumentId),
    172 = Key(key: KeyFitness),
});
wire_struct!(TradesRead {
    instrument: InstrumentId,
    from_id: Option<u64>,
    through_id: Option<u64>,
    is_all: bool,
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

    fn describe(&self) -> Value {
        fields(vec![
            ("age_ns", self.age_ns.describe()),
            ("instrument", self.event.instrument.describe()),
            ("sent_unix_ms", self.event.sent_unix_ms.describe()),
            ("data", self.event.data.describe()),
        ])
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

    fn describe(&self) -> Value {
        match self {
            Self::Quote(quote) => variant("Quote", vec![("0", quote.describe())]),
            Self::Trade(trade) => variant("Trade", vec![("0", trade.describe())]),
            Self::Mark(price) => variant("Mark", vec![("price", price.describe())]),
            Self::BookLost => variant("BookLost", Vec::new()),
            Self::BookBegin => variant("BookBegin", Vec::new()),
            Self::BookDelta(delta) => variant("BookDelta", vec![("0", delta.describe())]),
            Self::BookEnd { update_id } => {
                variant("BookEnd", vec![("update_id", update_id.describe())])
            }
        }
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

    fn describe(&self) -> Value {
        let levels = self.levels().iter().map(Wire::describe).collect();
        fields(vec![("side", self.side.describe()), ("levels", levels)])
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
        EventKind::Account(AccountEvent::TradesRead(read)) => {
            put(&Record::Told(AccountTold::TradesRead(*read)));
        }
        EventKind::Account(AccountEvent::TradesFailed(instrument)) => {
            put(&Record::Told(AccountTold::TradesFailed(*instrument)));
        }
        EventKind::Account(AccountEvent::Key(key)) => {
            put(&Record::Told(AccountTold::Key(*key)));
        }
        EventKind::DeadMan(report) => put(&Record::DeadMan(*report)),
        EventKind::Stop(report) => put(&Record::StopTold(*report)),
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
