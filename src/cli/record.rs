//! `engine record`: the arguments of recording a market.

use super::argument;
use std::path::PathBuf;
use std::time::Duration;

/// `engine record`
#[derive(clap::Args, Clone, Debug)]
pub struct Arguments {
    /// The configuration whose venue and instruments are recorded
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// The file to write; never one that exists
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Stop after this time: 500ms, 30s, 5m or 2h; until stopped when left out
    #[arg(long = "for", value_name = "TIME", value_parser = argument::duration)]
    pub duration: Option<Duration>,
}
