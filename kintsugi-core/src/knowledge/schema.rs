//! The form of `knowledge/*.toml`: what programs take and what running them does.
//!
//! Facts, true or false, each with its source; opinions belong into `rules/`. An unknown key is an error.

use serde::Deserialize;

use crate::effect::{Action, Modifier, Role};

/// One file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// Its entries.
    #[serde(default)]
    pub command: Vec<Command>,
    /// Environment variables that make programs run or load something else: `PAGER`, `LD_PRELOAD`, `GIT_SSH_COMMAND`.
    #[serde(default)]
    pub variable: Vec<Keyed>,
}

/// A program, or a subcommand of one.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Command {
    /// Program and subcommands: `["git", "remote", "remove"]`. The entry of the program alone (`["git"]`) holds its global
    /// options, which may stand in front of the subcommand. An element (and an alias) may end in `*` for any rest, and be `*`
    /// for any word: `["aws", "*", "delete-*"]`. Word by word, what is written out is preferred to a prefix, that to `*`, and a
    /// path that ends in an entry without entries below it to one that would go on. An option may select like a subcommand:
    /// `["python", "-m", "pip"]`.
    pub path: Vec<String>,
    /// Other spellings of the last element: `["rm", "del"]`.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Further commands, by their last element, of which the same is true: `"tac nl"` for `["cat"]`. Unlike an alias, each is
    /// reported under its own name, and has no entries below it.
    #[serde(default)]
    pub also: Words,
    /// Where the facts are from: a manual page and the version that was read.
    pub source: String,
    /// How options are written.
    #[serde(default)]
    pub style: Style,
    /// Options. Those of the program's entry hold for its subcommands too.
    #[serde(default)]
    pub options: Vec<Opt>,
    /// Options that take nothing and change nothing of what the command does: `"-l --long"`. A long one may have a value
    /// attached (`--color=auto`). As `options`, these four hold for the entries below too.
    #[serde(default)]
    pub flags: Words,
    /// Options with a value ([`Takes::Value`]) that changes nothing of what the command does.
    #[serde(default)]
    pub values: Words,
    /// Options whose value is a file or directory that is read. `-` is the standard input.
    #[serde(default)]
    pub reads: Words,
    /// Options whose value is a file or directory that is overwritten. `-` is the standard output.
    #[serde(default)]
    pub writes: Words,
    /// Positional operands, in order. Operands beyond the list are unknown, unless the last is `many`.
    #[serde(default)]
    pub operands: Vec<Operand>,
    /// What running it does. None at all: it only looks at its operands or computes, and prints.
    #[serde(default)]
    pub effects: Vec<Effect>,
    /// With subcommands, whether one that is not described is unknown (default) or as harmless as the program's own entry says.
    #[serde(default)]
    pub other_subcommands: OtherSubcommands,
    /// What options and operands mean that are not described. Without: as the entry above it says (`["aws"]` for
    /// `["aws", "s3", "ls"]`), at last unknown.
    #[serde(default)]
    pub others: Option<Others>,
    /// The entry, and every entry below it, also stands for this path, unless that has an entry of its own:
    /// `path = ["docker-compose"]`, `like = ["docker", "compose"]`. What runs is reported under the path of this entry.
    #[serde(default)]
    pub like: Vec<String>,
    /// `-5` and `+5` are options of their own: `head -20`, `nice -5`, `git log -3`.
    #[serde(default)]
    pub numbers: bool,
    /// A subcommand may be shortened to any beginning that no other has: `npm unpub`, `hg stri`. Holds for the entries below too.
    #[serde(default)]
    pub abbreviates: bool,
    /// The first word may be a cluster of option letters without a dash: `tar xzf`, `ps aux`.
    #[serde(default)]
    pub bundled: bool,
    /// The standard input is program text in that language, unless an option or operand with `code` or `runs` was given: `sh`,
    /// `python`, `psql`.
    #[serde(default)]
    pub input: Option<Language>,
    /// What stands on the standard output, when that is not what it read. Without: what the effects say.
    #[serde(default)]
    pub prints: Vec<Prints>,
}

/// What a command prints, which matters when that is run, written or sent.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prints {
    /// What it prints.
    pub what: Printed,
    /// Only when all of these marks or modifiers are set.
    #[serde(default)]
    pub when: OneOrMany,
    /// Not when any of these is set.
    #[serde(default)]
    pub unless: OneOrMany,
}

/// Kinds of printed text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Printed {
    /// Nothing that could matter: numbers, names, states; never what it read or fetched (`wc`, `wget` without `-O -`).
    Nothing,
    /// Its operands: `echo`, `printf`.
    Operands,
    /// What it reads, unchanged: `cat`, `tee`.
    Input,
    /// What a decoder made of its input: `base64 -d`.
    Decoded,
    /// A secret: `gh auth token`, `pass show`.
    Secret,
    /// Content from the network.
    Network,
}

/// What a subcommand means that has no entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OtherSubcommands {
    /// Not known: ambiguous.
    #[default]
    Unknown,
    /// An operand of the program's own entry.
    Operand,
}

/// What the options and operands of a command mean that its entry does not name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Others {
    /// Not known: ambiguous.
    Unknown,
    /// None of them changes what the command does, and the options take their values only behind `=`.
    Harmless,
    /// None of them changes what the command does; the word behind such an option is its value, unless it starts with a
    /// dash (`aws`, `gcloud`, `az`).
    Valued,
}

/// How a program reads its options.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Style {
    /// `-abc`, `-ovalue`, `--long[=value]` (unambiguous prefixes of long options too), anywhere, until `--` (`getopt_long(3)`).
    #[default]
    Gnu,
    /// As `Gnu`, but the first operand ends the options: wrappers (`env`, `nice`, `sudo`), `sh`.
    Posix,
    /// Whole words behind one dash: `-name`, `-auto-approve`, `-var=value` (go, terraform, java, ffmpeg, openssl). Two dashes mean the same.
    Dash,
    /// `key=value` words are options: `dd`.
    Assign,
    /// No options: every word is an operand.
    Opaque,
}

/// An option.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opt {
    /// Its spellings: `["-f", "--force"]`; for [`Style::Assign`] the key: `["of"]`.
    pub flag: Vec<String>,
    /// What follows it.
    #[serde(default)]
    pub takes: Takes,
    /// Modifiers or marks that it sets: a word of [`Modifier`] ends up on every effect of the command; any other word is a
    /// mark that `when` and `unless` of this entry may name.
    #[serde(default)]
    pub sets: OneOrMany,
    /// Values for which it sets nothing: `--force=false`.
    #[serde(default)]
    pub not_for: Vec<String>,
    /// Values for which alone it sets something, when not empty.
    #[serde(default)]
    pub only_for: Vec<String>,
    /// The value belongs to the operand role of that name: `-t DIR` of `cp` is its `to`.
    #[serde(default)]
    pub role: Option<String>,
    /// The value is program text in that language.
    #[serde(default)]
    pub code: Option<Language>,
    /// The value changes the directory that relative paths start from: `git -C`.
    #[serde(default)]
    pub directory: bool,
    /// Effects that this option has by itself, on its value (`on = "value"`, or the name of its `role`) or on `default`.
    #[serde(default)]
    pub effects: Vec<Effect>,
    /// The value is a file with program text in that language: `psql -f`, `awk -f`, `bash --rcfile`.
    #[serde(default)]
    pub runs: Option<Language>,
    /// How the words of the command run that the option takes (`takes = "command"`; default `command-with-more`), or, with
    /// `takes = "value"`, the value is a program and the words behind it are its arguments (`coreutils --coreutils-prog=rm`).
    #[serde(default)]
    pub wraps: Option<Wraps>,
    /// The value is what stands for a name in the wrapped command: `xargs -I {}`.
    #[serde(default)]
    pub replaces: bool,
    /// The value is a pattern of the names that are meant: `find -name`. Every effect on a path is then on what matches below it.
    #[serde(default)]
    pub narrows: bool,
    /// Only the part of the value in front of this text counts: `":"` for `docker -v SRC:DST`.
    #[serde(default)]
    pub before: Option<String>,
    /// Only the part of the value behind this text counts; a value without it does not count: `"@"` for `curl -d @file`.
    #[serde(default)]
    pub after: Option<String>,
    /// The value is `KEY=VALUE` (or `KEY VALUE`), and these keys matter: `git -c`, `ssh -o`. Other keys are harmless.
    #[serde(default)]
    pub keyed: Vec<Keyed>,
}

/// A key, or an environment variable, whose value matters.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keyed {
    /// The keys, in any case of letters; a `*` stands for any characters: `["alias.*"]`.
    pub key: Vec<String>,
    /// Values that are harmless, as whole texts, or with a `*` for any characters: `["cat", "less*", "*/cat"]`. For a variable, one
    /// that begins with `~/` lies in the person's home, however that is written.
    #[serde(default)]
    pub not_for: Vec<String>,
    /// Values for which alone it matters, when not empty: `["!*"]`.
    #[serde(default)]
    pub only_for: Vec<String>,
    /// Modifiers or marks that it sets.
    #[serde(default)]
    pub sets: OneOrMany,
    /// The value is program text in that language. A `!` in front of shell text is not part of it.
    #[serde(default)]
    pub code: Option<Language>,
    /// The value is a file with program text in that language.
    #[serde(default)]
    pub runs: Option<Language>,
    /// Effects it has by itself, on its value (`on = "value"`) or on `default`.
    #[serde(default)]
    pub effects: Vec<Effect>,
}

/// What follows an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Takes {
    /// Nothing.
    #[default]
    Nothing,
    /// A value: attached, after `=`, or the next word.
    Value,
    /// A value only when attached: `--color=auto`, `-i.bak`.
    Attached,
    /// Digits, when they are attached; other letters behind it are options: `perl -0777pe`.
    Digits,
    /// The words of a command, to the end or to a lone `;` or `+`: `find -exec`.
    Command,
    /// Two values (`jq --arg NAME VALUE`).
    Two,
}

/// An operand.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Operand {
    /// A name that the `on` of effects uses.
    pub role: String,
    /// It may be repeated. At most one operand of an entry is; those behind it are counted from the end (`cp FROM… TO`).
    #[serde(default)]
    pub many: bool,
    /// It may be missing. An operand behind a `many` one never is, when there is more than one word.
    #[serde(default)]
    pub optional: bool,
    /// The words from here on are a command.
    #[serde(default)]
    pub wraps: Option<Wraps>,
    /// It is program text in that language.
    #[serde(default)]
    pub code: Option<Language>,
    /// Prefixes that set a modifier or mark: `{ "+" = "forced" }`. The prefix is not part of the value.
    #[serde(default)]
    pub prefixed: std::collections::BTreeMap<String, String>,
    /// Values that set a modifier or mark: `{ main = "shared" }`; a `*` stands for any characters, and ASCII
    /// case does not count.
    #[serde(default)]
    pub valued: std::collections::BTreeMap<String, String>,
    /// The operand is not there when any of these marks is set (`sed` has a script unless `-e` is given).
    #[serde(default)]
    pub unless: OneOrMany,
    /// The operand is there only when all of these marks are set.
    #[serde(default)]
    pub when: OneOrMany,
    /// The value is a file with program text in that language: `python x.py`, `sh x.sh`.
    #[serde(default)]
    pub runs: Option<Language>,
    /// Only the part of the value in front of this text counts.
    #[serde(default)]
    pub before: Option<String>,
    /// Only the part of the value behind this text counts; a value without it does not count.
    #[serde(default)]
    pub after: Option<String>,
    /// The value is `KEY=VALUE`, and these keys matter.
    #[serde(default)]
    pub keyed: Vec<Keyed>,
    /// Its values are the words behind a `--`, and no others: `git checkout -- FILE…`.
    #[serde(default)]
    pub dashes: bool,
}

/// How the words of a wrapped command run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wraps {
    /// As they are: `env`, `nice`, `timeout`.
    Command,
    /// As they are, with assignments allowed in front: `env`, `sudo`.
    CommandWithAssignments,
    /// As they are, with words appended that the line does not show: `xargs`, `find -exec`.
    CommandWithMore,
    /// Joined by spaces and read by a shell: `eval`, `watch`.
    Shell,
    /// Joined by spaces and read by a shell, with words appended that the line does not show: `parallel`.
    ShellWithMore,
    /// On another host, joined and read by a shell there: `ssh`.
    RemoteShell,
    /// In a container or another root: paths mean something else there: `docker exec`, `chroot`.
    Contained,
}

/// A language whose text stands in an option, an operand or on the standard input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Language {
    /// A POSIX shell or bash.
    Shell,
    /// SQL, with the meta commands of `psql` and `mysql`.
    Sql,
    /// Python.
    Python,
    /// JavaScript.
    Javascript,
    /// Perl.
    Perl,
    /// Ruby.
    Ruby,
    /// PHP.
    Php,
    /// awk.
    Awk,
    /// sed.
    Sed,
    /// MongoDB's shell.
    Mongo,
    /// Redis commands.
    Redis,
    /// An editor's commands (`vim -c`).
    Ex,
    /// Emacs Lisp.
    Lisp,
    /// Commands of gdb.
    Gdb,
    /// Tcl and expect.
    Tcl,
    /// Lua.
    Lua,
    /// A makefile.
    Make,
    /// A script of cmake.
    Cmake,
    /// A Dockerfile.
    Docker,
    /// A file of terraform.
    Terraform,
    /// PowerShell.
    Powershell,
    /// An R, Julia or other script, searched for calls that start programs.
    Other,
}

/// What a command does to one of its roles.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Effect {
    /// What happens.
    pub does: Action,
    /// The operand role or the name of a [`Role`] it happens to. An operand whose name is not a [`Role`] needs `kind`.
    pub on: String,
    /// What kind of thing the operand is; default: the [`Role`] that `on` names, else `path`.
    #[serde(default)]
    pub kind: Option<Role>,
    /// Only when all of these marks or modifiers are set.
    #[serde(default)]
    pub when: OneOrMany,
    /// Not when any of these is set.
    #[serde(default)]
    pub unless: OneOrMany,
    /// The target when the operand is missing, or when no operand belongs to it.
    #[serde(default)]
    pub default: Option<String>,
    /// Modifiers that this effect always has.
    #[serde(default)]
    pub with: Vec<Modifier>,
    /// The target is no operand's value but this text.
    #[serde(default)]
    pub target: Option<String>,
    /// Only for targets that look like one of these; a `*` stands for any characters: `["*:*"]` for `scp`.
    #[serde(default)]
    pub only_for: Vec<String>,
    /// Not for targets that look like one of these.
    #[serde(default)]
    pub not_for: Vec<String>,
    /// Happens only when facts show that the target is a path and not a name of the repository: `git checkout X`.
    #[serde(default)]
    pub if_path: bool,
}

/// Words, written as one text with white space between them: `"-a --all"`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(from = "String")]
pub struct Words(pub Vec<String>);

impl From<String> for Words {
    fn from(text: String) -> Self {
        Self(text.split_whitespace().map(str::to_owned).collect())
    }
}

/// `"a"` or `["a", "b"]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(untagged)]
pub enum OneOrMany {
    /// None.
    #[default]
    None,
    /// One.
    One(String),
    /// Any number.
    Many(Vec<String>),
}

impl OneOrMany {
    /// Returns the members.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        let slice: &[String] = match self {
            Self::None => &[],
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        };
        slice.iter().map(String::as_str)
    }
}
