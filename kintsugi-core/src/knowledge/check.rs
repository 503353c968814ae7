//! Reads knowledge files strictly: what is wrong is refused with its file, its line and the offending text.

#![cfg_attr(
    not(test),
    expect(
        dead_code,
        reason = "built-in files are checked by a test, others when they are loaded"
    )
)]

use std::collections::BTreeMap;

use super::KnowledgeError;
use super::grammar::modifier;
use super::schema::{Command, Effect, File, Opt};
use super::store::{Chunk, Node, chunks};
use super::targets::role_named;

/// Checks the files together.
///
/// # Errors
/// The first thing that is wrong.
pub(super) fn check(files: &[(&str, &str)]) -> Result<(), KnowledgeError> {
    let mut programs: BTreeMap<String, (Node, String)> = BTreeMap::new();
    for (file, text) in files {
        let parsed: File = toml::from_str(text).map_err(|error| syntax(file, text, &error))?;
        let places: Vec<Chunk<'_>> = chunks(text)
            .into_iter()
            .filter(|chunk| !chunk.is_variable)
            .collect();
        if places.len() != parsed.command.len() {
            return Err(refuse(
                file,
                1,
                "every `[[command]]` starts its own line, without white space",
            ));
        }
        for (command, place) in parsed.command.into_iter().zip(places) {
            check_command(file, &place, &command)?;
            insert(&mut programs, file, &place, &command)?;
        }
    }
    Ok(())
}

fn insert(
    programs: &mut BTreeMap<String, (Node, String)>,
    file: &str,
    place: &Chunk<'_>,
    command: &Command,
) -> Result<(), KnowledgeError> {
    let path = command.path.join(" ");
    let mut names = vec![command.path.first().cloned().unwrap_or_default()];
    if command.path.len() == 1 {
        names.extend(command.also.0.iter().cloned());
        names.extend(command.aliases.iter().cloned());
    }
    for name in names {
        let mut command = command.clone();
        if let Some(first) = command.path.first_mut() {
            first.clone_from(&name);
        }
        let (node, _) = programs
            .entry(name)
            .or_insert_with(|| (Node::default(), file.to_owned()));
        node.insert(command).map_err(|taken| {
            refuse(
                file,
                place.line,
                &format!("`{path}`: `{taken}` is described twice"),
            )
        })?;
    }
    Ok(())
}

fn check_command(file: &str, place: &Chunk<'_>, command: &Command) -> Result<(), KnowledgeError> {
    let path = command.path.join(" ");
    let refuse_at = |text: &str, what: &str| {
        let line = place.line + line_of(place.text, text);
        refuse(file, line, &format!("`{path}`: {what}: `{text}`"))
    };
    if command.path.is_empty() || command.source.trim().is_empty() {
        return Err(refuse_at("", "an entry has a `path` and a `source`"));
    }
    if command
        .path
        .iter()
        .any(|name| name.is_empty() || name.contains('/'))
    {
        return Err(refuse_at(&path, "a path is made of names"));
    }
    if command
        .operands
        .iter()
        .filter(|it| {
            it.many && it.when.iter().next().is_none() && it.unless.iter().next().is_none()
        })
        .count()
        > 1
        && !command.operands.iter().any(|it| it.dashes)
    {
        return Err(refuse_at("many", "at most one operand is repeated"));
    }
    for option in &command.options {
        check_option(option, command).map_err(|(text, what)| refuse_at(&text, what))?;
    }
    for effect in &command.effects {
        check_effect(effect, command, false).map_err(|(text, what)| refuse_at(&text, what))?;
    }
    Ok(())
}

type Wrong = (String, &'static str);

fn check_option(option: &Opt, command: &Command) -> Result<(), Wrong> {
    if option.flag.is_empty() {
        return Err((String::new(), "an option has a `flag`"));
    }
    for effect in &option.effects {
        check_effect(effect, command, true)?;
    }
    for keyed in &option.keyed {
        for effect in &keyed.effects {
            check_effect(effect, command, true)?;
        }
    }
    Ok(())
}

fn check_effect(effect: &Effect, command: &Command, of_option: bool) -> Result<(), Wrong> {
    let is_known = role_named(&effect.on).is_some()
        || (of_option && effect.on == "value")
        || command
            .operands
            .iter()
            .any(|operand| operand.role == effect.on)
        || command
            .options
            .iter()
            .any(|option| option.role.as_deref() == Some(effect.on.as_str()))
        || effect.target.is_some();
    if !is_known {
        return Err((
            effect.on.clone(),
            "an effect is `on` an operand, a role of an option or a kind",
        ));
    }
    for mark in effect.when.iter().chain(effect.unless.iter()) {
        let is_set = modifier(mark).is_some() || sets(command).any(|set| set == mark);
        if !is_set && command.like.is_empty() && command.path.len() == 1 {
            return Err((mark.to_owned(), "no option or operand sets the mark"));
        }
    }
    Ok(())
}

/// Every mark that an entry can set.
fn sets(command: &Command) -> impl Iterator<Item = &str> {
    let options = command.options.iter().flat_map(|option| {
        option
            .sets
            .iter()
            .chain(option.keyed.iter().flat_map(|keyed| keyed.sets.iter()))
    });
    let operands = command.operands.iter().flat_map(|operand| {
        let keyed = operand.keyed.iter().flat_map(|keyed| keyed.sets.iter());
        let marks = operand.prefixed.values().chain(operand.valued.values());
        marks.map(String::as_str).chain(keyed)
    });
    options.chain(operands)
}

/// Lines from the start of an entry to the first that holds `text`.
fn line_of(entry: &str, text: &str) -> usize {
    let quoted = format!("\"{text}\"");
    entry
        .lines()
        .position(|line| line.contains(&quoted))
        .or_else(|| {
            entry
                .lines()
                .position(|line| !text.is_empty() && line.contains(text))
        })
        .unwrap_or_default()
}

fn refuse(file: &str, line: usize, what: &str) -> KnowledgeError {
    KnowledgeError::Syntax {
        file: file.to_owned(),
        message: format!("line {line}: {what}"),
    }
}

fn syntax(file: &str, text: &str, error: &toml::de::Error) -> KnowledgeError {
    let start = error.span().map_or(0, |span| span.start);
    let before = text.get(..start).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let offending = text.lines().nth(line - 1).unwrap_or_default().trim();
    let message = error.message().replace('\n', ", ");
    refuse(file, line, &format!("{message}: `{offending}`"))
}
