//! What the words of a command say by themselves, when no entry describes them: English verbs, options and targets.
//!
//! Tools that nobody has described are still called by people: `frob cluster delete prod --force` says what it does. What is
//! read here is an assumption and marked [`Modifier::Assumed`]; rules decide what it weighs. It adds effects, and takes none
//! away. Knows no program.

use super::analyst::{Analyst, Call};
use super::described::{
    is_described, is_of_build, is_verb_of_many, leaves_words_open, says_what_is_lost,
    undescribed_words,
};
use super::lexicon::{
    Sense, is_dry, is_forcing, is_of_administration, is_of_name, is_production, is_revealing,
    is_sweeping, is_unprotecting, making_sense, names_secrets, parts, sense, word_sense,
};
use super::program::Task;
use crate::effect::{Action, Modifier, Modifiers, Role, Target};
use crate::shell::Word;

/// Words in front of which a verb is looked for: `frob vm disk snapshot delete`.
const VERB_POSITION_MAX: usize = 5;

/// Longest word that can be a verb, in bytes.
const VERB_BYTES_MAX: usize = 48;

/// A verb and the words around it.
#[derive(Debug, Clone, Copy)]
struct Said<'w> {
    verb: Sense,
    /// The kind of thing it is said of: `frob zone delete x`, `frob delete-zone x`.
    noun: Option<&'w Word>,
    /// The word behind it.
    behind: Option<&'w Word>,
}

impl Said<'_> {
    fn alone(verb: Sense) -> Self {
        Self {
            verb,
            noun: None,
            behind: None,
        }
    }

    /// The target for people: `zone x`, `x`, or nothing that is known.
    fn target(self, is_kind: bool) -> String {
        match (self.noun, self.behind) {
            (None, Some(behind)) if is_kind => format!("resource {}", behind.display()),
            (None, None) if is_kind => "a resource".to_owned(),
            (Some(noun), Some(behind)) => format!("{} {}", noun.display(), behind.display()),
            (Some(noun), None) => format!("a {}", noun.display()),
            (None, Some(behind)) => behind.display(),
            (None, None) => "unnamed".to_owned(),
        }
    }
}

/// What was read so far.
#[derive(Debug, Clone, Copy, Default)]
struct Reading<'w> {
    verb: Option<Said<'w>>,
    names_secret: bool,
    /// The program, or an option, says that a kind of thing in a service is meant.
    is_kind: bool,
    modifiers: Modifiers,
    /// An option switches a protection off.
    unprotected: Option<&'w Word>,
}

impl Reading<'_> {
    /// Notes a word that says how far the command reaches: `delete-all`.
    fn note_reach(&mut self, text: &str) {
        if parts(text).any(|part| matches!(&*part, "all" | "everything" | "recursively")) {
            self.modifiers.insert(Modifier::All);
        }
    }
}

impl Analyst<'_> {
    /// Adds what the words behind a program's name, or behind a subcommand that is described, say in English.
    pub(super) fn assume(&mut self, call: &Call<'_>, program: &str, words: &[Word]) {
        if asks_for_help(words) || program.split(' ').skip(1).any(|part| part == "cache") {
            return;
        }
        let name = program.split(' ').next().unwrap_or(program);
        let mut reading = Reading {
            names_secret: names_secrets(name),
            is_kind: is_of_administration(name),
            ..Reading::default()
        };
        read_options(words, &mut reading);
        read_verb(words, &mut reading);
        self.push_assumed(call, program, reading);
    }

    /// What the words say that an entry for a whole tool, or for none of its subcommands, leaves open.
    pub(super) fn assume_undescribed(&mut self, task: &Task<'_, '_>, before: usize) {
        let parsed = &task.parsed;
        let behind = |count: usize| task.call.words.get(count..).unwrap_or_default();
        if let Some(name) = &parsed.unknown_subcommand {
            let at = |word: &Word| word.span == name.span && word.pieces == name.pieces;
            let position = task.call.words.iter().position(at).unwrap_or(1);
            if is_of_build(&parsed.path, name) {
                return;
            }
            self.assume(&task.call, &parsed.path, behind(position));
            self.assume_reach(&task.call, &parsed.path, behind(position));
            return;
        }
        let told = self
            .analysis
            .effects
            .iter()
            .skip(before)
            .any(|effect| says_what_is_lost(effect.action) || effect.role == Role::Secret);
        let verb = parsed.path.rsplit(' ').next().unwrap_or_default();
        let only_looks = parsed.path.contains(' ') && sense(verb) == Sense::Looks;
        if !leaves_words_open(&parsed.chain) && !is_verb_of_many(&parsed.chain, behind(1))
            || told
            || only_looks
            || !task.parsed.wrapped.is_empty()
        {
            return;
        }
        let mut words = undescribed_words(behind(1), &parsed.path);
        // `vault policy read deploy`: what stands behind it is a name.
        let first = words.iter().find(|word| !word.display().starts_with('-'));
        if first.is_some_and(|word| is_described(&parsed.chain, word)) {
            return;
        }
        words.retain(|word| !is_of_build(&parsed.path, word) && !is_described(&parsed.chain, word));
        self.assume(&task.call, &parsed.path, &words);
        self.assume_reach(&task.call, &parsed.path, &words);
        let is_of_service = self.analysis.effects.iter().skip(before).any(|effect| {
            matches!(
                effect.role,
                Role::Database | Role::Table | Role::Volume | Role::Resource
            )
        });
        if is_of_service && parsed.code.is_empty() && parsed.runs.is_empty() {
            self.assume_sentences(&task.call, &parsed.path, &words);
        }
    }

    /// As [`Self::assume`], where the name of a program says it: `k3s-uninstall.sh`.
    pub(super) fn assume_name(&mut self, call: &Call<'_>, name: &str, words: &[Word]) {
        let base = name.rsplit('/').next().unwrap_or(name);
        let base = base.split_once('.').map_or(base, |(first, _)| first);
        let mut reading = Reading::default();
        read_options(words, &mut reading);
        reading.verb = None;
        let found = word_sense(base);
        if matches!(found, Sense::Destroys | Sense::Flashes)
            || !reading.modifiers.is_empty()
                && matches!(found, Sense::Deletes | Sense::Publishes | Sense::Stops)
        {
            reading.verb = Some(Said::alone(found));
            reading.unprotected = None;
            self.push_assumed(call, name, reading);
        }
    }

    fn push_assumed(&mut self, call: &Call<'_>, program: &str, reading: Reading<'_>) {
        let base = reading.modifiers.with(Modifier::Assumed);
        if let Some(option) = reading.unprotected {
            let target = Target::named(option.display());
            self.push(call, Action::StopService, Role::Config, target)
                .with(base)
                .by(program);
        }
        let Some(said) = reading.verb else { return };
        let secret = reading.names_secret;
        let (action, role, more) = match said.verb {
            Sense::Destroys => (Action::Delete, Role::Resource, Some(Modifier::Permanent)),
            Sense::Deletes if secret => (Action::Delete, Role::Secret, None),
            Sense::Deletes => (Action::Delete, Role::Resource, None),
            Sense::Stops => (Action::StopService, Role::Resource, None),
            Sense::Publishes => (Action::Publish, Role::Resource, Some(Modifier::Permanent)),
            Sense::Sends => (Action::Publish, Role::Resource, None),
            Sense::Grants => (Action::Grant, Role::Account, None),
            Sense::Pays => (Action::Spend, Role::Account, None),
            Sense::Flashes => (Action::Overwrite, Role::Device, None),
            Sense::Makes if secret => (Action::Write, Role::Secret, None),
            Sense::Leaks => (Action::Read, Role::Secret, None),
            Sense::Reveals if secret => (Action::Read, Role::Secret, None),
            Sense::Makes | Sense::Reveals | Sense::Looks | Sense::Secret | Sense::Nothing => return,
        };
        let target = Target::named(said.target(reading.is_kind));
        let modifiers = more.map_or(base, |more| base.with(more));
        self.push(call, action, role, target)
            .with(modifiers)
            .by(program);
    }
}

/// Whether a word says that something is made.
fn builds(word: &Word) -> bool {
    matches!(
        word.known().as_deref(),
        Some(
            "build"
                | "compile"
                | "bundle"
                | "generate"
                | "docs"
                | "check"
                | "test"
                | "run"
                | "dev"
                | "start"
                | "serve"
                | "package"
        )
    )
}

/// Whether a word says that a server is started for development, so that what is cleared is what it keeps of the last time.
fn serves(word: &Word) -> bool {
    matches!(&*word.display(), "start" | "dev" | "serve" | "watch")
}

fn asks_for_help(words: &[Word]) -> bool {
    words
        .iter()
        .any(|word| matches!(word.known().as_deref(), Some("-h" | "--help" | "--version")))
}

/// Reads options, and operands that say how far the command reaches.
fn read_options<'w>(words: &'w [Word], reading: &mut Reading<'w>) {
    for word in words {
        let text = word.display();
        let lower = text.to_ascii_lowercase();
        let (name, value) = lower.split_once('=').unwrap_or((lower.as_str(), ""));
        if let Some(option) = name.strip_prefix("--") {
            if is_dry(option, value) {
                reading.modifiers.insert(Modifier::DryRun);
            }
            if is_forcing(option) {
                reading.modifiers.insert(Modifier::Forced);
            }
            if is_sweeping(option) {
                reading.modifiers.insert(Modifier::All);
            }
            if is_production(option) || is_production(value) {
                reading.modifiers.insert(Modifier::Shared);
            }
            if is_unprotecting(option) && value != "false" {
                reading.unprotected = Some(word);
            }
            if is_revealing(option) {
                reading.verb = Some(Said::alone(Sense::Leaks));
            }
            let found = word_sense(option);
            // `build --clean` begins anew, as `make clean` would.
            let of_cache = option.contains("cache")
                || option.ends_with("outputs")
                // Goes on in the directory that a run was told to write to (Transformers 4.46, TrainingArguments).
                || matches!(option, "overwrite_output_dir" | "overwrite-output-dir")
                || option == "clean" && words.iter().any(builds)
                || option == "clear" && words.iter().any(serves);
            if matches!(found, Sense::Destroys | Sense::Deletes)
                && reading.verb.is_none()
                && !of_cache
            {
                reading.verb = Some(Said::alone(found));
            }
            reading.is_kind |= matches!(option, "to" | "recipient" | "recipients" | "channel");
            continue;
        }
        if let Some(option) = name.strip_prefix('-').filter(|rest| rest.len() > 1) {
            // Whole words behind one dash: `hdfs dfs -rm`, `yarn application -kill`.
            let found = sense(option);
            if matches!(found, Sense::Destroys | Sense::Deletes | Sense::Stops) {
                reading.verb = reading.verb.or(Some(Said {
                    verb: found,
                    noun: Some(word),
                    behind: None,
                }));
            }
        }
        match name {
            "-f" | "-y" | "-ff" | "-fy" | "-yf" => reading.modifiers.insert(Modifier::Forced),
            "*" | "all" | "everything" | "-rf" | "-fr" => reading.modifiers.insert(Modifier::All),
            _ if is_production(name) => reading.modifiers.insert(Modifier::Shared),
            _ => {}
        }
    }
}

/// Finds the first verb among the words that are no options.
fn read_verb<'w>(words: &'w [Word], reading: &mut Reading<'w>) {
    let is_option = |word: &Word| word.display().starts_with('-');
    let (mut weak, mut noun, mut seen): (Option<Said<'w>>, Option<&'w Word>, _) = (None, None, 0);
    for (at, word) in words.iter().enumerate() {
        if is_option(word) {
            continue;
        }
        let is_value = at > 0 && words.get(at - 1).is_some_and(is_option);
        let Some(text) = word.known().filter(|text| is_name(text)) else {
            if is_value {
                continue;
            }
            break;
        };
        seen += 1;
        if seen > VERB_POSITION_MAX {
            break;
        }
        let names_secret = parts(&text).any(|part| sense(&part) == Sense::Secret);
        reading.names_secret |= names_secret && !is_value;
        let behind = words.get(at + 1).filter(|next| !is_option(next));
        let compound = parts(&text).nth(1).is_some();
        let said = |verb| Said {
            verb,
            noun: noun.or(compound.then_some(word)),
            behind,
        };
        // `--filter OrderTest` names something of the project, `-c Release` a kind of build.
        if is_value && (is_title(&text) || words.get(at - 1).is_some_and(names_a_build)) {
            continue;
        }
        let found = word_sense(&text);
        if found == Sense::Looks {
            reading.verb = None;
            return;
        }
        if is_loss(found) && [Some(word), noun, behind].into_iter().any(is_cache) {
            reading.verb = None;
            return;
        }
        if is_loss(found) || is_act(found) {
            if is_loss(found) || !behind.is_some_and(only_looks) {
                reading.note_reach(&text);
                reading.verb = Some(said(found));
            }
            return;
        }
        if found == Sense::Makes {
            let kinds = [noun, behind, compound.then_some(word)];
            weak = weak.or(Some(said(made_of(kinds))));
        } else if found == Sense::Reveals {
            weak = weak.or(Some(said(found)));
            if asks_by_name(&text) && weak.is_some_and(|it| it.verb == found) {
                reading.names_secret |= words.iter().skip(at).any(names_secret_thing);
                break;
            }
        } else if !is_value {
            noun = Some(word);
        }
    }
    reading.verb = reading.verb.or(weak);
}

/// Whether a verb says that something is gone.
const fn is_loss(found: Sense) -> bool {
    matches!(found, Sense::Destroys | Sense::Deletes)
}

/// Whether a verb may be the noun of another one: `payout list`.
const fn is_act(found: Sense) -> bool {
    matches!(
        found,
        Sense::Stops
            | Sense::Publishes
            | Sense::Sends
            | Sense::Grants
            | Sense::Pays
            | Sense::Leaks
            | Sense::Flashes
    )
}

/// Whether what stands behind a verb is a name, which may be that of a verb: `npm pkg get scripts.clean`.
fn asks_by_name(verb: &str) -> bool {
    matches!(verb, "get" | "show" | "read" | "view")
}

/// Whether a word speaks of secrets.
fn names_secret_thing(word: &Word) -> bool {
    let name = word.known().filter(|name| is_name(name));
    name.is_some_and(|name| parts(&name).any(|part| sense(&part) == Sense::Secret))
}

/// What making one of these kinds comes to.
fn made_of(kinds: [Option<&Word>; 3]) -> Sense {
    let mut made = kinds.into_iter().flatten().map(made_sense);
    made.find(|it| *it != Sense::Nothing)
        .unwrap_or(Sense::Makes)
}

/// What making what a word names comes to.
fn made_sense(word: &Word) -> Sense {
    let name = word.known().unwrap_or_default().to_ascii_lowercase();
    let whole = making_sense(&name);
    if whole != Sense::Nothing || !is_name(&name) {
        return whole;
    }
    parts(&name)
        .last()
        .map_or(Sense::Nothing, |part| making_sense(&part))
}

/// Whether a word is written like the name of a class: `OrderTest`, `com.acme.OrderTest`.
fn is_title(text: &str) -> bool {
    let text = text.rsplit('.').next().unwrap_or(text);
    text.starts_with(|first: char| first.is_ascii_uppercase()) && parts(text).nth(1).is_some()
}

/// Whether an option takes the name of a kind of build: `dotnet build -c Release`.
fn names_a_build(option: &Word) -> bool {
    matches!(
        option.known().as_deref(),
        Some("-c" | "--configuration" | "--config")
    )
}

/// Whether a word names what is made again when it is missing.
fn is_cache(word: Option<&Word>) -> bool {
    word.is_some_and(|word| {
        let text = word.display();
        is_name(&text) && parts(&text).any(|part| matches!(part.as_str(), "cache" | "caches"))
    })
}

/// Whether a word makes a noun of the one in front of it: `payout list`.
fn only_looks(word: &Word) -> bool {
    word.known().is_some_and(|text| {
        is_name(&text) && matches!(word_sense(&text), Sense::Looks | Sense::Reveals)
    })
}

/// Whether a word could be a verb or the name of a kind.
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.len() <= VERB_BYTES_MAX && text.chars().all(is_of_name)
}

#[cfg(test)]
mod tests {
    use crate::knowledge::testing::{all_effects, assert_effects};

    #[test]
    fn the_words_of_a_program_that_nobody_described_say_what_it_does() {
        let cases = [
            (
                "frob cluster delete prod --force",
                "delete resource cluster prod forced,shared,assumed",
            ),
            (
                "frob purge --all",
                "delete resource unnamed all,permanent,assumed",
            ),
            (
                "frob DeleteInstance i-1",
                "delete resource DeleteInstance i-1 assumed",
            ),
            (
                "frob vm.destroy web",
                "delete resource vm.destroy web permanent,assumed",
            ),
            ("frob publish", "publish resource unnamed permanent,assumed"),
            ("frob secret get db", "read secret secret db assumed"),
            ("frob --yolo x", "stop-service config --yolo assumed"),
            (
                "frob destroy x --dry-run",
                "delete resource x dry-run,permanent,assumed",
            ),
        ];
        let found: Vec<(&str, String)> = cases
            .iter()
            .map(|(text, _)| {
                let all = all_effects(text).join("; ");
                let known = all.split("; unknown").next().unwrap_or_default();
                (*text, known.to_owned())
            })
            .collect();
        let expected: Vec<(&str, String)> = cases
            .iter()
            .map(|(text, effect)| (*text, (*effect).to_owned()))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn looking_and_building_say_nothing() {
        assert_effects(&[
            ("frob cluster list", "unknown program frob"),
            ("frob status --all", "unknown program frob"),
            ("frob list-deleted", "unknown program frob"),
            ("frob build --all", "unknown program frob"),
            ("frob test delete", "unknown program frob"),
            ("frob cache purge", "unknown program frob"),
            ("frob build -c Release", "unknown program frob"),
            ("frob get pods", "unknown program frob"),
            ("frob src/delete.c", "unknown program frob"),
            ("frob 'please delete this'", "unknown program frob"),
        ]);
    }
}
