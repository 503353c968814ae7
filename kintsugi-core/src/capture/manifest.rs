//! What a capture kept, as it is written beside the copies: enough to put everything back as it was.
//!
//! Version 1, described in [`crate::manual::undo`]. Only types; whoever reads one checks [`Manifest::version`].

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The version of the format.
pub const VERSION: u32 = 1;

/// A capture: what was there before one command ran.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`VERSION`].
    pub version: u32,
    /// The few words of it that a list shows.
    pub summary: Summary,
    /// What was kept, or was not there.
    pub tops: Vec<Top>,
    /// Repositories whose references were kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub repositories: Vec<Repository>,
}

/// A capture in a few words; also written alone, so that a list need not read the rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// The proposal before which it was made; of an undo, an id of its own.
    pub id: Uuid,
    /// When it began, RFC 3339.
    pub at: String,
    /// The command, its secrets masked.
    pub command: String,
    /// Where it ran.
    pub cwd: String,
    /// Who proposed it.
    pub agent: String,
    /// In which session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// The capture that was put back, when this is what stood there before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undoes: Option<Uuid>,
    /// Files that were kept.
    pub files: u64,
    /// Their size, in bytes.
    pub bytes: u64,
    /// Bytes that the copies take, what other captures share left out.
    pub stored: u64,
    /// The first of the paths.
    pub paths: Vec<Name>,
    /// What was not kept, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cannot: Vec<String>,
}

/// A path that was kept, with everything below it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Top {
    /// Where it stood: absolute.
    pub path: Name,
    /// The directory with its copies, absolute.
    pub store: Name,
    /// Names directly below it that were left alone and stay so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<Name>,
    /// Whether only modes, owners and times were kept.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub attributes: bool,
    /// Which file it was, by file system and number there, when the command gives it another name: one of the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renamed: Option<(u64, u64)>,
    /// Where it was moved to, below `store`, when it was moved instead of copied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved: Option<String>,
    /// It and what was below it, each directory before what is in it.
    pub entries: Vec<Entry>,
}

/// One file, directory, link or other thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Relative to the top; the top's own is empty.
    pub path: Name,
    /// What it is.
    #[serde(flatten)]
    pub kind: Kind,
    /// Permission bits.
    #[serde(default)]
    pub mode: u32,
    /// Owner.
    #[serde(default)]
    pub uid: u32,
    /// Group.
    #[serde(default)]
    pub gid: u32,
    /// Last access: seconds since 1970, nanoseconds.
    #[serde(default)]
    pub accessed: (i64, i64),
    /// Last change of its content, likewise.
    #[serde(default)]
    pub modified: (i64, i64),
    /// Extended attributes, access lists among them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attributes: Vec<(Name, Name)>,
}

/// What an entry is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum Kind {
    /// Nothing: putting it back removes what came after.
    Missing,
    /// A file.
    File {
        /// Its size.
        bytes: u64,
        /// Its content.
        content: Content,
    },
    /// A directory.
    Directory,
    /// A symbolic link.
    Link {
        /// Where it leads.
        to: Name,
    },
    /// A named pipe; it is made anew.
    Fifo,
    /// A socket or device: noted, and not made anew.
    Special,
}

/// Where the content of a file is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Content {
    /// In the object of this BLAKE3 hash, in hexadecimal; several captures may share it.
    Object(String),
    /// In a file of this capture's own, by number: it shares its blocks with what it was made of.
    Clone(u64),
    /// It is another name of the file that was kept from this path.
    SameAs(Name),
    /// Nowhere: only its attributes were kept.
    Nothing,
}

/// References of a git repository, kept reachable under names of their own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repository {
    /// Its working copy, or itself when it has none.
    pub root: Name,
    /// Its own directory (`git rev-parse --absolute-git-dir`).
    pub directory: Name,
    /// Where each reference stood: its name and the commit.
    pub references: Vec<(String, String)>,
    /// What stands behind each of the hidden names `refs/kintsugi/ID/N`.
    pub hidden: u64,
    /// Whether the files of the working copy that differ from what is committed were kept as well.
    pub files: bool,
    /// Whether a push was going to move branches of a remote; a capture that does not say may have been made for one.
    #[serde(default = "may_be")]
    pub pushed: bool,
    /// Those files: what git has of them is not what they were.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dirty: Vec<Name>,
    /// Where branches stood on the remote that was pushed to, as it said itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remotes: Vec<RemoteBranch>,
}

const fn may_be() -> bool {
    true
}

/// A branch of a remote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoteBranch {
    /// The remote's name here, or its address.
    pub remote: String,
    /// The branch's name there.
    pub branch: String,
    /// Its commit.
    pub commit: String,
}

/// A name or value of bytes, which need not be text: written as text where it is, else in hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
pub struct Name(pub Vec<u8>);

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Written {
    Text(String),
    Bytes { hex: String },
}

impl From<Written> for Name {
    fn from(written: Written) -> Self {
        match written {
            Written::Text(text) => Self(text.into_bytes()),
            // What is no hexadecimal is no name that a path can have: nothing is put back there.
            Written::Bytes { hex } => Self(from_hex(&hex).unwrap_or_default()),
        }
    }
}

/// Writes lower-case hexadecimal.
fn to_hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap_or_default();
    let digits = bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]);
    digits.collect()
}

/// Reads lower-case hexadecimal. For these rare names alone, since the encodings of a library are 68 KiB of a hook's program.
fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let pairs = text.as_bytes().chunks(2).map(|pair| match pair {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    });
    pairs.collect()
}

impl From<Name> for Written {
    fn from(name: Name) -> Self {
        String::from_utf8(name.0).map_or_else(
            |error| Self::Bytes {
                hex: to_hex(error.as_bytes()),
            },
            Self::Text,
        )
    }
}

impl Name {
    /// Takes the bytes of a path.
    #[must_use]
    pub fn of(path: &Path) -> Self {
        Self(path.as_os_str().as_bytes().to_vec())
    }

    /// Returns it as a path.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        PathBuf::from(OsString::from_vec(self.0.clone()))
    }

    /// Returns it as the system has it.
    #[must_use]
    pub fn as_os_str(&self) -> &OsStr {
        OsStr::from_bytes(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_comes_back_whatever_its_bytes() {
        for bytes in [&b"a b"[..], b"\xff\xfe", b"", "\u{e9}".as_bytes(), b"{}"] {
            let written = serde_json::to_string(&Name(bytes.to_vec())).unwrap();
            let read: Name = serde_json::from_str(&written).unwrap();
            assert_eq!(read.0, bytes, "{written}");
        }
        assert_eq!(
            serde_json::to_string(&Name(b"\xff".to_vec())).unwrap(),
            r#"{"hex":"ff"}"#
        );
        for (text, expected) in [
            ("00ff1a", b"\x00\xff\x1a".as_slice()),
            ("0", b""),
            ("0G", b""),
            ("FF", b""),
        ] {
            let read: Name = serde_json::from_str(&format!("{{\"hex\":\"{text}\"}}")).unwrap();
            assert_eq!(read.0, expected, "{text}");
        }
    }

    #[test]
    fn an_entry_is_read_as_it_was_written() {
        let entry = Entry {
            path: Name(b"a".to_vec()),
            kind: Kind::File {
                bytes: 3,
                content: Content::Object("00".to_owned()),
            },
            mode: 0o644,
            uid: 1,
            gid: 2,
            accessed: (1, 2),
            modified: (-3, 4),
            attributes: vec![(Name(b"user.x".to_vec()), Name(b"\x00\xff".to_vec()))],
        };
        let written = serde_json::to_string(&entry).unwrap();
        assert_eq!(serde_json::from_str::<Entry>(&written).unwrap(), entry);
    }
}
