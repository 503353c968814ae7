//! `kintsugi policy`: what the policy files say, whether they are right, and why a command meets them.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use kintsugi_core::display::escape;
use kintsugi_core::paths::PROJECT_POLICY;
use kintsugi_core::policy::{Layers, Notice, Origin, Policy as InForce};
use kintsugi_core::vault::operation::{Files, Operation};
use serde::Serialize;

use super::text_of;
use crate::card::Card;
use crate::console::{Console, Tone};
use crate::exit::{Exit, Failure};
use crate::policies::{self, Policies};
use crate::{admin, embedded, proposal, surroundings};

/// Arguments of `kintsugi policy`.
#[derive(Debug, Args)]
pub struct Policy {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Checks the policy files, or one file; ends with 1 when something is wrong
    Check {
        /// The file; `.kintsugi.toml` is read as a project's, others as a person's
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// Shows what is in force here, and which file says so
    Show {
        /// Prints it as one line of JSON
        #[arg(long)]
        json: bool,
    },
    /// Has the daemon take over the policy files although they loosen something; needs the admin when there is a vault
    Accept,
    /// Runs the examples of every rule, of those that are built in as well
    Test,
    /// Explains a command: its verdict, the rules that applied, and the policy behind the decision
    Why {
        /// The command
        #[arg(last = true, required = true, value_name = "CMD")]
        command: Vec<String>,
    },
}

#[derive(Debug, Serialize)]
struct Shown<'a> {
    version: u32,
    mode: &'static str,
    mode_source: Option<&'a str>,
    threshold: u8,
    threshold_source: Option<&'a str>,
    files: Vec<(Origin, String)>,
    raises: Vec<(&'a [String], &'a str)>,
    exceptions: Vec<(&'a [String], &'a str)>,
    problems: &'a [String],
    ignored: Vec<String>,
}

impl Policy {
    /// Does what was asked about the policy.
    ///
    /// # Errors
    /// When a policy file is wrong.
    pub fn run(self, console: &mut Console) -> Result<Exit, Failure> {
        let cwd = surroundings::directory()?;
        let judge = embedded::judge()?;
        let read = |cwd: &str| -> Result<Policies, Failure> {
            Ok(policies::read(&judge, &surroundings::paths()?, cwd))
        };
        match self.action {
            Action::Check { file: Some(file) } => check_file(&file, console),
            Action::Check { file: None } => check(read(&cwd)?, console),
            Action::Show { json } => show(&read(&cwd)?, json, console),
            Action::Accept => accept(console),
            Action::Test => test(read(&cwd)?, console),
            Action::Why { command } => why(&command, &read(&cwd)?, cwd, console),
        }
    }
}

fn wrong(problem: &str) -> Failure {
    Failure::new(Exit::Failed, escape(problem))
        .hint("until it is mended, the strictest reading of the policy is in force")
}

fn check_file(file: &std::path::Path, console: &mut Console) -> Result<Exit, Failure> {
    let origin = if file.file_name().is_some_and(|name| name == PROJECT_POLICY) {
        Origin::Project
    } else {
        Origin::User
    };
    let read = policies::read_file(file, origin).map_err(|error| wrong(&format!("{error:#}")))?;
    let Some(read) = read else {
        let message = format!("`{}` is not there", file.display());
        return Err(Failure::new(Exit::Failed, message).hint("give the path of a policy file"));
    };
    // As it would be if it were the only one: what it names must be there, and its examples as it says.
    let mut judge = embedded::judge()?;
    let mut layers = Layers::default();
    match origin {
        Origin::Project => layers.project = Some(read),
        Origin::Admin | Origin::User => layers.user = Some(read),
    }
    let (policy, notices) = layers
        .combine(judge.rules())
        .map_err(|error| wrong(&error.to_string()))?;
    judge
        .adopt(policy)
        .map_err(|error| wrong(&error.to_string()))?;
    note(&notices, console)?;
    writeln!(console.out, "`{}` is well formed", file.display())?;
    Ok(Exit::Allowed)
}

/// Names the files by what they say, so that what is taken over is what was read here.
fn accept(console: &mut Console) -> Result<Exit, Failure> {
    let paths = surroundings::paths()?;
    let hash = policies::hash(&paths)?;
    admin::authorize(&paths, &Operation::Policy(Files { hash }))?;
    writeln!(console.out, "the policy files are in force as they are")?;
    Ok(Exit::Allowed)
}

/// Says what of a file does not count.
fn note(notices: &[Notice], console: &mut Console) -> Result<(), Failure> {
    for notice in notices {
        let line = format!("{}: {}", notice.at, notice.message);
        writeln!(console.err, "kintsugi: note: {}", escape(&line))?;
    }
    Ok(())
}

fn check(read: Policies, console: &mut Console) -> Result<Exit, Failure> {
    note(&read.notices, console)?;
    if let Some((last, others)) = read.problems.split_last() {
        for problem in others {
            console.fail(&Failure::new(Exit::Failed, escape(problem)));
        }
        return Err(wrong(last));
    }
    let mut judge = embedded::judge()?;
    judge
        .adopt(read.policy)
        .map_err(|error| wrong(&error.to_string()))?;
    let files = read.files.len();
    let plural = if files == 1 { "" } else { "s" };
    writeln!(console.out, "{files} policy file{plural}, nothing is wrong")?;
    Ok(Exit::Allowed)
}

fn show(read: &Policies, json: bool, console: &mut Console) -> Result<Exit, Failure> {
    let policy = &read.policy;
    let shown = Shown {
        version: super::JSON_VERSION,
        mode: policy.mode.name(),
        mode_source: policy.mode_source(),
        threshold: policy.threshold,
        threshold_source: policy.threshold_source(),
        files: read
            .files
            .iter()
            .map(|(origin, path)| (*origin, path.display().to_string()))
            .collect(),
        raises: policy.raises().collect(),
        exceptions: policy.exceptions().collect(),
        problems: &read.problems,
        ignored: read
            .notices
            .iter()
            .map(|notice| format!("{}: {}", notice.at, notice.message))
            .collect(),
    };
    if json {
        console.json(&shown)?;
        return Ok(Exit::Allowed);
    }
    let by = |source: Option<&str>| source.unwrap_or("by default").to_owned();
    let mut rows = vec![
        (
            "mode",
            format!("{} ({})", shown.mode, by(shown.mode_source)),
        ),
        (
            "threshold",
            format!("{} ({})", shown.threshold, by(shown.threshold_source)),
        ),
    ];
    rows.extend(shown.files.iter().map(|(_, path)| ("file", path.clone())));
    let listed = |(ids, at): &(&[String], &str)| format!("{} ({at})", ids.join(", "));
    rows.extend(shown.raises.iter().map(|raise| ("raised", listed(raise))));
    rows.extend(
        shown
            .exceptions
            .iter()
            .map(|except| ("excepted", listed(except))),
    );
    rows.extend(
        shown
            .ignored
            .iter()
            .map(|notice| ("ignored", notice.clone())),
    );
    rows.extend(
        shown
            .problems
            .iter()
            .map(|problem| ("wrong", problem.clone())),
    );
    for (label, value) in rows {
        let label = console.out_paint.tone(Tone::Quiet, format!("{label:<11}"));
        writeln!(console.out, "{label}{}", escape(&value))?;
    }
    Ok(Exit::Allowed)
}

fn test(read: Policies, console: &mut Console) -> Result<Exit, Failure> {
    let mut judge = embedded::judge()?;
    let own = read.policy.rules.examples().count();
    let builtin = judge.rules().examples().count();
    judge
        .check_examples(judge.rules())
        .map_err(|error| wrong(&error.to_string()))?;
    judge
        .adopt(read.policy)
        .map_err(|error| wrong(&error.to_string()))?;
    if let Some(problem) = read.problems.first() {
        return Err(wrong(problem));
    }
    writeln!(
        console.out,
        "{builtin} examples of built-in rules and {own} of yours are as the rules say"
    )?;
    Ok(Exit::Allowed)
}

fn why(
    words: &[String],
    read: &Policies,
    cwd: String,
    console: &mut Console,
) -> Result<Exit, Failure> {
    let (judge, problems) = policies::judge(&cwd)?;
    let command = proposal::propose("check", text_of(words), cwd, surroundings::shell().1);
    let around = proposal::judged_in(&command.cwd);
    let programs = judge.judge(&command, &around).programs;
    let verdict = judge.verdict(&command, &around, None);
    let card = Card {
        proposed: false,
        ..Card::of_verdict(&command, &verdict)
    };
    let title = super::check::title(verdict.decision);
    let text = card.render(title, &[], console.out_columns, console.out_paint);
    console.out.write_all(text.as_bytes())?;
    let mut paths: Vec<_> = programs.into_iter().map(|(path, _)| path).collect();
    paths.dedup();
    writeln!(console.out, "\n  commands  {}", escape(&paths.join(", ")))?;
    writeln!(console.out, "  policy    {}", policy_line(&read.policy))?;
    for problem in problems {
        console.fail(&wrong(&problem));
    }
    Ok(Exit::Allowed)
}

fn policy_line(policy: &InForce) -> String {
    format!(
        "mode {} ({}), held from risk {} ({})",
        policy.mode.name(),
        policy.mode_source().unwrap_or("by default"),
        policy.threshold,
        policy.threshold_source().unwrap_or("by default")
    )
}
