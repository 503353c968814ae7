//! What tests take away by the models of the project: records of the database that the framework makes for tests, or that the test itself
//! chooses: `app = create_app("testing")`, `django_db`, `rails_helper`.
//!
//! Only where nothing in what the line wrote, or in its variables, names another database. A test that opens its own connection is read
//! for what it opens. An application that is made without a word about tests may be that of every day, and is no test's.
//!
//! Sources: Flask 3 ("Testing"), Flask-SQLAlchemy 3.1, Django 5.1 ("The test database"), pytest-django 4.9, rspec-rails 7, Laravel 11
//! (`RefreshDatabase`), Ecto 3.12 (`Ecto.Adapters.SQL.Sandbox`).

use super::analyst::{Analyst, Call};
use super::for_tests::{is_of_tests, is_test_runner};
use super::lexicon::parts;
use super::program::Task;
use crate::effect::{Action, Effect, Modifier, Modifiers, Role};
use crate::shell::{Invocation, Word};

/// Bytes of a text that are looked at for one unit of work.
const SEARCHED_BYTES: usize = 8;

/// Most commands of a line beside a migration that are looked at.
const LINE_MAX: usize = 64;

/// Parts of a text by which it may speak to another database than that of the tests, or starts another program.
const OTHERWISE: [&str; 36] = [
    "environ",
    "getenv",
    "ENV[",
    "ENV.",
    "process.env",
    "$_ENV",
    "System.get_env",
    "dotenv",
    "connect(",
    "connect_",
    "connection(",
    "connections[",
    "establish_connection",
    "connects_to",
    "connected_to",
    "create_engine",
    "engine_from",
    "create_async_engine",
    "MongoClient",
    "psycopg",
    "pymysql",
    "Redis(",
    "from_url",
    ".using(",
    "using=",
    "DATABASES",
    "database.yml",
    "subprocess",
    "system(",
    "exec(",
    "eval(",
    "popen",
    "Popen",
    "__import__",
    "getattr",
    "start_link",
];

/// Parts of names by which what a test speaks to is no test's.
const OTHERS: &str = " prod production prd staging mainnet ";

/// Variables that say which database, or which settings, a framework takes.
const CHOOSING: [&str; 9] = [
    "DATABASE",
    "DB_",
    "PG",
    "MYSQL",
    "_ENV",
    "SETTINGS",
    "FLASK_",
    "APP_",
    "SQLALCHEMY",
];

impl Analyst<'_> {
    /// Makes a plain change of what tests that the line writes and runs take away from the database of tests.
    pub(super) fn calm_tested_records(&mut self, task: &Task<'_, '_>, before: usize) {
        let effects = self.analysis.effects.get(before..).unwrap_or_default();
        let migrates = migrates_for_tests(&task.call);
        if !effects.iter().any(is_of_records) || !(migrates || is_test_runner(task.call.words)) {
            return;
        }
        let own: Vec<(&str, &str)> = self
            .files
            .iter()
            .filter(|(_, written)| !written.before)
            .filter_map(|(path, written)| Some((path.as_str(), written.text.as_deref()?)))
            .collect();
        let bytes: usize = own.iter().map(|(_, text)| text.len()).sum();
        if !self
            .budget
            .spend(u32::try_from(bytes / SEARCHED_BYTES).unwrap_or(u32::MAX))
        {
            return;
        }
        let asks = |(path, text): &(&str, &str)| {
            let name = path.rsplit('/').next().unwrap_or_default();
            let is_test = is_of_tests(path) || name == "conftest.py";
            is_test && (is_chosen(text) || is_of_framework(path, text))
        };
        let of_migration = |(path, _): &(&str, &str)| path.contains("/db/migrate/");
        let is_asking = (migrates && own.iter().all(of_migration)
            || !is_set_otherwise(&task.call) && own.iter().any(asks))
            && !own.iter().any(|(_, text)| names_other(text));
        if is_asking {
            for effect in self.analysis.effects.iter_mut().skip(before) {
                if is_of_records(effect) {
                    effect.action = Action::Write;
                    effect.modifiers = Modifiers::NONE;
                }
            }
        }
    }
}

/// Whether the database of tests is migrated, and nothing but the variable for that chooses one: `RAILS_ENV=test bin/rails db:migrate`.
fn migrates_for_tests(call: &Call<'_>) -> bool {
    let words: Vec<String> = call.words.iter().take(8).map(Word::display).collect();
    let mut words = words
        .iter()
        .map(|word| word.rsplit('/').next().unwrap_or_default());
    let is_rails = words
        .next()
        .is_some_and(|first| matches!(first, "rails" | "rake"));
    let [only] = call.assignments else {
        return false;
    };
    let chooses = |name: &str| CHOOSING.iter().any(|it| name.contains(it));
    // What the line wrote is read once: nothing else of the line may run it.
    let is_apart = |it: &Invocation| {
        let first = it.words.first().map(Word::display).unwrap_or_default();
        it.span.start <= call.span.start
            || is_test_runner(&it.words)
            || super::telling::listed(" git echo ls head tail ", &first)
    };
    let is_first = |it: &Invocation| {
        let first = it.words.first().map(Word::display).unwrap_or_default();
        it.span.start >= call.span.start
            || super::telling::listed(" cat mkdir cd git echo set ", &first)
    };
    let mut all = call.scope.script.invocations.iter();
    is_rails
        && all.len() <= LINE_MAX
        && all.all(|it| is_apart(it) && is_first(it))
        && words.all(|word| !word.starts_with("db:") || word.starts_with("db:migrate"))
        && matches!(only.name.as_str(), "RAILS_ENV" | "RACK_ENV")
        && only.value.known().as_deref() == Some("test")
        && !call
            .variables
            .values
            .iter()
            .any(|(name, _)| *name != only.name && chooses(name))
}

/// Whether a variable of the line, or a file of them, may say which database is taken.
fn is_set_otherwise(call: &Call<'_>) -> bool {
    let chooses = |name: &str| CHOOSING.iter().any(|it| name.contains(it));
    // The environment for Python says none.
    let brings = |it: &Invocation| {
        let mut words = it.words.iter().map(Word::display);
        let first = words.next();
        matches!(first.as_deref(), Some("source" | "." | "eval"))
            && !words.all(|word| word.ends_with("/activate"))
    };
    call.assignments.iter().any(|it| chooses(&it.name))
        || call.variables.values.iter().any(|(name, _)| chooses(name))
        || call.scope.script.invocations.iter().any(brings)
}

/// Whether an effect takes away records, or calls for it on what is not described: `user.delete()`.
fn is_of_records(effect: &Effect) -> bool {
    effect.action.takes_away() && matches!(effect.role, Role::Table | Role::Database)
        || effect.action == Action::Delete
            && effect.role == Role::Resource
            && effect.modifiers.contains(Modifier::Assumed)
}

/// Whether a text may speak to another database than that of tests.
fn names_other(text: &str) -> bool {
    let is_here = |rest: &str| {
        ["localhost", "127.0.0.1", "testserver", "test/"]
            .iter()
            .any(|host| rest.starts_with(host))
    };
    let is_other_address = |(at, _): (usize, &str)| {
        let before = text.get(..at).unwrap_or_default();
        let behind = text.get(at + 3..).unwrap_or_default();
        !(before.ends_with("sqlite") || before.ends_with("http") && is_here(behind))
    };
    OTHERWISE.iter().any(|it| text.contains(it))
        || text.match_indices("://").any(is_other_address)
        || terms(text).any(|part| super::telling::listed(OTHERS, &part))
}

/// The words of program text, and the parts of its names.
fn terms(text: &str) -> impl Iterator<Item = String> {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric());
    words.filter(|word| !word.is_empty()).flat_map(parts)
}

/// Whether every application that a text makes is told that it is one for tests.
fn is_chosen(text: &str) -> bool {
    let mut made = 0;
    for maker in ["create_app(", "make_app(", "create_application("] {
        for (at, _) in text.match_indices(maker) {
            let behind = text.get(at + maker.len()..).unwrap_or_default();
            if text
                .get(..at)
                .is_some_and(|before| before.ends_with("def "))
            {
                return false;
            }
            let told = behind.split([')', '\n']).next().unwrap_or_default();
            let says = terms(told).any(|part| matches!(&*part, "test" | "testing" | "tests"));
            if !(says || told.contains("sqlite:///:memory:")) {
                return false;
            }
            made += 1;
        }
    }
    made > 0
}

/// Whether a text is a test of a framework that makes a database for tests.
fn is_of_framework(path: &str, text: &str) -> bool {
    let marks: &[&str] = match path.rsplit('.').next().unwrap_or_default() {
        "py" => &["django.test", "django_db", "from django.", "pytest_django"],
        "rb" => &[
            "rails_helper",
            "require \"test_helper",
            "require 'test_helper",
        ],
        "php" => &["RefreshDatabase", "DatabaseTransactions"],
        "exs" => &[".DataCase", ".ConnCase"],
        _ => &[],
    };
    marks.iter().any(|mark| text.contains(mark))
}

#[cfg(test)]
mod tests {
    use super::{is_chosen, names_other};

    #[test]
    fn an_application_is_for_tests_only_where_each_says_so() {
        assert!(is_chosen("app = create_app('testing')\n"));
        assert!(is_chosen("app = create_app(TestConfig)\n"));
        for text in [
            "app = create_app()\n",
            "app = create_app('testing')\nlive = create_app(Config)\n",
            "def create_app(testing):\n    return real\n",
        ] {
            assert!(!is_chosen(text), "{text}");
        }
    }

    #[test]
    fn another_database_is_seen_by_what_names_it() {
        assert!(!names_other("client.get('http://localhost/a')\n"));
        for text in [
            "x = 'postgres://db/app'",
            "create_app('production')",
            "os.environ['X']",
            "requests.delete('https://api.example.org/a')",
        ] {
            assert!(names_other(text), "{text}");
        }
    }
}
