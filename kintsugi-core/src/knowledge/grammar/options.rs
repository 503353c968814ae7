//! How options are written, and what each sets and takes.

use super::reader::Reader;
use super::{Value, Wrapped, behind, keyed_matching, leading_text, modifier, part, split};
use crate::knowledge::schema::{Keyed, Opt, Others, Style, Takes, Wraps};
use crate::place::pattern;
use crate::shell::{Hole, Piece, Word};

impl<'k> Reader<'k, '_> {
    /// Reads `word` as an option. False when it is none.
    pub(super) fn option(&mut self, word: &Word, text: &str) -> bool {
        // `-${Z}f`: a variable that holds nothing hides nothing but the spelling.
        if let Some(plain) = without_variables(word) {
            let text = leading_text(&plain).to_owned();
            return self.option(&plain, &text);
        }
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
                } else if let Some(found) = self.find("-").filter(|_| text == "-") {
                    self.apply(&found, None);
                    true
                } else if text == "-" && word.pieces.len() > 1 {
                    self.parsed.unknown_options.push(word.clone());
                    true
                } else {
                    self.number(text, '+') || self.plus(word, text)
                }
            }
        }
    }

    /// `vim +cmd`, `cargo +nightly`: the flag `+`, whose value is all behind it.
    fn plus(&mut self, word: &Word, text: &str) -> bool {
        let found = self.find("+").filter(|_| text.starts_with('+'));
        found.is_some_and(|found| {
            self.apply(&found, Some(behind(word, 1)));
            true
        })
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
            Some(found) => self.apply(&found, Some(behind(word, key.len() + 1))),
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
        let negated = || {
            name.strip_prefix("--no-")
                .and_then(|it| self.find(&format!("--{it}")))
        };
        if let Some(found) = self.find(name) {
            self.apply(&found, value);
        } else if let Some(found) = negated() {
            self.negate(&found);
        } else if let Some(found) = self.find_prefix(name) {
            self.apply(&found, value);
        } else if matches!(name, "--help" | "--version") {
            self.parsed.is_help = true;
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
            self.apply(&found, value);
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
                Takes::Nothing => self.apply(&found, None),
                Takes::Digits => {
                    let behind = rest.as_str();
                    let is_hex = behind.starts_with(['x', 'X']);
                    let digits = behind.trim_start_matches(['x', 'X']);
                    let digits = digits.trim_start_matches(|letter: char| {
                        letter.is_ascii_digit() || is_hex && letter.is_ascii_hexdigit()
                    });
                    rest = digits.chars();
                    self.apply(&found, None);
                }
                Takes::Attached | Takes::Value | Takes::Two | Takes::Command if is_last => {
                    self.apply(&found, None);
                }
                Takes::Value | Takes::Attached | Takes::Two | Takes::Command => {
                    let used = text.len() - rest.as_str().len();
                    let value = behind(word, used);
                    let value = match leading_text(&value).strip_prefix('=') {
                        Some(_) => behind(&value, 1),
                        None => value,
                    };
                    self.apply(&found, Some(value));
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
                self.apply(&found, None);
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
            self.apply(&found, value);
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
                if word.display().contains('=') || next.starts_with('-') || next.is_empty() {
                    return;
                }
                if self.is_verb(next) {
                    self.parsed.is_twofold = true;
                    if self.prefers_verbs {
                        return;
                    }
                }
                self.at += 1;
            }
        }
    }

    /// The option spelled `name`, of the nearest entry that has it.
    fn find(&self, name: &str) -> Option<Found<'k>> {
        // Most spellings differ in their last letter; looking there first is a third of the time.
        let last = name.as_bytes().last();
        let named = |list: &'k [String]| {
            list.iter()
                .any(|flag| flag.as_bytes().last() == last && flag == name)
        };
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

    /// The long option that starts with `name` (`getopt_long(3)`). Of several, which a program would refuse, the shortest:
    /// versions differ in what they know.
    fn find_prefix(&self, name: &str) -> Option<Found<'k>> {
        if name.len() < 4 || !matches!(self.style(), Style::Gnu | Style::Posix) {
            return None;
        }
        let shortest = self
            .entries()
            .flat_map(|entry| {
                let words = [&entry.flags, &entry.values, &entry.reads, &entry.writes];
                let options = entry.options.iter().flat_map(|option| option.flag.iter());
                options.chain(words.into_iter().flat_map(|it| it.0.iter()))
            })
            .filter(|flag| flag.starts_with(name))
            .min_by_key(|flag| flag.len())?;
        self.find(shortest)
    }

    /// Sets what an option sets, and takes its value.
    fn apply(&mut self, found: &Found<'k>, attached: Option<Word>) {
        let value = match found.takes() {
            Takes::Nothing | Takes::Attached | Takes::Digits => attached,
            Takes::Value => attached.or_else(|| self.next_word()),
            Takes::Two => {
                let first = attached.or_else(|| self.next_word());
                self.next_word().or(first)
            }
            Takes::Command => return self.take_command(found),
        };
        match found {
            Found::Flag(_) | Found::Value => {}
            Found::File(reads) => {
                if let Some(value) = value {
                    self.parsed.option_files.push((*reads, value));
                }
            }
            Found::Option(option) => {
                // The same option may be described in parts, each for other values.
                let parts: Vec<&'k Opt> = self
                    .entries()
                    .find(|entry| entry.options.iter().any(|it| std::ptr::eq(it, *option)))
                    .map_or(&[][..], |entry| &entry.options)
                    .iter()
                    .filter(|other| {
                        !std::ptr::eq(*other, *option)
                            && other.flag.iter().any(|flag| option.flag.contains(flag))
                    })
                    .collect();
                for part in parts {
                    self.apply_option(part, value.clone());
                }
                self.apply_option(option, value);
            }
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
        let is_meant = self.set(option, value.as_ref());
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
        if let Some(language) = option.code.filter(|_| is_meant) {
            self.parsed.code.push((language, value.clone()));
        }
        if let Some(language) = option.runs.filter(|_| is_meant) {
            self.parsed.runs.push((language, value.clone()));
        }
        if let Some(role) = option.role.as_deref() {
            self.parsed.values.push(Value { role, word: value });
        }
    }

    pub(super) fn take_keyed(&mut self, keyed: &'k [Keyed], value: &Word) {
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

    /// Sets what an option sets. False when it is not described for that value.
    fn set(&mut self, option: &'k Opt, value: Option<&Word>) -> bool {
        if !(option.not_for.is_empty() && option.only_for.is_empty()) {
            let text = value.map(Word::display).unwrap_or_default();
            let like = |list: &[String]| list.iter().any(|known| pattern::matches(known, &text));
            if like(&option.not_for) || !(option.only_for.is_empty() || like(&option.only_for)) {
                return false;
            }
        }
        self.mark(option.sets.iter());
        true
    }

    pub(super) fn mark(&mut self, names: impl Iterator<Item = &'k str>) {
        for name in names {
            match modifier(name) {
                Some(modifier) => self.parsed.modifiers.insert(modifier),
                None => self.parsed.marks.push(name),
            }
        }
    }

    /// `--no-name`: takes back what `--name` sets.
    fn negate(&mut self, found: &Found<'k>) {
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

/// An option in which variables that nobody knows stand in front of letters, read without them.
fn without_variables(word: &Word) -> Option<Word> {
    let (first, rest) = word.pieces.split_first()?;
    let is_option =
        matches!(first, Piece::Text(text) if text.starts_with('-') && !text.contains('='));
    let is_letters = |text: &str| {
        text.chars()
            .all(|letter| letter.is_ascii_alphabetic() || letter == '-')
    };
    let (last, between) = rest.split_last()?;
    let ends = matches!(last, Piece::Text(text) if is_letters(text));
    let is_hollow = between.iter().any(|piece| matches!(piece, Piece::Hole(_)))
        && between.iter().all(|piece| match piece {
            Piece::Hole(hole) => matches!(hole, Hole::Variable(_)),
            Piece::Text(text) => is_letters(text),
            Piece::Glob(_) => false,
        });
    if !(is_option && ends && is_hollow) {
        return None;
    }
    let texts = word.pieces.iter().filter_map(|piece| match piece {
        Piece::Text(text) => Some(text.as_str()),
        Piece::Glob(_) | Piece::Hole(_) => None,
    });
    Some(Word::text(texts.collect::<String>(), word.span))
}
