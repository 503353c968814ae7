//! The words of a command → options, operands and subcommand, as its entry says.
//!
//! Knows how options are written, and nothing about any program.

use std::borrow::Cow;

use super::Knowledge;
use super::schema::{
    Command, Effect, Keyed, Language, Operand, Opt, OtherSubcommands, Others, Style, Takes, Wraps,
};
use super::store::Node;
use crate::effect::{Modifier, Modifiers};
use crate::place::pattern;
use crate::shell::{Piece, Word};

/// A value and the role it plays.
#[derive(Debug)]
pub(super) struct Value<'k> {
    /// The name that effects use.
    pub(super) role: &'k str,
    /// What it is.
    pub(super) word: Word,
}

/// A command inside the command.
#[derive(Debug)]
pub(super) struct Wrapped {
    /// How its words run.
    pub(super) how: Wraps,
    /// Its words.
    pub(super) words: Vec<Word>,
}

/// What the words of a command say.
#[derive(Debug, Default)]
pub(super) struct Parsed<'k> {
    /// The entries that hold, the most particular first.
    pub(super) chain: Vec<&'k Command>,
    /// The command path, for people.
    pub(super) path: String,
    /// Modifiers set by options and operands.
    pub(super) modifiers: Modifiers,
    /// Marks set by them.
    pub(super) marks: Vec<&'k str>,
    /// Operands, and options that play the role of one.
    pub(super) values: Vec<Value<'k>>,
    /// Program texts.
    pub(super) code: Vec<(Language, Word)>,
    /// Files of program text.
    pub(super) runs: Vec<(Language, Word)>,
    /// Effects of options, each with the role and value of its option.
    pub(super) option_effects: Vec<(&'k [Effect], Option<&'k str>, Option<Word>)>,
    /// Files that options read (true) or overwrite.
    pub(super) option_files: Vec<(bool, Word)>,
    /// Keys and values of settings that matter.
    pub(super) keyed: Vec<(&'k Keyed, Word)>,
    /// Commands inside.
    pub(super) wrapped: Vec<Wrapped>,
    /// Patterns that narrow what paths mean.
    pub(super) narrows: Vec<Word>,
    /// What stands for a name in the wrapped command.
    pub(super) replaces: Option<Word>,
    /// Directories that relative paths start from.
    pub(super) directories: Vec<Word>,
    /// Options that are not described.
    pub(super) unknown_options: Vec<Word>,
    /// The subcommand that is not described.
    pub(super) unknown_subcommand: Option<Word>,
    /// Operands beyond those that are described.
    pub(super) surplus: Vec<Word>,
    /// `--help` or `--version` was asked for.
    pub(super) is_help: bool,
}

impl Parsed<'_> {
    /// Whether a mark or modifier is set.
    pub(super) fn is_set(&self, name: &str) -> bool {
        self.marks.contains(&name)
            || modifier(name).is_some_and(|modifier| self.modifiers.contains(modifier))
    }
}

/// The modifier of that name.
pub(super) fn modifier(name: &str) -> Option<Modifier> {
    Some(match name {
        "recursive" => Modifier::Recursive,
        "forced" => Modifier::Forced,
        "dry-run" => Modifier::DryRun,
        "remote" => Modifier::Remote,
        "unresolved" => Modifier::Unresolved,
        "glob" => Modifier::Glob,
        "elevated" => Modifier::Elevated,
        "all" => Modifier::All,
        "privileged" => Modifier::Privileged,
        "permanent" => Modifier::Permanent,
        "uncommitted" => Modifier::Uncommitted,
        "shared" => Modifier::Shared,
        "unverified" => Modifier::Unverified,
        "background" => Modifier::Background,
        "contained" => Modifier::Contained,
        "indirect" => Modifier::Indirect,
        _ => return None,
    })
}

/// A place in the tree of subcommands that the words could mean.
#[derive(Clone)]
struct Candidate<'k> {
    node: &'k Node,
    /// Entries on the way, outermost first.
    chain: Vec<&'k Command>,
    /// How many words of the path were used.
    depth: usize,
}

/// Reads words by the entries of a program.
struct Reader<'k, 'w> {
    knowledge: &'k Knowledge,
    words: &'w [Word],
    at: usize,
    candidates: Vec<Candidate<'k>>,
    /// The last candidates that had an entry.
    settled: Option<Candidate<'k>>,
    is_leaf: bool,
    path: String,
    parsed: Parsed<'k>,
    operands: Vec<Word>,
    behind_dashes: Vec<Word>,
}

/// Reads the words behind the program's name.
pub(super) fn read<'k>(
    knowledge: &'k Knowledge,
    name: &str,
    node: &'k Node,
    words: &[Word],
) -> Parsed<'k> {
    let mut reader = Reader {
        knowledge,
        words,
        at: 0,
        candidates: Vec::with_capacity(1),
        settled: None,
        is_leaf: !node.has_children(),
        path: name.to_owned(),
        parsed: Parsed::default(),
        operands: Vec::new(),
        behind_dashes: Vec::new(),
    };
    reader.enter(vec![Candidate {
        node,
        chain: Vec::new(),
        depth: 0,
    }]);
    reader.run();
    reader.finish()
}

/// The text in front of the first hole or pattern of a word, when it starts with text.
fn leading_text(word: &Word) -> &str {
    match word.pieces.first() {
        Some(Piece::Text(text)) => text,
        Some(Piece::Glob(_) | Piece::Hole(_)) | None => "",
    }
}

/// A word without the first `bytes` of its leading text.
pub(super) fn behind(word: &Word, bytes: usize) -> Word {
    let mut pieces = word.pieces.clone();
    if let Some(Piece::Text(text)) = pieces.first_mut() {
        *text = text.get(bytes..).unwrap_or_default().to_owned();
    }
    Word {
        pieces,
        span: word.span,
    }
}

/// The part of a word in front of and behind the first `separator` in its text.
pub(super) fn split(word: &Word, separator: &str) -> Option<(Word, Word)> {
    let (at, text) = word
        .pieces
        .iter()
        .enumerate()
        .find_map(|(at, piece)| match piece {
            Piece::Text(text) if text.contains(separator) => Some((at, text)),
            Piece::Text(_) | Piece::Glob(_) | Piece::Hole(_) => None,
        })?;
    let (before, after) = text.split_once(separator)?;
    let mut first = word.pieces.get(..at)?.to_vec();
    first.push(Piece::Text(before.to_owned()));
    let mut second = vec![Piece::Text(after.to_owned())];
    second.extend_from_slice(word.pieces.get(at + 1..).unwrap_or_default());
    Some((
        Word {
            pieces: first,
            span: word.span,
        },
        Word {
            pieces: second,
            span: word.span,
        },
    ))
}

impl<'k> Reader<'k, '_> {
    /// Takes the next candidates; the first that is a leaf ends the search.
    fn enter(&mut self, mut next: Vec<Candidate<'k>>) {
        for candidate in &mut next {
            if let Some(entry) = candidate.node.entry.as_deref() {
                candidate.chain.push(entry);
            }
        }
        let mut kin: Vec<Candidate<'k>> = Vec::new();
        for candidate in &next {
            let like = candidate
                .node
                .entry
                .as_deref()
                .map_or(&[][..], |entry| &entry.like[..]);
            kin.extend(
                self.knowledge
                    .walk(like)
                    .into_iter()
                    .map(|(node, mut chain)| {
                        chain.extend(candidate.node.entry.as_deref());
                        chain.rotate_right(1);
                        Candidate {
                            node,
                            chain,
                            depth: candidate.depth,
                        }
                    }),
            );
        }
        let own = next
            .iter()
            .position(|it| it.node.entry.is_some() && !it.node.has_children());
        next.extend(kin);
        if let Some(at) = own.filter(|_| {
            next.iter().all(|it| {
                it.node
                    .entry
                    .as_deref()
                    .is_none_or(|entry| entry.like.is_empty())
            })
        }) {
            self.is_leaf = true;
            next = next.get(at).cloned().into_iter().collect();
        } else {
            self.is_leaf = next.iter().all(|it| !it.node.has_children());
        }
        if let Some(settled) = next.iter().find(|it| says_something(it)).or(next.first()) {
            if settled.node.entry.is_some() || self.settled.is_none() {
                self.settled = Some(settled.clone());
            }
        }
        self.candidates = next;
    }

    /// The entries that hold now, the most particular first.
    fn entries(&self) -> impl Iterator<Item = &'k Command> + use<'k, '_> {
        self.settled
            .iter()
            .flat_map(|it| it.chain.iter().rev().copied())
    }

    fn style(&self) -> Style {
        self.entries()
            .next()
            .map_or(Style::Gnu, |entry| entry.style)
    }

    fn others(&self) -> Others {
        self.entries()
            .find_map(|entry| entry.others)
            .unwrap_or(Others::Unknown)
    }

    fn run(&mut self) {
        let mut options_ended = false;
        while let Some(word) = self.words.get(self.at) {
            self.at += 1;
            let text = leading_text(word);
            if options_ended {
                self.behind_dashes.push(word.clone());
                self.operands.push(word.clone());
                if self.take_wrapped() {
                    return;
                }
                continue;
            }
            if text == "--" && word.pieces.len() == 1 && self.style() != Style::Opaque {
                if self.take_rest_as_command() {
                    return;
                }
                options_ended = true;
                continue;
            }
            if self.option_path(word, text) || self.option(word, text) {
                continue;
            }
            if self.subcommand(word) {
                continue;
            }
            self.operands.push(word.clone());
            if self.take_wrapped() {
                return;
            }
            if self.style() == Style::Posix {
                self.drain_posix();
                return;
            }
        }
    }

    /// Behind the first operand of a program of [`Style::Posix`] everything is an operand.
    fn drain_posix(&mut self) {
        while let Some(word) = self.words.get(self.at) {
            self.at += 1;
            if word.known().as_deref() == Some("--") && self.behind_dashes.is_empty() {
                continue;
            }
            self.operands.push(word.clone());
            if self.take_wrapped() {
                return;
            }
        }
    }

    /// The operand that comes at `position`, as far as the marks tell now.
    fn operand_at(&self, position: usize) -> Option<&'k Operand> {
        let entry = self.entries().next()?;
        let mut present = entry
            .operands
            .iter()
            .filter(|operand| self.is_present(operand) && !operand.dashes);
        let mut seen = 0;
        present.find(|operand| {
            seen += 1;
            seen > position || operand.many
        })
    }

    fn is_present(&self, operand: &Operand) -> bool {
        operand.when.iter().all(|mark| self.parsed.is_set(mark))
            && !operand.unless.iter().any(|mark| self.parsed.is_set(mark))
    }

    /// When the operand just taken starts a wrapped command: takes it and everything behind it.
    fn take_wrapped(&mut self) -> bool {
        let position = self.operands.len() - 1;
        let Some((spec, how)) = self
            .operand_at(position)
            .and_then(|operand| operand.wraps.map(|how| (operand, how)))
        else {
            return false;
        };
        if let Some(first) = self.operands.pop() {
            self.assign(spec, first);
        }
        let words = self.words.get(self.at - 1..).unwrap_or_default().to_vec();
        self.parsed.wrapped.push(Wrapped { how, words });
        self.at = self.words.len();
        true
    }

    /// Behind `--`: when the next operand is a command, or one that stands behind dashes only.
    fn take_rest_as_command(&mut self) -> bool {
        let Some(entry) = self.entries().next() else {
            return false;
        };
        let how = self
            .operand_at(self.operands.len())
            .and_then(|operand| operand.wraps)
            .or_else(|| {
                entry
                    .operands
                    .iter()
                    .find(|it| it.dashes)
                    .and_then(|it| it.wraps)
            });
        let (Some(how), Some(words)) = (how, self.words.get(self.at..)) else {
            return false;
        };
        if words.is_empty() {
            return false;
        }
        self.parsed.wrapped.push(Wrapped {
            how,
            words: words.to_vec(),
        });
        self.at = self.words.len();
        true
    }

    /// An option that selects like a subcommand: `python -m pip`.
    fn option_path(&mut self, word: &Word, text: &str) -> bool {
        text.starts_with('-')
            && !self.is_leaf
            && self
                .candidates
                .iter()
                .any(|candidate| candidate.node.child(text).is_some())
            && {
                let next = self.words.get(self.at).map(Word::known);
                let goes_on = |node: &Node| match &next {
                    Some(Some(name)) => node.matching(name).next().is_some(),
                    Some(None) | None => false,
                };
                let leads_on = self.candidates.iter().any(|candidate| {
                    candidate
                        .node
                        .child(text)
                        .is_some_and(|it| it.entry.is_some() || goes_on(it))
                });
                leads_on && self.subcommand(word)
            }
    }

    /// Reads `word` as a subcommand. False when it is none.
    fn subcommand(&mut self, word: &Word) -> bool {
        if self.is_leaf || !self.operands.is_empty() {
            return false;
        }
        let Some(name) = word.known() else {
            let has_own = self
                .entries()
                .next()
                .is_some_and(|it| !it.operands.is_empty());
            if !has_own && self.parsed.unknown_subcommand.is_none() {
                self.parsed.unknown_subcommand = Some(word.clone());
            }
            return false;
        };
        let next: Vec<Candidate<'k>> = self
            .candidates
            .iter()
            .flat_map(|candidate| {
                candidate
                    .node
                    .matching(&name)
                    .map(|node| Candidate {
                        node,
                        chain: candidate.chain.clone(),
                        depth: candidate.depth + 1,
                    })
                    .collect::<Vec<_>>()
            })
            .collect();
        if next.is_empty() {
            let entry = self.entries().next();
            let is_operand = entry.is_some_and(|it| {
                it.other_subcommands == OtherSubcommands::Operand || !it.operands.is_empty()
            });
            if !is_operand && self.parsed.unknown_subcommand.is_none() {
                self.parsed.unknown_subcommand = Some(word.clone());
            }
            self.is_leaf = true;
            return false;
        }
        self.path.push(' ');
        self.path.push_str(&name);
        self.enter(next);
        true
    }

    /// Reads `word` as an option. False when it is none.
    fn option(&mut self, word: &Word, text: &str) -> bool {
        match self.style() {
            Style::Opaque => false,
            Style::Assign => {
                self.assignment(word, text) || (text.starts_with("--") && self.long(word, text))
            }
            Style::Dash => self.dashed(word, text),
            Style::Gnu | Style::Posix => {
                if self.bundled(word, text) {
                    return true;
                }
                if text.len() > 2 && text.starts_with("--") {
                    self.long(word, text)
                } else if text.len() > 1 && text.starts_with('-') {
                    self.short(word, text)
                } else if text == "-" && word.pieces.len() > 1 {
                    self.parsed.unknown_options.push(word.clone());
                    true
                } else {
                    self.number(text, '+')
                }
            }
        }
    }

    /// `-5` and `+5`.
    fn number(&self, text: &str, sign: char) -> bool {
        text.strip_prefix(sign).is_some_and(|rest| {
            rest.starts_with(|first: char| first.is_ascii_digit())
                && self.entries().any(|entry| entry.numbers)
        })
    }

    /// `tar xzf`: the first word as a cluster without its dash.
    fn bundled(&mut self, word: &Word, text: &str) -> bool {
        let is_cluster = self.at == 1
            && !text.starts_with('-')
            && !text.is_empty()
            && self.entries().any(|entry| entry.bundled)
            && text.chars().all(|letter| letter.is_ascii_alphanumeric());
        is_cluster && {
            self.cluster(word, text, text);
            true
        }
    }

    fn assignment(&mut self, word: &Word, text: &str) -> bool {
        let Some((key, _)) = text.split_once('=') else {
            return false;
        };
        match self.find(key) {
            Some(found) => self.apply(found, Some(behind(word, key.len() + 1))),
            None => self.unknown_option(word),
        }
        true
    }

    /// `--name`, `--name=value`, `--na`, `--no-name`.
    fn long(&mut self, word: &Word, text: &str) -> bool {
        let (name, value) = match text.split_once('=') {
            Some((name, _)) => (name, Some(behind(word, name.len() + 1))),
            None if word.pieces.len() > 1 => (text, Some(Word::default())),
            None => (text, None),
        };
        if let Some(found) = self.find(name).or_else(|| self.find_prefix(name)) {
            self.apply(found, value);
        } else if matches!(name, "--help" | "--version") {
            self.parsed.is_help = true;
        } else if let Some(found) = name
            .strip_prefix("--no-")
            .and_then(|rest| self.find(&format!("--{rest}")))
        {
            self.negate(found);
        } else {
            self.unknown_option(word);
        }
        true
    }

    /// `-abc`, `-ovalue`, `-5`.
    fn short(&mut self, word: &Word, text: &str) -> bool {
        if self.number(text, '-') {
            return true;
        }
        let (name, value) = match text.split_once('=') {
            Some((name, _)) => (name, Some(behind(word, name.len() + 1))),
            None => (text, None),
        };
        if name.len() > 2
            && let Some(found) = self.find(name)
        {
            self.apply(found, value);
        } else {
            self.cluster(word, text, text.strip_prefix('-').unwrap_or(text));
        }
        true
    }

    /// The letters of `rest`, which ends the leading text of `word`.
    fn cluster(&mut self, word: &Word, text: &str, rest: &str) {
        let mut rest = rest.chars();
        while let Some(letter) = rest.next() {
            let mut name = [0_u8; 5];
            let name = short_name(letter, &mut name);
            let Some(found) = self.find(name) else {
                if self.others() == Others::Unknown {
                    self.unknown_option(word);
                    return;
                }
                continue;
            };
            let is_last = rest.as_str().is_empty() && word.pieces.len() < 2;
            match found.takes() {
                Takes::Nothing => self.apply(found, None),
                Takes::Attached if is_last => self.apply(found, None),
                Takes::Value | Takes::Two | Takes::Command if is_last => self.apply(found, None),
                Takes::Value | Takes::Attached | Takes::Two | Takes::Command => {
                    let used = text.len() - rest.as_str().len();
                    let value = behind(word, used);
                    let value = match leading_text(&value).strip_prefix('=') {
                        Some(_) => behind(&value, 1),
                        None => value,
                    };
                    self.apply(found, Some(value));
                    return;
                }
            }
        }
    }

    /// `-name`, `--name`, `-name=value`, and operators such as `(` and `!` of `find`.
    fn dashed(&mut self, word: &Word, text: &str) -> bool {
        if !text.starts_with('-') || text.len() < 2 {
            let operator = word.known().and_then(|known| self.find(&known));
            return operator.is_some_and(|found| {
                self.apply(found, None);
                true
            });
        }
        if self.number(text, '-') {
            return true;
        }
        let (name, value) = match text.split_once('=') {
            Some((name, _)) => (name, Some(behind(word, name.len() + 1))),
            None => (text, None),
        };
        let single = name
            .strip_prefix('-')
            .filter(|rest| rest.starts_with('-'))
            .unwrap_or(name);
        let double = || format!("-{single}");
        if let Some(found) = self.find(single).or_else(|| self.find(&double())) {
            self.apply(found, value);
        } else if matches!(single, "-help" | "-version") {
            self.parsed.is_help = true;
        } else {
            self.unknown_option(word);
        }
        true
    }

    fn unknown_option(&mut self, word: &Word) {
        match self.others() {
            Others::Unknown => self.parsed.unknown_options.push(word.clone()),
            Others::Harmless => {}
            Others::Valued => {
                let next = self.words.get(self.at).map_or("-", leading_text);
                if !word.display().contains('=') && !next.starts_with('-') && !next.is_empty() {
                    self.at += 1;
                }
            }
        }
    }

    /// The option spelled `name`, of the nearest entry that has it.
    fn find(&self, name: &str) -> Option<Found<'k>> {
        let named = |list: &'k [String]| list.iter().any(|flag| flag == name);
        self.entries().find_map(|entry| {
            if let Some(option) = entry.options.iter().find(|option| named(&option.flag)) {
                return Some(Found::Option(option));
            }
            if named(&entry.flags.0) {
                return Some(Found::Flag(name.starts_with("--")));
            }
            if named(&entry.values.0) {
                return Some(Found::Value);
            }
            if named(&entry.reads.0) {
                return Some(Found::File(true));
            }
            named(&entry.writes.0).then_some(Found::File(false))
        })
    }

    /// The long option that starts with `name`, when only one does (`getopt_long(3)`).
    fn find_prefix(&self, name: &str) -> Option<Found<'k>> {
        if name.len() < 4 || !matches!(self.style(), Style::Gnu | Style::Posix) {
            return None;
        }
        let mut all = self.entries().flat_map(|entry| {
            let words = [&entry.flags, &entry.values, &entry.reads, &entry.writes];
            let options = entry.options.iter().flat_map(|option| option.flag.iter());
            options
                .chain(words.into_iter().flat_map(|it| it.0.iter()))
                .filter(|flag| flag.starts_with(name))
        });
        let first = all.next()?;
        let found = self.find(first)?;
        let same = |other: &String| self.find(other).is_some_and(|other| other.is_same(&found));
        all.all(same).then(|| self.find(first)).flatten()
    }

    /// Sets what an option sets, and takes its value.
    fn apply(&mut self, found: Found<'k>, attached: Option<Word>) {
        let value = match found.takes() {
            Takes::Nothing | Takes::Attached => attached,
            Takes::Value => attached.or_else(|| self.next_word()),
            Takes::Two => {
                let first = attached.or_else(|| self.next_word());
                self.next_word().or(first)
            }
            Takes::Command => return self.take_command(&found),
        };
        match found {
            Found::Flag(_) | Found::Value => {}
            Found::File(reads) => {
                if let Some(value) = value {
                    self.parsed.option_files.push((reads, value));
                }
            }
            Found::Option(option) => self.apply_option(option, value),
        }
    }

    fn next_word(&mut self) -> Option<Word> {
        let word = self.words.get(self.at)?;
        self.at += 1;
        Some(word.clone())
    }

    /// The words of `find -exec`, to a lone `;` or `+`.
    fn take_command(&mut self, found: &Found<'k>) {
        let Found::Option(option) = found else {
            return;
        };
        let rest = self.words.get(self.at..).unwrap_or_default();
        let end = rest
            .iter()
            .position(|word| matches!(word.known().as_deref(), Some(";" | "+" | "\\;")))
            .unwrap_or(rest.len());
        let words = rest.get(..end).unwrap_or_default().to_vec();
        self.at += (end + 1).min(rest.len());
        self.set(option, None);
        let how = option.wraps.unwrap_or(Wraps::CommandWithMore);
        self.parsed.wrapped.push(Wrapped { how, words });
    }

    fn apply_option(&mut self, option: &'k Opt, value: Option<Word>) {
        self.set(option, value.as_ref());
        let value =
            value.and_then(|value| part(value, option.before.as_deref(), option.after.as_deref()));
        if !option.effects.is_empty() {
            self.parsed.option_effects.push((
                &option.effects,
                option.role.as_deref(),
                value.clone(),
            ));
        }
        let Some(value) = value else {
            return;
        };
        self.take_keyed(&option.keyed, &value);
        if option.directory {
            self.parsed.directories.push(value.clone());
        }
        if option.narrows {
            self.parsed.narrows.push(value.clone());
        }
        if option.replaces {
            self.parsed.replaces = Some(value.clone());
        }
        if let Some(how) = option.wraps {
            let mut words = vec![value.clone()];
            if how != Wraps::CommandWithMore {
                words.extend_from_slice(self.words.get(self.at..).unwrap_or_default());
                self.at = self.words.len();
            }
            self.parsed.wrapped.push(Wrapped { how, words });
        }
        if let Some(language) = option.code {
            self.parsed.code.push((language, value.clone()));
        }
        if let Some(language) = option.runs {
            self.parsed.runs.push((language, value.clone()));
        }
        if let Some(role) = option.role.as_deref() {
            self.parsed.values.push(Value { role, word: value });
        }
    }

    fn take_keyed(&mut self, keyed: &'k [Keyed], value: &Word) {
        if keyed.is_empty() {
            return;
        }
        let (key, value) = match split(value, "=").or_else(|| split(value, " ")) {
            Some((key, value)) => (key.display(), value),
            None => (value.display(), Word::default()),
        };
        for entry in keyed_matching(keyed, key.trim(), &value) {
            self.mark(entry.sets.iter());
            self.parsed.keyed.push((entry, value.clone()));
        }
    }

    fn set(&mut self, option: &'k Opt, value: Option<&Word>) {
        if !(option.not_for.is_empty() && option.only_for.is_empty()) {
            let text = value.map(Word::display).unwrap_or_default();
            let like = |list: &[String]| list.iter().any(|known| pattern::matches(known, &text));
            if like(&option.not_for) || !(option.only_for.is_empty() || like(&option.only_for)) {
                return;
            }
        }
        self.mark(option.sets.iter());
    }

    fn mark(&mut self, names: impl Iterator<Item = &'k str>) {
        for name in names {
            match modifier(name) {
                Some(modifier) => self.parsed.modifiers.insert(modifier),
                None => self.parsed.marks.push(name),
            }
        }
    }

    /// `--no-name`: takes back what `--name` sets.
    fn negate(&mut self, found: Found<'k>) {
        let Found::Option(option) = found else {
            return;
        };
        for name in option.sets.iter() {
            self.parsed.marks.retain(|mark| *mark != name);
            if let Some(modifier) = modifier(name) {
                self.parsed.modifiers = self
                    .parsed
                    .modifiers
                    .iter()
                    .filter(|it| *it != modifier)
                    .collect();
            }
        }
    }

    /// Gives the operands to their roles.
    fn finish(mut self) -> Parsed<'k> {
        self.parsed.chain = self.entries().collect();
        self.parsed.path = std::mem::take(&mut self.path);
        let Some(entry) = self.parsed.chain.first().copied() else {
            return self.parsed;
        };
        let mut operands = std::mem::take(&mut self.operands);
        if let Some(spec) = entry
            .operands
            .iter()
            .find(|it| it.dashes && self.is_present(it))
        {
            let dashed = std::mem::take(&mut self.behind_dashes);
            operands.truncate(operands.len().saturating_sub(dashed.len()));
            for word in dashed {
                self.assign(spec, word);
            }
        }
        let specs: Vec<&'k Operand> = entry
            .operands
            .iter()
            .filter(|it| !it.dashes && self.is_present(it))
            .collect();
        self.assign_all(&specs, operands);
        self.parsed
    }

    fn assign_all(&mut self, specs: &[&'k Operand], operands: Vec<Word>) {
        let count = operands.len();
        let many = specs.iter().position(|it| it.many);
        let tail = many.map_or(0, |at| specs.len() - at - 1);
        let mut slots: Vec<Option<&'k Operand>> = Vec::with_capacity(count);
        for position in 0..count {
            let slot = match many {
                Some(at) if position >= at => {
                    let from_end = count - position;
                    if from_end <= tail && (position > at || count == 1 + at) && count > 1 {
                        specs.get(specs.len() - from_end)
                    } else {
                        specs.get(at)
                    }
                }
                Some(_) | None => specs.get(position),
            };
            slots.push(slot.copied());
        }
        for (word, slot) in operands.into_iter().zip(slots) {
            match slot {
                Some(spec) => self.assign(spec, word),
                None => {
                    if self.others() == Others::Unknown {
                        self.parsed.surplus.push(word);
                    }
                }
            }
        }
    }

    fn assign(&mut self, spec: &'k Operand, word: Word) {
        let mut word = word;
        for (prefix, mark) in &spec.prefixed {
            if leading_text(&word).starts_with(prefix.as_str()) {
                word = behind(&word, prefix.len());
                self.mark(std::iter::once(mark.as_str()));
            }
        }
        if !spec.valued.is_empty() {
            let text: Cow<'_, str> = word.known().unwrap_or_else(|| word.display().into());
            let marks: Vec<&'k str> = spec
                .valued
                .iter()
                .filter(|(known, _)| pattern::matches_any_case(known, &text))
                .map(|(_, mark)| mark.as_str())
                .collect();
            drop(text);
            self.mark(marks.into_iter());
        }
        let Some(word) = part(word, spec.before.as_deref(), spec.after.as_deref()) else {
            return;
        };
        self.take_keyed(&spec.keyed, &word);
        if let Some(language) = spec.code {
            self.parsed.code.push((language, word.clone()));
        }
        if let Some(language) = spec.runs {
            self.parsed.runs.push((language, word.clone()));
        }
        self.parsed.values.push(Value {
            role: &spec.role,
            word,
        });
    }
}

/// Whether the entry of a candidate says more than which other it is like.
fn says_something(candidate: &Candidate<'_>) -> bool {
    candidate.node.entry.as_deref().is_some_and(|entry| {
        entry.like.is_empty() || !entry.operands.is_empty() || !entry.effects.is_empty()
    })
}

/// The part of a value that counts. None when it does not.
fn part(word: Word, before: Option<&str>, after: Option<&str>) -> Option<Word> {
    let word = match after {
        Some(after) => split(&word, after)?.1,
        None => word,
    };
    Some(match before.and_then(|before| split(&word, before)) {
        Some((first, _)) => first,
        None => word,
    })
}

/// The entries of `keyed` for which `key` and `value` matter.
pub(super) fn keyed_matching<'k>(
    keyed: &'k [Keyed],
    key: &str,
    value: &Word,
) -> impl Iterator<Item = &'k Keyed> {
    let text = value.display();
    keyed.iter().filter(move |entry| {
        let like = |list: &[String]| list.iter().any(|known| pattern::matches(known, &text));
        entry
            .key
            .iter()
            .any(|known| pattern::matches_any_case(known, key))
            && !like(&entry.not_for)
            && (entry.only_for.is_empty() || like(&entry.only_for))
    })
}

/// An option that was found.
enum Found<'k> {
    Option(&'k Opt),
    /// Of `flags`; whether it is a long one.
    Flag(bool),
    /// Of `values`.
    Value,
    /// Of `reads` (true) or `writes`.
    File(bool),
}

impl Found<'_> {
    const fn takes(&self) -> Takes {
        match self {
            Self::Option(option) => option.takes,
            Self::Flag(true) => Takes::Attached,
            Self::Flag(false) => Takes::Nothing,
            Self::Value | Self::File(_) => Takes::Value,
        }
    }

    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Option(one), Self::Option(other)) => std::ptr::eq(*one, *other),
            (Self::Flag(_), Self::Flag(_)) | (Self::Value, Self::Value) => true,
            (Self::File(one), Self::File(other)) => one == other,
            (Self::Option(_) | Self::Flag(_) | Self::Value | Self::File(_), _) => false,
        }
    }
}

/// `-x` for the letter `x`.
fn short_name(letter: char, buffer: &mut [u8; 5]) -> &str {
    let [dash, rest @ ..] = buffer;
    *dash = b'-';
    let length = letter.encode_utf8(rest).len();
    buffer
        .get(..=length)
        .and_then(|bytes| std::str::from_utf8(bytes).ok())
        .unwrap_or_default()
}
