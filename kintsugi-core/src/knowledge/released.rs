//! Tasks of a project that put something before everybody: `make deploy ENV=production`, `npm run release:prod`.
//!
//! What such a task does stands in the project; that it is for production stands in its name, in its words or in a variable.
//! As all that is read in words of people it is [`Modifier::Assumed`].

use super::analyst::{Analyst, Call};
use super::lexicon::parts;
use crate::effect::{Action, Modifier, Modifiers, Role, Target};

/// Programs that run tasks of the project by their names.
const RUNNERS: &str = " make gmake just task npm pnpm yarn bun deno rake mage invoke inv fab nox nx turbo lerna moon gulp grunt grunt-cli \
    ant mvn mvnw gradle gradlew sbt lein mix composer bundle bundler poetry pdm hatch uv pipenv pants bazel buck2 earthly dagger \
    cargo-make makers mask run robo phing deployer dep envoy cap mina shipit kamal rails artisan php python node tsx ts-node sh \
    bash zsh doit pyinvoke scons ninja rush wireit xtask cargo ";

/// What is done to what everybody sees.
const VERBS: [&str; 21] = [
    "deploy",
    "deployment",
    "release",
    "publish",
    "ship",
    "rollout",
    "promote",
    "migrate",
    "migration",
    "migrations",
    "destroy",
    "teardown",
    "rollback",
    "provision",
    "apply",
    "reset",
    "drop",
    "wipe",
    "seed",
    "push",
    "undeploy",
];

/// What is only looked at, or made beforehand.
const LOOKING: [&str; 24] = [
    "check",
    "plan",
    "diff",
    "preview",
    "dry",
    "dryrun",
    "status",
    "list",
    "help",
    "docs",
    "doc",
    "storybook",
    "validate",
    "verify",
    "lint",
    "test",
    "tests",
    "build",
    "precompile",
    "notes",
    "log",
    "logs",
    "config",
    "info",
];

/// What leaves out what stands behind it.
const LEAVING_OUT: [&str; 6] = ["skip", "no", "without", "disable", "bypass", "ignore"];

/// Longest word that is read, in bytes.
const WORD_BYTES_MAX: usize = 120;

impl Analyst<'_> {
    /// Adds what a task does that its words send to production.
    pub(super) fn released(&mut self, call: &Call<'_>, path: &str) {
        let program = path.split(' ').next().unwrap_or_default();
        if !super::telling::listed(RUNNERS, program) {
            return;
        }
        let (mut verb, mut production, mut looks) = (None, false, false);
        let assigned = call
            .assignments
            .iter()
            .map(|it| (it.name.clone() + "=" + &it.value.display(), true));
        let words = call
            .words
            .iter()
            .skip(1)
            .map(|word| (word.display(), false));
        for (text, is_variable) in assigned.chain(words) {
            if text.len() > WORD_BYTES_MAX || text.contains([' ', '\n', '(']) {
                continue;
            }
            let is_path = text.contains('/') && !is_variable;
            let file = text.rsplit('/').next().unwrap_or_default().to_owned();
            let (name, value) = text.split_once('=').unwrap_or((&file, ""));
            // `SKIP_TESTS=1`, `--no-verify`, `DRY_RUN=0`.
            let is_left_out = matches!(value, "0" | "false" | "no" | "off")
                || parts(name).any(|part| LEAVING_OUT.contains(&part.as_str()));
            for part in parts(name).chain(parts(value)) {
                let part = part.as_str();
                production |= !is_path && matches!(part, "prod" | "production" | "prd" | "live");
                looks |= !is_left_out && LOOKING.contains(&part);
                if VERBS.contains(&part) && !is_variable && verb.is_none() {
                    verb = Some(text.clone());
                }
            }
        }
        // `MIX_ENV=prod mix release` packs what runs there, and leaves it here (mix, Elixir 1.17).
        let only_packs =
            program == "mix" && matches!(verb.as_deref(), Some("release" | "release,"));
        let verb = verb.filter(|_| !only_packs);
        let (Some(verb), true, false) = (verb, production, looks) else {
            return;
        };
        let target = Target::named(format!("production by {verb}"));
        self.push(call, Action::Publish, Role::Resource, target)
            .with(
                Modifiers::NONE
                    .with(Modifier::Assumed)
                    .with(Modifier::Permanent),
            )
            .by(path);
    }
}

#[cfg(test)]
mod tests {
    use crate::knowledge::testing::tells_apart;

    #[test]
    fn a_task_for_production_is_told_from_one_that_builds_for_it() {
        tells_apart(
            "publish resource production",
            &[
                "make deploy ENV=production",
                "ENV=production make deploy",
                "make prod-deploy",
                "npm run deploy:prod",
                "just release prod",
                "make deploy ENV=production SKIP_TESTS=1",
                "npm run deploy:prod -- --skip-tests",
                "make deploy-prod DRY_RUN=0",
                "NODE_ENV=production npm run db:migrate",
            ],
            &[
                "make build ENV=production",
                "npm run build:prod",
                "make deploy ENV=staging",
                "make deploy ENV=production DRY_RUN=1",
                "make deploy-prod SKIP_TESTS=1 CHECK=1",
                "make deploy",
                "NODE_ENV=production npm test",
                "just deploy-check production",
            ],
        );
    }
}
