//! The calendar of times at which nothing is opened, from the values of a file (R68).

use super::fault::Collector;
use super::values::Values;
use crate::core::{NoTradeWindow, Resting, Span};

/// Days of the week as the file names them, Monday first.
pub(super) const DAYS: &[&str] = &["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

const LIST: &str = "no_trade_windows";

/// All windows; none when the list is missing.
pub(super) fn windows(values: &Values, faults: &mut Collector) -> Option<Vec<NoTradeWindow>> {
    let all = (0..values.count(LIST)).map(|index| window(values, index, faults));
    // Each finds faults of its own.
    all.collect::<Vec<_>>().into_iter().collect()
}

fn window(values: &Values, index: usize, faults: &mut Collector) -> Option<NoTradeWindow> {
    let path = format!("{LIST}[{index}]");
    let at = |key: &str| values.text(&format!("{path}.{key}")).and_then(moment);
    let (from, to) = (at("from"), at("to"));
    let days_path = format!("{path}.days");
    let resting = match values.text(&format!("{path}.orders"))? {
        "cancel" => Resting::Cancel,
        _ => Resting::Keep,
    };
    let (from, to) = (from?, to?);
    let mut fault = |key: &str, what: &str| {
        let path = format!("{path}.{key}");
        faults.written(values.place(&path), &path, what);
        None
    };
    let days = days(values, &days_path)?;
    let span = match (from, to) {
        (Moment::Daily(from_min), Moment::Daily(to_min)) if from_min == to_min => {
            return fault("to", "is the same as `from`: the window has no length");
        }
        (Moment::Daily(_), Moment::Daily(_)) if days == 0 => {
            return fault("from", "is a time of day, so `days` must say on which days");
        }
        (Moment::Daily(from_min), Moment::Daily(to_min)) => Span::Weekly { days, from_min, to_min },
        (Moment::Once(_), Moment::Once(_)) if days != 0 => {
            return fault("days", "stands beside a date: a window is weekly or once");
        }
        (Moment::Once(from_s), Moment::Once(to_s)) if to_s <= from_s => {
            return fault("to", "is not after `from`");
        }
        (Moment::Once(from_s), Moment::Once(to_s)) => Span::Once { from_s, to_s },
        (Moment::Daily(_), Moment::Once(_)) | (Moment::Once(_), Moment::Daily(_)) => {
            return fault("to", "is not of the kind of `from`: both a time of day or both a date");
        }
    };
    Some(NoTradeWindow { span, resting })
}

/// The days of a list as bits, none when it is missing; `None` when it is faulty.
fn days(values: &Values, path: &str) -> Option<u8> {
    let day = |at: usize| values.text(&format!("{path}[{at}]"));
    let bit = |at: usize| {
        let day = day(at)?;
        DAYS.iter().position(|known| *known == day).map(|day| 1_u8 << day)
    };
    let count = values.count(path);
    if values.has(path) && count == 0 {
        return None;
    }
    (0..count).map(bit).try_fold(0, |days, bit| Some(days | bit?))
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Moment {
    /// Minutes since midnight.
    Daily(u16),
    /// Seconds of Unix time.
    Once(u64),
}

/// True for `23:50` and for `2026-01-01T00:00Z`.
pub(super) fn is_moment(text: &str) -> bool {
    moment(text).is_some()
}

/// Seconds of Unix time of `2026-01-01T00:00Z` or `2026-01-01T00:00:30Z`.
pub fn unix_seconds(text: &str) -> Option<u64> {
    let text = text.strip_suffix('Z')?;
    let (minute, second) = match text.split_at_checked(16)? {
        (minute, "") => (minute, 0),
        (minute, second) => (minute, digits(second.strip_prefix(':')?, 2)?),
    };
    match moment(&format!("{minute}Z"))? {
        Moment::Once(seconds) if second < 60 => Some(seconds + second),
        Moment::Once(_) | Moment::Daily(_) => None,
    }
}

fn moment(text: &str) -> Option<Moment> {
    let Some((date, time)) = text.split_once('T') else {
        return minute(text).map(Moment::Daily);
    };
    let minute = minute(time.strip_suffix('Z')?)?;
    let [year, month, day] = date.split('-').collect::<Vec<_>>().try_into().ok()?;
    let (year, month, day) = (digits(year, 4)?, digits(month, 2)?, digits(day, 2)?);
    let days = days_since_epoch(year, month, day)?;
    Some(Moment::Once(days * 86_400 + u64::from(minute) * 60))
}

fn minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let (hour, minute) = (digits(hour, 2)?, digits(minute, 2)?);
    (hour < 24 && minute < 60).then(|| u16::try_from(hour * 60 + minute).ok()).flatten()
}

fn digits(text: &str, count: usize) -> Option<u64> {
    let plain = text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

/// Days from the first of January 1970 to a date of our calendar; `None` for one that is none.
fn days_since_epoch(year: u64, month: u64, day: u64) -> Option<u64> {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let february = if is_leap { 29 } else { 28 };
    let lengths = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let before = usize::try_from(month.checked_sub(1)?).ok()?;
    let length = *lengths.get(before)?;
    let since = year.checked_sub(1970)?;
    // A leap day of every year that is over since the year one, less those before 1970.
    let leaps = |years: u64| years / 4 - years / 100 + years / 400;
    let years = since * 365 + leaps(year - 1) - leaps(1969);
    let months: u64 = lengths.iter().take(before).sum();
    (1..=length).contains(&day).then(|| years + months + day - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_time_of_day_or_a_date_with_one() {
        assert_eq!(moment("23:50"), Some(Moment::Daily(1_430)));
        assert_eq!(moment("00:00"), Some(Moment::Daily(0)));
        // `date -u -d ... +%s`
        for (text, unix_s) in [
            ("1970-01-01T00:00Z", 0),
            ("2000-02-29T12:34Z", 951_827_640),
            ("2024-03-01T00:00Z", 1_709_251_200),
            ("2026-01-01T00:00Z", 1_767_225_600),
            ("2100-03-01T00:00Z", 4_107_542_400),
        ] {
            assert_eq!(moment(text), Some(Moment::Once(unix_s)), "{text}");
        }
        for text in [
            "",
            "24:00",
            "23:60",
            "1:00",
            "01:0",
            "0100",
            "2026-01-01",
            "2026-01-01T00:00",
            "2026-13-01T00:00Z",
            "2026-00-01T00:00Z",
            "2026-02-29T00:00Z",
            "2026-04-31T00:00Z",
            "2026-01-00T00:00Z",
            "1969-12-31T00:00Z",
            "2026-01-01T00:00+01:00",
            "26-01-01T00:00Z",
        ] {
            assert!(!is_moment(text), "{text}");
        }
    }
}
