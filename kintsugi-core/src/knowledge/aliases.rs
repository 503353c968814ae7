//! Aliases of git and of the command lines of forges: what the line, or the settings, say that a name stands for.

use super::analyst::{Analyst, Call};
use super::schema::Language;
use crate::shell::{Input, Word};

impl Analyst<'_> {
    /// An alias of git that this command or an earlier one gives: looked at as what it stands for, beside what is written.
    pub(super) fn git_alias(&mut self, call: &Call<'_>, name: &str, words: &[Word]) {
        if name.rsplit('/').next() != Some("git") {
            return;
        }
        let mut at = 0;
        let mut subcommand = None;
        while let Some(word) = words.get(at) {
            let text = word.known();
            let takes = matches!(
                text.as_deref(),
                Some("-c" | "-C" | "--git-dir" | "--work-tree" | "--namespace")
            );
            if text.as_deref() == Some("-c")
                && let Some(setting) = words.get(at + 1).and_then(Word::known)
                && let Some((name, value)) = setting.split_once('=')
                && let Some(alias) = name.strip_prefix("alias.")
            {
                self.keep_alias(alias, value);
            }
            let is_option = text.as_deref().is_none_or(|text| text.starts_with('-'));
            if !is_option {
                subcommand = text;
                break;
            }
            at += 1 + usize::from(takes);
        }
        let behind = words.get(at + 1..).unwrap_or_default();
        if subcommand.as_deref() == Some("config") {
            for pair in behind.windows(2) {
                if let [key, value] = pair
                    && let (Some(key), Some(value)) = (key.known(), value.known())
                    && let Some(alias) = key.strip_prefix("alias.")
                {
                    self.keep_alias(alias, &value);
                }
            }
        }
        let alias = subcommand.and_then(|name| self.aliases.remove(&*name));
        let (Some(alias), Some(before)) = (alias, words.get(..at)) else {
            return;
        };
        let parts = alias.split_whitespace();
        let parts = parts.map(|part| Word::text(part.trim_matches(['"', '\'']), call.span));
        let words: Vec<Word> = std::iter::once(Word::text("git", call.span))
            .chain(before.iter().cloned())
            .chain(parts)
            .chain(behind.iter().cloned())
            .collect();
        self.inside(call, &words);
    }

    /// What begins with `!` is program text, which is read where it is given.
    fn keep_alias(&mut self, alias: &str, value: &str) {
        if !value.starts_with('!') {
            self.aliases.insert(alias.to_owned(), value.to_owned());
        }
    }

    /// `gh alias set [--shell] NAME EXPANSION`, and the same of glab: what it stands for is looked at where it is given
    /// (gh-alias-set(1), gh 2.62).
    pub(super) fn forge_alias(&mut self, call: &Call<'_>, name: &str, words: &[Word]) {
        let program = name.rsplit('/').next().unwrap_or_default();
        let known = |at: usize| words.get(at).and_then(Word::known);
        let is_alias = matches!(program, "gh" | "glab" | "hub")
            && known(0).as_deref() == Some("alias")
            && matches!(known(1).as_deref(), Some("set" | "import"));
        if !is_alias {
            return;
        }
        let is_shell = words
            .iter()
            .any(|word| matches!(word.known().as_deref(), Some("--shell" | "-s")));
        let mut operands = words.iter().skip(2).filter(|word| {
            let text = word.known();
            text.is_none_or(|text| text == "-" || !text.starts_with('-'))
        });
        operands.next();
        let given = operands.next();
        let text = match (given.and_then(Word::known), &call.fed.text, call.input) {
            (Some(text), _, _) if text != "-" => text.into_owned(),
            (_, Some(text), _) => text.to_string(),
            (_, None, Input::Text(word)) => word.display(),
            (_, None, _) => return,
        };
        let (text, is_shell) = match text.strip_prefix('!') {
            Some(rest) => (rest.to_owned(), true),
            None => (text, is_shell),
        };
        let text = if is_shell {
            text
        } else {
            [program, " ", &text].concat()
        };
        let mut inner = call.clone();
        inner.ambient.depth += 1;
        self.text(&inner, Language::Shell, &Word::text(text, call.span), &[]);
    }
}
