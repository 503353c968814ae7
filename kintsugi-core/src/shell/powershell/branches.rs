//! Control flow: whatever may run is written, one behind the other.

use super::{Fault, Reader, UNREAD};

impl Reader<'_> {
    /// `if`, `try`, `switch`, loops, functions and what leaves them; false when none is next.
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
        } else if self.keyword("try") {
            self.block(out)?;
            loop {
                if self.keyword("catch") {
                    self.skip_blanks();
                    while self.next() == Some('[') {
                        self.type_name()?;
                        self.skip_blanks();
                        self.at += usize::from(self.next() == Some(','));
                        self.skip_blanks();
                    }
                } else if !self.keyword("finally") {
                    break;
                }
                self.block(out)?;
            }
        } else if self.keyword("while") {
            self.condition(out)?;
            self.block(out)?;
        } else if self.keyword("do") {
            self.block(out)?;
            if !self.keyword("while") && !self.keyword("until") {
                return Err(UNREAD);
            }
            self.condition(out)?;
        } else if self.keyword("for") {
            self.three_parts(out)?;
            self.block(out)?;
        } else if self.begins_foreach() {
            self.at += "foreach".len();
            self.each(out)?;
        } else if self.keyword("switch") {
            self.switch(out)?;
        } else if self.keyword("function") || self.keyword("filter") {
            self.function(out)?;
        } else if self.keyword("param") {
            self.parameters(out)?;
        } else if self.leaves() {
            self.skip_blanks();
            if self.ends().is_err() {
                let mut blocks = String::new();
                let value = self.statement_value(&mut blocks)?;
                out.push_str(&["printf '%s\\n' ", &value.word, "\n", &blocks].concat());
            }
        } else {
            let parts = ["begin", "process", "end", "trap"];
            if !parts.into_iter().any(|part| self.keyword(part)) {
                return Ok(false);
            }
            self.block(out)?;
        }
        Ok(true)
    }

    /// `return`, `throw`, `exit`, `break`, `continue`.
    fn leaves(&mut self) -> bool {
        let rest = self.rest();
        let end = rest
            .find(|letter: char| !letter.is_ascii_alphabetic())
            .unwrap_or(rest.len());
        let word = rest.get(..end).unwrap_or_default().to_ascii_lowercase();
        let is_it = ["return", "throw", "exit", "break", "continue"].contains(&word.as_str())
            && !rest
                .get(end..)
                .unwrap_or_default()
                .starts_with(['-', '.', '/', '\\', '_']);
        if is_it {
            self.at += end;
        }
        is_it
    }

    /// `foreach (`: the word alone is a cmdlet's other name.
    fn begins_foreach(&self) -> bool {
        let rest = self.rest();
        rest.get(..7)
            .is_some_and(|word| word.eq_ignore_ascii_case("foreach"))
            && rest
                .get(7..)
                .unwrap_or_default()
                .trim_start()
                .starts_with('(')
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
        self.statements(out)?;
        self.close(')')
    }

    pub(super) fn block(&mut self, out: &mut String) -> Result<(), Fault> {
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

    /// `($i = 0; $i -lt 9; $i++)`.
    fn three_parts(&mut self, out: &mut String) -> Result<(), Fault> {
        self.condition(out)
    }

    /// `($x in …) { … }`.
    fn each(&mut self, out: &mut String) -> Result<(), Fault> {
        self.skip_blanks();
        self.close('(')?;
        self.skip_blanks();
        if self.next() != Some('$') {
            return Err(UNREAD);
        }
        let name = self.variable()?.assigned.ok_or(UNREAD)?;
        self.skip_blanks();
        if !self
            .rest()
            .get(..2)
            .is_some_and(|it| it.eq_ignore_ascii_case("in"))
        {
            return Err(UNREAD);
        }
        self.at += 2;
        let mut blocks = String::new();
        self.listed = None;
        let outside = std::mem::replace(&mut self.parts_paths, true);
        let value = self.statement_value(&mut blocks)?;
        self.parts_paths = outside;
        self.close(')')?;
        self.lists.remove(&name);
        self.hashes.remove(&name);
        self.constants.insert(name.clone(), None);
        out.push_str(&blocks);
        let listed = self
            .listed
            .take()
            .filter(|_| value.word.starts_with("\"$(Get-ChildItem "));
        let words = listed.unwrap_or(value.word);
        out.push_str(&["for ", &name, " in ", &words, "; do :\n"].concat());
        self.block(out)?;
        out.push_str("\ndone\n");
        Ok(())
    }

    /// `-Regex (value) { pattern { … } default { … } }`.
    fn switch(&mut self, out: &mut String) -> Result<(), Fault> {
        self.skip_blanks();
        while self.next() == Some('-') {
            let rest = self.rest();
            self.at += rest.find([' ', '\t', '\n', '(']).ok_or(UNREAD)?;
            self.skip_blanks();
        }
        self.condition(out)?;
        self.skip_blanks();
        while self.next() == Some('\n') {
            self.at += 1;
            self.skip_blanks();
        }
        self.close('{')?;
        loop {
            self.skip_blanks();
            match self.next() {
                Some('}') => break,
                Some('\n' | ';') => {
                    self.at += 1;
                    continue;
                }
                Some(_) => {}
                None => return Err(UNREAD),
            }
            if self.begins_value() {
                let mut blocks = String::new();
                let value = self.operand(&mut blocks)?;
                out.push_str(&[": ", &value.word, "\n", &blocks].concat());
            } else {
                let rest = self.rest();
                self.at += rest.find([' ', '\t', '\n', '{']).ok_or(UNREAD)?;
            }
            self.block(out)?;
            out.push('\n');
        }
        self.at += 1;
        Ok(())
    }

    /// `name($a, $b) { … }`: a function of bash whose parameters are all of its arguments.
    fn function(&mut self, out: &mut String) -> Result<(), Fault> {
        self.skip_blanks();
        let rest = self.rest();
        let end = rest
            .find(|letter: char| !(letter.is_ascii_alphanumeric() || "_-:".contains(letter)))
            .unwrap_or(rest.len());
        let name = rest.get(..end).unwrap_or_default();
        let name = name.rsplit(':').next().unwrap_or_default().to_owned();
        self.at += end;
        if name.is_empty() {
            return Err(UNREAD);
        }
        let mut body = String::new();
        self.skip_blanks();
        if self.next() == Some('(') {
            self.parameters(&mut body)?;
        }
        self.block(&mut body)?;
        let full = super::names::cmdlet(&name)?;
        if full != name {
            // It takes the place of another name.
            self.aliases.insert(name.to_ascii_lowercase(), name.clone());
        }
        out.push_str(&["function ", &name, " {\n:\n", &body, "\n}\n"].concat());
        Ok(())
    }

    /// `([string]$a, [Parameter(Mandatory)]$b = 'x')`.
    fn parameters(&mut self, out: &mut String) -> Result<(), Fault> {
        self.skip_blanks();
        self.close('(')?;
        loop {
            self.skip_blanks();
            match self.next() {
                Some(')') => break,
                Some(',' | '\n') => self.at += 1,
                Some('[') => {
                    self.type_name()?;
                }
                Some('$') => {
                    let name = self.variable()?.assigned.ok_or(UNREAD)?;
                    self.lists.insert(name.clone());
                    self.constants.insert(name.clone(), None);
                    self.skip_blanks();
                    let mut value = "\"$@\"".to_owned();
                    if self.next() == Some('=') {
                        self.at += 1;
                        let mut blocks = String::new();
                        value = [self.operand(&mut blocks)?.word.as_str(), " \"$@\""].concat();
                        out.push_str(&blocks);
                    }
                    out.push_str(&[&name, "=(", &value, ")\n"].concat());
                }
                Some(_) | None => return Err(UNREAD),
            }
        }
        self.at += 1;
        Ok(())
    }
}
