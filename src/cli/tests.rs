//! The command line as a person meets it: words in, lines and an exit code out.

use super::*;
use crate::core::{ParamFault, Strategy, StrategySetup};
use clap::CommandFactory;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::time::Duration;

#[derive(Debug)]
struct StandIn;
impl Strategy for StandIn {}

fn any(_: StrategySetup<'_>) -> Result<Box<dyn Strategy>, Vec<ParamFault>> {
    Ok(Box::new(StandIn))
}

fn registry() -> Registry {
    Registry::default().with("quoter", any).with("momentum", any)
}

fn nothing(_: &str) -> Option<OsString> {
    None
}

fn keys(name: &str) -> Option<OsString> {
    name.starts_with("BINANCE_API_").then(|| "a-key".into())
}

/// Exit code, standard output, standard error.
type Said = (Exit, String, String);

fn with_console(
    answers: Option<&str>,
    command: impl FnOnce(&mut Console<'_>) -> io::Result<Exit>,
) -> Said {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut typed = answers.unwrap_or_default().as_bytes();
    let mut console = Console {
        out: &mut out,
        err: &mut err,
        answers: answers.is_some().then_some(&mut typed as &mut dyn io::BufRead),
    };
    let exit = command(&mut console).unwrap();
    let [out, err] = [out, err].map(|bytes| String::from_utf8(bytes).unwrap());
    (exit, out, err)
}

fn parse(words: &str) -> Result<Line, clap::Error> {
    Line::try_parse_from(words.split_whitespace())
}

fn init(words: &str, answers: Option<&str>) -> Said {
    let Some(Verb::Init(arguments)) = parse(words).unwrap().verb else { panic!("init") };
    with_console(answers, |console| init::execute(arguments, &registry(), &nothing, console))
}

fn config(words: &str) -> Said {
    let Some(Verb::Config(arguments)) = parse(words).unwrap().verb else { panic!("config") };
    with_console(None, |console| config::execute(&arguments, &registry(), &keys, console))
}

#[test]
fn the_command_line_is_sound() {
    Line::command().debug_assert();
}

#[test]
fn a_run_needs_no_verb() {
    let run = parse("engine --config a.yaml --for 30s").unwrap().run.unwrap();
    assert_eq!(run.config, Path::new("a.yaml"));
    assert_eq!(run.duration, Some(Duration::from_secs(30)));
    let Some(Verb::Run(run)) = parse("engine run --config a.yaml").unwrap().verb else {
        panic!("run")
    };
    assert_eq!((run.config.as_path(), run.duration), (Path::new("a.yaml"), None));
}

#[test]
fn every_verb_is_understood() {
    for words in [
        "engine exchange --listen 127.0.0.1:1 --seed 7",
        "engine exchange --recording r.gz --speed max --config c.yaml",
        "engine exchange --dialect binance_spot,binance_usdm --accounts a.yaml",
        "engine record --config c.yaml --out r.gz --for 5m",
        "engine backtest --config c.yaml --recording r.gz --json",
        "engine config check a.yaml b.yaml",
        "engine config show a.yaml",
        "engine config schema",
        "engine init --yes",
        "engine status --json --config c.yaml",
        "engine halt --by ada --reason drill --instrument BTCUSDT",
        "engine resume --full --strategy quoter",
        "engine resume --full --force --venue binance",
        "engine kill-switch trip --by ada --reason drill",
        "engine kill-switch status --json",
        "engine kill-switch reset --by ada --reason found --confirm x --new-baseline",
        "engine breaker reset --config c.yaml --by ada --reason found",
        "engine flatten --instrument BTCUSDT --cap-bps 50 --by ada",
        "engine journal verify --config c.yaml",
        "engine journal show --from 3 --to 9 --kind order --order 7-12 --json",
        "engine journal tail --count 5 --follow",
        "engine journal repair --by ada --reason torn",
        "engine --config c.yaml --dry-run --for 5m",
        "engine --config c.yaml --read-only",
        "engine status --config c.yaml --dry-run",
        "engine status --config c.yaml --read-only",
        "engine kill-switch status --config c.yaml --dry-run",
        "engine journal tail --config c.yaml --dry-run --kind order",
        "engine replay --config c.yaml --dry-run",
        "engine reconcile --diff --json --config c.yaml",
        "engine reconcile --adopt-exchange --by ada --reason bob",
        "engine orders export --out o.csv --from 2026-01-01T00:00Z --until 900 --config c.yaml",
        "engine orders duplicates --json --dry-run",
        "engine history verify --json --config c.yaml",
        "engine state verify --json --config c.yaml",
        "engine stop-matrix",
        "engine version",
    ] {
        assert!(parse(words).is_ok(), "{words}: {}", parse(words).unwrap_err());
    }
}

#[test]
fn what_is_not_understood_is_said() {
    for words in [
        "engine --for 30s",
        "engine --config c.yaml --dry-run --read-only",
        "engine status --config c.yaml --dry-run --read-only",
        "engine --config a.yaml --for 30",
        "engine --config a.yaml status",
        "engine flaten",
        "engine exchange --speed 2",
        "engine exchange --dialect binance_coinm",
        "engine exchange --dialect ,",
        "engine exchange --recording r.gz --seed 7",
        "engine halt --instrument BTCUSDT --strategy quoter",
        "engine kill-switch reset --by ada",
        "engine kill-switch reset --by ada --reason found",
        "engine journal",
        "engine state",
        "engine journal show --kind orders",
        "engine journal repair --by ada",
        "engine journal repair --reason torn",
        "engine orders",
        "engine history",
        "engine orders export --from yesterday",
        "engine reconcile --adopt-exchange",
        "engine reconcile --adopt-exchange --by ada",
        "engine flatten --cap-bps 0",
        "engine flatten --cap-bps 2001",
        "engine config check",
    ] {
        let error = parse(words).err().unwrap_or_else(|| panic!("{words}"));
        assert!(error.use_stderr(), "{words}");
    }
    assert!(parse("engine --config a.yaml --for 30").unwrap_err().to_string().contains("30s"));
    assert!(!parse("engine --help").unwrap_err().use_stderr());
}

#[test]
fn a_check_tells_what_is_wrong_and_how_bad_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let paper = include_str!("../../configs/paper.yaml");
    fs::write(path("good.yaml"), paper).unwrap();
    fs::write(path("bad.yaml"), paper.replace("mode: paper", "mode: demo")).unwrap();

    let (exit, out, err) = config(&format!("engine config check {}", path("good.yaml")));
    assert_eq!((exit, err.as_str()), (Exit::Ok, ""));
    assert!(out.starts_with(&format!("{}: fine, hash ", path("good.yaml"))), "{out}");

    let both = format!("engine config check {} {}", path("bad.yaml"), path("good.yaml"));
    let (exit, out, err) = config(&both);
    assert_eq!(exit, Exit::Config);
    assert!(
        out.contains("good.yaml: fine") && err.contains("bad.yaml:15:7: mode: `demo`"),
        "{err}"
    );
    assert!(err.ends_with("bad.yaml: 1 fault\n"), "{err}");

    let (exit, _, err) = config(&format!("engine config show {}", path("none.yaml")));
    assert_eq!((exit, err.lines().count()), (Exit::Config, 1));
}

#[test]
fn a_missing_key_is_a_matter_of_permission() {
    let Some(Verb::Config(check)) = parse("engine config check configs/live.yaml").unwrap().verb
    else {
        panic!("config")
    };
    let said =
        with_console(None, |console| config::execute(&check, &registry(), &nothing, console));
    assert_eq!(said.0, Exit::Permission, "{}", said.2);
}

#[test]
fn values_are_shown_with_their_origin_and_without_secrets() {
    let (exit, out, _) = config("engine config show configs/live.yaml");
    assert_eq!(exit, Exit::Ok);
    assert!(out.contains("venue.api_secret: ***") && !out.contains("a-key"), "{out}");
    assert!(out.contains("# configs/live.yaml:"), "{out}");
    let (exit, out, _) = config("engine config schema");
    assert_eq!((exit, out), (Exit::Ok, crate::config::schema()));
}

#[test]
fn a_first_configuration_is_written_once_and_passes_the_check() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("new/first.yaml");
    let words = format!("engine init --yes {}", file.display());
    let (exit, out, err) = init(&words, None);
    assert_eq!((exit, err.as_str()), (Exit::Ok, ""));
    assert!(out.contains(&format!("engine --config {} --for 30s", file.display())), "{out}");
    let config = crate::config::load(&file, &registry(), &nothing).unwrap().config;
    assert_eq!(config.instruments[0].order_qty_max.to_string(), "0.008");
    let written = fs::read_to_string(&file).unwrap();
    let mut values = written.lines().filter(|line| !line.starts_with("# "));
    assert!(values.all(|line| !line.contains(['@', '{'])), "{written}");

    let (exit, _, err) = init(&words, None);
    assert_eq!(exit, Exit::Failed);
    assert!(err.contains("is there already"), "{err}");
    assert_eq!(fs::read_to_string(&file).unwrap(), written);
}

#[test]
fn a_live_configuration_says_which_keys_are_missing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("live.yaml");
    let (exit, out, err) = init(&format!("engine init --yes --mode live {}", file.display()), None);
    assert_eq!(exit, Exit::Permission);
    assert!(err.contains("BINANCE_API_KEY is not set") && out.contains("config check"), "{err}");
    let config = crate::config::load(&file, &registry(), &keys).unwrap().config;
    assert_eq!(config.mode, crate::config::TradingMode::Live);
    assert_eq!(config.initial_state, crate::config::InitialState::Halted);
}

#[test]
fn a_person_is_asked_at_most_eight_questions() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("asked.yaml");
    let answers = "paper\nmine\neth/usdt\n0.05\n1\n\n2500\n10\n";
    let (exit, out, err) = init(&format!("engine init {}", file.display()), Some(answers));
    assert_eq!((exit, err.as_str()), (Exit::Ok, ""));
    assert_eq!(out.matches("? ").count(), 8, "{out}");
    let config = crate::config::load(&file, &registry(), &nothing).unwrap().config;
    assert_eq!(
        (config.instance.as_str(), config.instruments[0].symbol.as_str()),
        ("mine", "ETHUSDT")
    );
    assert_eq!(config.limits.drawdown.max_bps, 1_000);
    assert_eq!(config.limits.order_notional_max.to_string(), "750");
}

#[test]
fn nothing_is_written_that_would_not_pass() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("none.yaml").display().to_string();
    let rows = [
        (format!("engine init {file}"), Exit::Usage, "nobody can be asked"),
        (format!("engine init --yes --symbol ETHUSDT {file}"), Exit::Usage, "missing --order-qty"),
        (format!("engine init --yes --max-drawdown-pct 0.15 {file}"), Exit::Config, "write 15"),
        (format!("engine init --yes --mode demo {file}"), Exit::Config, "one of: live, paper"),
        (format!("engine init --yes --order-qty lots {file}"), Exit::Config, "nothing was written"),
    ];
    for (words, expected, reason) in rows {
        let (exit, _, err) = init(&words, None);
        assert_eq!(exit, expected, "{words}: {err}");
        assert!(err.contains(reason), "{words}: {err}");
        assert!(!Path::new(&file).exists());
    }
}

#[test]
fn the_version_is_told() {
    let Some(Verb::Version(arguments)) = parse("engine version").unwrap().verb else {
        panic!("version")
    };
    let (exit, out, _) = with_console(None, |console| version::execute(&arguments, console));
    assert_eq!(exit, Exit::Ok);
    assert!(out.starts_with(&format!("engine {}\n", env!("CARGO_PKG_VERSION"))), "{out}");
}

#[test]
fn a_closed_pipe_ends_a_command_quietly() {
    let closed = io::Error::from(io::ErrorKind::BrokenPipe);
    assert_eq!(unwritten(&closed), Exit::Ok);
    assert_eq!(unwritten(&io::Error::other("full")), Exit::Failed);
}
