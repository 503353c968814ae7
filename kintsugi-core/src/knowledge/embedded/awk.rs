//! awk programs: pipes to and from commands, `system`, and files written (`gawk(1)`, gawk 5.3).

use std::collections::BTreeMap;

use super::Embedded;
use super::lex::{self, Part, Token};
use crate::effect::{Action, Feed, Modifier, Modifiers, Role};
use crate::knowledge::schema::Language;
use crate::shell::{Budget, Piece, Word};

/// Programs that run what they read.
const SHELLS: &[&str] = &["sh", "bash", "zsh", "dash", "ksh", "ash"];

/// Longest expression that is followed, in tokens.
const EXPRESSION_TOKENS_MAX: usize = 128;

/// Longest value that is followed, in bytes: `x = x x` doubles it.
const VALUE_BYTES_MAX: usize = 4 * 1024;

/// Reads an awk program.
pub(super) fn read(text: &str, budget: &mut Budget) -> Vec<Embedded> {
    let tokens = lex::tokens(text, Language::Awk, budget);
    let program = Program {
        variables: variables(&tokens, budget),
        tokens,
    };
    let mut found = Vec::new();
    network(&program, text, &mut found);
    // Letters made of numbers, in a program that starts commands: nobody writes a plain one so.
    let starts = ["system(", "system (", "getline", "| \"", "|\""];
    if text.contains("sprintf") && text.contains("%c") && starts.iter().any(|it| text.contains(it))
    {
        found.push(Embedded::Hidden(
            "a command that is made of letters".to_owned(),
        ));
    }
    let mut print = None;
    for (at, token) in program.tokens.iter().enumerate() {
        if !budget.spend(1) {
            found.push(Embedded::Unknown("more code than is read".to_owned()));
            return found;
        }
        match (token, token.mark()) {
            (Token::Name(name), _) => match name.as_str() {
                "print" | "printf" => print = Some(at + 1),
                // gawk(1), "Indirect Function Calls".
                _ if program.tokens.get(at.wrapping_sub(1)).map(Token::mark) == Some("@")
                    && program.tokens.get(at + 1).map(Token::mark) == Some("(") =>
                {
                    found.push(Embedded::Hidden(
                        "a function whose name is computed".to_owned(),
                    ));
                }
                "system" => found.push(Embedded::Shell(program.expression(at + 2, budget))),
                "getline" => program.input(at, budget, &mut found),
                _ => {}
            },
            (Token::Line, _) | (_, ";" | "}") => print = None,
            (_, "|") => {
                if let Some(start) = print {
                    program.pipe((start, at), budget, &mut found);
                }
            }
            (_, mark @ (">" | ">>")) if print.is_some() => {
                let target = program.expression(at + 1, budget);
                // `printf "" > $0`: the file that a line names is left empty.
                let empties = mark == ">"
                    && target.holes().next().is_some()
                    && program.prints_nothing((print.unwrap_or(at), at));
                found.push(Embedded::Effect {
                    action: match mark {
                        ">>" => Action::Write,
                        _ if empties => Action::Truncate,
                        _ => Action::Overwrite,
                    },
                    role: Role::Path,
                    target,
                    // The file that is being read (`gawk(1)`, FILENAME).
                    modifiers: if empties || mark == ">" && program.names_itself(at + 1) {
                        Modifiers::NONE.with(Modifier::Indirect)
                    } else {
                        Modifiers::NONE
                    },
                    feed: Feed::Program,
                });
            }
            _ => {}
        }
    }
    found
}

/// `/inet/tcp/0/HOST/PORT` is a connection (`gawk(1)`, TCP/IP networking), and what is read from there may be run.
fn network(program: &Program, text: &str, found: &mut Vec<Embedded>) {
    let behind = text
        .split_once("/inet/")
        .or_else(|| text.split_once("/inet4/"))
        .or_else(|| text.split_once("/inet6/"));
    let Some((_, behind)) = behind else { return };
    let mut parts = behind.split(['/', '"']).skip(2);
    let host = parts.next().unwrap_or_default();
    let port = parts.next().unwrap_or_default();
    let effect = |action, role, target: &str, feed| Embedded::Effect {
        action,
        role,
        target: Word::text(target, crate::effect::Span::default()),
        modifiers: Modifiers::NONE,
        feed,
    };
    let remote = format!("{host}:{port}");
    found.push(effect(
        Action::Connect,
        Role::Remote,
        &remote,
        Feed::Nothing,
    ));
    let mut before = None;
    let runs = program.tokens.iter().any(|token| {
        let is_run = matches!(token, Token::Name(name) if name == "system")
            || matches!((before, token), (Some("|"), Token::Name(name)) if name == "getline");
        before = Some(token.mark());
        is_run
    }) || program.keeps_other_than_network();
    if runs {
        found.push(effect(
            Action::Interpret,
            Role::Code,
            &remote,
            Feed::Network,
        ));
    }
}

/// A program and the variables that it sets to constants.
struct Program {
    tokens: Vec<Token>,
    variables: BTreeMap<String, Word>,
}

fn variables(tokens: &[Token], budget: &mut Budget) -> BTreeMap<String, Word> {
    let mut program = Program {
        tokens: tokens.to_vec(),
        variables: BTreeMap::new(),
    };
    for (at, token) in tokens.iter().enumerate() {
        let assigned = tokens.get(at + 1).map(Token::mark) == Some("=");
        if let (Token::Name(name), true) = (token, assigned) {
            let value = program.expression(at + 2, budget);
            program.variables.insert(name.clone(), value);
        }
    }
    program.variables
}

impl Program {
    /// Whether something else than a connection stands in front of a `|&`: a command that was read from there.
    fn keeps_other_than_network(&self) -> bool {
        self.tokens.windows(3).any(|three| {
            let [Token::Name(name), bar, and] = three else {
                return false;
            };
            let value = self.variables.get(name).map(Word::display);
            bar.mark() == "|"
                && and.mark() == "&"
                && !value.is_some_and(|value| value.starts_with("/inet"))
        })
    }

    /// Whether the file that is being read stands there.
    fn names_itself(&self, at: usize) -> bool {
        matches!(self.tokens.get(at), Some(Token::Name(name)) if name == "FILENAME")
    }

    /// Whether what stands between a `print` and its redirection is the empty text.
    fn prints_nothing(&self, (print, redirect): (usize, usize)) -> bool {
        let printed = self.tokens.get(print..redirect).unwrap_or_default();
        let is_empty = |part: &Part| match part {
            Part::Text(text) | Part::Code(text) | Part::Aside(text) => text.is_empty(),
        };
        !printed.is_empty() && printed.iter().all(|token| {
            let is_nothing =
                |token: &Token| matches!(token, Token::Text(parts) if parts.iter().all(is_empty));
            is_nothing(token) || matches!(token.mark(), "(" | ")" | ",")
        })
    }

    /// `print x | "cmd"`: the command, and what is printed when the command is a shell.
    fn pipe(&self, (print, bar): (usize, usize), budget: &mut Budget, found: &mut Vec<Embedded>) {
        let command = self.expression(bar + 1, budget);
        let first = command.known_prefix();
        if first.trim().is_empty() && !self.is_coprocess(bar) {
            found.push(Embedded::Hidden(
                "a command that awk puts together".to_owned(),
            ));
        }
        let name = first.split_whitespace().next().unwrap_or_default();
        if SHELLS.contains(&name.rsplit('/').next().unwrap_or_default()) {
            found.push(Embedded::Shell(self.expression(print, budget)));
        } else if let (Some(printed), Some(command)) =
            (self.expression(print, budget).known(), command.known())
        {
            // `print "drop database x" | "psql"`: the command is fed, and read as fed.
            let text = printed.replace('\'', "'\\''");
            found.push(super::shell(&format!(
                "printf '%s\\n' '{text}' | {command}"
            )));
            return;
        }
        found.push(Embedded::Shell(command));
    }

    /// `|&` keeps a command, or a connection, at both ends (`gawk(1)`, "I/O Statements").
    fn is_coprocess(&self, bar: usize) -> bool {
        self.tokens.get(bar + 1).map(Token::mark) == Some("&")
    }

    /// `"cmd" | getline`.
    fn input(&self, at: usize, budget: &mut Budget, found: &mut Vec<Embedded>) {
        let piped = at
            .checked_sub(1)
            .and_then(|at| self.tokens.get(at))
            .map(Token::mark);
        let redirected =
            (at + 1..at + 4).find(|at| self.tokens.get(*at).map(Token::mark) == Some("<"));
        if let Some(at) = redirected {
            found.push(Embedded::Effect {
                action: Action::Read,
                role: Role::Path,
                target: self.expression(at + 1, budget),
                modifiers: Modifiers::NONE,
                feed: Feed::File,
            });
        }
        if piped == Some("|") {
            let opens =
                |token: &Token| matches!(token.mark(), ";" | "{" | "(") || *token == Token::Line;
            let first = at.saturating_sub(EXPRESSION_TOKENS_MAX);
            let before = self.tokens.get(first..at).unwrap_or_default();
            let start = before.iter().rposition(opens).map_or(0, |at| at + 1);
            found.push(Embedded::Shell(self.expression(first + start, budget)));
        }
    }

    /// Joins what stands from `at` on, as awk does with what stands side by side; fields are not known, nor is what is longer than is
    /// followed.
    fn expression(&self, at: usize, budget: &mut Budget) -> Word {
        let mut word = Word::default();
        let mut is_environment = false;
        for (count, token) in self.tokens.iter().skip(at).enumerate() {
            match (token, token.mark()) {
                (Token::Name(name), _) if name == "ENVIRON" => is_environment = true,
                (Token::Text(parts), _) if is_environment => {
                    is_environment = false;
                    let is_home = matches!(parts.as_slice(), [Part::Text(text)] if text == "HOME");
                    let value = if is_home {
                        super::value::home().words.pop()
                    } else {
                        None
                    };
                    word.pieces
                        .extend(value.unwrap_or_else(super::value::hole).pieces);
                }
                (Token::Text(parts), _) => {
                    word.pieces.extend(parts.iter().map(|part| match part {
                        Part::Text(text) | Part::Code(text) | Part::Aside(text) => {
                            Piece::Text(text.clone())
                        }
                    }));
                }
                // `sprintf("sort -k %d", n)`: its text up to what it is filled with.
                (Token::Name(name), _) if name == "sprintf" => {
                    if let Some(format) = self.tokens.get(at + count + 2).and_then(Token::text) {
                        let (before, _) = format.split_once('%').unwrap_or((format, ""));
                        word.pieces.push(Piece::Text(before.to_owned()));
                    }
                    word.pieces.extend(super::value::hole().pieces);
                    break;
                }
                (Token::Name(name), _) => {
                    let value = self.variables.get(name).cloned();
                    word.pieces
                        .extend(value.unwrap_or_else(super::value::hole).pieces);
                }
                (Token::Number(_), _) => word.pieces.extend(super::value::hole().pieces),
                (_, "$" | "+" | "-" | "[" | "]" | "." | ",") => {}
                // `print > (dir "/" name)`.
                (_, "(") if count == 0 => {}
                _ => break,
            }
            let bytes = super::value::size(&word) + word.pieces.len();
            let units = u32::try_from(1 + bytes / 64).unwrap_or(u32::MAX);
            let is_long = count >= EXPRESSION_TOKENS_MAX || bytes > VALUE_BYTES_MAX;
            if is_long || !budget.spend(units) {
                return super::value::hole();
            }
        }
        if word.pieces.is_empty() {
            super::value::hole()
        } else {
            word
        }
    }
}
