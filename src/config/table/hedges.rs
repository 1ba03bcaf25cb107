//! The keys of hedge groups, in order.

use crate::config::keys::{Key, Kind, optional, required};
use crate::config::kinds::{CASH_MAX, cash};

/// From `hedge_groups` on.
pub(super) const KEYS: &[Key] = &[
    optional(
        "hedge_groups",
        Kind::Groups(16),
        "Instruments that stand against each other: what of them is not hedged is limited.",
    ),
    required("hedge_groups[].name", Kind::Name, "Its own name; unique."),
    required("hedge_groups[].legs", Kind::Groups(16), "Its instruments, at least two."),
    required(
        "hedge_groups[].legs[].instrument",
        Kind::Symbol,
        "One of `instruments`, and of no other group.",
    ),
    required(
        "hedge_groups[].legs[].ratio",
        Kind::Number("-100", "100", 4, "of its value"),
        "What a unit of its value counts in the group; below zero turns its sign; not zero.",
    ),
    required(
        "hedge_groups[].max_net_delta",
        cash("the reporting currency"),
        "Largest sum of the legs, long or short, with every open order of one direction filled.",
    ),
    required(
        "hedge_groups[].hedged_within",
        Kind::Number("0", CASH_MAX, 8, "the reporting currency"),
        "Up to this sum, long or short, it counts as hedged.",
    ),
    required(
        "hedge_groups[].max_unhedged_age_ms",
        Kind::Whole(100, 86_400_000, "milliseconds"),
        "How long it may not be hedged before its legs may only reduce, or hedge.",
    ),
    required(
        "hedge_groups[].on_trip",
        Kind::Choice(&["hold", "complete_hedge", "flatten"]),
        "What a trip does: nothing; close the legs that are too large; close all of them.",
    ),
];
