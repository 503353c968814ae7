//! The socket to whoever started this program.

use std::io::{Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;

use anyhow::Context as _;
use kintsugi_core::scorer::frame::{Reader, encode};
use kintsugi_core::scorer::{Ask, Reply};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// The socket, and what of it is not a frame yet.
#[derive(Debug)]
pub(crate) struct Wire {
    stream: UnixStream,
    reader: Reader,
}

impl Wire {
    /// Takes the socket that is this process's standard input.
    pub(crate) fn of_standard_input() -> anyhow::Result<Self> {
        let stdin = std::io::stdin();
        let kind = rustix::net::sockopt::socket_type(stdin.as_fd());
        if kind != Ok(rustix::net::SocketType::STREAM) {
            anyhow::bail!("its standard input is no socket: `kintsugi model bench` starts it");
        }
        let descriptor = stdin.as_fd().try_clone_to_owned()?;
        let stream = UnixStream::from(descriptor);
        stream.set_nonblocking(false)?;
        Ok(Self {
            stream,
            reader: Reader::default(),
        })
    }

    /// Returns the next frame; nothing when the other side has closed the socket. Waits as long as it takes.
    pub(crate) fn next(&mut self) -> anyhow::Result<Option<Ask>> {
        let mut bytes = [0; 4_096];
        loop {
            if let Some(ask) = self.reader.take()? {
                return Ok(Some(ask));
            }
            match self.stream.read(&mut bytes) {
                Ok(0) => return Ok(None),
                Ok(read) => self.reader.push(bytes.get(..read).unwrap_or_default()),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error).context("cannot read from the daemon"),
            }
        }
    }

    /// Whether there is more to read than what was asked last, or nobody is there any more.
    pub(crate) fn is_asked_more(&self) -> bool {
        let at_once = Timespec::default();
        let mut here = [PollFd::new(&self.stream, PollFlags::IN)];
        !self.reader.is_empty() || poll(&mut here, Some(&at_once)).is_ok_and(|ready| ready > 0)
    }

    /// Sends a reply.
    pub(crate) fn send(&mut self, reply: &Reply) -> anyhow::Result<()> {
        let sent = self.stream.write_all(&encode(reply));
        sent.context("cannot write to the daemon")
    }

    /// Returns the socket itself, for a mock that breaks the rules.
    pub(crate) fn raw(&self) -> anyhow::Result<UnixStream> {
        Ok(self.stream.try_clone()?)
    }
}
