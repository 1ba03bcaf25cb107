//! The safety kernel.
mod kill_switch;
mod verdict;
pub use kill_switch::{TripReason, TripRecord};
pub use verdict::{Approved, DenyReason};
