//! Arithmetic on constants, with the operators of bash(1), ARITHMETIC EVALUATION.
//!
//! Wraps as the shell does; what depends on a value that is not known is not known.

use super::super::tree::Raw;
use super::super::{Hole, Piece};
use super::Machine;
use super::state::{self, Pieces, Value};
use super::words::fixed;
use crate::effect::Span;

/// Deepest parentheses and unary operators.
const DEPTH_MAX: u32 = 32;
/// Longest expression, in bytes.
const BYTES_MAX: usize = 1_024;

/// Binary operators and how tightly they bind; longer spellings first.
const OPERATORS: [(&str, u8); 19] = [
    ("||", 1),
    ("&&", 2),
    ("==", 6),
    ("!=", 6),
    ("<=", 7),
    (">=", 7),
    ("<<", 8),
    (">>", 8),
    ("**", 11),
    ("|", 3),
    ("^", 4),
    ("&", 5),
    ("<", 7),
    (">", 7),
    ("+", 9),
    ("-", 9),
    ("*", 10),
    ("/", 10),
    ("%", 10),
];

/// Whether an expression may give a name a value: `a = 1`, `a <<= 1`, `a++`.
fn assigns(expression: &str) -> bool {
    let plain = expression.replace("<<=", "=").replace(">>=", "=");
    let plain = ["==", "!=", "<=", ">="]
        .iter()
        .fold(plain, |text, compares| text.replace(compares, " "));
    plain.contains('=') || plain.contains("++") || plain.contains("--")
}

impl Machine<'_> {
    /// Expands `$((…))`.
    pub(super) fn expression(&mut self, raw: &Raw) -> Pieces {
        match self.arithmetic(raw.text().to_owned().as_str(), raw.span()) {
            Some(number) => state::text(number.to_string()),
            None => vec![Piece::Hole(Hole::Other("an arithmetic expression"))],
        }
    }

    /// Evaluates an expression, with its assignments.
    pub(super) fn arithmetic(&mut self, expression: &str, span: Span) -> Option<i64> {
        let pieces = if expression.contains(['$', '`', '"', '\\']) {
            self.quoted_text(&fixed(expression, span))
        } else {
            state::text(expression)
        };
        self.spend(1 + expression.len() / 16, span);
        let text = state::known(&pieces).filter(|text| text.len() <= BYTES_MAX);
        let Some(text) = text else {
            self.forget_assigned(expression);
            return None;
        };
        let mut parser = Parser {
            text: &text,
            at: 0,
            machine: self,
            depth: 0,
        };
        let mut value = parser.assignment();
        while parser.take(",") {
            value = parser.assignment();
        }
        parser.blanks();
        let complete = parser.at >= text.len();
        if value.is_none() || !complete {
            self.forget_assigned(&text);
            return None;
        }
        value
    }

    /// After an expression that could not be evaluated: what it assigns is not known.
    fn forget_assigned(&mut self, expression: &str) {
        if !assigns(expression) {
            return;
        }
        let names = expression
            .split(|character: char| !(character.is_ascii_alphanumeric() || character == '_'));
        let names: Vec<String> = names
            .filter(|name| self.state.variable(name).is_some())
            .map(str::to_owned)
            .collect();
        for name in names {
            self.state
                .set(&name, Value::Scalar(state::unknown(&name)), false);
        }
    }

    fn number_of(&mut self, name: &str) -> Option<i64> {
        let value = self.state.variable(name)?;
        let [value] = value.values.as_slice() else {
            return None;
        };
        let text = state::known(&value.scalar())?;
        if text.contains("$(") || text.contains('`') {
            self.expanded_again(&text, Span::default());
            return None;
        }
        if text.is_empty() {
            return Some(0);
        }
        number(text.trim())
    }
}

/// Reads a number: decimal, `0x`, octal, `base#digits`.
fn number(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let value = if let Some(hexadecimal) = digits
        .strip_prefix("0x")
        .or_else(|| digits.strip_prefix("0X"))
    {
        i64::from_str_radix(hexadecimal, 16).ok()?
    } else if let Some((base, digits)) = digits.split_once('#') {
        let base = base
            .parse::<u32>()
            .ok()
            .filter(|base| (2..=36).contains(base))?;
        i64::from_str_radix(digits, base).ok()?
    } else if digits.len() > 1 && digits.starts_with('0') {
        i64::from_str_radix(digits, 8).ok()?
    } else {
        digits.parse().ok()?
    };
    Some(if negative {
        value.wrapping_neg()
    } else {
        value
    })
}

struct Parser<'a, 'm, 'b> {
    text: &'a str,
    at: usize,
    machine: &'m mut Machine<'b>,
    depth: u32,
}

impl<'a> Parser<'a, '_, '_> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn blanks(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    fn take(&mut self, what: &str) -> bool {
        self.blanks();
        let found = self.rest().starts_with(what);
        if found {
            self.at += what.len();
        }
        found
    }

    fn name(&mut self) -> Option<&'a str> {
        self.blanks();
        let rest = self.rest();
        if !rest.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_') {
            return None;
        }
        let end =
            rest.find(|character: char| !(character.is_ascii_alphanumeric() || character == '_'));
        let name = rest.get(..end.unwrap_or(rest.len()))?;
        self.at += name.len();
        Some(name)
    }

    fn assignment(&mut self) -> Option<i64> {
        let start = self.at;
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return None;
        }
        if let Some(name) = self.name() {
            self.blanks();
            let operators = [
                "<<=", ">>=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "=",
            ];
            let rest = self.rest();
            let operator = operators
                .into_iter()
                .find(|operator| rest.starts_with(operator));
            if let Some(operator) = operator
                && !rest.starts_with("==")
            {
                self.at += operator.len();
                let right = self.assignment()?;
                let value = match operator.strip_suffix('=').unwrap_or_default() {
                    "" => right,
                    operator => apply(operator, self.machine.number_of(name)?, right)?,
                };
                self.set(name, value);
                self.depth -= 1;
                return Some(value);
            }
        }
        self.at = start;
        let value = self.conditional();
        self.depth -= 1;
        value
    }

    fn set(&mut self, name: &str, value: i64) {
        let value = Value::Scalar(state::text(value.to_string()));
        self.machine.state.set(name, value, false);
    }

    fn conditional(&mut self) -> Option<i64> {
        let condition = self.binary(0)?;
        if !self.take("?") {
            return Some(condition);
        }
        let yes = self.assignment();
        if !self.take(":") {
            return None;
        }
        let no = self.assignment();
        if condition == 0 { no } else { yes }
    }

    fn binary(&mut self, tightest: u8) -> Option<i64> {
        let mut left = self.unary()?;
        loop {
            self.blanks();
            let rest = self.rest();
            let found = OPERATORS
                .into_iter()
                .find(|(operator, _)| rest.starts_with(operator));
            let Some((operator, binds)) = found.filter(|(_, binds)| *binds > tightest) else {
                return Some(left);
            };
            self.at += operator.len();
            let right = self.binary(if operator == "**" { binds - 1 } else { binds })?;
            left = apply(operator, left, right)?;
        }
    }

    fn unary(&mut self) -> Option<i64> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return None;
        }
        let value = self.unary_inside();
        self.depth -= 1;
        value
    }

    fn unary_inside(&mut self) -> Option<i64> {
        for (operator, step) in [("++", 1_i64), ("--", -1)] {
            if self.take(operator) {
                let name = self.name()?;
                let value = self.machine.number_of(name)?.wrapping_add(step);
                self.set(name, value);
                return Some(value);
            }
        }
        if self.take("-") {
            return self.unary().map(i64::wrapping_neg);
        }
        if self.take("+") {
            return self.unary();
        }
        if self.take("!") {
            return self.unary().map(|value| i64::from(value == 0));
        }
        if self.take("~") {
            return self.unary().map(|value| !value);
        }
        if self.take("(") {
            let value = self.assignment()?;
            return self.take(")").then_some(value);
        }
        if let Some(name) = self.name() {
            let value = self.machine.number_of(name)?;
            for (operator, step) in [("++", 1_i64), ("--", -1)] {
                if self.take(operator) {
                    self.set(name, value.wrapping_add(step));
                }
            }
            return Some(value);
        }
        let rest = self.rest();
        let end =
            rest.find(|character: char| !(character.is_ascii_alphanumeric() || character == '#'));
        let digits = rest.get(..end.unwrap_or(rest.len()))?;
        self.at += digits.len();
        number(digits)
    }
}

fn apply(operator: &str, left: i64, right: i64) -> Option<i64> {
    let shift = u32::try_from(right & 63).ok()?;
    Some(match operator {
        "||" => i64::from(left != 0 || right != 0),
        "&&" => i64::from(left != 0 && right != 0),
        "==" => i64::from(left == right),
        "!=" => i64::from(left != right),
        "<=" => i64::from(left <= right),
        ">=" => i64::from(left >= right),
        "<" => i64::from(left < right),
        ">" => i64::from(left > right),
        "<<" => left.wrapping_shl(shift),
        ">>" => left.wrapping_shr(shift),
        "**" => left.wrapping_pow(u32::try_from(right).ok()?),
        "|" => left | right,
        "^" => left ^ right,
        "&" => left & right,
        "+" => left.wrapping_add(right),
        "-" => left.wrapping_sub(right),
        "*" => left.wrapping_mul(right),
        "/" => left.checked_div(right)?,
        "%" => left.checked_rem(right)?,
        _ => return None,
    })
}
