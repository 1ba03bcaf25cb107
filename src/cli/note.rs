//! `engine note`: what was done by hand, into the record (R76).
//!
//! Must hold: it is on disk when it is said to be; a long text is kept whole, in lines that each
//! name who wrote them.

use super::argument::{self, Whom};
use super::ask;
use super::config::running;
use super::console::Console;
use super::exit::Exit;
use crate::core::Registry;
use crate::ops::handlers::Request;
use crate::runtime::note;
use std::io;

/// What a line of the record holds, bytes.
const LINE_BYTES_MAX: usize = 96;

/// `engine note`
#[derive(clap::Args, Clone, Debug)]
pub struct Arguments {
    /// Whom.
    #[command(flatten)]
    pub target: Whom,
    /// Who did it; the name of the login when left out
    #[arg(long, value_name = "NAME", value_parser = argument::name)]
    pub by: Option<String>,
    /// What was done, and why
    #[arg(value_name = "TEXT", value_parser = argument::note)]
    pub text: String,
}

/// Has the engine keep it, or keeps it.
pub(super) fn execute(
    arguments: &Arguments,
    registry: &Registry,
    console: &mut Console<'_>,
) -> io::Result<Exit> {
    let Arguments { target, by, text } = arguments;
    let lines = lines(text);
    for (at, line) in lines.iter().enumerate() {
        let author = ask::author(&argument::Author { by: by.clone(), reason: Some(line.clone()) });
        let by = author.by.clone();
        let exit = ask::act(target, &Request::Note { author }, "noted", registry, console)?;
        if exit == Exit::Unreachable && !target.is_restricted() {
            return without_engine(target, &by, &lines[at..], registry, console);
        }
        if exit != Exit::Ok {
            return Ok(exit);
        }
    }
    Ok(Exit::Ok)
}

fn without_engine(
    target: &Whom,
    by: &str,
    lines: &[String],
    registry: &Registry,
    console: &mut Console<'_>,
) -> io::Result<Exit> {
    let config = match running(&target.config, registry, console)? {
        Ok(config) => config,
        Err(exit) => return Ok(exit),
    };
    match note(&config, by, lines) {
        Ok(()) => {
            console.say("noted, without an engine")?;
            Ok(Exit::Ok)
        }
        Err(error) => {
            console.complain(format_args!("engine: the note was not kept whole: {error}"))?;
            Ok(Exit::Failed)
        }
    }
}

/// Broken between words; a word that is longer than a line is cut.
fn lines(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let mut rest = word;
        while let Some(line) = lines.last_mut() {
            let space = usize::from(!line.is_empty());
            if line.len() + space + rest.len() <= LINE_BYTES_MAX {
                line.push_str(if space == 1 { " " } else { "" });
                line.push_str(rest);
                break;
            }
            if line.is_empty() {
                let (cut, left) = rest.split_at(rest.floor_char_boundary(LINE_BYTES_MAX));
                line.push_str(cut);
                rest = left;
            }
            lines.push(String::new());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_note_is_kept_whole_in_lines_that_fit() {
        assert_eq!(lines("closed  0.5 BTC by hand"), ["closed 0.5 BTC by hand"]);
        let long = format!("{} {}", "word ".repeat(60), "é".repeat(100));
        let kept = lines(&long);
        assert!(
            kept.iter().all(|line| !line.is_empty() && line.len() <= LINE_BYTES_MAX),
            "{kept:?}"
        );
        let all = |text: &str| text.split_whitespace().collect::<String>();
        assert_eq!(all(&kept.join("")), all(&long));
    }
}
