//! The files of the admin vault and the host key, in the daemon's directory. Derives nothing, and compares by name alone.
//!
//! A vault that lies ready beside its place (`vault.new`) takes it as soon as the log names it: the record is durable first, so
//! that a crash in between leaves either the old vault and its name, or a new name and a file that this finds.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use kintsugi_core::vault::keys::Prover;
use kintsugi_core::vault::{self, Found, Standing, VAULT_BYTES_MAX, Vault};
use rustix::fs::OFlags;
use rustix::io::Errno;
use zeroize::Zeroizing;

/// The name of the vault's file.
const VAULT: &str = "vault";

/// The name of one that lies ready.
const VAULT_NEW: &str = "vault.new";

/// The name of the file with the seed of the host key.
const HOST_KEY: &str = "host-key";

/// The vault as it stands, and the key with which this daemon signs its challenges.
#[derive(Debug)]
pub struct Keeper {
    directory: PathBuf,
    host: Prover,
    /// What the log had named when it was last looked at.
    named: Option<String>,
    standing: Standing,
}

impl Keeper {
    /// Reads or makes the host key in `directory`, and looks at the vault, of which the log says that it is `named` so.
    ///
    /// # Errors
    /// When there is no host key and none can be made.
    pub fn open(directory: &Path, named: Option<&str>) -> anyhow::Result<Self> {
        let host = host_key(&directory.join(HOST_KEY))?;
        let mut keeper = Self {
            directory: directory.to_owned(),
            host,
            named: None,
            standing: Standing::Absent,
        };
        keeper.look(named);
        Ok(keeper)
    }

    /// Returns the key that signs challenges.
    #[must_use]
    pub const fn host(&self) -> &Prover {
        &self.host
    }

    /// Returns how the vault stood when it was last looked at.
    #[must_use]
    pub const fn standing(&self) -> &Standing {
        &self.standing
    }

    /// Whether privileged operations need a proof; also when none can be given, because the vault is not usable.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        self.standing != Standing::Absent
    }

    /// Returns why the vault is not usable, if it is not.
    #[must_use]
    pub fn trouble(&self) -> Option<&str> {
        match &self.standing {
            Standing::Degraded(why) => Some(why),
            Standing::Absent | Standing::Whole(_) => None,
        }
    }

    /// Returns the vault that was named at the last look.
    #[must_use]
    pub fn named(&self) -> Option<&str> {
        self.named.as_deref()
    }

    /// Looks at the file again when the log names another vault than at the last look.
    pub fn follow(&mut self, named: Option<&str>) {
        if self.named.as_deref() != named {
            self.look(named);
        }
    }

    /// Looks at the file. One that lies ready and is named takes its place.
    pub fn look(&mut self, named: Option<&str>) -> &Standing {
        self.named = named.map(str::to_owned);
        let place = self.directory.join(VAULT);
        let mut standing = vault::judge(named, find(&place));
        if let (Standing::Degraded(_), Some(named)) = (&standing, named)
            && self.candidate(named).is_ok()
            && self.install().is_ok()
        {
            standing = vault::judge(Some(named), find(&place));
        }
        self.standing = standing;
        &self.standing
    }

    /// Returns the vault that lies ready, when it has this name; it is then durable.
    ///
    /// # Errors
    /// When there is none, or another one.
    pub fn candidate(&self, name: &str) -> anyhow::Result<Vault> {
        let path = self.directory.join(VAULT_NEW);
        let bytes = match find(&path) {
            Found::File(bytes) => bytes,
            Found::Nothing => bail!("no vault lies ready at `{}`", path.display()),
            Found::Unusable(why) => bail!("`{}` is not usable: {why}", path.display()),
        };
        if vault::name(&bytes) != name {
            bail!("`{}` is not the vault that is meant", path.display());
        }
        let vault =
            Vault::read(&bytes).with_context(|| format!("`{}` is not usable", path.display()))?;
        File::open(&path)?.sync_all()?;
        self.sync_names()?;
        Ok(vault)
    }

    fn install(&self) -> std::io::Result<()> {
        fs::rename(self.directory.join(VAULT_NEW), self.directory.join(VAULT))?;
        self.sync_names()
    }

    fn sync_names(&self) -> std::io::Result<()> {
        File::open(&self.directory)?.sync_all()
    }
}

/// Opens a file that is none of the things that could stand in for one.
fn open_plain(path: &Path) -> Result<Option<File>, String> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let flags = i32::try_from(flags.bits()).unwrap_or_default();
    let file = match OpenOptions::new().read(true).custom_flags(flags).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        // open(2): O_NOFOLLOW and the last part is a symbolic link.
        Err(error) if error.raw_os_error() == Some(Errno::LOOP.raw_os_error()) => {
            return Err("it is a symbolic link".to_owned());
        }
        Err(error) => return Err(format!("it cannot be opened: {error}")),
    };
    let found = file.metadata().map_err(|error| error.to_string())?;
    let ours = rustix::process::geteuid().as_raw();
    if !found.is_file() {
        Err("it is not a file".to_owned())
    } else if found.uid() != ours {
        Err(format!("it belongs to user {}", found.uid()))
    } else if found.mode() & 0o077 != 0 {
        Err(format!(
            "others may use it (mode {:04o})",
            found.mode() & 0o7777
        ))
    } else if found.nlink() != 1 {
        Err("it has more than one name".to_owned())
    } else {
        Ok(Some(file))
    }
}

/// Reads what is at `path`, as far as a vault can be.
fn find(path: &Path) -> Found {
    let file = match open_plain(path) {
        Ok(Some(file)) => file,
        Ok(None) => return Found::Nothing,
        Err(why) => return Found::Unusable(why),
    };
    let mut bytes = Vec::new();
    let most = u64::try_from(VAULT_BYTES_MAX).unwrap_or(u64::MAX) + 1;
    match file.take(most).read_to_end(&mut bytes) {
        Ok(_) => Found::File(bytes),
        Err(error) => Found::Unusable(format!("it cannot be read: {error}")),
    }
}

/// Reads the seed of the host key, or makes one.
fn host_key(path: &Path) -> anyhow::Result<Prover> {
    let shown = path.display();
    match open_plain(path) {
        Ok(Some(file)) => {
            let mut bytes = Zeroizing::new(Vec::with_capacity(64));
            file.take(64).read_to_end(&mut bytes)?;
            let seed = Zeroizing::new(<[u8; 32]>::try_from(bytes.as_slice()).ok());
            seed.as_ref()
                .map(Prover::new)
                .with_context(|| format!("the host key `{shown}` is not 32 bytes long"))
        }
        Ok(None) => {
            let seed =
                Zeroizing::new(crate::store::seed().context("the system gives no randomness")?);
            let mut file = OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(path)
                .with_context(|| format!("cannot make the host key `{shown}`"))?;
            file.write_all(seed.as_ref())?;
            file.sync_all()?;
            Ok(Prover::new(&seed))
        }
        Err(why) => bail!("the host key `{shown}` is not usable: {why}"),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use kintsugi_core::vault::{Parts, parameters};

    use super::*;

    fn vault(epoch: u64) -> Vec<u8> {
        let vault = Vault::new(Parts {
            id: uuid::Uuid::from_u128(7),
            epoch,
            salt: vec![3; 16],
            params: parameters::Bounded::check(parameters::LEAST, &[3; 16]).unwrap(),
            public: Prover::new(&[1; 32]).public(),
            recovery_public: Prover::new(&[2; 32]).public(),
            wrapped: Vec::new(),
            blind: [4; 32],
        });
        vault.write().unwrap()
    }

    fn put(path: &Path, bytes: &[u8]) {
        fs::write(path, bytes).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    }

    #[test]
    fn the_host_key_stays_the_same() {
        let home = tempfile::tempdir().unwrap();
        let first = Keeper::open(home.path(), None).unwrap();
        assert_eq!(*first.standing(), Standing::Absent);
        let again = Keeper::open(home.path(), None).unwrap();
        assert_eq!(first.host().public(), again.host().public());
        fs::write(home.path().join(HOST_KEY), b"short").unwrap();
        assert!(Keeper::open(home.path(), None).is_err());
    }

    #[test]
    fn whatever_stands_in_for_the_vault_locks() {
        let home = tempfile::tempdir().unwrap();
        let (place, elsewhere) = (home.path().join(VAULT), home.path().join("elsewhere"));
        let name = vault::name(&vault(1));
        let mut keeper = Keeper::open(home.path(), Some(&name)).unwrap();
        let mut why = |expected: &str| {
            keeper.look(Some(&name));
            let trouble = keeper.trouble().unwrap_or("nothing is wrong");
            assert!(trouble.contains(expected), "{expected}: {trouble}");
            assert!(keeper.is_locked());
        };
        why("missing");
        put(&elsewhere, &vault(1));
        symlink(&elsewhere, &place).unwrap();
        why("symbolic link");
        fs::remove_file(&place).unwrap();
        fs::hard_link(&elsewhere, &place).unwrap();
        why("more than one name");
        fs::remove_file(&place).unwrap();
        fs::create_dir(&place).unwrap();
        why("not a file");
        fs::remove_dir(&place).unwrap();
        put(&place, &vault(2));
        why("not the one");
        put(&place, &vault(1));
        fs::set_permissions(&place, fs::Permissions::from_mode(0o644)).unwrap();
        why("others may use it");
        // Only root gives a file away.
        fs::set_permissions(&place, fs::Permissions::from_mode(0o600)).unwrap();
        if rustix::process::geteuid().is_root() {
            std::os::unix::fs::chown(&place, Some(65_534), None).unwrap();
            why("it belongs to user 65534");
            fs::remove_file(&place).unwrap();
        }
        put(&place, &vec![b' '; VAULT_BYTES_MAX + 9]);
        why("not the one");
        put(&place, &vault(1));
        keeper.look(Some(&name));
        assert!(matches!(keeper.standing(), Standing::Whole(_)));
        keeper.look(None);
        assert!(keeper.trouble().unwrap().contains("never named one"));
    }

    #[test]
    fn a_vault_that_lies_ready_takes_its_place_only_when_the_log_names_it() {
        let home = tempfile::tempdir().unwrap();
        let (old, new) = (vault::name(&vault(1)), vault::name(&vault(2)));
        put(&home.path().join(VAULT), &vault(1));
        put(&home.path().join(VAULT_NEW), &vault(2));
        let mut keeper = Keeper::open(home.path(), Some(&old)).unwrap();
        assert!(matches!(keeper.standing(), Standing::Whole(vault) if vault.epoch == 1));
        assert!(keeper.candidate(&old).is_err());
        assert_eq!(keeper.candidate(&new).unwrap().epoch, 2);
        // A start after a crash between the record and the file.
        let mut late = Keeper::open(home.path(), Some(&new)).unwrap();
        assert!(matches!(late.standing(), Standing::Whole(vault) if vault.epoch == 2));
        assert!(!home.path().join(VAULT_NEW).exists());
        late.look(Some(&old));
        assert!(late.trouble().is_some(), "rolled back");
        keeper.follow(Some(&new));
        assert!(keeper.trouble().is_none());
    }
}
