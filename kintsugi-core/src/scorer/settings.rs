//! What scores, and how: `model.toml` beside the policy.
//!
//! Nothing in it can loosen a judgement: a model adds caution or nothing. What is not understood is refused whole, and the
//! heuristic stands alone.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Something that can score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Backend {
    /// Rules of arithmetic in the daemon itself; always there.
    Heuristic,
    /// A model in the worker, where it is built with the feature `llama`.
    Llama,
    /// A `llama-server` that the worker starts.
    LlamaServer,
    /// An endpoint that speaks OpenAI's language.
    Openai,
    /// What a test says.
    Mock,
}

impl Backend {
    /// Returns its name in settings and in `status`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Heuristic => "heuristic",
            Self::Llama => "llama",
            Self::LlamaServer => "llama-server",
            Self::Openai => "openai",
            Self::Mock => "mock",
        }
    }
}

/// Longest deadline of a score, in milliseconds: whoever proposes waits for it.
pub const DEADLINE_MS_MAX: u32 = 5_000;

/// Longest that an explanation may take, in milliseconds. Nobody waits for it.
pub const EXPLAIN_MS_MAX: u32 = 60_000;

/// Most backends of one ladder.
pub const LADDER_MAX: usize = 4;

/// What scores the ambiguous.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ModelSettings {
    /// One, or several that are tried in this order; the heuristic stands behind them all.
    #[serde(with = "ladder")]
    pub backend: Vec<Backend>,
    /// The model's file, absolute.
    pub path: Option<PathBuf>,
    /// Its SHA-256, as pages of models publish it, in hexadecimal.
    pub sha256: Option<String>,
    /// Most tokens that the model sees at once: the prompt, and one part of a command.
    pub n_ctx: u32,
    /// Threads that compute. With more than there are idle cores a score takes many times as long.
    pub threads: u32,
    /// Layers that the graphics card computes, where the worker is built for one.
    pub gpu_layers: u32,
    /// The temperature that probabilities are taken at, in hundredths.
    pub temperature_percent: u16,
    /// How long one score may take, in milliseconds; then the heuristic's stands.
    pub deadline_ms: u32,
    /// How long the model may take to say why what is held should be looked at, in milliseconds; with 0 it is not asked.
    pub explain_ms: u32,
    /// How long a worker may take until it is ready, in milliseconds.
    pub ready_timeout_ms: u32,
    /// Where an endpoint is: `http://127.0.0.1:11434/v1`.
    pub url: Option<String>,
    /// Whether it may be on another machine. What is sent there has its secrets masked first.
    pub allow_remote: bool,
    /// What the endpoint calls the model.
    pub model: Option<String>,
    /// A file whose first line is the endpoint's key.
    pub key_file: Option<PathBuf>,
    /// Or the environment variable of the daemon that holds it.
    pub key_env: Option<String>,
    /// The program of `llama-server`, absolute.
    pub server: Option<PathBuf>,
    /// What a mock does, for tests: `kintsugi-daemon/src/scorer/worker/mock.rs`.
    pub mock: Vec<String>,
}

impl Default for ModelSettings {
    fn default() -> Self {
        Self {
            backend: vec![Backend::Heuristic],
            path: None,
            sha256: None,
            n_ctx: 2_048,
            threads: 1,
            gpu_layers: 0,
            temperature_percent: 100,
            deadline_ms: 300,
            explain_ms: 5_000,
            ready_timeout_ms: 20_000,
            url: None,
            allow_remote: false,
            model: None,
            key_file: None,
            key_env: None,
            server: None,
            mock: Vec::new(),
        }
    }
}

/// What is wrong with settings.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// It is no TOML, or says what nobody knows.
    #[error("{0}")]
    Syntax(String),
    /// A number is outside of what is possible.
    #[error("`{name}` is {least} to {most}")]
    Range {
        /// The setting.
        name: &'static str,
        /// The least.
        least: u32,
        /// The most.
        most: u32,
    },
    /// A backend needs what is not there.
    #[error("the backend `{backend}` wants `{name}`")]
    Missing {
        /// The backend.
        backend: &'static str,
        /// The setting.
        name: &'static str,
    },
    /// A path is not absolute: it would mean another file to everybody.
    #[error("`{0}` is not an absolute path")]
    Relative(&'static str),
    /// A hash is no hash.
    #[error("`sha256` is not 64 hexadecimal digits")]
    NotSha256,
    /// More than anybody needs.
    #[error("more than {LADDER_MAX} backends")]
    TooMany,
}

impl ModelSettings {
    /// Reads what stands in `model.toml`.
    ///
    /// # Errors
    /// What is wrong with it; then nothing of it counts.
    pub fn parse(text: &str) -> Result<Self, SettingsError> {
        let settings: Self = toml::from_str(text)
            .map_err(|error| SettingsError::Syntax(error.message().to_owned()))?;
        settings.check()?;
        Ok(settings)
    }

    /// Reads what a worker is sent.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn from_json(text: &str) -> Result<Self, SettingsError> {
        let settings: Self =
            serde_json::from_str(text).map_err(|error| SettingsError::Syntax(error.to_string()))?;
        settings.check()?;
        Ok(settings)
    }

    /// Returns what a worker is sent.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Returns the backends for which a worker is needed, in their order; those behind the heuristic are never asked.
    pub fn ladder(&self) -> impl Iterator<Item = Backend> {
        let backends = self.backend.iter().copied();
        backends.take_while(|backend| *backend != Backend::Heuristic)
    }

    fn check(&self) -> Result<(), SettingsError> {
        let numbers = [
            ("n_ctx", self.n_ctx, 512, 32_768),
            ("threads", self.threads, 1, 256),
            ("gpu_layers", self.gpu_layers, 0, 1_000),
            (
                "temperature_percent",
                u32::from(self.temperature_percent),
                10,
                1_000,
            ),
            ("deadline_ms", self.deadline_ms, 10, DEADLINE_MS_MAX),
            ("explain_ms", self.explain_ms, 0, EXPLAIN_MS_MAX),
            ("ready_timeout_ms", self.ready_timeout_ms, 100, 600_000),
        ];
        for (name, number, least, most) in numbers {
            if !(least..=most).contains(&number) {
                return Err(SettingsError::Range { name, least, most });
            }
        }
        let paths = [
            ("path", &self.path),
            ("key_file", &self.key_file),
            ("server", &self.server),
        ];
        for (name, path) in paths {
            if path.as_ref().is_some_and(|path| !path.is_absolute()) {
                return Err(SettingsError::Relative(name));
            }
        }
        let is_sha256 =
            |text: &String| text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if self.sha256.as_ref().is_some_and(|text| !is_sha256(text)) {
            return Err(SettingsError::NotSha256);
        }
        if self.backend.len() > LADDER_MAX {
            return Err(SettingsError::TooMany);
        }
        self.check_needs()
    }

    /// Whether every backend has what it needs.
    fn check_needs(&self) -> Result<(), SettingsError> {
        for backend in self.ladder() {
            let needs: &[(&'static str, bool)] = match backend {
                Backend::Heuristic | Backend::Mock => &[],
                Backend::Llama => &[
                    ("path", self.path.is_some()),
                    ("sha256", self.sha256.is_some()),
                ],
                Backend::LlamaServer => &[
                    ("path", self.path.is_some()),
                    ("sha256", self.sha256.is_some()),
                    ("server", self.server.is_some()),
                ],
                Backend::Openai => &[("url", self.url.is_some()), ("model", self.model.is_some())],
            };
            let backend = backend.name();
            if let Some((name, _)) = needs.iter().find(|(_, is_there)| !is_there) {
                return Err(SettingsError::Missing { backend, name });
            }
        }
        Ok(())
    }
}

/// One backend, or a list of them.
mod ladder {
    use super::Backend;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum OneOrMore {
        One(Backend),
        More(Vec<Backend>),
    }

    pub(super) fn serialize<S: Serializer>(
        ladder: &[Backend],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match ladder {
            [one] => one.serialize(serializer),
            more => more.serialize(serializer),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<Backend>, D::Error> {
        let read = OneOrMore::deserialize(deserializer).map_err(|_| {
            serde::de::Error::custom(
                "`backend` is one or more of heuristic, llama, llama-server, openai, mock",
            )
        })?;
        Ok(match read {
            OneOrMore::One(one) => vec![one],
            OneOrMore::More(more) => more,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHA256: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn without_a_file_there_is_the_heuristic() {
        let settings = ModelSettings::parse("").unwrap();
        assert_eq!(settings, ModelSettings::default());
        assert_eq!(settings.ladder().count(), 0);
    }

    #[test]
    fn backends_are_a_ladder_that_ends_at_the_heuristic() {
        let text = format!(
            "backend = [\"llama\", \"openai\", \"heuristic\", \"mock\"]\npath = \"/m.gguf\"\n\
             sha256 = \"{SHA256}\"\nurl = \"http://127.0.0.1:1/v1\"\nmodel = \"m\"\n"
        );
        let settings = ModelSettings::parse(&text).unwrap();
        let ladder: Vec<_> = settings.ladder().collect();
        assert_eq!(ladder, [Backend::Llama, Backend::Openai]);
        let again = ModelSettings::from_json(&settings.to_json()).unwrap();
        assert_eq!(again, settings);
    }

    #[test]
    fn what_is_not_understood_is_refused_whole() {
        for (bad, why) in [
            ("backend = \"gpt\"\n", "one or more of"),
            ("bakend = \"llama\"\n", "unknown field"),
            ("backend = \"llama\"\n", "wants `path`"),
            ("backend = \"llama\"\npath = \"/m\"\n", "wants `sha256`"),
            ("path = \"m.gguf\"\n", "absolute"),
            ("sha256 = \"12\"\n", "64"),
            ("deadline_ms = 1\n", "10 to 5000"),
            ("explain_ms = 60001\n", "0 to 60000"),
            ("threads = 0\n", "1 to 256"),
            (
                "backend = \"openai\"\nurl = \"http://x\"\n",
                "wants `model`",
            ),
        ] {
            let error = ModelSettings::parse(bad).unwrap_err().to_string();
            assert!(error.contains(why), "{bad}: {error}");
        }
    }
}
