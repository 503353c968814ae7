//! Databases that are made to be thrown away: those of tests, by the name or the environment, and those in a container that the same
//! line starts.

use super::analyst::{Analyst, Call};
use super::lexicon::parts;
use super::made::Made;
use super::program::Task;
use super::trial_address::{Named, migrated};
use crate::effect::{Action, Effect, Modifier, Modifiers, Role};
use crate::place::Place;
use crate::shell::{Invocation, Word};

/// Clients whose words name the database that they work on.
const CLIENTS: &str = " psql mysql mariadb dropdb createdb mysqladmin pg_restore mongosh mongo clickhouse-client redis-cli ";

/// Servers by a part of the name of their image.
const SERVERS: [&str; 9] = [
    "postgres",
    "mysql",
    "mariadb",
    "mongo",
    "redis",
    "valkey",
    "clickhouse",
    "cockroach",
    "timescale",
];

impl Analyst<'_> {
    /// Whether a word names a file in a temporary directory, whatever it is taken for.
    pub(super) fn is_temporary(&self, task: &Task<'_, '_>, word: &Word) -> bool {
        let judged = self.judge(word, &task.call.directories, task.call.scope);
        let is_file = |it: &crate::place::Judgement| {
            it.place == Place::Temp && it.modifiers == Modifiers::NONE
        };
        !judged.is_empty() && judged.iter().all(is_file)
    }

    /// A server whose data lie in a temporary directory: `pg_ctl -D "$(mktemp -d)" stop`.
    fn calm_temporary_server(&mut self, task: &Task<'_, '_>, before: usize) {
        if task.parsed.path != "pg_ctl" {
            return;
        }
        let mut pairs = task.call.words.windows(2);
        let data = pairs.find_map(|pair| match pair {
            [flag, data] if matches!(&*flag.display(), "-D" | "--pgdata") => Some(data),
            _ => None,
        });
        let Some(data) = data.or_else(|| task.call.variables.values.get("PGDATA")) else {
            return;
        };
        let judged = self.judge(data, &task.call.directories, task.call.scope);
        if judged.is_empty() || judged.iter().any(|it| it.place != Place::Temp) {
            return;
        }
        for effect in self.analysis.effects.iter_mut().skip(before) {
            if effect.action == Action::StopService {
                effect.action = Action::Write;
            }
        }
    }

    /// An index for tests of a search engine on this machine: `curl -X DELETE localhost:9200/test-products`.
    fn calm_trial_index(&mut self, task: &Task<'_, '_>, before: usize) {
        if !matches!(task.parsed.path.as_str(), "curl" | "http" | "xh") {
            return;
        }
        for effect in self.analysis.effects.iter_mut().skip(before) {
            if effect.action == Action::Delete
                && effect.role == Role::Remote
                && is_trial_index(&effect.target.text)
            {
                effect.action = Action::Fetch;
            }
        }
    }

    /// Makes a plain change of what a command takes away from a database that nobody misses.
    pub(super) fn calm_trial(&mut self, task: &Task<'_, '_>, before: usize) {
        let program = task.parsed.path.split(' ').next().unwrap_or_default();
        self.calm_temporary_server(task, before);
        self.calm_trial_index(task, before);
        if task.parsed.path.starts_with("mix") && is_set_to_trial(&task.call) {
            // `MIX_ENV=test mix do ecto.drop, ecto.create` (mix, Elixir 1.17).
            for effect in self.analysis.effects.iter_mut().skip(before) {
                if effect.action == Action::Delete && effect.role == Role::Resource {
                    effect.action = Action::Write;
                    effect.modifiers = Modifiers::NONE;
                }
            }
        }
        let effects = self.analysis.effects.get(before..).unwrap_or_default();
        let takes = |effect: &Effect| {
            let is_revision = super::telling::listed(super::redone::REVISIONS, program)
                && effect.role == Role::Resource;
            (matches!(effect.role, Role::Table | Role::Database | Role::Volume) || is_revision)
                && effect.action.takes_away()
        };
        if !effects.iter().any(takes) {
            return;
        }
        let call = &task.call;
        let is_client = super::telling::listed(CLIENTS, program);
        let is_own = is_client && is_of_own_container(call, &self.made);
        let is_named = is_client && names_trial(call) && is_here(call.words);
        let is_set = is_set_to_trial(call);
        let is_compose = is_trial_compose(call.words);
        let around = self.made.at();
        let around = around.and_then(|at| call.scope.script.invocations.get(at));
        let is_inside = is_client
            && is_here(call.words)
            && around.is_some_and(|it| is_trial_compose(&it.words));
        let migrated = migrated(call);
        let is_redone = self.made.is_outermost() && super::redone::is_redone(call, self.made.at());
        for effect in self
            .analysis
            .effects
            .iter_mut()
            .skip(before)
            .filter(|it| takes(it))
        {
            // The name of the database that is dropped counts, not of that which is asked to.
            let is_named = is_named
                && (effect.role == Role::Table || is_of_address(call, &effect.target.text))
                || effect.role == Role::Database
                    && is_client
                    && is_here(call.words)
                    && is_trial(&effect.target.text);
            let is_calm = if effect.role == Role::Volume {
                is_compose || takes_trial_volumes(call)
            } else {
                // What a database for development holds is made again less easily than what one migration takes away.
                let is_whole =
                    effect.role == Role::Database || effect.modifiers.contains(Modifier::All);
                let is_migrated = migrated.is_some_and(|named| named == Named::Trial || !is_whole);
                is_own || is_inside || is_set || is_named || is_migrated || is_redone
            };
            if is_calm {
                effect.action = Action::Write;
                effect.modifiers = Modifiers::NONE;
            }
        }
    }
}

/// Whether a name says that it is for tests: `app_test`, `docker-compose.test.yml`.
fn is_trial(text: &str) -> bool {
    let last = text.rsplit('/').next().unwrap_or_default();
    parts(last).any(|part| matches!(part.as_str(), "test" | "tests" | "testing" | "ci" | "e2e"))
}

/// Whether Compose is told to work on services for tests: `docker compose -f docker-compose.test.yml`, `docker compose -p app-test`.
fn is_trial_compose(words: &[Word]) -> bool {
    let is_said = |flag: &Word| {
        let flag = flag.known();
        matches!(
            flag.as_deref(),
            Some("-f" | "--file" | "-p" | "--project-name")
        )
    };
    let is_compose = words
        .iter()
        .take(2)
        .any(|word| word.display().ends_with("compose"));
    let pairs = words.windows(2);
    is_compose
        && pairs
            .filter_map(|pair| match pair {
                [flag, name] if is_said(flag) => Some(name.display()),
                _ => None,
            })
            .any(|name| is_trial(&name))
}

/// Whether every volume that a command removes is one for tests, by its own name or by the filter that chooses it.
fn takes_trial_volumes(call: &Call<'_>) -> bool {
    // `app_node_modules` and `pip-cache` hold what an install makes again.
    let is_remade = |name: &str| {
        let last = parts(name).last();
        name.ends_with("node_modules")
            || last.is_some_and(|it| matches!(it.as_str(), "cache" | "caches"))
    };
    let is_meant = |name: &str| {
        (is_trial(name) || is_remade(name))
            && !parts(name).any(|part| super::lexicon::is_production(&part))
    };
    let chosen_by = |one: &Invocation| {
        let words: Vec<String> = one.words.iter().map(Word::display).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let lists = matches!(words.as_slice(), ["docker" | "podman", "volume", "ls", ..]);
        let filters = words.windows(2).filter_map(|pair| match pair {
            ["-f" | "--filter", filter] => Some(*filter),
            _ => None,
        });
        let attached = words
            .iter()
            .filter_map(|word| word.strip_prefix("--filter="));
        let mut all = filters.chain(attached).filter_map(|it| it.split_once('='));
        lists && all.any(|(key, value)| matches!(key, "label" | "name") && is_meant(value))
    };
    let Some((verb, names)) = call.words.split_at_checked(3) else {
        return false;
    };
    let verb: Vec<String> = verb.iter().map(Word::display).collect();
    let is_removal = matches!(
        verb.iter()
            .map(String::as_str)
            .collect::<Vec<_>>()
            .as_slice(),
        ["docker" | "podman", "volume", "rm" | "remove"]
    );
    let mut names = names
        .iter()
        .filter(|word| word.display() != "-f")
        .peekable();
    // `docker volume create scratch-1` in front: where the name is taken, it says of the other as well that nobody keeps it.
    let is_passing = |name: &str| {
        super::own::is_passing(name)
            && call.scope.script.invocations.iter().any(|it| {
                let words = it.words.iter().map(Word::display);
                it.span.start < call.span.start && words.eq(["docker", "volume", "create", name])
            })
    };
    is_removal
        && names.peek().is_some()
        && names.all(|word| match word.known() {
            Some(name) => is_meant(&name) || is_passing(&name),
            None => match call.printing(word) {
                [one] => chosen_by(one),
                _ => super::own::handed_on(call).is_some_and(chosen_by),
            },
        })
}

/// Whether an address is that of an index or a collection for tests on this machine, and of no other (Elasticsearch 8, Qdrant 1.12,
/// Meilisearch 1.11).
fn is_trial_index(address: &str) -> bool {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let Some((server, path)) = rest.split_once('/') else {
        return false;
    };
    let Some(("" | "localhost" | "127.0.0.1", port)) = server.rsplit_once(':') else {
        return false;
    };
    let parts: Vec<&str> = path.trim_end_matches('/').split('/').collect();
    match (port, parts.as_slice()) {
        ("9200" | "9201", [names])
        | ("6333", ["collections", names])
        | ("7700", ["indexes", names]) => names
            .split(',')
            .all(|name| !name.starts_with('*') && is_trial(name)),
        _ => false,
    }
}

/// Whether a word of the command that is no statement names a database for tests.
fn names_trial(call: &Call<'_>) -> bool {
    let mut words = call.words.iter().skip(1).filter_map(Word::known);
    words.any(|word| !word.contains([' ', ';']) && is_trial(&word))
}

/// Whether what a client of MongoDB drops is the database that its address names: `mongosh mongodb://localhost/app_test`.
fn is_of_address(call: &Call<'_>, target: &str) -> bool {
    let words: Vec<String> = call.words.iter().map(Word::display).collect();
    let is_client = words
        .first()
        .is_some_and(|name| matches!(name.as_str(), "mongosh" | "mongo"));
    let named = words
        .iter()
        .find_map(|word| word.strip_prefix("mongodb://")?.rsplit_once('/'));
    let leaves = ["getSiblingDB", "getMongo", "connect(", "use "];
    is_client
        && !words
            .iter()
            .any(|word| leaves.iter().any(|it| word.contains(it)))
        && matches!(target, "db" | "dropDatabase")
        && named.is_some_and(|(_, name)| is_trial(name.split('?').next().unwrap_or_default()))
}

/// Whether the command speaks to this machine.
fn is_here(words: &[Word]) -> bool {
    let known: Vec<String> = words.iter().map(Word::display).collect();
    let local = |host: &str| {
        [
            "localhost",
            "127.0.0.1",
            "/tmp",
            "/var/run",
            "db",
            "postgres",
        ]
        .contains(&host)
    };
    let by_option = known.windows(2).all(|pair| match pair {
        [flag, host] if matches!(flag.as_str(), "-h" | "--host") => local(host),
        _ => true,
    });
    by_option
        && known.iter().all(|word| {
            let attached = word.strip_prefix("--host=").is_none_or(local);
            let address = word.split_once("://").is_none_or(|(_, rest)| {
                rest.contains("localhost") || rest.contains("127.0.0.1") || rest.starts_with('/')
            });
            attached && address
        })
}

/// Whether a variable or an option says that the task is one of the tests: `RAILS_ENV=test`, `--env=testing`.
fn is_set_to_trial(call: &Call<'_>) -> bool {
    let names = |name: &str| {
        matches!(
            name,
            "RAILS_ENV"
                | "RACK_ENV"
                | "APP_ENV"
                | "MIX_ENV"
                | "NODE_ENV"
                | "DJANGO_ENV"
                | "SYMFONY_ENV"
        )
    };
    let is_test = |value: &str| matches!(value, "test" | "testing" | "ci");
    let words: Vec<String> = call.words.iter().map(Word::display).collect();
    // `DATABASE_URL=postgres://u:p@localhost/app_test`: the server is this machine, and the database has the name.
    let is_trial_address = |value: &str| {
        let Some((server, database)) = value
            .split_once("://")
            .and_then(|(_, it)| it.rsplit_once('/'))
        else {
            return false;
        };
        let host = server.rsplit('@').next().unwrap_or_default();
        let host = host.split(':').next().unwrap_or_default();
        matches!(host, "localhost" | "127.0.0.1")
            && is_trial(database.split('?').next().unwrap_or_default())
    };
    if exported_address(call).is_some_and(|it| is_passing_file(&it) || is_trial_address(&it)) {
        return true;
    }
    let mut addresses = call
        .assignments
        .iter()
        .filter(|it| it.name == "DATABASE_URL");
    if addresses.any(|it| {
        it.value
            .known()
            .is_some_and(|value| is_trial_address(&value))
    }) {
        return true;
    }
    // `flyway -url=jdbc:postgresql://localhost/app_test`, `manage.py flush --settings=app.settings.test`.
    let is_given = |word: &String| {
        word.split_once('=')
            .is_some_and(|(name, value)| match name {
                "-url" | "--url" | "--database-url" | "--dsn" => is_trial_address(value),
                "--settings" => value.rsplit('.').next().is_some_and(is_test),
                _ => false,
            })
    };
    if words.iter().any(is_given) {
        return true;
    }
    call.assignments
        .iter()
        .any(|it| names(&it.name) && is_test(&it.value.display()))
        || words.iter().any(|word| {
            word.split_once('=').is_some_and(|(name, value)| {
                (names(name) || matches!(name, "--env" | "-e" | "--environment")) && is_test(value)
            })
        })
        || words
            .windows(2)
            .any(|pair| matches!(pair, [flag, value] if matches!(flag.as_str(), "--env" | "-e" | "--environment") && is_test(value)))
}

/// The address that the line exports in front of a command, unless that is given another, or a file in between may say one.
pub(super) fn exported_address(call: &Call<'_>) -> Option<String> {
    let is_address = |name: &str| name.contains("DATABASE_URL");
    if call.assignments.iter().any(|it| is_address(&it.name)) {
        return None;
    }
    let mut earlier = call.scope.script.invocations.iter();
    let brings_more = |it: &Invocation| {
        let first = it.words.first().and_then(Word::known);
        it.span.start < call.span.start && matches!(first.as_deref(), Some("source" | "." | "eval"))
    };
    let exported = call.variables.values.get("DATABASE_URL");
    exported
        .filter(|_| !earlier.any(brings_more))
        .map(Word::display)
}

/// Whether an address is that of a file of SQLite in a temporary directory, or of none: `sqlite:////tmp/x.db`, `sqlite://`.
fn is_passing_file(address: &str) -> bool {
    let Some((scheme, path)) = address.split_once("://") else {
        return false;
    };
    scheme.split('+').next() == Some("sqlite")
        && !path.contains("..")
        && (matches!(path, "" | "/:memory:") || path.starts_with("//tmp/"))
}

/// Whether a container is given a volume, in which data of before may lie, or the network of the host, on which any server may answer.
fn brings_data(words: &[String]) -> bool {
    let behind = words.iter().skip(1).map(Some).chain(std::iter::once(None));
    words.iter().zip(behind).any(|(word, next)| {
        let is_volume = ["-v", "--volume", "--mount"]
            .iter()
            .any(|option| word.starts_with(option));
        // What a server is filled with when it first starts.
        let is_seed = [Some(word), next]
            .iter()
            .flatten()
            .any(|it| it.contains("docker-entrypoint-initdb.d"));
        is_volume && !is_seed || matches!(word.as_str(), "host" | "--network=host" | "--net=host")
    })
}

/// Whether a container has a name that says that nobody keeps it; where the name is taken it is no other's either.
pub(super) fn is_for_the_moment(words: &[String]) -> bool {
    // The number of this process is in no other's; `t-redis` and `redis_test` are names for tests.
    let is_meant = |name: &str| {
        // Tests of how parts work together are called `it` (Maven Failsafe 3).
        let named = is_trial(name)
            || name.ends_with("-it")
            || name.starts_with("t-")
            || name.starts_with("t_")
            || name.ends_with("test")
            || name.starts_with("test");
        super::own::is_passing(name)
            || name.contains("$$")
            || named && !super::lexicon::is_production(name)
    };
    words
        .windows(2)
        .any(|pair| matches!(pair, [flag, name] if flag == "--name" && is_meant(name)))
}

/// Whether the line certainly started, in a container, the server that the command speaks to: by the port or the name that it gave
/// it. Where another server has them, the container does not start.
fn is_of_own_container(call: &Call<'_>, made: &Made) -> bool {
    let invocations = &call.scope.script.invocations;
    let words_of =
        |it: &Invocation| -> Vec<String> { it.words.iter().map(Word::display).collect() };
    let starts = |words: &[String]| {
        matches!(
            words.first().map(String::as_str),
            Some("docker" | "podman" | "nerdctl")
        ) && words.iter().any(|word| word == "run")
            && words
                .iter()
                .any(|word| SERVERS.iter().any(|server| word.contains(server)))
            && !brings_data(words)
    };
    let own_at = made.at().unwrap_or_default();
    // `docker exec "$(docker run -d redis)" …`: the number of a container that is new.
    let numbered = invocations.get(own_at).is_some_and(|around| {
        let is_start = |word: &Word| {
            let [crate::shell::Piece::Hole(crate::shell::Hole::Output { first, end })] =
                word.pieces.as_slice()
            else {
                return false;
            };
            matches!(call.scope.script.between(*first, *end), [one] if starts(&words_of(one)))
        };
        around.words.iter().any(|word| word.display() == "exec")
            && around.words.iter().any(is_start)
    });
    if numbered && is_here(call.words) {
        return true;
    }
    let earlier: Vec<Vec<String>> = invocations
        .iter()
        .enumerate()
        .take(own_at)
        .map(|(at, it)| (at, words_of(it)))
        .filter(|(at, words)| starts(words) && (made.is_certain(*at) || is_for_the_moment(words)))
        .map(|(_, words)| words)
        .collect();
    if earlier.is_empty() {
        return false;
    }
    let own: Vec<String> = call.words.iter().map(Word::display).collect();
    let by_port = names_port(&own, &earlier);
    // The command around it: `docker exec NAME …`.
    let around = invocations.get(own_at).map(words_of);
    let by_name = around.is_some_and(|words| {
        words.iter().any(|word| word == "exec")
            && earlier.iter().any(|started| {
                started.windows(2).any(
                    |pair| matches!(pair, [flag, name] if flag == "--name" && words.contains(name)),
                )
            })
    });
    (by_name || by_port) && is_here(call.words)
}

/// Whether the words of a client name a port that one of these containers was given.
fn names_port(own: &[String], earlier: &[Vec<String>]) -> bool {
    let by_option = own.windows(2).any(|pair| {
        matches!(pair, [flag, port] if matches!(flag.as_str(), "-p" | "-P" | "--port")
            && earlier.iter().flatten().any(|word| word.starts_with(&format!("{port}:"))))
    }) || own.iter().any(|word| {
        let port = ["--port=", "-P", "-p"]
            .iter()
            .find_map(|flag| word.strip_prefix(flag));
        port.is_some_and(|port| {
            let is_number = !port.is_empty() && port.bytes().all(|it| it.is_ascii_digit());
            let start = format!("{port}:");
            is_number
                && earlier
                    .iter()
                    .flatten()
                    .any(|word| word.starts_with(&start))
        })
    });
    // `postgres://postgres:x@localhost:55432/postgres`
    let by_address = own.iter().filter_map(|word| port_here(word)).any(|port| {
        let start = format!("{port}:");
        earlier
            .iter()
            .flatten()
            .any(|word| word.starts_with(&start))
    });
    by_option || by_address
}

/// The port of this machine that an address names.
fn port_here(word: &str) -> Option<&str> {
    let (_, rest) = word.split_once("://")?;
    let server = rest.split(['/', '?']).next()?;
    let host = server.rsplit_once('@').map_or(server, |(_, host)| host);
    let (host, port) = host.split_once(':')?;
    let is_number = !port.is_empty() && port.bytes().all(|it| it.is_ascii_digit());
    (matches!(host, "localhost" | "127.0.0.1") && is_number).then_some(port)
}

#[cfg(test)]
mod tests {
    use crate::knowledge::testing::effects;

    #[test]
    fn what_was_made_to_be_thrown_away_may_be() {
        for text in [
            "psql -d app_test -c 'drop table if exists t'",
            "dropdb app_test",
            "docker run -d --rm -p 55432:5432 postgres:16 && psql -h localhost -p 55432 -c 'drop table t'",
            "docker run -d --name my mysql:8 && docker exec my mysql -e 'drop database t'",
            "docker compose -f docker-compose.test.yml down -v",
        ] {
            let found = effects(text).join("; ");
            let lost = ["delete table", "delete database", "delete volume"];
            assert!(!lost.iter().any(|it| found.contains(it)), "{text}: {found}");
        }
        for text in [
            "psql -h db.internal -d app_test -c 'drop table t'",
            "psql -d app_test -c 'drop database app'",
            "psql -d app -c 'drop table test'",
            "docker run -d --rm -p 55432:5432 postgres:16 && psql -h localhost -p 5432 -c 'drop table t'",
            "docker run -d --name my mysql:8 && docker exec prod mysql -e 'drop database t'",
            "docker compose down -v",
            "docker run -d -p 5432:5432 postgres:16; psql -h localhost -p 5432 -c 'drop table t'",
            "docker run -d -p 5432:5432 postgres:16 || psql -h localhost -p 5432 -c 'drop table t'",
        ] {
            let found = effects(text).join("; ");
            assert!(found.contains("delete"), "{text}: {found}");
        }
    }
}
