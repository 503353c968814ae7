//! A command whose program is known by name: its entry → effects, and what it wraps.

use super::analyst::{Ambient, Analyst, Call, Printed, has_hole};
use super::feeds::{Feeds, is_outward};
use super::grammar::{self, Parsed};
use super::schema::{self, Printed as Prints, Wraps};
use super::{Resolved, UnknownKind};
use crate::effect::{Action, Feed, Modifier, Modifiers, Role, Target};
use crate::place::{Judgement, Place, pattern};
use crate::shell::{Directory, Input, Piece, Word};

/// What is being worked out for one command.
pub(super) struct Work<'c, 'k> {
    pub(super) call: Call<'c>,
    pub(super) parsed: Parsed<'k>,
    /// What it reads, as far as effects on files tell.
    reads: Feeds,
    /// Text of the one file it reads, when the line wrote it.
    text: Option<std::rc::Rc<str>>,
    fetches: bool,
    lists: bool,
}

/// An effect of an entry or option, and the values it may fall on.
struct Cause<'k> {
    effect: &'k schema::Effect,
    /// For an option's effect: its role and value.
    own: Option<(Option<&'k str>, Option<&'k Word>)>,
}

impl Analyst<'_> {
    /// Looks at a command by the name of its program.
    pub(super) fn program(
        &mut self,
        call: &Call<'_>,
        first: &Word,
        name: &str,
        words: &[Word],
    ) -> Printed {
        let knowledge = self.knowledge;
        match knowledge.resolve(name) {
            Resolved::Known { name, node } => {
                let parsed = grammar::read(knowledge, name, node, words);
                self.known(call.clone(), parsed)
            }
            Resolved::Local { known } => {
                let printed = self.local_program(call, first, name);
                match known {
                    Some((name, node)) => {
                        let parsed = grammar::read(knowledge, name, node, words);
                        let more = self.known(call.clone(), parsed);
                        Printed {
                            feeds: printed.feeds.union(more.feeds),
                            text: None,
                        }
                    }
                    None => {
                        self.unknown_words(call, name, words);
                        printed
                    }
                }
            }
            Resolved::Unknown => {
                self.analysis.programs.push((name.to_owned(), call.span));
                self.unknown(UnknownKind::Program, name.to_owned(), first.span);
                self.unknown_words(call, name, words);
                let feeds = call.fed.feeds.union(Feeds::of(Feed::Program));
                Printed { feeds, text: None }
            }
        }
    }

    /// A program given by its path.
    fn local_program(&mut self, call: &Call<'_>, first: &Word, name: &str) -> Printed {
        self.analysis.programs.push((name.to_owned(), call.span));
        self.unknown(UnknownKind::LocalProgram, name.to_owned(), first.span);
        let mut feeds = Feeds::of(Feed::Program).union(call.fed.feeds);
        for judged in self.judge(first, &call.directories, call.scope) {
            let written = self.written(&judged.path);
            let feed = written
                .as_ref()
                .map_or(Feeds::of(Feed::File), |it| it.feeds);
            self.push_path(call, Action::Execute, &judged, name)
                .feed(feed.worst());
            if let Some(text) = written.and_then(|it| it.text) {
                let words = call.words.get(1..).unwrap_or_default();
                feeds = feeds.union(self.script_text(call, None, &text, words));
            }
        }
        Printed { feeds, text: None }
    }

    /// The words of a program that is not described: which of them are paths that matter.
    fn unknown_words(&mut self, call: &Call<'_>, name: &str, words: &[Word]) {
        for word in words {
            let value = match grammar::split(word, "=") {
                Some((key, value)) if key.display().starts_with('-') => value,
                Some(_) | None => word.clone(),
            };
            let text = value.display();
            if text.starts_with('-') || text.contains("://") {
                continue;
            }
            for judged in self.judge(&value, &call.directories, call.scope) {
                if matches!(
                    judged.place,
                    Place::Secret | Place::Guard | Place::Device | Place::Startup | Place::Kernel
                ) {
                    self.push_path(call, Action::Read, &judged, name);
                }
            }
        }
    }

    /// A command that is described.
    pub(super) fn known(&mut self, call: Call<'_>, parsed: Parsed<'_>) -> Printed {
        self.analysis
            .programs
            .push((parsed.path.clone(), call.span));
        let mut work = Work {
            call,
            parsed,
            reads: Feeds::NONE,
            text: None,
            fetches: false,
            lists: false,
        };
        self.unknown_parts(&work);
        self.enter_directories(&mut work);
        if work.parsed.is_help {
            return Printed {
                feeds: Feeds::of(Feed::Program),
                text: None,
            };
        }
        self.read_option_files(&mut work);
        self.effects(&mut work);
        let mut feeds = self.run_code(&work);
        feeds = feeds.union(self.run_wrapped(&work));
        self.printed(&work, feeds)
    }

    /// A setting or variable that matters, without a command around it.
    pub(super) fn keyed_only(&mut self, call: &Call<'_>, parsed: Parsed<'_>) {
        let mut work = Work {
            call: call.clone(),
            parsed,
            reads: Feeds::NONE,
            text: None,
            fetches: false,
            lists: false,
        };
        self.effects(&mut work);
        self.run_code(&work);
    }

    fn unknown_parts(&mut self, work: &Work<'_, '_>) {
        let (parsed, span) = (&work.parsed, work.call.span);
        for option in &parsed.unknown_options {
            let text = format!("{} {}", parsed.path, option.display());
            self.unknown(UnknownKind::Option, text, option.span);
        }
        if let Some(name) = &parsed.unknown_subcommand {
            let text = format!("{} {}", parsed.path, name.display());
            self.unknown(UnknownKind::Subcommand, text, name.span);
        } else if let Some(surplus) = parsed.surplus.first()
            && !work.has_wrapped()
        {
            let text = format!("{} {}", parsed.path, surplus.display());
            self.unknown(UnknownKind::Option, text, span);
        }
    }

    /// `git -C`, `make -C`, `env -C`.
    fn enter_directories(&self, work: &mut Work<'_, '_>) {
        if work.parsed.directories.is_empty() {
            return;
        }
        let mut directories: Vec<Directory> = work.call.directories.to_vec();
        for word in &work.parsed.directories {
            let judged = self.judge(word, &directories, work.call.scope);
            directories = judged
                .into_iter()
                .map(|it| {
                    if it.modifiers.contains(Modifier::Unresolved) {
                        Directory::Unknown
                    } else {
                        Directory::Known(it.path)
                    }
                })
                .collect();
        }
        work.call.directories = directories.into();
    }

    /// Files that options read or overwrite.
    fn read_option_files(&mut self, work: &mut Work<'_, '_>) {
        for (reads, word) in std::mem::take(&mut work.parsed.option_files) {
            if is_standard_stream(&word) {
                continue;
            }
            let action = if reads {
                Action::Read
            } else {
                Action::Overwrite
            };
            self.path_effect(work, action, &word, Modifiers::NONE);
        }
    }

    /// Everything that the entry and its options say.
    fn effects(&mut self, work: &mut Work<'_, '_>) {
        let own = work
            .parsed
            .chain
            .first()
            .map_or(&[][..], |entry| &entry.effects[..]);
        let options = std::mem::take(&mut work.parsed.option_effects);
        let keyed = std::mem::take(&mut work.parsed.keyed);
        let mut causes: Vec<Cause<'_>> = own
            .iter()
            .map(|effect| Cause { effect, own: None })
            .collect();
        for (effects, role, value) in &options {
            causes.extend(effects.iter().map(|effect| Cause {
                effect,
                own: Some((*role, value.as_ref())),
            }));
        }
        for (entry, value) in &keyed {
            causes.extend(entry.effects.iter().map(|effect| Cause {
                effect,
                own: Some((None, Some(value))),
            }));
            if let Some(language) = entry.code {
                work.parsed.code.push((language, value.clone()));
            }
            if let Some(language) = entry.runs {
                work.parsed.runs.push((language, value.clone()));
            }
        }
        causes.retain(|cause| {
            cause
                .effect
                .when
                .iter()
                .all(|mark| work.parsed.is_set(mark))
                && !cause
                    .effect
                    .unless
                    .iter()
                    .any(|mark| work.parsed.is_set(mark))
        });
        work.fetches = causes
            .iter()
            .any(|cause| cause.effect.does == Action::Fetch);
        // What is read comes first: it says what is written and sent.
        causes.sort_by_key(|cause| cause.effect.does != Action::Read);
        for cause in &causes {
            self.cause(work, cause);
        }
    }

    fn cause(&mut self, work: &mut Work<'_, '_>, cause: &Cause<'_>) {
        let effect = cause.effect;
        let role = effect
            .kind
            .or_else(|| role_named(&effect.on))
            .unwrap_or(Role::Path);
        let with: Modifiers = effect.with.iter().copied().collect();
        for word in targets(work, cause) {
            let text = word.display();
            let like = |list: &[String]| list.iter().any(|known| pattern::matches(known, &text));
            if like(&effect.not_for) || !(effect.only_for.is_empty() || like(&effect.only_for)) {
                continue;
            }
            if role == Role::Path {
                if !is_standard_stream(&word) {
                    self.path_effect(work, effect.does, &word, with);
                }
            } else {
                self.other_effect(work, effect.does, role, &word, with);
            }
        }
    }

    /// An effect on something that is no path.
    fn other_effect(
        &mut self,
        work: &mut Work<'_, '_>,
        action: Action,
        role: Role,
        word: &Word,
        with: Modifiers,
    ) {
        let mut modifiers = with.union(work.parsed.modifiers);
        if has_hole(word) {
            modifiers.insert(Modifier::Unresolved);
        }
        if word.is_pattern() {
            modifiers.insert(Modifier::Glob);
        }
        if has_hole(word) && is_regrettable(action) {
            self.unknown(UnknownKind::Target, word.display(), word.span);
        }
        if role == Role::Secret && action == Action::Read {
            work.reads = work.reads.union(Feeds::of(Feed::Secret));
        }
        let feeds = self
            .feeds_into(work, action)
            .union(self.word_feeds(word, work.call.scope));
        let target = Target {
            text: word.display(),
            place: None,
        };
        self.push(&work.call, action, role, target)
            .with(modifiers)
            .feed(feeds.worst_for(action))
            .by(&work.parsed.path);
    }

    /// An effect on a path, wherever it may lie.
    fn path_effect(
        &mut self,
        work: &mut Work<'_, '_>,
        action: Action,
        word: &Word,
        with: Modifiers,
    ) {
        let readings = self.narrowed(work, word);
        for judged in readings {
            self.judged_effect(work, action, &judged, with);
            if judged.modifiers.contains(Modifier::Unresolved) && is_regrettable(action) {
                self.unknown(UnknownKind::Target, word.display(), word.span);
            }
        }
    }

    fn judged_effect(
        &mut self,
        work: &mut Work<'_, '_>,
        action: Action,
        judged: &Judgement,
        with: Modifiers,
    ) {
        let written = self.written(&judged.path);
        match action {
            Action::Read | Action::Move => {
                let mut feeds = Feeds::of(Feed::File);
                if judged.place == Place::Secret {
                    feeds = feeds.union(Feeds::of(Feed::Secret));
                }
                if let Some(written) = &written {
                    feeds = feeds.union(written.feeds);
                    work.text.clone_from(&written.text);
                }
                work.reads = work.reads.union(feeds);
            }
            Action::List => work.lists = true,
            _ => {}
        }
        let mut feeds = self.feeds_into(work, action);
        if matches!(action, Action::Execute | Action::Interpret) {
            feeds = written.map_or(Feeds::of(Feed::File), |it| it.feeds);
        }
        self.push_path(&work.call, action, judged, &work.parsed.path)
            .with(with.union(work.parsed.modifiers))
            .feed(feeds.worst_for(action));
        if matches!(action, Action::Write | Action::Overwrite | Action::Create) {
            let text = work.text.clone().or_else(|| work.call.fed.text.clone());
            self.remember(&judged.path, feeds, text);
            self.remember_inside(work, judged, feeds);
        }
    }

    /// What was copied or moved into a directory lies below it by its own name.
    fn remember_inside(&mut self, work: &Work<'_, '_>, judged: &Judgement, feeds: Feeds) {
        for value in &work.parsed.values {
            if let Some(name) = value.word.known()
                && let Some(name) = name.rsplit('/').next()
                && !name.is_empty()
            {
                let path = format!("{}/{name}", judged.path);
                self.remember(&path, feeds, work.text.clone());
            }
        }
    }

    /// Keeps in mind what the line wrote, for when it runs or sends it later.
    pub(super) fn remember(&mut self, path: &str, feeds: Feeds, text: Option<std::rc::Rc<str>>) {
        if feeds == Feeds::NONE && text.is_none() {
            return;
        }
        let slot = self.files.entry(path.to_owned()).or_default();
        slot.feeds = slot.feeds.union(feeds);
        slot.text = text;
    }

    /// Where the bytes of an effect come from.
    fn feeds_into(&self, work: &Work<'_, '_>, action: Action) -> Feeds {
        let from_outside = if is_standard_input_read(work) {
            work.call.fed.feeds
        } else {
            Feeds::NONE
        };
        let all = from_outside.union(work.reads);
        match action {
            Action::Write | Action::Overwrite | Action::Create if work.fetches => {
                all.union(Feeds::of(Feed::Network))
            }
            Action::Write
            | Action::Overwrite
            | Action::Create
            | Action::Interpret
            | Action::Execute
            | Action::Install
            | Action::Schedule
            | Action::Persist => all,
            _ if is_outward(action) => all.without(Feed::Network),
            _ => Feeds::NONE,
        }
    }

    /// The readings of a path, narrowed to the names that are meant.
    fn narrowed(&self, work: &Work<'_, '_>, word: &Word) -> Vec<Judgement> {
        let call = &work.call;
        let plain = self.judge(word, &call.directories, call.scope);
        if work.parsed.narrows.is_empty() {
            return plain;
        }
        let mut all = Vec::new();
        for base in plain {
            for name in &work.parsed.narrows {
                let name = name.display();
                let path = format!(
                    "{}/{}",
                    base.path.trim_end_matches('/'),
                    name.trim_matches('/')
                );
                let inside = self.surroundings.place(&path);
                let place = match base.place {
                    Place::Root => Place::System,
                    Place::System
                    | Place::Startup
                    | Place::Secret
                    | Place::Guard
                    | Place::Device
                    | Place::Kernel
                    | Place::Unknown => base.place,
                    Place::HomeRoot
                    | Place::ProjectRoot
                    | Place::Home
                    | Place::Project
                    | Place::Temp
                    | Place::BuildOutput
                    | Place::Elsewhere
                    | Place::Dotfile
                    | Place::Trigger
                    | Place::Vcs
                    | Place::Null => inside,
                };
                let modifiers = base.modifiers.with(Modifier::Glob);
                all.push(Judgement {
                    path,
                    place,
                    modifiers,
                });
            }
        }
        all
    }

    /// Adds an effect on a judged path.
    pub(super) fn push_path(
        &mut self,
        call: &Call<'_>,
        action: Action,
        judged: &Judgement,
        program: &str,
    ) -> super::analyst::Pushed<'_> {
        let target = Target {
            text: judged.path.clone(),
            place: Some(judged.place),
        };
        self.push(call, action, Role::Path, target)
            .with(judged.modifiers)
            .by(program)
    }

    /// What stands on the standard output.
    fn printed(&mut self, work: &Work<'_, '_>, inner: Feeds) -> Printed {
        let parsed = &work.parsed;
        let prints = parsed.chain.first().and_then(|entry| {
            entry.prints.iter().find(|prints| {
                prints.when.iter().all(|mark| parsed.is_set(mark))
                    && !prints.unless.iter().any(|mark| parsed.is_set(mark))
            })
        });
        let through = work.call.fed.feeds.union(work.reads).union(inner);
        match prints.map(|prints| prints.what) {
            Some(Prints::Nothing) => Printed {
                feeds: Feeds::of(Feed::Text),
                text: None,
            },
            Some(Prints::Operands) => self.printed_operands(work),
            Some(Prints::Decoded) => Printed {
                feeds: through.union(Feeds::of(Feed::Decoded)),
                text: None,
            },
            Some(Prints::Secret) => Printed {
                feeds: through.union(Feeds::of(Feed::Secret)),
                text: None,
            },
            Some(Prints::Network) => Printed {
                feeds: through.union(Feeds::of(Feed::Network)),
                text: None,
            },
            Some(Prints::Input) => {
                let text = if work.reads == Feeds::NONE {
                    &work.call.fed.text
                } else {
                    &work.text
                };
                Printed {
                    feeds: through,
                    text: text.clone(),
                }
            }
            None if work.fetches => Printed {
                feeds: through.union(Feeds::of(Feed::Network)),
                text: None,
            },
            None if work.reads == Feeds::NONE => Printed {
                feeds: through.union(Feeds::of(Feed::Program)),
                text: None,
            },
            None => Printed {
                feeds: through,
                text: None,
            },
        }
    }

    fn printed_operands(&self, work: &Work<'_, '_>) -> Printed {
        let words = work.call.words.get(1..).unwrap_or_default();
        let feeds = words.iter().fold(Feeds::of(Feed::Text), |sum, word| {
            sum.union(self.word_feeds(word, work.call.scope))
        });
        let text: Option<Vec<_>> = words
            .iter()
            .filter(|word| !word.display().starts_with('-'))
            .map(Word::known)
            .collect();
        Printed {
            feeds,
            text: text.map(|words| (words.join(" ") + "\n").into()),
        }
    }

    /// The commands inside.
    fn run_wrapped(&mut self, work: &Work<'_, '_>) -> Feeds {
        let mut feeds = Feeds::NONE;
        for wrapped in &work.parsed.wrapped {
            feeds = feeds.union(self.wrapped(work, wrapped));
        }
        feeds
    }

    fn wrapped(&mut self, work: &Work<'_, '_>, wrapped: &grammar::Wrapped) -> Feeds {
        let ambient = self.inner_ambient(work, wrapped.how);
        let call = Call {
            ambient,
            ..work.call.clone()
        };
        match wrapped.how {
            Wraps::Command | Wraps::Contained => self.inner(&call, &wrapped.words, &[]),
            Wraps::CommandWithAssignments => self.with_assignments(&call, &wrapped.words),
            Wraps::CommandWithMore => {
                let mut feeds = Feeds::NONE;
                for more in self.unseen(work) {
                    let words = append(&wrapped.words, &more, work.parsed.replaces.as_ref());
                    let mut call = call.clone();
                    if more.iter().any(has_hole) {
                        call.ambient.modifiers.insert(Modifier::Indirect);
                    }
                    feeds = feeds.union(self.inner(&call, &words, &[]));
                }
                feeds
            }
            Wraps::Shell | Wraps::RemoteShell => self.shell_words(&call, &wrapped.words),
            Wraps::ShellWithMore => {
                let mut feeds = Feeds::NONE;
                for more in self.unseen(work) {
                    let words = append(&wrapped.words, &more, work.parsed.replaces.as_ref());
                    let mut call = call.clone();
                    call.ambient.modifiers.insert(Modifier::Indirect);
                    feeds = feeds.union(self.shell_words(&call, &words));
                }
                feeds
            }
        }
    }

    /// Assignments in front of a wrapped command: `env A=b cmd`.
    fn with_assignments(&mut self, call: &Call<'_>, words: &[Word]) -> Feeds {
        let mut assignments = Vec::new();
        let mut rest = words;
        while let Some((first, behind)) = rest.split_first() {
            let Some((name, value)) = grammar::split(first, "=") else {
                break;
            };
            let Some(name) = name.known().filter(|name| is_variable_name(name)) else {
                break;
            };
            assignments.push(crate::shell::Assignment {
                name: name.into_owned(),
                value,
                exported: true,
            });
            rest = behind;
        }
        let inner = Call {
            assignments: &assignments,
            ..call.clone()
        };
        self.assignments(&inner);
        self.inner(call, rest, &assignments)
    }

    fn inner(
        &mut self,
        call: &Call<'_>,
        words: &[Word],
        assignments: &[crate::shell::Assignment],
    ) -> Feeds {
        if words.is_empty() {
            return Feeds::NONE;
        }
        let variables = match assignments {
            [] => call.variables.clone(),
            _ => {
                let mut variables = (*call.variables).clone();
                for assignment in assignments {
                    variables
                        .values
                        .insert(assignment.name.clone(), assignment.value.clone());
                }
                variables.into()
            }
        };
        self.call(&Call {
            words,
            variables,
            ..call.clone()
        })
        .feeds
    }

    /// The circumstances of what is wrapped.
    fn inner_ambient(&self, work: &Work<'_, '_>, how: Wraps) -> Ambient {
        let mut ambient = work.call.ambient;
        ambient.depth += 1;
        let elevates = work.parsed.chain.first().is_some_and(|entry| {
            entry
                .effects
                .iter()
                .any(|effect| effect.does == Action::Elevate)
        });
        if elevates {
            ambient.modifiers.insert(Modifier::Elevated);
        }
        match how {
            Wraps::RemoteShell => ambient.modifiers.insert(Modifier::Remote),
            Wraps::Contained => ambient.modifiers.insert(Modifier::Contained),
            Wraps::Command
            | Wraps::CommandWithAssignments
            | Wraps::CommandWithMore
            | Wraps::Shell
            | Wraps::ShellWithMore => {}
        }
        for passed in [
            Modifier::Background,
            Modifier::Privileged,
            Modifier::Contained,
            Modifier::Remote,
        ] {
            if work.parsed.modifiers.contains(passed) {
                ambient.modifiers.insert(passed);
            }
        }
        ambient
    }

    /// The words that a wrapper appends and the line does not show: what it looked up, or what is fed to it.
    fn unseen(&self, work: &Work<'_, '_>) -> Vec<Vec<Word>> {
        let span = work.call.span;
        let roots: Vec<&Word> = work
            .parsed
            .values
            .iter()
            .filter(|value| value.role == "root")
            .map(|value| &value.word)
            .collect();
        if work.lists || !roots.is_empty() {
            return self.found_below(work, &roots);
        }
        if let Some(text) = &work.call.fed.text
            && matches!(work.call.input, Input::Pipe { .. } | Input::Text(_))
        {
            return vec![
                text.split_whitespace()
                    .map(|word| Word::text(word, span))
                    .collect(),
            ];
        }
        if let Input::Pipe { first, end } = work.call.input
            && let Some(found) = self.listed_by(work, *first, *end)
        {
            return found;
        }
        vec![vec![super::code::hole_for(work.call.fed.feeds, span)]]
    }

    /// What `find` finds: its roots, or what matches the narrowing names below them.
    fn found_below(&self, work: &Work<'_, '_>, roots: &[&Word]) -> Vec<Vec<Word>> {
        let here = Word::text(".", work.call.span);
        let roots = if roots.is_empty() {
            vec![&here]
        } else {
            roots.to_vec()
        };
        let mut all = Vec::new();
        for root in roots {
            if work.parsed.narrows.is_empty() {
                all.push(vec![root.clone()]);
            }
            for name in &work.parsed.narrows {
                let mut word = root.clone();
                let text = name.display();
                word.pieces
                    .push(Piece::Glob(format!("/**/{}", text.trim_start_matches('/'))));
                all.push(vec![word]);
            }
        }
        all
    }

    /// What the command in front of a pipe lists, when it is one that looks below roots: `find … | xargs`.
    fn listed_by(
        &self,
        work: &Work<'_, '_>,
        first: crate::shell::InvocationId,
        end: crate::shell::InvocationId,
    ) -> Option<Vec<Vec<Word>>> {
        let script = work.call.scope.script;
        let range = first.0 as usize..end.0 as usize;
        let source = script.invocations.get(range)?.first()?;
        let (name, words) = source.words.split_first()?;
        let name = name.known()?;
        let Resolved::Known { name, node } = self.knowledge.resolve(&name) else {
            return None;
        };
        let parsed = grammar::read(self.knowledge, name, node, words);
        let is_search = parsed
            .chain
            .first()?
            .operands
            .iter()
            .any(|it| it.role == "root");
        if !is_search {
            return None;
        }
        let call = Call {
            words: &source.words,
            ..work.call.clone()
        };
        let source = Work {
            call,
            parsed,
            reads: Feeds::NONE,
            text: None,
            fetches: false,
            lists: true,
        };
        let roots: Vec<&Word> = source
            .parsed
            .values
            .iter()
            .filter(|value| value.role == "root")
            .map(|value| &value.word)
            .collect();
        Some(self.found_below(&source, &roots))
    }
}

impl Work<'_, '_> {
    fn has_wrapped(&self) -> bool {
        !self.parsed.wrapped.is_empty()
    }
}

/// The words on which an effect falls.
fn targets(work: &Work<'_, '_>, cause: &Cause<'_>) -> Vec<Word> {
    let effect = cause.effect;
    let span = work.call.span;
    if let Some(target) = &effect.target {
        return vec![Word::text(target.as_str(), span)];
    }
    if let Some((role, value)) = cause.own {
        if effect.on == "value" || role == Some(effect.on.as_str()) {
            let default = || {
                effect
                    .default
                    .as_ref()
                    .map(|text| Word::text(text.as_str(), span))
            };
            return value.cloned().or_else(default).into_iter().collect();
        }
    }
    let values: Vec<Word> = work
        .parsed
        .values
        .iter()
        .filter(|value| value.role == effect.on)
        .map(|value| value.word.clone())
        .collect();
    if !values.is_empty() {
        return values;
    }
    if let Some(default) = &effect.default {
        return vec![Word::text(default.as_str(), span)];
    }
    let optional = work.parsed.chain.first().and_then(|entry| {
        entry
            .operands
            .iter()
            .find(|operand| operand.role == effect.on)
            .map(|it| it.optional)
    });
    let of_option = work.parsed.chain.iter().any(|entry| {
        entry
            .options
            .iter()
            .any(|option| option.role.as_deref() == Some(effect.on.as_str()))
    });
    match (optional, of_option) {
        (Some(true), _) | (None, true) => Vec::new(),
        (Some(false), _) | (None, false) => vec![Word::default()],
    }
}

/// The role of that name.
pub(super) fn role_named(name: &str) -> Option<Role> {
    Some(match name {
        "path" => Role::Path,
        "device" => Role::Device,
        "remote" => Role::Remote,
        "database" => Role::Database,
        "table" => Role::Table,
        "resource" => Role::Resource,
        "package" => Role::Package,
        "service" => Role::Service,
        "process" => Role::Process,
        "account" => Role::Account,
        "secret" => Role::Secret,
        "config" => Role::Config,
        "history" => Role::History,
        "image" => Role::Image,
        "volume" => Role::Volume,
        "branch" => Role::Branch,
        "code" => Role::Code,
        _ => return None,
    })
}

/// Whether a hole as the target of `action` is something to wonder about.
const fn is_regrettable(action: Action) -> bool {
    !matches!(action, Action::Read | Action::List)
}

/// `-` stands for a standard stream.
fn is_standard_stream(word: &Word) -> bool {
    word.known().as_deref() == Some("-")
}

/// Whether what is fed matters to what the command writes, runs or sends.
fn is_standard_input_read(work: &Work<'_, '_>) -> bool {
    !matches!(work.call.input, Input::Inherited) || work.call.fed.feeds != Feeds::NONE
}

fn is_variable_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|first: char| first.is_ascii_digit())
        && name
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}

/// `words` with `more` in the place of what stands for it, else behind.
fn append(words: &[Word], more: &[Word], replaces: Option<&Word>) -> Vec<Word> {
    let mark = replaces
        .and_then(Word::known)
        .map_or_else(|| "{}".to_owned(), std::borrow::Cow::into_owned);
    let holds = |word: &Word| {
        !mark.is_empty()
            && word.pieces.iter().any(|piece| match piece {
                Piece::Text(text) | Piece::Glob(text) => text.contains(&mark),
                Piece::Hole(_) => false,
            })
    };
    if !words.iter().any(holds) {
        return words.iter().chain(more).cloned().collect();
    }
    let one = more.first().cloned().unwrap_or_default();
    words
        .iter()
        .map(|word| {
            if holds(word) {
                replace(word, &mark, &one)
            } else {
                word.clone()
            }
        })
        .collect()
}

/// A word with every `mark` in its text replaced by the pieces of `with`.
fn replace(word: &Word, mark: &str, with: &Word) -> Word {
    let mut pieces = Vec::with_capacity(word.pieces.len() + 2);
    for piece in &word.pieces {
        let (Piece::Text(text) | Piece::Glob(text)) = piece else {
            pieces.push(piece.clone());
            continue;
        };
        for (at, part) in text.split(mark).enumerate() {
            if at > 0 {
                pieces.extend(with.pieces.iter().cloned());
            }
            if !part.is_empty() {
                pieces.push(Piece::Text(part.to_owned()));
            }
        }
    }
    Word {
        pieces,
        span: word.span,
    }
}
