//! Which words are options, which the subcommand, which operands, and the roles that operands play.

use std::borrow::Cow;

use super::{Parsed, Value, Wrapped, behind, leading_text, part};
use crate::knowledge::Knowledge;
use crate::knowledge::schema::{Command, Language, Operand, OtherSubcommands, Others, Style};
use crate::knowledge::store::Node;
use crate::place::pattern;
use crate::shell::{Piece, Word};

/// Shortest beginning of a subcommand that is taken for it, in bytes.
const SHORTENED_MIN: usize = 2;

/// A place in the tree of subcommands that the words could mean.
#[derive(Clone)]
pub(super) struct Candidate<'k> {
    node: &'k Node,
    /// Entries on the way, outermost first.
    chain: Vec<&'k Command>,
    /// How many words of the path were used.
    depth: usize,
}

/// Reads words by the entries of a program.
pub(super) struct Reader<'k, 'w> {
    pub(super) knowledge: &'k Knowledge,
    pub(super) words: &'w [Word],
    pub(super) at: usize,
    pub(super) candidates: Vec<Candidate<'k>>,
    /// The last candidates that had an entry.
    pub(super) settled: Option<Candidate<'k>>,
    pub(super) is_leaf: bool,
    pub(super) path: String,
    pub(super) parsed: Parsed<'k>,
    pub(super) operands: Vec<Word>,
    pub(super) behind_dashes: Vec<Word>,
    /// A word behind an option that is not described is a subcommand when it can be one, not the option's value.
    pub(super) prefers_verbs: bool,
}

impl<'k, 'w> Reader<'k, 'w> {
    pub(super) fn new(
        knowledge: &'k Knowledge,
        name: &str,
        node: &'k Node,
        words: &'w [Word],
    ) -> Self {
        let mut reader = Self {
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
            prefers_verbs: false,
        };
        reader.enter(vec![Candidate {
            node,
            chain: Vec::new(),
            depth: 0,
        }]);
        reader
    }

    /// Reads everything.
    pub(super) fn read(mut self) -> Parsed<'k> {
        self.run();
        self.finish()
    }

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
        if let Some(settled) = next.iter().find(|it| says_something(it)).or(next.first())
            && (settled.node.entry.is_some() || self.settled.is_none())
        {
            self.settled = Some(settled.clone());
        }
        self.candidates = next;
    }

    /// The entries that hold now, the most particular first.
    pub(super) fn entries(&self) -> impl Iterator<Item = &'k Command> + use<'k, '_> {
        self.settled
            .iter()
            .flat_map(|it| it.chain.iter().rev().copied())
    }

    pub(super) fn style(&self) -> Style {
        self.entries()
            .next()
            .map_or(Style::Gnu, |entry| entry.style)
    }

    pub(super) fn others(&self) -> Others {
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

    /// Whether `text` could go on with the subcommand.
    pub(super) fn is_verb(&self, text: &str) -> bool {
        !self.is_leaf
            && self.operands.is_empty()
            && self
                .candidates
                .iter()
                .any(|candidate| candidate.node.matching(text).next().is_some())
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
        if let Some(whole) = self.shortened(&name).filter(|_| next.is_empty()) {
            return self.subcommand(&Word::text(whole, word.span));
        }
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

    /// The name of the subcommand that begins with `name`, where the program takes beginnings for names.
    fn shortened(&self, name: &str) -> Option<String> {
        if name.len() < SHORTENED_MIN || !self.entries().any(|entry| entry.abbreviates) {
            return None;
        }
        let mut found = self
            .candidates
            .iter()
            .filter_map(|it| it.node.beginning(name));
        let (whole, _) = found.next()?;
        (whole.len() > name.len()).then(|| whole.to_owned())
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
            .filter(|it| !it.dashes && self.is_present(it) && !self.is_given(it))
            .collect();
        self.assign_all(&specs, operands);
        self.parsed
    }

    /// Whether an option plays the role of a single operand: `cp -t DIR`.
    fn is_given(&self, operand: &Operand) -> bool {
        !operand.many
            && self
                .parsed
                .values
                .iter()
                .any(|value| value.role == operand.role)
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
        match (spec.code, self.parsed.code.last_mut()) {
            // The words of `redis-cli` are one command.
            (Some(Language::Redis), Some((Language::Redis, line))) if spec.many => {
                line.pieces.push(Piece::Text(" ".to_owned()));
                line.pieces.extend(word.pieces.iter().cloned());
            }
            (Some(language), _) => self.parsed.code.push((language, word.clone())),
            (None, _) => {}
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
