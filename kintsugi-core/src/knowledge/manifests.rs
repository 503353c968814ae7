//! Addresses of packages in a manifest that the line itself writes: `echo 'gem "x", git: "https://…"' >> Gemfile && bundle`.
//!
//! As in a list for pip ([`super::requirements`]): no registry has seen what stands there. Sources: package.json of npm 10, Gemfile of
//! Bundler 2.5, "Specifying Dependencies" of Cargo 1.82, composer.json 2.8, PEP 508 and PEP 621.

use super::analyst::{Analyst, Call};
use super::program::Task;
use super::telling::listed;
use crate::effect::{Action, Modifier, Modifiers, Role, Target};
use crate::shell::Word;

/// Most addresses of one command that are told.
const ADDRESSES_MAX: usize = 4;

/// Longest manifest that is looked at, in bytes.
const MANIFEST_BYTES_MAX: usize = 32 * 1024;

/// What installs or builds from a manifest.
const VERBS: [&str; 22] = [
    "install", "i", "ci", "add", "update", "upgrade", "build", "run", "test", "check", "fetch",
    "sync", "lock", "clippy", "bench", "doc", "require", "exec", "nextest", "t", "b", "r",
];

/// Keys of a JSON manifest whose value is read by people.
const FOR_PEOPLE: [&str; 19] = [
    "homepage",
    "url",
    "repository",
    "bugs",
    "license",
    "$schema",
    "registry",
    "funding",
    "author",
    "website",
    "documentation",
    "issues",
    "source",
    "image",
    "href",
    "email",
    "docs",
    "support",
    "description",
];

/// Keys of the other manifests whose value is where a package comes from.
const FROM: [&str; 8] = [
    "git", "url", "index", "registry", "source", "hg", "svn", "tarball",
];

/// Where packages come from anyway.
const USUAL: [&str; 6] = [
    "rubygems.org",
    "registry.npmjs.org",
    "pypi.org",
    "crates.io",
    "packagist.org",
    "github.com/rust-lang",
];

impl Analyst<'_> {
    /// Adds what a manifest of the line names, for a command that installs or builds from it.
    pub(super) fn manifests(&mut self, task: &Task<'_, '_>) {
        let call = &task.call;
        let name = super::redirect::behind_wrappers(call.words);
        let manifests: &[&str] = match name.as_str() {
            "npm" | "pnpm" | "yarn" | "bun" => &["/package.json"],
            "bundle" | "bundler" => &["/Gemfile", ".gemspec"],
            "cargo" => &["/Cargo.toml", "/.cargo/config.toml"],
            "composer" => &["/composer.json"],
            "pip" | "pip3" | "uv" | "poetry" | "pdm" | "hatch" => &["/pyproject.toml", "/Pipfile"],
            _ => return,
        };
        let mut verbs = call.words.iter().filter_map(Word::known);
        let is_alone =
            call.words.len() == 1 && matches!(name.as_str(), "bundle" | "bundler" | "yarn");
        if !is_alone && !verbs.any(|verb| VERBS.contains(&&*verb)) {
            return;
        }
        let before = self.made.at().unwrap_or_default();
        let mut found: Vec<String> = edited(call, before, manifests);
        for (path, written) in &self.files {
            let is_manifest = manifests.iter().any(|end| path.ends_with(end));
            let text = written
                .text
                .as_deref()
                .filter(|_| is_manifest && !written.before);
            found.extend(text.map(addresses).into_iter().flatten());
        }
        for text in found.into_iter().take(ADDRESSES_MAX) {
            let target = Target::named(text);
            self.push(call, Action::Install, Role::Package, target)
                .with(Modifiers::NONE.with(Modifier::Indirect))
                .by(&task.parsed.path);
        }
    }
}

/// Programs that put one text in the place of another.
const EDITORS: &str = " jq yq sed gsed perl dasel gojq tomlq toml awk gawk ";

/// Most commands of a line among which an editor of a manifest is looked for.
const EDITORS_MAX: usize = 64;

/// The addresses that one of the commands before this one puts into such a manifest: `jq '.dependencies.x="git+https://…"' package.json`.
fn edited(call: &Call<'_>, before: usize, manifests: &[&str]) -> Vec<String> {
    let is_named = |text: &str| {
        let mut names = manifests.iter().map(|it| it.trim_start_matches('/'));
        names.any(|name| text == name || text.ends_with(&["/", name].concat()))
    };
    let invocations = call.scope.script.invocations.iter();
    let earlier = invocations.take(before.min(EDITORS_MAX));
    let mut found = Vec::new();
    for invocation in earlier {
        let name = super::redirect::behind_wrappers(&invocation.words);
        let words: Vec<String> = invocation.words.iter().map(Word::display).collect();
        if !listed(EDITORS, &name) || !words.iter().any(|word| is_named(word)) {
            continue;
        }
        for word in words.iter().filter(|word| !is_named(word)) {
            if word.len() > MANIFEST_BYTES_MAX || FOR_PEOPLE.iter().any(|key| word.contains(key)) {
                continue;
            }
            let plain = word.replace("\\/", "/");
            let parts = plain.split(['"', '\'', '#', ',', '|', ' ', ';', '}', '=']);
            let of_address = parts.filter(|part| is_address(part));
            found.extend(of_address.map(str::to_owned));
        }
    }
    found
}

/// Whether a text is the address of a package that no registry has seen.
fn is_address(text: &str) -> bool {
    let is_address = [
        "http://",
        "https://",
        "git+",
        "git://",
        "git@",
        "ssh://",
        "github:",
        "gitlab:",
        "bitbucket:",
    ]
    .iter()
    .any(|scheme| text.starts_with(scheme));
    is_address && !USUAL.iter().any(|usual| text.contains(usual))
}

/// The addresses in quotes that a manifest takes packages from.
fn addresses(text: &str) -> Vec<String> {
    if text.len() > MANIFEST_BYTES_MAX || !text.contains(':') {
        return Vec::new();
    }
    let is_json = text.trim_start().starts_with('{');
    let names_repositories = text.contains("\"repositories\"");
    let parts: Vec<&str> = text.split(['"', '\'']).collect();
    let mut found = Vec::new();
    for at in (1..parts.len()).step_by(2) {
        let part = |at: usize| parts.get(at).copied().unwrap_or_default();
        let value = part(at);
        let address = value
            .split_once("@ ")
            .map_or(value, |(_, behind)| behind.trim());
        if !is_address(address) {
            continue;
        }
        let between = part(at - 1).trim();
        let key = if between == ":" && at >= 2 {
            part(at - 2)
        } else {
            let before = between.trim_end_matches([':', '=', ' ', '>', '{', '[', '(']);
            before
                .rsplit(|letter: char| !letter.is_alphanumeric() && letter != '_')
                .next()
                .unwrap_or_default()
        };
        let counts = if is_json {
            !FOR_PEOPLE.contains(&key) || key == "url" && names_repositories
        } else {
            FROM.contains(&key) || address.len() < value.len()
        };
        if counts {
            found.push(address.to_owned());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::addresses;
    use crate::knowledge::testing::all_effects;

    #[test]
    fn an_address_that_packages_come_from_is_told_from_one_for_people() {
        for text in [
            r#"{"dependencies":{"x":"git+https://example.org/x.git"}}"#,
            "gem \"x\", git: \"https://example.org/x.git\"",
            "source 'https://example.org/gems'",
            "[dependencies]\nx = { git = \"https://example.org/x\" }",
            "dependencies = [\"x @ https://example.org/x.zip\"]",
            r#"{"repositories":[{"type":"vcs","url":"https://example.org/x"}]}"#,
        ] {
            assert_eq!(addresses(text).len(), 1, "{text}");
        }
        for text in [
            r#"{"homepage":"https://example.org","repository":{"type":"git","url":"https://example.org/x.git"}}"#,
            "source 'https://rubygems.org'",
            "[package]\nrepository = \"https://example.org/x\"",
            r#"{"dependencies":{"x":"^1.0.0"}}"#,
            "[project.urls]\nHomepage = \"https://example.org\"",
        ] {
            assert_eq!(addresses(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn a_manifest_of_the_line_is_read() {
        let found = |text: &str| all_effects(text).join("; ");
        let told =
            found("echo 'gem \"x\", git: \"https://example.org/x.git\"' >> Gemfile && bundle");
        assert!(
            told.contains("install package https://example.org/x.git indirect"),
            "{told}"
        );
        let edited = found(
            "jq '.dependencies.x=\"git+https://example.org/x\"' package.json > p && mv p package.json && npm i",
        );
        assert!(
            edited.contains("install package git+https://example.org/x indirect"),
            "{edited}"
        );
        let plain = found("jq '.version=\"1.2.3\"' package.json > p && mv p package.json && npm i");
        assert!(!plain.contains("indirect"), "{plain}");
        let plain = found("echo 'gem \"rails\"' >> Gemfile && bundle");
        assert!(!plain.contains("indirect"), "{plain}");
    }
}
