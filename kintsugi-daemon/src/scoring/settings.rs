//! Which settings of the model are in force: what the file, the environment and flags ask for, and what the admin allows.
//!
//! A model only adds caution, so taking it away, and putting another in its place, loosens. With a vault, what was in force when
//! it was locked stays so until the admin says otherwise; the log remembers what that was.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use kintsugi_core::audit::record::Body;
use kintsugi_core::scorer::settings::ModelSettings;
use serde_json::Value;

use crate::own_file::own_text;

/// Begins the environment variable of a setting: `KINTSUGI_MODEL_PATH`.
const VARIABLE: &str = "KINTSUGI_MODEL_";

/// `what` of the record of the settings that are in force.
pub const MODEL: &str = "model";

/// Where it stands what scores.
#[derive(Debug, Default)]
pub struct Sources {
    /// The file.
    pub path: PathBuf,
    /// What stands over the environment.
    pub flags: Vec<(String, String)>,
}

impl Sources {
    /// Reads what is asked for now.
    ///
    /// # Errors
    ///
    /// What is wrong with it, in one line; then nothing of it counts.
    pub fn read(&self) -> anyhow::Result<ModelSettings> {
        let variable = |name: &str| std::env::var(name).ok();
        asked(&self.path, variable, &self.flags)
    }
}

/// Reads what is asked for: the file at `path`, over it the environment, over that `flags`.
///
/// # Errors
///
/// What is wrong with it, in one line; then nothing of it counts.
pub fn asked(
    path: &Path,
    variable: impl Fn(&str) -> Option<String>,
    flags: &[(String, String)],
) -> anyhow::Result<ModelSettings> {
    let shown = path.display();
    let text = own_text(path)?.unwrap_or_default();
    let table: toml::Table =
        toml::from_str(&text).map_err(|error| anyhow::anyhow!("`{shown}`: {}", error.message()))?;
    let Value::Object(mut settings) = serde_json::to_value(table)? else {
        return Ok(ModelSettings::default());
    };
    let Value::Object(known) = serde_json::to_value(ModelSettings::default())? else {
        return Ok(ModelSettings::default());
    };
    for (key, example) in &known {
        let name = format!("{VARIABLE}{}", key.to_ascii_uppercase());
        if let Some(value) = variable(&name).filter(|value| !value.is_empty()) {
            let value = value_of((key, example), &value).with_context(|| format!("`{name}`"))?;
            settings.insert(key.clone(), value);
        }
    }
    for (key, value) in flags {
        let example = known.get(key);
        let example = example
            .with_context(|| format!("`--model`: there is no setting `{}`", key.escape_debug()))?;
        let value = value_of((key, example), value).with_context(|| format!("`--model {key}`"))?;
        settings.insert(key.clone(), value);
    }
    let settings = Value::Object(settings).to_string();
    ModelSettings::from_json(&settings).map_err(|error| anyhow::anyhow!("`{shown}`: {error}"))
}

/// Reads the text of one setting, which is of the kind of its default. Lists have commas between their parts, scripts semicolons.
fn value_of((key, example): (&str, &Value), text: &str) -> anyhow::Result<Value> {
    let list = |between: char| {
        let parts = text.split(between).map(|part| Value::from(part.trim()));
        Value::from(parts.collect::<Vec<_>>())
    };
    Ok(match (key, example) {
        ("backend", _) => list(','),
        (_, Value::Array(_)) => list(';'),
        (_, Value::Number(_)) => Value::from(text.parse::<u32>()?),
        (_, Value::Bool(_)) => Value::from(text.parse::<bool>()?),
        (_, Value::Null | Value::String(_) | Value::Object(_)) => Value::from(text),
    })
}

/// Returns what tells settings from others, in hexadecimal.
#[must_use]
pub fn hash(settings: &ModelSettings) -> String {
    blake3::hash(settings.to_json().as_bytes())
        .to_hex()
        .to_string()
}

/// Returns what is recorded when settings come into force.
#[must_use]
pub fn record(settings: &ModelSettings) -> Body {
    Body::Policy {
        what: MODEL.to_owned(),
        hash: Some(hash(settings)),
        detail: serde_json::from_str(&settings.to_json()).unwrap_or_default(),
    }
}

/// What comes into force, and what is asked for and does not.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Weighed {
    pub(crate) in_force: ModelSettings,
    pub(crate) refused: Option<ModelSettings>,
}

/// Weighs what is asked for (nothing when it cannot be read) against what the log says was in force last.
pub(crate) fn weigh(
    asked: Option<ModelSettings>,
    before: Option<ModelSettings>,
    is_locked: bool,
) -> Weighed {
    let before = before.filter(|before| before.ladder().count() > 0);
    match (asked, before) {
        (Some(asked), Some(before)) if is_locked && asked != before => Weighed {
            in_force: before,
            refused: Some(asked),
        },
        (Some(in_force), _) | (None, Some(in_force)) => Weighed {
            in_force,
            refused: None,
        },
        (None, None) => Weighed {
            in_force: ModelSettings::default(),
            refused: None,
        },
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use kintsugi_core::scorer::settings::Backend;

    use super::*;

    fn flag(key: &str, value: &str) -> Vec<(String, String)> {
        vec![(key.to_owned(), value.to_owned())]
    }

    #[test]
    fn the_file_is_overridden_by_the_environment_and_that_by_flags() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("model.toml");
        assert_eq!(
            asked(&path, |_| None, &[]).unwrap(),
            ModelSettings::default()
        );
        fs::write(
            &path,
            "backend = \"mock\"\ndeadline_ms = 100\nn_ctx = 600\n",
        )
        .unwrap();
        let variable = |name: &str| match name {
            "KINTSUGI_MODEL_DEADLINE_MS" => Some("200".to_owned()),
            "KINTSUGI_MODEL_BACKEND" => Some("heuristic, mock".to_owned()),
            "KINTSUGI_MODEL_N_CTX" => Some(String::new()),
            _ => None,
        };
        let settings = asked(&path, variable, &flag("deadline_ms", "300")).unwrap();
        assert_eq!(settings.backend, [Backend::Heuristic, Backend::Mock]);
        assert_eq!((settings.deadline_ms, settings.n_ctx), (300, 600));
        let settings = asked(&path, variable, &flag("allow_remote", "true")).unwrap();
        assert_eq!((settings.deadline_ms, settings.allow_remote), (200, true));
    }

    #[test]
    fn what_is_wrong_is_named_by_where_it_stands() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("model.toml");
        let said = |variable: fn(&str) -> Option<String>, flags: &[(String, String)]| {
            let error = asked(&path, variable, flags).unwrap_err();
            format!("{error:#}")
        };
        assert!(said(|_| None, &flag("colour", "red")).contains("no setting `colour`"));
        assert!(said(|_| None, &flag("threads", "many")).contains("--model threads"));
        let threads = |name: &str| (name == "KINTSUGI_MODEL_THREADS").then(|| "x".to_owned());
        assert!(said(threads, &[]).contains("KINTSUGI_MODEL_THREADS"));
        assert!(said(|_| None, &flag("backend", "llama")).contains("wants `path`"));
        for wrong in ["bakend = 1\n", "backend = \n", "threads = 0\n"] {
            fs::write(&path, wrong).unwrap();
            let said = said(|_| None, &[]);
            assert!(
                said.contains("model.toml") && !said.contains('\n'),
                "{said}"
            );
        }
    }

    #[test]
    fn with_a_vault_a_model_is_put_in_force_and_never_out_of_it() {
        let mock = ModelSettings {
            backend: vec![Backend::Mock],
            ..ModelSettings::default()
        };
        let other = ModelSettings {
            deadline_ms: 10,
            ..mock.clone()
        };
        let none = ModelSettings::default;
        let in_force = |asked, before, is_locked| {
            let weighed = weigh(asked, before, is_locked);
            (weighed.in_force, weighed.refused.is_some())
        };
        let mine = || Some(mock.clone());
        assert_eq!(in_force(mine(), None, true), (mock.clone(), false));
        assert_eq!(in_force(mine(), Some(none()), true), (mock.clone(), false));
        assert_eq!(in_force(mine(), mine(), true), (mock.clone(), false));
        assert_eq!(in_force(Some(none()), mine(), true), (mock.clone(), true));
        assert_eq!(
            in_force(Some(other.clone()), mine(), true),
            (mock.clone(), true)
        );
        assert_eq!(in_force(Some(other.clone()), mine(), false), (other, false));
        assert_eq!(in_force(Some(none()), mine(), false), (none(), false));
        assert_eq!(
            in_force(None, mine(), false),
            (mock.clone(), false),
            "a broken file"
        );
        assert_eq!(in_force(None, None, true), (none(), false));
    }
}
