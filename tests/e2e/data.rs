//! `engine data verify`: what is whole is said to be, and everything that is wrong is named.

use crate::support::{Deployment, Done, ExchangeProcess, Process, engine, shared};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

fn verify(deployment: &Deployment, recording: &Path, more: &[&str]) -> Done {
    let (file, path) = (deployment.file().display().to_string(), recording.display().to_string());
    engine(&[&["data", "verify", &path, "--config", &file], more].concat())
}

/// A few seconds of the simulated exchange, as recorded.
fn recorded(deployment: &Deployment) -> PathBuf {
    let out = deployment.root().join("market.gz");
    let (file, path) = (deployment.file().display().to_string(), out.display().to_string());
    let arguments = ["record", "--config", &file, "--out", &path, "--for", "4s"];
    let done = Process::start(deployment.root(), &arguments).wait();
    assert_eq!(done.code, Some(0), "{done:?}");
    out
}

fn lines(recording: &Path) -> Vec<String> {
    let mut text = String::new();
    GzDecoder::new(fs::File::open(recording).unwrap()).read_to_string(&mut text).unwrap();
    text.lines().map(str::to_owned).collect()
}

fn write(deployment: &Deployment, lines: &[String]) -> PathBuf {
    let path = deployment.root().join("planted.gz");
    let mut packer = GzEncoder::new(fs::File::create(&path).unwrap(), Compression::fast());
    packer.write_all((lines.join("\n") + "\n").as_bytes()).unwrap();
    packer.finish().unwrap();
    path
}

/// The frame with another time, some seconds later.
fn later(line: &str, seconds: u64) -> String {
    let (time, frame) = line.split_once(' ').unwrap();
    format!("{} {frame}", time.parse::<u64>().unwrap() + seconds * 1_000_000_000)
}

#[test]
fn a_recording_is_whole_until_something_is_planted_in_it() {
    let exchange = ExchangeProcess::start();
    let deployment = Deployment::at(exchange.port);
    let recording = recorded(&deployment);
    let whole = verify(&deployment, &recording, &[]);
    assert_eq!(whole.code, Some(0), "{whole:?}");
    assert!(whole.out.ends_with("whole\n") && whole.out.contains("BTCUSDT"), "{whole:?}");
    let all = lines(&recording);
    let of = |kind: &str| {
        let found = all.iter().enumerate().filter(|(_, line)| line.contains(kind));
        found.map(|(at, _)| at).collect::<Vec<usize>>()
    };
    let (updates, quotes) = (of("\"depthUpdate\""), of("\"bookTicker\""));
    let middle = updates[updates.len() / 2];
    let planted = |what: &dyn Fn(&mut Vec<String>)| {
        let mut changed = all.clone();
        what(&mut changed);
        verify(&deployment, &write(&deployment, &changed), &["--silence", "30s"])
    };
    let quote = quotes[quotes.len() / 2];
    let crossed = all[quote].replace("\"b\":\"", "\"b\":\"9");
    type Plant<'a> = &'a dyn Fn(&mut Vec<String>);
    let plants: [(Plant<'_>, &str); 6] = [
        (&|lines| drop(lines.remove(middle)), "times a book was lost"),
        (&|lines| lines.swap(middle, middle + 1), "received before the one before them"),
        (&|lines| lines[quote].clone_from(&crossed), "best prices that no market can have"),
        (
            &|lines| {
                let at = lines[middle].split_once(' ').unwrap().0.to_owned();
                lines[middle] = format!("{at} {{\"e\":\"depthUpdate\",");
            },
            "frames that cannot be read",
        ),
        (
            &|lines| lines[middle..].iter_mut().for_each(|line| *line = later(line, 31)),
            "no frames for 31",
        ),
        (&|lines| lines.truncate(0), "it holds no frame"),
    ];
    for (plant, expected) in plants {
        let found = planted(plant);
        assert_eq!(found.code, Some(3), "{expected}: {found:?}");
        assert!(found.out.contains(expected), "{expected}: {found:?}");
    }
    let bytes = fs::read(&recording).unwrap();
    let cut = deployment.root().join("cut.gz");
    for part in [bytes.len() / 2, 40] {
        fs::write(&cut, &bytes[..part]).unwrap();
        let torn = verify(&deployment, &cut, &["--json"]);
        assert_eq!(torn.code, Some(3), "{torn:?}");
        assert!(torn.out.contains("cut.gz line"), "{torn:?}");
    }
    let missing = verify(&deployment, &deployment.root().join("missing.gz"), &[]);
    assert!(missing.code == Some(1) && missing.err.contains("missing.gz"), "{missing:?}");
}

#[test]
fn the_markets_of_2024_are_whole() {
    for file in ["binance-usdm-btcusdt-20240808.gz", "binance-spot-btcusdt-20240808.gz"] {
        let Some(recording) = shared(file) else { return };
        let found = verify(&Deployment::paper(), &recording, &[]);
        assert_eq!(found.code, Some(0), "{found:?}");
    }
}
