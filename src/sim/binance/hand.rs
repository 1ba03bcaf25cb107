//! What a test's hand does inside the exchange: it makes orders trade, and the market.
//!
//! Must hold: what it makes happen is told as anything else is.

use super::desk::{Desk, Dialect};
use crate::sim::matching::Part;
use crate::sim::order::{ClientText, OrderKey};
use crate::types::{InstrumentId, MarketData, MarketEvent, Qty, Trade};

impl<D: Dialect> Desk<D> {
    /// Trades a resting order of the account with that key, at its own price. Nothing where there
    /// is no such order.
    pub(super) fn trade_resting(
        &mut self,
        now_unix_ms: u64,
        key: &str,
        symbol: &str,
        client_id: &str,
        part: Part,
    ) {
        let Ok((account, _)) = self.members.by_key(Some(key)) else { return };
        let Ok(client) = ClientText::parse(client_id.as_bytes()) else { return };
        let Some(instrument) = self.listed(symbol) else { return };
        let (order, reports) = (OrderKey::Client(client), &mut self.reports);
        self.exchange.trade_resting(now_unix_ms, account, instrument, order, part, reports);
        self.tell(now_unix_ms);
    }

    /// The market trades: `trade` under the number after the last one, which is answered. `None`
    /// where nobody lists that symbol.
    pub(super) fn trade_market(
        &mut self,
        now_unix_ms: u64,
        symbol: &str,
        trade: Trade,
    ) -> Option<u64> {
        let instrument = self.listed(symbol)?;
        let last = self.exchange.slot(instrument).and_then(|slot| self.tapes[slot].last());
        let id = last.map_or(0, |last| last.trade.id).saturating_add(1);
        let data = MarketData::Trade(Trade { id, ..trade });
        self.on_market(now_unix_ms, &MarketEvent { instrument, sent_unix_ms: None, data });
        Some(id)
    }

    /// The next order takes at most half of that quantity at once.
    pub(super) fn limit_next_take(&mut self, symbol: &str, qty: Qty) {
        let known = self.exchange.instruments().iter().find(|it| it.symbol == symbol);
        let Some(step) = known.map(|it| it.filters.qty_step) else { return };
        self.exchange.take_max = Some(Part::Half.of(qty, step));
    }

    fn listed(&self, symbol: &str) -> Option<InstrumentId> {
        let known = self.exchange.instruments().iter().find(|it| it.symbol == symbol);
        known.map(|it| it.id)
    }
}
