//! What operators ask for, and the answer.
//!
//! Must hold: nothing here places an order: a flatten says that positions go, and [`super::stop`]
//! and the kernel say how (D4). A mode is raised here and nowhere else (D1, D2).

use super::Core;
use super::alert::Alert;
use super::effect::{Effect, Effects, Refusal};
use super::event::{OperatorCommand, OperatorRequest, Probation, TripCause};
use super::mode::{ModeCause, Scope};
use super::reconcile::Reconciler;
use super::safety::{Change, Release, Trip, TripReason};

/// Widest cap that a flatten may be given: beyond a fifth of the price it is a typing error.
const CAP_BPS_MAX: u32 = 2_000;

impl Core {
    pub(super) fn on_operator(&mut self, request: &OperatorRequest, effects: &mut Effects) {
        let answer = self.obey(request, effects);
        if request.ticket != 0 {
            effects.push(Effect::Answer { ticket: request.ticket, answer });
        }
    }

    fn obey(&mut self, request: &OperatorRequest, effects: &mut Effects) -> Result<(), Refusal> {
        if !self.is_configured(request.command) {
            return Err(Refusal::NotConfigured);
        }
        match request.command {
            OperatorCommand::Halt(scope) => {
                self.change_mode(scope, word(ModeCause::Halt, request), effects);
            }
            OperatorCommand::Resume(scope) => {
                self.kernel.check_resume()?;
                if let Scope::Strategy(strategy) = scope {
                    self.kernel.review_losses(strategy);
                }
                self.state.reconcilers.iter_mut().for_each(Reconciler::ask_now);
                self.change_mode(scope, word(ModeCause::Resume, request), effects);
            }
            OperatorCommand::ResumeFull => {
                self.promote(Scope::All, Probation::Observe, request, effects)?;
            }
            OperatorCommand::Promote { scope, probation } => {
                self.promote(scope, probation, request, effects)?;
            }
            OperatorCommand::Trip(cause) => {
                let reason = match cause {
                    TripCause::Operator => TripReason::Operator,
                    TripCause::FlagFile => TripReason::FlagFile,
                    TripCause::Journal => TripReason::Journal,
                    TripCause::PostCheck => TripReason::PostCheck,
                };
                self.trip(by_hand(Scope::All, reason, request), effects);
            }
            OperatorCommand::TripScope(scope) => {
                self.trip(by_hand(scope, TripReason::Operator, request), effects);
            }
            OperatorCommand::Attest { generation, criterion } => {
                self.kernel.attest(generation, criterion, request.by)?;
            }
            OperatorCommand::Reset { generation, baseline } => {
                let is_reconciled = self.state.is_link_up() && self.state.is_all_proven();
                let (by, now_ns) = (request.by, self.state.now.mono_ns);
                let release = Release { generation, by, now_ns, is_reconciled };
                let latch = self.kernel.reset(&release, baseline)?;
                effects.push(Effect::Reset { latch, request: *request });
                self.change_mode(latch.scope, word(ModeCause::Reset, request), effects);
            }
            OperatorCommand::ResetBreaker => {
                self.kernel.reset_breaker(self.state.now.mono_ns)?;
                self.change_mode(Scope::All, word(ModeCause::BreakerReset, request), effects);
            }
            OperatorCommand::Flatten { instrument, cap_bps } => {
                if !(1..=CAP_BPS_MAX).contains(&cap_bps) {
                    return Err(Refusal::CapOutOfRange);
                }
                self.flatten.begin(instrument, cap_bps, self.state.now.mono_ns);
                self.withdrawing = true;
            }
            // The journal has it.
            OperatorCommand::Note => {}
            OperatorCommand::Reconcile => {
                self.state.reconcilers.iter_mut().for_each(Reconciler::ask_now)
            }
            OperatorCommand::Stop => {
                self.stop_strategies();
                self.kernel.stop();
                self.withdrawing = true;
            }
        }
        Ok(())
    }

    /// Moves the mode of a scope and says so; nothing when that moves nothing.
    pub(super) fn change_mode(&mut self, scope: Scope, change: Change, effects: &mut Effects) {
        let Some(record) = self.kernel.change_mode(scope, change, self.state.now) else { return };
        self.tell_mode(scope, record, Alert::Mode { scope, record }, effects);
    }

    fn promote(
        &mut self,
        scope: Scope,
        probation: Probation,
        request: &OperatorRequest,
        effects: &mut Effects,
    ) -> Result<(), Refusal> {
        self.kernel.check_promotion(scope, probation, self.state.now.mono_ns)?;
        self.state.reconcilers.iter_mut().for_each(Reconciler::ask_now);
        self.change_mode(scope, word(ModeCause::Promote, request), effects);
        Ok(())
    }

    fn is_configured(&self, command: OperatorCommand) -> bool {
        match command {
            OperatorCommand::Halt(scope)
            | OperatorCommand::Resume(scope)
            | OperatorCommand::TripScope(scope)
            | OperatorCommand::Promote { scope, .. } => self.door().has_scope(scope),
            OperatorCommand::Flatten { instrument, .. } => {
                instrument.is_none_or(|instrument| self.door().has(instrument))
            }
            OperatorCommand::ResumeFull
            | OperatorCommand::Trip(_)
            | OperatorCommand::Attest { .. }
            | OperatorCommand::Reset { .. }
            | OperatorCommand::ResetBreaker
            | OperatorCommand::Reconcile
            | OperatorCommand::Note
            | OperatorCommand::Stop => true,
        }
    }
}

/// A trip by a person, or by what acts in one's place.
fn by_hand(scope: Scope, reason: TripReason, request: &OperatorRequest) -> Trip {
    let (by, note) = (request.by, request.reason);
    Trip { scope, reason, value: 0, limit: 0, by, note }
}

/// An operator's word as a change of mode.
fn word(cause: ModeCause, request: &OperatorRequest) -> Change {
    Change { cause, by: request.by, note: request.reason }
}
