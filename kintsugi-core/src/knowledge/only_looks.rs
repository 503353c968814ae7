//! Commands for elsewhere of which the line shows that they only look: `ansible all -a uptime`, `printf 'ls\n' | sftp -b - host`.

use super::analyst::{Analyst, Call};
use super::program::Task;
use super::telling::listed;
use crate::effect::{Action, Feed, Modifier, Role};
use crate::place::Place;
use crate::shell::Word;

/// Commands of sftp(1), OpenSSH 9.2, that change nothing on either side.
const SFTP_LOOKS: &str =
    " ls dir cd lcd lls pwd lpwd df version help ? bye quit exit progress lumask ";

/// Programs that change, in a container, files, accounts and services of it, and nothing of the kernel under it.
const OF_ITSELF: &str = " rm useradd adduser usermod userdel deluser groupadd addgroup groupmod groupdel delgroup chpasswd passwd \
    gpasswd chsh chage systemctl service ";

/// Modules of Ansible that hand their arguments to a program or a shell of each host (ansible-core 2.14).
const RUNNERS: [&str; 6] = [
    "command",
    "shell",
    "raw",
    "ansible.builtin.command",
    "ansible.builtin.shell",
    "ansible.builtin.raw",
];

impl Analyst<'_> {
    /// Makes a look of what a command does elsewhere when all that is done there is to look.
    pub(super) fn calm_looks(&mut self, task: &Task<'_, '_>, before: usize, unknowns: usize) {
        match task.parsed.path.as_str() {
            "ansible" if self.only_looks_there(&task.call, before, unknowns) => {
                for effect in self.analysis.effects.iter_mut().skip(before) {
                    if effect.action == Action::Execute && effect.role == Role::Remote {
                        effect.action = Action::Connect;
                    }
                }
            }
            // What a compose file says is shown and not run (docker compose(1), v2.37).
            "docker compose config" | "docker compose convert" => {
                for effect in self.analysis.effects.iter_mut().skip(before) {
                    if effect.action == Action::Execute && effect.target.text == "-" {
                        effect.action = Action::Read;
                    }
                }
            }
            "docker run" | "podman run" if shares_nothing(&task.call) => {
                self.settle_inside(before);
            }
            "kubectl get" if super::names_only::gets_beside(task.call.words) => {
                for effect in self.analysis.effects.iter_mut().skip(before) {
                    if effect.action == Action::Read && effect.role == Role::Secret {
                        effect.action = Action::List;
                        effect.role = Role::Config;
                    }
                }
            }
            "sftp" if batch_only_looks(&task.call) => {
                for effect in self.analysis.effects.iter_mut().skip(before) {
                    if effect.action == Action::Delete {
                        effect.action = Action::List;
                        effect.modifiers = effect.modifiers.without(Modifier::Indirect);
                    }
                }
            }
            _ => {}
        }
    }

    /// Makes a plain change of what is taken away inside a container that is given nothing of this machine.
    pub(super) fn settle_inside(&mut self, before: usize) {
        for effect in self.analysis.effects.iter_mut().skip(before) {
            let is_inside = effect.modifiers.contains(Modifier::Contained)
                && !effect.modifiers.contains(Modifier::Remote);
            if is_inside && effect.role == Role::Path && effect.action.takes_away() {
                effect.action = Action::Write;
            }
            // It has accounts and services of its own, and `/` is its own root.
            let program = effect.program.split(' ').next().unwrap_or_default();
            let is_of_itself = matches!(effect.role, Role::Path | Role::Account | Role::Service)
                && listed(OF_ITSELF, program);
            if is_inside && is_of_itself {
                effect.action = Action::Write;
                effect.role = Role::Path;
                effect.modifiers = effect.modifiers.without(Modifier::Privileged);
            }
        }
    }

    /// Whether a command for many hosts runs nothing there but what looks at their state.
    fn only_looks_there(&self, call: &Call<'_>, before: usize, unknowns: usize) -> bool {
        let mut module = None;
        let mut words = call.words.iter();
        while let Some(word) = words.next() {
            let Some(text) = word.known() else {
                return false;
            };
            match &*text {
                "-m" | "--module-name" => module = words.next().map(Word::display),
                _ if text.starts_with("-m") => module = text.get(2..).map(str::to_owned),
                _ => {}
            }
        }
        let runs = module.is_none_or(|name| RUNNERS.contains(&name.as_str()));
        let effects = self.analysis.effects.get(before..).unwrap_or_default();
        let looks = |effect: &crate::effect::Effect| match (effect.action, effect.role) {
            (Action::Execute | Action::Connect, Role::Remote)
            | (Action::Interpret, Role::Code)
            | (Action::Elevate | Action::List, _) => true,
            (Action::Read, Role::Path) => {
                !matches!(effect.target.place, Some(Place::Secret | Place::Guard))
            }
            (Action::Read, role) => role != Role::Secret,
            _ => false,
        };
        let is_plain = |effect: &crate::effect::Effect| {
            effect.feed != Feed::Network && !effect.modifiers.contains(Modifier::Unresolved)
        };
        runs && call
            .words
            .iter()
            .any(|word| word.display().starts_with("-a") || word.display().starts_with("--args"))
            && self.analysis.unknowns.len() == unknowns
            && effects
                .iter()
                .all(|effect| looks(effect) && is_plain(effect))
    }
}

/// Whether a new container is given nothing of this machine, so that what is taken away in it was in the image (docker-run(1)).
fn shares_nothing(call: &Call<'_>) -> bool {
    const GIVES: [&str; 12] = [
        "--volume",
        "--mount",
        "--volumes-from",
        "--privileged",
        "--pid",
        "--device",
        "--cap-add",
        "--security-opt",
        "--ipc",
        "--userns",
        "--network=host",
        "--network=container",
    ];
    call.words.iter().all(|word| {
        word.known().is_some_and(|text| {
            let is_cluster = text.starts_with('-') && !text.starts_with("--");
            let gives = GIVES.iter().any(|option| text.starts_with(option))
                || is_cluster && text.contains('v')
                || text == "host";
            !gives
        })
    })
}

/// Whether every line that `sftp` reads from its standard input is shown, and only looks.
fn batch_only_looks(call: &Call<'_>) -> bool {
    let is_input = call.words.windows(2).any(
        |pair| matches!(pair, [flag, file] if flag.display() == "-b" && file.display() == "-"),
    );
    let looks = |line: &str| {
        let line = line.trim().trim_start_matches(['-', '@']);
        line.is_empty()
            || line.starts_with('#')
            || line
                .split_whitespace()
                .next()
                .is_some_and(|verb| listed(SFTP_LOOKS, verb))
    };
    is_input
        && call
            .fed
            .text
            .as_deref()
            .is_some_and(|text| text.lines().all(looks))
}

#[cfg(test)]
mod tests {
    use crate::knowledge::testing::tells_apart;

    #[test]
    fn what_only_looks_elsewhere_is_told_from_what_acts_there() {
        tells_apart(
            "execute remote",
            &[
                "ansible all -a reboot",
                "ansible all -m copy -a 'src=a dest=b'",
                "ansible all -m shell -a \"$X\"",
                "ansible all -a './fix.sh'",
            ],
            &[
                "ansible all -a uptime",
                "ansible web -m shell -a 'df -h | tail -1'",
            ],
        );
        tells_apart(
            "delete remote",
            &[
                "sftp -b - h <<< 'rm a'",
                "sftp -b cmds h",
                "x | sftp -b - h",
            ],
            &[
                "sftp -b - h <<< 'ls -l'",
                "printf 'cd a\nls\n' | sftp -b - h",
            ],
        );
    }
}
