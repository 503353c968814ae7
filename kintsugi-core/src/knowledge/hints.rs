//! What a command changes that its effects do not name file by file: what an archive holds, and a package manager's own files.
//!
//! Hints for the copy that is made before it runs, and for nothing else: no rule sees them.

use super::analyst::Analyst;
use super::program::Task;
use crate::capture::{Hint, Keep, What};
use crate::effect::{Action, Modifier, Role};
use crate::place::Place;
use crate::shell::{Directory, Input, Word};

/// Most hints of one line.
const HINTS_MAX: usize = 64;

/// Options of tar that give its members other names.
const RENAMES: [&str; 4] = ["--strip-components", "--strip", "--transform", "--xform"];

/// Stands for: names are taken as they are, also where they lead out of the directory.
const ABSOLUTE: &str = "-P";

/// Files of a project that a package manager writes, by its program: what it depends on, and in which versions.
const PROJECT_FILES: [(&str, &[&str]); 12] = [
    (
        "npm",
        &["package.json", "package-lock.json", "npm-shrinkwrap.json"],
    ),
    (
        "pnpm",
        &["package.json", "pnpm-lock.yaml", "pnpm-workspace.yaml"],
    ),
    ("yarn", &["package.json", "yarn.lock"]),
    ("bun", &["package.json", "bun.lock", "bun.lockb"]),
    ("cargo", &["Cargo.toml", "Cargo.lock"]),
    ("poetry", &["pyproject.toml", "poetry.lock"]),
    ("uv", &["pyproject.toml", "uv.lock"]),
    ("pipenv", &["Pipfile", "Pipfile.lock"]),
    ("composer", &["composer.json", "composer.lock"]),
    ("bundle", &["Gemfile", "Gemfile.lock"]),
    ("go", &["go.mod", "go.sum"]),
    ("deno", &["deno.json", "deno.jsonc", "deno.lock"]),
];

/// Subcommands of package managers that change those files.
const CHANGES: [&str; 17] = [
    "add",
    "remove",
    "rm",
    "uninstall",
    "un",
    "update",
    "upgrade",
    "up",
    "install",
    "i",
    "require",
    "get",
    "tidy",
    "mod",
    "lock",
    "dedupe",
    "unlink",
];

impl Analyst<'_> {
    /// Adds what `task` changes beside its effects, of which those from `before` on are its own.
    pub(super) fn hint(&mut self, task: &Task<'_, '_>, before: usize) {
        if self.analysis.hints.len() >= HINTS_MAX {
            return;
        }
        if let Some(program) = unpacks(task) {
            self.hint_members(task, before, program);
        }
        self.hint_project_files(task);
        self.hint_repository(task);
    }

    /// What an archive holds is written below a directory, which is all that its effect names.
    fn hint_members(&mut self, task: &Task<'_, '_>, before: usize, program: &str) {
        let archive = self.archive(task).unwrap_or_default();
        let own = self.analysis.effects.get(before..).unwrap_or_default();
        let goals = own.iter().filter(|effect| {
            effect.action == Action::Write
                && effect.role == Role::Path
                && effect.target.text.len() > 1
                && effect.target.text.starts_with('/')
                && effect.target.text != archive
                && !effect.modifiers.contains(Modifier::Unresolved)
                && !effect.modifiers.contains(Modifier::Contained)
                && !effect.modifiers.contains(Modifier::Remote)
        });
        let Some(goal) = goals.map(|effect| &effect.target).next_back() else {
            return;
        };
        let (Some(place), mut path) = (goal.place, goal.text.clone()) else {
            return;
        };
        if let Some(out) = out_directory(task, program) {
            let judged = self.judge(&out, &task.call.directories, task.call.scope);
            let Some(judged) = judged.first() else { return };
            path.clone_from(&judged.path);
        }
        let mut of = vec![program.to_owned(), archive];
        of.extend(renames(task, program));
        if is_absolute(task, program) {
            of.push(ABSOLUTE.to_owned());
        }
        self.analysis.hints.push((
            Hint {
                place,
                beside: false,
            },
            Keep {
                path,
                what: What::Unpacked,
                of,
            },
        ));
    }

    /// The archive that is read, absolute; nothing when it comes from another program.
    fn archive(&self, task: &Task<'_, '_>) -> Option<String> {
        let named = task.parsed.values.iter();
        let named = named.filter(|value| value.role == "archive");
        let word = named.map(|value| &value.word).next();
        let word = match (word, task.call.input) {
            (Some(word), _) if word.known().as_deref() != Some("-") => word,
            (_, Input::File(word)) => word,
            (_, Input::Inherited | Input::Text(_) | Input::Pipe { .. }) => return None,
        };
        let judged = self.judge(word, &task.call.directories, task.call.scope);
        let judged = judged.into_iter().next()?;
        (judged.modifiers.is_empty() && judged.path.starts_with('/')).then_some(judged.path)
    }

    /// The directory in which a command runs, where that is certain, and what kind of place it is.
    pub(super) fn directory_of<'t>(&self, task: &'t Task<'_, '_>) -> Option<(&'t str, Place)> {
        let [Directory::Known(directory)] = &*task.call.directories else {
            return None;
        };
        let word = Word::text(".", task.call.span);
        let judged = self.judge(&word, &task.call.directories, task.call.scope);
        Some((directory, judged.first()?.place))
    }

    fn hint_project_files(&mut self, task: &Task<'_, '_>) {
        let mut path = task.parsed.path.split(' ');
        let (Some(program), Some(verb)) = (path.next(), path.next()) else {
            return;
        };
        let known = PROJECT_FILES.iter().find(|(name, _)| *name == program);
        let (Some((_, files)), true) = (known, CHANGES.contains(&verb)) else {
            return;
        };
        let Some((directory, place)) = self.directory_of(task) else {
            return;
        };
        for file in *files {
            let path = format!("{}/{file}", directory.trim_end_matches('/'));
            let keep = Keep {
                path,
                what: What::Edited,
                of: vec![program.to_owned()],
            };
            let hint = Hint {
                place,
                beside: false,
            };
            self.analysis.hints.push((hint, keep));
        }
    }
}

/// Returns the program of a command that takes files out of an archive, under the name of the one that lists its members.
fn unpacks<'t>(task: &'t Task<'_, '_>) -> Option<&'t str> {
    let parsed = &task.parsed;
    let extracts = parsed.is_set("extract");
    let program = parsed.path.as_str();
    let does = match program {
        "tar" | "gtar" | "bsdtar" | "star" | "ar" | "rar" => extracts,
        "cpio" | "7z" | "7za" | "7zr" | "7zz" => extracts && !parsed.is_set("look"),
        "unzip" => !parsed.is_set("look") && !has_letter(task, &['p', 'c', 'Z']),
        "unsquashfs" => !parsed.is_set("look"),
        // Of these the first letter of the first word says it; the others only unpack.
        "unrar" | "arj" | "lha" | "unlha" | "ouch" => {
            let verb = task.call.words.get(1).and_then(Word::known);
            let verb = verb.unwrap_or_default();
            !verb
                .trim_start_matches('-')
                .starts_with(['l', 'v', 't', 'p', 'c', 'a', 'd'])
        }
        "unar" | "unace" | "unalz" => true,
        "cabextract" => !has_letter(task, &['l', 't', 'p']),
        _ => false,
    };
    does.then_some(program)
}

/// Whether members whose names lead out of the directory are written there: tar(1), 7z(1), and cpio(1) unless it is told otherwise.
fn is_absolute(task: &Task<'_, '_>, program: &str) -> bool {
    let words = || task.call.words.iter().skip(1).filter_map(Word::known);
    match program {
        "tar" | "gtar" | "bsdtar" | "7z" | "7za" | "7zr" | "7zz" => task.parsed.is_set("absolute"),
        "cpio" => !words().any(|word| word == "--no-absolute-filenames"),
        _ => false,
    }
}

/// Whether a cluster of options has one of these letters.
fn has_letter(task: &Task<'_, '_>, letters: &[char]) -> bool {
    let words = task.call.words.iter().skip(1).filter_map(Word::known);
    let clusters = words.filter_map(|word| word.strip_prefix('-').map(str::to_owned));
    clusters
        .filter(|cluster| !cluster.starts_with('-'))
        .any(|cluster| cluster.contains(letters))
}

/// `7z -oDIRECTORY` (7z(1), p7zip 16.02): its entry does not read it.
fn out_directory(task: &Task<'_, '_>, program: &str) -> Option<Word> {
    if !program.starts_with("7z") {
        return None;
    }
    task.call.words.iter().find_map(|word| {
        let text = word.known()?;
        let directory = text.strip_prefix("-o").filter(|rest| !rest.is_empty())?;
        Some(Word::text(directory, word.span))
    })
}

/// Returns the options of a command by which members get other names than the archive has, each in one word.
fn renames(task: &Task<'_, '_>, program: &str) -> Vec<String> {
    let mut words = task.call.words.iter().skip(1).filter_map(Word::known);
    let mut found = Vec::new();
    match program {
        "unzip" if has_letter(task, &['j']) => found.push("-j".to_owned()),
        "7z" | "7za" | "7zr" | "7zz" if words.next().as_deref() == Some("e") => {
            found.push("-j".to_owned());
        }
        "unzip" if has_letter(task, &[':']) => found.push("-:".to_owned()),
        "ar" if words.any(|word| word.starts_with("--output")) => {
            found.push("--output".to_owned());
        }
        "tar" | "gtar" | "bsdtar" => {
            while let Some(word) = words.next() {
                let name = word.split('=').next().unwrap_or_default();
                if RENAMES.contains(&name) {
                    let value = match word.split_once('=') {
                        Some((_, value)) => value.to_owned(),
                        None => words.next().unwrap_or_default().into_owned(),
                    };
                    found.push(format!("{name}={value}"));
                } else if name == "--one-top-level" || (program == "bsdtar" && word == "-s") {
                    found.push(word.into_owned());
                }
            }
        }
        _ => {}
    }
    found
}
