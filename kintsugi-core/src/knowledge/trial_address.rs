//! Migrations of a database for development or tests on this machine, by the address that the command is given: up and down again is what
//! one does with it.
//!
//! Every address of the command has to be one of those, and the line may bring no other server behind a port of this machine.
//!
//! Sources: migrate 4.18, goose 3.22, dbmate 2.21, sqlx-cli 0.8, Alembic 1.14, Prisma 5, diesel 2.2 (`DATABASE_URL`), `SQLAlchemy` 2.0 ("Database URLs").

use super::analyst::Call;
use super::lexicon::{is_production, parts};
use super::telling::listed;
use crate::shell::{Invocation, Word};

/// Programs that take migrations back.
const TOOLS: &str = " alembic migrate golang-migrate goose dbmate sqlx diesel prisma flyway liquibase tern sea-orm-cli refinery \
    node-pg-migrate db-migrate knex sequelize sequelize-cli typeorm flask mikro-orm drizzle-kit atlas aerich yoyo npx pnpm yarn ";

/// Parts of the name of a database that is for whoever works here.
const OWN: &str = " test tests testing ci e2e dev devel development local sandbox scratch ";

/// Parts of the name of a database for tests.
const TRIAL: &str = " test tests testing ci e2e ";

/// What an address says of the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Named {
    /// For whoever works here.
    Own,
    /// For tests: nothing in it is kept.
    Trial,
}

/// What the addresses say that a tool for migrations is given; none where it is given none, or one that may be somebody else's.
pub(super) fn migrated(call: &Call<'_>) -> Option<Named> {
    let words: Vec<String> = call.words.iter().map(Word::display).collect();
    let program = words.first()?.rsplit('/').next()?;
    if !listed(TOOLS, program) || brings_server(call) {
        return None;
    }
    let mut addresses: Vec<String> = words.iter().skip(1).filter_map(|it| address(it)).collect();
    // goose(1) 3.22: the driver, then what it opens.
    if program == "goose" {
        let file = words.windows(2).find_map(|pair| match pair {
            [driver, file] if matches!(driver.as_str(), "sqlite3" | "sqlite" | "turso") => {
                Some(file)
            }
            _ => None,
        });
        addresses.extend(
            file.filter(|it| !it.contains("://"))
                .map(|it| format!("sqlite:{it}")),
        );
    }
    if addresses.is_empty() {
        let is_address = |name: &str| name.contains("DATABASE_URL") || name.ends_with("DBSTRING");
        let given = call.assignments.iter().filter(|it| is_address(&it.name));
        addresses = given.map(|it| it.value.display()).collect();
    }
    if addresses.is_empty() {
        let exported = super::trial::exported_address(call)?;
        addresses.push(exported);
    }
    let named = addresses.iter().map(|it| named(it));
    named.collect::<Option<Vec<_>>>()?.into_iter().min()
}

/// The address that a word is, or that its option is given.
fn address(word: &str) -> Option<String> {
    let value = match word.split_once('=') {
        Some((option, value)) if option.starts_with('-') => value,
        _ => word,
    };
    let is_address = value.contains("://")
        || value.starts_with("sqlite:")
        || value.starts_with("jdbc:")
        || value.contains("dbname=")
        || value.contains("host=");
    is_address.then(|| value.to_owned())
}

/// What the address of a database says of it, where it is on this machine.
fn named(address: &str) -> Option<Named> {
    if address.contains(['$', '`', '\n', ',']) || address.contains("..") {
        return None;
    }
    // In the memory of the tool itself (H2 2.3, HSQLDB 2.7, Xerial's driver 3.47).
    let in_memory = ["jdbc:h2:mem:", "jdbc:hsqldb:mem:", "jdbc:sqlite::memory:"];
    if in_memory.iter().any(|it| address.starts_with(it)) {
        return Some(Named::Trial);
    }
    let name = if let Some((scheme, rest)) = address
        .split_once(':')
        .filter(|(scheme, _)| scheme.starts_with("sqlite") || *scheme == "file")
    {
        let _ = scheme;
        let path = rest.split('?').next().unwrap_or_default();
        // Three slashes begin a path below the directory, and four one from the root; `sqlite:/x` begins there as well.
        let path = path.strip_prefix("//").map_or(path, |it| {
            it.strip_prefix('/')
                .filter(|_| scheme != "file")
                .unwrap_or(it)
        });
        if path.starts_with('~') || path.starts_with('/') && !path.starts_with("/tmp/") {
            return None;
        }
        let mut names = path.split('/').flat_map(parts);
        let is_kept = names.any(|part| is_production(&part));
        if path.is_empty() || path == ":memory:" || path.starts_with("/tmp/") && !is_kept {
            return Some(Named::Trial);
        }
        path.rsplit('/').next().unwrap_or_default().to_owned()
    } else if let Some((_, rest)) = address.split_once("://") {
        let (server, name) = rest.split_once('/')?;
        let host = server.rsplit('@').next().unwrap_or_default();
        // `@tcp(127.0.0.1:3306)` (Go-MySQL-Driver 1.8).
        let host = host.strip_prefix("tcp(").unwrap_or(host);
        let host = host.strip_suffix(')').unwrap_or(host);
        if !is_here(host.rsplit_once(':').map_or(host, |(host, _)| host)) {
            return None;
        }
        let (name, options) = name.split_once('?').unwrap_or((name, ""));
        // The options of libpq may name another server.
        if options.contains("host") || options.contains("dbname") || options.contains("service") {
            return None;
        }
        name.to_owned()
    } else {
        let of = |key: &str| {
            let mut pairs = address
                .split_whitespace()
                .filter_map(|it| it.split_once('='));
            pairs.find(|(name, _)| *name == key).map(|(_, value)| value)
        };
        if address.contains("service=") || address.contains("hostaddr=") || !is_here(of("host")?) {
            return None;
        }
        of("dbname")?.to_owned()
    };
    let has = |kinds: &str| parts(&name).any(|part| listed(kinds, &part));
    if is_production(&name) || name.contains(['/', '@', ':']) {
        None
    } else if has(TRIAL) {
        Some(Named::Trial)
    } else {
        has(OWN).then_some(Named::Own)
    }
}

fn is_here(host: &str) -> bool {
    matches!(host, "localhost" | "127.0.0.1" | "[::1]" | "::1")
}

/// Whether the line puts a server of somewhere else behind a port of this machine.
pub(super) fn brings_server(call: &Call<'_>) -> bool {
    let is_way = |word: &str| {
        let name = word.rsplit('/').next().unwrap_or_default();
        matches!(
            name,
            "ssh" | "autossh" | "socat" | "ncat" | "chisel" | "mosh"
        ) || name.contains("proxy")
            || name.contains("port-forward")
    };
    let brings = |it: &Invocation| {
        let mut words = it.words.iter().map(Word::display);
        words.any(|word| {
            word.split([' ', '\n', '\'', '"', ';', '&', '('])
                .any(is_way)
        })
    };
    call.scope.script.invocations.iter().any(brings)
}

#[cfg(test)]
mod tests {
    use super::{Named, named};

    #[test]
    fn an_address_is_ones_own_only_on_this_machine_and_by_its_name() {
        for (address, expected) in [
            (
                "postgres://localhost:5432/app_dev?sslmode=disable",
                Named::Own,
            ),
            ("postgres://app:app@127.0.0.1/app_test", Named::Trial),
            ("mysql://root@tcp(localhost:3306)/dev", Named::Own),
            ("host=localhost user=dev dbname=app_dev", Named::Own),
            ("sqlite:dev.db", Named::Own),
            ("sqlite:///test.db", Named::Trial),
            ("sqlite:////tmp/test.db", Named::Trial),
            ("file:./dev.db", Named::Own),
        ] {
            assert_eq!(named(address), Some(expected), "{address}");
        }
        for address in [
            "postgres://db.internal/app_dev",
            "postgres://dev@db.internal/app",
            "postgres://localhost/app",
            "postgres://localhost/app_dev?host=db.prod",
            "postgres://localhost/prod_test",
            "postgres://localhost@db.internal/app_test",
            "postgres://$HOST/app_test",
            "host=db.internal dbname=app_dev",
            "dbname=app_dev",
            "sqlite:////srv/test.db",
            "sqlite:///../test.db",
        ] {
            assert_eq!(named(address), None, "{address}");
        }
    }
}
