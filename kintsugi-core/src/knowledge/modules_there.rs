//! Modules that stood there before and that a script imports, as facts have them: `import m` in `y.py` reads `m.py` beside it.
//!
//! Of such a module counts what it certainly does to a place that it names: when it is loaded, and in functions that are named. What it
//! does to what it is given is as little known as who calls it.
//!
//! Sources: Python 3.13, "The Module Search Path"; Node.js 22, "`CommonJS` modules" and "ECMAScript modules"; Ruby 3.4, `Kernel#require_relative`.

use super::analyst::{Analyst, Call};
use super::migrations::{Writing, mask};
use super::schema::Language;
use super::script::ScriptFile;
use crate::effect::{Effect, Modifier, Span};
use crate::limits::SCRIPT_WORK_MAX;
use crate::shell::Word;

/// Most modules of one script that are looked for.
const MODULES_MAX: usize = 8;

/// Lines of a script that are searched for imports.
const LINES_MAX: usize = 400;

/// Modules of Python that are nearly always those of Python itself: they are looked for last.
const STANDARD: &str = " os sys re json math time datetime subprocess shutil pathlib typing logging argparse collections itertools functools \
    random string csv io tempfile glob hashlib base64 copy enum dataclasses abc contextlib asyncio threading urllib http socket uuid \
    traceback inspect warnings textwrap unittest signal struct types operator platform getpass gzip zipfile tarfile sqlite3 __future__ ";

impl Analyst<'_> {
    /// Looks at what the modules of a script do, where facts have their text; where not, notes that it would matter.
    pub(super) fn modules_there(
        &mut self,
        call: &Call<'_>,
        language: Language,
        file: ScriptFile<'_>,
    ) {
        let directory = file.path.rsplit_once('/').map_or("", |(it, _)| it);
        for name in imported(language, file.text) {
            let path = resolved(directory, &name);
            let judged = self.judge(
                &Word::text(path.clone(), call.span),
                &call.directories,
                call.scope,
            );
            let [judged] = judged.as_slice() else {
                continue;
            };
            if self.reading.contains(&path) {
                continue;
            }
            match self.written(&path) {
                None => self.want_script(judged),
                Some(written) if written.before => {
                    if let Some(text) = written.text {
                        let module = ScriptFile {
                            path: &path,
                            text: &text,
                            ..file
                        };
                        self.module(call, language, module, file.text);
                    }
                }
                // What the line wrote is read as a part of the script.
                Some(_) => {}
            }
        }
    }

    fn module(
        &mut self,
        call: &Call<'_>,
        language: Language,
        module: ScriptFile<'_>,
        script: &str,
    ) {
        let Some(part) = self.budget.part(SCRIPT_WORK_MAX / 2) else {
            return;
        };
        let rest = std::mem::replace(self.budget, part);
        self.reading.push(module.path.to_owned());
        let before = self.analysis.effects.len();
        let unknowns = self.analysis.unknowns.len();
        let problems = self.analysis.problems.len();
        let is_python = language == Language::Python;
        let named = is_python
            .then(|| without_unnamed(script, module.text))
            .flatten();
        let text = named.as_deref().unwrap_or(module.text);
        self.text(call, language, &Word::text(text, Span::default()), &[]);
        self.modules_there(call, language, module);
        // What is not known of a module is no worse than a module that nobody read.
        self.analysis.unknowns.truncate(unknowns);
        self.analysis.problems.truncate(problems);
        let found = self.analysis.effects.split_off(before);
        let is_certain = |effect: &Effect| {
            let is_open = [Modifier::Unresolved, Modifier::Indirect]
                .iter()
                .any(|it| effect.modifiers.contains(*it));
            !is_open && !effect.target.text.is_empty()
        };
        let kept = found.into_iter().filter(is_certain);
        self.analysis.effects.extend(kept);
        self.reading.pop();
        let left = std::mem::replace(self.budget, rest);
        self.budget.rejoin(&left);
    }
}

/// A module of Python without the functions and classes that nobody names, and without what runs only where it is the program; none where
/// that cannot be told.
fn without_unnamed(script: &str, module: &str) -> Option<String> {
    let masked = mask(module, Writing::Python)?;
    let is_left = |plain: &str| {
        let mut heads = ["def ", "async def ", "class "].iter();
        let defined = heads.find_map(|it| plain.strip_prefix(it));
        let name =
            defined.and_then(|it| it.split(|c: char| !c.is_alphanumeric() && c != '_').next());
        let is_unnamed = |name: &str| !script.contains(name) && module.matches(name).count() == 1;
        name.is_some_and(is_unnamed) || plain.starts_with("if __name__ ==")
    };
    let mut is_inside = false;
    let mut kept = String::with_capacity(module.len());
    for (line, plain) in module
        .split_inclusive('\n')
        .zip(masked.split_inclusive('\n'))
    {
        is_inside &= plain.trim().is_empty() || plain.starts_with([' ', '\t']);
        is_inside |= is_left(plain);
        if !is_inside {
            kept.push_str(line);
        }
    }
    Some(kept)
}

/// The files that a script imports by a name beside it, the least common names first.
fn imported(language: Language, text: &str) -> Vec<String> {
    let lines = text.lines().take(LINES_MAX).map(str::trim);
    let mut names: Vec<String> = if language == Language::Python {
        lines.flat_map(python).collect()
    } else if language == Language::Javascript {
        lines.filter_map(javascript).collect()
    } else if language == Language::Ruby {
        lines.filter_map(ruby).collect()
    } else {
        Vec::new()
    };
    names.sort();
    names.dedup();
    let is_standard =
        |name: &String| super::telling::listed(STANDARD, name.trim_end_matches(".py"));
    names.sort_by_key(is_standard);
    let packages: Vec<String> = names.iter().filter_map(|name| package(name)).collect();
    names.extend(packages);
    names.truncate(MODULES_MAX);
    names
}

/// What a module is called that is a directory: `a/__init__.py`, `./a/index.js`.
fn package(name: &str) -> Option<String> {
    if let Some(name) = name.strip_suffix(".py") {
        return (!super::telling::listed(STANDARD, name)).then(|| [name, "/__init__.py"].concat());
    }
    let name = name.strip_suffix(".js")?;
    Some([name, "/index.js"].concat())
}

/// `import a, b.c as d`, `from .e import f`, `from . import g`, `import_module("h")`, `exec(open("i.py").read())`.
fn python(line: &str) -> Vec<String> {
    let file = |module: &str| {
        let module = module.trim_matches([' ', '\t', '(', ')']);
        let module = module.trim_start_matches('.');
        let module = module.split([' ', '\t', '#']).next().unwrap_or_default();
        let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
        (!module.is_empty() && module.chars().all(is_name))
            .then(|| [&module.replace('.', "/"), ".py"].concat())
    };
    let mut all = Vec::new();
    for statement in line.split(';').map(str::trim) {
        match statement.split_once([' ', '\t']) {
            Some(("import", rest)) => all.extend(rest.split(',').filter_map(file)),
            Some(("from", rest)) => {
                let (module, names) = rest.split_once(" import").unwrap_or((rest, ""));
                if module.trim_start_matches('.').trim().is_empty() {
                    all.extend(names.split(',').filter_map(file));
                }
                all.extend(file(module));
            }
            _ => {}
        }
    }
    for call in ["import_module", "__import__", "run_module"] {
        all.extend(quoted(line, call).and_then(file));
    }
    // What is only opened is not run.
    let opened = quoted(line, "open").filter(|_| line.contains("exec("));
    let paths = [quoted(line, "run_path"), opened];
    let paths = paths.into_iter().flatten();
    all.extend(
        paths
            .filter(|it| it.rsplit('.').next() == Some("py"))
            .map(str::to_owned),
    );
    all
}

/// The text that a call is given first.
fn quoted<'t>(line: &'t str, call: &str) -> Option<&'t str> {
    let (_, behind) = line.split_once(&[call, "("].concat())?;
    let quote = behind.get(..1).filter(|it| matches!(*it, "'" | "\""))?;
    behind.get(1..)?.split(quote).next()
}

/// `require('./a')`, `import … from "./b.mjs"`, `await import('../c.js')`.
fn javascript(line: &str) -> Option<String> {
    if !line.contains("require") && !line.contains("import") && !line.contains("from") {
        return None;
    }
    let at = ["'./", "\"./", "'../", "\"../", "`./"]
        .iter()
        .filter_map(|it| line.find(it))
        .min()?;
    let quote = line.get(at..=at)?;
    let name = line.get(at + 1..)?.split(quote).next()?;
    let last = name.rsplit('/').next().unwrap_or_default();
    let known = [".js", ".cjs", ".mjs", ".ts", ".mts", ".cts", ".jsx", ".tsx"];
    if known.iter().any(|it| last.ends_with(it)) {
        return Some(name.to_owned());
    }
    (!last.contains(".json")).then(|| [name, ".js"].concat())
}

/// `require_relative 'a'`.
fn ruby(line: &str) -> Option<String> {
    let behind = line
        .strip_prefix("require_relative")?
        .trim_start_matches(['(', ' ']);
    let quote = behind.get(..1).filter(|it| matches!(*it, "'" | "\""))?;
    let name = behind.get(1..)?.split(quote).next()?;
    Some([name.trim_end_matches(".rb"), ".rb"].concat())
}

/// A path beside a directory, without `.` and `..` in it.
fn resolved(directory: &str, name: &str) -> String {
    let mut parts: Vec<&str> = directory.split('/').collect();
    for part in name.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_are_files_beside_the_script() {
        let of = |language, text: &str| imported(language, text).join(" ");
        assert_eq!(
            of(
                Language::Python,
                "import os, helpers.files as f\nfrom .clean import wipe\n"
            ),
            "clean.py helpers/files.py os.py clean/__init__.py helpers/files/__init__.py"
        );
        assert_eq!(
            of(
                Language::Python,
                "import sys; import one\nfrom . import two\nimportlib.import_module('three')\nexec(open('four.py').read())\n"
            ),
            "four.py one.py three.py two.py sys.py four/__init__.py one/__init__.py three/__init__.py"
        );
        assert_eq!(
            of(
                Language::Javascript,
                "const a = require('./a');\nimport b from \"../b.mjs\";\nimport fs from 'fs';"
            ),
            "../b.mjs ./a.js ./a/index.js"
        );
        assert_eq!(
            of(Language::Ruby, "require 'json'\nrequire_relative 'lib/x'"),
            "lib/x.rb"
        );
        assert_eq!(resolved("/p/src", "../b.mjs"), "/p/b.mjs");
    }
}
