//! `kintsugi replay`: the log's commands under today's rules and policy, and what would be decided otherwise.

use std::collections::BTreeMap;
use std::io::Write;

use clap::Args;
use kintsugi_core::audit::record::{Body, Command};
use kintsugi_core::decide::Decision;
use kintsugi_core::display::{clip, escape};
use kintsugi_core::proposal::ProposedCommand;
use serde::Serialize;
use uuid::Uuid;

use crate::console::{Console, Tone};
use crate::exit::{Exit, Failure};
use crate::records::{Directory, Records};
use crate::{policies, proposal, surroundings};

/// Arguments of `kintsugi replay`.
#[derive(Debug, Args)]
pub struct Replay {
    /// Shows what would stay the same, too
    #[arg(long)]
    all: bool,
    /// Prints one line of JSON for each
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Replayed<'a> {
    version: u32,
    seq: u64,
    command: &'a str,
    was: Decision,
    now: Decision,
    rule: Option<&'a str>,
    reason: &'a str,
}

impl Replay {
    /// Judges every proposal of the log again. Changes nothing.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn run(&self, console: &mut Console) -> Result<Exit, Failure> {
        let directory = Directory::new(&surroundings::paths()?.log);
        let (judge, _) = policies::judge(&surroundings::directory()?)?;
        let mut records = Records::new(directory, 0);
        let mut open: BTreeMap<Uuid, (u64, Command)> = BTreeMap::new();
        let (mut judged, mut changed) = (0_u64, 0_u64);
        while let Some(stored) = records.next_record()? {
            let seq = stored.record.seq;
            match stored.record.body {
                Body::Proposal { command, .. } if !stored.record.redacted => {
                    open.insert(command.id, (seq, command));
                }
                // The use of an approval is no judgement.
                Body::Verdict(verdict) if verdict.uses.is_none() => {
                    let Some((seq, command)) = open.remove(&verdict.id) else {
                        continue;
                    };
                    judged += 1;
                    let command = proposed(command);
                    let now = judge.verdict(&command, &proposal::judged_in(&command.cwd), None);
                    let differs = now.decision != verdict.decision;
                    changed += u64::from(differs);
                    if differs || self.all {
                        self.show(
                            &Replayed {
                                version: super::JSON_VERSION,
                                seq,
                                command: &command.raw,
                                was: verdict.decision,
                                now: now.decision,
                                rule: now.rule.as_deref(),
                                reason: &now.reason,
                            },
                            console,
                        )?;
                    }
                }
                Body::Open { .. }
                | Body::State { .. }
                | Body::Hold { .. }
                | Body::Resolution { .. }
                | Body::Grant { .. }
                | Body::Observation { .. }
                | Body::Capture { .. }
                | Body::Undo { .. }
                | Body::AuthAttempt { .. }
                | Body::AuthResult { .. }
                | Body::Policy { .. }
                | Body::Child { .. }
                | Body::Checkpoint { .. }
                | Body::Redact { .. }
                | Body::Prune { .. }
                | Body::Recovery { .. }
                | Body::Incident { .. }
                | Body::Shutdown { .. }
                | Body::UncleanStart { .. }
                | Body::Proposal { .. }
                | Body::Verdict(_)
                | Body::Recorded { .. }
                | _ => {}
            }
        }
        if !self.json {
            writeln!(
                console.err,
                "{judged} commands judged again, {changed} otherwise"
            )?;
        }
        Ok(Exit::Allowed)
    }

    fn show(&self, replayed: &Replayed<'_>, console: &mut Console) -> Result<(), Failure> {
        if self.json {
            return console.json(replayed);
        }
        let tone = match replayed.now {
            Decision::Allow => Tone::Good,
            Decision::Hold => Tone::Warn,
            Decision::Deny => Tone::Bad,
        };
        let change = format!("{:<5} → {:<5}", word(replayed.was), word(replayed.now));
        let change = console.out_paint.tone(tone, change);
        let room = console.out_columns.max(60) - 24;
        let command = clip(&escape(replayed.command), room);
        Ok(writeln!(
            console.out,
            "{:>7}  {change}  {command}",
            replayed.seq
        )?)
    }
}

const fn word(decision: Decision) -> &'static str {
    match decision {
        Decision::Allow => "allow",
        Decision::Hold => "hold",
        Decision::Deny => "deny",
    }
}

fn proposed(command: Command) -> ProposedCommand {
    ProposedCommand {
        id: command.id,
        ts: command.client_ts,
        agent: command.agent,
        cwd: command.cwd,
        argv: command.argv,
        raw: command.raw,
        session: command.session,
        shell: command.shell,
        tool: command.tool,
        can: Vec::new(),
        interactive: command.interactive,
        facts: command.facts,
    }
}
