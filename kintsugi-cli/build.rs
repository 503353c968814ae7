//! Links what unwinds the stack into the programs of a release, where the compiler of C has it as an archive.
//!
//! Otherwise each start of `kintsugi-hook` looks for `libgcc_s` and maps it, which is a tenth of its time (`decisions::hook_by_musl`).

use std::io::{self, Write};
use std::path::Path;
use std::process::Command;

fn main() -> io::Result<()> {
    let mut out = io::stdout();
    writeln!(out, "cargo::rerun-if-changed=build.rs")?;
    let said = |name: &str| std::env::var(name).unwrap_or_default();
    let links_it = said("PROFILE") == "release"
        && said("CARGO_CFG_TARGET_OS") == "linux"
        && said("CARGO_CFG_TARGET_ENV") == "gnu"
        && said("HOST") == said("TARGET");
    // Without the archive the library is used, as everywhere else.
    if links_it && has_archive("libgcc_eh.a") {
        writeln!(out, "cargo::rustc-link-lib=static:-bundle=gcc_eh")?;
    }
    Ok(())
}

/// Whether the linker, which is `cc` to Rust, will find an archive.
fn has_archive(name: &str) -> bool {
    let told = Command::new("cc")
        .arg(format!("-print-file-name={name}"))
        .output();
    told.is_ok_and(|told| Path::new(String::from_utf8_lossy(&told.stdout).trim()).is_absolute())
}
