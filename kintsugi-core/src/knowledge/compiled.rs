//! Programs that the line writes, compiles and starts.

use super::analyst::{Analyst, Call};
use super::deferred::{only_builds, only_waits, takes_given, takes_records};
use super::feeds::Feeds;
use super::program::Task;
use super::schema::Language;
use crate::shell::Word;

/// Most files of source of one directory that are read.
const SOURCES_MAX: usize = 16;

/// Programs that make a program of the text they are given, which the same line may run.
pub(super) const COMPILERS: &[&str] = &[
    "gcc",
    "cc",
    "clang",
    "g++",
    "c++",
    "clang++",
    "tcc",
    "rustc",
    "go",
    "javac",
    "java",
    "kotlinc",
    "scalac",
    "swiftc",
    "ghc",
    "zig",
    "nim",
    "crystal",
    "csc",
    "mcs",
    "dmd",
    "ldc2",
    "gdc",
    "fpc",
    "ocamlfind",
    "ocamlopt",
    "vlang",
    "odin",
];

/// Whether a command makes a program of the text that it is given.
pub(super) fn compiles(task: &Task<'_, '_>) -> bool {
    COMPILERS.contains(&task.parsed.path.split(' ').next().unwrap_or_default())
}

/// Whether a file is source that is compiled and hands no text on to another file or a tool: what stands between quotes in it is only compared or
/// shown, when nothing in it starts a program.
pub(super) fn is_compiled_source(path: &str, text: &str) -> bool {
    const WRITES: [&str; 14] = [
        // A command that `go generate` runs.
        "go:generate",
        "WriteFile",
        "os.Create",
        "OpenFile",
        "fs::write",
        "File::create",
        "OpenOptions",
        "Files.write",
        "FileWriter",
        "PrintWriter",
        "OutputStream",
        "writeText",
        "File.Write",
        "StreamWriter",
    ];
    let kind = path.rsplit_once('.').map_or("", |(_, kind)| kind);
    matches!(kind, "rs" | "go" | "java" | "kt" | "cs" | "swift")
        && !WRITES.iter().any(|it| text.contains(it))
}

impl Analyst<'_> {
    /// The text of a program that the line writes and compiles: searched for calls, as a script would be.
    pub(super) fn read_compiled(&mut self, task: &Task<'_, '_>) -> Feeds {
        let mut feeds = Feeds::NONE;
        // `tcc -run -`, `gcc -x c -`.
        let is_input = |word: &Word| matches!(word.known().as_deref(), Some("-" | "/dev/stdin"));
        if task.call.words.iter().any(is_input)
            && let Some(text) = super::spoken::fed(&task.call)
        {
            feeds = self.text(&task.call, Language::Other, &text, &[]);
        }
        let first = self.analysis.effects.len();
        let own = self.files.iter().filter(|(_, written)| !written.before);
        let texts = own.map(|(path, written)| Some((path.as_str(), written.text.as_deref()?)));
        let is_deferred = only_builds(task.call.words)
            && texts
                .collect::<Option<Vec<_>>>()
                .is_some_and(|own| only_waits(&own));
        for word in task.call.words.iter().skip(1).take(SOURCES_MAX) {
            if word.known().is_none_or(|text| text.starts_with('-')) {
                continue;
            }
            for judged in self.judge(word, &task.call.directories, task.call.scope) {
                for text in self.sources_at(&judged.path) {
                    feeds = feeds.union(self.text(&task.call, Language::Other, &text, &[]));
                    self.started_by_source(task, word, &text);
                }
            }
        }
        // An object is no program yet: what its functions are given, others name.
        let is_object = |word: &Word| {
            let known = word.known();
            known.is_some_and(|it| matches!(&*it, "-c" | "-S" | "-E" | "-fsyntax-only"))
        };
        if task.call.words.iter().any(is_object) {
            self.leave_out(first, takes_given);
        }
        if is_deferred {
            self.leave_out(first, takes_records);
        }
        feeds
    }

    /// The texts that the line wrote to a file, or to the files of Go in a directory: `go run .`.
    fn sources_at(&self, path: &str) -> Vec<Word> {
        let path = path.trim_end_matches('/');
        let is_meant = |file: &str| {
            file == path
                || file.strip_prefix(path).is_some_and(|rest| {
                    rest.strip_prefix('/')
                        .filter(|name| !name.contains('/'))
                        .and_then(|name| name.strip_suffix(".go"))
                        .is_some()
                })
        };
        let files = self.files.iter();
        let meant = files.filter(|(file, written)| !written.before && is_meant(file));
        let texts = meant.filter_map(|(_, written)| written.text.as_ref());
        let span = crate::effect::Span::default();
        texts
            .take(SOURCES_MAX)
            .map(|text| Word::text(&**text, span))
            .collect()
    }

    /// `java X.java rm -rf d`: a program that starts what it is given starts the words behind it.
    fn started_by_source(&mut self, task: &Task<'_, '_>, source: &Word, text: &Word) {
        let starts = |text: &str| text.contains("ProcessBuilder(") || text.contains(".exec(");
        if task.parsed.path != "java" || !text.known().is_some_and(|text| starts(&text)) {
            return;
        }
        let mut words = task.call.words.iter();
        words.find(|word| *word == source);
        let given: Vec<Word> = words.cloned().collect();
        if !given.is_empty() {
            let mut inner = task.call.clone();
            inner.ambient.depth += 1;
            self.call(&Call {
                words: &given,
                ..inner
            });
        }
    }
}
