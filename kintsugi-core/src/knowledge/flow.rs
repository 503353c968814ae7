//! What flows through a command: what it reads and is fed, into what it writes, sends and prints.

use super::UnknownKind;
use super::analyst::{Analyst, Call, Printed};
use super::embedded::Embedded;
use super::feeds::{Feeds, is_outward};
use super::program::Task;
use super::schema::{Language, Printed as Prints};
use crate::effect::{Action, Feed, Role};
use crate::place::Judgement;
use crate::shell::{Hole, Input, Script, Word};

/// Most files that one program text writes and that are kept in mind.
const WRITTEN_MAX: usize = 4;

/// What makes a file with a name of its own: Python 3.13, Ruby 3.4, Node.js 22, Go 1.23, PHP 8.4, Perl 5.38.
const TEMPORARY: [&str; 10] = [
    "NamedTemporaryFile",
    "mkstemp",
    "mkdtemp",
    "TemporaryDirectory",
    "Tempfile",
    "mktmpdir",
    "tmpdir",
    "tempnam",
    "CreateTemp",
    "File::Temp",
];

/// The texts that stand in program text, a line each.
fn texts_in(code: &str) -> String {
    let texts = super::telling::quoted(&code.replace('\n', "\\n"));
    let texts = texts
        .iter()
        .map(|text| text.replace("\\n", "\n").replace("\\t", "\t"));
    texts.collect::<Vec<_>>().join("\n")
}

impl Analyst<'_> {
    /// What was copied or moved into a directory lies below it by its own name.
    pub(super) fn remember_inside(
        &mut self,
        task: &Task<'_, '_>,
        judged: &Judgement,
        feeds: Feeds,
    ) {
        if feeds == Feeds::NONE && task.text.is_none() {
            return;
        }
        for value in &task.parsed.values {
            if !self.budget.spend(2) {
                return;
            }
            if let Some(name) = value.word.known()
                && let Some(name) = name.rsplit('/').next()
                && !name.is_empty()
            {
                let path = format!("{}/{name}", judged.path);
                self.remember(&path, feeds, task.text.clone());
            }
        }
    }

    /// Keeps in mind what the line wrote, for when it runs or sends it later.
    pub(super) fn remember(&mut self, path: &str, feeds: Feeds, text: Option<std::rc::Rc<str>>) {
        if feeds == Feeds::NONE && text.is_none() {
            return;
        }
        let slot = self.files.entry(path.to_owned()).or_default();
        slot.feeds = slot.feeds.union(feeds);
        slot.text = text;
    }

    /// Files that program text writes hold the texts that stand in it: `open('x.sh', 'w').write('rm -rf x')`.
    ///
    /// What a filter writes is what it is fed: `sed 'w x.sh'`, `awk '{ print > "x.sh" }'`.
    pub(super) fn remember_written(
        &mut self,
        task: &Task<'_, '_>,
        (language, code): (Language, &Word),
        before: (usize, usize),
    ) {
        self.run_temporary(task, code, before.1);
        let effects = self.analysis.effects.get(before.0..).unwrap_or_default();
        let written = effects.iter().filter(|effect| {
            effect.role == Role::Path
                && matches!(
                    effect.action,
                    Action::Write | Action::Overwrite | Action::Create
                )
        });
        let paths: Vec<String> = written
            .take(WRITTEN_MAX)
            .map(|it| it.target.text.clone())
            .collect();
        if paths.is_empty() {
            return;
        }
        let text = code.display();
        if !super::telling::is_telling(&text) {
            let (feeds, text) = if matches!(language, Language::Awk | Language::Sed) {
                let feeds = task.call.fed.feeds.union(task.reads);
                (feeds, task.call.fed.text.clone())
            } else if language == Language::Ex && text.contains("norm") {
                // `vim -c 'normal ihello'` types.
                (Feeds::of(Feed::Program), None)
            } else {
                return;
            };
            for path in paths {
                self.remember(&path, feeds, text.clone());
            }
            return;
        }
        let all = texts_in(&text);
        for path in paths {
            if !self.files.contains_key(&path) {
                self.remember(&path, Feeds::of(Feed::Text), Some(all.as_str().into()));
            }
        }
    }

    /// A program that the text writes to a file whose name is made for the moment, and starts by that name: `NamedTemporaryFile`, `mkstemp`.
    fn run_temporary(&mut self, task: &Task<'_, '_>, code: &Word, before: usize) {
        let unknowns = self.analysis.unknowns.get(before..).unwrap_or_default();
        if !unknowns
            .iter()
            .any(|it| it.kind == UnknownKind::LocalProgram)
        {
            return;
        }
        let text = code.display();
        let makes_name = TEMPORARY.iter().any(|name| text.contains(name));
        if makes_name && super::telling::is_telling(&text) {
            self.search(&task.call, "", &texts_in(&text));
        }
    }

    /// Files that a program writes which fetches something may be what it fetched: `urlretrieve(url, "x.sh"); run(["sh", "x.sh"])`.
    pub(super) fn remember_downloads(&mut self, call: &Call<'_>, parts: &[Embedded]) {
        let fetches = |part: &Embedded| {
            matches!(
                part,
                Embedded::Effect {
                    action: Action::Fetch,
                    role: Role::Remote,
                    ..
                }
            )
        };
        if !parts.iter().any(fetches) {
            return;
        }
        let written = parts.iter().filter_map(|part| match part {
            Embedded::Effect {
                action: Action::Write | Action::Overwrite | Action::Create,
                role: Role::Path,
                target,
                ..
            } => Some(target),
            Embedded::Effect { .. }
            | Embedded::Shell(_)
            | Embedded::Command(_)
            | Embedded::Unknown(_)
            | Embedded::Hidden(_)
            | Embedded::Undescribed(_) => None,
        });
        for target in written.take(WRITTEN_MAX) {
            for judged in self.judge(target, &call.directories, call.scope) {
                self.remember(&judged.path, Feeds::of(Feed::Network), None);
            }
        }
    }

    /// Where the bytes of an effect come from.
    pub(super) fn feeds_into(task: &Task<'_, '_>, action: Action) -> Feeds {
        let from_outside = if is_standard_input_read(task) {
            task.call.fed.feeds
        } else {
            Feeds::NONE
        };
        let all = from_outside.union(task.reads);
        let writes = matches!(action, Action::Write | Action::Overwrite | Action::Create);
        let runs = matches!(
            action,
            Action::Interpret
                | Action::Execute
                | Action::Install
                | Action::Schedule
                | Action::Persist
        );
        if writes && task.fetches {
            all.union(Feeds::of(Feed::Network))
        } else if writes && decodes(task) {
            all.union(Feeds::of(Feed::Decoded))
        } else if writes && task.parsed.path == "find" {
            // `-fprintf`: names, and words around them.
            all.union(Feeds::of(Feed::Program))
        } else if writes || runs {
            all
        } else if is_outward(action) {
            all.without(Feed::Network)
        } else {
            Feeds::NONE
        }
    }

    /// What stands on the standard output.
    pub(super) fn printed(task: &Task<'_, '_>, inner: Feeds) -> Printed {
        let prints = prints(task);
        let through = task.call.fed.feeds.union(task.reads).union(inner);
        match prints {
            Some(Prints::Nothing) => Printed::of(Feeds::of(Feed::Text)),
            Some(Prints::Operands) => Self::printed_operands(task),
            Some(Prints::Decoded) => Printed::of(through.union(Feeds::of(Feed::Decoded))),
            Some(Prints::Secret) => Printed::of(through.union(Feeds::of(Feed::Secret))),
            Some(Prints::Network) => Printed::of(through.union(Feeds::of(Feed::Network))),
            Some(Prints::Input) => {
                let text = if task.reads == Feeds::NONE {
                    &task.call.fed.text
                } else {
                    &task.text
                };
                Printed {
                    feeds: through,
                    text: text.clone(),
                    copies: task.copies.clone().or_else(|| task.call.fed.copies.clone()),
                }
            }
            None if task.fetches => Printed::of(through.union(Feeds::of(Feed::Network))),
            // Of what the line itself wrote, only the text as it stands is known.
            None if task.reads == Feeds::NONE || task.text.is_some() && task.reads_own => {
                Printed::of(through.union(Feeds::of(Feed::Program)))
            }
            None => Printed::of(through),
        }
    }

    fn printed_operands(task: &Task<'_, '_>) -> Printed {
        let words = task.call.words.get(1..).unwrap_or_default();
        let feeds = words.iter().fold(Feeds::of(Feed::Text), |sum, word| {
            sum.union(Self::word_feeds(word, task.call.scope))
        });
        let text: Option<Vec<_>> = words
            .iter()
            .filter(|word| !word.display().starts_with('-'))
            .map(Word::known)
            .collect();
        Printed {
            feeds,
            text: text.map(|words| (words.join(" ") + "\n").into()),
            copies: None,
        }
    }
}

/// What an entry says of the standard output of a command with these options.
fn prints(task: &Task<'_, '_>) -> Option<Prints> {
    let parsed = &task.parsed;
    let mut all = parsed.chain.first()?.prints.iter();
    let said = all.find(|prints| {
        prints.when.iter().all(|mark| parsed.is_set(mark))
            && !prints.unless.iter().any(|mark| parsed.is_set(mark))
    })?;
    Some(said.what)
}

/// Whether what a command writes, to a file as on its output, comes out of a decoder: `uudecode -o x`, `openssl enc -d -out x`.
pub(super) fn decodes(task: &Task<'_, '_>) -> bool {
    prints(task) == Some(Prints::Decoded)
}

/// Whether what is fed matters to what the command writes, runs or sends.
fn is_standard_input_read(task: &Task<'_, '_>) -> bool {
    !matches!(task.call.input, Input::Inherited) || task.call.fed.feeds != Feeds::NONE
}

/// For each command in a `>(…)`: the command that writes into it.
pub(super) fn writable_substitutions(script: &Script) -> Vec<Option<usize>> {
    let mut fed_by = vec![None; script.invocations.len()];
    for (owner, invocation) in script.invocations.iter().enumerate() {
        let targets = invocation.redirects.iter().map(|redirect| &redirect.target);
        let holes = invocation.words.iter().chain(targets).flat_map(Word::holes);
        for hole in holes {
            if let Hole::Process {
                first,
                end,
                readable: false,
            } = hole
            {
                let range = first.0 as usize..end.0 as usize;
                for (offset, slot) in fed_by
                    .get_mut(range.clone())
                    .unwrap_or_default()
                    .iter_mut()
                    .enumerate()
                {
                    let at = range.start + offset;
                    let reads_it = script
                        .invocations
                        .get(at)
                        .is_some_and(|inner| matches!(inner.input, Input::Inherited));
                    if reads_it && at != owner {
                        *slot = Some(owner);
                    }
                }
            }
        }
    }
    fed_by
}

/// The order in which commands are looked at: as they stand, but what is fed by a later one behind it.
pub(super) fn order(count: usize, fed_by: &[Option<usize>]) -> Vec<usize> {
    let waits = |at: usize| {
        fed_by
            .get(at)
            .copied()
            .flatten()
            .is_some_and(|owner| owner > at)
    };
    let mut order: Vec<usize> = (0..count).filter(|at| !waits(*at)).collect();
    order.extend((0..count).filter(|at| waits(*at)));
    order
}
