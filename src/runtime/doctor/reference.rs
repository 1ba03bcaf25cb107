//! What the venue lists of the configured instruments, and what it charges (R69, R70).

use super::patient::Patient;
use crate::config::{Config, InstrumentConfig};
use crate::core::{Limits, Rate};
use crate::ops::doctor::Found;
use crate::runtime::assemble::Universe;
use crate::runtime::fetch;
use crate::runtime::inquiry::InquiryError;
use crate::types::Qty;
use crate::venue::{Counted, Listing, RateLimit, SymbolFees};

/// Units of 1e-8 of the notional in a hundredth of a basis point.
const E8_PER_CENTI_BPS: i64 = 100;

pub(super) fn instruments(patient: &Patient) -> Found {
    let next = "look at `instruments` and `reporting_currency` in the configuration";
    let listed = match patient.listed() {
        Ok(listed) => &listed.listings,
        Err(why) => return Found::fail(why, format!("{next}, and at `engine doctor --network`")),
    };
    if let Err(error) = Universe::new(&patient.config, listed) {
        return Found::fail(error.to_string(), next);
    }
    let faults: Vec<_> = patient.config.instruments.iter().zip(listed).filter_map(unfit).collect();
    match faults.is_empty() {
        true => Found::ok(listed.iter().map(rules).collect::<Vec<_>>().join("; ")),
        false => Found::fail(faults.join("; "), next),
    }
}

fn rules(listing: &Listing) -> String {
    let filters = &listing.filters;
    let Listing { symbol, .. } = listing;
    format!(
        "{symbol} trades, tick {}, lot {}, least {}",
        filters.price_tick, filters.qty_step, filters.notional_min
    )
}

/// Why no order in it could be placed.
fn unfit((wanted, listing): (&InstrumentConfig, &Listing)) -> Option<String> {
    let symbol = &wanted.symbol;
    let least = listing.filters.qty_min;
    if !listing.filters.trading {
        return Some(format!(
            "the venue does not trade {symbol} at present, or does not let its orders say \
             EXPIRE_MAKER, as ours do"
        ));
    }
    let limits = [("max_order_qty", wanted.order_qty_max), ("max_position", wanted.position_max)];
    let short = |(_, limit): &(&str, Qty)| *limit < least;
    let (name, limit) = limits.into_iter().find(short)?;
    Some(format!("`{name}` of {symbol} is {limit}, and the venue takes no order below {least}"))
}

pub(super) fn rate_limits(patient: &Patient) -> Found {
    match patient.listed() {
        Ok(listed) => room(&listed.rate_limits, &patient.config.limits),
        Err(_) => Found::warn("the venue does not tell", "mend what `instruments` says above"),
    }
}

/// What the venue takes, beside the orders that the configuration allows in the same time.
fn room(told: &[RateLimit], limits: &Limits) -> Found {
    let (mut said, mut beyond) = (Vec::new(), Vec::new());
    for RateLimit { counted, interval_s, limit, count } in told {
        let Some(limit) = limit else { continue };
        let used = count.map_or_else(String::new, |count| format!("{count} of "));
        said.push(format!("{used}{limit} {} in {interval_s} s", counted.name()));
        let ours = orders_max(limits, *interval_s);
        if *counted == Counted::Orders && u64::from(*limit) < ours {
            beyond.push(format!("{ours} orders in {interval_s} s, of which it takes {limit}"));
        }
    }
    match beyond.is_empty() {
        true => Found::ok(said.join("; ")),
        false => Found::warn(
            format!("the configuration allows {}", beyond.join("; ")),
            "nothing is opened in the last quarter of the venue's count (`VenueLimit`): lower \
             `risk.max_orders_per_min`, `risk.max_order_rate_per_sec` or `risk.order_burst`",
        ),
    }
}

/// The most orders that the kernel lets go in such a time.
fn orders_max(limits: &Limits, interval_s: u32) -> u64 {
    let Rate { per_second, burst } = limits.order_rate;
    let by_second = u64::from(per_second) * u64::from(interval_s) + u64::from(burst);
    let minutes = u64::from(interval_s.div_ceil(60));
    by_second.min(u64::from(limits.orders_per_minute_max) * minutes)
}

/// Each question weighs on the address that a running engine shares.
pub(super) fn fees(patient: &Patient) -> Found {
    if let Ok(Some(_)) = patient.status() {
        return Found::skip("the running engine reads them with the account");
    }
    match fetch::fees(&patient.config) {
        Ok((found, _)) => judged(&found, &patient.config),
        Err(error @ InquiryError::Refused(_)) => {
            Found::fail(error.to_string(), "look at the key: `engine keys check`")
        }
        Err(error) => Found::warn(error.to_string(), "`engine fees fetch`"),
    }
}

fn judged(found: &[SymbolFees], config: &Config) -> Found {
    let bound_e8 = i64::from(config.limits.margin.fee_centi_bps) * E8_PER_CENTI_BPS;
    let bps = |e8: i64| Qty::from_units(e8.saturating_mul(10_000));
    let line = |it: &SymbolFees| {
        format!("{} maker {} bps, taker {} bps", it.symbol, bps(it.maker_e8), bps(it.taker_e8))
    };
    let dear: Vec<_> = found.iter().filter(|it| bound_e8 < it.taker_e8).map(line).collect();
    match dear.is_empty() {
        true => Found::ok(found.iter().map(line).collect::<Vec<_>>().join("; ")),
        false => Found::warn(
            format!("{}: more than `account.taker_fee_bps`", dear.join("; ")),
            "raise it to what the account pays: free margin must cover it",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::patient::tests::paper;
    use super::*;
    use crate::types::{Filters, InstrumentKind};

    fn listing(trading: bool, least: i32) -> Listing {
        let name = |text: &str| text.to_owned();
        Listing {
            symbol: name("BTCUSDT"),
            kind: InstrumentKind::Perpetual,
            base: name("BTC"),
            quote: name("USDT"),
            settle: name("USDT"),
            filters: Filters { qty_min: Qty::whole(least), trading, ..Filters::whole() },
        }
    }

    #[test]
    fn an_instrument_that_takes_no_order_of_ours_is_named() {
        let (order_qty_max, position_max) = (Qty::whole(2), Qty::whole(3));
        let wanted = InstrumentConfig { symbol: "BTCUSDT".to_owned(), position_max, order_qty_max };
        let said = |trading, least| unfit((&wanted, &listing(trading, least)));
        assert_eq!(said(true, 2), None);
        assert!(said(true, 3).unwrap().contains("`max_order_qty` of BTCUSDT is 2"));
        assert!(said(false, 2).unwrap().contains("does not trade BTCUSDT"));
    }

    #[test]
    fn a_configuration_that_allows_more_orders_than_the_venue_takes_warns() {
        let mut limits = paper().limits;
        limits.order_rate = Rate { per_second: 10, burst: 20 };
        limits.orders_per_minute_max = 400;
        let told = |counted, interval_s, limit| RateLimit {
            counted,
            interval_s,
            limit: Some(limit),
            count: Some(7),
        };
        let weight = told(Counted::RequestWeight, 60, 40);
        let enough = [weight, told(Counted::Orders, 10, 120), told(Counted::Orders, 60, 400)];
        let said =
            "7 of 40 request weight in 60 s; 7 of 120 orders in 10 s; 7 of 400 orders in 60 s";
        assert_eq!(room(&enough, &limits), Found::ok(said));
        for less in [told(Counted::Orders, 10, 119), told(Counted::Orders, 60, 399)] {
            let Found::Warn { said, .. } = room(&[weight, less], &limits) else {
                unreachable!("one more than it takes");
            };
            assert!(said.contains("the configuration allows"), "{said}");
        }
        let unsaid = RateLimit { limit: None, ..weight };
        assert_eq!(room(&[unsaid], &limits), Found::ok(""));
    }

    #[test]
    fn a_fee_above_the_configured_one_warns() {
        let mut config = paper();
        config.limits.margin.fee_centi_bps = 500;
        let paid = |taker_e8| SymbolFees { symbol: "BTCUSDT".to_owned(), maker_e8: 0, taker_e8 };
        let at = judged(&[paid(50_000)], &config);
        assert_eq!(at, Found::ok("BTCUSDT maker 0 bps, taker 5 bps"));
        assert!(matches!(judged(&[paid(50_001)], &config), Found::Warn { .. }));
    }
}
