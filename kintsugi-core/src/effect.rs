//! What a command would do: the closed vocabulary that knowledge and rules share.
//!
//! Knowledge states facts in these words (`rm` deletes paths), rules state opinions about them (deleting the home
//! directory is catastrophic). Neither can invent a word: a file that does is refused when it is loaded.

use serde::{Deserialize, Serialize};

use crate::place::Place;

/// A verb: what happens to the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Reads content.
    Read,
    /// Looks at names, sizes, states; never content.
    List,
    /// Changes the content of something that may exist, keeping part of it (append, edit in place).
    Write,
    /// Makes something new and leaves what exists alone.
    Create,
    /// Removes it.
    Delete,
    /// Replaces its content.
    Overwrite,
    /// Cuts its content.
    Truncate,
    /// Gives it another name or place.
    Move,
    /// Changes its permissions, attributes, capabilities or access lists.
    Chmod,
    /// Changes its owner or group.
    Chown,
    /// Attaches or detaches a file system.
    Mount,
    /// Makes a new file system, partition table, volume or key slot on a device.
    FormatDevice,
    /// Starts a program or script that knowledge does not describe further.
    Execute,
    /// Hands text to an interpreter.
    Interpret,
    /// Continues with more rights.
    Elevate,
    /// Adds software to the project or the system.
    Install,
    /// Makes something visible to others.
    Publish,
    /// Replaces history that others may already have.
    Rewrite,
    /// Brings content from the network.
    Fetch,
    /// Sends content to the network.
    Send,
    /// Opens a connection or session to another host or a service.
    Connect,
    /// Accepts connections.
    Listen,
    /// Ends a process.
    Kill,
    /// Stops, disables or masks a service or a protection.
    StopService,
    /// Restarts or powers off a machine.
    Reboot,
    /// Arranges that a command runs later.
    Schedule,
    /// Arranges that a command runs at every start, login or use.
    Persist,
    /// Gives rights to somebody.
    Grant,
    /// Takes rights from somebody.
    Revoke,
    /// Costs money or a large share of the machine.
    Spend,
}

impl Action {
    /// Whether something that exists is not as it was afterwards: the part of a command that a person minds, where another
    /// part (a connection, a program that is started) is also that of harmless ones.
    #[must_use]
    pub const fn takes_away(self) -> bool {
        match self {
            Self::Delete
            | Self::Overwrite
            | Self::Truncate
            | Self::Move
            | Self::Chmod
            | Self::Chown
            | Self::Mount
            | Self::FormatDevice
            | Self::Rewrite
            | Self::Kill
            | Self::StopService
            | Self::Reboot
            | Self::Revoke => true,
            Self::Read
            | Self::List
            | Self::Write
            | Self::Create
            | Self::Execute
            | Self::Interpret
            | Self::Elevate
            | Self::Install
            | Self::Publish
            | Self::Fetch
            | Self::Send
            | Self::Connect
            | Self::Listen
            | Self::Schedule
            | Self::Persist
            | Self::Grant
            | Self::Spend => false,
        }
    }
}

/// A noun: what kind of thing the target is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// A file or directory; the only role with a [`Place`].
    Path,
    /// A block device, partition, pool or volume group.
    Device,
    /// Another host, URL or repository elsewhere.
    Remote,
    /// A whole database, bucket or store of records.
    Database,
    /// A table, collection, key space or rows of one.
    Table,
    /// A cloud, cluster or infrastructure resource.
    Resource,
    /// A package, crate, module or release.
    Package,
    /// A system service, unit or protection (firewall, audit, antivirus).
    Service,
    /// A process.
    Process,
    /// A user, group, role or organisation member.
    Account,
    /// A credential, key or token.
    Secret,
    /// A setting of a program or of the system.
    Config,
    /// History: commits, reflogs, shell history, logs, stashes.
    History,
    /// A container or machine image.
    Image,
    /// A container volume, disk snapshot or backup.
    Volume,
    /// A branch, tag or other reference.
    Branch,
    /// Program text handed to an interpreter.
    Code,
}

/// A circumstance of an effect, as a bit in [`Modifiers`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum Modifier {
    /// Reaches everything below the target.
    Recursive,
    /// Overrides a protection that the program has by default.
    Forced,
    /// Only says what would happen.
    DryRun,
    /// Happens on another host.
    Remote,
    /// The target is not known before the command runs.
    Unresolved,
    /// The target is a pattern that stands for any number of names.
    Glob,
    /// Runs with more rights than the person has.
    Elevated,
    /// Reaches every target of its kind.
    All,
    /// Leaves the limits of a container or disables a protection of the system.
    Privileged,
    /// Bypasses the trash, the reflog, a retention time or a backup.
    Permanent,
    /// Works on uncommitted work.
    Uncommitted,
    /// Shared with others: a protected or default branch, production, a public channel.
    Shared,
    /// Does not check who it talks to or what it received.
    Unverified,
    /// Runs in the background, after the line has ended.
    Background,
    /// Happens inside a container or namespace that is thrown away.
    Contained,
    /// Reads its targets from somewhere that is not part of the line (`xargs` from a program, `--files-from`).
    Indirect,
    /// Read from the words of a command that no entry describes: what they say in English, not a known fact.
    Assumed,
}

/// A set of [`Modifier`]s.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Modifiers(u32);

impl Modifiers {
    /// No circumstance at all.
    pub const NONE: Self = Self(0);

    /// Every modifier, in the order of its bit.
    pub const ALL: [Modifier; 17] = [
        Modifier::Recursive,
        Modifier::Forced,
        Modifier::DryRun,
        Modifier::Remote,
        Modifier::Unresolved,
        Modifier::Glob,
        Modifier::Elevated,
        Modifier::All,
        Modifier::Privileged,
        Modifier::Permanent,
        Modifier::Uncommitted,
        Modifier::Shared,
        Modifier::Unverified,
        Modifier::Background,
        Modifier::Contained,
        Modifier::Indirect,
        Modifier::Assumed,
    ];

    const fn bit(modifier: Modifier) -> u32 {
        1 << modifier as u32
    }

    /// Returns the set with `modifier` in it.
    #[must_use]
    pub const fn with(self, modifier: Modifier) -> Self {
        Self(self.0 | Self::bit(modifier))
    }

    /// Returns the set with everything that is in either.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Returns the set without `modifier`.
    #[must_use]
    pub const fn without(self, modifier: Modifier) -> Self {
        Self(self.0 & !Self::bit(modifier))
    }

    /// Whether nothing is in the set.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Adds `modifier`.
    pub const fn insert(&mut self, modifier: Modifier) {
        self.0 |= Self::bit(modifier);
    }

    /// Whether `modifier` is in the set.
    #[must_use]
    pub const fn contains(self, modifier: Modifier) -> bool {
        self.0 & Self::bit(modifier) != 0
    }

    /// Whether every member of `other` is in the set.
    #[must_use]
    pub const fn contains_all(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether the sets share a member.
    #[must_use]
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Returns the members, in the order of their bits.
    pub fn iter(self) -> impl Iterator<Item = Modifier> {
        Self::ALL
            .into_iter()
            .filter(move |modifier| self.contains(*modifier))
    }
}

impl FromIterator<Modifier> for Modifiers {
    fn from_iter<I: IntoIterator<Item = Modifier>>(members: I) -> Self {
        members.into_iter().fold(Self::NONE, Self::with)
    }
}

impl Serialize for Modifiers {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for Modifiers {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Vec::<Modifier>::deserialize(deserializer)?
            .into_iter()
            .collect())
    }
}

/// Where the bytes come from that an effect executes, writes or sends.
///
/// Ordered from harmless to alarming; what is fed by several takes the maximum.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Feed {
    /// Nothing, or the terminal.
    #[default]
    Nothing,
    /// Text that stands in the line and was judged as well.
    Text,
    /// A local file that was there before.
    File,
    /// The output of a local program that knowledge cannot foresee.
    Program,
    /// The output of a decoder (`base64 -d`, `xxd -r`, `openssl enc -d`) whose input is not known.
    Decoded,
    /// A secret.
    Secret,
    /// The network.
    Network,
}

/// A range of bytes in the text that was proposed.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte; never before `start`.
    pub end: u32,
}

/// What an effect acts on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// The target as far as it is known, for people and for the `value` conditions of rules.
    pub text: String,
    /// For the role [`Role::Path`]: where it lies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
}

impl Target {
    /// A thing that has a name and lies at no path: a host, a table, a package.
    #[must_use]
    pub fn named(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            place: None,
        }
    }
}

/// One thing that a command would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effect {
    /// What happens.
    pub action: Action,
    /// To what kind of thing.
    pub role: Role,
    /// To which one.
    pub target: Target,
    /// Under which circumstances.
    #[serde(default)]
    pub modifiers: Modifiers,
    /// Where the bytes come from that are executed, written or sent.
    #[serde(default)]
    pub feed: Feed,
    /// The command path that does it, such as `git push`.
    pub program: String,
    /// Where it stands in the proposed text.
    pub span: Span,
    /// The line of a script that does it, when the command runs one and its text is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub script: Option<Box<ScriptLine>>,
}

/// A line of a script file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScriptLine {
    /// The file.
    pub path: String,
    /// The line, from 1; 0 where it is not known.
    pub line: u32,
}

impl std::fmt::Display for ScriptLine {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.line {
            0 => write!(formatter, "in `{}`", self.path),
            line => write!(formatter, "line {line} of `{}`", self.path),
        }
    }
}
