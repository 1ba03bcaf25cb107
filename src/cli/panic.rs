//! `engine panic`: the arguments of getting out by hand, with nothing but a key (SAFETY E3).

use super::console::Console;
use super::exit::Exit;
use crate::config;
use crate::runtime::{self, PanicAct, PanicError, PanicPlan, PanicVenue};
use clap::{Args, Subcommand};
use std::io;
use std::path::PathBuf;

/// `engine panic`
#[derive(Args, Clone, Debug)]
pub struct Arguments {
    #[command(subcommand)]
    act: Act,
}

#[derive(Clone, Debug, Subcommand)]
enum Act {
    /// Take back every order that can open something, until the venue says that none stands
    CancelAll(Place),
    /// Take orders back and close every position with reduce-only orders, until the venue says zero
    Flatten {
        /// Where and as whom.
        #[command(flatten)]
        place: Place,
        /// Pay at most so many percent beyond the market, from 0.01 to 20
        #[arg(long, value_name = "PERCENT", default_value = "1", value_parser = percent)]
        cap_pct: u32,
    },
}

#[derive(Args, Clone, Debug)]
struct Place {
    /// Which kind of venue
    #[arg(long, value_name = "KIND")]
    venue: PanicVenue,
    /// A file of two lines, the API key and its secret, that only its owner can read
    #[arg(long, value_name = "FILE")]
    key_file: PathBuf,
    /// The venue's REST address; its own one when left out
    #[arg(long, value_name = "URL", value_parser = config::rest_address)]
    rest_url: Option<String>,
    /// Only this symbol; may be given again. The whole account when left out, which on a spot
    /// market is for `cancel-all` alone
    #[arg(long, value_name = "SYMBOL")]
    symbol: Vec<String>,
    /// Orders that guard a position go too
    #[arg(long)]
    including_protective: bool,
}

/// Asks nobody and reads nothing but the key: exit 0 means that the venue said zero, twice.
pub(super) fn execute(arguments: Arguments, console: &mut Console<'_>) -> io::Result<Exit> {
    let (act, place, cap_bps) = match arguments.act {
        Act::CancelAll(place) => (PanicAct::CancelAll, place, 0),
        Act::Flatten { place, cap_pct } => (PanicAct::Flatten, place, cap_pct),
    };
    let Place { venue, key_file, rest_url, symbol, including_protective } = place;
    let credentials = match config::credentials(&key_file, &config::process_environment) {
        Ok(credentials) => credentials,
        Err(fault) => {
            console.complain(format_args!("engine: --key-file {}: {fault}", key_file.display()))?;
            return Ok(Exit::Permission);
        }
    };
    let symbols = symbol.into_iter().map(|symbol| symbol.to_uppercase()).collect();
    let plan =
        PanicPlan { act, venue, rest_url, credentials, symbols, cap_bps, including_protective };
    let ended = runtime::panic(&plan, &mut |line| {
        // A closed pipe is no reason to stop getting out.
        let _ = console.say(line);
        let _ = console.out.flush();
    });
    let Err(error) = ended else {
        console.say(match act {
            PanicAct::CancelAll => "done: the venue says twice that nothing stands that could open",
            PanicAct::Flatten => {
                "done: the venue says twice that nothing is held and nothing opens"
            }
        })?;
        return Ok(Exit::Ok);
    };
    console.complain(format_args!("engine: {error}"))?;
    Ok(match error {
        PanicError::Key(_) => Exit::Permission,
        PanicError::Net(_) | PanicError::Unreadable { .. } => Exit::Unreachable,
        PanicError::Io(_) => Exit::Internal,
        PanicError::Unnamed => Exit::Usage,
        PanicError::NotZero { .. } => Exit::Failed,
    })
}

/// Basis points from a percentage of at most two places.
fn percent(text: &str) -> Result<u32, String> {
    let help = || "write a percentage from 0.01 to 20".to_owned();
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let is_plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !(1..=2).contains(&part.len()) || !is_plain(whole) || !is_plain(part) {
        return Err(help());
    }
    let whole: u32 = whole.parse().map_err(|_| help())?;
    let part: u32 = format!("{part:0<2}").parse().map_err(|_| help())?;
    let bps = whole.checked_mul(100).and_then(|whole| whole.checked_add(part));
    bps.filter(|bps| (1..=2_000).contains(bps)).ok_or_else(help)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cap_is_a_percentage_within_reason() {
        let rows = [
            ("1", Some(100)),
            ("0.01", Some(1)),
            ("0.5", Some(50)),
            ("20", Some(2_000)),
            ("20.00", Some(2_000)),
            ("20.01", None),
            ("0", None),
            ("0.00", None),
            ("0.001", None),
            (".5", None),
            ("1.", None),
            ("-1", None),
            ("+1", None),
            ("1e1", None),
            ("42949673", None),
            ("", None),
        ];
        for (text, expected) in rows {
            assert_eq!(percent(text).ok(), expected, "{text}");
        }
    }
}
