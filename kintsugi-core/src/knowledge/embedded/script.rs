//! Follows the text of a scripting language from its first token to its last and notes what its calls do.
//!
//! Read twice: first for what the names stand for, then for the calls, so that a function may stand in front of what it uses;
//! and then once more for each further list that a function or a loop of it is given (`parameters`).
//! Control flow is not followed; whatever could run counts.

use std::collections::BTreeMap;

use super::Embedded;
use super::brings::Brings;
use super::clients::{Client, client_of};
use super::cursor::Cursor;
use super::growing::joined_to;
use super::lex::{self, Part, Token};
use super::mocked::Mocked;
use super::parameters::{Parameter, Rounds};
use super::records;
use super::stand_ins::Servers;
use super::value::Value;
use crate::effect::Feed;
use crate::knowledge::schema::Language;
use crate::shell::{Budget, Word};

/// Bytes of a value that are kept for one unit of work.
const VALUE_BYTES: usize = 64;

/// Deepest nesting of brackets and embedded expressions that is followed.
const DEPTH_MAX: u32 = 40;

/// Most parts of a text whose value is worked out.
const PARTS_MAX: usize = 256;

/// Most tokens of code in texts that are looked at once more.
const WITHIN_MAX: usize = 4096;

/// Most things that are said of one text; one that is full of them is as unknown as one with these.
const SAID_MAX: usize = 32;

/// The state of one reading.
pub(super) struct Script<'a> {
    pub(super) language: Language,
    pub(super) budget: &'a mut Budget,
    pub(super) found: Vec<Embedded>,
    pub(super) names: BTreeMap<String, Value>,
    /// Functions that the text defines, with the names of their parameters.
    pub(super) functions: BTreeMap<String, Vec<Parameter>>,
    /// What it is read with, round by round.
    pub(super) rounds: Rounds,
    /// The fields of its structs and classes, by their names.
    pub(super) shapes: BTreeMap<String, Vec<String>>,
    /// What they give back.
    pub(super) returns: BTreeMap<String, Value>,
    /// The function that is being read.
    pub(super) current: String,
    /// What was said of it that is not understood.
    said: Vec<String>,
    /// A decoder was used: what is run and not known may have come out of it.
    pub(super) hides: bool,
    /// Something was called or run that is not known.
    pub(super) computes: bool,
    /// What it brings in that reaches beyond this machine.
    pub(super) brings: Brings,
    depth: u32,
    /// The tokens of code that stands in texts.
    within: Vec<Token>,
    /// Whose methods it calls.
    pub(super) client: Option<Client>,
    /// Databases that it opens.
    pub(super) databases: Vec<String>,
    /// It is a program of Go that has maps.
    pub(super) has_maps: bool,
    /// What it speaks to.
    pub(super) servers: Servers,
    /// What it does to something elsewhere, unless that is here.
    pub(super) elsewhere: Vec<Embedded>,
    /// The words behind the text.
    pub(super) operands: &'a [Word],
}

/// Reads `text`.
pub(super) fn read(language: Language, text: &str, budget: &mut Budget) -> Vec<Embedded> {
    read_with(language, text, &[], budget)
}

/// The same, of a text that is given words.
pub(super) fn read_with(
    language: Language,
    text: &str,
    operands: &[Word],
    budget: &mut Budget,
) -> Vec<Embedded> {
    let mut script = Script {
        language,
        budget,
        found: Vec::new(),
        names: BTreeMap::new(),
        functions: BTreeMap::new(),
        rounds: Rounds::default(),
        shapes: BTreeMap::new(),
        returns: BTreeMap::new(),
        current: String::new(),
        said: Vec::new(),
        hides: false,
        computes: false,
        brings: Brings::default(),
        depth: 0,
        within: Vec::new(),
        client: client_of(text),
        databases: Vec::new(),
        has_maps: language == Language::Other
            && text.trim_start().starts_with("package main")
            && text.contains("map["),
        servers: Servers::default(),
        elsewhere: Vec::new(),
        operands,
    };
    let globbed = (language == Language::Perl).then(|| super::behind::globs(text));
    let tokens = lex::tokens(globbed.as_deref().unwrap_or(text), language, script.budget);
    // The text that a module begins with is its `__doc__` (Python 3.13, "Code objects").
    if language == Language::Python
        && let Some(text) = tokens
            .iter()
            .find(|token| **token != Token::Line)
            .and_then(Token::text)
    {
        script.names.insert("__doc__".to_owned(), Value::text(text));
    }
    let mocked = Mocked::of(language, text);
    script.brings = Brings::of(&tokens, mocked);
    if mocked == Mocked::Cloud && script.brings.libraries == 0 {
        script.client = None;
    }
    script.promised(&tokens);
    script.typed_definitions(&tokens);
    script.note_shapes(&tokens);
    script.statements(&tokens);
    script.found.clear();
    script.said.clear();
    script.databases.clear();
    script.forget_servers();
    let mut round = 0;
    while script.begin_round(round) {
        round += 1;
        script.within.clear();
        script.statements(&tokens);
    }
    let mut tokens = tokens;
    tokens.append(&mut script.within);
    script.whole(&tokens);
    script.scratch();
    let is_about_stand_ins = script.settle_servers(&tokens);
    // Mongo's own shell is read by its statements.
    if language != Language::Mongo && !is_about_stand_ins {
        script.found.extend(records::read(text));
    }
    mocked.settle(&mut script.found);
    script.found
}

/// Whether a star behind it joins texts.
fn is_no_number(text: &str) -> bool {
    text.parse::<f64>().is_err()
}

impl Script<'_> {
    /// Reads text that the script runs itself.
    pub(super) fn nested(&mut self, text: &str) {
        if self.enter() && self.affords(text) {
            let tokens = lex::tokens(text, self.language, self.budget);
            self.statements(&tokens);
            self.keep(tokens);
        }
        self.depth -= 1;
    }

    /// Keeps the tokens of code in a text for what looks at the whole program.
    fn keep(&mut self, tokens: Vec<Token>) {
        if tokens.len() > 1 && self.within.len() < WITHIN_MAX {
            self.within.push(Token::Line);
            self.within.extend(tokens);
        }
    }

    /// Whether the budget has room for taking this code apart.
    fn affords(&mut self, code: &str) -> bool {
        let units = u32::try_from(code.len() / super::CODE_BYTES).unwrap_or(u32::MAX);
        let is_paid = self.budget.spend(units.saturating_add(1));
        if !is_paid {
            self.unknown("more code than is read");
        }
        is_paid
    }

    /// Goes one level down; false when that is too deep, which is noted.
    fn enter(&mut self) -> bool {
        self.depth += 1;
        let open = self.depth <= DEPTH_MAX;
        if !open {
            self.unknown("code nested too deeply to be read");
        }
        open
    }

    pub(super) fn unknown(&mut self, what: &str) {
        if self.is_new(what) {
            self.found.push(Embedded::Unknown(what.to_owned()));
        }
    }

    /// Whether that has not been said; after a few everything has.
    pub(super) fn is_new(&mut self, what: &str) -> bool {
        let new = self.said.len() < SAID_MAX && !self.said.iter().any(|said| said == what);
        if new {
            self.said.push(what.to_owned());
        }
        new
    }

    pub(super) fn hidden(&mut self, what: &str) {
        if self.is_new(what) {
            self.found.push(Embedded::Hidden(what.to_owned()));
        }
    }

    fn statements(&mut self, tokens: &[Token]) {
        let mut cursor = Cursor { tokens, at: 0 };
        while cursor.peek().is_some() {
            if !self.budget.spend(1) {
                self.unknown("more code than is read");
                return;
            }
            self.statement(&mut cursor);
        }
    }

    /// Reads one expression, binding or token; always moves on.
    pub(super) fn statement(&mut self, cursor: &mut Cursor<'_>) {
        let start = cursor.at;
        match cursor.name() {
            // R's `do.call` is a name.
            Some(_) if matches!(cursor.ahead(1), Some(Token::Mark("."))) => {
                self.expression(cursor);
            }
            Some("import" | "from" | "use") => self.import(cursor),
            Some("for" | "foreach") => self.loop_head(cursor),
            Some("def" | "function" | "sub" | "class" | "func" | "fn") => {
                self.definition(cursor);
            }
            Some("fun" | "proc")
                if self.language == Language::Other
                    && matches!(cursor.ahead(2), Some(Token::Mark("("))) =>
            {
                self.definition(cursor);
            }
            Some("return") => {
                cursor.at += 1;
                let value = self.expression(cursor);
                if !self.current.is_empty() {
                    let slot = self.returns.entry(self.current.clone()).or_default();
                    slot.or(&value);
                }
            }
            Some("do" | "run") if self.apple_shell(cursor) => {}
            Some("with") if self.language == Language::Python => {
                cursor.at += 1;
                let value = self.expression(cursor);
                self.named_as(cursor, value);
                while cursor.accept(",") && self.budget.spend(1) {
                    let value = self.expression(cursor);
                    self.named_as(cursor, value);
                }
            }
            Some("if" | "elif") if self.narrowed(cursor) => {}
            Some(_) if self.unpacked(cursor) => {}
            // Names of Python.
            Some("local" | "my" | "our" | "var" | "let" | "do" | "then" | "begin" | "new")
                if self.language == Language::Python =>
            {
                self.expression(cursor);
            }
            Some(
                "const" | "let" | "var" | "my" | "local" | "our" | "await" | "async" | "if"
                | "elif" | "unless" | "while" | "with" | "not" | "new" | "yield" | "and" | "or"
                | "in" | "is" | "else" | "try" | "do" | "lambda" | "begin" | "then",
            ) => {
                cursor.at += 1;
                self.destructuring(cursor);
            }
            _ => {
                self.expression(cursor);
            }
        }
        if cursor.at == start {
            cursor.at += 1;
        }
    }

    /// Reads an expression and returns what it stands for.
    pub(super) fn expression(&mut self, cursor: &mut Cursor<'_>) -> Value {
        if !self.enter() {
            self.depth -= 1;
            cursor.at = cursor.tokens.len();
            return Value::unknown(Feed::Nothing);
        }
        let start = cursor.at;
        let is_text = matches!(cursor.peek(), Some(Token::Text(_)));
        let value = self.joined(cursor);
        let value = self.with_pipes(cursor, value);
        self.depth -= 1;
        // A text that stands there alone is paid for by its bytes.
        if !is_text || cursor.at > start + 1 {
            self.pay_for(&value);
        }
        self.unless_chosen(value, cursor.peek())
    }

    /// Reads operands and what joins them to one value.
    fn joined(&mut self, cursor: &mut Cursor<'_>) -> Value {
        let mut value = self.operand(cursor);
        while self.budget.spend(1) {
            let between = match cursor.peek() {
                Some(Token::Mark("+")) if self.joins_by_pair(cursor) => {
                    cursor.at += 1;
                    ""
                }
                Some(Token::Mark("+" | "..")) => "",
                Some(Token::Mark("^"))
                    if self.language == Language::Other
                        && value.known().is_some_and(|text| is_no_number(&text)) =>
                {
                    ""
                }
                Some(Token::Mark(".")) if self.joins_by_dot() => "",
                Some(Token::Mark("/")) if self.language == Language::Python => "/",
                // Paths of os-lib (Scala): `os.home / "x"`.
                Some(Token::Mark("/"))
                    if self.language == Language::Other
                        && (matches!(cursor.ahead(1), Some(Token::Text(_)))
                            || value.is_home()
                                && matches!(cursor.ahead(1), Some(Token::Name(_)))) =>
                {
                    "/"
                }
                // Julia joins texts with a star (Julia 1.11, "Strings"), Nim and F# with `&`, D with `~`.
                Some(Token::Mark("*" | "~" | "&"))
                    if self.language == Language::Other
                        && value.known().is_some_and(|text| is_no_number(&text)) =>
                {
                    ""
                }
                Some(Token::Mark("%"))
                    if self.language == Language::Python
                        || self.language == Language::Ruby
                            && value.known().is_some_and(|text| text.contains('%')) =>
                {
                    cursor.at += 1;
                    let filling = self.operand(cursor);
                    let arguments = filling.items.clone().unwrap_or_else(|| vec![filling]);
                    value = value.format(&["%s", "%d", "%r"], &arguments);
                    continue;
                }
                Some(Token::Text(_)) if self.language == Language::Python => {
                    let next = self.operand(cursor);
                    value = value.then("", &next);
                    continue;
                }
                Some(Token::Mark("=~")) => {
                    cursor.at += 1;
                    if matches!(cursor.peek(), Some(Token::Change(_))) {
                        value = self.changed(&value);
                    }
                    self.operand(cursor);
                    continue;
                }
                Some(Token::Mark(_)) if self.joins_by_pair(cursor) => {
                    cursor.at += 1;
                    ""
                }
                _ => break,
            };
            cursor.at += 1;
            cursor.skip_lines();
            let right = self.operand(cursor);
            value = joined_to(&value, between, &right);
            self.pay_for(&value);
        }
        value
    }

    /// Values may grow with every use.
    pub(super) fn pay_for(&mut self, value: &Value) {
        let units = u32::try_from(value.size() / VALUE_BYTES).unwrap_or(u32::MAX);
        if !self.budget.spend(units) {
            self.unknown("more code than is read");
        }
    }

    pub(super) fn operand(&mut self, cursor: &mut Cursor<'_>) -> Value {
        let value = match cursor.peek() {
            Some(Token::Text(parts)) => {
                cursor.at += 1;
                self.text(parts)
            }
            Some(Token::Shell(parts)) => {
                cursor.at += 1;
                let text = self.command_text(parts);
                let begins =
                    |word: &Word| matches!(word.pieces.first(), Some(crate::shell::Piece::Hole(_)));
                if self.hides && text.alternatives().iter().any(begins) {
                    self.hidden("a command that is decoded");
                }
                self.found
                    .extend(text.alternatives().into_iter().map(Embedded::Shell));
                Value::unknown(Feed::Program)
            }
            Some(token @ (Token::Pattern(parts) | Token::Change(parts))) => {
                cursor.at += 1;
                if matches!(token, Token::Change(_)) {
                    // Without `=~` it is applied to `$_`.
                    self.hides = true;
                    let changed = Value::unknown(Feed::Decoded);
                    self.names.insert("$_".to_owned(), changed);
                }
                self.evaluated(parts)
            }
            Some(Token::Words(words)) => {
                cursor.at += 1;
                Value::list(words.iter().map(Value::text).collect())
            }
            Some(Token::Number(number)) => {
                cursor.at += 1;
                Value::text(number)
            }
            Some(Token::Name(name)) => return self.named(cursor, name),
            Some(Token::Mark(mark)) => match *mark {
                "(" | "[" | "{" => self.bracketed(cursor, mark),
                "&" | "$"
                    if self.language == Language::Perl
                        && matches!(cursor.ahead(1), Some(Token::Mark("{"))) =>
                {
                    cursor.at += 2;
                    let named = self.expression(cursor);
                    cursor.accept("}");
                    return self.behind(cursor, named);
                }
                "$" if matches!(cursor.ahead(1), Some(Token::Name(name)) if name == "HOME") => {
                    cursor.at += 2;
                    super::value::home()
                }
                // Elixir's sigils: `~c"text"`.
                "~" if matches!(cursor.ahead(2), Some(Token::Text(_))) => {
                    cursor.at += 2;
                    return self.operand(cursor);
                }
                "..." if self.language == Language::Lua => self.all_given(cursor),
                "!" | "-" | "&" | "*" | "**" | "@" | "$" | "\\" | "..." => {
                    cursor.at += 1;
                    return self.operand_behind(cursor);
                }
                _ => return Value::unknown(Feed::Nothing),
            },
            Some(Token::Unclear) => {
                self.unknown("code that can be read in several ways");
                return Value::unknown(Feed::Nothing);
            }
            Some(Token::Line) | None => return Value::unknown(Feed::Nothing),
        };
        self.behind(cursor, value)
    }

    /// The operand behind a sign or word, of which there may be many.
    fn operand_behind(&mut self, cursor: &mut Cursor<'_>) -> Value {
        let mut value = Value::unknown(Feed::Nothing);
        if self.enter() {
            value = self.operand(cursor);
        } else {
            cursor.at = cursor.tokens.len();
        }
        self.depth -= 1;
        value
    }

    /// The code in a pattern.
    fn evaluated(&mut self, parts: &[Part]) -> Value {
        for part in parts {
            if let Part::Code(code) | Part::Aside(code) = part {
                self.nested(code);
            }
        }
        Value::unknown(Feed::Nothing)
    }

    pub(super) fn text(&mut self, parts: &[Part]) -> Value {
        let mut value = Value::text("");
        // Each part makes a new text of all that are before it.
        let is_long = parts.len() > PARTS_MAX;
        for part in parts {
            let next = match part {
                Part::Text(text) => Value::text(text),
                Part::Aside(code) => {
                    self.nested(code);
                    continue;
                }
                Part::Code(code) if self.enter() && self.affords(code) => {
                    let tokens = lex::tokens(code, self.language, self.budget);
                    let mut cursor = Cursor {
                        tokens: &tokens,
                        at: 0,
                    };
                    let value = self.expression(&mut cursor);
                    // `#{x.map { |h| h.hex.chr }.join}`: what a block makes of it is not worked out.
                    let is_whole = cursor.peek().is_none();
                    while cursor.peek().is_some() && self.budget.spend(1) {
                        self.statement(&mut cursor);
                    }
                    self.keep(tokens);
                    if self.language == Language::Ruby && !is_whole {
                        Value::unknown(value.feed)
                    } else {
                        value
                    }
                }
                Part::Code(_) => Value::unknown(Feed::Nothing),
            };
            if matches!(part, Part::Code(_)) {
                self.depth -= 1;
            }
            if !is_long {
                value = value.then("", &next);
            }
        }
        if is_long {
            value = Value::unknown(Feed::Nothing);
        }
        value
    }

    fn named(&mut self, cursor: &mut Cursor<'_>, name: &str) -> Value {
        cursor.at += 1;
        // PHP: `@unlink($f)` says nothing when it fails.
        let name = match (self.language, name.strip_prefix('@')) {
            (Language::Php, Some(quiet)) => quiet,
            _ => name,
        };
        // `` $`rm x` `` of zx 8, Bun 1.2 and execa 9 runs the text.
        if self.language == Language::Javascript
            && matches!(name, "$" | "$$")
            && let Some(Token::Text(parts)) = cursor.peek()
        {
            cursor.at += 1;
            return self.tagged(parts);
        }
        if matches!(name, "new" | "await" | "my" | "return") {
            let list = self.array_behind_new(cursor, name);
            return list.unwrap_or_else(|| self.operand_behind(cursor));
        }
        if name == "lambda" {
            while cursor.peek().is_some() && !cursor.accept(":") {
                cursor.at += 1;
            }
            return self.expression(cursor);
        }
        if cursor.is("=") || cursor.is(":=") {
            return self.assigned(cursor, name);
        }
        // `name <- value` of R, Haskell and others; `name < -1` looks the same.
        if self.language == Language::Other
            && cursor.is("<")
            && matches!(cursor.ahead(1), Some(Token::Mark("-")))
        {
            return self.assigned_by_arrow(cursor, name);
        }
        if let Some(longer) = self.grown(cursor, name) {
            return longer;
        }
        if self.language == Language::Perl && matches!(name, "exec" | "system") && cursor.is("{") {
            return self.indirect_call(cursor, name);
        }
        let value = match self.names.get(name) {
            Some(value) => value.clone(),
            None => self.given_words(name).unwrap_or_else(|| self.free(name)),
        };
        // `sub { unlink }`, `shift`: of what the function or the text is given.
        if self.language == Language::Perl
            && name == "shift"
            && !cursor.at_argument()
            && let Some(all) = self.taken_first()
        {
            return all;
        }
        self.called_or_not(cursor, value)
    }
}
