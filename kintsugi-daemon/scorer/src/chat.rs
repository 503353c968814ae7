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
use std::time::{Duration, Instant};

use anyhow::Context as _;
use kintsugi_core::redact::redact;
use kintsugi_core::scorer::prompt::{LABELS, Prompt};
use kintsugi_core::scorer::settings::ModelSettings;
use kintsugi_core::scorer::{HASH_BYTES, Ready, Unavailable};
use serde_json::{Value, json};

use crate::backend::Backend;
use crate::confine;
use crate::file::ModelFile;
use crate::http::{self, Endpoint};
use crate::judge::{Calibrated, Judge, Opinion};

/// From one look at a server that is starting to the next.
const HEALTH_PAUSE: Duration = Duration::from_millis(50);

/// How many other words are asked for.
const TOP: usize = 20;

/// An endpoint and what is asked of it.
struct Chat {
    endpoint: Endpoint,
    prompt: Prompt,
    model: String,
    /// Only `llama-server` knows what that is; others refuse what they do not know.
    grammar: Option<String>,
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
        endpoint,
        prompt,
        model: model.clone(),
        grammar: None,
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
    let chat = Chat {
        endpoint: Endpoint::new(&format!("{url}/v1"), Some(server.key.clone()), false)?,
        prompt,
        model: file.name.clone(),
        grammar: Some(format!("root ::= \"{}\"", LABELS.join("\" | \""))),
        server: Some(server),
    };
    let mut chat = chat;
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
        let question = if self.endpoint.is_remote {
            redact(&question).into_owned()
        } else {
            question
        };
        let mut body = json!({
            "model": self.model,
            "messages": [
                {"role": "system", "content": self.prompt.prefix()},
                {"role": "user", "content": question},
            ],
            "max_tokens": 1,
            "temperature": 0,
            "logprobs": true,
            "top_logprobs": TOP,
        });
        if let (Some(grammar), Some(body)) = (&self.grammar, body.as_object_mut()) {
            body.insert("grammar".to_owned(), grammar.clone().into());
        }
        let answer = self
            .endpoint
            .ask("/chat/completions", Some(&body.to_string()), until)?;
        let answer: Value = serde_json::from_slice(&answer).context("its answer is not JSON")?;
        opinion(&answer).context("its answer is none of `safe`, `caution`, `danger`")
    }
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
            .args(["--ctx-size", &settings.n_ctx.to_string()])
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
