//! What the venue's word of its margin does: it is taken in with each reading, differences from the
//! configuration are said aloud with both values, and an account that comes near its limit may only
//! reduce (SAFETY E7).
//!
//! Must hold: nothing here stands in the way of a reduction.

use super::Core;
use super::alert::{Alert, MarginAlert};
use super::effect::{Effect, Effects};
use super::mode::{ModeCause, Scope};
use super::safety::Change;
use crate::types::{AccountSnapshot, InstrumentMargin, VenueId};

impl Core {
    /// The margin in a reading that was asked for then.
    pub(super) fn on_margin(
        &mut self,
        snapshot: &AccountSnapshot,
        asked_ns: u64,
        effects: &mut Effects,
    ) {
        self.state.read_margin(snapshot, asked_ns);
        for at in 0..self.state.instruments.len() {
            let instrument = self.state.instruments[at].id;
            if effects.room() == 0 {
                return;
            }
            if let Some(setup) = self.state.margins.take_news(instrument) {
                self.compare_setup(&setup, effects);
            }
        }
    }

    fn compare_setup(&self, told: &InstrumentMargin, effects: &mut Effects) {
        let limits = self.kernel.limits();
        let (instrument, mode) = (told.instrument, limits.margin.mode);
        let leverage = limits.instruments[instrument.index()].leverage;
        if told.mode != mode {
            let alert = MarginAlert::Mode { instrument, configured: mode, venue: told.mode };
            effects.push(Effect::Alert(Alert::Margin(alert)));
        }
        if told.leverage != leverage {
            let venue = told.leverage;
            let alert = MarginAlert::Leverage { instrument, configured: leverage, venue };
            effects.push(Effect::Alert(Alert::Margin(alert)));
        }
    }

    /// The venue warns of a liquidation.
    pub(super) fn on_margin_call(&mut self, venue: VenueId, effects: &mut Effects) {
        effects.push(Effect::Alert(Alert::Margin(MarginAlert::Call(venue))));
        self.change_mode(Scope::Venue(venue), Change::by_engine(ModeCause::MarginCall), effects);
        self.state.reconcilers[venue.index()].ask_soon();
    }

    /// Looks whether positions need more of their account than they may before a person is told.
    /// A resume while they do does not hold.
    pub(super) fn watch_margin(&mut self, effects: &mut Effects) {
        for venue in (0_u8..).map(VenueId).take(self.state.venues()) {
            self.state.read_again_when_valued(venue);
            let Some(ratio_bps) = self.state.stretched_bps(venue) else { continue };
            let (scope, change) = (Scope::Venue(venue), Change::by_engine(ModeCause::MarginRatio));
            let before = self.kernel.mode_in(scope).mode;
            self.change_mode(scope, change, effects);
            if self.kernel.mode_in(scope).mode != before {
                let alert = MarginAlert::Ratio { venue, ratio_bps };
                effects.push(Effect::Alert(Alert::Margin(alert)));
            }
        }
    }
}
