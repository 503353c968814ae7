//! PowerShell → bash: writes simple pipelines of cmdlets as the text of bash that would start commands of these names
//! (PowerShell 7.4, `about_Parsing`, `about_Quoting_Rules`, `about_Aliases`).
//!
//! Commands with parameters, `;`, `|`, `&`, strings, variables, script blocks, assignments, `if` and `try` are read. Everything else of the
//! language (types, methods, operators, loops) is an error, so that the line is held.

mod branches;
mod names;
#[cfg(test)]
mod tests;

use crate::limits::SHELL_DEPTH_MAX;
use names::{cmdlet, only_looks, parameter};

/// Why a text is not read.
pub(super) type Fault = &'static str;

/// What `$PROFILE` holds (`about_Profiles`): it runs whenever a shell starts.
const PROFILE: &str = "\"${HOME}/.config/powershell/Microsoft.PowerShell_profile.ps1\"";

pub(super) const UNREAD: Fault = "a text of PowerShell that is more than a pipeline of commands";

struct Reader<'t> {
    text: &'t str,
    at: usize,
    depth: u32,
    /// Arguments of a cmdlet are read, which takes `\` for what parts a path, on every system.
    parts_paths: bool,
}

/// Returns what bash would be told.
pub(super) fn to_bash(text: &str) -> Result<String, Fault> {
    let mut reader = Reader {
        text,
        at: 0,
        depth: 0,
        parts_paths: false,
    };
    let mut out = String::new();
    reader.statements(&mut out)?;
    if reader.next().is_some() {
        return Err(UNREAD);
    }
    Ok(out)
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn next(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn skip_blanks(&mut self) {
        loop {
            let rest = self.rest();
            if rest.starts_with("`\n") || rest.starts_with("`\r\n") {
                self.at += rest.find('\n').unwrap_or(0) + 1;
            } else if rest.starts_with([' ', '\t', '\r']) {
                self.at += 1;
            } else if rest.starts_with('#') {
                self.at += rest.find('\n').unwrap_or(rest.len());
            } else {
                return;
            }
        }
    }

    /// Statements up to the end or what closes a block.
    fn statements(&mut self, out: &mut String) -> Result<(), Fault> {
        self.depth += 1;
        if self.depth > SHELL_DEPTH_MAX {
            return Err("more than 48 nested constructs");
        }
        loop {
            self.skip_blanks();
            match self.next() {
                None | Some('}' | ')') => break,
                Some(';' | '\n') => self.at += 1,
                Some(_) => {
                    self.statement(out)?;
                    out.push('\n');
                }
            }
        }
        self.depth -= 1;
        Ok(())
    }

    /// A pipeline, or an assignment of one.
    fn statement(&mut self, out: &mut String) -> Result<(), Fault> {
        // Nothing is assigned to `$(…)`, and what is read twice at each depth takes for ever.
        let may_assign = self.rest().starts_with('$') && !self.rest().starts_with("$(");
        if may_assign && self.assignment(out)? {
            return Ok(());
        }
        if self.branches(out)? {
            return Ok(());
        }
        let mut blocks = String::new();
        loop {
            self.skip_blanks();
            self.command(out, &mut blocks)?;
            self.skip_blanks();
            let rest = self.rest();
            let joined = ["&&", "||", "|"]
                .into_iter()
                .find(|mark| rest.starts_with(mark));
            let Some(mark) = joined else { break };
            self.at += mark.len();
            out.push(' ');
            out.push_str(mark);
            out.push(' ');
            while self.rest().starts_with('\n') {
                self.at += 1;
            }
        }
        if self.rest().starts_with('&') {
            self.at += 1;
            out.push_str(" &");
        }
        out.push('\n');
        out.push_str(&blocks);
        match self.next() {
            None | Some(';' | '\n' | '}' | ')') => Ok(()),
            Some(_) => Err(UNREAD),
        }
    }

    /// `$x = 'text'`, `$x = command`, `$env:X = 'text'`; nothing is consumed when it is something else.
    fn assignment(&mut self, out: &mut String) -> Result<bool, Fault> {
        let start = self.at;
        let mut target = String::new();
        self.variable(&mut target)?;
        self.skip_blanks();
        let rest = self.rest();
        if !rest.starts_with('=') || rest.starts_with("==") {
            self.at = start;
            return Ok(false);
        }
        self.at += 1;
        self.skip_blanks();
        let name: String = target
            .chars()
            .filter(|letter| letter.is_ascii_alphanumeric() || *letter == '_')
            .collect();
        let begins = self.text.get(start..start + "$env:".len());
        let exports = begins.is_some_and(|text| text.eq_ignore_ascii_case("$env:"));
        if exports {
            out.push_str("export ");
        }
        let is_value = matches!(self.next(), Some('\'' | '"' | '0'..='9' | '$'));
        if is_value {
            let mut value = String::new();
            let mut blocks = String::new();
            let _ = self.word(&mut value, &mut blocks)?;
            self.skip_blanks();
            if !matches!(self.next(), None | Some(';' | '\n' | '}' | ')')) {
                return Err(UNREAD);
            }
            out.push_str(&[name.as_ref(), "=", value.as_ref()].concat());
        } else {
            let mut inner = String::new();
            self.statement(&mut inner)?;
            out.push_str(&[name.as_ref(), "=\"$(", inner.as_ref(), ")\""].concat());
        }
        Ok(true)
    }

    /// A command with its arguments, or a value that a pipeline begins with.
    fn command(&mut self, out: &mut String, blocks: &mut String) -> Result<(), Fault> {
        let called = self.rest().starts_with(['&', '.'])
            && !self.rest().starts_with("./")
            && !self.rest().starts_with(".\\");
        if called {
            self.at += 1;
            self.skip_blanks();
        }
        let is_value = !called && matches!(self.next(), Some('\'' | '"' | '$' | '(' | '0'..='9'));
        let outside = self.parts_paths;
        self.parts_paths = false;
        let mut words: Vec<String> = Vec::new();
        loop {
            self.skip_blanks();
            if let [first] = words.as_slice() {
                self.parts_paths = !is_value && cmdlet(first).is_ok_and(|name| is_cmdlet(&name));
            }
            let mut word = String::new();
            if self.redirection(&mut word)? {
                words.push(word);
                continue;
            }
            if !self.word(&mut word, blocks)? {
                break;
            }
            words.push(word);
        }
        self.parts_paths = outside;
        let Some(first) = words.first() else {
            return Err(UNREAD);
        };
        if is_value {
            // `'text' | iex`: what is printed.
            if words.len() > 1 {
                return Self::expression(&words, out);
            }
            out.push_str(&["printf '%s\\n' ", first.as_ref()].concat());
            return Ok(());
        }
        let name = if first.starts_with(['\'', '"']) && called {
            first.clone()
        } else {
            cmdlet(first)?
        };
        if only_looks(&name) {
            // What is looked at is what was listed: only the script blocks of such a command run.
            out.push_str("cat");
            return Ok(());
        }
        let rest = words.get(1..).unwrap_or_default();
        let rest: Vec<String> = if is_cmdlet(&name) {
            rest.iter().map(|word| parameter(word)).collect()
        } else {
            rest.to_vec()
        };
        let rest = rest.join(" ");
        out.push_str(&[name.as_ref(), " ", rest.as_str()].concat());
        Ok(())
    }

    /// `$_.CPU -gt 10`: a comparison, without a call in it.
    fn expression(words: &[String], out: &mut String) -> Result<(), Fault> {
        const OPERATORS: [&str; 22] = [
            "-gt",
            "-lt",
            "-ge",
            "-le",
            "-eq",
            "-ne",
            "-like",
            "-notlike",
            "-match",
            "-notmatch",
            "-and",
            "-or",
            "-not",
            "-contains",
            "-in",
            "-notin",
            "-is",
            "-ceq",
            "-ieq",
            "-clike",
            "-cmatch",
            "-isnot",
        ];
        let second = words.get(1).map(|word| word.to_ascii_lowercase());
        if second.is_some_and(|word| OPERATORS.contains(&word.trim_matches('\''))) {
            out.push_str("true");
            // What is compared may be what a command prints.
            for word in words.iter().filter(|word| word.contains("$(")) {
                out.push(' ');
                out.push_str(word);
            }
            return Ok(());
        }
        Err(UNREAD)
    }

    fn redirection(&mut self, word: &mut String) -> Result<bool, Fault> {
        let rest = self.rest();
        let digits = rest
            .bytes()
            .take_while(|byte| byte.is_ascii_digit() || *byte == b'*')
            .count();
        let mark = rest.get(digits..).unwrap_or_default();
        if !mark.starts_with('>') || digits > 1 {
            return Ok(false);
        }
        let stream = rest.get(..digits).unwrap_or_default().replace('*', "&");
        let appends = mark.starts_with(">>");
        self.at += digits + 1 + usize::from(appends);
        if self.rest().starts_with('&') {
            self.at += 2;
            return Ok(true);
        }
        self.skip_blanks();
        let mut target = String::new();
        if !self.word(&mut target, &mut String::new())? {
            return Err(UNREAD);
        }
        let target = if target.contains("null") {
            "/dev/null"
        } else {
            &target
        };
        word.push_str(
            &[
                stream.as_ref(),
                if appends { ">>" } else { ">" },
                " ",
                target,
            ]
            .concat(),
        );
        Ok(true)
    }

    /// One word as bash would write it; false at the end of the command.
    fn word(&mut self, word: &mut String, blocks: &mut String) -> Result<bool, Fault> {
        let start = self.at;
        while let Some(letter) = self.next() {
            match letter {
                ' ' | '\t' | '\r' | '\n' | ';' | '|' | ')' | '}' | '&' | '>' | '<' => break,
                ',' => {
                    self.at += 1;
                    word.push(' ');
                    self.skip_blanks();
                }
                '\'' => self.single(word)?,
                '"' => self.double(word)?,
                '$' | '@' => self.variable(word)?,
                '(' if self.at == start => self.group(word)?,
                '{' if self.at == start => {
                    self.at += 1;
                    self.statements(blocks)?;
                    self.close('}')?;
                    word.push_str("''");
                }
                '(' | '[' | '{' => return Err(UNREAD),
                // An operator, where a value stands in front of it.
                '+' if self.at > start => return Err(UNREAD),
                '`' => {
                    self.at += 1;
                    let escaped = self.next().unwrap_or('`');
                    self.at += escaped.len_utf8();
                    push_quoted(word, &escaped.to_string());
                }
                '*' | '?' | '~' => {
                    self.at += 1;
                    word.push(letter);
                }
                _ => {
                    let rest = self.rest();
                    let end = rest
                        .find(|it: char| !(it.is_alphanumeric() || "-_./\\:=+%#".contains(it)))
                        .unwrap_or(rest.len())
                        .max(letter.len_utf8());
                    let text = self.parted(rest.get(..end).unwrap_or_default());
                    self.at += end;
                    push_quoted(word, &text);
                }
            }
        }
        Ok(self.at > start)
    }

    /// Returns a text as whoever is given it takes it.
    fn parted(&self, text: &str) -> String {
        if self.parts_paths {
            text.replace('\\', "/")
        } else {
            text.to_owned()
        }
    }

    fn close(&mut self, mark: char) -> Result<(), Fault> {
        self.skip_blanks();
        if self.next() != Some(mark) {
            return Err("a bracket of PowerShell that is never closed");
        }
        self.at += 1;
        Ok(())
    }

    /// `(command)`: what it prints. A member behind it may be anything.
    fn group(&mut self, word: &mut String) -> Result<(), Fault> {
        self.at += 1;
        let mut inner = String::new();
        self.statements(&mut inner)?;
        self.close(')')?;
        word.push_str(&["\"$(", inner.as_ref(), ")\""].concat());
        self.members()
    }

    /// `.Content`, `.Length`: of a value that is not known anyway. A call is not read.
    fn members(&mut self) -> Result<(), Fault> {
        while self.rest().starts_with('.') {
            let behind = self.rest().get(1..).unwrap_or_default();
            let end = behind
                .find(|letter: char| !(letter.is_alphanumeric() || letter == '_'))
                .unwrap_or(behind.len());
            if end == 0 {
                return Ok(());
            }
            self.at += 1 + end;
        }
        if self.rest().starts_with(['(', '[']) {
            return Err(UNREAD);
        }
        Ok(())
    }

    fn single(&mut self, word: &mut String) -> Result<(), Fault> {
        self.at += 1;
        let mut text = String::new();
        while let Some(letter) = self.next() {
            self.at += letter.len_utf8();
            if letter != '\'' {
                text.push(letter);
            } else if self.rest().starts_with('\'') {
                self.at += 1;
                text.push('\'');
            } else {
                push_quoted(word, &self.parted(&text));
                return self.members();
            }
        }
        Err("a quote that is never closed")
    }

    fn double(&mut self, word: &mut String) -> Result<(), Fault> {
        self.at += 1;
        while let Some(letter) = self.next() {
            match letter {
                '"' => {
                    self.at += 1;
                    word.push_str("''");
                    return self.members();
                }
                '$' => self.variable(word)?,
                '`' => {
                    self.at += 1;
                    let escaped = self.next().unwrap_or('`');
                    self.at += escaped.len_utf8();
                    let letter = match escaped {
                        'n' => '\n',
                        't' => '\t',
                        'r' => '\r',
                        '0' => ' ',
                        other => other,
                    };
                    push_quoted(word, &letter.to_string());
                }
                letter => {
                    self.at += letter.len_utf8();
                    push_quoted(word, &self.parted(letter.encode_utf8(&mut [0; 4])));
                }
            }
        }
        Err("a quote that is never closed")
    }

    /// `$x`, `$env:X`, `${x}`, `$(…)`, `$x.Member`.
    fn variable(&mut self, word: &mut String) -> Result<(), Fault> {
        let is_list = self.rest().starts_with('@');
        self.at += 1;
        if self.rest().starts_with('(') {
            return self.group(word);
        }
        if is_list {
            return Err(UNREAD);
        }
        let braced = self.rest().starts_with('{');
        self.at += usize::from(braced);
        let rest = self.rest();
        let end = rest
            .find(|letter: char| {
                !(letter.is_alphanumeric() || matches!(letter, '_' | ':' | '?' | '$'))
            })
            .unwrap_or(rest.len());
        let name = rest.get(..end).unwrap_or_default().to_owned();
        self.at += end;
        if braced {
            self.close('}')?;
        }
        let lower = name.to_ascii_lowercase();
        let plain = lower
            .strip_prefix("env:")
            .map_or(name.as_str(), |_| name.get(4..).unwrap_or_default());
        let known = match plain.to_ascii_lowercase().as_str() {
            "" => {
                push_quoted(word, "$");
                return Ok(());
            }
            "home" | "userprofile" => "HOME".to_owned(),
            "pwd" => "PWD".to_owned(),
            "profile" => {
                word.push_str(PROFILE);
                return self.members();
            }
            "null" => {
                word.push_str("/dev/null");
                return Ok(());
            }
            "true" | "false" => {
                word.push_str(&lower);
                return Ok(());
            }
            "_" | "psitem" => "piped_item".to_owned(),
            _ => plain
                .chars()
                .filter(|it| it.is_ascii_alphanumeric() || *it == '_')
                .collect(),
        };
        if known.is_empty() {
            return Err(UNREAD);
        }
        word.push_str(&["\"${", known.as_ref(), "}\""].concat());
        self.members()
    }
}

fn is_cmdlet(name: &str) -> bool {
    name.contains('-') && name.starts_with(|it: char| it.is_ascii_uppercase())
}

fn push_quoted(word: &mut String, text: &str) {
    // Only what means something to bash is quoted, so that short texts stay short.
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:=+%,@".contains(&byte);
    if !text.is_empty() && text.bytes().all(plain) {
        word.push_str(text);
        return;
    }
    word.push('\'');
    word.push_str(&text.replace('\'', "'\\''"));
    word.push('\'');
}
