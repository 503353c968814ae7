//! Whether this process looks for the daemon, the log and the policy where `kintsugi setup` did.
//!
//! An agent that is started with another home, data or runtime directory, or with another `KINTSUGI_SOCKET`, reaches another daemon:
//! what that one holds stands where the person does not look. Setup notes the places; an agent's hook that refuses says when they differ,
//! and a shell's says it once.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use kintsugi_core::paths::Paths;
use serde::{Deserialize, Serialize};

use crate::private_file;

/// Below the data directory.
const FILE: &str = "places.json";

/// The data directory of a home whose environment names no other, for the home that the user database names.
const DATA: &str = if cfg!(target_os = "macos") {
    "Library/Application Support/kintsugi"
} else {
    ".local/share/kintsugi"
};

/// Where everything was when hooks were put in place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Places {
    socket: PathBuf,
    data: PathBuf,
    policy: PathBuf,
}

impl Places {
    fn of(paths: &Paths) -> Self {
        Self {
            socket: paths.socket.clone(),
            data: paths.data.clone(),
            policy: paths.policy.clone(),
        }
    }

    fn read(data: &Path) -> Option<Self> {
        serde_json::from_slice(&fs::read(data.join(FILE)).ok()?).ok()
    }
}

/// Notes where everything is.
///
/// # Errors
/// When it cannot be written.
pub fn note(paths: &Paths) -> io::Result<()> {
    let places = Places::of(paths);
    if Places::read(&paths.data).as_ref() == Some(&places) {
        return Ok(());
    }
    private_file::write(&paths.data.join(FILE), &serde_json::to_string(&places)?)
}

/// Forgets it: nothing is in place any more.
pub fn forget(paths: &Paths) {
    drop(fs::remove_file(paths.data.join(FILE)));
}

/// What is elsewhere than where `kintsugi setup` was called.
#[derive(Debug)]
pub struct Elsewhere {
    /// In words for an agent, with what to do.
    pub words: String,
    /// In words for a person at a shell, with what to do.
    pub at_shell: String,
    /// It is the log, and with it all that is held.
    pub is_log: bool,
}

/// Returns what is elsewhere than where `kintsugi setup` was called; nothing where it never was, or all is the same.
#[must_use]
pub fn differs(paths: &Paths) -> Option<Elsewhere> {
    let noted = Places::read(&paths.data).or_else(|| Places::read(&account_home()?.join(DATA)))?;
    let here = Places::of(paths);
    let is_log = here.data != noted.data;
    let (what, here, noted) = if is_log {
        ("its log in", here.data, noted.data)
    } else if here.socket != noted.socket {
        ("its daemon at", here.socket, noted.socket)
    } else if here.policy != noted.policy {
        ("its policy at", here.policy, noted.policy)
    } else {
        return None;
    };
    let (here, noted) = (here.display(), noted.display());
    let words = format!(
        "Kintsugi has {what} `{here}` here, and the person set it up with `{noted}`, where they do not see this: they start the \
         agent with the same `HOME`, `XDG_…` variables and `KINTSUGI_SOCKET`, or call `kintsugi setup` with these"
    );
    let at_shell = format!(
        "kintsugi: {what} `{here}` in this shell, and it was set up with `{noted}`: start the shell with the same `HOME`, `XDG_…` \
         variables and `KINTSUGI_SOCKET`, or call `kintsugi setup` with these"
    );
    Some(Elsewhere {
        words,
        at_shell,
        is_log,
    })
}

/// Returns the home that `passwd(5)` names, whatever `HOME` says.
fn account_home() -> Option<PathBuf> {
    let uid = rustix::process::getuid().as_raw().to_string();
    let passwd = fs::read_to_string("/etc/passwd").ok()?;
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':').skip(2);
        let is_own = fields.next()? == uid;
        let home = fields.nth(2).filter(|home| home.starts_with('/'))?;
        is_own.then(|| PathBuf::from(home))
    })
}
