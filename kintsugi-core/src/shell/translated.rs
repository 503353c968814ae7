//! What the readers of fish, nushell, PowerShell and cmd share: each writes what bash would be told, and that is read.

use crate::limits::SHELL_DEPTH_MAX;

/// Why a text could not be read, as a noun phrase.
pub(super) type Fault = &'static str;

/// Goes one construct deeper; the bound is that of bash's own reader.
pub(super) const fn deeper(depth: &mut u32) -> Result<(), Fault> {
    *depth += 1;
    if *depth > SHELL_DEPTH_MAX {
        return Err("more than 48 nested constructs");
    }
    Ok(())
}

/// What bash is told for a text, blanks made one each.
#[cfg(test)]
pub(super) fn told(to_bash: fn(&str) -> Result<String, Fault>, text: &str) -> String {
    let text = to_bash(text).unwrap_or_else(|fault| format!("fault: {fault}"));
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Asserts that texts become what stands beside them.
#[cfg(test)]
pub(super) fn becomes(to_bash: fn(&str) -> Result<String, Fault>, table: &[(&str, &str)]) {
    for (text, expected) in table {
        assert_eq!(told(to_bash, text), *expected, "{text}");
    }
}

/// Asserts that texts are not read.
#[cfg(test)]
pub(super) fn refuses(to_bash: fn(&str) -> Result<String, Fault>, texts: &[&str]) {
    for text in texts {
        assert!(to_bash(text).is_err(), "{text}: {:?}", to_bash(text));
    }
}
