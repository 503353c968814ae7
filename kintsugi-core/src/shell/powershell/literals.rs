//! Strings over several lines, and tables.

use super::values::Value;
use super::{Fault, Reader, UNREAD, push_quoted};

/// Longest table of arguments that is remembered, in bytes.
const TABLE_BYTES_MAX: usize = 512;

impl Reader<'_> {
    /// `@'…'@` and `@"…"@` over several lines.
    pub(super) fn here_string(&mut self) -> Result<Value, Fault> {
        let mark = if self.rest().starts_with("@'") {
            '\''
        } else {
            '"'
        };
        let start = self.rest().find('\n').ok_or(UNREAD)? + 1;
        let closing = ["\n", mark.encode_utf8(&mut [0; 4]), "@"].concat();
        // The line end in front of the mark may be the one behind the first mark.
        let body = self.rest().get(start - 1..).unwrap_or_default();
        let end = body.find(&closing).ok_or("a quote that is never closed")?;
        let text = body.get(1..end.max(1)).unwrap_or_default().to_owned();
        let next = self.at + start - 1 + end + closing.len();
        if mark == '\'' || !text.contains(['$', '`']) {
            self.at = next;
            let mut word = String::new();
            push_quoted(&mut word, &text);
            return Ok(Value {
                word,
                constant: Some(text),
                is_text: true,
                ..Value::default()
            });
        }
        self.at += start;
        let mut word = String::new();
        self.inside_double(&mut word, next - closing.len())?;
        self.at = next;
        Ok(Value {
            word,
            is_text: true,
            ..Value::default()
        })
    }

    /// `key = value; key = value }`.
    pub(super) fn table(&mut self, blocks: &mut String) -> Result<Value, Fault> {
        let mut arguments = Some(String::new());
        let mut words: Vec<String> = Vec::new();
        loop {
            self.skip_blanks();
            match self.next() {
                Some('}') => break,
                Some(';' | '\n' | ',') => {
                    self.at += 1;
                    continue;
                }
                Some(_) => {}
                None => return Err(UNREAD),
            }
            let key = if self.begins_value() {
                self.operand(blocks)?.constant
            } else {
                let rest = self.rest();
                let end = rest
                    .find(|letter: char| !(letter.is_alphanumeric() || "_-.".contains(letter)))
                    .unwrap_or(rest.len());
                let key = rest.get(..end).unwrap_or_default().to_owned();
                self.at += end;
                Some(key)
            };
            self.skip_blanks();
            self.close('=')?;
            let outside = std::mem::replace(&mut self.parts_paths, true);
            let value = self.statement_value(blocks)?;
            self.parts_paths = outside;
            match (&mut arguments, key) {
                (Some(text), Some(key)) if text.len() + value.word.len() <= TABLE_BYTES_MAX => {
                    match value.word.as_str() {
                        "false" => {}
                        "true" => text.push_str(&[" -", &key].concat()),
                        word => text.push_str(&[" -", &key, " ", word].concat()),
                    }
                }
                _ => arguments = None,
            }
            words.push(value.word);
        }
        self.at += 1;
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        Ok(Value {
            hash: arguments,
            ..Value::computed(&words)?
        })
    }
}
