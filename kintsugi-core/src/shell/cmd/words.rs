//! Words of cmd: quotes, carets, and variables with their substrings and replacements.

use super::{Fault, Reader, Word, push_quoted};

/// What stands for a variable that every session has, in capitals.
const KNOWN: [(&str, &str); 15] = [
    ("USERPROFILE", "\"${HOME}\""),
    ("HOMEPATH", "\"${HOME}\""),
    ("HOMEDRIVE", "''"),
    ("CD", "\"${PWD}\""),
    ("APPDATA", "\"${HOME}\"/AppData/Roaming"),
    ("LOCALAPPDATA", "\"${HOME}\"/AppData/Local"),
    ("ONEDRIVE", "\"${HOME}\"/OneDrive"),
    ("PUBLIC", "/Users/Public"),
    ("TEMP", "/tmp"),
    ("TMP", "/tmp"),
    ("SYSTEMROOT", "/Windows"),
    ("WINDIR", "/Windows"),
    ("SYSTEMDRIVE", "/."),
    ("PROGRAMDATA", "/ProgramData"),
    ("COMSPEC", "cmd"),
];

/// A part of a word.
enum Part {
    Text(String),
    /// As bash would write it.
    Bash(String),
}

impl Reader<'_> {
    /// One word; with `whole`, all up to the end of the command.
    pub(super) fn word(&mut self, whole: bool) -> Result<Word, Fault> {
        let mut parts: Vec<Part> = Vec::new();
        let (mut quoted, mut was_quoted) = (false, false);
        self.obscure = false;
        let start = self.at;
        while let Some(letter) = self.next() {
            match letter {
                '\n' => break,
                '"' => {
                    quoted = !quoted;
                    was_quoted = true;
                    self.at += 1;
                }
                '^' if !quoted => {
                    self.at += 1;
                    let Some(escaped) = self.next() else { break };
                    if matches!(escaped, ' ' | '\t') {
                        continue;
                    }
                    self.at += escaped.len_utf8();
                    if escaped != '\n' && escaped != '\r' {
                        push(&mut parts, escaped);
                    }
                }
                '%' | '!' => {
                    if let Some(bash) = self.expansion(letter, quoted && !whole) {
                        parts.push(Part::Bash(bash));
                    } else {
                        self.at += 1;
                        push(&mut parts, letter);
                    }
                }
                '&' | '|' | '<' | '>' if !quoted => break,
                ')' if !quoted && self.open > 0 => break,
                ' ' | '\t' | ',' | ';' | '\r' if !quoted && !whole => break,
                '=' if !quoted && !whole && self.rest().starts_with("==") => break,
                letter => {
                    self.at += letter.len_utf8();
                    push(&mut parts, letter);
                }
            }
        }
        if self.at == start {
            return Err(super::UNREAD);
        }
        Ok(finished(&parts, was_quoted, self.obscure))
    }

    /// `%NAME%`, `%NAME:~1,2%`, `%NAME:a=b%`, `%1`, `%~dp0`, `%f`, and the same between `!`.
    fn expansion(&mut self, mark: char, quoted: bool) -> Option<String> {
        let rest = self.rest();
        let marks = usize::from(rest.starts_with("%%")) + 1;
        let behind = rest.get(marks..)?;
        if mark == '%' {
            let modifiers = usize::from(behind.starts_with('~'));
            if let Some(found) = self.of_loop(behind) {
                self.at += marks + found.1;
                return Some(in_quotes(&found.0, quoted));
            }
            let argument = behind
                .get(modifiers..)?
                .trim_start_matches(|it: char| modifiers > 0 && "fdpnxsatz".contains(it));
            let number = argument.chars().next()?;
            if number.is_ascii_digit() || number == '*' {
                let length = behind.len() - argument.len() + 1;
                let of_script = number == '0' && behind.get(..length)?.contains('p');
                self.at += marks + length;
                let name = if of_script {
                    "\"${PWD}\"/".to_owned()
                } else {
                    ["\"${", &number.to_string(), "}\""].concat()
                };
                return Some(name);
            }
        }
        let end = behind
            .find(|letter: char| !(letter.is_ascii_alphanumeric() || "_()#$".contains(letter)))?;
        let name = behind.get(..end)?.to_ascii_uppercase();
        if name.is_empty() || name.starts_with(|it: char| it.is_ascii_digit()) {
            return None;
        }
        let (modifier, length) = match behind.get(end..)?.strip_prefix(':') {
            None => ("", end),
            Some(modifier) => {
                let close = modifier.find([mark, '\n'])?;
                (modifier.get(..close)?, end + 1 + close)
            }
        };
        if !behind.get(length..)?.starts_with(mark) {
            return None;
        }
        let is_set = self.set.contains(&name);
        if mark == '!' && !is_set && !self.is_delayed {
            return None;
        }
        let closing = behind.get(length..)?;
        let doubled = marks == 2 && closing.starts_with("%%");
        let plain: String = name
            .chars()
            .filter(|it| it.is_ascii_alphanumeric() || *it == '_')
            .collect();
        let text = if modifier.is_empty() {
            let known = KNOWN.iter().find(|(known, _)| *known == plain && !is_set);
            match known {
                Some((_, bash)) => (*bash).to_owned(),
                None => in_quotes(&["${", &plain, "}"].concat(), quoted),
            }
        } else {
            self.obscure |= !is_set;
            if let Some(bash) = parameter(&plain, modifier) {
                in_quotes(&bash, quoted)
            } else {
                self.obscure = true;
                in_quotes("${edited_value}", quoted)
            }
        };
        self.at += marks + length + 1 + usize::from(doubled);
        Some(text)
    }

    /// `%f`, `%~nxf` of a loop around, and how long it is.
    fn of_loop(&self, behind: &str) -> Option<(String, usize)> {
        let variable = |letter: char| ["${for_", &letter.to_string(), "}"].concat();
        let first = behind.chars().next()?;
        if self.loops.contains(&first) {
            return Some((variable(first), 1));
        }
        let modifiers = behind.strip_prefix('~')?;
        // The letters of the longest run of modifiers that a loop's letter ends.
        let run = modifiers
            .find(|it: char| !it.is_ascii_alphabetic())
            .unwrap_or(modifiers.len());
        let run = modifiers.get(..run.min(8))?;
        let at = (0..run.len()).rev().find(|at| {
            run.get(*at..)
                .and_then(|it| it.chars().next())
                .is_some_and(|it| self.loops.contains(&it))
                && run
                    .get(..*at)
                    .is_some_and(|it| it.chars().all(|it| "fdpnxsatz".contains(it)))
        })?;
        let letter = run.get(at..)?.chars().next()?;
        let is_whole = run
            .get(..at)
            .is_some_and(|it| matches!(it, "" | "f" | "s" | "dpnx" | "nx"));
        let text = if is_whole {
            variable(letter)
        } else {
            ["${for_", &letter.to_string(), "_part}"].concat()
        };
        Some((text, at + 2))
    }
}

/// `~1,2` and `a=b` as bash writes them.
fn parameter(name: &str, modifier: &str) -> Option<String> {
    let is_number = |text: &str| {
        let digits = text.strip_prefix('-').unwrap_or(text);
        !digits.is_empty() && digits.len() < 6 && digits.bytes().all(|it| it.is_ascii_digit())
    };
    if let Some(range) = modifier.strip_prefix('~') {
        let (start, length) = range.split_once(',').unwrap_or((range, ""));
        let start = if start.is_empty() { "0" } else { start };
        if !is_number(start) || !(length.is_empty() || is_number(length)) {
            return None;
        }
        let length = if length.is_empty() {
            String::new()
        } else {
            [":", length].concat()
        };
        return Some(["${", name, ": ", start, &length, "}"].concat());
    }
    let (from, to) = modifier.split_once('=')?;
    let is_plain = |text: &str| {
        text.bytes()
            .all(|it| it.is_ascii_alphanumeric() || b" ._-@#+:".contains(&it))
    };
    if from.is_empty() || !is_plain(from) || !is_plain(to) {
        return None;
    }
    Some(["${", name, "//", from, "/", to, "}"].concat())
}

fn in_quotes(bash: &str, quoted: bool) -> String {
    if quoted && !bash.starts_with('"') {
        ["\"", bash, "\""].concat()
    } else {
        bash.to_owned()
    }
}

fn push(parts: &mut Vec<Part>, letter: char) {
    if let Some(Part::Text(text)) = parts.last_mut() {
        text.push(letter);
    } else {
        parts.push(Part::Text(letter.to_string()));
    }
}

/// Puts the parts of a word together; a path becomes one of this system.
fn finished(parts: &[Part], quoted: bool, obscure: bool) -> Word {
    let is_code = parts.iter().any(|part| match part {
        Part::Text(text) => {
            let has_drive = text.as_bytes().get(1) == Some(&b':');
            text.contains(['\'', ';', '$', '&', '|', '('])
                || text.contains("://")
                || text.contains(' ') && !has_drive && parts.len() == 1
        }
        Part::Bash(_) => false,
    });
    let mut word = Word {
        quoted,
        obscure,
        ..Word::default()
    };
    for (number, part) in parts.iter().enumerate() {
        match part {
            Part::Text(text) => {
                word.plain.push_str(text);
                let mut path = text.clone();
                if !is_code {
                    path = path.replace('\\', "/");
                    let mut letters = path.chars();
                    let has_drive = number == 0
                        && letters.next().is_some_and(|it| it.is_ascii_alphabetic())
                        && letters.next() == Some(':')
                        && letters.next() == Some('/');
                    if has_drive {
                        path.drain(..2);
                    }
                }
                push_pattern(&mut word.bash, &path, is_code);
            }
            Part::Bash(bash) => {
                word.plain.push('\u{fffd}');
                word.bash.push_str(bash);
            }
        }
    }
    if word.bash.is_empty() {
        word.bash.push_str("''");
    }
    word
}

/// Quotes a text, but for what is a pattern.
fn push_pattern(out: &mut String, text: &str, is_code: bool) {
    if is_code {
        push_quoted(out, text);
        return;
    }
    let mut rest = text;
    while let Some(at) = rest.find(['*', '?']) {
        let before = rest.get(..at).unwrap_or_default();
        if !before.is_empty() {
            push_quoted(out, before);
        }
        out.push_str(rest.get(at..=at).unwrap_or_default());
        rest = rest.get(at + 1..).unwrap_or_default();
    }
    if !rest.is_empty() {
        push_quoted(out, rest);
    }
}
