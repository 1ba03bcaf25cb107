//! `engine help [TOPIC]`: what a person wants to read at a terminal without the source tree.

use super::console::Console;
use super::exit::Exit;
use crate::ops::stop_matrix;
use std::io;

/// `engine help`
#[derive(clap::Args, Clone, Debug)]
pub struct Arguments {
    /// What about; all topics are listed when left out
    #[arg(value_name = "TOPIC")]
    pub topic: Option<String>,
}

/// Topics with their first line and where their text comes from.
const TOPICS: [(&str, &str, Text); 6] = [
    ("stops", "what each stop does, and what it does not protect you from", Text::StopMatrix),
    (
        "operating",
        "asking and telling a running engine",
        Text::Page(include_str!("help/operating.txt")),
    ),
    (
        "recordings",
        "recorded markets and back-tests",
        Text::Page(include_str!("help/recordings.txt")),
    ),
    (
        "strategies",
        "the shipped ones, and one of your own",
        Text::Page(include_str!("help/strategies.txt")),
    ),
    ("files", "what a deployment keeps, and where", Text::Page(include_str!("help/files.txt"))),
    (
        "exit-codes",
        "how a command tells how it ended",
        Text::Page(include_str!("help/exit-codes.txt")),
    ),
];

#[derive(Clone, Copy, Debug)]
enum Text {
    StopMatrix,
    Page(&'static str),
}

/// Shows a topic, or the list of them.
pub(super) fn execute(arguments: &Arguments, console: &mut Console<'_>) -> io::Result<Exit> {
    let Some(wanted) = arguments.topic.as_deref() else {
        console.say("engine --help lists the verbs, engine VERB --help their arguments.\n")?;
        console.say("engine help TOPIC, where TOPIC is one of:")?;
        for (name, about, _) in TOPICS {
            console.say(format_args!("  {name:12} {about}"))?;
        }
        return Ok(Exit::Ok);
    };
    match TOPICS.iter().find(|(name, ..)| *name == wanted) {
        Some((_, _, Text::StopMatrix)) => {
            console.out.write_all(stop_matrix::markdown().as_bytes())?;
            Ok(Exit::Ok)
        }
        Some((_, _, Text::Page(text))) => {
            console.out.write_all(text.as_bytes())?;
            Ok(Exit::Ok)
        }
        None => {
            let names = TOPICS.map(|(name, ..)| name).join(", ");
            console.complain(format_args!("engine: no topic `{wanted}`; there is {names}"))?;
            Ok(Exit::Usage)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(topic: Option<&str>) -> (Exit, String, String) {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut console = Console { out: &mut out, err: &mut err, answers: None };
        let arguments = Arguments { topic: topic.map(str::to_owned) };
        let exit = execute(&arguments, &mut console).unwrap();
        (exit, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
    }

    #[test]
    fn every_topic_that_is_listed_has_a_text() {
        let (_, list, _) = said(None);
        for (name, ..) in TOPICS {
            let (exit, text, _) = said(Some(name));
            assert!(list.contains(name) && exit == Exit::Ok && 100 < text.len(), "{name}");
        }
    }

    #[test]
    fn an_unknown_topic_names_the_known_ones() {
        let (exit, _, err) = said(Some("money"));
        assert!(exit == Exit::Usage && err.contains("stops"), "{err}");
    }
}
