//! A worker of one's own: what `kintsugi model bench` and `eval` ask, and tests. The daemon has another.

use std::io::{ErrorKind, Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use kintsugi_core::scorer::frame::{Reader, encode};
use kintsugi_core::scorer::settings::ModelSettings;
use kintsugi_core::scorer::{
    Ask, Outcome, Question, Ready, Reply, Unavailable, VERSION, explanation_line,
};

/// How much later than its deadline an answer may come, before the worker counts as lost.
const GRACE: Duration = Duration::from_secs(2);

/// A worker that is ready.
#[derive(Debug)]
pub struct Worker {
    child: Child,
    stream: UnixStream,
    reader: Reader,
    asked: u64,
    ready: Ready,
}

/// What it answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    /// The risk, or why there is none.
    pub outcome: Outcome,
    /// From the question to the answer, as this process saw it.
    pub took: Duration,
}

/// Returns the worker's program: the one beside this.
///
/// # Errors
/// When it is not there.
pub fn program() -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe()?.canonicalize()?;
    let program = own.with_file_name("kintsugi-scorer");
    let shown = program.display();
    anyhow::ensure!(
        program.is_file(),
        "`{shown}` is not there: `cargo install --path kintsugi-daemon/scorer` puts it there"
    );
    Ok(program)
}

impl Worker {
    /// Starts `program` and waits until it is ready.
    ///
    /// # Errors
    /// Why it cannot be used, in its own words where it had any.
    pub fn start(program: &Path, settings: &ModelSettings) -> anyhow::Result<Self> {
        let (stream, other) = UnixStream::pair()?;
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("GGML_NO_BACKTRACE", "1")
            .stdin(Stdio::from(OwnedFd::from(other)))
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let key = settings.key_env.as_deref();
        if let Some((name, value)) = key.and_then(|name| Some((name, std::env::var_os(name)?))) {
            command.env(name, value);
        }
        let shown = program.display();
        let child = command.spawn();
        let child = child.with_context(|| format!("cannot start `{shown}`"))?;
        // The command keeps the other end; without it the worker's end shows as one here.
        drop(command);
        let mut worker = Self {
            child,
            stream,
            reader: Reader::default(),
            asked: 0,
            ready: Ready {
                backend: String::new(),
                model: String::new(),
                model_hash: [0; 32],
                prompt_hash: [0; 32],
                calibration: kintsugi_core::scorer::Calibration::None,
                passed_over: String::new(),
            },
        };
        let hello = Ask::Hello {
            version: VERSION,
            first: 0,
            settings: settings.to_json(),
        };
        let within = Duration::from_millis(settings.ready_timeout_ms.into());
        worker.stream.write_all(&encode(&hello))?;
        match worker.next(within.saturating_add(GRACE))? {
            Reply::Ready(ready) => worker.ready = ready,
            Reply::Failed { reason } => anyhow::bail!("{reason}"),
            Reply::Score { .. } | Reply::Explanation { .. } => {
                anyhow::bail!("it answers before it is asked")
            }
        }
        Ok(worker)
    }

    /// Returns what it is.
    #[must_use]
    pub const fn ready(&self) -> &Ready {
        &self.ready
    }

    /// Returns the number of its process.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Asks about a command, which is one line already.
    ///
    /// # Errors
    /// When the worker is lost: it ended, says what is no frame, or does not say anything.
    pub fn score(
        &mut self,
        command: &str,
        effects: &str,
        deadline_ms: u32,
    ) -> anyhow::Result<Answer> {
        let began = Instant::now();
        let question = self.question(command, effects, deadline_ms);
        self.stream.write_all(&encode(&Ask::Score(question)))?;
        let within = Duration::from_millis(deadline_ms.into()).saturating_add(GRACE);
        loop {
            let left = within.saturating_sub(began.elapsed());
            match self.next(left)? {
                Reply::Score { id, outcome, .. } if id == self.asked => {
                    let took = began.elapsed();
                    return Ok(Answer { outcome, took });
                }
                // Late, or of a question that nobody asked.
                Reply::Score { .. } | Reply::Explanation { .. } => {}
                Reply::Ready(_) | Reply::Failed { .. } => anyhow::bail!("it answers otherwise"),
            }
        }
    }

    /// Asks for words about a command, which is one line already. Returns them as a person may be shown them, and how long it took.
    ///
    /// # Errors
    /// As [`Worker::score`].
    pub fn explain(
        &mut self,
        command: &str,
        effects: &str,
        deadline_ms: u32,
    ) -> anyhow::Result<(Option<String>, Duration)> {
        let began = Instant::now();
        let question = self.question(command, effects, deadline_ms);
        self.stream.write_all(&encode(&Ask::Explain(question)))?;
        let within = Duration::from_millis(deadline_ms.into()).saturating_add(GRACE);
        match self.next(within)? {
            Reply::Explanation { id, text, .. } if id == self.asked => {
                let words = text.as_deref().and_then(explanation_line);
                Ok((words, began.elapsed()))
            }
            Reply::Score { .. }
            | Reply::Explanation { .. }
            | Reply::Ready(_)
            | Reply::Failed { .. } => anyhow::bail!("it answers otherwise"),
        }
    }

    /// Returns the next question.
    fn question(&mut self, command: &str, effects: &str, deadline_ms: u32) -> Question {
        self.asked += 1;
        Question {
            id: self.asked,
            deadline_ms,
            command: command.to_owned(),
            effects: effects.to_owned(),
        }
    }

    fn next(&mut self, within: Duration) -> anyhow::Result<Reply> {
        let began = Instant::now();
        let mut bytes = [0; 4_096];
        loop {
            if let Some(reply) = self.reader.take()? {
                return Ok(reply);
            }
            let left = within.saturating_sub(began.elapsed());
            anyhow::ensure!(!left.is_zero(), "it does not answer");
            self.stream.set_read_timeout(Some(left))?;
            match self.stream.read(&mut bytes) {
                Ok(0) => {
                    let how = self.child.wait()?;
                    anyhow::bail!("it ended: {how}");
                }
                Ok(read) => self.reader.push(bytes.get(..read).unwrap_or_default()),
                Err(error) if waits(&error) => {}
                Err(error) => return Err(error).context("cannot read from it"),
            }
        }
    }
}

fn waits(error: &std::io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
    )
}

impl Drop for Worker {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Returns the word for an outcome.
#[must_use]
pub const fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Risk(_) => "risk",
        Outcome::Unavailable(why) => Unavailable::as_str(why),
    }
}
