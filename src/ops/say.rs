//! Alerts in words: one line each, with the fixed keywords that operators search for (R36, R123).

use super::Names;
use crate::core::safety::TripReason;
use crate::core::{Alert, Author, Finding, Mode, ModeRecord, Scope};
use crate::types::{Cash, ForeignOrder};

/// How loud a line is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Loudness {
    /// A change of state.
    Info,
    /// Somebody should look today.
    Warn,
    /// Somebody must come now.
    Error,
}

const LOSS_RATE: &str =
    "the last minute lost more than risk.max_loss_per_min: nothing new until it is over";

const BREAKER_OPEN: &str = "circuit breaker open: nothing new until breaker.cooldown_s has passed";

/// The line for an alert.
pub fn alert(alert: &Alert, names: &Names) -> (Loudness, String) {
    match alert {
        Alert::KillSwitch { scope, reason, delta, loss_per_percent } => {
            let (why, scope) = (trip_reason(*reason), names.of_scope(*scope));
            let amount = |cash: &Option<Cash>| cash.map_or("?".to_owned(), |it| format!("{it:.2}"));
            let (delta, loss) = (amount(delta), amount(loss_per_percent));
            (
                Loudness::Error,
                format!(
                    "Kill switch activated: {why} ({scope}); net position {delta}, one per cent \
                     against it costs {loss}; see `engine kill-switch status`"
                ),
            )
        }
        Alert::Mode { scope, record } => mode(*scope, record, names),
        Alert::WindowEntered => {
            (Loudness::Warn, "no-trade window: nothing is opened until it is over".to_owned())
        }
        Alert::WindowLeft => (Loudness::Info, "no-trade window is over".to_owned()),
        Alert::ClockDrift { venue, offset_ns } => {
            let (ms, venue) = (offset_ns / 1_000_000, names.venue(*venue));
            (Loudness::Warn, format!("clock drift: {venue} is {ms} ms ahead of this machine"))
        }
        Alert::ClockGood(venue) => {
            (Loudness::Info, format!("clock drift of {} is over", names.venue(*venue)))
        }
        Alert::Mismatch(found) => (Loudness::Warn, finding(found, names)),
        Alert::Reconciled { findings: 0, .. } => {
            (Loudness::Info, "reconciled: the venue's account is what we believe".to_owned())
        }
        Alert::Reconciled { findings, .. } => {
            (Loudness::Info, format!("reconciled: adopted {findings} difference(s) from the venue"))
        }
        Alert::Link { up: true, .. } => (Loudness::Info, "link up: all connections".to_owned()),
        Alert::Link { up: false, .. } => (
            Loudness::Warn,
            "link down: nothing is sent until the account is reconciled".to_owned(),
        ),
        Alert::OrderUnknown(id) => {
            (Loudness::Warn, format!("order {id} unknown: asking the venue what became of it"))
        }
        Alert::OrderStuck { id, instrument } => {
            let symbol = names.instrument(*instrument);
            let what = "taking back every opening order of";
            (Loudness::Error, format!("order {id} does not go: {what} {symbol}"))
        }
        Alert::StuckStop { id, instrument } => {
            let symbol = names.instrument(*instrument);
            let next = "look at the venue's page, then `engine resume`";
            (Loudness::Error, format!("order {id} does not go: {symbol} may only reduce; {next}"))
        }
        Alert::ForeignFill { instrument, cause, qty } => {
            let symbol = names.instrument(*instrument);
            let who = foreign(*cause);
            (Loudness::Error, format!("a trade that is not ours: {qty} {symbol}, {who}"))
        }
        Alert::Overfill(id) => {
            (Loudness::Error, format!("order {id} traded more than was ordered"))
        }
        Alert::LossRate => urgent(LOSS_RATE),
        Alert::RejectStorm { refused, answers } => {
            urgent(format!("the venue refused {refused} of the last {answers} orders"))
        }
        Alert::BreakerOpen => urgent(BREAKER_OPEN),
        Alert::Unexplained { asset, amount } => {
            let what = format!("the wallet changed by {amount} {}", names.asset(*asset));
            urgent(format!("{what} and nobody said why: counted as profit or loss"))
        }
        Alert::FiltersChanged(instrument) => filters_changed(names.instrument(*instrument)),
        Alert::DeadManFired(instrument) => dead_man_fired(names.instrument(*instrument)),
        Alert::DeadManUnarmed(instrument) => dead_man_unarmed(names.instrument(*instrument)),
        Alert::Flat => (Loudness::Info, "flatten done: every asked position is zero".to_owned()),
        Alert::FlattenStuck(instrument) => flatten_stuck(names.instrument(*instrument)),
    }
}

fn urgent(line: impl Into<String>) -> (Loudness, String) {
    (Loudness::Error, line.into())
}

/// A change of mode. One that nobody asked for and that only a person lifts is loud.
fn filters_changed(symbol: &str) -> (Loudness, String) {
    (Loudness::Warn, format!("the venue changed its rules for orders of {symbol}"))
}

fn flatten_stuck(symbol: &str) -> (Loudness, String) {
    (Loudness::Error, format!("flatten of {symbol} cannot go on: no price or no link"))
}

fn dead_man_fired(symbol: &str) -> (Loudness, String) {
    let what = "was not renewed in time: its open orders are gone or go; reading the account";
    (Loudness::Error, format!("the venue's dead-man's switch of {symbol} {what}"))
}

fn dead_man_unarmed(symbol: &str) -> (Loudness, String) {
    let what = "cannot be armed: no order that rests is opened there until it is";
    (Loudness::Error, format!("the venue's dead-man's switch of {symbol} {what}"))
}

fn mode(scope: Scope, record: &ModeRecord, names: &Names) -> (Loudness, String) {
    let ModeRecord { mode, cause, by, .. } = record;
    let (mode, cause, scope) = (mode.name(), cause.name(), names.scope_name(scope));
    let line = format!("mode {mode} for {scope}: {cause} ({})", by.as_str());
    match record.cause.author() {
        Author::Engine if Mode::Reducing <= record.mode => (
            Loudness::Error,
            format!("{line}; lifted only by `engine resume`, see RUNBOOK \"It stopped by itself\""),
        ),
        Author::Engine | Author::Operator => (Loudness::Warn, line),
    }
}

/// Why the switch tripped.
pub fn trip_reason(reason: TripReason) -> &'static str {
    match reason {
        TripReason::Operator => "an operator",
        TripReason::FlagFile => "state/kill_switch.flag",
        TripReason::Drawdown => "drawdown",
        TripReason::ClockDrift => "clock drift",
        TripReason::EquityUnknown => "equity unknown for too long with an open position",
        TripReason::Overfill => "the venue filled more than was ordered",
        TripReason::Journal => "the journal cannot be written",
        TripReason::StateUnreadable => "the state on disk cannot be read",
        TripReason::PostCheck => "the bytes of an order contradicted the kernel",
    }
}

/// A difference, with both values.
pub fn finding(finding: &Finding, names: &Names) -> String {
    match finding {
        Finding::Position { instrument, ours, venue } => {
            let symbol = names.instrument(*instrument);
            format!("mismatch: position {symbol}: ours {ours}, the venue's {venue}")
        }
        Finding::Balance { asset, ours, venue } => {
            let asset = names.asset(*asset);
            format!("mismatch: balance {asset}: ours {ours}, the venue's {venue}")
        }
        Finding::Orphan { id } => format!("mismatch: order {id} stands at the venue, unknown here"),
        Finding::ForeignOrders { instrument, count } => {
            let symbol = names.instrument(*instrument);
            format!("{count} open order(s) on {symbol} are not ours")
        }
        Finding::UnnamedPositions { count } => {
            format!("{count} position(s) in instruments that the configuration does not name")
        }
        Finding::UnnamedAssets => {
            "the account holds assets that the configuration does not name: equity is unknown"
                .to_owned()
        }
    }
}

fn foreign(cause: ForeignOrder) -> &'static str {
    match cause {
        ForeignOrder::Liquidation => "a liquidation by the venue",
        ForeignOrder::Deleveraging => "auto-deleveraging by the venue",
        ForeignOrder::Delivery => "a delivery by the venue",
        ForeignOrder::Other => "by another client or a person",
    }
}
