//! Secret variables that a command shows to whoever reads its output: `echo $TOKEN`, `env | grep TOKEN`, `cat <(echo $TOKEN)`.

use super::analyst::{Analyst, Call};
use super::feeds::is_secret_variable;
use crate::effect::{Action, Role, Target};
use crate::shell::{Hole, Input, Invocation, Output, Word};

/// What a secret is called that goes to the next command, not to whoever looks.
const PASSED_ON: &str = "a secret into a pipe";

impl Analyst<'_> {
    /// A secret variable that a command shows to whoever looks, or looks for in a list of them.
    pub(super) fn shown_secrets(&mut self, call: &Call<'_>, invocation: &Invocation) {
        let Some((first, words)) = invocation.words.split_first() else {
            return;
        };
        let Some(name) = first.known() else { return };
        let shown = match &*name {
            "echo" | "printf" | "print" | "printenv" if invocation.output == Output::Inherited => {
                shown_variable(&name, words)
            }
            "grep" | "egrep" | "fgrep" | "rg" | "awk" | "sed" | "jq" => {
                sought_variable(invocation, call.scope.script, words)
            }
            _ => None,
        };
        let shown = shown.or_else(|| {
            let program = super::redirect::behind_wrappers(&invocation.words);
            let hands_on = matches!(&*program, "cat" | "tac" | "nl" | "less" | "more" | "bat")
                && invocation.output == Output::Inherited;
            hands_on
                .then(|| handed_variable(invocation, call.scope.script))
                .flatten()
        });
        let shown = shown.or_else(|| {
            let is_passed_on = matches!(&*name, "echo" | "printf" | "print")
                && invocation.output == Output::Pipe
                && shown_variable(&name, words).is_some();
            is_passed_on.then(|| PASSED_ON.to_owned())
        });
        if let Some(text) = shown {
            let target = Target::named(text);
            self.push(call, Action::Read, Role::Secret, target)
                .by(&name);
        }
    }
}

/// The secret variable that the words of `echo` or `printenv` show.
fn shown_variable(name: &str, words: &[Word]) -> Option<String> {
    let is_secret = |variable: &str| {
        // `${#TOKEN}` is its length.
        !variable.starts_with('#')
            && is_secret_variable(variable)
            && variable.bytes().any(|letter| letter.is_ascii_uppercase())
    };
    if name == "printenv" {
        let mut named = words.iter().filter_map(Word::known);
        return named
            .find(|word| is_secret(word))
            .map(std::borrow::Cow::into_owned);
    }
    let mut holes = words.iter().flat_map(Word::holes);
    holes.find_map(|hole| match hole {
        Hole::Variable(variable) if is_secret(variable) => Some(format!("${variable}")),
        Hole::Variable(_) | Hole::Output { .. } | Hole::Process { .. } | Hole::Other(_) => None,
    })
}

/// The secret variable that is shown by what only hands on what it is given: `cat <(echo $TOKEN)`, `echo $TOKEN | cat`.
fn handed_variable(invocation: &Invocation, script: &crate::shell::Script) -> Option<String> {
    let of_words = invocation.words.iter().flat_map(Word::holes);
    let mut ranges: Vec<_> = of_words
        .filter_map(|hole| match hole {
            Hole::Process { first, end, .. } => Some((*first, *end)),
            Hole::Output { .. } | Hole::Variable(_) | Hole::Other(_) => None,
        })
        .collect();
    if let Input::Pipe { first, end } = &invocation.input {
        ranges.push((*first, *end));
    }
    ranges.iter().find_map(|(first, end)| {
        let printing = script.between(*first, *end).last()?;
        let (name, words) = printing.words.split_first()?;
        let name = name.known()?;
        matches!(&*name, "echo" | "printf" | "print")
            .then(|| shown_variable(&name, words))
            .flatten()
    })
}

/// What is looked for in the variables of the shell: `set | grep TOKEN`.
fn sought_variable(
    invocation: &Invocation,
    script: &crate::shell::Script,
    words: &[Word],
) -> Option<String> {
    const LISTS: &[&str] = &[
        "env", "printenv", "set", "declare", "typeset", "export", "history", "fc", "inspect",
        "output",
    ];
    const KINDS: &[&str] = &[
        "token",
        "secret",
        "passw",
        "pass",
        "passphrase",
        "credential",
        "api_key",
        "apikey",
        "key",
        "auth",
    ];
    let Input::Pipe { first, end } = &invocation.input else {
        return None;
    };
    if super::names_only::masks_values(&invocation.words) {
        return None;
    }
    let feeding = script.between(*first, *end).last();
    // What only concerns the shell itself is no command for its reader.
    let lists = feeding.is_none_or(|it| {
        let mut names = it.words.iter().take(4).filter_map(Word::known);
        names.any(|name| LISTS.contains(&name.rsplit('/').next().unwrap_or_default()))
    });
    if !lists {
        return None;
    }
    let mut patterns = words.iter().map(|word| word.display().to_ascii_lowercase());
    patterns
        .find(|text| {
            !text.starts_with('-')
                && text
                    .split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
                    .any(|part| {
                        KINDS
                            .iter()
                            .any(|kind| part.trim_matches('_').ends_with(kind))
                    })
        })
        .map(|text| format!("variables like {text}"))
}
