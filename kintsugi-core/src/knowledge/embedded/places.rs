//! Where the home of whoever runs a text is named, and calls that write to a path which they take in a way of their own.
//!
//! Sources: the manuals of Python 3.13, Node.js 22, Deno 2, Ruby 3.4, Go 1.23, Elixir 1.17, Rust 1.82, Nim 2.2, R 4.4, Julia 1.11,
//! Swift 6; Pillow 11; readr 2.1.

use super::calls::{self, Does, SELF};
use super::effects::Call;
use super::script::Script;
use super::value::Value;
use crate::effect::{Action, Feed};
use crate::knowledge::schema::Language;
use crate::shell::{Hole, Piece, Word};

/// Functions that give back the home.
const HOMES: [&str; 13] = [
    "os.UserHomeDir",
    "homedir.Dir",
    "System.user_home",
    "System.user_home!",
    "NSHomeDirectory",
    "getHomeDir",
    "os.getHomeDir",
    "dirs.home_dir",
    "home_dir",
    "std.env.home_dir",
    "fs.path_home",
    "path_home",
    "FileManager.default.homeDirectoryForCurrentUser",
];

/// Functions that give back a variable of the environment.
const GETTERS: [&str; 20] = [
    "os.getenv",
    "os.environ.get",
    "os.environ.setdefault",
    "ENV.fetch",
    "ENV.get",
    "Deno.env.get",
    "os.Getenv",
    "os.LookupEnv",
    "System.get_env",
    "System.fetch_env",
    "System.fetch_env!",
    "std.env.var",
    "env.var",
    "os.getEnv",
    "getEnv",
    "Environment.GetEnvironmentVariable",
    "System.Environment.GetEnvironmentVariable",
    "Sys.getenv",
    "OS.get_environment",
    "environment.get",
];

/// Functions of R that write what they are given first to the file behind it, or to the one that a keyword names.
const TO_SECOND: [&str; 13] = [
    "write.csv",
    "write.csv2",
    "write.table",
    "write.dcf",
    "writeLines",
    "saveRDS",
    "write_csv",
    "write_tsv",
    "write_rds",
    "write_delim",
    "fwrite",
    "write_xlsx",
    "write_parquet",
];

/// Libraries by which a program finds the folders of a home: dirs 5 and directories 5 of Rust, platformdirs 4 of Python.
const DIRECTORIES: [&str; 3] = ["dirs.", "dirs_next.", "platformdirs."];

/// Parts of their names, and where the folder stands (xdg-user-dirs 0.18, XDG Base Directory Specification 0.8).
const FOLDERS: [(&str, &str); 12] = [
    ("picture", "Pictures"),
    ("document", "Documents"),
    ("download", "Downloads"),
    ("desktop", "Desktop"),
    ("audio", "Music"),
    ("music", "Music"),
    ("video", "Videos"),
    ("config", ".config"),
    ("state", ".local/state"),
    ("cache", ".cache"),
    ("data", ".local/share"),
    ("font", ".local/share/fonts"),
];

/// The home, when a call gives that back.
pub(super) fn home_of(call: &Call<'_>) -> Option<Value> {
    let path = call.path;
    let first = call.argument(0).path.unwrap_or_default();
    // `Environment.SpecialFolder` of .NET 9: the home, and what stands in it under names that differ.
    if path.ends_with("Environment.GetFolderPath") {
        let folder = first.rsplit('.').next().unwrap_or_default();
        return match folder {
            "UserProfile" | "Personal" => Some(super::value::home()),
            "MyDocuments"
            | "Desktop"
            | "DesktopDirectory"
            | "MyPictures"
            | "MyMusic"
            | "MyVideos"
            | "Favorites"
            | "ApplicationData"
            | "LocalApplicationData" => Some(super::value::home().then("/", &Value::text(folder))),
            _ => None,
        };
    }
    let last = path.rsplit('.').next().unwrap_or_default();
    if DIRECTORIES
        .iter()
        .any(|library| path.strip_prefix(library) == Some(last))
    {
        let folder = FOLDERS.iter().find(|(name, _)| last.contains(name));
        return folder.map(|(_, folder)| super::value::home().then("/", &Value::text(*folder)));
    }
    let is_home = HOMES.contains(&path)
        || GETTERS.contains(&path) && call.argument(0).known().as_deref() == Some("HOME");
    is_home.then(super::value::home)
}

/// Whether a value is a path by its looks: from the root or the home, or one of what is listed.
fn is_path(value: &Value) -> bool {
    let looks = |word: &Word| match word.pieces.as_slice() {
        [Piece::Text(text), ..] => text.starts_with(['/', '~']) || text.contains("./"),
        [Piece::Hole(Hole::Variable(_)), Piece::Text(text), ..] => text.starts_with('/'),
        [Piece::Glob(_), ..] => true,
        _ => false,
    };
    value.alternatives().iter().any(looks)
}

impl Script<'_> {
    /// Notes what a call writes to or deletes that no table can say, because only its arguments tell.
    pub(super) fn saves(&mut self, call: &Call<'_>) -> Option<Value> {
        let (at, action) = self.saved(call)?;
        let target = match at {
            At::Argument(at) => call.argument(at),
            At::Keyword(name) => keyword(call, name)?.clone(),
        };
        let call = Call {
            path: call.path,
            object: None,
            arguments: vec![(None, target)],
        };
        self.perform(calls::path(action, 0), &call);
        Some(Value::unknown(Feed::Nothing))
    }

    fn saved(&self, call: &Call<'_>) -> Option<(At, Action)> {
        use Action::{Delete, Overwrite};
        let last = call.path.rsplit('.').next().unwrap_or_default();
        let on_path = |at: usize| is_path(&call.argument(at));
        let language = self.language;
        // `Image.open(f).resize(…).save(f)`
        if language == Language::Python && last == "save" && call.object.is_some() && on_path(0) {
            return Some((At::Argument(0), Overwrite));
        }
        // `Path(d).open("w")`
        if language == Language::Python && last == "open" && call.object.is_some() {
            let first = call.argument(0);
            let mode = keyword(call, "mode").unwrap_or(&first).known()?;
            let action = calls::opened(&mode);
            return (mode.len() <= 3 && action != Action::Read && on_path(SELF))
                .then_some((At::Argument(SELF), action));
        }
        // A file that is copied, or put into an archive (tarfile, shutil).
        if language == Language::Python
            && last == "add"
            && call.object.is_some()
            && call.positional().count() == 1
            && on_path(0)
        {
            return Some((At::Argument(0), Action::Read));
        }
        // `archive.write(p)` of zipfile: a file that is put into an archive.
        if language == Language::Python
            && last == "write"
            && call.object.is_some()
            && ["zipfile", "ZipFile"]
                .iter()
                .any(|it| self.names.contains_key(*it))
            && on_path(0)
        {
            return Some((At::Argument(0), Action::Read));
        }
        // `Bun.file(p).delete()`
        if language == Language::Javascript
            && matches!(last, "delete" | "unlink")
            && call.object.is_some()
            && call.arguments.is_empty()
            && on_path(SELF)
        {
            return Some((At::Argument(SELF), Delete));
        }
        if language == Language::Other {
            return Self::saved_by_other(call, last);
        }
        None
    }

    fn saved_by_other(call: &Call<'_>, last: &str) -> Option<(At, Action)> {
        use Action::{Delete, Overwrite, Write};
        let on_path = |at: usize| is_path(&call.argument(at));
        let appends = keyword(call, "append")
            .and_then(|value| value.path.clone())
            .is_some_and(|path| path.starts_with('T'));
        if TO_SECOND.contains(&call.path) || call.path == "cat" || call.path == "sink" {
            let named = ["file", "con", "path"];
            let named = named.into_iter().find(|name| keyword(call, name).is_some());
            let at = match named {
                Some(name) => At::Keyword(name),
                None if call.path == "sink" => At::Argument(0),
                None if call.path == "cat" || call.positional().count() < 2 => return None,
                None => At::Argument(1),
            };
            return Some((at, if appends { Write } else { Overwrite }));
        }
        // `"".write(toFile: p, atomically: true, encoding: .utf8)`
        if last == "write" && call.object.is_some() {
            let name = ["toFile", "to"]
                .into_iter()
                .find(|name| keyword(call, name).is_some_and(is_path))?;
            return Some((At::Keyword(name), Overwrite));
        }
        // `write("/x", "")` of Julia
        if call.path == "write" && call.object.is_none() && on_path(0) {
            return Some((At::Argument(0), Overwrite));
        }
        let is_method = call.object.is_some() && on_path(SELF);
        match last {
            "delete" | "deleteIfExists" | "deleteOnExit" | "remove" | "unlink" if is_method => {
                Some((At::Argument(SELF), Delete))
            }
            "writeText" | "writeBytes" | "setText" | "bytes_write" | "spurt" if is_method => {
                Some((At::Argument(SELF), Overwrite))
            }
            _ => None,
        }
    }

    /// `Redix.command(conn, ["FLUSHALL"])`: what is said to the database stands behind the connection (Redix 1.5).
    pub(super) fn said_to_redis(&mut self, call: &Call<'_>) -> bool {
        let is_redix = call.path.starts_with("Redix.") || call.path.contains("redix");
        let name = call.path.trim_end_matches('!');
        if !is_redix || !name.ends_with("command") && !name.ends_with("pipeline") {
            return false;
        }
        let said = Call {
            path: call.path,
            object: None,
            arguments: call.arguments.iter().skip(1).cloned().collect(),
        };
        self.perform(Does::Redis, &said);
        true
    }
}

/// Which argument a path is.
enum At {
    /// The one of that number.
    Argument(usize),
    /// The one with that keyword.
    Keyword(&'static str),
}

fn keyword<'a>(call: &'a Call<'_>, name: &str) -> Option<&'a Value> {
    let mut all = call.arguments.iter();
    all.find(|(key, _)| key.as_deref() == Some(name))
        .map(|(_, value)| value)
}
