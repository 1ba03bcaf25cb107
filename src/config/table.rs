//! Every key of the configuration, in the order in which it is shown and hashed.
//!
//! To add one: a row here, a line where it is taken (`build.rs`), a line with a comment in
//! `configs/*.yaml`, and `engine config schema > configs/engine.schema.json`.
//!
//! Ranges keep out what can only be a slip; how strict a number must be within them is the
//! operator's decision.

use super::keys::{Key, Kind, contracts, default, optional, remote, required};
use super::kinds::{
    BACKUP_MS, BURST, CASH_MAX, FEE, LEVERAGE, MS, OPEN, PROCESSOR, QTY, RATE, UNKNOWN,
    VENUE_KINDS, cash,
};
use crate::core::Permissions;

mod hedges;
mod risk;

/// All keys.
pub(super) const KEYS: &[Key] = &joined::<COUNT>(&PARTS);

const PARTS: [&[Key]; 4] = [DEPLOYMENT, risk::KEYS, hedges::KEYS, RUNNING];

const COUNT: usize = DEPLOYMENT.len() + risk::KEYS.len() + hedges::KEYS.len() + RUNNING.len();

/// Who trades what, and what stops it by itself.
const DEPLOYMENT: &[Key] = &[
    required("instance", Kind::Name, "Names this deployment and its folder."),
    required(
        "mode",
        Kind::Choice(&["live", "paper", "lab"]),
        "live: real money. paper: a simulated exchange. lab: the embedded exchange only.",
    ),
    required(
        "initial_state",
        Kind::Choice(&["active", "halted"]),
        "Whether it trades as soon as it is reconciled, or waits for `engine resume`.",
    ),
    default(
        "folder",
        Kind::Path,
        "instances/<instance>",
        "Where state, journal and logs of this deployment are kept.",
    ),
    required(
        "reporting_currency",
        Kind::Asset,
        "The asset in which equity, drawdown and exposure are told.",
    ),
    required("account", Kind::Group, "The account on the venue."),
    required(
        "account.exclusive",
        Kind::Flag,
        "true: nobody else trades on it, so all orders of a symbol may be cancelled at once. \
         false: only our own ids are touched.",
    ),
    contracts("account.margin_mode", Kind::Choice(&["cross"]), "What stands behind a position."),
    required("account.taker_fee_bps", FEE, "Highest fee of a trade: free margin covers it too."),
    required("venue", Kind::Group, "Where orders go."),
    required("venue.name", Kind::Name, "Its name in reports."),
    required("venue.kind", Kind::Choice(&VENUE_KINDS), "Which dialect it speaks."),
    remote(
        "venue.rest_url",
        Kind::Address(&["https://", "http://"]),
        "Address of its REST interface.",
    ),
    remote(
        "venue.streams_url",
        Kind::Address(&["wss://", "ws://"]),
        "Address of its public and private streams.",
    ),
    remote(
        "venue.order_entry_url",
        Kind::Address(&["wss://", "ws://"]),
        "Address of its order entry over WebSocket.",
    ),
    optional(
        "venue.wallet_url",
        Kind::Address(&["https://", "http://"]),
        "Address at which it tells what a key may do; required in mode live.",
    ),
    optional(
        "venue.support_contact",
        Kind::Line,
        "Where a person of the venue is asked: told when its connections are lost or its key is \
         refused.",
    ),
    optional(
        "venue.backup",
        Kind::Group,
        "A second place for public market data, traded on while the first is silent; never for \
         orders, the account or the clock.",
    ),
    required(
        "venue.backup.streams_url",
        Kind::Address(&["wss://", "ws://"]),
        "Address of public streams in the same dialect.",
    ),
    required(
        "venue.backup.rest_url",
        Kind::Address(&["https://", "http://"]),
        "Address of REST for snapshots of books there.",
    ),
    required("venue.backup.after_ms", BACKUP_MS, "The first has told no price for so long."),
    required(
        "venue.backup.tolerance_bps",
        Kind::Whole(1, 1_000, "basis points"),
        "Its prices are this far from the last ones of the first at most, or it is not believed.",
    ),
    required(
        "venue.backup.return_s",
        Kind::Whole(1, 3_600, "seconds"),
        "The first is gone back to when it has told prices for so long.",
    ),
    optional(
        "venue.api_key",
        Kind::Secret,
        "The variable that holds the key of the account; this or api_key_file.",
    ),
    optional(
        "venue.api_key_file",
        Kind::SecretFile,
        "The file that holds the key of the account (mode 0600 or 0400); this or api_key.",
    ),
    optional(
        "venue.api_secret",
        Kind::Secret,
        "The variable that holds the secret of the key; this or api_secret_file.",
    ),
    optional(
        "venue.api_secret_file",
        Kind::SecretFile,
        "The file that holds the secret of the key (mode 0600 or 0400); this or api_secret.",
    ),
    required(
        "venue.recv_window_ms",
        Kind::Whole(100, 60_000, "milliseconds"),
        "How long after its timestamp the venue may still take a signed request.",
    ),
    optional(
        "exchange",
        Kind::Group,
        "The simulated exchange inside the engine; then `venue` has no address and no key.",
    ),
    optional(
        "exchange.seed",
        Kind::Whole(0, u64::MAX, ""),
        "Synthetic market: same seed, same market; this or recording.",
    ),
    optional("exchange.recording", Kind::Path, "A recorded market to play; this or seed."),
    optional(
        "exchange.speed",
        Kind::Speed(10_000),
        "How many times faster than recorded, or max; only with recording.",
    ),
    required(
        "exchange.starting_balance",
        cash("the reporting currency"),
        "What the simulated account starts with.",
    ),
    required(
        "exchange.maker_fee_bps",
        Kind::Number("-100", "100", 2, "basis points"),
        "Fee of an order that rested; below zero is a rebate.",
    ),
    required(
        "exchange.taker_fee_bps",
        Kind::Number("0", "100", 2, "basis points"),
        "Fee of an order that took.",
    ),
    contracts(
        "exchange.funding_rate_bps",
        Kind::Number("-250", "250", 4, "basis points"),
        "What longs pay to shorts of their notional every eight hours; below zero, shorts to longs.",
    ),
    required("instruments", Kind::Groups(64), "What is traded, with the limits of each."),
    required(
        "instruments[].symbol",
        Kind::Symbol,
        "The venue's spelling; BTC/USDT and BTC-USDT are read as BTCUSDT.",
    ),
    required(
        "instruments[].max_position",
        QTY,
        "Largest position, long or short, with every open order filled.",
    ),
    required("instruments[].max_order_qty", QTY, "Largest single order."),
    required("instruments[].max_open_orders", OPEN, "Most orders in it at a time."),
    required(
        "instruments[].max_unknown_orders",
        UNKNOWN,
        "Most orders in it whose fate is unknown before nothing more is opened in it.",
    ),
    required(
        "instruments[].restricted",
        Kind::Flag,
        "true: only reductions are let through (a list of compliance).",
    ),
    optional("instruments[].shared", Kind::Flag, "true: several strategies may trade it."),
    contracts("instruments[].leverage", LEVERAGE, "What the venue must trade it with."),
    contracts(
        "instruments[].protective_stop",
        Kind::GroupOrOff,
        "A stop that waits at the venue while a position is held and closes all of it, also while \
         this host is gone.",
    ),
    required(
        "instruments[].protective_stop.distance_pct",
        Kind::Number("0.02", "50", 2, "percent"),
        "How far from the market it is placed when the position begins.",
    ),
    required(
        "instruments[].protective_stop.working_type",
        Kind::Choice(&["mark", "contract"]),
        "Whose price meets it: the venue's mark, or the last trade.",
    ),
    required(
        "instruments[].protective_stop.within_ms",
        MS,
        "A position without one for so long may only be reduced, and a person is told.",
    ),
    required("strategies", Kind::Groups(32), "Who trades, with a budget each."),
    required("strategies[].name", Kind::Name, "Its own name; unique."),
    required(
        "strategies[].kind",
        Kind::Name,
        "Which strategy it is: quoter, momentum, idle, or one of your own.",
    ),
    required(
        "strategies[].instruments",
        Kind::Symbols(64),
        "What it may trade: symbols of `instruments`.",
    ),
    required("strategies[].budget", Kind::Group, "What it may use at most."),
    required(
        "strategies[].budget.max_position_notional",
        cash("the settlement asset"),
        "Largest position in one instrument, with its open orders filled.",
    ),
    required("strategies[].budget.max_open_orders", OPEN, "Most orders of its own at a time."),
    required("strategies[].budget.max_order_rate_per_sec", RATE, "New orders of its own, lasting."),
    required("strategies[].budget.order_burst", BURST, "New orders of its own, at once."),
    required(
        "strategies[].budget.max_orders_per_trade",
        Kind::WholeOrOff(1, 100_000, "orders"),
        "Most orders for each of its trades, counted over some ten minutes.",
    ),
    required(
        "strategies[].budget.parents",
        Kind::Choice(&["required", "off"]),
        "required: it opens only under parents, whose quantity all their orders together never \
         pass. off: for those who name one.",
    ),
    required(
        "strategies[].budget.partial_fill",
        Kind::Choice(&["keep", "cancel", "replace"]),
        "What becomes of the rest of an opening order when a part of it traded. keep: it stays. \
         cancel: it is taken back. replace: also, the strategy is told to quote anew.",
    ),
    required(
        "strategies[].budget.order_kinds",
        Kind::Words(&Permissions::KINDS),
        "Kinds of orders that it may open with.",
    ),
    required(
        "strategies[].budget.sides",
        Kind::Words(&Permissions::SIDES),
        "Sides that it may open on.",
    ),
    required(
        "strategies[].budget.max_loss",
        cash("the reporting currency"),
        "Most that it may lose, open positions included, from the start or its last resume; beyond \
         it may only reduce until `engine resume --strategy`.",
    ),
    required(
        "strategies[].budget.max_losing_round_trips",
        Kind::WholeOrOff(1, 10_000, "round trips"),
        "So many in a row that lost, and it may only reduce until its resume.",
    ),
    required(
        "strategies[].budget.max_consecutive_rejects",
        Kind::WholeOrOff(1, 1_000, "orders"),
        "So many in a row that the venue refused, and it may only reduce until its resume.",
    ),
    required(
        "strategies[].budget.max_fills_per_min",
        Kind::WholeOrOff(1, 100_000, "trades"),
        "More trades within a minute, and it may only reduce until a person looked and resumed it.",
    ),
    required(
        "strategies[].budget.review_after_notional",
        Kind::NumberOrOff("0.00000001", CASH_MAX, 8, "the reporting currency"),
        "More traded since its last resume, and it may only reduce until a person looked.",
    ),
    optional("strategies[].params", Kind::Settings, "The settings of the strategy."),
    required("governance", Kind::Group, "Who answers for this configuration."),
    required(
        "governance.attestation",
        Kind::Choice(&["required", "off"]),
        "required: nothing is opened until somebody put a name to these very values with `engine \
         config attest`.",
    ),
    required(
        "kill_switch",
        Kind::Group,
        "What trips the kill switch by itself. Once tripped, only `engine kill-switch reset` \
         clears it.",
    ),
    required(
        "kill_switch.max_drawdown_pct",
        Kind::Percent("100"),
        "Fall of equity below its highest value; 15 means 15 %.",
    ),
    required(
        "kill_switch.confirm_valuations",
        Kind::Whole(1, 1_000, "valuations"),
        "So many valuations in a row beyond it trip; new risk is denied from the first.",
    ),
    required(
        "kill_switch.confirm_ms",
        Kind::Whole(0, 4_000, "milliseconds"),
        "Or so long beyond it: a person is told of a breach within five seconds.",
    ),
    required(
        "kill_switch.equity_unknown_max_s",
        Kind::Whole(1, 3_600, "seconds"),
        "So long without a known equity while a position is open trips.",
    ),
    required(
        "kill_switch.cooldown_s",
        Kind::Whole(1, 86_400, "seconds"),
        "A reset must wait so long after the trip, and after a restart; `--force` with another \
         person's name does not.",
    ),
    required("clock_sync", Kind::Group, "Distance between our clock and the venue's."),
    required("clock_sync.warn_threshold_ms", MS, "A person is told."),
    required("clock_sync.kill_threshold_ms", MS, "The kill switch trips."),
    required(
        "clock_sync.kill_samples",
        Kind::Whole(1, 100, "samples"),
        "So many measurements in a row beyond it trip.",
    ),
    required(
        "clock_sync.refresh_sec",
        Kind::Whole(1, 3_600, "seconds"),
        "How often it is measured; without a measurement for twice as long nothing is opened.",
    ),
];

/// How orders, threads and files are kept.
const RUNNING: &[Key] = &[
    required(
        "dead_man",
        Kind::GroupOrOff,
        "The venue's own switch: it takes back all open orders of a symbol when this engine no \
         longer says that it lives.",
    ),
    required(
        "dead_man.countdown_s",
        Kind::Whole(5, 600, "seconds"),
        "So long after the last renewal the venue takes the orders back.",
    ),
    required(
        "dead_man.renew_s",
        Kind::Whole(1, 300, "seconds"),
        "How often it is renewed where opening orders stand.",
    ),
    optional(
        "dead_man.cancels_others",
        Kind::Flag,
        "On a shared account the switch takes back the orders of others too: true accepts that; \
         without it the switch is off there.",
    ),
    required("orders", Kind::Group, "How long answers about orders may take."),
    required(
        "orders.answer_timeout_ms",
        MS,
        "Without an answer for so long the fate of an order is unknown, and asked after.",
    ),
    required("orders.cancel_retry_ms", MS, "A cancel that is not confirmed is sent again."),
    required(
        "orders.cancel_attempts_max",
        Kind::Whole(1, 100, "cancels"),
        "Every so many unconfirmed cancels of an opening order, its symbol's others go with it.",
    ),
    required(
        "orders.stuck_max_s",
        Kind::Whole(1, 3_600, "seconds"),
        "An opening order that does not go for so long leaves its instrument only reductions.",
    ),
    required(
        "orders.query_retry_ms",
        MS,
        "An order of unknown fate is asked after again; while nobody answers, after twice as long each \
         time, up to 32 times.",
    ),
    required("reconciliation", Kind::Group, "Comparing our account with the venue's."),
    required("reconciliation.interval_s", Kind::Whole(1, 3_600, "seconds"), "How often."),
    required("reconciliation.timeout_ms", MS, "An unanswered reading is asked for again."),
    required(
        "reconciliation.balance_tolerance",
        Kind::Number("0", "1000000", 8, "each asset"),
        "A difference of a wallet up to this is rounding; beyond it the venue may only reduce until a \
         reading agrees.",
    ),
    required(
        "reconciliation.position_tolerance",
        Kind::Whole(0, 1_000_000, "steps"),
        "A position may differ from the venue's by so many of the instrument's smallest quantities; \
         beyond it the instrument may only reduce until a reading agrees.",
    ),
    required(
        "reconciliation.open_orders_tolerance",
        Kind::Whole(0, 1_000, "orders"),
        "So many opening orders that are not known here may stand in an instrument; orders of others \
         count where the account is exclusive.",
    ),
    default("runtime", Kind::Group, "", "Threads and connections."),
    default(
        "runtime.wait",
        Kind::Choice(&["spin", "yield", "park"]),
        "park",
        "What an idle thread does. spin: fastest, one processor each. yield: lets others run. \
         park: sleeps until woken.",
    ),
    optional(
        "runtime.pin",
        Kind::Group,
        "Which processor each critical thread stays on; not pinned when left out.",
    ),
    optional("runtime.pin.hot", PROCESSOR, "The thread that decides."),
    optional("runtime.pin.feed", PROCESSOR, "The thread that reads market data."),
    optional("runtime.pin.order", PROCESSOR, "The thread that sends orders."),
    default(
        "runtime.max_connection_age_s",
        Kind::Whole(5, 86_400, "seconds"),
        "82800",
        "Each connection is replaced by a new one at this age, or when the venue announces its end, \
         without a gap. Binance cuts every one at 24 h.",
    ),
    default(
        "runtime.key_check_s",
        Kind::Whole(5, 86_400, "seconds"),
        "600",
        "With real money: so often the venue is asked what the key may do. What it may not opens \
         nothing from then on.",
    ),
    default(
        "runtime.http_timeout_ms",
        Kind::Whole(500, 30_000, "milliseconds"),
        "5000",
        "The longest wait for an answer of the venue over HTTP.",
    ),
    default(
        "runtime.heartbeat_s",
        Kind::Whole(1, 120, "seconds"),
        "5",
        "So often each connection to the venue is asked for a sign of life.",
    ),
    default(
        "runtime.missed_heartbeats_max",
        Kind::Whole(1, 10, "heartbeats"),
        "3",
        "So many in a row without one, and the connection counts as dead.",
    ),
    default("journal", Kind::Group, "", "The record of everything that happened."),
    default(
        "journal.segment_mb",
        Kind::Whole(1, 1_024, "megabytes"),
        "16",
        "Size of one file of it. Two of them are also held in memory.",
    ),
    default(
        "journal.lane_folder",
        Kind::Path,
        "/dev/shm",
        "A folder in memory for what is on its way to the disk: so the thread that decides never \
         waits for the disk. Where it is not one, the journal's own folder is used, and said.",
    ),
    default(
        "journal.sync_ms",
        Kind::Whole(1, 10_000, "milliseconds"),
        "50",
        "Longest time until it is safe against a loss of power. A crash of the engine loses \
         nothing.",
    ),
    default(
        "journal.keep_files",
        Kind::Whole(4, 1_000_000, "files"),
        "1000",
        "Most files of it; the oldest are removed. None is removed that is as young as the last clean \
         reading of the account. A replay needs all files since the start that it begins with.",
    ),
    default(
        "journal.market_data",
        Kind::Choice(&["full", "quotes", "off"]),
        "off",
        "How much of the market is recorded. full: a replay reproduces every decision, for some \
         200 MB an hour and busy instrument. quotes: best prices and marks. off: nothing.",
    ),
    default("backup", Kind::Group, "", "Copies of state and journal."),
    optional(
        "backup.folder",
        Kind::Path,
        "Where they are; `backups` in the folder of the deployment when left out. A disk of its own, \
         for what takes this one takes them too.",
    ),
    default(
        "backup.every_s",
        Kind::Whole(10, 86_400, "seconds"),
        "300",
        "A running engine makes one so often: what a lost disk can cost.",
    ),
    default(
        "backup.keep",
        Kind::Whole(1, 100_000, "backups"),
        "288",
        "Most that are kept: a day of them, with the default. Files of the journal that are complete \
         are kept once for all of them.",
    ),
    optional(
        "history",
        Kind::Group,
        "The journal as tables of an SQLite file: orders, fills, positions, profit.",
    ),
    optional(
        "history.enabled",
        Kind::Flag,
        "Whether it is written; true when left out. Trading never waits for it.",
    ),
    optional(
        "history.folder",
        Kind::Path,
        "Where history.sqlite is; the folder `history` beside the journal when left out.",
    ),
    default("log", Kind::Group, "", "What is said to people."),
    default(
        "log.filter",
        Kind::Filter,
        "info",
        "How much: trace, debug, info, warn, error, or per module.",
    ),
    default(
        "log.format",
        Kind::Choice(&["text", "json"]),
        "text",
        "text for people, json for machines.",
    ),
    default("backtest", Kind::Group, "", "`engine backtest`."),
    default(
        "backtest.latency_ms",
        Kind::Number("0", "10000", 3, "milliseconds"),
        "5",
        "One-way delay to and from the simulated venue.",
    ),
];

/// The parts as one list.
const fn joined<const COUNT: usize>(parts: &[&[Key]]) -> [Key; COUNT] {
    let mut all = [DEPLOYMENT[0]; COUNT];
    let (mut part, mut at, mut to) = (0, 0, 0);
    while part < parts.len() {
        if at == parts[part].len() {
            (part, at) = (part + 1, 0);
        } else {
            all[to] = parts[part][at];
            (at, to) = (at + 1, to + 1);
        }
    }
    all
}

#[cfg(test)]
mod tests;
