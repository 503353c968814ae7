//! Commands whose output is a number, a time, a name of this machine or of files, or the sum of a commit, and so no code wherever it is put:
//! `python3 -c "print($(date +%s) - 5)"`.
//!
//! Names of branches and tags are none of these: whoever makes one may write `$(x)` into it (git-check-ref-format(1), git 2.47).

use super::analyst::{Analyst, Scope};
use super::by_variable::is_of_environment;
use super::embedded::Embedded;
use super::feeds::{Feeds, is_secret_variable};
use super::for_tests::only_holds;
use super::schema::Language;
use crate::effect::Action;
use crate::shell::{Hole, Input, Invocation, InvocationId, Piece, Word};

/// Programs that show what is there, and put nothing together. What they show may be anything.
const SHOWING: [&str; 14] = [
    "basename", "cat", "cut", "date", "dirname", "git", "grep", "head", "hostname", "jq", "pwd",
    "tail", "wc", "yq",
];

impl Analyst<'_> {
    /// Where the parts of program text come from that are known only when it runs; what can be no code is left out.
    pub(super) fn code_feeds(word: &Word, scope: &Scope<'_>, language: Language) -> Feeds {
        let mut feeds = Feeds::NONE;
        if language == Language::Redis && only_asks(&word.known_prefix()) {
            return feeds;
        }
        for hole in word.holes() {
            if is_number(hole) {
                continue;
            }
            let is_data = match hole {
                Hole::Output { first, end } => {
                    let printing = scope.script.between(*first, *end);
                    let printing = with_fed(printing, *end, scope);
                    !printing.is_empty()
                        && (printing.iter().all(is_plain)
                            || numbers_lines(printing)
                            || language == Language::Sql && lists_tables(printing)
                            || language == Language::Sed && printing.iter().all(shows))
                }
                // `sed "s/a/$VERSION/"`: nothing of the line says what it is.
                Hole::Variable(name) if language == Language::Sed => !is_secret_variable(name),
                Hole::Variable(name) => {
                    !is_secret_variable(name)
                        && is_of_environment(&scope.script.invocations, name)
                        && stands_as_data(word, hole, language)
                }
                Hole::Process { .. } | Hole::Other(_) => false,
            };
            if !is_data || is_script(word) {
                let alone = Word {
                    pieces: vec![Piece::Hole(hole.clone())],
                    span: word.span,
                };
                feeds = feeds.union(Self::word_feeds(&alone, scope));
            }
        }
        feeds
    }
}

/// The commands of a pipeline whose last ones are those.
fn with_fed<'s>(
    printing: &'s [Invocation],
    end: InvocationId,
    scope: &Scope<'s>,
) -> &'s [Invocation] {
    match printing.first().map(|it| &it.input) {
        Some(Input::Pipe { first, .. }) => scope.script.between(*first, end),
        _ => printing,
    }
}

/// Whether a command of Redis is there that only reads, whichever key follows (Redis 7.4).
fn only_asks(command: &str) -> bool {
    const READING: &str = " get mget hget hmget hgetall hkeys hlen keys scan ttl pttl type exists lrange llen smembers scard zrange zcard \
        strlen memory object dump xlen xrange getrange ";
    command
        .split_once(' ')
        .is_some_and(|(name, _)| super::telling::listed(READING, &name.to_ascii_lowercase()))
}

/// Whether the names of tables are printed, as the catalog of a database has them, perhaps through filters that only choose:
/// `psql -Atc 'select tablename from pg_tables' | sort` (PostgreSQL 17, "System Catalogs"; SQLite 3.47, "The Schema Table"; MySQL 8.4).
fn lists_tables(printing: &[Invocation]) -> bool {
    const CATALOGS: [&str; 9] = [
        "from pg_tables",
        "from pg_class",
        "from pg_database",
        "from pg_stat_user_tables",
        "from information_schema.tables",
        "from sqlite_master",
        "from sqlite_schema",
        "show tables",
        ".tables",
    ];
    let Some((client, filters)) = printing.split_first() else {
        return false;
    };
    let named = |invocation: &Invocation, names: &[&str]| {
        let name = invocation.words.first().and_then(Word::known);
        name.is_some_and(|name| names.contains(&&*name))
    };
    let words: Option<Vec<_>> = client.words.iter().map(Word::known).collect();
    let asks = |word: &std::borrow::Cow<'_, str>| {
        let text = word.to_ascii_lowercase();
        // What is put together there may be anything.
        let is_plain = !text.contains("||")
            && !text.contains('(')
            && !text.trim_end_matches(';').contains(';');
        is_plain && CATALOGS.iter().any(|it| text.contains(it))
    };
    named(client, &["psql", "sqlite3", "mysql", "mariadb", "duckdb"])
        && words.is_some_and(|words| words.iter().any(asks))
        && filters
            .iter()
            .all(|it| named(it, &["tr", "sort", "uniq", "head", "tail", "grep"]))
}

/// Languages in whose texts in quotes nothing is evaluated but what a backslash or a brace says.
const fn has_plain_texts(language: Language) -> bool {
    matches!(
        language,
        Language::Python
            | Language::Javascript
            | Language::Sql
            | Language::Awk
            | Language::Ruby
            | Language::Perl
    )
}

/// Whether a variable stands where a text or an argument stands, and not the code itself: `python3 -c "print('$x')"`, `sh -c "cd $x && make"`.
fn stands_as_data(word: &Word, hole: &Hole, language: Language) -> bool {
    let mut before = String::new();
    for piece in &word.pieces {
        match piece {
            Piece::Text(text) | Piece::Glob(text) => before.push_str(text),
            Piece::Hole(it) if it == hole => {
                let is_data = if language == Language::Shell {
                    is_argument(&before)
                } else {
                    has_plain_texts(language) && is_quoted(&before) && only_holds(&word.display())
                };
                if !is_data {
                    return false;
                }
                before.push('_');
            }
            Piece::Hole(_) => before.push('_'),
        }
    }
    true
}

/// Whether what comes behind a text of the shell is a part of the words of a command that is named.
fn is_argument(before: &str) -> bool {
    let start = before
        .rfind(['\n', ';', '&', '|', '(', ')', '{', '}', '`', '<', '>'])
        .map_or(0, |at| at + 1);
    let command = before.get(start..).unwrap_or_default().trim_start();
    let program = command.split_whitespace().next().unwrap_or_default();
    let is_program = command.contains(char::is_whitespace)
        && program
            .bytes()
            .all(|it| it.is_ascii_alphanumeric() || b"-_./+".contains(&it));
    is_program
        && !matches!(
            program,
            "eval"
                | "exec"
                | "source"
                | "."
                | "trap"
                | "alias"
                | "sh"
                | "bash"
                | "zsh"
                | "xargs"
                | "sudo"
                | "env"
                | "ssh"
        )
}

/// Whether what comes behind a text stands in quotes that were opened and not closed.
fn is_quoted(before: &str) -> bool {
    let mut open = None;
    let mut letters = before.chars();
    while let Some(letter) = letters.next() {
        match (open, letter) {
            (_, '\\') => {
                letters.next();
            }
            (Some(mark), _) if mark == letter => open = None,
            (None, '"' | '\'') => open = Some(letter),
            (Some(_) | None, _) => {}
        }
    }
    open.is_some()
}

/// Whether a hole is a number, whatever it is.
fn is_number(hole: &Hole) -> bool {
    match hole {
        Hole::Other(what) => matches!(*what, "an arithmetic expression" | "the length of a value"),
        Hole::Variable(name) => {
            name.starts_with('#')
                || matches!(
                    name.as_str(),
                    "?" | "$"
                        | "!"
                        | "BASHPID"
                        | "EPOCHSECONDS"
                        | "EUID"
                        | "LINENO"
                        | "PPID"
                        | "RANDOM"
                        | "SECONDS"
                        | "UID"
                )
        }
        Hole::Output { .. } | Hole::Process { .. } => false,
    }
}

/// Whether a part of what was read is the text as a whole, of which nothing more is known.
pub(super) fn is_text_itself(part: &Embedded, text: &Word) -> bool {
    matches!(part, Embedded::Effect { action: Action::Interpret, target, .. } if target == text)
}

/// Whether a hole is all of the text, or begins it and is no address of sed: `sed -n "${a},${b}p"`.
fn is_script(word: &Word) -> bool {
    match word.pieces.as_slice() {
        [Piece::Hole(_), Piece::Text(behind), ..] => {
            !behind.starts_with(['p', 'd', 'q', ',', '=', '!'])
        }
        [Piece::Hole(_), ..] | [] => true,
        [Piece::Text(_) | Piece::Glob(_), ..] => false,
    }
}

/// Whether a command prints the directory of what is installed: `go env GOPATH` (the manuals of each, 2025).
pub(super) fn prints_directory(words: &[Word]) -> bool {
    let known: Option<Vec<_>> = words.iter().map(Word::known).collect();
    let Some(known) = known else { return false };
    let words: Vec<&str> = known.iter().map(|word| &**word).collect();
    matches!(
        words.as_slice(),
        ["go", "env", "GOPATH" | "GOROOT" | "GOBIN"]
            | ["npm" | "pnpm" | "yarn", "bin" | "root" | "prefix", ..]
            | ["npm", "config", "get", "prefix"]
            | ["brew", "--prefix", ..]
            | ["rustc", "--print", "sysroot"]
            | ["poetry", "env", "info", "-p" | "--path"]
            | ["pipenv", "--venv"]
            | ["conda", "info", "--base"]
            | ["pyenv" | "rbenv", "prefix" | "root", ..]
            | ["gem", "env", "home" | "gemdir"]
            | ["python" | "python3", "-m", "site", "--user-base"]
            | ["llvm-config", "--bindir" | "--prefix"]
            | ["pg_config", "--bindir"]
    )
}

/// Whether a pipeline prints the numbers of lines: `grep -n x FILE | head -1 | cut -d: -f1`. Of several files the first field is a name.
fn numbers_lines(printing: &[Invocation]) -> bool {
    let Some((search, rest)) = printing.split_first() else {
        return false;
    };
    let known = |it: &Invocation| -> Option<Vec<String>> {
        let words = it.words.iter().map(Word::known);
        words.map(|word| Some(word?.into_owned())).collect()
    };
    let is_search = || {
        let words = known(search)?;
        let (program, words) = words.split_first()?;
        let is_option = |word: &&String| word.starts_with('-') && word.len() > 1;
        let options: Vec<&String> = words.iter().filter(is_option).collect();
        let is_plain = |it: &&String| {
            let mut letters = it.bytes().skip(1);
            letters.all(|letter| b"nEFPiwxqsm0123456789".contains(&letter))
        };
        let numbers = options.iter().any(|it| it.contains('n'));
        // `-m 1`
        let is_amount = |it: &&String| it.bytes().all(|letter| letter.is_ascii_digit());
        let operands = words.len() - options.len() - words.iter().filter(is_amount).count();
        Some(
            matches!(program.as_str(), "grep" | "egrep" | "fgrep")
                && numbers
                && options.iter().all(is_plain)
                && operands <= 2,
        )
    };
    let is_field = |words: &[&str]| {
        matches!(
            words,
            ["cut", "-d:", "-f1"]
                | ["cut", "-d", ":", "-f1"]
                | ["cut", "-f1", "-d:"]
                | ["cut", "-d", ":", "-f", "1"]
                | ["awk", "-F:", "{print $1}"]
        )
    };
    let mut cuts = false;
    let is_rest = rest.iter().all(|it| {
        let Some(words) = known(it) else { return false };
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        cuts |= is_field(&words);
        is_field(&words)
            || matches!(words.as_slice(), ["head" | "tail" | "sort", options @ ..] if options.iter().all(|it| {
                let signs = it.trim_start_matches('-');
                it.bytes().all(|letter| letter.is_ascii_digit())
                    || it.starts_with('-') && signs.bytes().all(|letter| letter.is_ascii_digit() || letter == b'n')
            }))
    });
    cuts && is_rest && is_search().unwrap_or(false)
}

fn shows(invocation: &Invocation) -> bool {
    let name = invocation.words.first().and_then(Word::known);
    name.is_some_and(|name| SHOWING.contains(&&*name))
}

/// Whether a command can print nothing that is code.
fn is_plain(invocation: &Invocation) -> bool {
    let known: Option<Vec<_>> = invocation.words.iter().map(Word::known).collect();
    let Some(known) = known else { return false };
    let words: Vec<&str> = known.iter().map(|word| &**word).collect();
    match words.as_slice() {
        ["nproc" | "uuidgen" | "whoami" | "hostname"]
        | ["id", "-u" | "-g" | "-un" | "-gn"]
        | ["git", "rev-parse", "HEAD" | "--show-toplevel"]
        | ["git", "rev-parse", "--short", "HEAD"]
        | ["git", "rev-list", "--count", ..]
        | ["git", "log", "-1", "--format=%H" | "--format=%h" | "--format=%ct" | "--pretty=%H" | "--pretty=%h"]
        | ["wc", "-l" | "-c" | "-w"]
        // Signs are left out of what is plain.
        | ["tr", "-d", _]
        // Names of files, as those that a pattern finds.
        | ["git", "diff", "--name-only", ..]
        | ["git", "ls-files", ..]
        | ["ls", ..] => true,
        // A new name, put together of the signs that the template has.
        ["mktemp", options @ ..] => options.iter().all(|option| {
            let mut signs = option.bytes();
            signs.all(|it| it.is_ascii_alphanumeric() || b"-_./".contains(&it))
        }),
        ["node", "-p", code] => code
            .strip_prefix("require('./package.json').")
            .or_else(|| code.strip_prefix("require(\"./package.json\")."))
            .is_some_and(|rest| rest.bytes().all(|it| it.is_ascii_alphanumeric())),
        ["date", options @ ..] => options.iter().all(|option| is_time(option)),
        ["uname", options @ ..] => options.iter().all(|option| option.starts_with('-')),
        // No sign of them says anything to any reader but a slash.
        ["openssl", "rand", "-hex" | "-base64", number] => number.bytes().all(|it| it.is_ascii_digit()),
        ["find", options @ ..] => !options.iter().any(|option| {
            ["print", "exec", "ok"].iter().any(|it| option.contains(it)) || *option == "-ls"
        }),
        _ => false,
    }
}

/// Whether an option of `date` says how a time is written, by its signs alone (date(1), coreutils 9.4).
fn is_time(option: &str) -> bool {
    let Some(format) = option.strip_prefix('+') else {
        return matches!(
            option,
            "-u" | "-I" | "-R" | "-Iseconds" | "-Is" | "--utc" | "--iso-8601"
        );
    };
    // `%-d`: a sign may say how its number is filled up.
    let format = format.replace("%-", "%");
    let mut letters = format.chars();
    while let Some(letter) = letters.next() {
        let is_sign = match letter {
            '%' => letters.next().is_some_and(|it| it.is_ascii_alphabetic()),
            letter => letter.is_ascii_digit() || "-_:. TZ/".contains(letter),
        };
        if !is_sign {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::is_time;

    #[test]
    fn a_time_is_written_by_its_signs() {
        for format in ["+%s", "+%F", "+%Y-%m-%dT%H:%M:%SZ", "+%-d", "-u"] {
            assert!(is_time(format), "{format}");
        }
        for format in ["+rm -rf ~", "+%F; rm", "-d $(x)", "-f", "+$(x)"] {
            assert!(!is_time(format), "{format}");
        }
    }
}
