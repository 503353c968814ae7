//! Libraries whose calls say by their names, or by one argument, what becomes of something elsewhere or of a repository.
//!
//! Sources: python-crontab 3.2, shelljs 0.8, `PyGithub` 2.4, `GitPython` 3.1, the Neo4j driver for Python 5, slack-sdk 3.33, net-ssh 7, `WordPress` 6.6.

use super::effects::Call;
use super::script::Script;
use super::value::Value;
use super::{Embedded, effect};
use crate::effect::{Action, Modifier, Modifiers, Role};
use crate::knowledge::schema::Language;

/// Functions that give somebody rights, whoever brings them.
const GRANTS: [&str; 10] = [
    "add_to_collaborators",
    "add_collaborator",
    "addCollaborator",
    "add_to_members",
    "add_membership",
    "wp_insert_user",
    "wp_create_user",
    "wp_set_password",
    "grantRolesToUser",
    "files_sharedPublicURL",
];

/// Keywords that name a file which is sent.
const FILES: [&str; 4] = ["file", "filename", "file_path", "path"];

impl Script<'_> {
    /// Notes what a call of such a library does; whether it is one.
    pub(super) fn by_library(&mut self, call: &Call<'_>, last: &str) -> bool {
        if GRANTS.contains(&last) {
            self.found
                .push(effect(Action::Grant, Role::Account, last, Modifiers::NONE));
            return true;
        }
        self.asked_of_graph(call, last)
            || self.told_to_git(call, last)
            || self.uploads(call, last)
            || self.told_over_ssh(call, last)
            || self.scheduled(call, last)
            || self.told_to_shell(call, last)
    }

    /// shelljs 0.8: `shell.rm("-rf", dir)` is the command of that name.
    fn told_to_shell(&mut self, call: &Call<'_>, last: &str) -> bool {
        let is_command = matches!(last, "rm" | "mv" | "cp" | "chmod" | "ln" | "sed" | "cat");
        if !is_command || !call.path.starts_with("shelljs.") {
            return false;
        }
        let mut words = vec![Value::text(last)];
        words.extend(call.positional().flat_map(|value| match &value.items {
            Some(items) => items.clone(),
            None => vec![value.clone()],
        }));
        let words = words
            .iter()
            .filter_map(|it| it.alternatives().into_iter().next());
        self.found.push(Embedded::Command(words.collect()));
        true
    }

    /// python-crontab 3: `CronTab(user=True).new(command="…")`.
    fn scheduled(&mut self, call: &Call<'_>, last: &str) -> bool {
        let is_command = |(name, _): &&(Option<String>, Value)| name.as_deref() == Some("command");
        let Some((_, command)) = call.arguments.iter().find(is_command) else {
            return false;
        };
        if last != "new" || self.language != Language::Python {
            return false;
        }
        let crontab = effect(Action::Persist, Role::Config, "crontab", Modifiers::NONE);
        self.found.push(crontab);
        let texts = command.alternatives();
        self.found.extend(texts.into_iter().map(Embedded::Shell));
        true
    }

    /// `session.run("MATCH (n) DETACH DELETE n")`.
    fn asked_of_graph(&mut self, call: &Call<'_>, last: &str) -> bool {
        if !matches!(last, "run" | "execute_query" | "execute_write") || call.object.is_none() {
            return false;
        }
        let Some(text) = call.argument(0).known() else {
            return false;
        };
        let upper = text.to_ascii_uppercase();
        let deletes = upper.contains("DETACH DELETE")
            || upper.contains("MATCH") && upper.contains(" DELETE ");
        if deletes {
            let all = Modifiers::NONE.with(Modifier::All);
            self.found
                .push(effect(Action::Delete, Role::Table, "nodes", all));
        }
        deletes
    }

    /// `repo.git.reset("--hard")`, `repo.remotes.origin.push(force=True)`.
    fn told_to_git(&mut self, call: &Call<'_>, last: &str) -> bool {
        if self.language != Language::Python || call.object.is_none() {
            return false;
        }
        let mut parts = call.path.rsplit('.').skip(1);
        let by_name = parts.next() == Some("git");
        let by_remote = last == "push" && call.path.contains("remote");
        if !by_name && !by_remote {
            return false;
        }
        let is_true = |value: &Value| value.path.as_deref() == Some("True");
        let options = call.arguments.iter().filter_map(|(keyword, value)| {
            let keyword = keyword.as_deref().filter(|_| is_true(value))?;
            Some(Value::text(["--", &keyword.replace('_', "-")].concat()))
        });
        let mut words = vec![Value::text("git"), Value::text(last.replace('_', "-"))];
        words.extend(options);
        words.extend(call.positional().cloned());
        self.started(&words);
        true
    }

    /// `client.files_upload_v2(channel="C1", file=".env")`.
    fn uploads(&mut self, call: &Call<'_>, last: &str) -> bool {
        if !last.contains("upload") || !self.brings.clients {
            return false;
        }
        let is_file = |keyword: &Option<String>| {
            keyword
                .as_deref()
                .is_some_and(|keyword| FILES.contains(&keyword))
        };
        let given = call.arguments.iter().find(|(keyword, _)| is_file(keyword));
        let Some(file) = given.map(|(_, value)| value.clone()) else {
            return false;
        };
        let read = Call {
            path: call.path,
            object: None,
            arguments: vec![(None, file)],
        };
        self.perform(super::calls::path(Action::Read, 0), &read);
        self.found.push(effect(
            Action::Send,
            Role::Remote,
            "a service",
            Modifiers::NONE,
        ));
        true
    }

    /// `ssh.exec!("…")` of net-ssh.
    fn told_over_ssh(&mut self, call: &Call<'_>, last: &str) -> bool {
        let tells = self.language == Language::Ruby
            && call.object.is_some()
            && (last == "exec!" || last == "exec" && self.brings.machines);
        if tells {
            let told = call.argument(0).alternatives();
            self.found.extend(told.into_iter().map(Embedded::Shell));
        }
        tells
    }
}
