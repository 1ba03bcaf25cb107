//! Records that only a replay reads, for tests.

use super::Dice;
use crate::core::{Attestation, DayMark, HighWater, KeyFitness, MarketRecording, ReferenceEvent};
use crate::store::record::Record;
use crate::store::{
    AccountTold, Checkpoint, Chunk, ListedInstrument, MarketInput, ReadingHead, ReadingItem,
    TakenOver,
};
use crate::types::*;

impl Dice {
    fn filters(&mut self) -> Filters {
        let band = MarkBand { up_bps: self.word(), down_bps: self.word() };
        Filters {
            price_tick: self.price(),
            price_min: self.price(),
            price_max: self.price(),
            qty_step: self.qty(),
            qty_min: self.qty(),
            qty_max: self.qty(),
            notional_min: self.cash(),
            mark_band: self.maybe(band),
            trading: self.pick(&[false, true]),
        }
    }

    fn reference(&mut self) -> ReferenceEvent {
        let filters = self.filters();
        ReferenceEvent { instrument: self.instrument(), filters: self.maybe(filters) }
    }

    fn balance_change(&mut self) -> BalanceChange {
        let causes = [BalanceCause::Transfer, BalanceCause::Funding, BalanceCause::ProfitOrLoss];
        BalanceChange {
            venue: VenueId(self.byte()),
            asset: AssetId(self.byte()),
            amount: self.cash(),
            cause: self.pick(&causes),
        }
    }

    fn market_event(&mut self) -> MarketEvent {
        let mut levels = [Level::default(); DELTA_LEVELS];
        let count = usize::from(self.byte()) % (DELTA_LEVELS + 1);
        for level in &mut levels[..count] {
            *level = Level { price: self.price(), qty: self.qty() };
        }
        let (bid, bid_qty) = (self.price(), self.qty());
        let quote = Quote { bid, bid_qty, ask: self.price(), ask_qty: self.qty() };
        let (id, aggressor) = (self.roll(), self.side());
        let trade = Trade { id, price: self.price(), qty: self.qty(), aggressor };
        let all = [
            MarketData::Quote(quote),
            MarketData::Trade(trade),
            MarketData::Mark(self.price()),
            MarketData::BookLost,
            MarketData::BookBegin,
            MarketData::BookDelta(BookDelta {
                side: self.side(),
                count: u8::try_from(count).unwrap(),
                levels,
            }),
            MarketData::BookEnd { update_id: self.roll() },
        ];
        MarketEvent {
            instrument: self.instrument(),
            sent_unix_ms: self.maybe(1_723_161_253_937),
            data: self.pick(&all),
        }
    }

    fn venue_order(&mut self) -> VenueOrder {
        VenueOrder {
            instrument: self.instrument(),
            order: OrderRef::Ours(self.id()),
            venue_order_id: self.roll(),
            side: self.side(),
            price: self.price(),
            qty: self.qty(),
            cum_qty: self.qty(),
            purpose: self.purpose(),
        }
    }

    fn reading_item(&mut self) -> ReadingItem {
        let (instrument, asset) = (self.instrument(), AssetId(self.byte()));
        let (mode, tiers) = (self.pick(&[MarginMode::Cross, MarginMode::Isolated]), self.byte());
        let tier = MarginTier {
            notional_max: self.cash(),
            maintenance_ppm: self.word(),
            leverage_max: self.word(),
        };
        let (available, balance, rate_e8) = (self.cash(), self.cash(), self.number());
        let all = [
            ReadingItem::Balance { asset, amount: self.cash() },
            ReadingItem::Position(VenuePosition {
                instrument,
                qty: self.qty(),
                entry: self.price(),
            }),
            ReadingItem::Order(self.venue_order()),
            ReadingItem::Wallet(WalletMargin { asset, available, balance }),
            ReadingItem::Instrument { instrument, leverage: self.word(), mode, tiers: Some(tiers) },
            ReadingItem::Tiers { first: tier, second: self.maybe(tier) },
            ReadingItem::Fees(FeeRates { instrument, maker_e8: rate_e8, taker_e8: self.number() }),
        ];
        self.pick(&all)
    }

    fn taken_over(&mut self) -> TakenOver {
        let (scope, trip, record) = (self.scope(), self.trip(), self.mode_record());
        let (strategy, instrument) = (StrategyId(self.byte()), self.instrument());
        let line = self.ledger_line();
        let all = [
            TakenOver::Mode { scope, record },
            TakenOver::Latch { scope, trip },
            TakenOver::Generation(self.word()),
            TakenOver::HighWater(HighWater { peak: self.cash() }),
            TakenOver::Day(DayMark { day: self.word(), opening: self.cash() }),
            TakenOver::Breaker(self.breaker()),
            TakenOver::Ledger { strategy, instrument, line },
            TakenOver::Attestation(Attestation::Given),
            TakenOver::Trades { instrument: self.instrument(), through_id: self.roll() },
        ];
        self.pick(&all)
    }

    /// What only a replay reads.
    pub(super) fn record_of_replay(&mut self, kind: u16, venue: VenueId) -> Record {
        match kind {
            140 => Record::Received(self.roll()),
            141 => Record::Timer,
            142 => Record::Market(MarketInput { age_ns: self.word(), event: self.market_event() }),
            143 => {
                let token = QueryToken(self.word());
                let all = [
                    AccountTold::QueryFailed { venue, token },
                    AccountTold::Balance(self.balance_change()),
                    AccountTold::MarginCall(venue),
                    AccountTold::Key(KeyFitness::Vouched),
                    AccountTold::TradesFailed(self.instrument()),
                    AccountTold::TradesRead(TradesRead {
                        instrument: self.instrument(),
                        from_id: self.maybe(7),
                        through_id: self.maybe(9),
                        is_all: true,
                    }),
                ];
                Record::Told(self.pick(&all))
            }
            144 => Record::Reference(self.reference()),
            145 => Record::Reading(ReadingHead {
                venue,
                token: QueryToken(self.word()),
                has_unnamed_assets: self.pick(&[false, true]),
                unnamed_positions: self.word(),
                has_margin: self.pick(&[false, true]),
                items: self.word(),
            }),
            146 => Record::ReadingItem(self.reading_item()),
            147 => Record::MarketGap,
            148 => Record::Checkpoint(Checkpoint {
                state: self.roll(),
                told: self.roll(),
                whole: self.pick(&[false, true]),
            }),
            149 => {
                let text: Text<192> = self.text();
                let pieces: Vec<Chunk> = Chunk::all(text.as_str()).collect();
                Record::ConfigText(pieces.first().copied().unwrap_or(Chunk::EMPTY))
            }
            150 => Record::Asset(self.text()),
            151 => Record::Instrument(ListedInstrument {
                id: self.instrument(),
                venue,
                symbol: self.text(),
                kind: self.pick(&[InstrumentKind::Spot, InstrumentKind::Perpetual]),
                base: AssetId(self.byte()),
                quote: AssetId(self.byte()),
                settle: AssetId(self.byte()),
                filters: self.filters(),
            }),
            152 => Record::TakenOver(self.taken_over()),
            153 => {
                let all = [MarketRecording::Full, MarketRecording::Quotes, MarketRecording::Off];
                Record::Begin(self.pick(&all))
            }
            _ => unreachable!("kind {kind} has no sample"),
        }
    }
}
