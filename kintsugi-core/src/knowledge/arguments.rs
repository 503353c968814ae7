//! What xargs makes of its input: the words that it hands to the command behind it.

use super::program::Task;
use crate::effect::Span;
use crate::shell::Word;

/// Most lines of an input that are followed one by one.
const LINES_MAX: usize = 64;

/// Options of xargs whose value is the next word (xargs(1), findutils 4.9).
const VALUED: [&str; 10] = ["-a", "-d", "-E", "-I", "-J", "-L", "-n", "-P", "-s", "-R"];

/// How an input is taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Apart {
    /// At blanks and new lines, but not within quotes and behind a backslash.
    Quoted,
    /// At every such character.
    At(char),
}

/// Returns the words that `text` comes to on the standard input of a wrapper: one list for each time that the command is run.
pub(super) fn handed_on(task: &Task<'_, '_>, text: &str, span: Span) -> Vec<Vec<Word>> {
    let word = |text: &str| Word::text(text, span);
    // With a name to replace, each line is one argument (xargs(1), -I).
    if task.parsed.replaces.is_some() {
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        return lines
            .take(LINES_MAX)
            .map(|line| vec![word(line.trim_start())])
            .collect();
    }
    let words = match apart(task.call.words) {
        Apart::Quoted => arguments(text),
        Apart::At(mark) => text
            .trim_end_matches('\n')
            .split(mark)
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
            .collect(),
    };
    vec![words.iter().map(|text| word(text)).collect()]
}

/// Reads the options in front of the command.
fn apart(words: &[Word]) -> Apart {
    let mut found = Apart::Quoted;
    let mut texts = words.iter().skip(1).map(Word::display);
    while let Some(text) = texts.next().filter(|text| text.starts_with('-')) {
        let short = !text.starts_with("--");
        if text == "--null" || short && text.starts_with("-0") || matches!(&*text, "-r0" | "-t0") {
            found = Apart::At('\0');
        }
        let value = text
            .strip_prefix("--delimiter=")
            .or_else(|| text.strip_prefix("-d"));
        let next = VALUED.contains(&&*text).then(|| texts.next()).flatten();
        if let Some(value) = value {
            let value = if value.is_empty() {
                next.as_deref().unwrap_or_default()
            } else {
                value
            };
            found = Apart::At(match value {
                "\\n" => '\n',
                "\\t" => '\t',
                "\\0" => '\0',
                other => other.chars().next().unwrap_or('\n'),
            });
        }
    }
    found
}

/// Takes a text apart as xargs does when nothing else is said.
fn arguments(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut word: Option<String> = None;
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            ' ' | '\t' | '\n' => found.extend(word.take()),
            '\'' | '"' => {
                let word = word.get_or_insert_default();
                word.extend(letters.by_ref().take_while(|inside| *inside != letter));
            }
            '\\' => word.get_or_insert_default().extend(letters.next()),
            letter => word.get_or_insert_default().push(letter),
        }
    }
    found.extend(word);
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::knowledge::testing::assert_effects;

    #[test]
    fn quotes_and_backslashes_keep_blanks_in_a_word() {
        assert_eq!(arguments("a  b\n"), ["a", "b"]);
        assert_eq!(
            arguments("'a b' \"c d\"e f\\ g ''"),
            ["a b", "c de", "f g", ""]
        );
        assert_eq!(arguments("'a b"), ["a b"]);
        assert!(arguments(" \n").is_empty());
    }

    #[test]
    fn code_that_is_handed_on_is_read_whole() {
        for line in [
            "printf %s 'rm -rf /srv/a' | xargs -0 sh -c",
            "printf %s 'rm -rf /srv/a' | xargs -d '\\n' sh -c",
            "printf %s 'rm -rf /srv/a' | xargs -n 1 --null bash -c",
            "echo \"'rm -rf /srv/a'\" | xargs sh -c",
            "echo 'rm -rf /srv/a' | xargs -I X sh -c X",
        ] {
            let found = crate::knowledge::testing::all_effects(line);
            let takes = found
                .iter()
                .any(|effect| effect.contains("delete path /srv/a"));
            assert!(takes, "{line}: {found:?}");
        }
        assert_effects(&[(
            "printf 'a b' | xargs -0 rm",
            "delete path /home/u/p/a b project",
        )]);
    }
}
