//! One pass over a script: each invocation is looked up, read, and turned into effects; what it wraps is read in turn.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::feeds::{Feeds, is_secret_variable};
use super::made::Made;
use super::schema::Language;
use super::{Analysis, Knowledge, UnknownKind, by_variable};
use crate::effect::{Action, Effect, Feed, Modifier, Modifiers, Role, Span, Target};
use crate::limits::UNWRAP_DEPTH_MAX;
use crate::place::{OutputPlace, Surroundings};
use crate::shell::{
    self, Assignment, Budget, Context, Dialect, Directory, Hole, Input, Invocation, InvocationId,
    Output, Piece, Script, Variables, Word,
};

/// Units of work that a path costs: judging it takes about ten times as long as looking at a word.
const PATH_UNITS: u32 = 10;

/// What stands in a file that the line itself wrote.
#[derive(Debug, Clone, Default)]
pub(super) struct Written {
    pub(super) feeds: Feeds,
    pub(super) text: Option<Rc<str>>,
    /// Facts say so: it stood there before the line.
    pub(super) before: bool,
    /// It was searched for code that a program may find there ([`super::carried`]).
    pub(super) searched: bool,
    /// It was run as a program of that language.
    pub(super) ran: Option<Language>,
}

/// What a command prints.
#[derive(Debug, Clone, Default)]
pub(super) struct Printed {
    pub(super) feeds: Feeds,
    /// The text itself, when the line shows it.
    pub(super) text: Option<Rc<str>>,
    /// The program whose bytes they are: `cat /bin/rm`.
    pub(super) copies: Option<String>,
}

impl Printed {
    /// What comes from there, and of which nothing more is known.
    pub(super) const fn of(feeds: Feeds) -> Self {
        Self {
            feeds,
            text: None,
            copies: None,
        }
    }
}

/// The circumstances that wrappers give to what they wrap.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Ambient {
    pub(super) modifiers: Modifiers,
    /// How many texts and wrappers lie around it.
    pub(super) depth: u32,
}

/// A simple command about to be looked at, in the script it belongs to.
#[derive(Clone)]
pub(super) struct Call<'c> {
    pub(super) words: &'c [Word],
    pub(super) assignments: &'c [Assignment],
    pub(super) input: &'c Input,
    /// What flows into its standard input.
    pub(super) fed: Printed,
    pub(super) directories: Rc<[Directory]>,
    pub(super) variables: Rc<Variables>,
    pub(super) dialect: Dialect,
    pub(super) span: Span,
    pub(super) ambient: Ambient,
    pub(super) scope: &'c Scope<'c>,
}

impl<'c> Call<'c> {
    /// The value of a variable that the program is given by the text.
    pub(super) fn variable(&self, name: &str) -> Option<&Word> {
        let mut assigned = self.assignments.iter().rev();
        let assigned = assigned.find(|it| it.name == name).map(|it| &it.value);
        assigned.or_else(|| self.variables.values.get(name))
    }

    /// The commands whose output a pipe brings to this one; none where no pipe does.
    pub(super) fn feeding(&self) -> &'c [Invocation] {
        match self.input {
            Input::Pipe { first, end } => self.scope.script.between(*first, *end),
            Input::Inherited | Input::Text(_) | Input::File(_) => &[],
        }
    }

    /// The commands whose output a word is, when it is nothing else: `$(mktemp)`.
    pub(super) fn printing(&self, word: &Word) -> &'c [Invocation] {
        match word.pieces.as_slice() {
            [Piece::Hole(Hole::Output { first, end })] => self.scope.script.between(*first, *end),
            _ => &[],
        }
    }
}

/// A script and what its commands were found to print.
pub(super) struct Scope<'s> {
    pub(super) script: &'s Script,
    pub(super) printed: Vec<Printed>,
}

impl Scope<'_> {
    /// What flows out of a range of commands.
    pub(super) fn flow(&self, first: InvocationId, end: InvocationId) -> Printed {
        let range = first.0 as usize..end.0 as usize;
        let mut all = self.printed.get(range).unwrap_or_default().iter();
        let Some(one) = all.next() else {
            return Printed::of(Feeds::of(Feed::Program));
        };
        let mut sum = one.clone();
        for other in all {
            sum.feeds = sum.feeds.union(other.feeds);
            sum.text = None;
        }
        sum
    }

    /// What is known about the path that a substitution prints.
    pub(super) fn output_place(&self, hole: &Hole) -> Option<OutputPlace> {
        let Hole::Output { first, end } = hole else {
            return None;
        };
        let all = self.script.between(*first, *end);
        // Of `mktemp "${TMPDIR:-/tmp}/x.XXXX"` there is one for each value.
        if !all.is_empty() && all.iter().all(|it| first_word_is(it, "mktemp")) {
            return Some(OutputPlace::Temp);
        }
        let [one] = all else {
            return None;
        };
        // New-TemporaryFile of PowerShell 7.5 takes no name.
        if first_word_is(one, "new-temporaryfile") {
            return Some(OutputPlace::Temp);
        }
        let mut words = one.words.iter().map(Word::known);
        let name = words.next()??;
        match &*name {
            "pwd" => Some(OutputPlace::Directory),
            "git"
                if one
                    .words
                    .iter()
                    .any(|word| word.known().as_deref() == Some("--show-toplevel")) =>
            {
                Some(OutputPlace::ProjectRoot)
            }
            _ => None,
        }
    }
}

/// Carries everything that one analysis gathers.
pub(super) struct Analyst<'a> {
    pub(super) knowledge: &'a Knowledge,
    pub(super) surroundings: &'a Surroundings,
    pub(super) budget: &'a mut Budget,
    pub(super) analysis: Analysis,
    /// Files that the line wrote so far, by folded path.
    pub(super) files: BTreeMap<String, Written>,
    /// Files that are a program under another name, by folded path.
    pub(super) copies: BTreeMap<String, String>,
    /// Build files that are being read: what they start may look for them again.
    pub(super) running: Vec<String>,
    /// Files that are being searched: what stands in one may start what would search it again.
    pub(super) searching: Vec<String>,
    /// Files that the line makes whose names begin with a dash, by folded path: a pattern hands them on as options.
    pub(super) dashed: Vec<String>,
    /// Links that the line makes, by folded path, and where they lead.
    pub(super) links: BTreeMap<String, Word>,
    /// Files of which the reader of the text knows what is written there, by folded path.
    pub(super) told: std::collections::BTreeSet<String>,
    /// Files that the line opens for itself: `exec 7<> f`.
    pub(super) descriptors: Vec<String>,
    /// Aliases of git that the line gives, until they are used.
    pub(super) aliases: BTreeMap<String, String>,
    /// What flows into the text that is being read.
    pub(super) inherited: Printed,
    /// Script files that are being read, outermost first.
    pub(super) reading: Vec<String>,
    /// Directories that the line brings from the network.
    pub(super) fetched: Vec<String>,
    /// Directories that the line makes.
    pub(super) made: Made,
    /// Remotes that the line adds or moves: name, address, and whether they are the first of a project.
    pub(super) remotes: Vec<(String, String, bool)>,
    /// The statements that are being read are for a database that nobody misses.
    pub(super) is_scratch: bool,
}

impl Analyst<'_> {
    /// Looks at every command of `script`. Returns what it prints.
    pub(super) fn script(&mut self, script: &Script, context: &Context, ambient: Ambient) -> Feeds {
        self.analysis
            .problems
            .extend(script.problems.iter().cloned());
        self.known_files(script, context);
        self.functions_in_place(script, ambient);
        if script.multiplies {
            self.multiplies(script, ambient);
        }
        self.without_end(script, ambient);
        let count = script.invocations.len();
        let mut scope = Scope {
            script,
            printed: vec![Printed::default(); count],
        };
        let fed_by = super::flow::writable_substitutions(script);
        let mut all = Feeds::NONE;
        let outer = self.made.begin(script);
        for at in super::flow::order(count, &fed_by) {
            let Some(invocation) = script.invocations.get(at) else {
                continue;
            };
            if !self.budget.spend(1) {
                self.problem("more work than one command line may take", invocation.span);
                break;
            }
            self.made.enter(at);
            self.keep_names_only(invocation, script);
            let fed = match fed_by.get(at).copied().flatten() {
                Some(owner) => scope.printed.get(owner).cloned().unwrap_or_default(),
                None => self.input(invocation, &scope),
            };
            let printed = self.invocation(invocation, fed, &scope, (context.dialect, ambient));
            if matches!(invocation.output, Output::Inherited | Output::Captured) {
                all = all.union(printed.feeds);
            }
            if let Some(slot) = scope.printed.get_mut(at) {
                *slot = printed;
            }
        }
        self.made.end(outer);
        self.bounded(script);
        all
    }

    /// Files that the reader of the text saw being written.
    fn known_files(&mut self, script: &Script, context: &Context) {
        for (path, word) in &script.files {
            for directory in &*context.directories {
                let path = self.surroundings.fold(path, directory);
                self.told.insert(path.clone());
                let slot = self.files.entry(path).or_default();
                slot.feeds = slot.feeds.union(Feeds::of(Feed::Text));
                let edited = Hole::Other(shell::EDITED);
                if word.holes().any(|hole| *hole == edited) {
                    slot.feeds = slot.feeds.union(Feeds::of(Feed::Program));
                    slot.text = None;
                } else {
                    slot.text = Some(word.display().into());
                }
            }
        }
    }

    /// A function that starts itself again and again.
    fn multiplies(&mut self, script: &Script, ambient: Ambient) {
        let span = script
            .invocations
            .first()
            .map_or(Span::default(), |first| first.span);
        self.analysis.effects.push(Effect {
            action: Action::Spend,
            role: Role::Process,
            target: Target::named("processes without end"),
            modifiers: ambient.modifiers.with(Modifier::All),
            feed: Feed::Text,
            program: "a function that starts itself".to_owned(),
            span,
            script: None,
        });
    }

    /// What flows into the standard input.
    fn input(&mut self, invocation: &Invocation, scope: &Scope<'_>) -> Printed {
        match &invocation.input {
            // A redirection without a command reads nothing of what flows in.
            Input::Inherited if invocation.words.is_empty() => Printed::default(),
            Input::Inherited => self.inherited.clone(),
            Input::Text(word) => {
                let text: Option<Rc<str>> = word.known().map(|text| Rc::from(&*text));
                let bytes = text.as_ref().map_or(0, |text| text.len());
                if !self
                    .budget
                    .spend(u32::try_from(bytes / 128).unwrap_or(u32::MAX))
                {
                    self.problem("more work than one command line may take", invocation.span);
                }
                Printed {
                    feeds: Feeds::of(Feed::Text).union(Self::word_feeds(word, scope)),
                    text,
                    copies: None,
                }
            }
            Input::File(word) => self.file_flow(word, &invocation.directories, scope),
            Input::Pipe { first, end } => scope.flow(*first, *end),
        }
    }

    /// What flows out of a file.
    pub(super) fn file_flow(
        &self,
        word: &Word,
        directories: &[Directory],
        scope: &Scope<'_>,
    ) -> Printed {
        let mut printed = Printed::of(Self::word_feeds(word, scope));
        let mut found = false;
        if super::redirect::remote_of(word).is_some() {
            printed.feeds = printed.feeds.union(Feeds::of(Feed::Network));
        }
        for judged in self.judge(word, directories, scope) {
            if judged.place == crate::place::Place::Secret {
                printed.feeds = printed.feeds.union(Feeds::of(Feed::Secret));
            }
            printed.copies = printed.copies.or_else(|| self.installed(&judged.path));
            if let Some(written) = self.written(&judged.path) {
                found = true;
                printed.feeds = printed.feeds.union(written.feeds);
                printed.text.clone_from(&written.text);
            }
        }
        if !found && printed.feeds == Feeds::NONE {
            printed.feeds = Feeds::of(Feed::File);
        }
        printed
    }

    /// What the line, or facts, say about the content of a file; a directory speaks for what is below it.
    pub(super) fn written(&self, path: &str) -> Option<Written> {
        if let Some(written) = self.files.get(path) {
            return Some(written.clone());
        }
        if let Some(text) = self.surroundings.texts.get(path) {
            return Some(Written {
                feeds: Feeds::of(Feed::File),
                text: Some(text.as_str().into()),
                before: true,
                searched: false,
                ran: None,
            });
        }
        None
    }

    /// Where the unknown parts of a word come from.
    pub(super) fn word_feeds(word: &Word, scope: &Scope<'_>) -> Feeds {
        word.holes().fold(Feeds::NONE, |sum, hole| {
            sum.union(match hole {
                Hole::Variable(name) if is_secret_variable(name) => Feeds::of(Feed::Secret),
                Hole::Variable(_) => Feeds::of(Feed::Program),
                Hole::Output { first, end }
                | Hole::Process {
                    first,
                    end,
                    readable: true,
                } => scope.flow(*first, *end).feeds,
                Hole::Process {
                    readable: false, ..
                } => Feeds::NONE,
                Hole::Other(name) => super::holes::feed_of_hole(name),
            })
        })
    }

    /// Pays for judging a path from every directory; false when there is no budget left.
    pub(super) fn afford_path(&mut self, call: &Call<'_>, word: &Word) -> bool {
        let base = if matches!(word.pieces.as_slice(), [Piece::Text(_)]) {
            PATH_UNITS
        } else {
            PATH_UNITS * 2
        };
        let lengths = call.directories.iter().map(|directory| match directory {
            Directory::Known(path) => path.len() / 8,
            Directory::Unknown => 0,
        });
        let units = lengths
            .map(|length| base.saturating_add(u32::try_from(length).unwrap_or(u32::MAX)))
            .fold(long_name_units(word), u32::saturating_add);
        let affordable = self.budget.spend(units);
        if !affordable {
            self.problem("more work than one command line may take", call.span);
        }
        affordable
    }

    /// Every place that a word could mean as a path.
    pub(super) fn judge(
        &self,
        word: &Word,
        directories: &[Directory],
        scope: &Scope<'_>,
    ) -> Vec<crate::place::Judgement> {
        let outputs = |hole: &Hole| {
            scope
                .output_place(hole)
                .or_else(|| super::holes::place_of_hole(hole))
        };
        let mut all: Vec<crate::place::Judgement> = Vec::with_capacity(1);
        for directory in directories {
            for judged in self.surroundings.judge(word, directory, &outputs) {
                let behind = self.behind_link(&judged, &outputs);
                for judged in std::iter::once(judged).chain(behind) {
                    if !all.contains(&judged) {
                        all.push(judged);
                    }
                }
            }
        }
        all
    }

    /// What a path means that leads through a link of the line: the link itself, or what lies below it.
    fn behind_link(
        &self,
        judged: &crate::place::Judgement,
        outputs: &dyn Fn(&Hole) -> Option<OutputPlace>,
    ) -> Vec<crate::place::Judgement> {
        let path = judged.path.as_str();
        // `/proc/self/fd/7`: whatever the line opened (proc(5)).
        if !self.descriptors.is_empty()
            && (path.starts_with("/proc/") && path.contains("/fd/") || path.starts_with("/dev/fd/"))
        {
            let files = self
                .descriptors
                .iter()
                .map(|path| Word::text(path.as_str(), Span::default()));
            return files
                .flat_map(|file| self.surroundings.judge(&file, &Directory::Unknown, outputs))
                .collect();
        }
        if self.links.is_empty() {
            return Vec::new();
        }
        let found = self.links.get_key_value(path).or_else(|| {
            let ends = path.match_indices('/').skip(1).map(|(at, _)| at);
            ends.filter_map(|at| self.links.get_key_value(path.get(..at)?))
                .last()
        });
        let Some((link, to)) = found else {
            return Vec::new();
        };
        let mut to = to.clone();
        let rest = path.get(link.len()..).unwrap_or_default();
        if !rest.is_empty() {
            let piece = if judged.modifiers.contains(Modifier::Glob) {
                Piece::Glob(rest.to_owned())
            } else {
                Piece::Text(rest.to_owned())
            };
            to.pieces.push(piece);
        }
        // A target that does not begin at the root is seen from where the link lies (symlink(7)).
        let parent = link.rsplit_once('/').map_or("/", |(parent, _)| parent);
        self.surroundings
            .judge(&to, &Directory::Known(parent.to_owned()), outputs)
    }

    fn invocation(
        &mut self,
        invocation: &Invocation,
        fed: Printed,
        scope: &Scope<'_>,
        (dialect, mut ambient): (Dialect, Ambient),
    ) -> Printed {
        if invocation.background {
            ambient.modifiers.insert(Modifier::Background);
        }
        let call = Call {
            words: &invocation.words,
            assignments: &invocation.assignments,
            input: &invocation.input,
            fed,
            directories: Rc::clone(&invocation.directories),
            variables: Rc::clone(&invocation.variables),
            dialect,
            span: invocation.span,
            ambient,
            scope,
        };
        self.assignments(&call);
        let connected = self.connections(&call, &invocation.redirects);
        // What a connection says is read, and not what a pipe in front of it would have brought.
        let replaced = Input::Inherited;
        let input = if connected == Feeds::NONE {
            call.input
        } else {
            &replaced
        };
        let call = Call {
            input,
            fed: Printed {
                feeds: call.fed.feeds.union(connected),
                text: call.fed.text.clone().filter(|_| connected == Feeds::NONE),
                copies: call.fed.copies.clone(),
            },
            ..call
        };
        let printed = if call.words.is_empty() {
            call.fed.clone()
        } else {
            self.shown_secrets(&call, invocation);
            self.glob_qualifiers(&call);
            self.call(&call)
        };
        self.redirects(&call, &invocation.redirects, &printed);
        self.own_input(&call, invocation);
        printed
    }

    /// Looks at one command: its words only, redirections and assignments are done.
    pub(super) fn call(&mut self, call: &Call<'_>) -> Printed {
        let units = u32::try_from(call.words.len())
            .unwrap_or(u32::MAX)
            .saturating_add(4);
        if !self.budget.spend(units) {
            self.problem("more work than one command line may take", call.span);
            return Printed::default();
        }
        if call.ambient.depth > UNWRAP_DEPTH_MAX {
            self.problem("too many commands wrapped in one another", call.span);
            return Printed::default();
        }
        let Some((first, words)) = call.words.split_first() else {
            return Printed::default();
        };
        let Some(name) = first.known() else {
            return match self.program_of_place(call, first) {
                Some(path) => {
                    self.program(call, &Word::text(path.as_str(), first.span), &path, words)
                }
                None => match by_variable::usual(call, first) {
                    Some(usual) => self.by_variable(call, first, usual, words),
                    None => self.unknown_command(call, first),
                },
            };
        };
        self.program(call, first, &name, words)
    }

    /// A command whose name is known only when it runs.
    fn unknown_command(&mut self, call: &Call<'_>, first: &Word) -> Printed {
        let feeds = Self::word_feeds(first, call.scope).union(call.fed.feeds);
        self.unknown(UnknownKind::Command, first.display(), first.span);
        let feed = Self::word_feeds(first, call.scope).worst();
        let target = Target::named(first.display());
        self.push(call, Action::Execute, Role::Code, target)
            .feed(feed);
        Printed::of(feeds.union(Feeds::of(Feed::Program)))
    }
}

/// Longest name that costs no more than any other, in bytes.
const NAME_BYTES: usize = 512;

/// Units of work that a word of unusual length costs as a path: every rule that names paths compares it.
fn long_name_units(word: &Word) -> u32 {
    let bytes = |piece: &Piece| match piece {
        Piece::Text(text) | Piece::Glob(text) => text.len(),
        Piece::Hole(_) => 8,
    };
    let length = word.pieces.iter().map(bytes).sum::<usize>();
    if length <= NAME_BYTES {
        return 0;
    }
    u32::try_from(length / 2 + word.pieces.len()).unwrap_or(u32::MAX)
}

/// Whether a part of the word is known only when it runs.
pub(super) fn has_hole(word: &Word) -> bool {
    word.holes()
        .any(|hole| !matches!(hole, Hole::Variable(name) if name == "HOME" || name == "PWD"))
}

/// Whether a command of PowerShell has that name, which is told in small letters.
fn first_word_is(invocation: &Invocation, name: &str) -> bool {
    let first = invocation.words.first().and_then(Word::known);
    first.is_some_and(|first| first.eq_ignore_ascii_case(name))
}
