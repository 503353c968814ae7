//! HTTP, as little of it as will do: one request, one answer, both small, no detours.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use kintsugi_core::own_file::OpenFile;
use kintsugi_core::scorer::settings::ModelSettings;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;

/// Longest answer, in bytes.
const ANSWER_BYTES_MAX: u64 = 64 * 1024;
/// Longest key, in bytes.
const KEY_BYTES_MAX: usize = 4_096;

/// An endpoint.
pub(crate) struct Endpoint {
    agent: ureq::Agent,
    url: String,
    key: Option<String>,
    /// Whether it is on another machine.
    pub(crate) is_remote: bool,
}

impl Endpoint {
    /// Returns the endpoint below `url`.
    pub(crate) fn new(url: &str, key: Option<String>, allow_remote: bool) -> anyhow::Result<Self> {
        let parsed: ureq::http::Uri = url.parse().context("`url` is no address")?;
        if parsed.scheme_str() != Some("http") {
            anyhow::bail!(
                "`url` does not begin with `http://`: for TLS put a proxy on this machine"
            );
        }
        let host = parsed.host().context("`url` names no host")?;
        let is_remote = !is_loopback(host);
        if is_remote && !allow_remote {
            anyhow::bail!(
                "`{host}` is not this machine: `allow_remote = true` sends commands there"
            );
        }
        if is_remote && key.is_some() {
            anyhow::bail!(
                "the key would cross the network in clear text: put a proxy on this machine"
            );
        }
        let agent = ureq::Agent::config_builder()
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .http_status_as_error(false)
            .max_response_header_size(8 * 1024)
            .user_agent("kintsugi-scorer")
            .build()
            .into();
        Ok(Self {
            agent,
            url: url.trim_end_matches('/').to_owned(),
            key,
            is_remote,
        })
    }

    /// Sends a request, with a body where there is one; returns the answer's body.
    pub(crate) fn ask(
        &self,
        path: &str,
        body: Option<&str>,
        until: Instant,
    ) -> anyhow::Result<Vec<u8>> {
        let left = until.saturating_duration_since(Instant::now());
        let left = left.max(Duration::from_millis(1));
        let url = format!("{}{path}", self.url);
        let mut answer = if let Some(body) = body {
            let mut request = self.agent.post(&url);
            if let Some(key) = &self.key {
                request = request.header("authorization", format!("Bearer {key}"));
            }
            let request = request.header("content-type", "application/json");
            let request = request.config().timeout_global(Some(left)).build();
            request.send(body)?
        } else {
            let request = self.agent.get(&url);
            request.config().timeout_global(Some(left)).build().call()?
        };
        let status = answer.status();
        if !status.is_success() {
            anyhow::bail!("it answers {}", status.as_u16());
        }
        let limited = answer.body_mut().with_config().limit(ANSWER_BYTES_MAX);
        Ok(limited.read_to_vec()?)
    }
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let address = bare.parse::<std::net::IpAddr>();
    bare == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// Returns the key of the settings: the first line of a file that nobody else can read, or what a variable holds.
pub(crate) fn key(settings: &ModelSettings) -> anyhow::Result<Option<String>> {
    let text = match (&settings.key_file, &settings.key_env) {
        (Some(path), _) => key_of_file(path).context("the file of the key")?,
        (None, Some(name)) => {
            std::env::var(name).with_context(|| format!("the variable `{name}`"))?
        }
        (None, None) => return Ok(None),
    };
    let key = text.lines().next().unwrap_or_default().trim();
    if key.is_empty()
        || key.len() > KEY_BYTES_MAX
        || !key.bytes().all(|byte| byte.is_ascii_graphic())
    {
        anyhow::bail!("the key is none: one line of visible characters");
    }
    Ok(Some(key.to_owned()))
}

fn key_of_file(path: &Path) -> anyhow::Result<String> {
    let file = std::fs::File::open(path)?;
    let found = file.metadata()?;
    let own = OpenFile {
        is_regular: found.is_file(),
        owner: found.uid(),
        mode: found.mode(),
        bytes: found.len(),
    };
    own.check(rustix::process::geteuid().as_raw())
        .map_err(|error| anyhow::anyhow!("it {error}"))?;
    if found.mode() & 0o077 != 0 {
        anyhow::bail!("it can be read by others: `chmod 600` it");
    }
    let mut text = String::new();
    file.take(KEY_BYTES_MAX as u64).read_to_string(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(url: &str, key: Option<&str>, allow_remote: bool) -> Option<String> {
        let endpoint = Endpoint::new(url, key.map(str::to_owned), allow_remote);
        endpoint.err().map(|error| format!("{error:#}"))
    }

    #[test]
    fn another_machine_is_asked_only_when_it_is_allowed() {
        for url in [
            "http://127.0.0.1:1/v1",
            "http://localhost/v1",
            "http://[::1]:8080/v1",
        ] {
            assert_eq!(why(url, Some("k"), false), None, "{url}");
        }
        for url in [
            "http://10.0.0.1/v1",
            "http://localhost.example/v1",
            "http://127.0.0.1.nip.io/",
        ] {
            assert!(
                why(url, None, false).unwrap().contains("allow_remote"),
                "{url}"
            );
            assert_eq!(why(url, None, true), None);
            assert!(why(url, Some("k"), true).unwrap().contains("clear text"));
        }
        for url in ["https://127.0.0.1/v1", "file:///etc/passwd", "127.0.0.1:1"] {
            assert!(why(url, None, true).is_some(), "{url}");
        }
    }
}
