//! `engine kill-switch trip|status|reset`: the arguments of the latch (D3).

use super::argument::{self, Author, Target};

/// `engine kill-switch`
#[derive(clap::Args, Clone, Debug)]
pub struct Arguments {
    /// What about it.
    #[command(subcommand)]
    pub verb: Verb,
}

/// What is done with the kill switch.
#[derive(clap::Subcommand, Clone, Debug)]
pub enum Verb {
    /// Stop everything until a person resets it
    Trip(Trip),
    /// Tell whether it is tripped, and by what
    Status(super::status::Arguments),
    /// Clear it after its cause is understood
    Reset(Reset),
}

/// `engine kill-switch trip`
#[derive(clap::Args, Clone, Debug)]
pub struct Trip {
    /// Whom.
    #[command(flatten)]
    pub target: Target,
    /// By whom and why.
    #[command(flatten)]
    pub author: Author,
}

/// `engine kill-switch reset`
#[derive(clap::Args, Clone, Debug)]
pub struct Reset {
    /// Whom.
    #[command(flatten)]
    pub target: Target,
    /// Who resets it
    #[arg(long, value_name = "NAME", value_parser = argument::name)]
    pub by: String,
    /// What was found and what was done
    #[arg(long, value_name = "TEXT", value_parser = argument::reason)]
    pub reason: String,
    /// The challenge that `engine kill-switch status` shows
    #[arg(long, value_name = "CHALLENGE")]
    pub confirm: Option<String>,
    /// Do not wait for the end of the cooldown; nothing else is skipped
    #[arg(long, requires = "approved_by")]
    pub force: bool,
    /// Who else approves
    #[arg(long, value_name = "NAME", value_parser = argument::name, requires = "force")]
    pub approved_by: Option<String>,
    /// Take the equity of now as the new high-water mark
    #[arg(long)]
    pub new_baseline: bool,
}
