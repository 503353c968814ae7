//! Whether an operand or an operator stands at a place: `/` opens a pattern in one language where it divides in another.

use super::{Language, Lexer, Token};

/// What may stand at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Operand,
    Operator,
    /// Only the program tells.
    Either,
}

/// What a pair of brackets is for, as far as it decides what may stand behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bracket {
    /// A block, or a condition with a statement behind it.
    Statement,
    /// A value: a group, a call, a list, an object.
    Value,
    /// A key of a table: `$h{s}`.
    Key,
    /// Only the program tells.
    Either,
}

/// Words of JavaScript with an operand behind them (ECMAScript 2024, 12.7.2).
const JAVASCRIPT: &[&str] = &[
    "return",
    "typeof",
    "case",
    "in",
    "delete",
    "void",
    "throw",
    "new",
    "do",
    "else",
    "instanceof",
];

/// Those that are names elsewhere.
const JAVASCRIPT_OR_NAME: &[&str] = &["await", "yield", "of", "async", "let", "static"];

/// Words of Perl with an operand behind them (perlfunc(1), perlop(1) 5.38).
const PERL: &[&str] = &[
    "return", "split", "grep", "map", "join", "push", "unshift", "print", "say", "printf", "die",
    "warn", "if", "elsif", "unless", "while", "until", "and", "or", "not", "xor", "x", "lt", "gt",
    "le", "ge", "eq", "ne", "cmp", "when", "foreach", "for", "defined", "ref", "scalar", "lc",
    "uc", "length", "do", "else", "eval",
];

/// Words of Perl with nothing behind them.
const PERL_ALONE: &[&str] = &["time", "times", "wait", "wantarray", "getppid", "__LINE__"];

/// Words of Ruby with an operand behind them (Ruby 3.3, "Keywords").
const RUBY: &[&str] = &[
    "return", "if", "elsif", "unless", "while", "until", "and", "or", "not", "when", "then",
    "case", "in", "do", "else", "begin", "ensure", "yield",
];

/// Words of awk and of others with an operand behind them.
const OTHERS: &[&str] = &[
    "return", "split", "grep", "if", "unless", "and", "or", "print", "printf", "case", "in",
];

impl Lexer<'_> {
    /// The last token, and the one before it; ends of lines count where they end a statement.
    fn last_two(&self) -> (Option<&Token>, Option<&Token>) {
        let ends = matches!(
            self.language,
            Language::Ruby | Language::Awk | Language::Lua | Language::Other
        );
        let mut before = self
            .tokens
            .iter()
            .rev()
            .filter(|token| ends || **token != Token::Line);
        (before.next(), before.next())
    }

    /// What may stand here.
    pub(super) fn place(&self) -> Place {
        let (last, before) = self.last_two();
        match last {
            None | Some(Token::Line | Token::Unclear) => Place::Operand,
            Some(
                Token::Text(_)
                | Token::Shell(_)
                | Token::Words(_)
                | Token::Pattern(_)
                | Token::Change(_)
                | Token::Number(_)
                | Token::Mark("]"),
            ) => Place::Operator,
            Some(Token::Mark(")" | "}")) => match self.closed {
                Bracket::Statement => Place::Operand,
                Bracket::Value | Bracket::Key => Place::Operator,
                Bracket::Either => Place::Either,
            },
            Some(Token::Mark(mark)) => {
                let may_end = match *mark {
                    // `x++ / 2`
                    "+" | "-" => before.map(Token::mark) == Some(mark),
                    // `empty? / 2`
                    "?" => self.language == Language::Ruby && self.spaced,
                    // `<STDIN> / 2`
                    ">" => {
                        self.language == Language::Perl && matches!(before, Some(Token::Name(_)))
                    }
                    _ => false,
                };
                if may_end {
                    Place::Either
                } else {
                    Place::Operand
                }
            }
            Some(Token::Name(name)) => self.place_behind(name, before),
        }
    }

    fn place_behind(&self, name: &str, before: Option<&Token>) -> Place {
        let is_member = matches!(before, Some(Token::Mark("." | "->" | "?." | "::")));
        let takes = |operand: &[&str]| !is_member && operand.contains(&name);
        let place = |is_operand| {
            if is_operand {
                Place::Operand
            } else {
                Place::Operator
            }
        };
        if name.starts_with(['$', '@']) {
            return Place::Operator;
        }
        match (self.language, is_member) {
            (Language::Javascript | Language::Mongo, false)
                if JAVASCRIPT_OR_NAME.contains(&name) =>
            {
                Place::Either
            }
            (Language::Javascript | Language::Mongo, _) => place(takes(JAVASCRIPT)),
            (Language::Perl, false) if !PERL_ALONE.contains(&name) => {
                if takes(PERL) {
                    Place::Operand
                } else {
                    Place::Either
                }
            }
            (Language::Ruby, false) if RUBY.contains(&name) => Place::Operand,
            // A method of which this is the argument, or a variable that is divided (Ruby warns of it).
            (Language::Ruby, _) if self.spaced && !self.is_spaced_behind() => Place::Either,
            (Language::Perl | Language::Ruby, _) => Place::Operator,
            _ => place(takes(OTHERS)),
        }
    }

    /// Whether white space stands behind the letter that is read.
    fn is_spaced_behind(&self) -> bool {
        self.rest.chars().nth(1).is_none_or(char::is_whitespace)
    }

    /// What the bracket that opens here is for.
    pub(super) fn bracket(&self, open: char) -> Bracket {
        let (last, before) = self.last_two();
        match (open, self.language) {
            ('(', Language::Javascript | Language::Mongo | Language::Awk | Language::Ruby) => {
                let is_member = matches!(before, Some(Token::Mark("." | "?.")));
                match last {
                    Some(Token::Name(name))
                        if !is_member
                            && matches!(
                                name.as_str(),
                                "if" | "while" | "for" | "with" | "await"
                            ) =>
                    {
                        Bracket::Statement
                    }
                    _ => Bracket::Value,
                }
            }
            ('{', Language::Perl) => match last {
                _ if self.is_key(last) => Bracket::Key,
                Some(Token::Name(name)) if matches!(name.as_str(), "do" | "eval" | "sub") => {
                    Bracket::Either
                }
                // What stands behind the block of `map` is its list.
                None | Some(Token::Mark(")" | ";" | "{" | "}") | Token::Name(_)) => {
                    Bracket::Statement
                }
                Some(_) => Bracket::Value,
            },
            ('{', Language::Javascript | Language::Mongo) => match last {
                None | Some(Token::Mark(";" | "{" | "}")) => Bracket::Statement,
                Some(Token::Name(name)) if matches!(name.as_str(), "return" | "typeof" | "in") => {
                    Bracket::Value
                }
                Some(Token::Mark(")" | "=>") | Token::Name(_)) => Bracket::Either,
                Some(_) => Bracket::Value,
            },
            ('{', Language::Awk) => Bracket::Statement,
            ('{', Language::Ruby | Language::Other) => Bracket::Either,
            _ => Bracket::Value,
        }
    }

    /// Whether a brace that opens behind `last` holds a key in Perl.
    fn is_key(&self, last: Option<&Token>) -> bool {
        match last {
            Some(Token::Name(name)) => name.starts_with(['$', '@']),
            Some(Token::Mark("->")) => true,
            Some(Token::Mark("]" | "}")) => {
                matches!(self.closed, Bracket::Key | Bracket::Value) && !self.spaced
            }
            _ => false,
        }
    }
}
