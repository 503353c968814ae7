//! The text of a script that is about to run.

use std::fs::OpenOptions;
use std::io::Read as _;
use std::os::unix::fs::OpenOptionsExt as _;

use kintsugi_core::facts::ScriptFact;
use kintsugi_core::limits::SCRIPT_BYTES_MAX;
use rustix::fs::OFlags;

/// Reads the file at `path`, when it is one, is text and is short enough.
pub(super) fn read(path: &str) -> ScriptFact {
    let mut fact = ScriptFact {
        path: path.to_owned(),
        ..ScriptFact::default()
    };
    // Not blocking: a pipe put in its place must not stop the shell.
    let flags = OFlags::NONBLOCK | OFlags::CLOEXEC;
    let flags = i32::try_from(flags.bits()).unwrap_or_default();
    let opened = OpenOptions::new().read(true).custom_flags(flags).open(path);
    let Ok(file) = opened else { return fact };
    let Ok(found) = file.metadata() else {
        return fact;
    };
    if !found.is_file() {
        return fact;
    }
    fact.bytes = found.len();
    let most = u64::try_from(SCRIPT_BYTES_MAX).unwrap_or(u64::MAX);
    if fact.bytes > most {
        return fact;
    }
    let mut bytes = Vec::new();
    if file.take(most + 1).read_to_end(&mut bytes).is_err() || bytes.len() > SCRIPT_BYTES_MAX {
        return fact;
    }
    fact.text = String::from_utf8(bytes)
        .ok()
        .filter(|text| !text.contains('\0'));
    fact
}
