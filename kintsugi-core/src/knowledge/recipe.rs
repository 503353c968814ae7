//! What `make clean` and `npm run build` run: the lines of a project's own file that belong to the names on the command line.
//!
//! Makefiles are read as far as their recipes, variables and prerequisites are written out (GNU make 4.4); what make would compute
//! is a hole. Bounded by the length of the text and by [`LINES_MAX`].

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

/// Most lines that one call runs.
const LINES_MAX: usize = 400;
/// Deepest nesting of variables.
const DEPTH_MAX: usize = 8;
/// Most variables that are filled in for one call: those that name one another could be any number.
const FILLS_MAX: usize = 4_000;
/// Longest line after its variables are filled in, in bytes.
const LINE_BYTES_MAX: usize = 8 * 1024;

/// One line for a shell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// Where it stands in the file, from 1.
    pub(super) number: u32,
    /// What the shell is given.
    pub(super) text: String,
}

/// Returns what the file called `name` with `text` runs for the words behind the command; nothing when it is no such file.
pub(super) fn read(name: &str, text: &str, words: &[String]) -> Option<Vec<Line>> {
    match name {
        "package.json" => Some(package(text, words)),
        ".envrc" => Some(vec![Line {
            number: 1,
            text: text.to_owned(),
        }]),
        name if is_makefile(name) => Some(makefile(text, words)),
        _ => None,
    }
}

/// Whether a file of that name is read for what a command of it runs.
pub(super) fn is_read(name: &str) -> bool {
    is_makefile(name) || matches!(name, "package.json" | ".envrc")
}

/// The names under which make looks for its file, in order.
pub(super) const MAKEFILES: [&str; 3] = ["GNUmakefile", "makefile", "Makefile"];

fn is_makefile(name: &str) -> bool {
    MAKEFILES.contains(&name)
}

/// The scripts of a `package.json` that a name stands for: npm runs `pre` and `post` around it (npm-run(1), npm 10).
fn package(text: &str, words: &[String]) -> Vec<Line> {
    let Ok(serde_json::Value::Object(package)) = serde_json::from_str(text) else {
        return Vec::new();
    };
    let scripts = package.get("scripts").and_then(|it| it.as_object());
    let mut lines = Vec::new();
    for name in words.iter().take(1) {
        for name in [format!("pre{name}"), name.clone(), format!("post{name}")] {
            let script = scripts.and_then(|scripts| scripts.get(&name)?.as_str());
            if let Some(script) = script {
                lines.push(Line {
                    number: line_of(text, &format!("\"{name}\"")),
                    text: script.to_owned(),
                });
            }
        }
    }
    lines
}

fn line_of(text: &str, what: &str) -> u32 {
    let before = text.split_once(what).map_or("", |(before, _)| before);
    u32::try_from(before.matches('\n').count() + 1).unwrap_or(u32::MAX)
}

/// A makefile, as far as it is written out.
#[derive(Default)]
struct Makefile {
    variables: BTreeMap<String, String>,
    /// For each target: what must be made before, and its recipe.
    rules: BTreeMap<String, (Vec<String>, Vec<Line>)>,
    /// The target that is made when none is named.
    first: Option<String>,
    /// Commands that run while it is read.
    shells: Vec<Line>,
    /// Variables that were filled in so far.
    fills: Cell<usize>,
}

fn makefile(text: &str, words: &[String]) -> Vec<Line> {
    let mut makefile = Makefile::default();
    makefile.parse(text);
    let mut targets: Vec<String> = Vec::new();
    for word in words {
        match word.split_once('=') {
            Some((name, value)) => {
                makefile.variables.insert(name.to_owned(), value.to_owned());
            }
            None => targets.push(word.clone()),
        }
    }
    if targets.is_empty() {
        targets.extend(makefile.first.clone());
    }
    let mut lines = std::mem::take(&mut makefile.shells);
    let mut made: BTreeSet<String> = BTreeSet::new();
    while let Some(target) = targets.pop() {
        let Some((needs, recipe)) = makefile.rules.get(&target) else {
            continue;
        };
        if !made.insert(target.clone()) || lines.len() > LINES_MAX {
            continue;
        }
        let around = (target.as_str(), needs.as_slice());
        lines.extend(recipe.iter().map(|line| Line {
            number: line.number,
            text: makefile.filled(&line.text, around, 0),
        }));
        targets.extend(needs.iter().cloned());
    }
    lines.truncate(LINES_MAX);
    lines
}

impl Makefile {
    fn parse(&mut self, text: &str) {
        let mut current: Vec<String> = Vec::new();
        let mut lines = text.lines().zip(1_u32..).peekable();
        while let Some((line, number)) = lines.next() {
            let mut whole = line.to_owned();
            while whole.ends_with('\\') {
                let Some((more, _)) = lines.next() else { break };
                whole.push('\n');
                whole.push_str(more.strip_prefix('\t').unwrap_or(more));
            }
            if let Some(recipe) = whole.strip_prefix('\t') {
                self.recipe(&current, recipe, number);
                continue;
            }
            let plain = whole.split('#').next().unwrap_or_default().trim();
            if plain.is_empty() {
                continue;
            }
            self.at_reading(plain, number);
            if let Some((name, value)) = assignment(plain) {
                self.variables.insert(name.to_owned(), value.to_owned());
            } else if let Some((targets, rest)) = plain.split_once(':') {
                current = self.rule(targets, rest.trim_start_matches(':'), number);
            }
        }
    }

    fn recipe(&mut self, targets: &[String], recipe: &str, number: u32) {
        let text = recipe.trim_start_matches(['@', '-', '+', ' ', '\t']);
        for target in targets {
            if let Some((_, lines)) = self.rules.get_mut(target) {
                lines.push(Line {
                    number,
                    text: text.to_owned(),
                });
            }
        }
    }

    /// Begins a rule; returns its targets.
    fn rule(&mut self, targets: &str, rest: &str, number: u32) -> Vec<String> {
        let (needs, inline) = match rest.split_once(';') {
            Some((needs, inline)) => (needs, Some(inline)),
            None => (rest, None),
        };
        let around = ("", [].as_slice());
        let words = |text: &str| -> Vec<String> {
            let filled = self.filled(text, around, 0);
            filled.split_whitespace().map(str::to_owned).collect()
        };
        let (targets, needs) = (words(targets), words(needs));
        let is_first = |target: &&String| !target.starts_with('.') && !target.contains('%');
        if self.first.is_none() {
            self.first = targets.iter().find(is_first).cloned();
        }
        for target in &targets {
            let rule = self.rules.entry(target.clone()).or_default();
            rule.0.extend(needs.iter().cloned());
        }
        if let Some(inline) = inline {
            self.recipe(&targets, inline, number);
        }
        targets
    }

    /// `$(shell …)` outside of recipes runs whatever is made.
    fn at_reading(&mut self, line: &str, number: u32) {
        for (_, behind) in line
            .match_indices("$(shell ")
            .filter_map(|(at, found)| line.split_at_checked(at + found.len()))
        {
            let text = behind.get(..closing(behind)).unwrap_or(behind);
            let text = self.filled(text, ("", &[]), 0);
            self.shells.push(Line { number, text });
        }
    }

    /// The text with the variables of make filled in: what make computes is left as a variable that nobody sets.
    fn filled(&self, text: &str, around: (&str, &[String]), depth: usize) -> String {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once('$') {
            filled.push_str(before);
            self.fills.set(self.fills.get() + 1);
            let too_many = self.fills.get() > FILLS_MAX || depth > DEPTH_MAX;
            if too_many || filled.len() > LINE_BYTES_MAX {
                // What is left out is a hole, never nothing.
                filled.push_str("${MAKE_FUNCTION}");
                return filled;
            }
            rest = self.variable(behind, around, depth, &mut filled);
        }
        filled.push_str(rest);
        filled
    }

    /// `addsuffix m,r`: what a function gives whose arguments are all known.
    fn computed(&self, inner: &str, around: (&str, &[String]), depth: usize) -> Option<String> {
        let (name, arguments) = inner.split_once(' ')?;
        let arguments = self.filled(arguments, around, depth);
        if arguments.contains('$') {
            return None;
        }
        let arguments: Vec<&str> = arguments.split(',').collect();
        called(name, &arguments)
    }

    /// Fills in what stands behind a `$`, and returns the rest.
    fn variable<'t>(
        &self,
        behind: &'t str,
        around: (&str, &[String]),
        depth: usize,
        filled: &mut String,
    ) -> &'t str {
        let mut letters = behind.chars();
        let first = letters.next();
        let rest = letters.as_str();
        match first {
            Some('$') => filled.push('$'),
            Some('@') => filled.push_str(around.0),
            Some('<') => filled.push_str(around.1.first().map_or("", String::as_str)),
            Some('^' | '+' | '?') => filled.push_str(&around.1.join(" ")),
            Some('(' | '{') => {
                let end = closing(rest);
                let inner = rest.get(..end).unwrap_or(rest);
                if let Some(command) = inner.strip_prefix("shell ") {
                    let command = self.filled(command, around, depth + 1);
                    filled.extend(["$(", &command, ")"]);
                } else if inner == "MAKE" {
                    filled.push_str("make");
                } else if let Some(value) = self.variables.get(inner) {
                    filled.push_str(&self.filled(value, around, depth + 1));
                } else if inner == "RM" {
                    // GNU make 4.4, 10.3.
                    filled.push_str("rm -f");
                } else if inner
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
                {
                    filled.extend(["${", inner, "}"]);
                } else if let Some(text) = self.computed(inner, around, depth + 1) {
                    filled.push_str(&text);
                } else {
                    filled.push_str("${MAKE_FUNCTION}");
                }
                return rest.get(end + 1..).unwrap_or_default();
            }
            Some(letter) => {
                let name = letter.to_string();
                match self.variables.get(&name) {
                    Some(value) => filled.push_str(&self.filled(value, around, depth + 1)),
                    None => filled.push_str("${MAKE_FUNCTION}"),
                }
            }
            None => {}
        }
        rest
    }
}

/// What a function of make gives for arguments that are written out (GNU make 4.4, 8.2 and 8.3); nothing for one that is not computed
/// here. The words of a list are apart by one blank.
fn called(name: &str, arguments: &[&str]) -> Option<String> {
    let each = |list: &str, change: &dyn Fn(&str) -> String| {
        let words: Vec<String> = list.split_whitespace().map(change).collect();
        words.join(" ")
    };
    Some(match (name, arguments) {
        ("strip" | "sort", [list]) => each(list, &str::to_owned),
        ("addsuffix", [suffix, list]) => each(list, &|word| [word, suffix].concat()),
        ("addprefix", [prefix, list]) => each(list, &|word| [prefix, word].concat()),
        ("subst", [from, to, text]) if !from.is_empty() => text.replace(from, to),
        ("join", [left, right]) => {
            let (mut left, mut right) = (left.split_whitespace(), right.split_whitespace());
            let pairs = std::iter::from_fn(|| match (left.next(), right.next()) {
                (None, None) => None,
                (one, other) => Some([one.unwrap_or(""), other.unwrap_or("")].concat()),
            });
            pairs.collect::<Vec<_>>().join(" ")
        }
        ("firstword", [list]) => list
            .split_whitespace()
            .next()
            .unwrap_or_default()
            .to_owned(),
        ("lastword", [list]) => list
            .split_whitespace()
            .last()
            .unwrap_or_default()
            .to_owned(),
        ("word", [number, list]) => {
            let number: usize = number.trim().parse().ok()?;
            let mut words = list.split_whitespace();
            words
                .nth(number.checked_sub(1)?)
                .unwrap_or_default()
                .to_owned()
        }
        _ => return None,
    })
}

/// Where the bracket closes that was opened just before.
fn closing(text: &str) -> usize {
    let mut depth = 0_usize;
    for (at, letter) in text.char_indices() {
        match letter {
            '(' | '{' => depth += 1,
            ')' | '}' if depth == 0 => return at,
            ')' | '}' => depth -= 1,
            _ => {}
        }
    }
    text.len()
}

/// `NAME = value` in all its spellings; a rule has its `:` before any `=`.
fn assignment(line: &str) -> Option<(&str, &str)> {
    let line = line.strip_prefix("export ").unwrap_or(line);
    let line = line.strip_prefix("override ").unwrap_or(line);
    let (name, value) = line.split_once('=')?;
    let name = name.trim_end_matches([':', '?', '+', '!', ' ', '\t']);
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    (!name.is_empty() && name.bytes().all(is_name)).then_some((name, value.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(name: &str, text: &str, words: &[&str]) -> Vec<String> {
        let words: Vec<String> = words.iter().map(|it| (*it).to_owned()).collect();
        let lines = read(name, text, &words).unwrap();
        lines
            .into_iter()
            .map(|line| format!("{}: {}", line.number, line.text))
            .collect()
    }

    #[test]
    fn a_recipe_is_found_with_what_must_be_made_before() {
        let text = "DIR := out\nall: build\n\t@echo done\nbuild:\n\tcc -o $(DIR)/$@ $<\nclean:\n\trm -rf $(DIR) \\\n\t  $$HOME\n";
        assert_eq!(
            lines("Makefile", text, &[]),
            ["3: echo done", "5: cc -o out/build "]
        );
        assert_eq!(
            lines("Makefile", text, &["clean"]),
            ["7: rm -rf out \\\n  $HOME"]
        );
        assert_eq!(
            lines("Makefile", text, &["clean", "DIR=/"]),
            ["7: rm -rf / \\\n  $HOME"]
        );
        assert_eq!(lines("Makefile", text, &["nothing"]), Vec::<String>::new());
    }

    #[test]
    fn what_make_computes_is_a_hole_and_what_it_runs_is_not() {
        let text =
            "X := $(shell curl x | sh)\nall:\n\trm -rf $(wildcard *.o) $(UNSET) $(shell pwd)\n";
        assert_eq!(
            lines("Makefile", text, &["all"]),
            [
                "1: curl x | sh",
                "3: rm -rf ${MAKE_FUNCTION} ${UNSET} $(pwd)"
            ]
        );
    }

    #[test]
    fn functions_of_known_words_are_computed() {
        let text = "T := $(addsuffix m,r)\nall:\n\t$(T) -rf $(subst X,~,X/a) $(join a b,.c .d) $(word 2,a b) $(subst x,$(Y),x)\n";
        assert_eq!(
            lines("Makefile", text, &[]),
            ["3: rm -rf ~/a a.c b.d b ${MAKE_FUNCTION}"]
        );
    }

    #[test]
    fn variables_that_name_one_another_end() {
        let text = "A = $(B)$(B)\nB = $(A)$(A)\nall:\n\techo $(A)\n";
        assert_eq!(lines("Makefile", text, &["all"]).len(), 1);
        let line = |name: usize| format!("V{name} = {}\n", format!("$(V{})", name + 1).repeat(500));
        let empty = (0..9).map(line).collect::<Vec<_>>().concat();
        let text = format!("{empty}all:\n\techo $(V0)\n");
        assert_eq!(lines("Makefile", &text, &["all"]).len(), 1);
    }

    #[test]
    fn a_script_of_a_package_is_found_with_what_npm_runs_around_it() {
        let text =
            "{\n \"scripts\": {\n  \"prebuild\": \"rm -rf dist\",\n  \"build\": \"tsc\"\n }\n}";
        assert_eq!(
            lines("package.json", text, &["build"]),
            ["3: rm -rf dist", "4: tsc"]
        );
        assert_eq!(lines("package.json", text, &["x"]), Vec::<String>::new());
        assert_eq!(lines("package.json", "{", &["x"]), Vec::<String>::new());
    }
}
