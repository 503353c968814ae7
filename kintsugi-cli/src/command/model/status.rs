//! `kintsugi model status` and `kintsugi model accept`: how the model is, and the admin's word for another one.

use std::io::Write as _;

use kintsugi_core::display::escape;
use kintsugi_core::protocol::{ModelState, ModelStatus};
use kintsugi_core::vault::operation::{Operation, Setting};
use serde::Serialize;

use crate::card::duration;
use crate::command::JSON_VERSION;
use crate::command::status::fetch;
use crate::console::{Console, Tone};
use crate::exit::{Exit, Failure};
use crate::{admin, gate, surroundings};

/// The answer of `--json`.
#[derive(Debug, Serialize)]
struct Report<'a> {
    version: u32,
    scorer: &'a str,
    model: Option<&'a ModelStatus>,
}

/// Tells how the model is. Ends with 1 when one is asked for and does not score.
///
/// # Errors
/// When no daemon says.
pub(super) fn show(json: bool, console: &mut Console) -> Result<Exit, Failure> {
    let status = fetch(&mut gate::reconnect(&surroundings::paths()?)?)?;
    let model = status.model.as_deref();
    if json {
        console.json(&Report {
            version: JSON_VERSION,
            scorer: &status.scorer,
            model,
        })?;
    } else {
        let none = || vec![("scorer", "heuristic; no model is asked for".to_owned())];
        for (label, value) in model.map_or_else(none, rows) {
            let label = console.out_paint.tone(Tone::Quiet, format!("{label:<11}"));
            writeln!(console.out, "{label}{}", escape(&value))?;
        }
    }
    let scores = model.is_none_or(|model| model.state == ModelState::Ready);
    Ok(if scores { Exit::Allowed } else { Exit::Failed })
}

fn rows(model: &ModelStatus) -> Vec<(&'static str, String)> {
    let time = duration(model.for_ms);
    let process = model.pid.map(|pid| format!("process {pid}, for {time}"));
    let state = match model.state {
        ModelState::Ready => model.name.clone().unwrap_or_default(),
        ModelState::Starting => "heuristic; the model is being loaded".to_owned(),
        ModelState::Pausing => format!("heuristic; the worker is started again in {time}"),
    };
    let mut rows = vec![
        ("scorer", state),
        ("asked for", model.backends.join(", then ")),
    ];
    rows.extend(process.map(|process| {
        (
            "worker",
            format!("{process}, ended {} times", model.restarts),
        )
    }));
    rows.extend(model.model_hash.clone().map(|hash| ("model", hash)));
    rows.extend(model.prompt_hash.clone().map(|hash| ("prompt", hash)));
    rows.extend(
        model
            .calibration
            .map(|numbers| ("calibrated", calibrated(numbers))),
    );
    if !model.passed_over.is_empty() {
        rows.push(("not used", model.passed_over.clone()));
    }
    let unscored = model.unscored.iter();
    let unscored: Vec<String> = unscored
        .map(|(why, count)| format!("{count} {why}"))
        .collect();
    rows.push((
        "scores",
        format!(
            "{} by the model, {} from before, {} waiting (each {} ms at most); without: {}",
            model.scored,
            model.cached,
            model.waiting,
            model.deadline_ms,
            if unscored.is_empty() {
                "none".to_owned()
            } else {
                unscored.join(", ")
            }
        ),
    ));
    if model.explained > 0 {
        rows.push(("words", format!("about {} holds", model.explained)));
    }
    rows.extend(model.last_error.clone().map(|error| ("last error", error)));
    let refused = "other settings are asked for: `kintsugi model accept` puts them in force";
    rows.extend(
        model
            .refused
            .iter()
            .map(|_| ("problem", refused.to_owned())),
    );
    rows
}

/// Returns what a model's scores are corrected by.
fn calibrated([safe, caution, danger, temperature]: [u16; 4]) -> String {
    format!(
        "of 1,000 without a command: safe {safe}, caution {caution}, danger {danger}; temperature {temperature} %"
    )
}

/// Has the daemon take over the settings that it was started with although they loosen.
///
/// # Errors
/// When there is nothing to accept, or it was not the admin.
pub(super) fn accept(console: &mut Console) -> Result<Exit, Failure> {
    let paths = surroundings::paths()?;
    let status = fetch(&mut gate::reconnect(&paths)?)?;
    let refused = status.model.and_then(|model| model.refused);
    let Some(value) = refused else {
        let message = "the model that is asked for is in force: there is nothing to accept";
        return Err(Failure::new(Exit::Failed, message)
            .hint("after a change of the settings: `kintsugi daemon restart`"));
    };
    let key = "model".to_owned();
    admin::authorize(&paths, &Operation::Set(Setting { key, value }))?;
    writeln!(
        console.out,
        "the settings of the model are in force as they are"
    )?;
    Ok(Exit::Allowed)
}
