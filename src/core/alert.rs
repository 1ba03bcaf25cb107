//! What a person should know: the closed list of things worth saying aloud.

use super::account_drift::AccountDrift;
use super::event::JournalState;
use super::fill::FillFault;
use super::foreign::ForeignCause;
use super::funding::FundingSize;
use super::mode::{ModeRecord, Scope};
use super::reconcile::Finding;
use super::safety::TripReason;
use super::setup::{KeyFitness, OnTrip};
use crate::types::{AssetId, Cash, ClientOrderId, InstrumentId, MarginMode, Qty, VenueId};

/// A trade that was found and not told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct MissedTrade {
    /// Of what.
    pub instrument: InstrumentId,
    /// The venue's number of it.
    pub trade_id: u64,
    /// Up to which trade all had been known.
    pub known_id: u64,
    /// How much, signed.
    pub qty: Qty,
    /// Our position before it, and with it; `None` for one from before this run, which its first
    /// reading of the account has in it.
    pub positions: Option<(Qty, Qty)>,
}

/// One thing worth saying.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Alert {
    /// The kill switch tripped. What a position then means is said with it (SAFETY E5).
    KillSwitch {
        /// What is stopped.
        scope: Scope,
        /// By what.
        reason: TripReason,
        /// Sum of all positions, signed, in reporting currency; `None` while one has no price.
        delta: Option<Cash>,
        /// What a move of all prices by one per cent against that sum costs.
        loss_per_percent: Option<Cash>,
        /// How far the nearest liquidation is, in basis points of its instrument's price; `None`
        /// where nothing can be liquidated or it cannot be told.
        liquidation_bps: Option<i64>,
    },
    /// A hedge group is open, or a trip reached it (SAFETY E5).
    Hedge(HedgeAlert),
    /// The mode of a scope changed.
    Mode {
        /// Where.
        scope: Scope,
        /// To which, and why.
        record: ModeRecord,
    },
    /// A time begins at which the operator's calendar opens nothing.
    WindowEntered,
    /// It is over.
    WindowLeft,
    /// A venue takes no requests: it is left alone but for one small question now and then.
    MaintenanceBegan(VenueId),
    /// It does again, and its account has been read.
    MaintenanceOver(VenueId),
    /// Our clock is farther from the venue's than the warning threshold.
    ClockDrift {
        /// Whose clock.
        venue: VenueId,
        /// How far, nanoseconds; above zero when ours is behind.
        offset_ns: i64,
    },
    /// Our clock is back within the warning threshold.
    ClockGood(VenueId),
    /// The venue's account differs from ours.
    Mismatch(Finding),
    /// It does so beyond tolerance: only reductions there until a reading agrees.
    AccountDrift(AccountDrift),
    /// A reading agrees again: what held before holds.
    DriftOver {
        /// Where.
        scope: Scope,
        /// What holds now.
        record: ModeRecord,
    },
    /// The account has been read completely and agrees, or has been adopted.
    Reconciled {
        /// Whose account.
        venue: VenueId,
        /// How many differences were adopted.
        findings: u32,
    },
    /// A connection that trading needs went down, or all are up again.
    Link {
        /// To which venue.
        venue: VenueId,
        /// All up, or not.
        up: bool,
    },
    /// Nobody knows what became of an order.
    OrderUnknown(ClientOrderId),
    /// Something is wrong with an order.
    Order {
        /// Which.
        id: ClientOrderId,
        /// What.
        fault: OrderFault,
    },
    /// A trade on this account that is no order of ours (SAFETY E12).
    ForeignFill {
        /// Of what.
        instrument: InstrumentId,
        /// Why.
        cause: ForeignCause,
        /// Signed quantity.
        qty: Qty,
    },
    /// The venue's history has a trade that no stream told of.
    MissedTrade(MissedTrade),
    /// The venue's history of trades is not the one that was known: it was reset, or has forgotten.
    HistoryLost {
        /// Of what.
        instrument: InstrumentId,
        /// The last trade that was known.
        known_id: u64,
    },
    /// More of an order traded than was ordered.
    Overfill(ClientOrderId),
    /// The loss of the last minute is beyond its limit: nothing new until it has passed.
    LossRate,
    /// The venue refuses too many orders.
    RejectStorm {
        /// Refused ones in the last minute.
        refused: u64,
        /// Of so many answers.
        answers: u64,
    },
    /// Too many books of an instrument were lost by gaps: it may only reduce.
    GapStorm(InstrumentId),
    /// Too many automatic stops: nothing new until the cooldown is over.
    BreakerOpen,
    /// A wallet changed and no message said why: it counts as profit or loss from here on.
    Unexplained {
        /// Of what.
        asset: AssetId,
        /// By how much.
        amount: Cash,
    },
    /// The margin of an account, or how the venue trades on it, is not as it should be.
    Margin(MarginAlert),
    /// Funding of positions was paid (below zero) or received.
    Funding {
        /// In what.
        asset: AssetId,
        /// How much.
        amount: Cash,
        /// Against the equity.
        size: FundingSize,
    },
    /// The fee of a trade is not the one to expect, or cannot be compared (SAFETY T12).
    Fee {
        /// Of what.
        instrument: InstrumentId,
        /// What is wrong with it.
        fault: FeeFault,
    },
    /// The venue's dead-man's switch was not renewed in time: what stood there may be gone.
    DeadManFired(InstrumentId),
    /// What happens reaches the disk too late, or in time again: nothing is opened meanwhile.
    Journal(JournalState),
    /// The venue changed its rules for orders, or does not list the instrument any more.
    FiltersChanged(InstrumentId),
    /// The key is not what it was: whether anything is opened with it changed, or why.
    Key(KeyFitness),
    /// The venue's dead-man's switch cannot be armed: nothing that rests is opened there.
    DeadManUnarmed(InstrumentId),
    /// The stop that guards a position at the venue.
    Stop {
        /// Of what.
        instrument: InstrumentId,
        /// What of it.
        alert: StopAlert,
    },
    /// A flatten reached zero.
    Flat,
    /// A flatten cannot go on: no price, or the venue refuses.
    FlattenStuck(InstrumentId),
}

/// What becomes of a hedge group (SAFETY E5).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum HedgeAlert {
    /// A trip reached one, and what becomes of it.
    Tripped {
        /// Which, by its place in the configuration.
        group: usize,
        /// What is not hedged, signed, in reporting currency; `None` while a leg has no price.
        net_delta: Option<Cash>,
        /// What a move of all its prices by one per cent against that costs.
        loss_per_percent: Option<Cash>,
        /// How far the nearest liquidation of a leg is, in basis points of its price.
        liquidation_bps: Option<i64>,
        /// What is done.
        on_trip: OnTrip,
    },
    /// One has not been hedged for longer than it may: its legs may only reduce or hedge.
    Unhedged {
        /// Which, by its place in the configuration.
        group: usize,
        /// What is not hedged, signed, in reporting currency; `None` while a leg has no price.
        net_delta: Option<Cash>,
    },
    /// A leg that was too large is closed as far as was asked.
    Completed(InstrumentId),
}

/// What can be wrong with margin (SAFETY E7).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum MarginAlert {
    /// The venue warns that it is near to liquidating positions: it may only reduce there.
    Call(VenueId),
    /// Positions need so much of their account that only reductions go on there.
    Ratio {
        /// Where.
        venue: VenueId,
        /// Maintenance margin in basis points of the margin balance.
        ratio_bps: i64,
    },
    /// The venue trades an instrument with another leverage than is configured: nothing is opened.
    Leverage {
        /// Which.
        instrument: InstrumentId,
        /// What the configuration says.
        configured: u32,
        /// What the venue says.
        venue: u32,
    },
    /// The venue trades an instrument in another mode of margin than is configured.
    Mode {
        /// Which.
        instrument: InstrumentId,
        /// What the configuration says.
        configured: MarginMode,
        /// What the venue says.
        venue: MarginMode,
    },
}

/// What there is to say of a stop at the venue (SAFETY E1).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum StopAlert {
    /// A position has had none for longer than may be: it may only be reduced.
    Missing,
    /// The venue did not take one: its code.
    Refused(i32),
    /// It was met: it closes the position.
    Triggered,
    /// It was met, and the venue made no order of it: the position is open.
    Failed,
}

/// What can be wrong with an order.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OrderFault {
    /// It does not go: all opening orders of its symbol are taken back (SAFETY T7).
    Stuck(InstrumentId),
    /// It has not gone for too long: its instrument may only reduce.
    StuckTooLong(InstrumentId),
    /// A trade of it is not as it was ordered (SAFETY T1).
    BadFill(FillFault),
    /// What it took cost more than `risk.max_slippage_bps` beyond the mid of its decision.
    Slippage {
        /// So much.
        bps: i64,
    },
    /// It traded with another order of this account (SAFETY T17).
    SelfTrade,
}

/// What can be wrong with a fee.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FeeFault {
    /// It is beyond `risk.max_fee_difference_bps` from what the venue's own rate makes of it.
    Differs {
        /// What the trade cost; below zero is a rebate.
        paid: Cash,
        /// What it should have.
        expected: Cash,
    },
    /// The venue has not told its rate yet, or could not be read: nothing to compare with.
    RateUnknown,
    /// It was not told in the asset that the instrument is settled in: not to be compared.
    OtherAsset,
}
