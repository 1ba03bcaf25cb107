//! Answers to orders: which request they answer, and what they say of it (spot sheet sections 4, 5
//! and 11).
//!
//! Must hold: an order is `Rejected` only by an answer that [`super::error`] knows to mean that
//! nothing of it exists; an answer about another order than the one that was asked after is an
//! error; no answer is no report.

use super::command::Orders;
use super::error::{condition, meaning};
use crate::types::{ExecutionKind, ExecutionReport};
use crate::venue::binance::json::{VenueError, message, success};
use crate::venue::binance::logon::is_logged_off;
use crate::venue::binance::reply::{Order, Reply, bare, found, refusal_code};
use crate::venue::binance::request::{Request, RequestKind};
use crate::venue::{Answer, DecodeError, Outcome, Question};

/// There is nothing to take back.
const NOTHING_OPEN: i32 = -2011;

impl Orders {
    /// What one message of the order-entry connection says.
    pub(super) fn report(&mut self, bytes: &[u8]) -> Result<Option<ExecutionReport>, DecodeError> {
        let reply: Reply<'_> = message(bytes, "answer")?;
        // A notice, and no answer.
        let Some(status) = reply.status else { return Ok(None) };
        if self.signer.logs_on() && is_logged_off(&reply) {
            return Err(DecodeError::LoggedOff);
        }
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
        order.check_same((&self.names, &self.prefix), request.instrument, request.id)?;
        let kind = match request.kind {
            RequestKind::Place => ExecutionKind::New,
            RequestKind::Cancel => order.taken_back()?,
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
        let (instrument, id) = match question {
            Question::Order(instrument, id) => (instrument, id),
            // Which orders are gone is for the private stream to say.
            Question::CancelAll(_) if refusal_code(answer) == Some(NOTHING_OPEN) => {
                return Ok(None);
            }
            Question::CancelAll(_) => return success(answer).map(|_| None),
            Question::DeadMan(_) | Question::Stop(_) => return Ok(None),
        };
        found(answer, (&self.names, &self.prefix), instrument, id).map(Some)
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

#[cfg(test)]
mod tests;
