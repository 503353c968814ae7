//! Words, texts and marks of SQL, statement by statement.

use super::super::lex::HOLE;
use super::fold;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A keyword, a name, a number.
    Word,
    /// A name between quotes of its own: `"t"`, `` `t` ``; in `MySQL` `"t"` is a text.
    Quoted,
    /// A text: `'x'`, `E'\x41'`, `X'41'`, `q'[x]'`.
    Text,
    /// A text between dollars, which is mostly the body of a function: `$$ … $$`.
    Body,
    /// Anything else, one character.
    Mark,
}

/// A token.
#[derive(Debug, Clone)]
pub(super) struct Token {
    /// Words in upper case; texts and quoted names too, with the quote in front, so that they are no keyword.
    pub(super) upper: String,
    /// What it says, without quotes, escapes undone.
    pub(super) written: String,
    pub(super) kind: Kind,
}

impl Token {
    fn new(kind: Kind, written: String) -> Self {
        let upper = match kind {
            Kind::Word | Kind::Mark => written.to_uppercase(),
            Kind::Text | Kind::Body => format!("'{}", written.to_uppercase()),
            Kind::Quoted => format!("\"{}", written.to_uppercase()),
        };
        Self {
            upper,
            written,
            kind,
        }
    }

    /// Whether it is the character `mark`.
    pub(super) fn is_mark(&self, mark: &str) -> bool {
        self.kind == Kind::Mark && self.written == mark
    }

    /// Whether it says a text.
    pub(super) const fn is_text(&self) -> bool {
        matches!(self.kind, Kind::Text | Kind::Body)
    }

    /// The last part of a name in upper case: `LO_UNLINK` of `pg_catalog.lo_unlink`, `XP_CMDSHELL` of `master..[xp_cmdshell]`.
    pub(super) fn name(&self) -> &str {
        let upper = match self.kind {
            Kind::Word => self.upper.as_str(),
            Kind::Quoted => self.upper.trim_start_matches('"'),
            Kind::Text | Kind::Body | Kind::Mark => return "",
        };
        let last = upper.rsplit('.').next().unwrap_or_default();
        last.trim_matches(['[', ']'])
    }
}

/// Splits SQL into tokens, comments dropped. `escapes`: a backslash hides a quote in every text, as in `MySQL`.
pub(super) fn tokens(sql: &str, escapes: bool) -> Vec<Token> {
    let mut all = Vec::new();
    let mut rest = sql;
    let mut open = Vec::new();
    while let Some(first) = rest.chars().next() {
        let (token, used) = match first {
            '-' if rest.starts_with("--") => (None, rest.find('\n').unwrap_or(rest.len())),
            // MySQL runs what stands in `/*! … */`.
            '/' if rest.starts_with("/*!") => {
                let skip = rest
                    .char_indices()
                    .skip(3)
                    .find(|(_, c)| !c.is_ascii_digit());
                (None, skip.map_or(rest.len(), |(at, _)| at))
            }
            '/' if rest.starts_with("/*") => {
                (None, rest.find("*/").map_or(rest.len(), |at| at + 2))
            }
            '*' if rest.starts_with("*/") => (None, 2),
            '\'' => {
                let (text, used) = quoted(rest, '\'', escapes);
                (Some(Token::new(Kind::Text, text)), used)
            }
            '"' | '`' => {
                let (text, used) = quoted(rest, first, escapes && first == '"');
                (Some(Token::new(Kind::Quoted, text)), used)
            }
            '$' if dollar_tag(rest).is_some() => {
                let tag = dollar_tag(rest).unwrap_or_default();
                let body = rest.get(tag.len()..).unwrap_or_default();
                let end = body.find(tag).unwrap_or(body.len());
                let text = body.get(..end).unwrap_or_default().to_owned();
                let used = (end + 2 * tag.len()).min(rest.len());
                (Some(Token::new(Kind::Body, text)), used)
            }
            c if is_member(c) => {
                let end = rest.find(|c: char| !is_member(c)).unwrap_or(rest.len());
                let (word, behind) = rest.split_at(end);
                match prefixed(word, behind, &mut open) {
                    Some((text, used)) => (Some(Token::new(Kind::Text, text)), end + used),
                    None => (Some(Token::new(Kind::Word, word.to_owned())), end),
                }
            }
            c if c.is_whitespace() => (None, c.len_utf8()),
            c => (Some(Token::new(Kind::Mark, c.to_string())), c.len_utf8()),
        };
        all.extend(token);
        rest = rest.get(used..).unwrap_or_default();
    }
    all
}

fn is_member(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '.' | '$' | '@' | '[' | ']' | HOLE)
}

/// The text between quotes, and how many bytes it takes with them; a quote twice is one of the text.
fn quoted(from: &str, quote: char, escapes: bool) -> (String, usize) {
    let mut text = String::new();
    let mut characters = from.char_indices().skip(1).peekable();
    while let Some((at, c)) = characters.next() {
        if c == '\\' && escapes {
            text.push(c);
            text.extend(characters.next().map(|(_, c)| c));
        } else if c != quote {
            text.push(c);
        } else if characters.next_if(|(_, next)| *next == quote).is_some() {
            text.push(quote);
        } else {
            return (text, at + quote.len_utf8());
        }
    }
    (text, from.len())
}

/// `$$` or `$tag$` at the start of `text`.
fn dollar_tag(text: &str) -> Option<&str> {
    let behind = text.get(1..)?;
    let end = behind.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))?;
    let is_tag =
        behind.get(end..)?.starts_with('$') && !behind.starts_with(|c: char| c.is_ascii_digit());
    is_tag.then(|| text.get(..end + 2)).flatten()
}

/// Most ends of Oracle's texts that are looked for in vain.
const ENDS_MAX: usize = 4;

/// The text behind a prefix that says how it is written, and how many bytes of `behind` it takes. `missing` are the ends that
/// do not come any more.
fn prefixed(word: &str, behind: &str, missing: &mut Vec<char>) -> Option<(String, usize)> {
    let unicode = word.eq_ignore_ascii_case("U") && behind.starts_with("&'");
    if unicode {
        let (text, used) = quoted(behind.get(1..)?, '\'', false);
        return Some((fold::unescaped(&text, true), used + 1));
    }
    if !behind.starts_with('\'') {
        return None;
    }
    match word.to_ascii_uppercase().as_str() {
        "E" => {
            let (text, used) = quoted(behind, '\'', true);
            Some((fold::unescaped(&text, false), used))
        }
        "X" => {
            let (text, used) = quoted(behind, '\'', false);
            Some((fold::unhexed(&text).unwrap_or(text), used))
        }
        "N" | "_UTF8" | "_UTF8MB4" | "_BINARY" | "_LATIN1" => Some(quoted(behind, '\'', false)),
        // Oracle's `q'[…]'`.
        "Q" | "NQ" => {
            let open = behind.chars().nth(1)?;
            let close = match open {
                '[' => ']',
                '(' => ')',
                '{' => '}',
                '<' => '>',
                other => other,
            };
            let body = behind.get(1 + open.len_utf8()..)?;
            if missing.contains(&close) || missing.len() == ENDS_MAX {
                return None;
            }
            let Some(end) = body.find(&format!("{close}'")) else {
                missing.push(close);
                return None;
            };
            let used = 1 + open.len_utf8() + end + close.len_utf8() + 1;
            Some((body.get(..end)?.to_owned(), used))
        }
        _ => None,
    }
}

/// Words behind which a statement begins inside a body, beside `;`.
const OPENERS: [&str; 6] = ["BEGIN", "LOOP", "THEN", "ELSE", "DECLARE", "DO"];

/// Splits tokens into statements: at semicolons, and in the body of a procedure behind what opens a block.
pub(super) fn statements(tokens: Vec<Token>, is_body: bool) -> Vec<Vec<Token>> {
    let mut all = Vec::new();
    let mut current: Vec<Token> = Vec::new();
    for token in tokens {
        if token.is_mark(";") {
            all.push(std::mem::take(&mut current));
            continue;
        }
        let opens = is_body
            && token.kind == Kind::Word
            && OPENERS.contains(&token.upper.as_str())
            && !current
                .first()
                .is_some_and(|first| matches!(first.upper.as_str(), "MERGE" | "INSERT"));
        let declares = token.upper == "DECLARE";
        if opens && !declares {
            current.push(token);
            all.push(std::mem::take(&mut current));
        } else {
            if opens && !current.is_empty() {
                all.push(std::mem::take(&mut current));
            }
            current.push(token);
        }
    }
    all.push(current);
    all.retain(|statement| !statement.is_empty());
    all
}
