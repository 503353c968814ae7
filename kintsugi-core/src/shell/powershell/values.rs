//! Expressions: what they evaluate to as a word of bash, so far as the text alone tells. What is computed is not known, but what it
//! was computed from stays in the word, so that a command among it is seen and what it prints is followed.

use super::calls::{is_cast, is_harmless_method, is_harmless_static, new_name};
use super::{Fault, Reader, UNREAD, deeper, push_quoted};

/// Longest value that is computed from others, in bytes: each step writes all of it again.
const COMPUTED_BYTES_MAX: usize = 8_192;

const COMPUTED: &str = "\"${computed_value}\"";
const COMPUTES: &str = "\"$(printf '%s\\n' ";
const COMPUTED_END: &str = " | paste)\"";

/// Operators that are words, without the `c` and `i` in front of those that compare.
const OPERATORS: &str = "eq ne gt ge lt le like notlike match notmatch contains notcontains in notin replace split join f is isnot \
    as and or xor not band bor bxor bnot shl shr";

/// What an expression evaluates to.
#[derive(Debug, Default)]
pub(super) struct Value {
    /// As bash would write it; several words for a list.
    pub(super) word: String,
    /// The text, when all of it is known.
    pub(super) constant: Option<String>,
    /// Whether it is several values.
    pub(super) is_list: bool,
    /// A string with variables in it.
    pub(super) is_text: bool,
    /// The variable of bash that an assignment to it sets, `export ` in front of one of the environment.
    pub(super) assigned: Option<String>,
    /// A member or an element of that variable.
    pub(super) is_part: bool,
    /// The arguments that a table stands for.
    pub(super) hash: Option<String>,
}

impl Value {
    /// What commands print.
    pub(super) fn printed(inner: &str) -> Self {
        Self {
            word: ["\"$(", inner, ")\""].concat(),
            ..Self::default()
        }
    }

    /// What is computed from `words`.
    pub(super) fn computed(words: &[&str]) -> Result<Self, Fault> {
        if words.iter().map(|word| word.len()).sum::<usize>() > COMPUTED_BYTES_MAX {
            return Err("more than 8 KiB of one computed value");
        }
        let carried: Vec<&str> = words
            .iter()
            .copied()
            .filter(|word| word.contains("$(") || word.contains("${"))
            .filter(|word| *word != COMPUTED)
            .collect();
        let word = match carried.as_slice() {
            [] => COMPUTED.to_owned(),
            [first, rest @ ..] => {
                // Computed again: the words are put with those of the first time.
                let before = first
                    .strip_prefix(COMPUTES)
                    .and_then(|it| it.strip_suffix(COMPUTED_END))
                    .unwrap_or(first);
                [COMPUTES, before, " ", &rest.join(" "), COMPUTED_END].concat()
            }
        };
        Ok(Self {
            word,
            ..Self::default()
        })
    }
}

impl Reader<'_> {
    /// The operator in front of a value, and how long it is.
    pub(super) fn unary(&self) -> Option<usize> {
        let rest = self.rest();
        if rest.starts_with("++") || rest.starts_with("--") {
            return rest.get(2..)?.starts_with('$').then_some(2);
        }
        if rest.starts_with(['!', ',', '+']) {
            return Some(1);
        }
        let behind = rest.strip_prefix('-')?;
        let end = behind
            .find(|letter: char| !letter.is_ascii_alphabetic())
            .unwrap_or(behind.len());
        let word = behind.get(..end)?.to_ascii_lowercase();
        if ["not", "bnot", "split", "join"].contains(&word.as_str()) {
            return Some(end + 1);
        }
        behind
            .starts_with(|letter: char| letter.is_ascii_digit() || matches!(letter, '$' | '('))
            .then_some(1)
    }

    /// The length of the operator between two values, when one is next.
    fn operator(&self) -> Option<(usize, bool)> {
        let rest = self.rest();
        for mark in ["..", "??", ",", "?", ":"] {
            if rest.starts_with(mark) && !rest.starts_with("??=") {
                return Some((mark.len(), false));
            }
        }
        if rest.starts_with(['+', '*', '/', '%']) && rest.as_bytes().get(1) != Some(&b'=') {
            return Some((1, rest.starts_with('+')));
        }
        let behind = rest.strip_prefix('-')?;
        let end = behind
            .find(|letter: char| !letter.is_ascii_alphabetic())
            .unwrap_or(behind.len());
        if end == 0 {
            return (!behind.starts_with('=')).then_some((1, false));
        }
        let word = behind.get(..end)?.to_ascii_lowercase();
        let bare = word.strip_prefix(['c', 'i']).unwrap_or(&word);
        let is_known = OPERATORS.split(' ').any(|it| it == word || it == bare);
        is_known.then_some((end + 1, false))
    }

    /// Values with operators between them.
    pub(super) fn expression(&mut self, blocks: &mut String) -> Result<Value, Fault> {
        let first = self.operand(blocks)?;
        self.skip_blanks();
        if self.operator().is_none() {
            return Ok(first);
        }
        let mut is_list = true;
        let mut is_sum = true;
        let mut values = vec![first];
        while let Some((length, adds)) = self.operator() {
            is_list = is_list && self.rest().starts_with(',');
            is_sum = is_sum && adds;
            self.at += length;
            self.skip_blanks();
            while self.next() == Some('\n') {
                self.at += 1;
                self.skip_blanks();
            }
            values.push(self.operand(blocks)?);
            self.skip_blanks();
        }
        let words: Vec<&str> = values.iter().map(|value| value.word.as_str()).collect();
        if is_list {
            let assigned = values.iter().all(|value| value.assigned.is_some());
            return Ok(Value {
                word: words.join(" "),
                is_list: true,
                is_part: assigned,
                ..Value::default()
            });
        }
        let texts: Option<Vec<&str>> = values
            .iter()
            .map(|value| value.constant.as_deref().filter(|_| value.is_text))
            .collect();
        if is_sum && let Some(texts) = texts {
            let text = texts.concat();
            let mut word = String::new();
            push_quoted(&mut word, &text);
            return Ok(Value {
                word,
                constant: Some(text),
                is_text: true,
                ..Value::default()
            });
        }
        if is_sum && values.iter().any(|value| value.is_text) {
            // A text that is put together: `$dir + '/bin'`.
            return Ok(Value {
                word: words.concat(),
                is_text: true,
                ..Value::default()
            });
        }
        Value::computed(&words)
    }

    /// One value with what is in front of it and behind it.
    pub(super) fn operand(&mut self, blocks: &mut String) -> Result<Value, Fault> {
        deeper(&mut self.depth)?;
        self.skip_blanks();
        let value = if let Some(length) = self.unary() {
            let is_list = self.next() == Some(',');
            self.at += length;
            let value = self.operand(blocks)?;
            if is_list {
                value
            } else {
                Value::computed(&[&value.word])?
            }
        } else {
            let value = self.primary(blocks)?;
            self.behind(value, blocks)?
        };
        self.depth -= 1;
        Ok(value)
    }

    fn primary(&mut self, blocks: &mut String) -> Result<Value, Fault> {
        let rest = self.rest();
        if rest.starts_with("@'") || rest.starts_with("@\"") {
            return self.here_string();
        }
        if rest.starts_with("@{") {
            self.at += 2;
            return self.table(blocks);
        }
        if rest.starts_with("@(") || rest.starts_with("$(") {
            let is_list = rest.starts_with('@');
            self.at += 2;
            let mut value = self.bracketed(blocks)?;
            value.is_list |= is_list;
            return Ok(value);
        }
        match self.next() {
            Some('\'') => {
                let text = self.single()?;
                let mut word = String::new();
                push_quoted(&mut word, &self.parted(&text));
                Ok(Value {
                    word,
                    constant: Some(text),
                    is_text: true,
                    ..Value::default()
                })
            }
            Some('"') => {
                let mut word = String::new();
                let constant = self.double(&mut word)?;
                Ok(Value {
                    word,
                    constant,
                    is_text: true,
                    ..Value::default()
                })
            }
            Some('$') => self.variable(),
            Some('(') => {
                self.at += 1;
                self.bracketed(blocks)
            }
            Some('[') => self.of_type(blocks),
            Some('{') => {
                self.at += 1;
                self.statements(blocks)?;
                self.close('}')?;
                Ok(Value {
                    word: "''".to_owned(),
                    ..Value::default()
                })
            }
            Some(digit) if digit.is_ascii_digit() => {
                let rest = self.rest();
                let end = rest
                    .find(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '.'))
                    .unwrap_or(rest.len());
                let number = rest.get(..end).unwrap_or_default();
                let end = number.find("..").unwrap_or(end);
                let number = rest.get(..end).unwrap_or_default().to_owned();
                self.at += end;
                Ok(Value {
                    word: number.clone(),
                    constant: Some(number),
                    ..Value::default()
                })
            }
            Some(_) | None => Err(UNREAD),
        }
    }

    /// Statements up to `)`: their one value, or what they print.
    fn bracketed(&mut self, blocks: &mut String) -> Result<Value, Fault> {
        self.skip_blanks();
        while self.next() == Some('\n') {
            self.at += 1;
            self.skip_blanks();
        }
        if self.next() == Some(')') {
            self.at += 1;
            return Ok(Value {
                word: "''".to_owned(),
                ..Value::default()
            });
        }
        let value = self.statement_value(blocks)?;
        self.skip_blanks();
        if self.next() == Some(')') {
            self.at += 1;
            return Ok(Value {
                assigned: None,
                ..value
            });
        }
        let mut inner = ["printf '%s\\n' ", &value.word, "\n"].concat();
        self.statements(&mut inner)?;
        self.close(')')?;
        Ok(Value::printed(&inner))
    }

    /// `.Name`, `.Name(…)`, `[…]`, `++` behind a value.
    pub(super) fn behind(&mut self, mut value: Value, blocks: &mut String) -> Result<Value, Fault> {
        loop {
            let rest = self.rest();
            let safely = usize::from(rest.starts_with("?.") || rest.starts_with("?["));
            let rest = rest.get(safely..).unwrap_or_default();
            if rest.starts_with("++") || rest.starts_with("--") {
                self.at += 2;
                value = Value::computed(&[&value.word])?;
                continue;
            }
            if rest.starts_with('[') {
                self.at += safely + 1;
                let index = self.expression(blocks)?;
                self.close(']')?;
                let assigned = value.assigned.take();
                value = Value::computed(&[&value.word, &index.word])?;
                (value.assigned, value.is_part) = (assigned, true);
                continue;
            }
            let Some(behind) = rest.strip_prefix('.') else {
                return Ok(value);
            };
            let end = behind
                .find(|letter: char| !(letter.is_alphanumeric() || letter == '_'))
                .unwrap_or(behind.len());
            let name = behind.get(..end).unwrap_or_default().to_owned();
            if name.is_empty() {
                // `1..5`, or a member whose name is computed.
                return if behind.starts_with('.') {
                    Ok(value)
                } else {
                    Err(UNREAD)
                };
            }
            self.at += safely + 1 + end;
            if !self.rest().starts_with(['(', '{']) {
                value.constant = None;
                value.is_part = true;
                value.hash = None;
                continue;
            }
            if !is_harmless_method(&name) || is_item(&value.word) {
                return Err(UNREAD);
            }
            value = self.call(&value.word, blocks)?;
        }
    }

    /// The arguments of a method that only computes.
    fn call(&mut self, object: &str, blocks: &mut String) -> Result<Value, Fault> {
        let mut words = vec![object.to_owned()];
        if self.next() == Some('(') {
            self.at += 1;
            loop {
                self.skip_blanks();
                match self.next() {
                    Some(')') => break,
                    Some(',' | '\n') => self.at += 1,
                    Some(_) => words.push(self.expression(blocks)?.word),
                    None => return Err(UNREAD),
                }
            }
            self.at += 1;
        } else {
            // `.ForEach{ … }`
            words.push(self.primary(blocks)?.word);
        }
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        Value::computed(&words)
    }

    /// `[Type]`, `[Type]::Name`, `[Type]::Name(…)`, `[Type]value`.
    fn of_type(&mut self, blocks: &mut String) -> Result<Value, Fault> {
        let name = self.type_name()?;
        if let Some(behind) = self.rest().strip_prefix("::") {
            let end = behind
                .find(|letter: char| !(letter.is_alphanumeric() || letter == '_'))
                .unwrap_or(behind.len());
            let member = behind.get(..end).unwrap_or_default().to_owned();
            self.at += 2 + end;
            if member.is_empty() {
                return Err(UNREAD);
            }
            if self.next() != Some('(') {
                // How this shell itself writes and connects may be set.
                let is_own = name.ends_with("console") || name.ends_with("servicepointmanager");
                return Ok(Value {
                    assigned: is_own.then(|| "own_setting".to_owned()),
                    is_part: true,
                    ..Value::computed(&[])?
                });
            }
            if let Some(made) = new_name(&name, &member) {
                self.call("", blocks)?;
                return Ok(Value {
                    word: made.to_owned(),
                    constant: Some(made.to_owned()),
                    ..Value::default()
                });
            }
            if !is_harmless_static(&name, &member) {
                return Err(UNREAD);
            }
            return self.call("", blocks);
        }
        self.skip_blanks();
        let has_operand = matches!(
            self.next(),
            Some('\'' | '"' | '$' | '(' | '@' | '[' | '0'..='9')
        );
        if !has_operand {
            return Ok(Value {
                word: "''".to_owned(),
                ..Value::default()
            });
        }
        if is_cast(&name) {
            self.operand(blocks)
        } else {
            Err(UNREAD)
        }
    }

    /// The name between `[` and `]`, in small letters.
    pub(super) fn type_name(&mut self) -> Result<String, Fault> {
        let rest = self.rest();
        let mut open = 0_u32;
        for (at, letter) in rest.char_indices().take(256) {
            match letter {
                '[' => open += 1,
                ']' if open == 1 => {
                    let name = rest.get(1..at).unwrap_or_default().to_ascii_lowercase();
                    self.at += at + 1;
                    return Ok(name);
                }
                ']' => open -= 1,
                '{' => break,
                _ => {}
            }
        }
        Err(UNREAD)
    }
}

/// A file or an object of the system, whose methods change it: `(Get-Item x).Replace(…)`.
fn is_item(word: &str) -> bool {
    const ITEMS: [&str; 6] = [
        "\"$(Get-Item",
        "\"$(Get-ChildItem",
        "\"$(Get-Wmi",
        "\"$(Get-Cim",
        "\"$(New-Object",
        "\"$(Get-AD",
    ];
    ITEMS.iter().any(|item| word.starts_with(item))
}
