//! `kintsugi check --score`: what rules, heuristic and model say about a command, side by side.

use std::io::Write as _;

use kintsugi_core::classify::Class;
use kintsugi_core::decide::Decision;
use kintsugi_core::display::escape;
use kintsugi_core::proposal::ProposedCommand;
use kintsugi_core::protocol::{Opinion, Request, Response, Scored};
use serde::Serialize;

use super::check::exit_of;
use crate::card::class_word;
use crate::console::{Console, Tone};
use crate::exit::{Exit, Failure};
use crate::{gate, surroundings};

/// The answer of `--json`.
#[derive(Debug, Serialize)]
struct Report<'a> {
    version: u32,
    command: &'a str,
    cwd: &'a str,
    #[serde(flatten)]
    opinion: &'a Opinion,
}

/// Asks the daemon about `command`, and shows what it says. Ends as the decision with the model would.
///
/// # Errors
/// When there is no daemon, or it is older.
pub(super) fn show(
    command: ProposedCommand,
    json: bool,
    console: &mut Console,
) -> Result<Exit, Failure> {
    let mut client = gate::reconnect(&surroundings::paths()?)?;
    let (raw, cwd) = (command.raw.clone(), command.cwd.clone());
    let opinion = match client.ask(&Request::Score(Box::new(command))) {
        Ok(Response::Scored(opinion)) => opinion,
        Ok(other) => return Err(gate::unexpected(&other)),
        Err(error) => return Err(gate::refused(&error)),
    };
    if json {
        console.json(&Report {
            version: super::JSON_VERSION,
            command: &raw,
            cwd: &cwd,
            opinion: &opinion,
        })?;
    } else {
        for (label, value) in rows(&opinion) {
            let label = console.out_paint.tone(Tone::Quiet, format!("{label:<11}"));
            writeln!(console.out, "{label}{}", escape(&value))?;
        }
    }
    Ok(exit_of(opinion.verdict.decision))
}

/// Returns one line each: what the rules say, the heuristic, the model, and what comes of them.
fn rows(opinion: &Opinion) -> Vec<(&'static str, String)> {
    let without = &opinion.without;
    let rule = without.rule.as_deref().map(|rule| format!(" [{rule}]"));
    let rules = format!(
        "{}: {}{}",
        class_word(without.class),
        without.reason,
        rule.unwrap_or_default()
    );
    let heuristic = match (without.class, without.risk) {
        (Class::Ambiguous, Some(risk)) => format!("{risk} of 100: {}", word(without.decision)),
        (Class::Ambiguous | Class::Safe | Class::Catastrophic, _) => {
            "not asked, since the rules decide".to_owned()
        }
    };
    let model = match &opinion.scored {
        None => "none is in force: `kintsugi model status`".to_owned(),
        Some(scored) => model(scored, opinion),
    };
    let risk = opinion.verdict.risk;
    let risk = risk.map_or(String::new(), |risk| format!(", risk {risk} of 100"));
    let together = format!(
        "{} ({}{risk})",
        word(opinion.verdict.decision),
        class_word(opinion.verdict.class)
    );
    vec![
        ("rules", rules),
        ("heuristic", heuristic),
        ("model", model),
        ("together", together),
    ]
}

fn model(scored: &Scored, opinion: &Opinion) -> String {
    let when = match (opinion.counts, scored.cached) {
        (false, _) => "; not asked when this is proposed, since it could change nothing".to_owned(),
        (true, true) => ", as it said before".to_owned(),
        (true, false) => format!(", after {} ms", opinion.took_ms),
    };
    match (scored.model, scored.why) {
        (Some(risk), _) => format!("{risk} of 100 by {}{when}", scored.by),
        (None, Some(why)) => format!("no score ({}){when}", why.as_str()),
        (None, None) => format!("no score{when}"),
    }
}

const fn word(decision: Decision) -> &'static str {
    match decision {
        Decision::Allow => "allow",
        Decision::Hold => "hold",
        Decision::Deny => "deny",
    }
}
