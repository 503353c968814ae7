//! Processes that a script looks for and ends.
//!
//! Sources: psutil 6.1, `process_iter`, `Process.kill`; `proc(5)`.

use super::Embedded;
use super::lex::Token;
use super::script::Script;
use super::whole::{calls_method, names_one};
use crate::effect::{Action, Modifier, Modifiers, Role, Span};
use crate::knowledge::schema::Language;
use crate::shell::Word;

/// What a process is chosen by.
const PICKS: [&str; 11] = [
    "name",
    "info",
    "cmdline",
    "comm",
    "exe",
    "status",
    "username",
    "ppid",
    "environ",
    "cwd",
    "create_time",
];

/// Most names of processes that are looked at.
const NAMES_MAX: usize = 8;

impl Script<'_> {
    /// Goes through all processes and ends them: each, or those of a name, as `pkill(1)` does.
    pub(super) fn kills_processes(&mut self, tokens: &[Token]) {
        let says = |part: &str| {
            tokens.iter().any(|token| {
                matches!(token, Token::Name(name) if name == part)
                    || token.text().is_some_and(|text| text.contains(part))
            })
        };
        let lists = names_one(tokens, &["process_iter", "pids"])
            || says("/proc") && names_one(tokens, &["listdir", "scandir", "iterdir", "glob"]);
        if self.language != Language::Python
            || !lists
            || !calls_method(tokens, &["kill", "terminate", "suspend", "send_signal"])
        {
            return;
        }
        if !PICKS.iter().any(|part| says(part)) {
            let all = Modifiers::NONE.with(Modifier::All);
            let every = super::effect(Action::Kill, Role::Process, "every process", all);
            self.found.push(every);
            return;
        }
        if !names_one(tokens, &["process_iter"]) {
            return;
        }
        let is_name = |text: &&str| {
            let is_part = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
            text.len() > 2 && text.chars().all(is_part) && !PICKS.contains(text)
        };
        let names = tokens.iter().filter_map(Token::text).filter(is_name);
        let word = |text: &str| Word::text(text, Span::default());
        let commands = names
            .take(NAMES_MAX)
            .map(|name| vec![word("pkill"), word(name)]);
        self.found.extend(commands.map(Embedded::Command));
    }
}
