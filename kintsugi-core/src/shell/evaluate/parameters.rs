//! Parameter expansion: `$x`, `"$@"`, and every `${…}` of bash(1), on values that are known.

use super::super::tree::Raw;
use super::super::{Hole, Piece};
use super::Machine;
use super::fields::Fields;
use super::operators::{PATTERN_TEXT_MAX, Parsed, capital, replaced, trim, unescaped_slash};
use super::pattern::Pattern;
use super::state::{self, Pieces, Value};

/// What a parameter is.
pub(super) enum Found {
    /// The text does not set it.
    Unset,
    /// One value, perhaps with holes.
    One(Pieces),
    /// `$@`, `${x[@]}`.
    Several(Vec<Pieces>),
    /// A value that is known only when it runs.
    Unknown(Pieces),
}

/// Steps of matching patterns that are one unit of work.
const STEPS_A_UNIT: usize = 8;

/// Variables that every session has: their defaults are not what counts.
const INHERITED: [&str; 20] = [
    "HOME",
    "USER",
    "LOGNAME",
    "PATH",
    "SHELL",
    "PWD",
    "OLDPWD",
    "TMPDIR",
    "TERM",
    "LANG",
    "HOSTNAME",
    "UID",
    "EUID",
    "PPID",
    "RANDOM",
    "SECONDS",
    "LINENO",
    "BASH_VERSION",
    "EDITOR",
    "PIPESTATUS",
];

impl Machine<'_> {
    /// Takes one of `count` alternatives: the others are taken in other rounds of the same command.
    fn choose(&mut self, name: &str, count: usize) -> usize {
        if count <= 1 {
            return 0;
        }
        let choice = self.choices.entry(name.to_owned());
        let (chosen, _) = choice.or_insert((0, count));
        (*chosen).min(count - 1)
    }

    /// Returns the value of a variable, one of its alternatives.
    pub(super) fn value(&mut self, name: &str) -> Option<Value> {
        let count = self.state.variable(name)?.values.len();
        let chosen = self.choose(name, count);
        self.state.variable(name)?.values.get(chosen).cloned()
    }

    /// Finds a parameter, and pays for its size: values may grow with every use.
    fn find(&mut self, name: &str, subscript: Option<&str>) -> Found {
        if let Some(subscript) = subscript {
            self.expanded_again(subscript, crate::effect::Span::default());
        }
        let found = self.look_up(name, subscript);
        let size = match &found {
            Found::Unset => 0,
            Found::One(pieces) | Found::Unknown(pieces) => state::size(pieces),
            Found::Several(values) => values.iter().map(|value| state::size(value) + 40).sum(),
        };
        if size > 64 && !self.spend(size / 8, crate::effect::Span::default()) {
            return Found::Unknown(state::unknown(name));
        }
        found
    }

    /// A positional parameter that the text does not set: empty at a prompt, but the text may be a part of a script.
    fn absent(&mut self, name: &str) -> Found {
        if !self.state.given && self.choose(name, 2) == 0 {
            return Found::Unknown(state::unknown(name));
        }
        Found::Unset
    }

    fn look_up(&mut self, name: &str, subscript: Option<&str>) -> Found {
        let positional = self.state.positional.clone();
        if name.starts_with(|first: char| first.is_ascii_digit()) && name != "0" {
            let number = name.parse::<usize>().unwrap_or(usize::MAX);
            return match positional {
                None => Found::Unknown(state::unknown(name)),
                Some(all) => match all.get(number.wrapping_sub(1)) {
                    Some(value) => Found::One(value.clone()),
                    None => self.absent(name),
                },
            };
        }
        match name {
            "@" | "*" => match positional {
                None => Found::Unknown(state::unknown(name)),
                Some(all) if all.is_empty() => match self.absent(name) {
                    Found::Unset => Found::Several(Vec::new()),
                    found @ (Found::One(_) | Found::Several(_) | Found::Unknown(_)) => found,
                },
                Some(all) => Found::Several(all.to_vec()),
            },
            "#" => match positional {
                None => Found::Unknown(state::unknown(name)),
                Some(all) => Found::One(state::text(all.len().to_string())),
            },
            "?" | "-" | "$" | "!" | "_" => Found::Unknown(state::unknown(name)),
            "IFS" if self.state.variable(name).is_none() => Found::One(state::text(" \t\n")),
            "PWD" => match self.working_directory() {
                Some(path) => Found::One(state::text(path)),
                None => Found::Unknown(state::unknown(name)),
            },
            _ => self.find_variable(name, subscript),
        }
    }

    fn find_variable(&mut self, name: &str, subscript: Option<&str>) -> Found {
        let Some(value) = self.value(name) else {
            if let Some(program) = self.in_command_table(name, subscript) {
                return program;
            }
            let external = INHERITED.contains(&name) || subscript.is_some();
            return if external {
                Found::Unknown(state::unknown(name))
            } else {
                Found::Unset
            };
        };
        if self.has_zsh_arrays() {
            return self.found_in_zsh(value, subscript);
        }
        let all = matches!(subscript, Some("@" | "*"));
        match (value, subscript) {
            (Value::List(elements), Some(_)) if all => {
                Found::Several(elements.into_iter().map(|(_, pieces)| pieces).collect())
            }
            (Value::List(elements), Some(key)) => {
                let key = self.key(key, &elements);
                let found = elements.into_iter().find(|(known, _)| *known == key);
                found.map_or(Found::One(Vec::new()), |(_, pieces)| Found::One(pieces))
            }
            (value @ (Value::List(_) | Value::Scalar(_)), None) => Found::One(value.scalar()),
            (Value::Scalar(pieces), Some(_)) if all => Found::Several(vec![pieces]),
            (Value::Scalar(pieces), Some("0")) => Found::One(pieces),
            (Value::Scalar(_), Some(_)) => Found::One(Vec::new()),
        }
    }

    /// Evaluates a subscript: a number, from the end when negative, or the name of an element.
    pub(super) fn key(&mut self, key: &str, elements: &[(String, Pieces)]) -> String {
        let plain = key.trim_matches(['"', '\'']);
        let associative = elements.iter().any(|(key, _)| key.parse::<i64>().is_err());
        if associative || elements.iter().any(|(known, _)| known == plain) {
            let pieces = self
                .single(&super::words::fixed(key, crate::effect::Span::default()))
                .pieces;
            return state::known(&pieces).unwrap_or_else(|| plain.to_owned());
        }
        match self.arithmetic(key, crate::effect::Span::default()) {
            Some(number) if number < 0 => {
                let count = i64::try_from(elements.len()).unwrap_or(0);
                (count + number).to_string()
            }
            Some(number) => number.to_string(),
            None => plain.to_owned(),
        }
    }

    /// Expands `$name`.
    pub(super) fn parameter(&mut self, name: &str, quoted: bool, fields: &mut Fields) {
        match self.find(name, None) {
            Found::Several(values) if name == "@" || !quoted => fields.several(&values, quoted),
            Found::Several(values) => fields.quoted(&joined(&values, &self.joint())),
            Found::One(pieces) => fields.add(&pieces, quoted),
            Found::Unset if name.bytes().all(|byte| byte.is_ascii_digit()) => {
                if quoted {
                    fields.quoted(&[]);
                }
            }
            Found::Unset => fields.quoted(&state::unknown(name)),
            Found::Unknown(pieces) => fields.quoted(&pieces),
        }
    }

    /// What `"$*"` joins with: the first character of IFS.
    fn joint(&self) -> String {
        let ifs = self
            .state
            .variable("IFS")
            .and_then(|ifs| ifs.values.first());
        let Some(ifs) = ifs else {
            return " ".to_owned();
        };
        let text = state::known(&ifs.scalar()).unwrap_or_else(|| " ".to_owned());
        text.chars().next().map(String::from).unwrap_or_default()
    }

    /// Expands `${…}`; `raw` is what stands between the braces.
    pub(super) fn braced(&mut self, raw: &Raw, quoted: bool, fields: &mut Fields) {
        let text = raw.text().to_owned();
        // zsh expands the value again with the flag `e`: `${(e)x}` (`zshexpn(1)` 5.9, Parameter Expansion Flags).
        if let Some((flags, name)) = text.strip_prefix('(').and_then(|it| it.split_once(')'))
            && flags.contains('e')
        {
            self.value_again(name, crate::effect::Span::default());
        }
        let parsed = Parsed::new(&text);
        let Some(parsed) = parsed else {
            // Whatever becomes of it, what stands in it runs: `${(f)"$(x)"}`.
            self.expanded_again(&text, raw.span());
            fields.quoted(&[Piece::Hole(Hole::Other("an expansion that is not known"))]);
            return;
        };
        if parsed.prefix == Some('!') {
            self.indirect(&parsed, raw, quoted, fields);
            return;
        }
        let found = self.find(parsed.name, parsed.subscript);
        if parsed.prefix == Some('#') {
            fields.add(&length(parsed.name, found), quoted);
            return;
        }
        self.operate(&parsed, found, raw, (quoted, fields));
    }

    /// `${!x}`: the variable that `x` names; `${!x[@]}`: its keys; `${!x@}`: names.
    fn indirect(&mut self, parsed: &Parsed<'_>, raw: &Raw, quoted: bool, fields: &mut Fields) {
        if matches!(parsed.subscript, Some("@" | "*")) {
            match self.value(parsed.name) {
                Some(Value::List(elements)) => {
                    let keys: Vec<_> = elements
                        .into_iter()
                        .map(|(key, _)| state::text(key))
                        .collect();
                    fields.several(&keys, quoted);
                }
                Some(Value::Scalar(_)) => fields.add(&state::text("0"), quoted),
                None => fields.quoted(&state::unknown(parsed.name)),
            }
            return;
        }
        let target = match self.find(parsed.name, parsed.subscript) {
            Found::One(pieces) => state::known(&pieces),
            Found::Unset | Found::Several(_) | Found::Unknown(_) => None,
        };
        let Some(target) = target.filter(|target| !target.starts_with('!')) else {
            fields.quoted(&state::unknown(parsed.name));
            return;
        };
        let Some(aimed) = Parsed::new(&target) else {
            fields.quoted(&state::unknown(parsed.name));
            return;
        };
        let found = self.find(aimed.name, aimed.subscript);
        let parsed = Parsed {
            prefix: None,
            name: aimed.name,
            subscript: aimed.subscript,
            ..*parsed
        };
        self.operate(&parsed, found, raw, (quoted, fields));
    }

    /// Applies the operator to what was found.
    fn operate(&mut self, parsed: &Parsed<'_>, found: Found, raw: &Raw, to: (bool, &mut Fields)) {
        let (quoted, fields) = to;
        let operand = raw.part(parsed.operand.min(raw.end - raw.start), raw.end - raw.start);
        match parsed.operator {
            "" => self.plain(parsed, found, quoted, fields),
            ":-" | "-" | ":=" | "=" | ":?" | "?" | ":+" | "+" => {
                self.conditional(parsed, found, &operand, (quoted, fields));
            }
            _ => {
                let several = matches!(found, Found::Several(_));
                let values = match found {
                    Found::Several(values) => values,
                    Found::One(pieces) | Found::Unknown(pieces) => vec![pieces],
                    Found::Unset => vec![state::unknown(parsed.name)],
                };
                if several && parsed.operator == ":" {
                    let values =
                        self.slice(values, &operand, parsed.name == "@" || parsed.name == "*");
                    fields.several(&values, quoted);
                    return;
                }
                let values: Vec<_> = values
                    .into_iter()
                    .map(|value| self.transform(parsed, value, &operand))
                    .collect();
                fields.several(&values, quoted);
            }
        }
    }

    fn plain(&mut self, parsed: &Parsed<'_>, found: Found, quoted: bool, fields: &mut Fields) {
        match found {
            Found::Several(values) => {
                // `"$x"` of zsh is one text, as `"$*"` is.
                let star = parsed.name == "*"
                    || parsed.subscript == Some("*")
                    || parsed.subscript.is_none() && parsed.name != "@";
                if star && quoted {
                    fields.quoted(&joined(&values, &self.joint()));
                } else {
                    fields.several(&values, quoted);
                }
            }
            Found::One(pieces) => fields.add(&pieces, quoted),
            Found::Unset if parsed.name.bytes().all(|byte| byte.is_ascii_digit()) => {
                if quoted {
                    fields.quoted(&[]);
                }
            }
            Found::Unset => fields.quoted(&state::unknown(parsed.name)),
            Found::Unknown(pieces) => fields.quoted(&pieces),
        }
    }

    /// `:-`, `:=`, `:?`, `:+` and their spellings without a colon.
    fn conditional(
        &mut self,
        parsed: &Parsed<'_>,
        found: Found,
        operand: &Raw,
        to: (bool, &mut Fields),
    ) {
        let (quoted, fields) = to;
        let colon = parsed.operator.starts_with(':');
        let kind = parsed.operator.trim_start_matches(':');
        let (set, value) = match found {
            Found::One(pieces) => (Some(!(colon && pieces.is_empty())), pieces),
            Found::Several(values) => (Some(!values.is_empty()), joined(&values, " ")),
            Found::Unset => (Some(false), state::unknown(parsed.name)),
            Found::Unknown(pieces) => (None, pieces),
        };
        // A value with holes may be empty; one that is all hole may be anything.
        let open = value.iter().all(|piece| matches!(piece, Piece::Hole(_))) && !value.is_empty();
        let set = if open && set == Some(true) { None } else { set };
        let unset_outside = set == Some(false) && open;
        let uses = match (kind, set) {
            ("+", Some(set)) if !unset_outside => set,
            ("+", _) => self.choose(&format!("{}+", parsed.name), 2) == 0,
            ("?", _) => false,
            (_, Some(set)) => !set,
            (_, None) => self.choose(&format!("{}-", parsed.name), 2) == 1,
        };
        if !uses {
            if kind != "+" {
                fields.add(&value, quoted);
            }
            return;
        }
        if quoted {
            // Inside double quotes a single quote is a character.
            let pieces = if operand.text().contains('"') {
                self.operand(operand, false)
            } else {
                self.double_quoted(operand)
            };
            fields.quoted(&pieces);
        } else {
            // The operand is a word of its own: its quotes count.
            let outer = std::mem::replace(&mut fields.operand, true);
            self.expand(operand, fields);
            fields.operand = outer;
        }
        if kind == "=" {
            let pieces = self.operand(operand, false);
            self.state.set(parsed.name, Value::Scalar(pieces), false);
        }
    }

    /// `${@:2}`, `${x[@]:1:2}`.
    fn slice(&mut self, mut values: Vec<Pieces>, operand: &Raw, positional: bool) -> Vec<Pieces> {
        let text = operand.text().to_owned();
        let (offset, length) = text
            .split_once(':')
            .map_or((text.as_str(), None), |(o, l)| (o, Some(l)));
        let offset = self.arithmetic(offset, operand.span());
        let length = length.map(|length| self.arithmetic(length, operand.span()));
        let (Some(offset), false) = (offset, length == Some(None)) else {
            return vec![vec![Piece::Hole(Hole::Other("a part of a list"))]];
        };
        if positional && offset == 0 {
            values.insert(0, state::unknown("0"));
        }
        let offset = if positional && offset > 0 {
            offset - 1
        } else {
            offset
        };
        let count = i64::try_from(values.len()).unwrap_or(0);
        let start = if offset < 0 { count + offset } else { offset };
        let start = usize::try_from(start.max(0)).unwrap_or(usize::MAX);
        let take = length
            .flatten()
            .map_or(usize::MAX, |take| usize::try_from(take).unwrap_or(0));
        values.into_iter().skip(start).take(take).collect()
    }

    /// `#`, `%`, `/`, `^`, `,`, `:offset`, `@Q` on one value.
    fn transform(&mut self, parsed: &Parsed<'_>, value: Pieces, operand: &Raw) -> Pieces {
        let open = || vec![Piece::Hole(Hole::Other("a part of a value"))];
        if let Some(with) = self.affix(parsed, operand) {
            let (mut front, behind) = match parsed.operator {
                "/#" => (with, value),
                _ => (value, with),
            };
            state::append(&mut front, &behind);
            return front;
        }
        let Some(text) = state::known(&value) else {
            // With something else put into it, it is no longer what a command printed.
            if matches!(value.as_slice(), [Piece::Hole(Hole::Output { .. })])
                && parsed.operator.starts_with('/')
            {
                return [value, open()].concat();
            }
            return value;
        };
        self.spend(text.len() / 16, operand.span());
        let characters: Vec<char> = text.chars().collect();
        match parsed.operator {
            ":" => self
                .substring(&characters, operand)
                .map_or_else(open, state::text),
            "@" => match operand.text() {
                "U" => state::text(text.to_uppercase()),
                "L" => state::text(text.to_lowercase()),
                "u" => state::text(capital(&text, true)),
                "E" => state::text(super::escapes::unescape(&text, true)),
                "Q" => state::text(format!("'{}'", text.replace('\'', "'\\''"))),
                "P" => self.expanded_again(&text, operand.span()),
                "A" | "K" | "k" | "a" => value,
                _ => open(),
            },
            "^^" => state::text(text.to_uppercase()),
            ",," => state::text(text.to_lowercase()),
            "^" => state::text(capital(&text, true)),
            "," => state::text(capital(&text, false)),
            "#" | "##" | "%" | "%%" => {
                let pieces = self.operand(operand, true);
                let pattern = Pattern::new(&pieces);
                let mut steps = 0;
                let trimmed = pattern
                    .and_then(|pattern| trim(&pattern, &characters, parsed.operator, &mut steps));
                self.spend(steps / STEPS_A_UNIT, operand.span());
                // `${HOME%/*}`: nothing is left of `/root`, and of another home what lies above it.
                if parsed.name == "HOME" && trimmed.as_deref() == Some("") {
                    return state::text("/");
                }
                trimmed.map_or_else(open, state::text)
            }
            _ => self
                .replace(parsed.operator, &characters, operand)
                .unwrap_or_else(open),
        }
    }

    /// What `${x/#/text}` puts in front of a value, and `${x/%/text}` behind it: a pattern that is empty matches there, whatever the
    /// value is (bash(1) 5.2 and zshexpn(1) 5.9, "Parameter Expansion").
    fn affix(&mut self, parsed: &Parsed<'_>, operand: &Raw) -> Option<Pieces> {
        let text = operand.text();
        if !matches!(parsed.operator, "/#" | "/%") || unescaped_slash(text) != Some(0) {
            return None;
        }
        let with = operand.part(1, text.len());
        Some(self.operand(&with, false))
    }

    fn substring(&mut self, characters: &[char], operand: &Raw) -> Option<String> {
        let text = operand.text().to_owned();
        let (offset, length) = match text.split_once(':') {
            Some((offset, length)) => (offset, Some(length)),
            None => (text.as_str(), None),
        };
        let offset = self.arithmetic(offset, operand.span())?;
        let count = i64::try_from(characters.len()).ok()?;
        let start = if offset < 0 {
            (count + offset).max(0)
        } else {
            offset.min(count)
        };
        let end = match length {
            None => count,
            Some(length) => match self.arithmetic(length, operand.span())? {
                length if length < 0 => (count + length).max(start),
                length => start.saturating_add(length).min(count),
            },
        };
        let (start, end) = (usize::try_from(start).ok()?, usize::try_from(end).ok()?);
        Some(characters.get(start..end)?.iter().collect())
    }

    /// `${x/pattern/text}`, `//`, `/#`, `/%`.
    fn replace(&mut self, operator: &str, characters: &[char], operand: &Raw) -> Option<Pieces> {
        let text = operand.text();
        let slash = unescaped_slash(text);
        let (pattern, with) = match slash {
            Some(at) => (operand.part(0, at), Some(operand.part(at + 1, text.len()))),
            None => (operand.part(0, text.len()), None),
        };
        let pattern = self.operand(&pattern, true);
        let pattern = Pattern::new(&pattern)?;
        let with = match with {
            Some(with) => {
                let pieces = self.operand(&with, false);
                state::known(&pieces)?
            }
            None => String::new(),
        };
        if characters.len() > PATTERN_TEXT_MAX {
            return None;
        }
        let mut steps = 0;
        let replaced = replaced(&pattern, characters, (&with, operator), &mut steps);
        self.spend((steps + characters.len()) / STEPS_A_UNIT, operand.span());
        replaced.map(state::text)
    }
}

fn length(name: &str, found: Found) -> Pieces {
    match found {
        Found::Several(values) => state::text(values.len().to_string()),
        Found::One(pieces) => state::known(&pieces).map_or_else(
            || vec![Piece::Hole(Hole::Other("the length of a value"))],
            |text| state::text(text.chars().count().to_string()),
        ),
        Found::Unset | Found::Unknown(_) => state::unknown(&format!("#{name}")),
    }
}

fn joined(values: &[Pieces], with: &str) -> Pieces {
    let mut pieces = Vec::new();
    for (number, value) in values.iter().enumerate() {
        if number > 0 {
            state::append(&mut pieces, &state::text(with));
        }
        state::append(&mut pieces, value);
    }
    pieces
}
