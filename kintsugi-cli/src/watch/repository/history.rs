//! The histories that git keeps of HEAD and of the stashes (`logs`, gitrepository-layout(5)), read from their end.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

use kintsugi_core::redact::redact;

/// Bytes at the end of a history that are read.
const HISTORY_BYTES: u64 = 64 * 1024;

/// Longest line of a history that is told, in bytes.
const SAID_BYTES_MAX: usize = 160;

/// One entry of a history: `OLD NEW NAME <MAIL> SECONDS ZONE<TAB>SAID`.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// The commit before.
    pub(super) old: String,
    /// The commit after.
    pub(super) new: String,
    /// What git wrote down: `checkout: moving from main to side`.
    pub(super) said: String,
}

/// Returns the entries since a moment, in seconds since 1970, oldest first.
pub(super) fn entries(path: &Path, since: u64) -> Vec<Entry> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|mut file| {
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(HISTORY_BYTES)))?;
        file.take(HISTORY_BYTES).read_to_end(&mut bytes)
    });
    if read.is_err() {
        return Vec::new();
    }
    let text = String::from_utf8_lossy(&bytes);
    let entries = text.lines().filter_map(|line| {
        let (who, said) = line.split_once('\t')?;
        let mut ids = who.splitn(3, ' ');
        let (old, new, who) = (ids.next()?, ids.next()?, ids.next()?);
        let mut from_end = who.rsplit(' ');
        let seconds: u64 = from_end.nth(1)?.parse().ok()?;
        (seconds >= since && is_id(old) && is_id(new)).then(|| {
            let mut said = redact(said).into_owned();
            let mut cut = SAID_BYTES_MAX.min(said.len());
            while !said.is_char_boundary(cut) {
                cut -= 1;
            }
            said.truncate(cut);
            Entry {
                old: old.to_owned(),
                new: new.to_owned(),
                said,
            }
        })
    });
    entries.collect()
}

/// Whether that is the name of an object, and no option or reference.
pub(super) fn is_id(id: &str) -> bool {
    id.len() >= 40 && id.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_history_is_read_from_a_moment_on() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("HEAD");
        let (one, two, three) = ("1".repeat(40), "2".repeat(40), "3".repeat(40));
        let text = format!(
            "{one} {two} Ada L <a@b> 100 +0200\tcommit: x\n{two} {three} Ada L <a@b> 105 +0200\tcheckout: moving from a to b\nbroken\n"
        );
        std::fs::write(&path, text).unwrap();
        let all = entries(&path, 0);
        assert_eq!(all.len(), 2);
        let last = entries(&path, 101);
        assert_eq!(last.len(), 1);
        assert_eq!((&last[0].old, &last[0].new), (&two, &three));
        assert_eq!(last[0].said, "checkout: moving from a to b");
        assert!(entries(&path, 106).is_empty());
    }
}
