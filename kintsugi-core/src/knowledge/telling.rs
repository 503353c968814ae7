//! What in a text, in whatever language, reads like a command of the shell or like a call that takes something away.
//!
//! Knows no program and no effect: what it finds is read by the shell's reader, or judged as a path. See [`super::carried`].

use memchr::memmem;

use super::assumed::TALK;
use crate::effect::{Effect, Modifier};
use crate::shell::{Piece, Word};

/// Most texts of one command that are searched.
pub(super) const TEXTS_MAX: usize = 16;

/// Most commands that one text is taken to hold.
const CANDIDATES_MAX: usize = 24;

/// Longest of them, in bytes.
pub(super) const CANDIDATE_BYTES_MAX: usize = 1024;

/// Most quotes of a line that nothing closes and that are looked behind.
const UNCLOSED_MAX: usize = 3;

/// Names of calls that take something away, in small letters, as a part of what is called.
const LOSING: [&str; 39] = [
    "unlink",
    "removedir",
    "removefile",
    "removeall",
    "remove_all",
    "remove_dir",
    "remove_file",
    "rmtree",
    "rmdir",
    "deletefile",
    "deletedir",
    "deleterecursive",
    "delete_file",
    "delete_dir",
    "file::delete",
    "removeitem",
    "fn.delete",
    "fs.rm",
    "os.remove",
    "os.rename",
    "delete-file",
    "delete-directory",
    "file.delete",
    "trashitem",
    ".rmsync",
    "rm_rf",
    "rm_r(",
    "remove_tree",
    "deleterecursively",
    "remove_entry",
    "directory.delete",
    "deletesync",
    "deletetree",
    "delete-tree",
    "delete_tree",
    "<delete ",
    "io.delete",
    "delete \"",
    "delete(\"",
];

/// What stands in front of a command of the shell in a file of commands of another program: `//go:generate`, lldb 18, gdb 14, Stata 18.
const STARTS: [&str; 5] = [
    "go:generate ",
    "platform shell ",
    "shell ",
    "call system(",
    "winexec ",
];

/// Whether `name` is one of the words of `list`.
pub(super) fn listed(list: &str, name: &str) -> bool {
    let is_edge = |at: Option<usize>| {
        at.and_then(|at| list.as_bytes().get(at))
            .is_none_or(u8::is_ascii_whitespace)
    };
    // Every program of a line is looked for in many lists: a search for its name is several times as fast as taking a list apart.
    !name.is_empty()
        && !name.contains(|letter: char| letter.is_ascii_whitespace())
        && memmem::find_iter(list.as_bytes(), name.as_bytes())
            .any(|at| is_edge(at.checked_sub(1)) && is_edge(Some(at + name.len())))
}

/// Whether a text that begins with the program `name` is taken for a command.
fn is_starter(name: &str) -> bool {
    // Compared by length first, which no list does: every word of every text is asked about.
    matches!(
        name,
        "rm" | "rmdir"
            | "shred"
            | "dd"
            | "truncate"
            | "unlink"
            | "find"
            | "mv"
            | "chmod"
            | "chown"
            | "curl"
            | "wget"
            | "git"
            | "sudo"
            | "doas"
            | "sh"
            | "bash"
            | "zsh"
            | "dash"
            | "env"
            | "nohup"
            | "xargs"
            | "eval"
            | "exec"
            | "nc"
            | "ncat"
            | "socat"
            | "scp"
            | "rsync"
            | "kubectl"
            | "aws"
            | "gcloud"
            | "az"
            | "terraform"
            | "docker"
            | "psql"
            | "mysql"
            | "dropdb"
            | "redis-cli"
            | "systemctl"
            | "python"
            | "python3"
            | "perl"
            | "ruby"
            | "node"
            | "killall"
            | "crontab"
            | "ssh"
            | "wipefs"
            | "gh"
            | "mkfs"
            | "mkfs.ext4"
            | "tee"
            | "cp"
            | "cat"
            | "tar"
            | "gpg"
            | "gsutil"
            | "rclone"
            | "srm"
            | "rimraf"
            | "trash"
    )
}

/// Whether anything in a text could make a command or a call of those that are looked for: cheap, asked first.
pub(super) fn is_telling(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    loses(&lower)
        || memmem::find(lower.as_bytes(), b"include").is_some()
        || text
            .split(|letter: char| {
                !letter.is_ascii_alphanumeric() && !matches!(letter, '-' | '.' | '_')
            })
            .any(is_starter)
}

/// Whether `lower`, a text in small letters, has one of [`LOSING`].
fn loses(lower: &str) -> bool {
    LOSING
        .iter()
        .any(|name| memmem::find(lower.as_bytes(), name.as_bytes()).is_some())
}

/// Parts of a text that read like a command of the shell: a line, what stands behind a colon or an equals sign, a quoted text, and
/// quoted words one behind the other.
pub(super) fn candidates(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for line in text.lines() {
        if found.len() >= CANDIDATES_MAX {
            break;
        }
        if !is_telling(line) {
            continue;
        }
        let plain =
            line.trim_start_matches([' ', '\t', '-', '@', '+', '*', '!', '%', '#', '/', '>']);
        let plain = STARTS
            .iter()
            .find_map(|start| plain.strip_prefix(start))
            .unwrap_or(plain);
        note(&mut found, plain);
        for part in plain.split(['{', '}', ',', '[', ']']) {
            // `\\write18{rm -rf x}`, `%sh{rm -rf x}`.
            note(&mut found, part);
            for mark in [": ", "=", "|", "&&", ";"] {
                if let Some((_, behind)) = part.split_once(mark) {
                    note(&mut found, behind);
                }
            }
        }
        let lists = quoted_lists(line);
        for words in lists.iter().filter(|words| words.len() > 1) {
            note(&mut found, &words.join(" "));
        }
        let quoted: Vec<String> = lists.into_iter().flatten().collect();
        for text in &quoted {
            note(&mut found, text);
        }
        let starts = quoted
            .iter()
            .position(|text| is_starter(base(text)) || is_starter(text));
        if let Some(words) = starts
            .and_then(|at| quoted.get(at..))
            .filter(|words| words.len() > 1)
        {
            note(&mut found, &words.join(" "));
        }
    }
    found
}

/// Adds a text that begins with the name of a program that is looked for.
fn note(found: &mut Vec<String>, text: &str) {
    let text = text.trim().trim_matches(['"', '\'', '`', ',']);
    let is_command = text.len() <= CANDIDATE_BYTES_MAX
        && text.contains(' ')
        && text
            .split_whitespace()
            .next()
            .is_some_and(|first| is_starter(base(first)));
    if is_command && found.len() < CANDIDATES_MAX && !found.iter().any(|it| it == text) {
        found.push(text.to_owned());
    }
}

fn base(program: &str) -> &str {
    program.rsplit('/').next().unwrap_or(program)
}

/// What `program` may be given where a script hands it words of which it is not known whence they come: the lists of its texts, and those of
/// several words, as lines.
pub(super) fn given_lists(program: &str, text: &str) -> String {
    if !is_starter(base(program)) {
        return String::new();
    }
    let lists = text.lines().flat_map(quoted_lists);
    let told = lists.filter(|list| list.len() > 1 || list.iter().any(|it| it.contains(' ')));
    let lines = told.map(|list| format!("{program} {}", list.join(" ")));
    let lines: Vec<String> = lines.take(CANDIDATES_MAX).collect();
    lines.join("\n")
}

/// The texts in quotes of a line.
pub(super) fn quoted(line: &str) -> Vec<String> {
    quoted_lists(line).into_iter().flatten().collect()
}

/// The same; those are together between which only a comma stands.
fn quoted_lists(line: &str) -> Vec<Vec<String>> {
    let mut found: Vec<Vec<String>> = Vec::new();
    let mut count = 0;
    let mut letters = line.chars();
    let mut unclosed = 0;
    let mut is_apart = true;
    while let Some(open) = letters.next() {
        if !matches!(open, '"' | '\'' | '`') {
            is_apart |= open != ',' && !open.is_whitespace();
            continue;
        }
        let behind = letters.clone();
        let mut text = String::new();
        let mut is_closed = false;
        while let Some(letter) = letters.next() {
            if letter == open {
                is_closed = true;
                break;
            }
            match letter {
                '\\' => text.extend(letters.next()),
                letter => text.push(letter),
            }
        }
        if is_closed && count < CANDIDATES_MAX {
            count += 1;
            match found.last_mut().filter(|_| !is_apart) {
                Some(list) => list.push(text),
                None => found.push(vec![text]),
            }
            is_apart = false;
        }
        // The quote of Lisp is never closed: `'[fs]`.
        if !is_closed && unclosed < UNCLOSED_MAX {
            unclosed += 1;
            letters = behind;
        }
    }
    found
}

/// Paths in quotes on a line where a call takes something away: `unlink("/home/u/x")`.
pub(super) fn lost_paths(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in text.lines() {
        let quoted = quoted(line);
        let mut outside = line.to_ascii_lowercase();
        for text in quoted.iter().filter(|text| text.len() > 2) {
            outside = outside.replace(&text.to_ascii_lowercase(), "");
        }
        if !loses(&outside) {
            continue;
        }
        let paths = quoted
            .into_iter()
            .filter(|text| text.len() > 1 && text.starts_with(['/', '~']) && !text.contains(' '));
        found.extend(paths.take(CANDIDATES_MAX.saturating_sub(found.len())));
    }
    found
}

/// The words of a command that hold a text: not those behind an option for people, nor plain names.
pub(super) fn spoken_words(words: &[Word]) -> Vec<String> {
    let mut found = Vec::new();
    let mut before = String::new();
    let mut runs: Option<String> = None;
    for word in words.iter().skip(1) {
        let text = flat(word);
        let option = text
            .strip_prefix('-')
            .map(|rest| rest.trim_start_matches('-'));
        let (name, value) = match option.and_then(|it| it.split_once('=')) {
            Some((name, value)) => (name.to_owned(), value.to_owned()),
            None if option.is_some() => (text.trim_start_matches('-').to_owned(), String::new()),
            None => (std::mem::take(&mut before), text.clone()),
        };
        // `-Dexec.executable=rm -Dexec.args='-rf x'`: a program in one option, its arguments in another.
        let last = name.rsplit(['.', '-', '_']).next().unwrap_or_default();
        if matches!(
            last,
            "executable" | "command" | "cmd" | "program" | "exec" | "binary" | "entrypoint"
        ) && !value.contains(' ')
        {
            runs = Some(value.clone());
        }
        if let Some(program) = &runs
            && matches!(
                last,
                "args" | "arguments" | "argv" | "commandlineArgs" | "arg" | "params"
            )
        {
            found.push(format!("{program} {value}"));
        }
        if value.contains([' ', '(']) && !TALK.contains(&name.as_str()) && found.len() < TEXTS_MAX {
            // `testenv.commands=rm -rf x`
            if let Some((_, behind)) = value
                .split_once('=')
                .filter(|(key, _)| !key.contains([' ', '(']))
            {
                found.push(behind.to_owned());
            }
            found.push(value);
        }
        if option.is_some() {
            before = name;
        }
    }
    found
}

/// The text of a word, with a name for what is not known.
pub(super) fn flat(word: &Word) -> String {
    word.pieces
        .iter()
        .map(|piece| match piece {
            Piece::Text(text) | Piece::Glob(text) => text.as_str(),
            Piece::Hole(_) => "HOLE",
        })
        .collect()
}

/// The effects without those that are there only if what a function is given by whoever calls it is empty: `os.path.join(root, name)`.
pub(super) fn without_nothing(found: Vec<Effect>, text: &str) -> Vec<Effect> {
    if names_given(text) {
        return found;
    }
    let open = found.iter().map(|it| it.target.text.as_str());
    let open: Vec<String> = open
        .filter_map(|it| it.strip_prefix("$…").map(str::to_owned))
        .collect();
    let is_of_nothing = |effect: &Effect| {
        effect.modifiers.contains(Modifier::Unresolved) && open.contains(&effect.target.text)
    };
    let kept = found.into_iter().filter(|it| !is_of_nothing(it));
    kept.collect()
}

/// Whether a text takes something from its surroundings, which may be empty.
fn names_given(text: &str) -> bool {
    [
        "env", "ENV", "argv", "ARGV", "args", "Args", "input", "stdin", "STDIN", "or \"\"",
        "or ''", "\"\"", "''",
    ]
    .iter()
    .any(|name| text.contains(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_in_a_text_is_found_wherever_it_stands() {
        for (text, command) in [
            (
                "hooks: [{id: a, entry: rm -rf /srv/a, pass: no}]",
                "rm -rf /srv/a",
            ),
            ("//go:generate rm -rf /srv/a", "rm -rf /srv/a"),
            ("\trm -rf /srv/a", "rm -rf /srv/a"),
            (
                "Command::new(\"rm\").args([\"-rf\", \"/srv/a\"])",
                "rm -rf /srv/a",
            ),
            ("os.execute(\"rm -rf /srv/a\")", "rm -rf /srv/a"),
            (
                "(system* \"/bin/rm\" \"-rf\" \"/srv/a\")",
                "/bin/rm -rf /srv/a",
            ),
        ] {
            assert!(candidates(text).iter().any(|it| it == command), "{text}");
        }
        assert!(candidates("remove the file, then run it").is_empty());
        assert_eq!(
            lost_paths("int main(){unlink(\"/srv/a.db\");}"),
            ["/srv/a.db"]
        );
        assert!(lost_paths("puts(\"unlink /srv/a\");").is_empty());
    }
}
