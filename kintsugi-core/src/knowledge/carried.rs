//! Code that a line carries to a program in a way that no entry names: in a file that it writes and some program then looks for, in a
//! process substitution, on the standard input, in an option.
//!
//! Nobody knows every way in which a tool can be told to run something; but whoever hides `rm -rf ~` in a settings file must still
//! write it. So a text that goes to a program which does more than look at text is searched, in whatever language, for commands and
//! calls that would destroy or give away something outside of the project. Only these count: a text in which nothing of the kind
//! stands says nothing.

use super::UnknownKind;
use super::analyst::{Analyst, Call, has_hole};
use super::compiled::is_compiled_source;
use super::deferred::{
    asks_server, at_load, has_stand_ins, only_builds, only_waits, takes_records, takes_when_called,
};
use super::documents::leaves_page;
use super::for_tests::{asks_own, is_of_tests, is_test_runner, only_holds, without_data};
use super::git_around::lists_references;
use super::given_to_tests::{as_given, as_imported, has_files_in_memory};
use super::migrations::without_way_back;
use super::only_checks::{names_guard, names_reader, only_checks_source, only_renders};
use super::own_texts::{Kind, OwnText, OwnTexts};
use super::program::Task;
use super::schema::Language;
use super::telling::{
    CANDIDATE_BYTES_MAX, TEXTS_MAX, candidates, flat, is_telling, listed, lost_paths, quoted,
    spoken_words, without_nothing,
};
use crate::effect::{Action, Effect, Feed, Modifier, Modifiers, Role, Target};
use crate::place::Place;
use crate::shell::{Hole, Input, Word};

/// Longest text that is searched, in bytes.
const TEXT_BYTES_MAX: usize = 32 * 1024;

/// Most files of a line that are looked at for whether a command only reads.
const OWN_MAX: usize = 32;

/// Marks in a text by which reading it calls something.
const OBJECTS: [&str; 4] = [
    "!!python/object/",
    "!!python/name",
    "!ruby/object:Gem::",
    "!!javax.script",
];

/// Bytes of a text that are searched for one unit of work.
const SEARCHED_BYTES: usize = 8;

/// Programs for which what they read, and what stands in their words, is text and nothing else.
const HANDLERS: &str = " cat tac head tail less more most bat wc sort uniq cut tr nl fold fmt column paste join comm diff colordiff \
    cmp sdiff diff3 patch grep egrep fgrep zgrep rg ag ack ls exa eza lsd stat file tree du df md5sum sha1sum sha256sum sha512sum \
    b3sum cksum sum base64 base32 xxd od hexdump strings jq yq gron xmllint xmlstarlet xq dasel miller mlr echo printf print touch \
    mkdir rmdir cp mv rm ln chmod chown chgrp install tee dd true false : test [ [[ cd pushd popd pwd export local declare typeset \
    readonly set unset read shift type command alias unalias history git gh glab hub svn hg jj tar zip gzip xz zstd bzip2 7z unzip \
    curl wget http scp rsync nano vi code man info tldr shellcheck shfmt hadolint yamllint actionlint markdownlint kintsugi logger \
    notify-send sleep date seq wait figlet cowsay toilet say espeak pbcopy xclip xsel wl-copy basename dirname realpath readlink \
    which whereis id whoami uname hostname env printenv expr bc let return exit break continue eval exec source . trap sudo doas \
    timeout nice nohup time xargs find parallel watch ssh docker podman buildah nerdctl kubectl helm psql mysql sqlite3 mongosh \
    redis-cli sh bash zsh dash ksh fish awk gawk mawk sed perl python python3 ruby node php mail mutt crontab at batch docker-compose \
    typos codespell aspell black gofmt rustfmt clang-format isort fc apply_patch applypatch compgen complete bind jobs kill pkill killall string math count contains ";

/// Programs that show, parse or check a text in whatever language it is, and run nothing of it (glow 2.0, pandoc 3.5, `tree-sitter` 0.24,
/// ast-grep 0.30, semgrep 1.97, gitleaks 8.21, yara 4.5). What starts them by its name from a registry hands on the same text.
const READERS: &str = " glow mdcat pandoc vale markdownlint markdownlint-cli markdownlint-cli2 mdformat remark textlint cspell alex lychee \
    markdown-link-check tree-sitter ast-grep sg semgrep gitleaks trufflehog detect-secrets aspell hunspell proselint prettier \
    mdl mdbook-linkcheck yara yarac clamscan kubeconform kubeval kube-score kube-linter ";

impl Analyst<'_> {
    /// Whether a command only reads the texts that it is given or told of, and the line wrote nothing that it could take for its settings.
    pub(super) fn only_reads_text(&self, words: &[Word]) -> bool {
        let is_document = |path: &str| {
            let last = path.rsplit('/').next().unwrap_or_default();
            let (name, kind) = last.rsplit_once('.').unwrap_or((last, ""));
            let is_sample = ["/tmp/", "/fixtures/", "/testdata/"]
                .iter()
                .any(|it| path.contains(it));
            (listed(DOCUMENTS, kind) || is_sample && listed(RECORDS, kind))
                && !name.is_empty()
                && !name.contains("config")
                && !name.ends_with("rc")
        };
        let is_settled = |(path, written): (&String, &super::analyst::Written)| {
            written.before || written.text.is_none() || is_document(path)
        };
        let brings = words
            .iter()
            .flat_map(Word::holes)
            .any(|hole| matches!(hole, Hole::Process { .. }));
        if brings || self.files.len() > OWN_MAX {
            return false;
        }
        let own = self.files.iter().filter(|it| !is_settled(*it));
        let own: Vec<&str> = own.map(|(path, _)| path.as_str()).collect();
        names_reader(words) && own.is_empty()
            || names_guard(words) && own.iter().all(|path| is_of_tests(path))
            || only_renders(words, &own)
            || only_checks_source(words, &own)
    }
}

/// Kinds of files that are read by people.
const DOCUMENTS: &str = " md markdown mdx txt rst adoc html sh bash csv log patch diff ";

/// Kinds of files that hold records, and settings as often: which of them a sample is its directory says.
const RECORDS: &str = " yaml yml json jsonl toml xml ";

impl Analyst<'_> {
    /// Searches what the line carries to a program that is described.
    pub(super) fn search_carried(&mut self, task: &Task<'_, '_>) {
        let parsed = &task.parsed;
        let program = parsed.path.split(' ').next().unwrap_or_default();
        if parsed.is_help || !parsed.wrapped.is_empty() || self.only_reads_text(task.call.words) {
            return;
        }
        self.said_to_code(task);
        if is_handler(program) {
            // What an interpreter imports, and a runner of tests finds, stands in files that no word names.
            if matches!(
                program,
                "python" | "python3" | "node" | "ruby" | "perl" | "php" | "mongosh"
            ) {
                self.carried_to(&task.call, false, false);
            }
            return;
        }
        // What is read as any language is searched as well.
        let is_read = |language: &Language| {
            !matches!(
                language,
                Language::Other | Language::Ex | Language::Lisp | Language::Lua | Language::Tcl
            )
        };
        let is_told = parsed.code.iter().any(|(language, _)| is_read(language))
            || parsed.runs.iter().any(|(language, _)| is_read(language));
        let input = parsed.chain.first().and_then(|entry| entry.input);
        let reads_code = input.is_some_and(|language| is_read(&language));
        self.carried_to(&task.call, !is_told, !reads_code && !is_told);
    }

    /// Text that program text runs without saying what it is: what it is fed, the name of a "file" that ends in a pipe (perlfunc(1) 5.38,
    /// "open" with two arguments, which `<>` uses), a module in an address.
    fn said_to_code(&mut self, task: &Task<'_, '_>) {
        let call = &task.call;
        let is_listed = call.ambient.modifiers.contains(Modifier::Indirect);
        let is_pushed = task.parsed.path == "git push" && call.words.iter().any(has_hole);
        if is_pushed && (is_listed || lists_references(call)) {
            let target = Target::named("whatever a list names");
            self.push(call, Action::Publish, Role::History, target)
                .with(
                    Modifiers::NONE
                        .with(Modifier::Unresolved)
                        .with(Modifier::Indirect),
                )
                .by("git push");
        }
        // A text from which objects are made that call what it names (PyYAML 6, "Python-specific tags"; Psych 5).
        let makes_objects = |text: &str| OBJECTS.iter().any(|tag| text.contains(tag));
        let is_fed = match (&call.fed.text, call.input) {
            (Some(text), _) => makes_objects(text),
            (None, Input::Text(word)) => makes_objects(&word.display()),
            (None, _) => false,
        };
        let is_written = || {
            let mut files = self.files.values().filter(|written| !written.before);
            files.any(|written| written.text.as_deref().is_some_and(makes_objects))
        };
        let runs = !task.parsed.code.is_empty() || !task.parsed.runs.is_empty();
        if runs && (is_fed || is_written()) {
            let what = "objects made of a text".to_owned();
            self.unknown(UnknownKind::Command, what, call.span);
        }
        for (language, word) in &task.parsed.code {
            let text = flat(word);
            if text.len() > TEXT_BYTES_MAX {
                continue;
            }
            if runs_its_input(&text) {
                if let Some(fed) = call.fed.text.clone() {
                    self.text(call, *language, &Word::text(&*fed, call.span), &[]);
                } else {
                    let what = "what it is fed".to_owned();
                    self.unknown(UnknownKind::Command, what, word.span);
                }
            }
            if *language == Language::Javascript {
                for module in super::data_address::modules(&text) {
                    self.text(call, *language, &Word::text(module, call.span), &[]);
                }
            }
        }
        if task.parsed.path != "perl" || task.parsed.code.is_empty() {
            return;
        }
        for word in call.words.iter().skip(1) {
            let Some(name) = word
                .known()
                .filter(|name| name.len() <= CANDIDATE_BYTES_MAX)
            else {
                continue;
            };
            let is_code = task.parsed.code.iter().any(|(_, code)| code == word);
            let command = name.strip_suffix('|').or_else(|| name.strip_prefix('|'));
            if let Some(command) = command.filter(|_| !is_code) {
                self.text(call, Language::Shell, &Word::text(command, word.span), &[]);
            }
        }
    }

    /// Searches what the line carries to any program: its words, its input, and files.
    pub(super) fn carried_to(&mut self, call: &Call<'_>, words: bool, input: bool) {
        let plain = Kind::of("");
        let mut texts: Vec<(Kind, String)> = Vec::new();
        if words {
            let kept = without_data(call.words);
            let all = spoken_words(kept.as_deref().unwrap_or(call.words));
            texts.extend(all.into_iter().map(|it| (plain, it)));
        }
        let fed = match (&call.fed.text, call.input) {
            (Some(text), _) => Some(text.to_string()),
            (None, Input::Text(word)) => Some(word.display()),
            (None, Input::Inherited | Input::File(_) | Input::Pipe { .. }) => None,
        };
        texts.extend(fed.filter(|_| input).map(|it| (plain, it)));
        for hole in call.words.iter().flat_map(Word::holes) {
            if let Hole::Process { first, .. } = hole {
                let mut printed = call.scope.script.printed.iter();
                let text = printed.find(|(id, _)| id == first);
                texts.extend(text.map(|(_, text)| (plain, text.display())));
            }
        }
        texts.truncate(TEXTS_MAX);
        let own = self.own_texts(call, TEXTS_MAX - texts.len());
        for (kind, text) in texts {
            self.search_in(call, kind, &text, true);
        }
        for file in own.plain {
            self.search_file(call, &file, true);
        }
        for file in own.held {
            let before = self.analysis.effects.len();
            self.search_file(call, &file, false);
            let OwnText { kind, text, .. } = file;
            if kind.is_source && kind.language == Language::Other && !asks_server(&text) {
                self.leave_out(before, takes_records);
            }
        }
        for file in own.deferred {
            let before = self.analysis.effects.len();
            self.search_file(call, &file, true);
            self.leave_out(before, takes_when_called);
        }
    }

    fn search_file(&mut self, call: &Call<'_>, file: &OwnText, quoted: bool) {
        self.searching.push(file.path.clone());
        self.search_in(call, file.kind, &file.text, quoted);
        self.searching.pop();
    }

    /// The texts of files that the line wrote and nothing has searched yet, as the command would take them; at most `most`.
    fn own_texts(&mut self, call: &Call<'_>, most: usize) -> OwnTexts {
        let mut found = OwnTexts::default();
        let own = self.files.iter().filter(|(_, written)| !written.before);
        let own: Vec<(&str, &str)> = own
            .filter_map(|(path, written)| Some((path.as_str(), written.text.as_deref()?)))
            .collect();
        let runs_tests = is_test_runner(call.words);
        let is_tester = runs_tests && own.iter().all(|(_, text)| only_holds(text));
        let is_asking = asks_own(call.words, &own);
        let is_only_data = own.iter().all(|(_, text)| only_holds(text));
        // What another file of the line says may start what is left out of this one, or give a test something else.
        let is_alone = own.len() == 1;
        let is_build = (runs_tests || only_builds(call.words)) && only_waits(&own);
        for (path, written) in &mut self.files {
            let is_known = written.before || written.searched || self.searching.contains(path);
            let Some(text) = written.text.as_ref().filter(|_| !is_known) else {
                continue;
            };
            let is_left = is_for_container(path) || leaves_page(call.words, path, text);
            if found.plain.len() + found.held.len() >= most || is_left {
                continue;
            }
            let is_held = is_asking
                || is_tester && is_of_tests(path)
                || is_only_data && is_compiled_source(path, text);
            let units = u32::try_from(text.len() / SEARCHED_BYTES).unwrap_or(u32::MAX);
            let mut only = None;
            let imported = is_tester.then(|| as_imported(path, text)).flatten();
            if is_alone && text.len() <= TEXT_BYTES_MAX && self.budget.spend(units / 4) {
                only = without_way_back(path, text, call.words);
                if runs_tests && is_of_tests(path) {
                    if has_files_in_memory(path, text) {
                        continue;
                    }
                    only = only.or_else(|| as_given(path, text));
                }
            }
            if only.is_none() && is_build {
                if let Some(load) = at_load(path, text).filter(|_| !is_of_tests(path)) {
                    let all = imported.clone().unwrap_or_else(|| text.to_string());
                    found.deferred.push(OwnText::new(path, all));
                    only = Some(load);
                } else if has_stand_ins(path, text) {
                    found.deferred.push(OwnText::new(path, text.to_string()));
                    only = Some(String::new());
                }
            }
            let only = only.or(imported);
            // Another program than a runner of tests, or than one that goes forward, may take it for something else.
            written.searched = !is_held && only.is_none();
            let all = if is_held {
                &mut found.held
            } else {
                &mut found.plain
            };
            let mut own = OwnText::new(path, only.unwrap_or_else(|| text.to_string()));
            own.kind.has_run = written.ran == Some(own.kind.language);
            all.push(own);
        }
        found
    }

    /// Looks at what `text`, of a file of that name, would do, and keeps what would be regretted.
    pub(super) fn search(&mut self, call: &Call<'_>, path: &str, text: &str) {
        self.search_in(call, Kind::of(path), text, true);
    }

    /// The same; what stands in quotes counts as a command only where something may run it.
    fn search_in(&mut self, call: &Call<'_>, kind: Kind, text: &str, quoted: bool) {
        if text.len() > TEXT_BYTES_MAX || !kind.is_source && !is_telling(text) {
            return;
        }
        let units = u32::try_from(text.len() / SEARCHED_BYTES).unwrap_or(u32::MAX);
        if !self.budget.spend(units) {
            self.problem("more work than one command line may take", call.span);
            return;
        }
        let analysis = &self.analysis;
        let before = (analysis.effects.len(), analysis.unknowns.len());
        let others = (
            analysis.programs.len(),
            analysis.scripts.len(),
            analysis.hints.len(),
        );
        let problems = analysis.problems.len();
        let mut inner = call.clone();
        inner.ambient.depth += 1;
        inner.ambient.modifiers.insert(Modifier::Indirect);
        let is_read = kind.is_source || kind.language != Language::Other;
        if is_read && !kind.has_run && kind.language != Language::Shell {
            self.text(&inner, kind.language, &Word::text(text, call.span), &[]);
        }
        for candidate in candidates(text).into_iter().filter(|_| quoted) {
            self.text(
                &inner,
                Language::Shell,
                &Word::text(candidate, call.span),
                &[],
            );
        }
        self.lost_by_calls(call, kind, text);
        self.named_secrets(call, text);
        let found = self.analysis.effects.split_off(before.0);
        let first = before.0;
        self.analysis.repositories.retain(|(at, _)| *at < first);
        // Of a name or a word alone nobody says that it is program text.
        let is_kept = |effect: &Effect| {
            is_regrettable(effect)
                || kind.is_source && effect.role == Role::Remote && effect.action.takes_away()
        };
        for effect in without_nothing(found, text).into_iter().filter(is_kept) {
            let is_same = |other: &Effect| {
                other.action == effect.action
                    && other.role == effect.role
                    && other.target.text == effect.target.text
            };
            if !self.analysis.effects.iter().any(is_same) {
                self.analysis.effects.push(effect);
            }
        }
        self.analysis.unknowns.truncate(before.1);
        self.analysis.programs.truncate(others.0);
        self.analysis.scripts.truncate(others.1);
        self.analysis.hints.truncate(others.2);
        // What is over its budget stays so.
        self.analysis.problems.retain({
            let mut at = 0;
            move |problem| {
                at += 1;
                at <= problems || problem.what.starts_with("more work")
            }
        });
    }

    /// Paths that calls of a text take away.
    fn lost_by_calls(&mut self, call: &Call<'_>, kind: Kind, text: &str) {
        let in_home = if kind.is_source && kind.language == Language::Other {
            super::homeward::lost_in_home(text)
        } else {
            Vec::new()
        };
        for path in lost_paths(text).into_iter().chain(in_home) {
            for judged in self.judge(&Word::text(path, call.span), &call.directories, call.scope) {
                let doubts = Modifiers::NONE
                    .with(Modifier::Recursive)
                    .with(Modifier::Indirect);
                self.push_path(call, Action::Delete, &judged, "a call in a text")
                    .with(doubts);
            }
        }
    }

    /// Secrets that a text names in quotes, and which the program that reads it may bring in: `#include "/home/u/.netrc"`.
    fn named_secrets(&mut self, call: &Call<'_>, text: &str) {
        for line in text.lines().filter(|line| line.contains("include")) {
            for path in quoted(line).into_iter().take(TEXTS_MAX) {
                if !path.starts_with(['/', '~']) {
                    continue;
                }
                let word = Word::text(path, call.span);
                for judged in self.judge(&word, &call.directories, call.scope) {
                    self.push_path(call, Action::Read, &judged, "a text that includes it");
                }
            }
        }
    }
}

/// The texts in quotes of the words of a command that makes text with them, when a command stands among them:
/// `jq '.scripts.test="rm -rf x"'`.
pub(super) fn spoken(words: &[Word]) -> Option<String> {
    let mut found = Vec::new();
    for word in words.iter().skip(1) {
        let text = flat(word);
        if text.len() <= TEXT_BYTES_MAX && is_telling(&text) {
            let texts = quoted(&text).into_iter().filter(|text| is_telling(text));
            found.extend(texts.take(TEXTS_MAX));
        }
    }
    (!found.is_empty()).then(|| found.join("\n"))
}

/// Whether program text evaluates what it reads from its standard input.
fn runs_its_input(text: &str) -> bool {
    let at = [
        "eval",
        "exec(",
        "exec ",
        "system",
        "new Function",
        "vm.run",
        "instance_eval",
        "os.popen",
        "do {",
    ]
    .iter()
    .filter_map(|name| text.find(name))
    .min();
    at.and_then(|at| text.get(at..)).is_some_and(|behind| {
        [
            "<STDIN>",
            "STDIN.read",
            "$stdin.read",
            "sys.stdin",
            "readFileSync(0",
            "/dev/stdin",
            "php://stdin",
            "<>",
            "io.read(",
        ]
        .iter()
        .any(|input| behind.contains(input))
            && ["eval", "exec", "system", "Function", "run", "popen"]
                .iter()
                .any(|name| text.contains(name))
    })
}

/// Whether an effect reaches outside of the project and takes something away, or gives a secret away.
fn is_regrettable(effect: &Effect) -> bool {
    match effect.role {
        Role::Path => {
            let is_dear = matches!(
                effect.target.place,
                Some(
                    Place::Home
                        | Place::HomeRoot
                        | Place::Root
                        | Place::System
                        | Place::Secret
                        | Place::Dotfile
                        | Place::Startup
                        | Place::Guard
                        | Place::Kernel
                        | Place::Device
                        | Place::Vcs
                        | Place::ProjectRoot
                )
            );
            is_dear && effect.action.takes_away()
                || effect.target.place == Some(Place::Secret) && effect.action == Action::Read
        }
        Role::Remote | Role::Code => {
            effect.action == Action::Send && effect.feed == Feed::Secret
                || effect.action == Action::Rewrite
                || matches!(effect.action, Action::Interpret | Action::Execute)
                    && effect.feed >= Feed::Secret
        }
        Role::Device | Role::Database | Role::Table | Role::Resource | Role::Volume => {
            effect.action.takes_away()
        }
        Role::Package
        | Role::Service
        | Role::Process
        | Role::Account
        | Role::Secret
        | Role::Config
        | Role::History
        | Role::Image
        | Role::Branch => false,
    }
}

/// Whether a program shows, parses or checks texts and runs nothing of them.
pub(super) fn is_reader(program: &str) -> bool {
    listed(READERS, program)
}

pub(super) fn is_handler(program: &str) -> bool {
    listed(HANDLERS, program)
}

/// A recipe for a container: what it deletes, it deletes there.
fn is_for_container(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    name.contains("dockerfile") || name.contains("containerfile")
}

#[cfg(test)]
mod tests {
    use crate::knowledge::testing::effects;

    #[test]
    fn what_is_carried_to_a_program_counts_and_what_is_only_handled_does_not() {
        for text in [
            "echo 'require(\"child_process\").execSync(\"rm -rf ~/diary\")' > frob.config.js && npx frob .",
            "printf 'x:\\n\\trm -rf ~/diary\\n' > /tmp/f; frob -c /tmp/f",
            "frob --filter <(echo 'os.execute(\"rm -rf ~/diary\")')",
            "frob -e '(system* \"rm\" \"-rf\" \"/home/u/diary\")'",
            "frob -Dexec.executable=rm '-Dexec.args=-rf /home/u/diary'",
            "frob -x testenv.commands='rm -rf /home/u/diary'",
            "frob run - <<< 'int main(){unlink(\"/home/u/diary.db\");}'",
        ] {
            let found = effects(text).join("; ");
            assert!(
                found.contains("delete path /home/u/diary"),
                "{text}: {found}"
            );
        }
        for text in [
            "echo 'rm -rf ~/diary' > notes.md && git add notes.md",
            "echo 'rm -rf ~/diary' > notes.md && wc -l notes.md",
            "frob --message 'rm -rf ~/diary is bad'",
            "printf 'x:\\n\\trm -rf build\\n' > f; frob -c f",
            "frob 'please remove /home/u/diary'",
        ] {
            let found = effects(text).join("; ");
            assert!(
                !found.contains("delete path /home/u/diary"),
                "{text}: {found}"
            );
        }
    }
}
