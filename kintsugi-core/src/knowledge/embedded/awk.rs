//! awk programs: pipes to and from commands, `system`, and files written (`gawk(1)`, gawk 5.3).

use super::Embedded;
use super::lex::{self, Part, Token};
use crate::effect::{Action, Feed, Modifiers, Role};
use crate::knowledge::schema::Language;
use crate::shell::{Budget, Piece, Word};

/// Reads an awk program.
pub(super) fn read(text: &str, budget: &mut Budget) -> Vec<Embedded> {
    let tokens = lex::tokens(text, Language::Awk);
    let mut found = Vec::new();
    let mut in_print = false;
    for (at, token) in tokens.iter().enumerate() {
        if !budget.spend(1) {
            found.push(Embedded::Unknown("more code than is read".to_owned()));
            return found;
        }
        let before = at.checked_sub(1).and_then(|at| tokens.get(at));
        match (token, token.mark()) {
            (Token::Name(name), _) => match name.as_str() {
                "print" | "printf" => in_print = true,
                "system" => found.push(Embedded::Shell(expression(&tokens, at + 2))),
                "getline" => input(&tokens, at, before, &mut found),
                _ => {}
            },
            (Token::Line, _) | (_, ";" | "}") => in_print = false,
            (_, "|") if in_print => found.push(Embedded::Shell(expression(&tokens, at + 1))),
            (_, mark @ (">" | ">>")) if in_print => found.push(Embedded::Effect {
                action: if mark == ">>" {
                    Action::Write
                } else {
                    Action::Overwrite
                },
                role: Role::Path,
                target: expression(&tokens, at + 1),
                modifiers: Modifiers::NONE,
                feed: Feed::Program,
            }),
            _ => {}
        }
    }
    found
}

/// `"cmd" | getline` and `getline < "file"`.
fn input(tokens: &[Token], at: usize, before: Option<&Token>, found: &mut Vec<Embedded>) {
    if before == Some(&Token::Mark("|")) {
        let start = statement_start(tokens, at);
        found.push(Embedded::Shell(expression(tokens, start)));
    }
}

fn statement_start(tokens: &[Token], end: usize) -> usize {
    let opens = |token: &Token| matches!(token, Token::Mark(";" | "{" | "(") | Token::Line);
    tokens
        .get(..end)
        .and_then(|tokens| tokens.iter().rposition(opens))
        .map_or(0, |at| at + 1)
}

/// Joins the strings from `at` on, as awk does with what stands side by side; fields and variables are not known.
fn expression(tokens: &[Token], at: usize) -> Word {
    let mut word = Word::default();
    for token in tokens.iter().skip(at) {
        match (token, token.mark()) {
            (Token::Text(parts), _) => word.pieces.extend(parts.iter().map(|part| match part {
                Part::Text(text) | Part::Code(text) => Piece::Text(text.clone()),
            })),
            (Token::Name(_) | Token::Number(_), _) => {
                word.pieces.extend(super::value::hole().pieces);
            }
            (_, "$" | "+" | "-" | "[" | "]" | ".") => {}
            _ => break,
        }
    }
    if word.pieces.is_empty() {
        super::value::hole()
    } else {
        word
    }
}
