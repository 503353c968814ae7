//! Filters that hand on some of the lines that they are fed, each as it came: `find … | grep -v x | sort | head -5 | xargs rm`.
//!
//! What stands behind them gets no name that the search in front of them did not give.

use crate::shell::{Input, Invocation, InvocationId, Piece, Script, Word};

/// Most filters that are looked through.
const STAGES_MAX: usize = 8;

/// The commands of a pipe that made the lines, and the filters that they went through.
pub(super) struct Filtered<'s> {
    pub(super) first: InvocationId,
    pub(super) end: InvocationId,
    filters: Vec<&'s Invocation>,
}

impl<'s> Filtered<'s> {
    /// Looks through the filters of the pipe that ends with the commands from `first` to `end`.
    pub(super) fn of(script: &'s Script, first: InvocationId, end: InvocationId) -> Self {
        let mut found = Self {
            first,
            end,
            filters: Vec::new(),
        };
        while found.filters.len() < STAGES_MAX
            && let [filter] = script.between(found.first, found.end)
            && let Input::Pipe { first, end } = filter.input
            && hands_on(filter)
        {
            found.filters.push(filter);
            (found.first, found.end) = (first, end);
        }
        found
    }

    /// The names that `ls` gives of what lies where it runs, when a filter leaves those with one ending: `ls | grep '\.pyc$'`.
    pub(super) fn names_here(&self, listing: &[Word]) -> Option<Word> {
        if listing.iter().any(|word| !is_plain_listing(word)) {
            return None;
        }
        let ending = self.filters.iter().find_map(|filter| {
            let (name, words) = filter.words.split_first()?;
            let [pattern] = words else { return None };
            if !matches!(&*name.known()?, "grep" | "egrep") {
                return None;
            }
            let pattern = pattern.known()?;
            let ending = pattern.strip_prefix("\\.")?.strip_suffix('$')?;
            let is_plain = ending.bytes().all(|letter| letter.is_ascii_alphanumeric());
            (is_plain && !ending.is_empty()).then(|| ending.to_owned())
        })?;
        let span = self.filters.last()?.span;
        let pieces = vec![
            Piece::Glob("*".to_owned()),
            Piece::Text([".", &ending].concat()),
        ];
        Some(Word { pieces, span })
    }
}

/// Options of `ls` by which it still prints a name on each line (ls(1), coreutils 9.4).
pub(super) fn is_plain_listing(option: &Word) -> bool {
    let option = option.known();
    let letters = option.as_deref().and_then(|it| it.strip_prefix('-'));
    letters
        .is_some_and(|it| !it.is_empty() && it.chars().all(|letter| "1dtrASUvX".contains(letter)))
}

/// Whether a command prints nothing but lines of its standard input.
fn hands_on(filter: &Invocation) -> bool {
    if !filter.assignments.is_empty() || !filter.redirects.iter().all(is_silenced) {
        return false;
    }
    let words: Option<Vec<_>> = filter.words.iter().map(Word::known).collect();
    let Some(words) = words else { return false };
    let Some((name, words)) = words.split_first() else {
        return false;
    };
    let words: Vec<&str> = words.iter().map(|word| &**word).collect();
    match &**name {
        "head" | "tail" => is_number_of_lines(&words),
        "sort" => words.iter().all(|it| has_letters(it, "unrVfz")),
        "uniq" => words.iter().all(|it| has_letters(it, "udi")),
        "tac" | "cat" | "shuf" => words.is_empty(),
        "grep" | "egrep" | "fgrep" => {
            let options = words.iter().take_while(|it| it.starts_with('-')).count();
            let (options, patterns) = words.split_at_checked(options).unwrap_or_default();
            patterns.len() == 1 && options.iter().all(|it| has_letters(it, "vEFiwxPa"))
        }
        _ => false,
    }
}

/// `2>/dev/null`
fn is_silenced(redirect: &crate::shell::Redirect) -> bool {
    redirect.target.known().as_deref() == Some("/dev/null")
}

/// Whether a word is options of one letter each, all of these.
fn has_letters(word: &str, letters: &str) -> bool {
    word.strip_prefix('-')
        .is_some_and(|it| !it.is_empty() && it.chars().all(|letter| letters.contains(letter)))
}

/// `-5`, `-n 5`, `-n +6`, `+6`: how many lines, and no file.
fn is_number_of_lines(words: &[&str]) -> bool {
    let is_number = |word: &str| {
        let digits = word.trim_start_matches(['+', '-']);
        !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit())
    };
    match words {
        [] => true,
        ["-n" | "--lines", count] => is_number(count),
        [word] => {
            let count = word
                .strip_prefix("--lines=")
                .or_else(|| word.strip_prefix("-n"));
            is_number(count.unwrap_or(word)) && word.starts_with(['-', '+'])
        }
        _ => false,
    }
}
