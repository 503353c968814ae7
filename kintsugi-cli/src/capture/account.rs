//! The manifest of a capture in its directory: a file, and before something is moved an attribute of the directory as well.
//!
//! A journal that keeps the order of names and attributes has the attribute on the device no later than a move that comes after it: then nobody
//! waits. Of a file's content no journal says that.

use std::fs::{self, File};
use std::path::Path;

use kintsugi_core::capture::manifest::Manifest;
use rustix::fs::{XattrFlags, getxattr, setxattr};

use super::CaptureError;

/// The name of the file.
pub(super) const FILE: &str = "manifest.json";

/// The name of the attribute.
const ATTRIBUTE: &str = "user.kintsugi.manifest";

/// Largest attribute (`xattr(7)`).
const ATTRIBUTE_BYTES_MAX: usize = 64 * 1024;

/// Writes the file, and waits for nothing.
///
/// # Errors
/// When there is no room for it.
pub(super) fn write(capture: &Path, manifest: &Manifest) -> Result<File, CaptureError> {
    super::target::write_json(&capture.join(FILE), manifest)
}

/// Writes the attribute; says whether that could be done.
pub(super) fn attach(capture: &Path, manifest: &Manifest) -> bool {
    let text = serde_json::to_vec(manifest);
    text.is_ok_and(|text| setxattr(capture, ATTRIBUTE, &text, XattrFlags::CREATE).is_ok())
}

/// Reads what was kept: the file, or what is attached where a power cut took the file's content.
///
/// # Errors
/// When neither can be read.
pub(super) fn read(capture: &Path) -> Result<Manifest, CaptureError> {
    let path = capture.join(FILE);
    let read = fs::read(&path).and_then(|text| Ok(serde_json::from_slice(&text)?));
    read.or_else(|error| attached(capture).ok_or_else(|| CaptureError::io(path, error)))
}

fn attached(capture: &Path) -> Option<Manifest> {
    let mut text: Vec<u8> = Vec::with_capacity(ATTRIBUTE_BYTES_MAX);
    getxattr(
        capture,
        ATTRIBUTE,
        rustix::buffer::spare_capacity(&mut text),
    )
    .ok()?;
    serde_json::from_slice(&text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use kintsugi_core::capture::manifest::Summary;

    fn manifest() -> Manifest {
        Manifest {
            version: kintsugi_core::capture::manifest::VERSION,
            summary: Summary {
                id: uuid::Uuid::new_v4(),
                at: String::new(),
                command: "rm -rf d".to_owned(),
                cwd: "/".to_owned(),
                agent: "shell".to_owned(),
                session: None,
                undoes: None,
                files: 1,
                bytes: 0,
                stored: 0,
                paths: Vec::new(),
                cannot: Vec::new(),
            },
            tops: Vec::new(),
            repositories: Vec::new(),
        }
    }

    #[test]
    fn where_the_files_content_is_lost_what_is_attached_counts() {
        let directory = tempfile::tempdir().unwrap();
        let (capture, manifest) = (directory.path(), manifest());
        assert!(read(capture).is_err());
        drop(write(capture, &manifest).unwrap());
        assert_eq!(read(capture).unwrap(), manifest);
        if !attach(capture, &manifest) {
            eprintln!("SKIPPED: no attributes here");
            return;
        }
        fs::write(capture.join(FILE), "").unwrap();
        assert_eq!(read(capture).unwrap(), manifest);
        fs::remove_file(capture.join(FILE)).unwrap();
        assert_eq!(read(capture).unwrap(), manifest);
    }
}
