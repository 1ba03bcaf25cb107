//! `engine init`: a first configuration, from a few questions to a person or from arguments.
//!
//! Must hold: a file that exists is never touched; what is written has passed the check, but for
//! keys that the machine does not hold yet.

use super::console::Console;
use super::exit::Exit;
use crate::config::{self, Lookup};
use crate::core::Registry;
use rust_decimal::Decimal;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The file with gaps: `{name}` is an answer; a line that begins with `@paper ` or `@live ` is for
/// that mode only.
const TEMPLATE: &str = include_str!("init.yaml");

/// `engine init`
#[derive(clap::Args, Clone, Debug, Default)]
pub struct Arguments {
    /// The file to write [default: configs/INSTANCE.yaml]
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Ask nothing: take what is given and the defaults
    #[arg(long)]
    pub yes: bool,
    /// paper or live
    #[arg(long)]
    pub mode: Option<String>,
    /// Name of the deployment
    #[arg(long, value_name = "NAME")]
    pub instance: Option<String>,
    /// What is traded
    #[arg(long)]
    pub symbol: Option<String>,
    /// Size of one order, in units of the base asset
    #[arg(long, value_name = "QTY")]
    pub order_qty: Option<String>,
    /// Largest position, in units of the base asset
    #[arg(long, value_name = "QTY")]
    pub max_position: Option<String>,
    /// Largest price x quantity of one order, in the quote asset
    #[arg(long, value_name = "CASH")]
    pub max_order_notional: Option<String>,
    /// Largest sum of all positions, in the quote asset
    #[arg(long, value_name = "CASH")]
    pub max_gross_notional: Option<String>,
    /// Fall of equity that trips the kill switch, in percent: 15 means 15 %
    #[arg(long, value_name = "PERCENT")]
    pub max_drawdown_pct: Option<String>,
}

/// What a file is made from.
struct Answers {
    mode: String,
    instance: String,
    symbol: String,
    order_qty: String,
    max_position: String,
    max_order_notional: String,
    max_gross_notional: String,
    max_drawdown_pct: String,
}

/// Asks, checks, writes, and says how to go on.
pub(super) fn execute(
    arguments: Arguments,
    registry: &Registry,
    lookup: Lookup<'_>,
    console: &mut Console<'_>,
) -> io::Result<Exit> {
    if !arguments.yes && console.answers.is_none() {
        console.complain("engine init: nobody can be asked here; give --yes and the values")?;
        return Ok(Exit::Usage);
    }
    let (file, is_quiet) = (arguments.file.clone(), arguments.yes);
    if let Some(file) = file.as_deref().filter(|file| file.symlink_metadata().is_ok()) {
        return refuse(file, console);
    }
    let answers = match ask_all(arguments, is_quiet, console)? {
        Ok(answers) => answers,
        Err(missing) => {
            console.complain(format_args!("engine init: nothing was written: {missing}"))?;
            return Ok(Exit::Usage);
        }
    };
    let file =
        file.unwrap_or_else(|| Path::new("configs").join(format!("{}.yaml", answers.instance)));
    if file.symlink_metadata().is_ok() {
        return refuse(&file, console);
    }
    let text = fill(&answers);
    match config::check(&file, text.as_bytes(), registry, lookup) {
        Ok(_) => write_and_say(&file, &text, &answers, console),
        Err(faults) if faults.are_access_only() => {
            let exit = write_and_say(&file, &text, &answers, console)?;
            console.complain(format_args!("still missing:\n{faults}"))?;
            Ok(if exit == Exit::Ok { Exit::Permission } else { exit })
        }
        Err(faults) => {
            console.complain(format_args!("{faults}\nengine init: nothing was written"))?;
            Ok(Exit::Config)
        }
    }
}

fn refuse(file: &Path, console: &mut Console<'_>) -> io::Result<Exit> {
    console.complain(format_args!("{}: is there already; name another file", file.display()))?;
    Ok(Exit::Failed)
}

/// Eight questions, each of which an argument answers beforehand. The sizes have defaults only for
/// the symbol that they are made for: in another one the same number is another risk.
fn ask_all(
    given: Arguments,
    is_quiet: bool,
    console: &mut Console<'_>,
) -> io::Result<Result<Answers, String>> {
    let mut missing = Vec::new();
    let mut ask = |given: Option<String>, name: &str, question: &str, default: &str| {
        let answer = answer(given, question, default, is_quiet, console)?;
        if answer.is_empty() {
            missing.push(name.to_owned());
        }
        io::Result::Ok(answer)
    };
    let mode = ask(given.mode, "--mode", "Paper or live (real money)?", "paper")?;
    let instance = ask(given.instance, "--instance", "Name of the deployment?", &mode)?;
    let symbol = ask(given.symbol, "--symbol", "What is traded?", "BTCUSDT")?;
    let sized = |default| if symbol == "BTCUSDT" { default } else { "" };
    let answers = Answers {
        order_qty: ask(
            given.order_qty,
            "--order-qty",
            "Size of one order, in units of the base asset?",
            sized("0.004"),
        )?,
        max_position: ask(
            given.max_position,
            "--max-position",
            "Largest position, in units of the base asset?",
            sized("0.02"),
        )?,
        max_order_notional: ask(
            given.max_order_notional,
            "--max-order-notional",
            "Largest value of one order, in the quote asset?",
            "750",
        )?,
        max_gross_notional: ask(
            given.max_gross_notional,
            "--max-gross-notional",
            "Largest value of all positions, in the quote asset?",
            "1800",
        )?,
        max_drawdown_pct: ask(
            given.max_drawdown_pct,
            "--max-drawdown-pct",
            "Fall of equity that trips the kill switch, in percent?",
            "15",
        )?,
        mode,
        instance,
        symbol,
    };
    let list = missing.join(", ");
    Ok(if missing.is_empty() { Ok(answers) } else { Err(format!("missing {list}")) })
}

fn answer(
    given: Option<String>,
    question: &str,
    default: &str,
    is_quiet: bool,
    console: &mut Console<'_>,
) -> io::Result<String> {
    if let Some(given) = given {
        return Ok(given);
    }
    if is_quiet {
        return Ok(default.to_owned());
    }
    let shown = if default.is_empty() { String::new() } else { format!(" [{default}]") };
    let answer = console.ask(format_args!("{question}{shown}"))?.unwrap_or_default();
    Ok(if answer.is_empty() { default.to_owned() } else { answer })
}

fn fill(answers: &Answers) -> String {
    let currency =
        if answers.symbol.to_ascii_uppercase().ends_with("USDC") { "USDC" } else { "USDT" };
    let max_order_qty = multiplied(&answers.order_qty, Decimal::TWO);
    let max_inventory = multiplied(&answers.max_position, Decimal::new(5, 1));
    let max_loss = multiplied(&answers.max_gross_notional, Decimal::new(5, 2));
    let max_loss_per_min = multiplied(&answers.max_gross_notional, Decimal::new(2, 2));
    let max_daily_loss_pct = daily_loss(&answers.max_drawdown_pct);
    let gaps = [
        ("{mode}", answers.mode.as_str()),
        ("{instance}", &answers.instance),
        ("{symbol}", &answers.symbol),
        ("{currency}", currency),
        ("{order_qty}", &answers.order_qty),
        ("{max_order_qty}", &max_order_qty),
        ("{max_position}", &answers.max_position),
        ("{max_inventory}", &max_inventory),
        ("{max_order_notional}", &answers.max_order_notional),
        ("{max_gross_notional}", &answers.max_gross_notional),
        ("{max_drawdown_pct}", &answers.max_drawdown_pct),
        ("{max_daily_loss_pct}", &max_daily_loss_pct),
        ("{max_loss}", &max_loss),
        ("{max_loss_per_min}", &max_loss_per_min),
    ];
    let mut text = String::new();
    for line in TEMPLATE.lines() {
        let of_mode = [("@paper ", answers.mode != "live"), ("@live ", answers.mode == "live")];
        let marked =
            of_mode.iter().find_map(|(mark, is_kept)| Some((line.strip_prefix(mark)?, is_kept)));
        let line = match marked {
            Some((_, false)) => continue,
            Some((line, true)) => line,
            None => line,
        };
        let line = gaps.iter().fold(line.to_owned(), |line, (gap, value)| line.replace(gap, value));
        text.push_str(&line);
        text.push('\n');
    }
    text
}

/// A third of the drawdown, so that a bad day stops before the kill switch has to; 1 at least.
fn daily_loss(max_drawdown_pct: &str) -> String {
    let third = Decimal::from_str_exact(max_drawdown_pct).ok().map(|it| it / Decimal::from(3));
    let within = third.map(|it| it.round_dp(2).max(Decimal::ONE).normalize().to_string());
    within.unwrap_or_else(|| max_drawdown_pct.to_owned())
}

/// The check tells what is wrong with a number that is none.
fn multiplied(number: &str, factor: Decimal) -> String {
    let product = Decimal::from_str_exact(number).ok().and_then(|it| it.checked_mul(factor));
    product.map_or_else(|| number.to_owned(), |it| it.normalize().to_string())
}

fn write_and_say(
    file: &Path,
    text: &str,
    answers: &Answers,
    console: &mut Console<'_>,
) -> io::Result<Exit> {
    let shown = file.display();
    if let Err(error) = write_new(file, text) {
        console.complain(format_args!("{shown}: cannot be written: {error}"))?;
        return Ok(Exit::Failed);
    }
    console.say(format_args!("{shown}: written. Next:\n"))?;
    if answers.mode == "live" {
        console.say(format_args!("    export BINANCE_API_KEY=... BINANCE_API_SECRET=..."))?;
        console.say(format_args!("    engine config check {shown}"))?;
        console.say(format_args!("    engine --config {shown}"))?;
    } else {
        console.say(format_args!("    engine --config {shown} --for 30s"))?;
    }
    Ok(Exit::Ok)
}

/// Fails when the file exists, whoever made it since we looked.
fn write_new(file: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder)?;
    }
    let mut new = OpenOptions::new().write(true).create_new(true).open(file)?;
    new.write_all(text.as_bytes())?;
    new.sync_all()
}
