//! Deployments, processes, and looking again and again.

use serde_json::Value;
use std::fs::{self, File};
use std::net::TcpListener;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;
use tempfile::TempDir;
use tradekeel::store::journal::Reader;
use tradekeel::store::{OrderIntent, Record};

const PAPER: &str = include_str!("../../configs/paper.yaml");
const SPOT: &str = include_str!("../../configs/spot.yaml");

/// The Ed25519 key of the venue's own examples, as a desk holds it.
pub(crate) const ADA_SECRET: &str =
    "MC4CAQAwBQYDK2VwBCIEIIJEYWtGBrhACmb9Dvy+qa8WEf0lQOl1s4CLIAB9m89u";

/// Longest wait for anything: the slowest machine under full load is meant.
const WAIT_MAX_MS: u64 = 30_000;
const LOOK_MS: u64 = 20;

/// A configuration and the folder that it runs in.
pub(crate) struct Deployment {
    root: TempDir,
    /// In memory, and gone with it; `None` on a machine without.
    _lanes: Option<TempDir>,
    text: String,
}

impl Deployment {
    /// Paper trading on the embedded exchange. Funding is paid when a test asks for it, and not for
    /// the hour at which it runs.
    pub(crate) fn paper() -> Self {
        let paper = Self::embedded(PAPER, "instances/paper");
        paper.with("funding_rate_bps: 1", "funding_rate_bps: 0")
    }

    /// The same on a spot account.
    pub(crate) fn spot() -> Self {
        Self::embedded(SPOT, "instances/spot")
    }

    /// Of a text in which its folder is `named` so.
    pub(crate) fn embedded(text: &str, named: &str) -> Self {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("run").display().to_string();
        let lanes = tempfile::tempdir_in("/dev/shm").ok();
        let lane_folder = lanes.as_ref().map_or(Path::new("/dev/shm"), TempDir::path);
        let text = text
            .replace(named, &folder)
            .replace("lane_folder: /dev/shm", &format!("lane_folder: {}", lane_folder.display()));
        Self { root, _lanes: lanes, text }.with("segment_mb: 16", "segment_mb: 1")
    }

    /// Paper trading on an exchange at an address.
    pub(crate) fn at(port: u16) -> Self {
        Self::paper().remote(port)
    }

    /// The same, with its exchange at an address.
    pub(crate) fn remote(mut self, port: u16) -> Self {
        let this = &mut self;
        let begin = this.text.find("# The simulated exchange, on a port").unwrap();
        let end = this.text.find("# What is traded.").unwrap();
        this.text.replace_range(begin..end, "");
        let venue = format!(
            "  recv_window_ms: 2000
  rest_url: http://127.0.0.1:{port}
  streams_url: ws://127.0.0.1:{port}
  order_entry_url: ws://127.0.0.1:{port}
  api_key: ${{E2E_KEY}}
  api_secret: ${{E2E_SECRET}}
"
        );
        self.with("  recv_window_ms: 5000\n", &venue)
            .with("interval_s: 10", "interval_s: 2")
            .with("timeout_ms: 3000", "timeout_ms: 1000")
    }

    /// With a part of its text replaced, which must be there.
    pub(crate) fn with(mut self, from: &str, to: &str) -> Self {
        assert!(self.text.contains(from), "the configuration has no `{from}`");
        self.text = self.text.replace(from, to);
        self
    }

    /// Everything that belongs to it is in here.
    pub(crate) fn root(&self) -> &Path {
        self.root.path()
    }

    pub(crate) fn folder(&self) -> PathBuf {
        self.root.path().join("run")
    }

    pub(crate) fn state(&self, file: &str) -> PathBuf {
        self.folder().join("state").join(file)
    }

    /// The file; written once, because an engine may be reading it.
    pub(crate) fn file(&self) -> PathBuf {
        let path = self.root.path().join("engine.yaml");
        if !path.exists() {
            fs::write(&path, &self.text).unwrap();
        }
        path
    }

    /// Starts the engine.
    pub(crate) fn start(&self) -> Process {
        Process::start(self.root.path(), &["--config", &self.file().display().to_string()])
    }

    /// Starts the engine and waits until it trades or may not: it answers and is reconciled.
    pub(crate) fn started(&self) -> Process {
        let mut engine = self.start();
        self.until("it is reconciled", |status| {
            engine.assert_running();
            status["reconciled"] == true
        });
        engine
    }

    /// Starts the engine and waits until it has orders.
    pub(crate) fn trading(&self) -> Process {
        let mut engine = self.start();
        self.until("it trades", |status| {
            engine.assert_running();
            3 <= number(&status["orders"]["sent"])
        });
        engine
    }

    /// Runs the engine to its end.
    pub(crate) fn run_for(&self, time: &str) -> Done {
        let file = self.file().display().to_string();
        Process::start(self.root.path(), &["--config", &file, "--for", time]).wait()
    }

    /// Asks the engine by a verb of the command line.
    pub(crate) fn ask(&self, arguments: &[&str]) -> Done {
        let file = self.file().display().to_string();
        let mut all = arguments.to_vec();
        all.extend(["--config", &file]);
        engine(&all)
    }

    /// Asks, and it must be done.
    pub(crate) fn ask_ok(&self, arguments: &[&str]) -> String {
        let done = self.ask(arguments);
        assert_eq!(done.code, Some(0), "{arguments:?}: {}{}", done.out, done.err);
        done.out
    }

    /// The status; `None` while nobody answers.
    pub(crate) fn try_status(&self) -> Option<Value> {
        let done = self.ask(&["status", "--json"]);
        (done.code == Some(0)).then(|| serde_json::from_str(&done.out).unwrap())
    }

    pub(crate) fn status(&self) -> Value {
        self.try_status().expect("the engine answers")
    }

    /// Looks at the status until it is as said.
    pub(crate) fn until(&self, what: &str, mut is: impl FnMut(&Value) -> bool) -> Value {
        let mut last = Value::Null;
        let found = eventually(|| {
            last = self.try_status().unwrap_or_default();
            is(&last)
        });
        assert!(found, "waited in vain until {what}; {last:#}\n{}", self.log());
        last
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder().join("logs/latest.log")).unwrap_or_default()
    }

    /// Looks at the log until it holds a text.
    pub(crate) fn until_log(&self, text: &str) {
        let found = eventually(|| self.log().contains(text));
        assert!(found, "waited in vain for `{text}` in\n{}", self.log());
    }

    /// The journal, which must be whole.
    pub(crate) fn journal(&self) -> Vec<Record> {
        let reader = Reader::open(&self.folder().join("journal")).unwrap();
        reader.map(|entry| entry.unwrap().record.unwrap()).collect()
    }

    /// The journal, or nothing where none was begun.
    pub(crate) fn journal_if_any(&self) -> Vec<Record> {
        if self.folder().join("journal").exists() { self.journal() } else { Vec::new() }
    }

    /// Orders of strategies in the journal.
    pub(crate) fn orders(&self) -> Vec<OrderIntent> {
        let orders = self.journal().into_iter().filter_map(|record| match record {
            Record::Order(intent) if intent.strategy.is_some() => Some(intent),
            _ => None,
        });
        orders.collect()
    }
}

/// A process of the engine's program; ended with its owner.
pub(crate) struct Process {
    child: Child,
    out: PathBuf,
    err: PathBuf,
}

/// What a process came to.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) code: Option<i32>,
    pub(crate) signal: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Process {
    pub(crate) fn start(folder: &Path, arguments: &[&str]) -> Self {
        let mut program = command();
        program.args(arguments);
        Self::spawn(folder, program)
    }

    /// A program of its own: the test of that name, of this very binary, in that folder.
    pub(crate) fn of_test(folder: &Path, name: &str) -> Self {
        let mut program = Command::new(std::env::current_exe().unwrap());
        program.args([name, "--exact", "--nocapture"]).current_dir(folder);
        Self::spawn(folder, with_keys(program))
    }

    fn spawn(folder: &Path, mut program: Command) -> Self {
        static NUMBER: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let (out, err) =
            (folder.join(format!("{number}.out")), folder.join(format!("{number}.err")));
        let child = program
            .stdout(File::create(&out).unwrap())
            .stderr(File::create(&err).unwrap())
            .spawn()
            .unwrap();
        Self { child, out, err }
    }

    pub(crate) fn out(&self) -> String {
        fs::read_to_string(&self.out).unwrap()
    }

    pub(crate) fn err(&self) -> String {
        fs::read_to_string(&self.err).unwrap()
    }

    /// Sends a signal by its name.
    pub(crate) fn signal(&self, name: &str) {
        signal(self.child.id(), name);
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    pub(crate) fn assert_running(&mut self) {
        assert!(self.is_running(), "it has ended\n{}{}", self.out(), self.err());
    }

    /// Waits for its end.
    pub(crate) fn wait(mut self) -> Done {
        let ended = eventually(|| !self.is_running());
        assert!(ended, "it does not end\n{}{}", self.out(), self.err());
        let status = self.child.wait().unwrap();
        let (code, signal) = (status.code(), status.signal());
        Done { code, signal, out: self.out(), err: self.err() }
    }

    /// Ends it at once, as a crash would.
    pub(crate) fn kill_9(self) {
        self.signal("KILL");
        assert_eq!(self.wait().signal, Some(9));
    }

    /// Ends it in order.
    pub(crate) fn stop(self) -> Done {
        self.signal("TERM");
        let done = self.wait();
        assert_eq!(done.code, Some(0), "{}{}", done.out, done.err);
        assert_no_panic(&done);
        done
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.is_running() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

pub(crate) fn assert_no_panic(done: &Done) {
    for said in [&done.out, &done.err] {
        assert!(!said.contains("panicked") && !said.contains("in a panic"), "{said}");
    }
}

/// The simulated exchange as a process of its own.
pub(crate) struct ExchangeProcess {
    _folder: Deployment,
    pub(crate) process: Process,
    pub(crate) port: u16,
}

impl ExchangeProcess {
    /// Trades what the paper deployment trades.
    pub(crate) fn start() -> Self {
        Self::start_at(0, &[])
    }

    /// Trades what that deployment trades, with its balance and leverage; its truth can be asked for.
    pub(crate) fn of(paper: Deployment) -> Self {
        Self::open(paper, 0, &["--control", "127.0.0.1:0"])
    }

    pub(crate) fn start_at(port: u16, more: &[&str]) -> Self {
        Self::open(Deployment::paper(), port, more)
    }

    pub(crate) fn open(paper: Deployment, port: u16, more: &[&str]) -> Self {
        let (file, listen) = (paper.file().display().to_string(), format!("127.0.0.1:{port}"));
        let mut arguments = vec!["exchange", "--config", &file, "--listen", &listen];
        arguments.extend(more);
        let process = Process::start(paper.root(), &arguments);
        let opened = eventually(|| process.out().contains(" and ws://"));
        assert!(opened, "the exchange does not open: {}", process.err());
        let said = process.out();
        let address = said.split_whitespace().find_map(|word| word.strip_prefix("http://"));
        let port = address.unwrap().rsplit(':').next().unwrap().parse().unwrap();
        Self { _folder: paper, process, port }
    }
}

/// Asks on the socket itself, as the command line does.
pub(crate) fn ask_raw(deployment: &Deployment, line: &str) -> Value {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let socket = deployment.state("engine.sock");
    let asked = tradekeel::net::unix::ask(&socket, line, Duration::from_secs(10));
    serde_json::from_str(&runtime.block_on(asked).unwrap()).unwrap()
}

/// The engine's program: the one just built, or that of `E2E_ENGINE`.
pub(crate) fn command() -> Command {
    let built = env!("CARGO_BIN_EXE_engine");
    with_keys(Command::new(
        tradekeel::config::process_environment("E2E_ENGINE").unwrap_or_else(|| built.into()),
    ))
}

fn with_keys(mut program: Command) -> Command {
    program.env("E2E_KEY", "paper-key").env("E2E_SECRET", "paper-secret");
    program.env("E2E_ADA_KEY", "ada-key").env("E2E_ADA_SECRET", ADA_SECRET).stdin(Stdio::null());
    program
}

/// Runs the program to its end.
pub(crate) fn engine(arguments: &[&str]) -> Done {
    let Output { status, stdout, stderr } = command().args(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let (code, signal) = (status.code(), status.signal());
    let done = Done { code, signal, out: text(stdout), err: text(stderr) };
    assert_no_panic(&done);
    done
}

/// Looks until it is so; false when it never was.
pub(crate) fn eventually(mut is: impl FnMut() -> bool) -> bool {
    for _ in 0..WAIT_MAX_MS / LOOK_MS {
        if is() {
            return true;
        }
        pause(LOOK_MS);
    }
    false
}

#[expect(clippy::disallowed_methods, reason = "a test on a plain thread looks again and again")]
pub(crate) fn pause(ms: u64) {
    std::thread::sleep(Duration::from_millis(ms));
}

/// Sends a signal by its name.
pub(crate) fn signal(process: u32, name: &str) {
    let sent = Command::new("kill").args([&format!("-{name}"), &process.to_string()]).status();
    assert!(sent.unwrap().success());
}

/// A number of a status; zero where there is none.
pub(crate) fn number(value: &Value) -> i64 {
    value.as_i64().unwrap_or(0)
}

/// A port that was free a moment ago.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A recorded market beside the project, or `None` and a word about it.
pub(crate) fn shared(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data").join(name);
    if !path.exists() {
        println!("skipped: {name} is not on this machine");
        return None;
    }
    Some(path)
}
