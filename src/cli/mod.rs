//! The command line: one verb, one file. What a verb does lives in the layers below; here are its
//! arguments, its words and its exit code.
//!
//! Must hold: every answer goes through [`Console`]; a closed pipe ends a command quietly; a
//! command line that is not understood is exit 2 and changes nothing.

pub mod argument;
mod ask;
pub mod backtest;
pub mod backup;
pub mod breaker;
pub mod config;
pub mod console;
pub mod data;
pub mod doctor;
pub mod exchange;
pub mod exit;
pub mod fetch;
pub mod flatten;
pub mod halt;
pub mod help;
pub mod history;
pub mod init;
mod inquire;
pub mod journal;
pub mod keys;
pub mod kill_switch;
pub mod note;
pub mod orders;
pub mod panic;
pub mod reconcile;
pub mod record;
pub mod replay;
pub mod resume;
pub mod run;
pub mod state;
pub mod status;
pub mod stop_matrix;
pub mod version;

mod processor;

#[cfg(test)]
mod tests;

use crate::config::process_environment;
use crate::core::Registry;
use clap::{Parser, Subcommand};
use console::Console;
use exit::Exit;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

/// A low-latency trading engine with a safety kernel in front of every order
#[derive(Clone, Debug, Parser)]
#[command(name = "engine", version, arg_required_else_help = true)]
#[command(args_conflicts_with_subcommands = true, disable_help_subcommand = true)]
struct Line {
    #[command(subcommand)]
    verb: Option<Verb>,
    /// Without a verb, the engine runs.
    #[command(flatten)]
    run: Option<run::Arguments>,
}

/// What the engine is asked to do.
#[derive(Clone, Debug, Subcommand)]
enum Verb {
    /// Run a deployment (the same as `engine --config FILE`)
    Run(run::Arguments),
    /// Run the simulated exchange alone, for any program that speaks its dialect
    Exchange(exchange::Arguments),
    /// Record a market to a file
    Record(record::Arguments),
    /// Play a recorded market against the strategies of a configuration
    Backtest(backtest::Arguments),
    /// Tell whether recorded markets are whole
    Data(data::Arguments),
    /// Run a recorded run again: the same inputs must give the same decisions
    Replay(replay::Arguments),
    /// Check, show or describe a configuration
    Config(config::Arguments),
    /// Write a first configuration
    Init(init::Arguments),
    /// Tell before a start or a resume whether everything is as it must be
    Doctor(doctor::Arguments),
    /// Ask a running engine how it is
    Status(status::Arguments),
    /// Stop strategies: no new orders until resume
    Halt(halt::Arguments),
    /// Let strategies trade again, at conservative size
    Resume(resume::Arguments),
    /// The latch that stops everything
    KillSwitch(kill_switch::Arguments),
    /// Read the account now and show what differs; also without a running engine
    Reconcile(reconcile::Arguments),
    /// The stop of new risk after too many automatic stops
    Breaker(breaker::Arguments),
    /// Put into the record what was done by hand; also without a running engine
    Note(note::Arguments),
    /// Read, verify or repair the record of everything that happened
    Journal(journal::Arguments),
    /// The venue's rules for orders, as they are now
    Filters(fetch::Arguments),
    /// What the account pays for trades, as it is now
    Fees(fetch::Arguments),
    /// What the key of the account may do
    Keys(keys::Arguments),
    /// Compare the journal with the exchange's trades and with the database
    History(history::Arguments),
    /// List the orders of the journal, or find ids that were used twice
    Orders(orders::Arguments),
    /// Tell whether everything that a deployment keeps is whole and tells one story
    State(state::Arguments),
    /// Make, verify and bring back copies of state and journal
    Backup(backup::Arguments),
    /// Close positions
    Flatten(flatten::Arguments),
    /// Get out with nothing but a key: no configuration, no state, no running engine
    Panic(panic::Arguments),
    /// Show what each stop does to each kind of order
    StopMatrix(stop_matrix::Arguments),
    /// Read about stops, operating, recordings, strategies, files, exit codes
    Help(help::Arguments),
    /// Tell which program this is
    Version(version::Arguments),
}

/// Runs the program with the strategies of `registry`: the whole of a user's own binary (D22).
///
/// ```no_run
/// fn main() -> std::process::ExitCode {
///     tradekeel::run(tradekeel::core::Registry::default())
/// }
/// ```
pub fn run(registry: Registry) -> ExitCode {
    let missing = processor::missing();
    if !missing.is_empty() {
        let _ = writeln!(
            io::stderr(),
            "engine: this processor lacks {}; use the build for older processors (x86-64-v2)",
            missing.join(", ")
        );
        return Exit::Internal.into();
    }
    let line = match Line::try_parse() {
        Ok(line) => line,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage } else { Exit::Ok }.into();
        }
    };
    let (mut out, mut err, mut answers) = (io::stdout(), io::stderr(), io::stdin().lock());
    let is_terminal = io::stdin().is_terminal() && out.is_terminal();
    let mut console = Console {
        out: &mut out,
        err: &mut err,
        answers: is_terminal.then_some(&mut answers as &mut dyn io::BufRead),
    };
    let exit = execute(line, &registry, &mut console);
    let exit = exit.and_then(|exit| console.out.flush().map(|()| exit));
    exit.unwrap_or_else(|error| unwritten(&error)).into()
}

/// Who closed the pipe has read enough.
fn unwritten(error: &io::Error) -> Exit {
    if error.kind() == io::ErrorKind::BrokenPipe {
        return Exit::Ok;
    }
    let _ = writeln!(io::stderr(), "engine: the output cannot be written: {error}");
    Exit::Failed
}

fn execute(line: Line, registry: &Registry, console: &mut Console<'_>) -> io::Result<Exit> {
    let Some(verb) = line.verb.or(line.run.map(Verb::Run)) else { return Ok(Exit::Usage) };
    match verb {
        // Verbs that need no engine.
        Verb::Config(arguments) => {
            config::execute(&arguments, registry, &process_environment, console)
        }
        Verb::Init(arguments) => init::execute(arguments, registry, &process_environment, console),
        Verb::Help(arguments) => help::execute(&arguments, console),
        Verb::Version(arguments) => version::execute(&arguments, console),
        Verb::Panic(arguments) => panic::execute(arguments, console),

        // Verbs that read what an engine left or what its venue says, or write.
        Verb::Journal(arguments) => journal::execute(&arguments, registry, console),
        Verb::Backup(arguments) => backup::execute(&arguments, registry, console),
        Verb::Filters(arguments) => fetch::filters(&arguments, registry, console),
        Verb::Fees(arguments) => fetch::fees(&arguments, registry, console),
        Verb::Doctor(arguments) => doctor::execute(&arguments, registry, console),
        Verb::Keys(arguments) => keys::execute(&arguments, registry, console),
        Verb::Data(arguments) => data::execute(&arguments, registry, console),

        // Verbs that are an engine, or an exchange.
        Verb::Run(arguments) => run::execute(&arguments, registry, console),
        Verb::Exchange(arguments) => exchange::execute(&arguments, registry, console),
        Verb::Record(arguments) => record::execute(&arguments, registry, console),
        Verb::Backtest(arguments) => backtest::execute(&arguments, registry, console),

        // Verbs that read what an engine left.
        Verb::History(arguments) => history::execute(&arguments, registry, console),
        Verb::Orders(arguments) => orders::execute(&arguments, registry, console),
        Verb::State(arguments) => state::execute(&arguments, registry, console),
        Verb::Replay(arguments) => replay::execute(&arguments, registry, console),

        // Verbs that ask a running engine.
        Verb::Status(arguments) => status::execute(&arguments, registry, console),
        Verb::Halt(arguments) => halt::execute(&arguments, registry, console),
        Verb::Resume(arguments) => resume::execute(&arguments, registry, console),
        Verb::KillSwitch(arguments) => kill_switch::execute(&arguments, registry, console),
        Verb::Reconcile(arguments) => reconcile::execute(&arguments, registry, console),
        Verb::Breaker(arguments) => breaker::execute(&arguments, registry, console),
        Verb::Note(arguments) => note::execute(&arguments, registry, console),
        Verb::Flatten(arguments) => flatten::execute(&arguments, registry, console),
        Verb::StopMatrix(arguments) => stop_matrix::execute(arguments, console),
    }
}
