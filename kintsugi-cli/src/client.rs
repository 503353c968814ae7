//! One connection to the daemon: a request out, its reply in, never without a deadline.
//!
//! Shared by both programs, so nothing here may pull in the judgement or the command line parser.

use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use interprocess::local_socket::traits::{Stream as _, StreamCommon as _};
use interprocess::os::unix::uds_local_socket::Stream;
use kintsugi_core::proposal::ProposedCommand;
use kintsugi_core::protocol::frame::{FrameBuffer, write_frame};
use kintsugi_core::protocol::{ErrorCode, InBrief, Request, Response, Verdict};
use rustix::io::Errno;

use crate::facts;

/// Longest wait for a reply that the daemon gives at once.
///
/// A verdict waits for one `fdatasync` and, with a model, for its deadline; what takes longer than this is not coming.
pub const REPLY_MAX: Duration = Duration::from_secs(10);

/// Longest wait for a daemon that another client has just waited for in vain.
const REPLY_MAX_AGAIN: Duration = Duration::from_secs(1);

/// The variable by which a client tells the one that it starts that it has waited in vain. Whoever sets it in another way is judged
/// by the embedded core the sooner, which allows less.
pub const LATE_VARIABLE: &str = "KINTSUGI_DAEMON_IS_LATE";

/// Returns how long the daemon is waited for: [`REPLY_MAX`], unless that was done a moment ago.
#[must_use]
pub fn patience() -> Duration {
    if std::env::var_os(LATE_VARIABLE).is_some() {
        REPLY_MAX_AGAIN
    } else {
        REPLY_MAX
    }
}

/// Returns how long somebody has waited for the daemon before this program was started.
#[must_use]
pub fn waited_before() -> Duration {
    match std::env::var_os(LATE_VARIABLE) {
        Some(_) => REPLY_MAX,
        None => Duration::ZERO,
    }
}

/// Why there was no usable reply.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// Nobody listens at the socket.
    #[error("no daemon listens at `{}`", .0.display())]
    NoDaemon(PathBuf),
    /// Another user's process listens there: it would hear every command.
    #[error("the socket `{}` belongs to a process of user {uid}", path.display())]
    ForeignDaemon {
        /// The socket.
        path: PathBuf,
        /// Whose process answered.
        uid: u32,
    },
    /// The socket could not be used.
    #[error("cannot talk to the daemon: {0}")]
    Socket(#[from] io::Error),
    /// The daemon closed the connection before it replied.
    #[error("the daemon closed the connection without a reply")]
    Closed,
    /// The reply did not come in time.
    #[error("the daemon did not reply within {} s", .0.as_secs())]
    TimedOut(Duration),
    /// The request would be longer than a frame may be.
    #[error("the command is longer than a request may be")]
    TooLong,
    /// The reply is not one this version knows.
    #[error("the daemon sent a reply that this version does not know: {0}")]
    BadReply(String),
    /// The daemon refused the request.
    #[error("the daemon refused: {message}")]
    Refused {
        /// Its words.
        message: String,
        /// Its code.
        code: Option<ErrorCode>,
        /// When it is worth another try, in milliseconds.
        retry_after_ms: Option<u64>,
    },
}

/// An open connection.
#[derive(Debug)]
pub struct Client {
    stream: Stream,
    buffer: FrameBuffer,
}

impl Client {
    /// Connects to the daemon at `socket`.
    ///
    /// # Errors
    /// [`ClientError::NoDaemon`] when nobody listens there: one may be started. Anything else is not mended by starting one.
    pub fn connect(socket: &Path) -> Result<Self, ClientError> {
        Self::connect_within(socket, patience())
    }

    /// The same, and where a daemon that hangs has no room for one more, waits `patience` at most.
    ///
    /// # Errors
    /// As [`Client::connect`].
    pub fn connect_within(socket: &Path, patience: Duration) -> Result<Self, ClientError> {
        let stream = Stream::from(connected(socket, patience)?);
        let uid = peer_uid(&stream)?;
        let is_own = uid == rustix::process::geteuid().as_raw() || uid == 0;
        if !is_own && !is_installed_by_root(socket, uid) {
            return Err(ClientError::ForeignDaemon {
                path: socket.to_owned(),
                uid,
            });
        }
        Ok(Self {
            stream,
            buffer: FrameBuffer::default(),
        })
    }

    /// Returns the process at the other end, where the kernel tells it.
    #[must_use]
    pub fn daemon_pid(&self) -> Option<i32> {
        self.stream.peer_creds().ok()?.pid()
    }

    /// Sends `request` and waits for its reply, [`REPLY_MAX`] at most.
    ///
    /// # Errors
    /// None of them says that the request had no effect, except [`ClientError::Refused`] and [`ClientError::TooLong`].
    pub fn ask(&mut self, request: &Request) -> Result<Response, ClientError> {
        self.ask_within(request, REPLY_MAX)
    }

    /// Sends `request` and waits for its reply, `patience` at most.
    ///
    /// # Errors
    /// As [`Client::ask`].
    pub fn ask_within(
        &mut self,
        request: &Request,
        patience: Duration,
    ) -> Result<Response, ClientError> {
        let frame = write_frame(request).map_err(|_| ClientError::TooLong)?;
        self.exchange(&frame, patience, whole)
    }

    /// Sends a frame that is a proposal or a record, and waits for its reply, `patience` at most. Reads of it only what says how to
    /// go on, so that the program that is started for every command has nothing else in it.
    ///
    /// # Errors
    /// As [`Client::ask`].
    pub fn tell_within(&mut self, frame: &[u8], patience: Duration) -> Result<Told, ClientError> {
        self.exchange(frame, patience, in_brief)
    }

    fn exchange<T>(
        &mut self,
        frame: &[u8],
        patience: Duration,
        read: Reader<T>,
    ) -> Result<T, ClientError> {
        match self.send_frame(frame) {
            // Whoever is refused at the door is told why, and then nobody listens to what it has to say.
            Err(ClientError::Socket(error)) if error.kind() == io::ErrorKind::BrokenPipe => {}
            sent => sent?,
        }
        self.read_within(patience, read)
    }

    /// Waits for the next reply, `patience` at most.
    ///
    /// # Errors
    /// As [`Client::ask`].
    pub fn reply_within(&mut self, patience: Duration) -> Result<Response, ClientError> {
        self.read_within(patience, whole)
    }

    fn read_within<T>(&mut self, patience: Duration, read: Reader<T>) -> Result<T, ClientError> {
        let deadline = Instant::now() + patience;
        loop {
            if let Some(response) = self.take(read)? {
                return Ok(response);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(ClientError::TimedOut(patience));
            }
            self.stream.set_recv_timeout(Some(left))?;
            match self.fill() {
                Err(ClientError::Socket(error)) if is_timeout(&error) => {}
                filled => filled?,
            }
        }
    }

    /// Proposes `command`, and waits for the verdict, `patience` at most.
    ///
    /// # Errors
    /// As [`Client::ask`].
    pub fn propose(
        &mut self,
        command: &ProposedCommand,
        patience: Duration,
    ) -> Result<Verdict, ClientError> {
        if let Response::Verdict(verdict) = facts::propose(self, command, patience)? {
            Ok(*verdict)
        } else {
            Err(ClientError::BadReply("it is no verdict".to_owned()))
        }
    }

    /// Sends `request` without waiting.
    ///
    /// # Errors
    /// When it is too long, or the connection is gone.
    pub fn send(&mut self, request: &Request) -> Result<(), ClientError> {
        self.send_frame(&write_frame(request).map_err(|_| ClientError::TooLong)?)
    }

    fn send_frame(&mut self, frame: &[u8]) -> Result<(), ClientError> {
        if frame.len() > kintsugi_core::limits::FRAME_BYTES_MAX {
            return Err(ClientError::TooLong);
        }
        // No longer than was waited for the connection (`connected`).
        Ok(self.stream.write_all(frame)?)
    }

    /// Reads once from the connection; call it when the socket is readable, or with a time-out set.
    ///
    /// # Errors
    /// [`ClientError::Closed`] at its end.
    pub fn fill(&mut self) -> Result<(), ClientError> {
        // A page: most replies are shorter, and a larger one on the stack is written over before it is used.
        let mut bytes = [0; 4 * 1024];
        match self.stream.read(&mut bytes)? {
            0 => Err(ClientError::Closed),
            count => {
                self.buffer.push(bytes.get(..count).unwrap_or_default());
                Ok(())
            }
        }
    }

    /// Returns the reply that has come whole, if one has.
    ///
    /// # Errors
    /// When it is a refusal, or no reply that this version knows.
    pub fn take_reply(&mut self) -> Result<Option<Response>, ClientError> {
        self.take(whole)
    }

    fn take<T>(&mut self, read: Reader<T>) -> Result<Option<T>, ClientError> {
        let frame = self
            .buffer
            .next_frame()
            .map_err(|error| ClientError::BadReply(error.to_string()))?;
        frame.map(read).transpose()
    }
}

/// A reply of which only the beginning is understood here: all of it is for whoever understands the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// What says how to go on.
    pub brief: InBrief,
    /// The frame as it came, its newline included.
    pub frame: Vec<u8>,
}

/// How a reply is read; a refusal is an error.
type Reader<T> = fn(&[u8]) -> Result<T, ClientError>;

fn whole(frame: &[u8]) -> Result<Response, ClientError> {
    match serde_json::from_slice(frame) {
        Ok(Response::Error {
            message,
            code,
            retry_after_ms,
        }) => Err(ClientError::Refused {
            message,
            code,
            retry_after_ms,
        }),
        Ok(response) => Ok(response),
        Err(error) => Err(ClientError::BadReply(error.to_string())),
    }
}

fn in_brief(frame: &[u8]) -> Result<Told, ClientError> {
    match serde_json::from_slice(frame) {
        Ok(InBrief::Error { message }) => Err(ClientError::Refused {
            message,
            code: None,
            retry_after_ms: None,
        }),
        Ok(brief) => Ok(Told {
            brief,
            frame: [frame, b"\n"].concat(),
        }),
        Err(error) => Err(ClientError::BadReply(error.to_string())),
    }
}

impl AsFd for Client {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

/// Connects to `socket`. On Linux `connect(2)` waits for room in the queue of whoever listens, for ever unless `SO_SNDTIMEO` is set
/// (`socket(7)`).
fn connected(socket: &Path, patience: Duration) -> Result<UnixStream, ClientError> {
    use rustix::net::{AddressFamily, SocketAddrUnix, SocketType, sockopt};
    let connect = || {
        let address = SocketAddrUnix::new(socket)?;
        let stream = rustix::net::socket(AddressFamily::UNIX, SocketType::STREAM, None)?;
        rustix::io::fcntl_setfd(&stream, rustix::io::FdFlags::CLOEXEC)?;
        sockopt::set_socket_timeout(&stream, sockopt::Timeout::Send, Some(patience))?;
        rustix::net::connect(&stream, &address)?;
        Ok(UnixStream::from(stream))
    };
    connect().map_err(|errno: Errno| match errno {
        Errno::NOENT | Errno::CONNREFUSED => ClientError::NoDaemon(socket.to_owned()),
        Errno::AGAIN => ClientError::TimedOut(patience),
        errno => ClientError::Socket(errno.into()),
    })
}

/// Whether root gave user `uid` the directory of `socket`, as an installation for the whole system does: it is that user's,
/// nobody else can write in it, and only root could have put it where it is.
fn is_installed_by_root(socket: &Path, uid: u32) -> bool {
    let Some(directory) = socket.parent() else {
        return false;
    };
    let of_whom = |path: &Path, owner: u32| {
        std::fs::symlink_metadata(path)
            .is_ok_and(|found| found.is_dir() && found.uid() == owner && found.mode() & 0o022 == 0)
    };
    of_whom(directory, uid) && directory.ancestors().skip(1).all(|above| of_whom(above, 0))
}

/// Whether a read ended because its time was over.
fn is_timeout(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted
    )
}

/// Returns the user of the process at the other end, as the kernel tells it.
///
/// Its number may be 0, that of every process outside of a container; so nothing here takes it for a valid one.
fn peer_uid(stream: &Stream) -> io::Result<u32> {
    let uid = stream.peer_creds()?.euid();
    uid.ok_or_else(|| io::Error::other("the kernel does not tell whose daemon this is"))
}
