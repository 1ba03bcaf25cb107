//! What a new conditional order says (USDⓈ-M sheet, section 5).
//!
//! Which type takes which parameters is by the venue's page on new algo orders; where that page
//! names no code for what it forbids, it is the one that the sheet has for such a parameter.

use crate::sim::binance::fault::Fault;
use crate::sim::binance::params::Params;
use crate::sim::binance::usdm::orders;
use crate::sim::binance::usdm::refusal::refused;
use crate::sim::conditional::{Amount, ConditionalEntry};
use crate::sim::exchange::Exchange;
use crate::sim::order::ClientText;
use crate::sim::trigger::Trigger;
use crate::types::{Price, SCALE, TimeInForce, WorkingPrice};

/// Thousandths that a callback rate of one percent is, and the widest there is: 20 % (change log of
/// the venue, 2026-10-23; 10 % before).
const PERMILLE_PER_PERCENT: i64 = 10;
const CALLBACK_PERMILLE_MAX: i64 = 200;

/// The word for what is over with its position.
pub(super) const WITH_POSITION: &str = "GTE_GTC";

/// A new conditional order.
pub(super) fn entry(
    now_unix_ms: u64,
    exchange: &Exchange,
    params: &Params,
) -> Result<ConditionalEntry, Fault> {
    if params.need("algoType")? != "CONDITIONAL" {
        return Err(Fault::invalid("algoType"));
    }
    let instrument = orders::symbol(exchange, params)?;
    let side = orders::side_of(params)?;
    if params.find("positionSide").is_some_and(|side| side != "BOTH") {
        return Err(Fault::position_side());
    }
    let kind = params.need("type")?;
    let price = price(kind, params)?;
    let (time_in_force, ends_with_position) = time_in_force(kind, params)?;
    let amount = amount(kind, params)?;
    let client_id = params.find("clientAlgoId").map(|text| ClientText::parse(text.as_bytes()));
    Ok(ConditionalEntry {
        instrument,
        client_id: client_id.transpose().map_err(refused)?,
        side,
        trigger: trigger(kind, params)?,
        working: working(params)?,
        is_protected: params.flag("priceProtect")?,
        price,
        time_in_force,
        amount,
        reduce_only: params.flag("reduceOnly")?,
        ends_with_position: ends_with_position || amount == Amount::Position,
        good_till_unix_ms: orders::good_till(now_unix_ms, params)?,
        self_trade: orders::self_trade(params)?,
    })
}

/// The limit of the order to be; `None` for one at any price.
fn price(kind: &str, params: &Params) -> Result<Option<Price>, Fault> {
    match kind {
        "STOP" | "TAKE_PROFIT" => {
            params.price("price")?.map(Some).ok_or_else(|| Fault::missing("price"))
        }
        "STOP_MARKET" | "TAKE_PROFIT_MARKET" | "TRAILING_STOP_MARKET" => {
            match params.find("price") {
                Some(_) => Err(Fault::unwanted("price")),
                None => Ok(None),
            }
        }
        _ => Err(Fault::order_type()),
    }
}

fn trigger(kind: &str, params: &Params) -> Result<Trigger, Fault> {
    if kind == "TRAILING_STOP_MARKET" {
        let activation = params.price("activatePrice")?;
        return Ok(Trigger::Trailing { activation, callback_permille: callback(params)? });
    }
    let at = params.price("triggerPrice")?.ok_or_else(|| Fault::missing("triggerPrice"))?;
    Ok(match kind {
        "STOP" | "STOP_MARKET" => Trigger::Stop(at),
        _ => Trigger::TakeProfit(at),
    })
}

/// Percent with one decimal, told in thousandths.
fn callback(params: &Params) -> Result<u32, Fault> {
    let percent = params.price("callbackRate")?.ok_or_else(|| Fault::missing("callbackRate"))?;
    let step = Price::from_units(SCALE / PERMILLE_PER_PERCENT);
    let permille = percent.units() / step.units();
    let fits = percent.is_multiple_of(step) && (1..=CALLBACK_PERMILLE_MAX).contains(&permille);
    u32::try_from(permille).ok().filter(|_| fits).ok_or_else(Fault::callback_rate)
}

/// The whole position or a quantity, never both.
fn amount(kind: &str, params: &Params) -> Result<Amount, Fault> {
    if !params.flag("closePosition")? {
        return params.qty("quantity").map(Amount::Qty);
    }
    if !matches!(kind, "STOP_MARKET" | "TAKE_PROFIT_MARKET") {
        return Err(Fault::close_position(kind));
    }
    if params.find("quantity").is_some() {
        return Err(Fault::quantity_and_close());
    }
    match params.find("reduceOnly") {
        Some(_) => Err(Fault::unwanted("reduceOnly")),
        None => Ok(Amount::Position),
    }
}

/// How long the order to be stands, and whether this one is over with its position.
fn time_in_force(kind: &str, params: &Params) -> Result<(TimeInForce, bool), Fault> {
    let is_limit = matches!(kind, "STOP" | "TAKE_PROFIT");
    match params.find("timeInForce") {
        None | Some("GTC" | "GTD") => Ok((TimeInForce::Gtc, false)),
        Some(WITH_POSITION) => Ok((TimeInForce::Gtc, true)),
        Some("IOC") => Ok((TimeInForce::Ioc, false)),
        Some("FOK") => Ok((TimeInForce::Fok, false)),
        Some("GTX") if is_limit => Ok((TimeInForce::Gtx, false)),
        Some(_) => Err(Fault::time_in_force()),
    }
}

fn working(params: &Params) -> Result<WorkingPrice, Fault> {
    match params.find("workingType") {
        None | Some("CONTRACT_PRICE") => Ok(WorkingPrice::Contract),
        Some("MARK_PRICE") => Ok(WorkingPrice::Mark),
        Some(other) => Err(Fault::working_type(other)),
    }
}
