//! How faults are armed, funding is settled, the market is made to trade and the truth is asked
//! for: plain requests, JSON answers. A drill and a test speak here; the venue has no such thing.
//!
//! Must hold: what is not understood arms nothing and is answered with what, where and the next
//! step.

use super::tally::Tally;
use super::{ALWAYS_PPM, ARMED_MAX, DELAY_MS_MAX, FaultKind, Target, Unreliable, truth};
use crate::types::{FundingRate, Price, Qty, Side, Trade};
use serde_json::{Value, json};

/// Status and body of an answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ControlReply {
    /// HTTP status.
    pub status: u16,
    /// JSON.
    pub body: Value,
}

/// Why a request was not understood.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
enum Refused {
    #[error(
        "there is no {method} {path}: GET /control/faults, POST /control/faults?fault=..&on=.., \
             DELETE /control/faults, GET /control/truth, POST /control/keys?key=..&valid=.., \
             POST /control/funding?rate_bps=.., \
             POST /control/trades?symbol=..&aggressor=..&price=..&qty=.."
    )]
    NoSuchPath { method: String, path: String },
    #[error("parameter `{0}` is missing: name the fault and on what, as fault=ack_lost&on=place")]
    Missing(&'static str),
    #[error("there is no parameter `{0}`: fault, on, times, chance_ppm, delay_ms, seed")]
    NoSuchParameter(String),
    #[error("parameter `{0}` stands there twice: name it once")]
    Twice(String),
    #[error("there is no fault `{0}`: {known}", known = words())]
    NoSuchFault(String),
    #[error("nothing is called `{0}`: {known}", known = targets())]
    NoSuchTarget(String),
    #[error("`{fault}` cannot befall `{on}`: it can {possible}")]
    NotThere { fault: &'static str, on: &'static str, possible: String },
    #[error("`{name}` is `{text}` and must be a whole number from {low} to {high}")]
    BadNumber { name: &'static str, text: String, low: u64, high: u64 },
    #[error("a key and a word are missing: name them as key=ada-key&valid=false")]
    NoKeyNamed,
    #[error(
        "`{0}` names no rate: rate_bps=1.5 does, from -{most} to {most} with at most 4 decimals; \
             without it the rate stays as it is",
        most = FundingRate::BPS_MAX
    )]
    BadRate(String),
    #[error("there is no funding on Spot: start the exchange with --dialect binance_usdm")]
    NoFunding,
    #[error("nobody has the key `{0}`: name one of the accounts")]
    NoSuchKey(String),
    #[error(
        "symbol, aggressor, price and quantity make a trade: name them in this order, as \
             symbol=BTCUSDT&aggressor=sell&price=59990&qty=0.01"
    )]
    NoTrade,
    #[error("nobody lists `{0}`: name one of the symbols of this exchange")]
    NotListed(String),
    #[error("{ARMED_MAX} faults are armed already: DELETE /control/faults first")]
    Full,
}

fn words() -> String {
    FaultKind::ALL.iter().map(|kind| kind.word()).collect::<Vec<_>>().join(", ")
}

fn targets() -> String {
    Target::ALL.map(|(word, _)| word).join(", ")
}

impl Unreliable {
    /// Answers a request of a drill or a test.
    pub fn control(&mut self, now_unix_ms: u64, method: &str, target: &str) -> ControlReply {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let answer = match (method, path) {
            ("GET", "/control/faults") => Ok(self.listed()),
            ("POST", "/control/faults") => self.arm(query).map(|id| json!({"armed": id})),
            ("DELETE", "/control/faults") => {
                self.faults.disarm();
                Ok(self.listed())
            }
            ("POST", "/control/keys") => self.set_key(query),
            ("POST", "/control/trades") => self.trade_market(now_unix_ms, query),
            ("POST", "/control/funding") => self.fund(now_unix_ms, query),
            ("GET", "/control/truth") => {
                let mut truth = truth::tell(&self.server, now_unix_ms);
                truth["requests"] = self.tally.as_ref().map_or(Value::Null, Tally::tell);
                Ok(truth)
            }
            _ => Err(Refused::NoSuchPath { method: method.to_owned(), path: path.to_owned() }),
        };
        match answer {
            Ok(body) => ControlReply { status: 200, body },
            Err(refused) => {
                let status = if matches!(refused, Refused::NoSuchPath { .. }) { 404 } else { 400 };
                ControlReply { status, body: json!({"error": refused.to_string()}) }
            }
        }
    }

    /// Takes a key back, as its owner or the venue would, or gives it again.
    fn set_key(&mut self, query: &str) -> Result<Value, Refused> {
        let named = query.split_once('&').and_then(|(key, valid)| {
            Some((key.strip_prefix("key=")?, valid.strip_prefix("valid=")?.parse().ok()?))
        });
        let (key, is_valid): (&str, bool) = named.ok_or(Refused::NoKeyNamed)?;
        match self.server.set_key_valid(key, is_valid) {
            true => Ok(json!({"key": key, "valid": is_valid})),
            false => Err(Refused::NoSuchKey(key.to_owned())),
        }
    }

    /// Somebody trades with the market, and so with what rests at that price.
    fn trade_market(&mut self, now_unix_ms: u64, query: &str) -> Result<Value, Refused> {
        let (symbol, trade) = trade_of(query).ok_or(Refused::NoTrade)?;
        let id = self.server.trade_market(now_unix_ms, symbol, trade);
        self.pass(now_unix_ms);
        id.map(|id| json!({"id": id})).ok_or_else(|| Refused::NotListed(symbol.to_owned()))
    }

    /// Settles funding at once, at the rate that is named and holds from here on.
    fn fund(&mut self, now_unix_ms: u64, query: &str) -> Result<Value, Refused> {
        if !query.is_empty() {
            let named = query.strip_prefix("rate_bps=").and_then(FundingRate::parse_bps);
            let rate = named.ok_or_else(|| Refused::BadRate(query.to_owned()))?;
            self.server.set_funding_rate(rate);
        }
        let rate = self.server.settle_funding(now_unix_ms).ok_or(Refused::NoFunding)?;
        self.pass(now_unix_ms);
        Ok(json!({"settled": now_unix_ms, "rate": rate.to_string()}))
    }

    fn listed(&self) -> Value {
        let armed = self.faults.armed().iter().map(|armed| {
            json!({
                "id": armed.id,
                "fault": armed.kind.word(),
                "row": armed.kind.row(),
                "on": armed.target.word(),
                "left": armed.left,
                "chance_ppm": armed.chance_ppm,
                "delay_ms": armed.delay_ms,
                "fired": armed.fired,
            })
        });
        let fired = FaultKind::ALL.iter().map(|kind| {
            json!({"fault": kind.word(), "row": kind.row(), "fired": self.faults.fired(*kind)})
        });
        json!({"armed": armed.collect::<Value>(), "fired": fired.collect::<Value>()})
    }

    fn arm(&mut self, query: &str) -> Result<u32, Refused> {
        let wanted = Wanted::read(query)?;
        let name = wanted.fault.ok_or(Refused::Missing("fault"))?;
        let kind = FaultKind::ALL.iter().copied().find(|kind| kind.word() == name);
        let kind = kind.ok_or_else(|| Refused::NoSuchFault(name.to_owned()))?;
        let name = wanted.on.ok_or(Refused::Missing("on"))?;
        let target = Target::ALL.into_iter().find(|(word, _)| *word == name);
        let (_, target) = target.ok_or_else(|| Refused::NoSuchTarget(name.to_owned()))?;
        if !kind.fits(target) {
            return Err(not_there(kind, target));
        }
        let chance_ppm = number("chance_ppm", wanted.chance_ppm, 1, ALWAYS_PPM)?;
        let times = number("times", wanted.times, 1, u64::from(u32::MAX))?;
        let delay_ms = number("delay_ms", wanted.delay_ms, 1, DELAY_MS_MAX)?;
        let seed = number("seed", wanted.seed, 0, u64::MAX)?;
        // Once, unless a chance or a number says otherwise.
        let times = times.and_then(|times| u32::try_from(times).ok());
        let left = times.or_else(|| chance_ppm.is_none().then_some(1));
        let chance_ppm = chance_ppm.unwrap_or(ALWAYS_PPM);
        let delay_ms = delay_ms.unwrap_or(DELAY_MS_MAX);
        let armed = self.faults.arm(kind, target, left, chance_ppm, delay_ms, seed);
        armed.ok_or(Refused::Full)
    }
}

/// A trade that is yet to get its number, and of what.
fn trade_of(query: &str) -> Option<(&str, Trade)> {
    let mut pairs = query.split('&');
    let mut next = |name: &str| pairs.next()?.strip_prefix(name)?.strip_prefix('=');
    let (symbol, aggressor) = (next("symbol")?, next("aggressor")?);
    let (price, qty) = (next("price")?, next("qty")?);
    let aggressor = match aggressor {
        "buy" => Side::Buy,
        "sell" => Side::Sell,
        _ => return None,
    };
    let price = Price::parse(price.as_bytes()).filter(|price| Price::ZERO < *price)?;
    let qty = Qty::parse(qty.as_bytes()).filter(|qty| Qty::ZERO < *qty)?;
    pairs.next().is_none().then_some((symbol, Trade { id: 0, price, qty, aggressor }))
}

fn not_there(kind: FaultKind, target: Target) -> Refused {
    let possible = Target::ALL.into_iter().filter(|(_, target)| kind.fits(*target));
    let possible: Vec<&str> = possible.map(|(word, _)| word).collect();
    Refused::NotThere { fault: kind.word(), on: target.word(), possible: possible.join(", ") }
}

/// The parameters as they stand there.
#[derive(Debug, Default)]
struct Wanted<'a> {
    fault: Option<&'a str>,
    on: Option<&'a str>,
    times: Option<&'a str>,
    chance_ppm: Option<&'a str>,
    delay_ms: Option<&'a str>,
    seed: Option<&'a str>,
}

impl<'a> Wanted<'a> {
    fn read(query: &'a str) -> Result<Self, Refused> {
        let mut wanted = Self::default();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let place = match name {
                "fault" => &mut wanted.fault,
                "on" => &mut wanted.on,
                "times" => &mut wanted.times,
                "chance_ppm" => &mut wanted.chance_ppm,
                "delay_ms" => &mut wanted.delay_ms,
                "seed" => &mut wanted.seed,
                _ => return Err(Refused::NoSuchParameter(name.to_owned())),
            };
            if place.replace(value).is_some() {
                return Err(Refused::Twice(name.to_owned()));
            }
        }
        Ok(wanted)
    }
}

fn number(
    name: &'static str,
    text: Option<&str>,
    low: u64,
    high: u64,
) -> Result<Option<u64>, Refused> {
    let Some(text) = text else { return Ok(None) };
    let number = text.parse().ok().filter(|number| (low..=high).contains(number));
    let bad = || Refused::BadNumber { name, text: text.to_owned(), low, high };
    number.map(Some).ok_or_else(bad)
}
