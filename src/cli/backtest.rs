//! `engine backtest`: the arguments of playing a recording against the strategies, in virtual time.

use std::path::PathBuf;

/// `engine backtest`
#[derive(clap::Args, Clone, Debug)]
pub struct Arguments {
    /// The configuration whose strategies and limits are tried
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// The recorded market
    #[arg(long, value_name = "FILE")]
    pub recording: PathBuf,
    /// Report as JSON
    #[arg(long)]
    pub json: bool,
}
