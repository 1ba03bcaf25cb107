//! The scenarios. Those that stop something stand last: each has a stage of its own.

use super::script::{CALM, End, Holds, Market, Scenario, Seen, Step, Style, Ticket};
use Step::{Amend, Cancel, Crash, Fault, Flatten, Halt, Place, Trade, Trip, Until};
use tradekeel::core::Mode;
use tradekeel::sim::{FaultKind, Target};

const ON_SPOT: &str = "the venue's only amend there gives the order another id";

/// So much, and half of it; both are worth more than the least that may be ordered.
const ALL: &str = "0.004";
const HALF: &str = "0.002";

const BID: Step = Place("bid", Ticket::bid(ALL));
const RESTS: Step = Until("bid", Seen::Rests(ALL));
const OVER: Step = Until("bid", Seen::Over);

pub(crate) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "an order that rests is taken back",
        steps: &[BID, RESTS, Cancel("bid")],
        ends: &[("bid", End::Canceled, "0")],
        ..CALM
    },
    Scenario {
        name: "an order takes what it meets",
        steps: &[Place("buy", Ticket::buy(ALL))],
        ends: &[("buy", End::Filled, ALL)],
        ..CALM
    },
    Scenario {
        name: "the rest of an order of which a part traded is taken back",
        steps: &[BID, RESTS, Trade("bid", HALF), Until("bid", Seen::Traded(HALF)), Cancel("bid")],
        ends: &[("bid", End::Canceled, HALF)],
        ..CALM
    },
    Scenario {
        name: "an order that trades in two parts is filled",
        steps: &[
            BID,
            RESTS,
            Trade("bid", HALF),
            Until("bid", Seen::Traded(HALF)),
            Trade("bid", HALF),
        ],
        ends: &[("bid", End::Filled, ALL)],
        ..CALM
    },
    Scenario {
        name: "a post-only order that would take is refused",
        steps: &[Place("buy", Ticket::buy(ALL).style(Style::PostOnly))],
        ends: &[("buy", End::Rejected, "0")],
        ..CALM
    },
    Scenario {
        name: "a post-only order that takes nothing rests",
        steps: &[Place("bid", Ticket::bid(ALL).style(Style::PostOnly)), RESTS, Trade("bid", ALL)],
        ends: &[("bid", End::Filled, ALL)],
        ..CALM
    },
    Scenario {
        name: "immediate or cancel, with a match",
        steps: &[Place("buy", Ticket::buy(ALL).style(Style::Ioc))],
        ends: &[("buy", End::Filled, ALL)],
        ..CALM
    },
    Scenario {
        name: "immediate or cancel, without a match",
        steps: &[Place("buy", Ticket::buy(ALL).between().style(Style::Ioc))],
        ends: &[("buy", End::Expired, "0")],
        ..CALM
    },
    Scenario {
        name: "all or nothing, with a match",
        steps: &[Place("buy", Ticket::buy(ALL).style(Style::Fok))],
        ends: &[("buy", End::Filled, ALL)],
        ..CALM
    },
    Scenario {
        name: "all or nothing, without a match",
        steps: &[Place("buy", Ticket::buy(ALL).between().style(Style::Fok))],
        ends: &[("buy", End::Killed, "0")],
        ..CALM
    },
    Scenario {
        name: "an order is amended down, up and away",
        steps: &[
            BID,
            RESTS,
            Amend("bid", -20, HALF),
            Until("bid", Seen::Rests(HALF)),
            Amend("bid", -30, ALL),
            RESTS,
            Cancel("bid"),
        ],
        ends: &[("bid", End::Canceled, "0")],
        absent: Some((Market::Spot, ON_SPOT)),
        ..CALM
    },
    Scenario {
        name: "an amended order trades at its new price",
        steps: &[
            BID,
            RESTS,
            Amend("bid", -30, HALF),
            Until("bid", Seen::Rests(HALF)),
            Trade("bid", HALF),
        ],
        ends: &[("bid", End::Filled, HALF)],
        absent: Some((Market::Spot, ON_SPOT)),
        ..CALM
    },
    Scenario {
        name: "an exit only reduces",
        steps: &[
            Place("buy", Ticket::buy(ALL)),
            Until("buy", Seen::Over),
            Place("exit", Ticket::exit(HALF)),
        ],
        ends: &[("buy", End::Filled, ALL), ("exit", End::Filled, HALF)],
        ..CALM
    },
    Scenario {
        name: "an order is taken back when its time is over",
        steps: &[Place("bid", Ticket::bid(ALL).ttl_ms(1_500)), RESTS],
        ends: &[("bid", End::Canceled, "0")],
        ..CALM
    },
    Scenario {
        name: "an order that never arrives",
        steps: &[Fault(FaultKind::RequestLost, Target::Place), BID],
        ends: &[("bid", End::Nowhere, "0")],
        ..CALM
    },
    Scenario {
        name: "an order whose answer is lost",
        steps: &[Fault(FaultKind::AckLost, Target::Place), BID, RESTS, Cancel("bid")],
        ends: &[("bid", End::Canceled, "0")],
        ..CALM
    },
    Scenario {
        name: "a 503 of an order that was executed",
        steps: &[Fault(FaultKind::UnknownExecuted, Target::Place), BID, RESTS, Cancel("bid")],
        ends: &[("bid", End::Canceled, "0")],
        ..CALM
    },
    Scenario {
        name: "a 503 of an order that was executed and took",
        steps: &[
            Fault(FaultKind::UnknownExecuted, Target::Place),
            Place("buy", Ticket::buy(ALL).style(Style::Ioc)),
        ],
        ends: &[("buy", End::Filled, ALL)],
        ..CALM
    },
    Scenario {
        name: "a 503 of an order that was not executed",
        steps: &[Fault(FaultKind::UnknownUnexecuted, Target::Place), BID],
        ends: &[("bid", End::Nowhere, "0")],
        ..CALM
    },
    Scenario {
        name: "an order in the middle of which the connection ends",
        steps: &[Fault(FaultKind::Disconnect, Target::Place), BID, RESTS, Cancel("bid")],
        ends: &[("bid", End::Canceled, "0")],
        ..CALM
    },
    Scenario {
        name: "an order of which half trades at once",
        steps: &[
            Fault(FaultKind::PartialFill, Target::Place),
            BID,
            Until("bid", Seen::Traded(HALF)),
            Cancel("bid"),
        ],
        ends: &[("bid", End::Canceled, HALF)],
        ..CALM
    },
    Scenario {
        name: "an answer that comes after the fill",
        steps: &[Fault(FaultKind::FillBeforeAck, Target::Place), BID, OVER],
        ends: &[("bid", End::Filled, ALL)],
        ..CALM
    },
    Scenario {
        name: "a cancel that never arrives",
        steps: &[BID, RESTS, Fault(FaultKind::RequestLost, Target::Cancel), Cancel("bid")],
        ends: &[("bid", End::Canceled, "0")],
        ..CALM
    },
    Scenario {
        name: "a cancel that is refused because the order is filled",
        steps: &[BID, RESTS, Fault(FaultKind::CancelFilled, Target::Cancel), Cancel("bid")],
        ends: &[("bid", End::Filled, ALL)],
        ..CALM
    },
    Scenario {
        name: "a trade that is told behind the cancel",
        steps: &[BID, RESTS, Fault(FaultKind::CancelBeforeFill, Target::Cancel), Cancel("bid")],
        ends: &[("bid", End::Canceled, HALF)],
        ..CALM
    },
    Scenario {
        name: "an amend whose answer is lost",
        steps: &[
            BID,
            RESTS,
            Fault(FaultKind::AckLost, Target::Amend),
            Amend("bid", -30, HALF),
            Until("bid", Seen::Rests(HALF)),
            Cancel("bid"),
        ],
        ends: &[("bid", End::Canceled, "0")],
        absent: Some((Market::Spot, ON_SPOT)),
        ..CALM
    },
    Scenario {
        name: "a trade that is told twice",
        steps: &[BID, RESTS, Fault(FaultKind::DuplicateFill, Target::Stream), Trade("bid", ALL)],
        ends: &[("bid", End::Filled, ALL)],
        ..CALM
    },
    Scenario {
        name: "a trade that no stream tells",
        steps: &[BID, RESTS, Fault(FaultKind::FillLost, Target::Stream), Trade("bid", ALL)],
        ends: &[("bid", End::Filled, ALL)],
        ..CALM
    },
    Scenario {
        name: "an order that is filled while the connection is down",
        steps: &[BID, RESTS, Fault(FaultKind::Disconnect, Target::Stream), Trade("bid", ALL)],
        ends: &[("bid", End::Filled, ALL)],
        ..CALM
    },
    Scenario {
        name: "a halt takes back what opens and holds what is held",
        steps: &[Place("buy", Ticket::buy(ALL)), Until("buy", Seen::Over), BID, RESTS, Halt],
        ends: &[("buy", End::Filled, ALL), ("bid", End::Canceled, "0")],
        mode: Mode::Halted,
        ..CALM
    },
    Scenario {
        name: "a trip takes back what opens and holds what is held",
        steps: &[Place("buy", Ticket::buy(ALL)), Until("buy", Seen::Over), BID, RESTS, Trip],
        ends: &[("buy", End::Filled, ALL), ("bid", End::Canceled, "0")],
        mode: Mode::Killed,
        ..CALM
    },
    Scenario {
        name: "a flatten after a trip ends flat",
        steps: &[
            Place("buy", Ticket::buy(ALL)),
            Until("buy", Seen::Over),
            BID,
            RESTS,
            Trip,
            OVER,
            Flatten,
        ],
        ends: &[("buy", End::Filled, ALL), ("bid", End::Canceled, "0")],
        holds: Holds::Nothing,
        mode: Mode::Killed,
        ..CALM
    },
    Scenario {
        name: "a crash with a position and an order that rests",
        steps: &[Place("buy", Ticket::buy(ALL)), Until("buy", Seen::Over), BID, RESTS, Crash],
        ends: &[("buy", End::Filled, ALL), ("bid", End::Canceled, "0")],
        mode: Mode::Conservative,
        ..CALM
    },
];
