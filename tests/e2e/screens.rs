//! The status on a terminal: drawn in place, log lines above it.

use crate::support::Deployment;
use std::process::{Command, Stdio};

/// What a terminal of so many columns was sent; `None` where no terminal can be played.
fn on_terminal(deployment: &Deployment, columns: u32) -> Option<String> {
    if Command::new("script").arg("--version").stdout(Stdio::null()).status().is_err() {
        println!("skipped: `script` of util-linux is not on this machine");
        return None;
    }
    let engine = env!("CARGO_BIN_EXE_engine");
    let file = deployment.file().display().to_string();
    let line = format!("stty cols {columns} rows 30; exec {engine} --config {file} --for 2s");
    let output = Command::new("script")
        .args(["--quiet", "--return", "--command", &line, "/dev/null"])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    Some(String::from_utf8(output.stdout).unwrap())
}

/// What stands on a terminal after all that was sent.
fn shown(sent: &str) -> Vec<String> {
    let (mut rows, mut row) = (vec![String::new()], 0_usize);
    let mut rest = sent;
    while let Some(letter) = rest.chars().next() {
        if let Some(sequence) = rest.strip_prefix("\x1b[") {
            let end = sequence.find(|letter: char| letter.is_ascii_alphabetic()).unwrap();
            let (number, kind) = (&sequence[..end], &sequence[end..=end]);
            match kind {
                "A" => row -= number.parse::<usize>().unwrap(),
                "J" => rows.truncate(row),
                other => panic!("{other} is no sequence of ours"),
            }
            rest = &sequence[end + 1..];
        } else {
            match letter {
                '\n' => row += 1,
                '\r' => {}
                letter => {
                    rows.resize_with(rows.len().max(row + 1), String::new);
                    rows[row].push(letter);
                }
            }
            rest = &rest[letter.len_utf8()..];
        }
        rows.resize_with(rows.len().max(row + 1), String::new);
    }
    rows
}

#[test]
fn the_status_is_drawn_in_place_below_the_log() {
    let deployment = Deployment::paper();
    let Some(sent) = on_terminal(&deployment, 200) else { return };
    assert!(5 < sent.matches("Tradekeel  paper").count(), "it is drawn again and again");
    let rows = shown(&sent);
    let at = |text: &str| rows.iter().filter(|row| row.contains(text)).count();
    assert_eq!(at("Tradekeel  paper"), 1, "one block stands: {rows:#?}");
    assert_eq!(at("Shutdown complete"), 1, "{rows:#?}");
    let place = |text: &str| rows.iter().position(|row| row.contains(text)).unwrap();
    assert!(place("INFO starting") < place("Tradekeel  paper"), "{rows:#?}");
    assert!(place("INFO ending") < place("Tradekeel  paper"), "{rows:#?}");
    assert!(place("Tradekeel  paper") < place("Shutdown complete"), "{rows:#?}");
}

#[test]
fn no_line_of_the_status_wraps_on_a_narrow_terminal() {
    let deployment = Deployment::paper();
    let Some(sent) = on_terminal(&deployment, 40) else { return };
    let block = sent.rsplit("Tradekeel  paper").next().unwrap();
    let lines: Vec<&str> =
        block.lines().take_while(|line| !line.starts_with("orders      ")).collect();
    assert!(5 < lines.len(), "{lines:?}");
    assert!(lines.iter().all(|line| line.chars().count() <= 40), "{lines:#?}");
}
