//! The fee of each trade against the rate that the venue names for this account (SAFETY T12).
//!
//! Must hold: what cannot be compared is counted and said, and is never a mismatch: a rate that was
//! not told, and a fee in another asset than the instrument is settled in or, on spot, buys
//! (SAFETY E13).
//!
//! Decision: a fee in another asset is not valued and compared: the venue takes it at a discount
//! and at a price of its own, so that every honest one would differ by more than any tolerance.

use super::Core;
use super::alert::{Alert, FeeFault};
use super::effect::{Effect, Effects};
use crate::types::{
    AccountMargin, Cash, FeeRates, Fill, Instrument, InstrumentId, InstrumentKind, PPM, Price,
};
use std::mem::discriminant;

/// What the venue charges, and what has been said of it, by instrument.
#[derive(Debug)]
pub(super) struct Fees {
    lines: Vec<Line>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Line {
    rates: Option<FeeRates>,
    /// Said since the last fee that was as expected.
    said: Option<FeeFault>,
}

impl Fees {
    pub(super) fn new(instruments: usize) -> Self {
        Self { lines: vec![Line::default(); instruments] }
    }

    /// What a reading of the account told. A rate that is not in it is as it was: the venue is
    /// asked after one at a time.
    pub(super) fn on_read(&mut self, margin: Option<&AccountMargin>) {
        for rates in margin.into_iter().flat_map(|margin| &margin.fees) {
            if let Some(line) = self.lines.get_mut(rates.instrument.index()) {
                line.rates = Some(*rates);
            }
        }
    }

    fn rates(&self, instrument: InstrumentId) -> Option<FeeRates> {
        self.lines.get(instrument.index())?.rates
    }

    /// True for what has not been said yet: each kind once, until a fee is as expected.
    fn is_news(&mut self, instrument: InstrumentId, verdict: Result<(), FeeFault>) -> bool {
        let Some(line) = self.lines.get_mut(instrument.index()) else { return false };
        let before = std::mem::replace(&mut line.said, verdict.err());
        let kind = |fault: FeeFault| discriminant(&fault);
        verdict.is_err() && before.map(kind) != verdict.err().map(kind)
    }
}

impl Core {
    /// A trade of an order of ours: says so when its fee is not the one to expect.
    pub(super) fn watch_fee(
        &mut self,
        instrument: InstrumentId,
        fill: &Fill,
        effects: &mut Effects,
    ) {
        let Some(tolerance_centi_bps) = self.kernel.limits().fee_tolerance_centi_bps else {
            return;
        };
        let rates = self.fees.rates(instrument);
        let traded = &self.state.instruments[instrument.index()];
        let verdict = judge(rates, traded, fill, tolerance_centi_bps);
        match verdict {
            Err(FeeFault::Differs { .. }) => self.counters.fee_mismatches += 1,
            Err(FeeFault::RateUnknown | FeeFault::OtherAsset) => self.counters.fees_unchecked += 1,
            Ok(()) => {}
        }
        let is_news = self.fees.is_news(instrument, verdict);
        if let (true, Err(fault)) = (is_news, verdict) {
            effects.push(Effect::Alert(Alert::Fee { instrument, fault }));
        }
    }
}

/// Is the fee what the rate makes of the notional, to within the tolerance, either way?
fn judge(
    rates: Option<FeeRates>,
    instrument: &Instrument,
    fill: &Fill,
    tolerance_centi_bps: u32,
) -> Result<(), FeeFault> {
    let rates = rates.ok_or(FeeFault::RateUnknown)?;
    let fee = fill.fee.ok_or(FeeFault::OtherAsset)?;
    let is_spot = instrument.kind == InstrumentKind::Spot;
    // What was traded, in the asset that the fee was taken in.
    let notional = match fee.asset {
        asset if asset == instrument.settle => fill.price.notional(fill.qty),
        asset if is_spot && asset == instrument.base => Price::whole(1).notional(fill.qty),
        _ => return Err(FeeFault::OtherAsset),
    };
    let paid = fee.amount;
    let expected = rates.fee(fill.liquidity, notional).ok_or(FeeFault::RateUnknown)?;
    let apart = paid.saturating_sub(expected).abs();
    let borne = notional.checked_ratio(tolerance_centi_bps.into(), PPM).unwrap_or(Cash::ZERO);
    if apart <= borne { Ok(()) } else { Err(FeeFault::Differs { paid, expected }) }
}
