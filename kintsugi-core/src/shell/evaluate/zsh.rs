//! Arrays as zsh has them: `$x` is every element, the first is `$x[1]`, and a part of a text is taken in the same way (zshparam(1) 5.9,
//! "Array Parameters" and "Subscripts").

use super::super::{Dialect, Hole, Piece, Word};
use super::Machine;
use super::parameters::Found;
use super::state::{self, Pieces, Value};
use crate::effect::Span;

impl Machine<'_> {
    /// Whether arrays are those of zsh.
    pub(super) fn has_zsh_arrays(&self) -> bool {
        self.dialect == Dialect::Zsh && !self.ksh_arrays
    }

    /// Builtins that change what words and names mean: `setopt ksh_arrays`, `emulate bash` (zshoptions(1): case and `_` do not count),
    /// `zmodload zsh/mapfile`, `hash x=/bin/rm`, `print -P` (zshbuiltins(1) and zshmodules(1) 5.9).
    pub(super) fn builtins_of_zsh(&mut self, name: &str, arguments: &[Word]) {
        if self.dialect != Dialect::Zsh {
            return;
        }
        let mut words = arguments.iter().map(Word::display);
        let plain = |word: String| word.to_ascii_lowercase().replace('_', "");
        match name {
            "setopt" | "set" => self.ksh_arrays |= words.map(plain).any(|word| word == "ksharrays"),
            "emulate" => {
                self.ksh_arrays |=
                    words.any(|word| matches!(word.as_str(), "sh" | "ksh" | "csh" | "bash"));
            }
            "zmodload" => self.has_mapfile |= words.any(|word| word == "zsh/mapfile"),
            "hash" if !words.clone().any(|word| word == "-d") => {
                for word in words {
                    if let Some((name, path)) = word.split_once('=') {
                        self.state.aliases.insert(name, path.to_owned());
                    }
                }
            }
            "print"
                if words
                    .clone()
                    .any(|word| word.starts_with('-') && word.contains('P')) =>
            {
                for word in arguments {
                    if let Some(text) = word.known() {
                        self.expanded_again(&text, word.span);
                    }
                }
            }
            // What a shell that runs beside is told (zshbuiltins(1) 5.9, "print -p").
            "print"
                if words
                    .clone()
                    .any(|word| word.starts_with('-') && word.contains('p')) =>
            {
                let is_shell = |words: &[Word]| {
                    let name = words.first().and_then(Word::known);
                    words.len() == 1 && matches!(name.as_deref(), Some("zsh" | "bash" | "sh"))
                };
                let mut beside = self.script.invocations.iter();
                if beside.any(|it| is_shell(&it.words)) {
                    let texts = arguments.iter().filter_map(Word::known);
                    let told: Vec<_> = texts.filter(|text| !text.starts_with('-')).collect();
                    let span = arguments.first().map(|word| word.span);
                    self.text(&told.join(" "), span.unwrap_or_default());
                }
            }
            "unset" if self.has_mapfile => {
                for word in words.collect::<Vec<_>>() {
                    let file = word
                        .strip_prefix("mapfile[")
                        .and_then(|it| it.strip_suffix(']'));
                    if let Some(file) = file {
                        let span = arguments.first().map(|word| word.span);
                        self.text(&format!("rm -f -- \"{file}\""), span.unwrap_or_default());
                    }
                }
            }
            _ => {}
        }
    }

    /// What reads a redirection that stands alone: `READNULLCMD=sh; < FILE` (zshmisc(1) 5.9, "Redirections with no command").
    pub(super) fn null_command(&mut self, span: Span) -> Option<Word> {
        if self.dialect != Dialect::Zsh {
            return None;
        }
        let mut named = ["READNULLCMD", "NULLCMD"].into_iter();
        let value = named.find_map(|name| self.value(name))?;
        let pieces = value.scalar();
        (!pieces.is_empty()).then_some(Word { pieces, span })
    }

    /// What `path` holds is in `PATH` (zshparam(1) 5.9, "Parameters Used By The Shell").
    pub(super) fn tie_path(&mut self, name: &str) {
        if name != "path" || self.dialect != Dialect::Zsh {
            return;
        }
        let Some(Value::List(elements)) = self.value(name) else {
            return;
        };
        let mut joined = Pieces::new();
        for (at, (_, pieces)) in elements.iter().enumerate() {
            state::append(&mut joined, &state::text(if at == 0 { "" } else { ":" }));
            state::append(&mut joined, pieces);
        }
        self.state.set("PATH", Value::Scalar(joined), true);
    }

    /// The coprocess of `>&p`, as bash names it (zshmisc(1) 5.9, "Coprocesses").
    pub(super) fn coprocess(&self, word: &Word) -> Option<Word> {
        let is_meant = self.dialect == Dialect::Zsh && word.known().as_deref() == Some("p");
        is_meant.then(|| Word {
            pieces: vec![Piece::Hole(Hole::Variable("COPROC".to_owned()))],
            span: word.span,
        })
    }

    /// `$commands[rm]`, the file of a program: as good as its name (zshmodules(1) 5.9, "zsh/parameter").
    pub(super) fn in_command_table(&self, name: &str, subscript: Option<&str>) -> Option<Found> {
        let program = subscript.filter(|_| name == "commands" && self.dialect == Dialect::Zsh)?;
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        program
            .bytes()
            .all(is_name)
            .then(|| Found::One(state::text(program)))
    }

    /// What a variable with or without a subscript stands for.
    pub(super) fn found_in_zsh(&mut self, value: Value, subscript: Option<&str>) -> Found {
        let all = |elements: Vec<(String, Pieces)>| {
            Found::Several(elements.into_iter().map(|(_, pieces)| pieces).collect())
        };
        match (value, subscript) {
            (Value::List(elements), None | Some("@" | "*")) => all(elements),
            (Value::Scalar(pieces), None | Some("@" | "*")) => Found::One(pieces),
            (Value::List(elements), Some(key)) => {
                if let Some(pieces) = named(&elements, key) {
                    return Found::One(pieces);
                }
                match self.range(key, elements.len()) {
                    // Numbers may be left out: `m[10]=x`.
                    Some(Range::One(at)) => {
                        let number = at.to_string();
                        let found = elements.iter().find(|(known, _)| *known == number);
                        let found = found.or_else(|| elements.get(at));
                        Found::One(found.map(|(_, pieces)| pieces.clone()).unwrap_or_default())
                    }
                    Some(Range::Part(from, count)) => {
                        let part = elements.into_iter().skip(from).take(count);
                        Found::Several(part.map(|(_, pieces)| pieces).collect())
                    }
                    None => Found::Unknown(part()),
                }
            }
            (Value::Scalar(pieces), Some(key)) => {
                let Some(text) = state::known(&pieces) else {
                    return Found::Unknown(part());
                };
                let (from, count) = match self.range(key, text.chars().count()) {
                    Some(Range::One(at)) => (at, 1),
                    Some(Range::Part(from, count)) => (from, count),
                    None => return Found::Unknown(part()),
                };
                let characters = text.chars().skip(from).take(count);
                Found::One(state::text(characters.collect::<String>()))
            }
        }
    }

    /// What a subscript says of so many elements: `2`, `-1`, `2,-1`.
    fn range(&mut self, key: &str, count: usize) -> Option<Range> {
        if let Some((from, to)) = key.split_once(',') {
            let from = self.position(from, count)?;
            let to = self.position(to, count)?;
            return Some(Range::Part(from, (to + 1).saturating_sub(from)));
        }
        self.position(key, count).map(Range::One)
    }

    /// A position, counted from nought. What lies in front of the first is taken for it.
    fn position(&mut self, key: &str, count: usize) -> Option<usize> {
        let number = self.arithmetic(key, Span::default())?;
        let from_start = if number < 0 {
            i64::try_from(count).ok()?.saturating_add(number)
        } else {
            number - 1
        };
        usize::try_from(from_start.max(0)).ok()
    }
}

/// What a subscript chooses.
enum Range {
    /// One, by its number.
    One(usize),
    /// From a number on, so many.
    Part(usize, usize),
}

/// The element of an associative array, whose literal may be keys and values in turn.
fn named(elements: &[(String, Pieces)], key: &str) -> Option<Pieces> {
    let plain = key.trim_matches(['"', '\'']);
    if plain.parse::<i64>().is_ok() && elements.iter().all(|(key, _)| key.parse::<i64>().is_ok()) {
        return None;
    }
    let by_key = elements.iter().find(|(known, _)| known == plain);
    let in_turn = || {
        let mut pairs = elements.chunks_exact(2);
        pairs.find_map(|pair| match pair {
            [(_, name), value] if state::known(name).as_deref() == Some(plain) => Some(value),
            _ => None,
        })
    };
    by_key.or_else(in_turn).map(|(_, pieces)| pieces.clone())
}

fn part() -> Pieces {
    vec![Piece::Hole(Hole::Other("a part of a value"))]
}
