//! PowerShell → bash: writes simple pipelines of cmdlets as the text of bash that would start commands of these names
//! (PowerShell 7.4, `about_Parsing`, `about_Quoting_Rules`, `about_Aliases`).
//!
//! Commands with parameters, pipelines, strings, variables, tables, script blocks, expressions, control flow and functions are read.
//! Methods and types that only compute are known by name; every other call, and classes, are an error, so that the line is held.

mod branches;
mod calls;
mod literals;
mod names;
mod new_item;
mod statements;
#[cfg(test)]
mod tests;
mod values;
mod words;

use std::collections::{BTreeMap, BTreeSet};

pub(super) use super::translated::{Fault, deeper};

/// What `$PROFILE` holds (`about_Profiles`): it runs whenever a shell starts.
const PROFILE: &str = "\"${HOME}/.config/powershell/Microsoft.PowerShell_profile.ps1\"";

pub(super) const UNREAD: Fault = "a text of PowerShell that is more than a pipeline of commands";

struct Reader<'t> {
    text: &'t str,
    at: usize,
    depth: u32,
    /// Arguments of a cmdlet are read, which takes `\` for what parts a path, on every system.
    parts_paths: bool,
    /// Variables that the text sets: to a constant that is remembered, or to something else.
    constants: BTreeMap<String, Option<String>>,
    /// Variables that hold several values.
    lists: BTreeSet<String>,
    /// Tables in variables, as the arguments that they stand for.
    hashes: BTreeMap<String, String>,
    /// Other names that the text gives commands.
    aliases: BTreeMap<String, String>,
    /// What the first `Get-ChildItem` of a loop lists.
    listed: Option<String>,
    /// The last `New-Item` as it was written, and the path of the item that it returns.
    new_item: Option<(String, String)>,
}

/// Returns what bash would be told.
pub(super) fn to_bash(text: &str) -> Result<String, Fault> {
    let mut reader = Reader {
        text,
        at: 0,
        depth: 0,
        parts_paths: false,
        constants: BTreeMap::new(),
        lists: BTreeSet::new(),
        hashes: BTreeMap::new(),
        aliases: BTreeMap::new(),
        listed: None,
        new_item: None,
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
            self.at += match rest.as_bytes() {
                [b' ' | b'\t' | b'\r', ..] => 1,
                [b'`', b'\n', ..] => 2,
                [b'`', b'\r', b'\n', ..] => 3,
                [b'<', b'#', ..] => rest.find("#>").map_or(rest.len(), |end| end + 2),
                [b'#', ..] => rest.find('\n').unwrap_or(rest.len()),
                _ => return,
            };
        }
    }

    /// Statements up to the end or what closes a block.
    fn statements(&mut self, out: &mut String) -> Result<(), Fault> {
        deeper(&mut self.depth)?;
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
