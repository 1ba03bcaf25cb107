//! Kinds of arguments that several commands share, read from text with an error that helps.

use crate::runtime::Restriction;
use crate::types::FundingRate;
use clap::Args;
use std::path::PathBuf;
use std::time::Duration;

/// Longest duration that a command takes: a month of recording.
const DURATION_MAX: Duration = Duration::from_secs(31 * 24 * 60 * 60);

/// Which engine is meant.
#[derive(Args, Clone, Debug)]
pub struct Target {
    /// The configuration of the engine that is meant
    #[arg(long, value_name = "FILE", default_value = "configs/paper.yaml")]
    pub config: PathBuf,
}

/// Which run of a deployment is meant.
#[derive(Args, Clone, Debug)]
pub struct Whom {
    /// The configuration of the engine that is meant
    #[arg(long, value_name = "FILE", default_value = "configs/paper.yaml")]
    pub config: PathBuf,
    /// The dry-run of that configuration, and not the engine that trades
    #[arg(long, conflicts_with = "read_only")]
    pub dry_run: bool,
    /// The read-only run of that configuration
    #[arg(long)]
    pub read_only: bool,
}

impl Target {
    /// The engine of it that trades.
    pub fn engine(&self) -> Whom {
        Whom { config: self.config.clone(), dry_run: false, read_only: false }
    }
}

impl Whom {
    /// What that run may do less.
    pub fn restriction(&self) -> Restriction {
        restriction(self.dry_run, self.read_only)
    }

    /// The same configuration's engine that trades is not meant.
    pub fn is_restricted(&self) -> bool {
        self.restriction() != Restriction::None
    }
}

/// What the two words of the command line say; at most one of them is there.
pub fn restriction(dry_run: bool, read_only: bool) -> Restriction {
    match (dry_run, read_only) {
        (true, _) => Restriction::DryRun,
        (false, true) => Restriction::ReadOnly,
        (false, false) => Restriction::None,
    }
}

/// Who asks, and why: both are journaled with what they asked for.
#[derive(Args, Clone, Debug)]
pub struct Author {
    /// Who asks; the name of the login when left out
    #[arg(long, value_name = "NAME", value_parser = name)]
    pub by: Option<String>,
    /// Why
    #[arg(long, value_name = "TEXT", value_parser = reason)]
    pub reason: Option<String>,
}

/// Where a command applies; everywhere when none is given.
#[derive(Args, Clone, Debug)]
pub struct Where {
    /// Only this instrument
    #[arg(long, value_name = "SYMBOL", conflicts_with_all = ["strategy", "venue"])]
    pub instrument: Option<String>,
    /// Only this venue
    #[arg(long, value_name = "NAME", conflicts_with = "strategy")]
    pub venue: Option<String>,
    /// Only this strategy
    #[arg(long, value_name = "NAME")]
    pub strategy: Option<String>,
}

/// How fast a recording is played.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Speed {
    /// So many times faster than it was recorded.
    Times(u32),
    /// As fast as it is read.
    Max,
}

/// Reads `30s`, `5m`, `2h` or `500ms`.
pub fn duration(text: &str) -> Result<Duration, String> {
    let help = || "write a whole number and its unit: 500ms, 30s, 5m or 2h".to_owned();
    let end = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(end).ok_or_else(help)?;
    let number: u64 = number.parse().map_err(|_| help())?;
    let ms_per_unit = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return Err(help()),
    };
    let duration = number.checked_mul(ms_per_unit).map(Duration::from_millis);
    let duration = duration.filter(|it| !it.is_zero() && *it <= DURATION_MAX);
    duration.ok_or_else(|| "must be above zero and at most 31 days (744h)".to_owned())
}

/// Reads a whole number from 1, or `max`.
pub fn speed(text: &str) -> Result<Speed, String> {
    if text == "max" {
        return Ok(Speed::Max);
    }
    let times = text.parse().ok().filter(|times| (1..=10_000).contains(times));
    times.map(Speed::Times).ok_or_else(|| "write a whole number from 1 to 10000, or max".to_owned())
}

/// Reads basis points with up to four decimals, as in `1.5` or `-0.75`.
pub fn funding_rate(text: &str) -> Result<FundingRate, String> {
    let most = FundingRate::BPS_MAX;
    FundingRate::parse_bps(text)
        .ok_or_else(|| format!("write basis points from -{most} to {most}, as in 1.5"))
}

/// A name of a person, as long as the latch keeps it.
pub fn name(text: &str) -> Result<String, String> {
    line(text, 32)
}

/// A reason, as long as the latch keeps it.
pub fn reason(text: &str) -> Result<String, String> {
    line(text, 96)
}

/// A note for the record, as long as a few lines of it.
pub fn note(text: &str) -> Result<String, String> {
    line(text, 2_000)
}

fn line(text: &str, bytes_max: usize) -> Result<String, String> {
    let text = text.trim();
    let fits = (1..=bytes_max).contains(&text.len()) && !text.chars().any(char::is_control);
    fits.then(|| text.to_owned())
        .ok_or_else(|| format!("write one line of 1 to {bytes_max} bytes; it goes into the record"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_has_a_number_and_a_unit() {
        let rows = [
            ("500ms", Some(500)),
            ("30s", Some(30_000)),
            ("5m", Some(300_000)),
            ("2h", Some(7_200_000)),
            ("744h", Some(2_678_400_000)),
            ("745h", None),
            ("0s", None),
            ("30", None),
            ("s", None),
            ("", None),
            ("-1s", None),
            ("1.5s", None),
            ("1 s", None),
            ("1d", None),
            ("99999999999999999999s", None),
            ("9999999999999999999h", None),
            ("5\u{b5}s", None),
        ];
        for (text, expected) in rows {
            let expected = expected.map(Duration::from_millis);
            assert_eq!(duration(text).ok(), expected, "{text}");
        }
        assert!(duration("30").unwrap_err().contains("500ms, 30s, 5m or 2h"));
    }

    #[test]
    fn a_speed_is_a_factor_or_max() {
        assert_eq!(speed("max"), Ok(Speed::Max));
        assert_eq!(speed("1"), Ok(Speed::Times(1)));
        assert_eq!(speed("10000"), Ok(Speed::Times(10_000)));
        for text in ["0", "10001", "-1", "1.5", "fast", ""] {
            assert!(speed(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_rate_is_in_basis_points_and_either_way() {
        assert_eq!(funding_rate("-0.75").unwrap().to_string(), "-0.00007500");
        for text in ["250.5", "1e2", "0.00001", "none", ""] {
            assert!(funding_rate(text).unwrap_err().contains("from -250 to 250"), "{text}");
        }
    }

    #[test]
    fn names_and_reasons_fit_into_the_record() {
        assert_eq!(name(" ada "), Ok("ada".to_owned()));
        assert!(name(&"a".repeat(32)).is_ok() && name(&"a".repeat(33)).is_err());
        assert!(reason(&"a".repeat(96)).is_ok() && reason(&"a".repeat(97)).is_err());
        assert!(name("").is_err() && name("  ").is_err() && reason("two\nlines").is_err());
    }
}
