//! Pages that a line writes for people, and commands that build, check or publish a project beside them: `cat > README.md; npm run build`.
//!
//! A page shows commands, dangerous ones too, and whoever builds it runs none of them. What runs the examples of a page is told which
//! page, or is a tool for just that (runme 3, mdsh 0.9, zx 8, `pytest --doctest-glob`, `cargo test` with examples in Rust).

use super::telling::listed;
use crate::shell::Word;

/// Kinds of files that are pages.
const PAGES: &str = " md markdown rst adoc asciidoc ";

/// Generators of sites and documentation, with what they are asked; none: whatever it is.
const GENERATORS: &[(&str, &str)] = &[
    (
        "mkdocs hugo zola jekyll sphinx-build sphinx-autobuild antora docsify typedoc",
        "",
    ),
    (
        "mdbook vitepress docusaurus eleventy honkit nextra starlight astro next vite",
        " build serve dev start preview ",
    ),
];

/// What a package manager or a builder is asked, by which a project is built, checked or served.
const TASKS: &str = " build test lint check typecheck type-check format fmt dev start docs site html compile clippy vet ci install i doc \
    clean coverage preview tsc ";

/// Tools that are asked for such a task.
const MANAGERS: &str = " npm pnpm yarn bun make just task cargo go mvn ./mvnw gradle ./gradlew dotnet mix swift composer poetry uv tox nox ";

/// Runners of tests and starters of tools which read no page by themselves.
const RUNNERS: &str =
    " pytest jest vitest tsc eslint ruff mypy prettier black biome playwright pre-commit ";

/// Parts of words by which a page is told, or its examples are run.
const RUNS: [&str; 12] = [
    ".md",
    ".rst",
    ".adoc",
    "readme",
    "doctest",
    "codeblocks",
    "examples",
    "runme",
    "mdsh",
    "zx",
    "markdown",
    "literate",
];

/// Parts of a page whose examples a runner of tests may run: calls of the languages that such runners know.
const EXAMPLES: [&str; 6] = [
    "```rust",
    ">>> ",
    "```{",
    ".. testcode",
    "Command::new",
    "subprocess",
];

/// Whether a command takes a page, of that path and text, for a text.
pub(super) fn leaves_page(words: &[Word], path: &str, text: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let Some((_, kind)) = name.rsplit_once('.') else {
        return false;
    };
    if !listed(PAGES, &kind.to_ascii_lowercase()) || EXAMPLES.iter().any(|it| text.contains(it)) {
        return false;
    }
    let words: Option<Vec<_>> = words.iter().map(Word::known).collect();
    let Some(words) = words else { return false };
    let is_told = |word: &str| {
        let lower = word.to_ascii_lowercase();
        RUNS.iter().any(|it| lower.contains(it))
    };
    if words.iter().any(|word| is_told(word)) {
        return false;
    }
    let words: Vec<&str> = words.iter().map(|word| &**word).collect();
    let words = match words.as_slice() {
        ["npx" | "bunx", rest @ ..]
        | [
            "pnpm" | "yarn" | "uv" | "poetry" | "bundle",
            "exec" | "run",
            rest @ ..,
        ] if !rest.first().is_some_and(|it| is_task(it)) => rest,
        ["python" | "python3", "-m", rest @ ..] => rest,
        all => all,
    };
    let Some((first, rest)) = words.split_first() else {
        return false;
    };
    let mut verbs = rest
        .iter()
        .filter(|word| !word.starts_with('-') && **word != "run");
    let verb = verbs.next().copied().unwrap_or_default();
    let generates = |(names, verbs): &(&str, &str)| {
        names.split(' ').any(|it| it == *first) && (verbs.is_empty() || listed(verbs, verb))
    };
    GENERATORS.iter().any(generates)
        || listed(RUNNERS, first)
        || listed(MANAGERS, first) && is_task(verb)
}

/// Whether a name is that of a task of building or checking: `build`, `docs:build`, `lint-md`.
fn is_task(name: &str) -> bool {
    let mut parts = name.split([':', '-']);
    parts.next().is_some_and(|part| listed(TASKS, part)) && !name.contains("deploy")
}

#[cfg(test)]
mod tests {
    use super::leaves_page;
    use crate::effect::Span;
    use crate::shell::Word;

    #[test]
    fn a_page_is_a_text_unless_its_examples_are_run() {
        let leaves = |command: &str, path: &str, text: &str| {
            let words: Vec<Word> = command
                .split(' ')
                .map(|word| Word::text(word, Span::default()))
                .collect();
            leaves_page(&words, path, text)
        };
        let text = "# A\n\n    rm -rf ~/.acme\n";
        for command in [
            "npm run docs:build",
            "npm test",
            "mkdocs build --strict",
            "cargo test",
            "npx vitepress build docs",
            "make html",
            "pytest -q",
            "uv run mkdocs build",
        ] {
            assert!(leaves(command, "/p/docs/a.md", text), "{command}");
        }
        for command in [
            "npx zx docs/a.md",
            "npm run runme",
            "mdsh",
            "bash docs/a.md",
            "npm run deploy",
            "pytest --doctest-glob=*.md",
            "make README",
            "mdbook test",
            "frob a",
        ] {
            assert!(!leaves(command, "/p/docs/a.md", text), "{command}");
        }
        assert!(!leaves("npm test", "/p/docs/a.mdx", text));
        assert!(!leaves("npm test", "/p/docs/a.sh", text));
        assert!(!leaves(
            "cargo test",
            "/p/docs/a.md",
            "```rust\nCommand::new(\"rm\")\n```\n"
        ));
    }
}
