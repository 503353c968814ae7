//! Directories of the project that a tool of the same line makes anew: `rm -rf public && hugo`, `rm -rf build install log && colcon build`.
//!
//! A name such as `pkg` or `log` says nothing by itself; that the line builds with the tool that writes there by default says that nobody
//! else does. Where an option names the directory, the name has to be one that people give to what is made, since `-o src` is an option too.
//! A command that only tells about the tool builds nothing.
//!
//! Sources: the manual of each: hugo 0.139, colcon-core 0.18, wasm-pack 0.13, doxygen 1.12, nextflow 24.10, Bundler 2.5, Microsoft.Common targets
//! of .NET 8, mix 1.17, `CocoaPods` 1.16, Carthage 0.40, shards 0.18, vcpkg 2024, dbt 1.9, spago 0.93, pelican 4.10, mdBook 0.4, `MkDocs` 1.6.

use super::analyst::{Analyst, Call};
use super::telling::listed;
use crate::shell::{Invocation, Word};

/// A tool, the words of which one has to be there for it to build (none: it builds without), and what it makes by default.
type Builder = (&'static str, &'static str, &'static [&'static str]);

/// What tools make without being told where.
const BUILDERS: &[Builder] = &[
    ("dotnet", BUILDS, &["bin"]),
    ("msbuild", "", &["bin"]),
    ("nuget", BUILDS, &["bin"]),
    ("mix", " deps.get deps.compile compile test ", &["deps"]),
    ("pod", " install update ", &["Pods"]),
    ("hugo", "", &["public", "resources/_gen"]),
    ("zola", BUILDS, &["public"]),
    ("gatsby", BUILDS, &["public"]),
    ("hexo", " generate g ", &["public"]),
    ("jekyll", BUILDS, &["_site"]),
    ("pelican", "", &["output"]),
    ("mkdocs", BUILDS, &["site"]),
    ("mdbook", " build test ", &["book"]),
    ("colcon", " build test ", &["install", "log"]),
    ("catkin", BUILDS, &["devel", "logs"]),
    ("wasm-pack", BUILDS, &["pkg"]),
    ("doxygen", "", &["html", "latex", "xml", "rtf"]),
    ("jsdoc", "", &["out"]),
    ("ford", "", &["doc"]),
    ("nextflow", " run ", &["work", ".nextflow", ".nextflow*"]),
    ("snakemake", "", &[".snakemake"]),
    ("bundle", " install ", &["vendor/bundle"]),
    (
        "carthage",
        " update bootstrap build ",
        &["Carthage", "Carthage/Build"],
    ),
    ("shards", " install update build ", &["lib/.shards"]),
    ("vcpkg", " install ", &["vcpkg_installed"]),
    ("spago", BUILDS, &["output"]),
    (
        "dbt",
        " run build compile deps test ",
        &["dbt_packages", "logs"],
    ),
    ("forge", BUILDS, &["cache"]),
    (
        "hardhat",
        " compile test node ",
        &["artifacts", "cache", "typechain-types"],
    ),
    (
        "cordova",
        " prepare build platform run ",
        &["platforms", "plugins"],
    ),
    ("ionic", BUILDS, &["www"]),
    ("verilator", "", &["obj_dir"]),
    ("quartus_sh", "", &["db", "incremental_db", "output_files"]),
    (
        "playwright",
        " test ",
        &["test-results", "playwright-report"],
    ),
    (
        "cypress",
        " run ",
        &["cypress/screenshots", "cypress/videos", "cypress/downloads"],
    ),
    ("jest", UPDATES, SNAPSHOTS),
    ("vitest", UPDATES, SNAPSHOTS),
    (
        "pytest",
        " --snapshot-update --inline-snapshot=fix ",
        SNAPSHOTS,
    ),
];

/// What a runner of tests writes anew when it is told to take what it finds for right (Jest 29, Vitest 2, syrupy 4).
const UPDATES: &str = " -u --update --updateSnapshot ";
const SNAPSHOTS: &[&str] = &[
    "__snapshots__",
    "__snapshots__/**/*.snap",
    "__snapshots__/*.snap",
];

/// Words by which most tools build.
const BUILDS: &str = " restore build test run publish install ";

/// Words by which a tool only tells something, or does something else.
const ONLY_TELLS: &str =
    " version help env list config new init clean completion --help -h --version -V --dry-run ";

/// Tools that write where an option says.
const GENERATORS: &str = " cmake meson hugo zola jekyll mkdocs mdbook sphinx-build pelican eleventy @11ty/eleventy typedoc jsdoc javadoc doxygen pdoc pdoc3 protoc buf \
    openapi-generator openapi-generator-cli swagger-codegen openapi-typescript-codegen openapi graphql-codegen quicktype flatc thrift javac kotlinc tsc \
    esbuild rollup webpack vite parcel wasm-pack wasm-bindgen sass babel swc asciidoctor allure nyc c8 vitest gcovr genhtml xjc wsdl2java \
    mockery mockgen orval fastapi-codegen datamodel-codegen autorest kiota sqlc ent svd2rust bindgen uniffi-bindgen cxxbridge flutter_rust_bridge_codegen ";

/// Options that say where.
const WHERE: &str = " -d -o -O --destination --dest --out --output --out-dir --outdir --output-dir --outDir --output-directory --site-dir --dest-dir \
    -B --build setup ";

/// Names that people give to what is made.
const OUTPUTS: &str = " public site html www book output outputs pkg gen generated autogen codegen wasm report reports obj _site bundle artifacts \
    mocks build builddir ";

/// Programs that run what somebody wrote, which may be told where to write: `python train.py --output-dir runs/smoke`.
const RUNNERS: &str = " python python3 node deno ruby perl Rscript julia java torchrun accelerate deepspeed papermill ";

/// Options by which such a program is told where to write: `-o` and `--build` may mean anything there.
const TOLD_WHERE: &str = " --out --output --out-dir --outdir --out_dir --output-dir --output_dir --outDir --output-directory --output-path \
    --save-dir --save_dir --log-dir --log_dir --logdir --results-dir --results_dir --work-dir --work_dir --run-dir --run_dir --dest --destination ";

/// Parts of a name by which a run was a trial.
const TRIALS: &str = " smoke smoketest test tests debug trial try dry sanity quick demo check ci bench tmp temp scratch probe ";

/// Directories in which runs leave what they make.
const COLLECTIONS: &str =
    " out outputs output runs results result logs checkpoints artifacts reports exports tmp ";

/// Programs behind which another one is named.
const STARTERS: &str = " npx pnpm yarn bunx bun uv poetry pipenv bundle exec dlx run npm sudo time nice env timeout -y -s --yes x -- ";

/// Most commands of a line, and most words of one, that are looked at: what a tool makes behind more is asked about.
const MAKERS_MAX: usize = 32;
const WORDS_MAX: usize = 64;

/// Units of work that looking at a command costs.
const MAKER_UNITS: u32 = 2;

impl Analyst<'_> {
    /// Whether a directory of the project is one that a tool of the same line makes anew.
    ///
    /// Asked of every path that is deleted: a name that no tool makes is answered without looking at the line.
    pub(super) fn is_rebuilt(&mut self, call: &Call<'_>, path: &str) -> bool {
        if super::on_this_machine::is_for_development(path) {
            return self.is_read_anew(call, path);
        }
        let path = path.strip_suffix("/*").unwrap_or(path);
        let ends = |name: &str| {
            let rest = path.strip_suffix(name);
            rest.is_some_and(|rest| rest.ends_with('/'))
        };
        let mut by_default = BUILDERS.iter().flat_map(|(_, _, made)| made.iter());
        let is_trial = is_trial_output(path);
        if !by_default.any(|it| ends(it)) && !is_output(path) && !is_trial {
            return false;
        }
        if ends("bin") && call.words.iter().take(WORDS_MAX).any(names_obj) {
            return true;
        }
        for it in call.scope.script.invocations.iter().take(MAKERS_MAX) {
            if !self.budget.spend(MAKER_UNITS) {
                return false;
            }
            if is_trial && runs_own(it) && self.is_told(call, it, path, TOLD_WHERE) {
                return true;
            }
            let Some((tool, words)) = tool_of(it) else {
                continue;
            };
            let units = u32::try_from(words.len()).unwrap_or(u32::MAX);
            if !self.budget.spend(units) || words.iter().any(|word| listed(ONLY_TELLS, word)) {
                continue;
            }
            let builds =
                |verbs: &str| verbs.is_empty() || words.iter().any(|word| listed(verbs, word));
            let by_default = BUILDERS.iter().any(|(name, verbs, made)| {
                *name == tool && builds(verbs) && made.iter().any(|it| ends(it))
            });
            if by_default
                || listed(GENERATORS, &tool)
                    && is_output(path)
                    && self.is_told(call, it, path, WHERE)
            {
                return true;
            }
        }
        false
    }

    /// Whether one of `options` of a command says that it writes to that directory.
    fn is_told(&self, call: &Call<'_>, maker: &Invocation, path: &str, options: &str) -> bool {
        let mut before = "";
        let words = maker.words.iter().take(WORDS_MAX);
        let shown: Vec<String> = words.map(Word::display).collect();
        for (word, text) in maker.words.iter().zip(&shown) {
            let joined = text
                .strip_prefix("-B")
                .filter(|it| !it.is_empty() && listed(options, "-B"));
            let value = match text.split_once('=') {
                Some((option, value)) if listed(options, option) => {
                    Some(Word::text(value, word.span))
                }
                _ if listed(options, before) => Some(word.clone()),
                _ if joined.is_some() => joined.map(|value| Word::text(value, word.span)),
                _ => None,
            };
            before = text;
            let Some(value) = value else { continue };
            let judged = self.judge(&value, &maker.directories, call.scope);
            if !judged.is_empty()
                && judged
                    .iter()
                    .all(|it| it.path.trim_end_matches('/') == path)
            {
                return true;
            }
        }
        false
    }
}

/// Whether a path has a name that people give to what is made.
fn is_output(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.split(['-', '.', '_'])
        .any(|part| listed(OUTPUTS, part))
}

/// Whether a path is what a run for trying left where runs leave what they make: `outputs/smoke`.
fn is_trial_output(path: &str) -> bool {
    let mut names = path.rsplit('/');
    let last = names.next().unwrap_or_default();
    let is_trial = last.split(['-', '.', '_']).any(|part| listed(TRIALS, part));
    is_trial && names.next().is_some_and(|name| listed(COLLECTIONS, name))
}

/// Whether a command runs a program of whoever works here.
fn runs_own(invocation: &Invocation) -> bool {
    let words = invocation.words.iter().take(WORDS_MAX);
    let mut words = words.map(Word::display);
    let first = words.next().unwrap_or_default();
    let second = words.next().unwrap_or_default();
    let base = first.rsplit('/').next().unwrap_or_default();
    listed(RUNNERS, base)
        || first.starts_with("./")
        || matches!(
            (base, second.as_str()),
            (
                "uv" | "poetry" | "pipenv" | "cargo" | "go" | "pdm" | "hatch",
                "run"
            )
        )
}

/// Whether a word names `obj`: `MSBuild` writes to it and to `bin`, and to nothing else (Microsoft.Common.CurrentVersion.targets, .NET 8).
fn names_obj(word: &Word) -> bool {
    let text = word.display();
    let mut names = text
        .split([',', ' '])
        .map(|name| name.trim_end_matches(['/', '\\']));
    names.any(|name| name.rsplit(['/', '\\']).next() == Some("obj"))
}

/// The tool that a command starts, whatever starts it, and the first words behind; none when it is no tool that makes something.
fn tool_of(invocation: &Invocation) -> Option<(String, Vec<String>)> {
    let words = invocation.words.iter().take(WORDS_MAX);
    let mut words = words.map(Word::display).peekable();
    let first = words.peek()?.rsplit('/').next()?.to_owned();
    // `bundle install` is a tool, `bundle exec jekyll build` starts one.
    let starts = listed(STARTERS, &first)
        && (first != "bundle"
            || invocation
                .words
                .iter()
                .take(WORDS_MAX)
                .any(|word| word.display() == "exec"));
    if starts {
        while words.peek().is_some_and(|word| listed(STARTERS, word)) {
            words.next();
        }
    }
    let tool = words.next()?;
    let tool = tool.rsplit('/').next()?.to_owned();
    let is_one = BUILDERS.iter().any(|(name, _, _)| *name == tool) || listed(GENERATORS, &tool);
    is_one.then(|| (tool, words.collect()))
}
