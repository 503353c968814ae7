//! The backends that are asked over HTTP: an endpoint that speaks OpenAI's language, and a `llama-server` of our own.
//!
//! One question, one word as the answer, with the probabilities of what else it could have been where the endpoint shows them.

#![expect(
    clippy::float_arithmetic,
    reason = "probabilities; what leaves this program is a whole number"
)]

use std::net::TcpListener;
use std::os::fd::AsRawFd as _;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use kintsugi_core::redact::redact;
use kintsugi_core::scorer::prompt::{LABELS, Prompt};
use kintsugi_core::scorer::settings::{EXPLAIN_MS_MAX, ModelSettings};
use kintsugi_core::scorer::{EXPLANATION_BYTES_MAX, HASH_BYTES, Ready, Unavailable};
use serde_json::{Map, Value, json};

use crate::backend::Backend;
use crate::confine;
use crate::file::ModelFile;
use crate::http::{self, Endpoint};
use crate::judge::{Calibrated, Judge, Opinion};

/// From one look at a server that is starting to the next.
const HEALTH_PAUSE: Duration = Duration::from_millis(50);

/// How many other words are asked for.
const TOP: usize = 20;

/// Most tokens of an explanation.
const WORDS_MAX: usize = 64;

/// From one look at whether words have come, or are not wanted any more, to the next.
const WORDS_PAUSE: Duration = Duration::from_millis(5);

/// Longest that an endpoint may take over words, whoever still wants them: one that answers nothing costs one thread that long.
const WORDS_WITHIN: Duration = Duration::from_millis(EXPLAIN_MS_MAX as u64);

/// An endpoint and what is asked of it.
struct Chat {
    /// Shared with the thread that asks for words.
    endpoint: Arc<Endpoint>,
    prompt: Prompt,
    model: String,
    /// Whether it can be told by a grammar what to answer: only `llama-server` knows what that is, others refuse what they do not
    /// know.
    knows_grammars: bool,
    /// Asks for words; it may go on for a while with what nobody wants any more.
    words: Option<JoinHandle<()>>,
    /// Ends with this.
    server: Option<Server>,
}

/// Makes an endpoint that the person named ready.
pub(crate) fn open_endpoint(settings: &ModelSettings) -> anyhow::Result<(Box<dyn Backend>, Ready)> {
    let url = settings.url.as_deref().context("no `url`")?;
    let model = settings.model.clone().context("no `model`")?;
    let endpoint = Endpoint::new(url, http::key(settings)?, settings.allow_remote)?;
    let model_hash = hash_of(url, &model);
    let prompt = Prompt::new(&model_hash);
    let chat = Chat {
        endpoint: Arc::new(endpoint),
        prompt,
        model: model.clone(),
        knows_grammars: false,
        words: None,
        server: None,
    };
    chat.ready("openai", model, model_hash, settings)
}

/// Starts a `llama-server` with the model of the settings, and makes it ready.
pub(crate) fn open_server(settings: &ModelSettings) -> anyhow::Result<(Box<dyn Backend>, Ready)> {
    let file = ModelFile::open(settings)?;
    let server = Server::start(settings, &file)?;
    let url = format!("http://127.0.0.1:{}", server.port);
    let endpoint = Endpoint::new(&url, Some(server.key.clone()), false)?;
    let prompt = Prompt::new(&file.hash);
    let asked = Endpoint::new(&format!("{url}/v1"), Some(server.key.clone()), false)?;
    let mut chat = Chat {
        endpoint: Arc::new(asked),
        prompt,
        model: file.name.clone(),
        knows_grammars: true,
        words: None,
        server: Some(server),
    };
    chat.wait(&endpoint, settings)?;
    chat.ready("llama-server", file.name, file.hash, settings)
}

impl Chat {
    /// Gives up what is not needed, and calibrates.
    fn ready(
        self,
        backend: &str,
        model: String,
        model_hash: [u8; HASH_BYTES],
        settings: &ModelSettings,
    ) -> anyhow::Result<(Box<dyn Backend>, Ready)> {
        confine::confine(&confine::Needs {
            files: Vec::new(),
            network: true,
            child: self.server.is_some(),
        })?;
        let prompt = self.prompt.clone();
        let prompt_hash = prompt.hash();
        let within = Duration::from_millis(settings.ready_timeout_ms.into());
        // Asked once by hand, so that what is wrong is said and not only that something is.
        let until = Instant::now();
        let until = until.checked_add(within).unwrap_or(until);
        self.ask("N/A", "", until)?;
        let judge = Calibrated::new(self, prompt, settings.temperature_percent, within)?;
        let ready = Ready {
            backend: backend.to_owned(),
            model,
            model_hash,
            prompt_hash,
            calibration: judge.calibration(),
            passed_over: String::new(),
        };
        Ok((Box::new(judge), ready))
    }

    /// Waits until a server of our own can be asked.
    fn wait(&mut self, endpoint: &Endpoint, settings: &ModelSettings) -> anyhow::Result<()> {
        let began = Instant::now();
        let within = Duration::from_millis(settings.ready_timeout_ms.into());
        while began.elapsed() < within {
            let soon = Instant::now();
            let soon = soon.checked_add(Duration::from_secs(2)).unwrap_or(soon);
            if endpoint.ask("/health", None, soon).is_ok() {
                return Ok(());
            }
            if let Some(server) = &mut self.server
                && let Some(status) = server.child.try_wait()?
            {
                anyhow::bail!("`llama-server` ended: {status}");
            }
            std::thread::sleep(HEALTH_PAUSE);
        }
        anyhow::bail!("`llama-server` is not ready in time")
    }

    fn ask(&self, command: &str, effects: &str, until: Instant) -> anyhow::Result<Opinion> {
        let question = self.prompt.question(command, effects);
        let mut body = self.body(&question, &format!("\"{}\"", LABELS.join("\" | \"")));
        body.extend(members(
            &json!({"max_tokens": 1, "logprobs": true, "top_logprobs": TOP}),
        ));
        let answer = post(&self.endpoint, body, until)?;
        opinion(&answer).context("its answer is none of `safe`, `caution`, `danger`")
    }

    /// Returns what every request says; the answer is to be what `rule` of a grammar derives.
    fn body(&self, question: &str, rule: &str) -> Map<String, Value> {
        let question = if self.endpoint.is_remote {
            redact(question)
        } else {
            question.into()
        };
        let mut body = members(&json!({
            "model": self.model,
            "messages": [
                {"role": "system", "content": self.prompt.prefix()},
                {"role": "user", "content": question},
            ],
            "temperature": 0,
        }));
        if self.knows_grammars {
            body.insert("grammar".to_owned(), format!("root ::= {rule}").into());
        }
        body
    }
}

fn members(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

fn post(endpoint: &Endpoint, body: Map<String, Value>, until: Instant) -> anyhow::Result<Value> {
    let body = Value::Object(body).to_string();
    let answer = endpoint.ask("/chat/completions", Some(&body), until)?;
    serde_json::from_slice(&answer).context("its answer is not JSON")
}

impl Judge for Chat {
    fn judge(
        &mut self,
        command: &str,
        effects: &str,
        until: Instant,
    ) -> Result<Opinion, Unavailable> {
        if Instant::now() >= until {
            return Err(Unavailable::Deadline);
        }
        let asked = self.ask(command, effects, until);
        asked.map_err(|_| {
            if Instant::now() >= until {
                Unavailable::Deadline
            } else {
                Unavailable::Backend
            }
        })
    }

    /// Asks on a thread of its own: a request cannot be taken back, and whoever wants a score meanwhile is not to wait for it.
    fn explain(&mut self, text: &str, is_over: &dyn Fn() -> bool) -> Option<String> {
        if self
            .words
            .as_ref()
            .is_some_and(|thread| !thread.is_finished())
        {
            return None;
        }
        let rule = format!("[A-Za-z0-9 ,.'/-]{{1,{EXPLANATION_BYTES_MAX}}}");
        let mut body = self.body(text, &rule);
        body.extend(members(&json!({"max_tokens": WORDS_MAX})));
        let (sender, said) = mpsc::channel();
        let endpoint = Arc::clone(&self.endpoint);
        let thread = std::thread::Builder::new().spawn(move || {
            let now = Instant::now();
            let until = now.checked_add(WORDS_WITHIN).unwrap_or(now);
            let answer = post(&endpoint, body, until).ok();
            let words = answer.as_ref().and_then(|answer| {
                let said = answer.pointer("/choices/0/message/content")?.as_str()?;
                Some(said.to_owned())
            });
            // Whoever wanted it may have gone.
            drop(sender.send(words));
        });
        self.words = Some(thread.ok()?);
        while !is_over() {
            match said.recv_timeout(WORDS_PAUSE) {
                Ok(words) => return words,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return None,
            }
        }
        None
    }
}

/// Returns what an answer says: probabilities where it shows them, else the word.
fn opinion(answer: &Value) -> Option<Opinion> {
    let choice = answer.get("choices")?.get(0)?;
    let first = choice.pointer("/logprobs/content/0/top_logprobs");
    if let Some(words) = first.and_then(Value::as_array) {
        let mut shares = [0.0; 3];
        for word in words {
            let text = word.get("token").and_then(Value::as_str);
            let log = word.get("logprob").and_then(Value::as_f64);
            let (Some(label), Some(log)) = (text.and_then(label_of), log) else {
                continue;
            };
            if let Some(share) = shares.get_mut(label) {
                *share += log.min(0.0).exp();
            }
        }
        let mass = shares.iter().sum::<f64>();
        if mass > 0.0 {
            // What is not among the likeliest has no more than the least of those.
            let logs = shares.map(|share: f64| share.max(1e-6).ln());
            return Some(Opinion::Probabilities { logs, mass });
        }
    }
    let said = choice.pointer("/message/content")?.as_str()?;
    label_of(said).map(Opinion::Word)
}

/// Returns which label a word is, or begins: they begin with different letters.
fn label_of(word: &str) -> Option<usize> {
    let word = word.trim().trim_end_matches('.').to_ascii_lowercase();
    let is_meant = |label: &str| !word.is_empty() && label.starts_with(&word);
    LABELS.iter().position(|label| is_meant(label))
}

fn hash_of(url: &str, model: &str) -> [u8; HASH_BYTES] {
    *blake3::hash(format!("{url}\0{model}").as_bytes()).as_bytes()
}

/// A `llama-server` that ends with this process.
struct Server {
    child: Child,
    port: u16,
    key: String,
}

impl Server {
    fn start(settings: &ModelSettings, file: &ModelFile) -> anyhow::Result<Self> {
        let program = settings.server.as_deref().context("no `server`")?;
        // Free at this moment; whoever takes it first can only add caution.
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let mut key = [0; 16];
        rustix::rand::getrandom(&mut key, rustix::rand::GetRandomFlags::empty())?;
        let key = data_encoding::HEXLOWER.encode(&key);
        // The child loads what was checked, not what has been put into its place since.
        let kept = file.file.try_clone()?;
        rustix::io::fcntl_setfd(&kept, rustix::io::FdFlags::empty())?;
        let model = format!("/proc/self/fd/{}", kept.as_raw_fd());
        let mut command = Command::new(program);
        command
            .args(["--model", &model, "--host", "127.0.0.1"])
            .args(["--port", &port.to_string()])
            // Words and a score at once, each with a context of its own; and not a thread for each core that only listens.
            .args(["--parallel", "2", "--threads-http", "4"])
            .args(["--ctx-size", &settings.n_ctx.saturating_mul(2).to_string()])
            .args(["--threads", &settings.threads.to_string()])
            .env_clear()
            .env("GGML_NO_BACKTRACE", "1")
            .env("LLAMA_API_KEY", &key)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        if settings.gpu_layers > 0 {
            command.args(["--n-gpu-layers", &settings.gpu_layers.to_string()]);
        }
        kintsugi_daemon::sys::die_with_parent(&mut command);
        let shown = program.display();
        let child = command
            .spawn()
            .with_context(|| format!("cannot start `{shown}`"))?;
        Ok(Self { child, port, key })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_as_probabilities_or_as_a_word() {
        let answer = json!({"choices": [{
            "message": {"content": "danger"},
            "logprobs": {"content": [{"token": "danger", "logprob": -0.1, "top_logprobs": [
                {"token": "danger", "logprob": -0.5},
                {"token": " Danger", "logprob": -2.0},
                {"token": "saf", "logprob": -2.5},
                {"token": "banana", "logprob": -3.0},
            ]}]},
        }]});
        let Some(Opinion::Probabilities { logs, mass }) = opinion(&answer) else {
            panic!("no probabilities");
        };
        assert!(logs[2] > logs[0] && logs[0] > logs[1], "{logs:?}");
        assert!((0.7..0.9).contains(&mass), "{mass}");
        let word = |text: &str| opinion(&json!({"choices": [{"message": {"content": text}}]}));
        assert_eq!(word(" Caution."), Some(Opinion::Word(1)));
        assert_eq!(word("ca"), Some(Opinion::Word(1)));
        for none in ["", "I think it is safe", "dangerous", "\n"] {
            assert_eq!(word(none), None, "{none}");
        }
        for none in [
            json!({}),
            json!([]),
            json!({"choices": []}),
            json!({"error": "x"}),
        ] {
            assert_eq!(opinion(&none), None);
        }
    }
}
