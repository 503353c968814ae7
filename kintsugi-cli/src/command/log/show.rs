//! `kintsugi log show`: one record, and what was decided about its command, explained as it was at the time.
//!
//! Nothing is judged again: rules and policy may have changed since. What is shown is what stands in the log.

use std::io::Write;

use clap::Args;
use kintsugi_core::audit::record::{Body, Command, Means, Peer, Record, Verdict};
use kintsugi_core::decide::Decision;
use kintsugi_core::display::escape;
use kintsugi_core::proposal::ProposedCommand;
use kintsugi_core::protocol::{self, Resolution};
use uuid::Uuid;

use crate::card::Card;
use crate::console::{Console, Tone};
use crate::exit::{Exit, Failure};
use crate::records::{Directory, Records, Stored, Wanted};

/// Arguments of `kintsugi log show`.
#[derive(Debug, Args)]
pub(super) struct Show {
    /// The record's number
    #[arg(value_name = "SEQ")]
    seq: u64,
    /// Prints the line as it is stored
    #[arg(long)]
    json: bool,
    /// Prints to the terminal without a pager (`PAGER`, else less)
    #[arg(long)]
    no_pager: bool,
}

/// What the log says about one proposal.
#[derive(Debug, Default)]
struct Story {
    command: Option<(Command, Peer)>,
    verdict: Option<Verdict>,
    /// Who judged, and by what, before the verdict.
    program: Option<String>,
    policy: Option<(u64, String, Option<String>)>,
    /// What came of it, in order.
    after: Vec<String>,
}

impl Show {
    pub(super) const fn wants_pager(&self) -> bool {
        !(self.no_pager || self.json)
    }

    pub(super) fn run(
        &self,
        directory: &Directory,
        console: &mut Console,
    ) -> Result<Exit, Failure> {
        let stored = Records::new(directory.clone(), self.seq)
            .next_record()?
            .filter(|stored| stored.record.seq == self.seq)
            .ok_or_else(|| {
                Failure::new(Exit::Failed, format!("there is no record {}", self.seq))
                    .hint("`kintsugi log -n 1` shows the last one")
            })?;
        if self.json {
            console.out.write_all(&stored.line)?;
            writeln!(console.out)?;
            return Ok(Exit::Allowed);
        }
        let Record { seq, ts, body, .. } = &stored.record;
        let head = format!("record {seq}, {}, {}", body.kind(), escape(ts));
        let head = console.out_paint.tone(Tone::Quiet, head);
        writeln!(console.out, "{head}")?;
        if stored.record.redacted {
            writeln!(console.out, "its private members were taken away")?;
        }
        if let Some(id) = body.proposal() {
            let story = Story::of(id, self.seq, directory)?;
            if story.tell(console)? {
                return Ok(Exit::Allowed);
            }
        }
        whole(&stored, console)
    }
}

/// Shows every member, where there is nothing to explain.
fn whole(stored: &Stored, console: &mut Console) -> Result<Exit, Failure> {
    let value: serde_json::Value = serde_json::from_slice(&stored.line)?;
    let text = serde_json::to_string_pretty(&value)?;
    for line in text.lines() {
        writeln!(console.out, "{}", escape(line))?;
    }
    Ok(Exit::Allowed)
}

impl Story {
    /// Collects what the log says about `id`, of which record `seq` speaks.
    fn of(id: Uuid, seq: u64, directory: &Directory) -> Result<Self, Failure> {
        let segments = directory.segments();
        let segments = segments.map_err(|error| directory.unreadable(&error))?;
        let own = segments.partition_point(|first| *first <= seq);
        let mut story = Self::default();
        // Backwards from its segment to the one with the proposal; the id may have been held long before.
        for first in segments.iter().take(own).rev() {
            let mut earlier = Self::default();
            earlier.read(id, Records::of_segment(directory.clone(), *first))?;
            earlier.after.append(&mut story.after);
            story = earlier;
            if story.command.is_some() {
                break;
            }
        }
        let held = |verdict: &Verdict| verdict.decision == Decision::Hold;
        if story.verdict.as_ref().is_some_and(held)
            && let Some(next) = segments.get(own)
        {
            let wanted = Wanted {
                from: *next,
                texts: vec![id.to_string()],
                ..Wanted::default()
            };
            story.read(id, Records::wanted(directory.clone(), wanted))?;
        }
        Ok(story)
    }

    fn read(&mut self, id: Uuid, mut records: Records) -> Result<(), Failure> {
        while let Some(Stored { record, .. }) = records.next_record()? {
            self.take(id, record);
        }
        Ok(())
    }

    /// Takes what a record says about the proposal, or about who judged it.
    fn take(&mut self, id: Uuid, record: Record) {
        let Record { seq, ts, body, .. } = record;
        let ts = escape(&ts);
        self.after
            .extend(resolution(id, &body).map(|said| format!("{ts}  {said} (record {seq})")));
        match body {
            Body::Open { program, .. } if self.verdict.is_none() => self.program = Some(program),
            Body::Policy { what, hash, .. } if self.verdict.is_none() => {
                self.policy = Some((seq, what, hash));
            }
            Body::Proposal { command, peer } if command.id == id && self.command.is_none() => {
                self.command = Some((command, peer));
            }
            Body::Verdict(verdict) if verdict.id == id && self.verdict.is_none() => {
                self.verdict = Some(verdict);
            }
            Body::Verdict(verdict) if verdict.uses == Some(id) || verdict.id == id => {
                let said = word(verdict.decision);
                self.after
                    .push(format!("{ts}  proposed again: {said} (record {seq})"));
            }
            Body::Hold {
                id: held, until, ..
            } if held == id => {
                let until = escape(&until);
                self.after
                    .push(format!("{ts}  held until {until} (record {seq})"));
            }
            Body::Recorded {
                command, exit_code, ..
            } if command.id == id => {
                let status = exit_code.map(|code| format!(" with status {code}"));
                self.after.push(format!(
                    "{ts}  ended{} (record {seq})",
                    status.unwrap_or_default()
                ));
            }
            Body::Open { .. }
            | Body::State { .. }
            | Body::Proposal { .. }
            | Body::Verdict(_)
            | Body::Hold { .. }
            | Body::Resolution { .. }
            | Body::ApprovalRefused { .. }
            | Body::Grant { .. }
            | Body::Observation { .. }
            | Body::Recorded { .. }
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
            | _ => {}
        }
    }

    /// Shows it as the person saw it; false when there is too little to show.
    fn tell(self, console: &mut Console) -> Result<bool, Failure> {
        let (Some((command, peer)), Some(verdict)) = (self.command, self.verdict) else {
            return Ok(false);
        };
        let title = match verdict.decision {
            Decision::Allow => "allowed",
            Decision::Hold => "held for a person",
            Decision::Deny => "denied",
        };
        let command = ProposedCommand::from(command);
        let verdict = protocol::Verdict {
            expires_ms: None,
            ..protocol::Verdict::from(verdict)
        };
        writeln!(console.out)?;
        let card = Card::of_verdict(&command, &verdict).whole();
        let card = card.render(title, &[], console.out_columns, console.out_paint);
        console.out.write_all(card.as_bytes())?;
        let mut rows = vec![("by", who(&peer))];
        let ancestry = peer.ancestry.iter().map(process);
        let ancestry: Vec<String> = ancestry.collect();
        if !ancestry.is_empty() {
            rows.push(("under", ancestry.join(", ")));
        }
        if let Some(program) = self.program {
            rows.push(("judge", escape(&program)));
        }
        if let Some((seq, what, hash)) = self.policy {
            let hash = hash.map(|hash| format!(" {}…", hash.chars().take(16).collect::<String>()));
            let what = escape(&what);
            rows.push((
                "policy",
                format!("{what}{} (record {seq})", hash.unwrap_or_default()),
            ));
        }
        for (label, value) in rows {
            let label = console.out_paint.tone(Tone::Quiet, format!("{label:<9}"));
            writeln!(console.out, "  {label}{value}")?;
        }
        if !self.after.is_empty() {
            writeln!(console.out)?;
        }
        for line in self.after {
            writeln!(console.out, "  {line}")?;
        }
        Ok(true)
    }
}

/// Says how a hold on `id` ended, when that is what a record says.
fn resolution(id: Uuid, body: &Body) -> Option<String> {
    let Body::Resolution {
        id: resolved,
        decision,
        means,
        peer,
        reason,
        ..
    } = body
    else {
        return None;
    };
    let by = peer.as_ref().map(|peer| format!(" {}", who(peer)));
    let why = reason.as_ref().map(|why| format!(": {}", escape(why)));
    (*resolved == id).then(|| {
        let (by, why) = (by.unwrap_or_default(), why.unwrap_or_default());
        format!("{}{by}{why}", ended(*decision, *means))
    })
}

fn who(peer: &Peer) -> String {
    format!("user {}, {}", peer.uid, process(&peer.process))
}

fn process(process: &kintsugi_core::audit::record::Process) -> String {
    let exe = process
        .exe
        .as_deref()
        .map(|exe| format!(" ({})", escape(exe)));
    format!("process {}{}", process.pid, exe.unwrap_or_default())
}

const fn word(decision: Decision) -> &'static str {
    match decision {
        Decision::Allow => "allowed",
        Decision::Hold => "held",
        Decision::Deny => "denied",
    }
}

const fn ended(decision: Resolution, means: Means) -> &'static str {
    match (decision, means) {
        (_, Means::Expired) => "expired: nobody answered",
        (_, Means::Gone) => "denied: the terminal went away at the prompt",
        (Resolution::Allow, Means::Prompt) => "approved where it was proposed, by",
        (Resolution::Allow, _) => "approved by",
        (Resolution::Deny, Means::Prompt) => "denied where it was proposed, by",
        (Resolution::Deny, _) => "denied by",
    }
}
