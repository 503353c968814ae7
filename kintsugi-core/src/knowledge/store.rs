//! Where the facts lie: an index of names over the texts, and entries read when they are first asked for.
//!
//! Reading all files takes longer than a short-lived client may live, and holds more than an idle daemon should; a
//! line of shell asks for a handful of programs. So loading only cuts the texts into entries and sorts their names. What
//! an entry says is checked by [`super::check`], for the built-in files in a test.

use std::collections::BTreeMap;
use std::sync::{Arc as Rc, OnceLock};

use super::KnowledgeError;
use super::schema::{Command, File, Keyed};
use crate::place::pattern;

/// An entry's text and where it stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chunk<'t> {
    /// The text of the entry, from its `[[…]]` on.
    pub(super) text: &'t str,
    /// The line it starts at, from 1.
    pub(super) line: usize,
    /// Whether it is a `[[variable]]`.
    pub(super) is_variable: bool,
}

/// Cuts a file into its entries. What stands in front of the first is not among them.
pub(super) fn chunks(text: &str) -> Vec<Chunk<'_>> {
    let mut starts: Vec<(usize, usize, bool)> = Vec::new();
    let mut offset = 0;
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let is_variable = line.starts_with("[[variable]]");
        if is_variable || line.starts_with("[[command]]") {
            starts.push((offset, number + 1, is_variable));
        }
        offset += line.len();
    }
    let ends = starts
        .iter()
        .skip(1)
        .map(|(start, ..)| *start)
        .chain([text.len()]);
    starts
        .iter()
        .zip(ends)
        .filter_map(|(&(start, line, is_variable), end)| {
            Some(Chunk {
                text: text.get(start..end)?,
                line,
                is_variable,
            })
        })
        .collect()
}

/// The text behind `key =` at the start of a line.
fn value_of<'t>(chunk: &'t str, key: &str) -> Option<&'t str> {
    let mut rest = chunk;
    loop {
        let value = rest
            .strip_prefix(key)
            .and_then(|after| after.trim_start().strip_prefix('='))
            .map(str::trim_start);
        if value.is_some() {
            return value;
        }
        rest = rest.split_once('\n')?.1;
    }
}

/// Reads the quoted words of the array that follows `key =` at the start of a line.
fn quoted_words<'t>(chunk: &'t str, key: &str) -> Vec<&'t str> {
    let Some((array, _)) = value_of(chunk, key)
        .and_then(|value| value.strip_prefix('['))
        .and_then(|value| value.split_once(']'))
    else {
        return Vec::new();
    };
    array.split('"').skip(1).step_by(2).collect()
}

/// Reads the words of the text that follows `key =` at the start of a line.
fn spaced_words<'t>(chunk: &'t str, key: &str) -> impl Iterator<Item = &'t str> {
    let value = value_of(chunk, key).unwrap_or_default();
    let quote = if value.starts_with("\"\"\"") {
        "\"\"\""
    } else {
        "\""
    };
    value
        .strip_prefix(quote)
        .and_then(|value| value.split_once(quote))
        .map_or("", |(words, _)| words)
        .split_whitespace()
}

/// A program with its subcommands.
#[derive(Debug, Default)]
pub(super) struct Node {
    /// Its own entry. None when only subcommands are described.
    pub(super) entry: Option<Rc<Command>>,
    /// Names of subcommands, aliases included, sorted, each with an index into `children`.
    names: Vec<(Box<str>, usize)>,
    /// The same for names with a `*`, in the order of the file.
    patterns: Vec<(Box<str>, usize)>,
    children: Vec<Self>,
}

impl Node {
    /// The subcommands that `word` could mean: the one of that name, then prefixes, then any.
    pub(super) fn matching<'n>(&'n self, word: &str) -> impl Iterator<Item = &'n Self> {
        let literal = self
            .names
            .binary_search_by(|(known, _)| (**known).cmp(word))
            .ok()
            .and_then(|at| self.names.get(at));
        let patterns = |any: bool| {
            self.patterns
                .iter()
                .filter(move |(known, _)| (**known == *"*") == any && pattern::matches(known, word))
        };
        literal
            .into_iter()
            .chain(patterns(false))
            .chain(patterns(true))
            .filter_map(|(_, child)| self.children.get(*child))
    }

    /// The one subcommand whose name begins so, with its name.
    pub(super) fn beginning<'n>(&'n self, word: &str) -> Option<(&'n str, &'n Self)> {
        let first = self.names.partition_point(|(known, _)| **known < *word);
        let behind = self.names.get(first..).unwrap_or_default();
        let mut all = behind
            .iter()
            .take_while(|(known, _)| known.starts_with(word));
        let (name, child) = all.next()?;
        let is_alone = all.all(|(_, other)| other == child);
        let child = self.children.get(*child).filter(|_| is_alone)?;
        Some((name, child))
    }

    /// The subcommand of exactly that name, which may be a pattern.
    pub(super) fn child(&self, name: &str) -> Option<&Self> {
        self.index_of(name)
            .and_then(|child| self.children.get(child))
    }

    /// Whether it has subcommands.
    pub(super) const fn has_children(&self) -> bool {
        !self.children.is_empty()
    }

    fn index_of(&self, name: &str) -> Option<usize> {
        let found = if name.contains('*') {
            self.patterns.iter().find(|(known, _)| **known == *name)
        } else {
            let at = self
                .names
                .binary_search_by(|(known, _)| (**known).cmp(name))
                .ok()?;
            self.names.get(at)
        };
        found.map(|(_, child)| *child)
    }

    /// Puts `command` at its place, which is below this node. Returns the spelling that is taken already, if one is.
    pub(super) fn insert(&mut self, command: Command) -> Result<(), String> {
        let command = Rc::new(command);
        let mut node = &mut *self;
        let Some((last, parents)) = command.path.get(1..).and_then(<[String]>::split_last) else {
            return node.set(&command);
        };
        for name in parents {
            node = node.child_or_new(name)?;
        }
        node.child_or_new(last)?.set(&command)?;
        for name in &command.also.0 {
            node.child_or_new(name)?.set(&command)?;
        }
        let Some(child) = node.index_of(last) else {
            return Ok(());
        };
        command.aliases.iter().try_for_each(|alias| {
            if node.index_of(alias).is_some() {
                return Err(alias.clone());
            }
            node.put(alias, child);
            Ok(())
        })
    }

    fn set(&mut self, command: &Rc<Command>) -> Result<(), String> {
        if self.entry.is_some() {
            return Err(command.path.join(" "));
        }
        self.entry = Some(Rc::clone(command));
        Ok(())
    }

    fn put(&mut self, name: &str, child: usize) {
        if name.contains('*') {
            self.patterns.push((name.into(), child));
        } else if let Err(at) = self
            .names
            .binary_search_by(|(known, _)| (**known).cmp(name))
        {
            self.names.insert(at, (name.into(), child));
        }
    }

    fn child_or_new(&mut self, name: &str) -> Result<&mut Self, String> {
        let child = self.index_of(name).unwrap_or_else(|| {
            self.children.push(Self::default());
            let child = self.children.len() - 1;
            self.put(name, child);
            child
        });
        self.children.get_mut(child).ok_or_else(|| name.to_owned())
    }
}

/// A program that is not read yet: which texts describe it.
#[derive(Debug, Default)]
struct Slot {
    chunks: Vec<&'static str>,
    node: OnceLock<Node>,
}

/// The index.
#[derive(Debug, Default)]
pub(super) struct Store {
    programs: BTreeMap<&'static str, Slot>,
    /// Other names of programs.
    aliases: BTreeMap<&'static str, &'static str>,
    /// The same with a `*`: `python3.*`.
    alias_patterns: Vec<(&'static str, &'static str)>,
    variable_chunks: Vec<&'static str>,
    variables: OnceLock<Vec<Keyed>>,
}

impl Store {
    /// Indexes `files`.
    pub(super) fn index(
        files: &'static [(&'static str, &'static str)],
    ) -> Result<Self, KnowledgeError> {
        let mut store = Self::default();
        for (file, text) in files {
            for chunk in chunks(text) {
                if chunk.is_variable {
                    store.variable_chunks.push(chunk.text);
                    continue;
                }
                let path = quoted_words(chunk.text, "path");
                let Some(program) = path.first() else {
                    return Err(KnowledgeError::Syntax {
                        file: (*file).to_owned(),
                        message: format!("line {}: an entry has no `path`", chunk.line),
                    });
                };
                store
                    .programs
                    .entry(program)
                    .or_default()
                    .chunks
                    .push(chunk.text);
                if path.len() == 1 {
                    for alias in quoted_words(chunk.text, "aliases") {
                        if alias.contains('*') {
                            store.alias_patterns.push((alias, program));
                        } else {
                            store.aliases.insert(alias, program);
                        }
                    }
                    for name in spaced_words(chunk.text, "also") {
                        store
                            .programs
                            .entry(name)
                            .or_default()
                            .chunks
                            .push(chunk.text);
                    }
                }
            }
        }
        store.give_own_entries();
        Ok(store)
    }

    /// A name that stands for another program and has entries of its own too (`heroku run` beside what is said of `doctl` and
    /// its like) is a program of its own, of which the entries of the other are true where it has none.
    fn give_own_entries(&mut self) {
        let own: Vec<(&'static str, &'static str)> = self
            .aliases
            .iter()
            .filter(|(alias, _)| self.programs.contains_key(*alias))
            .map(|(alias, program)| (*alias, *program))
            .collect();
        for (alias, program) in own {
            let shared = self
                .programs
                .get(program)
                .map(|slot| slot.chunks.clone())
                .unwrap_or_default();
            if let Some(slot) = self.programs.get_mut(alias) {
                slot.chunks.extend(shared);
            }
            self.aliases.remove(alias);
        }
    }

    /// The program of exactly that name.
    pub(super) fn program(&self, name: &str) -> Option<(&str, &Node)> {
        let name = self.aliases.get(name).copied().unwrap_or(name);
        let (name, slot) = self.programs.get_key_value(name).or_else(|| {
            let like = |(known, _): &&(&str, &str)| pattern::matches(known, name);
            let (_, program) = self.alias_patterns.iter().find(like)?;
            self.programs.get_key_value(program)
        })?;
        Some((
            name,
            slot.node.get_or_init(|| read_node(name, &slot.chunks)),
        ))
    }

    /// Every environment variable that matters.
    pub(super) fn variables(&self) -> &[Keyed] {
        self.variables.get_or_init(|| {
            self.variable_chunks
                .iter()
                .filter_map(|text| toml::from_str::<File>(text).ok())
                .flat_map(|file| file.variable)
                .collect()
        })
    }

    /// The names of all programs.
    #[cfg(test)]
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.programs.keys().copied()
    }
}

/// Reads the entries of one program. An entry that cannot be read is left out, so that what it describes stays unknown; the
/// built-in files have none, which a test shows.
fn read_node(name: &str, chunks: &[&'static str]) -> Node {
    let mut node = Node::default();
    for text in chunks {
        let Ok(file) = toml::from_str::<File>(text) else {
            continue;
        };
        for mut command in file.command {
            if let Some(first) = command.path.first_mut()
                && first != name
            {
                name.clone_into(first);
            }
            // A second description of the same path is left out as well; the test names it.
            drop(node.insert(command));
        }
    }
    node
}
