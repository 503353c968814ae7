//! Commands inside a command: how their words run, and the words that the line does not show.

use super::Resolved;
use super::analyst::{Ambient, Analyst, Call, Printed, has_hole};
use super::combined::combined;
use super::feeds::Feeds;
use super::grammar;
use super::program::Task;
use super::schema::Wraps;
use crate::effect::{Action, Effect, Modifier, Target};
use crate::shell::{Input, Piece, Word};

/// Packages that tutorials and build scripts run this way every day; a choice by hand, not by a count. To be in it says only that it is not
/// asked about when one is fetched by its own name: what it does with its arguments is judged like anything else.
const FAMILIAR: &str = " maildev mailhog webcrack madge knip depcheck lighthouse http-server json-server wait-on wait-port nodemon cowsay \
    ts-prune sort-package-json license-checker npm-check-updates concurrently cross-env html-validate stylelint publint attw size-limit \
    source-map-explorer webpack-bundle-analyzer swagger-cli redocly openapi-typescript quicktype degit tiged svgo mmdc markdown-toc \
    doctoc commitlint unimported dpdm htmlhint jscpd pa11y axe linkinator broken-link-checker autocannon clinic 0x speedscope tldr \
    gitmoji-cli standard-version envinfo npm-run-all sass esbuild serve ";

/// The words of what npm starts, without the `--` behind which npm leaves options alone (npm-exec(1), npm 10).
fn without_npms_own(task: &Task<'_, '_>, words: &[Word]) -> Option<Vec<Word>> {
    let is_npms = matches!(task.parsed.path.as_str(), "npm exec" | "npm x" | "npx");
    let [program, dashes, rest @ ..] = words else {
        return None;
    };
    let is_own = is_npms && dashes.known().as_deref() == Some("--");
    is_own.then(|| std::iter::once(program).chain(rest).cloned().collect())
}

impl Analyst<'_> {
    /// The commands inside.
    pub(super) fn run_wrapped(&mut self, task: &Task<'_, '_>) -> Feeds {
        let mut feeds = Feeds::NONE;
        self.bin_of_project(task);
        let mut values = task.parsed.values.iter();
        let entry =
            values.find(|value| value.role == "entry-point" && !value.word.pieces.is_empty());
        if let Some(entry) = entry {
            // `docker run --entrypoint sh IMAGE -c …`: what stands behind the image are its arguments (docker-run(1)).
            let mut words = vec![entry.word.clone()];
            let behind = task.parsed.wrapped.iter();
            words.extend(behind.flat_map(|wrapped| wrapped.words.iter().cloned()));
            let how = Wraps::Contained;
            return self.wrapped(task, &grammar::Wrapped { how, words });
        }
        if task.parsed.path.ends_with(" run") && !self.files.is_empty() {
            let words = self.entry_point(task);
            if !words.is_empty() {
                let how = Wraps::Contained;
                feeds = self.wrapped(task, &grammar::Wrapped { how, words });
            }
        }
        for wrapped in &task.parsed.wrapped {
            if let Some(words) = super::image::arguments(task, wrapped) {
                let how = wrapped.how;
                feeds = feeds.union(self.wrapped(task, &grammar::Wrapped { how, words }));
                continue;
            }
            self.unseen_package(task, &wrapped.words);
            if let Some(words) = without_npms_own(task, &wrapped.words) {
                let how = wrapped.how;
                feeds = feeds.union(self.wrapped(task, &grammar::Wrapped { how, words }));
                continue;
            }
            feeds = feeds.union(self.wrapped(task, wrapped));
        }
        feeds
    }

    fn wrapped(&mut self, task: &Task<'_, '_>, wrapped: &grammar::Wrapped) -> Feeds {
        let ambient = Self::inner_ambient(task, wrapped.how);
        let mut call = Call {
            ambient,
            ..task.call.clone()
        };
        // xargs(1), findutils 4.9: what it starts reads from /dev/null.
        if task.parsed.path == "xargs" {
            call.fed = Printed::default();
            call.input = &Input::Inherited;
        }
        self.bare_shell(task, &call, &wrapped.words);
        self.computed_by_perl(task, &wrapped.words);
        let before = self.analysis.effects.len();
        let feeds = self.wrapped_words(task, wrapped, &call);
        if task.parsed.path == "find" {
            // Everything below the directory that is found, and not the directory alone.
            let changed = self.analysis.effects.iter_mut().skip(before);
            let rights = |it: &&mut Effect| matches!(it.action, Action::Chmod | Action::Chown);
            changed
                .filter(rights)
                .for_each(|effect| effect.modifiers.insert(Modifier::Recursive));
        }
        feeds
    }

    fn wrapped_words(
        &mut self,
        task: &Task<'_, '_>,
        wrapped: &grammar::Wrapped,
        call: &Call<'_>,
    ) -> Feeds {
        match wrapped.how {
            Wraps::Command | Wraps::Contained => self.inner(call, &wrapped.words, &[]),
            Wraps::CommandWithAssignments => self.with_assignments(call, &wrapped.words),
            Wraps::CommandWithMore | Wraps::ShellWithMore => {
                let (words, shown) = shown_words(&wrapped.words);
                let is_combined = words.last().and_then(Word::known).as_deref() == Some(";");
                let unseen = if is_combined {
                    vec![Vec::new()]
                } else if shown.is_empty() {
                    self.unseen(task)
                } else {
                    shown
                };
                let mut feeds = Feeds::NONE;
                for more in unseen {
                    let words = append(&words, &more, task.parsed.replaces.as_ref());
                    let mut call = call.clone();
                    if more.iter().any(has_hole) {
                        call.ambient.modifiers.insert(Modifier::Indirect);
                    }
                    feeds = feeds.union(if wrapped.how == Wraps::ShellWithMore {
                        self.shell_words(&call, &words)
                    } else {
                        self.inner(&call, &words, &[])
                    });
                }
                feeds
            }
            Wraps::Shell if task.parsed.path == "cmd" => {
                self.shell_words(call, &plain_for_windows(&wrapped.words))
            }
            Wraps::Shell | Wraps::RemoteShell => self.shell_words(call, &wrapped.words),
        }
    }

    /// `parallel '{=1 $_ = reverse =} x'`: which program it is perl works out (parallel(1), 20231122, "{= perl expression =}").
    fn computed_by_perl(&mut self, task: &Task<'_, '_>, words: &[Word]) {
        if task.parsed.path != "parallel" {
            return;
        }
        let first = words.first().map(Word::display).unwrap_or_default();
        let mut all = task.call.words.iter().map(Word::display);
        let is_defined = all.any(|word| word.starts_with("--rpl")) && first.starts_with('{');
        if first.starts_with("{=") || is_defined {
            let span = words.first().map_or(task.call.span, |word| word.span);
            self.unknown(super::UnknownKind::Command, first, span);
        }
    }

    /// `yarn prisma migrate reset`, `pnpm changeset publish`: a word that is no command of the package manager is a script of
    /// the project, or a program that one of its packages brings (`yarn(1)` 1.22, pnpm 9).
    fn bin_of_project(&mut self, task: &Task<'_, '_>) {
        let path = task.parsed.path.as_str();
        let by_npm = matches!(
            path,
            "npm run" | "npm run-script" | "pnpm run" | "yarn run" | "bun run"
        );
        if !by_npm && !matches!(path, "yarn" | "pnpm") {
            return;
        }
        let script = task
            .parsed
            .values
            .iter()
            .find(|value| value.role == "script");
        let Some(name) = script.and_then(|value| value.word.known()) else {
            return;
        };
        let words = task.call.words;
        let position = words
            .iter()
            .position(|word| word.known().as_deref() == Some(&*name));
        let words = position.and_then(|at| words.get(at..)).unwrap_or_default();
        // A script that is called like a tool is that tool: `npm run strapi -- transfer`.
        if by_npm {
            if TOOLS.contains(&&*name) {
                let is_dashes = |word: &&Word| word.known().as_deref() != Some("--");
                let words: Vec<Word> = words.iter().filter(is_dashes).cloned().collect();
                self.inner(&task.call, &words, &[]);
            }
            return;
        }
        if words.len() > 1 && matches!(self.knowledge.resolve(&name), Resolved::Known { .. }) {
            self.inner(&task.call, words, &[]);
        }
    }

    /// A program of which nothing is known, fetched from a registry to run at once: `uvx x`, `npx -y x@latest`.
    fn unseen_package(&mut self, task: &Task<'_, '_>, words: &[Word]) {
        let always = matches!(
            task.parsed.path.as_str(),
            "bunx" | "bun x" | "uvx" | "uv tool run" | "pipx run" | "pnpm dlx" | "yarn dlx"
        );
        let is_runner = always || matches!(task.parsed.path.as_str(), "npx" | "npm exec" | "npm x");
        let Some(name) = words.first().and_then(Word::known).filter(|_| is_runner) else {
            return;
        };
        let mut before = task.call.words.iter().map(Word::display);
        let is_fetched = always
            || before.any(|word| matches!(word.as_str(), "-y" | "--yes"))
            || name.get(1..).is_some_and(|rest| rest.contains('@'));
        if !is_fetched || !matches!(self.knowledge.resolve(&name), Resolved::Unknown) {
            return;
        }
        let base = name.split('@').next().unwrap_or_default();
        if base.starts_with("create-")
            || super::telling::listed(FAMILIAR, base)
            || super::carried::is_reader(base)
        {
            return;
        }
        let target = Target::named(&*name);
        let modifiers = crate::effect::Modifiers::NONE
            .with(Modifier::Assumed)
            .with(Modifier::Unverified);
        self.push(
            &task.call,
            Action::Install,
            crate::effect::Role::Package,
            target,
        )
        .with(modifiers)
        .by(&task.parsed.path);
    }

    /// A shell with other rights that is told nothing: whoever types into it is not seen.
    fn bare_shell(&mut self, task: &Task<'_, '_>, call: &Call<'_>, words: &[Word]) {
        let mut names = words.iter().map(Word::display);
        let name = names.next().unwrap_or_default();
        let name = name.rsplit('/').next().unwrap_or_default();
        let is_shell = matches!(
            name,
            "sh" | "bash" | "zsh" | "dash" | "ksh" | "fish" | "tcsh"
        );
        let is_told = !names.all(|word| matches!(word.as_str(), "-" | "-l" | "-i" | "--login"))
            || call.fed.feeds != Feeds::NONE
            || !matches!(call.input, Input::Inherited);
        if is_shell && !is_told && call.ambient.modifiers.contains(Modifier::Elevated) {
            let target = Target::named(format!("a shell, {name}"));
            self.push(call, Action::Elevate, crate::effect::Role::Process, target)
                .with(crate::effect::Modifiers::NONE.with(Modifier::All))
                .by(&task.parsed.path);
        }
    }

    /// Assignments in front of a wrapped command: `env A=b cmd`.
    fn with_assignments(&mut self, call: &Call<'_>, words: &[Word]) -> Feeds {
        let mut assignments = Vec::new();
        let mut rest = words;
        while let Some((first, behind)) = rest.split_first() {
            let Some((name, value)) = grammar::split(first, "=") else {
                break;
            };
            // `BASH_FUNC_ls%%=() { …; }`: a function that bash takes over (`bash(1)` 5.2, "Exported functions").
            let Some(name) = name
                .known()
                .filter(|name| is_variable_name(name) || name.starts_with("BASH_FUNC_"))
            else {
                break;
            };
            assignments.push(crate::shell::Assignment {
                name: name.into_owned(),
                value,
                exported: true,
            });
            rest = behind;
        }
        let inner = Call {
            assignments: &assignments,
            ..call.clone()
        };
        self.assignments(&inner);
        self.inner(call, rest, &assignments)
    }

    fn inner(
        &mut self,
        call: &Call<'_>,
        words: &[Word],
        assignments: &[crate::shell::Assignment],
    ) -> Feeds {
        if words.is_empty() {
            return Feeds::NONE;
        }
        let mut variables = std::rc::Rc::clone(&call.variables);
        for assignment in assignments {
            std::rc::Rc::make_mut(&mut variables)
                .values
                .insert(assignment.name.clone(), assignment.value.clone());
        }
        self.call(&Call {
            words,
            variables,
            ..call.clone()
        })
        .feeds
    }

    /// The circumstances of what is wrapped.
    fn inner_ambient(task: &Task<'_, '_>, how: Wraps) -> Ambient {
        let mut ambient = task.call.ambient;
        ambient.depth += 1;
        let elevates = task.parsed.chain.first().is_some_and(|entry| {
            entry
                .effects
                .iter()
                .any(|effect| effect.does == Action::Elevate)
        });
        if elevates {
            ambient.modifiers.insert(Modifier::Elevated);
        }
        match how {
            Wraps::RemoteShell => ambient.modifiers.insert(Modifier::Remote),
            Wraps::Contained => ambient.modifiers.insert(Modifier::Contained),
            Wraps::Command
            | Wraps::CommandWithAssignments
            | Wraps::CommandWithMore
            | Wraps::Shell
            | Wraps::ShellWithMore => {}
        }
        for passed in [
            Modifier::Background,
            Modifier::Privileged,
            Modifier::Contained,
            Modifier::Remote,
        ] {
            if task.parsed.modifiers.contains(passed) {
                ambient.modifiers.insert(passed);
            }
        }
        ambient
    }
}

/// Tools after which projects call a script that starts them.
const TOOLS: [&str; 20] = [
    "strapi",
    "prisma",
    "knex",
    "typeorm",
    "sequelize",
    "sequelize-cli",
    "drizzle-kit",
    "directus",
    "sanity",
    "medusa",
    "firebase",
    "wrangler",
    "vercel",
    "netlify",
    "serverless",
    "sls",
    "cdk",
    "supabase",
    "contentful",
    "payload",
];

impl Task<'_, '_> {
    pub(super) fn has_wrapped(&self) -> bool {
        !self.parsed.wrapped.is_empty()
    }
}

/// A line of cmd.exe without its escapes, and with the variables that it sets (`cmd /?`, Windows Server 2022).
fn plain_for_windows(words: &[Word]) -> Vec<Word> {
    let is_switch = |word: &&Word| {
        let text = word.display();
        text.len() <= 6 && text.starts_with('/') && !text.contains(' ')
    };
    let switches = words.iter().take_while(is_switch).count();
    let Some(first) = words.get(switches) else {
        return Vec::new();
    };
    let behind = words.get(switches..).unwrap_or_default();
    let text: Vec<String> = behind.iter().map(Word::display).collect();
    vec![Word::text(text.join(" "), first.span)]
}

fn is_variable_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|first: char| first.is_ascii_digit())
        && name
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}

/// The command, and the words that stand behind a `:::` for it (`parallel(1)`), one set for each.
///
/// A single word with white space in it is a whole command line (`rg --pre "a b"`).
fn shown_words(words: &[Word]) -> (Vec<Word>, Vec<Vec<Word>>) {
    let is_separator = |word: &Word| {
        matches!(
            word.known().as_deref(),
            Some(":::" | ":::+" | "::::" | "::::+")
        )
    };
    if let Some(at) = words.iter().position(is_separator) {
        let (command, rest) = words.split_at(at);
        let numbered =
            |word: &Word| word.display().contains("{1}") || word.display().contains("{2}");
        if command.iter().any(numbered) {
            return (combined(command, rest, &is_separator), Vec::new());
        }
        let shown = rest
            .iter()
            .filter(|word| !is_separator(word))
            .map(|word| vec![word.clone()]);
        return (command.to_vec(), shown.collect());
    }
    if let [one] = words
        && let Some(text) = one.known()
        && text.contains(char::is_whitespace)
    {
        let parts = text
            .split_whitespace()
            .map(|part| Word::text(part, one.span));
        return (parts.collect(), Vec::new());
    }
    (words.to_vec(), Vec::new())
}

/// `words` with `more` in the place of what stands for it, else behind.
fn append(words: &[Word], more: &[Word], replaces: Option<&Word>) -> Vec<Word> {
    let mark = replaces
        .and_then(Word::known)
        .map_or_else(|| "{}".to_owned(), std::borrow::Cow::into_owned);
    let holds = |word: &Word| {
        !mark.is_empty()
            && word.pieces.iter().any(|piece| match piece {
                Piece::Text(text) | Piece::Glob(text) => text.contains(&mark),
                Piece::Hole(_) => false,
            })
    };
    if !words.iter().any(holds) {
        return words.iter().chain(more).cloned().collect();
    }
    let one = more.first().cloned().unwrap_or_default();
    words
        .iter()
        .map(|word| {
            if holds(word) {
                replace(word, &mark, &one)
            } else {
                word.clone()
            }
        })
        .collect()
}

/// A word with every `mark` in its text replaced by the pieces of `with`.
pub(super) fn replace(word: &Word, mark: &str, with: &Word) -> Word {
    let mut pieces = Vec::with_capacity(word.pieces.len() + 2);
    for piece in &word.pieces {
        let (Piece::Text(text) | Piece::Glob(text)) = piece else {
            pieces.push(piece.clone());
            continue;
        };
        for (at, part) in text.split(mark).enumerate() {
            if at > 0 {
                pieces.extend(with.pieces.iter().cloned());
            }
            if !part.is_empty() {
                pieces.push(Piece::Text(part.to_owned()));
            }
        }
    }
    Word {
        pieces,
        span: word.span,
    }
}
