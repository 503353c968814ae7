//! A daemon with a model, which is a test: what the worker says, the test says.

use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use kintsugi_core::scorer::frame::{Reader, encode};
use kintsugi_core::scorer::settings::ModelSettings;
use kintsugi_core::scorer::{Ask, Calibration, Outcome, Question, Ready, Reply};
use serde_json::{Value, json};

use crate::daemon::{TestDaemon, program};
use crate::waiting::until;
use crate::wire::Wire;

/// Longest that a test waits for the worker.
const PATIENCE: Duration = Duration::from_secs(60);

/// A daemon beside which a stand-in for the worker lies.
#[derive(Debug)]
pub struct Stage {
    /// The daemon.
    pub daemon: TestDaemon,
    listener: UnixListener,
    programs: tempfile::TempDir,
}

/// What the daemon takes for its worker.
#[derive(Debug)]
pub struct Puppet {
    stream: UnixStream,
    reader: Reader,
}

impl Stage {
    /// Starts a daemon whose worker, the program `puppet`, is played by this test. `settings` are added to those of the model, which
    /// is asked for words only when they say so.
    ///
    /// # Panics
    ///
    /// When it does not start.
    #[must_use]
    pub fn start(puppet: &Path, settings: &str) -> Self {
        let mut stage = Self::prepared(puppet);
        let socket = stage.socket();
        let words = if settings.contains("explain_ms") {
            ""
        } else {
            "explain_ms = 0\n"
        };
        stage.write_settings(&format!(
            "backend = \"mock\"\nmock = [\"{}\"]\n{words}{settings}",
            socket.display()
        ));
        stage.daemon.start_again();
        stage
    }

    fn prepared(puppet: &Path) -> Self {
        let mut daemon = TestDaemon::prepared();
        let programs = beside(&mut daemon, puppet);
        let socket = daemon.home().join("run/worker.sock");
        let listener = UnixListener::bind(socket).expect("a socket");
        Self {
            daemon,
            listener,
            programs,
        }
    }

    /// Takes the worker's program away.
    ///
    /// # Panics
    ///
    /// When it cannot be.
    pub fn remove_program(&self) {
        std::fs::remove_file(self.programs.path().join("kintsugi-scorer")).expect("it was there");
    }

    fn socket(&self) -> PathBuf {
        self.daemon.home().join("run/worker.sock")
    }

    /// Writes the settings of the model as they are.
    ///
    /// # Panics
    ///
    /// When there is no room.
    pub fn write_settings(&self, text: &str) {
        write_settings(&self.daemon, text);
    }

    /// Returns the worker that the daemon has started, before it says anything.
    ///
    /// # Panics
    ///
    /// When none is started.
    #[must_use]
    pub fn silent_worker(&self) -> Puppet {
        let (stream, _) = self.listener.accept().expect("the worker comes");
        stream.set_read_timeout(Some(PATIENCE)).expect("a limit");
        Puppet {
            stream,
            reader: Reader::default(),
        }
    }

    /// Returns the worker that the daemon has started, once it is ready.
    ///
    /// # Panics
    ///
    /// When it is not.
    #[must_use]
    pub fn worker(&self) -> Puppet {
        let mut puppet = self.silent_worker();
        puppet.say(&Reply::Ready(ready()));
        self.until(|model| model["state"] == "ready");
        puppet
    }

    /// Returns how the model is.
    ///
    /// # Panics
    ///
    /// When there is none.
    #[must_use]
    pub fn model(&self) -> Value {
        model(&mut self.daemon.connect())
    }

    /// Waits until the model is as `is_so` says, and returns how it is then.
    ///
    /// # Panics
    ///
    /// When that takes too long.
    pub fn until(&self, is_so: impl Fn(&Value) -> bool) -> Value {
        model_until(&self.daemon, is_so)
    }
}

/// Has a daemon be started from a directory of its own, in which `scorer` is its worker.
///
/// # Panics
///
/// When there is no room for it.
pub fn beside(daemon: &mut TestDaemon, scorer: &Path) -> tempfile::TempDir {
    let built = program("kintsugi-daemon");
    // Where it was built, so that it can be linked: a copy that is being written while another test forks cannot be run.
    let programs = tempfile::Builder::new()
        .prefix("programs-")
        .tempdir_in(built.parent().expect("a directory"))
        .expect("a directory");
    let place = |name: &str| programs.path().join(name);
    std::fs::hard_link(&built, place("kintsugi-daemon")).expect("a link");
    std::os::unix::fs::symlink(scorer, place("kintsugi-scorer")).expect("a link");
    daemon.run_from(programs.path().to_owned());
    programs
}

/// Writes the settings of a daemon's model as they are.
///
/// # Panics
///
/// When there is no room.
pub fn write_settings(daemon: &TestDaemon, text: &str) {
    let config = daemon.home().join("config/kintsugi");
    std::fs::create_dir_all(&config).expect("a directory");
    std::fs::write(config.join("model.toml"), text).expect("room");
}

/// Returns settings as they stand in a file.
///
/// # Panics
///
/// Never.
#[must_use]
pub fn toml_of(settings: &ModelSettings) -> String {
    let settings: Value = serde_json::from_str(&settings.to_json()).expect("an object");
    let members = settings.as_object().into_iter().flatten();
    // Texts, numbers and lists of texts are written alike in JSON and in TOML; there is no null.
    let mut text = String::new();
    for (key, value) in members.filter(|(_, value)| !value.is_null()) {
        text.extend([key.as_str(), " = ", &value.to_string(), "\n"]);
    }
    text
}

/// Starts a daemon whose worker is the real one, and does what the lines of `script` say (`kintsugi-daemon/scorer/src/mock.rs`).
/// Returns when it can be asked.
///
/// # Panics
///
/// When it cannot.
#[must_use]
pub fn scripted(script: &[&str], settings: &str) -> TestDaemon {
    let mut daemon = TestDaemon::prepared();
    let text = format!("backend = \"mock\"\nmock = {script:?}\n{settings}");
    write_settings(&daemon, &text);
    daemon.start_again();
    model_until(&daemon, |model| model["state"] == "ready");
    daemon
}

/// Waits until the model of a daemon is as `is_so` says, and returns how it is then.
///
/// # Panics
///
/// When that takes too long.
pub fn model_until(daemon: &TestDaemon, is_so: impl Fn(&Value) -> bool) -> Value {
    let mut client = daemon.connect();
    until(|| model(&mut client), is_so)
}

/// Returns how the model of a daemon is.
///
/// # Panics
///
/// When there is none.
pub fn model(client: &mut Wire) -> Value {
    let status = client.ask(&json!({"kind": "status"}));
    assert!(status["model"].is_object(), "{status}");
    status["model"].clone()
}

/// Returns what a worker is ready with.
#[must_use]
pub fn ready() -> Ready {
    Ready {
        backend: "mock".into(),
        model: "puppet".into(),
        model_hash: [1; 32],
        prompt_hash: [2; 32],
        calibration: Calibration::None,
        passed_over: String::new(),
    }
}

impl Puppet {
    /// Says something to the daemon.
    ///
    /// # Panics
    ///
    /// When it does not listen.
    pub fn say(&mut self, reply: &Reply) {
        self.send(&encode(reply));
    }

    /// Sends bytes as they are. Whether the daemon still takes them is not asked.
    pub fn send(&mut self, bytes: &[u8]) {
        drop(self.stream.write_all(bytes));
    }

    /// Returns the command that the daemon wants a score of next.
    ///
    /// # Panics
    ///
    /// When nothing is asked in time, or something else.
    pub fn asked(&mut self) -> Question {
        match self.ask() {
            Ask::Score(question) => question,
            other @ (Ask::Explain(_) | Ask::Hello { .. }) => panic!("{other:?}"),
        }
    }

    /// Returns the command that the daemon wants words about next.
    ///
    /// # Panics
    ///
    /// When nothing is asked in time, or something else.
    pub fn asked_for_words(&mut self) -> Question {
        match self.ask() {
            Ask::Explain(question) => question,
            other @ (Ask::Score(_) | Ask::Hello { .. }) => panic!("{other:?}"),
        }
    }

    /// Says something about a command, or that there is nothing to say.
    pub fn explain(&mut self, question: &Question, words: Option<&str>) {
        self.say(&Reply::Explanation {
            id: question.id,
            text: words.map(str::to_owned),
            took_us: 1,
        });
    }

    /// Returns what the daemon asks next.
    fn ask(&mut self) -> Ask {
        loop {
            match self.reader.take::<Ask>().expect("a frame") {
                Some(Ask::Hello { .. }) => continue,
                Some(ask) => return ask,
                None => {}
            }
            let mut bytes = [0; 16 * 1_024];
            let count = self.stream.read(&mut bytes).expect("a question");
            assert!(count > 0, "the worker was let go");
            self.reader.push(&bytes[..count]);
        }
    }

    /// Answers a question with a risk.
    pub fn score(&mut self, question: &Question, risk: u8) {
        self.say(&Reply::Score {
            id: question.id,
            outcome: Outcome::Risk(risk),
            took_us: 1,
        });
    }

    /// Waits until the daemon has let go of it: a connection that is closed before everything was read from it is reset.
    ///
    /// # Panics
    ///
    /// When it does not.
    pub fn wait_until_dropped(&mut self) {
        let mut bytes = [0; 16 * 1_024];
        loop {
            match self.stream.read(&mut bytes) {
                Ok(0) => return,
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return,
                Err(error) => panic!("the worker was not let go: {error}"),
            }
        }
    }
}
