//! Trades that the venue's history tells and no stream did: taken in as the trades that they are,
//! once, and said aloud.
//!
//! Must hold: a trade moves a position once, whichever way it came first.
//!
//! Decision: one from before the first reading of the account moves nothing here and is not judged:
//! that reading has it in its position, and what a person or an earlier run did while this one was
//! down is no reason to trip. It is recorded and told all the same.

use super::Core;
use super::alert::{Alert, MissedTrade};
use super::effect::{Effect, Effects};
use super::orders::Applied;
use crate::types::{ExecutionKind, ExecutionReport, Fill, TradesRead};

impl Core {
    /// A trade of the venue's history.
    pub(super) fn on_found(
        &mut self,
        report: &ExecutionReport,
        fill: Fill,
        effects: &mut Effects,
    ) -> Option<Applied> {
        let instrument = report.instrument;
        let told = ExecutionReport { kind: ExecutionKind::Trade(fill), ..*report };
        if self.state.orders.is_told(&told) {
            return None;
        }
        self.counters.missed_trades += 1;
        let before = self.state.portfolio.position(instrument);
        let known = self.state.portfolio.is_known(self.state.venue_of(instrument));
        let applied = match known {
            true => self.on_told(&told, effects),
            false => {
                self.state.orders.is_fresh(&told);
                None
            }
        };
        let after = self.state.portfolio.position(instrument);
        effects.push(Effect::Alert(Alert::MissedTrade(MissedTrade {
            instrument,
            trade_id: fill.trade_id,
            known_id: self.state.trades.through_id(instrument).unwrap_or(0),
            qty: fill.side.signed(fill.qty),
            positions: known.then_some((before, after)),
        })));
        applied
    }

    /// All of an answer has been told.
    pub(super) fn on_trades_read(&mut self, read: &TradesRead, effects: &mut Effects) {
        let (instrument, now_ns) = (read.instrument, self.state.now.mono_ns);
        if !self.state.trades.on_read(read, now_ns) {
            self.state.see_trades(instrument);
            return;
        }
        match (read.from_id, read.through_id) {
            (_, Some(through_id)) => {
                self.state.orders.know_trades(instrument, through_id);
                effects.push(Effect::TradesKnown { instrument, through_id });
            }
            (Some(known_id), None) => {
                self.state.orders.forget_trades(instrument);
                effects.push(Effect::Alert(Alert::HistoryLost { instrument, known_id }));
            }
            (None, None) => {}
        }
        self.state.see_trades(instrument);
    }
}
