//! Redirections and assignments: the effects that a command has before its program is even looked up.

use super::analyst::{Analyst, Call, Printed};
use super::feeds::Feeds;
use super::grammar::{self, keyed_matching};
use super::schema::{Keyed, Language};
use crate::effect::{Action, Feed, Modifier, Modifiers, Role, Target};
use crate::place::{Judgement, Place, pattern};
use crate::shell::{Assignment, Hole, LINES_OF_FILE, Piece, Redirect, RedirectMode, Word};

/// Most listed roots that one redirection is judged on.
const LISTED_MAX: usize = 16;

/// Most files that a line opens for itself and that are kept in mind.
const DESCRIPTORS_MAX: usize = 8;

impl Analyst<'_> {
    /// Assignments whose variable makes programs run or load something.
    pub(super) fn assignments(&mut self, call: &Call<'_>) {
        let declared = declared(call);
        self.named_elsewhere(call);
        for assignment in call.assignments.iter().chain(&declared) {
            if super::plain_options::are_plain(&assignment.name, &assignment.value) {
                continue;
            }
            let knowledge = self.knowledge;
            let matching =
                keyed_matching(knowledge.variables(), &assignment.name, &assignment.value);
            let in_home = self.in_home(&assignment.value);
            for entry in matching {
                if in_home.as_deref().is_some_and(|path| is_usual(entry, path)) {
                    continue;
                }
                let parsed = grammar::Parsed {
                    path: assignment.name.clone(),
                    keyed: vec![(entry, assignment.value.clone())],
                    ..grammar::Parsed::default()
                };
                self.keyed_only(call, parsed);
            }
        }
    }

    /// `export $(curl -s https://example.org/env)`: whoever answers names the variables, and some of them name programs (`BASH_ENV`).
    fn named_elsewhere(&mut self, call: &Call<'_>) {
        let is_named = |word: &Word| {
            matches!(word.pieces.first(), Some(Piece::Hole(Hole::Output { .. })))
                && Self::word_feeds(word, call.scope).contains(Feed::Network)
        };
        if is_declaring(call) && call.words.iter().skip(1).any(is_named) {
            let target = Target::named("variables that the network names");
            self.push(call, Action::Interpret, Role::Code, target)
                .feed(Feed::Network);
        }
    }

    /// Returns a path in the home as it is written with `~`; nothing when it lies elsewhere, or is not known.
    fn in_home(&self, value: &Word) -> Option<String> {
        let path = value.known()?;
        let rest = path.strip_prefix(self.surroundings.home.as_deref()?)?;
        (rest.is_empty() || rest.starts_with('/'))
            .then(|| format!("~{}", rest.trim_end_matches('/')))
    }

    /// Opens `/dev/tcp/HOST/PORT` and `/dev/udp/…` (`bash(1)`, REDIRECTION). Returns what flows in from there.
    pub(super) fn connections(&mut self, call: &Call<'_>, redirects: &[Redirect]) -> Feeds {
        let mut feeds = Feeds::NONE;
        for redirect in redirects {
            let Some(remote) = remote_of(&redirect.target) else {
                continue;
            };
            let both = redirect.mode == RedirectMode::ReadWrite;
            if both || redirect.mode == RedirectMode::Read {
                feeds = feeds.union(Feeds::of(Feed::Network));
                let target = Target::named(remote.clone());
                self.push(call, Action::Fetch, Role::Remote, target);
            }
            let target = Target::named(remote);
            self.push(call, Action::Connect, Role::Remote, target);
            // A shell or interpreter whose output goes there nearly always reads its commands from there as well.
            if redirect.mode == RedirectMode::Overwrite && is_interpreter(call) {
                feeds = feeds.union(Feeds::of(Feed::Network));
            }
        }
        feeds
    }

    /// What redirections read and write.
    pub(super) fn redirects(&mut self, call: &Call<'_>, redirects: &[Redirect], printed: &Printed) {
        for redirect in redirects {
            if let Some(remote) = remote_of(&redirect.target) {
                if redirect.mode != RedirectMode::Read {
                    let feeds = printed
                        .feeds
                        .union(Self::word_feeds(&redirect.target, call.scope));
                    let target = Target::named(remote);
                    let remote = target.text.clone();
                    self.push(call, Action::Send, Role::Remote, target)
                        .feed(feeds.without(Feed::Network).worst_for(Action::Send));
                    if let Some(text) = &printed.text {
                        self.speak(call, &Word::text(&**text, call.span), &remote);
                        self.lines_for_device(call, "", text);
                    }
                }
                continue;
            }
            self.file_redirect(call, redirect, printed);
        }
    }

    /// Every path that the target of a redirection could mean.
    fn redirected_to(&self, call: &Call<'_>, target: &Word) -> Vec<Judgement> {
        // `git ls-files | while read f; do > "$f"; done`: everything that is listed.
        let listed = match target.pieces.as_slice() {
            [Piece::Hole(Hole::Output { first, end })] => self.listed_by(call, *first, *end),
            _ => None,
        };
        let targets: Vec<Word> = match listed {
            Some(listed) => listed.into_iter().flatten().take(LISTED_MAX).collect(),
            None => vec![target.clone()],
        };
        targets
            .iter()
            .flat_map(|target| self.judge(target, &call.directories, call.scope))
            .collect()
    }

    /// The same without what would lie in the home only if `cd` had failed in front: `cd src; ls > ../list.txt`. It is a new name there,
    /// or a file that the project has beside its directory; what is emptied, or is no plain file of the home, counts wherever it may lie.
    fn without_fallback(
        &self,
        call: &Call<'_>,
        redirect: &Redirect,
        action: Action,
    ) -> Vec<Judgement> {
        let mut all = self.redirected_to(call, &redirect.target);
        let climbs = redirect.target.known().is_some_and(|path| {
            path.strip_prefix("../")
                .is_some_and(|rest| !rest.starts_with('.'))
        });
        let is_inside = |it: &Judgement| matches!(it.place, Place::Project | Place::BuildOutput);
        if climbs && action == Action::Overwrite && all.first().is_some_and(is_inside) {
            let mut number = 0;
            all.retain(|it| {
                number += 1;
                number == 1 || it.place != Place::Home
            });
        }
        all
    }

    fn file_redirect(&mut self, call: &Call<'_>, redirect: &Redirect, printed: &Printed) {
        let (action, is_bare) = action_of(call, redirect, printed);
        let is_process = redirect
            .target
            .holes()
            .any(|hole| matches!(hole, Hole::Process { .. }));
        if is_process {
            return;
        }
        self.printed_beside(call, redirect, printed);
        if !self.afford_path(call, &redirect.target) {
            return;
        }
        for mut judged in self.without_fallback(call, redirect, action) {
            // Everything that is listed is meant, and not the directory that is looked through.
            let is_listed =
                is_bare && matches!(redirect.target.pieces.as_slice(), [Piece::Hole(_)]);
            if is_listed && judged.place != Place::Unknown {
                judged.modifiers.insert(Modifier::Glob);
            }
            if judged.place == Place::Null {
                // Nothing is fed to a program that copies: what it writes is emptied.
                if action == Action::Read && copies(call) {
                    self.push_path(call, Action::List, &judged, &behind_wrappers(call.words));
                }
                continue;
            }
            if action != Action::Read && judged.modifiers.contains(Modifier::Unresolved) {
                let text = redirect.target.display();
                self.unknown(super::UnknownKind::Target, text, redirect.target.span);
            }
            if judged.place == Place::Trigger
                && action != Action::Read
                && self.only_checks(&judged.path, printed)
            {
                judged.place = Place::Project;
            }
            let feed = if action == Action::Read {
                Feed::Nothing
            } else {
                printed.feeds.worst()
            };
            let program = program_of(call, redirect, printed);
            let is_listed = is_bare && judged.place == Place::Unknown;
            let with = if is_listed {
                Modifiers::NONE.with(Modifier::Indirect)
            } else {
                Modifiers::NONE
            };
            self.push_path(call, action, &judged, &program)
                .with(with)
                .feed(feed);
            if call.words.len() == 1
                && call.words.first().and_then(Word::known).as_deref() == Some("exec")
                && self.descriptors.len() < DESCRIPTORS_MAX
            {
                self.descriptors.push(judged.path.clone());
            }
            if action != Action::Read {
                self.remember_redirected(call, &judged.path, printed);
            }
        }
    }

    /// What is printed to a shell that runs beside.
    fn printed_beside(&mut self, call: &Call<'_>, redirect: &Redirect, printed: &Printed) {
        // `>&"${COPROC[1]}"`: what is printed goes to a program that runs beside (bash(1) 5.2, "Coprocesses").
        if is_descriptor(&redirect.target)
            && let Some(text) = &printed.text
        {
            let text = text.replace("\\n", "\n");
            let beside = &call.scope.script.invocations;
            if beside.len() > BESIDE_MAX || beside.iter().any(is_bare_shell) {
                self.text(
                    call,
                    Language::Shell,
                    &Word::text(text.as_str(), call.span),
                    &[],
                );
            }
            for path in ["text.sh", "text.py"] {
                self.search(call, path, &text);
            }
        }
    }

    /// Whether what is written is all known, and a hook of git that only checks.
    fn only_checks(&self, path: &str, printed: &Printed) -> bool {
        let text = if self.told.contains(path) {
            self.written(path).and_then(|it| it.text)
        } else {
            printed.text.clone()
        };
        text.is_some_and(|text| super::own_checks::only_checks(path, &text))
    }

    /// Keeps in mind what stands in a file behind a redirection.
    fn remember_redirected(&mut self, call: &Call<'_>, path: &str, printed: &Printed) {
        // The reader of the text knows escapes and the order of what is written; words alone do not tell.
        let told = self.told.contains(path);
        let text = if told {
            self.written(path).and_then(|it| it.text)
        } else {
            let spoken = || super::carried::spoken(call.words).map(std::rc::Rc::from);
            printed.text.clone().or_else(spoken)
        };
        self.remember(path, printed.feeds, text);
        if let Some(program) = &printed.copies {
            self.copies.insert(path.to_owned(), program.clone());
        }
    }
}

/// What a redirection does with its file, and whether it empties whatever files are listed.
fn action_of(call: &Call<'_>, redirect: &Redirect, printed: &Printed) -> (Action, bool) {
    let action = match redirect.mode {
        RedirectMode::Read => Action::Read,
        RedirectMode::Overwrite => Action::Overwrite,
        RedirectMode::Append | RedirectMode::ReadWrite => Action::Write,
    };
    // `echo -n > x` and `printf '' > x` leave of a file what `> x` leaves.
    let is_nothing = action == Action::Overwrite
        && printed.feeds == Feeds::of(Feed::Text)
        && printed
            .text
            .as_ref()
            .is_some_and(|text| text.trim().is_empty());
    // `for f in $(ls); do : > "$f"; done`: whatever is listed is emptied.
    let is_bare = action == Action::Overwrite
        && matches!(
            redirect.target.pieces.as_slice(),
            [
                ..,
                Piece::Hole(Hole::Output { .. } | Hole::Other(LINES_OF_FILE)) | Piece::Glob(_)
            ]
        )
        && (is_nothing || says_nothing(call));
    let is_emptied = is_nothing || is_bare;
    (if is_emptied { Action::Truncate } else { action }, is_bare)
}

/// The program whose output goes to a redirection. What a group prints is more than the nothing of a redirection alone.
fn program_of(call: &Call<'_>, redirect: &Redirect, printed: &Printed) -> String {
    let target = redirect.target.span;
    // In a text that is read as a whole both have its span.
    let is_inside = call.ambient.depth > 0 && call.span == target && printed.feeds == Feeds::NONE;
    let is_alone = is_inside || call.span.start < target.start && call.span.end >= target.end;
    if call.words.is_empty() && !is_alone {
        "{".to_owned()
    } else {
        behind_wrappers(call.words)
    }
}

/// Whether the command writes what it is fed, as it is.
fn copies(call: &Call<'_>) -> bool {
    let name = behind_wrappers(call.words);
    matches!(name.as_str(), "tee" | "sponge" | "dd")
}

impl Analyst<'_> {
    /// `cp <(:) x`: what is read is as empty as `/dev/null`.
    pub(super) fn reads_nothing(
        &mut self,
        task: &super::program::Task<'_, '_>,
        (first, end): (crate::shell::InvocationId, crate::shell::InvocationId),
    ) {
        let range = first.0 as usize..end.0 as usize;
        let Some(inside) = task.call.scope.script.invocations.get(range) else {
            return;
        };
        let is_empty = inside.iter().all(|invocation| {
            let name = behind_wrappers(&invocation.words);
            matches!(name.as_str(), ":" | "true" | "false")
        });
        if !is_empty {
            return;
        }
        let nothing = Word::text("/dev/null", task.call.span);
        for judged in self.judge(&nothing, &task.call.directories, task.call.scope) {
            self.push_path(&task.call, Action::Read, &judged, &task.parsed.path);
        }
    }
}

/// Whether a command prints nothing whatever it is fed: none at all, `:`, `true`, `cat /dev/null`.
fn says_nothing(call: &Call<'_>) -> bool {
    let name = behind_wrappers(call.words);
    match name.as_str() {
        "" => call.words.is_empty(),
        ":" | "true" | "false" => true,
        "cat" => {
            let mut files = call.words.iter().skip(1).map(Word::display);
            call.words.len() > 1 && files.all(|file| file == "/dev/null")
        }
        _ => false,
    }
}

/// Whether a target is nothing but a variable with a name like those of descriptors: `${COPROC[1]}`, `$OUT`.
fn is_descriptor(target: &Word) -> bool {
    let [Piece::Hole(Hole::Variable(name))] = target.pieces.as_slice() else {
        return false;
    };
    !name.bytes().any(|letter| letter.is_ascii_lowercase())
}

/// Most commands of a line among which a shell that runs beside is looked for; in a longer one there may be one.
const BESIDE_MAX: usize = 64;

/// A shell that is told nothing by its words: it reads what it is given.
fn is_bare_shell(invocation: &crate::shell::Invocation) -> bool {
    let words = invocation.words.as_slice();
    let name = words.first().and_then(Word::known);
    let is_shell = name.is_some_and(|name| {
        let name = name.rsplit('/').next().unwrap_or_default();
        matches!(name, "sh" | "bash" | "zsh" | "dash" | "ksh" | "ash")
    });
    is_shell && words.len() == 1
}

/// The name of the program that a command starts, without a path and without what only stands in front of it.
pub(super) fn behind_wrappers(words: &[Word]) -> String {
    let mut rest = words.iter().map(Word::display);
    rest.find_map(|word| {
        let name = word.rsplit('/').next().unwrap_or_default();
        let is_wrapper = matches!(
            name,
            "command"
                | "builtin"
                | "env"
                | "exec"
                | "nice"
                | "nohup"
                | "time"
                | "sudo"
                | "doas"
                | "busybox"
                | "setsid"
                | "stdbuf"
        );
        (!is_wrapper && !word.starts_with('-') && !word.contains('=')).then(|| name.to_owned())
    })
    .unwrap_or_default()
}

/// Whether a command gives variables their values.
fn is_declaring(call: &Call<'_>) -> bool {
    const DECLARING: [&str; 7] = [
        "export", "declare", "typeset", "local", "readonly", "setenv", "set",
    ];
    let first = call.words.first().and_then(Word::known);
    first.is_some_and(|name| DECLARING.contains(&&*name))
}

/// What `export` and its like assign.
fn declared(call: &Call<'_>) -> Vec<Assignment> {
    if !is_declaring(call) {
        return Vec::new();
    }
    let words = call.words.get(1..).unwrap_or_default();
    words
        .iter()
        .filter_map(|word| {
            let (name, value) = grammar::split(word, "=")?;
            let name = name.known()?.into_owned();
            let exported = true;
            (!name.starts_with('-')).then_some(Assignment {
                name,
                value,
                exported,
            })
        })
        .collect()
}

/// `HOST:PORT` for a target below `/dev/tcp` or `/dev/udp`.
pub(super) fn remote_of(word: &Word) -> Option<String> {
    let text = word.display();
    let rest = text
        .strip_prefix("/dev/tcp/")
        .or_else(|| text.strip_prefix("/dev/udp/"))?;
    Some(rest.replacen('/', ":", 1))
}

/// Whether the command is a shell or another program that reads commands from its standard input, or starts one: what stands
/// in front of it (`env`, `nohup`, `setsid -f`) hands on where input and output go.
fn is_interpreter(call: &Call<'_>) -> bool {
    call.words.iter().filter_map(Word::known).any(|name| {
        let name = name.rsplit('/').next().unwrap_or_default();
        matches!(
            name,
            "sh" | "bash" | "zsh" | "dash" | "ksh" | "ash" | "python" | "python3" | "perl"
        )
    })
}

/// Whether `path`, which begins with `~`, is where the variable of `entry` leads in any case.
fn is_usual(entry: &Keyed, path: &str) -> bool {
    let known = entry.not_for.iter();
    known
        .filter(|known| known.starts_with('~'))
        .any(|known| pattern::matches(known, path))
}
