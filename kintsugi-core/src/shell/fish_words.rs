//! Words of fish as words of bash: quotes, escapes, variables that are lists, substitutions and redirections.

use super::fish::{Fault, Reader};

impl Reader<'_> {
    /// Words and redirections up to the end of the command.
    pub(super) fn words(&mut self, out: &mut String) -> Result<(), Fault> {
        loop {
            let mut redirection = String::new();
            let word = self.word_or_redirection(&mut redirection)?;
            out.push_str(&redirection);
            let Some(word) = word else { return Ok(()) };
            out.push_str(&word);
            out.push(' ');
        }
    }

    /// The next word; redirections in front of it are written apart.
    pub(super) fn word_or_redirection(
        &mut self,
        redirections: &mut String,
    ) -> Result<Option<String>, Fault> {
        loop {
            self.skip_blanks();
            let rest = self.rest();
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let mark = rest.get(digits..).unwrap_or_default();
            let both = digits == 0 && rest.starts_with("&>");
            if both || mark.starts_with(['<', '>']) && !mark.starts_with(">|") {
                let length = if both {
                    2 + usize::from(rest.starts_with("&>>"))
                } else {
                    let end = mark.find(|letter| !matches!(letter, '<' | '>' | '&' | '?'));
                    digits + end.unwrap_or(mark.len())
                };
                let operator = rest.get(..length).unwrap_or_default().replace('?', "");
                self.at += length;
                self.skip_blanks();
                let target = self.word()?.ok_or("a redirection of fish without a file")?;
                redirections.push_str(&[" ", operator.as_ref(), " ", &target, " "].concat());
                continue;
            }
            return self.word();
        }
    }

    /// One word as bash would write it; nothing at the end of the command.
    fn word(&mut self) -> Result<Option<String>, Fault> {
        let mut word = String::new();
        let start = self.at;
        let mut close = None;
        while let Some(letter) = self.next() {
            match letter {
                '}' if close == Some(self.at) => self.at += 1,
                '{' if self.around().is_some() => {
                    close = self.around();
                    self.at += 1;
                }
                ' ' | '\t' | '\r' | '\n' | ';' | '&' | '|' | '<' | '>' | ')' => break,
                '\'' => self.single(&mut word)?,
                '"' => self.double(&mut word)?,
                '(' => {
                    self.at += 1;
                    self.substitution(&mut word)?;
                    self.skip_index();
                }
                '$' => self.variable(&mut word, false)?,
                '\\' => self.escape(&mut word),
                '`' | '!' => {
                    self.at += 1;
                    word.push('\\');
                    word.push(letter);
                }
                _ => {
                    self.at += letter.len_utf8();
                    word.push(letter);
                }
            }
        }
        Ok((self.at > start).then_some(word))
    }

    /// Where the brace closes that is here and only stands around a variable: `{$x}y` (fish 3.6, "Variable expansion"). One with a comma
    /// is a list, and one around text is text.
    fn around(&self) -> Option<usize> {
        let inner = self.rest().strip_prefix('{')?;
        let end = inner.find('}')?;
        let inner = inner.get(..end)?;
        let is_value = inner.contains('$') && !inner.contains([',', '{', ' ', '\n', '\'', '"']);
        is_value.then_some(self.at + 1 + end)
    }

    /// `'…'`, in which `\'` and `\\` are escapes.
    fn single(&mut self, word: &mut String) -> Result<(), Fault> {
        self.at += 1;
        let mut text = String::new();
        while let Some(letter) = self.next() {
            self.at += letter.len_utf8();
            match letter {
                '\'' => {
                    push_quoted(word, &text);
                    return Ok(());
                }
                '\\' if matches!(self.next(), Some('\'' | '\\')) => {
                    text.extend(self.next());
                    self.at += 1;
                }
                letter => text.push(letter),
            }
        }
        Err("a quote that is never closed")
    }

    fn double(&mut self, word: &mut String) -> Result<(), Fault> {
        self.at += 1;
        word.push('"');
        while let Some(letter) = self.next() {
            match letter {
                '"' => {
                    self.at += 1;
                    word.push('"');
                    return Ok(());
                }
                '$' => self.variable(word, true)?,
                '\\' => {
                    self.at += 1;
                    let escaped = self.next().unwrap_or('\\');
                    self.at += escaped.len_utf8();
                    match escaped {
                        '\n' => {}
                        '"' | '$' | '\\' => word.extend(['\\', escaped]),
                        other => word.extend(['\\', '\\', other]),
                    }
                }
                '`' => {
                    self.at += 1;
                    word.push_str("\\`");
                }
                letter => {
                    self.at += letter.len_utf8();
                    word.push(letter);
                }
            }
        }
        Err("a quote that is never closed")
    }

    /// What stands in parentheses, as a substitution; `… | psub` gives a file.
    fn substitution(&mut self, word: &mut String) -> Result<(), Fault> {
        let end = closing(self.rest()).ok_or("a parenthesis that is never closed")?;
        let inside = self.rest().get(..end).unwrap_or_default().to_owned();
        let mut inner = Reader {
            text: &inside,
            at: 0,
            depth: self.depth,
        };
        inner.deeper()?;
        let mut commands = String::new();
        if inner.block(&mut commands)?.is_some() {
            return Err("an `end` of fish that closes nothing");
        }
        self.at += end + 1;
        let commands = commands.trim();
        match commands.strip_suffix("psub").map(str::trim_end) {
            Some(front) if front.ends_with('|') => {
                let front = front.strip_suffix('|').unwrap_or(front);
                word.push_str(&["<(", front, ")"].concat());
            }
            Some(_) | None => word.push_str(&["$(", commands, "\n)"].concat()),
        }
        Ok(())
    }

    /// `[1]`, `[2..3]` behind a value: which part it is does not matter.
    fn skip_index(&mut self) {
        if self.rest().starts_with('[')
            && let Some(end) = self.rest().find(']')
        {
            self.at += end + 1;
        }
    }

    /// `$x`, `$x[1]`, `$$x`, `$(…)`. Never split, and each element of a list is a word.
    fn variable(&mut self, word: &mut String, quoted: bool) -> Result<(), Fault> {
        self.at += 1;
        let indirect = self.rest().starts_with('$');
        self.at += usize::from(indirect);
        if self.rest().starts_with('(') {
            self.at += 1;
            return self.substitution(word);
        }
        let rest = self.rest();
        let end = rest
            .find(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'))
            .unwrap_or(rest.len());
        let name = rest.get(..end).unwrap_or_default().to_owned();
        if name.is_empty() {
            word.push_str("\\$");
            return Ok(());
        }
        self.at += end;
        let index = self
            .rest()
            .strip_prefix('[')
            .and_then(|it| it.split_once(']'));
        let index = index.map(|(index, _)| index.trim().to_owned());
        self.skip_index();
        let number = index.as_deref().map(str::parse::<i64>);
        let expansion = match (name.as_str(), number) {
            ("argv", Some(Ok(number))) if number > 0 => format!("${{{number}}}"),
            ("argv", _) => "$@".to_owned(),
            ("status", _) => "$?".to_owned(),
            ("HOME" | "PWD" | "USER" | "PATH", _) => format!("${{{name}}}"),
            (name, _) if indirect => format!("${{!{name}}}"),
            (name, Some(Ok(number))) if number > 0 => format!("${{{name}[{}]}}", number - 1),
            (name, Some(Ok(number))) => format!("${{{name}[{number}]}}"),
            (name, None) if quoted => format!("${{{name}[*]}}"),
            (name, _) => format!("${{{name}[@]}}"),
        };
        let quote = if quoted { "" } else { "\"" };
        word.push_str(&[quote, expansion.as_ref(), quote].concat());
        Ok(())
    }

    /// `\n`, `\x41`, `\u263a`, `\ `.
    fn escape(&mut self, word: &mut String) {
        self.at += 1;
        let Some(kind) = self.next() else { return };
        self.at += kind.len_utf8();
        let most = match kind {
            'x' | 'X' => 2,
            'u' => 4,
            'U' => 8,
            _ => 0,
        };
        let digits = self.rest().chars().take(most);
        let digits: String = digits.take_while(char::is_ascii_hexdigit).collect();
        let letter = match kind {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'e' => '\u{1b}',
            '\n' => return,
            other => other,
        };
        let number = u32::from_str_radix(&digits, 16)
            .ok()
            .and_then(char::from_u32);
        if number.is_some() {
            self.at += digits.len();
        }
        push_quoted(word, &number.unwrap_or(letter).to_string());
    }
}

fn push_quoted(word: &mut String, text: &str) {
    word.push('\'');
    word.push_str(&text.replace('\'', "'\\''"));
    word.push('\'');
}

/// Where the parenthesis closes that was opened before `text`, quotes and escapes counted.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0_u32;
    let mut quote = None;
    let mut escaped = false;
    for (at, letter) in text.char_indices() {
        if escaped {
            escaped = false;
            continue;
        }
        match (letter, quote) {
            ('\\', _) => escaped = true,
            (letter, Some(open)) if letter == open => quote = None,
            ('\'' | '"', None) => quote = Some(letter),
            ('(', None) => depth += 1,
            (')', None) if depth == 0 => return Some(at),
            (')', None) => depth -= 1,
            // In double quotes only `$(…)` is a substitution; its parentheses are balanced in themselves.
            (_, _) => {}
        }
    }
    None
}
