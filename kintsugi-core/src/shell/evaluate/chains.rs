//! Commands that are joined: lists, `&&` and `||`, pipelines.

use std::rc::Rc;

use super::super::tree::{Node, Raw};
use super::super::{Certain, Dialect, Input, Invocation, InvocationId, Output, Word};
use super::{Capture, Machine, state};
use crate::effect::Span;

/// Most commands whose success is kept in mind.
const CERTAIN_MAX: usize = 64;

impl Machine<'_> {
    /// Commands one after another, or beside the rest.
    pub(super) fn list(&mut self, items: &[(Rc<Node>, bool)]) {
        let mut succeeded = Vec::new();
        for (node, background) in items {
            self.succeeded = None;
            if !*background {
                let before = self.next_id();
                self.walk(node);
                let passed = std::mem::take(&mut self.passed);
                let own = self
                    .own_command(node, before)
                    .filter(|_| self.is_stopping());
                // Behind `set -e`, whoever comes by here has not failed to change the directory.
                if own.is_some()
                    && let Some(directories) = self.succeeded.take()
                {
                    self.state.directories = directories;
                }
                let is_told = matches!(node.as_ref(), Node::Chain(..) | Node::If(_));
                let passed = passed.into_iter().filter(|_| is_told).chain(own);
                let from = self.next_id();
                let room = CERTAIN_MAX.saturating_sub(succeeded.len());
                succeeded.extend(passed.take(room).map(|command| (command, from)));
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
        self.keep_succeeded(succeeded);
    }

    /// Whether the shell ends where a command fails: `set -e`, and nothing around it looks at whether it does.
    fn is_stopping(&self) -> bool {
        let is_posix = matches!(self.dialect, Dialect::Bash | Dialect::Zsh | Dialect::Posix);
        self.state.stops && self.tested == 0 && is_posix
    }

    /// Walks a command whose failure something looks at.
    pub(super) fn walk_tested(&mut self, node: &Rc<Node>) {
        self.tested = self.tested.saturating_add(1);
        self.walk(node);
        self.tested = self.tested.saturating_sub(1);
    }

    /// `a && b || c`: which directory each part is in, and of which commands it is certain that they succeeded.
    pub(super) fn chain(&mut self, first: &Rc<Node>, rest: &[(bool, Rc<Node>)]) {
        self.succeeded = None;
        let mut certain = Some(Vec::new());
        let mut passed = Vec::new();
        let begin = self.next_id();
        let mut before = begin;
        self.walk_tested(first);
        let mut last = first;
        // Where `cd -` leads if everything so far has succeeded.
        let mut previous = Rc::clone(&self.state.previous);
        for (number, (and, node)) in rest.iter().enumerate() {
            let is_last = number + 1 == rest.len();
            if is_last && !*and && certain.is_some() && self.exits(node) {
                let commands = certain.iter().flatten().map(|(command, _)| *command);
                passed = commands.chain(self.own_command(last, before)).collect();
            }
            self.keep_certain(*and, (last, before), &mut certain);
            (last, before) = (node, self.next_id());
            let skipped = self.state.clone();
            let success = self.succeeded.take();
            if *and && let Some(directories) = &success {
                self.state.directories = Rc::clone(directories);
            }
            if *and {
                self.state.previous = previous;
            }
            let failed = self
                .own_command(first, begin)
                .filter(|_| !*and && number == 0);
            let from = self.next_id();
            if is_last {
                self.walk(node);
            } else {
                self.walk_tested(node);
            }
            let end = self.next_id();
            if let Some(command) = failed
                && self.script.failed.len() < CERTAIN_MAX
            {
                self.script.failed.push(Certain { command, from, end });
            }
            let reached = self.succeeded.take();
            let here = reached.unwrap_or_else(|| Rc::clone(&self.state.directories));
            let leaves = !*and && leaves(node);
            previous = Rc::clone(&self.state.previous);
            if leaves {
                // `cd x || exit`: whoever comes by here has not failed.
                self.state = skipped;
                previous = Rc::clone(&self.state.previous);
                if let Some(directories) = success {
                    self.state.directories = directories;
                }
                continue;
            }
            self.join(&skipped);
            if !*and {
                previous = Rc::clone(&self.state.previous);
            }
            self.succeeded = Some(if *and {
                here
            } else {
                state::union(&success.unwrap_or(skipped.directories), &here)
            });
        }
        self.end_certain(&mut certain);
        self.passed = passed;
    }

    /// Notes that a simple command in front of `&&` has succeeded where the next ones run. Behind `||` nothing is certain.
    fn keep_certain(
        &mut self,
        and: bool,
        (node, before): (&Rc<Node>, InvocationId),
        certain: &mut Option<Vec<(InvocationId, InvocationId)>>,
    ) {
        if !and {
            self.end_certain(certain);
        }
        let own = self.own_command(node, before);
        let from = self.next_id();
        if let Some(certain) = certain
            && let Some(own) = own
            && certain.len() < CERTAIN_MAX
        {
            certain.push((own, from));
        }
    }

    fn end_certain(&mut self, certain: &mut Option<Vec<(InvocationId, InvocationId)>>) {
        self.keep_succeeded(certain.take().into_iter().flatten());
    }

    /// Notes of commands that they have succeeded wherever those run that come from there on up to here.
    pub(super) fn keep_succeeded(
        &mut self,
        commands: impl IntoIterator<Item = (InvocationId, InvocationId)>,
    ) {
        let end = self.next_id();
        let room = CERTAIN_MAX.saturating_sub(self.script.certain.len());
        let kept = commands.into_iter().filter(|(_, from)| *from < end);
        let kept = kept.map(|(command, from)| Certain { command, from, end });
        self.script.certain.extend(kept.take(room));
    }

    /// The one command that a node is, when it succeeds exactly if that one does; `before` was the next id in front of it.
    ///
    /// What its substitutions run stands in front of it. A function can succeed because what it runs failed.
    pub(super) fn own_command(&self, node: &Node, before: InvocationId) -> Option<InvocationId> {
        if let Node::List(items) = node
            && let [(one, false)] = items.as_slice()
        {
            return self.own_command(one, before);
        }
        let Node::Simple(simple) = node else {
            return None;
        };
        let mut words = simple.words.iter().map(Raw::text);
        let name = words.find(|word| super::assigning::assignment(word).is_none())?;
        let (functions, aliases) = (&self.state.functions, &self.state.aliases);
        if functions.get(name).is_some() || aliases.get(name).is_some() {
            return None;
        }
        let all = self.script.invocations.get(before.0 as usize..)?;
        let is_named = |it: &Invocation| {
            let first = it.words.first().and_then(Word::known);
            first.as_deref() == Some(name)
        };
        let mut own = all.iter().enumerate().filter(|(_, it)| is_named(it));
        let found = match (own.next(), own.next()) {
            (Some((at, _)), None) => at,
            _ if all.len() == 1 && functions.is_empty() && aliases.is_empty() => 0,
            _ => return None,
        };
        Some(InvocationId(before.0 + u32::try_from(found).ok()?))
    }

    /// What has succeeded if the shell comes by `if ! a; then exit; fi`.
    pub(super) fn passed_by_branches(
        &self,
        branches: &[(Option<Rc<Node>>, Rc<Node>)],
        before: InvocationId,
    ) -> Vec<InvocationId> {
        let [(Some(condition), body)] = branches else {
            return Vec::new();
        };
        let mut condition = condition.as_ref();
        if let Node::List(items) = condition
            && let [(one, false)] = items.as_slice()
        {
            condition = one;
        }
        let Node::Not(node) = condition else {
            return Vec::new();
        };
        let name = |node: &Node| self.own_command(node, before);
        let is_left = self.exits(body);
        name(node).filter(|_| is_left).into_iter().collect()
    }

    /// Whether a command ends the shell that it runs in.
    fn exits(&self, node: &Node) -> bool {
        if let Node::Simple(simple) = node {
            let name = simple.words.first().map(Raw::text);
            return name == Some("exit") && self.state.functions.get("exit").is_none();
        }
        if let Node::List(items) = node {
            let mut last = items.last().into_iter();
            return last.any(|(last, background)| !background && self.exits(last));
        }
        if let Node::Group { body, subshell, .. } = node {
            return !subshell && self.exits(body);
        }
        false
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
