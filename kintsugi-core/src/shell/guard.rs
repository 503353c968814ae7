//! What the parser is protected from: a linear look at the text before it.
//!
//! The parser recurses with every nested construct and allocates with every here-document, without a bound of its own. This scan
//! knows just enough of the shell to count: quotes, brackets, reserved words, here-documents. It may count too much, never too little.

use crate::limits::{SHELL_BYTES_MAX, SHELL_DEPTH_MAX};

/// Most here-documents in one text.
const HERE_DOCUMENTS_MAX: usize = 32;

/// Most words, about, in one text.
const WORDS_MAX: usize = 20_000;

/// Most `!` in a row of a condition.
const NEGATIONS_MAX: u32 = 16;

/// A here-document whose body has begun to be awaited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct HereDocument {
    /// The line that ends it.
    pub(super) delimiter: String,
    /// Whether tabs in front of that line are dropped (`<<-`).
    strip_tabs: bool,
}

/// What the scan found.
#[derive(Debug, Default)]
pub(super) struct Survey {
    /// Here-documents that the text ends in; bash takes the end of the text for their end.
    pub(super) open: Vec<HereDocument>,
}

/// Looks at `text`.
///
/// # Errors
///
/// Names the bound that it breaks, as a noun phrase.
pub(super) fn survey(text: &str) -> Result<Survey, String> {
    if text.len() > SHELL_BYTES_MAX {
        return Err(format!("more than {SHELL_BYTES_MAX} bytes"));
    }
    if text.contains('\0') {
        return Err("a zero byte".to_owned());
    }
    let mut scan = Scan::new(text);
    while scan.step()? {}
    Ok(Survey { open: scan.awaited })
}

struct Scan<'a> {
    rest: &'a str,
    /// Constructs that are open, by what closes them; `w` for a reserved word.
    open: Vec<char>,
    awaited: Vec<HereDocument>,
    here_documents: usize,
    words: usize,
    negations: u32,
    /// Whether a reserved word may stand here.
    at_command: bool,
    /// Whether a comment may begin here.
    at_word_start: bool,
}

impl<'a> Scan<'a> {
    const fn new(rest: &'a str) -> Self {
        Self {
            rest,
            open: Vec::new(),
            awaited: Vec::new(),
            here_documents: 0,
            words: 0,
            negations: 0,
            at_command: true,
            at_word_start: true,
        }
    }

    fn quoted(&self) -> bool {
        self.open.last() == Some(&'"')
    }

    fn push(&mut self, closer: char) -> Result<(), String> {
        self.open.push(closer);
        if self.open.len() > SHELL_DEPTH_MAX as usize {
            return Err(format!(
                "more than {SHELL_DEPTH_MAX} constructs inside each other"
            ));
        }
        Ok(())
    }

    fn skip(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
    }

    /// Takes one character or construct; false at the end.
    fn step(&mut self) -> Result<bool, String> {
        let Some(first) = self.rest.chars().next() else {
            return Ok(false);
        };
        let behind = self.rest.get(first.len_utf8()..).unwrap_or_default();
        match first {
            '\\' => {
                let escaped = behind.chars().next().map_or(0, char::len_utf8);
                self.skip(1 + escaped);
                self.at_command = false;
            }
            '\'' if !self.quoted() => {
                let end = behind.find('\'').map_or(behind.len(), |at| at + 1);
                self.skip(1 + end);
                self.at_command = false;
            }
            '$' if behind.starts_with('\'') && !self.quoted() => self.ansi_quote(behind),
            '$' if behind.starts_with(['(', '{', '[']) => {
                self.skip(1);
                self.open_bracket(behind)?;
            }
            '"' => {
                self.skip(1);
                if self.quoted() {
                    self.open.pop();
                } else {
                    self.push('"')?;
                }
                self.at_command = false;
            }
            '`' => {
                self.skip(1);
                if self.open.last() == Some(&'`') {
                    self.open.pop();
                } else {
                    self.push('`')?;
                    self.at_command = true;
                }
            }
            _ if self.quoted() => self.skip(first.len_utf8()),
            '#' if self.at_word_start => {
                self.skip(self.rest.find('\n').unwrap_or(self.rest.len()));
            }
            '(' | '{' | '[' => self.open_bracket(self.rest)?,
            ')' | '}' | ']' => {
                self.close(first);
                self.skip(1);
            }
            '<' if behind.starts_with('<') && !behind.starts_with("<<") => self.here_document()?,
            '<' if behind.starts_with("<<") => self.skip(3),
            '\n' => self.line(),
            _ => self.plain(first)?,
        }
        self.at_word_start = first.is_whitespace() || matches!(first, ';' | '&' | '|' | '(' | '`');
        Ok(true)
    }

    fn ansi_quote(&mut self, behind: &str) {
        let mut escaped = false;
        let end = behind.char_indices().skip(1).find(|(_, c)| {
            let closes = *c == '\'' && !escaped;
            escaped = *c == '\\' && !escaped;
            closes
        });
        self.skip(end.map_or(self.rest.len(), |(at, _)| at + 2));
        self.at_command = false;
    }

    fn open_bracket(&mut self, at: &str) -> Result<(), String> {
        let closer = match at.chars().next() {
            Some('(') => ')',
            Some('{') => '}',
            _ => ']',
        };
        self.push(closer)?;
        self.skip(1);
        self.at_command = closer != ']';
        Ok(())
    }

    fn close(&mut self, bracket: char) {
        if let Some(at) = self.open.iter().rposition(|open| *open == bracket) {
            // Reserved words that were counted too often end with what holds them.
            self.open.truncate(at);
        }
        self.at_command = false;
    }

    fn plain(&mut self, first: char) -> Result<(), String> {
        if matches!(first, ';' | '&' | '|') {
            self.skip(1);
            self.at_command = true;
            return Ok(());
        }
        if first.is_whitespace() {
            self.skip(first.len_utf8());
            return Ok(());
        }
        let ends = |c: char| {
            c.is_whitespace()
                || matches!(
                    c,
                    ';' | '&'
                        | '|'
                        | '('
                        | ')'
                        | '<'
                        | '>'
                        | '"'
                        | '\''
                        | '`'
                        | '$'
                        | '\\'
                        | '{'
                        | '}'
                        | '['
                        | ']'
                )
        };
        let length = self
            .rest
            .find(ends)
            .unwrap_or(self.rest.len())
            .max(first.len_utf8());
        let word = self.rest.get(..length).unwrap_or_default();
        self.words += 1;
        if self.words > WORDS_MAX {
            return Err(format!("more than {WORDS_MAX} words"));
        }
        self.negations = if word == "!" { self.negations + 1 } else { 0 };
        if self.negations > NEGATIONS_MAX {
            return Err(format!("more than {NEGATIONS_MAX} negations in a row"));
        }
        self.reserved(word)?;
        self.skip(length);
        Ok(())
    }

    fn reserved(&mut self, word: &str) -> Result<(), String> {
        if !self.at_command {
            return Ok(());
        }
        match word {
            "if" | "while" | "until" | "for" | "case" | "select" | "function" => self.push('w')?,
            "fi" | "done" | "esac" => {
                if self.open.last() == Some(&'w') {
                    self.open.pop();
                }
            }
            _ => {}
        }
        self.at_command = matches!(
            word,
            "if" | "while" | "until" | "then" | "else" | "elif" | "do" | "!" | "time"
        );
        Ok(())
    }

    fn here_document(&mut self) -> Result<(), String> {
        self.here_documents += 1;
        if self.here_documents > HERE_DOCUMENTS_MAX {
            return Err(format!("more than {HERE_DOCUMENTS_MAX} here-documents"));
        }
        self.skip(2);
        let strip_tabs = self.rest.starts_with('-');
        self.skip(usize::from(strip_tabs));
        let blanks = self.rest.len() - self.rest.trim_start_matches([' ', '\t']).len();
        self.skip(blanks);
        let mut delimiter = String::new();
        let mut quote = None;
        while let Some(c) = self.rest.chars().next() {
            match (c, quote) {
                ('\'' | '"', None) => quote = Some(c),
                (c, Some(open)) if c == open => quote = None,
                ('\\', None) => {}
                (c, None)
                    if c.is_whitespace()
                        || matches!(c, ';' | '&' | '|' | '<' | '>' | '(' | ')') =>
                {
                    break;
                }
                ('\n', Some(_)) => break,
                (c, _) => delimiter.push(c),
            }
            self.skip(c.len_utf8());
        }
        self.awaited.push(HereDocument {
            delimiter,
            strip_tabs,
        });
        Ok(())
    }

    /// A line ends: the bodies of the here-documents that it opened follow.
    fn line(&mut self) {
        self.skip(1);
        self.at_command = true;
        while let Some(document) = self.awaited.first() {
            let mut ended = false;
            while !self.rest.is_empty() && !ended {
                let (line, rest) = self.rest.split_once('\n').unwrap_or((self.rest, ""));
                self.rest = rest;
                let line = if document.strip_tabs {
                    line.trim_start_matches('\t')
                } else {
                    line
                };
                ended = line.trim_end_matches('\r') == document.delimiter;
            }
            if !ended {
                return;
            }
            self.awaited.remove(0);
        }
    }
}
