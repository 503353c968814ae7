//! What source text takes away below the home, in a language that is not read call by call: `h <- getHomeDirectory`,
//! `removePathForcibly (h ++ "/Documents")`.
//!
//! Line by line: a name that is given the home, or a path below it, stands for that; a line with such a name and a word that takes
//! away loses what its last text names. What is kept for later only (`~/.cache/x`) is not meant.

use super::telling::quoted;

/// How the home is named, in one language or another.
const HOMES: [&str; 14] = [
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
            let is_kept = !path.is_empty() && !path.contains("cache") && !path.contains("tmp");
            if is_kept && found.len() < NAMES_MAX {
                found.push(["~/", &path].concat());
            }
        } else if let Some(name) = assigned(line)
            && names.len() < NAMES_MAX
        {
            names.push((name.to_owned(), path));
        }
    }
    found
}

/// The name that a line gives a value: `final h = …`, `h <- …`, `h := …`.
fn assigned(line: &str) -> Option<&str> {
    let at = line.find(['=', '<'])?;
    let before = line.get(..at)?.trim_end_matches([':', ' ']);
    let name = before.rsplit([' ', '(', '\t']).next()?;
    let is_name = !name.is_empty()
        && name
            .chars()
            .all(|letter| letter.is_alphanumeric() || letter == '_');
    is_name.then_some(name)
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
        for harmless in [
            "let d = dirs::home_dir().unwrap().join(\".cache/x\");\nstd::fs::remove_dir_all(&d)?;\n",
            "h <- getHomeDirectory\nputStrLn h\n",
            "removeFile \"/srv/x\"\n",
        ] {
            assert_eq!(lost(harmless), "", "{harmless}");
        }
    }
}
