//! `kill -9` at random instants, against an exchange of its own process with every fault armed: the
//! proof of identity, journal, reconciliation and limits together.
//!
//! `DRILL_KILLS` says how often (12 where it is not set), `DRILL_SEED` which instants and faults.
//! `scripts/crash_drill.sh` runs the full number and keeps the figures.

use crate::control::{Truth, assert_journaled, assert_true, believed, text};
use crate::kill_switch::CRITERIA;
use crate::stops::is_guarded_whole;
use crate::support::{Deployment, ExchangeProcess, Process, eventually, number, pause};
use serde_json::Value;
use std::time::Instant;
use tradekeel::types::{Cash, Qty};

/// Positions that the shipped paper configuration allows.
const LIMITS: [(&str, &str); 3] = [("BTCUSDT", "0.2"), ("ETHUSDT", "2"), ("SOLUSDT", "50")];

/// A mean price is told with eight decimals: for the positions of this drill, a millionth.
const ROUNDED: Cash = Cash::from_units(100);

/// Every fault, with its chance in a million and what else there is to say.
const FAULTS: [&str; 14] = [
    "fault=request_lost&on=orders&chance_ppm=15000",
    "fault=ack_lost&on=place&chance_ppm=20000",
    "fault=503_executed&on=place&chance_ppm=15000",
    "fault=503_not_executed&on=place&chance_ppm=10000",
    "fault=503_throttled&on=place_opening&chance_ppm=5000",
    "fault=fill_before_ack&on=place&chance_ppm=15000",
    "fault=partial_fill&on=place&chance_ppm=40000",
    "fault=cancel_filled&on=cancel&chance_ppm=20000",
    "fault=cancel_before_fill&on=cancel&chance_ppm=20000",
    "fault=disconnect&on=place&chance_ppm=2000",
    "fault=delay&on=orders&chance_ppm=20000&delay_ms=700",
    "fault=late&on=place&chance_ppm=10000&delay_ms=200",
    "fault=duplicate_fill&on=stream&chance_ppm=100000",
    "fault=fill_lost&on=stream&chance_ppm=100000",
];

struct Drill {
    exchange: ExchangeProcess,
    deployment: Deployment,
    random: u64,
    figures: Figures,
}

/// What it came to.
#[derive(Default)]
struct Figures {
    kills: u32,
    trips: u32,
    unknown_most: i64,
    missed_trades: i64,
    /// From the start of the process, milliseconds.
    reconciled_ms: Vec<u128>,
    trading_ms: Vec<u128>,
    resumed: Vec<String>,
}

#[expect(clippy::disallowed_methods, reason = "a drill reports how long things took")]
fn now() -> Instant {
    Instant::now()
}

fn setting(name: &str, otherwise: u64) -> u64 {
    let text = tradekeel::config::process_environment(name);
    text.and_then(|text| text.to_str()?.parse().ok()).unwrap_or(otherwise)
}

#[test]
fn killed_at_any_instant_under_every_fault_it_knows_what_is_true() {
    let kills = setting("DRILL_KILLS", 12);
    let seed = setting("DRILL_SEED", 1);
    let exchange = ExchangeProcess::tireless(seed);
    // The machine of a test may sync slowly, and that is not what is asked here.
    let deployment = Deployment::at(exchange.port)
        .with("recv_window_ms: 2000", "recv_window_ms: 500")
        .with("max_journal_lag_ms: 2000", "max_journal_lag_ms: 10000")
        .with(
            "protective_stop: off",
            "protective_stop: {distance_pct: 2, working_type: mark, within_ms: 5000}",
        );
    FAULTS.iter().for_each(|fault| exchange.arm(fault));
    let mut drill = Drill { exchange, deployment, random: seed, figures: Figures::default() };
    for kill in 1..=kills {
        match kill % 10 {
            0 => drill.kill_tripped(),
            4 | 8 => drill.kill_trading(),
            _ => drill.kill_somewhere(),
        }
        drill.judge();
    }
    drill.end();
}

impl Drill {
    fn below(&mut self, bound: u64) -> u64 {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.random >> 33) % bound
    }

    /// At any instant from the first on.
    fn kill_somewhere(&mut self) {
        let engine = self.deployment.start();
        pause(self.below(4_000));
        self.kill(engine);
    }

    /// When it trades again, and a little later.
    fn kill_trading(&mut self) {
        let engine = self.traded();
        pause(self.below(2_000));
        self.kill(engine);
    }

    /// A trip that was acknowledged outlives any instant.
    fn kill_tripped(&mut self) {
        let engine = self.traded();
        self.deployment.ask_ok(&["kill-switch", "trip", "--by", "ada", "--reason", "drill"]);
        pause(self.below(300));
        self.kill(engine);
        let engine = self.deployment.started();
        let status = self.deployment.status();
        assert_eq!(status["mode"], "KILLED", "the trip is lost: {status:#}");
        let shown = self.deployment.ask_ok(&["kill-switch", "status", "--json"]);
        let shown: Value = serde_json::from_str(&shown).unwrap();
        let challenge = text(&shown["challenge"]);
        let asked = ["kill-switch", "reset", "--confirm", challenge, "--by", "ada"];
        let forced = ["--reason", "drill", "--force", "--approved-by", "bob"];
        let reset = [&asked[..], &forced, &CRITERIA].concat();
        let done = eventually(|| self.deployment.ask(&reset).code == Some(0));
        assert!(done, "{:?}", self.deployment.ask(&reset));
        self.figures.trips += 1;
        self.kill(engine);
    }

    fn kill(&mut self, mut engine: Process) {
        if let Some(status) = self.deployment.try_status() {
            let orders = &status["orders"];
            self.figures.unknown_most = self.figures.unknown_most.max(number(&orders["unknown"]));
            self.figures.missed_trades += number(&orders["missed_trades"]);
        }
        engine.assert_running();
        engine.kill_9();
        if self.deployment.folder().join("journal").exists() {
            self.deployment.ask_ok(&["state", "verify"]);
        }
        self.figures.kills += 1;
    }

    /// Starts it and waits until it has orders of its own.
    fn traded(&mut self) -> Process {
        let begun = now();
        let mut engine = self.deployment.start();
        self.deployment.until("it is reconciled", |status| {
            engine.assert_running();
            status["reconciled"] == true
        });
        self.figures.reconciled_ms.push(begun.elapsed().as_millis());
        self.resume_where_stopped();
        self.deployment.until("it trades", |status| {
            engine.assert_running();
            0 < number(&status["orders"]["sent"])
        });
        self.figures.trading_ms.push(begun.elapsed().as_millis());
        engine
    }

    /// A stop that waits for a person is told with its cause, and lifted.
    fn resume_where_stopped(&mut self) {
        let status = self.deployment.status();
        if status["mode"] == "HALTED" || status["mode"] == "REDUCING" {
            self.figures.resumed.push(text(&status["mode_cause"]).to_owned());
            self.deployment.ask_ok(&["resume", "--by", "ada", "--reason", "drill"]);
        }
    }

    /// Nothing twice, and no position ever beyond its limit.
    fn judge(&self) {
        let truth = self.exchange.truth();
        truth.assert_no_repeats();
        for (symbol, limit) in LIMITS {
            let farthest = truth.farthest()[symbol];
            let limit = Qty::parse(limit.as_bytes()).unwrap();
            assert!(farthest <= limit, "{symbol}: {farthest}");
        }
    }

    /// With the faults gone everything agrees: ids, trades, positions, and the money, but for what
    /// the venue rounds where it tells the mean price of a position that was taken over.
    fn end(mut self) {
        self.exchange.disarm();
        let engine = self.traded();
        assert_true(&self.deployment, &self.exchange);
        let guarded = eventually(|| {
            pause(200);
            is_guarded_whole(&self.exchange.truth())
        });
        assert!(guarded, "{}", self.exchange.truth().0);
        self.deployment.ask_ok(&["flatten", "--by", "ada", "--reason", "drill"]);
        let flat = |truth: &Truth| truth.positions().values().all(|qty| *qty == Qty::ZERO);
        self.deployment.until("flat, and the money agrees", |status| {
            let truth = self.exchange.truth();
            let wallet = Cash::parse(text(&truth.0["balances"][0]["wallet"]).as_bytes()).unwrap();
            let equity = Cash::parse(text(&status["equity"]).as_bytes());
            let agrees = |equity: Cash| wallet.saturating_sub(equity).abs() <= ROUNDED;
            flat(&truth) && believed(status) == truth.positions() && equity.is_some_and(agrees)
        });
        engine.stop();
        self.deployment.ask_ok(&["state", "verify"]);
        let truth = self.exchange.truth();
        assert_journaled(&self.deployment, &truth);
        self.tell(&truth);
    }

    fn tell(&self, truth: &Truth) {
        let figures = &self.figures;
        let of = |times: &[u128]| {
            let mut times = times.to_vec();
            times.sort_unstable();
            let at = |part: usize| times.get(times.len() * part / 100).copied().unwrap_or(0);
            format!("p50 {} max {}", at(50), times.last().copied().unwrap_or(0))
        };
        println!(
            "drill: kills {} trips {} orders {} trades {} unknown at once {} missed trades {}",
            figures.kills,
            figures.trips,
            truth.orders().len(),
            truth.trades().len(),
            figures.unknown_most,
            figures.missed_trades,
        );
        println!(
            "drill: start to reconciled, ms: {}; to trading, ms: {}; stops lifted: {:?}",
            of(&figures.reconciled_ms),
            of(&figures.trading_ms),
            figures.resumed,
        );
        println!("drill: faults {}", self.exchange.fired_all());
    }
}
