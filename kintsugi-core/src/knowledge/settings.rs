//! Settings and build files that are programs themselves, which the line writes and then has read: `cat > vite.config.js; npx vite build`.
//!
//! Whichever directory the program is told to work in, what the line wrote under that name is meant for it.

use super::analyst::{Analyst, Call};
use super::foreign::language_of;
use super::schema::Language;
use super::workflows;
use crate::shell::{Piece, Word};

/// Programs, and how the names of the files begin that they run. Sources: the documentation of each, 2025.
const SETTINGS: &[(&str, &str)] = &[
    ("grunt grunt-cli", "Gruntfile."),
    ("gulp gulp-cli", "gulpfile."),
    ("webpack webpack-cli webpack-dev-server", "webpack.config."),
    ("vite vitest", "vite.config. vitest.config."),
    ("rollup", "rollup.config."),
    ("jest", "jest.config. jest.setup."),
    ("eslint eslint_d", "eslint.config. .eslintrc."),
    ("prettier prettierd", "prettier.config. .prettierrc."),
    ("stylelint", "stylelint.config. .stylelintrc."),
    ("babel", "babel.config. .babelrc."),
    ("postcss tailwindcss", "postcss.config. tailwind.config."),
    ("next", "next.config."),
    ("nuxt nuxi", "nuxt.config."),
    ("astro", "astro.config."),
    ("svelte-kit", "svelte.config."),
    ("mocha", ".mocharc."),
    ("playwright", "playwright.config."),
    ("cypress", "cypress.config."),
    ("karma", "karma.conf."),
    ("tsup", "tsup.config."),
    ("expo react-native metro", "metro.config. app.config."),
    ("hardhat", "hardhat.config."),
    ("nox", "noxfile.py"),
    ("invoke inv", "tasks.py"),
    ("fab", "fabfile.py"),
    ("doit", "dodo.py"),
    ("waf", "wscript"),
    ("snakemake", "Snakefile"),
    ("nextflow", "main.nf nextflow.config"),
    ("conan", "conanfile.py"),
    ("locust", "locustfile.py"),
    ("gunicorn", "gunicorn.conf.py"),
    ("tox", "tox.ini"),
    ("meson", "meson.build"),
    ("cmake", "CMakeLists.txt"),
    ("mvn mvnw", "pom.xml"),
    ("ant", "build.xml"),
    ("gradle gradlew", "build.gradle settings.gradle init.gradle"),
    ("sbt", "build.sbt"),
    ("mix", "mix.exs"),
    ("pod", "Podfile"),
    ("fastlane", "Fastfile"),
    ("cap", "Capfile"),
    ("thor", "Thorfile"),
    ("guard", "Guardfile"),
    ("task go-task", "Taskfile."),
    ("mage", "magefile.go"),
];

/// Commands that build what stands in the project and start it, and the kinds of its sources. Sources: the documentation of each, 2025.
const STARTING: &[(&str, &str)] = &[
    ("dotnet run", "cs fs vb"),
    ("dotnet watch", "cs fs vb"),
    ("swift run", "swift"),
    ("gradle run", "java kt groovy"),
    ("gradlew run", "java kt groovy"),
    ("mvn exec:java", "java"),
    ("sbt run", "scala"),
    ("mill run", "scala"),
    ("scala-cli run", "scala sc"),
    ("stack run", "hs"),
    ("cabal run", "hs"),
    ("dune exec", "ml"),
    ("nimble run", "nim"),
    ("dub run", "d"),
    ("shards run", "cr"),
    ("v run", "v"),
    ("dart run", "dart"),
    ("mix run", "ex exs"),
];

/// Programs, the variable that says where their start-up files are, and the names of these below it (bash(1) 5.2 and zsh(1) 5.9,
/// STARTUP FILES; fish(1) 3.7; vim(1) 9.1; git-config(1) 2.47).
const STARTUP: &[(&str, &str, &str)] = &[
    ("zsh", "ZDOTDIR", ".zshenv .zshrc .zprofile .zlogin"),
    ("zsh", "HOME", ".zshenv .zshrc .zprofile .zlogin"),
    (
        "bash sh dash ksh",
        "HOME",
        ".bashrc .bash_profile .profile .kshrc",
    ),
    ("fish", "XDG_CONFIG_HOME", "fish/config.fish"),
    ("fish", "HOME", ".config/fish/config.fish"),
    ("vim vi ex", "HOME", ".vimrc .exrc"),
    ("nvim", "XDG_CONFIG_HOME", "nvim/init.vim nvim/init.lua"),
    ("tmux", "HOME", ".tmux.conf"),
];

/// Hooks of git, which a template or another directory of hooks brings as well: `git clone --template=t . x` (githooks(5), git 2.47).
const HOOKS: [&str; 10] = [
    "commit-msg",
    "post-checkout",
    "post-commit",
    "post-merge",
    "post-rewrite",
    "pre-commit",
    "pre-push",
    "pre-rebase",
    "prepare-commit-msg",
    "reference-transaction",
];

impl Analyst<'_> {
    /// What the program runs by itself of what the line wrote.
    pub(super) fn run_settings(&mut self, call: &Call<'_>, program: &str) {
        if self.files.is_empty() {
            return;
        }
        self.run_startup(call, program);
        if program == "git" {
            self.run_hooks(call);
        }
        self.run_started(call, program);
        let mut rows = SETTINGS.iter();
        let row = rows.find(|(programs, _)| programs.split(' ').any(|it| it == program));
        let Some((_, begins)) = row else { return };
        let is_one = |path: &&String| {
            let name = path.rsplit('/').next().unwrap_or_default();
            begins.split(' ').any(|begin| name.starts_with(begin))
        };
        let paths: Vec<String> = self.files.keys().filter(is_one).cloned().collect();
        for path in paths {
            self.run_own(call, &path);
        }
    }

    /// Sources that the line writes, of a program that it then builds and starts: `cat > Program.cs; dotnet run`.
    fn run_started(&mut self, call: &Call<'_>, program: &str) {
        let mut words = call.words.iter().skip(1).map(Word::display);
        let Some(verb) = words.find(|word| !word.starts_with('-')) else {
            return;
        };
        let mut rows = STARTING.iter();
        let row = rows.find(|(command, _)| command.split_once(' ') == Some((program, &*verb)));
        let Some((_, kinds)) = row else { return };
        let is_one = |path: &&String| {
            let kind = path.rsplit_once('.').map_or("", |(_, kind)| kind);
            kinds.split(' ').any(|it| it == kind)
        };
        let paths: Vec<String> = self.files.keys().filter(is_one).cloned().collect();
        for path in paths {
            self.run_own(call, &path);
        }
    }

    fn run_hooks(&mut self, call: &Call<'_>) {
        let written = self.files.iter().filter(|(_, written)| !written.before);
        let is_hook = |path: &&String| {
            let name = path.rsplit('/').next().unwrap_or_default();
            HOOKS.contains(&name)
        };
        let paths: Vec<String> = written
            .map(|(path, _)| path)
            .filter(is_hook)
            .cloned()
            .collect();
        for path in paths {
            let first = Word::text(path.as_str(), call.span);
            self.local_program(call, &first, &path, false);
        }
    }

    /// Start-up files in a directory that a variable names: `ZDOTDIR=$d zsh -c :`.
    fn run_startup(&mut self, call: &Call<'_>, program: &str) {
        for (programs, variable, files) in STARTUP {
            if !programs.split(' ').any(|it| it == program) {
                continue;
            }
            let Some(directory) = call.variable(variable).cloned() else {
                continue;
            };
            for file in files.split(' ') {
                let mut word = directory.clone();
                word.pieces.push(Piece::Text(["/", file].concat()));
                for judged in self.judge(&word, &call.directories, call.scope) {
                    self.run_own(call, &judged.path);
                }
            }
        }
    }

    /// Reads what the line wrote there as what it would do.
    pub(super) fn run_own(&mut self, call: &Call<'_>, path: &str) {
        let written = self.files.get(path).filter(|it| !it.before);
        let Some(text) = written.and_then(|it| it.text.clone()) else {
            return;
        };
        if self.running.iter().any(|it| it == path) {
            return;
        }
        let Some(text) = self.as_run(call, path, text) else {
            return;
        };
        let name = path.rsplit('/').next().unwrap_or_default();
        let (language, text) = if matches!(name, "pom.xml" | "build.xml") {
            (Language::Shell, commands_of_xml(&text))
        } else if workflows::is_workflow(path) {
            (Language::Shell, workflows::shell_of(&text))
        } else if name.starts_with("Taskfile.") || name.to_ascii_lowercase().ends_with("justfile") {
            let words = call.words.iter().skip(1).map(Word::display);
            let names: Vec<String> = words.filter(|word| !word.starts_with('-')).collect();
            (Language::Make, blocks(&text, &names))
        } else {
            (language_of(path), text.to_string())
        };
        self.running.push(path.to_owned());
        let text = super::own_place::placed(language, path, &text, call.span);
        self.text(call, language, &text, &[]);
        self.running.pop();
    }
}

/// The tasks of those names, or without any the first and `default`: what is indented below `name:` (just 1.36; Task 3.40).
fn blocks(text: &str, names: &[String]) -> String {
    let mut kept = String::new();
    let mut inside: Option<usize> = None;
    let mut is_first = true;
    for line in text.lines() {
        let indent = line.len() - line.trim_start().len();
        if inside.is_some_and(|outer| indent <= outer && !line.trim().is_empty()) {
            inside = None;
        }
        let name = line
            .trim_start()
            .split([':', ' '])
            .next()
            .unwrap_or_default();
        let begins = line.trim_end().ends_with(':')
            || line
                .split_once(':')
                .is_some_and(|(_, rest)| !rest.starts_with('='));
        if inside.is_none() && begins && !line.trim_start().starts_with(['-', '#']) {
            let is_named = names.iter().any(|it| it == name);
            let is_task = indent == 0 && !matches!(name, "version" | "tasks" | "vars" | "env");
            if is_named || names.is_empty() && (name == "default" || is_task && is_first) {
                inside = Some(indent);
            }
            is_first &= !is_task;
        }
        if inside.is_some() {
            kept.extend([line, "\n"]);
        }
    }
    kept
}

/// What a file of Ant or Maven starts and deletes, as lines for a shell (Ant 1.10, "Exec" and "Delete"; exec-maven-plugin 3).
fn commands_of_xml(text: &str) -> String {
    let mut lines = String::new();
    for tag in text.replace("${user.home}", "$HOME").split('<') {
        let (inside, content) = tag.split_once('>').unwrap_or((tag, ""));
        let attribute = |name: &str| {
            let (_, behind) = inside.split_once(&[" ", name, "="].concat())?;
            let quote = behind
                .chars()
                .next()
                .filter(|it| matches!(it, '"' | '\''))?;
            behind.split(quote).nth(1)
        };
        match inside.split([' ', '/', '\n']).next().unwrap_or_default() {
            "exec" | "executable" => {
                lines.extend(["\n", attribute("executable").unwrap_or(content)]);
            }
            "arg" | "argument" => {
                let word = attribute("line").or_else(|| attribute("value"));
                lines.extend([" ", word.unwrap_or(content)]);
            }
            // What a property names is the build's own.
            "delete" => {
                let path = attribute("dir").or_else(|| attribute("file"));
                if let Some(path) = path.filter(|path| !path.contains("${")) {
                    lines.extend(["\nrm -rf ", path]);
                }
            }
            _ => {}
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_tasks_that_are_named_are_read() {
        let just = "x := 'a'\nbuild: gen\n    cargo build\nclean:\n    rm -rf data\n";
        assert_eq!(blocks(just, &[]), "build: gen\n    cargo build\n");
        let clean = ["clean".to_owned()];
        assert_eq!(blocks(just, &clean), "clean:\n    rm -rf data\n");
        let task = "version: '3'\ntasks:\n  default:\n    cmds:\n      - go test\n  clean:\n    cmds:\n      - rm -rf data\n";
        assert_eq!(
            blocks(task, &[]),
            "  default:\n    cmds:\n      - go test\n"
        );
        assert_eq!(
            blocks(task, &clean),
            "  clean:\n    cmds:\n      - rm -rf data\n"
        );
    }

    #[test]
    fn commands_of_ant_and_maven_are_lines() {
        let ant = "<target><delete dir='/srv/x'/><delete dir='${out}'/><exec executable=\"rm\">\n<arg line=\"-rf ${user.home}/x\"/></exec></target>";
        assert_eq!(commands_of_xml(ant), "\nrm -rf /srv/x\nrm -rf $HOME/x");
        let maven = "<executable>rm</executable><arguments><argument>-rf</argument><argument>/srv/x</argument></arguments>";
        assert_eq!(commands_of_xml(maven), "\nrm -rf /srv/x");
    }
}
