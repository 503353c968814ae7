//! Databases that people keep on their own machine while they develop: an account of one's own project, a key of one's own etcd, a file of
//! `SQLite` that the line makes anew from the statements that make it.
//!
//! Only the command itself, as it stands in the line: what a container, a cluster or another machine is told to run may be anybody's, and so
//! may what an option, a variable or a file that the line reads says of another place.
//!
//! Sources: Django 5.1 ("django-admin and manage.py"), etcdctl 3.5 (`ETCDCTL_ENDPOINTS`; 127.0.0.1:2379 without it), sqlite3(1) 3.47.

use super::analyst::{Analyst, Call};
use super::lexicon::{is_production, parts};
use super::program::Task;
use super::telling::listed;
use super::trial_address::brings_server;
use crate::effect::{Action, Modifiers, Role};
use crate::shell::{Assignment, Invocation, Word};

/// Programs by which one starts the tasks of a project of Python here.
const STARTERS: &str = " python python3 python3.11 python3.12 python3.13 uv poetry pipenv pdm hatch django-admin manage.py ";

/// Parts of the name of settings, or of a file, that are for whoever works here.
const OWN: &str = " dev devel development local test tests testing ";

/// Parts of the name of a variable that says where something is.
const WHERE: [&str; 6] = ["DATABASE", "SETTINGS", "ENV", "HOST", "URL", "ENDPOINTS"];

/// Clients that read statements into a file of `SQLite`.
const FILE_CLIENTS: &str = " sqlite3 sqlite ";

/// Most commands of a line that are looked at.
const COMMANDS_MAX: usize = 32;

impl Analyst<'_> {
    /// Makes a plain change of what a command does to what is kept on this machine for development.
    pub(super) fn calm_here(&mut self, task: &Task<'_, '_>, before: usize) {
        let is_django = matches!(
            task.parsed.path.as_str(),
            "django-admin" | "python manage.py"
        );
        let call = &task.call;
        if !(is_django || task.parsed.path == "consul") || !self.made.is_outermost() {
            return;
        }
        let around = self.made.at();
        let around = around.and_then(|at| call.scope.script.invocations.get(at));
        let is_own = around.is_some_and(|it| {
            if is_django {
                is_own_task(call, it)
            } else {
                is_own_key(call, it)
            }
        });
        if !is_own {
            return;
        }
        for effect in self.analysis.effects.iter_mut().skip(before) {
            let is_meant = if is_django {
                effect.action == Action::Grant && effect.target.text == "superuser"
            } else {
                effect.action == Action::Write && effect.role == Role::Resource
            };
            if is_meant {
                effect.action = Action::Write;
                effect.role = Role::Database;
                effect.modifiers = Modifiers::NONE;
            }
        }
    }

    /// Whether a command behind this one reads statements into the file: `rm -f dev.db && sqlite3 dev.db < schema.sql`.
    pub(super) fn is_read_anew(&mut self, call: &Call<'_>, path: &str) -> bool {
        for it in call.scope.script.invocations.iter().take(COMMANDS_MAX) {
            if !self.budget.spend(2) {
                return false;
            }
            let [client, file] = it.words.as_slice() else {
                continue;
            };
            let reads = it.redirects.iter().any(|it| {
                let target = it.target.display();
                target.rsplit('.').next() == Some("sql") && target != path
            });
            if it.span.start <= call.span.start
                || !listed(FILE_CLIENTS, &client.display())
                || !reads
            {
                continue;
            }
            let judged = self.judge(file, &it.directories, call.scope);
            if !judged.is_empty() && judged.iter().all(|it| it.path == path) {
                return true;
            }
        }
        false
    }
}

/// Whether the name of a file says that it is a database for development: `dev.db`, `db/development.sqlite3`.
pub(super) fn is_for_development(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let is_file = [".db", ".sqlite", ".sqlite3"]
        .iter()
        .any(|end| name.ends_with(end));
    is_file && !parts(name).any(|it| is_production(&it)) && parts(name).any(|it| listed(OWN, &it))
}

/// Whether an account is made in the database that the settings of the project name.
fn is_own_task(call: &Call<'_>, around: &Invocation) -> bool {
    let words: Vec<String> = around.words.iter().map(Word::display).collect();
    let first = words.first().map_or("", String::as_str);
    let base = first.rsplit('/').next().unwrap_or_default();
    let at = words.iter().position(|it| it == "createsuperuser");
    let Some((front, behind)) = at.and_then(|at| words.split_at_checked(at)) else {
        return false;
    };
    let is_plain =
        |it: &String| listed(STARTERS, it.rsplit('/').next().unwrap_or_default()) || it == "run";
    let mut options = behind.iter().skip(1);
    let names_other = options.any(|it| {
        let (flag, value) = it.split_once('=').unwrap_or((it, ""));
        matches!(flag, "--database" | "--pythonpath")
            || flag == "--settings" && !parts(value).any(|it| listed(OWN, &it))
            || is_production(it)
    });
    listed(STARTERS, base)
        && front.iter().all(is_plain)
        && !names_other
        && says_no_other_place(call, around)
}

/// Whether a key is put into the etcd of this machine, and into none that a cluster keeps its state in.
fn is_own_key(call: &Call<'_>, around: &Invocation) -> bool {
    let words: Vec<String> = around.words.iter().map(Word::display).collect();
    let [client, rest @ ..] = words.as_slice() else {
        return false;
    };
    let is_state = |it: &String| {
        ["--cacert", "--cert", "--key", "--discovery"]
            .iter()
            .any(|flag| it.starts_with(flag))
            || it.starts_with("/registry")
            || is_production(it)
    };
    let is_here = |list: &str| {
        list.split(',').all(|address| {
            let host = address.split_once("://").map_or(address, |(_, rest)| rest);
            let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
            matches!(host, "localhost" | "127.0.0.1" | "[::1]")
        })
    };
    let attached = rest
        .iter()
        .filter_map(|it| it.strip_prefix("--endpoints="))
        .all(is_here);
    let apart = rest.windows(2).all(|pair| match pair {
        [flag, list] if flag == "--endpoints" => is_here(list),
        _ => true,
    });
    client.ends_with("etcdctl")
        && rest.iter().any(|it| it == "put")
        && !rest.iter().any(is_state)
        && attached
        && apart
        && around.words.iter().all(|it| it.holes().next().is_none())
        && says_no_other_place(call, around)
        && !brings_server(call)
}

/// Whether no variable, and no file that the line reads in front, says where the command works.
fn says_no_other_place(call: &Call<'_>, around: &Invocation) -> bool {
    let says = |name: &str| WHERE.iter().any(|part| name.contains(part));
    let by_assignment = |it: &Assignment| says(&it.name);
    let earlier = call.scope.script.invocations.iter();
    let mut earlier = earlier.filter(|it| it.span.start < around.span.start);
    let brings_more = |it: &Invocation| {
        let first = it.words.first().and_then(Word::known);
        let reads = matches!(first.as_deref(), Some("source" | "." | "eval" | "export"));
        let told = it.words.iter().skip(1).map(Word::display);
        let is_environment = |word: &str| word.ends_with("activate");
        reads && !told.into_iter().any(|word| is_environment(&word))
            || it.assignments.iter().any(by_assignment)
    };
    !around.assignments.iter().any(by_assignment)
        && !call.assignments.iter().any(by_assignment)
        && !earlier.any(brings_more)
}
