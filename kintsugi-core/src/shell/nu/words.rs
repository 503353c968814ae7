//! Words of nushell: bare words, strings, variables, records and what is put together of them.

use super::commands::redirection;
use super::{Fault, Reader, UNREAD, Word, push_quoted};

impl Reader<'_> {
    /// One word that is no list and no closure.
    pub(super) fn word(&mut self) -> Result<Word, Fault> {
        let start = self.at;
        let mut bash = String::new();
        if self.rest().starts_with('^') {
            self.at += 1;
        }
        if ["...(", "...$", "...["]
            .iter()
            .any(|mark| self.rest().starts_with(mark))
        {
            return self.spread();
        }
        match self.next() {
            Some('\'' | '"' | '`') => self.quoted(&mut bash)?,
            Some('$') if self.rest().starts_with("$\"") || self.rest().starts_with("$'") => {
                self.interpolated(&mut bash)?;
            }
            Some('$') => self.variable(&mut bash)?,
            Some('(') => {
                self.at += 1;
                let mut inner = String::new();
                self.statements(&mut inner)?;
                self.close(')')?;
                self.members();
                bash.push_str(&["\"$(", inner.as_str(), ")\""].concat());
            }
            _ => self.bare(&mut bash)?,
        }
        match self.next() {
            None | Some(' ' | '\t' | '\r' | '\n' | ';' | '|' | '}' | ')' | ']') => {}
            // What parts the elements of a list or a record.
            Some(',') => self.at += 1,
            Some(_) => return Err(UNREAD),
        }
        let typed = self.text.get(start..self.at).unwrap_or_default();
        Ok(Word {
            bash,
            is_value: typed.starts_with(['\'', '"', '`', '$', '(']),
            typed: typed.to_owned(),
        })
    }

    /// `...(ls)`, `...$names`: each of them is a word.
    fn spread(&mut self) -> Result<Word, Fault> {
        self.at += 3;
        if self.next() == Some('[') {
            return Err(UNREAD);
        }
        self.listed = None;
        let word = self.word()?;
        let bash = self.listed.take().unwrap_or(word.bash);
        Ok(Word {
            bash,
            typed: word.typed,
            is_value: true,
        })
    }

    /// `$"text (command)"`.
    fn interpolated(&mut self, bash: &mut String) -> Result<(), Fault> {
        self.at += 1;
        let mark = self.next().unwrap_or_default();
        self.at += 1;
        while let Some(letter) = self.next() {
            self.at += letter.len_utf8();
            match letter {
                '(' => {
                    let mut inner = String::new();
                    self.statements(&mut inner)?;
                    self.close(')')?;
                    bash.push_str(&["\"$(", inner.as_str(), ")\""].concat());
                }
                '\\' if mark == '"' => {
                    let escaped = self.escape()?;
                    push_quoted(bash, escaped.encode_utf8(&mut [0; 4]));
                }
                letter if letter == mark => {
                    bash.push_str("''");
                    return Ok(());
                }
                letter => push_quoted(bash, letter.encode_utf8(&mut [0; 4])),
            }
        }
        Err("a quote that is never closed")
    }

    /// What stands behind a backslash.
    fn escape(&mut self) -> Result<char, Fault> {
        let escaped = self.next().unwrap_or_default();
        self.at += escaped.len_utf8();
        Ok(match escaped {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            '"' | '\'' | '\\' | '/' | '(' | ')' | '{' | '}' | '$' | '^' | '#' | '|' | '~' => {
                escaped
            }
            _ => return Err(UNREAD),
        })
    }

    /// A bare word, or an option with a quoted value behind its `=`.
    fn bare(&mut self, bash: &mut String) -> Result<(), Fault> {
        let rest = self.rest();
        let ends = [
            ' ', '\t', '\r', '\n', ';', '|', '}', ')', ']', '\'', '"', '`', '$', '(', '[', '{',
        ];
        let end = rest.find(ends).unwrap_or(rest.len());
        let text = rest.get(..end).unwrap_or_default().to_owned();
        let is_redirection = redirection(&text).is_some();
        let is_plain =
            |letter: char| letter.is_alphanumeric() || "_-./:@%+=,~*?\\!^#".contains(letter);
        let is_url = text.contains("://");
        let is_glob = text.contains(['*', '?', '~']) && !is_url;
        // `&&` is no word of nushell.
        let is_odd = text.contains('\\') || (text.contains('&') && !is_url);
        if text.is_empty() || is_odd || (is_glob && !text.chars().all(is_plain)) {
            return Err(UNREAD);
        }
        self.at += end;
        if is_redirection || is_glob {
            bash.push_str(&text);
        } else {
            push_quoted(bash, text.strip_suffix(',').unwrap_or(&text));
        }
        if text.ends_with('=') && text.starts_with("--") && self.rest().starts_with(['\'', '"']) {
            self.quoted(bash)?;
        }
        Ok(())
    }

    fn quoted(&mut self, bash: &mut String) -> Result<(), Fault> {
        let mark = self.next().unwrap_or_default();
        self.at += 1;
        let mut text = String::new();
        while let Some(letter) = self.next() {
            self.at += letter.len_utf8();
            if letter == mark {
                push_quoted(bash, &text);
                return Ok(());
            }
            if letter != '\\' || mark != '"' {
                text.push(letter);
                continue;
            }
            text.push(self.escape()?);
        }
        Err("a quote that is never closed")
    }

    /// `$name`, `$env.NAME`; what is read from a value is not known.
    fn variable(&mut self, bash: &mut String) -> Result<(), Fault> {
        self.at += 1;
        let rest = self.rest();
        let is_name = |letter: char| letter.is_alphanumeric() || letter == '_';
        let end = rest.find(|letter| !is_name(letter)).unwrap_or(rest.len());
        let name = rest.get(..end).unwrap_or_default();
        let member = rest
            .get(end..)
            .unwrap_or_default()
            .strip_prefix('.')
            .unwrap_or_default();
        let member = member
            .split(|letter| !is_name(letter))
            .next()
            .unwrap_or_default();
        // A number is no variable, and an empty name is an interpolation.
        if name.is_empty()
            || !name.starts_with(|letter: char| letter.is_alphabetic() || letter == '_')
        {
            return Err(UNREAD);
        }
        if name == "env" && member.is_empty() {
            // All of the environment.
            self.at += end;
            bash.push_str("\"$(printenv)\"");
            return Ok(());
        }
        let name = match name {
            "env" => member,
            "in" | "it" => "piped_item",
            "nu" => "HOME",
            name => name,
        };
        bash.push_str(&["\"${", name, "}\""].concat());
        self.at += end;
        self.members();
        Ok(())
    }

    /// `.name`, `.0`, `?`: of a value that is not known anyway.
    fn members(&mut self) {
        let rest = self.rest();
        let end = rest.find(|letter: char| !(letter.is_alphanumeric() || "._-?".contains(letter)));
        self.at += end.unwrap_or(rest.len());
    }
}
