//! fish → bash: writes a text of fish as the text of bash that would start the same commands (fish 3.6, `fish(1)`, fish-language).
//!
//! One reader for expansion and state is enough when the grammar is all that differs: blocks that `end` closes, `and`/`or`/`not`,
//! `set`, `(…)`, quotes with escapes, variables that are lists and are never split. Starts nothing, knows no programs. What it cannot
//! read is an error, so that the line is held.

pub(super) use super::translated::Fault;

/// A text that is being read, and what has been written of it.
pub(super) struct Reader<'t> {
    pub(super) text: &'t str,
    pub(super) at: usize,
    pub(super) depth: u32,
}

/// Returns what bash would be told.
pub(super) fn to_bash(text: &str) -> Result<String, Fault> {
    let mut reader = Reader {
        text,
        at: 0,
        depth: 0,
    };
    let mut out = String::new();
    let closed_by = reader.block(&mut out)?;
    match closed_by {
        None => Ok(out),
        Some(_) => Err("an `end` of fish that closes nothing"),
    }
}

/// How one command began, for what may follow it.
enum Ended {
    /// At a separator.
    Separated,
    /// At a word that closes a block.
    Closed(&'static str),
    /// At the end of the text.
    Finished,
}

impl Reader<'_> {
    pub(super) fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(super) fn next(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn skip_blanks(&mut self) {
        loop {
            let rest = self.rest();
            if rest.starts_with("\\\n") {
                self.at += 2;
            } else if rest.starts_with([' ', '\t', '\r']) {
                self.at += 1;
            } else if rest.starts_with('#') {
                self.at += rest.find('\n').unwrap_or(rest.len());
            } else {
                return;
            }
        }
    }

    fn skip_separators(&mut self) {
        loop {
            self.skip_blanks();
            if !self.rest().starts_with([';', '\n']) {
                return;
            }
            self.at += 1;
        }
    }

    /// The plain word that stands here, when nothing but letters is in it.
    fn keyword(&self) -> &str {
        let rest = self.rest();
        let end = rest
            .find(|letter: char| letter.is_whitespace() || ";&|<>()#".contains(letter))
            .unwrap_or(rest.len());
        let word = rest.get(..end).unwrap_or_default();
        let plain = word == "!" || word.bytes().all(|byte| byte.is_ascii_lowercase());
        if plain { word } else { "" }
    }

    pub(super) fn deeper(&mut self) -> Result<(), Fault> {
        super::translated::deeper(&mut self.depth)
    }

    /// Commands up to the word that closes the block, which is consumed and returned.
    pub(super) fn block(&mut self, out: &mut String) -> Result<Option<&'static str>, Fault> {
        self.deeper()?;
        loop {
            self.skip_separators();
            if self.rest().is_empty() {
                self.depth -= 1;
                return Ok(None);
            }
            match self.statement(out)? {
                Ended::Separated => {}
                Ended::Closed(word) => {
                    self.depth -= 1;
                    return Ok(Some(word));
                }
                Ended::Finished => {
                    self.depth -= 1;
                    return Ok(None);
                }
            }
        }
    }

    /// One job and its separator; `and` and `or` join it to the one before.
    fn statement(&mut self, out: &mut String) -> Result<Ended, Fault> {
        for (word, mark) in [("and", "&& "), ("or", "|| ")] {
            if self.keyword() == word {
                self.at += word.len();
                let end = out.trim_end_matches([';', '\n', ' ']).len();
                out.truncate(end);
                out.push_str(
                    if out.is_empty() || out.ends_with(['{', '(']) || ends_block(out) {
                        " "
                    } else {
                        mark
                    },
                );
                self.skip_blanks();
            }
        }
        for word in ["end", "else", "case"] {
            if self.keyword() == word {
                self.at += word.len();
                return Ok(Ended::Closed(word));
            }
        }
        self.job(out)?;
        Ok(if self.separator(out)? {
            Ended::Separated
        } else {
            Ended::Finished
        })
    }

    /// Commands with `|`, `&&` and `||` between them.
    fn job(&mut self, out: &mut String) -> Result<(), Fault> {
        loop {
            self.skip_blanks();
            self.command(out)?;
            self.skip_blanks();
            let rest = self.rest();
            let joined = [
                ("&&", "&&"),
                ("||", "||"),
                ("&|", "|&"),
                ("2>|", "|&"),
                ("|", "|"),
            ];
            let found = joined.iter().find(|(mark, _)| rest.starts_with(mark));
            let Some((mark, written)) = found else {
                return Ok(());
            };
            self.at += mark.len();
            out.push(' ');
            out.push_str(written);
            out.push(' ');
            while self.rest().starts_with(['\n', ' ', '\t']) {
                self.at += 1;
            }
        }
    }

    /// What ends a job; false at the end of the text.
    fn separator(&mut self, out: &mut String) -> Result<bool, Fault> {
        self.skip_blanks();
        match self.next() {
            None => {
                out.push('\n');
                Ok(false)
            }
            Some('&') => {
                self.at += 1;
                out.push_str(" &\n");
                Ok(true)
            }
            Some(';' | '\n') => {
                self.at += 1;
                out.push('\n');
                Ok(true)
            }
            Some(_) => Err("a text of fish that is not read"),
        }
    }

    fn command(&mut self, out: &mut String) -> Result<(), Fault> {
        self.deeper()?;
        let keyword = self.keyword().to_owned();
        let known = matches!(
            keyword.as_str(),
            "begin" | "if" | "while" | "for" | "switch" | "function" | "not" | "!" | "set" | "time"
        );
        if known {
            self.at += keyword.len();
            self.skip_blanks();
        }
        match keyword.as_str() {
            "begin" => {
                out.push_str("{ ");
                self.body(out)?;
                out.push_str(":; }");
                self.behind_end(out)?;
            }
            "if" => self.branches(out)?,
            "while" => {
                out.push_str("while ");
                self.condition(out)?;
                out.push_str("do ");
                self.body(out)?;
                out.push_str(":; done");
                self.behind_end(out)?;
            }
            "for" => {
                out.push_str("for ");
                self.words(out)?;
                self.separator(out)?;
                out.push_str("do ");
                self.body(out)?;
                out.push_str(":; done");
                self.behind_end(out)?;
            }
            "switch" => self.switch(out)?,
            "function" => self.function(out)?,
            "not" | "!" => {
                out.push_str("! ");
                self.command(out)?;
            }
            "time" => self.command(out)?,
            "set" => self.set(out)?,
            _ => self.simple(out)?,
        }
        self.depth -= 1;
        Ok(())
    }

    /// Commands up to `end`.
    fn body(&mut self, out: &mut String) -> Result<(), Fault> {
        match self.block(out)? {
            Some("end") => Ok(()),
            Some(_) | None => Err("a block of fish that is never closed"),
        }
    }

    /// Redirections behind `end`.
    fn behind_end(&mut self, out: &mut String) -> Result<(), Fault> {
        out.push(' ');
        self.words(out)
    }

    /// A condition, with the `and` and `or` that belong to it.
    fn condition(&mut self, out: &mut String) -> Result<(), Fault> {
        self.job(out)?;
        self.separator(out)?;
        loop {
            self.skip_separators();
            let word = self.keyword();
            if word != "and" && word != "or" {
                return Ok(());
            }
            self.statement(out)?;
        }
    }

    fn branches(&mut self, out: &mut String) -> Result<(), Fault> {
        out.push_str("if ");
        self.condition(out)?;
        out.push_str("then ");
        loop {
            let closed = self.block(out)?;
            out.push_str(":; ");
            match closed {
                Some("end") => break,
                Some("else") => {
                    self.skip_blanks();
                    if self.keyword() == "if" {
                        self.at += 2;
                        out.push_str("elif ");
                        self.skip_blanks();
                        self.condition(out)?;
                        out.push_str("then ");
                    } else {
                        out.push_str("else ");
                    }
                }
                Some(_) | None => return Err("a block of fish that is never closed"),
            }
        }
        out.push_str("fi");
        self.behind_end(out)
    }

    fn switch(&mut self, out: &mut String) -> Result<(), Fault> {
        out.push_str("case ");
        self.words(out)?;
        out.push_str(" in ");
        self.separator(&mut String::new())?;
        let mut before = String::new();
        let mut closed = self.block(&mut before)?;
        while closed == Some("case") {
            let mut patterns = String::new();
            self.skip_blanks();
            self.words(&mut patterns)?;
            out.push_str(&patterns.trim().replace(' ', "|"));
            out.push_str(") ");
            self.separator(&mut String::new())?;
            closed = self.block(out)?;
            out.push_str(":;; ");
        }
        if closed != Some("end") {
            return Err("a block of fish that is never closed");
        }
        out.push_str("esac");
        self.behind_end(out)
    }

    /// `function name --argument-names a b; …; end`. One that an event calls is called.
    fn function(&mut self, out: &mut String) -> Result<(), Fault> {
        let mut words = String::new();
        self.words(&mut words)?;
        self.separator(&mut String::new())?;
        let mut parts = words.split_whitespace();
        let name = parts
            .next()
            .unwrap_or_default()
            .trim_matches('\'')
            .to_owned();
        if name.is_empty() || name.contains(['$', '"', '(']) {
            return Err("a function of fish whose name is computed");
        }
        let (mut named, mut number) = (String::new(), 0);
        let (mut naming, mut unasked) = (false, name.starts_with("fish_"));
        for part in parts {
            let part = part.trim_matches('\'');
            if part.starts_with('-') {
                naming = matches!(part, "-a" | "--argument-names");
                unasked |=
                    part.starts_with("--on-") || matches!(part, "-e" | "-v" | "-j" | "-s" | "-p");
            } else if naming {
                number += 1;
                named.push_str(
                    &["local ", part, "=\"$", number.to_string().as_str(), "\"; "].concat(),
                );
            }
        }
        out.push_str(&[name.as_str(), "() { ", named.as_str()].concat());
        self.body(out)?;
        out.push_str(":; }");
        if unasked {
            out.push_str(&["; ", name.as_str()].concat());
        }
        self.behind_end(out)
    }

    /// `set -gx NAME a b` → `NAME=(a b)`, exported.
    fn set(&mut self, out: &mut String) -> Result<(), Fault> {
        let mut words = Vec::new();
        let mut redirections = String::new();
        while let Some(word) = self.word_or_redirection(&mut redirections)? {
            words.push(word);
        }
        let count = words
            .iter()
            .take_while(|word| word.starts_with('-'))
            .count();
        let flags: String = words.iter().take(count).map(String::as_str).collect();
        let mut rest = words.into_iter().skip(count);
        let name = rest.next().unwrap_or_default();
        let values: Vec<String> = rest.collect();
        let is_name = !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let short = |flag: char| {
            let mut all = flags.split('-').filter(|it| it.len() <= 3);
            all.any(|it| it.contains(flag))
        };
        if name.is_empty() || short('q') || flags.contains("--query") {
            out.push_str("true ");
            out.push_str(&values.join(" "));
        } else if !is_name && !name.contains('[') {
            return Err("a variable of fish whose name is computed");
        } else if short('e') || flags.contains("--erase") {
            out.push_str(&["unset ", name.as_str()].concat());
        } else {
            let name = name.split('[').next().unwrap_or_default();
            let appends = short('a') || short('p') || flags.contains("--append") || !is_name;
            let sign = if appends { "+=" } else { "=" };
            match values.as_slice() {
                [one] if !one.starts_with("$(") && !one.contains("[@]") && !appends => {
                    out.push_str(&[name, sign, one.as_str()].concat());
                }
                values => out.push_str(&[name, sign, "(", values.join(" ").as_str(), ")"].concat()),
            }
            if short('x') || flags.contains("--export") {
                out.push_str(&["; export ", name].concat());
            }
        }
        out.push_str(&redirections);
        Ok(())
    }

    fn simple(&mut self, out: &mut String) -> Result<(), Fault> {
        let start = out.len();
        self.words(out)?;
        let written = out.get(start..).unwrap_or_default().trim().to_owned();
        if written.is_empty() {
            return Err("a text of fish that is not read");
        }
        // What `source` is not told it reads from its input (source(1), fish 3.6).
        if matches!(written.as_str(), "source" | "." | "source -") {
            out.truncate(start);
            out.push_str("source /dev/stdin");
        } else if let Some(rest) = written.strip_prefix("alias ")
            && let Some((name, value)) = rest.split_once(' ')
            && !name.contains('=')
        {
            out.truncate(start);
            out.push_str(&["alias ", name, "=", value].concat());
        }
        Ok(())
    }
}

/// Whether what has been written ends with a word that opens a body.
fn ends_block(out: &str) -> bool {
    ["then", "do", "else", "in"].iter().any(|word| {
        out.strip_suffix(word)
            .is_some_and(|before| before.ends_with([' ', '\n']))
    })
}

#[cfg(test)]
mod tests {
    use super::to_bash;
    use crate::shell::translated::{refuses, told};

    fn bash(text: &str) -> String {
        told(to_bash, text)
    }

    #[test]
    fn blocks_are_those_of_bash() {
        assert_eq!(bash("begin; ls; end"), "{ ls :; }");
        assert_eq!(
            bash("if test -d x; and true; rm x; else if false; ls; else; pwd; end"),
            "if test -d x&& true then rm x :; elif false then ls :; else pwd :; fi"
        );
        assert_eq!(
            bash("for f in a b; echo $f; end"),
            "for f in a b do echo \"${f[@]}\" :; done"
        );
        assert_eq!(
            bash("while true; ls; end | wc"),
            "while true do ls :; done | wc"
        );
        assert_eq!(
            bash("switch $x; case a b; ls; end"),
            "case \"${x[@]}\" in a|b) ls :;; esac"
        );
        assert_eq!(
            bash("function f; rm $argv; end; f x"),
            "f() { rm \"$@\" :; } f x"
        );
        assert_eq!(bash("ls; and pwd; or true"), "ls&& pwd|| true");
    }

    #[test]
    fn words_are_those_of_bash() {
        assert_eq!(bash(r"echo 'it\'s'"), r"echo 'it'\''s'");
        assert_eq!(bash("rm (ls)"), "rm $(ls )");
        assert_eq!(
            bash("set -gx A b c; echo $A[2]"),
            "A=(b c); export A echo \"${A[1]}\""
        );
        assert_eq!(bash("diff (ls | psub) x"), "diff <(ls ) x");
        assert_eq!(bash("ls >&2 2>&1 &> f"), "ls >& 2 2>& 1 &> f");
        assert_eq!(bash("echo x | source"), "echo x | source /dev/stdin");
    }

    #[test]
    fn what_is_not_closed_is_not_read() {
        refuses(
            to_bash,
            &["begin; ls", "end", "echo 'a", "rm (ls", "if true; ls"],
        );
    }
}
