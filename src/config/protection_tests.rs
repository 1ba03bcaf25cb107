//! What guards orders and positions at the venue while this machine is gone.

use super::tests::{SMALL, config, edited, faults};
use super::*;
use crate::core::{DeadManTiming, StopRule};
use crate::types::{MS, SECOND, WorkingPrice};

#[test]
fn the_dead_mans_switch_is_on_where_the_account_is_ours_or_others_are_accepted() {
    let on = DeadManConfig::On(DeadManTiming { countdown_ms: 60_000, renew_ns: 20 * SECOND });
    let own = edited(SMALL, "exclusive: false", "exclusive: true");
    assert_eq!(config(&own).dead_man, on);
    let accepted = edited(SMALL, "renew_s: 20", "renew_s: 20, cancels_others: true");
    assert_eq!(config(&accepted).dead_man, on);
    let not = edited(SMALL, "renew_s: 20", "renew_s: 20, cancels_others: false");
    assert_eq!(config(&not).dead_man, DeadManConfig::Off(DeadManOff::SharedAccount));
    let off = edited(&own, "{countdown_s: 60, renew_s: 20}", "off");
    assert_eq!(config(&off).dead_man, DeadManConfig::Off(DeadManOff::Written));
    assert_ne!(config(&off).hash, config(&own).hash);
}

#[test]
fn a_dead_mans_switch_that_asks_too_much_of_the_venue_is_refused() {
    let symbols = |count: u32| {
        let begin = SMALL.find("[{symbol: BTC/USDT").unwrap();
        let end = begin + SMALL[begin..].find("}]").unwrap() + 2;
        let one = &SMALL[begin + 1..end - 1];
        let named = |at| one.replace("BTC/USDT", &format!("A{at}USDT"));
        let all: Vec<String> = (0..count).map(named).collect();
        let with = format!("[{}]", all.join(",\n  "));
        edited(&edited(SMALL, &SMALL[begin..end], &with), "[BTC-USDT]", "[A0USDT]")
    };
    assert_eq!(faults(&symbols(10)), Vec::<String>::new());
    let said = faults(&symbols(11)).join("\n");
    assert!(said.contains("dead_man.renew_s: asks too much of the venue"), "{said}");
    assert!(said.contains("at least 22"), "{said}");
}

#[test]
fn a_protective_stop_is_off_or_has_all_that_it_needs() {
    let of = |text: &str| config(text).limits.instruments[0].protective_stop;
    assert_eq!(of(SMALL), None);
    let group = "protective_stop: {distance_pct: 2.5, working_type: WORKING, within_ms: 1500}";
    for (word, working) in [("mark", WorkingPrice::Mark), ("contract", WorkingPrice::Contract)] {
        let text = edited(SMALL, "protective_stop: off", &group.replace("WORKING", word));
        let within_ns = 1_500 * MS;
        assert_eq!(of(&text), Some(StopRule { distance_bps: 250, working, within_ns }));
    }
    let said = faults(&edited(SMALL, ", protective_stop: off", "")).join("\n");
    assert!(said.contains("instruments[0].protective_stop: is missing"), "{said}");
}
