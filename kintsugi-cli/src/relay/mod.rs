//! The relay of one shell: `kintsugi-hook relay SHELL DIRECTORY PID`, started by the shell's hook, gone with the shell.
//!
//! A shell asks through a pipe and so starts nothing for a line that may run. The relay proposes to the daemon in the shell's
//! place, with the same facts and the same words as `kintsugi-hook` would, and tells it how the line ended. It approves nothing:
//! a person is asked by `kintsugi hook shell --ask`, which the shell starts when the answer is a hold.

pub mod full;
pub mod message;
pub mod pipes;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use kintsugi_core::decide::Decision;
use kintsugi_core::limits::FRAME_BYTES_MAX;
use kintsugi_core::paths::Paths;
use kintsugi_core::proposal::ProposedCommand;
use kintsugi_core::protocol::frame::write_frame;
use kintsugi_core::protocol::{InBrief, Request};
use kintsugi_core::shell::Dialect;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fd::OwnedFd;
use rustix::process::{Pid, PidfdFlags, getppid, pidfd_open, setpgid};

use self::full::{FullClient, Ready};
use self::message::{Answer, Message};
use self::pipes::Pipes;
use crate::client::{Client, ClientError, Told};
use crate::exit::Exit;
use crate::proposal::Typist;
use crate::{elsewhere, surroundings};

/// Longest wait for the daemon. The shells wait three times as long for the relay before they ask in another way.
const REPLY_MAX: Duration = Duration::from_secs(2);

/// How long no daemon is started again after that failed, and a silent one is not waited for: the plainly safe runs meanwhile.
const PAUSE: Duration = Duration::from_secs(30);

/// Answers the shell `pid`, whose child this is, until it ends.
///
/// # Errors
/// When there is no relay here; the shell then starts a client for each line.
pub fn run(dialect: Dialect, directory: &Path, pid: &str) -> Result<Exit, std::io::Error> {
    let lost = || std::io::Error::other("the shell is gone");
    let shell = pid.parse().ok().and_then(Pid::from_raw).ok_or_else(lost)?;
    let watch = pidfd_open(shell, PidfdFlags::empty())?;
    if getppid() != Some(shell) {
        return Err(lost());
    }
    // A group of its own: the keys that stop what the shell runs do not reach it.
    setpgid(None, None)?;
    let paths = surroundings::paths().map_err(|failure| std::io::Error::other(failure.message))?;
    let mut relay = Relay {
        pipes: Pipes::make(directory, dialect)?,
        dialect,
        shell,
        typist: Typist::here(),
        paths,
        daemon: None,
        away: None,
        open: None,
        kept: false,
        to_tell: None,
    };
    relay.to_tell = elsewhere::differs(&relay.paths).map(|elsewhere| elsewhere.at_shell);
    relay.serve(&watch)?;
    Ok(Exit::Allowed)
}

/// One shell's relay.
#[derive(Debug)]
struct Relay {
    pipes: Pipes,
    dialect: Dialect,
    shell: Pid,
    /// Who types there. A relay is of the session of its shell for as long as both live.
    typist: Typist,
    paths: Paths,
    /// The connection, kept from one question to the next.
    daemon: Option<Client>,
    /// Set while there is no daemon.
    away: Option<Away>,
    /// What was asked about last, until it has ended.
    open: Option<Open>,
    /// Whether something is kept before it runs.
    kept: bool,
    /// What the person is told once, with the next line that runs.
    to_tell: Option<String>,
}

/// What is known about a daemon that does not answer.
#[derive(Debug)]
struct Away {
    /// When the full client was last left to start one; nothing when one is there and is silent.
    tried: Option<Instant>,
    /// When one that is there was last waited for in vain.
    silent: Option<Instant>,
    stand_in: Option<FullClient>,
    /// Whether the person was told.
    told: bool,
}

impl Away {
    /// Whether one that is there was waited for in vain a moment ago.
    fn is_silent(&self) -> bool {
        self.silent.is_some_and(|at| at.elapsed() < PAUSE)
    }

    /// Lets a line run; the first time, the person is told why nobody was asked.
    fn lets_run(&mut self, why: &str) -> Answer {
        if std::mem::replace(&mut self.told, true) {
            return Answer::Run;
        }
        Answer::RunAndTell(format!(
            "kintsugi: no daemon ({why}): the plainly safe runs and is recorded later, the rest is refused"
        ))
    }
}

/// A line that runs, or waits for a person.
#[derive(Debug)]
struct Open {
    command: ProposedCommand,
    runs: bool,
    since: Instant,
}

/// Why the daemon gave no verdict.
#[derive(Debug)]
enum Absent {
    /// None listens.
    None,
    /// One is there, and nothing comes of it in time.
    Silent(String),
    /// It answered, and the full client says best what that means.
    Odd,
}

impl Relay {
    fn serve(&mut self, shell: &OwnedFd) -> std::io::Result<()> {
        loop {
            let mut watched = [
                PollFd::new(self.pipes.questions(), PollFlags::IN),
                PollFd::new(shell, PollFlags::IN),
            ];
            match poll(&mut watched, None) {
                Ok(_) => {}
                Err(rustix::io::Errno::INTR) => continue,
                Err(error) => return Err(error.into()),
            }
            if !watched[1].revents().is_empty() {
                return Ok(());
            }
            self.pipes.fill()?;
            while let Some(message) = self.pipes.next_message() {
                // What is no message gets no answer; the shell then asks in another way.
                match Message::parse(&message) {
                    Some(Message::Ask { number, text }) => self.answer(number, text),
                    Some(Message::AskFile { number }) => self.answer_file(number),
                    Some(Message::Begun) => self.begin(),
                    Some(Message::Dropped) => {
                        self.open = None;
                        self.look_again();
                    }
                    Some(Message::Ended { status }) => self.end(status),
                    Some(Message::Leave) => return Ok(()),
                    None => {}
                }
            }
        }
    }

    fn answer_file(&mut self, number: u8) {
        match self.pipes.long_question(FRAME_BYTES_MAX) {
            Ok(Some(text)) => self.answer(number, text),
            Ok(None) => self.pipes.say(&too_long().line(number)),
            Err(_) => self.pipes.say(&Answer::HandOver.line(number)),
        }
    }

    /// Answers one question, and remembers what runs now.
    fn answer(&mut self, number: u8, text: Vec<u8>) {
        self.open = None;
        let answer = match String::from_utf8(text) {
            Ok(text) => self.judge(text),
            Err(_) => {
                Answer::Refuse("denied: the line is not UTF-8, so it cannot be judged".into())
            }
        };
        self.pipes.say(&answer.line(number));
    }

    fn judge(&mut self, text: String) -> Answer {
        let Some(cwd) = self.directory() else {
            return Answer::HandOver;
        };
        self.kept = false;
        let command = self.typist.proposes(self.dialect, text, cwd);
        if let Some(answer) = self.runs_unasked(&command) {
            self.remember(command, true);
            return answer;
        }
        let answer = match self.ask(&command) {
            Ok(ready) => {
                self.away = None;
                // Where nobody says whether something is kept, something may be.
                self.kept = ready.as_ref().is_none_or(|ready| ready.keeps);
                ready.map_or(Answer::HandOver, |ready| answer_of(&command, &ready))
            }
            Err(Absent::Odd) => Answer::HandOver,
            Err(Absent::None) => self.without_daemon(&command, None),
            Err(Absent::Silent(why)) => self.without_daemon(&command, Some(why)),
        };
        match answer {
            Answer::Run | Answer::RunAndTell(_) => self.remember(command, true),
            // The full client proposes it anew, under an id that is not known here.
            Answer::Held(_) | Answer::HandOver => self.remember(command, false),
            Answer::Refuse(_) => {}
        }
        if answer == Answer::Run {
            return self.to_tell.take().map_or(answer, Answer::RunAndTell);
        }
        answer
    }

    /// Lets a line run without waiting again for a daemon that was silent a moment ago, when it is plainly safe.
    fn runs_unasked(&mut self, command: &ProposedCommand) -> Option<Answer> {
        const WHY: &str = "it is silent";
        let away = self.away.as_mut().filter(|away| away.is_silent())?;
        let (decision, _) = stand_in_verdict(away, command, WHY)?;
        (decision == Decision::Allow).then(|| away.lets_run(WHY))
    }

    fn remember(&mut self, command: ProposedCommand, runs: bool) {
        self.open = Some(Open {
            command,
            runs,
            since: Instant::now(),
        });
    }

    /// Returns where the shell stands, as the kernel knows it; a directory that was removed keeps its name.
    fn directory(&self) -> Option<String> {
        let pid = self.shell.as_raw_nonzero();
        let path = std::fs::read_link(format!("/proc/{pid}/cwd")).ok()?;
        let path = path.into_os_string().into_string().ok()?;
        match path.strip_suffix(" (deleted)") {
            Some(gone) if !Path::new(&path).exists() => Some(gone.to_owned()),
            Some(_) | None => Some(path),
        }
    }

    /// Proposes to the daemon, with the full client's help where there is something to find out or to keep.
    fn ask(&mut self, command: &ProposedCommand) -> Result<Option<Ready>, Absent> {
        let full = || FullClient::in_full(&full_client()?).ok();
        full::propose(command, |frame| self.tell(frame), full)
    }

    /// Gives a frame to the daemon; once more on a new connection when the old one has ended, which the same id makes harmless.
    fn tell(&mut self, frame: &[u8]) -> Result<Told, Absent> {
        if let Some(mut daemon) = self.daemon.take() {
            match daemon.tell_within(frame, REPLY_MAX) {
                Err(ClientError::Closed | ClientError::Socket(_)) => {}
                answered => return self.keep(daemon, answered),
            }
        }
        let mut daemon = Client::connect_within(&self.paths.socket, REPLY_MAX)
            .map_err(|error| absent(&error))?;
        let answered = daemon.tell_within(frame, REPLY_MAX);
        self.keep(daemon, answered)
    }

    /// Keeps the connection for the next question, unless an answer may still come on it.
    fn keep(
        &mut self,
        daemon: Client,
        answered: Result<Told, ClientError>,
    ) -> Result<Told, Absent> {
        match answered {
            Ok(told) => {
                self.daemon = Some(daemon);
                Ok(told)
            }
            Err(error) => Err(absent(&error)),
        }
    }

    /// Judges without the daemon. `silent` says what is wrong with one that is there.
    fn without_daemon(&mut self, command: &ProposedCommand, silent: Option<String>) -> Answer {
        let recently = |tried: &Option<Instant>| tried.is_some_and(|at| at.elapsed() < PAUSE);
        let known = self.away.as_ref().is_some_and(|away| recently(&away.tried));
        if silent.is_none() && !known {
            let told = self.away.take().is_some_and(|away| away.told);
            self.away = Some(Away {
                tried: Some(Instant::now()),
                silent: None,
                stand_in: None,
                told,
            });
            return Answer::HandOver;
        }
        let away = self.away.get_or_insert(Away {
            tried: None,
            silent: None,
            stand_in: None,
            told: false,
        });
        away.silent = silent.as_ref().map(|_| Instant::now());
        let why = silent.unwrap_or_else(|| "none runs, and none could be started".to_owned());
        let Some((decision, reason)) = stand_in_verdict(away, command, &why) else {
            return Answer::HandOver;
        };
        if decision != Decision::Allow {
            return Answer::Refuse(format!("held: {reason}"));
        }
        away.lets_run(&why)
    }

    /// Looks whether the full client has started a daemon.
    fn look_again(&mut self) {
        if self.away.as_ref().is_some_and(|away| !away.is_silent())
            && let Ok(daemon) = Client::connect_within(&self.paths.socket, REPLY_MAX)
        {
            self.daemon = Some(daemon);
            self.away = None;
        }
    }

    fn begin(&mut self) {
        self.look_again();
        if let Some(open) = &mut self.open {
            open.runs = true;
            open.since = Instant::now();
            open.command.ts = Timestamp::now().to_string();
        }
    }

    /// Records how the line ended. Nobody waits for this.
    fn end(&mut self, status: i32) {
        let Some(open) = self.open.take().filter(|open| open.runs) else {
            return;
        };
        let duration_ms = u64::try_from(open.since.elapsed().as_millis()).ok();
        let record = Request::Record {
            command: Box::new(open.command),
            exit_code: Some(status),
            duration_ms,
        };
        if std::mem::take(&mut self.kept)
            && let Some(mut full) = full_client().and_then(|it| FullClient::in_full(&it).ok())
        {
            // Without the mark that it ended, undo takes every change for newer work, and asks.
            drop(full.ask(&record));
        }
        if !self.record(&record) {
            self.spool(&record);
        }
    }

    /// Leaves a record for the next daemon. Where that fails too, the proposal is in the log and how it ended is lost.
    fn spool(&mut self, record: &Request) {
        let known = self.away.as_mut().and_then(|away| away.stand_in.take());
        let start = || FullClient::stand_in(&full_client()?, "none runs").ok();
        let Some(mut stand_in) = known.or_else(start) else {
            return;
        };
        if matches!(stand_in.ask(record), Ok(InBrief::Ack))
            && let Some(away) = &mut self.away
        {
            away.stand_in = Some(stand_in);
        }
    }

    /// Gives a record to the daemon; false when it has not got it.
    fn record(&mut self, record: &Request) -> bool {
        if self.away.as_ref().is_some_and(Away::is_silent) {
            return false;
        }
        let daemon = self.daemon.take();
        let Some(mut daemon) =
            daemon.or_else(|| Client::connect_within(&self.paths.socket, REPLY_MAX).ok())
        else {
            return false;
        };
        let Ok(frame) = write_frame(record) else {
            return false;
        };
        match daemon.tell_within(&frame, REPLY_MAX) {
            Ok(Told {
                brief: InBrief::Ack,
                ..
            }) => {
                self.daemon = Some(daemon);
                self.away = None;
                true
            }
            Ok(_) | Err(_) => false,
        }
    }
}

fn answer_of(command: &ProposedCommand, ready: &Ready) -> Answer {
    match ready.decision {
        Decision::Allow => Answer::Run,
        Decision::Deny => Answer::Refuse(format!("denied: {}", ready.reason)),
        Decision::Hold => Answer::Held(command.id),
    }
}

fn absent(error: &ClientError) -> Absent {
    match error {
        // One that ends while it is asked is none either.
        ClientError::NoDaemon(_) | ClientError::Closed | ClientError::Socket(_) => Absent::None,
        ClientError::TimedOut(_) => Absent::Silent(error.to_string()),
        ClientError::ForeignDaemon { .. }
        | ClientError::TooLong
        | ClientError::BadReply(_)
        | ClientError::Refused { .. } => Absent::Odd,
    }
}

fn too_long() -> Answer {
    Answer::Refuse(format!(
        "denied: {}; put the command into a script file, and run that",
        ClientError::TooLong
    ))
}

/// Judges by a stand-in, which is started when there is none: its decision, and why.
fn stand_in_verdict(
    away: &mut Away,
    command: &ProposedCommand,
    why: &str,
) -> Option<(Decision, String)> {
    let mut stand_in = match away.stand_in.take() {
        Some(stand_in) => stand_in,
        None => FullClient::stand_in(&full_client()?, why).ok()?,
    };
    let request = Request::Propose(Box::new(command.clone()));
    let InBrief::Verdict {
        decision, reason, ..
    } = stand_in.ask(&request).ok()?
    else {
        return None;
    };
    away.stand_in = Some(stand_in);
    Some((decision, reason))
}

/// Returns the program for everything that takes longer than one question: the one beside this.
#[must_use]
pub fn full_client() -> Option<PathBuf> {
    let own = std::env::current_exe().ok()?.canonicalize().ok()?;
    Some(own.with_file_name("kintsugi")).filter(|program| program.is_file())
}
