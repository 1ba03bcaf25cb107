//! The account: whether it can be read, whether it is set up as configured (SAFETY E7), and what it
//! holds beside what is believed of it.
//!
//! Must hold: beside a running engine positions and orders are that engine's to compare, and it is
//! asked; nobody guesses what moved in between.

use super::patient::Patient;
use crate::config::Config;
use crate::core::{AccountReading, Agreement, InstrumentLimits, MarginLimits, PositionRead};
use crate::ops::doctor::Found;
use crate::ops::handlers::Request;
use crate::ops::{Shown, differences, reading_text};
use crate::runtime::offline::Account;
use crate::types::{Instrument, InstrumentKind, InstrumentMargin, Qty};
use serde_json::Value;

const UNREAD: &str = "the account could not be read";

pub(super) fn reading(patient: &Patient) -> Found {
    let next = "look at the key and at the modes of the account on the venue's page; `engine doctor \
                --network`";
    let account = match patient.account() {
        Ok(account) => account,
        Err(why) => return Found::fail(why, next),
    };
    let held = account.beside.positions.iter().filter(|it| it.entry.is_some()).count();
    let modes = match patient.config.venue.kind.instruments() {
        InstrumentKind::Perpetual => "one-way mode, one asset as margin, ",
        InstrumentKind::Spot => "",
    };
    let orders = account.beside.orders.len();
    Found::ok(format!("read whole: {modes}{held} position(s), {orders} open order(s)"))
}

pub(super) fn leverage(patient: &Patient) -> Found {
    if patient.config.venue.kind.instruments() == InstrumentKind::Spot {
        return Found::skip("spot knows no leverage and no margin");
    }
    let Ok(account) = patient.account() else { return unread() };
    let limits = &patient.config.limits;
    let told = account.read.snapshot.margin.as_ref().map(|it| it.instruments.as_slice());
    let told = told.unwrap_or_default();
    let instruments = account.read.instruments.iter().zip(&limits.instruments);
    let faults: Vec<_> =
        instruments.filter_map(|(it, wanted)| set_up(it, wanted, &limits.margin, told)).collect();
    match faults.is_empty() {
        true => Found::ok("leverage and margin mode of every instrument as configured"),
        false => Found::fail(
            faults.join("; "),
            "set it on the venue's page, or `leverage` and `margin_mode` in the configuration",
        ),
    }
}

/// What differs in how an instrument is set up there.
fn set_up(
    instrument: &Instrument,
    wanted: &InstrumentLimits,
    margin: &MarginLimits,
    told: &[InstrumentMargin],
) -> Option<String> {
    let symbol = &instrument.symbol;
    let Some(there) = told.iter().find(|it| it.instrument == instrument.id) else {
        return Some(format!("the venue does not tell how {symbol} is set up"));
    };
    if there.leverage != wanted.leverage {
        let (theirs, ours) = (there.leverage, wanted.leverage);
        let said = format!("leverage of {symbol} is {theirs} at the venue and {ours} configured");
        return Some(said);
    }
    let (theirs, ours) = (there.mode.name(), margin.mode.name());
    let said = || format!("margin of {symbol} is {theirs} at the venue and {ours} configured");
    (there.mode != margin.mode).then(said)
}

pub(super) fn positions(patient: &Patient) -> Found {
    match beside_engine(patient) {
        Some(found) => found,
        None => match patient.account() {
            Ok(account) => held(account, &patient.config),
            Err(_) => unread(),
        },
    }
}

pub(super) fn orders(patient: &Patient) -> Found {
    match (patient.status(), patient.account()) {
        (Ok(None), Ok(account)) => standing(&account.beside, &patient.flag()),
        (Ok(None), Err(_)) => unread(),
        (Ok(Some(_)), _) => Found::skip("the running engine compares them with the positions"),
        (Err(why), _) => Found::warn(why, "see `engine`"),
    }
}

pub(super) fn strangers(patient: &Patient) -> Found {
    let Ok(account) = patient.account() else { return unread() };
    let (positions, assets) = (account.beside.unnamed_positions, account.beside.has_unnamed_assets);
    let said = match (positions, assets) {
        (0, false) => return Found::ok("holds nothing that is not configured"),
        (0, true) => "it holds assets that are not configured: its equity is not known".to_owned(),
        (count, _) => format!("it holds {count} position(s) that are not configured"),
    };
    Found::fail(said, "close or move them on the venue's page, or configure them")
}

/// What the engine that runs says of its last reading; `None` when none runs.
fn beside_engine(patient: &Patient) -> Option<Found> {
    let flag = patient.flag();
    let next = format!("`engine reconcile --diff {flag}`; RUNBOOK.md, \"A mismatch\"");
    match patient.ask(&Request::Readings) {
        Ok(None) => None,
        Err(why) => Some(Found::fail(format!("the running engine does not tell: {why}"), next)),
        Ok(Some(told)) => Some(compared(&told, next)),
    }
}

fn compared(told: &Value, next: String) -> Found {
    let is_read = told["accounts"].as_array().is_some_and(|accounts| !accounts.is_empty());
    match (differences(told), is_read && told["reconciled"] == true) {
        (0, true) => Found::ok("the running engine and the venue agree"),
        (0, false) => Found::warn("the running engine has not reconciled", next),
        (_, _) => Found::fail(reading_text(told, Shown::Differences), next),
    }
}

/// A crash leaves what nobody wrote down: only after an end in order a difference is a fault.
fn held(account: &Account, config: &Config) -> Found {
    let Account { belief, beside, .. } = account;
    let next = format!(
        "`engine reconcile --diff --config {}`; a start adopts what the venue holds. RUNBOOK.md, \
         \"Positions do not match\"",
        config.path.display()
    );
    let steps = i64::from(config.timing.position_tolerance_steps);
    let lines = beside.positions.iter().zip(&account.read.instruments);
    let differing: Vec<_> = lines.filter_map(|(read, it)| apart(read, it, steps)).collect();
    match (belief.is_known(), differing.is_empty(), belief.ended_in_order()) {
        (false, true, _) => Found::skip(format!("the account is flat; {}", belief.source)),
        (true, true, _) => Found::ok(format!("as the last run left them ({})", belief.source)),
        (true, false, true) => Found::fail(differing.join("; "), next),
        (_, false, _) => Found::warn(differing.join("; "), next),
    }
}

/// Both sides of a position, where they are further apart than what is borne.
fn apart(read: &PositionRead, instrument: &Instrument, steps: i64) -> Option<String> {
    let PositionRead { ours, venue, .. } = *read;
    let borne = instrument.filters.qty_step.times(steps);
    let is_apart = borne < venue.saturating_sub(ours.unwrap_or(Qty::ZERO)).abs();
    let here = ours.map_or_else(|| "unknown".to_owned(), |qty| qty.to_string());
    is_apart.then(|| format!("{} is {venue} at the venue and {here} here", instrument.symbol))
}

fn standing(beside: &AccountReading, flag: &str) -> Found {
    let count =
        |wanted: Agreement| beside.orders.iter().filter(|it| it.agreement == wanted).count();
    let next = format!("`engine reconcile --diff {flag}`; then cancel them on the venue's page");
    match (count(Agreement::Differs), count(Agreement::InFlight), count(Agreement::Foreign)) {
        (0, 0, 0) => Found::ok("none stands at the venue"),
        (0, 0, others) => Found::ok(format!("{others} of others, on a shared account")),
        (0, ours, _) => Found::warn(
            format!("{ours} of the last run stand at the venue"),
            format!("a start takes back those that open; `engine reconcile --diff {flag}`"),
        ),
        (strange, _, _) => {
            Found::fail(format!("{strange} stand at the venue that should not"), next)
        }
    }
}

fn unread() -> Found {
    Found::warn(UNREAD, "mend what `reading` says above")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::OrderRead;
    use crate::types::{ForeignOrder, InstrumentId, MarginMode, OrderRef, Side};
    use serde_json::json;

    #[test]
    fn another_leverage_or_margin_is_told_with_both_sides() {
        let config = super::super::patient::tests::paper();
        let (wanted, margin) = (&config.limits.instruments[0], &config.limits.margin);
        let leverage = wanted.leverage;
        let told = |leverage, mode| InstrumentMargin {
            instrument: InstrumentId(0),
            leverage,
            mode,
            tiers: None,
        };
        let judge =
            |told: &[InstrumentMargin]| set_up(&Instrument::btcusdt(), wanted, margin, told);
        assert_eq!(judge(&[told(leverage, margin.mode)]), None);
        let said = judge(&[told(leverage + 1, margin.mode)]).unwrap();
        assert!(said.contains("leverage of BTCUSDT is 21 at the venue and 20"), "{said}");
        let said = judge(&[told(leverage, MarginMode::Isolated)]).unwrap();
        assert!(said.contains("margin of BTCUSDT is isolated at the venue"), "{said}");
        assert!(judge(&[]).unwrap().contains("does not tell"));
    }

    #[test]
    fn a_running_engine_is_believed_only_when_it_has_read_and_agrees() {
        let told = |reconciled: bool, differences: u64| {
            let told =
                json!({"reconciled": reconciled, "accounts": [{"differences": differences}]});
            compared(&told, "look".to_owned()).verdict()
        };
        assert_eq!([told(true, 0), told(false, 0), told(true, 1)], ["ok", "warn", "fail"]);
        let nothing = json!({"reconciled": true, "accounts": []});
        assert_eq!(compared(&nothing, String::new()).verdict(), "warn");
    }

    #[test]
    fn a_position_is_apart_beyond_what_is_borne_and_unknown_is_not_zero() {
        let read = |ours: Option<i32>, venue| PositionRead {
            ours: ours.map(Qty::whole),
            venue: Qty::whole(venue),
            ..PositionRead::default()
        };
        let apart = |ours, venue, steps| apart(&read(ours, venue), &Instrument::btcusdt(), steps);
        assert_eq!(
            [apart(Some(3), 3, 0), apart(Some(3), 1, 2), apart(None, 0, 0)],
            [const { None }; 3]
        );
        let said = "BTCUSDT is -3 at the venue and 1 here";
        assert_eq!(apart(Some(1), -3, 3).as_deref(), Some(said));
        let said = "BTCUSDT is 1 at the venue and unknown here";
        assert_eq!(apart(None, 1, 0).as_deref(), Some(said));
    }

    #[test]
    fn what_stands_is_judged_by_its_strangest_order() {
        let order = |agreement| OrderRead {
            order: OrderRef::Foreign(ForeignOrder::Other),
            venue_order_id: Some(1),
            instrument: InstrumentId(0),
            side: Side::Buy,
            ours: None,
            venue: None,
            agreement,
        };
        let judge = |all: &[Agreement]| {
            let orders = all.iter().map(|it| order(*it)).collect();
            standing(&AccountReading { orders, ..AccountReading::default() }, "--config x")
        };
        assert_eq!(judge(&[]), Found::ok("none stands at the venue"));
        assert!(matches!(judge(&[Agreement::Foreign]), Found::Ok(_)));
        let left = [Agreement::Foreign, Agreement::InFlight];
        assert!(matches!(judge(&left), Found::Warn { .. }));
        let all = [Agreement::InFlight, Agreement::Differs];
        assert!(matches!(judge(&all), Found::Fail { .. }));
    }
}
