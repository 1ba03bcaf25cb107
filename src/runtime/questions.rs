//! A way to ask a venue, and nothing else: for whoever may change nothing there.
//!
//! Must hold: whatever a dialect wants sent, what leaves here is a question (GET).

use super::allowance::Errand;
use super::calls::{CallError, Calls, Rest};
use crate::net::{Dial, NetError};
use crate::venue::{Answer, Call};

/// Asks one venue.
#[derive(Debug)]
pub(super) struct Questions(Calls);

impl Questions {
    pub(super) fn new(rest: &Rest, dial: &Dial) -> Result<Self, NetError> {
        Calls::new(rest, dial).map(Self)
    }

    /// Asks what can wait, by a dialect's call, which must be a question.
    pub(super) async fn read(&self, call: &Call) -> Result<Answer, CallError> {
        self.make(call, Errand::Reading).await
    }

    /// The same of the account, the clock, and whether anybody is there.
    pub(super) async fn ask(&self, call: &Call) -> Result<Answer, CallError> {
        self.make(call, Errand::Account).await
    }

    async fn make(&self, call: &Call, errand: Errand) -> Result<Answer, CallError> {
        assert_eq!(call.method, "GET", "a question changes nothing at the venue");
        self.0.make(call, errand).await
    }

    /// Opens the connection.
    pub(super) async fn warm_up(&self) -> Result<(), NetError> {
        self.0.warm_up().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::{Address, TlsRoots};
    use crate::runtime::clock::Clock;
    use crate::venue::VenueKind;
    use std::time::Duration;

    #[tokio::test]
    #[should_panic(expected = "a question changes nothing at the venue")]
    async fn what_is_no_question_does_not_leave() {
        let rest = Address::parse("http://127.0.0.1:9").unwrap();
        let rest = Rest::new(rest, VenueKind::BinanceUsdm, &Clock::start());
        let dial = Dial::new(TlsRoots::bundled().unwrap(), Duration::from_secs(1));
        let questions = Questions::new(&rest, &dial).unwrap();
        let call =
            Call { method: "POST", target: "/fapi/v1/listenKey".to_owned(), headers: Vec::new() };
        let _ = questions.ask(&call).await;
    }
}
