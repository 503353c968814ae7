//! Compound commands: groups, branches, loops, conditions.

use brush_parser::ast;

use super::state::Value;
use super::{Evaluator, Printed, lines_of};
use crate::effect::Span;
use crate::shell::{Hole, Input, Piece, Word};

/// Most rounds of a loop over a list that stands in the text; the rest is one more round with what is not known.
const ROUNDS_MAX: usize = 24;

impl Evaluator<'_> {
    pub(super) fn command(&mut self, command: &ast::Command) -> Printed {
        if !self.spend(1) {
            return Printed::Anything;
        }
        match command {
            ast::Command::Simple(simple) => self.simple(simple),
            ast::Command::Compound(compound, redirects) => {
                self.compound(compound, redirects.as_ref())
            }
            ast::Command::Function(function) => {
                let name = function.fname.value.clone();
                let body = std::rc::Rc::new(function.body.clone());
                self.state.functions.insert(name, body);
                Printed::Nothing
            }
            ast::Command::ExtendedTest(test, redirects) => {
                self.condition(&test.expr);
                self.redirected(redirects.as_ref(), |_| Printed::Nothing)
            }
        }
    }

    pub(super) fn compound(
        &mut self,
        compound: &ast::CompoundCommand,
        redirects: Option<&ast::RedirectList>,
    ) -> Printed {
        self.redirected(redirects, |evaluator| evaluator.bare(compound))
    }

    fn bare(&mut self, compound: &ast::CompoundCommand) -> Printed {
        match compound {
            ast::CompoundCommand::Arithmetic(command) => {
                self.arithmetic(&command.expr.value);
                Printed::Nothing
            }
            ast::CompoundCommand::ArithmeticForClause(clause) => {
                for part in [&clause.initializer, &clause.condition, &clause.updater]
                    .into_iter()
                    .flatten()
                {
                    self.arithmetic(&part.value);
                }
                self.unsure_round(|evaluator| evaluator.list(&clause.body.list))
            }
            ast::CompoundCommand::BraceGroup(group) => self.list(&group.list),
            ast::CompoundCommand::Subshell(subshell) => {
                self.subshell(|evaluator| evaluator.list(&subshell.list))
            }
            ast::CompoundCommand::ForClause(clause) => self.for_loop(clause),
            ast::CompoundCommand::CaseClause(clause) => self.case(clause),
            ast::CompoundCommand::IfClause(clause) => self.branches(clause),
            ast::CompoundCommand::WhileClause(clause)
            | ast::CompoundCommand::UntilClause(clause) => self.while_loop(clause),
            ast::CompoundCommand::Coprocess(coprocess) => {
                self.subshell(|evaluator| evaluator.command(&coprocess.body))
            }
        }
    }

    /// Does something with redirections around it; what they open is an invocation without words.
    pub(super) fn redirected(
        &mut self,
        redirects: Option<&ast::RedirectList>,
        act: impl FnOnce(&mut Self) -> Printed,
    ) -> Printed {
        let Some(redirects) = redirects else {
            return act(self);
        };
        let opened = self.open(&redirects.0);
        let outer = self.wiring.clone();
        if let Some(input) = opened.input.clone() {
            self.state.input = lines_of(&input);
            self.wiring.input = input;
        }
        let printed = act(self);
        self.wiring = outer;
        let span = self.inside.unwrap_or_default();
        self.finish_redirects(opened, printed, span)
    }

    fn for_loop(&mut self, clause: &ast::ForClauseCommand) -> Printed {
        let words = match &clause.values {
            Some(values) => values.iter().flat_map(|word| self.fields(word)).collect(),
            None => self
                .state
                .arguments
                .clone()
                .unwrap_or_else(|| vec![unknown("an argument")]),
        };
        let mut printed = Printed::Nothing;
        for (at, word) in words.iter().enumerate() {
            if at == ROUNDS_MAX {
                self.state
                    .set(&clause.variable_name, unknown("an element of a long list"));
            } else {
                self.state.set(&clause.variable_name, word.clone());
            }
            printed = printed.then(self.list(&clause.body.list));
            self.state.ended = false;
            if at == ROUNDS_MAX || !self.spend(1) {
                break;
            }
        }
        printed
    }

    fn while_loop(&mut self, clause: &ast::WhileOrUntilClauseCommand) -> Printed {
        let rounds = self
            .state
            .input
            .as_ref()
            .map_or(1, |lines| lines.len().clamp(1, ROUNDS_MAX));
        let mut printed = Printed::Nothing;
        for _ in 0..rounds {
            if !self.spend(1) {
                break;
            }
            printed = printed.then(self.unsure_round(|evaluator| {
                let condition = evaluator.list(&clause.0);
                condition.then(evaluator.list(&clause.1.list))
            }));
        }
        if rounds > 1 {
            printed
        } else {
            Printed::Anything
        }
    }

    /// One round of a loop that may not run at all.
    fn unsure_round(&mut self, act: impl FnOnce(&mut Self) -> Printed) -> Printed {
        let before = self.state.clone();
        let printed = act(self);
        self.state.ended = false;
        let input = self.state.input.take();
        self.state.join(before);
        self.state.input = input;
        printed
    }

    fn branches(&mut self, clause: &ast::IfClauseCommand) -> Printed {
        let mut printed = self.list(&clause.condition);
        let mut undecided = self.state.clone();
        undecided.directories = std::rc::Rc::clone(&undecided.failed);
        printed = printed.then(self.list(&clause.then));
        let mut results = vec![self.state.clone()];
        let mut complete = false;
        for branch in clause.elses.iter().flatten() {
            self.state = undecided.clone();
            if let Some(condition) = &branch.condition {
                printed = printed.then(self.list(condition));
                undecided = self.state.clone();
            } else {
                complete = true;
            }
            let text = self.list(&branch.body);
            printed = if text == Printed::Nothing {
                printed
            } else {
                Printed::Anything
            };
            results.push(self.state.clone());
        }
        if !complete {
            results.push(undecided);
        }
        self.join(results);
        printed
    }

    fn case(&mut self, clause: &ast::CaseClauseCommand) -> Printed {
        self.fields(&clause.value);
        let before = self.state.clone();
        let mut results = vec![before.clone()];
        let mut printed = Printed::Nothing;
        for item in &clause.cases {
            self.state = before.clone();
            for pattern in &item.patterns {
                self.fields(pattern);
            }
            if let Some(list) = &item.cmd {
                printed = printed.then(self.list(list));
            }
            results.push(self.state.clone());
        }
        self.join(results);
        printed
    }

    fn join(&mut self, states: Vec<super::state::State>) {
        let mut states = states.into_iter();
        if let Some(first) = states.next() {
            self.state = first;
        }
        for state in states {
            self.state.join(state);
        }
    }

    /// The words of `[[ … ]]`, for the substitutions in them.
    fn condition(&mut self, expression: &ast::ExtendedTestExpr) {
        if !self.spend(1) {
            return;
        }
        match expression {
            ast::ExtendedTestExpr::And(left, right) | ast::ExtendedTestExpr::Or(left, right) => {
                self.condition(left);
                self.condition(right);
            }
            ast::ExtendedTestExpr::Not(inner) | ast::ExtendedTestExpr::Parenthesized(inner) => {
                self.condition(inner);
            }
            ast::ExtendedTestExpr::UnaryTest(_, word) => {
                self.single(word);
            }
            ast::ExtendedTestExpr::BinaryTest(_, left, right) => {
                self.single(left);
                self.single(right);
            }
        }
    }

    /// Sets a variable to something that a command reads.
    pub(super) fn set_from_input(&mut self, names: &[String]) {
        let line = match self.state.input.as_mut() {
            Some(lines) if lines.is_empty() => Some(Word::default()),
            Some(lines) => Some(lines.remove(0)),
            None => None,
        };
        let Some(line) = line else {
            let hole = match self.wiring.input {
                Input::Pipe { first, end } => Hole::Output { first, end },
                Input::Inherited | Input::Text(_) | Input::File(_) => {
                    Hole::Other("a line that is read")
                }
            };
            let word = Word {
                pieces: vec![Piece::Hole(hole)],
                span: Span::default(),
            };
            for name in names {
                self.state.set(name, word.clone());
            }
            return;
        };
        let text = line.known().unwrap_or_default().into_owned();
        let mut rest = text.trim();
        for (at, name) in names.iter().enumerate() {
            let last = at + 1 == names.len();
            let (field, behind) = match rest.split_once(char::is_whitespace) {
                Some((field, behind)) if !last => (field, behind.trim_start()),
                _ => (rest, ""),
            };
            self.state.set(name, Word::text(field, line.span));
            rest = behind;
        }
    }

    pub(super) fn set_array(&mut self, name: &str, words: Vec<Word>) {
        self.state
            .variables
            .insert(name.to_owned(), Value::Array(words));
    }
}

pub(super) fn unknown(what: &'static str) -> Word {
    Word {
        pieces: vec![Piece::Hole(Hole::Other(what))],
        span: Span::default(),
    }
}
