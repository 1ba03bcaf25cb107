//! `engine status`: the arguments of asking a running engine how it is.

use super::argument::Target;

/// `engine status`
#[derive(clap::Args, Clone, Debug)]
pub struct Arguments {
    /// Whom.
    #[command(flatten)]
    pub target: Target,
    /// Report as JSON
    #[arg(long)]
    pub json: bool,
}
