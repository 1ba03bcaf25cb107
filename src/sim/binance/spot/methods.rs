//! Methods of the order entry over WebSocket (Spot sheet, section 11): each is a path of REST by
//! another name, with the same parameters and the same weight.

use super::Spot;
use super::routes::{self, Private as P, Public, ROUTES};
use crate::sim::binance::desk::{ApiRequest, Desk};
use crate::sim::binance::fault::Fault;
use crate::sim::binance::http::Endpoint::{self, Keyed, Open, Signed};
use crate::sim::exchange::AccountIndex;
use serde_json::Value;

/// Request weight of a method about sessions and private events.
const SESSION_WEIGHT: u32 = 2;

const METHODS: [(&str, Endpoint<Public, P>); 26] = [
    ("ping", Open(Public::Ping)),
    ("time", Open(Public::Time)),
    ("exchangeInfo", Open(Public::ExchangeInfo)),
    ("depth", Open(Public::Depth)),
    ("ticker.book", Open(Public::BookTicker)),
    ("ticker.price", Open(Public::PriceTicker)),
    ("ticker.24hr", Open(Public::DayTicker)),
    ("avgPrice", Open(Public::AveragePrice)),
    ("trades.recent", Open(Public::Trades)),
    ("trades.aggregate", Open(Public::AggTrades)),
    ("klines", Open(Public::Candles)),
    ("order.place", Signed(P::Place)),
    ("order.test", Signed(P::Test)),
    ("order.status", Signed(P::Order)),
    ("order.cancel", Signed(P::Cancel)),
    ("order.cancelReplace", Signed(P::CancelReplace)),
    ("order.amend.keepPriority", Signed(P::Amend)),
    ("openOrders.status", Signed(P::OpenOrders)),
    ("openOrders.cancelAll", Signed(P::CancelAll)),
    ("allOrders", Signed(P::AllOrders)),
    ("myTrades", Signed(P::Trades)),
    ("account.status", Signed(P::Account)),
    ("account.rateLimits.orders", Signed(P::OrderLimits)),
    ("account.commission", Signed(P::Commission)),
    ("myFilters", Signed(P::Filters)),
    ("sor.order.place", Signed(P::Unsupported("SOR"))),
];

impl Desk<Spot> {
    pub(super) fn serve(
        &mut self,
        now_unix_ms: u64,
        asked: &ApiRequest<'_>,
        account: &mut Option<AccountIndex>,
    ) -> Result<Value, Fault> {
        let ApiRequest { connection, method, params } = *asked;
        let known = METHODS.iter().find(|(known, _)| *known == method);
        let Some((_, endpoint)) = known.copied() else {
            self.usage.spend(now_unix_ms, SESSION_WEIGHT)?;
            let answer = self.session_or_stream(now_unix_ms, connection, method, params);
            return answer.unwrap_or_else(|| Err(Fault::invalid("method")));
        };
        let route = ROUTES.iter().find(|(.., other)| *other == endpoint);
        let weight = route.map_or(1, |(_, _, weight, _)| *weight);
        self.usage.spend(now_unix_ms, routes::weight_of(endpoint, weight, params)?)?;
        let answer = match endpoint {
            Open(asked) => return self.public(now_unix_ms, asked, params),
            Keyed(asked) | Signed(asked) => {
                let owner = self.signed(now_unix_ms, connection, params);
                owner.and_then(|owner| {
                    *account = counts(asked).then_some(owner);
                    self.private(now_unix_ms, asked, owner, params)
                })
            }
        };
        if answer.is_err() {
            self.usage.add(now_unix_ms, routes::weight_of_refused(endpoint));
        }
        answer
    }
}

/// True for what is answered with how many orders the account has sent.
fn counts(asked: P) -> bool {
    matches!(asked, P::Place | P::CancelReplace | P::Amend)
}
