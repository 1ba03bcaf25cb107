//! What README and RUNBOOK promise is what the program does: the stop matrix, the commands, the exit
//! codes, the paths. (The README's program is compiled as a doctest of the crate.)

use std::path::Path;
use std::process::Command;
use tradekeel::cli::exit::Exit;
use tradekeel::ops::stop_matrix;

const README: &str = include_str!("../README.md");
const RUNBOOK: &str = include_str!("../RUNBOOK.md");

/// The lines of all blocks that are fenced as a language, in order, without their comments.
fn fenced(text: &str, language: &str) -> Vec<String> {
    let (mut inside, mut lines) = (false, Vec::new());
    for line in text.lines() {
        match line.trim().strip_prefix("```") {
            Some(opened) => inside = opened == language,
            None if inside => lines.push(line.split(" #").next().unwrap_or("").trim().to_owned()),
            None => {}
        }
    }
    lines
}

#[test]
fn the_stop_matrix_is_that_of_the_program() {
    let (_, rest) = README.split_once("<!-- stop-matrix:begin -->\n").unwrap();
    let (shown, _) = rest.split_once("<!-- stop-matrix:end -->").unwrap();
    assert_eq!(shown, stop_matrix::markdown(), "paste what `engine stop-matrix` prints");
}

#[test]
fn the_table_of_modes_is_that_of_the_core() {
    let table = tradekeel::core::transitions();
    assert!(RUNBOOK.contains(&format!("\n\n{table}\n")), "paste this:\n{table}");
}

#[test]
fn the_two_commands_are_the_ones_that_ci_runs() {
    let commands = fenced(README, "sh").into_iter().take(2).collect::<Vec<_>>();
    let main_job = "cargo run --release -- --config configs/paper.yaml";
    assert_eq!(commands, [main_job, "cargo test"]);
    let (ci, check) = (include_str!("../.ci/run"), include_str!("../scripts/check.sh"));
    assert!(ci.contains(main_job) && ci.contains("scripts/check.sh"));
    assert!(check.contains("step tests cargo test "));
}

#[test]
fn every_command_shown_uses_words_that_the_program_knows() {
    let lines = [README, RUNBOOK].map(|text| fenced(text, "sh")).concat();
    let commands = lines.iter().filter_map(|line| line.strip_prefix("engine "));
    let mut seen = 0;
    for command in commands {
        seen += 1;
        let words: Vec<&str> = command.split_whitespace().collect();
        let verbs = words.iter().take_while(|word| is_verb(word)).take(2).copied();
        let known = help(&verbs.collect::<Vec<_>>(), command);
        let is_known = |option: &str| known.split(|it| !is_letter(it)).any(|word| word == option);
        for option in words.iter().filter(|word| word.starts_with("--")) {
            assert!(is_known(option), "`engine {command}`: {option} is not in\n{known}");
        }
    }
    assert!(30 < seen, "only {seen} commands were found");
}

fn is_letter(letter: char) -> bool {
    letter.is_ascii_lowercase() || letter == '-'
}

fn is_verb(word: &str) -> bool {
    word.chars().all(is_letter) && !word.starts_with('-')
}

fn help(verbs: &[&str], command: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_engine")).args(verbs).arg("--help").output();
    let output = output.unwrap_or_else(|error| panic!("the engine does not run: {error}"));
    assert!(output.status.success(), "`engine {command}` is not understood");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn every_exit_code_is_explained() {
    let codes = [
        Exit::Ok,
        Exit::Failed,
        Exit::Usage,
        Exit::Mismatch,
        Exit::Unfit,
        Exit::Unreachable,
        Exit::Internal,
        Exit::Latched,
        Exit::Permission,
        Exit::Config,
    ];
    for code in codes {
        let row = format!("\n| {} | ", code as u8);
        assert!(README.contains(&row), "{code:?} is not in the table");
    }
    assert_eq!(README.matches("\n| exit code | means |\n|---|---|\n").count(), 1);
}

#[test]
fn every_link_leads_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for text in [README, RUNBOOK] {
        let links = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for link in links.filter(|link| !link.contains("://") && !link.starts_with('#')) {
            assert!(root.join(link).exists(), "{link}");
        }
    }
}
