//! Where output goes: data to standard output, everything said to a person to standard error, colours only to a terminal.

use std::env;
use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

use crate::exit::Failure;

/// How a stream is painted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paint {
    /// Text alone.
    Plain,
    /// With the escape sequences that terminals share (ECMA-48 SGR).
    Colour,
}

/// What a piece of text means to its reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// It may run; it is well.
    Good,
    /// Look at it.
    Warn,
    /// It must not run; it is broken.
    Bad,
    /// The thing itself.
    Strong,
    /// What is said about it.
    Quiet,
}

impl Paint {
    /// Returns `text` as the stream should show it. It must have been escaped.
    #[must_use]
    pub fn tone(self, tone: Tone, text: impl Display) -> String {
        let code = match (self, tone) {
            (Self::Plain, _) => return text.to_string(),
            (Self::Colour, Tone::Good) => "32",
            (Self::Colour, Tone::Warn) => "33",
            (Self::Colour, Tone::Bad) => "1;31",
            (Self::Colour, Tone::Strong) => "1",
            (Self::Colour, Tone::Quiet) => "2",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }

    /// Returns how a stream is painted: `NO_COLOR` (no-color.org) and `TERM=dumb` take colours away.
    fn of(stream: &impl IsTerminal) -> Self {
        let refused = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
            || env::var_os("TERM").is_none_or(|term| term == "dumb");
        if !refused && stream.is_terminal() {
            Self::Colour
        } else {
            Self::Plain
        }
    }
}

/// Columns of a stream that is no terminal, or does not tell.
const COLUMNS_DEFAULT: usize = 80;

/// Fewest columns that anything is laid out for.
pub const COLUMNS_MIN: usize = 20;

/// The two streams, and how each is painted.
pub struct Console {
    /// Data.
    pub out: Box<dyn Write>,
    /// What is said to a person.
    pub err: Box<dyn Write>,
    /// How data is painted.
    pub out_paint: Paint,
    /// How the rest is painted.
    pub err_paint: Paint,
    /// Columns of standard output.
    pub out_columns: usize,
    /// Columns of standard error.
    pub err_columns: usize,
}

impl std::fmt::Debug for Console {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Console")
            .field("out_paint", &self.out_paint)
            .field("err_paint", &self.err_paint)
            .finish_non_exhaustive()
    }
}

impl Console {
    /// The streams of this process.
    #[must_use]
    pub fn of_process() -> Self {
        Self {
            out_paint: Paint::of(&io::stdout()),
            err_paint: Paint::of(&io::stderr()),
            out_columns: columns_of(&io::stdout()),
            err_columns: columns_of(&io::stderr()),
            out: Box::new(io::BufWriter::new(io::stdout())),
            err: Box::new(io::stderr()),
        }
    }

    /// Writes `value` as one line of JSON to standard output.
    ///
    /// # Errors
    /// When the stream cannot be written to.
    pub fn json(&mut self, value: &impl serde::Serialize) -> Result<(), Failure> {
        serde_json::to_writer(&mut self.out, value)?;
        Ok(writeln!(self.out)?)
    }

    /// Says what went wrong, and what to do about it.
    ///
    /// Nothing more can be done when even that fails.
    pub fn fail(&mut self, failure: &Failure) {
        let mut said = Ok(());
        if !failure.message.is_empty() {
            let label = self.err_paint.tone(Tone::Bad, "error");
            said = writeln!(self.err, "kintsugi: {label}: {}", failure.message);
        }
        if let (Ok(()), Some(hint)) = (&said, &failure.hint) {
            let label = self.err_paint.tone(Tone::Strong, "hint");
            said = writeln!(self.err, "kintsugi: {label}: {hint}");
        }
        drop(said);
    }
}

/// Returns the columns of a terminal; 80 where there is none.
pub fn columns_of(stream: &impl std::os::fd::AsFd) -> usize {
    rustix::termios::tcgetwinsize(stream)
        .ok()
        .map(|size| usize::from(size.ws_col))
        .filter(|columns| *columns > 0)
        .map_or(COLUMNS_DEFAULT, |columns| columns.max(COLUMNS_MIN))
}
