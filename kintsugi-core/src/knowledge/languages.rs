//! Which language a text is in: by the first line of a script, and by the shell that is named.

use super::schema::Language;
use crate::shell::Dialect;

/// The language that the first line of a script names; a shell's when it names none.
pub(super) fn language_of(text: &str) -> Language {
    let Some(line) = text.strip_prefix("#!").and_then(|rest| rest.lines().next()) else {
        return Language::Shell;
    };
    let name = line
        .split_whitespace()
        .filter_map(|word| word.rsplit('/').next())
        .find(|word| !matches!(*word, "env" | "-S") && !word.contains('='))
        .unwrap_or_default()
        .trim_end_matches(|letter: char| letter.is_ascii_digit() || letter == '.');
    match name {
        "python" | "pypy" => Language::Python,
        "node" | "deno" | "bun" | "nodejs" => Language::Javascript,
        "perl" => Language::Perl,
        "ruby" => Language::Ruby,
        "php" => Language::Php,
        "awk" | "gawk" | "mawk" => Language::Awk,
        "sed" => Language::Sed,
        "lua" | "luajit" => Language::Lua,
        "tclsh" | "wish" | "expect" => Language::Tcl,
        "make" => Language::Make,
        "pwsh" => Language::Powershell,
        "Rscript" | "osascript" | "groovy" | "elixir" | "julia" | "escript" => Language::Other,
        _ => Language::Shell,
    }
}

/// The dialect of a shell's text follows the shell that is named: `fish -c`, `zsh -c`.
pub(super) fn dialect_of(program: &str, otherwise: Dialect) -> Dialect {
    match program {
        "bash" | "rbash" => Dialect::Bash,
        "zsh" => Dialect::Zsh,
        "sh" | "dash" | "ash" | "ksh" | "mksh" => Dialect::Posix,
        "fish" => Dialect::Fish,
        "nu" => Dialect::Nu,
        "cmd" | "cmd.exe" => Dialect::Cmd,
        "pwsh" | "powershell" | "pwsh.exe" | "powershell.exe" | "Invoke-Expression" => {
            Dialect::PowerShell
        }
        _ => otherwise,
    }
}
