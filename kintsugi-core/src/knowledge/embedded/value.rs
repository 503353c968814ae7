//! What an expression of a script stands for, as far as its text tells.

use crate::effect::{Feed, Span};
use crate::shell::{Hole, Piece, Word};

/// Most alternatives that one value keeps; what has more is not known.
const ALTERNATIVES_MAX: usize = 16;

/// Longest value that is followed, in bytes.
const VALUE_BYTES_MAX: usize = 4 * 1024;

/// The result of an expression.
#[derive(Debug, Clone, Default)]
pub(super) struct Value {
    /// What it may be as text: one word for each alternative, none when it is no text.
    pub(super) words: Vec<Word>,
    /// Its elements, when it is a list that stands in the text.
    pub(super) items: Option<Vec<Value>>,
    /// The function, module or class that it names, in full: `os.system`.
    pub(super) path: Option<String>,
    /// Where it comes from.
    pub(super) feed: Feed,
    /// Other lists that it may be.
    pub(super) others: Vec<Value>,
    /// The fields of an object that stands in the text, with their names.
    pub(super) fields: Vec<(String, Value)>,
}

impl Value {
    /// A known text.
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::word(Word::text(text, Span::default()))
    }

    pub(super) fn word(word: Word) -> Self {
        Self {
            words: vec![word],
            feed: Feed::Text,
            ..Self::default()
        }
    }

    /// Something that only running the script would tell.
    pub(super) fn unknown(feed: Feed) -> Self {
        Self {
            words: vec![hole()],
            feed,
            ..Self::default()
        }
    }

    /// A list of values.
    pub(super) fn list(items: Vec<Self>) -> Self {
        let feed = items.iter().map(|item| item.feed).max().unwrap_or_default();
        Self {
            items: Some(items),
            feed,
            ..Self::default()
        }
    }

    /// A function, module or class.
    pub(super) fn named(path: impl Into<String>) -> Self {
        Self {
            words: vec![hole()],
            path: Some(path.into()),
            ..Self::default()
        }
    }

    /// Adds what it may be as well.
    pub(super) fn or(&mut self, other: &Self) {
        if other.items.is_some() && self.items.is_some() {
            if self.others.len() < ALTERNATIVES_MAX {
                self.others.push(other.clone());
            }
            return;
        }
        if self.items.is_none() && self.words.is_empty() {
            *self = other.clone();
            return;
        }
        let mut words = self.alternatives();
        for word in other.alternatives() {
            if !words.contains(&word) {
                words.push(word);
            }
        }
        self.words = bounded(words);
        self.items = None;
        self.feed = self.feed.max(other.feed);
        if self.path != other.path {
            self.path = None;
        }
    }

    /// Its field of that name, or any one of them when the name is not known.
    pub(super) fn field_at(&self, key: Option<&str>) -> Option<Self> {
        let mut fields = self.fields.iter();
        match key {
            Some(key) => fields
                .find(|(name, _)| name == key)
                .map(|(_, it)| it.clone()),
            None if self.path.is_none() && !self.fields.is_empty() => Some(self.any_field()),
            None => None,
        }
    }

    /// Any one of its fields.
    pub(super) fn any_field(&self) -> Self {
        let mut any = Self::default();
        for (_, field) in &self.fields {
            any.or(field);
        }
        any
    }

    /// Returns about how much memory it takes, in bytes.
    pub(super) fn size(&self) -> usize {
        let words: usize = self.words.iter().map(|word| size(word) + 16).sum();
        let fields = self.fields.iter().map(|(_, value)| value);
        let items = self
            .items
            .iter()
            .flatten()
            .chain(&self.others)
            .chain(fields);
        words + items.map(|item| item.size() + 32).sum::<usize>()
    }

    /// Returns the text when there is one alternative and all of it is known.
    pub(super) fn known(&self) -> Option<String> {
        match self.words.as_slice() {
            [word] => word.known().map(std::borrow::Cow::into_owned),
            _ => None,
        }
    }

    /// Returns every alternative; never none.
    pub(super) fn alternatives(&self) -> Vec<Word> {
        match (&self.items, self.words.is_empty()) {
            (Some(items), true) => bounded(items.iter().flat_map(Self::alternatives).collect()),
            (_, true) => vec![hole()],
            (_, false) => self.words.clone(),
        }
    }

    /// Returns what a loop over it would see.
    pub(super) fn elements(&self) -> Self {
        match &self.items {
            Some(items) if items.is_empty() => Self::unknown(self.feed),
            Some(_) => Self {
                words: self.alternatives(),
                feed: self.feed,
                ..Self::default()
            },
            None if self.words.iter().any(Word::is_pattern) => self.clone(),
            None => Self::unknown(self.feed),
        }
    }

    /// Puts `other` behind it, with `between` in the middle.
    pub(super) fn then(&self, between: &str, other: &Self) -> Self {
        let rights = other.alternatives();
        let words = self
            .alternatives()
            .iter()
            .flat_map(|left| rights.iter().map(move |right| (left.clone(), right)))
            .take(ALTERNATIVES_MAX + 1)
            .map(|(left, right)| joined(&left, between, right))
            .collect();
        Self {
            words: bounded(words),
            feed: self.feed.max(other.feed),
            ..Self::default()
        }
    }

    /// The same for a path below another: two parts of which nothing is known say nothing together, and least of all the root
    /// (`Path("") / ""` is the directory that one is in; pathlib and os.path, Python 3.13; `path.join`, Node.js 22).
    pub(super) fn below(&self, other: &Self) -> Self {
        let says_nothing = |value: &Self| {
            let words = value.alternatives();
            words.iter().all(|word| *word == hole())
        };
        if says_nothing(self) && says_nothing(other) {
            return Self::unknown(self.feed.max(other.feed));
        }
        self.then("/", other)
    }

    /// Applies `change` to every alternative that is known; the others become unknown, and so does what grows too long.
    pub(super) fn map(&self, change: impl Fn(&str) -> Option<String>) -> Self {
        let words = self
            .alternatives()
            .iter()
            .map(|word| {
                let changed = word.known().and_then(|text| change(&text));
                let changed = changed.filter(|text| text.len() <= VALUE_BYTES_MAX);
                changed.map_or_else(hole, |text| Word::text(text, word.span))
            })
            .collect();
        Self {
            words,
            feed: self.feed,
            ..Self::default()
        }
    }

    /// Fills the gaps of a format such as `rm %s` or `rm {}` with `arguments`, in order.
    pub(super) fn format(&self, gaps: &[&str], arguments: &[Self]) -> Self {
        let Some(template) = self.known() else {
            return Self::unknown(self.feed);
        };
        let mut result = Self::text("");
        let mut rest = template.as_str();
        let mut arguments = arguments.iter();
        let next = |text: &str| {
            gaps.iter()
                .filter_map(|gap| text.find(gap).map(|at| (at, gap.len())))
                .min()
        };
        while let Some((at, length)) = next(rest) {
            let (before, gap) = rest.split_at(at);
            let unknown = Self::unknown(Feed::Nothing);
            let argument = arguments.next().unwrap_or(&unknown);
            result = result.then(before, argument);
            rest = gap.get(length..).unwrap_or_default();
        }
        result.then(rest, &Self::text(""))
    }
}

/// Returns about how much memory a word takes, in bytes.
pub(super) fn size(word: &Word) -> usize {
    let bytes = |piece: &Piece| match piece {
        Piece::Text(text) | Piece::Glob(text) => text.len(),
        Piece::Hole(_) => 64,
    };
    word.pieces.iter().map(bytes).sum()
}

/// A word of which nothing is known.
pub(super) fn hole() -> Word {
    let piece = Piece::Hole(Hole::Other("a value of the script"));
    Word {
        pieces: vec![piece],
        span: Span::default(),
    }
}

/// The home of whoever runs it.
pub(super) fn home() -> Value {
    let piece = Piece::Hole(Hole::Variable("HOME".to_owned()));
    Value::word(Word {
        pieces: vec![piece],
        span: Span::default(),
    })
}

impl Value {
    /// Whether it is the home and nothing else.
    pub(super) fn is_home(&self) -> bool {
        let [word] = self.words.as_slice() else {
            return false;
        };
        matches!(word.pieces.as_slice(), [Piece::Hole(Hole::Variable(name))] if name == "HOME")
    }
}

/// A name that is made for the moment.
pub(super) fn temporary() -> Value {
    let piece = Piece::Hole(Hole::Other(crate::knowledge::holes::TEMPORARY));
    Value::word(Word {
        pieces: vec![piece],
        span: Span::default(),
    })
}

/// Turns `*`, `?` and `[…]` of a known text into patterns.
pub(super) fn pattern(text: &str) -> Word {
    let mut pieces = Vec::new();
    for c in text.chars() {
        match (c, pieces.last_mut()) {
            ('*' | '?' | '[' | ']', _) => pieces.push(Piece::Glob(c.to_string())),
            (_, Some(Piece::Text(last))) => last.push(c),
            (_, Some(Piece::Glob(_) | Piece::Hole(_)) | None) => {
                pieces.push(Piece::Text(c.to_string()));
            }
        }
    }
    Word {
        pieces,
        span: Span::default(),
    }
}

/// The same of a word whose parts are not all known.
pub(super) fn patterned(word: &Word) -> Word {
    let pieces = word.pieces.iter().flat_map(|piece| match piece {
        Piece::Text(text) => pattern(text).pieces,
        Piece::Glob(_) | Piece::Hole(_) => vec![piece.clone()],
    });
    Word {
        pieces: pieces.collect(),
        span: word.span,
    }
}

fn joined(left: &Word, between: &str, right: &Word) -> Word {
    if size(left) + between.len() + size(right) > VALUE_BYTES_MAX {
        return hole();
    }
    let mut pieces: Vec<Piece> = Vec::new();
    let middle = [Piece::Text(between.to_owned())];
    for piece in left.pieces.iter().chain(&middle).chain(&right.pieces) {
        match (piece, pieces.last_mut()) {
            (Piece::Text(text), _) if text.is_empty() => {}
            (Piece::Text(text), Some(Piece::Text(last))) => last.push_str(text),
            (piece, _) => pieces.push(piece.clone()),
        }
    }
    Word {
        pieces,
        span: left.span,
    }
}

fn bounded(mut words: Vec<Word>) -> Vec<Word> {
    if words.len() > ALTERNATIVES_MAX {
        words.truncate(ALTERNATIVES_MAX);
        words.push(hole());
    }
    words
}
