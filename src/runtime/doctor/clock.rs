//! The venue's clock beside ours (R78, R80): several samples, of which the one with the shortest
//! way tells the most.

use super::patient::Patient;
use crate::core::ClockLimits;
use crate::ops::doctor::Found;
use crate::runtime::inquiry::{self, Inquiry, InquiryError};
use crate::types::MS;
use std::process::Command;

/// Samples of one look.
const SAMPLES: usize = 5;

/// A distance and how long its answer took, nanoseconds.
type Sample = (i64, u64);

pub(super) fn offset(patient: &Patient) -> Found {
    let sampled = inquiry::wait(async {
        let inquiry = Inquiry::begin(&patient.config, patient.clock.clone()).await?;
        let mut best = inquiry.time().await?;
        for _ in 1..SAMPLES {
            let next = inquiry.time().await?;
            best = if next.1 < best.1 { next } else { best };
        }
        Ok::<Sample, InquiryError>(best)
    });
    match sampled {
        Ok(sample) => judged(sample, &patient.config.limits.clock),
        Err(error) => Found::fail(error.to_string(), "`engine doctor --network`"),
    }
}

/// Whether anybody sets this machine's clock right: the system knows, whoever it is (R80).
pub(super) fn kept(_: &Patient) -> Found {
    let arguments = ["show", "--property=NTPSynchronized", "--value"];
    let said = Command::new("timedatectl").args(arguments).output().ok();
    let said = said.filter(|it| it.status.success()).map(|it| it.stdout);
    kept_by(said.as_deref().map(<[u8]>::trim_ascii))
}

fn kept_by(said: Option<&[u8]>) -> Found {
    match said {
        Some(b"yes") => Found::ok("this machine's clock is synchronised"),
        Some(b"no") => Found::warn(
            "this machine's clock is not synchronised: it drifts",
            "`timedatectl set-ntp true`, or `chronyc tracking` where chrony keeps it",
        ),
        Some(_) | None => Found::warn(
            "`timedatectl` does not tell whether this machine's clock is synchronised",
            "ask whoever keeps it: `chronyc tracking`, `ntpq -p`",
        ),
    }
}

/// Half the round trip is what nobody can know of the offset.
fn judged((offset_ns, rtt_ns): Sample, limits: &ClockLimits) -> Found {
    let uncertainty_ns = rtt_ns / 2;
    let ms = |ns: u64| ns / MS;
    let said = format!(
        "the venue's clock is {} ms {} this machine's, round trip {} ms, uncertainty {} ms",
        ms(offset_ns.unsigned_abs()),
        if offset_ns < 0 { "behind" } else { "ahead of" },
        ms(rtt_ns),
        ms(uncertainty_ns),
    );
    let next = "set this machine's clock: `chronyc makestep`, `timedatectl`; RUNBOOK.md, \"The \
                clock drifts\"";
    let reach_ns = offset_ns.unsigned_abs().saturating_add(uncertainty_ns);
    if limits.kill_ns <= offset_ns.unsigned_abs() {
        let kill_ms = ms(limits.kill_ns);
        Found::fail(format!("{said}; at {kill_ms} ms the kill switch trips"), next)
    } else if limits.warn_ns <= reach_ns {
        Found::warn(format!("{said}; the bound is {} ms", ms(limits.warn_ns)), next)
    } else {
        Found::ok(said)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_nobody_keeps_warns_and_so_does_one_of_which_nobody_tells() {
        let all = [Some("yes"), Some("no"), Some(""), None];
        let verdicts = all.map(|said| kept_by(said.map(str::as_bytes)).verdict());
        assert_eq!(verdicts, ["ok", "warn", "warn", "warn"]);
    }

    const LIMITS: ClockLimits =
        ClockLimits { warn_ns: 500 * MS, kill_ns: 2_000 * MS, kill_samples: 3, refresh_ns: MS };

    fn judge(offset_ms: i64, rtt_ms: u64) -> Found {
        let ns = i64::try_from(MS).unwrap();
        judged((offset_ms * ns, rtt_ms * MS), &LIMITS)
    }

    #[test]
    fn what_cannot_be_known_counts_towards_the_warning() {
        assert!(matches!(judge(499, 0), Found::Ok(_)));
        assert!(matches!(judge(499, 2), Found::Warn { .. }), "it may be 500");
        for far in [500, -500, 1_999, -1_999] {
            assert!(matches!(judge(far, 0), Found::Warn { .. }), "{far}");
        }
        for beyond in [2_000, -2_000] {
            assert!(matches!(judge(beyond, 8_000), Found::Fail { .. }), "{beyond}");
        }
    }

    #[test]
    fn it_says_whose_clock_is_ahead() {
        let Found::Ok(said) = judge(-7, 20) else { unreachable!("7 ms are nothing") };
        let clocks = "the venue's clock is 7 ms behind this machine's";
        assert_eq!(said, format!("{clocks}, round trip 20 ms, uncertainty 10 ms"));
    }
}
