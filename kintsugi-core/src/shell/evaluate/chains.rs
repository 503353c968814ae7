//! Commands that are joined: lists, `&&` and `||`, pipelines.

use std::rc::Rc;

use super::super::tree::Node;
use super::super::{Certain, Dialect, Input, InvocationId, Output, Word};
use super::{Capture, Machine, state};
use crate::effect::Span;

/// Most commands whose success is kept in mind.
const CERTAIN_MAX: usize = 64;

impl Machine<'_> {
    /// Commands one after another, or beside the rest.
    pub(super) fn list(&mut self, items: &[(Rc<Node>, bool)]) {
        for (node, background) in items {
            self.succeeded = None;
            if !*background {
                self.walk(node);
                continue;
            }
            self.look_for_multiplying(node);
            let state = self.state.clone();
            let before = std::mem::replace(&mut self.stream.background, true);
            self.walk(node);
            self.stream.background = before;
            self.state = state;
            self.succeeded = None;
        }
    }

    /// `a && b || c`: which directory each part is in, and of which commands it is certain that they succeeded.
    pub(super) fn chain(&mut self, first: &Rc<Node>, rest: &[(bool, Rc<Node>)]) {
        self.succeeded = None;
        let mut certain = Some(Vec::new());
        let mut before = self.next_id();
        self.walk(first);
        let mut last = first;
        for (and, node) in rest {
            self.keep_certain(*and, (last, before), &mut certain);
            (last, before) = (node, self.next_id());
            let skipped = self.state.clone();
            let success = self.succeeded.take();
            if *and && let Some(directories) = &success {
                self.state.directories = Rc::clone(directories);
            }
            self.walk(node);
            let reached = self.succeeded.take();
            let here = reached.unwrap_or_else(|| Rc::clone(&self.state.directories));
            let leaves = !*and && leaves(node);
            if leaves {
                // `cd x || exit`: whoever comes by here has not failed.
                self.state = skipped;
                if let Some(directories) = success {
                    self.state.directories = directories;
                }
                continue;
            }
            self.join(&skipped);
            self.succeeded = Some(if *and {
                here
            } else {
                state::union(&success.unwrap_or(skipped.directories), &here)
            });
        }
        self.end_certain(&mut certain);
    }

    /// Notes that a simple command in front of `&&` has succeeded where the next ones run. Behind `||` nothing is certain.
    fn keep_certain(
        &mut self,
        and: bool,
        (node, before): (&Rc<Node>, InvocationId),
        certain: &mut Option<Vec<InvocationId>>,
    ) {
        if !and {
            self.end_certain(certain);
        }
        // A function can succeed because what it runs failed.
        let is_itself = matches!(node.as_ref(), Node::Simple(_))
            && self.next_id().0 == before.0 + 1
            && self.state.functions.is_empty()
            && self.state.aliases.is_empty();
        if let Some(certain) = certain
            && is_itself
            && certain.len() < CERTAIN_MAX
        {
            certain.push(before);
        }
    }

    fn end_certain(&mut self, certain: &mut Option<Vec<InvocationId>>) {
        let end = self.next_id();
        let room = CERTAIN_MAX.saturating_sub(self.script.certain.len());
        let ended = certain.take().into_iter().flatten().take(room);
        let ended = ended.map(|command| Certain { command, end });
        self.script.certain.extend(ended);
    }

    /// Commands that feed the next one, each but perhaps the last in a shell of its own.
    pub(super) fn pipeline(&mut self, commands: &[Rc<Node>]) {
        let outer = self.stream.clone();
        let mut capture = self.capture.take();
        let last = commands.len().saturating_sub(1);
        let mut input = outer.input.clone();
        for (number, command) in commands.iter().enumerate() {
            self.look_for_multiplying(command);
            let state = self.state.clone();
            let first = self.next_id();
            self.stream.input = input.clone();
            if number == last {
                self.stream.output = outer.output;
                self.capture = capture.take();
            } else {
                self.stream.output = Output::Pipe;
                self.capture = Some(Capture::default());
            }
            self.walk(command);
            // zsh runs the last command of a pipeline in the shell itself.
            if number == last && self.dialect == Dialect::Zsh {
                self.join(&state);
            } else {
                self.state = state;
            }
            if number < last {
                let end = self.next_id();
                input = match self.capture.take() {
                    Some(capture) if !capture.unknown => Input::Text(Rc::new(Word {
                        pieces: capture.pieces,
                        span: Span::default(),
                    })),
                    Some(_) | None => Input::Pipe { first, end },
                };
            }
        }
        self.stream = outer;
        self.succeeded = None;
    }

    /// A function that starts itself beside itself never ends: the fork bomb.
    fn look_for_multiplying(&mut self, node: &Rc<Node>) {
        if let Node::Simple(simple) = node.as_ref()
            && let Some(name) = simple.words.first()
            && self.calls.iter().any(|call| call == name.text())
        {
            self.script.multiplies = true;
            let what = "a function that starts itself again and again (a fork bomb)";
            self.problem(what, name.span());
        }
    }
}

/// Whether a command leaves the shell: `exit`, `return`, or a group that ends so.
fn leaves(node: &Rc<Node>) -> bool {
    match node.as_ref() {
        Node::Simple(simple) => simple
            .words
            .first()
            .is_some_and(|word| matches!(word.text(), "exit" | "return" | "break" | "continue")),
        Node::List(items) => items
            .last()
            .is_some_and(|(last, background)| !background && leaves(last)),
        Node::Group {
            body,
            subshell: false,
            ..
        } => leaves(body),
        Node::Group { .. }
        | Node::Test(_)
        | Node::Arithmetic(_)
        | Node::Chain(..)
        | Node::Pipeline(_)
        | Node::Not(_)
        | Node::If(_)
        | Node::For { .. }
        | Node::While { .. }
        | Node::Case { .. }
        | Node::Function { .. } => false,
    }
}
