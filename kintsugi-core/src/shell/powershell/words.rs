//! Words of commands: bare words, strings and variables, as bash would write them.

use super::values::Value;
use super::{Fault, PROFILE, Reader, UNREAD, push_quoted};

impl Reader<'_> {
    /// One word as bash would write it; false at the end of the command.
    pub(super) fn word(&mut self, word: &mut String, blocks: &mut String) -> Result<bool, Fault> {
        let start = self.at;
        while let Some(letter) = self.next() {
            match letter {
                ' ' | '\t' | '\r' | '\n' | ';' | '|' | ')' | '}' | '&' | '>' | '<' => break,
                ',' => {
                    self.at += 1;
                    word.push(' ');
                    self.skip_blanks();
                }
                '@' if self.at == start && self.splat(word)? => {}
                '\'' | '"' | '$' => {
                    let value = self.operand(blocks)?;
                    word.push_str(&value.word);
                }
                '@' | '(' | '{' if self.at == start || word.ends_with([' ', ':', '=']) => {
                    let value = self.operand(blocks)?;
                    word.push_str(&value.word);
                }
                '@' => {
                    self.at += 1;
                    word.push('@');
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

    /// `@name`: the arguments in a table or a list.
    fn splat(&mut self, word: &mut String) -> Result<bool, Fault> {
        let behind = self.rest().get(1..).unwrap_or_default();
        let end = behind
            .find(|letter: char| !(letter.is_alphanumeric() || letter == '_'))
            .unwrap_or(behind.len());
        let name = behind.get(..end).unwrap_or_default().to_ascii_lowercase();
        if name.is_empty() || behind.starts_with(|letter: char| letter.is_ascii_digit()) {
            return Ok(false);
        }
        if let Some(arguments) = self.hashes.get(&name) {
            word.push_str(arguments.trim_start());
        } else if self.lists.contains(&name) {
            word.push_str(&["\"${", &name, "[@]}\""].concat());
        } else if name == "args" || name == "psboundparameters" {
            word.push_str("\"$@\"");
        } else {
            return Err(UNREAD);
        }
        self.at += 1 + end;
        Ok(true)
    }

    /// Returns a text as whoever is given it takes it.
    pub(super) fn parted(&self, text: &str) -> String {
        if self.parts_paths {
            text.replace('\\', "/")
        } else {
            text.to_owned()
        }
    }

    pub(super) fn close(&mut self, mark: char) -> Result<(), Fault> {
        self.skip_blanks();
        if self.next() != Some(mark) {
            return Err("a bracket of PowerShell that is never closed");
        }
        self.at += 1;
        Ok(())
    }

    /// The text between single quotes.
    pub(super) fn single(&mut self) -> Result<String, Fault> {
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
                return Ok(text);
            }
        }
        Err("a quote that is never closed")
    }

    /// The text between double quotes, and all of it when nothing in it is expanded.
    pub(super) fn double(&mut self, word: &mut String) -> Result<Option<String>, Fault> {
        self.at += 1;
        let constant = self.inside_double(word, self.text.len())?;
        if self.next() != Some('"') {
            return Err("a quote that is never closed");
        }
        self.at += 1;
        word.push_str("''");
        Ok(constant)
    }

    /// What is between double quotes, up to `end`.
    pub(super) fn inside_double(
        &mut self,
        word: &mut String,
        end: usize,
    ) -> Result<Option<String>, Fault> {
        let mut constant = Some(String::new());
        let is_here = end < self.text.len();
        while self.at < end {
            let Some(letter) = self.next() else { break };
            match letter {
                '"' if self.rest().starts_with("\"\"") && !is_here => {
                    self.at += 2;
                    push_quoted(word, "\"");
                    if let Some(text) = &mut constant {
                        text.push('"');
                    }
                }
                '"' if !is_here => break,
                '$' => {
                    constant = None;
                    if self.rest().starts_with("$(") {
                        self.at += 2;
                        let mut inner = String::new();
                        self.statements(&mut inner)?;
                        self.close(')')?;
                        word.push_str(&["\"$(", inner.as_str(), ")\""].concat());
                    } else {
                        word.push_str(&self.variable()?.word);
                    }
                }
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
                    if let Some(text) = &mut constant {
                        text.push(letter);
                    }
                }
                letter => {
                    self.at += letter.len_utf8();
                    push_quoted(word, &self.parted(letter.encode_utf8(&mut [0; 4])));
                    if let Some(text) = &mut constant {
                        text.push(letter);
                    }
                }
            }
        }
        Ok(constant)
    }

    /// `$x`, `$env:X`, `${x}`, `$`.
    pub(super) fn variable(&mut self) -> Result<Value, Fault> {
        self.at += 1;
        let braced = self.rest().starts_with('{');
        self.at += usize::from(braced);
        let rest = self.rest();
        let mut end = rest
            .find(|letter: char| {
                !(letter.is_alphanumeric() || matches!(letter, '_' | ':' | '?' | '$' | '^'))
            })
            .unwrap_or(rest.len());
        // `$x::Name`, `$a ? $b : $c`, and a colon behind a name in a string.
        if let Some(at) = rest.get(..end).and_then(|name| name.find("::")) {
            end = at;
        }
        while !braced
            && end > 1
            && rest
                .get(..end)
                .is_some_and(|name| name.ends_with([':', '?']))
        {
            end -= 1;
        }
        let name = rest.get(..end).unwrap_or_default().to_owned();
        self.at += end;
        if braced {
            self.close('}')?;
        }
        let lower = name.to_ascii_lowercase();
        let of_environment = lower.starts_with("env:");
        let plain = SCOPES
            .iter()
            .find(|scope| lower.starts_with(**scope))
            .map_or(name.as_str(), |scope| {
                name.get(scope.len()..).unwrap_or_default()
            });
        if let Some(value) = constant(&plain.to_ascii_lowercase()) {
            return Ok(value);
        }
        let known = match plain.to_ascii_lowercase().as_str() {
            "home" | "userprofile" => "HOME".to_owned(),
            "pwd" => "PWD".to_owned(),
            "_" | "psitem" => "piped_item".to_owned(),
            _ if of_environment => plain_name(plain),
            lower => plain_name(lower),
        };
        if known.is_empty() {
            return Err(UNREAD);
        }
        let is_list = self.lists.contains(&known);
        let word = if is_list {
            ["\"${", known.as_str(), "[@]}\""].concat()
        } else {
            ["\"${", known.as_str(), "}\""].concat()
        };
        let hash = self.hashes.get(&known).cloned();
        let assigned = if of_environment {
            ["export ", known.as_str()].concat()
        } else {
            known
        };
        Ok(Value {
            word,
            assigned: Some(assigned),
            hash,
            ..Value::default()
        })
    }
}

/// What may stand in front of the name of a variable.
const SCOPES: [&str; 7] = [
    "env:",
    "script:",
    "global:",
    "local:",
    "private:",
    "using:",
    "variable:",
];

/// Variables whose value PowerShell itself sets.
fn constant(name: &str) -> Option<Value> {
    let word = match name {
        "" => "'$'",
        "profile" => PROFILE,
        "null" => "/dev/null",
        "true" | "false" => name,
        "?" | "$" | "^" => "0",
        _ => return None,
    };
    Some(Value {
        word: word.to_owned(),
        is_text: name == "profile",
        ..Value::default()
    })
}

fn plain_name(name: &str) -> String {
    name.chars()
        .filter(|it| it.is_ascii_alphanumeric() || *it == '_')
        .collect()
}
