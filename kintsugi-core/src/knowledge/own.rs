//! What the line itself made under a name, and takes away again: `createdb x && … && dropdb x`.
//!
//! Only what was certainly made by this line counts: the maker fails where the name is taken, and the line goes on only where it
//! succeeded ([`crate::shell::Certain`]). So `docker volume create`, `kubectl apply`, `aws s3 mb` and `git branch -f`, which succeed
//! where the thing is there already, make nothing. Maker and taker must speak to the same server, in the same words and variables.

mod beside;
mod clusters;
mod names;
mod packed;
mod passing;
mod put_back;
mod repositories;
#[cfg(test)]
mod tests;

use self::names::{Line, made, taken};
pub(super) use self::passing::{is_made_in_passing, is_passing};
use super::analyst::{Analyst, Call};
use super::made::{Made, Reach};
use super::program::Task;
use super::telling::listed;
use super::trial::is_for_the_moment;
use super::{Unknown, UnknownKind};
use crate::effect::{Action, Modifiers, Role};
use crate::place::NEW_TEMPORARY;
use crate::shell::{Directory, Hole, Piece, Word};

/// Most things that are kept in mind.
const THINGS_MAX: usize = 16;

/// Most commands in front of one among which its maker is looked for: nothing of a longer script is taken for its own that needs more.
const EARLIER_MAX: usize = 64;

/// Programs that run a command and hand on whether it succeeded.
const TRANSPARENT: &str =
    " sudo doas env command docker podman nerdctl docker-compose kubectl oc nice time ";

/// Variables that say to which server, or in which repository, a program speaks, by their beginnings.
const SERVERS: [&str; 7] = [
    "PG",
    "MYSQL",
    "DOCKER_",
    "KUBE",
    "GIT_",
    "HELM_",
    "CLOUDSDK_",
];

/// Programs that make a connection another one between two commands.
const SWITCHES: &str =
    " kubectx kubens use-context set-context set-cluster use-context configurations ";

/// A thing, with what it takes to find it again.
#[derive(Debug)]
pub(super) struct MadeThing {
    kind: String,
    name: Word,
    circumstances: Vec<String>,
    pub(super) reach: Reach,
}

impl Analyst<'_> {
    /// Keeps in mind what a command makes, or else fails.
    pub(super) fn remember_things(&mut self, task: &Task<'_, '_>, reaches: &[Reach]) {
        let Some((kind, name)) = made(task.call.words) else {
            return;
        };
        let Some(circumstances) = self.circumstances(task) else {
            return;
        };
        for reach in reaches {
            if is_steady(&name) && self.made.things.len() < THINGS_MAX {
                self.made.things.push(MadeThing {
                    kind: kind.clone(),
                    name: name.clone(),
                    circumstances: circumstances.clone(),
                    reach: *reach,
                });
            }
        }
    }

    /// Makes a plain change of taking away what the line itself made.
    pub(super) fn calm_own(&mut self, task: &Task<'_, '_>, before: usize, unknowns: usize) {
        self.calm_dev_server(task, before);
        self.calm_packed(task, before);
        self.calm_beside(task, before);
        self.calm_taken_back(task, before);
        let effects = self.analysis.effects.get(before..).unwrap_or_default();
        if !effects.iter().any(|effect| effect.action.takes_away()) {
            return;
        }
        self.calm_passing(task, before, unknowns);
        let effects = self.analysis.effects.get(before..).unwrap_or_default();
        let is_own_repository = task.parsed.path.starts_with("git ")
            && self.is_own_repository(&task.call)
            && effects.iter().all(|it| it.role != Role::Remote);
        if is_own_repository {
            self.calm(before, |effect| {
                matches!(effect.role, Role::Branch | Role::History)
            });
        }
        // With its own container go the volumes without a name that were made for it.
        let is_own = is_own_container(&task.call) || is_of_moment(&task.call, &self.made);
        if is_own || is_chosen_container(&task.call) {
            self.calm(before, |effect| {
                matches!(effect.role, Role::Resource | Role::Process | Role::Image)
                    || is_own && effect.role == Role::Volume
            });
            let kept = self.analysis.unknowns.split_off(unknowns);
            let kept = kept.into_iter().filter(|it| it.kind != UnknownKind::Target);
            self.analysis.unknowns.extend(kept);
        }
        if takes_unique(&task.call) {
            self.calm(before, |effect| effect.role != Role::Path);
            self.analysis.unknowns.truncate(unknowns);
            return;
        }
        if self.made.things.is_empty() {
            return;
        }
        let Some(circumstances) = self.circumstances(task) else {
            return;
        };
        if is_sql(&task.call) {
            let names = self.databases_taken(before);
            let own: Vec<String> = names
                .into_iter()
                .filter(|name| {
                    let word = Word::text(name.as_str(), task.call.span);
                    self.is_own(task, "database", &word, &circumstances)
                })
                .collect();
            self.calm(before, |effect| {
                effect.role == Role::Database && own.contains(&effect.target.text)
            });
            self.calm_inside(task, before, &circumstances);
            return;
        }
        let taken = taken(task.call.words);
        let is_own = |(kind, name): &(String, Word)| self.is_own(task, kind, name, &circumstances);
        if taken.is_empty() || !taken.iter().all(is_own) {
            return;
        }
        self.calm(before, |effect| effect.role != Role::Path);
        self.settle(&taken, unknowns);
    }

    /// Forgets, of the unknowns from `unknowns` on, the names of what is taken away: the line says what they are.
    fn settle(&mut self, taken: &[(String, Word)], unknowns: usize) {
        let texts: Vec<String> = taken.iter().map(|(_, name)| name.display()).collect();
        let is_settled = |unknown: &Unknown| {
            unknown.kind == UnknownKind::Target && texts.contains(&unknown.text)
        };
        let kept = self.analysis.unknowns.split_off(unknowns);
        let kept = kept.into_iter().filter(|unknown| !is_settled(unknown));
        self.analysis.unknowns.extend(kept);
    }

    /// The names of the databases that are taken away.
    fn databases_taken(&self, before: usize) -> Vec<String> {
        let effects = self.analysis.effects.iter().skip(before);
        effects
            .filter(|effect| effect.role == Role::Database && effect.action.takes_away())
            .map(|effect| effect.target.text.clone())
            .collect()
    }

    fn calm(&mut self, before: usize, is_meant: impl Fn(&crate::effect::Effect) -> bool) {
        for effect in self.analysis.effects.iter_mut().skip(before) {
            if effect.action.takes_away() && is_meant(effect) {
                effect.action = if effect.role == Role::Resource {
                    Action::List
                } else {
                    Action::Write
                };
                effect.modifiers = Modifiers::NONE;
            }
        }
    }

    /// Makes a plain change of what is taken away inside a database that the line made.
    fn calm_inside(&mut self, task: &Task<'_, '_>, before: usize, circumstances: &[String]) {
        let line = Line::read(task.call.words);
        let named = line.value(" -d --dbname -D --database ");
        let Some(database) = named.or_else(|| line.operands.first().copied()) else {
            return;
        };
        let leaves = |word: &Word| {
            let text = word.display().to_ascii_lowercase();
            ["\\c", "use ", "dblink", "."]
                .iter()
                .any(|it| text.contains(it))
        };
        let mut texts = line.options.iter().filter_map(|(_, value)| *value);
        let stays = !texts.any(leaves)
            && task
                .call
                .fed
                .text
                .as_deref()
                .is_none_or(|it| !it.contains("\\c"));
        if stays && self.is_own(task, "database", database, circumstances) {
            self.calm(before, |effect| effect.role == Role::Table);
        }
    }

    fn is_own(
        &self,
        task: &Task<'_, '_>,
        kind: &str,
        name: &Word,
        circumstances: &[String],
    ) -> bool {
        self.made.things.iter().any(|thing| {
            thing.kind == kind
                && thing.name.pieces == name.pieces
                && thing.circumstances == circumstances
                && self
                    .made
                    .since(&thing.reach)
                    .is_some_and(|between| is_undisturbed(&task.call, kind, between))
        })
    }

    /// To whom a command speaks: the wrappers around it, what options and variables say, and for git the directory.
    fn circumstances(&self, task: &Task<'_, '_>) -> Option<Vec<String>> {
        let call = &task.call;
        let invocations = &call.scope.script.invocations;
        let around = invocations.get(self.made.at()?)?;
        let outer = around.words.strip_suffix(call.words)?;
        let first = outer.first().map(Word::display);
        if !first.is_none_or(|name| listed(TRANSPARENT, &name)) {
            return None;
        }
        let mut all: Vec<String> = outer.iter().map(Word::display).collect();
        let line = Line::read(call.words);
        let is_server =
            |name: &str| listed(line.server, name.split('=').next().unwrap_or_default());
        let options = line.options.iter().filter(|(name, _)| is_server(name));
        let mut options: Vec<String> = options
            .map(|(name, value)| {
                let (name, attached) = name.split_once('=').unwrap_or((name, ""));
                format!(
                    "{name} {attached}{}",
                    value.map_or_else(String::new, Word::display)
                )
            })
            .collect();
        let urls = line.operands.iter().map(|word| word.display());
        options.extend(urls.filter_map(|url| {
            let is_bucket = url.starts_with("gs://");
            let (server, _) = url.rsplit_once('/')?;
            (server.contains("://") && !is_bucket).then(|| server.to_owned())
        }));
        let assignments = around.assignments.iter();
        options.extend(assignments.map(|it| format!("{}={}", it.name, it.value.display())));
        let exported = call.variables.values.iter();
        options.extend(
            exported
                .filter(|(name, _)| SERVERS.iter().any(|kind| name.starts_with(kind)))
                .map(|(name, value)| format!("export {name}={}", value.display())),
        );
        options.sort();
        all.extend(options);
        if task.parsed.path.starts_with("git ") {
            let [Directory::Known(directory)] = &*call.directories else {
                return None;
            };
            all.push(directory.clone());
        }
        Some(all)
    }

    /// Whether the line itself made the repository that a command of git works on, where nobody keeps anything.
    fn is_own_repository(&self, call: &Call<'_>) -> bool {
        let is_passing = |directory: &Directory| match directory {
            // What `mktemp` names is new, whether or not the line says that it succeeded.
            Directory::Known(path) => self.is_made(path) || path.starts_with(NEW_TEMPORARY),
            Directory::Unknown => false,
        };
        super::made::is_new_repository(call) && call.directories.iter().all(is_passing)
    }
}

/// Whether what a command takes away was made in front of it under a name that nothing else has, because the number of this process
/// or a point in time is a part of it: `createdb t_$$; …; dropdb t_$$`. Whether the maker succeeded does not matter then.
fn takes_unique(call: &Call<'_>) -> bool {
    let is_unique = |word: &Word| {
        word.holes().any(|hole| match hole {
            Hole::Variable(name) => matches!(name.as_str(), "$" | "BASHPID"),
            Hole::Output { first, end } => {
                matches!(call.scope.script.between(*first, *end), [one] if matches!(one.words.first().map(Word::display).as_deref(), Some("mktemp" | "uuidgen"))
                    || one.words.iter().map(Word::display).eq(["date", "+%s"])
                    || one.words.iter().map(Word::display).eq(["date", "+%s%N"]))
            }
            Hole::Process { .. } | Hole::Other(_) => false,
        })
    };
    let names_server = |words: &[Word]| {
        let line = Line::read(words);
        let mut options = line.options.iter();
        options.any(|(name, _)| listed(line.server, name.split('=').next().unwrap_or_default()))
    };
    let taken = taken(call.words);
    // Asked first, since it is nearly always no, and the rest looks through the line.
    let is_named_so = !taken.is_empty()
        && call.assignments.is_empty()
        && taken.iter().all(|(_, name)| is_unique(name))
        && !names_server(call.words);
    if !is_named_so {
        return false;
    }
    let invocations = call.scope.script.invocations.iter();
    let earlier: Vec<(String, Word)> = invocations
        .filter(|it| it.span.start < call.span.start)
        .rev()
        .take(EARLIER_MAX)
        .filter(|it| it.assignments.is_empty() && !names_server(&it.words))
        .filter_map(|it| made(&it.words))
        .collect();
    taken.iter().all(|(kind, name)| {
        earlier
            .iter()
            .any(|(made, its)| made == kind && its.pieces == name.pieces)
    })
}

/// Whether every container that a command stops or removes is one of which a command of the line printed the number when it made
/// it: `id=$(docker create x) && docker rm "$id"`. Where it made none, there is no name.
fn is_own_container(call: &Call<'_>) -> bool {
    let line = Line::read(call.words);
    let program = call.words.first().map(Word::display).unwrap_or_default();
    let verb = line.known(0);
    let is_meant = match program.as_str() {
        "docker" | "podman" | "nerdctl" => matches!(verb.as_str(), "rm" | "stop" | "kill"),
        // It prints the number of the simulator that it makes (xcrun simctl help create, Xcode 15).
        "simctl" => verb == "delete",
        _ => false,
    };
    let is_made = |word: &&Word| {
        let [one] = call.printing(word) else {
            return false;
        };
        let words: Vec<String> = one.words.iter().map(Word::display).collect();
        let words = words.strip_prefix(&["xcrun".to_owned()]).unwrap_or(&words);
        words.first() == Some(&program)
            && match words.get(1).map(String::as_str) {
                Some("create") => true,
                Some("run") => is_detached(words.get(2..).unwrap_or_default()),
                _ => false,
            }
    };
    let names = line.operands.get(1..).unwrap_or_default();
    is_meant && !names.is_empty() && names.iter().all(is_made)
}

/// Whether every container that a command removes is one that the line ran in front under that name, either certainly or under a name
/// that is for the moment.
fn is_of_moment(call: &Call<'_>, made: &Made) -> bool {
    let line = Line::read(call.words);
    let program = call.words.first().map(Word::display).unwrap_or_default();
    let names = line.operands.get(1..).unwrap_or_default();
    let runs = |name: &Word| {
        let invocations = call.scope.script.invocations.iter().enumerate();
        invocations
            .filter(|(_, it)| it.span.start < call.span.start)
            .take(EARLIER_MAX)
            .any(|(at, it)| {
                let words: Vec<String> = it.words.iter().map(Word::display).collect();
                let is_run = matches!(words.as_slice(), [first, verb, ..] if *first == program && matches!(verb.as_str(), "run" | "create"));
                let has_name = it.words.windows(2).any(|pair| {
                    matches!(pair, [flag, its] if flag.display() == "--name" && its.pieces == name.pieces)
                });
                is_run && has_name && (made.is_certain(at) || is_for_the_moment(&words))
            })
    };
    matches!(program.as_str(), "docker" | "podman" | "nerdctl")
        && matches!(line.known(0).as_str(), "rm" | "remove")
        && !names.is_empty()
        && names.iter().all(|name| runs(name))
}

/// Whether every container that a command stops or removes is one that a filter by its name, label or image, or the compose file of the
/// project, chooses: `docker stop $(docker ps -q --filter name=web)` (docker-ps(1), Docker CLI 28).
fn is_chosen_container(call: &Call<'_>) -> bool {
    let line = Line::read(call.words);
    let program = call.words.first().map(Word::display).unwrap_or_default();
    let keeps_volumes = line.options.iter().all(|(name, _)| {
        !matches!(name.as_str(), "--volumes" | "--all")
            && (name.starts_with("--") || !name.contains(['v', 'a']))
    });
    let is_meant = matches!(program.as_str(), "docker" | "podman" | "nerdctl")
        && matches!(
            line.known(0).as_str(),
            "rm" | "rmi" | "stop" | "kill" | "restart"
        )
        && keeps_volumes;
    let chooses = |filter: &str| {
        let (key, value) = filter.split_once('=').unwrap_or_default();
        match key {
            "name" | "label" | "ancestor" | "id" => value.len() > 2,
            "status" => matches!(value, "exited" | "created" | "dead"),
            _ => false,
        }
    };
    let is_chosen = |word: &&Word| {
        // What an image is called says which one it is, beside those without a name: `docker rmi app $(docker images -f dangling=true -q)`.
        if word.known().is_some() && line.known(0) == "rmi" {
            return true;
        }
        let one = match call.printing(word) {
            [one] => one,
            _ => match handed_on(call) {
                Some(one) if word.known().is_none() => one,
                Some(_) | None => return false,
            },
        };
        let known: Option<Vec<_>> = one.words.iter().map(Word::known).collect();
        let Some(known) = known else { return false };
        let words: Vec<&str> = known.iter().map(|word| &**word).collect();
        let lists = matches!(words.as_slice(), [first, "ps", ..] | [first, "container", "ls", ..] if *first == program);
        let of_images = matches!(words.as_slice(), [first, "images", ..] | [first, "image", "ls", ..] if *first == program);
        let is_dangling = of_images && words.contains(&"dangling=true");
        let of_project = matches!(
            words.as_slice(),
            ["docker", "compose", "ps", ..] | ["docker-compose", "ps", ..]
        );
        let mut filters = words.windows(2).filter_map(|pair| match pair {
            ["-f" | "--filter", filter] => Some(*filter),
            _ => None,
        });
        let mut attached = words
            .iter()
            .filter_map(|word| word.strip_prefix("--filter="));
        of_project || is_dangling || lists && (filters.any(chooses) || attached.any(chooses))
    };
    let names = line.operands.get(1..).unwrap_or_default();
    is_meant && !names.is_empty() && names.iter().all(is_chosen)
}

/// The one command whose output `xargs` hands on to this one: `docker ps -q --filter label=x | xargs docker rm`.
pub(super) fn handed_on<'c>(call: &'c Call<'_>) -> Option<&'c crate::shell::Invocation> {
    let script = call.scope.script;
    let around = script.invocations.iter().find(|it| it.span == call.span)?;
    let is_handing = around.words.first().and_then(Word::known).as_deref() == Some("xargs");
    let crate::shell::Input::Pipe { first, end } = &around.input else {
        return None;
    };
    match script.between(*first, *end) {
        [one] if is_handing => Some(one),
        _ => None,
    }
}

/// Whether `docker run` prints the number of the container, and not what runs in it: `-d` in front of the image (docker-run(1)).
fn is_detached(words: &[String]) -> bool {
    const RUN_VALUED: &str = " --name -p --publish -e --env -v --volume --network --net -w --workdir -u --user --platform -l --label \
        -h --hostname --mount --memory -m --cpus --restart --entrypoint --env-file --add-host --gpus --shm-size --tmpfs --ulimit ";
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        let Some(letters) = word.strip_prefix('-') else {
            return false;
        };
        let is_short = letters.contains('d') && letters.chars().all(|it| "ditPq".contains(it));
        if is_short || word == "--detach" {
            return true;
        }
        if listed(RUN_VALUED, word) {
            rest.next();
        }
    }
    false
}

/// `eval "$(minikube docker-env)"`: only where images are built is another server from here on (minikube 1.34).
fn is_docker_of_cluster(call: &Call<'_>, invocation: &crate::shell::Invocation) -> bool {
    let [_, word] = invocation.words.as_slice() else {
        return false;
    };
    let printing = call.printing(word).iter();
    let words = printing.flat_map(|it| it.words.iter().map(Word::display));
    words.eq(["minikube", "docker-env"])
}

fn is_sql(call: &Call<'_>) -> bool {
    let program = call.words.first().and_then(Word::known);
    program.is_some_and(|name| matches!(&*name, "psql" | "mysql" | "mariadb"))
}

/// Whether a name is the same wherever it stands in the line.
fn is_steady(name: &Word) -> bool {
    !name.pieces.is_empty()
        && name.pieces.iter().all(|piece| match piece {
            Piece::Text(_) | Piece::Hole(Hole::Output { .. }) => true,
            Piece::Hole(Hole::Variable(name)) => matches!(name.as_str(), "$" | "USER" | "BASHPID"),
            Piece::Glob(_) | Piece::Hole(_) => false,
        })
}

/// Whether nothing between the maker and the taker puts something of before under that name, or speaks to another server.
fn is_undisturbed(call: &Call<'_>, kind: &str, between: std::ops::Range<usize>) -> bool {
    let invocations = call.scope.script.invocations.get(between);
    invocations.unwrap_or_default().iter().all(|invocation| {
        let words: Vec<String> = invocation.words.iter().map(Word::display).collect();
        let has = |options: &[&str]| words.iter().any(|it| options.contains(&it.as_str()));
        // Another server may be meant afterwards.
        let sets =
            |it: &crate::shell::Assignment| SERVERS.iter().any(|kind| it.name.starts_with(kind));
        let first = words.first().map_or("", String::as_str);
        let is_switch = words.iter().any(|word| listed(SWITCHES, word))
            || has(&["docker", "gcloud", "az"]) && has(&["context", "config", "set"])
            || matches!(first, "source" | ".")
            || first == "eval" && !is_docker_of_cluster(call, invocation)
            || invocation.words.is_empty() && invocation.assignments.iter().any(sets);
        if !matches!(kind, "branch" | "tag") {
            return !is_switch;
        }
        // What is committed meanwhile was in the work tree or staged, and a branch that is moved may be the last name of another.
        let is_commit = words
            .iter()
            .any(|it| it.contains("commit") && it != "pre-commit" && it != "--no-commit");
        let is_empty = has(&["--allow-empty"])
            && !words
                .iter()
                .any(|it| it == "--all" || it.starts_with("-a") || it == "--amend");
        let stages = has(&["add", "stage", "stash", "mv", "rm"]) && has(&["git"]);
        let removes_tree = matches!(words.as_slice(), [_, tree, remove, ..] if tree == "worktree" && remove == "remove");
        let moves = !removes_tree && has(&[
            "-M",
            "-m",
            "-f",
            "-C",
            "-B",
            "--force",
            "--move",
            "--copy",
            "reset",
            "update-ref",
            "symbolic-ref",
            "fast-import",
            "filter-branch",
            "filter-repo",
        ]) && has(&["git"])
            && !(is_commit && is_empty)
            && !matches!(words.get(1).map(String::as_str), Some("merge" | "tag"));
        !(is_commit && !is_empty || stages || moves)
    })
}
