//! How much may be kept, as the person has it in `capture.toml` beside the policy. What is not said there is as ever.
//!
//! Only the file counts, no variable: whoever starts a command would else say how much of it can be undone.

use std::path::PathBuf;
use std::time::Duration;

use kintsugi_core::paths::Paths;
use serde::Deserialize;

use super::Limits;
use crate::policies::own_text;

/// What the file may say.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Written {
    /// Most bytes that are copied before one command.
    bytes_max: Option<u64>,
    /// Most files before one command.
    files_max: Option<u64>,
    /// Longest time for the copies before one command, in seconds.
    seconds_max: Option<u64>,
    /// Most bytes of all copies together.
    quota_bytes: Option<u64>,
    /// How long a capture is kept, in days.
    days: Option<u64>,
}

/// Returns where the file is.
#[must_use]
pub fn path(paths: &Paths) -> PathBuf {
    paths.settings.with_file_name("capture.toml")
}

/// Reads the file.
///
/// # Errors
/// When it is not the person's own, or is not understood: then nothing is kept, and what would need it is held.
pub fn read(paths: &Paths) -> anyhow::Result<Limits> {
    let path = path(paths);
    let Some(text) = own_text(&path, "settings")? else {
        return Ok(Limits::default());
    };
    let written: Written = toml::from_str(&text).map_err(|error| {
        let shown = path.display();
        anyhow::anyhow!("the settings `{shown}`: {}", error.message())
    })?;
    Ok(limits(&written))
}

fn limits(written: &Written) -> Limits {
    const DAY: u64 = 24 * 60 * 60;
    let usual = Limits::default();
    let days = |days: u64| Duration::from_secs(days.saturating_mul(DAY));
    Limits {
        bytes_max: written.bytes_max.unwrap_or(usual.bytes_max),
        files_max: written.files_max.unwrap_or(usual.files_max),
        time_max: written.seconds_max.map_or(usual.time_max, |seconds| {
            Duration::from_secs(seconds.min(DAY))
        }),
        quota_bytes: written.quota_bytes.unwrap_or(usual.quota_bytes),
        keep: written.days.map_or(usual.keep, days),
        ..usual
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_said_is_as_ever() {
        let written: Written = toml::from_str("bytes_max = 7\ndays = 1").unwrap();
        let said = limits(&written);
        assert_eq!((said.bytes_max, said.keep.as_secs()), (7, 86_400));
        let usual = Limits::default();
        assert_eq!(
            (said.files_max, said.time_max, said.quota_bytes),
            (usual.files_max, usual.time_max, usual.quota_bytes)
        );
        assert!(toml::from_str::<Written>("byte_max = 7").is_err());
    }
}
