//! Source of an application whose functions take records away, and that a line writes and then only builds or tests: `DELETE FROM sessions`
//! in a method of a store is run by whoever calls that, against the database that tests have.
//!
//! What stands outside of functions runs when the file is loaded, and what the file itself names there runs as well. Where the
//! line writes another file, which may start it, the whole text counts.

use super::analyst::Analyst;
use super::for_tests::{is_of_tests, only_holds};
use super::migrations::{Writing, mask, words_of};
use super::telling::listed;
use crate::effect::{Effect, Modifier, Role};
use crate::place::Place;
use crate::shell::Word;

/// Languages that are compiled, and run nothing when a file is loaded.
const COMPILED: &str = " go rs kt cs swift ";

/// Parts of a text of such a language by which something runs where it is built, loaded or tested.
const RUNS: [&str; 26] = [
    "func init(",
    "TestMain",
    "func Test",
    "#[test]",
    "#[ctor",
    "_test]",
    "proc_macro",
    "static {",
    "static{",
    "@Test",
    "[Fact]",
    "[Test",
    "[Theory",
    "@Before",
    "@After",
    "@Post",
    "@Scheduled",
    "@EventListener",
    "Runner",
    "InitializingBean",
    "init {",
    "companion object",
    "XCTest",
    "ModuleInitializer",
    "lazy_static",
    "Lazy",
];

/// Words behind a package manager, or a tool for building, by which something is built, checked, tested, or served for development: functions
/// are called for a request, or by a test.
const BUILDS: &str = " dev build test vet check compile clippy lint typecheck type-check tsc fmt format nextest package verify assemble \
    compileJava compileKotlin spec rspec rubocop test:unit test:integration makemigrations \
    migrate showmigrations ";

/// Tools that only check source.
const CHECKERS: &str = " ruff mypy pyright eslint tsc rubocop phpstan psalm pint ";

/// Tools that build, check or test by such a word.
const BUILDERS: &str = " go cargo mix mvn mvnw ./mvnw gradle gradlew ./gradlew dotnet swift npm pnpm yarn bun make just bin/rails rails \
    next vite nuxt nuxi astro nest remix tsup turbo nx ";

/// Decorators that call nothing at once: routes, properties, commands, tasks (`FastAPI` 0.115, Flask 3, Click 8, Celery 5, Python 3.13).
const DECORATORS: &str = " get post put patch delete route command group option argument task shared_task property setter staticmethod \
    classmethod dataclass cached_property lru_cache cache wraps contextmanager asynccontextmanager overload abstractmethod \
    action login_required api_view receiver validator field_validator model_validator websocket middleware pass_context \
    override final ";

/// Methods with names of the language that nothing calls when a file is loaded.
const PLAIN_METHODS: &str =
    " __init__ __repr__ __str__ __eq__ __hash__ __len__ __enter__ __exit__ __aenter__ __aexit__ ";

impl Analyst<'_> {
    /// Leaves out, of the effects from `before` on, those that nothing brings about.
    pub(super) fn leave_out(&mut self, before: usize, is_left: fn(&Effect) -> bool) {
        let found = self.analysis.effects.split_off(before);
        let kept = found.into_iter().filter(|effect| !is_left(effect));
        self.analysis.effects.extend(kept);
    }
}

/// Whether a command only builds or tests.
pub(super) fn only_builds(words: &[Word]) -> bool {
    let words: Vec<String> = words.iter().take(8).map(Word::display).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let is_verb = |rest: &[&str]| {
        let mut verbs = rest
            .iter()
            .filter(|word| !word.starts_with('-') && **word != "run");
        verbs.next().is_some_and(|verb| listed(BUILDS, verb))
    };
    match words.as_slice() {
        ["cargo" | "go" | "dotnet" | "swift", "run", ..] => false,
        ["python" | "python3", "manage.py" | "./manage.py", rest @ ..]
        | ["php", "artisan", rest @ ..] => is_verb(rest),
        [first, ..] if listed(CHECKERS, first.rsplit('/').next().unwrap_or_default()) => true,
        [first, rest @ ..] if listed(BUILDERS, first) => is_verb(rest),
        ["npx" | "bunx", name, rest @ ..] if listed(BUILDERS, name) => is_verb(rest),
        _ => false,
    }
}

/// Whether an effect takes away records, or other things, that a server keeps.
pub(super) fn takes_records(effect: &Effect) -> bool {
    effect.action.takes_away()
        && matches!(
            effect.role,
            Role::Table | Role::Database | Role::Remote | Role::Resource
        )
}

/// Whether a command builds or tests what Cargo takes for the library or the program of a package, and does not start that.
pub(super) fn only_builds_package(words: &[Word]) -> bool {
    words.first().and_then(Word::known).as_deref() == Some("cargo")
        && (only_builds(words) || words.get(1).is_some_and(|it| it.display() == "doc"))
}

/// Whether an effect takes away what a function is given, and which nothing in the text names.
pub(super) fn takes_given(effect: &Effect) -> bool {
    effect.role == Role::Path
        && effect.action.takes_away()
        && effect.target.place == Some(Place::Unknown)
        && effect.modifiers.contains(Modifier::Unresolved)
}

/// Parts of a test by which what it calls is no server: it stands in memory, or answers what the test tells it (go-sqlmock 1.5, pgxmock 4,
/// Jest 29, Vitest 2.1, `unittest.mock` 3.13, miniredis 2, fakeredis 2, pg-mem 3, mockall 0.13, Mockito 5).
const STAND_INS: [&str; 26] = [
    "sqlmock.New",
    "pgxmock.New",
    "jest.mock(",
    "vi.mock(",
    "unittest.mock",
    "MagicMock",
    "AsyncMock",
    "miniredis.Run",
    "fakeredis",
    ":memory:",
    "pg-mem",
    "mockall",
    "Mockito",
    "@Mock",
    "mockDeep",
    "mongodb-memory-server",
    "t.TempDir()",
    "tmp_path",
    "tmpdir",
    "mkdtemp",
    "tempdir()",
    "TemporaryDirectory",
    "os.MkdirTemp",
    "aws-sdk-client-mock",
    "mock_aws",
    "better-sqlite3-mock",
];

/// Parts of a test by which it may reach a server.
const REACHING: [&str; 12] = [
    "DATABASE_URL",
    "_URL",
    "://",
    "getenv",
    "environ",
    "process.env",
    "Getenv",
    "sql.Open",
    "createConnection",
    "psycopg",
    "createClient",
    "requireActual",
];

/// Whether all files that a line wrote only wait to be called, or are tests that give them stand-ins.
pub(super) fn only_waits(own: &[(&str, &str)]) -> bool {
    let is_inert = |path: &str| {
        let name = path.rsplit('/').next().unwrap_or_default();
        let kind = name.rsplit_once('.').map_or("", |(_, kind)| kind);
        listed(" md css scss svg html txt csv sql ", kind)
    };
    let waits = |(path, text): &(&str, &str)| {
        is_inert(path)
            || has_stand_ins(path, text)
            || !is_of_tests(path) && at_load(path, text).is_some()
    };
    !own.is_empty() && own.iter().all(waits)
}

/// Whether a text is a test that gives stand-ins to what it calls, and reaches nothing else.
pub(super) fn has_stand_ins(path: &str, text: &str) -> bool {
    is_of_tests(path)
        && STAND_INS.iter().any(|it| text.contains(it))
        && !REACHING.iter().any(|it| text.contains(it))
        && !["connect('", "connect(\""]
            .iter()
            .any(|it| text.replace(":memory:", "").contains(it) && !text.contains(":memory:"))
        && only_holds(&text.replace("execute", ""))
}

/// Whether source speaks to a server of databases: by a library for that, or by a call that such libraries have.
pub(super) fn asks_server(text: &str) -> bool {
    const ASKS: [&str; 22] = [
        "sqlx",
        "postgres",
        "mysql",
        "diesel",
        "sea_orm",
        "sqlite",
        "mongo",
        "redis",
        "jdbc",
        "java.sql",
        "database/sql",
        "gorm",
        "pgx",
        "execute(",
        "Exec",
        "query(",
        "Query",
        "prepare",
        "Statement",
        "DbContext",
        "db.",
        "conn",
    ];
    ASKS.iter().any(|it| text.contains(it))
}

/// Whether an effect is one of functions that wait to be called: on records, or on a path that nothing in the text names.
pub(super) fn takes_when_called(effect: &Effect) -> bool {
    let is_unnamed = effect.role == Role::Path
        && effect.action.takes_away()
        && effect.modifiers.contains(Modifier::Unresolved)
        && matches!(effect.target.place, Some(Place::Root | Place::Unknown));
    takes_records(effect) || is_unnamed
}

/// Whether a file of PHP is nothing but one class, of which nothing runs when it is loaded (PHP 8.4, "Classes and Objects").
fn is_only_class(text: &str) -> bool {
    let Some(masked) = mask(text, Writing::Php) else {
        return false;
    };
    let Some((head, body)) = masked.split_once('{') else {
        return false;
    };
    let is_head = head.split(['\n', ';']).map(str::trim).all(|line| {
        let starts = [
            "<?php",
            "namespace ",
            "use ",
            "declare(",
            "final class ",
            "class ",
            "abstract class ",
            "interface ",
            "trait ",
            "readonly class ",
            "extends",
            "implements",
        ];
        line.is_empty() || starts.iter().any(|it| line.starts_with(it))
    });
    let mut depth = 1_usize;
    for (at, letter) in body.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            let rest = body.get(at + 1..).unwrap_or_default();
            return is_head && rest.trim().is_empty();
        }
    }
    false
}

/// The text of Ruby without the bodies of its methods; none where it is not certain where they end, or something outside names one.
fn outside_of_methods(text: &str) -> Option<String> {
    const LONG: [&str; 6] = ["<<~", "<<-", "=begin", "__END__", "%q", "%Q"];
    let mut kept = String::with_capacity(text.len());
    let mut names: Vec<&str> = Vec::new();
    let mut inside: Option<usize> = None;
    for line in text.lines() {
        let plain = line.trim();
        let indent = line.len() - line.trim_start().len();
        if let Some(outer) = inside {
            if indent == outer && plain == "end" {
                inside = None;
            }
            continue;
        }
        let code = plain.split(" #").next().unwrap_or_default();
        let is_open = |mark: char| code.matches(mark).count() % 2 == 1 && !code.starts_with('#');
        if LONG.iter().any(|it| code.contains(it)) || is_open('"') || is_open('\'') {
            return None;
        }
        if let Some(behind) = plain.strip_prefix("def ") {
            let behind = behind.strip_prefix("self.").unwrap_or(behind);
            let end = behind.find(|it: char| !it.is_ascii_alphanumeric() && it != '_');
            names.push(behind.get(..end.unwrap_or(behind.len()))?);
            // `def x = y`, `def x; y; end`
            if code.contains(" = ") || code.contains(';') {
                return None;
            }
            inside = Some(indent);
        } else {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    let is_started = |name: &&str| {
        matches!(
            *name,
            "initialize" | "inherited" | "included" | "method_missing"
        ) && kept.contains(".new")
            || words_of(&kept, name) > 0
    };
    (inside.is_none() && !names.iter().any(is_started)).then_some(kept)
}

/// What of a text runs when it is built or loaded; none where that is not certain.
pub(super) fn at_load(path: &str, text: &str) -> Option<String> {
    let name = path.rsplit('/').next()?;
    let (_, kind) = name.rsplit_once('.')?;
    if listed(COMPILED, kind) {
        // Tests in the file itself that keep what they need in memory.
        let (text, tests) = text.split_once("#[cfg(test)]\n").unwrap_or((text, ""));
        let is_quiet = tests.is_empty()
            || STAND_INS.iter().any(|it| tests.contains(it))
                && !REACHING.iter().any(|it| tests.contains(it))
                && !["remove_", "process", "Command"]
                    .iter()
                    .any(|it| tests.contains(it));
        if !is_quiet {
            return None;
        }
        let is_computed = |line: &str| {
            // What is indented stands in a function, or behind `var (`.
            let is_variable = ["var ", "val ", "let "]
                .iter()
                .any(|it| line.starts_with(it))
                || line.contains("static ");
            is_variable && line.contains('(') && (line.contains('=') || line.starts_with("var ("))
        };
        let is_own = name != "build.rs" && !RUNS.iter().any(|part| text.contains(part));
        return (is_own && !text.lines().any(is_computed)).then(String::new);
    }
    let is_loaded = matches!(
        name,
        "conftest.py" | "setup.py" | "noxfile.py" | "manage.py"
    );
    if kind == "py" && !is_loaded {
        return outside_of_functions(text);
    }
    let is_task = [
        "/config/", "/db/", "/tasks/", "/spec/", "/test/", "helper", "/bin/",
    ];
    if kind == "rb" && !is_task.iter().any(|it| path.contains(it)) {
        return outside_of_methods(text);
    }
    if kind == "php" {
        return is_only_class(text).then(String::new);
    }
    let is_setting = ["config", "setup", "test", "spec", "seed", "migrat"];
    if matches!(
        kind,
        "js" | "mjs" | "cjs" | "ts" | "mts" | "cts" | "jsx" | "tsx"
    ) && !is_setting.iter().any(|it| path.contains(it))
    {
        return super::deferred_scripts::outside_of_functions(text);
    }
    None
}

/// The text of Python without the bodies of its functions, and without what runs only where it is the program.
fn outside_of_functions(text: &str) -> Option<String> {
    let masked = mask(text, Writing::Python)?;
    let indent = |line: &str| line.len() - line.trim_start().len();
    let mut kept = String::with_capacity(text.len());
    let mut shown = String::with_capacity(text.len());
    let mut names: Vec<&str> = Vec::new();
    let mut inside: Option<usize> = None;
    let mut head: Option<usize> = None;
    let mut depth = 0_i32;
    for (line, plain) in text.split_inclusive('\n').zip(masked.split_inclusive('\n')) {
        if let Some(outer) = inside {
            if plain.trim().is_empty() || indent(plain) > outer {
                continue;
            }
            inside = None;
        }
        let trimmed = plain.trim();
        if head.is_none() && depth == 0 {
            let behind = trimmed
                .strip_prefix("def ")
                .or_else(|| trimmed.strip_prefix("async def "));
            if let Some(behind) = behind {
                let name = behind.split('(').next()?;
                // Called where a class is made, or a name is looked for, without being named.
                if name.starts_with("__") && !listed(PLAIN_METHODS, name) {
                    return None;
                }
                names.push(name);
            }
            if let Some(class) = trimmed.strip_prefix("class ") {
                names.push(class.split(['(', ':']).next()?.trim());
            }
            if behind.is_some() || trimmed.starts_with("if __name__ ==") {
                head = Some(indent(plain));
            }
        }
        depth += i32::try_from(plain.matches(['(', '[', '{']).count()).ok()?;
        depth -= i32::try_from(plain.matches([')', ']', '}']).count()).ok()?;
        kept.push_str(line);
        shown.push_str(plain);
        if head.is_some() && depth == 0 {
            if !trimmed.ends_with(':') {
                return None;
            }
            inside = head.take();
            kept.push_str("    pass\n");
        }
    }
    let is_started = |name: &&str| words_of(&shown, name) > 1;
    // A decorator may call what it is given at once.
    let decorates = |line: &str| {
        line.trim().strip_prefix('@').is_some_and(|it| {
            let name = it.split('(').next().unwrap_or_default();
            let last = name.rsplit('.').next().unwrap_or_default();
            !listed(DECORATORS, last.trim())
        })
    };
    (!names.iter().any(is_started) && !shown.lines().any(decorates)).then_some(kept)
}

#[cfg(test)]
mod tests {
    use super::at_load;

    #[test]
    fn what_runs_when_a_file_is_loaded_stays() {
        let inside = "from a import s\n\nclass A:\n    @property\n    def f(self,\n          x=1):\n        s.execute('DELETE')\n\n    y = 1\n";
        let kept = at_load("app/a.py", inside).unwrap();
        assert!(!kept.contains("DELETE") && kept.contains("y = 1"), "{kept}");
        for text in [
            "def f():\n    s.execute('DELETE')\nf()\n",
            "def f():\n    s.execute('DELETE')\nx = f\n",
            "def f():\n    pass\ns.execute('DELETE')\n",
            "def f(): s.execute('DELETE')\n",
            "def f(x=s.execute('DELETE')):\n    pass\n",
            "class A:\n    s.execute('DELETE')\n    def f(self):\n        pass\n",
            "if True:\n    s.execute('DELETE')\n",
            "@call\ndef f():\n    s.execute('DELETE')\n",
            "s = '''\ndef f():\n    '''; s.execute('DELETE')\n",
        ] {
            let kept = at_load("app/a.py", text);
            assert!(kept.is_none_or(|it| it.contains("DELETE")), "{text}");
        }
        let go = "func (s *S) P() { s.db.Exec(\"DELETE\") }\n";
        assert!(at_load("store/a.go", go).is_some());
        for text in [
            "func init() { db.Exec(\"DELETE\") }\n",
            "var x = db.Exec(\"DELETE\")\n",
        ] {
            assert!(at_load("store/a.go", text).is_none(), "{text}");
        }
        let ruby = "class A < B\n  def perform\n    S.delete_all\n  end\nend\n";
        assert!(at_load("app/a.rb", ruby).is_some_and(|it| !it.contains("delete")));
        for text in [
            "S.delete_all\n",
            "class A\n  def f\n    S.delete_all\n  end\nend\nA.new.f\n",
            "class A\n  after_save :f\n  def f\n    S.delete_all\n  end\nend\n",
            "begin\n  x = <<~S\n  def f\n  S\n  S.delete_all\n  end\n",
            "x = 'a\n  def f\n'\nS.delete_all\n  end\n",
        ] {
            let kept = at_load("app/a.rb", text);
            assert!(kept.is_none_or(|it| it.contains("delete_all")), "{text}");
        }
        let php = "<?php\nnamespace A;\n\nfinal class B\n{\n    public function c(): void { $this->pdo->exec('TRUNCATE t'); }\n}\n";
        assert!(at_load("src/B.php", php).is_some());
        assert!(at_load("src/B.php", &format!("{php}(new B)->c();\n")).is_none());
        assert!(at_load("src/B.php", "<?php\n$db->exec('TRUNCATE t');\nclass B {}\n").is_none());
        assert!(at_load("src/a.kt", "val x = db.execute(\"DELETE\")\n").is_none());
        assert!(at_load("app/a.config.js", "x()").is_none());
    }
}
