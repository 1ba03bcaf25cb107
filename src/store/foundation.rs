//! What a run begins with, as records: the configuration, what the venue lists, what the last run
//! left behind. A core can be built from it and from the strategies' code alone.
//!
//! Must hold: it is told whole, in one row, before [`super::Record::Begin`], and the first input
//! comes after. No secret is in it: the configuration's values come without them.

use super::wire::{Put, Take, Wire, largest, wire_enum, wire_struct};
use crate::core::safety::{Latch, TripRecord};
use crate::core::{
    Attestation, BreakerMark, DayMark, HighWater, KeyFitness, LedgerLine, MarketRecording,
    ModeRecord, Restored, Scope,
};
use crate::types::{
    AssetId, Filters, Instrument, InstrumentId, InstrumentKind, StrategyId, Text, VenueId,
};

/// Most bytes of one [`Chunk`].
const CHUNK_BYTES: usize = 192;

/// Some bytes of a longer text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Chunk {
    length: u8,
    bytes: [u8; CHUNK_BYTES],
}

impl Chunk {
    /// No bytes.
    pub const EMPTY: Self = Self { length: 0, bytes: [0; CHUNK_BYTES] };

    /// A text in pieces, in order.
    pub fn all(text: &str) -> impl Iterator<Item = Self> + '_ {
        text.as_bytes().chunks(CHUNK_BYTES).map(|piece| {
            let mut bytes = [0; CHUNK_BYTES];
            bytes[..piece.len()].copy_from_slice(piece);
            Self { length: u8::try_from(piece.len()).unwrap_or(u8::MAX), bytes }
        })
    }

    /// The bytes that are meant.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.length)).unwrap_or_default()
    }
}

/// An instrument as a run found it at the venue.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ListedInstrument {
    /// Its number.
    pub id: InstrumentId,
    /// Where it is traded.
    pub venue: VenueId,
    /// The venue's spelling.
    pub symbol: Text<32>,
    /// What a fill moves.
    pub kind: InstrumentKind,
    /// What is bought and sold.
    pub base: AssetId,
    /// What prices are in.
    pub quote: AssetId,
    /// What profit and loss are in.
    pub settle: AssetId,
    /// The venue's rules for orders.
    pub filters: Filters,
}

impl From<&Instrument> for ListedInstrument {
    fn from(it: &Instrument) -> Self {
        Self {
            id: it.id,
            venue: it.venue,
            symbol: Text::new(&it.symbol),
            kind: it.kind,
            base: it.base,
            quote: it.quote,
            settle: it.settle,
            filters: it.filters,
        }
    }
}

impl From<&ListedInstrument> for Instrument {
    fn from(it: &ListedInstrument) -> Self {
        Self {
            id: it.id,
            venue: it.venue,
            symbol: it.symbol.as_str().to_owned(),
            kind: it.kind,
            base: it.base,
            quote: it.quote,
            settle: it.settle,
            filters: it.filters,
        }
    }
}

/// Something that a run took over from the last one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TakenOver {
    /// A mode that holds.
    Mode {
        /// Where.
        scope: Scope,
        /// Which, and why.
        record: ModeRecord,
    },
    /// A latch that stands.
    Latch {
        /// Over what.
        scope: Scope,
        /// Why.
        trip: TripRecord,
    },
    /// How often the kill switch had ever tripped.
    Generation(u32),
    /// The high-water mark.
    HighWater(HighWater),
    /// Where the day began.
    Day(DayMark),
    /// The circuit breaker.
    Breaker(BreakerMark),
    /// What a strategy held of an instrument.
    Ledger {
        /// Whose.
        strategy: StrategyId,
        /// Of what.
        instrument: InstrumentId,
        /// What.
        line: LedgerLine,
    },
    /// Whether somebody had put a name to the configuration.
    Attestation(Attestation),
    /// Whether the key was one to trade with.
    Key(KeyFitness),
    /// Up to which trade of an instrument all were known.
    Trades {
        /// Of what.
        instrument: InstrumentId,
        /// The last that was known.
        through_id: u64,
    },
}

impl TakenOver {
    /// All that is in it.
    pub fn all(restored: &Restored) -> impl Iterator<Item = Self> + '_ {
        let whole = restored.latch.map(|trip| Latch { scope: Scope::All, trip });
        let latches = whole.into_iter().chain(restored.part_latches.iter().copied());
        let modes = restored.modes.iter();
        let modes = modes.map(|&(scope, record)| Self::Mode { scope, record });
        let ledgers = restored.ledgers.iter();
        let ledgers = ledgers.map(|&(strategy, instrument, line)| Self::Ledger {
            strategy,
            instrument,
            line,
        });
        let trades = restored.trades.iter();
        let trades =
            trades.map(|&(instrument, through_id)| Self::Trades { instrument, through_id });
        modes
            .chain(latches.map(|Latch { scope, trip }| Self::Latch { scope, trip }))
            .chain([Self::Generation(restored.latch_generation)])
            .chain(restored.high_water.map(Self::HighWater))
            .chain(restored.day.map(Self::Day))
            .chain(restored.breaker.map(Self::Breaker))
            .chain(ledgers)
            .chain([Self::Attestation(restored.attestation), Self::Key(restored.key)])
            .chain(trades)
    }

    /// Puts it where it was.
    pub fn give_back(self, to: &mut Restored) {
        match self {
            Self::Mode { scope, record } => to.modes.push((scope, record)),
            Self::Latch { scope: Scope::All, trip } => to.latch = Some(trip),
            Self::Latch { scope, trip } => to.part_latches.push(Latch { scope, trip }),
            Self::Generation(generation) => to.latch_generation = generation,
            Self::HighWater(mark) => to.high_water = Some(mark),
            Self::Day(mark) => to.day = Some(mark),
            Self::Breaker(mark) => to.breaker = Some(mark),
            Self::Ledger { strategy, instrument, line } => {
                to.ledgers.push((strategy, instrument, line));
            }
            Self::Attestation(attestation) => to.attestation = attestation,
            Self::Key(key) => to.key = key,
            Self::Trades { instrument, through_id } => to.trades.push((instrument, through_id)),
        }
    }
}

wire_struct!(Chunk { length: u8, bytes: [u8; CHUNK_BYTES] });
wire_struct!(ListedInstrument {
    id: InstrumentId,
    venue: VenueId,
    symbol: Text<32>,
    kind: InstrumentKind,
    base: AssetId,
    quote: AssetId,
    settle: AssetId,
    filters: Filters,
});
wire_enum!(Attestation { 1 = Off, 2 = Given, 3 = Missing });
wire_enum!(KeyFitness { 1 = Exempt, 2 = Fit, 3 = Unfit, 4 = Unproven, 5 = Vouched });
wire_enum!(MarketRecording { 1 = Full, 2 = Quotes, 3 = Off });
wire_enum!(TakenOver {
    1 = Mode { scope: Scope, record: ModeRecord },
    2 = Latch { scope: Scope, trip: TripRecord },
    3 = Generation(generation: u32),
    4 = HighWater(mark: HighWater),
    5 = Day(mark: DayMark),
    6 = Breaker(mark: BreakerMark),
    7 = Ledger { strategy: StrategyId, instrument: InstrumentId, line: LedgerLine },
    8 = Attestation(attestation: Attestation),
    9 = Key(key: KeyFitness),
    170 = Trades { instrument: InstrumentId, through_id: u64 },
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::samples::trip;

    #[test]
    fn a_text_is_whole_again_when_its_pieces_are_put_together() {
        for length in [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES] {
            let text = "\u{e9}x7".repeat(length).chars().take(length).collect::<String>();
            let pieces: Vec<Chunk> = Chunk::all(&text).collect();
            let bytes: Vec<u8> = pieces.iter().flat_map(|it| it.as_bytes().to_vec()).collect();
            assert_eq!(bytes, text.as_bytes());
        }
        let lies = Chunk { length: u8::MAX, bytes: [7; CHUNK_BYTES] };
        assert!(lies.as_bytes().is_empty(), "a length beyond the bytes says nothing");
    }

    #[test]
    fn what_a_run_took_over_is_given_back_whole() {
        let latch = |scope, generation| Latch { scope, trip: trip(generation) };
        let restored = Restored {
            modes: vec![(Scope::All, ModeRecord::default())],
            latch: Some(trip(3)),
            part_latches: vec![latch(Scope::Strategy(StrategyId(1)), 4)],
            latch_generation: 4,
            high_water: Some(HighWater { peak: crate::types::Cash::whole(7) }),
            day: Some(DayMark { day: 1, opening: crate::types::Cash::whole(8) }),
            breaker: Some(BreakerMark::default()),
            ledgers: vec![(StrategyId(0), InstrumentId(1), LedgerLine::default())],
            trades: vec![(InstrumentId(1), 9)],
            attestation: Attestation::Missing,
            key: KeyFitness::Unproven,
        };
        let mut again = Restored::default();
        TakenOver::all(&restored).for_each(|part| part.give_back(&mut again));
        assert_eq!(again, restored);
    }
}
