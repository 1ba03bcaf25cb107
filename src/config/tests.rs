//! The configuration as its users meet it: files in, faults or values out.

use super::*;
use crate::core::{
    Appetite, BreakerLimits, DayLimits, ExposureLimits, Limits, MarginLimits, MarketRecording,
    OnTrip, ParentRule, Permissions, RejectLimits, Sharing, Storm, StrategyLimits, Taker,
};
use crate::types::{Cash, FundingRate, InstrumentId, MS, MarginMode, Qty, SECOND};
use proptest::prelude::*;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

pub(super) const LIVE: &str = include_str!("../../configs/live.yaml");
pub(super) const PAPER: &str = include_str!("../../configs/paper.yaml");

/// What no output may ever hold.
const KEY: &str = "k3y-of-the-account";
const SECRET: &str = "s3cret-of-the-account";

fn registry() -> Registry {
    crate::strategy::registry()
}

fn lookup(name: &str) -> Option<OsString> {
    match name {
        "BINANCE_API_KEY" | "BINANCE_TESTNET_API_KEY" => Some(KEY.into()),
        "BINANCE_API_SECRET" | "BINANCE_TESTNET_API_SECRET" => Some(SECRET.into()),
        "TR_MODE" => Some("paper".into()),
        "DRAWDOWN" => Some("12.5".into()),
        "HIDDEN" => Some("abcdef".into()),
        "HIDDEN_NUMBER" => Some("424242".into()),
        _ => None,
    }
}

pub(super) fn loaded(text: &str) -> Result<Loaded, Faults> {
    check(Path::new("f"), text.as_bytes(), &registry(), &lookup)
}

pub(super) fn config(text: &str) -> Config {
    loaded(text).unwrap_or_else(|faults| panic!("{faults}")).config
}

pub(super) fn faults(text: &str) -> Vec<String> {
    let faults = loaded(text).err().map(|faults| faults.to_string()).unwrap_or_default();
    faults.lines().map(str::to_owned).collect()
}

/// `PAPER` with one text exchanged for another.
pub(super) fn edited(base: &str, old: &str, new: &str) -> String {
    assert!(base.contains(old), "the base has no `{old}`");
    base.replacen(old, new, 1)
}

/// A whole deployment on few lines, so that places can be read off.
pub(super) const SMALL: &str = "\
instance: small
mode: paper
initial_state: active
reporting_currency: USDT
account: {exclusive: false, margin_mode: cross, taker_fee_bps: 4.5}
venue: {name: sim, kind: binance_usdm, recv_window_ms: 5000}
exchange: {seed: 7, starting_balance: 1000, maker_fee_bps: -0.25, taker_fee_bps: 5, \
    funding_rate_bps: -1.5}
instruments: [{symbol: BTC/USDT, max_position: 2, max_order_qty: 1, \
    max_open_orders: 5, max_unknown_orders: 1, leverage: 3, restricted: false, \
    protective_stop: off}]
strategies:
- name: rest
  kind: idle
  instruments: [BTC-USDT]
  budget: {max_position_notional: 10, max_open_orders: 1, max_order_rate_per_sec: 1, \
  order_burst: 1, max_loss: 5, max_losing_round_trips: 3, max_consecutive_rejects: off, \
  max_fills_per_min: 60, review_after_notional: off,
    max_orders_per_trade: off, order_kinds: [post_only, ioc], sides: [sell], partial_fill: cancel, \
    parents: off}
kill_switch: {max_drawdown_pct: 15, confirm_valuations: 3, confirm_ms: 500, \
 equity_unknown_max_s: 9, cooldown_s: 60}
clock_sync: {warn_threshold_ms: 500, kill_threshold_ms: 2000, kill_samples: 3, refresh_sec: 60}
risk:
  max_order_notional: 100
  price_band_pct: 0.5
  max_order_ttl_ms: 60000
  max_order_rate_per_sec: 10
  order_burst: 20
  max_open_orders: 10
  max_unknown_orders: 2
  max_gross_notional: 200
  max_data_age_ms: 2000
  max_filters_age_s: 3600
  max_journal_lag_ms: 1500
  max_signal_age_ms: 100
  max_price_move_pct: 1.5
  price_move_window_ms: 10000
  max_repeats: 20
  repeat_window_ms: 60000
  max_orders_per_min: 300
  max_depth_pct: 12.5
  max_slippage_bps: 20
  slippage_orders_max: 5
  slippage_window_s: 600
  max_fee_difference_bps: 0.25
  max_funding_pct: 0.1
  max_gaps: 5
  gap_window_s: 300
  max_daily_loss_pct: 5
  day_rollover_hour_utc: 22
  max_loss_per_min: 2
  max_net_notional: 150
  max_underlying_notional: 120
  max_underlying_net_notional: 110
  max_leverage: 1.5
  max_concentration_pct: 12.5
  max_positions: 3
  max_reject_pct: 10
  reject_storm: alert
  max_margin_ratio_pct: 20
  warn_margin_ratio_pct: 40
  min_liquidation_distance_pct: 12.5
conservative: {size_factor: 0.5, max_position_pct_of_equity: 0.5, probation_s: 60, taker: off}
orders: {answer_timeout_ms: 1000, cancel_retry_ms: 1000, query_retry_ms: 1000, \
    cancel_attempts_max: 5, stuck_max_s: 16}
reconciliation: {interval_s: 30, timeout_ms: 5000, balance_tolerance: 0, position_tolerance: 0, \
    open_orders_tolerance: 0}
breaker: {max_stops: 3, window_s: 600, cooldown_s: 900}
dead_man: {countdown_s: 60, renew_s: 20}
governance: {attestation: required}
";

#[test]
fn strategies_may_stand_on_one_instrument_that_says_that_it_is_shared() {
    let whole = SMALL.find("strategies:\n").unwrap() + "strategies:\n".len();
    let end = SMALL.find("kill_switch:").unwrap();
    let second = SMALL[whole..end].replace("name: rest", "name: other");
    let two = [&SMALL[..end], &second, &SMALL[end..]].concat();
    let told = faults(&two).join("\n");
    assert!(told.contains("belongs to `rest`") && told.contains("`shared: true`"), "{told}");
    let shared = edited(&two, "restricted: false", "restricted: false, shared: true");
    let config = config(&shared);
    assert!(config.limits.instruments[0].shared && config.strategies.len() == 2);
    assert!(
        !faults(&edited(&two, "restricted: false", "restricted: false, shared: no")).is_empty()
    );
}

/// One group of one leg too few, or of `legs`.
fn grouped(legs: &str) -> String {
    let group = format!(
        "hedge_groups:\n- {{name: pair, max_net_delta: 50, hedged_within: 5, \
         max_unhedged_age_ms: 900, on_trip: complete_hedge,\n  legs: [{legs}]}}\n"
    );
    let second = ", leverage: 3, restricted: false, protective_stop: off},\n  {symbol: ETHUSDT, max_position: 2, \
                  max_order_qty: 1, max_open_orders: 5, max_unknown_orders: 1, leverage: 3, \
                  restricted: false, protective_stop: off}";
    edited(SMALL, ", leverage: 3, restricted: false, protective_stop: off}", second) + &group
}

#[test]
fn a_hedge_group_has_two_legs_that_are_its_own_and_count() {
    let pair = "{instrument: BTC/USDT, ratio: 1}, {instrument: ETHUSDT, ratio: -0.5}";
    let group = &config(&grouped(pair)).limits.hedge_groups[0];
    assert_eq!(group.legs, [(InstrumentId(0), 10_000), (InstrumentId(1), -5_000)]);
    assert_eq!((group.name.as_str(), group.on_trip), ("pair", OnTrip::CompleteHedge));
    assert_eq!((group.net_delta_max, group.hedged_within), (Cash::whole(50), Cash::whole(5)));
    assert_eq!(group.unhedged_ns_max, 900 * MS);
    let two = grouped(pair);
    let again = two.clone() + &two[two.find("- {name: pair").unwrap()..].replace("pair", "other");
    let rows = [
        (grouped("{instrument: BTCUSDT, ratio: 1}"), "is one leg"),
        (edited(&two, "ratio: 1}", "ratio: 0}"), "ratio: is zero"),
        (edited(&two, "instrument: ETHUSDT", "instrument: SOLUSDT"), "SOLUSDT is not one of"),
        (edited(&two, "instrument: ETHUSDT", "instrument: BTCUSDT"), "already; one group a leg"),
        (again, "BTCUSDT is a leg of `pair` already"),
        (edited(&two, "hedged_within: 5", "hedged_within: 51"), "is above"),
        (edited(&two, "max_net_delta: 50", "max_net_delta: 201"), "risk.max_gross_notional"),
    ];
    for (text, fault) in rows {
        let told = faults(&text).join("\n");
        assert!(told.contains(fault), "{fault}: {told}");
    }
}

/// Threads that sleep, and connections as they are kept when nothing else is said.
pub(super) fn parked() -> RuntimeConfig {
    RuntimeConfig {
        wait: Wait::Park,
        pins: Pins::default(),
        connection_age_max: Duration::from_secs(82_800),
        key_check_every: Duration::from_secs(600),
        answer_max: Duration::from_secs(5),
        heartbeat_every: Duration::from_secs(5),
        missed_heartbeats_max: 3,
    }
}

#[test]
fn every_value_of_the_small_file_arrives() {
    let config = config(SMALL);
    assert_eq!((config.instance.as_str(), config.mode), ("small", TradingMode::Paper));
    assert_eq!(config.folders.journal, Path::new("instances/small/journal"));
    assert_eq!(
        (config.sharing, config.attestation),
        (Sharing::Shared, AttestationPolicy::Required)
    );
    let Endpoint::Embedded(exchange) = &config.venue.endpoint else { panic!("embedded") };
    assert_eq!(exchange.market, MarketSource::Seed(7));
    assert_eq!(exchange.starting_balance, Cash::whole(1000));
    assert_eq!((exchange.maker_fee_centi_bps, exchange.taker_fee_centi_bps), (-25, 500));
    assert_eq!(exchange.funding_rate, FundingRate::from_e8(-15_000).unwrap());
    assert_eq!(config.instruments[0].symbol, "BTCUSDT");
    assert_eq!(config.instruments[0].position_max, Qty::whole(2));
    assert_eq!(config.strategies[0].instruments, [InstrumentId(0)]);
    assert_eq!(config.strategies[0].budget.position_notional_max, Cash::whole(10));
    let budget = &config.strategies[0].budget;
    assert_eq!((budget.orders_per_trade_max, budget.parents), (None, ParentRule::Off));
    let allowed = Permissions::of(["post_only", "ioc"], ["sell"]).unwrap();
    assert_eq!(config.strategies[0].budget.permissions, allowed);
    assert_limits(&config.limits);
    let losses = StrategyLimits {
        loss_max: Cash::whole(5),
        losing_trips_max: Some(3),
        rejects_max: None,
        fills_per_minute_max: Some(60),
        unreviewed_max: None,
    };
    assert_eq!(config.strategies[0].budget.losses, losses);
    assert_eq!(config.dead_man, DeadManConfig::Off(DeadManOff::SharedAccount));
    assert_eq!(config.timing.not_found_final_ns, 6 * SECOND);
    assert_eq!(config.timing.reconcile_ns, 30 * SECOND);
    assert_eq!(config.timing.reconcile_timeout_ns, 5 * SECOND);
    assert_eq!(config.timing.balance_tolerance, Cash::ZERO);
    assert_eq!(config.runtime, parked());
    let journal = &config.journal;
    assert_eq!((journal.segment_bytes, journal.files_max), (16 << 20, 1_000));
    assert_eq!((journal.sync_ns, journal.market_data), (50 * MS, MarketRecording::Off));
    assert_eq!(journal.lane_folder, Path::new("/dev/shm"));
    assert_eq!((config.log.filter.as_str(), config.log.format), ("info", LogFormat::Text));
    assert_eq!(config.backtest_latency_ns, 5 * MS);
}

fn assert_limits(limits: &Limits) {
    assert_eq!((limits.drawdown.max_bps, limits.drawdown.confirm_valuations), (1_500, 3));
    assert_eq!(limits.drawdown.confirm_ns, 500 * MS);
    assert_eq!(limits.drawdown.unknown_ns_max, 9 * SECOND);
    assert_eq!((limits.clock.warn_ns, limits.clock.kill_ns), (500 * MS, 2_000 * MS));
    assert_eq!((limits.clock.kill_samples, limits.clock.refresh_ns), (3, 60 * SECOND));
    assert_eq!(limits.order_notional_max, Cash::whole(100));
    assert_eq!((limits.price_band_bps, limits.conservative_bps), (50, 5_000));
    assert_eq!(limits.order_ttl_ns_max, 60 * SECOND);
    assert_eq!((limits.order_rate.per_second, limits.order_rate.burst), (10, 20));
    assert_eq!((limits.open_orders_max, limits.unknown_orders_max), (10, 2));
    assert_eq!(limits.gross_notional_max, Cash::whole(200));
    assert_eq!(limits.data_age_ns_max, 2_000 * MS);
    let here = limits.instruments[0];
    assert_eq!((here.order_qty_max, here.open_orders_max), (Qty::whole(1), 5));
    assert_eq!((here.unknown_orders_max, here.restricted), (1, false));
    assert_eq!(limits.signal_age_ns_max, 100 * MS);
    assert_eq!((limits.price_move.max_bps, limits.price_move.window_ns), (150, 10 * SECOND));
    assert_eq!((limits.repeats.max, limits.repeats.window_ns), (20, 60 * SECOND));
    assert_eq!((limits.orders_per_minute_max, limits.depth_bps_max), (300, Some(1_250)));
    assert_eq!(limits.conservative_taker, Taker::Off);
    assert_eq!(limits.fee_tolerance_centi_bps, Some(25));
    let margin = MarginLimits {
        mode: MarginMode::Cross,
        fee_centi_bps: 450,
        ratio_bps_max: 2_000,
        ratio_bps_warn: 4_000,
        liquidation_bps_min: 1_250,
    };
    assert_eq!((limits.margin, here.leverage), (margin, 3));
    assert_appetite(&limits.appetite);
}

fn assert_appetite(appetite: &Appetite) {
    let expected = Appetite {
        day: DayLimits { max_bps: 500, rollover_hour: 22 },
        minute_loss_max: Cash::whole(2),
        exposure: ExposureLimits {
            net_max: Cash::whole(150),
            underlying_gross_max: Cash::whole(120),
            underlying_net_max: Cash::whole(110),
            leverage_bps_max: 15_000,
            concentration_bps_max: 1_250,
            positions_max: 3,
            conservative_bps_max: 50,
        },
        rejects: RejectLimits { ratio_bps_max: 1_000, storm: Storm::Alert },
        breaker: BreakerLimits { stops_max: 3, window_ns: 600 * SECOND, cooldown_ns: 900 * SECOND },
    };
    assert_eq!(*appetite, expected);
}

/// Edits of `SMALL`, each with the one fault that it must give.
const SLIPS: &str = include_str!("../../tests/data/config_slips.txt");

/// What to take out, what to put in, and how the fault begins.
fn slips() -> Vec<[String; 3]> {
    let block = |block: &str| {
        let mut lines = ["-", "+", "!"].map(String::from);
        for line in &mut lines {
            let found = block.lines().find_map(|it| it.strip_prefix(line.as_str()));
            *line = found?.replace("\\n", "\n");
        }
        Some(lines)
    };
    let slips: Vec<_> = SLIPS.split("\n\n").filter_map(block).collect();
    assert!(40 < slips.len());
    slips
}

/// With the line of the file instead of one that is counted from the edit.
fn placed(expected: &str, old: &str) -> String {
    let Some((offset, rest)) =
        expected.strip_prefix("f:+").and_then(|expected| expected.split_once(':'))
    else {
        return expected.to_owned();
    };
    let before = SMALL.split(old).next().unwrap_or_default();
    let line = 1 + before.matches('\n').count() + offset.parse::<usize>().unwrap();
    format!("f:{line}:{rest}")
}

#[test]
fn each_slip_is_one_fault_with_its_line_and_column() {
    for [old, new, expected] in &slips() {
        let expected = &placed(expected, old);
        let said = faults(&edited(SMALL, old, new));
        let first = said.first().map(String::as_str).unwrap_or_default();
        assert!(first.starts_with(expected), "{new}:\n{}\ninstead of\n{expected}", said.join("\n"));
        assert_eq!(said.len(), 1, "{new}:\n{}", said.join("\n"));
    }
}

#[test]
fn settings_of_a_strategy_are_asked_of_the_strategy() {
    let text = edited(
        SMALL,
        "kind: idle",
        "kind: momentum\n  params:\n    order_qty: -1\n    lookback_ms: 1\n    hold_ms: soon\n    \
         cooldown_ms: 1\n    ttl_ms: 1\n    extra: 1",
    );
    let expected = [
        "f:12:3: strategies[0].params.threshold_bps: is missing",
        "f:13:16: strategies[0].params.order_qty: must be a quantity above zero",
        "f:15:14: strategies[0].params.hold_ms: must be a number",
        "f:18:12: strategies[0].params.extra: is not a setting of this strategy",
    ];
    let said = faults(&text);
    assert_eq!(said.len(), expected.len(), "{}", said.join("\n"));
    for (said, expected) in said.iter().zip(expected) {
        assert!(said.starts_with(expected), "{said}");
    }
}

#[test]
fn all_faults_are_told_at_once_and_in_order() {
    let mut text = SMALL.to_owned();
    let mut applied = 0;
    for [old, new, _] in slips().iter().step_by(3) {
        if text.contains(old) {
            text = edited(&text, old, new);
            applied += 1;
        }
    }
    assert!(8 <= applied);
    let said = faults(&text);
    assert!(8 <= said.len(), "{}", said.join("\n"));
    let places: Vec<(usize, usize)> = loaded(&text)
        .unwrap_err()
        .list
        .iter()
        .map(|fault| (fault.place.line, fault.place.column))
        .collect();
    assert!(places.is_sorted());
}

#[test]
fn variables_fill_any_scalar_and_are_named_in_the_origin() {
    let text = edited(SMALL, "mode: paper", "mode: ${TR_MODE}");
    let text = edited(&text, "max_drawdown_pct: 15", "max_drawdown_pct: '${DRAWDOWN}'");
    let text = edited(&text, "max_open_orders: 10", "max_open_orders: ${MAX_ORDERS:-12}");
    let loaded = loaded(&text).unwrap();
    assert_eq!(loaded.config.limits.drawdown.max_bps, 1_250);
    assert_eq!(loaded.config.limits.open_orders_max, 12);
    let shown = loaded.show();
    let line = |key: &str| {
        let line = shown.lines().find(|line| line.starts_with(key)).unwrap().to_owned();
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(line("mode"), "mode: paper # variable TR_MODE, f:2");
    assert_eq!(
        line("kill_switch.max_drawdown_pct"),
        "kill_switch.max_drawdown_pct: 12.5 # variable DRAWDOWN, f:15"
    );
    assert_eq!(line("risk.max_open_orders"), "risk.max_open_orders: 12 # f:23");
    assert_eq!(line("folder"), "folder: instances/small # default");
    assert_eq!(
        line("strategies[0].instruments[0]"),
        "strategies[0].instruments[0]: BTCUSDT # f:12"
    );
}

#[test]
fn what_a_variable_holds_is_never_repeated() {
    let wrong = [
        edited(SMALL, "mode: paper", "mode: ${BINANCE_API_SECRET}"),
        edited(SMALL, "name: sim", "name: '${BINANCE_API_KEY} ${BINANCE_API_SECRET}'"),
        edited(SMALL, "  max_open_orders: 10", "  max_open_orders: ${BINANCE_API_SECRET}"),
        edited(SMALL, "[BTC-USDT]", "['${BINANCE_API_SECRET}']"),
        edited(SMALL, "kind: idle", "kind: ${BINANCE_API_SECRET}"),
        edited(SMALL, "[BTC-USDT]", "['${HIDDEN}']"),
        edited(SMALL, "[BTC-USDT]", "[BTC-USDT, '${HIDDEN}', '${HIDDEN}']"),
        edited(SMALL, "max_order_qty: 1,", "max_order_qty: '${HIDDEN_NUMBER}',"),
    ];
    for text in wrong {
        let faults = loaded(&text).unwrap_err();
        let said = format!("{faults} {faults:?}");
        let is_named = said.contains("what BINANCE_API") || said.contains("what HIDDEN");
        assert!(is_named || said.contains("no strategy"), "{said}");
        for hidden in [SECRET, KEY, "ABCDEF", "abcdef", "424242"] {
            assert!(!said.contains(hidden), "{said}");
        }
    }
}

#[test]
fn a_secret_that_is_written_out_is_refused_and_not_repeated() {
    let long = format!("{KEY}-{SECRET}");
    for value in [SECRET, "${BINANCE_API_KEY:-x}", "x${BINANCE_API_KEY}", &long, "[1]", "12345678"]
    {
        let text = edited(LIVE, "api_key: ${BINANCE_API_KEY}", &format!("api_key: {value}"));
        let faults = loaded(&text).unwrap_err();
        let said = format!("{faults} {faults:?}");
        assert_eq!(faults.list.len(), 1, "{said}");
        assert!(said.contains("venue.api_key: a secret does not stand in this file"), "{said}");
        assert!(!said.contains(value) || value == "[1]", "{said}");
    }
    let misplaced = edited(LIVE, "api_key: ${BINANCE_API_KEY}", &format!("api_key_file: {long}"));
    let said = faults(&misplaced).join("\n");
    assert!(said.contains("venue.api_key_file: the file cannot be read"), "{said}");
    assert!(!said.contains(&long), "{said}");
}

#[test]
fn secrets_reach_the_credentials_and_nothing_else() {
    let loaded = loaded(LIVE).unwrap();
    let access = &loaded.config.venue.access;
    assert_eq!((access.credentials.key(), access.credentials.secret()), (KEY, SECRET));
    let printed = format!("{loaded:?} {} {}", loaded.show(), loaded.config.hash);
    assert!(!printed.contains(KEY) && !printed.contains(SECRET));
    let shown = loaded.show();
    assert!(shown.contains("venue.api_key: ***"), "{shown}");
    assert!(shown.contains("# variable BINANCE_API_SECRET, f:"), "{shown}");
    assert_eq!(access.key_origin, Secret::Variable("BINANCE_API_KEY".to_owned()));
}

#[test]
fn a_missing_key_is_a_fault_of_access() {
    let without = |name: &str| lookup(name).filter(|_| name != "BINANCE_API_SECRET");
    let faults = check(Path::new("f"), LIVE.as_bytes(), &registry(), &without).unwrap_err();
    assert!(faults.are_access_only(), "{faults}");
    assert!(
        faults.to_string().contains("venue.api_secret: variable BINANCE_API_SECRET is not set")
    );
    let text = edited(LIVE, "max_unknown_orders: 2", "max_unknown_orders: 0");
    let faults = check(Path::new("f"), text.as_bytes(), &registry(), &without).unwrap_err();
    assert!(!faults.are_access_only() && faults.list.len() == 2, "{faults}");
}

#[test]
fn secrets_come_from_files_that_only_we_can_read() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str, mode: u32| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    };
    write("api_key", &format!("{KEY}\n"), 0o600);
    write("api_secret", SECRET, 0o400);
    let text = edited(LIVE, "api_key: ${BINANCE_API_KEY}", "api_key_file: ${KEYS}/api_key");
    let text =
        edited(&text, "api_secret: ${BINANCE_API_SECRET}", "api_secret_file: ${KEYS}/api_secret");
    let lookup = |name: &str| (name == "KEYS").then(|| folder.path().as_os_str().to_owned());
    let load = || check(Path::new("f"), text.as_bytes(), &registry(), &lookup);
    let loaded = load().unwrap();
    let access = &loaded.config.venue.access;
    assert_eq!((access.credentials.key(), access.credentials.secret()), (KEY, SECRET));
    assert!(matches!(&access.secret_origin, Secret::File(path) if path.ends_with("api_secret")));
    let printed = format!("{loaded:?} {}", loaded.show());
    assert!(!printed.contains(KEY) && !printed.contains(SECRET));
    write("api_key", KEY, 0o644);
    let faults = load().unwrap_err();
    assert!(faults.are_access_only() && faults.to_string().contains("chmod 600"), "{faults}");
}

#[test]
fn the_hash_follows_the_values_and_nothing_else() {
    let hash = |text: &str| config(text).hash;
    let same = [
        SMALL.replace("15,", "15.00,"),
        format!("# said differently\n{SMALL}folder: instances/small\nlog: {{filter: info}}\n"),
        edited(SMALL, "mode: paper", "mode: ${TR_MODE}"),
        edited(SMALL, "BTC/USDT", "btcusdt"),
    ];
    for text in same {
        assert_eq!(hash(&text), hash(SMALL));
    }
    let other = edited(SMALL, "max_open_orders: 10", "max_open_orders: 11");
    assert_ne!(hash(&other), hash(SMALL));
    assert_eq!(hash(SMALL).len(), 64);
    let rich = |name: &str| {
        lookup(name).map(|value| if name.contains("API") { "x".into() } else { value })
    };
    let other = check(Path::new("f"), LIVE.as_bytes(), &registry(), &rich).unwrap();
    assert_eq!(other.config.hash, hash(LIVE));
}

#[test]
fn a_file_that_is_not_there_is_one_line() {
    let folder = tempfile::tempdir().unwrap();
    for path in [folder.path().join("none.yaml"), folder.path().to_owned()] {
        let error = load(&path, &registry(), &lookup).unwrap_err();
        let said = error.to_string();
        assert!(said.starts_with(&path.display().to_string()) && !said.contains('\n'), "{said}");
        assert!(!error.is_access_only());
    }
    let path = folder.path().join("small.yaml");
    fs::write(&path, SMALL).unwrap();
    assert_eq!(load(&path, &registry(), &lookup).unwrap().config.path, path);
}

proptest! {
    #[test]
    fn any_bytes_are_a_configuration_or_faults(
        bytes in proptest::collection::vec(any::<u8>(), 0..400),
    ) {
        let _ = check(Path::new("f"), &bytes, &registry(), &lookup);
    }

    #[test]
    fn any_text_of_yaml_is_a_configuration_or_faults(
        text in "[-?:,\\[\\]{}#&*!|>'\"%@`a$ \n]{0,80}",
    ) {
        let _ = check(Path::new("f"), text.as_bytes(), &registry(), &lookup);
    }

    #[test]
    fn any_damage_to_a_file_is_a_configuration_or_faults(
        at in 0..SMALL.len(), len in 0_usize..30, with in "[-?:,\\[\\]{}#&*!|>'\"a$ \n0-9]{0,8}",
    ) {
        let mut text = SMALL.to_owned();
        let end = (at + len).min(text.len());
        text.replace_range(at..end, &with);
        let _ = check(Path::new("f"), text.as_bytes(), &registry(), &lookup);
    }
}
