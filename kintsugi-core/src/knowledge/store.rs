//! Where the facts lie: an index of names over the texts, and entries read when they are first asked for.
//!
//! Reading all files takes longer than a short-lived client may live, and holds more than an idle daemon should; a
//! line of shell asks for a handful of programs. So loading only cuts the texts into entries and sorts their names. What
//! an entry says is checked by [`super::check`], for the built-in files in a test.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::KnowledgeError;
use super::schema::{Command, File, Keyed};

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
    let ends = starts.iter().skip(1).map(|(start, ..)| *start).chain([text.len()]);
    starts
        .iter()
        .zip(ends)
        .filter_map(|(&(start, line, is_variable), end)| {
            Some(Chunk { text: text.get(start..end)?, line, is_variable })
        })
        .collect()
}

/// Reads the quoted words of the array that follows `key =` at the start of a line.
fn quoted_words<'t>(chunk: &'t str, key: &str) -> Vec<&'t str> {
    let mut rest = chunk;
    let array = loop {
        let Some(after) = rest.strip_prefix(key).map(str::trim_start) else {
            match rest.split_once('\n') {
                Some((_, next)) => rest = next,
                None => return Vec::new(),
            }
            continue;
        };
        match after.strip_prefix('=') {
            Some(value) => break value,
            None => rest = after,
        }
    };
    let Some((array, _)) = array.trim_start().strip_prefix('[').and_then(|it| it.split_once(']'))
    else {
        return Vec::new();
    };
    let quote = if array.trim_start().starts_with('\'') { '\'' } else { '"' };
    array.split(quote).skip(1).step_by(2).collect()
}

/// A program with its subcommands.
#[derive(Debug, Default)]
pub(super) struct Node {
    /// Its own entry. None when only subcommands are described.
    pub(super) entry: Option<Box<Command>>,
    /// Names of subcommands, aliases included, sorted, each with an index into `children`.
    names: Vec<(Box<str>, usize)>,
    children: Vec<Node>,
}

impl Node {
    /// The subcommand of that name.
    pub(super) fn child(&self, name: &str) -> Option<&Self> {
        let at = self.names.binary_search_by(|(known, _)| (**known).cmp(name)).ok()?;
        self.names.get(at).and_then(|(_, child)| self.children.get(*child))
    }

    /// Whether it has subcommands.
    pub(super) const fn has_children(&self) -> bool {
        !self.children.is_empty()
    }

    /// Puts `command` at its place. False when something stands there already.
    pub(super) fn insert(&mut self, command: Command) -> bool {
        let path = command.path.clone();
        let mut node = self;
        for name in path.iter().skip(1) {
            node = node.child_or_new(name);
        }
        if node.entry.is_some() {
            return false;
        }
        let aliases = command.aliases.clone();
        node.entry = Some(Box::new(command));
        path.len() < 2 || self.insert_aliases(&path, &aliases)
    }

    fn insert_aliases(&mut self, path: &[String], aliases: &[String]) -> bool {
        let Some((last, parents)) = path.split_last() else {
            return true;
        };
        let mut parent = self;
        for name in parents.iter().skip(1) {
            parent = parent.child_or_new(name);
        }
        let Ok(at) = parent.names.binary_search_by(|(known, _)| (**known).cmp(last.as_str())) else {
            return false;
        };
        let Some(child) = parent.names.get(at).map(|(_, child)| *child) else {
            return false;
        };
        aliases.iter().all(|alias| {
            match parent.names.binary_search_by(|(known, _)| (**known).cmp(alias.as_str())) {
                Ok(_) => false,
                Err(at) => {
                    parent.names.insert(at, (alias.as_str().into(), child));
                    true
                }
            }
        })
    }

    fn child_or_new(&mut self, name: &str) -> &mut Self {
        let child = match self.names.binary_search_by(|(known, _)| (**known).cmp(name)) {
            Ok(at) => self.names.get(at).map_or(0, |(_, child)| *child),
            Err(at) => {
                self.children.push(Self::default());
                self.names.insert(at, (name.into(), self.children.len() - 1));
                self.children.len() - 1
            }
        };
        #[expect(clippy::indexing_slicing, reason = "the index was just looked up or made")]
        &mut self.children[child]
    }
}

/// A program that is not read yet: which texts describe it.
#[derive(Debug, Default)]
struct Slot {
    chunks: Vec<(&'static str, usize)>,
    node: OnceLock<Node>,
}

/// The index.
#[derive(Debug, Default)]
pub(super) struct Store {
    programs: BTreeMap<&'static str, Slot>,
    /// Other names of programs.
    aliases: BTreeMap<&'static str, &'static str>,
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
                store.programs.entry(program).or_default().chunks.push((chunk.text, chunk.line));
                if path.len() == 1 {
                    for alias in quoted_words(chunk.text, "aliases") {
                        store.aliases.insert(alias, program);
                    }
                }
            }
        }
        Ok(store)
    }

    /// The program of exactly that name.
    pub(super) fn program(&self, name: &str) -> Option<(&str, &Node)> {
        let name = self.aliases.get(name).copied().unwrap_or(name);
        let (name, slot) = self.programs.get_key_value(name)?;
        Some((name, slot.node.get_or_init(|| read_node(&slot.chunks))))
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

    /// The names of all programs, for tests and people.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.programs.keys().copied()
    }
}

/// Reads the entries of one program. An entry that cannot be read is left out, so that what it describes stays unknown; the
/// built-in files have none, which a test shows.
fn read_node(chunks: &[(&'static str, usize)]) -> Node {
    let mut node = Node::default();
    for (text, _) in chunks {
        let Ok(file) = toml::from_str::<File>(text) else {
            continue;
        };
        for command in file.command {
            node.insert(command);
        }
    }
    node
}
