//! `engine flatten`: the arguments of closing positions (D4).

use super::argument::{Author, Target};

/// `engine flatten`
#[derive(clap::Args, Clone, Debug)]
pub struct Arguments {
    /// Whom.
    #[command(flatten)]
    pub target: Target,
    /// Only this instrument; all of them when left out
    #[arg(long, value_name = "SYMBOL")]
    pub instrument: Option<String>,
    /// Pay at most so many basis points beyond the market
    #[arg(long, value_name = "BPS", value_parser = clap::value_parser!(u32).range(1..=5_000))]
    pub cap_bps: Option<u32>,
    /// By whom and why.
    #[command(flatten)]
    pub author: Author,
}
