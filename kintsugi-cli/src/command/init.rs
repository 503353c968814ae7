//! `kintsugi init`: the hook of a shell, printed, or put into its start-up file.

use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::managed_block::{self, BlockError, Change};
use crate::surroundings;
use kintsugi_core::quote::quote;

/// Arguments of `kintsugi init`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  eval \"$(kintsugi init bash)\"     in this shell only\n  \
                        kintsugi init zsh --install      in every new one"
)]
pub struct Init {
    /// The shell
    #[arg(value_enum)]
    shell: Hooked,
    /// Puts the hook into the start-up file; once, however often it is asked for
    #[arg(long, conflicts_with = "uninstall")]
    install: bool,
    /// Takes the hook out of the start-up file
    #[arg(long)]
    uninstall: bool,
    /// The start-up file [default: ~/.bashrc, ${ZDOTDIR:-~}/.zshrc, and what fish, nushell and PowerShell read in ~/.config]
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Replaces a block that was edited by hand
    #[arg(long)]
    force: bool,
}

/// Shells that have a hook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Hooked {
    /// GNU bash, 4.4 or newer
    Bash,
    /// zsh, 5.3 or newer
    Zsh,
    /// fish, 3.6 or newer
    Fish,
    /// nushell, 0.115 or newer
    Nu,
    /// PowerShell 7.2 or newer, on Linux and macOS; untested
    #[value(alias = "pwsh")]
    Powershell,
}

impl Hooked {
    const fn name(self) -> &'static str {
        match self {
            Self::Bash => "bash",
            Self::Zsh => "zsh",
            Self::Fish => "fish",
            Self::Nu => "nu",
            Self::Powershell => "powershell",
        }
    }

    const fn hook(self) -> &'static str {
        match self {
            // Which of the two it is for, bash knows.
            Self::Bash => concat!(
                include_str!("../../../shell-hooks/kintsugi-bash3.bash"),
                include_str!("../../../shell-hooks/kintsugi.bash")
            ),
            Self::Zsh => include_str!("../../../shell-hooks/kintsugi.zsh"),
            Self::Fish => include_str!("../../../shell-hooks/kintsugi.fish"),
            Self::Nu => include_str!("../../../shell-hooks/kintsugi.nu"),
            Self::Powershell => include_str!("../../../shell-hooks/kintsugi.ps1"),
        }
    }

    fn startup_file(self) -> Option<PathBuf> {
        let home = surroundings::home().map(PathBuf::from);
        let named = |variable: &str| {
            std::env::var_os(variable)
                .filter(|directory| !directory.is_empty())
                .map(PathBuf::from)
        };
        let settings = || named("XDG_CONFIG_HOME").or_else(|| Some(home.clone()?.join(".config")));
        match self {
            Self::Bash => home.map(|home| home.join(".bashrc")),
            Self::Zsh => named("ZDOTDIR")
                .or(home)
                .map(|directory| directory.join(".zshrc")),
            Self::Fish => settings().map(|directory| directory.join("fish/config.fish")),
            // nushell reads text only where it is when it starts, so the hook itself is the file.
            Self::Nu => settings().map(|directory| directory.join("nushell/autoload/kintsugi.nu")),
            Self::Powershell => settings()
                .map(|directory| directory.join("powershell/Microsoft.PowerShell_profile.ps1")),
        }
    }

    /// Writes a path as this shell reads it.
    fn quoted(self, path: &Path) -> String {
        let path = path.display().to_string();
        match self {
            Self::Bash | Self::Zsh | Self::Fish => quote(&path),
            Self::Nu => format!("\"{}\"", path.replace('\\', r"\\").replace('"', "\\\"")),
            Self::Powershell => format!("'{}'", path.replace('\'', "''")),
        }
    }
}

impl Init {
    /// Prints the hook, or changes the start-up file.
    ///
    /// # Errors
    /// When the file cannot be changed safely; it is then as it was.
    pub fn run(self, console: &mut Console) -> Result<Exit, Failure> {
        let own = surroundings::program()?;
        if !self.install && !self.uninstall {
            let run = pipes_directory()?;
            let text = printed(self.shell, &own, &run);
            console.out.write_all(text.as_bytes())?;
            return Ok(Exit::Allowed);
        }
        let file = self.file.clone().or_else(|| self.shell.startup_file());
        let file = file.ok_or_else(|| {
            Failure::new(Exit::Failed, "no home directory, so no start-up file")
                .hint("name the file with `--file`")
        })?;
        let body = block(self.shell, &own.display().to_string());
        let body = self.install.then_some(body.as_str());
        if self.uninstall && file.exists() {
            crate::admin::permit_unhooking("kintsugi init --uninstall")?;
        }
        let change = managed_block::set(&file, body, |old| is_ours(self.shell, old), self.force)
            .map_err(|error| refused(&error))?;
        if !self.install
            && let Ok(paths) = surroundings::paths()
        {
            super::doctor::forget(&paths);
        }
        let shown = file.display();
        match (change, self.install) {
            (Change::Written | Change::Removed, true) => {
                writeln!(
                    console.out,
                    "the hook is in `{shown}`; it begins with the next shell"
                )?;
                let backup = format!("{shown}{}", managed_block::BACKUP);
                if Path::new(&backup).exists() {
                    writeln!(console.out, "what was there before is in `{backup}`")?;
                }
            }
            (Change::Written, false) => writeln!(console.out, "the hook is out of `{shown}`")?,
            (Change::Removed, false) => writeln!(
                console.out,
                "`{shown}` was made for the hook alone, and is gone"
            )?,
            (Change::Unchanged, true) => writeln!(console.out, "`{shown}` already has the hook")?,
            (Change::Unchanged, false) => writeln!(console.out, "`{shown}` has no hook")?,
        }
        Ok(Exit::Allowed)
    }
}

/// Prints the hook of a shell that is named in full; nothing is printed, and nothing returned, when that is not so or fails.
///
/// It says the same as `kintsugi init` with its arguments read.
#[must_use]
pub fn print_at_start(shell: &OsStr) -> Option<()> {
    let shells = Hooked::value_variants().iter();
    let shell = shells.into_iter().find(|known| shell == known.name())?;
    let text = printed(
        *shell,
        &surroundings::program().ok()?,
        &pipes_directory().ok()?,
    );
    std::io::stdout().write_all(text.as_bytes()).ok()
}

/// Returns the hook of a shell with its places filled in.
fn printed(shell: Hooked, own: &Path, run: &Path) -> String {
    let mark = |name: &str| match shell {
        Hooked::Bash | Hooked::Zsh => format!("${{{name}-}}"),
        Hooked::Fish => format!("${name}"),
        Hooked::Nu | Hooked::Powershell => String::new(),
    };
    let marks: String = surroundings::agent_marks().map(mark).collect();
    let client = own.with_file_name("kintsugi-hook");
    let text = match shell {
        Hooked::Bash | Hooked::Zsh | Hooked::Fish => bare(shell.hook()),
        // These are files that a person may open.
        Hooked::Nu | Hooked::Powershell => shell.hook().to_owned(),
    };
    text.replace("@CLIENT@", &shell.quoted(&client))
        .replace("@FULL@", &shell.quoted(own))
        .replace("@RUN@", &shell.quoted(run))
        .replace("@MARKS@", &marks)
}

/// Returns a hook without its comments and its indentation: each shell that starts reads all of it, bash by one character at a time.
fn bare(hook: &str) -> String {
    let mut text =
        "# The hook of Kintsugi; its comments are in its source, `shell-hooks`.\n".to_owned();
    let lines = hook.lines().map(str::trim_start);
    for line in lines.filter(|line| !line.is_empty() && !line.starts_with('#')) {
        text.push_str(line);
        text.push('\n');
    }
    text
}

/// Returns where the pipes between shells and their relays are made: where the socket is, which only this user can enter.
fn pipes_directory() -> Result<PathBuf, Failure> {
    let paths = surroundings::paths()?;
    let directory = paths.socket.parent().unwrap_or(&paths.data);
    Ok(directory.join("kintsugi-shells"))
}

/// Returns the name and the start-up file of every shell that has a hook.
pub(super) fn startup_files() -> impl Iterator<Item = (&'static str, PathBuf)> {
    let shells = Hooked::value_variants().iter();
    shells.filter_map(|shell| Some((shell.name(), shell.startup_file()?)))
}

/// Returns shell, start-up file and block of every shell that this person uses: it has a start-up file, or it is their own.
pub(super) fn startup_blocks(own: &Path) -> Vec<(&'static str, PathBuf, String)> {
    let login = std::env::var_os("SHELL").map(PathBuf::from);
    let login = login.as_deref().and_then(Path::file_name);
    let own = own.display().to_string();
    let shells = Hooked::value_variants().iter();
    let used = shells.filter_map(|shell| {
        let file = shell.startup_file()?;
        let has_settings =
            *shell == Hooked::Nu && file.ancestors().nth(2).is_some_and(Path::exists);
        let is_login = login.is_some_and(|login| login == shell.name());
        let is_used = file.exists() || has_settings || is_login;
        is_used.then(|| (shell.name(), file, block(*shell, &own)))
    });
    used.collect()
}

/// Returns the lines of the start-up file: they load the hook, and when it is gone they say so, once in a session, and how to end that.
fn block(shell: Hooked, program: &str) -> String {
    const HOW: &str =
        "; to end this, remove the lines from `# >>> kintsugi` to `# <<< kintsugi` of";
    let (unless, mark, file) = match shell {
        Hooked::Bash => (
            "elif [ -z \"${KINTSUGI_GONE-}\" ]; then",
            "export KINTSUGI_GONE=1\n  ",
            " \"${BASH_SOURCE-}\"",
        ),
        Hooked::Zsh => (
            "elif [ -z \"${KINTSUGI_GONE-}\" ]; then",
            "export KINTSUGI_GONE=1\n  ",
            " \"${(%):-%x}\"",
        ),
        Hooked::Fish => (
            "else if [ -z \"$KINTSUGI_GONE\" ]",
            "set -gx KINTSUGI_GONE 1\n  ",
            " (status filename)",
        ),
        Hooked::Powershell => (
            "} elseif (-not $env:KINTSUGI_GONE) {",
            "$env:KINTSUGI_GONE = '1'\n  ",
            " $PSCommandPath",
        ),
        Hooked::Nu => return summed(&printed(shell, Path::new(program), Path::new(""))),
    };
    lines(shell, program, unless, mark, (HOW, file))
}

/// Returns the same as it was written before: it said at every start that the hook is gone, and not how to end that.
fn block_before(shell: Hooked, program: &str) -> String {
    let unless = match shell {
        Hooked::Powershell => "} else {",
        Hooked::Bash | Hooked::Zsh | Hooked::Fish | Hooked::Nu => "else",
    };
    lines(shell, program, unless, "", ("", ""))
}

/// Returns a block: `unless` begins what is done where the program is gone, `mark` notes that it was said.
fn lines(shell: Hooked, program: &str, unless: &str, mark: &str, how: (&str, &str)) -> String {
    let name = shell.name();
    let program = shell.quoted(Path::new(program));
    let (how, file) = how;
    let gone = format!("runs without its hook, since kintsugi is not installed any more{how}");
    let put = format!(
        "# Put here by `kintsugi init {name} --install`; taken out by `kintsugi init {name} --uninstall`.\n"
    );
    match shell {
        Hooked::Powershell => {
            let file = if file.is_empty() {
                String::new()
            } else {
                format!(" +{file})")
            };
            let (open, space) = if file.is_empty() {
                ("", "")
            } else {
                ("(", " ")
            };
            format!(
                "{put}if (Test-Path {program}) {{\n  \
                   & {program} init powershell | Out-String | Invoke-Expression\n\
                 {unless}\n  \
                   {mark}Write-Warning {open}'kintsugi: PowerShell {gone}{space}'{file}\n\
                 }}\n"
            )
        }
        Hooked::Fish => format!(
            "{put}if [ -x {program} ]\n  \
               {program} init fish | source\n\
             {unless}\n  \
               {mark}echo 'kintsugi: error: fish {gone}'{file} >&2\n\
             end\n"
        ),
        Hooked::Bash | Hooked::Zsh | Hooked::Nu => format!(
            "{put}if [ -x {program} ]; then\n  \
               eval \"$({program} init {name})\"\n\
             {unless}\n  \
               {mark}echo 'kintsugi: error: {name} {gone}'{file} >&2\n\
             fi\n"
        ),
    }
}

/// Returns a text with its sum as the last line, so that one that was edited since is known.
fn summed(text: &str) -> String {
    format!("{text}# sum: {}\n", blake3::hash(text.as_bytes()).to_hex())
}

/// Whether a block is one that some version of [`block`] wrote, with whatever path.
fn is_ours(shell: Hooked, old: &str) -> bool {
    let (begin, end, apostrophe) = match shell {
        Hooked::Bash | Hooked::Zsh => ("if [ -x ", " ]; then\n", r"'\''"),
        Hooked::Fish => ("if [ -x ", " ]\n", r"'\''"),
        Hooked::Powershell => ("if (Test-Path ", ") {\n", "''"),
        Hooked::Nu => {
            let text = old.rsplit_once("# sum: ");
            return text.is_some_and(|(text, _)| summed(text) == old);
        }
    };
    let program = old
        .split_once(begin)
        .and_then(|(_, rest)| rest.split_once(end));
    program.is_some_and(|(program, _)| {
        let program = program.strip_prefix('\'').unwrap_or(program);
        let program = program.strip_suffix('\'').unwrap_or(program);
        let program = program.replace(apostrophe, "'");
        [block, block_before]
            .iter()
            .any(|written| written(shell, &program) == old)
    })
}

fn refused(error: &BlockError) -> Failure {
    let failure = Failure::new(Exit::Failed, error.to_string());
    match error {
        BlockError::Edited(_) => failure.hint("`--force` replaces it"),
        BlockError::Broken(_) => {
            failure.hint("remove the lines with `>>> kintsugi >>>` and `<<< kintsugi <<<` by hand")
        }
        BlockError::NotText(_) | BlockError::File { .. } => {
            failure.hint("name another file with `--file`")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_known_again_whatever_the_path() {
        for path in ["/usr/bin/kintsugi", "/home/ada/it's mine/kintsugi"] {
            for shell in Hooked::value_variants() {
                assert!(is_ours(*shell, &block(*shell, path)), "{shell:?}: {path}");
                let before = block_before(*shell, path);
                assert!(*shell == Hooked::Nu || is_ours(*shell, &before), "{before}");
                let edited = block(*shell, path).replacen("kintsugi", "kintsugi ", 1);
                assert!(!is_ours(*shell, &edited), "{shell:?}: {path}");
            }
        }
        let edited = block(Hooked::Zsh, "/k").replace("fi\n", "fi\necho\n");
        assert!(!is_ours(Hooked::Zsh, &edited));
        assert!(!is_ours(Hooked::Zsh, ""));
    }

    #[test]
    fn no_string_of_a_hook_goes_over_lines_that_lose_their_indentation() {
        for shell in [Hooked::Bash, Hooked::Zsh, Hooked::Fish] {
            for line in shell.hook().lines() {
                let code = line.trim_start();
                if code.starts_with('#') {
                    continue;
                }
                // Behind ` # ` stands a comment, and in what `case` and `${x//…}` compare with, a quote stands alone.
                let code = code.split(" # ").next().unwrap();
                let compares = code.contains("\\'") || code.contains("\\\"");
                let is_even = |quote| code.matches(quote).count() % 2 == 0;
                assert!(compares || (is_even('\'') && is_even('"')), "{line}");
                assert!(!code.ends_with('\\'), "{line}");
                assert!(
                    !code.contains("<<") || code.contains("<<<") || code.contains("'<<'"),
                    "{line}"
                );
            }
            let bare = bare(shell.hook());
            assert!(
                bare.lines()
                    .skip(1)
                    .all(|line| !line.starts_with(['#', ' ']))
            );
        }
    }

    #[test]
    fn no_placeholder_is_left_in_a_hook() {
        for shell in Hooked::value_variants() {
            let (program, run) = (Path::new("/opt/a b/kintsugi"), Path::new("/run/user/1"));
            let text = printed(*shell, program, run);
            for placeholder in ["@CLIENT@", "@FULL@", "@RUN@", "@MARKS@"] {
                assert!(!text.contains(placeholder), "{placeholder}");
            }
            assert!(text.contains("/opt/a b/kintsugi-hook"));
            if matches!(shell, Hooked::Bash | Hooked::Zsh | Hooked::Fish) {
                assert!(text.contains("/run/user/1/shell-$"));
                assert!(text.contains("$AI_AGENT") || text.contains("${AI_AGENT-}"));
            }
        }
    }
}
