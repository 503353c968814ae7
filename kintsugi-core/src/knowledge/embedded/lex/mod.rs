//! Splits the text of a scripting language into names, strings, numbers and punctuation.
//!
//! One reader for Python, JavaScript, Perl, Ruby, PHP and their like: what differs between them, and matters here, is how
//! strings, comments and embedded expressions are written. It never fails; a string that does not end goes to the end.
//!
//! A text in a literal is data, and what is computed in it is code ([`Part::Code`]), so where a literal begins and ends decides what is
//! seen at all. Where that depends on what only the program knows (whether a name of Perl takes an operand), both readings are in the
//! answer, one behind the other.

mod comments;
mod dialect;
mod here;
mod literals;
mod operand;
mod perl;

#[cfg(test)]
mod tests;

use self::dialect::Dialect;
use self::here::Here;
use self::operand::Bracket;
use crate::knowledge::schema::Language;
use crate::shell::Budget;

/// A piece of program text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// An identifier, with its sigil: `os`, `$path`, `@ARGV`.
    Name(String),
    /// A string literal.
    Text(Vec<Part>),
    /// Text that the language hands to a shell: backquotes, `qx{…}`, `%x(…)`.
    Shell(Vec<Part>),
    /// A list of words: `qw(a b)`, `%w[a b]`.
    Words(Vec<String>),
    /// A regular expression; code that it evaluates is a part.
    Pattern(Vec<Part>),
    /// A substitution or a table of letters: what it is applied to is something else afterwards.
    Change(Vec<Part>),
    /// A number.
    Number(String),
    /// An operator or bracket.
    Mark(&'static str),
    /// The end of a line.
    Line,
    /// More can be read in two ways, or is nested deeper, than is followed.
    Unclear,
}

impl Token {
    /// Returns the operator or bracket that it is; the empty text when it is none.
    pub(super) fn mark(&self) -> &'static str {
        if let Self::Mark(mark) = self {
            mark
        } else {
            ""
        }
    }

    /// Returns how many places it takes: one, or one for each part.
    fn size(&self) -> u32 {
        let length = match self {
            Self::Text(parts) | Self::Shell(parts) | Self::Pattern(parts) | Self::Change(parts) => {
                parts.len()
            }
            Self::Words(words) => words.len(),
            Self::Name(_) | Self::Number(_) | Self::Mark(_) | Self::Line | Self::Unclear => 1,
        };
        u32::try_from(length.max(1)).unwrap_or(u32::MAX)
    }

    /// Returns the text of a string literal of which no part is computed.
    pub(super) fn text(&self) -> Option<&str> {
        let Self::Text(parts) = self else { return None };
        match parts.as_slice() {
            [Part::Text(text), asides @ ..]
                if asides.iter().all(|part| matches!(part, Part::Aside(_))) =>
            {
                Some(text)
            }
            _ => None,
        }
    }
}

/// A part of a string literal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// Text, escapes resolved.
    Text(String),
    /// An expression of the language, as written, whose value stands there.
    Code(String),
    /// An expression that is evaluated if the language does that, and stands in the text as it is written.
    Aside(String),
}

/// Stands in a text for a part that only the shell knows when it runs (U+FFFC OBJECT REPLACEMENT CHARACTER).
pub(super) const HOLE: char = '\u{FFFC}';

/// Deepest nesting of code in literals in code that is followed.
const NESTED_MAX: u32 = 8;

/// Most places of a text from which it is read in another way as well.
const OTHERWISE_MAX: usize = 3;

/// Tokens, with the parts of literals, for one unit of work.
const UNIT_TOKENS: u32 = 4;

/// Readers of code in literals go through no more than this many times the bytes of the text, and [`INNER_MIN`].
const INNER_TIMES: usize = 2;

/// Bytes that readers of code in literals may go through in any text.
const INNER_MIN: usize = 4096;

/// Most ends that are looked for and not there; each look goes through the rest of the text.
const ENDS_MAX: usize = 1;

/// Operators of which the first that fits is taken, so longer ones come first.
const MARKS: &[&str] = &[
    "...", "===", "!==", "**=", "->", "::", "=>", "==", "!=", "<=", ">=", "+=", "-=", ".=", "&&",
    "||", "//", "**", "?.", "..", "<<", ">>", "=~", "!~", ":=", "(", ")", "[", "]", "{", "}", ",",
    ";", ":", ".", "=", "+", "-", "*", "/", "%", "<", ">", "!", "&", "|", "^", "~", "?", "@", "$",
    "\\", "#", "'", "\"", "`",
];

/// What a reader looked for in vain.
#[derive(Debug, Clone, Copy, Default)]
struct Missed {
    /// How many ends are not there.
    ends: usize,
    /// The literal that is read, or code in it, does not end.
    is_open: bool,
    /// Something was left unread.
    is_unclear: bool,
}

/// Reads tokens off a text.
struct Lexer<'a> {
    rest: &'a str,
    language: Language,
    dialect: Dialect,
    tokens: Vec<Token>,
    /// White space stands in front of what is read.
    spaced: bool,
    /// Brackets that are open.
    brackets: Vec<Bracket>,
    /// What the last bracket closed.
    closed: Bracket,
    /// A bracket was closed that had not been opened.
    ended: bool,
    /// What was looked for in vain.
    missed: Missed,
    /// Documents whose lines begin behind this one.
    here: Vec<Here>,
    /// Where a place can be read in another way: what stands behind it.
    otherwise: Vec<&'a str>,
    /// Where a text would end elsewhere if the language computed something in it.
    computed: Option<&'a str>,
    /// It is the other reading.
    is_other: bool,
    /// How deep in literals it stands.
    depth: u32,
    /// Bytes that readers of code in literals may still go through.
    inner: usize,
}

/// Splits `text` into tokens, as many as `budget` has units for.
pub(super) fn tokens(text: &str, language: Language, budget: &mut Budget) -> Vec<Token> {
    if language == Language::Python && !text.is_ascii() {
        let plain: String = text.chars().map(super::escapes::compatible).collect();
        return split(&plain, language, budget);
    }
    split(text, language, budget)
}

fn split(text: &str, language: Language, budget: &mut Budget) -> Vec<Token> {
    let dialect = Dialect::of(text, language);
    let mut lexer = Lexer::new(text, language, dialect);
    lexer.begin();
    lexer.read(budget);
    let mut is_unclear = lexer.missed.is_unclear || lexer.otherwise.len() > OTHERWISE_MAX;
    let mut tokens = lexer.tokens;
    let otherwise = lexer.otherwise.into_iter().take(OTHERWISE_MAX);
    for rest in otherwise.chain(lexer.computed) {
        let mut other = Lexer::new(rest, language, dialect);
        other.is_other = true;
        other.read(budget);
        is_unclear |= other.missed.is_unclear;
        tokens.push(Token::Line);
        tokens.append(&mut other.tokens);
    }
    if is_unclear {
        tokens.push(Token::Unclear);
    }
    tokens
}

impl<'a> Lexer<'a> {
    fn new(text: &'a str, language: Language, dialect: Dialect) -> Self {
        Self {
            rest: text,
            language,
            dialect,
            tokens: Vec::new(),
            spaced: false,
            brackets: Vec::new(),
            closed: Bracket::Value,
            ended: false,
            missed: Missed::default(),
            here: Vec::new(),
            otherwise: Vec::new(),
            computed: None,
            is_other: false,
            depth: 0,
            inner: text.len().saturating_mul(INNER_TIMES).max(INNER_MIN),
        }
    }

    /// Reads to the end of the text, or for as long as the budget lasts.
    fn read(&mut self, budget: &mut Budget) {
        let mut owed = 0;
        loop {
            let known = self.tokens.len();
            if !self.step() {
                return;
            }
            owed += self.tokens.iter().skip(known).map(Token::size).sum::<u32>();
            if !budget.spend(owed / UNIT_TOKENS) {
                self.tokens.truncate(known);
                self.missed.is_unclear = true;
                return;
            }
            owed %= UNIT_TOKENS;
        }
    }

    /// Reads one token or skips what is none; false at the end.
    fn step(&mut self) -> bool {
        let Some(first) = self.rest.chars().next() else {
            return false;
        };
        if first == '\n' {
            self.advance(1);
            self.tokens.push(Token::Line);
            self.documents();
            self.pages();
        } else if first.is_whitespace() {
            self.advance(first.len_utf8());
            self.spaced = true;
            return true;
        } else if !(self.comment() || self.word(first) || self.quoted(first)) {
            self.mark(first);
        }
        self.spaced = false;
        true
    }

    fn advance(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
    }

    /// Takes the text up to `end` and what comes behind it, or everything.
    fn up_to(&mut self, end: &str) -> &'a str {
        let (taken, rest) = self.rest.split_once(end).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }

    /// Whether the rest of the text may be searched for an end once more.
    fn may_look(&mut self) -> bool {
        self.missed.is_unclear |= self.missed.ends > ENDS_MAX;
        self.missed.ends <= ENDS_MAX
    }

    /// A reader of a part of the text.
    fn within<'b>(&self, text: &'b str) -> Lexer<'b> {
        let mut inner = Lexer::new(text, self.language, self.dialect);
        inner.is_other = self.is_other;
        inner.missed.ends = self.missed.ends;
        inner.depth = self.depth;
        inner.inner = self.inner;
        inner
    }

    /// Counts what the reader of a part has looked for.
    fn has_read(&mut self, inner: &Lexer<'_>) {
        self.missed.ends = inner.missed.ends;
        self.missed.is_unclear |= inner.missed.is_unclear;
        self.inner = inner.inner;
    }

    /// Takes program text up to the bracket that ends it, and the bracket.
    fn code(&mut self) -> &'a str {
        if self.depth >= NESTED_MAX || self.inner == 0 {
            self.missed.is_unclear = true;
            return self.up_to("}");
        }
        let start = self.rest;
        let mut inner = self.within(start);
        inner.depth += 1;
        let mut left = start.len();
        while !inner.ended && inner.inner > 0 && inner.step() {
            inner.inner = inner.inner.saturating_sub(left - inner.rest.len());
            left = inner.rest.len();
        }
        self.rest = inner.rest;
        self.missed.is_open |= inner.missed.is_open || !inner.ended;
        self.missed.is_unclear |= inner.inner == 0;
        self.has_read(&inner);
        let taken = start.len() - inner.rest.len();
        start
            .get(..taken - usize::from(inner.ended))
            .unwrap_or_default()
    }

    fn word(&mut self, first: char) -> bool {
        if first.is_ascii_digit() {
            let end = end_of(self.rest, |c| c.is_ascii_alphanumeric() || c == '_');
            self.tokens.push(Token::Number(
                self.rest.get(..end).unwrap_or_default().to_owned(),
            ));
            self.advance(end);
            return true;
        }
        if first == '$' && self.special_variable() {
            return true;
        }
        let sigils = matches!(
            self.language,
            Language::Perl | Language::Php | Language::Ruby
        );
        let skip = usize::from(sigils && matches!(first, '$' | '@'));
        let rest = self.rest.get(skip..).unwrap_or_default();
        let length = end_of(rest, |c| {
            c.is_alphanumeric() || c == '_' || (c == '$' && skip == 0)
        });
        if length == 0 || rest.starts_with(|c: char| c.is_ascii_digit()) && skip == 0 {
            return false;
        }
        let mut end = skip + length;
        let name = self.rest.get(..end).unwrap_or_default();
        if self.prefixed_quote(name) || self.quote_operator(name) {
            return true;
        }
        let bang = self.bang(end);
        // Elixir's `rm_rf!` is `rm_rf`. Julia's `delete!` takes a key out of a collection, and no file (Julia 1.11, "Collections").
        // `bucket.clear!` of the AWS SDK for Ruby (3) is another method than `list.clear`.
        let keeps_mark = match (self.language, self.rest.get(..end)) {
            (Language::Other, Some("delete")) => {
                !matches!(self.tokens.last(), Some(Token::Mark(".")))
            }
            (Language::Ruby, Some("clear")) => true,
            _ => false,
        };
        if keeps_mark {
            end += bang;
        }
        let name = self.rest.get(..end).unwrap_or_default().to_owned();
        if !keeps_mark {
            end += bang;
        }
        self.tokens.push(Token::Name(name));
        self.advance(end);
        true
    }

    /// How long a mark behind a name is that belongs to it: `rm_rf!` of Ruby and Elixir; `x ? y : z` has none.
    fn bang(&self, end: usize) -> usize {
        let behind = self.rest.get(end..).unwrap_or_default();
        let has_marks = matches!(self.language, Language::Ruby | Language::Other);
        let is_mark = has_marks && behind.starts_with('!') && !behind.starts_with("!=");
        // `&File.regular?/1` of Elixir: the slash begins no pattern.
        let is_counted = self.language == Language::Other && behind.starts_with("?/");
        usize::from(is_mark || is_counted)
    }

    /// Perl's and Ruby's variables with a mark for a name: `$"`, `$/`, `$$`, `$#list` (perlvar(1) 5.38; Ruby 3.3, "Pre-Defined Global
    /// Variables").
    fn special_variable(&mut self) -> bool {
        if !matches!(self.language, Language::Perl | Language::Ruby) {
            return false;
        }
        let behind = self.rest.get(1..).unwrap_or_default();
        let Some(kind) = behind.chars().next() else {
            return false;
        };
        let next = behind.get(kind.len_utf8()..).unwrap_or_default();
        let is_named =
            next.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '{' | '$'));
        let length = match kind {
            '#' if self.language == Language::Perl => {
                2 + end_of(next, |c| c.is_alphanumeric() || matches!(c, '_' | ':'))
            }
            // A reference that is followed.
            '$' if is_named => return false,
            ':' if next.starts_with(':') => return false,
            '(' | ')' | '[' | ']' | '%' | '=' | '-' | '^' if self.language == Language::Ruby => {
                return false;
            }
            '&' | '`' | '\'' | '+' | '!' | '@' | '/' | '\\' | ',' | ';' | '.' | '<' | '>' | '*'
            | '"' | '~' | '?' | ':' | '|' | '$' | '(' | ')' | '[' | ']' | '%' | '=' | '-' | '^' => {
                2
            }
            _ => return false,
        };
        let name = self.rest.get(..length).unwrap_or_default().to_owned();
        self.tokens.push(Token::Name(name));
        self.advance(length);
        true
    }

    fn mark(&mut self, first: char) {
        let rest = self.rest.as_bytes();
        // Most differ in their first byte, and to compare that is cheaper than to compare texts.
        let fits = |mark: &&&str| {
            mark.as_bytes().first() == rest.first() && rest.starts_with(mark.as_bytes())
        };
        let mark = MARKS.iter().find(fits);
        match mark.copied() {
            Some("(" | "[" | "{") => self.brackets.push(self.bracket(first)),
            Some(")" | "]" | "}") => match self.brackets.pop() {
                Some(bracket) => self.closed = bracket,
                None => self.ended = true,
            },
            _ => {}
        }
        self.advance(mark.map_or(first.len_utf8(), |mark| mark.len()));
        // A backslash stands in no code of theirs, and a quote behind it opens nothing.
        if first == '\\'
            && self.has_lines()
            && let Some(quote @ ('"' | '\'' | '/')) = self.rest.chars().next()
        {
            self.advance(quote.len_utf8());
        }
        let is_method = self.language == Language::Lua
            && mark.copied() == Some(":")
            && self
                .rest
                .starts_with(|c: char| c.is_alphabetic() || c == '_');
        match mark {
            // `socket:receive()` (Lua 5.4, 3.4.10)
            _ if is_method => self.tokens.push(Token::Mark(".")),
            Some(mark) => self.tokens.push(Token::Mark(mark)),
            None if first == HOLE => self.tokens.push(Token::Name(HOLE.to_string())),
            None => {}
        }
    }
}

pub(super) fn end_of(text: &str, member: impl Fn(char) -> bool) -> usize {
    text.find(|c: char| !member(c)).unwrap_or(text.len())
}
