//! Positions of spot: what the account holds of a base, which is a ledger like any other.
//!
//! Must hold: a position is never anything else than its base's ledger; what a strategy traded is
//! its own doing, net of what the venue kept of the base as its fee; what moved otherwise is
//! nobody's.

use super::{Moved, Portfolio};
use crate::types::{Cash, Fee, Fill, Instrument, InstrumentKind, Qty};

impl Portfolio {
    /// A trade that the ledgers know already, and of which `unsettled` moved them: the position
    /// goes with its ledger. A fee that was taken in the base costs what that would have cost.
    pub(super) fn on_spot_fill(
        &mut self,
        instrument: &Instrument,
        fill: &Fill,
        unsettled: Qty,
        fee: Option<Fee>,
    ) -> Moved {
        let (in_base, fee) = match fee {
            None => (Qty::ZERO, Some(Cash::ZERO)),
            Some(fee) if fee.asset == instrument.base => {
                let kept = fee.amount.as_qty().unwrap_or_default();
                (kept, self.worth(instrument.quote, fill.price.notional(kept)))
            }
            Some(fee) => (Qty::ZERO, self.worth(fee.asset, fee.amount)),
        };
        let qty = unsettled.saturating_sub(fill.side.signed(in_base));
        let holding = &mut self.holdings[instrument.id.index()];
        holding.qty = holding.qty.saturating_add(fill.side.signed(qty));
        self.value(instrument);
        Moved { qty, fee }
    }

    /// Ledgers of bases may have moved by something else than a trade of their own pair: money
    /// that came or went, a fee that another pair's trade took in them.
    pub(in crate::core) fn follow_ledgers(&mut self, instruments: &[Instrument]) {
        for instrument in instruments.iter().filter(|it| it.kind == InstrumentKind::Spot) {
            let (id, venue) = (instrument.id, instrument.venue);
            if !self.is_known(venue) {
                continue;
            }
            let Some(held) = self.held_of_base(instrument) else {
                self.known[venue.index()] = false;
                continue;
            };
            let believed = self.position(id);
            if held != believed {
                self.holdings[id.index()].qty = held;
                self.value(instrument);
                self.attribution.on_adopted(id, believed, held);
            }
        }
    }

    /// All of the base that its ledger holds; `None` where that is no quantity.
    pub(super) fn held_of_base(&self, instrument: &Instrument) -> Option<Qty> {
        self.ledgers.get(instrument.base.index())?.as_qty()
    }

    /// What an asset's ledger holds; `None` while nobody told.
    pub(in crate::core) fn held(&self, instrument: &Instrument, asset: usize) -> Option<Cash> {
        self.ledgers.get(asset).copied().filter(|_| self.is_known(instrument.venue))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::attribution::Owner;
    use crate::core::setup::Valuation;
    use crate::types::{
        AccountSnapshot, AssetId, BalanceCause, BalanceChange, Filters, InstrumentId, Liquidity,
        Price, QueryToken, Quote, Side, StrategyId, VenueId,
    };
    use proptest::prelude::*;

    const USDT: AssetId = AssetId(0);
    const BTC: AssetId = AssetId(1);
    const BNB: AssetId = AssetId(2);
    const VENUE: VenueId = VenueId(0);
    const MAKER: StrategyId = StrategyId(0);

    /// BTC and BNB against USDT, in lots of a tenth.
    fn pairs() -> [Instrument; 2] {
        [(0, BTC), (1, BNB)].map(|(id, base)| Instrument {
            id: InstrumentId(id),
            venue: VENUE,
            symbol: String::new(),
            kind: InstrumentKind::Spot,
            base,
            quote: USDT,
            settle: USDT,
            filters: Filters {
                qty_step: Qty::from_units(10_000_000),
                qty_min: Qty::from_units(10_000_000),
                ..Filters::whole()
            },
        })
    }

    fn told(balances: &[(AssetId, i32)]) -> AccountSnapshot {
        AccountSnapshot {
            venue: VENUE,
            token: QueryToken(1),
            balances: balances.iter().map(|(asset, held)| (*asset, Cash::whole(*held))).collect(),
            has_unnamed_assets: false,
            positions: Vec::new(),
            unnamed_positions: 0,
            open_orders: Vec::new(),
            margin: None,
        }
    }

    /// 1,000 USDT, so many BTC, and 10 BNB; everything at 100.
    fn portfolio(btc: i32) -> Portfolio {
        let by = |id| Valuation::By(InstrumentId(id));
        let valuations = vec![Valuation::Reporting, by(0), by(1)];
        let mut portfolio = Portfolio::new(vec![false; 2], 1, 1, valuations);
        let snapshot = told(&[(USDT, 1_000), (BTC, btc), (BNB, 10)]);
        portfolio.set_complete(&snapshot);
        portfolio.adopt(&snapshot, &pairs(), &[], 0);
        for instrument in &pairs() {
            let (bid, ask) = (Price::whole(100), Price::whole(101));
            let (bid_qty, ask_qty) = (Qty::whole(1), Qty::whole(1));
            portfolio.on_quote(instrument, &Quote { bid, bid_qty, ask, ask_qty }, 0);
        }
        portfolio
    }

    fn fill(side: Side, qty: Qty, fee: Option<(AssetId, i128)>) -> Fill {
        let fee = fee.map(|(asset, units)| Fee { asset, amount: Cash::from_units(units) });
        let (price, liquidity) = (Price::whole(100), Liquidity::Taker);
        Fill { trade_id: 1, side, price, qty, cum_qty: qty, fee, liquidity }
    }

    fn trade(portfolio: &mut Portfolio, fill: &Fill) {
        portfolio.on_fill(&pairs()[0], fill, fill.qty, Owner::Strategy(MAKER));
        portfolio.follow_ledgers(&pairs());
    }

    fn held(portfolio: &Portfolio) -> (Qty, Qty) {
        (portfolio.position(InstrumentId(0)), portfolio.attributed(MAKER)[0])
    }

    #[test]
    fn a_position_is_what_the_account_holds_of_the_base() {
        assert_eq!(held(&portfolio(3)), (Qty::whole(3), Qty::ZERO), "nobody's doing");
        assert_eq!(portfolio(3).equity(), Some(Cash::whole(2_300)));
    }

    #[test]
    fn a_fee_in_the_base_is_not_held_by_anybody() {
        let mut spot = portfolio(3);
        trade(&mut spot, &fill(Side::Buy, Qty::whole(1), Some((BTC, 100_000))));
        let net = Qty::from_units(99_900_000);
        assert_eq!(held(&spot), (Qty::whole(3).saturating_add(net), net));
        // Bought at 100 what is worth 99.9.
        assert_eq!(spot.equity(), Some(Cash::from_units(229_990_000_000)));
        assert_eq!(spot.profits().next().unwrap(), Some(Cash::from_units(-10_000_000)));
        let line = spot.attribution().line(MAKER, InstrumentId(0));
        assert_eq!(line.fees, Cash::from_units(10_000_000));
    }

    #[test]
    fn a_fee_in_the_quote_or_in_a_third_asset_moves_that_ledger_alone() {
        let mut spot = portfolio(3);
        trade(&mut spot, &fill(Side::Sell, Qty::whole(1), Some((USDT, 10_000_000))));
        assert_eq!(held(&spot), (Qty::whole(2), Qty::whole(-1)));
        trade(&mut spot, &fill(Side::Buy, Qty::whole(1), Some((BNB, 100_000))));
        assert_eq!(held(&spot), (Qty::whole(3), Qty::ZERO));
        assert_eq!(spot.position(InstrumentId(1)), Qty::from_units(999_900_000), "paid in BNB");
    }

    #[test]
    fn money_that_comes_moves_the_position_and_is_nobodys_doing() {
        let mut spot = portfolio(0);
        let (amount, cause) = (Cash::whole(2), BalanceCause::Transfer);
        spot.on_balance(&BalanceChange { venue: VENUE, asset: BTC, amount, cause });
        spot.follow_ledgers(&pairs());
        assert_eq!(held(&spot), (Qty::whole(2), Qty::ZERO));
    }

    #[test]
    fn what_is_less_than_a_lot_is_no_open_position() {
        let mut spot = portfolio(0);
        let bnb = u32::from(true);
        assert_eq!(spot.open, bnb);
        for (units, open) in [(9_999_999, bnb), (1, bnb + 1), (-1, bnb)] {
            let (side, qty) = (Side::Buy, Qty::from_units(units).abs());
            let side = if units < 0 { side.opposite() } else { side };
            trade(&mut spot, &fill(side, qty, None));
            assert_eq!(spot.open, open, "{units}");
        }
    }

    /// A missing trade moves two wallets, and on spot one of them is the position: nobody is told a
    /// gain or a loss before it has had time to be explained.
    #[test]
    fn a_wallet_that_differs_waits_for_a_word_also_where_it_is_a_position() {
        use crate::core::reconcile::Finding;
        let mut spot = portfolio(0);
        let snapshot = told(&[(USDT, 1_000), (BTC, 1), (BNB, 10)]);
        let instrument = InstrumentId(0);
        let (ours, venue) = (Cash::ZERO, Cash::whole(1));
        let position = Finding::Position { instrument, ours: Qty::ZERO, venue: Qty::whole(1) };
        let findings = [position, Finding::Balance { asset: BTC, ours, venue }];
        let before = spot.equity();
        spot.adopt(&snapshot, &pairs(), &findings, 0);
        assert_eq!((held(&spot).0, spot.equity()), (Qty::whole(1), before));
        assert!(spot.value_up().unproven);
    }

    proptest! {
        /// Whatever is traded and however it is paid: position and ledger are one, and what is
        /// nobody's and the strategy's add up to it.
        #[test]
        fn a_position_is_always_its_ledger(
            trades in proptest::collection::vec(
                (any::<bool>(), 1_i64..900, 0_u8..4, 0_i128..9),
                0..60,
            ),
        ) {
            let mut spot = portfolio(100);
            for (buys, qty, paid_in, fee) in trades {
                let side = if buys { Side::Buy } else { Side::Sell };
                let fee = [USDT, BTC, BNB].get(usize::from(paid_in)).map(|asset| (*asset, fee));
                trade(&mut spot, &fill(side, Qty::from_units(qty), fee));
                for instrument in &pairs() {
                    let position = spot.position(instrument.id);
                    prop_assert_eq!(Some(position), spot.held_of_base(instrument));
                    let attribution = spot.attribution();
                    let nobodys = attribution.unattributed(instrument.id);
                    let own = attribution.line(MAKER, instrument.id).position;
                    prop_assert_eq!(nobodys.saturating_add(own), position);
                }
            }
        }
    }
}
