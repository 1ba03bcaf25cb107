//! Alerts in words: one line each, with the fixed keywords that operators search for (R36, R123).

use super::Names;
use crate::core::safety::TripReason;
use crate::core::{
    AccountDrift, Alert, Author, FeeFault, FillFault, Finding, ForeignCause, FundingSize,
    HedgeAlert, JournalState, KeyFitness, MarginAlert, MissedTrade, Mode, ModeCause, ModeRecord,
    OrderFault, Scope, Severity, StopAlert,
};
use crate::types::{AssetId, Cash, ClientOrderId, InstrumentId, Qty};

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

const LATE: &str = "the disk does not keep up: what happens waits for it longer than \
                    risk.max_journal_lag_ms; nothing new until it does";

const STARVED: &str = "the journal does not keep up and nobody waits for the disk: its thread does \
                       not get the processor; nothing new until it does";

const DEAD_MAN: &str = "the venue's dead-man's switch";

const FIRED: &str = "was not renewed in time: its open orders are gone or go; reading the account";

const UNARMED: &str = "cannot be armed: no order that rests is opened there until it is";

const NOTHING_OPENED: &str = "nothing is opened, exits and cancels pass; see `engine keys check`";

const GAPS: &str = "is lost again and again: gaps in the feed";

/// The line for an alert.
pub fn alert(alert: &Alert, names: &Names) -> (Loudness, String) {
    let symbol = |id: &InstrumentId| names.instrument(*id);
    match alert {
        Alert::KillSwitch { scope, reason, delta, loss_per_percent, liquidation_bps } => {
            let costs = [*delta, *loss_per_percent];
            kill_switch(*scope, *reason, costs, *liquidation_bps, names)
        }
        Alert::Hedge(alert) => hedge(alert, names),
        Alert::Mode { scope, record } => mode(*scope, record, names),
        Alert::WindowEntered => warn("no-trade window: nothing is opened until it is over"),
        Alert::WindowLeft => info("no-trade window is over"),
        Alert::MaintenanceBegan(venue) => {
            let venue = names.venue(*venue);
            urgent(format!("maintenance: {venue} takes no requests; no orders there"))
        }
        Alert::MaintenanceOver(venue) => {
            let venue = names.venue(*venue);
            warn(format!("maintenance of {venue} is over: the account has been read"))
        }
        Alert::ClockDrift { venue, offset_ns } => {
            let (ms, venue) = (offset_ns / 1_000_000, names.venue(*venue));
            warn(format!("clock drift: {venue} is {ms} ms ahead of this machine"))
        }
        Alert::ClockGood(venue) => info(format!("clock drift of {} is over", names.venue(*venue))),
        Alert::Mismatch(found) => warn(finding(found, names)),
        Alert::AccountDrift(drift) => urgent(account_drift(drift, names)),
        Alert::DriftOver { scope, record } => drift_over(*scope, record, names),
        Alert::Reconciled { findings: 0, .. } => {
            info("reconciled: the venue's account is what we believe")
        }
        Alert::Reconciled { findings, .. } => {
            info(format!("reconciled: adopted {findings} difference(s) from the venue"))
        }
        Alert::Link { up: true, .. } => info("link up: all connections"),
        Alert::Link { up: false, .. } => {
            warn("link down: nothing is sent until the account is reconciled")
        }
        Alert::OrderUnknown(id) => {
            warn(format!("order {id} unknown: asking the venue what became of it"))
        }
        Alert::Order { id, fault } => order(*id, *fault, names),
        Alert::ForeignFill { instrument, cause, qty } => {
            foreign_fill(*instrument, *cause, *qty, names)
        }
        Alert::MissedTrade(found) => missed(found, names),
        Alert::HistoryLost { instrument, known_id } => another(*instrument, *known_id, names),
        Alert::Overfill(id) => urgent(format!("order {id} traded more than was ordered")),
        Alert::LossRate => urgent(LOSS_RATE),
        Alert::RejectStorm { refused, answers } => {
            urgent(format!("the venue refused {refused} of the last {answers} orders"))
        }
        Alert::BreakerOpen => urgent(BREAKER_OPEN),
        Alert::GapStorm(at) => urgent(format!("the book of {} {GAPS}", symbol(at))),
        Alert::Unexplained { asset, amount } => unexplained(*asset, *amount, names),
        Alert::Margin(alert) => margin(alert, names),
        Alert::Journal(state) => journal(*state),
        Alert::Funding { asset, amount, size } => funding(*asset, *amount, *size, names),
        Alert::Fee { instrument, fault } => fee(*instrument, *fault, names),
        Alert::FiltersChanged(at) => {
            warn(format!("the venue changed its rules for orders of {}", symbol(at)))
        }
        Alert::Key(fitness) => key(*fitness),
        Alert::DeadManFired(at) => urgent(format!("{DEAD_MAN} of {} {FIRED}", symbol(at))),
        Alert::DeadManUnarmed(at) => urgent(format!("{DEAD_MAN} of {} {UNARMED}", symbol(at))),
        Alert::Stop { instrument, alert } => stop(symbol(instrument), *alert),
        Alert::Flat => info("flatten done: every asked position is zero"),
        Alert::FlattenStuck(at) => {
            urgent(format!("flatten of {} cannot go on: no price or no link", symbol(at)))
        }
    }
}

fn kill_switch(
    scope: Scope,
    reason: TripReason,
    costs: [Option<Cash>; 2],
    liquidation_bps: Option<i64>,
    names: &Names,
) -> (Loudness, String) {
    let (why, scope, [delta, loss]) =
        (trip_reason(reason), names.of_scope(scope), costs.map(amount));
    urgent(format!(
        "Kill switch activated: {why} ({scope}); net position {delta}, one per cent against it \
         costs {loss}, {}; see `engine kill-switch status`",
        liquidation(liquidation_bps)
    ))
}

fn hedge(alert: &HedgeAlert, names: &Names) -> (Loudness, String) {
    match alert {
        HedgeAlert::Tripped { group, net_delta, loss_per_percent, liquidation_bps, on_trip } => {
            let (name, liquidation) = (names.hedge(*group), liquidation(*liquidation_bps));
            let (delta, loss) = (amount(*net_delta), amount(*loss_per_percent));
            urgent(format!(
                "hedge group {name}: {delta} is not hedged, one per cent against it costs {loss}, \
                 {liquidation}; on_trip: {}",
                on_trip.name()
            ))
        }
        HedgeAlert::Unhedged { group, net_delta } => {
            let (name, delta) = (names.hedge(*group), amount(*net_delta));
            urgent(format!(
                "hedge group {name}: {delta} has not been hedged for longer than \
                 max_unhedged_age_ms; its legs may only reduce, or hedge"
            ))
        }
        HedgeAlert::Completed(at) => {
            info(format!("complete_hedge done: {} stands against the rest", names.instrument(*at)))
        }
    }
}

fn amount(cash: Option<Cash>) -> String {
    cash.map_or("?".to_owned(), |it| format!("{it:.2}"))
}

fn unexplained(asset: AssetId, amount: Cash, names: &Names) -> (Loudness, String) {
    let what = format!("the wallet changed by {amount} {}", names.asset(asset));
    urgent(format!("{what} and nobody said why: counted as profit or loss"))
}

fn journal(state: JournalState) -> (Loudness, String) {
    match state {
        JournalState::Late => urgent(LATE),
        JournalState::Starved => urgent(STARVED),
        JournalState::InTime => info("the disk keeps up again"),
    }
}

fn fee(instrument: InstrumentId, fault: FeeFault, names: &Names) -> (Loudness, String) {
    let symbol = names.instrument(instrument);
    match fault {
        FeeFault::Differs { paid, expected } => warn(format!(
            "fee mismatch: a trade of {symbol} cost {paid} and the venue's own rate makes it \
             {expected}: look at the fee tier; further ones are counted in `engine status`"
        )),
        FeeFault::RateUnknown => {
            info(format!("fees of {symbol} are not compared yet: the venue has not told its rate"))
        }
        FeeFault::OtherAsset => info(format!(
            "fees of {symbol} cannot be compared: they are not paid in what it is settled in"
        )),
    }
}

fn margin(alert: &MarginAlert, names: &Names) -> (Loudness, String) {
    match alert {
        MarginAlert::Call(venue) => {
            let venue = names.venue(*venue);
            urgent(format!("margin call: {venue} is near to liquidating positions; reduce them"))
        }
        MarginAlert::Ratio { venue, ratio_bps } => {
            let (venue, ratio) = (names.venue(*venue), percent(*ratio_bps));
            urgent(format!(
                "margin ratio: positions at {venue} need {ratio} % of the account not to be \
                 liquidated; reduce them"
            ))
        }
        MarginAlert::Leverage { instrument, configured, venue } => urgent(format!(
            "leverage of {} is {venue} at the venue and {configured} in the configuration: nothing \
             is opened there; set one of them",
            names.instrument(*instrument)
        )),
        MarginAlert::Mode { instrument, configured, venue } => urgent(format!(
            "margin of {} is {} at the venue and {} in the configuration: nothing is opened there; \
             switch it at the venue",
            names.instrument(*instrument),
            venue.name(),
            configured.name()
        )),
    }
}

fn stop(symbol: &str, alert: StopAlert) -> (Loudness, String) {
    urgent(match alert {
        StopAlert::Missing => format!(
            "{symbol} is held and no stop guards it at the venue: it may only be reduced; look at \
             it there, and flatten or resume"
        ),
        StopAlert::Refused(code) => {
            format!("the venue did not take the stop of {symbol} ({code}); it is tried again")
        }
        StopAlert::Triggered => {
            format!("the stop of {symbol} was met: the venue closes its position")
        }
        StopAlert::Failed => format!(
            "the stop of {symbol} was met and the venue made no order of it: its position is open; \
             flatten it"
        ),
    })
}

fn liquidation(bps: Option<i64>) -> String {
    bps.map_or_else(
        || "no liquidation price".to_owned(),
        |bps| format!("the nearest liquidation is {} % away", percent(bps)),
    )
}

fn percent(bps: i64) -> String {
    format!("{}.{:02}", bps / 100, bps % 100)
}

fn key(fitness: KeyFitness) -> (Loudness, String) {
    match fitness {
        KeyFitness::Exempt => info("the key is of no real money"),
        KeyFitness::Fit => info("the venue says that the key is fit: it is no reason to deny"),
        KeyFitness::Vouched => warn("the venue does not tell what the key may do; a person does"),
        KeyFitness::Unfit => urgent(format!(
            "the key may do what it must not, or may not trade here: {NOTHING_OPENED}"
        )),
        KeyFitness::Unproven => {
            urgent(format!("nobody can tell any more what the key may do: {NOTHING_OPENED}"))
        }
    }
}

fn info(line: impl Into<String>) -> (Loudness, String) {
    (Loudness::Info, line.into())
}

fn warn(line: impl Into<String>) -> (Loudness, String) {
    (Loudness::Warn, line.into())
}

fn urgent(line: impl Into<String>) -> (Loudness, String) {
    (Loudness::Error, line.into())
}

fn foreign_fill(
    instrument: InstrumentId,
    cause: ForeignCause,
    qty: Qty,
    names: &Names,
) -> (Loudness, String) {
    let symbol = names.instrument(instrument);
    let line = format!("a trade that is not ours: {qty} {symbol}, {}", cause.words());
    match cause.severity() {
        Severity::P0 => urgent(line),
        Severity::P1 => warn(line),
    }
}

fn another(instrument: InstrumentId, known_id: u64, names: &Names) -> (Loudness, String) {
    let symbol = names.instrument(instrument);
    urgent(format!(
        "the venue's trades of {symbol} do not hold trade {known_id}, which was known: what is \
         told of them begins anew; compare the position with your own records"
    ))
}

/// With both values: what we believed, and what the venue's history makes of it.
fn missed(found: &MissedTrade, names: &Names) -> (Loudness, String) {
    let MissedTrade { instrument, trade_id, known_id, qty, positions } = *found;
    let symbol = names.instrument(instrument);
    let line = format!("trade {trade_id} of {symbol}, {qty}, behind {known_id}, the last known");
    match positions {
        Some((ours, venue)) => {
            warn(format!("{line}: no stream told of it; position {ours} with us, {venue} with it"))
        }
        None => (Loudness::Info, format!("{line}: from before this run")),
    }
}

fn order(id: ClientOrderId, fault: OrderFault, names: &Names) -> (Loudness, String) {
    let stuck = |instrument, what: &str| {
        let symbol = names.instrument(instrument);
        urgent(format!("order {id} of {symbol} does not go: {what}"))
    };
    match fault {
        OrderFault::Stuck(instrument) => {
            stuck(instrument, "taking back every opening order of its symbol")
        }
        OrderFault::StuckTooLong(instrument) => stuck(
            instrument,
            "its instrument may only reduce; look at the venue's page, then `engine resume`",
        ),
        OrderFault::BadFill(fault) => urgent(format!("order {id} traded {}", fill_fault(fault))),
        OrderFault::Slippage { bps } => warn(format!(
            "order {id} traded {bps} bps beyond the mid of its decision, more than \
             risk.max_slippage_bps"
        )),
        OrderFault::SelfTrade => {
            warn(format!("order {id} traded with another order of this account"))
        }
    }
}

/// A change of mode. One that nobody asked for and that only a person lifts is loud.
fn mode(scope: Scope, record: &ModeRecord, names: &Names) -> (Loudness, String) {
    let ModeRecord { mode, cause, by, .. } = record;
    let (mode, cause, scope) = (mode.name(), cause.name(), names.scope_name(scope));
    let support = names.support.as_deref().filter(|_| is_of_venue(record.cause));
    let support = support.map_or_else(String::new, |url| format!("; the venue's support: {url}"));
    let line = format!("mode {mode} for {scope}: {cause} ({}){support}", by.as_str());
    match record.cause.author() {
        Author::Engine if record.cause == ModeCause::AccountDrift => (Loudness::Warn, line),
        Author::Engine if Mode::Reducing <= record.mode => (
            Loudness::Error,
            format!("{line}; lifted only by `engine resume`, see RUNBOOK \"It stopped by itself\""),
        ),
        Author::Engine | Author::Operator => (Loudness::Warn, line),
    }
}

/// Only the venue may be able to mend it (R77).
fn is_of_venue(cause: ModeCause) -> bool {
    let causes = [ModeCause::Disconnected, ModeCause::MarketDataLost, ModeCause::KeyRefused];
    causes.contains(&cause)
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
        TripReason::Unexplained => "a trade that nobody here can explain",
        TripReason::WrongFill => "a trade that was not what was ordered",
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

fn funding(asset: AssetId, amount: Cash, size: FundingSize, names: &Names) -> (Loudness, String) {
    let line = format!("funding: {amount} {}", names.asset(asset));
    match size {
        FundingSize::Ordinary => info(line),
        FundingSize::Large => warn(format!("{line}, more than risk.max_funding_pct of equity")),
    }
}

fn drift_over(scope: Scope, record: &ModeRecord, names: &Names) -> (Loudness, String) {
    let (scope, mode) = (names.scope_name(scope), record.mode.name());
    warn(format!("account drift over for {scope}: a reading agrees; mode {mode}"))
}

fn account_drift(drift: &AccountDrift, names: &Names) -> String {
    let what = match drift {
        AccountDrift::Position { instrument, ours, venue } => {
            let symbol = names.instrument(*instrument);
            format!("position {symbol}: ours {ours}, the venue's {venue}")
        }
        AccountDrift::Balance { asset, ours, venue } => {
            format!("balance {}: ours {ours}, the venue's {venue}", names.asset(*asset))
        }
        AccountDrift::Orders { instrument, unknown } => {
            let symbol = names.instrument(*instrument);
            format!("{unknown} opening order(s) on {symbol} that nobody here knows")
        }
    };
    format!("account drift: {what}; only reductions there until a reading agrees")
}

fn fill_fault(fault: FillFault) -> &'static str {
    match fault {
        FillFault::WrongInstrument => "in another instrument than was ordered",
        FillFault::WrongSide => "the other way than was ordered",
        FillFault::WorsePrice => "at a price beyond its limit",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::VenueId;

    #[test]
    fn what_only_the_venue_can_mend_names_its_support() {
        let url = "https://support.example";
        let mut names = Names { support: Some(url.to_owned()), ..Names::default() };
        let said = |cause, names: &Names| {
            let record = ModeRecord { cause, ..ModeRecord::default() };
            alert(&Alert::Mode { scope: Scope::Venue(VenueId(0)), record }, names).1
        };
        for cause in [ModeCause::Disconnected, ModeCause::MarketDataLost, ModeCause::KeyRefused] {
            assert!(said(cause, &names).contains(url), "{cause:?}");
        }
        assert!(!said(ModeCause::DailyLoss, &names).contains(url));
        names.support = None;
        assert!(!said(ModeCause::Disconnected, &names).contains("support"));
    }
}
