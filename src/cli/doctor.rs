//! `engine doctor`: the arguments of asking whether everything is as it must be (R128, R74, R80).

use super::argument::Target;
use super::config::{deployment, running};
use super::console::Console;
use super::exit::Exit;
use crate::core::Registry;
use crate::ops::doctor::Section;
use crate::runtime::doctor;
use std::io;

/// `engine doctor`
#[derive(clap::Args, Clone, Debug)]
pub struct Arguments {
    /// Whose.
    #[command(flatten)]
    pub target: Target,
    /// Only the way to the venue: every address, step by step, each with its time
    #[arg(long)]
    pub network: bool,
    /// Only the venue's clock beside this machine's
    #[arg(long)]
    pub clock: bool,
    /// Report as JSON
    #[arg(long)]
    pub json: bool,
}

impl Arguments {
    /// The sections that are named; none names all.
    fn sections(&self) -> Vec<Section> {
        let named = [(self.network, Section::Network), (self.clock, Section::Clock)];
        named.into_iter().filter_map(|(is_named, section)| is_named.then_some(section)).collect()
    }
}

/// Looks, says what was found, and whether anything failed.
pub(super) fn execute(
    arguments: &Arguments,
    registry: &Registry,
    console: &mut Console<'_>,
) -> io::Result<Exit> {
    let (file, sections) = (&arguments.target.config, arguments.sections());
    // The sections that can be named sign nothing: a shell without the keys may ask for them.
    let config = match sections.is_empty() {
        true => deployment(file, registry, console)?,
        false => running(file, registry, console)?,
    };
    let diagnosis = match config {
        Ok(config) => doctor(&config, &sections),
        Err(exit) => return Ok(exit),
    };
    match arguments.json {
        true => console.say(diagnosis.json())?,
        false => console.out.write_all(diagnosis.text().as_bytes())?,
    }
    Ok(if diagnosis.is_fit() { Exit::Ok } else { Exit::Unfit })
}
