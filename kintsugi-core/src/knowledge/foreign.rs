//! Settings, plugins and build files that an option takes from a temporary directory: whoever could write there decides what
//! the program of the project runs, and no line of the project shows it.
//!
//! Many programs take their options without an entry for each; this is about those whose value is, or starts, code. A file
//! that the line itself wrote is read for what it does.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::analyst::{Analyst, Call};
use super::program::Task;
use super::schema::Language;
use crate::effect::{Action, Modifier, Modifiers};
use crate::place::Place;
use crate::shell::Word;

/// Programs, and the options whose value they run or take their instructions from.
///
/// Sources: the programs' own help, 2024 and 2025.
const LOADS: &[(&str, &str)] = &[
    (
        "ansible ansible-playbook ansible-galaxy",
        "-M --module-path -i --inventory",
    ),
    ("ant", "-f -file -buildfile -lib"),
    (
        "babel webpack webpack-cli rollup vite vitest esbuild parcel tsup swc",
        "-c --config --plugin --plugins --presets --config-file",
    ),
    ("bash", "--rcfile --init-file"),
    ("bun", "--preload -r --config -c"),
    ("bundle bundler", "--gemfile"),
    ("cargo", "--config --manifest-path --path -C"),
    (
        "celery gunicorn uwsgi hypercorn jupyter ipython",
        "-c --config",
    ),
    (
        "clang clang++ gcc g++ cc c++ clang-tidy",
        "-fplugin -specs -wrapper -load -B",
    ),
    (
        "cmake",
        "-P -C --toolchain -DCMAKE_TOOLCHAIN_FILE -DCMAKE_PROJECT_INCLUDE",
    ),
    ("ctags protoc buf", "--options --plugin"),
    ("docker-compose compose docker podman buildah", "-f --file"),
    ("emacs emacsclient", "-l --load --eval-file"),
    (
        "eslint eslint_d stylelint prettier prettierd xo standard markdownlint textlint commitlint",
        "-c --config --rulesdir --plugin --resolve-plugins-relative-to --parser --config-basedir --custom-syntax",
    ),
    (
        "flake8 mypy pylint isort bandit pyright pydocstyle black",
        "--config --append-config --config-file --rcfile --load-plugins --settings-path",
    ),
    (
        "gdb lldb",
        "-x --command -ix --init-command -s --source -d --data-directory",
    ),
    ("git", "--template --config-env --exec-path"),
    ("go", "-toolexec -exec -vettool -overlay -modfile"),
    (
        "gradle gradlew",
        "-b --build-file -I --init-script -c --settings-file -p --project-dir",
    ),
    ("helm", "--post-renderer"),
    (
        "irb ruby rspec rake cucumber rubocop rails",
        "-r --require -f --rakefile --options -c --config",
    ),
    (
        "java javac",
        "-javaagent -agentpath -agentlib -Djava.security.policy --patch-module",
    ),
    (
        "jest mocha ava tap jasmine karma cypress playwright nyc c8 wdio",
        "-c --config --opts -r --require --globalSetup --setupFiles --setupFilesAfterEnv --testRunner --reporters --import --loader --rootDir",
    ),
    ("less", "-k --lesskey-file --lesskey-src"),
    ("logrotate wg-quick", "-s --state"),
    (
        "make gmake bmake remake",
        "-f --file --makefile -I --include-dir -C --directory",
    ),
    ("man", "-H --html -P --pager -C --config-file"),
    ("mkdocs sphinx-build mdbook", "-f --config-file -c"),
    (
        "mvn mvnw",
        "-f --file -s --settings -gs --global-settings -Dmaven.ext.class.path",
    ),
    ("ninja samu", "-f"),
    (
        "node nodejs deno ts-node tsx nodemon",
        "-r --require --import --loader --experimental-loader --config --import-map --ignore",
    ),
    (
        "npm npx pnpm yarn",
        "--script-shell --userconfig --globalconfig -p --package --use-yarnrc --prefix --cwd -C --dir",
    ),
    ("nvim vim vi ex view gvim", "-S -u -l --cmd -s -V"),
    ("openssl", "-engine -provider-path -config"),
    ("packer terraform tofu", "-plugin-dir -plugin-path -config"),
    ("perl", "-I"),
    (
        "php composer phpunit",
        "-c --configuration --bootstrap -d --extension",
    ),
    ("pre-commit lefthook", "-c --config"),
    (
        "pytest py.test tox nox",
        "-c --config-file --rootdir --confcutdir -p --conf -f --noxfile --override-ini -o",
    ),
    ("rsync", "-e --rsh --rsync-path"),
    ("rustc", "-C --codegen -Clinker --extern"),
    ("screen tmux", "-c -f"),
    ("sqlite3", "-init"),
    ("ssh scp sftp ssh-add", "-F -S -I -s"),
    (
        "tar bsdtar",
        "-I --use-compress-program -F --info-script --new-volume-script --rsh-command",
    ),
];

/// Longest value that is looked at, in bytes.
const VALUE_BYTES_MAX: usize = 512;

impl Analyst<'_> {
    /// Notes what a command takes from a temporary directory by an option, and runs or follows.
    pub(super) fn load_foreign(&mut self, task: &Task<'_, '_>) {
        let Some(options) = options_of(&task.parsed.path) else {
            return;
        };
        let words = task.call.words.get(1..).unwrap_or_default();
        for (at, word) in words.iter().enumerate() {
            let Some(text) = word.known() else { continue };
            if task.parsed.path == "npx" && !text.starts_with('-') && !is_value(words, at) {
                // What stands behind the package is for the package (npx(1), npm 10).
                break;
            }
            if !text.starts_with('-') || text.len() > VALUE_BYTES_MAX {
                continue;
            }
            let next = || words.get(at + 1).and_then(Word::known);
            let value = match valued(&text, options) {
                Valued::Attached(value) => Some(value.to_owned()),
                Valued::Next => next().map(std::borrow::Cow::into_owned),
                Valued::No => None,
            };
            if let Some(value) = value {
                self.load(&task.call, &task.parsed.path, &value);
            }
        }
    }

    fn load(&mut self, call: &Call<'_>, program: &str, value: &str) {
        // `linker=/tmp/x`, `extension=/tmp/x.so`.
        let value = value.rsplit_once('=').map_or(value, |(_, last)| last);
        if !value.contains("tmp") && !value.contains("/dev/shm") {
            return;
        }
        // Built beside the project, by the project's own files: `make -C /tmp/build`.
        let last = value
            .trim_end_matches('/')
            .rsplit('/')
            .next()
            .unwrap_or_default();
        if last.contains("build") && !last.contains('.') || last == "out" {
            return;
        }
        let word = Word::text(value, call.span);
        // What the line made or brought there itself is looked at where that happens.
        let is_own = |word: &Word| word.known().is_some_and(|text| text.contains(value));
        let mut earlier = call.scope.script.invocations.iter();
        // The text of a trap names it, and brought nothing.
        let is_trap = |words: &[Word]| words.first().is_some_and(|it| it.display() == "trap");
        if earlier.any(|it| {
            it.span.start < call.span.start && !is_trap(&it.words) && it.words.iter().any(is_own)
        }) {
            return;
        }
        for judged in self.judge(&word, &call.directories, call.scope) {
            // From inside, a directory for temporary files looks like a project.
            let is_below = |directory: &&str| judged.path.starts_with(*directory);
            let is_temporary = ["/tmp/", "/var/tmp/", "/dev/shm/"].iter().any(is_below);
            if judged.place != Place::Temp && !is_temporary {
                continue;
            }
            let text = self.written(&judged.path).and_then(|written| written.text);
            if let Some(text) = text {
                let language = language_of(&judged.path);
                self.text(call, language, &Word::text(&*text, call.span), &[]);
                continue;
            }
            let with = Modifiers::NONE
                .with(Modifier::Unverified)
                .with(Modifier::Indirect);
            self.push_path(call, Action::Execute, &judged, program)
                .with(with);
        }
    }
}

/// The file of `vim -s FILE`, which vim types; with `-e` the option means something else (vim(1) 9.1).
pub(super) fn typed_file<'t>(task: &'t Task<'_, '_>) -> Option<&'t Word> {
    let words = &task.call.words;
    let is_ex = |word: &Word| {
        let text = word.display();
        text.starts_with('-') && !text.starts_with("--") && text.contains(['e', 'E'])
    };
    if task.parsed.path != "vim" || words.iter().any(is_ex) {
        return None;
    }
    let at = words.iter().position(|word| word.display() == "-s")?;
    let file = words.get(at + 1)?;
    (!file.display().starts_with(['-', '+'])).then_some(file)
}

/// Whether a word of npx is the value of an option in front of it.
fn is_value(words: &[Word], at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|at| words.get(at));
    let flags = ["-y", "--yes", "--no", "--no-install", "-q", "--quiet", "--"];
    before.is_some_and(|word| {
        let text = word.display();
        text.starts_with('-') && !text.contains('=') && !flags.contains(&text.as_str())
    })
}

/// The options of a program that are in the table.
fn options_of(path: &str) -> Option<&'static str> {
    // Every command of every line is looked up.
    static BY_PROGRAM: LazyLock<BTreeMap<&str, &str>> = LazyLock::new(|| {
        let rows = LOADS.iter();
        rows.flat_map(|(programs, options)| programs.split(' ').map(|program| (program, *options)))
            .collect()
    });
    path.split(' ')
        .find_map(|part| BY_PROGRAM.get(part))
        .copied()
}

/// Where the value of an option stands.
enum Valued<'t> {
    Attached(&'t str),
    Next,
    No,
}

fn valued<'t>(text: &'t str, options: &str) -> Valued<'t> {
    for option in options.split(' ') {
        let Some(rest) = text.strip_prefix(option) else {
            continue;
        };
        let is_short = option.len() == 2;
        match rest.chars().next() {
            None => return Valued::Next,
            Some('=' | ':') => return Valued::Attached(rest.get(1..).unwrap_or_default()),
            Some('/' | '.' | '~') if is_short => return Valued::Attached(rest),
            Some(_) => {}
        }
    }
    Valued::No
}

/// The language of a file by its name.
pub(super) fn language_of(path: &str) -> Language {
    let name = path.rsplit('/').next().unwrap_or(path);
    match name.rsplit('.').next().unwrap_or_default() {
        "js" | "mjs" | "cjs" | "ts" | "mts" | "cts" => Language::Javascript,
        "py" => Language::Python,
        "rb" | "gemspec" => Language::Ruby,
        "php" => Language::Php,
        "lua" => Language::Lua,
        "vim" => Language::Ex,
        "el" => Language::Lisp,
        "cmake" => Language::Cmake,
        "mk" | "ninja" | "ini" => Language::Make,
        "sh" | "bash" | "fish" => Language::Shell,
        _ if matches!(name, ".vimrc" | ".exrc") => Language::Ex,
        _ if name.starts_with(".zsh") || matches!(name, ".zprofile" | ".zlogin" | ".kshrc") => {
            Language::Shell
        }
        _ if matches!(name, ".bashrc" | ".bash_profile" | ".profile") => Language::Shell,
        _ if name == "CMakeLists.txt" => Language::Cmake,
        _ if name.to_ascii_lowercase().contains("makefile") => Language::Make,
        _ if matches!(name, "Snakefile" | "wscript" | "SConstruct") => Language::Python,
        _ if matches!(
            name,
            "Rakefile" | "Gemfile" | "Podfile" | "Fastfile" | "Capfile" | "Thorfile" | "Guardfile"
        ) =>
        {
            Language::Ruby
        }
        _ => Language::Other,
    }
}

/// Endings of program text that no reader of its own reads, but the one for any language.
const SOURCES: &str = " ex exs erl escript jl kt kts scala sc groovy gradle sbt java clj cljs bb fs fsx cs csx vb dart bal zig swift rs go \
    hs ml nim nims cr d v c cc cpp cxx m r sas do raku coffee ls lisp lsp scm rkt janet hy fnl moon hx gd tf pp robot ";

/// Whether a file is program text by its name, in whatever language.
pub(super) fn is_source(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    language_of(path) != Language::Other
        || super::telling::listed(SOURCES, &ending.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_value_of_an_option_is_found_wherever_it_stands() {
        let options = options_of("pytest").unwrap();
        assert!(matches!(valued("-c", options), Valued::Next));
        assert!(matches!(
            valued("--rootdir=/tmp/x", options),
            Valued::Attached("/tmp/x")
        ));
        assert!(matches!(valued("--color=no", options), Valued::No));
        assert!(matches!(
            valued("-c/tmp/x", options),
            Valued::Attached("/tmp/x")
        ));
        assert!(matches!(valued("-cov", options), Valued::No));
        assert!(options_of("python -m pytest").is_some());
        assert!(options_of("ls").is_none());
    }
}
