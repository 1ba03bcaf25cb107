//! Answers about one order, as every market of the venue writes them.
//!
//! Must hold: an answer about another order than the one that was asked after is an error.

use super::json::{VenueError, body, price, qty, refused, success};
use super::names::Names;
use super::order::status;
use crate::types::{
    ClientOrderId, ExecutionKind, ExecutionReport, IdPrefix, InstrumentId, OrderRef, OrderStatus,
    Price, Qty,
};
use crate::venue::{Answer, DecodeError};
use serde::Deserialize;
use std::borrow::Cow;

/// The venue does not know the order that we ask after.
const NO_SUCH_ORDER: i32 = -2013;

/// The code of an HTTP answer that says no to what was asked (400).
pub(super) fn refusal_code(answer: Option<&Answer>) -> Option<i32> {
    let answer = answer.filter(|answer| answer.status == 400)?;
    let DecodeError::Refused { code, .. } = refused(answer) else { return None };
    Some(code)
}

/// What the answer to a question after one order says.
pub(super) fn found(
    answer: Option<&Answer>,
    us: (&Names, &IdPrefix),
    instrument: InstrumentId,
    id: ClientOrderId,
) -> Result<ExecutionReport, DecodeError> {
    if refusal_code(answer) == Some(NO_SUCH_ORDER) {
        return Ok(bare(instrument, id, ExecutionKind::NotFound));
    }
    let order: Order<'_> = body(success(answer)?, "order")?;
    order.check_same(us, instrument, id)?;
    Ok(order.report(instrument, id, order.standing()?))
}

/// A report that says nothing of the order but what became of it.
pub(super) fn bare(
    instrument: InstrumentId,
    id: ClientOrderId,
    kind: ExecutionKind,
) -> ExecutionReport {
    let order = OrderRef::Ours(id);
    ExecutionReport { instrument, order, venue_order_id: None, transact_unix_ms: None, kind }
}

/// A message of the order-entry connection.
#[derive(Deserialize)]
pub(super) struct Reply<'a> {
    #[serde(borrow)]
    pub(super) id: Option<Cow<'a, str>>,
    pub(super) status: Option<u16>,
    #[serde(borrow)]
    pub(super) result: Option<Order<'a>>,
    #[serde(borrow)]
    pub(super) error: Option<VenueError<'a>>,
}

impl Reply<'_> {
    /// Said without a request: the key or the connection is no good any more.
    pub(super) fn refusal(self, status: u16) -> DecodeError {
        match self.error {
            Some(error) => error.refusal(status),
            None => DecodeError::Refused { status, code: 0, text: String::new() },
        }
    }
}

/// An order as it is told to who placed it, took it back or asks after it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Order<'a> {
    symbol: &'a str,
    order_id: u64,
    #[serde(rename = "clientOrderId", borrow)]
    client_id: Cow<'a, str>,
    /// On Spot a cancel gives the order an id of the cancel's own and names here the one that it
    /// had.
    #[serde(rename = "origClientOrderId", borrow)]
    original_id: Option<Cow<'a, str>>,
    status: Option<&'a str>,
    price: Option<&'a str>,
    #[serde(rename = "origQty")]
    ordered: Option<&'a str>,
    #[serde(rename = "executedQty")]
    executed: Option<&'a str>,
    update_time: Option<u64>,
    transact_time: Option<u64>,
}

impl Order<'_> {
    /// An answer about another order must never move this one.
    pub(super) fn check_same(
        &self,
        (names, prefix): (&Names, &IdPrefix),
        instrument: InstrumentId,
        id: ClientOrderId,
    ) -> Result<(), DecodeError> {
        let told = self.original_id.as_ref().unwrap_or(&self.client_id);
        if prefix.read(told.as_bytes()) != Some(id) {
            return Err(DecodeError::Field("clientOrderId"));
        }
        if names.instrument(self.symbol.as_bytes()) != Some(instrument) {
            return Err(DecodeError::Field("symbol"));
        }
        Ok(())
    }

    pub(super) fn status(&self) -> Result<OrderStatus, DecodeError> {
        self.status.and_then(status).ok_or(DecodeError::Field("status"))
    }

    /// How much of it traded.
    pub(super) fn cum_qty(&self) -> Result<Qty, DecodeError> {
        qty(self.executed, "executedQty")
    }

    pub(super) fn terms(&self) -> Result<(Price, Qty), DecodeError> {
        Ok((price(self.price, "price")?, qty(self.ordered, "origQty")?))
    }

    /// Where it is after a cancel.
    pub(super) fn taken_back(&self) -> Result<ExecutionKind, DecodeError> {
        let (status, cum_qty) = (self.status()?, self.cum_qty()?);
        Ok(match status == OrderStatus::Canceled {
            true => ExecutionKind::Canceled { cum_qty },
            false => ExecutionKind::Status { status, cum_qty },
        })
    }

    /// Where it is now, and while it is open under which terms.
    fn standing(&self) -> Result<ExecutionKind, DecodeError> {
        let (status, cum_qty) = (self.status()?, self.cum_qty()?);
        if status.is_final() {
            return Ok(ExecutionKind::Status { status, cum_qty });
        }
        let (price, qty) = self.terms()?;
        Ok(ExecutionKind::Stands { price, qty, cum_qty })
    }

    pub(super) fn report(
        &self,
        instrument: InstrumentId,
        id: ClientOrderId,
        kind: ExecutionKind,
    ) -> ExecutionReport {
        let venue_order_id = Some(self.order_id);
        let transact_unix_ms = self.update_time.or(self.transact_time);
        let order = OrderRef::Ours(id);
        ExecutionReport { instrument, order, venue_order_id, transact_unix_ms, kind }
    }
}
