//! What lifts a stop, and what must hold before it does: a reset of a latch (D3), a resume and a
//! return to full size (D2). What sets one is the kernel's own look at each event.

use super::kill_switch::Release;
use super::modes::Change;
use super::{Kernel, Latch};
use crate::core::effect::Refusal;
use crate::core::event::{Baseline, Criterion, Probation};
use crate::core::mode::{ModeRecord, Scope};
use crate::types::{Stamp, Text, VenueId};

impl Kernel {
    /// A person puts a name to something that a reset needs.
    pub(in crate::core) fn attest(
        &mut self,
        generation: u32,
        criterion: Criterion,
        by: Text<32>,
    ) -> Result<(), Refusal> {
        self.kill_switch.attest(generation, criterion, by)
    }

    /// The account of a venue was read, and agrees, by a question of that time.
    pub(in crate::core) fn on_proven(&mut self, venue: VenueId, asked_ns: u64) {
        self.kill_switch.on_proven(venue, asked_ns);
    }

    /// Clears a latch, or says why not (D3). The mode that it uncovers is the caller's to move.
    pub(in crate::core) fn reset(
        &mut self,
        release: &Release,
        baseline: Baseline,
    ) -> Result<Latch, Refusal> {
        self.kill_switch.may_release(release)?;
        match baseline {
            Baseline::Keep if self.losses.is_breached() => return Err(Refusal::StillBreached),
            Baseline::Keep => {}
            Baseline::New => self.losses.rebase(),
        }
        self.kill_switch.clear(release.generation).ok_or(Refusal::NotTripped)
    }

    /// Moves the mode of a scope as the table says. `None` when that moves nothing.
    pub(in crate::core) fn change_mode(
        &mut self,
        scope: Scope,
        change: Change,
        now: Stamp,
    ) -> Option<ModeRecord> {
        self.modes.apply(scope, change, now)
    }

    /// May an operator's word raise the mode of a scope now?
    pub(in crate::core) fn check_resume(&self) -> Result<(), Refusal> {
        if self.latch().is_some() { Err(Refusal::Killed) } else { Ok(()) }
    }

    /// May the scope run at full size?
    pub(in crate::core) fn check_promotion(
        &self,
        scope: Scope,
        probation: Probation,
        now_ns: u64,
    ) -> Result<(), Refusal> {
        self.check_resume()?;
        self.modes.check_promotion(scope, probation, now_ns)
    }
}
