//! File systems of a test's own: a small one in memory, or an image on a loop device, mounted until it is dropped.

use std::path::{Path, PathBuf};
use std::process::Command;

/// What is mounted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// In memory.
    Tmpfs,
    /// An image of btrfs.
    Btrfs,
    /// An image of xfs.
    Xfs,
    /// An image of ext4.
    Ext4,
}

impl Kind {
    /// Returns its name, as `mount(8)` has it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tmpfs => "tmpfs",
            Self::Btrfs => "btrfs",
            Self::Xfs => "xfs",
            Self::Ext4 => "ext4",
        }
    }
}

/// A mounted file system, empty but for what its maker puts into it.
#[derive(Debug)]
pub struct Volume {
    place: PathBuf,
    /// What `mount(8)` was called with.
    mounted: Vec<std::ffi::OsString>,
    directory: Option<tempfile::TempDir>,
}

impl Volume {
    /// Makes one of `mib` MiB; says why and returns nothing where this may not (only root may mount).
    ///
    /// # Panics
    /// When there is no room for it.
    #[must_use]
    pub fn new(kind: Kind, mib: u32) -> Option<Self> {
        Self::with_options(kind, mib, "")
    }

    /// The same, mounted with further options.
    ///
    /// # Panics
    /// When there is no room for it.
    #[must_use]
    pub fn with_options(kind: Kind, mib: u32, options: &str) -> Option<Self> {
        let directory = tempfile::Builder::new()
            .prefix("volume-")
            .tempdir()
            .expect("a directory");
        let top = directory.path().canonicalize().expect("its path");
        let place = top.join("mounted");
        std::fs::create_dir(&place).expect("a place");
        let mut volume = Self::at(&place, kind, mib, options)?;
        volume.directory = Some(directory);
        Some(volume)
    }

    /// Mounts one on a directory that is there.
    ///
    /// # Panics
    /// When there is no room for it.
    #[must_use]
    pub fn at(place: &Path, kind: Kind, mib: u32, options: &str) -> Option<Self> {
        let image = place.with_extension("image");
        let mut mount = Command::new("mount");
        let mut given = vec!["rw".to_owned()];
        given.extend((!options.is_empty()).then(|| options.to_owned()));
        if kind == Kind::Tmpfs {
            given.push(format!("size={mib}m"));
            mount.args(["-t", "tmpfs", "-o", &given.join(","), "kintsugi-test"]);
        } else {
            let file = std::fs::File::create(&image).expect("an image");
            file.set_len(u64::from(mib) << 20).expect("room");
            let force = if kind == Kind::Ext4 { "-F" } else { "-f" };
            let made = Command::new(format!("mkfs.{}", kind.name()))
                .args(["-q", force])
                .arg(&image)
                .env("PATH", "/usr/sbin:/sbin:/usr/bin:/bin")
                .output();
            if !made.as_ref().is_ok_and(|made| made.status.success()) {
                eprintln!("SKIPPED: no {} can be made: {made:?}", kind.name());
                return None;
            }
            given.push("loop".to_owned());
            mount.args(["-t", kind.name(), "-o", &given.join(",")]);
            mount.arg(&image);
        }
        let mounted = mount.arg(place).output();
        if !mounted.as_ref().is_ok_and(|done| done.status.success()) {
            eprintln!(
                "SKIPPED: only root may mount {}, where the kernel has it: {mounted:?}",
                kind.name()
            );
            return None;
        }
        Some(Self {
            place: place.to_owned(),
            mounted: mount.get_args().map(std::ffi::OsStr::to_owned).collect(),
            directory: None,
        })
    }

    /// Cuts the power below an image: what it has at this moment is mounted again in its place, as its journal has that. What was only in
    /// memory is lost.
    ///
    /// # Panics
    /// When it has no image, or that cannot be mounted again.
    pub fn cut_power(&mut self) {
        let (image, cut) = (
            self.place.with_extension("image"),
            self.place.with_extension("cut"),
        );
        // Nothing was written while it was copied, or it is copied again.
        loop {
            let before = self.writes();
            let mut copy = Command::new("cp");
            copy.arg("--sparse=always").args([&image, &cut]);
            assert!(copy.status().expect("cp").success());
            if self.writes() == before {
                break;
            }
        }
        let mut unmount = Command::new("umount");
        unmount.arg(&self.place);
        // A process that has just ended may still have it.
        while !unmount.status().expect("umount").success() {
            std::thread::yield_now();
        }
        std::fs::rename(cut, image).expect("another image");
        let mut mount = Command::new("mount");
        let mounted = mount.args(&self.mounted).output().expect("mount");
        assert!(mounted.status.success(), "{mounted:?}");
    }

    /// What the device below has written (`Documentation/block/stat.rst` of Linux, field 5).
    fn writes(&self) -> String {
        let mut find = Command::new("findmnt");
        let found = find.args(["-no", "SOURCE"]).arg(&self.place).output();
        let found = String::from_utf8(found.expect("findmnt").stdout).expect("a device");
        let device = found.trim().rsplit('/').next().unwrap_or_default();
        let path = format!("/sys/block/{device}/stat");
        let stat = std::fs::read_to_string(path).expect("a device with an image");
        stat.split_whitespace().nth(4).expect("a count").to_owned()
    }

    /// Returns where it is mounted.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.place
    }
}

impl Drop for Volume {
    fn drop(&mut self) {
        // Lazily: a process that has just ended may still have it.
        drop(Command::new("umount").arg("-l").arg(&self.place).status());
    }
}
