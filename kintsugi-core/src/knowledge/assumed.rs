//! What is assumed of a command from its texts: queries for a server, addresses of requests, names of scripts, words that
//! name production, secrets that would be shown.
//!
//! As in [`super::verbs`], everything here only adds, and is marked [`Modifier::Assumed`] where it is no known fact.

use super::analyst::{Analyst, Call};
use super::lexicon::{Sense, is_production};
use super::program::Task;
use super::schema::Language;
use super::sentences::{file_sense, sentence_sense};
use crate::effect::{Action, Feed, Modifier, Modifiers, Role, Target};
use crate::shell::{Hole, Input, Invocation, Word};

/// Variables that say in which environment a program works.
const ENVIRONMENTS: &[&str] = &[
    "RAILS_ENV",
    "RACK_ENV",
    "APP_ENV",
    "DJANGO_ENV",
    "FLASK_ENV",
    "ENV",
    "ENVIRONMENT",
    "STAGE",
    "DEPLOY_ENV",
    "SYMFONY_ENV",
];

/// Texts for people that follow an option, not instructions.
pub(super) const TALK: &[&str] = &[
    "m",
    "message",
    "msg",
    "t",
    "title",
    "b",
    "body",
    "d",
    "desc",
    "description",
    "n",
    "name",
    "label",
    "comment",
    "note",
    "notes",
    "subject",
    "reason",
    "text",
    "prompt",
    "p",
    "summary",
    "user-agent",
    "header",
    "H",
    "A",
    "format",
    "filter",
    "template",
    "o",
    "jq",
];

/// Bytes of sentences that are read for one unit of work.
const SENTENCE_BYTES: usize = 8;

impl Analyst<'_> {
    /// Queries and instructions among the words and on the standard input of a program whose language is not described.
    pub(super) fn assume_sentences(&mut self, call: &Call<'_>, program: &str, words: &[Word]) {
        if only_formats(program) {
            return;
        }
        let mut before: Option<String> = None;
        // `--query` of these chooses what is shown (JMESPath; AWS CLI 2, Azure CLI 2.53, OCI CLI 3).
        let first = call.words.first().map(Word::display).unwrap_or_default();
        let shows = super::telling::listed(" aws az oci awslocal ", &first);
        for word in words {
            if shows && before.as_deref() == Some("query") {
                before = None;
                continue;
            }
            let text = word.display();
            let option = text
                .strip_prefix('-')
                .map(|rest| rest.trim_start_matches('-'));
            let (said, is_talk) = match (option, &before) {
                (Some(option), _) => match option.split_once('=') {
                    Some((name, value)) => (value.to_owned(), TALK.contains(&name)),
                    None => (String::new(), true),
                },
                (None, Some(name)) => (text.clone(), TALK.contains(&name.as_str())),
                (None, None) => (text.clone(), false),
            };
            if names_statements(&said) {
                let path = said.trim_start_matches('@');
                self.assume_file(call, program, path, true);
            }
            let is_read = said.contains([' ', '(']) && !is_talk && !selects(&said);
            if is_read && self.afford_reading(call, said.len()) {
                self.push_said(call, program, sentence_sense(&said), &said);
            }
            before = option.filter(|it| !it.contains('=')).map(str::to_owned);
        }
        let fed = match (&call.fed.text, call.input) {
            (Some(text), _) => Some(text.to_string()),
            (None, Input::Text(word)) => Some(word.display()),
            (None, Input::Inherited | Input::File(_) | Input::Pipe { .. }) => None,
        };
        if let Some(text) = fed
            && !(super::telling::listed(" k6 artillery locust hey vegeta ", program)
                && names_this_machine(&text))
            && self.afford_reading(call, text.len())
        {
            self.push_said(call, program, sentence_sense(&text), text.trim());
        }
    }

    /// Pays for reading words of people; false when there is no budget left.
    fn afford_reading(&mut self, call: &Call<'_>, bytes: usize) -> bool {
        let units = u32::try_from(bytes / SENTENCE_BYTES).unwrap_or(u32::MAX);
        let affordable = self.budget.spend(units);
        if !affordable {
            self.problem("more work than one command line may take", call.span);
        }
        affordable
    }

    fn push_said(&mut self, call: &Call<'_>, program: &str, said: Sense, text: &str) {
        let (action, role) = match said {
            Sense::Destroys | Sense::Deletes => (Action::Delete, Role::Table),
            Sense::Stops => (Action::StopService, Role::Resource),
            Sense::Grants => (Action::Grant, Role::Account),
            Sense::Looks
            | Sense::Publishes
            | Sense::Sends
            | Sense::Pays
            | Sense::Flashes
            | Sense::Makes
            | Sense::Reveals
            | Sense::Leaks
            | Sense::Secret
            | Sense::Nothing => return,
        };
        let target = Target::named(text.chars().take(80).collect::<String>());
        let mut modifiers = Modifiers::NONE.with(Modifier::Assumed);
        let mut options = call.words.iter().filter_map(Word::known);
        let is_meant = |word: &str| matches!(word, "--execute" | "--apply" | "--no-dry-run");
        if has_dry_run(call.words) && !options.any(|word| is_meant(&word)) {
            modifiers.insert(Modifier::DryRun);
        }
        self.push(call, action, role, target)
            .with(modifiers)
            .by(program);
    }

    /// A file of program text that nobody read, by its name: `psql -f drop_users.sql`, `node wipe.js`.
    pub(super) fn assume_file(&mut self, call: &Call<'_>, program: &str, path: &str, data: bool) {
        let base = program.split(' ').next().unwrap_or_default();
        let only_reads = matches!(
            base,
            "squawk"
                | "sqlfluff"
                | "sqlfmt"
                | "pg_format"
                | "sql-formatter"
                | "pgsanity"
                | "sqlcheck"
                | "sql-lint"
        );
        if only_reads || file_sense(path, data) != Sense::Destroys || data && is_for_trying(call) {
            return;
        }
        let target = Target::named(path);
        self.push(call, Action::Delete, Role::Code, target)
            .with(Modifiers::NONE.with(Modifier::Assumed))
            .by(program);
    }

    /// A cloud that an emulator on this machine plays: `aws --endpoint-url http://localhost:4566`.
    pub(super) fn calm_emulator(&mut self, task: &Task<'_, '_>, before: usize) {
        let program = task.call.words.first().map(Word::display);
        // LocalStack's own clients speak to nothing else, unless they are told to (awscli-local 0.22, terraform-local 0.20, aws-cdk-local 2.19).
        let is_local =
            program.is_some_and(|it| super::telling::listed(" awslocal tflocal cdklocal ", &it));
        if task.parsed.path.split(' ').next() != Some("aws") && !is_local {
            return;
        }
        let is_here =
            |text: &str| text.starts_with("http") && super::embedded::is_this_machine(text);
        let words = task.call.words;
        let by_option = words.iter().enumerate().any(|(at, word)| {
            let text = word.display();
            match text.strip_prefix("--endpoint-url") {
                Some("") => words
                    .get(at + 1)
                    .is_some_and(|next| is_here(&next.display())),
                Some(value) => is_here(value.trim_start_matches('=')),
                None => false,
            }
        });
        let by_variable = task.call.assignments.iter().any(|assignment| {
            assignment.name.starts_with("AWS_ENDPOINT_URL") && is_here(&assignment.value.display())
        });
        // `export AWS_ENDPOINT_URL=…`, unless a command is given another.
        let exported = task.call.variables.values.get("AWS_ENDPOINT_URL");
        let is_given = task
            .call
            .assignments
            .iter()
            .any(|it| it.name.starts_with("AWS_ENDPOINT_URL"));
        let by_variable =
            by_variable || !is_given && exported.is_some_and(|value| is_here(&value.display()));
        let is_told = words
            .iter()
            .any(|word| word.display().starts_with("--endpoint"));
        let by_variable = by_variable && !is_told;
        let is_elsewhere = is_given || exported.is_some_and(|value| !is_here(&value.display()));
        let by_name = is_local && !is_told && !is_elsewhere;
        if !by_option && !by_variable && !by_name {
            return;
        }
        for effect in self.analysis.effects.iter_mut().skip(before) {
            if !matches!(effect.role, Role::Path | Role::Secret | Role::Code) {
                effect.action = Action::List;
                effect.modifiers = Modifiers::NONE;
            }
        }
    }

    /// A registry on this machine, which a package is put into for trying: `npm publish --registry http://localhost:4873` (npm 10, twine 5,
    /// uv 0.5). Not where the line puts another server behind a port of this machine.
    pub(super) fn calm_local_registry(&mut self, task: &Task<'_, '_>, before: usize) {
        let program = task.parsed.path.split(' ').next().unwrap_or_default();
        if !super::telling::listed(" npm pnpm twine uv ", program) {
            return;
        }
        let options = " --registry --repository-url --publish-url ";
        let words: Vec<String> = task.call.words.iter().map(Word::display).collect();
        let mut named = words.iter().enumerate().filter_map(|(at, word)| {
            let (option, value) = word
                .split_once('=')
                .map_or((word.as_str(), None), |(option, value)| {
                    (option, Some(value))
                });
            let value = value.or_else(|| words.get(at + 1).map(String::as_str));
            super::telling::listed(options, option).then(|| value.unwrap_or_default())
        });
        let is_here =
            |text: &str| text.starts_with("http") && super::embedded::is_this_machine(text);
        let (Some(registry), None) = (named.next(), named.next()) else {
            return;
        };
        let commands = task.call.scope.script.invocations.len();
        let affordable = self
            .budget
            .spend(u32::try_from(commands).unwrap_or(u32::MAX));
        if !affordable || !is_here(registry) || super::trial_address::brings_server(&task.call) {
            return;
        }
        for effect in self.analysis.effects.iter_mut().skip(before) {
            if effect.action == Action::Publish && effect.role == Role::Package {
                effect.action = Action::List;
                effect.modifiers = Modifiers::NONE;
            }
        }
    }

    /// Marks what a command changes in a service as shared, when its words or variables name production.
    pub(super) fn mark_production(&mut self, task: &Task<'_, '_>, before: usize) {
        let is_meant = |effect: &crate::effect::Effect| {
            let is_of_service = matches!(
                effect.role,
                Role::Database | Role::Table | Role::Resource | Role::Volume
            );
            is_of_service && crate::heuristic::changes(effect.action)
                || effect.action == Action::Interpret && effect.feed == Feed::File
        };
        self.script_on_production(task);
        self.calm_here(task, before);
        self.calm_trial(task, before);
        let effects = self.analysis.effects.get(before..).unwrap_or_default();
        if !effects.iter().any(is_meant) || !names_production(&task.call) {
            return;
        }
        for effect in self.analysis.effects.iter_mut().skip(before) {
            if is_meant(effect) {
                effect.modifiers.insert(Modifier::Shared);
            }
        }
    }

    /// A script of the project that is given the database of production: `DATABASE_URL=$PROD_URL npm run db:reset`.
    fn script_on_production(&mut self, task: &Task<'_, '_>) {
        let mut given = task.call.assignments.iter();
        let of_production = given.any(|it| {
            let is_database = ["DATABASE", "DB_", "PG", "MYSQL", "MONGO", "REDIS"]
                .iter()
                .any(|kind| it.name.starts_with(kind) || it.name.ends_with("_DATABASE_URL"));
            let text = it.value.display();
            is_database
                && (text
                    .split(['/', '.', '@', ':', '$', '{', '}'])
                    .any(is_production)
                    || it
                        .value
                        .holes()
                        .any(|hole| matches!(hole, Hole::Variable(name) if is_production(name))))
        });
        let program = task.parsed.path.split(' ').next().unwrap_or_default();
        let runs = [
            "npm", "pnpm", "yarn", "bun", "make", "just", "task", "rake", "bundle", "rails",
            "python", "python3", "node", "php", "poetry", "uv", "go", "cargo", "mix", "deno",
            "pytest", "gradle", "mvn", "dotnet", "npx",
        ];
        if !of_production || !runs.contains(&program) {
            return;
        }
        let target = Target::named("a database of production");
        self.push(&task.call, Action::Write, Role::Database, target)
            .with(
                Modifiers::NONE
                    .with(Modifier::Shared)
                    .with(Modifier::Assumed),
            )
            .by(&task.parsed.path);
    }

    /// The variables that a pipe lists, when only their names go on: `docker exec web env | cut -d= -f1`.
    pub(super) fn keep_names_only(
        &mut self,
        invocation: &Invocation,
        script: &crate::shell::Script,
    ) {
        let Input::Pipe { first, end } = &invocation.input else {
            return;
        };
        let of_environment =
            picks_names(&invocation.words) || super::names_only::seeks_plain(&invocation.words);
        let of_any = super::names_only::keeps_keys(&invocation.words);
        if !of_environment && !of_any {
            return;
        }
        let feeding = script.between(*first, *end);
        let is_direct = feeding.len() == 1;
        for feeding in feeding {
            let span = feeding.span;
            let program = super::redirect::behind_wrappers(&feeding.words);
            let is_fed =
                |it: &crate::effect::Effect| it.span.start >= span.start && it.span.end <= span.end;
            // In a text that is read as a whole every command has the same span: then the name of the program tells.
            let is_alone = script
                .invocations
                .iter()
                .filter(|it| it.span == span)
                .count()
                == 1;
            let is_of = |it: &crate::effect::Effect| {
                is_alone || it.program.split(' ').next() == Some(program.as_str())
            };
            let reads =
                self.analysis.effects.iter().filter(|it| {
                    is_fed(it) && it.role == Role::Secret && it.action == Action::Read
                });
            let secrets = reads.count();
            let effects = self.analysis.effects.iter_mut();
            for effect in effects.filter(|it| is_fed(it)) {
                let is_environment = of_environment && effect.target.text == "the environment";
                let is_shown = effect.action == Action::Read
                    && of_any
                    && is_direct
                    && is_of(effect)
                    && (is_alone || secrets == 1);
                if effect.role == Role::Secret && (is_environment || is_shown) {
                    effect.action = Action::List;
                    effect.role = Role::Config;
                    effect.modifiers = Modifiers::NONE;
                }
            }
        }
    }
}

/// Whether an option says, by itself and in full, that nothing is done: `pt-online-schema-change --dry-run --alter …`.
fn has_dry_run(words: &[Word]) -> bool {
    let mut words = words.iter().skip(1).filter_map(Word::known);
    words.any(|word| matches!(&*word, "--dry-run" | "--dryrun"))
}

/// Whether every address in a text is one of this machine, and there is one.
fn names_this_machine(text: &str) -> bool {
    let mut addresses = text.split("://").skip(1).peekable();
    addresses.peek().is_some()
        && addresses.all(|it| {
            let host = it
                .split(['/', ':', '\'', '"', '`', ' '])
                .next()
                .unwrap_or_default();
            matches!(host, "localhost" | "127.0.0.1" | "0.0.0.0")
        })
}

/// Whether a text picks parts of an answer by `JMESPath`, in which quoted words are compared: `[?contains(name, 'delete')].id`.
fn selects(text: &str) -> bool {
    !text.contains(';')
        && (text.starts_with("[?") || text.starts_with("[].") || text.starts_with("[*]."))
}

/// Whether a command keeps what stands in front of the first `=` of a line, and nothing else.
fn picks_names(words: &[Word]) -> bool {
    let known: Vec<_> = words.iter().filter_map(Word::known).collect();
    if known.len() != words.len() {
        return false;
    }
    let words: Vec<&str> = known.iter().map(|word| &**word).collect();
    matches!(
        words.as_slice(),
        ["cut", "-d=", "-f1"]
            | ["cut", "-d", "=", "-f", "1"]
            | ["cut", "-d=", "-f", "1"]
            | ["cut", "-d", "=", "-f1"]
            | ["cut", "-f1", "-d="]
            | ["sed", "s/=.*//"]
            | ["awk", "-F=", "{print $1}" | "{ print $1 }"]
            | ["awk", "-F", "=", "{print $1}" | "{ print $1 }"]
            | ["wc", "-l"]
    )
}

/// Whether a word, a value or a variable of the command says that it works on production.
fn names_production(call: &Call<'_>) -> bool {
    let says = |text: &str| {
        let value = text.rsplit_once('=').map_or(text, |(_, value)| value);
        let address = text.split_once("://").map(|(_, rest)| rest);
        let mut parts = address.into_iter().flat_map(|rest| rest.split('/'));
        text.len() < 160
            && (is_production(text) || is_production(value) || parts.any(is_production))
    };
    // `$PROD_URL` says it by its name.
    let by_name = |word: &Word| {
        let mut holes = word.holes();
        holes.any(|hole| matches!(hole, Hole::Variable(name) if is_production(name)))
    };
    let names = |name: &str| {
        ENVIRONMENTS.contains(&name)
            || ["HOST", "URL", "DATABASE", "PROFILE", "CONTEXT"]
                .iter()
                .any(|kind| name.ends_with(kind))
    };
    // What dbt compares itself with is only read: `--defer --state prod-artifacts` (dbt 1.8, "Defer").
    let is_dbt = call.words.first().map(Word::display).as_deref() == Some("dbt");
    let is_read = |at: usize| {
        let before = call.words.get(at).map(Word::display);
        is_dbt && matches!(before.as_deref(), Some("--state" | "--defer-state"))
    };
    let words = call.words.iter().skip(1).enumerate();
    words
        .filter(|(at, _)| !is_read(*at))
        .any(|(_, word)| by_name(word) || says(&word.display()))
        || call.assignments.iter().any(|assignment| {
            names(&assignment.name)
                && (by_name(&assignment.value) || says(&assignment.value.display()))
        })
}

/// Whether statements go into a database of one's own that can be made again: `psql app_test`, `sqlite3 new.db`.
fn is_for_trying(call: &Call<'_>) -> bool {
    let mut names = call.words.iter().filter_map(Word::known);
    let is_file = names.next().is_some_and(|program| {
        let name = program.rsplit('/').next().unwrap_or_default();
        matches!(name, "sqlite3" | "sqlite" | "duckdb")
    });
    is_file
        || names.any(|word| {
            super::lexicon::parts(&word).any(|part| {
                matches!(
                    part.as_str(),
                    "test" | "tests" | "dev" | "scratch" | "ci" | "sandbox"
                )
            })
        })
}

/// Whether a program only looks at the form of what it is given, by its name: `sqlformat`, `pgfmt`, `cypher-lint`.
fn only_formats(program: &str) -> bool {
    let name = program.split(' ').next().unwrap_or(program);
    [
        "format",
        "fmt",
        "lint",
        "pretty",
        "beautify",
        "highlight",
        "pygmentize",
        "parse",
    ]
    .iter()
    .any(|kind| name.contains(kind))
}

/// Whether a word names a file of statements for a server: `@drop_all.sql`, `grant.ldif`.
fn names_statements(text: &str) -> bool {
    [".sql", ".cql", ".cypher", ".ldif", ".rman"]
        .iter()
        .any(|ending| text.ends_with(ending))
}

/// Whether a text of that language is data for a server, and not a program.
pub(super) const fn is_of_statements(language: Language) -> bool {
    matches!(language, Language::Sql | Language::Mongo | Language::Redis)
}
