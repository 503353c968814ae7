//! Control flow: whatever may run is written, one behind the other.

use super::{Fault, Reader, UNREAD};

impl Reader<'_> {
    /// `if (…) {…} elseif (…) {…} else {…}` and `try {…} catch {…} finally {…}`: whatever may run is written, one behind the other.
    pub(super) fn branches(&mut self, out: &mut String) -> Result<bool, Fault> {
        if self.keyword("if") {
            self.condition(out)?;
            self.block(out)?;
            while self.keyword("elseif") {
                self.condition(out)?;
                self.block(out)?;
            }
            if self.keyword("else") {
                self.block(out)?;
            }
            return Ok(true);
        }
        if !self.keyword("try") {
            return Ok(false);
        }
        self.block(out)?;
        while self.keyword("catch") || self.keyword("finally") {
            self.block(out)?;
        }
        Ok(true)
    }

    /// Passes a word of control flow, if it is next; also at the beginning of the next line.
    fn keyword(&mut self, word: &str) -> bool {
        let start = self.at;
        self.skip_blanks();
        while self.next() == Some('\n') {
            self.at += 1;
            self.skip_blanks();
        }
        let rest = self.rest();
        let is_it = rest
            .get(..word.len())
            .is_some_and(|begin| begin.eq_ignore_ascii_case(word))
            && rest
                .get(word.len()..)
                .is_some_and(|behind| behind.starts_with([' ', '\t', '\r', '\n', '(', '{']));
        self.at = if is_it { self.at + word.len() } else { start };
        is_it
    }

    fn condition(&mut self, out: &mut String) -> Result<(), Fault> {
        self.skip_blanks();
        if self.next() != Some('(') {
            return Err(UNREAD);
        }
        self.at += 1;
        self.skip_blanks();
        // What is asked is told by no word of bash; the command in it runs all the same.
        while self.next() == Some('!') {
            self.at += 1;
            self.skip_blanks();
        }
        self.statements(out)?;
        self.close(')')
    }

    fn block(&mut self, out: &mut String) -> Result<(), Fault> {
        self.skip_blanks();
        while self.next() == Some('\n') {
            self.at += 1;
            self.skip_blanks();
        }
        if self.next() != Some('{') {
            return Err(UNREAD);
        }
        self.at += 1;
        self.statements(out)?;
        self.close('}')
    }
}
