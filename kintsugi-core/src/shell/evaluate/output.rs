//! What a command prints, when the text alone tells: `echo`, `printf`, decoders and filters over known input.
//!
//! For reading what would be run, not for running it: what these cannot compute exactly they leave unknown.

use super::super::{Input, Piece, Word};
use super::Machine;
use super::escapes::unescape;
use super::pattern;
use super::state::{self, Pieces};

/// Longest text that is computed, in bytes.
pub(super) const BYTES_MAX: usize = 64 * 1024;

/// Words of `openssl` that name no cipher (openssl-enc(1), 3.0).
const OF_BASE64: [&str; 6] = ["enc", "base64", "-base64", "-d", "-a", "-A"];

/// Programs and builtins that print nothing when all is well, or, like `shopt -p` and `umask`, nothing that could be changed by
/// the text.
const SILENT: [&str; 20] = [
    "true", "false", ":", "set", "shopt", "unset", "test", "[", "touch", "sleep", "shift", "read",
    "exit", "return", "umask", "let", "wait", "break", "continue", "setopt",
];

/// Builtins that print what was defined unless they define something.
const DEFINING: [&str; 7] = [
    "export", "local", "declare", "typeset", "readonly", "alias", "trap",
];

/// Programs that tell what they do when they are asked to.
const VERBOSE: [&str; 6] = ["mkdir", "chmod", "rm", "cp", "mv", "ln"];

/// Whether a command prints nothing when all is well.
pub(super) fn is_silent(words: &[Word]) -> bool {
    let Some(name) = words.first().and_then(Word::known) else {
        return false;
    };
    let arguments = words.get(1..).unwrap_or_default();
    let has_flag = |long: &str, letters: &[char]| {
        arguments.iter().map(Word::display).any(|word| {
            word.starts_with(long)
                || word.starts_with('-') && !word.starts_with("--") && word.contains(letters)
        })
    };
    match &*name {
        "cd" => !arguments.iter().any(|word| word.display() == "-"),
        "alias" => {
            arguments.iter().all(|word| word.display().contains('=')) && !arguments.is_empty()
        }
        "trap" => arguments.len() > 1 && !has_flag("-p", &['p', 'l']),
        name if DEFINING.contains(&name) => {
            !has_flag("-p", &['p', 'f', 'F'])
                && arguments
                    .iter()
                    .any(|word| !word.display().starts_with('-'))
        }
        name if VERBOSE.contains(&name) => !has_flag("--verbose", &['v', 'c']),
        name => SILENT.contains(&name),
    }
}

impl Machine<'_> {
    /// Returns what the command prints, when it is known.
    pub(super) fn produce(&mut self, words: &[Word], input: &Input) -> Option<Pieces> {
        let name = words.first()?.known()?;
        let name = name.rsplit('/').next().unwrap_or_default();
        let arguments = words.get(1..).unwrap_or_default();
        match name {
            "echo" | "print" => return Some(echo(arguments)),
            "printf" => return printf(arguments),
            "cat" | "tee" => return self.concatenate(name, arguments, input),
            "command" | "type" | "which" | "whence" => return located(name, arguments),
            "pwd" if arguments.is_empty() => {
                let path = self.working_directory()?;
                return Some(state::text(path + "\n"));
            }
            _ => {}
        }
        let arguments: Vec<String> = arguments
            .iter()
            .map(|word| state::known(&word.pieces))
            .collect::<Option<_>>()?;
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let lines = match (name, arguments.as_slice()) {
            ("seq", _) => sequence(&arguments)?,
            // gitrepository-layout(5), git 2.47: without `GIT_DIR`, from the top of a working tree.
            ("git", ["rev-parse", "--git-dir" | "--git-common-dir"]) => ".git\n".to_owned(),
            ("git", ["rev-parse", "--git-path", path]) => [".git/", path, "\n"].concat(),
            ("dirname", [path]) => dirname(path),
            ("basename", [path]) => basename(path, ""),
            ("basename", [path, suffix]) => basename(path, suffix),
            _ => {
                let text = self.standard_input(name, &arguments, input)?;
                self.spend(text.len() / 16 + 1, words.first()?.span);
                if text.len() > BYTES_MAX {
                    return None;
                }
                filter(name, &arguments, &text)?
            }
        };
        Some(state::text(lines))
    }

    /// What a filter reads: its input, or the one file it names when this text has written it.
    fn standard_input(&self, name: &str, arguments: &[&str], input: &Input) -> Option<String> {
        let file = arguments
            .last()
            .filter(|last| !last.starts_with('-') && name != "tr");
        if let Some(file) = file
            && let Some(pieces) = self.written(&Word::text(*file, crate::effect::Span::default()))
        {
            return state::known(&pieces);
        }
        if names_file(name, arguments) {
            return None;
        }
        match input {
            Input::Text(word) => state::known(&word.pieces),
            Input::Inherited | Input::File(_) | Input::Pipe { .. } => None,
        }
    }

    fn concatenate(&mut self, name: &str, arguments: &[Word], input: &Input) -> Option<Pieces> {
        let from_input = || match input {
            Input::Text(word) => Some(word.pieces.clone()),
            Input::Inherited | Input::File(_) | Input::Pipe { .. } => None,
        };
        if name == "tee" {
            let pieces = from_input()?;
            let append = arguments
                .iter()
                .any(|word| word.known().as_deref() == Some("-a"));
            for word in arguments {
                if word.known().is_some_and(|word| !word.starts_with('-')) {
                    self.keep_file(&(word.clone(), append), Some(&pieces));
                }
            }
            return Some(pieces);
        }
        let mut all = Vec::new();
        if arguments.is_empty() {
            return from_input();
        }
        for word in arguments {
            let pieces = match word.known().as_deref() {
                Some("-" | "/dev/stdin") => from_input()?,
                Some(option) if option.starts_with('-') => return None,
                None if word.is_pattern() => self.written_all(word)?,
                Some(_) | None => self.written(word).or_else(|| {
                    let [Piece::Hole(super::super::Hole::Process { first, .. })] =
                        word.pieces.as_slice()
                    else {
                        return None;
                    };
                    let printed = self.script.printed.iter().find(|(id, _)| id == first)?;
                    Some(printed.1.pieces.clone())
                })?,
            };
            state::append(&mut all, &pieces);
        }
        Some(all)
    }
}

/// Whether a filter that takes its options in any order reads a file, and not what it is fed.
fn names_file(name: &str, arguments: &[&str]) -> bool {
    let valued: &[&str] = match name {
        "base64" | "base32" => &["-w", "--wrap"],
        "xxd" => &["-s", "-l", "-c", "-g", "-o"],
        "cut" => &["-d", "-f", "-c", "-b"],
        "head" | "tail" => &["-n", "-c"],
        "rev" | "tac" => &[],
        "openssl" => return arguments.contains(&"-in"),
        _ => return false,
    };
    let mut rest = arguments.iter();
    while let Some(word) = rest.next() {
        if valued.contains(word) {
            rest.next();
        } else if !word.starts_with('-') {
            return true;
        }
    }
    false
}

/// `echo`: options, words, blanks between them.
fn echo(arguments: &[Word]) -> Pieces {
    let (mut escapes, mut newline) = (false, true);
    let mut rest = arguments;
    while let Some((first, behind)) = rest.split_first() {
        let Some(option) = first.known() else { break };
        let flags = option.strip_prefix('-').unwrap_or_default();
        if flags.is_empty() || !flags.bytes().all(|flag| matches!(flag, b'e' | b'n' | b'E')) {
            break;
        }
        newline &= !flags.contains('n');
        escapes |= flags.contains('e');
        rest = behind;
    }
    let mut pieces = Vec::new();
    for (number, word) in rest.iter().enumerate() {
        if number > 0 {
            state::append(&mut pieces, &state::text(" "));
        }
        for piece in &word.pieces {
            match piece {
                Piece::Text(text) if escapes => {
                    state::append(&mut pieces, &state::text(unescape(text, false)));
                }
                // A pattern that matches nothing is printed as it is.
                Piece::Text(text) | Piece::Glob(text) => {
                    state::append(&mut pieces, &state::text(text.as_str()));
                }
                Piece::Hole(_) => pieces.push(piece.clone()),
            }
        }
    }
    if newline {
        state::append(&mut pieces, &state::text("\n"));
    }
    pieces
}

/// `printf`: the format is used again while arguments are left.
pub(super) fn printf(arguments: &[Word]) -> Option<Pieces> {
    let mut arguments = arguments;
    while let Some((first, rest)) = arguments.split_first()
        && first.known().as_deref() == Some("--")
    {
        arguments = rest;
    }
    let (format, mut values) = arguments.split_first()?;
    let format = state::known(&format.pieces)?;
    let mut pieces = Vec::new();
    for _ in 0..256 {
        let before = values.len();
        values = formatted(&format, values, &mut pieces)?;
        if values.is_empty() || values.len() == before {
            return Some(pieces);
        }
    }
    None
}

/// Writes the format once; returns the arguments that are left.
fn formatted<'a>(format: &str, mut values: &'a [Word], pieces: &mut Pieces) -> Option<&'a [Word]> {
    let mut rest = format;
    while let Some(at) = rest.find('%') {
        let (before, from) = rest.split_at_checked(at)?;
        state::append(pieces, &state::text(unescape(before, true)));
        let from = from.get(1..)?;
        let width = from.find(|character: char| !"-+ #0123456789.*".contains(character))?;
        let (flags, conversion) = from.split_at_checked(width)?;
        let kind = conversion.chars().next()?;
        rest = conversion.get(kind.len_utf8()..)?;
        if kind == '%' {
            state::append(pieces, &state::text("%"));
            continue;
        }
        let (value, left) = match values.split_first() {
            Some((value, left)) => (value.pieces.clone(), left),
            None => (Vec::new(), values),
        };
        values = left;
        if !flags.is_empty() && kind != 'd' {
            let precision = flags.strip_prefix('.')?.parse::<usize>().ok()?;
            let text: String = state::known(&value)?.chars().take(precision).collect();
            state::append(pieces, &state::text(text));
            continue;
        }
        match kind {
            's' | 'q' => state::append(pieces, &value),
            'b' => state::append(
                pieces,
                &state::text(unescape(&state::known(&value)?, false)),
            ),
            'c' => state::append(
                pieces,
                &state::text(state::known(&value)?.chars().take(1).collect::<String>()),
            ),
            'd' | 'i' | 'u' => {
                let text = state::known(&value)?;
                let number = if text.is_empty() {
                    0
                } else {
                    text.parse::<i64>().ok()?
                };
                let width = flags
                    .trim_start_matches('0')
                    .parse::<usize>()
                    .unwrap_or(0)
                    .min(256);
                let text = if flags.starts_with('0') {
                    format!("{number:0width$}")
                } else {
                    format!("{number:width$}")
                };
                state::append(pieces, &state::text(text));
            }
            'x' => {
                let number = state::known(&value)?.parse::<i64>().ok()?;
                state::append(pieces, &state::text(format!("{number:x}")));
            }
            'o' => {
                let number = state::known(&value)?.parse::<i64>().ok()?;
                state::append(pieces, &state::text(format!("{number:o}")));
            }
            _ => return None,
        }
    }
    state::append(pieces, &state::text(unescape(rest, true)));
    Some(values)
}

/// `command -v x`, `which x`: where programs are installed.
fn located(name: &str, arguments: &[Word]) -> Option<Pieces> {
    let words: Vec<String> = arguments
        .iter()
        .map(|word| state::known(&word.pieces))
        .collect::<Option<_>>()?;
    let program = match (name, words.as_slice()) {
        ("command", [flag, program]) if flag == "-v" => program,
        ("type", [flag, program]) if flag == "-p" || flag == "-P" => program,
        ("which" | "whence", [program]) => program,
        _ => return None,
    };
    if program.contains('/') {
        return Some(state::text(format!("{program}\n")));
    }
    Some(state::text(format!("/usr/bin/{program}\n")))
}

fn sequence(arguments: &[&str]) -> Option<String> {
    let numbers: Vec<i64> = arguments
        .iter()
        .map(|word| word.parse().ok())
        .collect::<Option<_>>()?;
    let (first, step, last) = match numbers.as_slice() {
        [last] => (1, 1, *last),
        [first, last] => (*first, 1, *last),
        [first, step, last] if *step != 0 => (*first, *step, *last),
        _ => return None,
    };
    let mut lines = String::new();
    let mut at = first;
    for _ in 0..=256 {
        if step > 0 && at > last || step < 0 && at < last {
            return Some(lines);
        }
        lines.push_str(&at.to_string());
        lines.push('\n');
        at = at.checked_add(step)?;
    }
    None
}

fn dirname(path: &str) -> String {
    let path = path.trim_end_matches('/');
    let parent = path.rsplit_once('/').map_or(".", |(parent, _)| parent);
    let parent = parent.trim_end_matches('/');
    format!("{}\n", if parent.is_empty() { "/" } else { parent })
}

fn basename(path: &str, suffix: &str) -> String {
    let name = path
        .trim_end_matches('/')
        .rsplit('/')
        .next()
        .unwrap_or_default();
    let stripped = name.strip_suffix(suffix).filter(|name| !name.is_empty());
    format!("{}\n", stripped.unwrap_or(name))
}

/// Applies a filter to the whole of its input.
pub(super) fn filter(name: &str, arguments: &[&str], text: &str) -> Option<String> {
    let decodes = arguments.iter().any(|word| {
        matches!(
            *word,
            "-d" | "-D" | "--decode" | "-di" | "-id" | "-base64" | "base64"
        )
    });
    match (name, arguments) {
        ("base64", _) if decodes => decode(&data_encoding::BASE64, text),
        // With a cipher it is more than that.
        ("openssl", _) if decodes && arguments.iter().all(|word| OF_BASE64.contains(word)) => {
            decode(&data_encoding::BASE64, text)
        }
        ("base32", _) if decodes => decode(&data_encoding::BASE32, text),
        ("base64", [] | ["-w0" | "-w", ..]) => Some(format!(
            "{}\n",
            data_encoding::BASE64.encode(text.as_bytes())
        )),
        ("xxd", _)
            if arguments
                .iter()
                .any(|word| word.starts_with('-') && word.contains('r')) =>
        {
            hexadecimal(text)
        }
        ("rev", _) => Some(per_line(text, |line| line.chars().rev().collect())),
        ("tac", _) => {
            let lines: Vec<&str> = text.lines().rev().collect();
            Some(lines.join("\n") + "\n")
        }
        ("tr", _) => translate(arguments, text),
        ("sed", [script] | ["-e" | "-E" | "-r", script]) => substitute(script, text),
        ("cut", _) => cut(arguments, text),
        ("head" | "tail", _) => ends(name, arguments, text),
        ("sort", []) => {
            let mut lines: Vec<&str> = text.lines().collect();
            lines.sort_unstable();
            Some(lines.join("\n") + "\n")
        }
        ("uniq" | "strings", []) => Some(text.to_owned()),
        ("xargs", []) => Some(format!(
            "{}\n",
            text.split_whitespace().collect::<Vec<_>>().join(" ")
        )),
        ("grep", [pattern]) if pattern.chars().all(char::is_alphanumeric) => Some(
            text.split_inclusive('\n')
                .filter(|line| line.contains(pattern))
                .collect(),
        ),
        _ => None,
    }
}

fn per_line(text: &str, mut change: impl FnMut(&str) -> String) -> String {
    let mut lines: String = text.lines().map(|line| change(line) + "\n").collect();
    if !text.ends_with('\n') {
        lines.pop();
    }
    lines
}

fn decode(encoding: &data_encoding::Encoding, text: &str) -> Option<String> {
    let mut plain: String = text.split_whitespace().collect();
    let group = if encoding.bit_width() == 5 { 8 } else { 4 };
    while !plain.len().is_multiple_of(group) {
        plain.push('=');
    }
    let bytes = encoding.decode(plain.as_bytes()).ok()?;
    String::from_utf8(bytes).ok()
}

fn hexadecimal(text: &str) -> Option<String> {
    let plain: String = text.split_whitespace().collect::<String>().to_lowercase();
    let plain = plain.replace("0x", "").replace("\\x", "");
    let bytes = data_encoding::HEXLOWER.decode(plain.as_bytes()).ok()?;
    String::from_utf8(bytes).ok()
}

/// Returns the characters of a set of `tr`.
fn set(text: &str) -> Vec<char> {
    pattern::ranges(&unescape(text, true))
        .into_iter()
        .flat_map(|(low, high)| (low..=high).take(256))
        .collect()
}

fn translate(arguments: &[&str], text: &str) -> Option<String> {
    let (flags, sets): (Vec<&str>, Vec<&str>) = arguments
        .iter()
        .partition(|word| word.starts_with('-') && word.len() > 1);
    let flags = flags.concat();
    let from = set(sets.first()?);
    let inverted = flags.contains(['c', 'C']);
    let hit = |character: &char| from.contains(character) != inverted;
    if flags.contains('d') {
        return Some(text.chars().filter(|character| !hit(character)).collect());
    }
    let Some(to) = sets.get(1).map(|to| set(to)) else {
        if !flags.contains('s') {
            return None;
        }
        let mut last = None;
        let squeezed = text.chars().filter(|character| {
            let keep = !(hit(character) && last == Some(*character));
            last = Some(*character);
            keep
        });
        return Some(squeezed.collect());
    };
    let end = *to.last()?;
    let mapped = text.chars().map(|character| {
        if inverted {
            return if hit(&character) { end } else { character };
        }
        match from.iter().rposition(|one| *one == character) {
            Some(at) => to.get(at).copied().unwrap_or(end),
            None => character,
        }
    });
    Some(mapped.collect())
}

/// `s/x/y/` and `s/x/y/g` whose pattern is plain text.
fn substitute(script: &str, text: &str) -> Option<String> {
    let mut characters = script.strip_prefix('s')?.chars();
    let delimiter = characters.next()?;
    let mut parts = characters.as_str().split(delimiter);
    let (from, to, flags) = (parts.next()?, parts.next()?, parts.next()?);
    let special = |character: char| ".*[]^$\\+?(){}|&".contains(character);
    if parts.next().is_some()
        || from.is_empty()
        || from.contains(special)
        || to.contains(['\\', '&'])
    {
        return None;
    }
    match flags {
        "" => Some(per_line(text, |line| line.replacen(from, to, 1))),
        "g" => Some(per_line(text, |line| line.replace(from, to))),
        _ => None,
    }
}

/// `cut -c1-3`, `cut -d, -f2`.
fn cut(arguments: &[&str], text: &str) -> Option<String> {
    let joined = arguments.join(" ");
    let value = |flag: &str| {
        let at = joined.find(flag)?;
        let rest = joined.get(at + flag.len()..)?;
        rest.trim_start().split(' ').next()
    };
    let span = |list: &str| -> Option<(usize, usize)> {
        let (first, last) = list.split_once('-').unwrap_or((list, list));
        let first = if first.is_empty() {
            1
        } else {
            first.parse().ok()?
        };
        let last = if last.is_empty() {
            usize::MAX
        } else {
            last.parse().ok()?
        };
        Some((first, last))
    };
    if let Some(list) = value("-c").or_else(|| value("-b")) {
        let (first, last) = span(list)?;
        return Some(per_line(text, |line| {
            let count = last.saturating_sub(first).saturating_add(1);
            line.chars()
                .skip(first.saturating_sub(1))
                .take(count)
                .collect()
        }));
    }
    let (first, last) = span(value("-f")?)?;
    let delimiter = match value("-d") {
        Some(delimiter) => delimiter
            .trim_matches(['\'', '"'])
            .chars()
            .next()
            .unwrap_or(' '),
        None => '\t',
    };
    Some(per_line(text, |line| {
        if !line.contains(delimiter) {
            return line.to_owned();
        }
        let fields = line.split(delimiter).skip(first.saturating_sub(1));
        let count = last.saturating_sub(first).saturating_add(1);
        fields
            .take(count)
            .collect::<Vec<_>>()
            .join(&delimiter.to_string())
    }))
}

/// `head -c 3`, `head -n 1`, `head -1`, and `tail` of lines.
fn ends(name: &str, arguments: &[&str], text: &str) -> Option<String> {
    let joined: String = arguments.concat();
    let flags = joined.strip_prefix('-')?;
    let (bytes, count) = match flags.strip_prefix('c') {
        Some(count) => (true, count),
        None => (false, flags.strip_prefix('n').unwrap_or(flags)),
    };
    let from_start = name == "tail" && count.starts_with('+');
    let count: usize = count.trim_start_matches('+').parse().ok()?;
    if bytes {
        let length = text.len();
        return match (name, from_start) {
            ("head", _) => text.get(..count.min(length)).map(str::to_owned),
            (_, true) => text
                .get(count.saturating_sub(1).min(length)..)
                .map(str::to_owned),
            (_, false) => text.get(length.saturating_sub(count)..).map(str::to_owned),
        };
    }
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    Some(match (name, from_start) {
        ("head", _) => lines.into_iter().take(count).collect(),
        (_, true) => lines.into_iter().skip(count.saturating_sub(1)).collect(),
        (_, false) => {
            let skip = lines.len().saturating_sub(count);
            lines.into_iter().skip(skip).collect()
        }
    })
}
