//! A shell by another name: `kintsugi-hook`, started as `bash` or `sh`, proposes what it was started with and then becomes that shell.
//!
//! For programs that start a shell without any hook (`$SHELL -c`, `bash script`). One process all along, so that status, signals,
//! `argv[0]` and terminal are the shell's. Whoever starts `/bin/bash` by its path passes it by; so does text on standard input.

use std::env;
use std::ffi::{OsStr, OsString};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use kintsugi_core::decide::Decision;
use kintsugi_core::display::escape;
use kintsugi_core::quote;
use kintsugi_core::shell::Dialect;

use crate::client::{Client, REPLY_MAX};
use crate::exit::{Exit, Failure};
use crate::relay::full::{self, FullClient};
use crate::relay::full_client;
use crate::{loader, proposal, surroundings};

/// Names under which this program stands for a shell.
pub const SHELLS: [&str; 6] = ["bash", "dash", "fish", "ksh", "sh", "zsh"];

/// The status of a shell that cannot run what it found (POSIX, "Exit Status for Commands").
const CANNOT_RUN: Exit = Exit::Of(126);

/// Returns the shell that this process was started as; a login shell has a dash in front (`login(1)`).
#[must_use]
pub fn stands_for(program: &OsStr) -> Option<&'static str> {
    let name = Path::new(program).file_name()?.to_str()?;
    let name = name.strip_prefix('-').unwrap_or(name);
    SHELLS.into_iter().find(|shell| *shell == name)
}

/// Proposes the invocation and becomes the shell. Returns only when it must not, or cannot.
///
/// # Errors
/// With the words for whoever started it.
pub fn run(shell: &str, arguments: &[OsString]) -> Result<Exit, Failure> {
    let (program, arguments) = arguments
        .split_first()
        .ok_or_else(|| Failure::new(CANNOT_RUN, "it was started without a name"))?;
    let real = real(shell).ok_or_else(|| {
        Failure::new(Exit::Of(127), format!("there is no other `{shell}`"))
            .hint("`kintsugi shim uninstall` takes this one away")
    })?;
    if proposes(arguments) {
        ask(shell, arguments)?;
    }
    let error = Command::new(&real).arg0(program).args(arguments).exec();
    let message = format!("cannot start `{}`: {error}", real.display());
    Err(Failure::new(CANNOT_RUN, message))
}

/// Whether the shell would run anything but what is typed or piped into it.
fn proposes(arguments: &[OsString]) -> bool {
    arguments.iter().any(|argument| {
        let argument = argument.as_encoded_bytes();
        match argument {
            [b'-', b'-', rest @ ..] => rest.starts_with(b"command"),
            [b'-' | b'+', rest @ ..] => rest.contains(&b'c'),
            _ => true,
        }
    })
}

/// Returns the shell that the `PATH` names behind this one.
fn real(shell: &str) -> Option<PathBuf> {
    let own = env::current_exe().ok()?.canonicalize().ok()?;
    let path = env::var_os("PATH").unwrap_or_default();
    let places = env::split_paths(&path).chain(["/bin", "/usr/bin"].map(PathBuf::from));
    let candidates = places.filter(|place| place.is_absolute());
    candidates
        .map(|place| place.join(shell))
        .find(|found| found.is_file() && found.canonicalize().is_ok_and(|found| found != own))
}

/// Proposes. `Ok` means yes.
fn ask(shell: &str, arguments: &[OsString]) -> Result<(), Failure> {
    let mut words = vec![shell.to_owned()];
    for argument in arguments {
        let word = argument.to_str().ok_or_else(|| {
            let shown = escape(&argument.to_string_lossy());
            Failure::new(
                CANNOT_RUN,
                format!("`{shown}` is not UTF-8, so it cannot be judged"),
            )
        })?;
        words.push(word.to_owned());
    }
    let text = quote::join(&words);
    let refused = |exit, message: String| Err(Failure::new(exit, message));
    match verdict(&text) {
        Some((Decision::Allow, _)) => Ok(()),
        Some((Decision::Deny, reason)) => {
            refused(CANNOT_RUN, format!("denied: {}", escape(&reason)))
        }
        Some((Decision::Hold, reason)) => Err(Failure::new(
            CANNOT_RUN,
            format!("held: {}", escape(&reason)),
        )
        .hint("`kintsugi pending` lists it; once a person has approved it, run it again")),
        None => ask_full_client(&text),
    }
}

/// Returns the daemon's decision; nothing when it gives none, or what would be lost is much to keep.
fn verdict(text: &str) -> Option<(Decision, String)> {
    let paths = surroundings::paths().ok()?;
    let cwd = surroundings::directory().ok()?;
    let mut command = proposal::of_shell(Dialect::Posix, text.to_owned(), cwd, None);
    command.interactive = false;
    let mut daemon = Client::connect(&paths.socket).ok()?;
    let ask = |frame: &[u8]| daemon.tell_within(frame, REPLY_MAX);
    let full = || FullClient::in_full(&full_client()?).ok();
    let ready = full::propose(&command, ask, full).ok()??;
    Some((ready.decision, ready.reason))
}

/// Leaves the question to `kintsugi`, which starts a daemon or judges by itself. It says why it refuses.
fn ask_full_client(text: &str) -> Result<(), Failure> {
    let lost = || {
        Failure::new(
            CANNOT_RUN,
            "nobody can be asked: `kintsugi` is not beside `kintsugi-hook`",
        )
        .hint("install Kintsugi again, or take this away with `kintsugi shim uninstall`")
    };
    let asked = loader::unloaded(&mut Command::new(full_client().ok_or_else(lost)?))
        .args(["hook", "shell", "posix", "--", text])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status();
    match asked {
        Ok(status) if status.success() => Ok(()),
        Ok(status) if status.code() == Some(i32::from(Exit::Held.code())) => {
            Err(Failure::new(CANNOT_RUN, "held: it waits for a person")
                .hint("`kintsugi pending` lists it; once a person has approved it, run it again"))
        }
        Ok(_) => Err(Failure::new(
            CANNOT_RUN,
            "it was not allowed, so it did not run",
        )),
        Err(_) => Err(lost()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_stands_for_shells_by_whatever_path_and_for_nothing_else() {
        let of = |name: &str| stands_for(OsStr::new(name));
        assert_eq!(of("/home/ada/shims/bash"), Some("bash"));
        assert_eq!(of("-zsh"), Some("zsh"));
        assert_eq!(of("kintsugi-hook"), None);
        assert_eq!(of("rbash"), None);
    }

    #[test]
    fn what_is_typed_or_piped_is_not_proposed_and_the_rest_is() {
        let proposes =
            |words: &[&str]| proposes(&words.iter().map(OsString::from).collect::<Vec<_>>());
        for words in [
            &["-c", "ls"][..],
            &["-lc", "ls"],
            &["x.sh"],
            &["-x", "x.sh", "a"],
        ] {
            assert!(proposes(words), "{words:?}");
        }
        for words in [&[][..], &["-i"], &["-l"], &["--login", "-i"], &["-s"]] {
            assert!(!proposes(words), "{words:?}");
        }
    }
}
