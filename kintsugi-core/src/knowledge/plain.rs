//! For tests, until the reader of shell text is there: words, quotes, variables, patterns, `|`, `;`, `&&`, `>`, `<`, `<<<`.

use std::rc::Rc;

use crate::effect::Span;
use crate::shell::{
    Context, Hole, Input, Invocation, InvocationId, Output, Piece, Redirect, RedirectMode, Script,
    Word,
};

enum Token {
    Word(Word),
    Operator(String),
}

fn tokens(text: &str) -> Vec<Token> {
    let mut all = Vec::new();
    let mut rest = text.chars().peekable();
    let mut pieces: Vec<Piece> = Vec::new();
    let mut is_open = false;
    let span = Span::default();
    let add = |pieces: &mut Vec<Piece>, letter: char| match pieces.last_mut() {
        Some(Piece::Text(text)) => text.push(letter),
        _ => pieces.push(Piece::Text(letter.to_string())),
    };
    macro_rules! close {
        () => {
            if is_open {
                all.push(Token::Word(Word {
                    pieces: std::mem::take(&mut pieces),
                    span,
                }));
                is_open = false;
            }
        };
    }
    while let Some(letter) = rest.next() {
        match letter {
            '\'' => {
                is_open = true;
                pieces.push(Piece::Text(String::new()));
                for inner in rest.by_ref().take_while(|it| *it != '\'') {
                    add(&mut pieces, inner);
                }
            }
            '"' => {
                is_open = true;
                pieces.push(Piece::Text(String::new()));
                while let Some(inner) = rest.next() {
                    match inner {
                        '"' => break,
                        '\\' => add(&mut pieces, rest.next().unwrap_or('\\')),
                        '$' => pieces.push(variable(&mut rest)),
                        inner => add(&mut pieces, inner),
                    }
                }
            }
            '$' => {
                is_open = true;
                pieces.push(variable(&mut rest));
            }
            '*' | '?' => {
                is_open = true;
                pieces.push(Piece::Glob(letter.to_string()));
            }
            '\\' => {
                is_open = true;
                add(&mut pieces, rest.next().unwrap_or('\\'));
            }
            '|' | ';' | '&' | '>' | '<' | '\n' => {
                close!();
                let mut operator = letter.to_string();
                while rest.peek() == Some(&letter) {
                    operator.push(letter);
                    rest.next();
                }
                all.push(Token::Operator(operator));
            }
            ' ' | '\t' => close!(),
            letter => {
                is_open = true;
                add(&mut pieces, letter);
            }
        }
    }
    close!();
    let _ = is_open;
    all
}

fn variable(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Piece {
    let mut name = String::new();
    while let Some(letter) =
        rest.next_if(|it| it.is_alphanumeric() || matches!(it, '_' | '{' | '}'))
    {
        name.push(letter);
    }
    Piece::Hole(Hole::Variable(name.trim_matches(['{', '}']).to_owned()))
}

/// Reads simple lines.
pub(crate) fn read(text: &str, context: &Context) -> Script {
    let mut script = Script::default();
    let blank = || Invocation {
        words: Vec::new(),
        assignments: Vec::new(),
        redirects: Vec::new(),
        input: Input::Inherited,
        output: Output::Inherited,
        directories: Rc::clone(&context.directories),
        variables: Rc::clone(&context.variables),
        background: false,
        span: Span::default(),
    };
    let mut one = blank();
    let mut pending: Option<String> = None;
    for token in tokens(text).into_iter().map(Some).chain([None]) {
        match token {
            Some(Token::Word(word)) => match pending.take().as_deref() {
                Some("<<<") => one.input = Input::Text(word),
                Some("<") => {
                    one.input = Input::File(word.clone());
                    one.redirects.push(Redirect {
                        mode: RedirectMode::Read,
                        target: word,
                    });
                }
                Some(">") => one.redirects.push(Redirect {
                    mode: RedirectMode::Overwrite,
                    target: word,
                }),
                Some(">>") => one.redirects.push(Redirect {
                    mode: RedirectMode::Append,
                    target: word,
                }),
                _ => one.words.push(word),
            },
            Some(Token::Operator(operator)) if operator.starts_with(['<', '>']) => {
                pending = Some(operator);
            }
            Some(Token::Operator(operator)) if operator == "|" => {
                let at = u32::try_from(script.invocations.len()).unwrap();
                one.output = Output::Pipe;
                script
                    .invocations
                    .push(std::mem::replace(&mut one, blank()));
                one.input = Input::Pipe {
                    first: InvocationId(at),
                    end: InvocationId(at + 1),
                };
            }
            Some(Token::Operator(_)) | None => {
                if !one.words.is_empty() || !one.redirects.is_empty() {
                    script
                        .invocations
                        .push(std::mem::replace(&mut one, blank()));
                }
            }
        }
    }
    script
}
