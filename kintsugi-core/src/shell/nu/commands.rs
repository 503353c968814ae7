//! Commands of nushell as those of bash.

use super::{Fault, HARMLESS_NAMES, UNREAD, UNREADABLE_NAMES, Word};

/// Commands that make a text out of their words.
const PRODUCING: &str =
    "ansi char date decode encode format from generate help math parse random seq str sys to";

/// The name of a program, if it is not computed.
fn named(bash: &str) -> Result<&str, Fault> {
    if bash.contains("$(") {
        return Err(UNREAD);
    }
    Ok(bash)
}

/// Writes one command.
pub(super) fn of_command(words: &[Word], is_piped: bool) -> Result<String, Fault> {
    let Some((first, rest)) = words.split_first() else {
        // A closure alone, or nothing in front of a pipe: what runs is among the blocks.
        return Ok(if is_piped { "paste" } else { ":" }.to_owned());
    };
    let name = first.typed.as_str();
    if name.starts_with('^') {
        return named(&first.bash).and_then(|name| joined(name, rest));
    }
    if first.is_value || name.starts_with(|letter: char| letter.is_ascii_digit() || letter == '-') {
        return joined("printf '%s\\n'", words);
    }
    if name == "with-env" && rest.first().is_none_or(|word| word.typed != "{}") {
        return Err(UNREAD);
    }
    let second = rest.first().map_or("", |word| word.typed.as_str());
    let is_own = name == "use" && (second == "std" || second.starts_with("std/"))
        || name == "overlay" && second == "list";
    if is_own {
        return Ok(":".to_owned());
    }
    if UNREADABLE_NAMES.contains(name) {
        return Err(UNREAD);
    }
    match name {
        "alias" => of_command(rest.get(2..).unwrap_or_default(), is_piped),
        "run-external" => match rest.split_first() {
            Some((first, rest)) => named(&first.bash).and_then(|name| joined(name, rest)),
            None => Err(UNREAD),
        },
        "print" => joined("echo", rest),
        "start" => joined("xdg-open", rest),
        "open" => joined("cat", &without_options(rest)),
        "save" => joined(saving(rest), &without_options(rest)).map(|text| text + " >/dev/null"),
        "rm" => joined(removing(rest), &without_options(rest)),
        "http" => request(rest),
        name if HARMLESS_NAMES.contains(name) => {
            let told = joined(":", rest)?;
            // What comes out is computed from what goes in, or not known.
            Ok(if is_piped {
                ["{ ", &told, "; paste; }"].concat()
            } else if PRODUCING.split(' ').any(|it| it == name) {
                [&told, "; printf %s \"${computed_value}\""].concat()
            } else {
                told
            })
        }
        _ => joined(&first.bash, rest),
    }
}

/// Writes the words of a command, with its redirections.
fn joined(name: &str, words: &[Word]) -> Result<String, Fault> {
    let mut text = name.to_owned();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        text.push(' ');
        match redirection(&word.typed) {
            Some(mark) => {
                let target = words.next().ok_or(UNREAD)?;
                text.push_str(&[mark, " ", &target.bash].concat());
            }
            None => text.push_str(&word.bash),
        }
    }
    Ok(text)
}

/// `http get`, `http post` with what is sent.
fn request(rest: &[Word]) -> Result<String, Fault> {
    let method = rest.first().map_or("get", |word| word.typed.as_str());
    let is_address =
        |word: &Word| word.typed.contains("://") || word.typed.starts_with(['$', '(', '"', '\'']);
    let at = rest
        .iter()
        .skip(1)
        .position(is_address)
        .map_or(1, |at| at + 1);
    let address = rest.get(at..=at).unwrap_or_default();
    let body = without_options(rest.get(at + 1..).unwrap_or_default());
    let options = rest.get(1..at).unwrap_or_default();
    let carried: Vec<&str> = options.iter().map(|word| word.bash.as_str()).collect();
    let carried = carried
        .iter()
        .filter(|word| word.contains("${") || word.contains("$("));
    let mut curl = match method {
        "get" | "head" | "options" => "curl".to_owned(),
        method => format!("curl -d @- -X {}", method.to_ascii_uppercase()),
    };
    for value in carried {
        curl.push_str(&[" -H ", value].concat());
    }
    let curl = joined(&curl, address)?;
    if body.is_empty() || !curl.starts_with("curl -d") {
        return Ok(curl);
    }
    let printed = joined("printf '%s\\n'", &body)?;
    Ok(["{ ", &printed, " | ", &curl, "; }"].concat())
}

/// `rm` of nushell as that of others: `-t` and `-p` say where to, and are dropped.
fn removing(words: &[Word]) -> &'static str {
    let has = |short: char, long: &str| {
        words.iter().any(|word| {
            let typed = word.typed.as_str();
            typed == long
                || (typed.starts_with('-') && !typed.starts_with("--") && typed.contains(short))
        })
    };
    match (has('r', "--recursive"), has('f', "--force")) {
        (true, true) => "rm -rf --",
        (true, false) => "rm -r --",
        (false, true) => "rm -f --",
        (false, false) => "rm --",
    }
}

/// Without `--force`, `save` writes over nothing.
fn saving(words: &[Word]) -> &'static str {
    let forces = words
        .iter()
        .any(|word| word.typed == "-f" || word.typed == "--force");
    if forces { "tee --" } else { "tee -a --" }
}

fn without_options(words: &[Word]) -> Vec<Word> {
    let kept = words.iter().filter(|word| !word.typed.starts_with('-'));
    kept.map(|word| Word {
        bash: word.bash.clone(),
        typed: word.typed.clone(),
        is_value: word.is_value,
    })
    .collect()
}

/// Sets a variable to what a command prints.
pub(super) fn assign(out: &mut String, target: &str, command: &str) -> Result<(), Fault> {
    let exports = target.strip_prefix("$env.");
    let name = exports.unwrap_or_else(|| target.trim_start_matches('$'));
    let name = name.trim_end_matches(':');
    let is_name = !name.is_empty()
        && name
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    if !is_name {
        return Err(UNREAD);
    }
    let export = if exports.is_some() { "export " } else { "" };
    out.push_str(&[export, name, "=\"$(", command, ")\""].concat());
    Ok(())
}

/// Returns what bash writes for a redirection of nushell.
pub(super) fn redirection(word: &str) -> Option<&'static str> {
    Some(match word {
        "o>" | "out>" => ">",
        "o>>" | "out>>" => ">>",
        "e>" | "err>" => "2>",
        "e>>" | "err>>" => "2>>",
        "o+e>" | "out+err>" | "e+o>" | "err+out>" => "&>",
        "o+e>>" | "out+err>>" | "e+o>>" | "err+out>>" => "&>>",
        _ => return None,
    })
}
