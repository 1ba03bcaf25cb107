//! The keys of the limits over all strategies, in order.

use crate::config::build_windows::DAYS;
use crate::config::keys::{Key, Kind, contracts, optional, required};
use crate::config::kinds::{MS, OPEN, RATE, RATIO, UNKNOWN, WINDOW_MS, cash};
use crate::core::STOPS_MAX;

/// From `risk` to `no_trade_windows`.
pub(super) const KEYS: &[Key] = &[
    required("risk", Kind::Group, "Limits over all strategies, checked before every order."),
    required(
        "risk.max_order_notional",
        cash("the quote asset"),
        "Largest price x quantity of one order.",
    ),
    required(
        "risk.price_band_pct",
        Kind::Number("0.01", "50", 2, "percent"),
        "How far beyond the opposite best price an order may be priced.",
    ),
    required(
        "risk.max_order_ttl_ms",
        Kind::Whole(1, 86_400_000, "milliseconds"),
        "Longest life of an order that opens a position.",
    ),
    required("risk.max_order_rate_per_sec", RATE, "New orders of all strategies, lasting."),
    required(
        "risk.order_burst",
        Kind::Whole(8, 1_000, "new orders"),
        "New orders of all strategies, at once; the last quarter is kept for reductions and exits.",
    ),
    required(
        "risk.max_orders_per_min",
        Kind::Whole(60, 60_000, "new orders"),
        "New orders of all strategies in any minute; the last quarter is kept as above.",
    ),
    required("risk.max_open_orders", OPEN, "Most orders at a time."),
    required(
        "risk.max_unknown_orders",
        UNKNOWN,
        "Most orders whose fate is unknown before nothing more is opened.",
    ),
    required(
        "risk.max_gross_notional",
        cash("the reporting currency"),
        "Largest sum of all positions, long and short, with every open order filled.",
    ),
    required("risk.max_data_age_ms", MS, "Oldest quote that is traded on."),
    required(
        "risk.max_filters_age_s",
        Kind::Whole(60, 604_800, "seconds"),
        "Oldest reading of the venue's rules for orders (ticks, sizes, bands) under which anything \
         is opened; they are read again three times as often.",
    ),
    required(
        "risk.max_journal_lag_ms",
        MS,
        "How long a record of what happened may wait for the disk while anything is opened.",
    ),
    required(
        "risk.max_depth_pct",
        Kind::NumberOrOff("0.01", "100", 2, "percent"),
        "Most of the best 20 levels that one opening order may take.",
    ),
    required(
        "risk.max_signal_age_ms",
        MS,
        "Longest time from a message of the market to the opening order that answers it.",
    ),
    required(
        "risk.max_price_move_pct",
        Kind::Number("0.01", "50", 2, "percent"),
        "How far the price may move within the window before nothing is opened.",
    ),
    required("risk.price_move_window_ms", WINDOW_MS, "That window."),
    required(
        "risk.max_slippage_bps",
        Kind::Whole(1, 5_000, "basis points"),
        "What an order that takes may pay beyond the mid at its decision before a person is told.",
    ),
    required(
        "risk.slippage_orders_max",
        Kind::Whole(1, 1_000, "orders"),
        "More such orders of one strategy within the window, and it may only reduce until its resume.",
    ),
    required("risk.slippage_window_s", Kind::Whole(1, 86_400, "seconds"), "That window."),
    required(
        "risk.max_fee_difference_bps",
        Kind::NumberOrOff("0.01", "100", 2, "basis points"),
        "How far the fee of a trade may be from the rate that the venue names for this account \
         before a person is told; off compares none.",
    ),
    contracts(
        "risk.max_funding_pct",
        Kind::Number("0.01", "100", 2, "percent of equity"),
        "Part of equity that one payment of funding may be before a person is told aloud.",
    ),
    required(
        "risk.max_gaps",
        Kind::Whole(1, 1_000, "gaps"),
        "More books of one instrument lost by gaps in the feed within the window, and it may only \
         reduce until its resume.",
    ),
    required("risk.gap_window_s", Kind::Whole(1, 86_400, "seconds"), "That window."),
    required(
        "risk.max_repeats",
        Kind::Whole(1, 1_000, "orders"),
        "Most orders of one intent (strategy, instrument, side, price, quantity) at once.",
    ),
    required("risk.repeat_window_ms", WINDOW_MS, "The time in which so many are allowed again."),
    required(
        "risk.max_daily_loss_pct",
        Kind::Percent("99"),
        "Fall of equity since the day began, transfers left out: beyond it everything may only \
         reduce until a resume.",
    ),
    required("risk.day_rollover_hour_utc", Kind::Whole(0, 23, "hour"), "When a day begins."),
    required(
        "risk.max_loss_per_min",
        cash("the reporting currency"),
        "Most lost within a rolling minute; beyond it nothing is opened until the minute is over.",
    ),
    required(
        "risk.max_net_notional",
        cash("the reporting currency"),
        "Longs less shorts, and shorts less longs, with every open order filled.",
    ),
    required(
        "risk.max_underlying_notional",
        cash("the reporting currency"),
        "All positions of one underlying, over spot and contracts.",
    ),
    required(
        "risk.max_underlying_net_notional",
        cash("the reporting currency"),
        "The same, longs less shorts and shorts less longs.",
    ),
    required(
        "risk.max_leverage",
        Kind::Number("0.01", "125", 2, "times equity"),
        "All positions together, with every open order filled, to equity.",
    ),
    required(
        "risk.max_concentration_pct",
        Kind::Number("0.01", "12500", 2, "percent of equity"),
        "One position, with its open orders filled, to equity.",
    ),
    required(
        "risk.max_positions",
        Kind::Whole(1, 64, "instruments"),
        "Most instruments with a position or an opening order.",
    ),
    required(
        "risk.max_reject_pct",
        Kind::Number("0.01", "100", 2, "percent"),
        "Part of a minute's orders that the venue may refuse before a person is told.",
    ),
    required(
        "risk.reject_storm",
        Kind::Choice(&["alert", "stop"]),
        "What more refusals do. alert: a person is told. stop: also, nothing is opened until the \
         minute is over.",
    ),
    contracts(
        "risk.max_margin_ratio_pct",
        Kind::Percent("100"),
        "Part of the account that all positions, with every open order filled, may need as \
         maintenance margin; at 100 the venue liquidates.",
    ),
    contracts("risk.warn_margin_ratio_pct", RATIO, "Held beyond it: reductions until a resume."),
    contracts(
        "risk.min_liquidation_distance_pct",
        Kind::Number("0.01", "90", 2, "percent"),
        "So far all prices may move against everything, with every open order filled, without a \
         liquidation.",
    ),
    required("breaker", Kind::Group, "Automatic stops that follow each other become a long one."),
    required(
        "breaker.max_stops",
        Kind::Whole(1, STOPS_MAX as u64, "stops"),
        "So many (a minute's loss, a reject storm, a losing run) within the window open it.",
    ),
    required("breaker.window_s", Kind::Whole(1, 604_800, "seconds"), "The window."),
    required(
        "breaker.cooldown_s",
        Kind::Whole(1, 604_800, "seconds"),
        "Nothing is opened for so long. A restart does not shorten it.",
    ),
    required(
        "conservative",
        Kind::Group,
        "After a resume or a crash, until `engine resume --full`.",
    ),
    required(
        "conservative.size_factor",
        Kind::Number("0.01", "1", 4, "parts of the full size"),
        "Limits of size are multiplied by it.",
    ),
    required(
        "conservative.max_position_pct_of_equity",
        Kind::Number("0.01", "12500", 2, "percent of equity"),
        "Largest position, with its open orders filled; 0.5 is the runbooks' 0.005.",
    ),
    required(
        "conservative.probation_s",
        Kind::Whole(0, 86_400, "seconds"),
        "So long after a resume, or a stop by itself meanwhile, `engine resume --full` is refused.",
    ),
    required(
        "conservative.taker",
        Kind::Choice(&["on", "off"]),
        "off: nothing is opened by taking what others have placed.",
    ),
    optional(
        "no_trade_windows",
        Kind::Groups(64),
        "When nothing is opened, by the venue's clock; reductions and exits pass.",
    ),
    optional(
        "no_trade_windows[].days",
        Kind::Words(DAYS),
        "On which days a weekly window begins; none for one with dates.",
    ),
    required("no_trade_windows[].from", Kind::Moment, "When it begins."),
    required(
        "no_trade_windows[].to",
        Kind::Moment,
        "When it ends; a time of day that is not after `from` is one of the next day.",
    ),
    required(
        "no_trade_windows[].orders",
        Kind::Choice(&["keep", "cancel"]),
        "What becomes of opening orders that rest when it begins.",
    ),
];
