//! `kintsugi check`: what would be decided, and why. Runs nothing, records nothing, and asks no daemon but for its model.

use std::io::{BufRead, Write};
use std::time::Instant;

use clap::Args;
use kintsugi_core::classify::{Bar, Class};
use kintsugi_core::decide::Decision;
use kintsugi_core::display::escape;
use kintsugi_core::effect::Effect;
use kintsugi_core::facts::Facts;
use kintsugi_core::judge::Judge;
use kintsugi_core::proposal::ProposedCommand;
use kintsugi_core::protocol::Verdict;
use kintsugi_core::rules::Finding;
use kintsugi_core::shell::Dialect;
use serde::{Deserialize, Serialize};

use super::{dialect, score, text_of};
use crate::card::Card;
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::{embedded, policies, proposal, surroundings};

/// Longest line of a batch, in bytes.
const BATCH_LINE_BYTES_MAX: u64 = 2 * kintsugi_core::limits::FRAME_BYTES_MAX as u64;

/// Arguments of `kintsugi check`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kintsugi check -- \"cd build && rm -rf ../src\"\n  \
                        echo '{\"command\":\"ls\"}' | kintsugi check --batch"
)]
pub struct Check {
    /// The command: one argument is shell text, several are a program and its arguments
    #[arg(last = true, required_unless_present = "batch", value_name = "CMD")]
    command: Vec<String>,
    /// Prints the verdict as one line of JSON
    #[arg(long, conflicts_with = "batch")]
    json: bool,
    /// Asks the daemon what its model would say, and shows rules, heuristic and model side by side
    #[arg(long, conflicts_with = "batch")]
    score: bool,
    /// Reads lines {"command","cwd"?,"shell"?,"facts"?} and prints one line of JSON for each
    #[arg(long, conflicts_with = "command")]
    batch: bool,
    /// The language of the command: bash, zsh, sh, fish, nu, powershell [default: that of $SHELL]
    #[arg(long, value_name = "SHELL", value_parser = dialect)]
    shell: Option<Dialect>,
    /// The directory it would run in [default: the current one]
    #[arg(long, value_name = "DIR")]
    cwd: Option<String>,
}

/// The answer of `--json`.
#[derive(Debug, Serialize)]
struct Report<'a> {
    version: u32,
    command: &'a str,
    cwd: &'a str,
    #[serde(flatten)]
    verdict: &'a Verdict,
}

/// One line of a batch.
#[derive(Debug, Deserialize)]
struct Question {
    command: String,
    #[serde(default)]
    cwd: Option<String>,
    #[serde(default)]
    shell: Option<Dialect>,
    #[serde(default)]
    facts: Option<Box<Facts>>,
}

/// The answer to a line of a batch.
#[derive(Debug, Serialize)]
struct Answer<'a> {
    command: &'a str,
    class: Class,
    decision: Decision,
    risk: Option<u8>,
    rule: Option<&'a str>,
    reason: &'a str,
    effects: &'a [Effect],
    findings: &'a [Finding],
    micros: u64,
}

impl Check {
    /// Judges and explains.
    ///
    /// The exit code is that of the decision: 0 allow, 3 deny, 4 hold. A batch ends with 0 when every line was
    /// read; one that was not is answered with a hold, said on standard error, and ends it with 1.
    ///
    /// # Errors
    /// When there is no directory to judge in, or a line of a batch is longer than two frames.
    pub fn run(self, console: &mut Console) -> Result<Exit, Failure> {
        let (judge, problems) = policies::judge(&self.directory()?)?;
        for problem in problems {
            console.fail(&Failure::new(Exit::Failed, escape(&problem)));
        }
        if self.batch {
            return self.answer_batch(&judge, console);
        }
        let cwd = self.directory()?;
        let dialect = self.shell.unwrap_or_else(|| surroundings::shell().1);
        let mut command = proposal::propose("check", text_of(&self.command), cwd, dialect);
        command.argv = self.command;
        if self.score {
            // What was found out about the files goes with it.
            drop(embedded::verdict_with_facts(
                &judge,
                &mut command,
                Bar::Decision,
            ));
            return score::show(command, self.json, console);
        }
        let verdict = embedded::verdict_with_facts(&judge, &mut command, Bar::Decision);
        if self.json {
            console.json(&Report {
                version: super::JSON_VERSION,
                command: &command.raw,
                cwd: &command.cwd,
                verdict: &verdict,
            })?;
        } else {
            explain(&command, &verdict, console)?;
        }
        Ok(exit_of(verdict.decision))
    }

    fn directory(&self) -> Result<String, Failure> {
        match &self.cwd {
            Some(cwd) if cwd.starts_with('/') => Ok(cwd.clone()),
            Some(cwd) => Ok(format!("{}/{cwd}", surroundings::directory()?)),
            None => surroundings::directory(),
        }
    }

    fn answer_batch(&self, judge: &Judge, console: &mut Console) -> Result<Exit, Failure> {
        let mut input = std::io::stdin().lock();
        let mut line = Vec::new();
        let cwd = self.directory()?;
        let mut exit = Exit::Allowed;
        for number in 1_u64.. {
            line.clear();
            let mut bounded = std::io::Read::take(&mut input, BATCH_LINE_BYTES_MAX);
            if bounded.read_until(b'\n', &mut line)? == 0 {
                break;
            }
            let is_cut = bounded.limit() == 0 && !line.ends_with(b"\n");
            match serde_json::from_slice(&line) {
                Ok(question) => self.answer(judge, question, &cwd, console)?,
                Err(error) => {
                    let failure = Failure::new(
                        Exit::Failed,
                        format!("line {number} of the batch: {error}"),
                    )
                    .hint("each line is an object like {\"command\":\"ls\",\"cwd\":\"/home/u\"}");
                    if is_cut {
                        // Where the next line begins is not known.
                        return Err(failure);
                    }
                    unreadable(&line, &failure.message, console)?;
                    console.fail(&failure);
                    exit = Exit::Failed;
                }
            }
        }
        console.out.flush()?;
        Ok(exit)
    }

    fn answer(
        &self,
        judge: &Judge,
        question: Question,
        cwd: &str,
        console: &mut Console,
    ) -> Result<(), Failure> {
        let cwd = question.cwd.unwrap_or_else(|| cwd.to_owned());
        let dialect = question.shell.or(self.shell).unwrap_or_default();
        let around = proposal::judged_in(&cwd);
        let mut command = proposal::propose("check", question.command, cwd, dialect);
        command.facts = question.facts;
        let start = Instant::now();
        let verdict = judge.verdict(&command, &around, None);
        let micros = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
        console.json(&Answer {
            command: &command.raw,
            class: verdict.class,
            decision: verdict.decision,
            risk: verdict.risk,
            rule: verdict.rule.as_deref(),
            reason: &verdict.reason,
            effects: &verdict.effects,
            findings: &verdict.findings,
            micros,
        })
    }
}

/// Answers a line that is no question, so that every line has its answer: nobody knows what it would do.
fn unreadable(line: &[u8], reason: &str, console: &mut Console) -> Result<(), Failure> {
    console.json(&Answer {
        command: String::from_utf8_lossy(line).trim_end(),
        class: Class::Catastrophic,
        decision: Decision::Hold,
        risk: None,
        rule: None,
        reason,
        effects: &[],
        findings: &[],
        micros: 0,
    })
}

fn explain(
    command: &ProposedCommand,
    verdict: &Verdict,
    console: &mut Console,
) -> Result<(), Failure> {
    let title = title(verdict.decision);
    let card = Card {
        proposed: false,
        ..Card::of_verdict(command, verdict)
    };
    let text = card.render(title, &[], console.out_columns, console.out_paint);
    Ok(console.out.write_all(text.as_bytes())?)
}

/// Returns what a decision means for a command that was only asked about.
pub(super) const fn title(decision: Decision) -> &'static str {
    match decision {
        Decision::Allow => "allow: it would run without asking",
        Decision::Hold => "hold: it would wait for a person",
        Decision::Deny => "deny: it would not run",
    }
}

pub(super) const fn exit_of(decision: Decision) -> Exit {
    match decision {
        Decision::Allow => Exit::Allowed,
        Decision::Hold => Exit::Held,
        Decision::Deny => Exit::Denied,
    }
}
