//! The deterministic machine: `step(event, effects)`, and nothing else, moves it.

mod alert;
mod book;
mod digest;
mod effect;
mod event;
mod market;
mod mode;
mod orders;
mod params;
mod portfolio;
mod reconcile;
pub mod safety;
mod setup;
mod strategy;

pub use alert::Alert;
pub use book::Book;
pub use digest::Digest;
pub use effect::{Command, EFFECTS_MAX, Effect, Effects, Refusal};
pub use event::{
    AccountEvent, Baseline, ClockSample, Event, EventKind, LinkChannel, LinkEvent, LinkState,
    OperatorCommand, OperatorRequest, TripCause,
};
pub use mode::{Mode, Scope};
pub use orders::Order;
pub use params::{Param, ParamFault, Params};
pub use portfolio::HighWater;
pub use reconcile::Finding;
pub use setup::{
    Budget, ClockLimits, DrawdownLimits, InstrumentLimits, Limits, Rate, Restored, Seat, Setup,
    Sharing, Timing, Valuation,
};
pub use strategy::{
    Construct, INTENTS_MAX, Intent, Intents, OrderUpdate, Outcome, Registry, Strategy,
    StrategySetup, View,
};
