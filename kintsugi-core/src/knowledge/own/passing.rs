//! What a line made for the moment, also where it is not certain that making it succeeded: things whose name says that nobody keeps them,
//! repositories in a directory that `mktemp` named, servers that the line started on a port of its own.
//!
//! Where the name is taken, what is taken away is not the line's own. So the name itself has to say that it is passing (`scratch_1`,
//! `ci-tmp`, `t_$$`), the line has to make it in the same words first, and both have to speak to the same server.
//!
//! Sources: git-clone(1), git-push(1), git 2.45; redis-server 7.4; `PostgreSQL` 17, initdb and `pg_ctl`; Vault 1.18, "Dev server mode"; Vagrant
//! 2.4; conda 24; docker-run(1), Docker CLI 28.

use super::EARLIER_MAX;
use super::names::{Line, made, taken};
use crate::effect::{Action, Modifiers, Role};
use crate::knowledge::analyst::{Analyst, Call};
use crate::knowledge::embedded::is_this_machine;
use crate::knowledge::program::Task;
use crate::knowledge::telling::listed;
use crate::place::{Judgement, NEW_TEMPORARY, Place};
use crate::shell::{Directory, Hole, Invocation, Piece, Word};

/// Parts of a name that say that what has it is thrown away.
const PASSING: &str = " tmp temp temporary scratch throwaway ephemeral sandbox probe disposable ";

/// Ports that servers have when nobody says another.
const USUAL_PORTS: &str = " 5432 3306 6379 27017 9200 9000 8123 8200 26257 1433 1521 ";

impl Analyst<'_> {
    /// Lets go what is done to a server of Vault that the line started for development: what it keeps is no secret of anybody.
    pub(super) fn calm_dev_server(&mut self, task: &Task<'_, '_>, before: usize) {
        if task.parsed.path.split(' ').next() != Some("vault") || !is_of_dev_server(&task.call) {
            return;
        }
        for effect in self.analysis.effects.iter_mut().skip(before) {
            if matches!(effect.role, Role::Secret | Role::Resource) {
                effect.action = Action::List;
                effect.modifiers = Modifiers::NONE;
            }
        }
    }

    /// Makes a plain change of taking away what the line made for the moment.
    pub(super) fn calm_passing(&mut self, task: &Task<'_, '_>, before: usize, unknowns: usize) {
        let call = &task.call;
        let program = task.parsed.path.split(' ').next().unwrap_or_default();
        if task.parsed.path == "git worktree remove" {
            if super::repositories::is_own_worktree(call) {
                self.calm(before, |effect| effect.role == Role::Path);
            }
            return;
        }
        if program == "git" {
            if takes_passing_tags(call) {
                self.calm(before, |effect| {
                    matches!(effect.role, Role::Branch | Role::History)
                });
                self.settle(&taken(call.words), unknowns);
                return;
            }
            self.calm_passing_repository(task, before);
            return;
        }
        let is_meant = match program {
            "vagrant" => call.directories.iter().all(is_new),
            "conda" | "mamba" | "micromamba" => self.is_passing_prefix(task),
            "redis-cli" | "valkey-cli" => is_of_own_port(call, &["redis-server", "valkey-server"]),
            "scancel" => is_own_job(call),
            "supabase" => {
                let has = |option: &str| {
                    call.words
                        .iter()
                        .any(|word| word.display().starts_with(option))
                };
                has("--local") && !has("--linked") && !has("--db-url")
            }
            "curl" | "http" | "xh" => {
                self.calm_own_port(call, before);
                return;
            }
            "psql" | "dropdb" | "pg_restore" => self.is_of_own_cluster(call),
            _ => false,
        };
        if is_meant || takes_passing(call) || is_told_passing(call) {
            self.calm(before, |effect| {
                effect.role != Role::Path || program == "vagrant"
            });
            self.settle(&taken(call.words), unknowns);
            return;
        }
        if matches!(program, "psql" | "mysql" | "mariadb") {
            let names = self.databases_taken(before);
            let own: Vec<String> = names
                .into_iter()
                .filter(|name| {
                    is_passing(name)
                        && was_made(call, "database", &Word::text(name.as_str(), call.span))
                })
                .collect();
            self.calm(before, |effect| {
                effect.role == Role::Database && own.contains(&effect.target.text)
            });
        }
    }

    /// Whether an environment is taken away by its directory, which lies in a temporary one.
    fn is_passing_prefix(&self, task: &Task<'_, '_>) -> bool {
        let mut pairs = task.call.words.windows(2);
        let prefix = pairs.find_map(|pair| match pair {
            [flag, value] => {
                let flag = flag.display();
                let is_short =
                    flag.starts_with('-') && !flag.starts_with("--") && flag.ends_with('p');
                (is_short || flag == "--prefix").then_some(value)
            }
            _ => None,
        });
        prefix.is_some_and(|word| self.is_temporary(task, word))
            && !task
                .call
                .words
                .iter()
                .any(|word| matches!(word.display().as_str(), "-n" | "--name"))
    }

    /// Whether the line made a cluster of databases in a temporary directory, started it on a port of its own, and the command speaks to
    /// it, since it names no other.
    fn is_of_own_cluster(&self, call: &Call<'_>) -> bool {
        let value = |name: &str| call.variables.values.get(name).map(Word::display);
        if !value("PGPORT").is_some_and(|it| is_own_port(&it)) {
            return false;
        }
        let is_near = value("PGHOST").is_none_or(|it| it.starts_with('/') || is_this_machine(&it));
        let data = call.variables.values.get("PGDATA");
        let is_temporary = data.is_some_and(|word| {
            let judged = self.judge(word, &call.directories, call.scope);
            !judged.is_empty() && judged.iter().all(|it| it.place == Place::Temp)
        });
        let names_other = Line::read(call.words).options.iter().any(|(name, _)| {
            let name = name.split('=').next().unwrap_or_default();
            matches!(name, "-h" | "--host" | "-p" | "--port" | "--maintenance-db")
                || name.starts_with("-h")
                || name.starts_with("-p") && !name.starts_with("--")
        }) || call
            .words
            .iter()
            .any(|word| word.display().contains("://") || word.display().contains("host="));
        let ran = |program: &str, verb: &str| {
            earlier(call).any(|it| {
                let words: Vec<String> = it.words.iter().map(Word::display).collect();
                words
                    .first()
                    .is_some_and(|name| name.rsplit('/').next() == Some(program))
                    && (verb.is_empty() || words.iter().any(|word| word == verb))
            })
        };
        is_near
            && is_temporary
            && !names_other
            && call.assignments.is_empty()
            && ran("initdb", "")
            && ran("pg_ctl", "start")
    }

    /// Lets go what is deleted by requests to a container that the line started on a port of its own.
    fn calm_own_port(&mut self, call: &Call<'_>, before: usize) {
        let started: Vec<String> = earlier(call)
            .filter(|it| {
                let mut words = it.words.iter().map(Word::display);
                matches!(
                    (words.next().as_deref(), words.next().as_deref()),
                    (Some("docker" | "podman" | "nerdctl"), Some("run"))
                )
            })
            .flat_map(|it| it.words.iter().map(Word::display))
            .filter_map(|word| {
                let port = word.split(':').rev().nth(1)?.to_owned();
                is_own_port(&port).then_some(port)
            })
            .collect();
        for effect in self.analysis.effects.iter_mut().skip(before) {
            let text = effect.target.text.as_str();
            let behind = text.split_once("://").map_or(text, |(_, rest)| rest);
            let server = behind.split(['/', '?']).next().unwrap_or_default();
            let is_own = server
                .rsplit_once(':')
                .is_some_and(|(_, port)| started.iter().any(|it| it == port));
            if effect.role == Role::Remote
                && effect.action == Action::Delete
                && is_own
                && is_this_machine(text)
            {
                effect.action = Action::Fetch;
            }
        }
    }
}

/// Whether a directory has a name that says that nobody keeps it, and a command in front makes it by that name: `git clone x tmp-x; …;
/// rm -rf tmp-x`. Where `cd` may have failed in between the same name may lie beside the project: then it has to say more than `tmp`.
pub(in crate::knowledge) fn is_made_in_passing(call: &Call<'_>, judged: &Judgement) -> bool {
    let name = judged.path.trim_end_matches('/').rsplit('/').next();
    let name = name.unwrap_or_default();
    let is_plain = judged.modifiers == Modifiers::NONE && is_passing(name);
    let is_long = name.split(['-', '_', '.']).count() > 1;
    if !is_plain || judged.place == Place::Home && !is_long {
        return false;
    }
    let says = |word: &Word| {
        let text = word.display();
        let text = text.strip_prefix("./").unwrap_or(&text);
        text.trim_end_matches('/') == name
    };
    call.words.iter().skip(1).any(says)
        && earlier(call).any(|it| makes_directory(&it.words) && it.words.iter().any(says))
}

/// Whether a command makes a directory that it names.
fn makes_directory(words: &[Word]) -> bool {
    let words: Vec<String> = words.iter().take(4).map(Word::display).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        [
            "mkdir" | "unzip" | "degit" | "virtualenv" | "cookiecutter",
            ..,
        ]
        | ["git", "clone", ..]
        | [
            "cargo" | "poetry" | "rails" | "mix" | "ng" | "dotnet",
            "new",
            ..,
        ]
        | ["uv" | "npm", "init", ..]
        | ["flutter" | "npm" | "pnpm" | "yarn" | "bun", "create", ..]
        | ["django-admin", "startproject", ..]
        | ["composer", "create-project", ..]
        | ["python" | "python3", "-m", "venv", ..] => true,
        ["npx" | "bunx", rest @ ..] => rest
            .iter()
            .any(|word| word.starts_with("create-") || word.starts_with("degit")),
        _ => false,
    }
}

/// Whether every job that is cancelled is one that the line submitted, or whoever runs it has given it a name for a trial.
fn is_own_job(call: &Call<'_>) -> bool {
    const TRIALS: &str = " smoke test probe debug trial ";
    let words: Vec<String> = call.words.iter().map(Word::display).collect();
    let name = option(&words, &["-n", "--name", "--jobname"]);
    let is_trial = name.is_some_and(|name| {
        is_passing(name)
            || name
                .split(|it: char| !it.is_ascii_alphanumeric())
                .any(|part| listed(TRIALS, part))
    });
    let is_mine = words.iter().any(|word| word == "--me")
        || option(&words, &["-u", "--user"]).is_some_and(|it| matches!(it, "$USER" | "${USER}"));
    if is_trial && is_mine {
        return true;
    }
    let mut jobs = call.words.iter().skip(1).peekable();
    jobs.peek().is_some()
        && jobs.all(|word| {
            matches!(call.printing(word), [one] if matches!(one.words.first().map(Word::display).as_deref(), Some("sbatch")))
        })
}

/// Whether a variable tells a command to work on a database with a passing name that the line made: `DATABASE_URL=postgres:///t_$$`.
fn is_told_passing(call: &Call<'_>) -> bool {
    let mut addresses = call
        .assignments
        .iter()
        .filter(|it| it.name.ends_with("DATABASE_URL"));
    let Some(address) = addresses.next() else {
        return false;
    };
    let text = address.value.display();
    let Some((server, name)) = text
        .split_once("://")
        .and_then(|(_, rest)| rest.rsplit_once('/'))
    else {
        return false;
    };
    let is_near = server.is_empty() || is_this_machine(server);
    is_near
        && !name.contains('?')
        && earlier(call).any(|it| {
            it.assignments.is_empty()
                && server_words(&it.words).is_none_or(|it| is_this_machine(&it))
                && made(&it.words).is_some_and(|(kind, its)| {
                    kind == "database" && is_passing_word(&its) && its.display() == name
                })
        })
}

/// The host that a command names.
fn server_words(words: &[Word]) -> Option<String> {
    let words: Vec<String> = words.iter().map(Word::display).collect();
    option(&words, &["-h", "--host"]).map(str::to_owned)
}

/// The commands of the script in front of one; none where they are more than are looked through, since what calms a command may then be
/// undone behind them.
pub(super) fn earlier<'c>(call: &'c Call<'_>) -> impl Iterator<Item = &'c Invocation> {
    let invocations = call.scope.script.invocations.iter();
    let earlier = invocations.filter(|it| it.span.start < call.span.start);
    let is_short = earlier.clone().nth(EARLIER_MAX).is_none();
    earlier.filter(move |_| is_short)
}

/// Whether a directory is one that `mktemp` named, or lies in it.
fn is_new(directory: &Directory) -> bool {
    matches!(directory, Directory::Known(path) if path.starts_with(NEW_TEMPORARY))
}

/// Whether a name says that what has it is thrown away.
pub(in crate::knowledge) fn is_passing(name: &str) -> bool {
    name.split(|it: char| !it.is_ascii_alphanumeric())
        .any(|part| listed(PASSING, &part.to_ascii_lowercase()))
}

/// The same of a word that may hold the number of this process.
fn is_passing_word(word: &Word) -> bool {
    word.pieces.iter().any(|piece| match piece {
        Piece::Text(text) => is_passing(text),
        Piece::Hole(Hole::Variable(name)) => matches!(name.as_str(), "$" | "BASHPID"),
        Piece::Glob(_) | Piece::Hole(_) => false,
    }) && word.pieces.iter().all(|piece| match piece {
        Piece::Text(text) => !text.contains(['/', '*']),
        Piece::Hole(Hole::Variable(name)) => matches!(name.as_str(), "$" | "BASHPID" | "USER"),
        Piece::Glob(_) | Piece::Hole(_) => false,
    })
}

/// Whether all that a command takes away has such a name, and the line made it under that name.
fn takes_passing(call: &Call<'_>) -> bool {
    let mut taken = taken(call.words);
    taken.extend(stopped(call.words));
    !taken.is_empty()
        && taken
            .iter()
            .all(|(kind, name)| is_passing_word(name) && was_made(call, kind, name))
}

/// Whether all that a command of git takes away are tags with such names, which the line made: `git tag tmp/x && …; git tag -d tmp/x`.
fn takes_passing_tags(call: &Call<'_>) -> bool {
    let taken = taken(call.words);
    !taken.is_empty()
        && taken.iter().all(|(kind, name)| {
            kind == "tag"
                && name.known().is_some_and(|text| is_passing(&text))
                && was_made(call, kind, name)
        })
}

/// What a command stops that goes when it is stopped, or deletes by an option.
fn stopped(words: &[Word]) -> Option<(String, Word)> {
    let line = Line::read(words);
    let program = words.first()?.known()?;
    let [verb, name] = line.operands.as_slice() else {
        return None;
    };
    let is_machine =
        matches!(&*program, "lxc" | "incus") && verb.known().as_deref() == Some("stop");
    is_machine.then(|| ("machine".to_owned(), (*name).clone()))
}

/// Whether a command in front makes a thing of that kind and name, on the same server.
fn was_made(call: &Call<'_>, kind: &str, name: &Word) -> bool {
    let own = server(call.words);
    let given = |all: &[crate::shell::Assignment]| -> Vec<String> {
        let all = all.iter();
        all.map(|it| format!("{}={}", it.name, it.value.display()))
            .collect()
    };
    let makers = earlier(call).filter(|it| {
        made(&it.words).is_some_and(|(made, its)| made == kind && its.pieces == name.pieces)
            && server(&it.words) == own
            && given(&it.assignments) == given(call.assignments)
    });
    let Some(maker) = makers.last() else {
        return false;
    };
    // Another server may be meant from there on.
    let sets = |text: &str| super::SERVERS.iter().any(|kind| text.starts_with(kind));
    earlier(call)
        .filter(|it| it.span.start > maker.span.start)
        .all(|it| {
            let words: Vec<String> = it.words.iter().map(Word::display).collect();
            let first = words.first().map_or("", String::as_str);
            let switches = words.iter().any(|word| listed(super::SWITCHES, word))
                || matches!(first, "source" | "." | "eval" | "unset")
                || first != "env" && words.iter().any(|word| word.contains('=') && sets(word))
                || words.is_empty() && it.assignments.iter().any(|it| sets(&it.name))
                || matches!(
                    words.get(1).map(String::as_str),
                    Some("remote" | "context" | "config")
                );
            !switches
        })
}

/// What the options of a command say of the server that it speaks to.
fn server(words: &[Word]) -> Vec<(String, String)> {
    let line = Line::read(words);
    let options = line
        .options
        .iter()
        .filter(|(name, _)| listed(line.server, name.split('=').next().unwrap_or_default()));
    let mut all: Vec<_> = options
        .map(|(name, value)| (name.clone(), value.map_or_else(String::new, Word::display)))
        .collect();
    all.sort();
    all
}

/// Whether a port is none that a server has by itself.
fn is_own_port(port: &str) -> bool {
    port.len() > 3 && port.bytes().all(|it| it.is_ascii_digit()) && !listed(USUAL_PORTS, port)
}

/// The value behind an option, or attached to it.
fn option<'w>(words: &'w [String], names: &[&str]) -> Option<&'w str> {
    let behind = words.windows(2).find_map(|pair| match pair {
        [flag, value] if names.contains(&flag.as_str()) => Some(value.as_str()),
        _ => None,
    });
    behind.or_else(|| {
        words.iter().find_map(|word| {
            let (name, value) = word.split_once('=')?;
            names.contains(&name).then_some(value)
        })
    })
}

/// Whether the line started, on a port of its own, the server that the command speaks to.
fn is_of_own_port(call: &Call<'_>, servers: &[&str]) -> bool {
    let words: Vec<String> = call.words.iter().map(Word::display).collect();
    let Some(port) = option(&words, &["-p", "--port"]).filter(|it| is_own_port(it)) else {
        return false;
    };
    let is_near = option(&words, &["-h", "--host"]).is_none_or(is_this_machine)
        && !words
            .iter()
            .any(|word| word == "-u" || word.contains("://"));
    is_near
        && earlier(call).any(|it| {
            let started: Vec<String> = it.words.iter().map(Word::display).collect();
            started
                .first()
                .is_some_and(|name| servers.contains(&name.as_str()))
                && option(&started, &["--port"]) == Some(port)
        })
}

/// Whether a command speaks to a server of Vault that the line started for development, which keeps everything in memory.
fn is_of_dev_server(call: &Call<'_>) -> bool {
    let given = call
        .assignments
        .iter()
        .find(|it| it.name == "VAULT_ADDR")
        .map(|it| it.value.display());
    let address = given.or_else(|| call.variables.values.get("VAULT_ADDR").map(Word::display));
    let names_other = call
        .words
        .iter()
        .any(|word| word.display().starts_with("-address"));
    let started = earlier(call).any(|it| {
        let words: Vec<String> = it.words.iter().map(Word::display).collect();
        matches!(words.as_slice(), [vault, server, rest @ ..] if vault == "vault" && server == "server" && rest.iter().any(|it| it == "-dev"))
    });
    started && !names_other && address.is_some_and(|it| is_this_machine(&it))
}
