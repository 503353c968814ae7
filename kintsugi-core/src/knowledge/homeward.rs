//! What source text takes away below the home, in a language that is not read call by call: `h <- getHomeDirectory`,
//! `removePathForcibly (h ++ "/Documents")`.
//!
//! Line by line: a name that is given the home, or a path below it, stands for that; a line with such a name and a word that takes
//! away loses what its last text names. What is kept for later only (`~/.cache/x`) is not meant.

use super::telling::quoted;

/// How the home is named, in one language or another.
const HOMES: [&str; 15] = [
    "os.home",
    "getHomeDirectory",
    "UserProfile",
    "['HOME']",
    "[\"HOME\"]",
    "(\"HOME\")",
    "UserHomeDir",
    "home_dir()",
    "user_home",
    "getHomeDir",
    "(fs/home)",
    "homedir()",
    "\"user.home\"",
    "NSHomeDirectory",
    "homeDirectoryForCurrentUser",
];

/// Words of calls that take away, in small letters.
const TAKES: [&str; 8] = [
    "delete", "remove", "rmtree", "rm_rf", "rmdir", "unlink", "truncate", "deltree",
];

/// Most names and lines that are followed.
const NAMES_MAX: usize = 8;
const LINES_MAX: usize = 1000;

/// Paths below the home that a text takes away.
pub(super) fn lost_in_home(text: &str) -> Vec<String> {
    let mut names: Vec<(String, String)> = Vec::new();
    let mut found = Vec::new();
    if !HOMES.iter().any(|home| text.contains(home)) {
        return found;
    }
    for line in text.lines().take(LINES_MAX) {
        let base = if HOMES.iter().any(|home| line.contains(home)) {
            Some(String::new())
        } else {
            let mut known = names.iter().rev();
            known
                .find(|(name, _)| has_word(line, name))
                .map(|(_, path)| path.clone())
        };
        let Some(base) = base else { continue };
        let last = quoted(line).pop().unwrap_or_default();
        let last = last.rsplit('}').next().unwrap_or_default();
        let last = last.trim_matches(['/', '[', ']', '\'']);
        let is_path = !matches!(last, "HOME" | "user.home" | "") && !last.contains([' ', ':']);
        let path = match (base.as_str(), is_path) {
            ("", true) => last.to_owned(),
            (base, true) => [base, "/", last].concat(),
            (base, false) => base.to_owned(),
        };
        let lower = line.to_ascii_lowercase();
        if TAKES.iter().any(|word| lower.contains(word)) {
            let path = path.trim_start_matches('/');
            let is_kept = !path.is_empty() && !path.contains("cache") && !path.contains("tmp");
            if is_kept && found.len() < NAMES_MAX {
                found.push(["~/", path].concat());
            }
        } else {
            let each = walked(line).map(|name| (name, [&path, "/*"].concat()));
            let all = assigned(line)
                .map(|name| (name, path))
                .into_iter()
                .chain(each);
            let room = NAMES_MAX.saturating_sub(names.len());
            let new = all.map(|(name, path)| (name.to_owned(), path));
            names.extend(new.take(room));
        }
    }
    found
}

/// The name that a line gives a value: `final h = …`, `h <- …`, `h := …`, `(def h …)`.
fn assigned(line: &str) -> Option<&str> {
    if let Some(behind) = line.trim_start().strip_prefix("(def ") {
        return behind
            .split_whitespace()
            .next()
            .filter(|name| is_name(name));
    }
    let at = line.find(['=', '<'])?;
    let before = line.get(..at)?.trim_end_matches([':', ' ']);
    before
        .rsplit([' ', '(', '\t'])
        .next()
        .filter(|name| is_name(name))
}

/// The name of each element that a line goes through: `for x in xs`, `xs.foreach { x =>`, `forM_ xs $ \x ->`, `(doseq [x xs]`.
fn walked(line: &str) -> Option<&str> {
    let last = |text: &'_ str| -> usize {
        text.trim_end()
            .rfind([' ', '(', '{', '\\', '['])
            .map_or(0, |at| at + 1)
    };
    let before = [" in ", "=>", "->"]
        .iter()
        .find_map(|mark| line.split_once(mark))
        .map(|(before, _)| before.trim_end());
    let named = before.and_then(|before| before.get(last(before)..));
    let of_lisp = || line.split_once("(doseq [")?.1.split_whitespace().next();
    named.or_else(of_lisp).filter(|name| is_name(name))
}

fn is_name(text: &str) -> bool {
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
    !text.is_empty() && text.chars().all(is_part)
}

fn has_word(line: &str, name: &str) -> bool {
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
    line.split(|letter: char| !is_part(letter))
        .any(|word| word == name)
}

#[cfg(test)]
mod tests {
    use super::lost_in_home;

    #[test]
    fn what_is_below_the_home_is_followed_line_by_line() {
        let lost = |text: &str| lost_in_home(text).join(" ");
        assert_eq!(
            lost(
                "main = do\n  h <- getHomeDirectory\n  removePathForcibly (h ++ \"/Documents\")\n"
            ),
            "~/Documents"
        );
        assert_eq!(
            lost(
                "final d = Directory('${Platform.environment['HOME']}/Documents');\nd.deleteSync(recursive: true);\n"
            ),
            "~/Documents"
        );
        assert_eq!(
            lost("(fs/delete-tree (fs/path (fs/home) \"Documents\"))"),
            "~/Documents"
        );
        for (text, what) in [
            (
                "val root = os.home\nval dirs = os.list(root)\ndirs.foreach { d =>\n  os.remove.all(d)\n}\n",
                "~/*",
            ),
            (
                "var h = GetFolderPath(UserProfile);\nforeach (var d in Directory.EnumerateDirectories(h))\n  Directory.Delete(d, true);\n",
                "~/*",
            ),
            (
                "h <- getHomeDirectory\nxs <- listDirectory h\nforM_ xs $ \\x -> do\n  removePathForcibly (h </> x)\n",
                "~/*",
            ),
            (
                "(def notes (fs/path (fs/home) \"notes\"))\n(fs/delete-tree notes)\n",
                "~/notes",
            ),
        ] {
            assert_eq!(lost(text), what, "{text}");
        }
        for harmless in [
            "h <- getHomeDirectory\nxs <- listDirectory h\nforM_ xs $ \\x -> do\n  putStrLn x\n",
            "let d = dirs::home_dir().unwrap().join(\".cache/x\");\nstd::fs::remove_dir_all(&d)?;\n",
            "h <- getHomeDirectory\nputStrLn h\n",
            "removeFile \"/srv/x\"\n",
        ] {
            assert_eq!(lost(harmless), "", "{harmless}");
        }
    }
}
