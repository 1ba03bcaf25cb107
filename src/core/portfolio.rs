//! Positions and ledgers, and the equity that follows from them.
//!
//! Ledgers are per asset (SAFETY E13). A perpetual's ledger is kept as cash flow: a buy lowers the
//! settlement asset by price × quantity, and equity is the ledger plus position × mark. This needs
//! no average entry price, so nothing is rounded but the product itself.
//!
//! A pair of spot has no position beside its base's ledger: what is held of the base, free and
//! locked, is the position. A fee that is taken in the base lowers both, because they are one.
//!
//! Must hold: what is not known is `None`, never zero: no equity before the venue has told the
//! balances, none while a position has no fresh mark or an asset no valuation (DESIGN idea 4).
//! Longs are marked at the bid and shorts at the ask: what we could get, not what we hope.
//! The value of positions is kept per change, so equity costs the same with many instruments.

mod spot;

use super::attribution::{Attribution, Owner};
use super::digest::Digest;
use super::ledger::{LedgerLine, Marks};
use super::reconcile::Finding;
use super::safety::Valuation as Worth;
use super::setup::Valuation;
use super::suspense::Suspense;
use crate::types::{
    AccountSnapshot, AssetId, BalanceCause, BalanceChange, Cash, Fill, Instrument, InstrumentId,
    InstrumentKind, Liquidity, Price, Qty, Quote, Side, StrategyId, VenueId,
};

/// The high-water mark of equity, scaled with every transfer so that money coming in or going out
/// is neither gain nor loss (SAFETY E6).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct HighWater {
    /// Highest equity, in reporting currency.
    pub peak: Cash,
}

/// The smallest quantity that there is.
const STEP: Qty = Qty::from_units(1);

/// What the account holds and what it is worth.
#[derive(Debug)]
pub(super) struct Portfolio {
    valuations: Vec<Valuation>,
    /// By asset; meaningless until `known`.
    ledgers: Vec<Cash>,
    /// Value of open positions by settlement asset.
    open_values: Vec<Cash>,
    holdings: Vec<Holding>,
    /// Positions that have no value because they have no fresh mark.
    unmarked: u32,
    /// Positions that are not flat.
    open: u32,
    /// By venue: it has told, and every number fitted since.
    known: Vec<bool>,
    /// By venue: its account holds nothing that the configuration does not name.
    complete: Vec<bool>,
    attribution: Attribution,
    tally: Tally,
    /// Transfers that are not valued yet, by asset.
    moved: Vec<Cash>,
    transfers: Cash,
    suspense: Suspense,
    /// How often every open position has been quoted anew, and how many have been since.
    round: u64,
    in_round: u32,
}

/// What a trade left with whoever it was the doing of.
struct Moved {
    qty: Qty,
    /// `None` where it has no price.
    fee: Option<Cash>,
}

/// One instrument's position.
#[derive(Clone, Copy, Debug, Default)]
struct Holding {
    qty: Qty,
    mark: Option<Mark>,
    /// Position × mark; zero while `is_unmarked`.
    value: Cash,
    is_unmarked: bool,
    is_open: bool,
    /// The round of quotes that it was last quoted in while it was open.
    round: u64,
}

/// Prices at which a position is valued, and since when they are known.
#[derive(Clone, Copy, Debug)]
struct Mark {
    bid: Price,
    ask: Price,
    received_ns: u64,
}

/// Counts for the summary.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Tally {
    /// Trades of ours.
    pub fills: u64,
    /// Of these, where we stood there first.
    pub maker_fills: u64,
    /// Price × quantity of all of them, in settlement assets taken as one.
    pub turnover: Cash,
    /// Fees less rebates, in the assets they were taken in taken as one.
    pub fees: Cash,
}

impl Portfolio {
    pub(super) fn new(
        shared: Vec<bool>,
        strategies: usize,
        venues: usize,
        valuations: Vec<Valuation>,
    ) -> Self {
        let (assets, instruments) = (valuations.len(), shared.len());
        Self {
            valuations,
            ledgers: vec![Cash::ZERO; assets],
            open_values: vec![Cash::ZERO; assets],
            holdings: vec![Holding::default(); instruments],
            unmarked: 0,
            open: 0,
            known: vec![false; venues],
            complete: vec![false; venues],
            attribution: Attribution::new(shared, strategies),
            tally: Tally::default(),
            moved: vec![Cash::ZERO; assets],
            transfers: Cash::ZERO,
            suspense: Suspense::new(assets),
            round: 0,
            in_round: 0,
        }
    }

    /// Every asset that the configuration names.
    pub(super) fn assets(&self) -> impl Iterator<Item = AssetId> + use<> {
        (0..=u8::MAX).map(AssetId).take(self.ledgers.len())
    }

    /// Signed position of the account.
    pub(super) fn position(&self, instrument: InstrumentId) -> Qty {
        self.holdings[instrument.index()].qty
    }

    /// Signed positions that are one strategy's doing, by instrument.
    pub(super) fn attributed(&self, strategy: StrategyId) -> &[Qty] {
        self.attribution.positions(strategy)
    }

    /// Whose doing positions are.
    pub(super) fn attribution(&self) -> &Attribution {
        &self.attribution
    }

    /// What an earlier run left of one strategy.
    pub(super) fn restore(&mut self, strategy: StrategyId, of: InstrumentId, line: LedgerLine) {
        self.attribution.restore(strategy, of, line);
    }

    /// A line of a strategy's ledger that must be kept.
    pub(super) fn take_moved(&mut self) -> Option<(StrategyId, InstrumentId, LedgerLine)> {
        self.attribution.take_moved()
    }

    /// A flatten left the account flat: nobody goes on as if he held something.
    pub(super) fn on_flattened(&mut self, of: InstrumentId) {
        self.attribution.on_flat(of);
    }

    /// Every asset that is held at one venue. The same name at two venues is two assets: what is at
    /// one does not pay for what is bought at the other.
    pub(super) fn assets_at<'a>(
        &self,
        venue: VenueId,
        instruments: &'a [Instrument],
    ) -> impl Iterator<Item = AssetId> + use<'a> {
        self.assets().filter(move |asset| {
            let mut there = instruments.iter().filter(|instrument| instrument.venue == venue);
            there.any(|it| [it.base, it.quote, it.settle].contains(asset))
        })
    }

    /// True once the venue has told, and as long as every number fitted since.
    pub(super) fn is_known(&self, venue: VenueId) -> bool {
        self.known[venue.index()]
    }

    /// Profit less loss of each strategy's own ledger.
    pub(super) fn profits(&self) -> impl Iterator<Item = Option<Cash>> + '_ {
        self.attribution.profits()
    }

    pub(super) fn tally(&self) -> &Tally {
        &self.tally
    }

    /// What came in less what went out since the start, in reporting currency.
    pub(super) fn transfers(&self) -> Cash {
        self.transfers
    }

    /// A trade, of which `unsettled` is not accounted for yet: the rest came with a reading of the
    /// account. `owner` is whose order it was (SAFETY E9). Says the profit of the strategy's round
    /// trip that it ends.
    pub(super) fn on_fill(
        &mut self,
        instrument: &Instrument,
        fill: &Fill,
        unsettled: Qty,
        owner: Owner,
    ) -> Option<Cash> {
        self.count(fill);
        if unsettled == Qty::ZERO {
            return None;
        }
        self.settle(instrument, fill, unsettled);
        let fee = fill.fee.filter(|_| unsettled == fill.qty);
        let Moved { qty, fee } = match instrument.kind {
            InstrumentKind::Spot => self.on_spot_fill(instrument, fill, unsettled, fee),
            InstrumentKind::Perpetual => {
                let fee = fee.map_or(Some(Cash::ZERO), |fee| self.worth(fee.asset, fee.amount));
                Moved { qty: unsettled, fee }
            }
        };
        let marks = self.marks(instrument.id);
        self.attribution.on_fill(owner, instrument.id, fill, qty, fee, marks)
    }

    /// Part of the position turned out to be that strategy's doing, at `price` at worst.
    pub(super) fn on_missed(
        &mut self,
        strategy: StrategyId,
        of: InstrumentId,
        side: Side,
        qty: Qty,
        price: Price,
    ) {
        let marks = self.marks(of);
        self.attribution.on_missed(strategy, of, side, qty, price, marks);
    }

    fn count(&mut self, fill: &Fill) {
        let fee = fill.fee.map_or(Cash::ZERO, |fee| fee.amount);
        self.tally.fills += 1;
        self.tally.maker_fills += u64::from(fill.liquidity == Liquidity::Maker);
        self.tally.turnover =
            self.tally.turnover.saturating_add(fill.price.notional(fill.qty).abs());
        self.tally.fees = self.tally.fees.saturating_add(fee);
    }

    fn settle(&mut self, instrument: &Instrument, fill: &Fill, unsettled: Qty) {
        let signed = fill.side.signed(unsettled);
        let notional = fill.price.notional(signed);
        let flow = match instrument.kind {
            InstrumentKind::Perpetual => self
                .book(instrument.settle.index(), notional.negated())
                .and_then(|()| self.move_position(instrument, signed)),
            InstrumentKind::Spot => {
                self.book(instrument.quote.index(), notional.negated()).and_then(|()| {
                    self.book(instrument.base.index(), Price::whole(1).notional(signed))
                })
            }
        };
        let fee = fill.fee.filter(|_| unsettled == fill.qty);
        let fee = fee.map_or(Some(()), |fee| self.book(fee.asset.index(), fee.amount.negated()));
        if flow.and(fee).is_none() {
            self.known[instrument.venue.index()] = false;
        }
    }

    /// A wallet changed without a trade. What a reading found before it was told is in the ledger
    /// already (`suspense.rs`).
    pub(super) fn on_balance(&mut self, change: &BalanceChange) {
        let &BalanceChange { venue, asset, amount, cause } = change;
        let explained = self.suspense.explain(asset, amount);
        let booked = amount.saturating_sub(explained);
        if self.book(asset.index(), booked).is_none() {
            self.known[venue.index()] = false;
        }
        if cause == BalanceCause::Transfer {
            self.suspense.on_transfer(asset, booked);
            self.transfer(asset, amount);
        }
    }

    fn transfer(&mut self, asset: AssetId, amount: Cash) {
        if let Some(moved) = self.moved.get_mut(asset.index()) {
            *moved = moved.saturating_add(amount);
        }
    }

    /// Says what nobody explained in time, by asset: it counts as profit or loss from here on.
    pub(super) fn on_time(&mut self, now_ns: u64, mut tell: impl FnMut(AssetId, Cash)) {
        if !self.suspense.is_due(now_ns) {
            return;
        }
        for asset in self.assets() {
            let amount = self.suspense.of(asset.index());
            if amount != Cash::ZERO {
                tell(asset, amount);
            }
        }
        self.suspense.release();
    }

    /// What all of it is worth, and how much of that came by transfers since it was last known.
    pub(super) fn value_up(&mut self) -> Worth {
        let equity = self.equity();
        let moved = equity.and_then(|_| self.moved_value());
        if let Some(moved) = moved
            && moved != Cash::ZERO
        {
            self.moved.fill(Cash::ZERO);
            self.transfers = self.transfers.saturating_add(moved);
        }
        Worth {
            equity: moved.and(equity),
            moved: moved.unwrap_or(Cash::ZERO),
            exposed: 0 < self.open,
            round: self.round,
            unproven: !self.suspense.is_empty(),
        }
    }

    fn moved_value(&self) -> Option<Cash> {
        let all = self.moved.iter().zip(&self.valuations);
        let mut all = all.filter(|(moved, _)| **moved != Cash::ZERO);
        all.try_fold(Cash::ZERO, |sum, (moved, valuation)| {
            sum.checked_add(self.in_reporting(*moved, *valuation)?)
        })
    }

    /// New best prices of one instrument.
    pub(super) fn on_quote(&mut self, instrument: &Instrument, quote: &Quote, received_ns: u64) {
        let mark = quote.is_sound().then_some(Mark { bid: quote.bid, ask: quote.ask, received_ns });
        self.mark(instrument, mark);
    }

    /// What the venue itself values one instrument at, above zero.
    pub(super) fn on_mark(&mut self, instrument: &Instrument, price: Price, received_ns: u64) {
        self.mark(instrument, Some(Mark { bid: price, ask: price, received_ns }));
    }

    fn mark(&mut self, instrument: &Instrument, mark: Option<Mark>) {
        self.holdings[instrument.id.index()].mark = mark;
        self.value(instrument);
        self.on_quoted(instrument.id);
        self.attribution.on_marks(instrument.id, self.marks(instrument.id));
    }

    /// An open position was quoted anew. When all have been, the next round begins.
    fn on_quoted(&mut self, instrument: InstrumentId) {
        let holding = &mut self.holdings[instrument.index()];
        if holding.is_open && holding.mark.is_some() && holding.round <= self.round {
            holding.round = self.round + 1;
            self.in_round += 1;
        }
        self.end_round();
    }

    fn end_round(&mut self) {
        if 0 < self.in_round && self.in_round == self.open {
            self.round += 1;
            self.in_round = 0;
        }
    }

    /// Forgets marks that are too old. Called with the timer, so that a quiet instrument does not
    /// keep its last price for ever.
    pub(super) fn forget_stale(
        &mut self,
        instruments: &[Instrument],
        now_ns: u64,
        age_ns_max: u64,
    ) {
        for instrument in instruments {
            let holding = &mut self.holdings[instrument.id.index()];
            let stale = holding
                .mark
                .is_some_and(|mark| age_ns_max < now_ns.saturating_sub(mark.received_ns));
            if stale {
                holding.mark = None;
                self.value(instrument);
                self.attribution.on_marks(instrument.id, None);
            }
        }
    }

    /// Wallet that our own records lead to, given the venue's entry prices: what its balance is
    /// compared with.
    pub(super) fn expected_balance(
        &self,
        asset: usize,
        snapshot: &AccountSnapshot,
        instruments: &[Instrument],
    ) -> Option<Cash> {
        let mut expected = *self.ledgers.get(asset)?;
        for position in &snapshot.positions {
            let instrument = &instruments[position.instrument.index()];
            if instrument.kind == InstrumentKind::Perpetual && instrument.settle.index() == asset {
                let qty = self.position(position.instrument);
                expected = expected.checked_add(position.entry.notional(qty))?;
            }
        }
        self.is_known(snapshot.venue).then_some(expected)
    }

    /// Whether a reading names everything that the account holds: if not, equity is unknown (D17).
    pub(super) fn set_complete(&mut self, snapshot: &AccountSnapshot) {
        let complete = !snapshot.has_unnamed_assets && snapshot.unnamed_positions == 0;
        self.complete[snapshot.venue.index()] = complete;
    }

    /// True when a wallet `amount` above what was told is one whose transfer was told twice.
    pub(super) fn takes_back(&self, asset: AssetId, amount: Cash) -> bool {
        self.suspense.takes_back(asset, amount)
    }

    /// Wallets differ from what was told and nothing else does: whose money that is has to show.
    /// Where positions differ too, trades are missing, and what they brought is profit or loss.
    /// On spot a position is a wallet: nothing tells a missing trade from money that came or went.
    fn suspend(
        &mut self,
        venue: VenueId,
        instruments: &[Instrument],
        findings: &[Finding],
        now_ns: u64,
    ) {
        let is_position = |finding: &Finding| {
            let Finding::Position { instrument, .. } = finding else { return false };
            instruments[instrument.index()].kind == InstrumentKind::Perpetual
        };
        if !self.is_known(venue) || findings.iter().any(is_position) {
            return;
        }
        for finding in findings {
            if let Finding::Balance { asset, ours, venue } = finding {
                let found = venue.saturating_sub(*ours);
                let taken_back = self.suspense.find(*asset, found, now_ns);
                self.transfer(*asset, taken_back);
            }
        }
    }

    /// Makes the venue's account ours.
    pub(super) fn adopt(
        &mut self,
        snapshot: &AccountSnapshot,
        instruments: &[Instrument],
        findings: &[Finding],
        now_ns: u64,
    ) {
        let venue = snapshot.venue;
        self.suspend(venue, instruments, findings, now_ns);
        for asset in self.assets_at(venue, instruments) {
            self.ledgers[asset.index()] = Cash::ZERO;
        }
        let is_first = !std::mem::replace(&mut self.known[venue.index()], true);
        for (asset, balance) in &snapshot.balances {
            match self.ledgers.get_mut(asset.index()) {
                Some(ledger) => *ledger = *balance,
                None => self.known[venue.index()] = false,
            }
        }
        for instrument in instruments.iter().filter(|instrument| instrument.venue == venue) {
            let held = snapshot.positions.iter().find(|held| held.instrument == instrument.id);
            let qty = match instrument.kind {
                InstrumentKind::Perpetual => held.map_or(Qty::ZERO, |held| held.qty),
                InstrumentKind::Spot => self.held_of_base(instrument).unwrap_or_default(),
            };
            if let (Some(held), InstrumentKind::Perpetual) = (held, instrument.kind) {
                let cost = held.entry.notional(held.qty);
                if self.book(instrument.settle.index(), cost.negated()).is_none() {
                    self.known[venue.index()] = false;
                }
            }
            let ours = std::mem::replace(&mut self.holdings[instrument.id.index()].qty, qty);
            if qty != ours || is_first {
                self.attribution.on_adopted(instrument.id, ours, qty);
            }
            self.value(instrument);
        }
    }

    /// A reading of a venue has been taken for what we believe.
    pub(super) fn on_read(&mut self, venue: VenueId, instruments: &[Instrument]) {
        let assets = self.assets_at(venue, instruments);
        assets.for_each(|asset| self.suspense.on_read(asset));
    }

    fn marks(&self, instrument: InstrumentId) -> Marks {
        self.holdings[instrument.index()].mark.map(|mark| (mark.bid, mark.ask))
    }

    /// What one asset of a venue is worth: the wallet and the open profit and loss of what settles
    /// in it. What nobody has explained yet is in it: the venue counts it too.
    pub(super) fn worth_in(&self, venue: VenueId, asset: AssetId) -> Option<Cash> {
        let known = *self.known.get(venue.index())? && self.unmarked == 0;
        let at = asset.index();
        let held = self.ledgers.get(at)?.checked_add(*self.open_values.get(at)?);
        held.filter(|_| known)
    }

    /// Equity in reporting currency, without what nobody has explained yet.
    pub(super) fn equity(&self) -> Option<Cash> {
        let all =
            self.known.iter().zip(&self.complete).all(|(known, complete)| *known && *complete);
        if !all || 0 < self.unmarked {
            return None;
        }
        let mut equity = Cash::ZERO;
        for (asset, valuation) in self.valuations.iter().enumerate() {
            let held = self.ledgers[asset].checked_sub(self.suspense.of(asset))?;
            let amount = held.checked_add(self.open_values[asset])?;
            equity = equity.checked_add(self.in_reporting(amount, *valuation)?)?;
        }
        Some(equity)
    }

    /// Its part of the state digest.
    pub(super) fn digest(&self, digest: Digest) -> Digest {
        let qtys = self.holdings.iter().map(|holding| holding.qty);
        let qtys = qtys.chain(self.attribution.all());
        let digest = qtys.fold(digest, |digest, qty| digest.with(qty.units()));
        let cash = self.ledgers.iter().chain([&self.tally.fees]);
        let digest = cash.fold(digest, |digest, cash| digest.with_wide(cash.units()));
        digest.with_count(self.tally.fills)
    }

    /// What an amount of an asset is worth in reporting currency.
    pub(super) fn worth(&self, asset: AssetId, amount: Cash) -> Option<Cash> {
        self.in_reporting(amount, *self.valuations.get(asset.index())?)
    }

    fn in_reporting(&self, amount: Cash, valuation: Valuation) -> Option<Cash> {
        if amount == Cash::ZERO {
            return Some(Cash::ZERO);
        }
        match valuation {
            Valuation::Reporting => Some(amount),
            Valuation::By(instrument) => {
                let mark = self.holdings[instrument.index()].mark?;
                let price = if amount < Cash::ZERO { mark.ask } else { mark.bid };
                amount.checked_ratio(price.units().into(), crate::types::SCALE.into())
            }
            Valuation::Nothing => None,
        }
    }

    fn book(&mut self, asset: usize, amount: Cash) -> Option<()> {
        let ledger = self.ledgers.get_mut(asset)?;
        *ledger = ledger.checked_add(amount)?;
        Some(())
    }

    fn move_position(&mut self, instrument: &Instrument, signed: Qty) -> Option<()> {
        let holding = &mut self.holdings[instrument.id.index()];
        holding.qty = holding.qty.checked_add(signed)?;
        self.value(instrument);
        Some(())
    }

    /// Keeps the sum of values and the count of unmarked positions when one instrument changed.
    fn value(&mut self, instrument: &Instrument) {
        let holding = &mut self.holdings[instrument.id.index()];
        let value = match (instrument.kind, holding.qty.cmp(&Qty::ZERO), holding.mark) {
            (InstrumentKind::Spot, _, _) | (_, std::cmp::Ordering::Equal, _) => Some(Cash::ZERO),
            (_, std::cmp::Ordering::Greater, Some(mark)) => Some(mark.bid.notional(holding.qty)),
            (_, std::cmp::Ordering::Less, Some(mark)) => Some(mark.ask.notional(holding.qty)),
            (_, _, None) => None,
        };
        let sum = &mut self.open_values[instrument.settle.index()];
        *sum = sum.saturating_sub(holding.value).saturating_add(value.unwrap_or(Cash::ZERO));
        self.unmarked = self.unmarked - u32::from(holding.is_unmarked) + u32::from(value.is_none());
        holding.is_unmarked = value.is_none();
        let is_open = match instrument.kind {
            InstrumentKind::Perpetual => holding.qty != Qty::ZERO,
            // Less than the venue takes is no position that anybody could close.
            InstrumentKind::Spot => instrument.filters.qty_min.max(STEP) <= holding.qty,
        };
        self.open = self.open - u32::from(holding.is_open) + u32::from(is_open);
        holding.is_open = is_open;
        holding.value = value.unwrap_or(Cash::ZERO);
        if !is_open && self.round < holding.round {
            holding.round = 0;
            self.in_round -= 1;
        }
        self.end_round();
    }
}
