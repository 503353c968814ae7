//! Functions and aliases in the place of programs to which people type passwords: `sudo() { …; command sudo "$@"; }`.
//!
//! Such a function sees every word and everything that is typed. One that only starts the program itself, with other options or another
//! title of the window, is everyday.

use super::analyst::{Ambient, Analyst};
use super::program::Task;
use super::schema::Language;
use super::telling::listed;
use crate::effect::{Action, Effect, Feed, Role, Target};
use crate::shell::{Invocation, Script, Word, is_trusted};

/// What a function in the place of one of these may start without being asked about.
const PLAIN: &str = " command builtin env exec export local declare set shift return test [ [[ true false tput tmux kitten kitty wezterm if \
    unset typeset noglob nocorrect ssh-add ssh-agent gpg-connect-agent mosh autossh doas sudo su ssh scp sftp stty clear : ";

impl Analyst<'_> {
    /// Notes each function of the text in the place of such a program that does more than start it.
    pub(super) fn functions_in_place(&mut self, script: &Script, ambient: Ambient) {
        for (name, body) in &script.in_place {
            let Some(more) = body.iter().find(|invocation| does_more(name, invocation)) else {
                continue;
            };
            self.analysis.effects.push(Effect {
                action: Action::Persist,
                role: Role::Config,
                target: Target::named(["a function in the place of ", name].concat()),
                modifiers: ambient.modifiers,
                feed: Feed::Text,
                program: name.clone(),
                span: more.span,
                script: None,
            });
        }
    }

    /// The same of an alias: `alias sudo='/tmp/.s/sudo'`.
    pub(super) fn alias_in_place(&mut self, task: &Task<'_, '_>) {
        if task.parsed.path != "alias" {
            return;
        }
        for word in task.call.words.iter().skip(1) {
            let text = word.display();
            let Some((name, value)) = text.split_once('=') else {
                continue;
            };
            if task.parsed.is_set("global") {
                // What it stands for follows other words: `alias -g L='| less'` (zshmisc(1) 5.9, ALIASING).
                let text = Word::text([": ", value].concat(), word.span);
                self.text(&task.call, Language::Shell, &text, &[]);
            }
            if !is_trusted(name) {
                continue;
            }
            let mut words = value.split_whitespace();
            let is_plain = words.next().is_none_or(|first| {
                let base = first.rsplit('/').next().unwrap_or_default();
                let is_installed = !first.contains('/')
                    || ["/usr/", "/bin/", "/opt/"]
                        .iter()
                        .any(|it| first.starts_with(it));
                is_installed && (base == name || listed(PLAIN, base) || first.starts_with("TERM="))
            });
            let is_chained = value.contains([';', '|', '&', '>', '`'])
                || value.contains("$(")
                || value.contains("LD_");
            if is_plain && !is_chained {
                continue;
            }
            let target = Target::named(["an alias in the place of ", name].concat());
            self.push(&task.call, Action::Persist, Role::Config, target);
        }
    }
}

/// The name of the program that a command of the body starts; `sudo` is one of them.
fn started(words: &[Word]) -> String {
    let mut words = words.iter().map(Word::display);
    let first = words.find(|word| {
        !matches!(
            word.as_str(),
            "command" | "builtin" | "exec" | "env" | "time"
        ) && !word.starts_with('-')
            && !word.contains('=')
    });
    let first = first.unwrap_or_default();
    first.rsplit('/').next().unwrap_or_default().to_owned()
}

/// Whether a command of the body is more than the program itself and what prepares it.
fn does_more(name: &str, invocation: &Invocation) -> bool {
    let program = started(&invocation.words);
    let writes = !invocation.redirects.is_empty()
        && invocation.redirects.iter().any(|redirect| {
            redirect.mode != crate::shell::RedirectMode::Read
                && !Word::display(&redirect.target).starts_with("/dev/")
        });
    let is_path = invocation
        .words
        .first()
        .map(Word::display)
        .is_some_and(|first| {
            first.contains('/')
                && !["/usr/", "/bin/", "/opt/"]
                    .iter()
                    .any(|it| first.starts_with(it))
        });
    let is_plain = program == name
        || program.is_empty()
        || listed(PLAIN, &program)
        || matches!(program.as_str(), "echo" | "printf" | "print" | "title");
    // What is told to start another one in between.
    let relays = invocation.words.iter().map(Word::display).any(|word| {
        word.contains("ProxyCommand=") && !word.contains("ProxyCommand=none")
            || word.contains("LD_PRELOAD=")
    });
    writes || is_path || relays || !is_plain
}

#[cfg(test)]
mod tests {
    use crate::knowledge::testing::tells_apart;

    #[test]
    fn what_sees_passwords_is_told_from_a_shorter_way_to_type_it() {
        tells_apart(
            "in the place of",
            &[
                "sudo() { echo \"$@\" >> /tmp/k; /usr/bin/sudo \"$@\"; }",
                "function ssh { tee -a /tmp/l | command ssh \"$@\"; }",
                "alias sudo='/tmp/s/sudo'",
                "alias sudo='sudo LD_PRELOAD=/tmp/a.so'",
            ],
            &[
                "alias sudo='sudo '",
                "alias sudo=doas",
                "alias ssh='kitten ssh'",
                "alias ssh='TERM=xterm ssh'",
                "ssh() { TERM=xterm-256color command ssh \"$@\"; }",
                "sudo() { command sudo -E \"$@\"; }",
                "alias ll='ls -l | less'",
            ],
        );
    }
}
