//! What the daemon itself is told to do, in `daemon.toml` beside the policy: a port, a group, helpers.
//!
//! Read once, at the start. None of it is about commands, so nothing here can loosen a judgement; a file that cannot be
//! read opens nothing, and says so.

use std::path::Path;

use serde::Deserialize;

use crate::own_file::own_text;

/// Most helpers that are kept running.
pub const HELPERS_MAX: usize = 8;

/// Most places that are watched.
pub const PLACES_MAX: usize = 32;

/// Seconds in which a helper may be asked to say that it is alive. Each time wakes both it and the daemon.
const HEARTBEAT_SECONDS: std::ops::RangeInclusive<u64> = 2..=86_400;

/// Longest name of a helper, in bytes.
const NAME_BYTES_MAX: usize = 32;

/// What the daemon is told to do.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The TCP port on 127.0.0.1 that is opened beside the socket; without one, none is.
    #[serde(default)]
    pub port: Option<u16>,
    /// Whose members may connect, beside the user that the daemon runs as: its name or its number.
    #[serde(default)]
    group: Option<Group>,
    /// Programs that are kept running.
    #[serde(default, rename = "helper")]
    pub helpers: Vec<Helper>,
    /// When the gates are tried.
    #[serde(default)]
    pub doctor: Rounds,
    /// What is watched.
    #[serde(default)]
    pub watch: Watch,
    /// Whom `kintsugi notify` tells.
    #[serde(default)]
    pub notify: Notify,
    /// The same group, by its number.
    #[serde(skip)]
    gid: Option<u32>,
}

/// A group of the machine.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
enum Group {
    Number(u32),
    Name(String),
}

/// A program that is kept running.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Helper {
    /// What it is called in `status` and in the log.
    pub name: String,
    /// The program by its absolute path, and its arguments.
    pub command: Vec<String>,
    /// It says something on its standard error at least this often, `alive` when there is nothing else; else it hangs, and is
    /// ended and started again. Without it, nobody looks.
    #[serde(default)]
    pub heartbeat_seconds: Option<u64>,
}

/// When `kintsugi doctor` tries the gates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rounds {
    /// From one round to the next; 0 for none at all.
    pub every_hours: u64,
    /// From the start of the daemon to the first one, when it is time for one: whoever started it is at work now.
    pub after_seconds: u64,
}

impl Default for Rounds {
    fn default() -> Self {
        Self {
            every_hours: 24,
            after_seconds: 600,
        }
    }
}

/// Whom `kintsugi notify` tells, beside the desktop and tmux. With a command, the daemon keeps it running.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Notify {
    /// What it runs with `sh -c`. The daemon only looks whether it is there: `kintsugi notify` reads it for itself.
    pub command: Option<String>,
}

/// What is watched, and when a change is one that a decision must explain.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Watch {
    /// Directories, absolute or below `~`; without any, nothing is watched.
    pub places: Vec<String>,
    /// Directories that are not entered, in place of the watcher's own list.
    pub ignored: Option<Vec<String>>,
    /// So many names removed within one burst want an explanation; 0 for never.
    pub removed: u64,
    /// Likewise, files written over.
    pub overwritten: u64,
    /// The pause that ends a burst.
    pub settle_ms: u64,
}

impl Default for Watch {
    fn default() -> Self {
        Self {
            places: Vec::new(),
            ignored: None,
            removed: 25,
            overwritten: 200,
            settle_ms: 1_000,
        }
    }
}

impl Watch {
    fn check(&self) -> anyhow::Result<()> {
        if self.places.len() > PLACES_MAX {
            anyhow::bail!("more than {PLACES_MAX} places to watch");
        }
        if !(10..=60_000).contains(&self.settle_ms) {
            anyhow::bail!("`settle_ms` lies between 10 and 60000");
        }
        let is_path = |place: &&String| place.starts_with('/') || is_below_home(place);
        match self.places.iter().find(|place| !is_path(place)) {
            None => Ok(()),
            Some(place) => {
                anyhow::bail!("the place `{place}` begins neither with `/` nor with `~/`")
            }
        }
    }
}

/// Whether a place is written as one below the home.
pub(crate) fn is_below_home(place: &str) -> bool {
    place == "~" || place.starts_with("~/")
}

impl Settings {
    /// Reads the file at `path`; returns its hash too, when there is one.
    ///
    /// # Errors
    ///
    /// What is wrong with it, in one line; then nothing of it counts.
    pub fn read(path: &Path) -> anyhow::Result<(Self, Option<String>)> {
        let Some(text) = own_text(path)? else {
            return Ok((Self::default(), None));
        };
        let groups = std::fs::read_to_string("/etc/group").unwrap_or_default();
        let settings = Self::parse(&text, &groups);
        let settings =
            settings.map_err(|error| anyhow::anyhow!("`{}`: {error}", path.display()))?;
        let hash = blake3::hash(text.as_bytes()).to_hex().to_string();
        Ok((settings, Some(hash)))
    }

    /// Reads settings, with `group(5)` to look the group up in.
    fn parse(text: &str, groups: &str) -> anyhow::Result<Self> {
        let mut settings: Self =
            toml::from_str(text).map_err(|error| anyhow::anyhow!("{}", error.message()))?;
        settings.gid = match &settings.group {
            None => None,
            Some(Group::Number(number)) => Some(*number),
            Some(Group::Name(name)) => {
                let number = number_of(name, groups);
                Some(number.ok_or_else(|| anyhow::anyhow!("there is no group `{name}`"))?)
            }
        };
        settings.watch.check()?;
        if let Some(command) = &settings.notify.command
            && command.trim().is_empty()
        {
            anyhow::bail!("the `command` of `notify` says nothing");
        }
        if settings.helpers.len() > HELPERS_MAX {
            anyhow::bail!("more than {HELPERS_MAX} helpers");
        }
        for Helper {
            name,
            command,
            heartbeat_seconds,
        } in &settings.helpers
        {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
            if name.is_empty() || name.len() > NAME_BYTES_MAX || !name.bytes().all(plain) {
                anyhow::bail!("a helper's `name` is letters, digits and dashes");
            }
            if !command
                .first()
                .is_some_and(|program| program.starts_with('/'))
            {
                anyhow::bail!(
                    "the `command` of helper `{name}` does not begin with an absolute path"
                );
            }
            if heartbeat_seconds.is_some_and(|seconds| !HEARTBEAT_SECONDS.contains(&seconds)) {
                let (least, most) = HEARTBEAT_SECONDS.into_inner();
                anyhow::bail!("the `heartbeat_seconds` of helper `{name}` are {least} to {most}");
            }
        }
        Ok(settings)
    }

    /// Returns the group whose members may connect; with one, whoever the socket's mode lets in is let in.
    #[must_use]
    pub const fn gid(&self) -> Option<u32> {
        self.gid
    }
}

/// Returns the number of a group in `group(5)`.
fn number_of(name: &str, groups: &str) -> Option<u32> {
    let mut lines = groups.lines().map(|line| line.split(':'));
    lines.find_map(|mut fields| {
        let number = (fields.next()? == name).then(|| fields.nth(1))??;
        number.parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUPS: &str = "root:x:0:\nkintsugi:x:970:ada\n";

    #[test]
    fn a_group_is_named_or_numbered() {
        let gid = |text| Settings::parse(text, GROUPS).unwrap().gid();
        assert_eq!(gid("group = \"kintsugi\"\n"), Some(970));
        assert_eq!(gid("group = 7\n"), Some(7));
        assert_eq!(gid(""), None);
        assert_eq!(
            Settings::parse("", "").unwrap().port,
            None,
            "off unless named"
        );
    }

    #[test]
    fn the_gates_are_tried_once_a_day_unless_it_says_otherwise() {
        let doctor = |text| Settings::parse(text, GROUPS).unwrap().doctor;
        assert_eq!(doctor(""), Rounds::default());
        assert_eq!(doctor("").every_hours, 24);
        assert_eq!(doctor("[doctor]\nevery_hours = 0\n").every_hours, 0);
        assert_eq!(doctor("[doctor]\nevery_hours = 1\n").after_seconds, 600);
    }

    #[test]
    fn nothing_is_watched_unless_a_place_is_named() {
        let watch = |text| Settings::parse(text, GROUPS).unwrap().watch;
        assert_eq!(watch("").places, Vec::<String>::new());
        let named = watch("[watch]\nplaces = [\"~/work\", \"/srv\"]\nremoved = 5\n");
        assert_eq!(named.places, ["~/work", "/srv"]);
        assert_eq!((named.removed, named.overwritten), (5, 200));
    }

    #[test]
    fn what_is_not_understood_is_refused_whole() {
        for (bad, why) in [
            ("group = \"bob\"\n", "bob"),
            ("prot = 1\n", "unknown field"),
            ("port = 70000\n", "u16"),
            ("[[helper]]\nname = \"a b\"\ncommand = [\"/x\"]\n", "name"),
            ("[[helper]]\nname = \"a\"\ncommand = [\"x\"]\n", "absolute"),
            ("[[helper]]\nname = \"a\"\ncommand = []\n", "absolute"),
            (
                "[[helper]]\nname = \"a\"\ncommand = [\"/x\"]\nheartbeat_seconds = 1\n",
                "2 to 86400",
            ),
            ("[doctor]\nnever = true\n", "unknown field"),
            ("[watch]\nplaces = [\"work\"]\n", "`work`"),
            ("[watch]\nsettle_ms = 1\n", "settle_ms"),
            ("[watch]\nplace = \"/x\"\n", "unknown field"),
            ("[notify]\ncommand = \" \"\n", "notify"),
            ("[notify]\ncommand = [\"x\"]\n", "string"),
            ("[notify]\ncomand = \"x\"\n", "unknown field"),
        ] {
            let error = Settings::parse(bad, GROUPS).unwrap_err().to_string();
            assert!(error.contains(why), "{bad}: {error}");
        }
    }
}
