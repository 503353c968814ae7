//! What programs print that only repeat, recode or cut text that is known.

use data_encoding::{BASE32, BASE64, HEXLOWER_PERMISSIVE};

use super::words::merged;
use super::{Evaluator, Printed};
use crate::effect::Span;
use crate::shell::{Hole, Input, Piece, Word};

/// Longest text that is computed, in bytes.
const BYTES_MAX: usize = 64 * 1024;

impl Evaluator<'_> {
    /// Returns what `words` print with the input that they have.
    pub(super) fn prints(&mut self, words: &[Word]) -> Printed {
        let Some((program, arguments)) = words.split_first() else {
            return Printed::Nothing;
        };
        let Some(program) = program.known() else {
            return Printed::Anything;
        };
        let program = program.rsplit('/').next().unwrap_or_default().to_owned();
        match program.as_str() {
            "echo" => return Printed::Text(echo(arguments)),
            "true" | ":" | "false" | "test" | "[" | "mkdir" | "touch" | "chmod" | "sleep"
            | "rm" | "export" => {
                return Printed::Nothing;
            }
            "cat" | "tee" | "tac" => return self.repeated(&program, arguments),
            "printf" => return printf(arguments),
            "pwd" => {
                return match self.state.directories.as_ref() {
                    [crate::shell::Directory::Known(path)] => Printed::Text(line(path)),
                    _ => Printed::Anything,
                };
            }
            _ => {}
        }
        let known: Option<Vec<String>> = arguments
            .iter()
            .map(|word| word.known().map(std::borrow::Cow::into_owned))
            .collect();
        let Some(known) = known else {
            return Printed::Anything;
        };
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        let input = self.input_text(&known);
        let text = match program.as_str() {
            "which" => known.last().map(|name| format!("{name}\n")),
            "command" if known.first() == Some(&"-v") => {
                known.get(1).map(|name| format!("{name}\n"))
            }
            "basename" => known.first().map(|path| {
                let name = path
                    .trim_end_matches('/')
                    .rsplit('/')
                    .next()
                    .unwrap_or_default();
                format!(
                    "{}\n",
                    name.strip_suffix(known.get(1).copied().unwrap_or("\0"))
                        .unwrap_or(name)
                )
            }),
            "dirname" => known.first().map(|path| {
                let path = path.trim_end_matches('/');
                format!(
                    "{}\n",
                    path.rsplit_once('/')
                        .map_or(".", |(head, _)| if head.is_empty() { "/" } else { head })
                )
            }),
            "base64" | "base32" | "basenc" | "openssl" => {
                let decodes = known
                    .iter()
                    .any(|word| matches!(*word, "-d" | "-D" | "--decode" | "-di" | "-id"));
                let base32 = program == "base32" || known.contains(&"--base32");
                input
                    .filter(|_| decodes)
                    .and_then(|text| decode(&text, base32))
            }
            "xxd" if known.iter().any(|word| word.starts_with("-r")) => input.and_then(|text| {
                let plain: String = text.chars().filter(|c| !c.is_whitespace()).collect();
                String::from_utf8(HEXLOWER_PERMISSIVE.decode(plain.as_bytes()).ok()?).ok()
            }),
            "rev" => input.map(|text| lines(&text, |line| line.chars().rev().collect())),
            "tr" => input.and_then(|text| translate(&text, &known)),
            "head" | "tail" => input.and_then(|text| ends(&text, &known, program == "head")),
            "sort" | "uniq" if known.is_empty() => input,
            "sed" => input.and_then(|text| substituted(&text, &known)),
            "cut" => input.and_then(|text| cut(&text, &known)),
            "seq" => sequence(&known),
            _ => None,
        };
        text.filter(|text| text.len() <= BYTES_MAX)
            .map_or(Printed::Anything, |text| {
                Printed::Text(Word::text(text, Span::default()))
            })
    }

    /// The text of the standard input or of the files among the operands, when it is known.
    fn input_text(&self, arguments: &[&str]) -> Option<String> {
        for operand in arguments.iter().filter(|word| !word.starts_with('-')) {
            if let Some(text) = self.state.file(operand) {
                return text.known().map(std::borrow::Cow::into_owned);
            }
        }
        match &self.wiring.input {
            Input::Text(word) => word.known().map(std::borrow::Cow::into_owned),
            Input::Inherited | Input::File(_) | Input::Pipe { .. } => None,
        }
    }

    fn repeated(&mut self, program: &str, arguments: &[Word]) -> Printed {
        let operands: Vec<&Word> = arguments
            .iter()
            .filter(|word| {
                !word
                    .known()
                    .is_some_and(|text| text.len() > 1 && text.starts_with('-'))
            })
            .collect();
        let from_input = || match &self.wiring.input {
            Input::Text(word) => Some(word.clone()),
            Input::Inherited | Input::File(_) | Input::Pipe { .. } => None,
        };
        if program == "tee" {
            let Some(text) = from_input() else {
                return Printed::Anything;
            };
            for operand in operands {
                if let Some(path) = operand.known() {
                    self.state.files.push((path.into_owned(), text.clone()));
                }
            }
            return Printed::Text(text);
        }
        let mut pieces = Vec::new();
        for operand in &operands {
            let text = match operand.pieces.as_slice() {
                [Piece::Hole(Hole::Process { first, .. })] => self.process_output(*first).cloned(),
                _ => operand.known().and_then(|path| {
                    if path == "-" {
                        from_input()
                    } else {
                        self.state.file(&path).cloned()
                    }
                }),
            };
            let Some(text) = text else {
                return Printed::Anything;
            };
            pieces.extend(text.pieces);
        }
        let word = if operands.is_empty() {
            let Some(text) = from_input() else {
                return Printed::Anything;
            };
            text
        } else {
            Word {
                pieces: merged(pieces),
                span: Span::default(),
            }
        };
        match (program, word.known()) {
            ("tac", Some(text)) => {
                let mut all: Vec<&str> = text.lines().collect();
                all.reverse();
                Printed::Text(line(&all.join("\n")))
            }
            ("tac", None) => Printed::Anything,
            _ => Printed::Text(word),
        }
    }
}

fn line(text: &str) -> Word {
    Word::text(format!("{text}\n"), Span::default())
}

fn echo(arguments: &[Word]) -> Word {
    let mut rest = arguments;
    let (mut newline, mut escapes) = (true, false);
    while let Some((first, behind)) = rest.split_first() {
        let Some(text) = first.known() else { break };
        let flags = text.strip_prefix('-').unwrap_or_default();
        if flags.is_empty() || !flags.chars().all(|c| matches!(c, 'n' | 'e' | 'E')) {
            break;
        }
        newline &= !flags.contains('n');
        escapes |= flags.contains('e');
        rest = behind;
    }
    let mut pieces = Vec::new();
    for (at, word) in rest.iter().enumerate() {
        if at > 0 {
            pieces.push(Piece::Text(" ".to_owned()));
        }
        pieces.extend(word.pieces.iter().cloned().map(|piece| match piece {
            Piece::Text(text) if escapes => Piece::Text(unescaped(&text)),
            piece => piece,
        }));
    }
    if newline {
        pieces.push(Piece::Text("\n".to_owned()));
    }
    Word {
        pieces: merged(pieces),
        span: arguments.first().map(|word| word.span).unwrap_or_default(),
    }
}

fn printf(arguments: &[Word]) -> Printed {
    let skip = usize::from(arguments.first().and_then(Word::known).as_deref() == Some("--"));
    let arguments = arguments.get(skip..).unwrap_or_default();
    let Some((format, values)) = arguments.split_first() else {
        return Printed::Anything;
    };
    let Some(format) = format.known() else {
        return Printed::Anything;
    };
    let mut pieces = Vec::new();
    let mut values = values.iter();
    loop {
        let before = values.len();
        let mut rest = format.as_ref();
        while let Some(at) = rest.find(['%', '\\']) {
            let (text, behind) = rest.split_at(at);
            pieces.push(Piece::Text(text.to_owned()));
            if behind.starts_with('\\') {
                let mut escaped = String::new();
                rest = escape(behind.get(1..).unwrap_or_default(), &mut escaped, false);
                pieces.push(Piece::Text(escaped));
                continue;
            }
            let spec = behind.get(1..).unwrap_or_default();
            let length = spec
                .find(|c: char| c.is_ascii_alphabetic() || c == '%')
                .unwrap_or(spec.len());
            let kind = spec
                .get(length..)
                .and_then(|text| text.chars().next())
                .unwrap_or('%');
            rest = spec.get(length + kind.len_utf8()..).unwrap_or_default();
            match kind {
                '%' => pieces.push(Piece::Text("%".to_owned())),
                'b' => pieces.extend(
                    values
                        .next()
                        .into_iter()
                        .flat_map(|word| word.pieces.clone())
                        .map(|piece| match piece {
                            Piece::Text(text) => Piece::Text(unescaped(&text)),
                            piece => piece,
                        }),
                ),
                _ => pieces.extend(
                    values
                        .next()
                        .into_iter()
                        .flat_map(|word| word.pieces.clone()),
                ),
            }
        }
        pieces.push(Piece::Text(rest.to_owned()));
        if values.len() == 0 || values.len() == before || pieces.len() > 4_096 {
            break;
        }
    }
    Printed::Text(Word {
        pieces: merged(pieces),
        span: Span::default(),
    })
}

fn unescaped(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('\\') {
        plain.push_str(before);
        rest = escape(behind, &mut plain, false);
    }
    plain + rest
}

/// Resolves the escape behind a backslash; returns what follows it. `quoted` is the form of `$'…'`.
pub(super) fn escape<'t>(behind: &'t str, text: &mut String, quoted: bool) -> &'t str {
    let Some(kind) = behind.chars().next() else {
        text.push('\\');
        return "";
    };
    let rest = behind.get(kind.len_utf8()..).unwrap_or_default();
    let (digits, radix, most) = match kind {
        'x' => (rest, 16, 2),
        'u' => (rest, 16, 4),
        'U' => (rest, 16, 8),
        '0' if !quoted => (rest, 8, 3),
        '0'..='7' => (behind, 8, 3),
        _ => {
            match kind {
                'n' => text.push('\n'),
                't' => text.push('\t'),
                'r' => text.push('\r'),
                'a' => text.push('\u{7}'),
                'b' => text.push('\u{8}'),
                'e' | 'E' => text.push('\u{1b}'),
                'f' => text.push('\u{c}'),
                'v' => text.push('\u{b}'),
                '\\' | '\'' | '"' | '?' => text.push(kind),
                'c' if quoted => {
                    let control = rest.chars().next().unwrap_or_default();
                    text.extend(char::from_u32(u32::from(control) & 0x1F));
                    return rest.get(control.len_utf8()..).unwrap_or_default();
                }
                'c' => return "",
                other => {
                    text.push('\\');
                    text.push(other);
                }
            }
            return rest;
        }
    };
    let length = digits
        .find(|c: char| !c.is_digit(radix))
        .unwrap_or(digits.len())
        .min(most);
    let number = digits
        .get(..length)
        .and_then(|digits| u32::from_str_radix(digits, radix).ok());
    match number {
        Some(number) => text.extend(char::from_u32(number)),
        None => {
            text.push('\\');
            text.push(kind);
        }
    }
    digits.get(length..).unwrap_or_default()
}

fn decode(text: &str, base32: bool) -> Option<String> {
    let plain: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let bytes = if base32 {
        BASE32.decode(plain.as_bytes()).ok()?
    } else {
        let padding = "=".repeat((4 - plain.trim_end_matches('=').len() % 4) % 4);
        BASE64
            .decode(format!("{}{padding}", plain.trim_end_matches('=')).as_bytes())
            .ok()?
    };
    String::from_utf8(bytes).ok()
}

fn lines(text: &str, change: impl Fn(&str) -> String) -> String {
    text.lines().map(|line| change(line) + "\n").collect()
}

fn translate(text: &str, arguments: &[&str]) -> Option<String> {
    let (flags, sets): (Vec<&str>, Vec<&str>) = arguments
        .iter()
        .partition(|word| word.starts_with('-') && word.len() > 1);
    let from = set(sets.first()?);
    let deletes = flags.iter().any(|flag| flag.contains('d'));
    let complement = flags
        .iter()
        .any(|flag| flag.contains('c') || flag.contains('C'));
    if deletes {
        return Some(
            text.chars()
                .filter(|c| from.contains(c) == complement)
                .collect(),
        );
    }
    if complement || !flags.is_empty() {
        return None;
    }
    let to = set(sets.get(1)?);
    let last = to.last().copied()?;
    Some(
        text.chars()
            .map(|c| match from.iter().position(|f| *f == c) {
                Some(at) => to.get(at).copied().unwrap_or(last),
                None => c,
            })
            .collect(),
    )
}

/// The characters of a set of `tr`.
fn set(text: &str) -> Vec<char> {
    let classes = [
        ("[:lower:]", "a-z"),
        ("[:upper:]", "A-Z"),
        ("[:digit:]", "0-9"),
        ("[:space:]", " \t\n"),
        ("[:alpha:]", "A-Za-z"),
    ];
    let text = classes
        .iter()
        .fold(unescaped(text), |text, (class, range)| {
            text.replace(class, range)
        });
    let characters: Vec<char> = text.chars().collect();
    let mut members = Vec::new();
    let mut at = 0;
    while let Some(c) = characters.get(at) {
        if let (Some('-'), Some(end)) = (characters.get(at + 1), characters.get(at + 2)) {
            members.extend(*c..=*end);
            at += 3;
        } else {
            members.push(*c);
            at += 1;
        }
    }
    members
}

fn ends(text: &str, arguments: &[&str], from_start: bool) -> Option<String> {
    let mut count = (10_usize, false);
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        let (flag, value) = word.split_at_checked(2).unwrap_or((word, ""));
        let value = if value.is_empty() { "" } else { value };
        match flag {
            "-n" | "-c" => {
                let value = if value.is_empty() {
                    words.next()?
                } else {
                    value
                };
                count = (value.parse().ok()?, flag == "-c");
            }
            _ => count = (word.strip_prefix('-')?.parse().ok()?, false),
        }
    }
    let (count, bytes) = count;
    if bytes {
        let characters: Vec<char> = text.chars().collect();
        let skip = if from_start {
            0
        } else {
            characters.len().saturating_sub(count)
        };
        return Some(characters.into_iter().skip(skip).take(count).collect());
    }
    let all: Vec<&str> = text.split_inclusive('\n').collect();
    let skip = if from_start {
        0
    } else {
        all.len().saturating_sub(count)
    };
    Some(all.into_iter().skip(skip).take(count).collect())
}

/// `s/x/y/` without patterns.
fn substituted(text: &str, arguments: &[&str]) -> Option<String> {
    let script = arguments.iter().find(|word| !word.starts_with('-'))?;
    let body = script.strip_prefix('s')?;
    let delimiter = body.chars().next()?;
    let mut parts = body.get(delimiter.len_utf8()..)?.split(delimiter);
    let (from, to, flags) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some()
        || from.is_empty()
        || from.contains(['\\', '.', '*', '[', '^', '$'])
        || to.contains(['\\', '&'])
    {
        return None;
    }
    Some(match flags {
        "g" => text.replace(from, to),
        "" => lines(text, |line| line.replacen(from, to, 1)),
        _ => return None,
    })
}

fn cut(text: &str, arguments: &[&str]) -> Option<String> {
    let joined = arguments.join(" ");
    let range = joined.strip_prefix("-c")?.trim();
    let (from, to) = range.split_once('-').unwrap_or((range, range));
    let from: usize = if from.is_empty() {
        1
    } else {
        from.parse().ok()?
    };
    let to: usize = if to.is_empty() {
        usize::MAX
    } else {
        to.parse().ok()?
    };
    Some(lines(text, |line| {
        line.chars()
            .skip(from.saturating_sub(1))
            .take(to.saturating_sub(from.saturating_sub(1)))
            .collect()
    }))
}

fn sequence(arguments: &[&str]) -> Option<String> {
    let numbers: Vec<i64> = arguments
        .iter()
        .map(|word| word.parse().ok())
        .collect::<Option<_>>()?;
    let (from, to) = match numbers.as_slice() {
        [to] => (1, *to),
        [from, to] => (*from, *to),
        _ => return None,
    };
    (to.saturating_sub(from) <= 64).then(|| (from..=to).map(|n| format!("{n}\n")).collect())
}
