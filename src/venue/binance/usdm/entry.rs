//! Order entry of USDⓈ-M futures: what it has of its own.
//!
//! Must hold: reducing and protective orders carry the venue's own reduce-only flag (SAFETY E8);
//! every order is a limit order in one-way mode.

use super::fees::Fees;
use super::tiers::Tiers;
use super::{dead_man, error, good_till, rest, stop};
use crate::core::Command;
use crate::types::{
    AccountSnapshot, Condition, DeadManAnswer, DeadManRequest, OrderTerms, Purpose, QueryToken,
    StopOrder, StopReport, StopRequest, TimeInForce,
};
use crate::venue::binance::orders::{Desk, Entry, Paths, Wording};
use crate::venue::binance::trades;
use crate::venue::{Answer, Call, DecodeError, EncodeError, Meaning, Outgoing, VenueTime};

/// What is kept between readings of the account.
#[derive(Debug)]
pub(in crate::venue::binance) struct Usdm {
    tiers: Tiers,
    fees: Fees,
}

impl Usdm {
    pub(in crate::venue::binance) fn new(desk: &Desk) -> Self {
        Self { tiers: Tiers::new(&desk.names), fees: Fees::new(&desk.names) }
    }
}

impl Entry for Usdm {
    const PATHS: Paths = Paths {
        api: "/ws-fapi/v1",
        order: "/fapi/v1/order",
        cancel_all: "/fapi/v1/allOpenOrders",
        trades: trades::Paths { trades: "/fapi/v1/userTrades", orders: "/fapi/v1/allOrders" },
        ping: "/fapi/v1/ping",
        time: "/fapi/v1/time",
    };
    const AMENDS: bool = true;
    const REDUCES: bool = true;
    const NOTHING_OPEN: Option<i32> = None;

    fn wording(terms: &OrderTerms, at: VenueTime) -> Wording {
        let good_till_date = good_till::date(terms, at);
        let word = good_till_date.map_or(time_in_force(terms.time_in_force), |_| "GTD");
        let reduce_only = is_reduce_only(terms.purpose);
        Wording { kind: "LIMIT", time_in_force: Some(word), good_till_date, reduce_only }
    }

    fn meaning(status: u16, code: i32, text: &str) -> Meaning {
        error::meaning(status, code, text)
    }

    fn condition(status: u16, code: i32) -> Option<Condition> {
        crate::venue::binance::error::condition(status, code)
    }

    fn encode(
        &self,
        desk: &Desk,
        command: &Command,
        venue_unix_ms: u64,
    ) -> Result<Outgoing, EncodeError> {
        match command {
            Command::ArmDeadMan(request) => dead_man::arm(desk, *request, venue_unix_ms),
            Command::Stop(command) => stop::ask(desk, command, venue_unix_ms),
            Command::NewOrder(_)
            | Command::Amend(_)
            | Command::Cancel { .. }
            | Command::CancelAll { .. }
            | Command::QueryOrder { .. }
            | Command::QueryAccount { .. }
            | Command::QueryTrades { .. } => Err(EncodeError::NotOneMessage),
        }
    }

    fn on_dead_man(
        &self,
        desk: &Desk,
        request: DeadManRequest,
        answer: Option<&Answer>,
    ) -> DeadManAnswer {
        dead_man::answer(&desk.names, request, answer)
    }

    fn on_stop(
        &self,
        desk: &Desk,
        request: StopRequest,
        answer: Option<&Answer>,
    ) -> Option<StopReport> {
        stop::answer(desk, request, answer)
    }

    fn read_stop_back(&self, desk: &Desk, call: &Call) -> Option<StopOrder> {
        stop::read_back(desk, call)
    }

    fn account_calls(&self, desk: &Desk, venue_unix_ms: u64) -> Vec<Call> {
        let mut calls = rest::account_calls(&desk.signer, venue_unix_ms);
        calls.extend(self.fees.call(&desk.names, &desk.signer, venue_unix_ms));
        calls.extend(self.tiers.calls(&desk.names, &desk.signer, venue_unix_ms));
        calls
    }

    fn account(
        &mut self,
        desk: &Desk,
        token: QueryToken,
        answers: &[Answer],
    ) -> Result<AccountSnapshot, DecodeError> {
        let (account, others) =
            answers.split_at_checked(rest::ACCOUNT_PATHS.len()).unwrap_or((answers, &[]));
        let (fee, tiers) = others.split_at_checked(1).unwrap_or((others, &[]));
        self.fees.on_read(&desk.names, fee.first());
        self.tiers.on_read(tiers);
        let mut snapshot = rest::account(&desk.names, &desk.prefix, token, account)?;
        self.tiers.complete(&mut snapshot);
        self.fees.complete(&mut snapshot);
        Ok(snapshot)
    }
}

fn is_reduce_only(purpose: Purpose) -> bool {
    match purpose {
        Purpose::Opening => false,
        Purpose::Reducing | Purpose::Protective => true,
    }
}

fn time_in_force(time_in_force: TimeInForce) -> &'static str {
    match time_in_force {
        TimeInForce::Gtc => "GTC",
        TimeInForce::Gtx => "GTX",
        TimeInForce::Ioc => "IOC",
        TimeInForce::Fok => "FOK",
    }
}
