//! Code in the qualifiers of a pattern of zsh, which runs for every name that the pattern matches.

use super::analyst::{Analyst, Call};
use crate::effect::Modifier;
use crate::shell::{Dialect, Word};

/// What may bound the code where it says nothing else: these stand in no name.
const BOUNDS: &str = "{[<:'\"!%@#~;=&^+`";

impl Analyst<'_> {
    /// zsh runs what stands in a qualifier of a pattern for every name that it matches: `*(e:'rm $REPLY':)`, `*(+name)`
    /// (`zshexpn(1)` 5.9, Glob Qualifiers).
    pub(super) fn glob_qualifiers(&mut self, call: &Call<'_>) {
        if call.dialect != Dialect::Zsh {
            return;
        }
        for word in call.words {
            let text = word.display();
            let Some(code) = text
                .split_once('(')
                .and_then(|(_, inside)| qualifier_code(inside))
            else {
                continue;
            };
            let mut call = call.clone();
            call.ambient.modifiers.insert(Modifier::Indirect);
            self.shell_words(&call, &[Word::text(code, word.span)]);
        }
    }
}

/// What stands behind the last number that a size, a time or a count of links is compared with: `Lm+10`, `mh-24`, `l+1`
/// (`zshexpn(1)` 5.9). In front of a number that nothing of the kind introduces, `+` names a function.
fn past_counts(inside: &str) -> &str {
    let mut rest = inside;
    while let Some((sorts, number)) = rest.split_once('+') {
        let unit = sorts.trim_end_matches(['k', 'K', 'm', 'M', 'p', 'P', 'g', 'G', 't', 'T']);
        let is_size = unit.ends_with('L') && sorts.len() - unit.len() < 2;
        let mut before = sorts.chars().rev();
        let (last, earlier) = (before.next(), before.next());
        let is_time = |letter: Option<char>| matches!(letter, Some('a' | 'm' | 'c'));
        let is_age =
            is_time(last) || matches!(last, Some('M' | 'w' | 'h' | 's' | 'd')) && is_time(earlier);
        // `om` sorts by the time, and takes no number.
        let sorts_by = matches!(earlier, Some('o' | 'O'))
            || matches!(sorts.chars().rev().nth(2), Some('o' | 'O'));
        let behind = number.trim_start_matches(|digit: char| digit.is_ascii_digit());
        let is_counted = is_size || is_age || last == Some('l');
        let ends = behind.chars().next();
        if sorts_by || !is_counted || behind.len() == number.len() || ends == Some('_') {
            return rest;
        }
        rest = behind;
    }
    rest
}

/// The code in the qualifiers of a pattern, behind the first parenthesis of it: `.e:'…':)`, `+name)`.
fn qualifier_code(inside: &str) -> Option<&str> {
    let inside = inside.strip_suffix(')')?;
    // A function of the text is followed by its reader; another one is whatever has that name.
    let counted = past_counts(inside);
    if let Some((sorts, name)) = counted.split_once('+')
        && sorts
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || "./@^-".contains(letter))
    {
        return Some(name);
    }
    inside.match_indices('e').find_map(|(at, letter)| {
        let rest = inside.get(at + letter.len()..)?;
        let mark = rest.chars().next().filter(char::is_ascii_punctuation)?;
        let close = match mark {
            '{' => '}',
            '[' => ']',
            '<' => '>',
            mark => mark,
        };
        let (code, _) = rest.get(mark.len_utf8()..)?.rsplit_once(close)?;
        // `(make|take-x|y)*` is no code, and has no blank.
        let is_code = BOUNDS.contains(mark) || code.contains(' ');
        is_code.then(|| code.trim_matches(['\'', '"']))
    })
}
