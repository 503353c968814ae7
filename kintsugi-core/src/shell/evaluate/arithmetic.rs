//! Arithmetic on constants.

use brush_parser::ast::{
    ArithmeticExpr, ArithmeticTarget, BinaryOperator, UnaryAssignmentOperator, UnaryOperator,
};

use super::Evaluator;
use crate::effect::Span;
use crate::shell::Word;

/// Longest expression that is computed, in bytes.
const BYTES_MAX: usize = 512;

impl Evaluator<'_> {
    /// Computes an expression; none when it depends on what is not known. Substitutions in it are evaluated in any case.
    pub(super) fn arithmetic(&mut self, raw: &str) -> Option<i64> {
        let text = if raw.contains(['$', '`', '"', '\'', '\\']) {
            self.joined(raw, self.inside.unwrap_or_default())
                .known()?
                .into_owned()
        } else {
            raw.to_owned()
        };
        if text.trim().is_empty() {
            return Some(0);
        }
        if let Ok(number) = text.trim().parse() {
            return Some(number);
        }
        if text.len() > BYTES_MAX || text.matches(['(', '!', '~', '-', '+', '?']).count() > 32 {
            return None;
        }
        let expression = brush_parser::arithmetic::parse(&text).ok()?;
        self.compute(&expression)
    }

    fn compute(&mut self, expression: &ArithmeticExpr) -> Option<i64> {
        if !self.spend(1) {
            return None;
        }
        match expression {
            ArithmeticExpr::Literal(value) => Some(*value),
            ArithmeticExpr::Reference(target) => self.reference(target),
            ArithmeticExpr::UnaryOp(operator, operand) => {
                let value = self.compute(operand)?;
                Some(match operator {
                    UnaryOperator::UnaryPlus => value,
                    UnaryOperator::UnaryMinus => value.wrapping_neg(),
                    UnaryOperator::BitwiseNot => !value,
                    UnaryOperator::LogicalNot => i64::from(value == 0),
                })
            }
            ArithmeticExpr::BinaryOp(operator, left, right) => {
                let (left, right) = (self.compute(left)?, self.compute(right)?);
                binary(operator, left, right)
            }
            ArithmeticExpr::Conditional(condition, then, otherwise) => {
                if self.compute(condition)? == 0 {
                    self.compute(otherwise)
                } else {
                    self.compute(then)
                }
            }
            ArithmeticExpr::Assignment(target, value) => {
                let value = self.compute(value);
                self.assign(target, value)
            }
            ArithmeticExpr::BinaryAssignment(operator, target, value) => {
                let before = self.reference(target);
                let value = self.compute(value);
                let result = before.zip(value).and_then(|(a, b)| binary(operator, a, b));
                self.assign(target, result)
            }
            ArithmeticExpr::UnaryAssignment(operator, target) => {
                let before = self.reference(target);
                let (change, prefix) = match operator {
                    UnaryAssignmentOperator::PrefixIncrement => (1, true),
                    UnaryAssignmentOperator::PrefixDecrement => (-1, true),
                    UnaryAssignmentOperator::PostfixIncrement => (1, false),
                    UnaryAssignmentOperator::PostfixDecrement => (-1, false),
                };
                let after = before.map(|value: i64| value.wrapping_add(change));
                self.assign(target, after);
                if prefix { after } else { before }
            }
        }
    }

    fn reference(&mut self, target: &ArithmeticTarget) -> Option<i64> {
        let ArithmeticTarget::Variable(name) = target else {
            return None;
        };
        self.lookup(name)?.known()?.trim().parse().ok()
    }

    fn assign(&mut self, target: &ArithmeticTarget, value: Option<i64>) -> Option<i64> {
        if let ArithmeticTarget::Variable(name) = target {
            let word = value.map_or_else(
                || super::compound::unknown("a number that is computed"),
                |value| Word::text(value.to_string(), Span::default()),
            );
            self.state.set(name, word);
        }
        value
    }
}

fn binary(operator: &BinaryOperator, left: i64, right: i64) -> Option<i64> {
    let shift = u32::try_from(right & 63).ok()?;
    Some(match operator {
        BinaryOperator::Power => left.wrapping_pow(u32::try_from(right).ok()?),
        BinaryOperator::Multiply => left.wrapping_mul(right),
        BinaryOperator::Divide => left.checked_div(right)?,
        BinaryOperator::Modulo => left.checked_rem(right)?,
        BinaryOperator::Comma => right,
        BinaryOperator::Add => left.wrapping_add(right),
        BinaryOperator::Subtract => left.wrapping_sub(right),
        BinaryOperator::ShiftLeft => left.wrapping_shl(shift),
        BinaryOperator::ShiftRight => left.wrapping_shr(shift),
        BinaryOperator::LessThan => i64::from(left < right),
        BinaryOperator::LessThanOrEqualTo => i64::from(left <= right),
        BinaryOperator::GreaterThan => i64::from(left > right),
        BinaryOperator::GreaterThanOrEqualTo => i64::from(left >= right),
        BinaryOperator::Equals => i64::from(left == right),
        BinaryOperator::NotEquals => i64::from(left != right),
        BinaryOperator::BitwiseAnd => left & right,
        BinaryOperator::BitwiseXor => left ^ right,
        BinaryOperator::BitwiseOr => left | right,
        BinaryOperator::LogicalAnd => i64::from(left != 0 && right != 0),
        BinaryOperator::LogicalOr => i64::from(left != 0 || right != 0),
    })
}
