//! Programs that check source and run nothing of it: what a line writes for an application stands there as text, `DELETE` and all.
//!
//! A checker of types or form that runs no code of the project needs no more (tsc 5.6, ruff 0.8, pyright 1.1, biome 1.9, `py_compile` of
//! Python 3.13, `node --check` 22, `php -l` 8.4, `ruby -c` 3.3). One that can load plugins is only given what it is to look at by name,
//! and none of what the line wrote may be a plugin or a setting (eslint 9, mypy 1.13, flake8 7, pylint 3, stylelint 16, rubocop 1.69).

use super::carried::is_reader;
use super::telling::listed;
use crate::shell::Word;

/// Checkers that run no code of the project.
const PURE: &str =
    " tsc ruff pyright basedpyright biome oxlint vulture pyflakes pycodestyle gofumpt dprint ";

/// Checkers that can load plugins of the project.
const LOADING: &str = " eslint eslint_d mypy flake8 pylint stylelint rubocop standardrb phpstan golangci-lint staticcheck bandit xo standard ";

/// Options that name what such a checker loads, or where it looks for it.
const LOADS: [&str; 12] = [
    "-c",
    "--config",
    "--rulesdir",
    "--plugin",
    "--resolve-plugins",
    "--parser",
    "--load-plugins",
    "--rcfile",
    "--init-hook",
    "--require",
    "-r",
    "--custom",
];

/// Parts of a name that a plugin or a setting has.
const SETTINGS: [&str; 9] = [
    "config",
    "plugin",
    "rule",
    "setup",
    "conftest",
    "rc.",
    "package.json",
    "checker",
    "local",
];

/// Subcommands of package managers that look something up.
const LOOK_UPS: &str = " view info show ls list outdated search ping whoami why explain ";

/// First words by which a program of the project says that it judges a text.
const JUDGES: &str =
    " classify check lint parse validate explain tokenize score scan analyze analyse ";

/// Words in the name of a program of the project that say so.
const JUDGING: &str = " guard gate judge linter checker classifier validator verdict ";

/// Whether a name says of what it judges that it does more with it: `--check-and-run`.
fn goes_on(name: &str) -> bool {
    name.split([':', '-', '_']).any(|part| {
        matches!(
            part,
            "run" | "exec" | "eval" | "apply" | "fix" | "execute" | "and"
        )
    })
}

/// Whether the name of a program, with the directories in front, says that it judges a text.
pub(super) fn names_judge(name: &str) -> bool {
    let last = name.rsplit(['/', '.']).next().unwrap_or_default();
    last.split(['-', '_']).any(|it| listed(JUDGING, it)) && !goes_on(last)
}

/// Whether a command shows, checks or judges the text that it is given.
pub(super) fn names_reader(words: &[Word]) -> bool {
    let words: Vec<String> = words.iter().take(8).map(Word::display).collect();
    let base = |name: &str| {
        let name = name.rsplit('/').next().unwrap_or_default();
        name.split('@').next().unwrap_or_default().to_owned()
    };
    let mut rest = words
        .iter()
        .skip(1)
        .skip_while(|word| word.starts_with('-'));
    let first = words.first().map_or("", String::as_str);
    let second = rest.next().map_or("", String::as_str);
    match first {
        "npx" | "bunx" => is_reader(&base(second)),
        "npm" | "pnpm" | "yarn" => {
            // `npm run lint:fixtures`, `npm run guard -- check 'rm -rf /'`
            let behind = words.iter().skip_while(|word| *word != "--").nth(1);
            let mut scripts = words.iter().skip(2).filter(|word| !word.starts_with('-'));
            let names = |word: &String| {
                let first = word.split([':', '-']).next();
                first.is_some_and(|it| listed(JUDGES, it)) && !goes_on(word)
            };
            let mut judges = || scripts.next().is_some_and(names) || behind.is_some_and(names);
            listed(LOOK_UPS, second)
                || second == "run" && judges()
                || second == "dlx" && rest.next().is_some_and(|it| is_reader(&base(it)))
        }
        // Of the project: its code is as little known as what it reads.
        _ if first.starts_with("./") => {
            let judges = |word: &String| {
                let option = word.strip_prefix("--").unwrap_or_default();
                option
                    .split('-')
                    .next()
                    .is_some_and(|it| listed(JUDGES, it))
                    && !goes_on(option)
            };
            let named = base(first);
            let goes_on_by = |word: &String| word == "-c" || word.starts_with('-') && goes_on(word);
            let is_judge = !goes_on(&named)
                && !words.iter().any(goes_on_by)
                && named.split(['-', '_', '.']).any(|it| listed(JUDGING, it));
            is_judge
                || listed(JUDGES, second)
                || listed(JUDGES, &named)
                || words.get(1).is_some_and(judges)
        }
        "go" if second == "run" => {
            // `go run ./cmd/lint -rules …`, `go run . check …`
            let package = rest.next().map_or("", String::as_str);
            let mut options = words.iter().filter(|word| word.starts_with('-'));
            let is_judge = package.starts_with("./")
                && listed(JUDGES, &base(package))
                && !options.any(|word| goes_on(word));
            is_judge || rest.next().is_some_and(|word| listed(JUDGES, word))
        }
        // `python -m guard check 'rm -rf /'`
        "python" | "python3" if words.get(1).is_some_and(|word| word == "-m") => {
            let module = words.get(2).map_or("", String::as_str);
            let judges = words.get(3).is_some_and(|word| listed(JUDGES, word));
            let is_judge = module.split(['.', '_']).any(|it| listed(JUDGING, it));
            (judges || is_judge)
                && !words
                    .iter()
                    .skip(2)
                    .any(|word| word.starts_with('-') && goes_on(word))
        }
        "cargo" if second == "run" => {
            let own = rest.skip_while(|word| *word != "--").nth(1);
            own.is_some_and(|word| listed(JUDGES, word))
        }
        // A guard that is installed, of which nothing else is known: `guard check 'rm -rf /'`.
        _ if listed(JUDGING, first) => listed(JUDGES, second),
        _ => is_reader(first),
    }
}

/// Whether a command gives a guard something to judge, by its name: `guard check 'rm -rf /'`, `python -m guard -- 'rm -rf /'`.
pub(super) fn names_guard(all: &[Word]) -> bool {
    let words: Vec<String> = all.iter().take(4).map(Word::display).collect();
    let texts: Vec<&str> = words.iter().map(String::as_str).collect();
    let is_guard = match texts.as_slice() {
        ["python" | "python3", "-m", module, ..] => names_judge(module),
        [first, ..] => first.starts_with("./") || listed(JUDGING, first),
        [] => false,
    };
    is_guard && names_reader(all)
}

/// Whether a command only renders or checks manifests for a cluster, and the line wrote nothing but such (Helm 3.16, kustomize 5.5,
/// kubeconform 0.6).
pub(super) fn only_renders(words: &[Word], own: &[&str]) -> bool {
    let words: Vec<String> = words.iter().map(Word::display).collect();
    let texts: Vec<&str> = words.iter().map(String::as_str).collect();
    let is_renderer = match texts.as_slice() {
        ["helm", "lint" | "template", rest @ ..] => {
            !rest.iter().any(|it| it.contains("post-renderer"))
        }
        ["kustomize", "build", rest @ ..] | ["kubectl", "kustomize", rest @ ..] => {
            !rest.iter().any(|it| it.starts_with("--enable"))
        }
        ["kubeconform" | "kubeval" | "kube-score" | "kube-linter", ..] => true,
        _ => false,
    };
    let is_manifest = |path: &&str| {
        [".yaml", ".yml", ".tpl", ".json"]
            .iter()
            .any(|end| path.ends_with(end))
    };
    is_renderer && own.iter().all(is_manifest)
}

/// Whether a command only checks source; `own` are the files that the line wrote.
pub(super) fn only_checks_source(words: &[Word], own: &[&str]) -> bool {
    let words: Vec<String> = words.iter().map(Word::display).collect();
    let texts: Vec<&str> = words.iter().map(String::as_str).collect();
    let rest = match texts.as_slice() {
        ["npx" | "bunx", rest @ ..] => {
            let options = rest
                .iter()
                .take_while(|word| matches!(**word, "--no-install" | "--no" | "-y" | "--yes"));
            rest.get(options.count()..).unwrap_or_default()
        }
        ["pnpm" | "yarn" | "bun", "exec" | "run" | "x", rest @ ..]
        | ["yarn" | "pnpm", rest @ ..] => rest,
        all => all,
    };
    let Some((first, rest)) = rest.split_first() else {
        return false;
    };
    let base = first.strip_prefix("./node_modules/.bin/").unwrap_or(first);
    match (base, rest) {
        ("python" | "python3", ["-m", "py_compile" | "compileall" | "pyflakes", ..])
        | ("node", ["--check" | "-c", ..])
        | ("php", ["-l", ..])
        | ("ruby", ["-c" | "-wc", ..]) => true,
        ("python" | "python3", ["-m", name, rest @ ..]) if listed(LOADING, name) => {
            names_all(rest, own)
        }
        _ if listed(PURE, base) => true,
        _ if listed(LOADING, base) => names_all(rest, own),
        _ => false,
    }
}

/// Whether each of the files is one that is named to be looked at, and is nothing that is loaded.
fn names_all(words: &[&str], own: &[&str]) -> bool {
    let loads = |word: &&str| {
        let name = word.split('=').next().unwrap_or_default();
        LOADS
            .iter()
            .any(|it| name == *it || it.starts_with("--") && name.starts_with(it))
    };
    let is_named = |path: &&str| {
        let name = path.rsplit('/').next().unwrap_or_default();
        let is_meant = |word: &&str| {
            let word = word.strip_prefix("./").unwrap_or(word);
            let is_loaded = SETTINGS.iter().any(|part| word.contains(part));
            !is_loaded
                && !word.starts_with('-')
                && (path.ends_with(&format!("/{word}"))
                    || *path == word
                    || path.contains(&format!("/{}/", word.trim_end_matches('/'))))
        };
        words.iter().any(is_meant)
            && !SETTINGS.iter().any(|part| name.contains(part))
            && !name.starts_with('.')
            && !path.contains("rules/")
            && !path.contains("plugins/")
    };
    !words.iter().any(loads) && own.iter().all(is_named)
}

#[cfg(test)]
mod tests {
    use super::only_checks_source;
    use crate::effect::Span;
    use crate::shell::Word;

    #[test]
    fn a_checker_that_may_load_what_the_line_wrote_is_none() {
        let checks = |command: &str, own: &str| {
            let words: Vec<Word> = command
                .split(' ')
                .map(|word| Word::text(word, Span::default()))
                .collect();
            only_checks_source(&words, &[own])
        };
        for (command, own) in [
            ("npx eslint server/a.js", "/p/server/a.js"),
            ("rubocop db/migrate/", "/p/db/migrate/1_drop.rb"),
            ("npx tsc --noEmit", "/p/server/a.ts"),
            ("ruff check .", "/p/a.py"),
            ("python -m mypy app/a.py", "/p/app/a.py"),
        ] {
            assert!(checks(command, own), "{command}");
        }
        for (command, own) in [
            ("npx eslint .", "/p/server/a.js"),
            ("npx eslint src/b.js", "/p/server/a.js"),
            ("npx eslint --rulesdir x server/a.js", "/p/server/a.js"),
            ("npx eslint web", "/p/server/a.js"),
            ("npx eslint server", "/p/server/rules/a.js"),
            ("npx eslint eslint.config.js", "/p/eslint.config.js"),
            ("npx eslint eslint-rules/a.js", "/p/eslint-rules/a.js"),
            ("npx vitest server/a.js", "/p/server/a.js"),
            ("node server/a.js", "/p/server/a.js"),
        ] {
            assert!(!checks(command, own), "{command}");
        }
    }
}
