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

/// The code in the qualifiers of a pattern, behind the first parenthesis of it: `.e:'…':)`, `+name)`.
fn qualifier_code(inside: &str) -> Option<&str> {
    let inside = inside.strip_suffix(')')?;
    // A function of the text is followed by its reader; another one is whatever has that name.
    if let Some((sorts, name)) = inside.split_once('+')
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
