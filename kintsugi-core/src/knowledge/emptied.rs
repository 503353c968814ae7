//! Edits in place that leave nothing: `sed -i 's/.*//'`, `perl -pi -e '$_=""'`, `ex -sc '%d|x'`.
//!
//! Such a command writes to a file as any edit does, and what stood there is gone. Only edits of whole files count; what is
//! taken out of a file line by line is an edit.

use super::analyst::Analyst;
use super::program::Task;
use super::schema::Language;
use crate::effect::{Action, Modifier, Modifiers};
use crate::shell::{Hole, Input, Word};

/// Addresses of sed and ex that every line has.
const EVERYWHERE: [&str; 11] = [
    "", "%", "1,$", "0,$", ",", "/.*/", "/^/", "/$/", "/./", "1~1", "0~1",
];

/// Patterns that match the whole of a line.
const WHOLE: [&str; 14] = [
    "^.*$",
    "^.*",
    ".*$",
    ".*",
    ".+",
    ".\\+",
    "^.+$",
    "^.\\+$",
    "[^\\n]*",
    "\\(.*\\)",
    "(.*)",
    "^(.*)$",
    "^\\(.*\\)$",
    "[\\s\\S]*",
];

impl Analyst<'_> {
    /// Cuts the files that a command edits to nothing.
    pub(super) fn cut_emptied(&mut self, task: &mut Task<'_, '_>) {
        self.cut_listed(task);
        if !leaves_nothing(task) {
            return;
        }
        let files: Vec<Word> = task
            .parsed
            .values
            .iter()
            .filter(|value| value.role == "file")
            .map(|value| value.word.clone())
            .collect();
        for file in files {
            self.path_effect(task, Action::Truncate, &file, Modifiers::NONE);
        }
    }
}

impl Analyst<'_> {
    /// Lines that `sed -i` takes out of whatever files a search found: nobody sees which, and they may be of any kind.
    fn cut_listed(&mut self, task: &mut Task<'_, '_>) {
        if !matches!(task.parsed.path.as_str(), "sed" | "gsed") || !task.parsed.is_set("in-place") {
            return;
        }
        let mut scripts = task.parsed.code.iter().filter_map(|(_, word)| word.known());
        let Some(script) = scripts.find(|script| script.trim_end().ends_with("/d")) else {
            return;
        };
        if cuts_what_was_sought(&task.call, &script) {
            return;
        }
        let is_listed = |word: &Word| {
            let mut holes = word.holes();
            let hole = holes.next();
            word.pieces.len() == 1 && matches!(hole, Some(Hole::Output { .. } | Hole::Other(_)))
        };
        let files = task
            .parsed
            .values
            .iter()
            .filter(|value| value.role == "file");
        let files: Vec<Word> = files
            .map(|value| value.word.clone())
            .filter(is_listed)
            .collect();
        for file in files {
            let with = Modifiers::NONE.with(Modifier::Indirect);
            self.path_effect(task, Action::Truncate, &file, with);
        }
    }
}

/// Whether a script takes out the very lines for which the files were listed: `rg -l 'console\\.log' src | xargs sed -i '/console\\.log/d'`.
fn cuts_what_was_sought(call: &super::analyst::Call<'_>, script: &str) -> bool {
    let Some(pattern) = script
        .trim()
        .strip_prefix('/')
        .and_then(|it| it.strip_suffix("/d"))
    else {
        return false;
    };
    let is_specific = pattern.chars().filter(char::is_ascii_alphanumeric).count() >= 4
        && !pattern.contains(['*', '+', '|']);
    let mut searches = call.scope.script.invocations.iter();
    is_specific
        && searches.any(|it| {
            let words: Vec<String> = it.words.iter().map(Word::display).collect();
            matches!(
                words.first().map(String::as_str),
                Some("grep" | "rg" | "ag")
            ) && words
                .iter()
                .any(|word| word.starts_with('-') && !word.starts_with("--") && word.contains('l'))
                && words.iter().any(|word| word == pattern)
                && it.span.start < call.span.start
        })
}

/// Whether the program text of a command that changes files leaves nothing in them.
fn leaves_nothing(task: &Task<'_, '_>) -> bool {
    let program = task.parsed.path.as_str();
    let code = |language: Language| {
        let codes = task.parsed.code.iter();
        codes
            .filter(move |(known, _)| *known == language)
            .filter_map(|(_, word)| word.known())
    };
    match program {
        "sed" | "gsed" | "ssed" => {
            task.parsed.is_set("in-place") && code(Language::Sed).any(|text| empties_by_sed(&text))
        }
        "awk" | "gawk" | "mawk" | "nawk" => {
            task.parsed.is_set("in-place") && code(Language::Awk).all(|text| prints_nothing(&text))
        }
        "perl" => in_place(task.call.words, |prints| {
            code(Language::Perl).any(|text| empties_by_loop(&text, prints))
        }),
        "ruby" => in_place(task.call.words, |prints| {
            code(Language::Ruby).any(|text| empties_by_loop(&text, prints))
        }),
        "vim" | "ex" | "ed" | "red" => {
            let mut text: String = code(Language::Ex).collect::<Vec<_>>().join("\n");
            if let Some(fed) = &task.call.fed.text {
                text.push('\n');
                text.push_str(fed);
            } else if let Input::Text(word) = task.call.input
                && let Some(fed) = word.known()
            {
                text.push('\n');
                text.push_str(&fed);
            }
            empties_by_editor(&text)
        }
        _ => false,
    }
}

/// Asks about a loop over lines in place: `-pi`, `-ni -e`, `-i -ne`. Not when a copy is kept (`-i.bak`).
fn in_place(words: &[Word], empties: impl Fn(bool) -> bool) -> bool {
    let (mut changes, mut prints, mut loops) = (false, false, false);
    for word in words.iter().skip(1).filter_map(Word::known) {
        let Some(letters) = word.strip_prefix('-').filter(|it| !it.starts_with('-')) else {
            break;
        };
        let cluster: String = letters
            .chars()
            .take_while(|letter| !matches!(letter, 'e' | 'E'))
            .collect();
        if let Some((_, suffix)) = cluster.split_once('i') {
            changes |= suffix.chars().all(|letter| "pnaslw0".contains(letter));
        }
        prints |= cluster.contains('p');
        loops |= cluster.contains('n');
        if letters.contains(['e', 'E']) {
            break;
        }
    }
    changes && (prints || loops) && empties(prints)
}

/// Whether a sed script keeps nothing of any line (`sed(1)`, GNU sed 4.9).
fn empties_by_sed(script: &str) -> bool {
    for part in script.split([';', '\n', '{', '}']) {
        let part = part.trim();
        let at = EVERYWHERE
            .iter()
            .filter(|address| part.starts_with(**address))
            .map(|address| address.len())
            .max();
        let command = part.get(at.unwrap_or(0)..).unwrap_or_default().trim_start();
        let Some(first) = command.chars().next() else {
            continue;
        };
        match first {
            'd' | 'D' | 'z' if command.len() == 1 => return true,
            's' if replaces_line(command) => return true,
            // An edit of some lines, and the next command is asked.
            's' | 'y' | '#' => {}
            // What is kept, printed or skipped elsewhere decides what is left.
            _ => return false,
        }
    }
    false
}

/// `s/.*/…/` with nothing of the line in what it becomes.
fn replaces_line(command: &str) -> bool {
    let mut characters = command.chars();
    characters.next();
    let Some(delimiter) = characters.next() else {
        return false;
    };
    let mut parts = characters.as_str().split(delimiter);
    let (Some(pattern), Some(with)) = (parts.next(), parts.next()) else {
        return false;
    };
    let flags = parts.next().unwrap_or_default();
    let is_whole = WHOLE.contains(&pattern) || pattern == "." && flags.contains('g');
    is_whole && !keeps(with)
}

/// Whether a replacement has something of the line in it.
fn keeps(with: &str) -> bool {
    with.contains(['&', '$']) || (1..=9).any(|number| with.contains(&format!("\\{number}")))
}

/// Whether the body of a loop over lines (`perl -n`, `ruby -p`) leaves none of them.
fn empties_by_loop(code: &str, prints: bool) -> bool {
    if !prints {
        return !["print", "say", "puts", "write", "$_"]
            .iter()
            .any(|word| code.contains(word));
    }
    let plain: String = code
        .chars()
        .filter(|letter| !letter.is_whitespace())
        .collect();
    plain.split(';').any(|part| {
        let assigned = [
            "$_=\"\"",
            "$_=''",
            "undef$_",
            "undef($_)",
            "$_=q()",
            "$_=undef",
        ];
        assigned.contains(&part) || part.starts_with('s') && replaces_line(part)
    })
}

/// Whether an awk program has no way to print: no `print`, and no pattern without an action (`gawk(1)` 5.2, PATTERNS).
fn prints_nothing(program: &str) -> bool {
    if ["print", "getline", "system", "@"]
        .iter()
        .any(|word| program.contains(word))
    {
        return false;
    }
    let mut depth = 0_u32;
    let mut pattern = String::new();
    for letter in program.chars().chain(['\n']) {
        match letter {
            '{' => {
                pattern.clear();
                depth += 1;
            }
            '}' => depth = depth.saturating_sub(1),
            '\n' | ';' if depth == 0 => {
                let test = pattern.trim();
                if !matches!(test, "" | "0" | "!1") && !is_never_set(test, program) {
                    return false;
                }
                pattern.clear();
            }
            other if depth == 0 => pattern.push(other),
            _ => {}
        }
    }
    true
}

/// Whether a pattern of awk is a variable that nothing else in the program names, and so is empty.
fn is_never_set(pattern: &str, program: &str) -> bool {
    let is_name = pattern
        .bytes()
        .all(|letter| letter.is_ascii_lowercase() || letter == b'_');
    is_name && program.matches(pattern).count() == 1
}

/// Whether an editor deletes every line and writes (`:help :d`, Vim 9.1; `ed(1)`, 1.20).
fn empties_by_editor(text: &str) -> bool {
    let (mut emptied, mut written) = (false, false);
    for part in text.split(['\n', '|']) {
        let part = part.trim().trim_start_matches(':');
        let part = part.strip_prefix("normal").map_or(part, str::trim_start);
        let address = ["1,$", "%", ",", "0,$"]
            .iter()
            .find(|address| part.starts_with(**address));
        let command = address.map(|address| part.get(address.len()..).unwrap_or_default());
        emptied |= matches!(
            command.map(|it| it.trim_end_matches([' ', '_'])),
            Some("d" | "de" | "del" | "delete")
        );
        emptied |= matches!(
            part,
            "ggdG" | "! ggdG" | "g/.*/d" | "g/^/d" | "v/a^/d" | "g/./d"
        );
        emptied |= part.starts_with("%s/.*//") || part.starts_with(",s/.*//");
        written |= matches!(
            part,
            "w" | "wq" | "x" | "wq!" | "w!" | "x!" | "wa" | "wqa" | "xa"
        );
    }
    emptied && written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_of_sed_that_keeps_nothing_is_told_from_one_that_edits() {
        for script in [
            "d",
            "s/.*//",
            "s/^.*$//g",
            "1,$d",
            "/./d",
            "s|.*|x|",
            "s/a/b/; s/.*//",
            "s/./x/g",
            "{d}",
        ] {
            assert!(empties_by_sed(script), "{script}");
        }
        for script in [
            "5d",
            "/x/d",
            "s/.*/[&]/",
            "s/.*/\\1/",
            "3s/.*/x/",
            "p;d",
            "$!d",
            "/x/!d",
            "s/a.*//",
            "s/./x/",
            "1,3d",
            "s/^#.*//",
            "",
        ] {
            assert!(!empties_by_sed(script), "{script}");
        }
    }

    #[test]
    fn an_awk_program_without_output_is_told_from_one_with() {
        for program in [
            "0",
            "{}",
            "",
            "{ n++ }",
            "/x/ { n++ }",
            "BEGIN { n = 1 } { n++ }",
            "x",
        ] {
            assert!(prints_nothing(program), "{program}");
        }
        for program in [
            "1",
            "{ gsub(/a/, \"b\") } 1",
            "/x/",
            "{ print }",
            "NR > 1",
            "!x[$0]++",
            "BEGIN { on = 1 } on",
        ] {
            assert!(!prints_nothing(program), "{program}");
        }
    }

    #[test]
    fn an_editor_empties_only_what_it_also_writes() {
        assert!(empties_by_editor("%d|x"));
        assert!(empties_by_editor("1,$d\nw"));
        assert!(empties_by_editor("normal ggdG\nwq"));
        assert!(!empties_by_editor("%d|q!"));
        assert!(!empties_by_editor("%s/a/b/g|x"));
        assert!(!empties_by_editor("5d|x"));
    }

    #[test]
    fn a_loop_that_leaves_no_line_is_told_from_one_that_edits() {
        let words = |text: &str| -> Vec<Word> {
            let words = text.split(' ');
            words
                .map(|word| Word::text(word, crate::effect::Span::default()))
                .collect()
        };
        let empties =
            |line: &str, code: &str| in_place(&words(line), |prints| empties_by_loop(code, prints));
        assert!(empties("perl -pi -e", "s/.*//s"));
        assert!(empties("perl -i -ne", ""));
        assert!(empties("perl -pi -e", "$_ = \"\""));
        assert!(!empties("perl -pi.bak -e", "s/.*//"));
        assert!(!empties("perl -pi -e", "s/foo/bar/"));
        assert!(!empties("perl -ne", ""));
        assert!(!empties("perl -i -ne", "print if /x/"));
    }
}
