//! Commands inside a command: how their words run, and the words that the line does not show.

use std::borrow::Cow;

use super::Resolved;
use super::analyst::{Ambient, Analyst, Call, Printed, has_hole};
use super::combined::combined;
use super::feeds::Feeds;
use super::grammar;
use super::program::Task;
use super::schema::Wraps;
use crate::effect::{Action, Modifier};
use crate::shell::{Input, Piece, Word};

/// Packages that are run this way every day, each with over a hundred thousand downloads a week or a well-known project behind it (npm
/// registry, 2024).
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
        let entry = values.find(|value| value.role == "entry" && !value.word.pieces.is_empty());
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
        match wrapped.how {
            Wraps::Command | Wraps::Contained => self.inner(&call, &wrapped.words, &[]),
            Wraps::CommandWithAssignments => self.with_assignments(&call, &wrapped.words),
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
                self.shell_words(&call, &plain_for_windows(&wrapped.words))
            }
            Wraps::Shell | Wraps::RemoteShell => self.shell_words(&call, &wrapped.words),
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
        let target = crate::effect::Target {
            text: name.clone().into_owned(),
            place: None,
        };
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
            let target = crate::effect::Target {
                text: format!("a shell, {name}"),
                place: None,
            };
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

    /// The words that a wrapper appends and the line does not show: what it looked up, or what is fed to it.
    fn unseen(&self, task: &Task<'_, '_>) -> Vec<Vec<Word>> {
        let span = task.call.span;
        let roots: Vec<&Word> = task
            .parsed
            .values
            .iter()
            .filter(|value| value.role == "root")
            .map(|value| &value.word)
            .collect();
        if task.lists || !roots.is_empty() {
            return Self::found_below(task, &roots);
        }
        // `xargs -a FILE`, where the line wrote that file.
        let given = task.text.as_ref().filter(|_| task.parsed.path == "xargs");
        let fed = task
            .call
            .fed
            .text
            .as_ref()
            .filter(|_| !matches!(task.call.input, Input::Inherited));
        if let Some(text) = given.or(fed) {
            return super::arguments::handed_on(task, text, span);
        }
        if let Input::Pipe { first, end } = task.call.input
            && let Some(found) = self.listed_by(&task.call, *first, *end)
        {
            return found;
        }
        if let Some(name) = super::looked_up::looked_up_by_pipe(&task.call) {
            let number = super::holes::hole_for(task.call.fed.feeds, span);
            return vec![vec![name], vec![number]];
        }
        vec![vec![super::holes::hole_for(task.call.fed.feeds, span)]]
    }

    /// What `find` finds: its roots, or what matches the narrowing names below them.
    fn found_below(task: &Task<'_, '_>, roots: &[&Word]) -> Vec<Vec<Word>> {
        let here = Word::text(".", task.call.span);
        let roots = if roots.is_empty() {
            vec![&here]
        } else {
            roots.to_vec()
        };
        let names = task.narrowing();
        let mut all = Vec::new();
        for root in roots.into_iter().take(ROOTS_MAX) {
            if names.is_empty() {
                all.push(vec![root.clone()]);
            }
            for name in &names {
                let mut word = root.clone();
                let text = name.display();
                word.pieces
                    .push(Piece::Glob(format!("/**/{}", text.trim_start_matches('/'))));
                all.push(vec![word]);
            }
        }
        all
    }

    /// What the command in front of a pipe lists, when it is one that looks below roots: `find … | xargs`.
    pub(super) fn listed_by(
        &self,
        call: &Call<'_>,
        first: crate::shell::InvocationId,
        end: crate::shell::InvocationId,
    ) -> Option<Vec<Vec<Word>>> {
        let script = call.scope.script;
        let range = first.0 as usize..end.0 as usize;
        let source = script.invocations.get(range)?.first()?;
        let wrapping = |word: &&Word| {
            matches!(
                word.known().as_deref(),
                Some("env" | "command" | "sudo" | "nice" | "builtin" | "doas" | "time")
            )
        };
        let skipped = source.words.iter().take_while(wrapping).count();
        let words = source.words.get(skipped..).unwrap_or_default();
        let (name, words) = words.split_first()?;
        let name = name.known()?;
        let Resolved::Known { name, node } = self.knowledge.resolve(&name) else {
            return None;
        };
        let parsed = grammar::read(self.knowledge, name, node, words);
        let is_search = parsed
            .chain
            .first()?
            .operands
            .iter()
            .any(|it| it.role == "root");
        // `git ls-files -o` lists what is in no commit: what becomes of that is another question.
        if !is_search || parsed.is_set("some") {
            return None;
        }
        let call = Call {
            words: &source.words,
            ..call.clone()
        };
        let source = Task {
            call,
            parsed,
            reads: Feeds::NONE,
            text: None,
            copies: None,
            fetches: false,
            lists: true,
        };
        let roots: Vec<&Word> = source
            .parsed
            .values
            .iter()
            .filter(|value| value.role == "root")
            .map(|value| &value.word)
            .collect();
        let mut found = Self::found_below(&source, &roots);
        if source.parsed.path == "git ls-files" && source.narrowing().is_empty() {
            // Only what is in the index, and nothing of `.git`.
            let all = found.iter_mut().flatten();
            all.for_each(|word| match word.pieces.last_mut() {
                // A pathspec is a pattern already (gitglossary(7)).
                Some(Piece::Text(text)) if text.contains(['*', '?']) => {
                    let pattern = std::mem::take(text);
                    word.pieces.pop();
                    word.pieces.push(Piece::Glob(pattern));
                }
                _ => word.pieces.push(Piece::Glob("/*".to_owned())),
            });
        }
        Some(found)
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

/// Most roots of a search that are judged one by one for what is done with what it finds; their own effects all are.
const ROOTS_MAX: usize = 256;

/// Most names that narrow a search; with more it counts as not narrowed.
const NAMES_MAX: usize = 32;

impl Task<'_, '_> {
    /// The names that a search is narrowed to. None when they may be what it leaves out: behind `!`, or when what
    /// stands behind `-o` names nothing (`find(1)`, OPERATORS).
    pub(super) fn narrowing(&self) -> Vec<Word> {
        let narrows = &self.parsed.narrows;
        if narrows.is_empty() || narrows.len() > NAMES_MAX {
            return Vec::new();
        }
        let words = self.call.words;
        let known = |at: usize| words.get(at).and_then(Word::known);
        let (mut negated, mut alternatives, mut pruned) = (Vec::new(), false, 0);
        for at in 0..words.len() {
            let next = known(at + 1);
            match known(at).as_deref() {
                // What is left out narrows nothing, and what is meant as well still does: `-name '*.py' -not -path './x/*'`.
                Some("!" | "-not") => negated.extend(words.get(at + 2).map(|word| word.span)),
                Some(",") => return Vec::new(),
                // `-path ./x -prune -o -name '*.y'`: what stands in front names what is left out; behind it must be another name.
                Some("-prune") if matches!(next.as_deref(), Some("-o" | "-or")) => {
                    let is_named = |at: usize| {
                        matches!(known(at).as_deref(), Some("-name" | "-iname"))
                            && !matches!(known(at - 1).as_deref(), Some("!" | "-not"))
                    };
                    if !(at + 2..words.len()).any(is_named) {
                        return Vec::new();
                    }
                    pruned = words.get(at).map_or(pruned, |word| word.span.start);
                }
                Some("-o" | "-or") => {
                    alternatives = true;
                    let alternative = (at + 1..words.len()).map_while(|at| {
                        known(at).filter(|word| !matches!(&**word, "-o" | "-or" | ")"))
                    });
                    // A name, or an action that only shows what is left.
                    let is_named = |word: Cow<'_, str>| {
                        matches!(
                            &*word,
                            "(" | "-name"
                                | "-iname"
                                | "-path"
                                | "-ipath"
                                | "-wholename"
                                | "-print"
                                | "-print0"
                        )
                    };
                    // `-name '*.log' -o -type f -delete` deletes what is no log.
                    if !alternative.into_iter().any(is_named) {
                        return Vec::new();
                    }
                }
                Some(_) | None => {}
            }
        }
        let is_meant = |word: &&Word| word.span.start >= pruned && !negated.contains(&word.span);
        let is_grouped = negated.iter().any(|span| {
            let mut after = words.iter().filter(|word| word.span.start < span.start);
            after.next_back().and_then(Word::known).as_deref() == Some("(")
        });
        if !negated.is_empty() && (alternatives || is_grouped) {
            return Vec::new();
        }
        narrows.iter().filter(is_meant).cloned().collect()
    }

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
