//! Where a command speaks and listens: handed in, so that a test can be the terminal.

use std::io::{self, BufRead, Write};

/// Standard output, standard error, and standard input where a person sits at it.
pub struct Console<'a> {
    /// What the command was asked for.
    pub out: &'a mut dyn Write,
    /// What went wrong.
    pub err: &'a mut dyn Write,
    /// Answers of a person; `None` where nobody can be asked.
    pub answers: Option<&'a mut dyn BufRead>,
}

impl std::fmt::Debug for Console<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Console")
    }
}

impl Console<'_> {
    /// A line of what was asked for.
    pub fn say(&mut self, line: impl std::fmt::Display) -> io::Result<()> {
        writeln!(self.out, "{line}")
    }

    /// A line of what went wrong.
    pub fn complain(&mut self, line: impl std::fmt::Display) -> io::Result<()> {
        writeln!(self.err, "{line}")
    }

    /// One answer, without blanks around it; `None` when nobody can be asked, or the input has
    /// ended.
    pub fn ask(&mut self, question: impl std::fmt::Display) -> io::Result<Option<String>> {
        let Some(answers) = self.answers.as_mut() else { return Ok(None) };
        write!(self.out, "{question} ")?;
        self.out.flush()?;
        let mut line = String::new();
        let is_end = answers.read_line(&mut line)? == 0;
        Ok((!is_end).then(|| line.trim().to_owned()))
    }
}
