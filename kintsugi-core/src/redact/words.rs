//! Secrets that an option of a program gives away: `--password x`, `mysql -px`, `curl -u me:x`,
//! `sshpass -p x`.

use std::ops::Range;

use super::names;

/// A word of the text with the quotes taken off at its ends.
#[derive(Clone)]
struct Word<'a> {
    text: &'a str,
    span: Range<usize>,
}

/// What stands for every `PROGRAM login`.
const LOGIN: &str = " login";

/// Programs, and options whose next word is a secret.
const SEPARATE: [(&[&str], &[&str]); 17] = [
    (&["sshpass"], &["-p"]),
    // Only behind `login`, see `find`.
    (&[LOGIN], &["-p"]),
    (&["redis-cli"], &["-a"]),
    (
        &[
            "ldapsearch",
            "ldapadd",
            "ldapmodify",
            "ldapdelete",
            "ldapwhoami",
        ],
        &["-w"],
    ),
    (&["zip", "unzip"], &["-P"]),
    (
        &[
            "mongosh",
            "mongo",
            "mongodump",
            "mongorestore",
            "mongoimport",
            "mongoexport",
        ],
        &["-p"],
    ),
    (&["sqlcmd", "bcp"], &["-P"]),
    (&["influx", "clickhouse-client"], &["-t"]),
    (
        &["keytool", "jarsigner"],
        &["-storepass", "-keypass", "-srcstorepass", "-deststorepass"],
    ),
    (&["ipmitool", "mosquitto_pub", "mosquitto_sub"], &["-P"]),
    (&["cqlsh", "rdesktop"], &["-p"]),
    (&["openssl"], &["-k", "-K"]),
    (&["ssh-keygen"], &["-N", "-P"]),
    (&["twine"], &["-p"]),
    (&["gh"], &["-b", "--body"]),
    (&["doctl", "flyctl", "fly"], &["-t"]),
    (&["snmpget", "snmpset", "snmpwalk"], &["-c", "-A", "-X"]),
];

/// Programs, and subcommands whose operand is a secret.
const OPERAND: [(&[&str], &[&str]); 5] = [
    (&["cargo", "vault", "wandb"], &["login"]),
    (&["snyk"], &["auth"]),
    (&["rclone"], &["obscure"]),
    (&["openssl"], &["passwd"]),
    (&["wakatime-cli"], &["--key"]),
];

/// Programs that read a secret from what is printed into them, and what says so; nothing where they always do.
const PIPED: [(&[&str], &[&str]); 8] = [
    (&["sudo"], &["-S", "--stdin"]),
    (
        &[
            "docker", "podman", "nerdctl", "buildah", "skopeo", "helm", "oras", "crane", LOGIN,
        ],
        &["--password-stdin"],
    ),
    (&["gh", "glab", LOGIN], &["--with-token", "--stdin"]),
    (&["chpasswd", "cryptsetup", "smbpasswd"], &[]),
    (&["passwd", "usermod", "pw"], &["--stdin", "-h"]),
    (&["gpg", "gpg2"], &["--passphrase-fd"]),
    (&["vault", "rclone", LOGIN], &["-"]),
    (&["openssl"], &["-stdin"]),
];

/// Programs, and options with `NAME=secret` attached or behind them, whatever the name.
const GIVEN: [(&[&str], &str); 1] = [(&["kubectl", "oc"], "--from-literal")];

/// Programs, and options with a secret attached.
const ATTACHED: [(&[&str], &str); 4] = [
    (
        &[
            "mysql",
            "mariadb",
            "mysqldump",
            "mysqladmin",
            "mysqlimport",
            "mysqlsh",
            "mariadb-dump",
            "mycli",
        ],
        "-p",
    ),
    (&["7z", "7za", "7zr", "rar", "unrar"], "-p"),
    (&["sshpass"], "-p"),
    (&["xfreerdp", "xfreerdp3", "wlfreerdp"], "/p:"),
];

/// Programs, and options whose value is `user:secret`.
const PAIRS: [(&[&str], &[&str]); 3] = [
    (&["curl"], &["-u", "--user", "-U", "--proxy-user"]),
    (&["http", "https", "xh"], &["-a", "--auth"]),
    (&["smbclient", "rpcclient"], &["-U", "--user"]),
];

/// Adds what is found in `text`.
pub(super) fn find(text: &str, found: &mut Vec<Range<usize>>) {
    let words = split(text);
    let mut program = Program::of("");
    // The program that the command begins with, and the first word behind the command.
    let (mut first, mut end) = ("", 0);
    let mut printed: Option<Range<usize>> = None;
    for (index, word) in words.iter().enumerate() {
        if starts_command(text, &words, index) {
            first = base(word.text);
            program.becomes(first);
        } else if matches!(
            program.name,
            "sudo" | "env" | "nohup" | "time" | "exec" | "command"
        ) && !word.text.starts_with('-')
            && !word.text.contains('=')
        {
            program.becomes(base(word.text));
        }
        if word.text == "login" && program.name != "echo" {
            program.becomes(LOGIN);
        }
        let prints = matches!(program.name, "echo" | "printf");
        if prints && word.text != program.name && !word.text.starts_with('-') {
            printed = Some(word.span.clone());
        }
        let next = words.get(index + 1);
        option(program.name, word, next, found);
        if !program.is_listed {
            continue;
        }
        let reads = |(programs, told): &(&[&str], &[&str])| {
            programs.contains(&program.name) && (told.is_empty() || told.contains(&word.text))
        };
        if PIPED.iter().any(reads) {
            found.extend(printed.take());
        }
        listed_option(program.name, word, next, found);
        let operand = |(programs, names): &(&[&str], &[&str])| {
            let of_login = program.name == LOGIN && programs.contains(&first);
            (programs.contains(&program.name) || of_login) && names.contains(&word.text)
        };
        if OPERAND.iter().any(operand) {
            let value = next.filter(|next| !next.text.starts_with('-'));
            found.extend(value.map(|value| value.span.clone()));
        }
        // `htpasswd -b FILE USER PASSWORD`
        if program.name == "htpasswd" && word.text.starts_with('-') && word.text.contains('b') {
            if end <= index {
                let ends = |at: &usize| starts_command(text, &words, *at);
                end = (index + 1..words.len()).find(ends).unwrap_or(words.len());
            }
            let last = end.checked_sub(1).filter(|last| *last > index);
            found.extend(
                last.and_then(|last| words.get(last))
                    .map(|word| word.span.clone()),
            );
        }
    }
}

/// The program whose options stand where the text is read.
struct Program<'a> {
    name: &'a str,
    /// One of the tables names it. Most do not.
    is_listed: bool,
}

impl<'a> Program<'a> {
    fn of(name: &'a str) -> Self {
        Self {
            name,
            is_listed: is_listed(name),
        }
    }

    fn becomes(&mut self, name: &'a str) {
        if self.name != name {
            *self = Self::of(name);
        }
    }
}

fn is_listed(name: &str) -> bool {
    let tables = [SEPARATE.as_slice(), &OPERAND, &PIPED, &PAIRS];
    let attached = ATTACHED.iter().chain(&GIVEN).map(|(programs, _)| *programs);
    let lists = tables.into_iter().flatten().map(|(programs, _)| *programs);
    lists
        .chain(attached)
        .any(|programs| programs.contains(&name))
        || name == "htpasswd"
}

/// Returns the name of a program, without where it is.
fn base(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

/// What an option gives away by itself, whatever program it is of, or to one of these few.
fn option(program: &str, word: &Word<'_>, next: Option<&Word<'_>>, found: &mut Vec<Range<usize>>) {
    let value = next.filter(|next| !next.text.starts_with('-'));
    let named = word
        .text
        .strip_prefix("--")
        .is_some_and(|name| !name.contains('=') && names::is_secret(name));
    // `aws configure set aws_secret_access_key x`, `git config github.token x`, `nmcli … password x`.
    let sets = matches!(
        program,
        "aws" | "git" | "gcloud" | "npm" | "yarn" | "pnpm" | "nmcli"
    );
    if named || sets && !word.text.contains(['=', '/']) && names::is_secret(word.text) {
        found.extend(value.map(|value| value.span.clone()));
    }
    // `openssl … -passin pass:x`.
    if word.text.starts_with("pass:") {
        found.push(word.span.start + "pass:".len()..word.span.end);
    }
}

/// What an option gives away to a program that is listed.
fn listed_option(
    program: &str,
    word: &Word<'_>,
    next: Option<&Word<'_>>,
    found: &mut Vec<Range<usize>>,
) {
    let is = |programs: &[&str]| programs.contains(&program);
    let value = next.filter(|next| !next.text.starts_with('-'));
    let separate = SEPARATE
        .iter()
        .any(|(programs, options)| options.contains(&word.text) && is(programs));
    if separate {
        found.extend(value.map(|value| value.span.clone()));
    }
    for (programs, option) in ATTACHED {
        let attached = word
            .text
            .strip_prefix(option)
            .filter(|rest| !rest.is_empty());
        found.extend(
            attached
                .filter(|_| is(programs))
                .map(|rest| word.span.end - rest.len()..word.span.end),
        );
    }
    for (programs, options) in PAIRS {
        if options.contains(&word.text) && is(programs) {
            found.extend(value.and_then(behind_colon));
        }
    }
    // `curl -sSu me:x`, `curl -ume:x`
    if is(&["curl"]) && word.text.starts_with('-') && !word.text.starts_with("--") {
        match word.text.split_once('u') {
            Some((flags, "")) if flags.len() > 1 => found.extend(value.and_then(behind_colon)),
            Some((_, pair)) if pair.contains(':') => found.extend(behind_colon(word)),
            Some(_) | None => {}
        }
    }
    for (programs, option) in GIVEN {
        let Some(attached) = word.text.strip_prefix(option).filter(|_| is(programs)) else {
            continue;
        };
        let given = if attached.is_empty() {
            value.map(|value| (value.text, value.span.end))
        } else {
            Some((attached.trim_start_matches('='), word.span.end))
        };
        let secret = given.and_then(|(text, end)| Some((text.split_once('=')?.1, end)));
        found.extend(secret.map(|(secret, end)| end - secret.len()..end));
    }
}

/// `secret` of `user:secret` or `user%secret`.
fn behind_colon(word: &Word<'_>) -> Option<Range<usize>> {
    let at = word.text.find([':', '%'])?;
    Some(word.span.start + at + 1..word.span.end)
}

/// Whether a word is the first of a command.
fn starts_command(text: &str, words: &[Word<'_>], index: usize) -> bool {
    let Some(before) = index.checked_sub(1) else {
        return true;
    };
    let between = words
        .get(before)
        .zip(words.get(index))
        .and_then(|(before, word)| text.get(before.span.end..word.span.start));
    between.is_some_and(|between| between.contains(['|', ';', '&', '\n', '(', '`']))
}

/// Splits at white space and operators; quotes keep a word together. Good enough to find options,
/// not to run anything.
fn split(text: &str) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    let mut quote = None;
    let mut start = None;
    let mut push = |range: Range<usize>| {
        let word = text.get(range.clone()).unwrap_or_default();
        let bare = word.trim_start_matches(['"', '\'']);
        let start = range.start + (word.len() - bare.len());
        let bare = bare.trim_end_matches(['"', '\'']);
        words.push(Word {
            text: bare,
            span: start..start + bare.len(),
        });
    };
    for (at, letter) in text.char_indices() {
        let ends = quote.is_none()
            && (letter.is_whitespace()
                || matches!(letter, '|' | ';' | '&' | '(' | ')' | '`' | '<' | '>'));
        match (quote, letter) {
            (None, '"' | '\'') => quote = Some(letter),
            (Some(open), _) if open == letter => quote = None,
            (None | Some(_), _) => {}
        }
        if ends {
            if let Some(start) = start.take() {
                push(start..at);
            }
        } else {
            start.get_or_insert(at);
        }
    }
    if let Some(start) = start {
        push(start..text.len());
    }
    words
}
