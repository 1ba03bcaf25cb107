//! How a verb reaches a running engine: by the control socket in its state folder.

use super::argument::{Author, Whom};
use super::config::running;
use super::console::Console;
use super::exit::Exit;
use crate::core::Registry;
use crate::net::NetError;
use crate::net::unix::ask;
use crate::ops::handlers::{self, Request};
use crate::runtime::{control_socket, threads};
use serde_json::Value;
use std::io;
use std::time::Duration;

/// How long an answer may take: a trip waits for the disk, and a disk may be slow.
const ANSWER_MAX: Duration = Duration::from_secs(10);

/// Asks the engine of a configuration; `Err` is the exit code, and why has been said.
pub(super) fn engine(
    target: &Whom,
    request: &Request,
    registry: &Registry,
    console: &mut Console<'_>,
) -> io::Result<Result<Value, Exit>> {
    let config = match running(&target.config, registry, console)? {
        Ok(config) => config,
        Err(exit) => return Ok(Err(exit)),
    };
    let line = serde_json::to_string(request)?;
    let socket = control_socket(&target.restriction().confine(config));
    let runtime = threads::runtime(crate::config::Wait::Park)?;
    match runtime.block_on(ask(&socket, &line, ANSWER_MAX)) {
        Ok(reply) => match serde_json::from_str(&reply) {
            Ok(value) => Ok(Ok(value)),
            Err(error) => failed(&format!("the engine's answer is no JSON: {error}"), console),
        },
        Err(error) => {
            console.complain(format_args!("engine: {error}"))?;
            // One that took the question may have acted on it; nobody else was there.
            let heard = matches!(error, NetError::NoReply { .. });
            Ok(Err(if heard { Exit::Failed } else { Exit::Unreachable }))
        }
    }
}

/// Asks for something to be done, and says whether it was.
pub(super) fn act(
    target: &Whom,
    request: &Request,
    done: &str,
    registry: &Registry,
    console: &mut Console<'_>,
) -> io::Result<Exit> {
    let answer = match engine(target, request, registry, console)? {
        Ok(answer) => answer,
        Err(exit) => return Ok(exit),
    };
    if answer["ok"] == Value::Bool(true) {
        let kept = if answer["durable"] == Value::Bool(true) { "" } else { " (NOT on disk)" };
        console.say(format_args!("{done}{kept}"))?;
        return Ok(Exit::Ok);
    }
    console.complain(format_args!("engine: {}", answer["error"].as_str().unwrap_or("refused")))?;
    Ok(Exit::Failed)
}

/// Who asks: the name given, else that of the login.
pub(super) fn author(given: &Author) -> handlers::Author {
    let login = || {
        let name = crate::config::process_environment("USER");
        name.and_then(|name| name.into_string().ok()).unwrap_or_else(|| "unnamed".to_owned())
    };
    handlers::Author {
        by: given.by.clone().unwrap_or_else(login),
        reason: given.reason.clone().unwrap_or_else(|| "no reason given".to_owned()),
    }
}

fn failed(what: &str, console: &mut Console<'_>) -> io::Result<Result<Value, Exit>> {
    console.complain(format_args!("engine: {what}"))?;
    Ok(Err(Exit::Failed))
}
