//! Where a word ends, and redirections with their target.

use super::super::Dialect;
use super::super::guard::{Fault, Scan, one_more_here_document};
use super::super::tree::Operator;
use super::{Lexer, Place, TOKENS_MAX, TOO_MANY, Token};

/// Longest subscript of an assignment that may hold blanks, in bytes: what is looked through for its end.
const SUBSCRIPT_BYTES_MAX: usize = 256;

/// Returns the words of `(…)` behind `name=`, between the bytes of `range`.
pub(in super::super) fn list(
    text: &str,
    range: (usize, usize),
    dialect: Dialect,
) -> Vec<(usize, usize)> {
    let text = text.get(..range.1).unwrap_or_default();
    let mut lexer = Lexer {
        scan: Scan { text, fish: false },
        end: text.len(),
        dialect,
        at: range.0,
        tokens: Vec::new(),
        open: Vec::new(),
        place: Place::Argument,
        pending: Vec::new(),
        here_documents: 0,
        looping: false,
        listing: false,
        each: false,
        testing: None,
    };
    let mut words = Vec::new();
    while let Some(byte) = lexer.scan.byte(lexer.at) {
        let start = lexer.at;
        match byte {
            b' ' | b'\t' | b'\n' | b'\r' => lexer.at += 1,
            b'#' => lexer.at = lexer.scan.line_end(start),
            _ => {
                let end = lexer.word_end(start).unwrap_or(text.len()).max(start + 1);
                words.push((start, end.min(text.len())));
                lexer.at = end;
            }
        }
    }
    words
}

impl Lexer<'_> {
    pub(super) fn digits(&mut self) -> Result<(), Fault> {
        let length = self
            .scan
            .plain_word(self.at)
            .bytes()
            .take_while(u8::is_ascii_digit)
            .count();
        let after = self.at + length;
        let redirects = matches!(self.scan.byte(after), Some(b'<' | b'>'))
            && self.scan.byte(after + 1) != Some(b'(');
        if !redirects {
            return self.word();
        }
        match self.scan.slice(self.at, after).parse::<u16>() {
            Ok(descriptor) => self.redirection(Some(descriptor), after),
            Err(_) => self.fault("a file descriptor over 65535"),
        }
    }

    /// Reads a redirection whose operator is at `at`.
    pub(super) fn redirection(&mut self, descriptor: Option<u16>, at: usize) -> Result<(), Fault> {
        let table: [(&str, Operator); 16] = [
            ("&>>", Operator::AppendAll),
            ("&>|", Operator::WriteAll),
            ("&>", Operator::WriteAll),
            ("<<<", Operator::HereString),
            ("<<", Operator::HereString),
            ("<>", Operator::Both),
            ("<&", Operator::Duplicate),
            ("<", Operator::Read),
            (">>|", Operator::Append),
            (">>!", Operator::Append),
            (">>&", Operator::AppendAll),
            (">>", Operator::Append),
            (">&", Operator::Duplicate),
            (">|", Operator::Write),
            (">!", Operator::Write),
            (">", Operator::Write),
        ];
        let zsh = self.dialect == Dialect::Zsh;
        let found = table.into_iter().find(|(spelled, _)| {
            let only_zsh = spelled.ends_with('!') || *spelled == ">>|" || *spelled == ">>&";
            self.scan.starts(at, spelled) && (zsh || !only_zsh)
        });
        let Some((spelled, operator)) = found else {
            return self.fault("an operator that is not known");
        };
        let mut start = at + spelled.len();
        if spelled == "<<" {
            return self.here_document(descriptor, start);
        }
        while matches!(self.scan.byte(start), Some(b' ' | b'\t')) || self.scan.starts(start, "\\\n")
        {
            start += 1 + usize::from(self.scan.starts(start, "\\\n"));
        }
        let end = self.word_end(start)?;
        if end == start {
            return self.fault("a redirection without a target");
        }
        self.at = end;
        self.push(Token::Redirection {
            descriptor,
            operator,
            start,
            end,
        })
    }

    fn here_document(&mut self, descriptor: Option<u16>, at: usize) -> Result<(), Fault> {
        one_more_here_document(self.here_documents, at)?;
        self.here_documents += 1;
        let (pending, end) = self.scan.here_document(at, 0)?;
        let operator = Operator::HereDocument {
            expands: pending.expands,
            tabs: pending.tabs,
        };
        self.pending.push((self.tokens.len(), pending));
        self.at = end;
        self.push(Token::Redirection {
            descriptor,
            operator,
            start: end,
            end,
        })
    }

    /// Returns the end of the word at `start`.
    pub(super) fn word_end(&self, start: usize) -> Result<usize, Fault> {
        let scan = &self.scan;
        let zsh = self.dialect == Dialect::Zsh;
        let mut at = start;
        while let Some(byte) = scan.byte(at) {
            at = match byte {
                b'\r' if matches!(scan.byte(at + 1), None | Some(b'\n')) => break,
                b'\\' => at + 2,
                b'\'' => scan.single_quoted(at + 1)?,
                b'"' => scan.double_quoted(at + 1, 0)?,
                b'`' => scan.backquoted(at + 1)?,
                b'$' if scan.byte(at + 1) == Some(b'\'') => scan.escaped_quoted(at + 2)?,
                b'$' => scan.dollar(at, 0, false)?,
                b'<' | b'>' if scan.byte(at + 1) == Some(b'(') && at == start => {
                    scan.command(at + 2, 0)?
                }
                b'(' if self.is_array(start, at) || self.is_pattern(start, at) => {
                    scan.balanced(at, 0)?
                }
                b'(' if zsh && scan.byte(at + 1) != Some(b')') => scan.balanced(at, 0)?,
                b'[' if self.is_subscript(start, at) => self.subscript_end(at),
                b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b'(' | b')' | b'<' | b'>' => break,
                _ => at + 1,
            };
        }
        Ok(at.min(self.end))
    }

    /// Whether `name=` or `name+=` stands in front of the parenthesis at `at`.
    fn is_array(&self, start: usize, at: usize) -> bool {
        let before = self.scan.slice(start, at);
        let Some(name) = before.strip_suffix('=') else {
            return false;
        };
        let name = name.strip_suffix('+').unwrap_or(name);
        name.is_empty() && self.dialect == Dialect::Zsh
            || name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
                && name.bytes().all(|byte| {
                    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'[' || byte == b']'
                })
    }

    /// Whether the parenthesis at `at` belongs to an extended pattern, `@(a|b)`.
    fn is_pattern(&self, start: usize, at: usize) -> bool {
        at > start
            && matches!(
                self.scan.byte(at - 1),
                Some(b'@' | b'!' | b'?' | b'+' | b'*')
            )
    }

    /// Whether the bracket at `at` is the subscript of an assignment, which may hold blanks.
    fn is_subscript(&self, start: usize, at: usize) -> bool {
        let name = self.scan.slice(start, at);
        if name.is_empty()
            || !name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        {
            return false;
        }
        let end = self.subscript_end(at);
        end > at + 1 && (self.scan.starts(end, "=") || self.scan.starts(end, "+="))
    }

    fn subscript_end(&self, at: usize) -> usize {
        let rest = self.scan.text.as_bytes().get(at..).unwrap_or_default();
        rest.iter()
            .take(SUBSCRIPT_BYTES_MAX)
            .take_while(|byte| **byte != b'\n')
            .position(|byte| *byte == b']')
            .map_or(at + 1, |offset| at + offset + 1)
    }

    /// Skips the keyword `time`; with options it is the program.
    pub(super) fn time(&mut self) -> bool {
        let mut next = self.at + 4;
        while matches!(self.scan.byte(next), Some(b' ' | b'\t')) {
            next += 1;
        }
        if self.scan.starts(next, "-p") && self.delimited(next + 2) {
            next += 2;
        } else if self.scan.byte(next) == Some(b'-') {
            return false;
        }
        self.at = next;
        true
    }

    /// Skips `coproc` and the name that may stand in front of a compound command.
    pub(super) fn coprocess(&mut self) {
        self.at += 6;
        let mut name = self.at;
        while matches!(self.scan.byte(name), Some(b' ' | b'\t')) {
            name += 1;
        }
        let mut next = name + self.scan.plain_word(name).len();
        while next > name && matches!(self.scan.byte(next), Some(b' ' | b'\t')) {
            next += 1;
        }
        if matches!(self.scan.byte(next), Some(b'{' | b'(')) {
            self.at = next;
        }
    }

    /// Reads `[[ … ]]`.
    pub(super) fn test(&mut self) -> Result<(), Fault> {
        self.at += 2;
        let mut words = Vec::new();
        let mut pattern = false;
        loop {
            match self.scan.byte(self.at) {
                None => return self.fault("a test that is never closed"),
                Some(b']') if self.scan.starts(self.at, "]]") && self.delimited(self.at + 2) => {
                    break;
                }
                Some(b' ' | b'\t' | b'\n' | b'\r' | b'(' | b')' | b'&' | b'|' | b';') => {
                    self.at += 1;
                }
                Some(b'<' | b'>') if self.scan.byte(self.at + 1) != Some(b'(') => self.at += 1,
                Some(b'#') if pattern => self.at += 1,
                Some(b'#') if self.scan.byte(self.at.saturating_sub(1)) == Some(b'\n') => {
                    self.at = self.scan.line_end(self.at);
                }
                Some(_) => {
                    let start = self.at;
                    let end = self.word_end(start)?.max(start + 1);
                    if words.len() >= TOKENS_MAX {
                        return self.fault(TOO_MANY);
                    }
                    pattern = self.scan.slice(start, end) == "=~";
                    words.push((start, end));
                    self.at = end;
                }
            }
        }
        self.at += 2;
        self.push(Token::Test(words))?;
        self.place = Place::Argument;
        Ok(())
    }
}
