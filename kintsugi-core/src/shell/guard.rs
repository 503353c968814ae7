//! Where quotes, substitutions and here-documents end: a linear, bounded scan in front of everything that recurses.
//!
//! The parser behind it recurses once a construct and allocates for each word, without a bound of its own
//! (`brush-parser` 0.4.0: a 23-byte pile of here-documents asks for 1.75 GB, 10 KB of `[[ ! ! …` overflow the stack, a
//! file descriptor of ten digits panics). What passes here is small, shallow and closed; what does not is a [`Fault`].
//! Never allocates more than the text is long.

use crate::limits::SHELL_DEPTH_MAX;

/// Most here-documents that one text may hold.
const HERE_DOCUMENTS_MAX: usize = 256;

/// Why a text is refused: what happened, and the byte at which it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fault {
    /// A noun phrase.
    pub(super) what: &'static str,
    /// Byte of the text.
    pub(super) at: usize,
}

/// One past the end of a construct, or why it has none.
pub(super) type End = Result<usize, Fault>;

/// A view of one text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scan<'a> {
    /// The text.
    pub(super) text: &'a str,
    /// Whether single quotes have the meaning of fish: `\'` and `\\` are escapes in them.
    pub(super) fish: bool,
}

/// A here-document whose body has not been met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pending {
    /// The line that ends it, its quotes removed.
    pub(super) delimiter: String,
    /// `<<-`: tabs in front of lines do not count.
    pub(super) tabs: bool,
    /// A delimiter without quotes: the body is expanded.
    pub(super) expands: bool,
}

/// Where the body of a here-document lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Body {
    /// First byte.
    pub(super) start: usize,
    /// One past its last byte.
    pub(super) end: usize,
    /// First byte behind the line that ends it.
    pub(super) next: usize,
}

fn deeper(depth: u32, at: usize) -> Result<u32, Fault> {
    if depth >= SHELL_DEPTH_MAX {
        let what = "more than 48 nested constructs";
        return Err(Fault { what, at });
    }
    Ok(depth + 1)
}

impl<'a> Scan<'a> {
    /// Returns the byte at `at`.
    pub(super) fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    /// Whether `what` stands at `at`.
    pub(super) fn starts(&self, at: usize, what: &str) -> bool {
        self.text
            .as_bytes()
            .get(at..)
            .is_some_and(|rest| rest.starts_with(what.as_bytes()))
    }

    /// Returns the text between two bytes; empty when they do not lie on characters.
    pub(super) fn slice(&self, start: usize, end: usize) -> &'a str {
        self.text.get(start..end).unwrap_or_default()
    }

    /// Skips `'…'`; `at` is the first byte inside.
    pub(super) fn single_quoted(&self, at: usize) -> End {
        let mut end = at;
        while let Some(byte) = self.byte(end) {
            match byte {
                b'\'' => return Ok(end + 1),
                b'\\' if self.fish => end += 2,
                _ => end += 1,
            }
        }
        let what = "a quote that is never closed";
        Err(Fault { what, at })
    }

    /// Skips `$'…'`; `at` is the first byte inside.
    pub(super) fn escaped_quoted(&self, at: usize) -> End {
        let mut end = at;
        while let Some(byte) = self.byte(end) {
            match byte {
                b'\'' => return Ok(end + 1),
                b'\\' => end += 2,
                _ => end += 1,
            }
        }
        let what = "a quote that is never closed";
        Err(Fault { what, at })
    }

    /// Skips `"…"`; `at` is the first byte inside.
    pub(super) fn double_quoted(&self, at: usize, depth: u32) -> End {
        let depth = deeper(depth, at)?;
        let mut end = at;
        while let Some(byte) = self.byte(end) {
            end = match byte {
                b'"' => return Ok(end + 1),
                b'\\' => end + 2,
                b'`' if !self.fish => self.backquoted(end + 1)?,
                b'$' => self.dollar(end, depth, true)?,
                _ => end + 1,
            };
        }
        let what = "a quote that is never closed";
        Err(Fault { what, at })
    }

    /// Skips `` `…` ``; `at` is the first byte inside.
    pub(super) fn backquoted(&self, at: usize) -> End {
        let mut end = at;
        while let Some(byte) = self.byte(end) {
            match byte {
                b'`' => return Ok(end + 1),
                b'\\' => end += 2,
                _ => end += 1,
            }
        }
        let what = "a backquote that is never closed";
        Err(Fault { what, at })
    }

    /// Skips what begins with the `$` at `at`: a substitution with its end, otherwise the `$` alone.
    pub(super) fn dollar(&self, at: usize, depth: u32, quoted: bool) -> End {
        match self.byte(at + 1) {
            Some(b'(') if self.starts(at, "$((") => {
                // `$((` may also be a substitution that begins with a subshell: the parentheses tell.
                let end = self.balanced(at + 2, depth)?;
                if self.byte(end) == Some(b')') {
                    Ok(end + 1)
                } else {
                    self.command(end, depth)
                }
            }
            Some(b'(') => self.command(at + 2, depth),
            Some(b'{') if !self.fish => self.braced(at + 2, depth, quoted),
            Some(b'[') if !self.fish => self.bracketed(at + 2, depth),
            Some(_) | None => Ok(at + 1),
        }
    }

    /// Skips `$[…]`; `at` is the first byte inside.
    fn bracketed(&self, at: usize, depth: u32) -> End {
        let depth = deeper(depth, at)?;
        let mut end = at;
        let mut open = 1_u32;
        while let Some(byte) = self.byte(end) {
            end = match byte {
                b']' if open == 1 => return Ok(end + 1),
                b']' => {
                    open -= 1;
                    end + 1
                }
                b'[' => {
                    open += 1;
                    end + 1
                }
                b'$' => self.dollar(end, depth, false)?,
                _ => end + 1,
            };
        }
        let what = "an arithmetic expression that is never closed";
        Err(Fault { what, at })
    }

    /// Skips `${…}`; `at` is the first byte inside.
    pub(super) fn braced(&self, at: usize, depth: u32, quoted: bool) -> End {
        let depth = deeper(depth, at)?;
        let mut end = at;
        while let Some(byte) = self.byte(end) {
            end = match byte {
                b'}' => return Ok(end + 1),
                b'#' if end == at => end + 1,
                // Inside double quotes a single quote is a character: `"${x:-it's}"`.
                b'\'' if quoted => end + 1,
                byte => self.quote_or_one(end, byte, depth)?,
            };
        }
        let what = "an expansion that is never closed";
        Err(Fault { what, at })
    }

    /// Skips one quote, escape or substitution, otherwise one byte.
    fn quote_or_one(&self, at: usize, byte: u8, depth: u32) -> End {
        match byte {
            b'\\' => Ok(at + 2),
            b'\'' => self.single_quoted(at + 1),
            b'"' => self.double_quoted(at + 1, depth),
            b'`' if !self.fish => self.backquoted(at + 1),
            b'$' if self.byte(at + 1) == Some(b'\'') && !self.fish => self.escaped_quoted(at + 2),
            b'$' => self.dollar(at, depth, false),
            b'<' | b'>' if self.byte(at + 1) == Some(b'(') && !self.fish => {
                self.command(at + 2, depth)
            }
            _ => Ok(at + 1),
        }
    }

    /// Skips balanced parentheses; `at` is the byte of the first `(`.
    pub(super) fn balanced(&self, at: usize, depth: u32) -> End {
        let depth = deeper(depth, at)?;
        let mut open = 0_u32;
        let mut end = at;
        while let Some(byte) = self.byte(end) {
            end = match byte {
                b'(' => {
                    open += 1;
                    end + 1
                }
                b')' if open <= 1 => return Ok(end + 1),
                b')' => {
                    open -= 1;
                    end + 1
                }
                byte => self.quote_or_one(end, byte, depth)?,
            };
        }
        let what = "a parenthesis that is never closed";
        Err(Fault { what, at })
    }

    /// Skips the commands of `$(…)`, `<(…)`; `at` is the first byte inside. Knows `case`, comments and here-documents.
    pub(super) fn command(&self, at: usize, depth: u32) -> End {
        let depth = deeper(depth, at)?;
        let (mut end, mut open, mut cases) = (at, 0_u32, 0_u32);
        let (mut fresh, mut commanding) = (true, true);
        let mut pending = Vec::new();
        while let Some(byte) = self.byte(end) {
            let start = end;
            match byte {
                b')' if open == 0 && cases == 0 => return Ok(end + 1),
                b')' => {
                    open = open.saturating_sub(1);
                    end += 1;
                    (fresh, commanding) = (true, true);
                }
                b'(' | b';' | b'&' | b'|' => {
                    open += u32::from(byte == b'(');
                    end += 1;
                    (fresh, commanding) = (true, true);
                }
                b'\n' => {
                    end = self.bodies(end + 1, &std::mem::take(&mut pending)).1;
                    (fresh, commanding) = (true, true);
                }
                b' ' | b'\t' | b'\r' => {
                    end += 1;
                    fresh = true;
                }
                b'#' if fresh => end = self.line_end(end),
                b'<' if self.starts(end, "<<<") => end += 3,
                b'<' if self.starts(end, "<<") && !self.fish => {
                    let (here, next) = self.here_document(end + 2, depth)?;
                    pending.push(here);
                    end = next;
                }
                _ if fresh && byte.is_ascii_lowercase() => {
                    let word = self.plain_word(end);
                    end += word.len();
                    match word {
                        "case" if commanding => cases += 1,
                        "esac" if commanding => cases = cases.saturating_sub(1),
                        _ => {}
                    }
                    commanding = matches!(word, "then" | "do" | "else" | "if" | "while" | "until");
                    fresh = false;
                }
                _ => {
                    end = self.quote_or_one(end, byte, depth)?;
                    (fresh, commanding) = (false, false);
                }
            }
            debug_assert!(end > start, "the scan moves on");
        }
        let what = "a substitution that is never closed";
        Err(Fault { what, at })
    }

    /// Returns the letters at `at`, when a word ends behind them.
    pub(super) fn plain_word(&self, at: usize) -> &'a str {
        let letters = self
            .text
            .as_bytes()
            .get(at..)
            .unwrap_or_default()
            .iter()
            .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_')
            .count();
        self.slice(at, at + letters)
    }

    /// Returns the end of the line, its newline excluded.
    pub(super) fn line_end(&self, at: usize) -> usize {
        let rest = self.text.as_bytes().get(at..).unwrap_or_default();
        rest.iter()
            .position(|byte| *byte == b'\n')
            .map_or(self.text.len(), |offset| at + offset)
    }

    /// Reads the delimiter of a here-document; `at` is one past `<<`.
    pub(super) fn here_document(&self, at: usize, depth: u32) -> Result<(Pending, usize), Fault> {
        let tabs = self.byte(at) == Some(b'-');
        let mut end = at + usize::from(tabs);
        while matches!(self.byte(end), Some(b' ' | b'\t')) {
            end += 1;
        }
        let start = end;
        while let Some(byte) = self.byte(end) {
            end = match byte {
                b' ' | b'\t' | b'\n' | b'\r' | b';' | b'&' | b'|' | b'<' | b'>' | b'(' | b')' => {
                    break;
                }
                byte => self.quote_or_one(end, byte, depth)?,
            };
        }
        let end = end.min(self.text.len());
        let written = self.slice(start, end);
        if written.is_empty() {
            let what = "a here-document without a delimiter";
            return Err(Fault { what, at });
        }
        let expands = !written.contains(['\'', '"', '\\']);
        let delimiter = written
            .chars()
            .filter(|character| !matches!(character, '\'' | '"' | '\\'))
            .collect();
        let pending = Pending {
            delimiter,
            tabs,
            expands,
        };
        Ok((pending, end))
    }

    /// Finds the bodies of `pending`, which begin at `at`; each is ended by its delimiter or by the end of the text, as bash
    /// does with a warning. Returns them and the first byte behind the last.
    pub(super) fn bodies(&self, at: usize, pending: &[Pending]) -> (Vec<Body>, usize) {
        let mut next = at.min(self.text.len());
        let bodies = pending
            .iter()
            .map(|here| {
                let body = self.body(next, here);
                next = body.next;
                body
            })
            .collect();
        (bodies, next)
    }

    fn body(&self, start: usize, here: &Pending) -> Body {
        let mut at = start;
        while at < self.text.len() {
            let end = self.line_end(at);
            let line = self.slice(at, end);
            let line = line.strip_suffix('\r').unwrap_or(line);
            let line = if here.tabs {
                line.trim_start_matches('\t')
            } else {
                line
            };
            let next = (end + 1).min(self.text.len());
            if line == here.delimiter {
                return Body {
                    start,
                    end: at,
                    next,
                };
            }
            at = end + 1;
        }
        let end = self.text.len();
        Body {
            start: start.min(end),
            end,
            next: end,
        }
    }
}

/// Refuses the next here-document when there are too many.
pub(super) fn one_more_here_document(count: usize, at: usize) -> Result<(), Fault> {
    if count >= HERE_DOCUMENTS_MAX {
        let what = "more than 256 here-documents";
        return Err(Fault { what, at });
    }
    Ok(())
}
