//! `engine exchange`: the arguments of the simulated exchange as a program of its own.

use super::argument::{self, Speed};
use std::net::SocketAddr;
use std::path::PathBuf;

/// `engine exchange`
#[derive(clap::Args, Clone, Debug)]
pub struct Arguments {
    /// Where it listens
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:9443")]
    pub listen: SocketAddr,
    /// Play a recorded market
    #[arg(long, value_name = "FILE", conflicts_with = "seed")]
    pub recording: Option<PathBuf>,
    /// How many times faster than recorded, or max
    #[arg(long, value_name = "N|max", value_parser = argument::speed, requires = "recording")]
    pub speed: Option<Speed>,
    /// Synthetic market: same seed, same market
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Take instruments, balance and fees from this configuration
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}
