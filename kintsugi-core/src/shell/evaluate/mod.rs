//! Tree → invocations: walks a text as the shell would, taking every branch, without running anything.
//!
//! What it knows of the machine is in the [`Context`]; what it learns from the text is in a [`State`]. A value that the text
//! does not tell stays a hole. Bounded by the budget, by depth and by iterations; over a bound is a problem, never silence.

mod again;
mod arithmetic;
mod assigning;
mod braces;
mod builtins;
mod chains;
mod commands;
mod directories;
mod escapes;
mod fields;
mod operators;
mod output;
mod parameters;
mod pattern;
mod redirections;
mod state;
mod traps;
mod words;
mod zsh;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use self::state::{Pieces, State, Value, Variable};
use super::grammar;
use super::tree::{self, Node, Raw, Source};
use super::{
    Budget, Context, Dialect, Directory, Input, InvocationId, Map, Output, Problem, Script,
    Variables,
};
use crate::effect::Span;
use crate::limits::SHELL_DEPTH_MAX;

/// Most iterations that one loop is followed through one by one.
const ITERATIONS_MAX: usize = 64;
/// Most iterations of all loops of a text that are followed one by one.
const ITERATIONS_ALL_MAX: u32 = 512;
/// Units of work that reading one token costs.
const TOKEN_UNITS: usize = 3;
/// Units of work that joining one name of two branches costs.
const JOIN_UNITS: usize = 4;
/// Deepest calls of functions that are followed with their arguments.
const CALLS_MAX: usize = 6;

/// What a command prints, as far as it is known.
#[derive(Debug, Clone, Default)]
struct Capture {
    pieces: Pieces,
    /// Something printed what is not known.
    unknown: bool,
}

/// What surrounds the command that is walked.
#[derive(Debug, Clone)]
struct Stream {
    input: Input,
    output: Output,
    background: bool,
}

/// The walk through one text and what it found.
struct Machine<'b> {
    budget: &'b mut Budget,
    dialect: Dialect,
    script: Script,
    state: State,
    stream: Stream,
    capture: Option<Capture>,
    /// Where the shell is if the last command succeeded, when that tells more.
    succeeded: Option<Rc<[Directory]>>,
    /// Which alternative of each variable is taken now, of how many.
    choices: BTreeMap<String, (usize, usize)>,
    /// Names of the functions that are being walked.
    calls: Vec<String>,
    /// The variables that each of them has made its own.
    locals: Vec<BTreeSet<String>>,
    /// Variables of which every value is an expression: `declare -i n`.
    integers: BTreeSet<String>,
    depth: u32,
    /// How many constructs lie around that look at whether a command fails, so that `set -e` does not count.
    tested: u32,
    /// Commands that have succeeded if the shell comes by the one that was walked last.
    passed: Vec<InvocationId>,
    iterations_left: u32,
    exhausted: bool,
    /// zsh was told to have the arrays of ksh and bash.
    ksh_arrays: bool,
    /// zsh was told that the elements of `mapfile` are files.
    has_mapfile: bool,
    /// Texts of `trap` that wait for the state in which they could run.
    traps: Vec<traps::Trap>,
    /// The variables as they were when the traps were looked at last.
    traps_seen: Option<super::Map<Variable>>,
    /// Names of functions that were given to the shell before they may have been there.
    registered: std::collections::BTreeSet<String>,
}

/// Reads `text` in `context`.
pub(super) fn run(text: &str, context: &Context, budget: &mut Budget) -> Script {
    let source = Rc::new(Source {
        text: Rc::from(text),
        fixed: context.embedded_in,
    });
    let mut machine = Machine {
        budget,
        dialect: context.dialect,
        script: Script::default(),
        state: beginning(context),
        stream: Stream {
            input: Input::Inherited,
            output: Output::Inherited,
            background: false,
        },
        capture: None,
        succeeded: None,
        choices: BTreeMap::new(),
        calls: Vec::new(),
        locals: Vec::new(),
        integers: BTreeSet::new(),
        depth: 0,
        tested: 0,
        passed: Vec::new(),
        iterations_left: ITERATIONS_ALL_MAX,
        exhausted: false,
        ksh_arrays: false,
        has_mapfile: false,
        traps: Vec::new(),
        traps_seen: None,
        registered: std::collections::BTreeSet::new(),
    };
    machine.source(&source, (0, text.len()));
    machine.read_traps_at_end();
    machine.script
}

/// The state in which a text begins.
fn beginning(context: &Context) -> State {
    let mut variables = Map::default();
    let mut exported = Variables::default();
    let mut positional = Vec::new();
    let known = &context.variables.values;
    for number in 1..=known.len() {
        match known.get(&number.to_string()) {
            Some(word) => positional.push(word.pieces.clone()),
            None => break,
        }
    }
    let open = known
        .get("@")
        .is_some_and(|all| all.holes().next().is_some() && positional.is_empty());
    for (name, word) in known {
        let parameter = name.starts_with(|first: char| first.is_ascii_digit()) && name != "0";
        if parameter || name == "@" || name == "*" || name == "#" {
            continue;
        }
        let values = vec![Value::Scalar(word.pieces.clone())];
        let exports = name != "0";
        variables.insert(
            name,
            Variable {
                values,
                exported: exports,
            },
        );
        if exports {
            exported.values.insert(name, word.clone());
        }
    }
    State {
        variables,
        given: ["@", "0", "1"].iter().any(|name| known.get(name).is_some()),
        positional: (!open).then(|| Rc::new(positional)),
        functions: Map::default(),
        aliases: Map::default(),
        global_aliases: Map::default(),
        descriptors: Map::default(),
        directories: Rc::clone(&context.directories),
        previous: Rc::from([Directory::Unknown]),
        stack: Vec::new(),
        exported: Rc::new(exported),
        stops: false,
    }
}

impl Machine<'_> {
    /// Takes work from the budget; false, and a problem once, when it is spent.
    fn spend(&mut self, units: usize, span: Span) -> bool {
        let units = u32::try_from(units).unwrap_or(u32::MAX);
        if !self.exhausted && self.budget.spend(units) {
            return true;
        }
        if !self.exhausted {
            self.exhausted = true;
            self.problem("more work than one command may take", span);
        }
        false
    }

    fn problem(&mut self, what: &str, span: Span) {
        let what = what.to_owned();
        let problem = Problem { what, span };
        if self.script.problems.len() < 16 && !self.script.problems.contains(&problem) {
            self.script.problems.push(problem);
        }
    }

    /// The id that the next invocation gets.
    fn next_id(&self) -> InvocationId {
        InvocationId(u32::try_from(self.script.invocations.len()).unwrap_or(u32::MAX))
    }

    /// Reads and walks a range of a source in the present state.
    fn source(&mut self, source: &Rc<Source>, range: (usize, usize)) {
        let (start, end) = range;
        let span = tree::span(source, start, end);
        if self.depth >= SHELL_DEPTH_MAX {
            self.problem("more than 48 nested constructs", span);
            return;
        }
        if !self.spend((end - start) / 32 + 16, span) {
            return;
        }
        let tokens = grammar::tokens(source, range, self.dialect);
        if let Ok(tokens) = &tokens
            && !self.spend(tokens.len() * TOKEN_UNITS, span)
        {
            return;
        }
        match tokens.and_then(|tokens| grammar::parse(source, tokens)) {
            Ok(node) => {
                self.depth += 1;
                self.walk(&node);
                self.depth -= 1;
            }
            Err(fault) => {
                let at = fault.at.clamp(start, end);
                self.problem(fault.what, tree::span(source, at, end));
            }
        }
    }

    /// Reads and walks a text that stands at `span` in the proposed one.
    fn text(&mut self, text: &str, span: Span) {
        let source = Rc::new(Source {
            text: Rc::from(text),
            fixed: Some(span),
        });
        self.source(&source, (0, text.len()));
    }

    /// Walks a command.
    fn walk(&mut self, node: &Rc<Node>) {
        if self.exhausted {
            return;
        }
        match node.as_ref() {
            Node::Simple(simple) => self.simple(simple),
            Node::Test(words) => {
                for raw in words {
                    let word = self.single(raw);
                    if let Some(text) = word.known() {
                        self.expanded_again(&text, word.span);
                        self.value_again(&text, word.span);
                    }
                }
                self.succeeded = None;
            }
            Node::Arithmetic(expression) => {
                let text = expression.text().to_owned();
                // `for ((i = 0; i < 9; i++))` is three expressions, a substitution with `;` in it is one.
                if text.contains("$(") || text.contains('`') {
                    self.arithmetic(&text, expression.span());
                } else {
                    for part in text.split(';') {
                        self.arithmetic(part, expression.span());
                    }
                }
                self.succeeded = None;
            }
            Node::List(items) => self.list(items),
            Node::Chain(first, rest) => self.chain(first, rest),
            Node::Pipeline(commands) => self.pipeline(commands),
            Node::Not(node) => {
                self.walk_tested(node);
                self.succeeded = None;
            }
            Node::Group {
                body,
                redirections,
                subshell,
            } => self.group(body, redirections, *subshell),
            Node::If(branches) => self.branches(branches),
            Node::For { name, words, body } => self.for_loop(name, words.as_deref(), body),
            Node::While { condition, body } => self.while_loop(condition, body),
            Node::Case { word, arms } => self.case(word, arms),
            Node::Function { name, body } => {
                let name = name.text().trim_matches(['"', '\'', '\\']).to_owned();
                let unasked = again::is_called_unasked(&name);
                self.state
                    .functions
                    .insert(name.clone(), vec![Rc::clone(body)]);
                if unasked {
                    self.walk_apart(body);
                } else if super::is_trusted(&name) {
                    self.walk_in_place(name, body);
                }
                self.succeeded = None;
            }
        }
    }

    fn branches(&mut self, branches: &[(Option<Rc<Node>>, Rc<Node>)]) {
        let printed = self.printed();
        let mut after: Option<State> = None;
        let mut otherwise = true;
        let first = self.next_id();
        for (condition, body) in branches {
            self.succeeded = None;
            let before = self.next_id();
            if let Some(condition) = condition {
                self.walk_tested(condition);
            } else {
                otherwise = false;
            }
            let skipped = self.state.clone();
            if let Some(directories) = self.succeeded.take() {
                self.state.directories = directories;
            }
            let tested = condition
                .as_deref()
                .and_then(|it| self.own_command(it, before));
            let from = self.next_id();
            self.walk(body);
            self.keep_succeeded(tested.map(|command| (command, from)));
            let taken = std::mem::replace(&mut self.state, skipped);
            match &mut after {
                Some(after) => self.join_into(after, &taken),
                None => after = Some(taken),
            }
        }
        if let Some(after) = after {
            if otherwise {
                self.join(&after);
            } else {
                self.state = after;
            }
        }
        self.succeeded = None;
        self.passed = self.passed_by_branches(branches, first);
        self.doubt(printed);
    }

    fn case(&mut self, word: &Raw, arms: &[(Vec<Raw>, Option<Rc<Node>>)]) {
        let printed = self.printed();
        self.single(word);
        let before = self.state.clone();
        let mut after = before.clone();
        for (patterns, body) in arms {
            self.state = before.clone();
            for pattern in patterns {
                self.single(pattern);
            }
            if let Some(body) = body {
                self.walk(body);
            }
            let left = self.state.clone();
            self.join_into(&mut after, &left);
        }
        self.state = after;
        self.succeeded = None;
        self.doubt(printed);
    }

    /// How much has been printed so far.
    fn printed(&self) -> usize {
        self.capture
            .as_ref()
            .map_or(0, |capture| capture.pieces.len())
    }

    /// What was printed since `before` may not have been: the output is no longer known.
    fn doubt(&mut self, before: usize) {
        if let Some(capture) = &mut self.capture
            && capture.pieces.len() != before
        {
            capture.unknown = true;
        }
    }

    fn for_loop(&mut self, name: &Raw, words: Option<&[Raw]>, body: &Rc<Node>) {
        let variable = name.text().to_owned();
        let fields: Vec<Pieces> = match words {
            Some(words) => self
                .fields(words)
                .into_iter()
                .map(|word| word.pieces)
                .collect(),
            None => match &self.state.positional {
                Some(parameters) => parameters.to_vec(),
                None => vec![state::unknown("@")],
            },
        };
        let before = self.state.clone();
        let open = fields.iter().any(|field| state::known(field).is_none());
        let mut followed = 0;
        for field in &fields {
            if followed >= ITERATIONS_MAX || self.iterations_left == 0 {
                break;
            }
            followed += 1;
            self.iterations_left -= 1;
            self.state
                .set(&variable, Value::Scalar(field.clone()), false);
            self.walk(body);
        }
        if followed < fields.len() {
            let value = Value::Scalar(state::unknown(&variable));
            self.state.set(&variable, value, false);
            self.walk(body);
        }
        if open || followed < fields.len() {
            self.join(&before);
        }
        self.succeeded = None;
    }

    /// Whether the commands from `first` on are one whose answer is always the same.
    fn is_constant(&self, first: InvocationId) -> bool {
        let [condition] = self.script.between(first, self.next_id()) else {
            return false;
        };
        let name = condition.words.first().and_then(super::Word::known);
        matches!(name.as_deref(), Some("true" | ":" | "false"))
    }

    fn while_loop(&mut self, condition: &Rc<Node>, body: &Rc<Node>) {
        let printed = self.printed();
        // `while read x; do …; done` over a text that is known: line by line.
        for _ in 0..ITERATIONS_MAX {
            let lines = matches!(&self.stream.input, Input::Text(word) if !word.pieces.is_empty());
            if !lines || self.iterations_left == 0 {
                break;
            }
            let before = self.stream.input.clone();
            self.iterations_left -= 1;
            self.walk_tested(condition);
            if self.stream.input == before {
                break;
            }
            self.walk(body);
            if matches!(&self.stream.input, Input::Text(word) if word.pieces.is_empty()) {
                self.succeeded = None;
                return;
            }
        }
        for _ in 0..2 {
            let before = self.state.clone();
            if !self.spend(16, Span::default()) {
                return;
            }
            self.succeeded = None;
            let first = self.next_id();
            self.walk(condition);
            if let Some(directories) = self.succeeded.take() {
                self.state.directories = directories;
            }
            let is_endless = self.is_constant(first);
            self.walk(body);
            if is_endless {
                self.script.endless.push((first, self.next_id()));
            }
            let changed = self.changed(&before);
            self.join(&before);
            if changed.is_empty() {
                break;
            }
            // A value that each iteration changes is not one of the first two.
            for name in changed {
                let mut values = before
                    .variable(&name)
                    .map_or_else(Vec::new, |v| v.values.clone());
                values.truncate(1);
                values.push(Value::Scalar(state::unknown(&name)));
                if let Some(variable) = self.state.variable(&name) {
                    let exported = variable.exported;
                    let variable = Variable { values, exported };
                    self.state.variables.insert(&name, variable);
                }
            }
        }
        self.succeeded = None;
        self.doubt(printed);
    }

    /// Returns the variables that differ from `before`.
    fn changed(&mut self, before: &State) -> Vec<String> {
        let mut changed = Vec::new();
        let mut now = self.state.variables.clone();
        let work = now.join(&before.variables, |name, now, before| {
            if now.is_some() && now != before {
                changed.push(name.to_owned());
            }
            None
        });
        self.spend(work, Span::default());
        changed
    }

    /// Joins what another branch may have left.
    fn join(&mut self, other: &State) {
        let mut state = self.state.clone();
        self.join_into(&mut state, other);
        self.state = state;
    }

    /// Joins two branches, and pays for it.
    fn join_into(&mut self, state: &mut State, other: &State) {
        // What is over its budget is held whatever it knows.
        if !self.exhausted {
            let work = state.join(other);
            self.spend(work * JOIN_UNITS, Span::default());
        }
    }
}
