//! A command whose program is known by name: its entry → effects, and what it wraps.

mod paths;

use super::analyst::{Analyst, Call, Printed, has_hole};
use super::env_split;
use super::feeds::Feeds;
use super::grammar::{self, Parsed};
use super::schema;
use super::targets::{
    asks_for_manual, is_meant, is_regrettable, is_standard_stream, role_named, targets,
};
use super::unfamiliar::without_suffix;
use super::{PossibleEffect, Resolved, UnknownKind};
use crate::effect::{Action, Effect, Feed, Modifier, Modifiers, Role, Target};
use crate::shell::{Directory, Piece, Word};

/// What is being worked out for one command.
pub(super) struct Task<'c, 'k> {
    pub(super) call: Call<'c>,
    pub(super) parsed: Parsed<'k>,
    /// What it reads, as far as effects on files tell.
    pub(super) reads: Feeds,
    /// Text of the one file it reads, when the line wrote it.
    pub(super) text: Option<std::rc::Rc<str>>,
    /// It reads what the line wrote.
    pub(super) reads_own: bool,
    /// The program whose file it reads: `cp /bin/rm x`.
    pub(super) copies: Option<String>,
    /// It fetches something.
    pub(super) fetches: bool,
    /// It lists files.
    pub(super) lists: bool,
}

impl<'c, 'k> Task<'c, 'k> {
    /// Before anything is worked out.
    pub(super) const fn new(call: Call<'c>, parsed: Parsed<'k>) -> Self {
        Self {
            call,
            parsed,
            reads: Feeds::NONE,
            text: None,
            reads_own: false,
            copies: None,
            fetches: false,
            lists: false,
        }
    }
}

/// An effect of an entry or option, and the values it may fall on.
pub(super) struct Cause<'k> {
    pub(super) effect: &'k schema::Effect,
    /// For an option's effect: its role and value.
    pub(super) own: Option<(Option<&'k str>, Option<&'k Word>)>,
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
        self.git_alias(call, name, words);
        self.forge_alias(call, name, words);
        self.suffix_alias(call, first, name, words);
        self.options_by_pattern(call);
        self.run_settings(call, name);
        // `git x` and `kubectl x` start `git-x` and `kubectl-x` (git(1); kubectl, plugins).
        if matches!(name, "git" | "kubectl" | "cargo" | "gh" | "helm" | "docker")
            && let Some(verb) = words.first().and_then(Word::known)
            && let Some(path) = self.put_on_path(call, &format!("{name}-{verb}"))
        {
            let first = Word::text(path, first.span);
            self.local_program(call, &first, name, true);
        }
        if let Some(path) = self.put_on_path(call, name) {
            let first = Word::text(path, first.span);
            self.local_program(call, &first, name, true);
        }
        let kept = without_suffix(name, words).or_else(|| env_split::split(call, name, words));
        let words = kept.as_deref().unwrap_or(words);
        match knowledge.resolve(name) {
            Resolved::Known { name, node } => {
                let parsed = grammar::read(knowledge, name, node, words);
                if parsed.is_twofold {
                    let other = grammar::read_verbs(knowledge, name, node, words);
                    self.known(call.clone(), other);
                }
                self.known(call.clone(), parsed)
            }
            Resolved::Local { known } => {
                let printed = self.local_program(call, first, name, known.is_some());
                let Some((name, node)) = known else {
                    self.opened_by_words(call, name);
                    self.unknown_words(call, name, words);
                    self.assume(call, name, words);
                    self.assume_reach(call, name, words);
                    if !self.only_reads_text(call.words) {
                        self.assume_sentences(call, name, words);
                        let is_read = self.reads_source(call, first);
                        self.carried_to(call, true, !is_read);
                    }
                    return printed;
                };
                let parsed = grammar::read(knowledge, name, node, words);
                let more = self.known(call.clone(), parsed);
                Printed::of(printed.feeds.union(more.feeds))
            }
            Resolved::Unknown => self.unknown_program(call, first, name, words),
        }
    }

    /// A command that is described.
    pub(super) fn known(&mut self, call: Call<'_>, parsed: Parsed<'_>) -> Printed {
        self.analysis
            .programs
            .push((parsed.path.clone(), call.span));
        let mut task = Task::new(call, parsed);
        self.unknown_parts(&task);
        self.enter_directories(&mut task);
        self.elsewhere_by_variables(&mut task);
        if task.parsed.is_help || asks_for_manual(&task) {
            return Printed::of(Feeds::of(Feed::Program));
        }
        self.read_option_files(&mut task);
        let before = self.analysis.effects.len();
        let unknowns = self.analysis.unknowns.len();
        self.effects(&mut task);
        self.around(&mut task);
        self.cut_emptied(&mut task);
        self.edits_found(&mut task, before);
        self.hint(&task, before);
        self.assume_undescribed(&task, before);
        self.assume_request(&task, before);
        self.carried_secrets(&task, before);
        self.signed_requests(&task, before);
        self.run_option_file(&task);
        self.remember_links(&task);
        self.onto_one(&task);
        self.remember_fetched(&task);
        self.remember_made(&task);
        let mut feeds = self.run_code(&task).union(self.run_implicit(&task));
        self.mark_production(&task, before);
        self.calm_own_cluster(&task, before);
        self.calm_own(&task, before, unknowns);
        feeds = feeds.union(self.run_wrapped(&task));
        self.behind_wrapped(&task, before);
        let name = task.parsed.path.split(' ').next().unwrap_or_default();
        if matches!(
            name,
            "nc" | "ncat" | "netcat" | "telnet" | "socat" | "sftp" | "ftp" | "lftp" | "openssl"
        ) {
            let call = task.call.clone();
            self.assume_sentences(&call, &task.parsed.path.clone(), &[]);
        }
        self.calm_emulator(&task, before);
        self.calm_local_registry(&task, before);
        self.load_foreign(&task);
        self.search_carried(&task);
        self.calm_tested_records(&task, before);
        self.apple_script(&task);
        self.overlooked_secrets(&task, before);
        self.calm_looks(&task, before, unknowns);
        self.calm_own_firmware(&task, before);
        self.calm_disk_image(&task, before);
        Self::printed(&task, feeds)
    }

    /// A setting or variable that matters, without a command around it.
    pub(super) fn keyed_only(&mut self, call: &Call<'_>, parsed: Parsed<'_>) {
        let mut task = Task::new(call.clone(), parsed);
        self.effects(&mut task);
        self.run_code(&task);
    }

    /// `git -C`, `make -C`, `env -C`.
    fn enter_directories(&self, task: &mut Task<'_, '_>) {
        if task.parsed.directories.is_empty() {
            return;
        }
        let mut directories: Vec<Directory> = task.call.directories.to_vec();
        for word in &task.parsed.directories {
            let judged = self.judge(word, &directories, task.call.scope);
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
        task.call.directories = directories.into();
    }

    /// Files that options read or overwrite.
    fn read_option_files(&mut self, task: &mut Task<'_, '_>) {
        for (reads, word) in std::mem::take(&mut task.parsed.option_files) {
            if is_standard_stream(&word) {
                continue;
            }
            let action = if reads {
                Action::Read
            } else {
                Action::Overwrite
            };
            self.path_effect(task, action, &word, Modifiers::NONE);
        }
    }

    /// Everything that the entry and its options say.
    fn effects(&mut self, task: &mut Task<'_, '_>) {
        let own = task
            .parsed
            .chain
            .first()
            .map_or(&[][..], |entry| &entry.effects[..]);
        let options = std::mem::take(&mut task.parsed.option_effects);
        let keyed = std::mem::take(&mut task.parsed.keyed);
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
            self.keyed_code(task, entry, value);
        }
        causes.retain(|cause| {
            cause
                .effect
                .when
                .iter()
                .all(|mark| task.parsed.is_set(mark))
                && !cause
                    .effect
                    .unless
                    .iter()
                    .any(|mark| task.parsed.is_set(mark))
        });
        task.fetches = causes.iter().any(|cause| {
            cause.effect.does == Action::Fetch
                && targets(task, cause)
                    .iter()
                    .any(|word| is_meant(cause.effect, word))
        });
        // What is read comes first: it says what is written and sent.
        causes.sort_by_key(|cause| cause.effect.does != Action::Read);
        for cause in &causes {
            self.cause(task, cause);
        }
    }

    /// Program text, or a file of it, in a setting or variable: some program runs it later, unasked.
    fn keyed_code(&mut self, task: &mut Task<'_, '_>, entry: &schema::Keyed, value: &Word) {
        if entry.code.is_none() && entry.runs.is_none() {
            return;
        }
        let target = Target::named(value.display());
        let feeds = Self::word_feeds(value, task.call.scope).union(Feeds::of(Feed::Text));
        self.push(&task.call, Action::Interpret, Role::Config, target)
            .with(Modifiers::NONE.with(Modifier::Indirect))
            .feed(feeds.worst())
            .by(&task.parsed.path);
        if let Some(language) = entry.code {
            let is_marked = language == schema::Language::Shell
                && matches!(value.pieces.first(), Some(Piece::Text(it)) if it.starts_with('!'));
            let value = if is_marked {
                grammar::behind(value, 1)
            } else {
                value.clone()
            };
            task.parsed.code.push((language, value));
        }
        if let Some(language) = entry.runs {
            task.parsed.runs.push((language, value.clone()));
        }
    }

    fn cause(&mut self, task: &mut Task<'_, '_>, cause: &Cause<'_>) {
        let effect = cause.effect;
        let role = effect
            .kind
            .or_else(|| role_named(&effect.on))
            .unwrap_or(Role::Path);
        let with: Modifiers = effect.with.iter().copied().collect();
        for word in targets(task, cause) {
            if !is_meant(effect, &word) {
                continue;
            }
            if effect.if_path {
                self.possible_effect(task, effect.does, &word, with);
            } else if role == Role::Path {
                if !is_standard_stream(&word) {
                    self.path_effect(task, effect.does, &word, with);
                }
            } else {
                self.other_effect(task, (effect.does, role), &word, with);
            }
        }
    }

    /// An effect that happens if a word is a path, which the text alone does not tell.
    fn possible_effect(
        &mut self,
        task: &Task<'_, '_>,
        action: Action,
        word: &Word,
        with: Modifiers,
    ) {
        let [Directory::Known(directory)] = &*task.call.directories else {
            return;
        };
        let Some(name) = word.known() else { return };
        for judged in self.judge(word, &task.call.directories, task.call.scope) {
            let mut possible = Effect {
                action,
                role: Role::Path,
                target: Target {
                    text: judged.path,
                    place: Some(judged.place),
                },
                modifiers: task.call.ambient.modifiers,
                feed: Feed::Nothing,
                program: task.parsed.path.clone(),
                span: task.call.span,
                script: None,
            };
            possible.modifiers = possible.modifiers.union(with).union(task.parsed.modifiers);
            self.analysis.possible.push(PossibleEffect {
                effect: possible,
                directory: directory.clone(),
                name: name.clone().into_owned(),
            });
        }
    }

    /// An effect on something that is no path.
    fn other_effect(
        &mut self,
        task: &mut Task<'_, '_>,
        (action, role): (Action, Role),
        word: &Word,
        with: Modifiers,
    ) {
        if action == Action::FormatDevice && role == Role::Device && self.is_temporary(task, word) {
            // An image in a file (mke2fs(8), 1.47).
            self.path_effect(task, Action::Overwrite, word, with);
            return;
        }
        let mut modifiers = with.union(task.parsed.modifiers);
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
            task.reads = task.reads.union(Feeds::of(Feed::Secret));
        }
        let mut feeds =
            Self::feeds_into(task, action).union(Self::word_feeds(word, task.call.scope));
        if action == Action::Install {
            feeds = feeds.union(self.feeds_of_package(task, word));
        }
        let target = Target::named(word.display());
        self.in_repository(task, role, modifiers);
        if let (Role::Process, [Piece::Hole(hole)]) = (role, word.pieces.as_slice())
            && let Some(name) = super::looked_up::looked_up(&task.call, hole)
        {
            self.other_effect(task, (action, role), &name, with);
        }
        self.push(&task.call, action, role, target)
            .with(modifiers)
            .feed(feeds.worst_for(action))
            .by(&task.parsed.path);
    }

    /// Notes in which repository the next effect changes branches or history, when the line tells.
    fn in_repository(&mut self, task: &Task<'_, '_>, role: Role, modifiers: Modifiers) {
        let is_resolved = !modifiers.contains(Modifier::Unresolved) && role == Role::Branch;
        let is_known = is_resolved || matches!(role, Role::History | Role::Remote);
        if let ([Directory::Known(directory)], true) = (&*task.call.directories, is_known)
            && task.parsed.path.starts_with("git ")
        {
            let next = self.analysis.effects.len();
            self.analysis.repositories.push((next, directory.clone()));
        }
    }
}
