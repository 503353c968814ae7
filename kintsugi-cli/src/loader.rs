//! What the loader of programs reads from the environment, kept from the programs of Kintsugi that others start.
//!
//! A library that `LD_PRELOAD` names runs before `main` and may end a program with a yes. `kintsugi-hook` linked statically reads none of these;
//! without this, what it hands over to would, and a daemon that an agent's hook starts would keep such a library for everybody.

use std::ffi::OsStr;
use std::process::Command;

/// Starts of the names (`ld.so(8)`; dyld(1) of macOS).
const NAMES: [&[u8]; 3] = [b"LD_", b"DYLD_", b"GLIBC_TUNABLES"];

/// Takes the loader's variables out of what `command` will have as its environment.
pub fn unloaded(command: &mut Command) -> &mut Command {
    let is_loaders = |name: &OsStr| {
        let name = name.as_encoded_bytes();
        NAMES.iter().any(|start| name.starts_with(start))
    };
    for (name, _) in std::env::vars_os().filter(|(name, _)| is_loaders(name)) {
        command.env_remove(name);
    }
    command
}
