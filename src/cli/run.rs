//! `engine --config FILE`: the arguments of a run.

use super::argument;
use std::path::PathBuf;
use std::time::Duration;

/// `engine run`, or `engine` alone
#[derive(clap::Args, Clone, Debug)]
pub struct Arguments {
    /// The deployment to run
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// Stop in order after this time: 500ms, 30s, 5m or 2h
    #[arg(long = "for", value_name = "TIME", value_parser = argument::duration)]
    pub duration: Option<Duration>,
}
