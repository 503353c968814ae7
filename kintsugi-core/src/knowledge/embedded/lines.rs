//! Languages of which a few lines start programs: gdb (GDB 14), makefiles, cmake.

use super::{Embedded, effect, script, shell};
use crate::effect::{Action, Modifier, Modifiers, Role};
use crate::knowledge::schema::Language;
use crate::knowledge::telling::listed;
use crate::shell::Budget;

/// Reads commands of gdb.
pub(super) fn read_gdb(text: &str, budget: &mut Budget) -> Vec<Embedded> {
    let mut found = Vec::new();
    for line in text.lines().map(str::trim) {
        // lldb(1), 18: `platform shell`, `script` (Python), `command source`.
        let line = line.strip_prefix("platform ").unwrap_or(line);
        if let Some(command) = line.strip_prefix('!') {
            found.push(shell(command));
            continue;
        }
        let (name, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        match name {
            "shell" | "she" | "make" => found.push(shell(rest)),
            "python" | "py" | "python-interactive" | "pi" | "script" => {
                found.extend(script::read(Language::Python, rest, budget));
            }
            "pipe" | "|" => {
                let command = rest.rsplit('|').next().unwrap_or_default();
                found.push(shell(command));
            }
            "call" | "print" | "p" | "expr" | "expression" | "compile"
                if ["unlink", "remove", "rmdir", "truncate"]
                    .iter()
                    .any(|name| rest.contains(&[name, "("].concat())) =>
            {
                let path = rest.split('"').nth(1).unwrap_or_default();
                found.push(super::effect(
                    crate::effect::Action::Delete,
                    crate::effect::Role::Path,
                    path,
                    crate::effect::Modifiers::NONE,
                ));
            }
            // `set $f = (int (*)(char *))remove`: called by another name afterwards.
            "set" | "call" | "print" | "p"
                if rest.contains('=')
                    && ["unlink", "remove", "rmdir", "system", "popen", "execl"]
                        .iter()
                        .any(|name| rest.trim_end_matches([' ', ')']).ends_with(name)) =>
            {
                found.push(Embedded::Hidden(
                    "a function that a debugger calls by another name".to_owned(),
                ));
            }
            "call" | "print" | "p" | "expr" | "expression" | "compile"
                if rest.contains("system") =>
            {
                let command = rest.split('"').nth(1).unwrap_or_default();
                found.push(shell(command));
            }
            // What a process holds goes into a file: keys and passwords too.
            "dump" | "append" | "gcore" | "generate-core-file" | "save-core" | "process"
            | "memory"
                if name != "process" && name != "memory"
                    || rest.contains("save-core")
                    || rest.contains("read") && rest.contains("outfile") =>
            {
                found.push(effect(
                    Action::Read,
                    Role::Secret,
                    "the memory of a process",
                    Modifiers::NONE,
                ));
            }
            "source" => found.push(Embedded::Unknown(format!("the gdb script `{rest}`"))),
            _ => {}
        }
    }
    found
}

/// Reads a makefile, or a text for `make --eval`: what its recipes and its own shell calls run (GNU make 4.4, 5 and 8.13).
pub(super) fn read_make(text: &str, budget: &mut Budget) -> Vec<Embedded> {
    let mut found = Vec::new();
    for opening in ["$(shell ", "${shell "] {
        let mut rest = text;
        while let Some((_, behind)) = rest.split_once(opening) {
            let command = balanced(behind);
            if !budget.spend(units(command)) {
                found.push(Embedded::Hidden("more code than is read".to_owned()));
                return found;
            }
            found.push(shell(command));
            rest = behind;
        }
    }
    let joined = text.replace("\\\n", " ");
    let begins = |name: &str| joined.lines().any(|line| line.starts_with(name));
    // Rules of ninja (ninja 1.12, "The Ninja file format") and recipes of just (just 1.36, "Recipes") are indented by blanks.
    let is_ninja = begins("rule ") && begins("build ");
    for line in joined.lines() {
        let indented = line.strip_prefix([' ', '\t']).map(str::trim_start);
        let command = indented.and_then(|it| it.strip_prefix("command"));
        if let (true, Some((_, command))) = (is_ninja, command.and_then(|it| it.split_once('='))) {
            found.push(shell(&command.replace("$$", "$")));
            continue;
        }
        let by_blanks = indented.filter(|_| !is_ninja && line.starts_with("  "));
        let recipe = match (line.strip_prefix('\t').or(by_blanks), line.split_once("!=")) {
            (Some(recipe), _) => Some(recipe),
            (None, Some((_, command))) => Some(command),
            (None, None) => line.split_once(';').map(|(_, recipe)| recipe),
        };
        if let Some(recipe) = recipe {
            let recipe = recipe.trim_start_matches(['@', '-', '+', ' ', '\t']);
            found.push(shell(&recipe.replace("$$", "$")));
        }
    }
    found
}

/// What reading a part costs.
fn units(part: &str) -> u32 {
    u32::try_from(part.len() / 32 + 1).unwrap_or(u32::MAX)
}

/// What stands in front of the bracket that closes.
fn balanced(text: &str) -> &str {
    let mut depth = 0_usize;
    for (at, letter) in text.char_indices() {
        match letter {
            '(' | '{' => depth += 1,
            ')' | '}' if depth == 0 => return text.get(..at).unwrap_or_default(),
            ')' | '}' => depth -= 1,
            _ => {}
        }
    }
    text
}

/// A command of cmake, up to the keyword behind it; nothing when its program is a tool that cmake found.
fn command_of_cmake(words: &[&str]) -> Option<Embedded> {
    const BEHIND: &str = " WORKING_DIRECTORY RESULT_VARIABLE RESULTS_VARIABLE OUTPUT_VARIABLE ERROR_VARIABLE OUTPUT_QUIET ERROR_QUIET \
        TIMEOUT OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_STRIP_TRAILING_WHITESPACE INPUT_FILE OUTPUT_FILE ERROR_FILE COMMAND_ECHO VERBATIM \
        DEPENDS COMMENT BYPRODUCTS USES_TERMINAL ENCODING COMMAND_ERROR_IS_FATAL MAIN_DEPENDENCY COMMAND_EXPAND_LISTS SOURCES ";
    let end = words
        .iter()
        .position(|word| listed(BEHIND, word))
        .unwrap_or(words.len());
    let words = words.get(..end)?.iter().map(|word| {
        // `$<TARGET_FILE:app>` is what the build makes (cmake-generator-expressions(7), 3.30).
        if word.contains("$<") {
            "$GENERATED".to_owned()
        } else {
            word.replace("${CMAKE_COMMAND}", "cmake")
                .replace("$ENV{HOME}", "$HOME")
        }
    });
    let command = words.collect::<Vec<_>>().join(" ");
    let tool = command
        .strip_prefix(['$', '@'])
        .map(|rest| rest.split(' ').next().unwrap_or_default());
    // Of a tool that cmake looked for: `${PROTOC}`, `${Python3_EXECUTABLE}`.
    let is_found = |name: &str| {
        [
            "EXECUTABLE",
            "COMPILER",
            "TOOL",
            "PROTOC",
            "PROGRAM",
            "COMMAND",
            "GENERATED",
        ]
        .iter()
        .any(|part| name.contains(part))
    };
    (!tool.is_some_and(is_found)).then(|| shell(&command))
}

/// Reads a script of cmake: what it starts and deletes (cmake-commands(7), 3.30).
pub(super) fn read_cmake(text: &str, budget: &mut Budget) -> Vec<Embedded> {
    let mut found = Vec::new();
    let lower = text.to_ascii_lowercase();
    for (at, name) in [
        "execute_process",
        "add_custom_target",
        "add_custom_command",
        "exec_program",
        "file",
        "include",
        "cmake_language",
    ]
    .iter()
    .flat_map(|name| lower.match_indices(name))
    {
        let behind = text.get(at + name.len()..).unwrap_or_default().trim_start();
        let Some(inside) = behind.strip_prefix('(') else {
            continue;
        };
        let inside = balanced(inside);
        if !budget.spend(units(inside)) {
            found.push(Embedded::Hidden("more code than is read".to_owned()));
            return found;
        }
        let words: Vec<&str> = inside
            .split_whitespace()
            .map(|word| word.trim_matches('"'))
            .collect();
        let rest = words.get(1..).unwrap_or_default();
        match (name, words.first().copied()) {
            ("execute_process" | "add_custom_target" | "add_custom_command", Some(_)) => {
                let commands = words.split(|word| *word == "COMMAND").skip(1);
                found.extend(commands.filter_map(command_of_cmake));
            }
            ("exec_program", Some(program)) => {
                found.push(shell(&format!(
                    "{program} {}",
                    rest.join(" ").replace("ARGS", "")
                )));
            }
            ("file", Some(verb @ ("REMOVE" | "REMOVE_RECURSE"))) => {
                let tree = Modifiers::NONE.with(Modifier::Recursive);
                let modifiers = if verb == "REMOVE" {
                    Modifiers::NONE
                } else {
                    tree
                };
                let deleted = rest
                    .iter()
                    .map(|path| effect(Action::Delete, Role::Path, path, modifiers));
                found.extend(deleted);
            }
            ("file", Some("WRITE" | "RENAME" | "COPY_FILE")) => {
                let path = rest.first().copied().unwrap_or_default();
                found.push(effect(Action::Overwrite, Role::Path, path, Modifiers::NONE));
            }
            ("cmake_language", Some("EVAL" | "CALL")) => {
                found.push(Embedded::Hidden("code that cmake computes".to_owned()));
            }
            ("include", Some(_)) => found.push(Embedded::Unknown("an included script".to_owned())),
            _ => {}
        }
    }
    found
}
