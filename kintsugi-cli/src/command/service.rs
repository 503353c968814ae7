//! `kintsugi daemon install`: the daemon as a service of the person's own systemd, started with the session.
//!
//! Optional: without it, the first command that is proposed starts the daemon.

use std::io::{ErrorKind, Write};
use std::path::PathBuf;

use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::{gate, start};

/// First line of the unit, by which it is known again.
const MARK: &str =
    "# Put here by `kintsugi daemon install`; taken out by `kintsugi daemon uninstall`.";

/// Where systemd looks for the units of a person (`systemd.unit(5)`, user unit search path).
fn unit_file() -> Result<PathBuf, Failure> {
    directories::BaseDirs::new()
        .map(|directories| {
            directories
                .config_dir()
                .join("systemd/user/kintsugi.service")
        })
        .ok_or_else(|| Failure::new(Exit::Failed, "no home directory").hint("set `HOME`"))
}

fn unit(program: &str) -> String {
    // `%` and `"` have a meaning in units (systemd.service(5), command lines).
    let program = program.replace('%', "%%").replace('"', "\\\"");
    format!(
        "{MARK}\n\
         [Unit]\n\
         Description=Kintsugi: holds dangerous commands until a person has seen them\n\
         \n\
         [Service]\n\
         Type=exec\n\
         ExecStart=\"{program}\"\n\
         Restart=on-failure\n\
         NoNewPrivileges=yes\n\
         \n\
         [Install]\n\
         WantedBy=default.target\n"
    )
}

/// Writes the unit, and says how to enable it.
///
/// # Errors
/// When the file cannot be written, or is somebody else's.
pub fn install(console: &mut Console) -> Result<Exit, Failure> {
    let program = start::program().map_err(|error| gate::no_daemon(&error))?;
    let file = unit_file()?;
    let text = unit(&program.display().to_string());
    check_ours(&file)?;
    let directory = file.parent().unwrap_or(&file);
    let written = std::fs::create_dir_all(directory).and_then(|()| std::fs::write(&file, text));
    written.map_err(|error| failed("write", &file, &error))?;
    writeln!(console.out, "the unit is in `{}`", file.display())?;
    writeln!(
        console.err,
        "kintsugi: hint: enable it with `systemctl --user daemon-reload && systemctl --user enable --now kintsugi`"
    )?;
    Ok(Exit::Allowed)
}

/// Removes the unit, and says how to forget it.
///
/// # Errors
/// When the file cannot be removed, or is somebody else's.
pub fn uninstall(console: &mut Console) -> Result<Exit, Failure> {
    let file = unit_file()?;
    if !check_ours(&file)? {
        writeln!(console.out, "there is no unit")?;
        return Ok(Exit::Allowed);
    }
    std::fs::remove_file(&file).map_err(|error| failed("remove", &file, &error))?;
    writeln!(console.out, "the unit is out of `{}`", file.display())?;
    writeln!(
        console.err,
        "kintsugi: hint: forget it with `systemctl --user disable --now kintsugi; systemctl --user daemon-reload`"
    )?;
    Ok(Exit::Allowed)
}

/// Whether there is a unit; refuses one that this program did not write.
fn check_ours(file: &std::path::Path) -> Result<bool, Failure> {
    match std::fs::read_to_string(file) {
        Ok(text) if text.starts_with(MARK) => Ok(true),
        Ok(_) => {
            let message = format!("`{}` is not of this program", file.display());
            Err(Failure::new(Exit::Failed, message).hint("move it away first"))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(failed("read", file, &error)),
    }
}

fn failed(verb: &str, file: &std::path::Path, error: &std::io::Error) -> Failure {
    let message = format!("cannot {verb} `{}`: {error}", file.display());
    Failure::new(Exit::Failed, message).hint("check who owns the directory")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_names_the_program_so_that_systemd_reads_it_back() {
        let text = unit("/opt/100% \"mine\"/kintsugi-daemon");
        assert!(text.starts_with(MARK));
        assert!(text.contains("ExecStart=\"/opt/100%% \\\"mine\\\"/kintsugi-daemon\"\n"));
    }
}
