//! Getting out without configuration, journal, state or a running engine (SAFETY E3): reads the
//! venue, takes orders back, closes positions, and reads again until the venue says zero.
//!
//! Must hold: nothing is sent but on a reading that came after the last thing sent, so an outcome
//! that is not known (503, no answer) is asked after and never sent again blindly; exits reduce
//! only; what protects a position is left alone unless the person says otherwise (E1); it is done
//! only when two readings in a row say zero; every wait and every repetition is bounded.
//!
//! Decision: one exit per position and round, rounds a second apart, and between the first and the
//! last two readings only the symbols that matter are asked after. A reading of the whole account
//! weighs 86 of the 2,400 request weights a minute, which the engine beside it needs too.

mod way;

use super::clock::Clock;
use crate::net::http::{HttpClient, HttpLimits};
use crate::net::{Address, Dial, NetError, TlsRoots};
use crate::types::{InstrumentKind, Purpose};
use crate::venue::panic::{Held, Resting, RestingKey, panic_dialect, rest_url};
use crate::venue::{Credentials, DecodeError, VenueKind};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;
use way::Way;

/// How long connecting may take.
const CONNECT_MAX: Duration = Duration::from_secs(5);

/// A question is asked so often before the venue counts as unreachable.
const TRIES_MAX: u32 = 8;

/// Rounds in a row that bring nothing closer to zero.
const IDLE_ROUNDS_MAX: u32 = 10;

/// What to do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PanicAct {
    /// Take orders back.
    CancelAll,
    /// Take orders back and close positions.
    Flatten,
}

/// A kind of venue, by the word that the configuration uses.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct PanicVenue(VenueKind);

impl FromStr for PanicVenue {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let found = VenueKind::ALL.iter().find(|(known, _)| *known == word);
        let known = VenueKind::ALL.map(|(known, _)| known).join(", ");
        found.map(|(_, kind)| Self(*kind)).ok_or_else(|| format!("known venues: {known}"))
    }
}

/// Where, as whom, and how far.
#[derive(Debug)]
pub struct PanicPlan {
    /// What.
    pub act: PanicAct,
    /// Of which kind.
    pub venue: PanicVenue,
    /// Its REST address; its own one when left out.
    pub rest_url: Option<String>,
    /// Whose account.
    pub credentials: Credentials,
    /// Only these symbols; all of the account when empty.
    pub symbols: Vec<String>,
    /// Worst price of an exit, in basis points beyond the touch.
    pub cap_bps: u32,
    /// Orders that protect a position go too.
    pub including_protective: bool,
}

/// Why zero is not confirmed.
#[derive(Debug, thiserror::Error)]
pub enum PanicError {
    /// No socket or no address.
    #[error(transparent)]
    Net(#[from] NetError),
    /// No thread or no clock.
    #[error("the machine refused: {0}")]
    Io(#[from] std::io::Error),
    /// The venue does not take the key.
    #[error("the venue does not take the key: {0}")]
    Key(DecodeError),
    /// The venue could not be read.
    #[error("{what} could not be read {TRIES_MAX} times: {why}; run the same command again")]
    Unreadable {
        /// What was asked for.
        what: &'static str,
        /// What the last try came to.
        why: String,
    },
    /// Nothing tells what of the account is a position.
    #[error(
        "on a spot market nobody can tell what of the account is a position and what is money: name \
         what to sell, once for each: --symbol BTCUSDT"
    )]
    Unnamed,
    /// The venue goes on to hold something.
    #[error(
        "not zero after {IDLE_ROUNDS_MAX} rounds that brought nothing: {left}; stop whatever else \
         trades on this account (`engine kill-switch trip`), or give a wider `--cap-pct`, and run \
         the same command again"
    )]
    NotZero {
        /// What is left.
        left: String,
    },
}

/// Does it, and says every step.
///
/// # Errors
/// When zero is not confirmed: [`PanicError`] says why.
pub fn panic(plan: &PanicPlan, say: &mut dyn FnMut(fmt::Arguments<'_>)) -> Result<(), PanicError> {
    let is_spot = plan.venue.0.instruments() == InstrumentKind::Spot;
    if is_spot && plan.act == PanicAct::Flatten && plan.symbols.is_empty() {
        return Err(PanicError::Unnamed);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let dial = Dial::new(TlsRoots::bundled()?, CONNECT_MAX);
    let url = plan.rest_url.as_deref().unwrap_or(rest_url(plan.venue.0));
    let client = HttpClient::new(Address::parse(url)?, dial, HttpLimits::STANDARD)?;
    let dialect = panic_dialect(plan.venue.0, &plan.credentials, &plan.symbols);
    let mut way = Way::new(plan, dialect, client, Clock::start(), say);
    runtime.block_on(way.out())
}

/// What the venue holds of what is to go.
#[derive(Debug, Default)]
struct Scene {
    orders: Vec<Resting>,
    /// Of each symbol, how many stand in the book and stay.
    kept: Vec<String>,
    held: Vec<Held>,
}

impl PanicPlan {
    /// What is to go, of all that there is.
    fn scene(&self, orders: Vec<Resting>, held: Vec<Held>) -> Scene {
        let asked =
            |symbol: &str| self.symbols.is_empty() || self.symbols.iter().any(|it| it == symbol);
        let held: Vec<Held> = match self.act {
            PanicAct::CancelAll => Vec::new(),
            PanicAct::Flatten => held.into_iter().filter(|held| asked(&held.symbol)).collect(),
        };
        let orders = orders.into_iter().filter(|order| asked(&order.symbol));
        let (orders, kept): (Vec<_>, Vec<_>) = orders.partition(|order| match order.purpose {
            Purpose::Opening => true,
            // The venue counts what rests against an exit: it gives way to it.
            Purpose::Reducing => {
                self.including_protective || held.iter().any(|held| held.symbol == order.symbol)
            }
            Purpose::Protective => self.including_protective,
        });
        let kept = kept.into_iter().map(|order| order.symbol).collect();
        Scene { orders, kept, held }
    }
}

impl Scene {
    fn is_zero(&self) -> bool {
        self.orders.is_empty() && self.held.is_empty()
    }

    /// Every symbol of it, once.
    fn symbols(&self) -> Vec<String> {
        let orders = self.orders.iter().map(|order| &order.symbol);
        let all = orders.chain(self.held.iter().map(|held| &held.symbol));
        let mut symbols: Vec<String> = all.cloned().collect();
        symbols.sort_unstable();
        symbols.dedup();
        symbols
    }

    /// How far it is from zero. Quantities of different symbols make no sense together but one:
    /// when none grows and one shrinks, their sum shrinks.
    fn left(&self) -> (i128, usize) {
        let held = self.held.iter().map(|held| i128::from(held.qty.abs().units()));
        (held.sum(), self.orders.len())
    }
}

impl fmt::Display for Scene {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "at the venue: orders to take back {}", self.orders.len())?;
        write!(out, ", that only reduce and stay {}, positions to close", self.kept.len())?;
        if self.held.is_empty() {
            return out.write_str(" 0");
        }
        self.held.iter().try_for_each(|held| write!(out, " {} {}", held.qty, held.symbol))
    }
}

impl fmt::Display for RestingKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Order(id) => write!(out, "order {id}"),
            Self::Conditional(id) => write!(out, "conditional order {id}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Qty;
    use crate::venue::panic::Leg;

    fn plan(act: PanicAct, symbols: &[&str], including_protective: bool) -> PanicPlan {
        PanicPlan {
            act,
            venue: "binance_usdm".parse().unwrap(),
            rest_url: None,
            credentials: Credentials::new("k".to_owned(), "s".to_owned()),
            symbols: symbols.iter().map(|symbol| (*symbol).to_owned()).collect(),
            cap_bps: 100,
            including_protective,
        }
    }

    fn all() -> (Vec<Resting>, Vec<Held>) {
        let order = |(id, symbol, purpose): (u64, &str, Purpose)| {
            let key = match purpose {
                Purpose::Opening | Purpose::Reducing => RestingKey::Order(id),
                Purpose::Protective => RestingKey::Conditional(id),
            };
            Resting { symbol: symbol.to_owned(), key, purpose }
        };
        let orders = [
            (1, "A", Purpose::Opening),
            (2, "A", Purpose::Reducing),
            (3, "A", Purpose::Protective),
            (4, "B", Purpose::Opening),
            (5, "B", Purpose::Reducing),
        ];
        let held = Held { symbol: "A".to_owned(), leg: Leg::Net, qty: Qty::whole(2), mark: None };
        (orders.map(order).to_vec(), vec![held])
    }

    /// SAFETY E1: what protects stays; what only reduces gives way to an exit of its own symbol.
    #[test]
    fn what_goes_is_what_opens_and_what_is_in_the_way() {
        use PanicAct::{CancelAll, Flatten};
        type Row = (PanicAct, &'static [&'static str], bool, &'static [u64], usize);
        let rows: [Row; 6] = [
            (CancelAll, &[], false, &[1, 4], 0),
            (CancelAll, &["B"], false, &[4], 0),
            (CancelAll, &[], true, &[1, 2, 3, 4, 5], 0),
            (Flatten, &[], false, &[1, 2, 4], 1),
            (Flatten, &["B"], false, &[4], 0),
            (Flatten, &[], true, &[1, 2, 3, 4, 5], 1),
        ];
        for (act, symbols, including, expected, held) in rows {
            let (orders, positions) = all();
            let scene = plan(act, symbols, including).scene(orders, positions);
            let ids: Vec<u64> = scene
                .orders
                .iter()
                .map(|order| match order.key {
                    RestingKey::Order(id) | RestingKey::Conditional(id) => id,
                })
                .collect();
            assert_eq!((ids.as_slice(), scene.held.len()), (expected, held), "{act:?} {symbols:?}");
        }
    }

    #[test]
    fn on_a_spot_market_what_to_sell_must_be_named() {
        let venue = "binance_spot".parse().unwrap();
        let unnamed = PanicPlan { venue, ..plan(PanicAct::Flatten, &[], false) };
        let ended = panic(&unnamed, &mut |line| panic!("{line}"));
        assert!(matches!(ended, Err(PanicError::Unnamed)));
    }

    #[test]
    fn only_less_than_ever_before_is_progress() {
        let (orders, held) = all();
        let full = plan(PanicAct::Flatten, &[], false).scene(orders, held);
        let (_, held) = all();
        let fewer = plan(PanicAct::Flatten, &[], false).scene(Vec::new(), held);
        assert!(fewer.left() < full.left() && !fewer.is_zero());
        assert!(Scene::default().is_zero());
        assert_eq!(full.symbols(), ["A", "B"]);
        assert_eq!(
            full.to_string(),
            "at the venue: orders to take back 3, that only reduce and stay 2, positions to close \
             2 A"
        );
    }

    #[test]
    fn only_venues_that_can_be_spoken_to_are_taken() {
        assert_eq!("binance_usdm".parse(), Ok(PanicVenue(VenueKind::BinanceUsdm)));
        let said = "nowhere".parse::<PanicVenue>().unwrap_err();
        assert!(said.contains("binance_usdm"), "{said}");
    }

    #[test]
    fn an_address_that_is_none_is_refused_before_anything_is_sent() {
        let mut said = Vec::new();
        let plan = PanicPlan {
            rest_url: Some("ftp://here".to_owned()),
            ..plan(PanicAct::Flatten, &[], false)
        };
        let ended = panic(&plan, &mut |line| said.push(line.to_string()));
        assert!(matches!(ended, Err(PanicError::Net(_))) && said.is_empty());
    }
}
