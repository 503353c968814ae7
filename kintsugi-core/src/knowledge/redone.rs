//! The last migration taken back and done again: `alembic downgrade -1 && alembic upgrade head`, `rails db:rollback && rails db:migrate`.
//!
//! So one tries the way back of a migration that one has just written, on the database for development, which these tools use when they are
//! told nothing. One step, by the same tool and in the same words in front, with nothing that names another database.
//!
//! Sources: Alembic 1.14, Rails 8 (`bin/rails --tasks`), Flask-Migrate 4, Laravel 11, Ecto 3.12, knex 3, sequelize-cli 6, `TypeORM` 0.3, goose
//! 3.22, dbmate 2.21, diesel 2.2, sqlx-cli 0.8.

use super::analyst::Call;
use super::lexicon::{is_production, parts};
use super::telling::listed;
use crate::shell::{Invocation, Word};

/// Words behind a tool by which it takes back one step, and those by which it goes forward.
const STEPS: &[(&str, &[&str], &[&str])] = &[
    (
        "alembic",
        &["downgrade -1"],
        &["upgrade head", "upgrade +1"],
    ),
    (
        "flask",
        &["db downgrade", "db downgrade -1"],
        &["db upgrade", "db upgrade head"],
    ),
    (
        "rails rake bin/rails ./bin/rails bin/rake",
        &["db:rollback", "db:rollback STEP=1"],
        &["db:migrate"],
    ),
    (
        "mix",
        &[
            "ecto.rollback",
            "ecto.rollback -n 1",
            "ecto.rollback --step 1",
        ],
        &["ecto.migrate"],
    ),
    (
        "php artisan ./artisan",
        &[
            "artisan migrate:rollback --step=1",
            "migrate:rollback --step=1",
        ],
        &["artisan migrate", "migrate"],
    ),
    (
        "knex",
        &["migrate:down", "migrate:rollback"],
        &["migrate:up", "migrate:latest"],
    ),
    (
        "sequelize sequelize-cli",
        &["db:migrate:undo"],
        &["db:migrate"],
    ),
    ("goose dbmate", &["down", "rollback"], &["up", "migrate"]),
    ("diesel", &["migration revert"], &["migration run"]),
    ("sqlx", &["migrate revert"], &["migrate run"]),
    ("typeorm", &["migration:revert"], &["migration:run"]),
];

/// Words in front of such a tool by which it still runs here.
const HERE: &str = " uv poetry pipenv pdm hatch bundle exec run npx bunx pnpm yarn docker compose docker-compose time env -T --rm ";

/// Variables that say which environment it is, and what they may say.
const ENVIRONMENTS: &str = " RAILS_ENV RACK_ENV MIX_ENV NODE_ENV APP_ENV FLASK_ENV ";

/// Tools whose migrations count as things of a service, and not as tables.
pub(super) const REVISIONS: &str = " alembic flask diesel ";

/// Whether a command takes back the last migration, and the line goes forward again behind it; `at` is its number.
pub(super) fn is_redone(call: &Call<'_>, at: Option<usize>) -> bool {
    let invocations = &call.scope.script.invocations;
    let Some((around, at)) = at.and_then(|at| Some((invocations.get(at)?, at))) else {
        return false;
    };
    let Some(step) = step(call.words, true) else {
        return false;
    };
    let Some(outer) = around.words.strip_suffix(call.words) else {
        return false;
    };
    let is_same = |it: &Invocation| {
        let tool = it.words.get(outer.len()..).unwrap_or_default();
        it.words.get(..outer.len()).is_some_and(|front| {
            front
                .iter()
                .map(Word::display)
                .eq(outer.iter().map(Word::display))
        }) && self::step(tool, false) == Some(step)
            && it.directories == call.directories
            && is_for_development(it)
    };
    let behind = invocations.get(at + 1..).unwrap_or_default();
    let names_other = call.variables.values.iter().any(|(name, value)| {
        is_address(name) || listed(ENVIRONMENTS, name) && !is_own(&value.display())
    });
    let is_plain_front = outer.iter().all(|word| {
        let text = word.display();
        let is_service = !text.starts_with('-') && !is_productive(&text);
        listed(HERE, &text)
            || is_service
                && outer
                    .first()
                    .is_some_and(|it| it.display().starts_with("docker"))
    });
    let starts_here = outer.first().is_none_or(|it| listed(HERE, &it.display()));
    starts_here
        && is_plain_front
        && !names_other
        && is_for_development(around)
        && invocations.iter().take(at).all(is_quiet)
        && behind.first().is_some_and(is_same)
}

/// Which tool does one step back, or goes forward.
fn step(words: &[Word], back: bool) -> Option<usize> {
    let known: Option<Vec<_>> = words.iter().map(Word::known).collect();
    let known = known?;
    let (first, rest) = known.split_first()?;
    let rest: Vec<&str> = rest.iter().map(|word| &**word).collect();
    let said = rest.join(" ");
    STEPS.iter().position(|(tools, backward, forward)| {
        let all = if back { backward } else { forward };
        tools.split(' ').any(|tool| tool == &**first) && all.contains(&said.as_str())
    })
}

/// Whether nothing that is set in front of a command names another database.
fn is_for_development(it: &Invocation) -> bool {
    it.assignments.iter().all(|it| {
        !is_address(&it.name) && (!listed(ENVIRONMENTS, &it.name) || is_own(&it.value.display()))
    })
}

/// Whether a command in front brings no settings of another database.
fn is_quiet(it: &Invocation) -> bool {
    let first = it.words.first().map(Word::display).unwrap_or_default();
    !matches!(
        first.as_str(),
        "source" | "." | "eval" | "kubectl" | "ssh" | "heroku" | "fly" | "export"
    ) || it
        .words
        .iter()
        .any(|word| word.display().ends_with("bin/activate"))
}

fn is_address(name: &str) -> bool {
    [
        "DATABASE", "DB_", "PG", "MYSQL", "DSN", "DBSTRING", "KUBE", "DOCKER_",
    ]
    .iter()
    .any(|part| name.contains(part))
}

fn is_own(value: &str) -> bool {
    matches!(value, "development" | "dev" | "test" | "local" | "testing")
}

fn is_productive(word: &str) -> bool {
    parts(word).any(|part| is_production(&part))
}
