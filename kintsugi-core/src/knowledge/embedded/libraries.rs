//! Libraries whose calls say by their names, or by one argument, what becomes of something elsewhere or of a repository.
//!
//! Sources: python-crontab 3.2, shelljs 0.8, simple-git 3.27, `PyGithub` 2.4, `GitPython` 3.1, the Neo4j driver for Python 5, slack-sdk 3.33, net-ssh 7, `WordPress` 6.6.

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
        self.of_registry_or_zone(call)
            || self.asked_of_graph(call, last)
            || self.told_to_git(call, last)
            || self.uploads(call, last)
            || self.told_over_ssh(call, last)
            || self.told_to_minions(call, last)
            || self.scheduled(call, last)
            || self.told_to_shell(call, last)
            || self.told_to_manager(call, last)
            || self.trusts_code(call)
    }

    /// `winreg.DeleteKey` (Python 3.13), a zone that dnspython (2.7) changes, a table that Spark (3.5) writes anew in production.
    fn of_registry_or_zone(&mut self, call: &Call<'_>) -> bool {
        let (action, role, what) = match call.path {
            "winreg.DeleteKey" | "winreg.DeleteKeyEx" | "winreg.DeleteValue" => {
                (Action::Delete, Role::Config, "a key of the registry")
            }
            "dns.update.Update" | "dns.update.UpdateMessage" => {
                (Action::Write, Role::Resource, "a zone of DNS, by a library")
            }
            path if path.ends_with(".saveAsTable") || path.ends_with(".insertInto") => {
                let table = call.argument(0).known().unwrap_or_default();
                if !table.starts_with("prod") {
                    return false;
                }
                (
                    Action::Write,
                    Role::Resource,
                    "a table of production, by a library",
                )
            }
            _ => return false,
        };
        let with = if role == Role::Config {
            Modifier::Privileged
        } else {
            Modifier::Assumed
        };
        self.found
            .push(effect(action, role, what, Modifiers::NONE.with(with)));
        true
    }

    /// Commands of a project's own program: `call_command("flush")` of Django 5, `command.downgrade(config, "base")` of Alembic 1.14.
    fn told_to_manager(&mut self, call: &Call<'_>, last: &str) -> bool {
        let program: &[&str] = match (last, call.path) {
            ("call_command", _) => &["python3", "manage.py"],
            (_, "Artisan.call") => &["php", "artisan"],
            ("downgrade" | "upgrade" | "stamp", path) if path.contains("alembic") => {
                &["alembic", last]
            }
            _ => return false,
        };
        let skipped = usize::from(program.first() == Some(&"alembic"));
        let options = call.arguments.iter().flat_map(|(_, value)| &value.fields);
        let options = options.filter(|(name, _)| name.starts_with('-'));
        let words = program.iter().copied().map(Value::text);
        let given = call.positional().skip(skipped);
        let given = given.filter(|it| it.fields.is_empty()).cloned();
        let words = words.chain(given);
        let words = words.chain(options.map(|(name, _)| Value::text(name)));
        self.started(&words.collect::<Vec<_>>());
        true
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
        if self.resets_hard(call, last) || self.told_to_simple_git(call, last) {
            return true;
        }
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

    /// `repo.reset(id, pygit2.GIT_RESET_HARD)`, `Reset.reset(r, c, Reset.TYPE.HARD)`, `repo.reset(&it, ResetType::Hard, None)`,
    /// `w.Reset(&git.ResetOptions{Mode: git.HardReset})` (pygit2 1.16, nodegit 0.27, git2 0.19, go-git 5).
    fn resets_hard(&mut self, call: &Call<'_>, last: &str) -> bool {
        if !last.eq_ignore_ascii_case("reset") {
            return false;
        }
        let is_hard = |value: &Value| {
            let said = value.path.clone().or_else(|| value.known());
            said.is_some_and(|it| {
                let last = it.rsplit(['.', ':']).next().unwrap_or_default();
                matches!(last, "GIT_RESET_HARD" | "HARD" | "Hard" | "HardReset")
            })
        };
        let resets = call.arguments.iter().any(|(_, value)| {
            is_hard(value) || value.fields.iter().any(|(_, value)| is_hard(value))
        });
        if resets {
            self.started(&["git", "reset", "--hard"].map(Value::text));
        }
        resets
    }

    /// `push({ force: true })` of isomorphic-git (1), `r.Push(&git.PushOptions{Force: true})` of go-git (5), `push().setForce(true)` of `JGit` (7), and what
    /// is pushed by its name with a plus before it, or with nothing (`remote.push(["+refs/heads/main"])` of pygit2 1.16 and git2 0.19).
    fn pushes_by_force(&mut self, call: &Call<'_>, last: &str) -> bool {
        let is_true = |value: &Value| {
            let said = value.path.clone().or_else(|| value.known());
            said.as_deref() == Some("true")
        };
        let is_forced = |value: &Value| {
            let texts = value.items.iter().flatten().chain(std::iter::once(value));
            let mut texts = texts.flat_map(Value::alternatives);
            texts.any(|word| {
                let name = word.known_prefix();
                ["+refs/", ":refs/", "+HEAD:"]
                    .iter()
                    .any(|it| name.starts_with(it))
            })
        };
        let forces = |value: &Value| {
            let mut fields = value.fields.iter();
            is_forced(value)
                || fields.any(|(name, value)| {
                    name.eq_ignore_ascii_case("force") && is_true(value) || is_forced(value)
                })
        };
        let is_told = call.path == "push.setForce" && is_true(&call.argument(0))
            || call.path == "dulwich.porcelain.push"
                && call
                    .keyword("force")
                    .is_some_and(|it| it.path.as_deref() == Some("True"));
        let is_push = last.eq_ignore_ascii_case("push") || last.eq_ignore_ascii_case("PushContext");
        let pushes = is_told || is_push && call.arguments.iter().any(|(_, it)| forces(it));
        if pushes {
            self.started(&["git", "push", "--force"].map(Value::text));
        }
        pushes
    }

    /// `git.push(["--force", "origin", "main"])`, `git.clean("fdx")` of simple-git (3).
    fn told_to_simple_git(&mut self, call: &Call<'_>, last: &str) -> bool {
        if self.pushes_by_force(call, last) {
            return true;
        }
        let first = call.argument(0);
        let is_verb = matches!(
            last,
            "push"
                | "reset"
                | "clean"
                | "checkout"
                | "branch"
                | "stash"
                | "raw"
                | "rebase"
                | "tag"
                | "deleteLocalBranch"
        );
        // `push("origin", "main", { "--force": null })`.
        let given = call.arguments.iter().flat_map(|(_, value)| &value.fields);
        let options = given.filter(|(name, _)| name.starts_with('-'));
        let options: Vec<Value> = options.map(|(name, _)| Value::text(name)).collect();
        let is_mode = last == "clean" && first.known().is_some_and(|mode| mode.starts_with('f'));
        let by_library =
            self.brings.clients && (first.items.is_some() || is_mode || !options.is_empty());
        if !is_verb || !by_library || self.language != Language::Javascript {
            return false;
        }
        let mut words = vec![Value::text("git")];
        match last {
            "raw" => {}
            "deleteLocalBranch" => words.extend(["branch", "-D"].map(Value::text)),
            // The mode, as one word: `clean("fdx")`.
            "clean" => words.extend(["clean", "-ffdx"].map(Value::text)),
            _ => words.push(Value::text(last)),
        }
        words.extend(options);
        if last != "clean" {
            let given = call.positional().filter(|it| it.fields.is_empty());
            words.extend(given.flat_map(|value| match &value.items {
                Some(items) => items.clone(),
                None => vec![value.clone()],
            }));
        }
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

    /// salt 3007: `LocalClient().cmd("*", "cmd.run", ["…"])`; ansible-runner 2: `run(module="shell", module_args="…")`.
    fn told_to_minions(&mut self, call: &Call<'_>, last: &str) -> bool {
        let told = match last {
            "cmd"
                if call
                    .argument(1)
                    .known()
                    .is_some_and(|it| it.starts_with("cmd.")) =>
            {
                let told = call.argument(2);
                let first = told.items.as_ref().and_then(|it| it.first().cloned());
                Some(first.unwrap_or(told))
            }
            "run" | "run_async" => call.keyword("module_args").cloned(),
            _ => None,
        };
        let texts = told.iter().flat_map(Value::alternatives);
        self.found.extend(texts.map(Embedded::Shell));
        told.is_some()
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
