//! What a command runs without naming it: the files that `make` and its like look for, and programs under another name.
//!
//! Only files whose text the line or facts show; what else such a program would run is its entry's to say.

use std::rc::Rc;

use super::analyst::{Analyst, Call};
use super::deferred::{only_builds_package, takes_given};
use super::feeds::Feeds;
use super::given_to_tests::as_given;
use super::program::Task;
use super::schema::Language;
use super::script::ScriptFile;
use super::{Resolved, UnknownKind};
use crate::place::Judgement;
use crate::shell::{Directory, Hole, Input, Piece, Word};

/// Most links of one line that are kept in mind.
const LINKS_MAX: usize = 64;

/// Most files of one line whose names are options that are kept in mind.
const DASHED_MAX: usize = 16;

/// Programs, the files they look for in their directory, and the language of these.
///
/// Makefiles and `package.json` are read by [`super::recipe`], because what of them runs depends on the words. pytest 8, `conftest.py`;
/// setuptools; rake 13; `SCons` 4; Bundler 2; Vagrant 2.
const FILES: &[(&[&str], &[&str], Language)] = &[
    (&["pytest"], &["conftest.py"], Language::Python),
    (
        &["pip", "pip3", "uv", "python", "python3"],
        &["setup.py"],
        Language::Python,
    ),
    (&["rake"], &["Rakefile", "rakefile"], Language::Ruby),
    (&["scons"], &["SConstruct"], Language::Python),
    (&["bundle"], &["Gemfile"], Language::Ruby),
    (&["vagrant"], &["Vagrantfile"], Language::Ruby),
    // What Cargo builds when nothing else is said (cargo(1), 1.83, "Package Layout").
    (
        &["cargo"],
        &["build.rs", "src/main.rs", "src/lib.rs"],
        Language::Other,
    ),
];

/// The directories among the words of an installer.
fn named_directories(task: &Task<'_, '_>, program: &str) -> Vec<String> {
    if !matches!(program, "pip" | "pip3" | "uv" | "pipx") {
        return Vec::new();
    }
    let words = task.call.words.iter().skip(1).map(Word::display);
    let paths = words.filter(|word| word.contains('/') && !word.starts_with('-'));
    paths.take(DIRECTORIES_MAX).collect()
}

/// Most directories of one command of an installer that are looked into.
const DIRECTORIES_MAX: usize = 8;

impl Analyst<'_> {
    /// Files that the program looks for by itself, where the line wrote them.
    pub(super) fn run_implicit(&mut self, task: &Task<'_, '_>) -> Feeds {
        let mut feeds = self.run_renamed(task).union(self.run_spoken(task));
        let program = task.parsed.path.split(' ').next().unwrap_or_default();
        if super::compiled::COMPILERS.contains(&program) {
            feeds = feeds.union(self.read_compiled(task));
        }
        if program == "zargs" {
            feeds = feeds.union(self.run_zargs(task));
        }
        if program.starts_with("python") {
            feeds = feeds.union(self.run_modules(task));
        }
        if self.files.is_empty() {
            return feeds;
        }
        if program == "cargo" {
            for file in self.named_by_manifest() {
                feeds = feeds.union(self.run_written(task, &file, Language::Other));
            }
        }
        for (programs, files, language) in FILES {
            if !programs.contains(&program) {
                continue;
            }
            for file in *files {
                let before = self.analysis.effects.len();
                feeds = feeds.union(self.run_written(task, file, *language));
                // What a function of a library takes away that is given to it, its callers name.
                if *file != "build.rs" && only_builds_package(task.call.words) {
                    self.leave_out(before, takes_given);
                }
                // `pip wheel ./x`: the directory that is named.
                for directory in named_directories(task, program) {
                    let file = format!("{}/{file}", directory.trim_end_matches('/'));
                    feeds = feeds.union(self.run_written(task, &file, *language));
                }
            }
        }
        feeds
    }

    /// Sources that a manifest of the line names: `build = "b.rs"` (The Cargo Book, "The Manifest Format").
    fn named_by_manifest(&self) -> Vec<String> {
        let manifests = self
            .files
            .iter()
            .filter(|(path, written)| path.ends_with("/Cargo.toml") && !written.before);
        let texts = manifests.filter_map(|(_, written)| written.text.as_deref());
        let quoted = texts.flat_map(|text| text.split(['"', '\'']));
        let sources = quoted.filter(|name| name.rsplit('.').next() == Some("rs"));
        sources.take(DIRECTORIES_MAX).map(str::to_owned).collect()
    }

    /// What a file does that the line wrote.
    fn run_written(&mut self, task: &Task<'_, '_>, file: &str, language: Language) -> Feeds {
        let mut feeds = Feeds::NONE;
        let word = Word::text(file, task.call.span);
        for judged in self.judge(&word, &task.call.directories, task.call.scope) {
            let written = self.written(&judged.path).filter(|it| !it.before);
            if let Some(text) = written.and_then(|it| it.text) {
                // A fixture is given what a test is.
                let is_fixture = file.rsplit('/').next() == Some("conftest.py");
                let given = is_fixture.then(|| as_given(file, &text)).flatten();
                let text = Word::text(given.as_deref().unwrap_or(&text), task.call.span);
                feeds = feeds.union(self.text(&task.call, language, &text, &[]));
            }
        }
        feeds
    }

    /// `zargs -- ~/docs/* -- rm -rf` (zshcontrib(1) 5.9).
    fn run_zargs(&mut self, task: &Task<'_, '_>) -> Feeds {
        let is_dashes = |word: &Word| word.known().as_deref() == Some("--");
        let words = task.call.words.get(1..).unwrap_or_default();
        let parts: Vec<&[Word]> = words.split(is_dashes).collect();
        let [.., given, command] = parts.as_slice() else {
            return Feeds::NONE;
        };
        if command.is_empty() {
            return Feeds::NONE;
        }
        let words: Vec<Word> = command.iter().chain(*given).cloned().collect();
        let mut inner = task.call.clone();
        inner.ambient.depth += 1;
        self.call(&Call {
            words: &words,
            ..inner
        });
        Feeds::NONE
    }

    /// `python -m a.b` runs `a/b.py`, or `a/b/__main__.py`; `python -c 'import a'` loads `a.py` (python(1), 3.13, "-m", "-c").
    fn run_modules(&mut self, task: &Task<'_, '_>) -> Feeds {
        let call = &task.call;
        let words: Vec<String> = call.words.iter().skip(1).map(Word::display).collect();
        let behind = |flag: &str| {
            let at = words.iter().position(|word| word == flag)?;
            words.get(at + 1)
        };
        if let Some(module) = behind("-m") {
            let path = module.replace('.', "/");
            // What has a path of its own is a module of Python or of a package that is known.
            let is_known = task.parsed.path.split(' ').count() > 2;
            let files = [".py", "/__main__.py", "/__init__.py"];
            return files.iter().fold(Feeds::NONE, |feeds, end| {
                let file = [&path, *end].concat();
                let written = self.run_written(task, &file, Language::Python);
                if !is_known {
                    self.run_there(call, &file);
                }
                feeds.union(written)
            });
        }
        let here = Word::text("-c", call.span);
        let judged = self.judge(&here, &call.directories, call.scope);
        if let (Some(text), [judged]) = (behind("-c"), judged.as_slice()) {
            let program = ScriptFile::whole(&judged.path, Language::Python, text);
            self.modules_there(call, Language::Python, program);
        }
        Feeds::NONE
    }

    /// What a module does that stood there before, where facts have its text; where not, notes that it would matter.
    fn run_there(&mut self, call: &Call<'_>, file: &str) {
        let word = Word::text(file, call.span);
        for judged in self.judge(&word, &call.directories, call.scope) {
            match self.written(&judged.path) {
                None => self.want_script(&judged),
                Some(written) => {
                    let text = written.text.filter(|_| written.before);
                    if let Some(text) = text {
                        let module = ScriptFile::whole(&judged.path, Language::Python, &text);
                        self.script_file(call, module, &[]);
                    }
                }
            }
        }
    }

    /// Options that stand in a file: `curl -K f`, `ssh -F f`. One that nobody read is unknown.
    ///
    /// curl(1), 8.5, "--config": a long option a line. `ssh_config(5)`, OpenSSH 9.2.
    pub(super) fn run_option_file(&mut self, task: &Task<'_, '_>) {
        let program = task.parsed.path.split(' ').next().unwrap_or_default();
        let flags: &[&str] = match program {
            "curl" => &["-K", "--config"],
            "ssh" | "scp" | "sftp" => &["-F"],
            _ => return,
        };
        let words = task.call.words;
        for pair in words.windows(2) {
            let [flag, file] = pair else { continue };
            let is_named = flag.known().is_some_and(|flag| {
                let is_cluster = program == "curl"
                    && flag.starts_with('-')
                    && !flag.starts_with("--")
                    && flag.ends_with('K');
                is_cluster || flags.contains(&&*flag)
            });
            if !is_named {
                continue;
            }
            let mut texts = Self::shown_options(task, file);
            for judged in self.judge(file, &task.call.directories, task.call.scope) {
                match self.written(&judged.path).and_then(|it| it.text) {
                    Some(text) => texts.push(text),
                    None if texts.is_empty() && judged.path.starts_with('/') => {
                        self.want_script(&judged);
                        self.unknown(UnknownKind::LocalProgram, judged.path, file.span);
                    }
                    None => {}
                }
            }
            for text in texts {
                let options = options(&text, program == "curl", task.call.span);
                let rest = words
                    .iter()
                    .skip(1)
                    .filter(|word| *word != flag && *word != file);
                let words: Vec<Word> = words
                    .first()
                    .into_iter()
                    .chain(&options)
                    .chain(rest)
                    .cloned()
                    .collect();
                let mut inner = task.call.clone();
                inner.ambient.depth += 1;
                self.call(&Call {
                    words: &words,
                    ..inner
                });
            }
        }
    }

    /// The text of options that come from the standard input or a substitution.
    pub(super) fn shown_options(task: &Task<'_, '_>, file: &Word) -> Vec<Rc<str>> {
        let call = &task.call;
        let process = file.holes().find_map(|hole| match hole {
            Hole::Process { first, .. } => Some(*first),
            Hole::Variable(_) | Hole::Output { .. } | Hole::Other(_) => None,
        });
        let text = match (process, call.input) {
            (Some(first), _) => {
                let mut printed = call.scope.script.printed.iter();
                printed
                    .find(|(id, _)| *id == first)
                    .and_then(|(_, text)| text.known())
            }
            // A part that is not known stands for itself: the options around it are told.
            (None, Input::Text(text)) if file.known().as_deref() == Some("-") => {
                Some(text.known().unwrap_or_else(|| text.display().into()))
            }
            (None, _) => None,
        };
        text.map(|text| Rc::from(&*text)).into_iter().collect()
    }

    /// Links that `ln` makes: what is done with them is done with what they lead to.
    pub(super) fn remember_links(&mut self, task: &Task<'_, '_>) {
        if task.parsed.path != "ln" || self.links.len() >= LINKS_MAX {
            return;
        }
        let call = &task.call;
        let words: Vec<&Word> = call
            .words
            .iter()
            .skip(1)
            .filter(|word| word.known().is_none_or(|text| !text.starts_with('-')))
            .collect();
        let here = Word::text(".", call.span);
        let (targets, place) = match words.as_slice() {
            [] => return,
            [one] => (vec![*one], &here),
            [targets @ .., place] => (targets.to_vec(), *place),
        };
        for target in targets {
            let below = target.display();
            let below = below.rsplit('/').next().unwrap_or_default();
            for judged in self.judge(place, &call.directories, call.scope) {
                let inside = format!("{}/{below}", judged.path);
                for path in [judged.path, inside] {
                    if !target.display().is_empty() && path != "/" {
                        self.links.insert(path, target.clone());
                    }
                }
            }
        }
    }

    /// What links of the line below `roots` lead to, for a search that follows them (find(1), "-L").
    pub(super) fn through_links(
        &self,
        task: &Task<'_, '_>,
        roots: &[crate::place::Judgement],
    ) -> Vec<crate::place::Judgement> {
        let follows = |word: &Word| matches!(word.known().as_deref(), Some("-L" | "-follow"));
        if self.links.is_empty()
            || task.parsed.path != "find"
            || !task.call.words.iter().any(follows)
        {
            return Vec::new();
        }
        let below = |link: &str| {
            roots.iter().any(|root| {
                let root = root.path.split("/**").next().unwrap_or_default();
                link.strip_prefix(root)
                    .is_some_and(|rest| rest.starts_with('/'))
            })
        };
        let links = self.links.iter().filter(|(link, _)| below(link));
        links
            .take(LINKS_MAX)
            .flat_map(|(_, to)| self.judge(to, &task.call.directories, task.call.scope))
            .collect()
    }

    /// The path of a file that the line put where programs are looked for, or where it says that they are: `PATH=$PWD/bin:$PATH`.
    pub(super) fn put_on_path(&self, call: &Call<'_>, name: &str) -> Option<String> {
        if self.files.is_empty() && self.copies.is_empty() || name.contains('/') {
            return None;
        }
        let home = self.surroundings.home.as_deref().unwrap_or_default();
        let places = [
            "/usr/local/bin".to_owned(),
            "/usr/local/sbin".to_owned(),
            "/usr/bin".to_owned(),
            "/usr/sbin".to_owned(),
            "/bin".to_owned(),
            "/sbin".to_owned(),
            format!("{home}/bin"),
            format!("{home}/.local/bin"),
            format!("{home}/.cargo/bin"),
        ];
        let said = call.variable("PATH").map(Word::display);
        let said = said.unwrap_or_default();
        let said = said.split(':').filter(|place| !place.starts_with('$'));
        let said = said.flat_map(|place| {
            let place = Word::text(place, call.span);
            self.judge(&place, &call.directories, call.scope)
        });
        let mut paths = said
            .map(|judged| judged.path)
            .chain(places)
            .map(|place| format!("{place}/{name}"));
        paths.find(|path| self.files.contains_key(path) || self.copies.contains_key(path))
    }

    /// `GIT_DIR=x git …`: another repository than the one of the directory, so what is known of that one does not count.
    pub(super) fn elsewhere_by_variables(&self, task: &mut Task<'_, '_>) {
        if task.parsed.path.split(' ').next() != Some("git") {
            return;
        }
        let all: Vec<(&str, Word)> = ["GIT_DIR", "GIT_WORK_TREE"]
            .into_iter()
            .filter_map(|name| Some((name, task.call.variable(name)?.clone())))
            .collect();
        if all.is_empty() {
            return;
        }
        let tree = all.iter().find(|(name, _)| *name == "GIT_WORK_TREE");
        let reached = tree.map(|(_, value)| {
            let judged = self.judge(value, &task.call.directories, task.call.scope);
            judged.into_iter().map(|it| {
                if it.modifiers.contains(crate::effect::Modifier::Unresolved) {
                    Directory::Unknown
                } else {
                    Directory::Known(it.path)
                }
            })
        });
        let mut directories = vec![Directory::Unknown];
        directories.extend(reached.into_iter().flatten());
        task.call.directories = directories.into();
    }

    /// The words behind `-Command`, which are one text, and what `-EncodedCommand` says (`about_pwsh`, PowerShell 7.4).
    fn powershell(&mut self, task: &Task<'_, '_>) -> Feeds {
        let call = &task.call;
        for (at, flag) in call.words.iter().enumerate().skip(1) {
            let flag = flag.display().to_ascii_lowercase();
            let name = flag.trim_start_matches(['-', '/']);
            let rest = call.words.get(at + 1..).unwrap_or_default();
            if name == flag {
                // The first word without a dash begins the text of Windows PowerShell, and names a file otherwise.
                return Feeds::NONE;
            }
            if name == "c" || name.len() > 1 && "command".starts_with(name) {
                return if rest.len() > 1 {
                    self.shell_words(call, rest)
                } else {
                    Feeds::NONE
                };
            }
            if name == "ec" || name.starts_with('e') && "encodedcommand".starts_with(name) {
                let text = rest
                    .first()
                    .and_then(Word::known)
                    .and_then(|it| encoded(&it));
                return match text {
                    Some(text) => self.shell_words(call, &[Word::text(text, call.span)]),
                    None => Feeds::NONE,
                };
            }
        }
        Feeds::NONE
    }

    /// What a program reads or starts that its words name in a way of its own: `capsh -- -c 'ls'`, `python -m awscli`,
    /// lines for a server that `nc` sends to its port.
    pub(super) fn run_renamed(&mut self, task: &Task<'_, '_>) -> Feeds {
        let call = &task.call;
        let text = |at: usize| call.words.get(at).and_then(Word::known);
        let behind = |at: usize| call.words.get(at..).unwrap_or_default().to_vec();
        let program = task.parsed.path.split(' ').next().unwrap_or_default();
        if program.starts_with("pwsh") || program.starts_with("powershell") {
            return self.powershell(task);
        }
        if !matches!(
            program,
            "capsh" | "python" | "python3" | "nc" | "telnet" | "socat"
        ) {
            return Feeds::NONE;
        }
        let mut words = Vec::new();
        for at in 1..call.words.len() {
            let name = match (program, text(at).as_deref()) {
                ("capsh", Some("--" | "==" | "-+" | "=+")) => Some("bash"),
                ("python" | "python3", Some("-m")) => match text(at + 1).as_deref() {
                    Some("awscli") => Some("aws"),
                    Some("azure.cli") => Some("az"),
                    Some("gslib" | "gsutil") => Some("gsutil"),
                    Some("ansible" | "ansible.cli.adhoc") => Some("ansible"),
                    Some(_) | None => None,
                },
                ("nc" | "telnet" | "socat", Some("6379" | "TCP:localhost:6379")) => {
                    if let Input::Text(line) = call.input {
                        return self.text(call, Language::Redis, line, &[]);
                    }
                    None
                }
                _ => None,
            };
            if let Some(name) = name {
                let skipped = at + 1 + usize::from(program.starts_with("python"));
                words.push(Word::text(name, call.span));
                words.extend(behind(skipped));
                break;
            }
        }
        if words.is_empty() {
            return Feeds::NONE;
        }
        self.inside(call, &words)
    }

    /// Looks at what a command runs, one deeper than the command itself; returns what it prints.
    pub(super) fn inside(&mut self, call: &Call<'_>, words: &[Word]) -> Feeds {
        let mut inner = call.clone();
        inner.ambient.depth += 1;
        self.call(&Call { words, ..inner }).feeds
    }

    /// Where the bytes of a package come from that is given as a file: `wget URL/x.deb && dpkg -i x.deb`.
    pub(super) fn feeds_of_package(&self, task: &Task<'_, '_>, word: &Word) -> Feeds {
        let text = word.display();
        if self.files.is_empty() || !text.contains(['.', '/']) || text.contains("://") {
            return Feeds::NONE;
        }
        let judged = self.judge(word, &task.call.directories, task.call.scope);
        let written = judged.iter().filter_map(|it| self.written(&it.path));
        written.fold(Feeds::NONE, |sum, it| sum.union(it.feeds))
    }

    /// Keeps in mind a file whose name a program would take for an option.
    pub(super) fn note_option(&mut self, path: &str) {
        let is_option = path
            .rsplit('/')
            .next()
            .is_some_and(|name| name.starts_with('-'));
        if is_option && self.dashed.len() < DASHED_MAX {
            self.dashed.push(path.to_owned());
        }
    }

    /// A pattern stands for the names that the line made: `touch -- '--checkpoint-action=exec=sh x'; tar cf o.tar *`.
    pub(super) fn options_by_pattern(&mut self, call: &Call<'_>) {
        let is_bare = |word: &Word| matches!(word.pieces.first(), Some(Piece::Glob(_)));
        if self.dashed.is_empty() || !call.words.iter().any(is_bare) {
            return;
        }
        let below = |path: &String| {
            call.directories
                .iter()
                .find_map(|directory| match directory {
                    Directory::Known(directory) => path.strip_prefix(directory)?.strip_prefix('/'),
                    Directory::Unknown => None,
                })
                .filter(|name| !name.contains('/'))
                .map(|name| Word::text(name, call.span))
        };
        let names: Vec<Word> = self.dashed.iter().filter_map(below).collect();
        if names.is_empty() {
            return;
        }
        let words = call.words.iter().flat_map(|word| {
            if is_bare(word) {
                names.clone()
            } else {
                vec![word.clone()]
            }
        });
        self.inside(call, &words.collect::<Vec<_>>());
    }

    /// Notes which program a file is a copy of, or another name for: `cp /bin/rm x`.
    pub(super) fn remember_copy(&mut self, task: &Task<'_, '_>, judged: &Judgement) {
        let Some(program) = &task.copies else { return };
        self.copies.insert(judged.path.clone(), program.clone());
        for value in &task.parsed.values {
            let below = value.word.known();
            let below = below.as_deref().and_then(|name| name.rsplit('/').next());
            if let Some(name) = below.filter(|name| !name.is_empty()) {
                let path = format!("{}/{name}", judged.path);
                self.copies.insert(path, program.clone());
            }
        }
    }

    /// The program that a path means, when it lies where programs are installed.
    pub(super) fn installed(&self, path: &str) -> Option<String> {
        match self.knowledge.resolve(path) {
            Resolved::Known { name, .. } if path.starts_with('/') => Some(name.to_owned()),
            Resolved::Known { .. } | Resolved::Local { .. } | Resolved::Unknown => None,
        }
    }

    /// Looks at a local program as the one that it is a copy of.
    pub(super) fn as_its_original(&mut self, call: &Call<'_>, judged: &Judgement) -> Option<Feeds> {
        let original = self.copies.get(&judged.path)?.clone();
        let mut words = call.words.to_vec();
        *words.first_mut()? = Word::text(original, call.span);
        Some(self.inside(call, &words))
    }
}

/// The text behind base64 of UTF-16 in little-endian order.
fn encoded(text: &str) -> Option<String> {
    let bytes = data_encoding::BASE64.decode(text.as_bytes()).ok()?;
    let units = bytes.chunks_exact(2).map(|pair| match pair {
        [low, high] => u16::from_le_bytes([*low, *high]),
        _ => 0,
    });
    char::decode_utf16(units)
        .collect::<Result<String, _>>()
        .ok()
}

/// The lines of a file of options as the options they stand for.
fn options(text: &str, long: bool, span: crate::effect::Span) -> Vec<Word> {
    let mut words = Vec::new();
    for line in text.lines().map(str::trim) {
        let end = line.find(|letter: char| letter.is_whitespace() || "=:".contains(letter));
        let (key, value) = line
            .split_at_checked(end.unwrap_or(line.len()))
            .unwrap_or_default();
        let value =
            value.trim_matches(|letter: char| letter.is_whitespace() || "=:\"".contains(letter));
        if key.is_empty() || key.starts_with('#') {
            continue;
        }
        if long {
            let dashes = if key.starts_with('-') { "" } else { "--" };
            words.push(Word::text(format!("{dashes}{key}"), span));
            if !value.is_empty() {
                words.push(Word::text(value, span));
            }
        } else {
            words.push(Word::text("-o", span));
            words.push(Word::text(format!("{key}={value}"), span));
        }
    }
    words
}
