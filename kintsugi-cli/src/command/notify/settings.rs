//! The command of `[notify]` in `daemon.toml`. What else stands there is the daemon's.

use kintsugi_core::paths::Paths;
use serde::Deserialize;

use crate::policies::own_text;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Written {
    notify: Notify,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Notify {
    command: Option<String>,
}

/// Returns the command by which the person wants to be told, if they have set one.
///
/// # Errors
/// When the file is not the person's own, or is not understood.
pub(in crate::command) fn command(paths: &Paths) -> anyhow::Result<Option<String>> {
    let Some(text) = own_text(&paths.settings, "settings")? else {
        return Ok(None);
    };
    let shown = paths.settings.display();
    let written: Written = toml::from_str(&text)
        .map_err(|error| anyhow::anyhow!("the settings `{shown}`: {}", error.message()))?;
    match written.notify.command {
        Some(command) if command.trim().is_empty() => {
            anyhow::bail!("the settings `{shown}`: the `command` of `notify` says nothing")
        }
        command => Ok(command),
    }
}
