//! Commands of cmd as those of bash.

use super::{Fault, UNREAD, Word, push_quoted};

/// Commands of cmd itself, behind whose name a switch or a path may stand without a blank.
const OWN: [&str; 24] = [
    "rmdir", "rd", "del", "erase", "echo", "copy", "move", "rename", "ren", "mkdir", "md", "type",
    "chdir", "cd", "pushd", "popd", "exit", "start", "call", "cls", "title", "dir", "rem", "goto",
];

/// Commands that change nothing outside of the session.
const QUIET: &str = "rem setlocal endlocal cls title ver vol pause goto shift color chcp verify prompt exit break timeout";

/// Writes a command; the first word is its name.
pub(super) fn written(words: Vec<Word>) -> Result<String, Fault> {
    let mut words = words.into_iter();
    let Some(first) = words.next() else {
        return Ok(":".to_owned());
    };
    if first.obscure {
        return Err("a command whose name is a part of a variable");
    }
    let rest: Vec<Word> = words.collect();
    let lower = first.plain.to_ascii_lowercase();
    let lower = lower.strip_suffix(".exe").unwrap_or(&lower);
    let own = OWN.into_iter().find(|own| {
        lower
            .strip_prefix(own)
            .is_some_and(|behind| behind.is_empty() || is_joined(own, behind))
    });
    let Some(own) = own.filter(|_| !first.quoted) else {
        return Ok(program(lower, &first, &rest));
    };
    let mut switches = String::new();
    let mut operands: Vec<Word> = Vec::new();
    let behind = first.plain.get(own.len()..).unwrap_or_default();
    for word in [joined_word(behind)].into_iter().flatten().chain(rest) {
        let plain = word.plain.to_ascii_lowercase();
        // Behind the program that is started, switches are its own.
        let is_inner = own == "call" || own == "start" && operands.iter().any(|it| !it.quoted);
        if is_switch(own, &plain) && !word.quoted && own != "echo" && !is_inner {
            switches.push_str(&plain);
        } else {
            operands.push(word);
        }
    }
    command(own, &switches, operands)
}

/// `/s`, `/a:h`, `/s/q`; a path of this system is none.
fn is_switch(own: &str, text: &str) -> bool {
    let Some(text) = text.strip_prefix('/') else {
        return false;
    };
    let is_long = |it: &str| own == "start" && ["wait", "min", "max"].contains(&it);
    text.split('/')
        .all(|it| it.len() <= 2 || it.contains(':') && it.len() <= 6 || is_long(it))
}

fn is_joined(own: &str, behind: &str) -> bool {
    behind.starts_with('/')
        || behind.starts_with(['.', '\\']) && matches!(own, "cd" | "chdir" | "echo")
        || behind.starts_with([':', '(', '[', '+', ',']) && own == "echo"
}

fn joined_word(behind: &str) -> Option<Word> {
    if behind.is_empty() {
        return None;
    }
    let mut bash = String::new();
    push_quoted(&mut bash, &behind.replace('\\', "/"));
    Some(Word {
        bash,
        plain: behind.to_owned(),
        quoted: false,
        obscure: false,
    })
}

fn all(words: &[Word]) -> String {
    words
        .iter()
        .map(|word| [" ", &word.bash].concat())
        .collect()
}

/// One of cmd's own commands.
fn command(own: &str, switches: &str, operands: Vec<Word>) -> Result<String, Fault> {
    let has = |switch: &str| switches.contains(switch);
    let told = |name: &str| Ok([name, &all(&operands)].concat());
    if QUIET.split(' ').any(|it| it == own) {
        return Ok(":".to_owned());
    }
    match own {
        "rd" | "rmdir" | "del" | "erase" if has("/s") => told("rm -rf --"),
        "rd" | "rmdir" => told("rmdir --"),
        "del" | "erase" => told("rm -f --"),
        "md" | "mkdir" => told("mkdir -p --"),
        "copy" => told("cp --"),
        "move" | "ren" | "rename" => told("mv --"),
        "type" => told("cat --"),
        "dir" => told("ls --"),
        "popd" => told("popd"),
        "cd" | "chdir" | "pushd" if operands.is_empty() => Ok("pwd".to_owned()),
        "cd" | "chdir" => told("cd --"),
        "pushd" => told("pushd"),
        "echo" => {
            let plain = operands.first().map_or("", |word| word.plain.as_str());
            let is_state =
                operands.len() == 1 && matches!(plain, "on" | "off" | "ON" | "OFF" | ".");
            if is_state {
                Ok(":".to_owned())
            } else {
                told("echo")
            }
        }
        "call" => {
            let is_label = operands
                .first()
                .is_some_and(|word| word.plain.starts_with(':'));
            if is_label {
                Ok(":".to_owned())
            } else {
                written(operands)
            }
        }
        "start" => {
            let mut operands = operands;
            if operands.first().is_some_and(|word| word.quoted) {
                operands.remove(0);
            }
            let is_address = operands
                .first()
                .is_some_and(|word| word.plain.contains("://") || word.plain == ".");
            if is_address {
                return Ok(["xdg-open", &all(&operands)].concat());
            }
            let is_at = switches.contains("/d") && operands.len() > 1;
            if is_at {
                let directory = operands.remove(0);
                return Ok(["cd -- ", &directory.bash, " && ", &written(operands)?].concat());
            }
            written(operands)
        }
        _ => Err(UNREAD),
    }
}

/// A program with its words.
fn program(name: &str, first: &Word, rest: &[Word]) -> String {
    let is_known = name
        .bytes()
        .all(|it| it.is_ascii_alphanumeric() || b"-_.".contains(&it));
    if !is_known || name.is_empty() {
        return [&first.bash, all(rest).as_str()].concat();
    }
    if QUIET.split(' ').any(|it| it == name) {
        return ":".to_owned();
    }
    let plain: Vec<Word> = rest
        .iter()
        .filter(|word| !word.plain.starts_with('/'))
        .cloned()
        .collect();
    match name {
        "findstr" | "find" => ["grep --", &all(&plain)].concat(),
        "more" => ["cat --", &all(&plain)].concat(),
        "where" => ["which", &all(&plain)].concat(),
        "tasklist" => "ps".to_owned(),
        _ => [name, &all(rest)].concat(),
    }
}
