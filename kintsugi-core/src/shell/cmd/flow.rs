//! `if`, `for` and `set` of cmd.

use std::rc::Rc;

use super::{Fault, Reader, UNREAD};

impl Reader<'_> {
    /// `if [/i] [not] condition command [else command]`.
    pub(super) fn branches(&mut self, out: &mut String) -> Result<(), Fault> {
        self.deeper()?;
        self.skip_blanks();
        while self.keyword("/i") || self.keyword("not") {
            self.skip_blanks();
        }
        let tests = ["exist", "defined", "errorlevel", "cmdextversion"];
        let is_test = tests.into_iter().any(|test| self.keyword(test));
        self.skip_blanks();
        self.word(false)?;
        if !is_test {
            let has_sign = self.rest().trim_start().starts_with("==");
            // Blanks and `=` are passed over.
            self.skip_blanks();
            if !has_sign {
                let operators = ["equ", "neq", "lss", "leq", "gtr", "geq"];
                if !operators.into_iter().any(|operator| self.keyword(operator)) {
                    return Err(UNREAD);
                }
                self.skip_blanks();
            }
            self.word(false)?;
        }
        self.skip_blanks();
        out.push_str("if :; then\n");
        let is_block = self.next() == Some('(');
        if is_block {
            self.command(out)?;
        } else {
            self.line(out)?;
        }
        if is_block {
            let start = self.at;
            self.skip_blanks();
            if self.keyword("else") {
                self.skip_blanks();
                out.push_str("\nelse\n");
                if self.next() == Some('(') {
                    self.command(out)?;
                } else {
                    self.line(out)?;
                }
            } else {
                self.at = start;
            }
        }
        out.push_str("\nfi");
        self.depth -= 1;
        Ok(())
    }

    /// `for [/d] [/r path] [/l] [/f "options"] %x in (…) do command`.
    pub(super) fn loop_of(&mut self, out: &mut String) -> Result<(), Fault> {
        self.deeper()?;
        let (mut kind, mut below, mut options) = (' ', None, String::new());
        loop {
            self.skip_blanks();
            let rest = self.rest();
            if rest.starts_with('%') {
                break;
            }
            if let Some(switch) = rest.strip_prefix('/') {
                kind = switch.chars().next().ok_or(UNREAD)?.to_ascii_lowercase();
                self.at += 1 + kind.len_utf8();
                continue;
            }
            let word = self.word(false)?;
            match kind {
                'r' => below = Some(word.bash),
                'f' => options = word.plain.to_ascii_lowercase(),
                _ => return Err(UNREAD),
            }
        }
        self.at += if self.rest().starts_with("%%") { 2 } else { 1 };
        let letter = self.next().ok_or(UNREAD)?;
        self.at += letter.len_utf8();
        if !letter.is_ascii_alphabetic() {
            return Err(UNREAD);
        }
        self.skip_blanks();
        if !self.keyword("in") {
            return Err(UNREAD);
        }
        self.skip_blanks();
        let listed = self.parenthesized()?;
        let items = match kind {
            'f' => self.of_lines(&listed, &options)?,
            'l' => [&listed.replace(',', " "), " \"${counted}\""].concat(),
            ' ' | 'd' | 'r' => self.of_names(&listed, kind == 'r', below.as_deref())?,
            _ => return Err(UNREAD),
        };
        self.skip_blanks();
        if !self.keyword("do") {
            return Err(UNREAD);
        }
        self.skip_blanks();
        let outside = self.loops.clone();
        self.loops.insert(letter);
        if options.contains("tokens") {
            // The letters behind it take the other parts of a line; what they are is not known.
            let more = (letter as u8).saturating_add(1)..=(letter as u8).saturating_add(5);
            self.loops
                .extend(more.map(char::from).filter(char::is_ascii_alphabetic));
        }
        let name = ["for_", &letter.to_string()].concat();
        match items {
            items if items.is_empty() => out.push_str("{ :\n"),
            items => out.push_str(&["for ", &name, " in ", &items, "; do :\n"].concat()),
        }
        let is_empty = out.ends_with("{ :\n");
        if self.next() == Some('(') {
            self.command(out)?;
        } else {
            self.line(out)?;
        }
        out.push_str(if is_empty { "\n}" } else { "\ndone" });
        self.loops = outside;
        self.depth -= 1;
        Ok(())
    }

    /// The text between the parentheses that are next.
    fn parenthesized(&mut self) -> Result<String, Fault> {
        let rest = self.rest();
        let inside = rest.strip_prefix('(').ok_or(UNREAD)?;
        let mut quoted = false;
        let mut mark = None;
        for (at, letter) in inside.char_indices() {
            match letter {
                '"' => quoted = !quoted,
                '\'' | '`' if !quoted => {
                    mark = match mark {
                        None => Some(letter),
                        Some(open) if open == letter => None,
                        Some(open) => Some(open),
                    };
                }
                ')' if !quoted && mark.is_none() => {
                    let text = inside.get(..at).unwrap_or_default().to_owned();
                    self.at += at + 2;
                    return Ok(text);
                }
                _ => {}
            }
        }
        Err("a parenthesis of cmd that is never closed")
    }

    /// A reader of a part of the text, with what is known here.
    fn part<'p>(&self, text: &'p str) -> Reader<'p> {
        Reader {
            text,
            at: 0,
            depth: self.depth,
            open: 0,
            set: Rc::clone(&self.set),
            is_delayed: self.is_delayed,
            loops: self.loops.clone(),
            obscure: false,
        }
    }

    fn of_names(&self, listed: &str, deep: bool, below: Option<&str>) -> Result<String, Fault> {
        let mut reader = self.part(listed);
        let mut items = String::new();
        loop {
            reader.skip_blanks();
            while reader.next() == Some('\n') {
                reader.at += 1;
                reader.skip_blanks();
            }
            if reader.next().is_none() {
                break;
            }
            let word = reader.word(false)?.bash;
            let below = below.unwrap_or(".");
            if deep {
                items.push_str(&[below, "/"].concat());
            }
            items.push_str(&[&word, " "].concat());
        }
        if items.is_empty() {
            items.push_str("''");
        }
        Ok(items)
    }

    /// The lines of `/f`; nothing when which part of them is taken is not known.
    fn of_lines(&self, listed: &str, options: &str) -> Result<String, Fault> {
        let listed = listed.trim();
        let quotes = options.contains("usebackq");
        let command_mark = if quotes { '`' } else { '\'' };
        let text_mark = if quotes { '\'' } else { '"' };
        let between = |mark: char| {
            listed
                .strip_prefix(mark)
                .and_then(|it| it.strip_suffix(mark))
        };
        let mut items = String::new();
        if let Some(command) = between(command_mark) {
            let command = command
                .replace("^|", "|")
                .replace("^&", "&")
                .replace("^>", ">");
            let mut inner = self.part(&command);
            inner.deeper()?;
            items.push_str("$(");
            inner.statements(&mut items)?;
            items.push(')');
        } else if let Some(text) = between(text_mark) {
            items = self
                .part(text)
                .word(true)
                .map_or_else(|_| "''".to_owned(), |word| word.bash);
        } else {
            items = ["$(cat ", &self.of_names(listed, false, None)?, ")"].concat();
        }
        let delimiters = options.split("delims=").nth(1).unwrap_or_default();
        let is_cut = delimiters.starts_with(|it: char| it != '"' && !it.is_whitespace());
        let first = ["tokens=*", "tokens=1,", "tokens=1 ", "tokens=1\""];
        let takes_first = !options.contains("tokens=")
            || first.iter().any(|tokens| options.contains(tokens))
            || options.ends_with("tokens=1");
        if takes_first && !is_cut && !options.contains("skip=") {
            return Ok(items);
        }
        // What runs is seen; what it prints is cut into parts that are not known.
        Ok(["\"$(printf '%s\\n' ", &items, " | paste)\""].concat())
    }

    /// `set NAME=value`, `set "NAME=value"`, `set /a …`, `set /p NAME=question`.
    pub(super) fn setting(&mut self, out: &mut String) -> Result<(), Fault> {
        let mut computed = false;
        loop {
            while matches!(self.next(), Some(' ' | '\t')) {
                self.at += 1;
            }
            let rest = self.rest().get(..2).unwrap_or_default();
            if !rest.eq_ignore_ascii_case("/a") && !rest.eq_ignore_ascii_case("/p") {
                break;
            }
            computed = true;
            self.at += 2;
        }
        let opened = usize::from(self.next() == Some('"'));
        let behind = self.rest().get(opened..).unwrap_or_default();
        let end = behind
            .find(['=', '&', '|', '\n', '>', '<'])
            .unwrap_or(behind.len());
        let is_set = behind.get(end..).is_some_and(|it| it.starts_with('='));
        let name: String = behind
            .get(..end)
            .unwrap_or_default()
            .chars()
            .filter(|it| it.is_ascii_alphanumeric() || *it == '_')
            .collect::<String>()
            .to_ascii_uppercase();
        if !is_set || name.is_empty() || name.starts_with(|it: char| it.is_ascii_digit()) {
            // It prints, or computes several.
            if !matches!(self.next(), None | Some('&' | '|' | '\n' | '>' | '<' | ')')) {
                self.word(true)?;
            }
            out.push(':');
            return self.redirections(out);
        }
        self.at += opened + end + 1;
        let mut value = "''".to_owned();
        if opened == 1 {
            // The quote in front belongs to all of it.
            let rest = self.rest();
            let line = rest.find('\n').unwrap_or(rest.len());
            let close = rest.get(..line).and_then(|it| it.find('"')).ok_or(UNREAD)?;
            let inner = rest.get(..close).unwrap_or_default().to_owned();
            if !inner.is_empty() {
                let inner = inner
                    .replace('^', "^^")
                    .replace('&', "^&")
                    .replace('|', "^|");
                let inner = inner.replace('<', "^<").replace('>', "^>");
                value = self.part(&inner).word(true)?.bash;
            }
            self.at += close + 1;
        } else if !matches!(self.next(), None | Some('&' | '|' | '\n' | '>' | '<'))
            && !self.closes()
        {
            value = self.word(true)?.bash;
        }
        if computed {
            "\"${computed_value}\"".clone_into(&mut value);
        }
        out.push_str(&["export ", &name, "=", &value].concat());
        Rc::make_mut(&mut self.set).insert(name);
        self.redirections(out)
    }
}
