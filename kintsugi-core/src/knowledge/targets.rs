//! The words on which an effect falls. Knows entries and parsed words, and nothing about what becomes of them.

use super::program::{Cause, Task};
use super::schema;
use crate::effect::{Action, Role};
use crate::place::pattern;
use crate::shell::Word;

/// Whether an effect is for targets that look like `word`.
pub(super) fn is_meant(effect: &schema::Effect, word: &Word) -> bool {
    let text = word.display();
    let like = |list: &[String]| list.iter().any(|known| pattern::matches(known, &text));
    let is_code = effect.kind == Some(Role::Code);
    !is_harmless(&effect.not_for, &text, is_code)
        && (effect.only_for.is_empty() || like(&effect.only_for))
}

/// Whether a value is in a list of harmless ones. What a command begins with says nothing of one that starts another behind it.
pub(super) fn is_harmless(list: &[String], value: &str, is_code: bool) -> bool {
    let does_more = is_code && does_more(value);
    list.iter()
        .any(|known| pattern::matches(known, value) && !(does_more && known.ends_with('*')))
}

/// Whether a command starts another one, other than to show what it prints: `less -R; rm x`, and not `diff-so-fancy | less`.
fn does_more(command: &str) -> bool {
    let is_shown = |part: &str| {
        let first = part.split_whitespace().next().unwrap_or_default();
        matches!(first, "less" | "more" | "cat" | "head" | "bat" | "delta")
    };
    command.contains([';', '&', '`', '\n', '>'])
        || command.contains("$(")
        || !command.split('|').skip(1).all(is_shown)
}

/// The words on which an effect falls.
pub(super) fn targets(task: &Task<'_, '_>, cause: &Cause<'_>) -> Vec<Word> {
    let effect = cause.effect;
    let span = task.call.span;
    if let Some(target) = &effect.target {
        return vec![Word::text(target.as_str(), span)];
    }
    if let Some((role, value)) = cause.own
        && (effect.on == "value" || role == Some(effect.on.as_str()))
    {
        let default = || {
            effect
                .default
                .as_ref()
                .map(|text| Word::text(text.as_str(), span))
        };
        return value.cloned().or_else(default).into_iter().collect();
    }
    let values: Vec<Word> = task
        .parsed
        .values
        .iter()
        .filter(|value| value.role == effect.on)
        .map(|value| value.word.clone())
        .collect();
    if !values.is_empty() {
        return values;
    }
    if let Some(default) = &effect.default {
        return vec![Word::text(default.as_str(), span)];
    }
    let optional = task.parsed.chain.first().and_then(|entry| {
        entry
            .operands
            .iter()
            .find(|operand| operand.role == effect.on)
            .map(|it| it.optional)
    });
    let of_option = task.parsed.chain.iter().any(|entry| {
        entry
            .options
            .iter()
            .any(|option| option.role.as_deref() == Some(effect.on.as_str()))
    });
    match (optional, of_option) {
        (Some(true), _) | (None, true) => Vec::new(),
        (Some(false), _) | (None, false) => vec![Word::default()],
    }
}

/// The role of that name.
pub(super) fn role_named(name: &str) -> Option<Role> {
    Some(match name {
        "path" => Role::Path,
        "device" => Role::Device,
        "remote" => Role::Remote,
        "database" => Role::Database,
        "table" => Role::Table,
        "resource" => Role::Resource,
        "package" => Role::Package,
        "service" => Role::Service,
        "process" => Role::Process,
        "account" => Role::Account,
        "secret" => Role::Secret,
        "config" => Role::Config,
        "history" => Role::History,
        "image" => Role::Image,
        "volume" => Role::Volume,
        "branch" => Role::Branch,
        "code" => Role::Code,
        _ => return None,
    })
}

/// Whether a hole as the target of `action` is something to wonder about.
pub(super) const fn is_regrettable(action: Action) -> bool {
    !matches!(action, Action::Read | Action::List)
}

/// `-` stands for a standard stream.
pub(super) fn is_standard_stream(word: &Word) -> bool {
    word.known().as_deref() == Some("-")
}

/// Whether the last word asks for the manual.
pub(super) fn asks_for_manual(task: &Task<'_, '_>) -> bool {
    // `aws s3 rb help` (aws, AWS CLI 2.13).
    let last = task.call.words.last().and_then(Word::known);
    // `-h` of these is `--help`, wherever it stands (kubectl 1.31, helm 3.16, terraform 1.11, gh 2.60, flux 2.4).
    let is_short = [
        "kubectl ",
        "oc ",
        "helm ",
        "terraform ",
        "tofu ",
        "gh ",
        "flux ",
        "argocd ",
    ]
    .iter()
    .any(|program| task.parsed.path.starts_with(program));
    task.parsed.path.starts_with("aws ") && last.as_deref() == Some("help")
        || is_short && last.as_deref() == Some("-h") && task.parsed.wrapped.is_empty()
}
