//! What each stop does to each thing that is at stake: the table on the first screen of the README.
//!
//! One table, in code, so that the README, `engine stop-matrix` and the tests speak of the same
//! thing: a test compares the README's copy, and the behaviour behind each row has a test of its
//! own.

use std::fmt::Write as _;

/// How often the flag file is looked for, milliseconds: the bound of its row.
pub const FLAG_EVERY_MS: u64 = 100;

/// How long an orderly end waits for the venue to confirm that no opening order is left,
/// milliseconds: the bound of the rows of Ctrl-C and SIGTERM.
pub const STOP_WAIT_MS: u64 = 5_000;

/// One stop, and what it means for each thing at stake.
#[derive(Clone, Copy, Debug)]
struct Row {
    stop: &'static str,
    opening: &'static str,
    protective: &'static str,
    positions: &'static str,
    hedge: &'static str,
    exit: &'static str,
    restart: &'static str,
    time: Time,
}

#[derive(Clone, Copy, Debug)]
enum Time {
    Words(&'static str),
    Within(u64, &'static str),
}

const KEPT: &str = "stay";
const SWITCHED: &str = "stay; when the switch fires, as in its row";
const HELD: &str = "held";
const HELD_OR: &str = "held, but for a hedge group that says otherwise";
const LEGS: &str = "legs are held";
const ON_TRIP: &str = "as the group's `on_trip` says";

const ROWS: &[Row] = &[
    Row {
        stop: "Ctrl-C, SIGTERM",
        opening: "cancelled, confirmed",
        protective: KEPT,
        positions: HELD,
        hedge: LEGS,
        exit: "nobody: the process ends",
        restart: "mode kept; trades again",
        time: Time::Within(STOP_WAIT_MS, "a second signal ends at once"),
    },
    Row {
        stop: "kill −9, crash",
        opening: "the venue takes them back (dead-man's switch), else the next start does",
        protective: SWITCHED,
        positions: HELD,
        hedge: LEGS,
        exit: "nobody until the next start",
        restart: "reconciles, then CONSERVATIVE",
        time: Time::Words("`dead_man.countdown_s` after the last renewal; unbounded with `off`"),
    },
    Row {
        stop: "`engine halt`",
        opening: "cancelled, retried until confirmed",
        protective: KEPT,
        positions: HELD,
        hedge: LEGS,
        exit: "`engine flatten`",
        restart: "yes: HALTED until `engine resume`",
        time: Time::Words("at once, in its scope"),
    },
    Row {
        stop: "daily loss; a strategy's loss, losing run, refusals, review",
        opening: "cancelled, retried until confirmed",
        protective: KEPT,
        positions: HELD,
        hedge: LEGS,
        exit: "the strategies themselves; `engine flatten`",
        restart: "yes: REDUCING until `engine resume`",
        time: Time::Words("nothing new from the first valuation; the mode once confirmed"),
    },
    Row {
        stop: "a minute's loss, a reject storm, the circuit breaker",
        opening: "cancelled, retried until confirmed",
        protective: KEPT,
        positions: HELD,
        hedge: LEGS,
        exit: "the strategies themselves; `engine flatten`",
        restart: "the breaker's cooldown, never shortened",
        time: Time::Words("before the next order; ends by itself with its minute or cooldown"),
    },
    Row {
        stop: "trip: drawdown, clock, overfill, journal, `engine kill-switch trip`",
        opening: "cancelled, retried until confirmed",
        protective: KEPT,
        positions: HELD_OR,
        hedge: ON_TRIP,
        exit: "`engine flatten`",
        restart: "yes: KILLED until `engine kill-switch reset`",
        time: Time::Words("before the next order, in the same step"),
    },
    Row {
        stop: "`touch state/kill_switch.flag`",
        opening: "cancelled, retried until confirmed",
        protective: KEPT,
        positions: HELD_OR,
        hedge: ON_TRIP,
        exit: "`engine flatten`",
        restart: "yes; removing the file clears nothing",
        time: Time::Within(FLAG_EVERY_MS, "then as a trip"),
    },
    Row {
        stop: "link loss",
        opening: "as a crash, once order entry is down for so long; unanswered ones are unknown",
        protective: SWITCHED,
        positions: HELD,
        hedge: LEGS,
        exit: "`engine flatten`, once the link is back",
        restart: "after 30 s: the venue is HALTED until `engine resume`",
        time: Time::Words("no new order from the loss on; 3 attempts in 30 s, then probing"),
    },
    Row {
        stop: "host loss",
        opening: "the venue takes them back (dead-man's switch); with `off` they **stand**",
        protective: SWITCHED,
        positions: HELD,
        hedge: LEGS,
        exit: "you, at the venue",
        restart: "reconciles, then CONSERVATIVE",
        time: Time::Words("`dead_man.countdown_s` after the last renewal; unbounded with `off`"),
    },
    Row {
        stop: "dead-man's switch at the venue",
        opening: "cancelled by the venue, symbol by symbol",
        protective: "**unverified**: reduce-only orders go too; stops are not documented",
        positions: HELD,
        hedge: LEGS,
        exit: "`engine flatten`",
        restart: "if alive: alert, reading of the account, armed again before the next order",
        time: Time::Words(
            "`dead_man.countdown_s` without a step of the core or without order entry",
        ),
    },
];

const NOT_PROTECTED: &[&str] = &[
    "A gap through your limit: a trip stops new risk, it cannot sell into a market that is not there.",
    "Liquidation by a gap: orders are checked against margin, its ratio and the distance to liquidation, \
     and a margin call leaves only reductions; nothing is closed by itself.",
    "The venue itself: insolvency, frozen withdrawals, a wrong mark price.",
    "A host that dies with opening orders standing, for `dead_man.countdown_s`, and for ever where the \
     switch is `off` or the venue has none (Binance Spot).",
    "A dead-man's switch that fires while a reduce-only order guards a position: the venue takes back all \
     orders of the symbol.",
    "What could not be tried here: nothing has been run against the live venue. The dialect is tested \
     against the venue's documents, its official samples and recorded frames.",
];

/// The table and what it does not cover, as Markdown.
pub fn markdown() -> String {
    let mut out = String::with_capacity(4_096);
    // Writing to a string cannot fail.
    let _ = write(&mut out);
    out
}

fn write(out: &mut String) -> std::fmt::Result {
    writeln!(
        out,
        "| stop | opening orders | protective orders | positions | hedge | who may exit \
         | survives restart | time |"
    )?;
    writeln!(out, "|---|---|---|---|---|---|---|---|")?;
    for row in ROWS {
        let Row { stop, opening, protective, positions, hedge, exit, restart, time } = row;
        write!(out, "| {stop} | {opening} | {protective} | {positions} | {hedge} | {exit} ")?;
        match time {
            Time::Words(words) => writeln!(out, "| {restart} | {words} |")?,
            Time::Within(ms, words) => writeln!(out, "| {restart} | ≤ {ms} ms; {words} |")?,
        }
    }
    writeln!(out, "\nWhat this does not protect you from:\n")?;
    for line in NOT_PROTECTED {
        writeln!(out, "- {line}")?;
    }
    Ok(())
}
