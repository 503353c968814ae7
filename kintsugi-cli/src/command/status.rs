//! `kintsugi status`: how the daemon is.

use std::io::Write;
use std::path::Path;

use clap::Args;
use kintsugi_core::display::escape;
use kintsugi_core::policy::Mode;
use kintsugi_core::protocol::{ChildState, Request, Response, Status as DaemonStatus, VaultStatus};
use serde::Serialize;

use super::{init, watch};
use crate::card::duration;
use crate::client::{Client, ClientError};
use crate::console::{Console, Tone};
use crate::exit::{Exit, Failure};
use crate::remembered::Remembered;
use crate::start::{not_at_socket, owner};
use crate::{gate, managed_block, surroundings};

/// Arguments of `kintsugi status`.
#[derive(Debug, Args)]
pub struct Status {
    /// Prints the status as one line of JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Report<'a> {
    version: u32,
    running: bool,
    socket: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'a DaemonStatus>,
}

impl Status {
    /// Tells how the daemon is; starts none. Ends with 5 when there is none, with 6 when the log does not verify.
    ///
    /// # Errors
    /// When a daemon is there and does not answer.
    pub fn run(&self, console: &mut Console) -> Result<Exit, Failure> {
        let paths = surroundings::paths()?;
        let socket = paths.socket.display().to_string();
        let status = match Client::connect(&paths.socket) {
            Ok(mut client) => Some(fetch(&mut client)?),
            Err(ClientError::NoDaemon(_)) => None,
            Err(error @ ClientError::TimedOut(_)) => {
                return Err(gate::late(&error, owner(&paths)));
            }
            Err(error) => return Err(gate::refused(&error)),
        };
        let seen = status.as_ref().and_then(|status| status.log.as_ref());
        let broken = seen.and_then(|log| {
            let altered = log.altered.as_ref();
            let altered = altered.map(|what| format!("the log does not verify: {}", escape(what)));
            altered.or_else(|| Remembered::of_person()?.contradiction(log))
        });
        let exit = match (&status, &broken) {
            (Some(_), None) => Exit::Allowed,
            (Some(_), Some(_)) => Exit::LogUnverified,
            (None, _) => Exit::NoDaemon,
        };
        if self.json {
            console.json(&Report {
                version: super::JSON_VERSION,
                running: status.is_some(),
                socket,
                status: status.as_deref(),
            })?;
            return Ok(exit);
        }
        let Some(status) = status else {
            if let Some(error) = not_at_socket(&paths) {
                return Err(gate::no_daemon(&error));
            }
            let error = ClientError::NoDaemon(paths.socket);
            return Err(Failure::new(Exit::NoDaemon, error.to_string()).hint(
                "`kintsugi daemon start` starts one; so does the next command that is proposed",
            ));
        };
        show(&status, &hooked_shells(), console)?;
        match broken {
            Some(what) => Err(Failure::new(exit, what)
                .hint("`kintsugi log verify` says more; keep a copy of the log as evidence")),
            None => Ok(exit),
        }
    }
}

/// Asks a daemon how it is.
///
/// # Errors
/// When it does not say.
pub fn fetch(client: &mut Client) -> Result<Box<DaemonStatus>, Failure> {
    match client.ask(&Request::Status) {
        Ok(Response::Status(status)) => Ok(status),
        Ok(other) => Err(gate::unexpected(&other)),
        Err(error @ ClientError::TimedOut(_)) => Err(gate::late(&error, client.daemon_pid())),
        Err(error) => Err(gate::refused(&error)),
    }
}

/// Returns the shells whose start-up file has a hook; one that cannot be read has none.
fn hooked_shells() -> Vec<&'static str> {
    let is_hooked =
        |file: &Path| std::fs::read_to_string(file).is_ok_and(|text| managed_block::is_in(&text));
    init::startup_files()
        .filter(|(_, file)| is_hooked(file))
        .map(|(shell, _)| shell)
        .collect()
}

/// Prints five lines that tell a person whether they are protected, and one more for each problem.
fn show(status: &DaemonStatus, gates: &[&str], console: &mut Console) -> Result<(), Failure> {
    for (label, value) in lines(status, gates, rustix::process::geteuid().as_raw()) {
        let tone = if label == "problem" {
            Tone::Bad
        } else {
            Tone::Quiet
        };
        let label = console.out_paint.tone(tone, format!("{label:<11}"));
        writeln!(console.out, "{label}{}", escape(&value))?;
    }
    Ok(())
}

/// Returns the lines, for a person whose number is `uid` and in whose start-up files the hooks of `gates` are.
fn lines(status: &DaemonStatus, gates: &[&str], uid: u32) -> Vec<(&'static str, String)> {
    let asked = status.agents.iter().take(4).map(|one| {
        let ago = duration(one.ago_ms);
        format!("{} {ago} ago", one.agent)
    });
    let asked = asked.collect::<Vec<_>>().join(", ");
    let mut lines = vec![
        (
            "protected",
            verdict(status, !gates.is_empty() || !asked.is_empty()),
        ),
        ("daemon", daemon(status, uid)),
        ("log", log(status)),
        (
            "asks",
            format!(
                "{}; last asked: {}",
                or(gates.join(", "), "no hook in a start-up file of yours"),
                or(asked, "nobody yet")
            ),
        ),
        ("decides", decides(status)),
    ];
    if status.children.iter().any(|child| child.name == "watch") {
        lines.push(("watches", watch::line(status)));
    }
    lines.extend(status.problems.iter().map(|one| ("problem", one.clone())));
    let failing = status
        .children
        .iter()
        .filter(|one| one.last_error.is_some());
    lines.extend(failing.map(|one| {
        let error = one.last_error.as_deref().unwrap_or_default();
        let said = match one.restarts {
            0 => format!("the helper `{}` says: {error}", one.name),
            times => format!("the helper `{}` ended {times} times: {error}", one.name),
        };
        ("problem", said)
    }));
    lines
}

/// Whether the person is protected, in a few words.
fn verdict(status: &DaemonStatus, is_asked: bool) -> String {
    let word = match (&status.log, is_asked, status.problems.is_empty()) {
        (None, _, _) => "everything is refused, since the log cannot be written",
        (Some(_), false, _) => {
            "no: nothing asks before it runs; `kintsugi setup` puts hooks in place"
        }
        (Some(_), true, false) => "yes, but look at the problems below",
        (Some(_), true, true) if status.mode == Mode::Notify.name() => {
            "in part: only catastrophic commands wait for you, the others run with a warning"
        }
        (Some(_), true, true) if status.mode == Mode::Unattended.name() => {
            "yes: dangerous commands are denied, since nobody is there to answer"
        }
        (Some(_), true, true) => "yes: dangerous commands wait for you",
    };
    word.to_owned()
}

fn daemon(status: &DaemonStatus, uid: u32) -> String {
    let whose = if status.uid == uid {
        "as you, so what runs as you can stop it"
    } else {
        "as a user of its own"
    };
    let (version, pid, time) = (&status.version, status.pid, duration(status.uptime_ms));
    format!("runs for {time} (process {pid}, version {version}), {whose}")
}

fn log(status: &DaemonStatus) -> String {
    let Some(log) = &status.log else {
        return "cannot be written".to_owned();
    };
    let head: String = log.head.chars().take(16).collect();
    format!(
        "{} records, {} under a signed checkpoint, head {head}…",
        log.size, log.checkpoint
    )
}

fn decides(status: &DaemonStatus) -> String {
    let vault = match status.vault {
        VaultStatus::None => "no vault",
        VaultStatus::Locked => "vault locked",
        VaultStatus::Degraded => "vault degraded",
    };
    let children = status.children.iter().map(|child| match child.state {
        ChildState::Running => child.name.clone(),
        ChildState::Pausing => format!(
            "{} (starts again in {})",
            child.name,
            duration(child.for_ms)
        ),
    });
    let children = or(children.collect::<Vec<_>>().join(", "), "none");
    let (mode, held, scorer) = (&status.mode, status.holds, &status.scorer);
    format!("{mode}, {held} held; {vault}; scorer {scorer}; helpers {children}")
}

fn or(text: String, otherwise: &str) -> String {
    if text.is_empty() {
        otherwise.to_owned()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(json: &str) -> DaemonStatus {
        let mut status: serde_json::Value = serde_json::from_str(json).unwrap();
        status["scorer"] = "heuristic".into();
        serde_json::from_value(status).unwrap()
    }

    const LOG: &str = r#""log":{"id":"x","size":9,"head":"00112233445566778899","checkpoint":8}"#;

    fn protected(json: &str, gates: &[&str]) -> String {
        let lines = lines(&status(json), gates, 1000);
        assert!(lines.len() >= 5);
        lines[0].1.clone()
    }

    #[test]
    fn five_lines_and_one_for_each_problem() {
        let json = format!(
            r#"{{{LOG},"uid":7,"problems":["p"],"agents":[{{"agent":"codex","ago_ms":2000}}],
            "children":[{{"name":"w","state":"pausing","for_ms":1,"restarts":3,"last_error":"e"}}]}}"#
        );
        let lines = lines(&status(&json), &["zsh"], 1000);
        let labels: Vec<_> = lines.iter().map(|(label, _)| *label).collect();
        let five = ["protected", "daemon", "log", "asks", "decides"];
        assert_eq!(labels[..5], five);
        assert_eq!(labels[5..], ["problem", "problem"]);
        assert!(lines[1].1.ends_with("as a user of its own"), "{lines:?}");
        assert!(
            lines[3].1.contains("zsh; last asked: codex 2 s ago"),
            "{lines:?}"
        );
        assert!(lines[6].1.contains("`w` ended 3 times: e"), "{lines:?}");
    }

    #[test]
    fn protected_is_whoever_is_asked_about_and_recorded() {
        assert!(protected(&format!("{{{LOG}}}"), &["bash"]).starts_with("yes:"));
        assert!(protected(&format!("{{{LOG}}}"), &[]).starts_with("no:"));
        assert!(protected("{}", &["bash"]).starts_with("everything is refused"));
        let mode = |mode| protected(&format!("{{{LOG},\"mode\":\"{mode}\"}}"), &["bash"]);
        assert!(mode("attended").starts_with("yes:"));
        assert!(mode("unattended").contains("denied"));
        assert!(mode("notify").starts_with("in part:"));
        let problem = format!("{{{LOG},\"problems\":[\"p\"]}}");
        assert!(protected(&problem, &["bash"]).contains("problems"));
    }
}
