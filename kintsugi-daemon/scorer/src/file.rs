//! Opens a model's file: once, so that what is checked is what is loaded.

use std::fs::File;
use std::io::Seek as _;
#[cfg(feature = "llama")]
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use anyhow::Context as _;
use kintsugi_core::scorer::HASH_BYTES;
use kintsugi_core::scorer::gguf;
use kintsugi_core::scorer::hashes::{self, Hashes};
use kintsugi_core::scorer::settings::ModelSettings;
use rustix::fs::{Mode, OFlags};

/// A model's file that is what its settings say.
pub(crate) struct ModelFile {
    pub(crate) file: File,
    /// The name of the file, for people.
    pub(crate) name: String,
    /// Its BLAKE3 hash.
    pub(crate) hash: [u8; HASH_BYTES],
}

impl ModelFile {
    /// Opens the file that settings name.
    pub(crate) fn open(settings: &ModelSettings) -> anyhow::Result<Self> {
        let path = settings.path.as_deref().context("no `path`")?;
        let expected = settings.sha256.as_deref().context("no `sha256`")?;
        let shown = path.display();
        Self::checked(path, expected).with_context(|| format!("the model `{shown}`"))
    }

    fn checked(path: &Path, expected: &str) -> anyhow::Result<Self> {
        // Not blocking: a pipe put in its place must not stop the worker.
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let mut file = File::from(rustix::fs::open(path, flags, Mode::empty())?);
        let found = file.metadata()?;
        let own = rustix::process::geteuid().as_raw();
        if !found.is_file() {
            anyhow::bail!("it is not a file");
        }
        if found.mode() & 0o022 != 0 || (found.uid() != own && found.uid() != 0) {
            anyhow::bail!("it can be written by others: make it yours, and `chmod go-w` it");
        }
        gguf::read(std::io::BufReader::new(&file), found.len())?;
        file.rewind()?;
        let Hashes { sha256, blake3 } = hashes::of(&file)?;
        if !sha256.eq_ignore_ascii_case(expected) {
            anyhow::bail!(
                "it has been altered: its SHA-256 is {sha256}, and `{expected}` was expected"
            );
        }
        let name = path.file_name().unwrap_or_default();
        Ok(Self {
            file,
            name: name.to_string_lossy().into_owned(),
            hash: blake3,
        })
    }

    /// Returns a path that leads to this open file, whatever has been put into its place.
    #[cfg(feature = "llama")]
    pub(crate) fn path(&self) -> std::path::PathBuf {
        format!("/proc/self/fd/{}", self.file.as_raw_fd()).into()
    }
}
