//! A connection's bytes, wherever they come from.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::fd::{AsFd, BorrowedFd};

use interprocess::os::unix::uds_local_socket::Stream as LocalStream;

/// A stream that does not block.
#[derive(Debug)]
pub enum Stream {
    /// Over the socket: the kernel says who it is.
    Local(LocalStream),
    /// Over the port on loopback: nobody says who it is, so it must prove that it may.
    Port(TcpStream),
}

impl AsFd for Stream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Local(stream) => stream.as_fd(),
            Self::Port(stream) => stream.as_fd(),
        }
    }
}

impl Read for &Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Stream::Local(stream) => (&mut &*stream).read(buffer),
            Stream::Port(stream) => (&mut &*stream).read(buffer),
        }
    }
}

impl Write for &Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Stream::Local(stream) => (&mut &*stream).write(bytes),
            Stream::Port(stream) => (&mut &*stream).write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
