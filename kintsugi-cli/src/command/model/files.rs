//! Which files of models are known, and which of them scores: `models.json` in the data directory, `model.toml` beside the policy.

use std::fs::{self, File};
use std::io::{BufReader, Seek as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use kintsugi_core::display::escape;
use kintsugi_core::paths::Paths;
use kintsugi_core::scorer::gguf;
use kintsugi_core::scorer::hashes::{self, Hashes};
use kintsugi_core::scorer::settings::{Backend, ModelSettings};
use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};

use crate::client::Client;
use crate::command::JSON_VERSION;
use crate::command::status::fetch;
use crate::console::{Console, Tone};
use crate::exit::{Exit, Failure};
use crate::{private_file, surroundings};

/// Most models that are remembered.
const MODELS_MAX: usize = 256;

/// Longest name, in bytes.
const NAME_BYTES_MAX: usize = 64;

/// The models that were added.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Shelf {
    version: u32,
    models: Vec<Entry>,
}

/// One of them.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Entry {
    name: String,
    path: PathBuf,
    sha256: String,
    blake3: String,
    bytes: u64,
    architecture: String,
}

/// Checks a file and remembers it.
pub(super) fn add(
    file: &Path,
    name: Option<String>,
    console: &mut Console,
) -> Result<Exit, Failure> {
    let paths = surroundings::paths()?;
    let shown = file.display();
    let path = fs::canonicalize(file).with_context(|| format!("`{shown}`"))?;
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let name = name.unwrap_or_else(|| stem.into_owned());
    check_name(&name)?;
    let entry = examine(&path, name).with_context(|| format!("`{shown}`"))?;
    let mut shelf = read(&paths.models)?;
    shelf.models.retain(|known| known.name != entry.name);
    if shelf.models.len() >= MODELS_MAX {
        let hint = "`kintsugi model remove NAME` forgets one";
        return Err(Failure::new(Exit::Failed, "too many models").hint(hint));
    }
    shelf.models.push(entry.clone());
    private_file::write(&paths.models, &serde_json::to_string(&shelf)?)?;
    writeln!(console.out, "{}  {}", entry.sha256, entry.name)?;
    let hint = format!(
        "compare the SHA-256 with the one where you got it; `kintsugi model use {}` has it score",
        entry.name
    );
    let hint = console.err_paint.tone(Tone::Quiet, hint);
    writeln!(console.err, "{hint}")?;
    Ok(Exit::Allowed)
}

/// Writes into the settings which model scores.
pub(super) fn use_model(
    name: &str,
    server: Option<PathBuf>,
    console: &mut Console,
) -> Result<Exit, Failure> {
    let paths = surroundings::paths()?;
    let mut settings = settings(&paths)?;
    if name == Backend::Heuristic.name() {
        settings.backend = vec![Backend::Heuristic];
    } else {
        take(&mut settings, find(&paths, name)?);
        if let Some(server) = server {
            settings.server = Some(fs::canonicalize(server).context("the program of the server")?);
            settings.backend = vec![Backend::LlamaServer];
        }
    }
    let text = toml_of(&settings)?;
    ModelSettings::parse(&text).map_err(anyhow::Error::from)?;
    private_file::write(&paths.model, &text)?;
    let path = paths.model.display().to_string();
    writeln!(console.out, "{}", escape(&path))?;
    let hint = if is_reread(&paths) {
        "the daemon has been told to read it: `kintsugi model status` says what came of it"
    } else {
        "no daemon of yours runs: the next one that starts reads it"
    };
    let hint = console.err_paint.tone(Tone::Quiet, hint);
    writeln!(console.err, "{hint}")?;
    Ok(Exit::Allowed)
}

/// Has the daemon read its settings again, when there is one that this person may send a signal. None is started for it.
fn is_reread(paths: &Paths) -> bool {
    let status = Client::connect(&paths.socket).ok();
    let status = status.and_then(|mut client| fetch(&mut client).ok());
    let pid = status.and_then(|status| Pid::from_raw(i32::try_from(status.pid).ok()?));
    pid.is_some_and(|pid| kill_process(pid, Signal::HUP).is_ok())
}

/// Lists the models.
pub(super) fn list(json: bool, console: &mut Console) -> Result<Exit, Failure> {
    let paths = surroundings::paths()?;
    let shelf = read(&paths.models)?;
    if json {
        console.json(&Shelf {
            version: JSON_VERSION,
            ..shelf
        })?;
        return Ok(Exit::Allowed);
    }
    let used = settings(&paths)
        .ok()
        .filter(|used| used.ladder().count() > 0);
    for entry in &shelf.models {
        let is_used = used.as_ref().and_then(|used| used.path.as_ref()) == Some(&entry.path);
        let mark = if is_used { "*" } else { " " };
        let mib = entry.bytes / (1024 * 1024);
        let path = escape(&entry.path.display().to_string());
        let short = entry.sha256.get(..12).unwrap_or_default();
        let (name, architecture) = (&entry.name, escape(&entry.architecture));
        writeln!(
            console.out,
            "{mark} {name}  {architecture}, {mib} MiB, SHA-256 {short}…  {path}"
        )?;
    }
    if shelf.models.is_empty() {
        let quiet = "no model was added: `kintsugi model add FILE`";
        writeln!(
            console.err,
            "{}",
            console.err_paint.tone(Tone::Quiet, quiet)
        )?;
    }
    Ok(Exit::Allowed)
}

/// Forgets a model.
pub(super) fn remove(name: &str, console: &mut Console) -> Result<Exit, Failure> {
    let paths = surroundings::paths()?;
    let entry = find(&paths, name)?;
    let used = settings(&paths).ok();
    let is_used = used
        .is_some_and(|used| used.ladder().count() > 0 && used.path.as_ref() == Some(&entry.path));
    if is_used {
        let hint = "`kintsugi model use heuristic`, or another, first";
        return Err(Failure::new(Exit::Failed, format!("`{name}` scores")).hint(hint));
    }
    let mut shelf = read(&paths.models)?;
    shelf.models.retain(|known| known.name != entry.name);
    private_file::write(&paths.models, &serde_json::to_string(&shelf)?)?;
    writeln!(console.out, "{}", escape(&entry.path.display().to_string()))?;
    Ok(Exit::Allowed)
}

/// Returns what the settings say, or would say with the model `name`.
pub(super) fn settings_of(name: Option<&str>) -> Result<ModelSettings, Failure> {
    let paths = surroundings::paths()?;
    let mut settings = settings(&paths)?;
    if let Some(name) = name {
        take(&mut settings, find(&paths, name)?);
    }
    if settings.ladder().count() == 0 {
        let hint = "`kintsugi model add FILE`, and `--model NAME` or `kintsugi model use NAME`";
        return Err(Failure::new(Exit::Failed, "no model is asked for").hint(hint));
    }
    Ok(settings)
}

fn take(settings: &mut ModelSettings, entry: Entry) {
    settings.backend = vec![Backend::Llama];
    settings.path = Some(entry.path);
    settings.sha256 = Some(entry.sha256);
}

fn settings(paths: &Paths) -> Result<ModelSettings, Failure> {
    let shown = paths.model.display();
    let text = match fs::read_to_string(&paths.model) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => {
            return Err(error)
                .context(format!("`{shown}`"))
                .map_err(Failure::from);
        }
    };
    let settings = ModelSettings::parse(&text);
    Ok(settings.with_context(|| format!("`{shown}`"))?)
}

fn find(paths: &Paths, name: &str) -> Result<Entry, Failure> {
    let shelf = read(&paths.models)?;
    let found = shelf.models.into_iter().find(|entry| entry.name == name);
    found.ok_or_else(|| {
        let name = escape(name);
        Failure::new(Exit::Failed, format!("there is no model `{name}`"))
            .hint("`kintsugi model list` names them; `kintsugi model add FILE` adds one")
    })
}

fn check_name(name: &str) -> Result<(), Failure> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let is_name = !name.is_empty() && name.len() <= NAME_BYTES_MAX && name.bytes().all(plain);
    if is_name && name != Backend::Heuristic.name() {
        return Ok(());
    }
    let message = format!("`{}` is no name for a model", escape(name));
    Err(Failure::new(Exit::Usage, message)
        .hint("`--name NAME` gives it one of letters, digits, dashes and dots"))
}

/// Checks what the worker will check, and makes the hashes by which it will.
fn examine(path: &Path, name: String) -> anyhow::Result<Entry> {
    let mut file = File::open(path)?;
    let found = file.metadata()?;
    anyhow::ensure!(found.is_file(), "it is not a file");
    anyhow::ensure!(
        found.mode() & 0o022 == 0,
        "it can be written by others: make it yours, and `chmod go-w` it"
    );
    let header = gguf::read(BufReader::new(&file), found.len())?;
    file.rewind()?;
    let Hashes { sha256, blake3 } = hashes::of(&file)?;
    Ok(Entry {
        name,
        path: path.to_owned(),
        sha256,
        blake3: data_encoding::HEXLOWER.encode(&blake3),
        bytes: found.len(),
        architecture: header.architecture,
    })
}

fn read(path: &Path) -> Result<Shelf, Failure> {
    let shown = path.display();
    match fs::read(path) {
        Ok(text) => {
            let shelf = serde_json::from_slice(&text);
            Ok(shelf.with_context(|| format!("`{shown}`"))?)
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Shelf {
            version: JSON_VERSION,
            models: Vec::new(),
        }),
        Err(error) => Err(error)
            .context(format!("`{shown}`"))
            .map_err(Failure::from),
    }
}

/// Returns settings as they stand in the file: what differs from the defaults, one a line.
fn toml_of(settings: &ModelSettings) -> Result<String, Failure> {
    let mut text =
        "# Written by `kintsugi model use`; what else is set here, it keeps.\n".to_owned();
    let default = serde_json::to_value(ModelSettings::default())?;
    let value = serde_json::to_value(settings)?;
    for (key, value) in value.as_object().into_iter().flatten() {
        // Texts, numbers and lists of texts are written alike in JSON and in TOML; there is no null.
        if !value.is_null() && default.get(key) != Some(value) {
            text.extend([key.as_str(), " = ", &value.to_string(), "\n"]);
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let settings = ModelSettings {
            backend: vec![Backend::LlamaServer, Backend::Openai],
            path: Some("/m \"odd\\ name\u{e9}.gguf".into()),
            sha256: Some("0".repeat(64)),
            server: Some("/s".into()),
            url: Some("http://127.0.0.1:1/v1".into()),
            model: Some("m".into()),
            deadline_ms: 700,
            mock: vec!["risk 5".into()],
            ..ModelSettings::default()
        };
        let text = toml_of(&settings).unwrap();
        assert_eq!(ModelSettings::parse(&text).unwrap(), settings, "{text}");
        assert!(!text.contains("threads"), "defaults are left out: {text}");
    }
}
