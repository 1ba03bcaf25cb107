//! Orders as the exchange knows them, and what it says about them.

use super::exchange::AccountIndex;
use super::reject::Reject;
use super::self_trade::SelfTrade;
use crate::types::{
    Cash, InstrumentId, Liquidity, OrderStatus, Price, Qty, Side, Text, TimeInForce,
};

/// A client order id that the venue accepts.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct ClientText(Text<36>);

impl ClientText {
    /// Checks `^[\.A-Z\:/a-z0-9_-]{1,36}$` (USDⓈ-M sheet, section 5).
    pub fn parse(text: &[u8]) -> Result<Self, Reject> {
        let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b".:/_-".contains(byte);
        let valid = (1..=36).contains(&text.len()) && text.iter().all(plain);
        let text = std::str::from_utf8(text).ok().filter(|_| valid);
        text.map(|text| Self(Text::new(text))).ok_or(Reject::ClientIdInvalid)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// What an account asks for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct OrderEntry {
    /// Of what.
    pub instrument: InstrumentId,
    /// Its id; the exchange makes one where the account gives none.
    pub client_id: Option<ClientText>,
    /// Which way.
    pub side: Side,
    /// Worst price; `None` is a market order.
    pub price: Option<Price>,
    /// How long it stands; a market order is over at once whatever it says.
    pub time_in_force: TimeInForce,
    /// How much; positive.
    pub qty: Qty,
    /// Never opens or turns a position.
    pub reduce_only: bool,
    /// When the exchange ends it by itself, milliseconds since the Unix epoch.
    pub good_till_unix_ms: Option<u64>,
    /// What is to happen if it meets an order of its own account.
    pub self_trade: SelfTrade,
    /// What a market order on Spot is to spend or bring where it names that instead of a quantity;
    /// zero where it does not.
    pub quote_qty: Cash,
}

/// By which name an order is asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OrderKey {
    /// The exchange's number.
    Id(u64),
    /// The account's id: the open order that has it, or else the newest closed one.
    Client(ClientText),
}

/// Where an order is in its life, as far as an exchange tells: a refused order was never there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum State {
    /// Open, nothing traded.
    New,
    /// Open, some traded.
    PartiallyFilled,
    /// All traded.
    Filled,
    /// Cancelled by the account or by its dead-man's switch.
    Canceled,
    /// Over by the exchange's rules.
    Expired(ExpiryReason),
}

impl State {
    /// In the words of the engine.
    pub fn status(self) -> OrderStatus {
        match self {
            Self::New => OrderStatus::New,
            Self::PartiallyFilled => OrderStatus::PartiallyFilled,
            Self::Filled => OrderStatus::Filled,
            Self::Canceled => OrderStatus::Canceled,
            Self::Expired(_) => OrderStatus::Expired,
        }
    }

    /// True while it can trade.
    pub fn is_open(self) -> bool {
        !self.status().is_final()
    }
}

/// Why an order expired.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ExpiryReason {
    /// The rest of an immediate-or-cancel order.
    ImmediateRest,
    /// The rest of a market order: the book was empty.
    MarketRest,
    /// A reduce-only order whose position is gone.
    PositionGone,
    /// Its date has come.
    GoodTillDate,
    /// Its account was liquidated.
    Liquidated,
    /// It met an order of its own account.
    SelfTrade(Prevention),
}

/// A trade of an account with itself that did not happen.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Prevention {
    /// Its number, rising; both orders have it where both went.
    pub id: u64,
    /// The other order.
    pub counter_id: u64,
    /// At which price they would have traded.
    pub price: Price,
    /// How much they would have traded.
    pub qty: Qty,
}

/// One order.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Order {
    /// The exchange's number, rising over all accounts.
    pub id: u64,
    /// Whose.
    pub account: AccountIndex,
    /// Its client order id.
    pub client_id: ClientText,
    /// What was asked for.
    pub entry: OrderEntry,
    /// Where it is.
    pub state: State,
    /// How much traded.
    pub cum_qty: Qty,
    /// Price × quantity of what traded.
    pub cum_quote: Cash,
    /// What stands before it at its price in the market's book: the market's trades at this price
    /// consume it before they reach us.
    pub ahead: Qty,
    /// How often it was made something else.
    pub amends: u32,
    /// The number of the conditional order that it came of.
    pub origin: Option<u64>,
    /// The exchange closes a position by it: a liquidation.
    pub is_forced: bool,
    /// When it came.
    pub created_unix_ms: u64,
    /// When it last changed.
    pub updated_unix_ms: u64,
}

impl Order {
    /// One of which nothing has traded.
    pub(super) fn new(
        id: u64,
        account: AccountIndex,
        client_id: ClientText,
        entry: OrderEntry,
        now_unix_ms: u64,
    ) -> Self {
        Self {
            id,
            account,
            client_id,
            entry,
            state: State::New,
            cum_qty: Qty::ZERO,
            cum_quote: Cash::ZERO,
            ahead: Qty::ZERO,
            amends: 0,
            origin: None,
            is_forced: false,
            created_unix_ms: now_unix_ms,
            updated_unix_ms: now_unix_ms,
        }
    }

    /// What may still trade.
    pub fn remaining(&self) -> Qty {
        self.entry.qty.saturating_sub(self.cum_qty)
    }

    /// Average price of what traded, rounded down; zero when nothing did.
    pub fn average_price(&self) -> Price {
        average(self.cum_quote, self.cum_qty)
    }
}

/// Price at which `qty` is worth `worth`, towards zero; zero for no quantity or beyond the range.
pub(super) fn average(worth: Cash, qty: Qty) -> Price {
    let scale = i128::from(crate::types::SCALE);
    worth
        .checked_ratio(scale, i128::from(qty.units()))
        .and_then(|price| i64::try_from(price.units()).ok())
        .map_or(Price::ZERO, Price::from_units)
}

/// One trade of one order, as it is told at once and kept for the history.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TradeRecord {
    /// Number of the trade, rising per instrument; not a number of the public tape.
    pub id: u64,
    /// Which order.
    pub order_id: u64,
    /// Of what.
    pub instrument: InstrumentId,
    /// Which way the order went.
    pub side: Side,
    /// At which price.
    pub price: Price,
    /// How much.
    pub qty: Qty,
    /// Cost in the settlement asset, on Spot in the asset that was received; negative for a rebate.
    pub fee: Cash,
    /// Profit of what it closed, without the fee.
    pub realised: Cash,
    /// Who stood there first.
    pub liquidity: Liquidity,
    /// The insurance fund took it, and no market.
    pub is_insured: bool,
    /// When.
    pub unix_ms: u64,
}

/// Something happened to an order. Tells the order as it is after it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Report {
    /// The order.
    pub order: Order,
    /// What happened.
    pub kind: ReportKind,
}

/// What can happen to an order.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ReportKind {
    /// The exchange has it.
    New,
    /// Some of it traded.
    Trade(TradeRecord),
    /// It has other terms from here on.
    Amended,
    /// It was taken back.
    Canceled,
    /// It is over by rule.
    Expired,
}
