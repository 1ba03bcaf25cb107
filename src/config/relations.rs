//! What must hold between keys: each alone may be fine and the whole still be wrong.
//!
//! A relation whose keys are missing or faulty is not looked at: those faults stand already.

use super::address;
use super::fault::Collector;
use super::keys::Need;
use super::table::KEYS;
use super::values::Values;
use super::walk::expected_in_full;
use crate::types::InstrumentKind;
use crate::venue::VenueKind;
use rust_decimal::Decimal;

/// Finds every relation that is broken.
pub(super) fn check(values: &Values, faults: &mut Collector) {
    let mut relations = Relations { values, faults };
    relations.order_of_numbers();
    relations.instruments();
    relations.budgets();
    relations.venue_or_exchange();
    relations.addresses();
    relations.exchange();
    relations.pins();
    relations.dead_man();
    relations.contracts();
    relations.hedges();
}

/// Addresses of a venue.
const ADDRESSES: [&str; 3] = ["venue.rest_url", "venue.streams_url", "venue.order_entry_url"];

/// One more, which not every venue has.
const WALLET: &str = "venue.wallet_url";

/// The backup of the market data.
const BACKUP: &str = "venue.backup";

/// Its addresses.
const BACKUP_ADDRESSES: [&str; 2] = ["venue.backup.streams_url", "venue.backup.rest_url"];

struct Relations<'a> {
    values: &'a Values,
    faults: &'a mut Collector,
}

impl Relations<'_> {
    fn order_of_numbers(&mut self) {
        self.below("clock_sync.warn_threshold_ms", "clock_sync.kill_threshold_ms");
        self.at_most("risk.max_order_notional", "risk.max_gross_notional");
        self.at_most("risk.max_unknown_orders", "risk.max_open_orders");
        self.at_most("risk.max_daily_loss_pct", "kill_switch.max_drawdown_pct");
        self.at_most("risk.max_net_notional", "risk.max_gross_notional");
        self.at_most("risk.max_underlying_notional", "risk.max_gross_notional");
        self.at_most("risk.max_underlying_net_notional", "risk.max_underlying_notional");
        self.at_most("risk.max_margin_ratio_pct", "risk.warn_margin_ratio_pct");
        let timeout = self.values.whole("reconciliation.timeout_ms");
        let interval = self.values.whole("reconciliation.interval_s");
        if let (Some(timeout), Some(interval)) = (timeout, interval)
            && interval.saturating_mul(1_000) <= timeout
        {
            let what = "is not shorter than `reconciliation.interval_s`";
            self.fault("reconciliation.timeout_ms", what);
        }
        self.patience();
    }

    /// The stop of an instrument comes after the sweep of its symbol, never instead of it.
    fn patience(&mut self) {
        let retry_ms = self.values.whole("orders.cancel_retry_ms");
        let attempts = self.values.whole("orders.cancel_attempts_max");
        let stuck_s = self.values.whole("orders.stuck_max_s");
        if let (Some(retry_ms), Some(attempts), Some(stuck_s)) = (retry_ms, attempts, stuck_s)
            && stuck_s.saturating_mul(1_000) <= retry_ms.saturating_mul(attempts)
        {
            let what = "must be longer than `cancel_attempts_max` × `cancel_retry_ms`";
            self.fault("orders.stuck_max_s", what);
        }
    }

    fn instruments(&mut self) {
        for index in 0..self.values.count("instruments") {
            let path = format!("instruments[{index}]");
            self.at_most(&format!("{path}.max_order_qty"), &format!("{path}.max_position"));
            for key in ["max_open_orders", "max_unknown_orders"] {
                self.at_most(&format!("{path}.{key}"), &format!("risk.{key}"));
            }
        }
        self.unique("instruments", "symbol");
    }

    /// A budget above the limit that stands over all of them could never be used in full: somebody
    /// meant another number.
    fn budgets(&mut self) {
        self.unique("strategies", "name");
        self.owners();
        for index in 0..self.values.count("strategies") {
            let budget = format!("strategies[{index}].budget");
            self.at_most(&format!("{budget}.max_position_notional"), "risk.max_gross_notional");
            for key in ["max_open_orders", "max_order_rate_per_sec", "order_burst"] {
                self.at_most(&format!("{budget}.{key}"), &format!("risk.{key}"));
            }
            self.strategy_instruments(&format!("strategies[{index}].instruments"));
        }
    }

    /// An instrument belongs to one strategy unless it says that it is shared: two on one may undo
    /// each other's positions, and a reduction of the one may be none of the account (SAFETY E9).
    fn owners(&mut self) {
        let mut owned: Vec<(String, String)> = Vec::new();
        for index in 0..self.values.count("strategies") {
            let name = self.values.text(&format!("strategies[{index}].name")).unwrap_or_default();
            let name = name.to_owned();
            let list = format!("strategies[{index}].instruments");
            for at in 0..self.values.count(&list) {
                let path = format!("{list}[{at}]");
                let Some(symbol) = self.values.text(&path).map(str::to_owned) else { continue };
                let owner = owned.iter().find(|(taken, by)| *taken == symbol && *by != name);
                if let Some((_, owner)) = owner
                    && !self.is_shared(&symbol)
                {
                    let what = format!(
                        "{symbol} belongs to `{owner}`; one strategy an instrument, unless the \
                         instrument says `shared: true`"
                    );
                    self.fault(&path, what);
                }
                owned.push((symbol, name.clone()));
            }
        }
    }

    fn is_shared(&self, symbol: &str) -> bool {
        let at = symbols(self.values).position(|known| known == symbol);
        let flag = at.and_then(|at| self.values.flag(&format!("instruments[{at}].shared")));
        flag == Some(true)
    }

    fn strategy_instruments(&mut self, list: &str) {
        let known: Vec<&str> = symbols(self.values).collect();
        let mut seen = Vec::new();
        for index in 0..self.values.count(list) {
            let path = format!("{list}[{index}]");
            let Some(symbol) = self.values.text(&path) else { continue };
            if !known.contains(&symbol) && known.len() == self.values.count("instruments") {
                let spoken = self.values.spoken(&path);
                self.fault(&path, format!("{spoken} is not one of `instruments`"));
            }
            if seen.contains(&symbol) {
                let spoken = self.values.spoken(&path);
                self.fault(&path, format!("{spoken} stands here twice"));
            }
            seen.push(symbol);
        }
    }

    /// A venue at an address, or one in this process, and never a mixture.
    fn venue_or_exchange(&mut self) {
        let secrets =
            ["venue.api_key", "venue.api_key_file", "venue.api_secret", "venue.api_secret_file"];
        let mode = self.values.text("mode").unwrap_or_default();
        if self.values.has("exchange") {
            if mode == "live" {
                let what = "has no place in mode live: real money needs a real venue";
                self.fault("exchange", what);
            }
            let there = |path: &&str| self.values.has(path);
            let all = ADDRESSES.into_iter().chain([WALLET, BACKUP]).chain(secrets).filter(there);
            for path in all.collect::<Vec<_>>() {
                self.fault(path, "stands beside `exchange`; the embedded exchange needs none");
            }
        } else if mode == "lab" {
            self.fault("exchange", "is missing; mode lab trades on the embedded exchange only");
        } else if self.values.has("venue") {
            for path in ADDRESSES.into_iter().filter(|path| !self.values.has(path)) {
                let what = "is missing; write it, or `exchange:` for an embedded exchange";
                self.fault_at("venue", path, what);
            }
            if mode == "live" && !self.values.has(WALLET) {
                let what = "is missing; with real money it must be known what the key may do";
                self.fault_at("venue", WALLET, what);
            }
            self.one_of("venue", "venue.api_key", "venue.api_key_file");
            self.one_of("venue", "venue.api_secret", "venue.api_secret_file");
        }
    }

    fn addresses(&mut self) {
        let mode = self.values.text("mode").unwrap_or_default();
        for path in ADDRESSES.into_iter().chain([WALLET]).chain(BACKUP_ADDRESSES) {
            let Some(address) = self.values.text(path) else { continue };
            if mode == "live" && address::is_exposed(address) {
                let what = "is not encrypted; real money needs https:// or wss://";
                self.fault(path, what);
            }
            if matches!(mode, "paper" | "lab") && address::is_live(address) {
                let what = format!("trades real money, and the mode is {mode}");
                self.fault(path, what);
            }
        }
        for (first, second) in [
            ("venue.streams_url", "venue.backup.streams_url"),
            ("venue.rest_url", "venue.backup.rest_url"),
        ] {
            let address = self.values.text(second);
            if address.is_some() && address == self.values.text(first) {
                let what = format!("is `{first}`; a backup must be another place");
                self.fault(second, what);
            }
        }
    }

    fn exchange(&mut self) {
        if !self.values.has("exchange") {
            return;
        }
        self.one_of("exchange", "exchange.seed", "exchange.recording");
        let plays = self.values.has("exchange.recording");
        match (plays, self.values.has("exchange.speed")) {
            (true, false) => {
                let what = "is missing; a recording needs a speed: 1, or max";
                self.fault_at("exchange", "exchange.speed", what);
            }
            (false, true) => self.fault("exchange.speed", "is for a recording, and there is none"),
            (true, true) | (false, false) => {}
        }
    }

    /// One renewal may be lost, and the requests must fit into what is kept for them: a quarter of
    /// what the venue takes in a minute. An instrument costs at most two requests a period.
    fn dead_man(&mut self) {
        let countdown_s = self.values.whole("dead_man.countdown_s");
        let renew_s = self.values.whole("dead_man.renew_s");
        let (Some(countdown_s), Some(renew_s)) = (countdown_s, renew_s) else { return };
        if countdown_s < 2 * renew_s {
            let what = "is below two of `dead_man.renew_s`: one lost renewal would fire the switch";
            self.fault("dead_man.countdown_s", what);
        }
        let venue = self.values.text("venue.kind").and_then(super::build_venue::kind);
        let Some(cost) = venue.and_then(VenueKind::dead_man_cost) else { return };
        let instruments = self.values.count("instruments") as u64;
        let weight = instruments * 2 * u64::from(cost.request_weight) * 60;
        let kept = u64::from(cost.weight_per_minute / 4);
        if kept * renew_s < weight {
            let least_s = weight.div_ceil(kept);
            let what = format!(
                "asks too much of the venue for {instruments} instruments: at least {least_s}"
            );
            self.fault("dead_man.renew_s", what);
        }
    }

    /// What only contracts have must be written for them, and says nothing on a spot venue.
    fn contracts(&mut self) {
        let word = self.values.text("venue.kind");
        let Some(venue) = word.and_then(super::build_venue::kind) else { return };
        let is_spot = venue.instruments() == InstrumentKind::Spot;
        for key in KEYS.iter().filter(|key| key.need == Need::Contracts) {
            let (group, name) = (key.group(), key.name());
            let groups: Vec<String> = match group.strip_suffix("[]") {
                Some(list) => {
                    (0..self.values.count(list)).map(|at| format!("{list}[{at}]")).collect()
                }
                None => vec![group.to_owned()],
            };
            for group in groups {
                let path = format!("{group}.{name}");
                match (is_spot, self.values.has(&path)) {
                    (true, true) => {
                        self.fault(&path, "means nothing on a spot venue; leave it out");
                    }
                    (false, false) if self.values.below(&group).next().is_some() => {
                        let what = format!("is missing; expected {}", expected_in_full(key));
                        self.fault_at(&group, &path, what);
                    }
                    (true, false) | (false, _) => {}
                }
            }
        }
    }

    /// What counts as hedged is no more than what may be open.
    fn hedges(&mut self) {
        self.unique("hedge_groups", "name");
        for index in 0..self.values.count("hedge_groups") {
            let group = format!("hedge_groups[{index}]");
            self.at_most(&format!("{group}.hedged_within"), &format!("{group}.max_net_delta"));
            self.at_most(&format!("{group}.max_net_delta"), "risk.max_gross_notional");
        }
        super::build_hedges::check(self.values, self.faults);
    }

    /// Two threads that spin on one processor starve each other.
    fn pins(&mut self) {
        let mut taken = Vec::new();
        for thread in ["hot", "feed", "order"] {
            let path = format!("runtime.pin.{thread}");
            let Some(processor) = self.values.whole(&path) else { continue };
            if taken.contains(&processor) {
                self.fault(&path, "this processor is taken by another thread");
            }
            taken.push(processor);
        }
    }

    fn unique(&mut self, list: &str, key: &str) {
        let mut seen = Vec::new();
        for index in 0..self.values.count(list) {
            let path = format!("{list}[{index}].{key}");
            let Some(text) = self.values.text(&path) else { continue };
            if seen.contains(&text) {
                let spoken = self.values.spoken(&path);
                self.fault(&path, format!("{spoken} was already given above"));
            }
            seen.push(text);
        }
    }

    fn one_of(&mut self, group: &str, one: &str, other: &str) {
        match (self.values.has(one), self.values.has(other)) {
            (true, true) => self.fault(other, format!("stands beside `{one}`; keep one of them")),
            (false, false) => {
                self.fault_at(group, one, format!("is missing; write it or `{other}`"))
            }
            (true, false) | (false, true) => {}
        }
    }

    fn at_most(&mut self, path: &str, limit: &str) {
        if let (Some(value), Some(bound)) = (self.number(path), self.number(limit))
            && bound < value
        {
            let [value, bound] = [path, limit].map(|path| self.values.spoken(path));
            self.fault(path, format!("{value} is above `{limit}`, which is {bound}"));
        }
    }

    fn below(&mut self, path: &str, limit: &str) {
        if let (Some(value), Some(bound)) = (self.number(path), self.number(limit))
            && bound <= value
        {
            let [value, bound] = [path, limit].map(|path| self.values.spoken(path));
            self.fault(path, format!("{value} is not below `{limit}`, which is {bound}"));
        }
    }

    fn number(&self, path: &str) -> Option<Decimal> {
        let whole = self.values.whole(path).map(Decimal::from);
        whole.or_else(|| self.values.number(path)).map(|number| number.normalize())
    }

    fn fault(&mut self, path: &str, what: impl Into<String>) {
        self.faults.written(self.values.place(path), path, what);
    }

    fn fault_at(&mut self, group: &str, path: &str, what: impl Into<String>) {
        self.faults.written(self.values.place(group), path, what);
    }
}

/// The symbols of `instruments`, in order.
fn symbols(values: &Values) -> impl Iterator<Item = &str> {
    (0..values.count("instruments"))
        .filter_map(|index| values.text(&format!("instruments[{index}].symbol")))
}
