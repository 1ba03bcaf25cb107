//! Answers to orders: which request they answer, and what they say of it (spot sheet sections 4, 5
//! and 11).
//!
//! Must hold: an order is `Rejected` only by an answer that [`super::error`] knows to mean that
//! nothing of it exists; an answer about another order than the one that was asked after is an
//! error; no answer is no report.

use super::command::Orders;
use super::error::{condition, meaning};
use crate::types::{
    ClientOrderId, ExecutionKind, ExecutionReport, InstrumentId, OrderRef, OrderStatus,
};
use crate::venue::binance::json::{VenueError, body, message, price, qty, refused, success};
use crate::venue::binance::order::status;
use crate::venue::binance::request::{Request, RequestKind};
use crate::venue::{Answer, DecodeError, Outcome, Question};
use serde::Deserialize;
use std::borrow::Cow;

/// The venue does not know the order that we ask after.
const NO_SUCH_ORDER: i32 = -2013;

/// There is nothing to take back.
const NOTHING_OPEN: i32 = -2011;

impl Orders {
    /// What one message of the order-entry connection says.
    pub(super) fn report(&mut self, bytes: &[u8]) -> Result<Option<ExecutionReport>, DecodeError> {
        let reply: Reply<'_> = message(bytes, "answer")?;
        // A notice, and no answer.
        let Some(status) = reply.status else { return Ok(None) };
        let code = reply.error.as_ref().map_or(0, |error| error.code);
        self.condition = condition(status, code);
        let Some(id) = reply.id else { return Err(reply.refusal(status)) };
        let request = Request::read(&id, &self.prefix)
            .filter(|request| self.names.symbol(request.instrument).is_some())
            .ok_or(DecodeError::Field("id"))?;
        if status == 200 {
            let order = reply.result.ok_or(DecodeError::Field("result"))?;
            self.accepted(request, &order).map(Some)
        } else {
            Ok(Some(refusal(request, status, reply.error.as_ref())?))
        }
    }

    /// The venue did what was asked.
    fn accepted(
        &self,
        request: Request,
        order: &Order<'_>,
    ) -> Result<ExecutionReport, DecodeError> {
        self.check_same(request.instrument, request.id, order)?;
        let kind = match request.kind {
            RequestKind::Place => ExecutionKind::New,
            RequestKind::Cancel => {
                let cum_qty = qty(order.executed, "executedQty")?;
                let status = order.status()?;
                if status == OrderStatus::Canceled {
                    ExecutionKind::Canceled { cum_qty }
                } else {
                    ExecutionKind::Status { status, cum_qty }
                }
            }
            RequestKind::Amend(_) => return Err(DecodeError::Field("id")),
        };
        Ok(order.report(request.instrument, request.id, kind))
    }

    /// What the answer to a question says.
    pub(super) fn answered(
        &self,
        question: Question,
        answer: Option<&Answer>,
    ) -> Result<Option<ExecutionReport>, DecodeError> {
        let code = answer.filter(|answer| answer.status == 400).and_then(|answer| {
            let DecodeError::Refused { code, .. } = refused(answer) else { return None };
            Some(code)
        });
        let (instrument, id) = match question {
            Question::Order(instrument, id) => (instrument, id),
            // Which orders are gone is for the private stream to say.
            Question::CancelAll(_) if code == Some(NOTHING_OPEN) => return Ok(None),
            Question::CancelAll(_) => return success(answer).map(|_| None),
            Question::DeadMan(_) => return Ok(None),
        };
        if code == Some(NO_SUCH_ORDER) {
            return Ok(Some(bare(instrument, id, ExecutionKind::NotFound)));
        }
        let order: Order<'_> = body(success(answer)?, "order")?;
        self.check_same(instrument, id, &order)?;
        let kind = order.standing()?;
        Ok(Some(order.report(instrument, id, kind)))
    }

    /// An answer about another order must never move this one. A cancel gives the order an id of
    /// the cancel's own and names the one that it had beside it.
    fn check_same(
        &self,
        instrument: InstrumentId,
        id: ClientOrderId,
        order: &Order<'_>,
    ) -> Result<(), DecodeError> {
        let told = order.original_id.as_ref().unwrap_or(&order.client_id);
        if self.prefix.read(told.as_bytes()) != Some(id) {
            return Err(DecodeError::Field("clientOrderId"));
        }
        if self.names.instrument(order.symbol.as_bytes()) != Some(instrument) {
            return Err(DecodeError::Field("symbol"));
        }
        Ok(())
    }
}

/// The venue did not do what was asked, or does not know whether it did.
fn refusal(
    request: Request,
    status: u16,
    error: Option<&VenueError<'_>>,
) -> Result<ExecutionReport, DecodeError> {
    let (code, text) = error.map_or((0, ""), |error| (error.code, error.msg.as_ref()));
    let kind = match (meaning(status, code, text).outcome, request.kind) {
        // Nothing of this engine asks for it here.
        (_, RequestKind::Amend(_)) => return Err(DecodeError::Field("id")),
        (Outcome::Unknown, RequestKind::Place | RequestKind::Cancel) => {
            ExecutionKind::OutcomeUnknown
        }
        (Outcome::Rejected, RequestKind::Place) => ExecutionKind::Rejected { code },
        (Outcome::Rejected, RequestKind::Cancel) => ExecutionKind::CancelRejected { code },
    };
    Ok(bare(request.instrument, request.id, kind))
}

fn bare(instrument: InstrumentId, id: ClientOrderId, kind: ExecutionKind) -> ExecutionReport {
    let order = OrderRef::Ours(id);
    ExecutionReport { instrument, order, venue_order_id: None, transact_unix_ms: None, kind }
}

#[derive(Deserialize)]
struct Reply<'a> {
    #[serde(borrow)]
    id: Option<Cow<'a, str>>,
    status: Option<u16>,
    #[serde(borrow)]
    result: Option<Order<'a>>,
    #[serde(borrow)]
    error: Option<VenueError<'a>>,
}

impl Reply<'_> {
    /// Said without a request: the key or the connection is no good any more.
    fn refusal(self, status: u16) -> DecodeError {
        match self.error {
            Some(error) => error.refusal(status),
            None => DecodeError::Refused { status, code: 0, text: String::new() },
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Order<'a> {
    symbol: &'a str,
    order_id: u64,
    #[serde(rename = "clientOrderId", borrow)]
    client_id: Cow<'a, str>,
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
    fn status(&self) -> Result<OrderStatus, DecodeError> {
        self.status.and_then(status).ok_or(DecodeError::Field("status"))
    }

    /// Where it is now, and while it is open under which terms.
    fn standing(&self) -> Result<ExecutionKind, DecodeError> {
        let (status, cum_qty) = (self.status()?, qty(self.executed, "executedQty")?);
        if status.is_final() {
            return Ok(ExecutionKind::Status { status, cum_qty });
        }
        let (price, qty) = (price(self.price, "price")?, qty(self.ordered, "origQty")?);
        Ok(ExecutionKind::Stands { price, qty, cum_qty })
    }

    fn report(
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

#[cfg(test)]
mod tests;
