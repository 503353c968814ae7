//! Syntax tree → invocations: follows every path that the text could take, with what is known on it.
//!
//! Nothing runs. Branches are all taken, loops as often as their list is long (bounded), functions where they are called, and what
//! a command prints is known when its program only repeats or recodes known text.

mod arithmetic;
mod braces;
mod builtins;
mod compound;
mod output;
mod parameters;
mod pattern;
mod simple;
mod state;
mod words;

use std::rc::Rc;

use brush_parser::ast;

use super::{
    Budget, Context, Directory, Input, Invocation, InvocationId, Output, Problem, Script,
    Variables, Word, parse,
};
use crate::effect::Span;
use state::{State, Value};

/// Deepest nesting of substitutions, functions and evaluated texts.
const DEPTH_MAX: u32 = 24;

/// What a command prints.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Printed {
    /// Nothing.
    Nothing,
    /// A text that is known, as far as it is.
    Text(Word),
    /// Whatever it prints.
    Anything,
}

impl Printed {
    /// What is printed by one and then the other.
    fn then(self, next: Self) -> Self {
        match (self, next) {
            (Self::Nothing, other) | (other, Self::Nothing) => other,
            (Self::Text(mut first), Self::Text(second)) => {
                first.pieces.extend(second.pieces);
                Self::Text(first)
            }
            _ => Self::Anything,
        }
    }
}

/// How the commands of a pipeline are connected.
#[derive(Debug, Clone)]
struct Wiring {
    input: Input,
    output: Output,
    background: bool,
}

impl Default for Wiring {
    fn default() -> Self {
        Self {
            input: Input::Inherited,
            output: Output::Inherited,
            background: false,
        }
    }
}

/// The walk over one text and everything inside it.
struct Evaluator<'b> {
    budget: &'b mut Budget,
    context: Context,
    script: Script,
    state: State,
    /// The text whose tree is walked, to turn positions into spans; none inside substitutions.
    offsets: Option<Rc<Offsets>>,
    /// The span of everything inside a substitution or evaluated text.
    inside: Option<Span>,
    depth: u32,
    /// Functions that are being called.
    calls: Vec<String>,
    /// What process substitutions print, by their first invocation.
    printed: Vec<(InvocationId, Word)>,
    /// Which alternative of the variables is taken, and how many there are.
    choice: usize,
    choices: usize,
    /// What the text of a substitution prints goes there and not to the terminal.
    captured: bool,
    wiring: Wiring,
}

/// Turns the character positions of the parser into byte offsets.
#[derive(Debug)]
struct Offsets {
    /// For a text that is not ASCII: the byte offset of each character.
    bytes: Vec<u32>,
}

impl Offsets {
    fn of(text: &str) -> Self {
        let narrow = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let bytes = if text.is_ascii() {
            Vec::new()
        } else {
            text.char_indices()
                .map(|(at, _)| narrow(at))
                .chain([narrow(text.len())])
                .collect()
        };
        Self { bytes }
    }

    fn byte(&self, character: usize) -> u32 {
        if self.bytes.is_empty() {
            return u32::try_from(character).unwrap_or(u32::MAX);
        }
        self.bytes
            .get(character)
            .or(self.bytes.last())
            .copied()
            .unwrap_or_default()
    }
}

/// Reads `text`.
pub(super) fn read(text: &str, context: &Context, budget: &mut Budget) -> Script {
    let whole = Span {
        start: 0,
        end: u32::try_from(text.len()).unwrap_or(u32::MAX),
    };
    let state = initial_state(context);
    let mut evaluator = Evaluator {
        budget,
        context: context.clone(),
        script: Script::default(),
        state,
        offsets: context
            .embedded_in
            .is_none()
            .then(|| Rc::new(Offsets::of(text))),
        inside: context.embedded_in,
        depth: context.depth,
        calls: Vec::new(),
        printed: Vec::new(),
        choice: 0,
        choices: 1,
        captured: false,
        wiring: Wiring::default(),
    };
    evaluator.text(text, context.embedded_in.unwrap_or(whole));
    evaluator.uncalled_functions();
    evaluator.script.files = std::mem::take(&mut evaluator.state.files);
    evaluator.script
}

fn initial_state(context: &Context) -> State {
    let known = &context.variables.values;
    let count = (1..)
        .take_while(|n: &u32| known.contains_key(&n.to_string()))
        .count();
    let arguments = (1..=count)
        .filter_map(|n| known.get(&n.to_string()).cloned())
        .collect();
    State {
        variables: known
            .iter()
            .filter(|(name, _)| !name.starts_with(|c: char| c.is_ascii_digit()))
            .map(|(name, word)| (name.clone(), Value::text(word.clone())))
            .collect(),
        functions: std::collections::BTreeMap::new(),
        aliases: std::collections::BTreeMap::new(),
        arguments: (known.contains_key("@") || count > 0).then_some(arguments),
        directories: Rc::clone(&context.directories),
        failed: Rc::clone(&context.directories),
        files: Vec::new(),
        input: None,
        exits_on_failure: false,
        ended: false,
    }
}

impl Evaluator<'_> {
    /// Takes units of work; false, and noted once, when they are used up.
    fn spend(&mut self, units: u32) -> bool {
        if self.budget.spend(units) {
            return true;
        }
        self.problem(
            "more work than a decision may take".to_owned(),
            Span::default(),
        );
        false
    }

    fn problem(&mut self, what: String, span: Span) {
        let problem = Problem {
            what,
            span: self.inside.unwrap_or(span),
        };
        if !self.script.problems.contains(&problem) {
            self.script.problems.push(problem);
        }
    }

    /// Goes one level down; false, and noted, when that is too deep. Whoever calls goes up again with `leave`.
    fn enter(&mut self) -> bool {
        self.depth += 1;
        let open = self.depth <= DEPTH_MAX;
        if !open {
            self.problem(
                format!("more than {DEPTH_MAX} commands inside each other"),
                Span::default(),
            );
        }
        open
    }

    fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    /// Reads a text in the present state.
    fn text(&mut self, text: &str, span: Span) -> Printed {
        if !self.spend(1 + u32::try_from(text.len() / 16).unwrap_or(u32::MAX)) || !self.enter() {
            self.leave();
            return Printed::Anything;
        }
        let printed = match parse::parse(text, self.context.dialect) {
            Ok(program) => self.program(&program),
            Err(what) => {
                self.problem(what, span);
                Printed::Anything
            }
        };
        self.leave();
        printed
    }

    /// Reads a text that stands inside a word; all of it has the span of the word.
    fn inner_text(&mut self, text: &str, span: Span) -> Printed {
        let outside = (self.offsets.take(), self.inside.replace(span));
        let printed = self.text(text, span);
        (self.offsets, self.inside) = outside;
        printed
    }

    fn program(&mut self, program: &ast::Program) -> Printed {
        let mut printed = Printed::Nothing;
        for list in &program.complete_commands {
            printed = printed.then(self.list(list));
        }
        printed
    }

    /// Commands separated by `;`, `&` and lines.
    fn list(&mut self, list: &ast::CompoundList) -> Printed {
        let mut printed = Printed::Nothing;
        for ast::CompoundListItem(and_or, separator) in &list.0 {
            if self.state.ended || !self.spend(1) {
                break;
            }
            let background = matches!(separator, ast::SeparatorOperator::Async);
            if background {
                let outer = std::mem::replace(&mut self.wiring.background, true);
                let state = self.state.clone();
                printed = printed.then(self.and_or(and_or));
                let files = std::mem::take(&mut self.state.files);
                self.state = state;
                self.state.files = files;
                self.wiring.background = outer;
            } else {
                printed = printed.then(self.and_or(and_or));
                self.state.proceed();
            }
        }
        printed
    }

    /// `a && b || c`.
    fn and_or(&mut self, list: &ast::AndOrList) -> Printed {
        let mut printed = self.pipeline(&list.first);
        for next in &list.additional {
            let (pipeline, on_success) = match next {
                ast::AndOr::And(pipeline) => (pipeline, true),
                ast::AndOr::Or(pipeline) => (pipeline, false),
            };
            let skipped = self.state.clone();
            if !on_success {
                self.state.directories = Rc::clone(&skipped.failed);
                self.state.ended = false;
            } else if skipped.ended {
                break;
            }
            printed = printed.then(self.pipeline(pipeline));
            let succeeded = Rc::clone(&self.state.directories);
            let failed = Rc::clone(&self.state.failed);
            let ended = self.state.ended;
            // What was skipped leaves its variables too; directories are joined by how the list came there.
            self.state.ended = false;
            let (ours, theirs) = (skipped.directories.clone(), skipped.failed.clone());
            self.state.join(State {
                ended: false,
                ..skipped
            });
            if on_success {
                self.state.directories = succeeded;
                self.state.failed = state::union(&theirs, &failed);
            } else if ended {
                self.state.directories = ours;
                self.state.failed = failed;
            } else {
                self.state.directories = state::union(&ours, &succeeded);
                self.state.failed = failed;
            }
        }
        printed
    }

    /// `a | b | c`; each command is a subshell of its own when there are several.
    fn pipeline(&mut self, pipeline: &ast::Pipeline) -> Printed {
        if let [only] = pipeline.seq.as_slice() {
            return self.command(only);
        }
        let outer = self.wiring.clone();
        let begin = self.next_id();
        let mut input = outer.input.clone();
        let mut printed = Printed::Nothing;
        for (at, command) in pipeline.seq.iter().enumerate() {
            if !self.spend(1) {
                break;
            }
            let last = at + 1 == pipeline.seq.len();
            self.wiring.input = input;
            self.wiring.output = if last { outer.output } else { Output::Pipe };
            printed = self.subshell(|evaluator| {
                evaluator.state.input = lines_of(&evaluator.wiring.input);
                evaluator.command(command)
            });
            input = match &printed {
                Printed::Nothing => Input::Text(Word::default()),
                Printed::Text(text) => Input::Text(text.clone()),
                Printed::Anything => Input::Pipe {
                    first: begin,
                    end: self.next_id(),
                },
            };
        }
        self.wiring = outer;
        printed
    }

    /// Does something in a subshell: only files survive it.
    fn subshell<T>(&mut self, act: impl FnOnce(&mut Self) -> T) -> T {
        let outer = self.state.clone();
        let result = act(self);
        let files = std::mem::take(&mut self.state.files);
        self.state = outer;
        self.state.files = files;
        result
    }

    fn next_id(&self) -> InvocationId {
        InvocationId(u32::try_from(self.script.invocations.len()).unwrap_or(u32::MAX))
    }

    /// Functions that were defined and never called may be called later, by whoever has this shell.
    fn uncalled_functions(&mut self) {
        let uncalled: Vec<_> = std::mem::take(&mut self.state.functions)
            .into_iter()
            .collect();
        for (name, body) in uncalled {
            if self.script.called.contains(&name) {
                continue;
            }
            self.state.arguments = None;
            self.subshell(|evaluator| evaluator.function(&name, &body));
        }
    }

    /// Calls a function.
    fn function(&mut self, name: &str, body: &ast::FunctionBody) -> Printed {
        if self.calls.iter().any(|call| call == name) {
            if self.wiring.background || self.wiring.output == Output::Pipe {
                self.script.multiplies = true;
            }
            return Printed::Anything;
        }
        if !self.enter() {
            self.leave();
            return Printed::Anything;
        }
        self.calls.push(name.to_owned());
        let printed = self.compound(&body.0, body.1.as_ref());
        self.calls.pop();
        self.state.ended = false;
        self.leave();
        printed
    }

    fn span_of(&self, loc: Option<&brush_parser::SourceSpan>) -> Span {
        if let Some(span) = self.inside {
            return span;
        }
        match (loc, &self.offsets) {
            (Some(loc), Some(offsets)) => Span {
                start: offsets.byte(loc.start.index),
                end: offsets.byte(loc.end.index),
            },
            _ => Span::default(),
        }
    }

    /// Adds an invocation and returns its id.
    fn emit(&mut self, invocation: Invocation) -> InvocationId {
        let id = self.next_id();
        self.script.invocations.push(invocation);
        id
    }

    /// Returns the variables as a child or an embedded text would see them.
    fn variables(&self) -> Rc<Variables> {
        let mut values: std::collections::BTreeMap<String, Word> =
            std::collections::BTreeMap::new();
        for (name, value) in &self.state.variables {
            if let Value::Scalar(words) = value
                && let [word] = words.as_slice()
            {
                values.insert(name.clone(), word.clone());
            }
        }
        for (at, word) in self.state.arguments.iter().flatten().enumerate() {
            values.insert((at + 1).to_string(), word.clone());
        }
        Rc::new(Variables { values })
    }

    fn directories(&self) -> Rc<[Directory]> {
        Rc::clone(&self.state.directories)
    }
}

/// Splits an input that is known into lines.
fn lines_of(input: &Input) -> Option<Vec<Word>> {
    match input {
        Input::Text(text) => {
            let known = text.known()?;
            Some(
                known
                    .lines()
                    .map(|line| Word::text(line, text.span))
                    .collect(),
            )
        }
        Input::Inherited | Input::File(_) | Input::Pipe { .. } => None,
    }
}
