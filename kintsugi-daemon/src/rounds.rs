//! The rounds of `kintsugi doctor`: a child that tries every gate once a day, and soon after an upgrade.
//!
//! Here it is only said when one is due and what it is started with. What a round finds, it says itself (`crate::supervise`).

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::Path;

use kintsugi_core::paths::{Paths, SYSTEM_POLICY};

use crate::clock::{Clock as _, SystemClock};
use crate::settings::{Helper, Settings};
use crate::supervise::Round;

/// What of its environment the daemon hands on to a round. What else is in it is of whoever happened to start the daemon.
const HANDED_ON: [&str; 16] = [
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "PATH",
    "LANG",
    "LC_ALL",
    "TERM",
    "ZDOTDIR",
    "KINTSUGI_SOCKET",
    "XDG_RUNTIME_DIR",
    "XDG_DATA_HOME",
    "XDG_CONFIG_HOME",
    "DBUS_SESSION_BUS_ADDRESS",
    "TMUX",
    "TMUX_TMPDIR",
];

/// How long `kintsugi notify` may say nothing before it is taken for one that hangs.
const HEARTBEAT_SECONDS: u64 = 600;

/// Returns the round of `kintsugi doctor`, which tries every gate of this user's home.
///
/// None for the daemon of a machine: its user has no home with gates in it.
pub(crate) fn of(paths: &Paths, settings: &Settings) -> Option<Round> {
    let times = settings.doctor;
    let own = env::current_exe().ok()?;
    let program = own.with_file_name("kintsugi");
    if times.every_hours == 0 || paths.policy == Path::new(SYSTEM_POLICY) || !program.is_file() {
        return None;
    }
    let mut command = vec![program.to_str()?.to_owned()];
    // Whoever is told of what is held is told of incidents by the same.
    let tell = if settings.helpers.iter().any(tells) || settings.notify.command.is_some() {
        "--round=nobody"
    } else {
        "--round=person"
    };
    command.extend(["doctor".to_owned(), tell.to_owned()]);
    let every = times.every_hours.saturating_mul(3_600_000);
    let now = SystemClock::new().wall_ms();
    let soon = now.saturating_add(times.after_seconds.saturating_mul(1_000));
    let last = last_round(&paths.rounds, now);
    Some(Round {
        helper: Helper {
            name: "doctor".to_owned(),
            command,
            heartbeat_seconds: None,
        },
        environment: environment(),
        next: last.map_or(soon, |last| soon.max(last.saturating_add(every))),
        every,
    })
}

/// Whether a helper is `kintsugi notify`.
fn tells(helper: &Helper) -> bool {
    helper.command.iter().any(|word| word == "notify")
}

/// Returns the helpers that are kept running: those of the settings, and where these say whom to tell, one that does.
pub(crate) fn helpers(settings: &Settings) -> Vec<Helper> {
    let mut helpers = settings.helpers.clone();
    let program = env::current_exe().map(|own| own.with_file_name("kintsugi"));
    if settings.notify.command.is_some()
        && !helpers.iter().any(tells)
        && let Ok(program) = program
    {
        helpers.push(Helper {
            name: "notify".to_owned(),
            command: vec![program.to_string_lossy().into_owned(), "notify".to_owned()],
            heartbeat_seconds: Some(HEARTBEAT_SECONDS),
        });
    }
    helpers
}

/// Returns what of its environment the daemon hands on.
pub(crate) fn environment() -> Vec<(OsString, OsString)> {
    let handed_on = HANDED_ON.into_iter().filter_map(|name| {
        let value = env::var_os(name)?;
        Some((name.into(), value))
    });
    handed_on.collect()
}

/// Returns when the last round ended in which all was well, if it was one of this version.
///
/// In milliseconds since 1970, and not in the future: a clock may have been put back.
fn last_round(path: &Path, now: u64) -> Option<u64> {
    let round: Seen = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
    let is_this_version = round.version == env!("CARGO_PKG_VERSION");
    (is_this_version && round.well && round.at <= now).then_some(round.at)
}

/// What of a round's own notes matters here.
#[derive(serde::Deserialize)]
struct Seen {
    version: String,
    at: u64,
    well: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_round_of_this_version_that_found_all_well_puts_the_next_one_off() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("doctor.json");
        assert_eq!(last_round(&path, 9), None);
        let own = env!("CARGO_PKG_VERSION");
        for (version, at, well, expected) in [
            (own, 5, true, Some(5)),
            (own, 5, false, None),
            ("0.0.0", 5, true, None),
            (own, 10, true, None),
        ] {
            let text = format!("{{\"version\":\"{version}\",\"at\":{at},\"well\":{well}}}");
            fs::write(&path, text).unwrap();
            assert_eq!(last_round(&path, 9), expected, "{version} {at} {well}");
        }
        fs::write(&path, "{").unwrap();
        assert_eq!(last_round(&path, 9), None);
    }
}
