//! The optional way in for a container or an editor on this machine: TCP on loopback, and a key instead of credentials.
//!
//! Off unless the settings name a port. Nobody attests who is at the other end, so whoever holds the key is taken for the
//! user whose file it is, and for nothing that only a person may do.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddrV4, TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use anyhow::{Context as _, bail};
use kintsugi_core::audit::chain::{hex, unhex};
use kintsugi_core::protocol::frame::parse_request;
use kintsugi_core::protocol::{ErrorCode, Request, Response};
use rustix::fs::OFlags;

use crate::connection::Connection;
use crate::store;

/// The listening port.
#[derive(Debug)]
pub struct Port {
    listener: TcpListener,
    /// Compared in constant time: `blake3::Hash` is made for that.
    key: blake3::Hash,
}

impl Port {
    /// Listens on `number`, on 127.0.0.1 alone, for whoever knows the key in the file at `key`, which is made where it is
    /// missing.
    ///
    /// # Errors
    ///
    /// When the port is taken, or others can read the key.
    pub fn open(number: u16, key: &Path) -> anyhow::Result<Self> {
        let key = read_key(key).with_context(|| format!("no key in `{}`", key.display()))?;
        let address = SocketAddrV4::new(Ipv4Addr::LOCALHOST, number);
        let listener =
            TcpListener::bind(address).with_context(|| format!("cannot listen on {address}"))?;
        listener.set_nonblocking(true)?;
        Ok(Self {
            listener,
            key: blake3::hash(&key),
        })
    }

    /// Returns the descriptor to poll.
    #[must_use]
    pub const fn listener(&self) -> &TcpListener {
        &self.listener
    }

    /// Returns the next connection that waits; never waits itself.
    ///
    /// # Errors
    ///
    /// `WouldBlock` when none waits; otherwise what the system lacks.
    pub fn accept(&self) -> io::Result<TcpStream> {
        let (stream, _address) = self.listener.accept()?;
        stream.set_nonblocking(true)?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    /// Whether this is the key, in hexadecimal. Takes as long for a wrong key as for another wrong key.
    #[must_use]
    pub fn is_key(&self, given: &str) -> bool {
        let given: Option<[u8; 32]> = unhex(given.as_bytes());
        given.is_some_and(|given| blake3::hash(&given) == self.key)
    }
}

/// Reads the key, or makes one.
fn read_key(path: &Path) -> anyhow::Result<[u8; 32]> {
    let flags = i32::try_from((OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC).bits());
    let flags = flags.unwrap_or_default();
    let file = match OpenOptions::new().read(true).custom_flags(flags).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return make_key(path),
        Err(error) => return Err(error.into()),
    };
    let found = file.metadata()?;
    let ours = rustix::process::geteuid().as_raw();
    if !found.is_file() || found.uid() != ours || found.mode() & 0o077 != 0 {
        bail!("it is not a file that only this user can read: remove it, and another is made");
    }
    let mut text = String::new();
    file.take(128).read_to_string(&mut text)?;
    unhex(text.trim().as_bytes()).context("it is not one: remove it, and another is made")
}

fn make_key(path: &Path) -> anyhow::Result<[u8; 32]> {
    let key = store::seed()?;
    let mut file: File = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    writeln!(file, "{}", hex(&key))?;
    Ok(key)
}

/// Judges the first frame of a connection that nobody attests: the key, or the end.
pub(crate) fn prove(connection: &mut Connection, port: Option<&Port>, now: u64) {
    let request = match connection.next_frame() {
        Ok(Some((frame, _peer))) => parse_request(frame),
        Ok(None) => return,
        Err(error) => Err(error),
    };
    let has_key = matches!(
        (&request, port),
        (Ok(Request::Auth { key }), Some(port)) if port.is_key(key)
    );
    if has_key {
        connection.prove();
        connection.say(&Response::Ack, now);
    } else {
        // The same for a wrong key and for none.
        let message = "the first frame here must be `auth` with the key";
        connection.close_with(&Response::error(ErrorCode::AuthFailed, message.into()), now);
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_key_is_made_once_for_its_owner_alone() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("port-key");
        let key = read_key(&path).unwrap();
        assert_eq!(read_key(&path).unwrap(), key);
        let mode = std::fs::metadata(&path).unwrap().mode();
        assert_eq!(mode & 0o777, 0o600);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        let refused = read_key(&path).unwrap_err().to_string();
        assert!(refused.contains("only this user"), "{refused}");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        std::fs::write(&path, "short\n").unwrap();
        assert!(read_key(&path).is_err());
    }
}
