//! What operators ask for, and the answer.
//!
//! Must hold: nothing here places an order: a flatten says that positions go, and [`super::stop`]
//! and the kernel say how (D4). A mode is raised here and nowhere else (D1, D2).

use super::Core;
use super::alert::Alert;
use super::effect::{Effect, Effects, Refusal};
use super::event::{OperatorCommand, OperatorRequest, TripCause};
use super::mode::{Mode, Scope};
use super::safety::{Trip, TripReason};

/// Widest cap that a flatten may be given: beyond a fifth of the price it is a typing error.
const CAP_BPS_MAX: u32 = 2_000;

impl Core {
    pub(super) fn on_operator(&mut self, request: &OperatorRequest, effects: &mut Effects) {
        let before = self.kernel.mode();
        let answer = self.obey(request, effects);
        if answer.is_ok() && before != self.kernel.mode() {
            effects.push(Effect::Alert(Alert::Mode(self.kernel.mode())));
        }
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
                self.kernel.halt(scope);
                self.mode_changed(scope, Mode::Halted, effects);
            }
            OperatorCommand::Resume(scope) => {
                self.kernel.resume(scope, effects)?;
                self.state.reconciler.ask_now();
                let lifted = if scope == Scope::All { Mode::Conservative } else { Mode::Running };
                self.mode_changed(scope, lifted, effects);
            }
            OperatorCommand::ResumeFull => {
                self.kernel.resume_fully()?;
                self.state.reconciler.ask_now();
                self.mode_changed(Scope::All, Mode::Running, effects);
            }
            OperatorCommand::Trip(cause) => {
                let reason = match cause {
                    TripCause::Operator => TripReason::Operator,
                    TripCause::FlagFile => TripReason::FlagFile,
                    TripCause::Journal => TripReason::Journal,
                };
                let (by, note) = (request.by, request.reason);
                self.trip(Trip { reason, value: 0, limit: 0, by, note }, effects);
            }
            OperatorCommand::Reset { generation, baseline } => {
                let proven = self.state.is_link_up() && self.state.reconciler.is_proven();
                if self.kernel.latch().is_some() && !proven {
                    return Err(Refusal::NotReconciled);
                }
                self.kernel.reset(generation, baseline)?;
                effects.push(Effect::Reset { generation, request: *request });
                self.mode_changed(Scope::All, Mode::Conservative, effects);
            }
            OperatorCommand::Flatten { instrument, cap_bps } => {
                if !(1..=CAP_BPS_MAX).contains(&cap_bps) {
                    return Err(Refusal::CapOutOfRange);
                }
                self.flatten.begin(instrument, cap_bps, self.state.now.mono_ns);
                self.withdrawing = true;
            }
            OperatorCommand::Reconcile => self.state.reconciler.ask_now(),
            OperatorCommand::Stop => {
                self.stop_strategies();
                self.kernel.stop();
                self.withdrawing = true;
            }
        }
        Ok(())
    }

    pub(super) fn mode_changed(&mut self, scope: Scope, mode: Mode, effects: &mut Effects) {
        self.withdrawing = true;
        effects.push(Effect::ModeChanged { scope, mode });
    }

    fn is_configured(&self, command: OperatorCommand) -> bool {
        match command {
            OperatorCommand::Halt(scope) | OperatorCommand::Resume(scope) => {
                self.door().has_scope(scope)
            }
            OperatorCommand::Flatten { instrument, .. } => {
                instrument.is_none_or(|instrument| self.door().has(instrument))
            }
            OperatorCommand::ResumeFull
            | OperatorCommand::Trip(_)
            | OperatorCommand::Reset { .. }
            | OperatorCommand::Reconcile
            | OperatorCommand::Stop => true,
        }
    }
}
