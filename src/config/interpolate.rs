//! `${NAME}` and `${NAME:-default}` in a scalar of the file.
//!
//! Must hold: a variable that is not set is a fault that names it; no fault holds what a variable
//! holds. The environment is handed in: nothing here reads the process.

use std::ffi::OsString;

/// How a variable is looked up; `None` when it is not set.
pub type Lookup<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// Most bytes that a variable may hold.
const VARIABLE_BYTES_MAX: usize = 4096;

/// A scalar with its variables filled in.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Expanded {
    pub(super) text: String,
    /// Those whose values are in it.
    pub(super) variables: Vec<String>,
}

/// What is wrong with a variable.
#[derive(Debug, Eq, PartialEq, thiserror::Error)]
pub(super) enum VariableFault {
    #[error("`${{` is not closed; write `${{NAME}}` or `${{NAME:-default}}`")]
    NotClosed,
    #[error("between `${{` and `}}` stands no name; write letters, digits and `_`")]
    NoName,
    #[error("variable {0} is not set; set it or write `${{{0}:-default}}`")]
    Unset(String),
    #[error("variable {0} is not a line of plain text of at most {VARIABLE_BYTES_MAX} bytes")]
    NotPlain(String),
}

impl VariableFault {
    /// True when the file is fine and the environment is not.
    pub(super) fn is_of_environment(&self) -> bool {
        match self {
            Self::NotClosed | Self::NoName => false,
            Self::Unset(_) | Self::NotPlain(_) => true,
        }
    }
}

/// Fills in all variables, or says what is wrong with each.
pub(super) fn expand(text: &str, lookup: Lookup<'_>) -> Result<Expanded, Vec<VariableFault>> {
    let mut expanded = Expanded { text: String::new(), variables: Vec::new() };
    let mut faults = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        expanded.text.push_str(before);
        let Some((inside, after)) = after.split_once('}') else {
            faults.push(VariableFault::NotClosed);
            return Err(faults);
        };
        rest = after;
        if let Err(fault) = fill(inside, lookup, &mut expanded) {
            faults.push(fault);
        }
    }
    expanded.text.push_str(rest);
    if faults.is_empty() { Ok(expanded) } else { Err(faults) }
}

fn fill(inside: &str, lookup: Lookup<'_>, out: &mut Expanded) -> Result<(), VariableFault> {
    let (name, default) = match inside.split_once(":-") {
        Some((name, default)) => (name, Some(default)),
        None => (inside, None),
    };
    if !is_name(name) {
        return Err(VariableFault::NoName);
    }
    // As in a shell: `:-` also stands in for a variable that is set to nothing.
    let value = value(name, lookup)?.filter(|value| default.is_none() || !value.is_empty());
    match (value, default) {
        (Some(value), _) => {
            out.text.push_str(&value);
            out.variables.push(name.to_owned());
        }
        (None, Some(default)) => out.text.push_str(default),
        (None, None) => return Err(VariableFault::Unset(name.to_owned())),
    }
    Ok(())
}

/// The value of one variable, if it is set and is a line of plain text.
pub(super) fn value(name: &str, lookup: Lookup<'_>) -> Result<Option<String>, VariableFault> {
    let Some(value) = lookup(name) else { return Ok(None) };
    let value = value
        .into_string()
        .ok()
        .filter(|value| value.len() <= VARIABLE_BYTES_MAX && !value.chars().any(char::is_control));
    value.map(Some).ok_or_else(|| VariableFault::NotPlain(name.to_owned()))
}

/// The name when `text` is exactly one variable without a default.
pub(super) fn only_variable(text: &str) -> Option<&str> {
    text.strip_prefix("${")?.strip_suffix('}').filter(|name| is_name(name))
}

fn is_name(name: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    !name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit()) && name.bytes().all(is_word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lookup(name: &str) -> Option<OsString> {
        match name {
            "A" => Some("one".into()),
            "EMPTY" => Some("".into()),
            "LINES" => Some("two\nlines".into()),
            "LONG" => Some("x".repeat(VARIABLE_BYTES_MAX + 1).into()),
            "FULL" => Some("x".repeat(VARIABLE_BYTES_MAX).into()),
            _ => None,
        }
    }

    #[test]
    fn fills_in_values_and_defaults() {
        let rows = [
            ("plain", "plain", 0),
            ("${A}", "one", 1),
            ("<${A}-${A}>", "<one-one>", 2),
            ("${A:-two}", "one", 1),
            ("${B:-two}", "two", 0),
            ("${B:-}", "", 0),
            ("${EMPTY:-two}", "two", 0),
            ("${EMPTY}", "", 1),
            ("$A {A} }", "$A {A} }", 0),
        ];
        for (text, expected, variables) in rows {
            let expanded = expand(text, &lookup).unwrap();
            assert_eq!((expanded.text.as_str(), expanded.variables.len()), (expected, variables));
        }
        assert!(expand("${FULL}", &lookup).is_ok());
    }

    #[test]
    fn names_every_variable_that_is_missing() {
        let unset = |name: &str| VariableFault::Unset(name.to_owned());
        assert_eq!(expand("${B}/${C}", &lookup), Err(vec![unset("B"), unset("C")]));
        assert_eq!(expand("${B", &lookup), Err(vec![VariableFault::NotClosed]));
        assert_eq!(expand("${}", &lookup), Err(vec![VariableFault::NoName]));
        assert_eq!(expand("${1A}", &lookup), Err(vec![VariableFault::NoName]));
        for name in ["LINES", "LONG"] {
            let fault = VariableFault::NotPlain(name.to_owned());
            assert_eq!(expand(&format!("${{{name}}}"), &lookup), Err(vec![fault]));
        }
    }

    #[test]
    fn tells_one_whole_variable_from_anything_else() {
        assert_eq!(only_variable("${KEY}"), Some("KEY"));
        for text in ["KEY", "$KEY", "${KEY} ", "x${KEY}", "${KEY:-x}", "${A}${B}", "${}"] {
            assert_eq!(only_variable(text), None, "{text}");
        }
    }
}
