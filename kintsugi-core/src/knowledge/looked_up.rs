//! Which processes a command ends that it looked up: `kill $(pgrep x)`, `ps aux | grep x | awk … | xargs kill`,
//! `Get-Process x | Stop-Process`.

use super::analyst::{Analyst, Call};
use super::program::Task;
use crate::effect::{Action, Role, Target};
use crate::shell::{Hole, Input, Invocation, Script, Word};

/// Most commands of one pipe that are looked at.
const STAGES_MAX: usize = 8;

/// The name of the processes that a hole stands for, when it is what `pgrep` and its like print, or a file with a number.
pub(super) fn looked_up(call: &Call<'_>, hole: &Hole) -> Option<Word> {
    let Hole::Output { first, end } = hole else {
        return None;
    };
    let script = call.scope.script;
    let last = script.between(*first, *end).last()?;
    sought(&pipeline(Some(last), script)).or_else(|| named_process(last))
}

/// The same, through a pipe: `pgrep x | xargs kill`.
pub(super) fn looked_up_by_pipe(call: &Call<'_>) -> Option<Word> {
    let feeding = pipeline(call.feeding().last(), call.scope.script);
    if lists_every_process(&feeding) {
        return Some(Word::text("every process", call.span));
    }
    sought(&feeding).or_else(|| {
        let looks_up = feeding.last()?;
        let is_list = name_of(looks_up)?.starts_with('p');
        is_list.then(|| named_process(looks_up)).flatten()
    })
}

impl Analyst<'_> {
    /// What a cmdlet ends that is given processes by a pipe (Stop-Process, PowerShell 7.4, "Inputs").
    pub(super) fn ends_piped(&mut self, task: &Task<'_, '_>) {
        let is_given = task.parsed.values.iter().any(|value| value.role == "word");
        if task.parsed.path != "Stop-Process" || is_given || task.parsed.is_set("dry-run") {
            return;
        }
        let feeding = pipeline(task.call.feeding().last(), task.call.scope.script);
        let Some(source) = feeding.first() else {
            return;
        };
        let mut names: Vec<String> = Vec::new();
        let mut words = source.words.iter().skip(1).map(Word::display);
        while let Some(word) = words.next() {
            match word.to_ascii_lowercase().as_str() {
                "-id" | "-inputobject" => return,
                "-name" | "-processname" => {}
                option if option.starts_with('-') => {
                    words.next();
                }
                _ => names.push(word),
            }
        }
        if names.is_empty() {
            names.push("every process".to_owned());
        }
        for text in names.into_iter().take(STAGES_MAX) {
            let target = Target::named(text);
            self.push(&task.call, Action::Kill, Role::Process, target)
                .with(task.parsed.modifiers)
                .by(&task.parsed.path);
        }
    }
}

/// The commands of a pipe up to `last`, from the first on.
fn pipeline<'i>(last: Option<&'i Invocation>, script: &'i Script) -> Vec<&'i Invocation> {
    let mut feeding: Vec<&Invocation> = Vec::new();
    let mut next = last;
    while let Some(one) = next
        && feeding.len() < STAGES_MAX
    {
        feeding.insert(0, one);
        next = match &one.input {
            Input::Pipe { first, end } => script.between(*first, *end).last(),
            Input::Inherited | Input::Text(_) | Input::File(_) => None,
        };
    }
    feeding
}

fn name_of(invocation: &Invocation) -> Option<String> {
    let name = super::redirect::behind_wrappers(&invocation.words);
    (!name.is_empty()).then_some(name)
}

/// What is looked for in a list of processes: `ps aux | grep -i java`, `ps -ef | awk '/java/ {print $2}'`.
fn sought(feeding: &[&Invocation]) -> Option<Word> {
    let (first, rest) = feeding.split_first()?;
    if name_of(first).as_deref() != Some("ps") {
        return None;
    }
    rest.iter().find_map(|stage| {
        let words = stage.words.iter().skip(1);
        match name_of(stage).as_deref() {
            Some("grep" | "egrep" | "fgrep" | "rg") => {
                let known: Vec<String> = words.map(Word::display).collect();
                let turns = |word: &String| word.starts_with('-') && word.contains('v');
                if known.iter().any(turns) {
                    return None;
                }
                let pattern = known.iter().find(|word| !word.starts_with('-'))?;
                Some(Word::text(plain(pattern), first.span))
            }
            Some("awk" | "gawk" | "mawk") => {
                let program = stage.words.iter().skip(1).find_map(Word::known)?;
                let pattern = program.strip_prefix('/')?.split('/').next()?;
                Some(Word::text(plain(pattern), first.span))
            }
            _ => None,
        }
    })
}

/// A pattern without what keeps it from finding itself: `[j]ava`.
fn plain(pattern: &str) -> String {
    pattern
        .chars()
        .filter(|letter| !matches!(letter, '[' | ']' | '^' | '$' | '\\'))
        .collect()
}

/// Whether a pipe lists processes and picks none of them: `ps aux | awk '{print $2}'`, `pgrep -u bob`.
fn lists_every_process(feeding: &[&Invocation]) -> bool {
    let Some(first) = feeding.first() else {
        return false;
    };
    let options = || first.words.iter().skip(1).filter_map(Word::known);
    match name_of(first).as_deref() {
        Some("ps") => {
            let picks = |invocation: &Invocation| match name_of(invocation).as_deref() {
                Some("grep" | "egrep" | "fgrep" | "rg" | "head" | "tail" | "sed" | "jq") => true,
                // A pattern, or a condition, in front of the action.
                Some("awk" | "gawk" | "mawk") => invocation.words.iter().skip(1).any(|word| {
                    let text = word.display();
                    text.contains(['/', '~', '>', '<']) || text.contains("==")
                }),
                _ => false,
            };
            let one = options().any(|word| matches!(&*word, "-p" | "--pid" | "-C" | "--ppid"));
            !one && !feeding.iter().skip(1).any(|it| picks(it))
        }
        Some("pgrep") => {
            let mut words = options();
            let of_user = words.any(|word| matches!(&*word, "-u" | "-U" | "--euid" | "--uid"));
            of_user && words.count() < 2
        }
        _ => false,
    }
}

fn named_process(invocation: &Invocation) -> Option<Word> {
    let (_, words) = invocation.words.split_first()?;
    let name = name_of(invocation)?;
    let operand = words
        .iter()
        .rfind(|word| word.known().is_none_or(|text| !text.starts_with('-')))?;
    match name.as_str() {
        "pgrep" | "pidof" | "pidwait" => Some(operand.clone()),
        // The file with the number of a process is called like it: `run/web.pid`.
        "cat" | "head" => {
            let path = operand.display();
            let path = path.trim_start_matches("./").trim_start_matches('.');
            (!path.is_empty()).then(|| Word::text(path, operand.span))
        }
        _ => None,
    }
}
