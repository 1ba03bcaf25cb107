//! A way to ask a venue, and nothing else: for whoever may change nothing there.
//!
//! Must hold: whatever a dialect wants sent, what leaves here is a question (GET).

use super::link;
use crate::net::http::{HttpClient, HttpLimits};
use crate::net::{Address, Dial, NetError};
use crate::venue::{Answer, Call};

/// Asks one venue.
#[derive(Debug)]
pub(super) struct Questions(HttpClient);

impl Questions {
    pub(super) fn new(rest: &Address, dial: &Dial) -> Result<Self, NetError> {
        HttpClient::new(rest.clone(), dial.clone(), HttpLimits::STANDARD).map(Self)
    }

    /// Makes a dialect's call, which must be a question.
    pub(super) async fn ask(&self, call: &Call) -> Result<Answer, NetError> {
        assert_eq!(call.method, "GET", "a question changes nothing at the venue");
        link::call(&self.0, call).await
    }

    /// Opens the connection.
    pub(super) async fn warm_up(&self) -> Result<(), NetError> {
        self.0.warm_up().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::TlsRoots;
    use std::time::Duration;

    #[tokio::test]
    #[should_panic(expected = "a question changes nothing at the venue")]
    async fn what_is_no_question_does_not_leave() {
        let rest = Address::parse("http://127.0.0.1:9").unwrap();
        let dial = Dial { roots: TlsRoots::bundled().unwrap(), limit: Duration::from_secs(1) };
        let questions = Questions::new(&rest, &dial).unwrap();
        let call =
            Call { method: "POST", target: "/fapi/v1/listenKey".to_owned(), headers: Vec::new() };
        let _ = questions.ask(&call).await;
    }
}
