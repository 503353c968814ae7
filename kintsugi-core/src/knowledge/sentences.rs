//! Texts that are no shell and of no language that is read here: a query for a server that is not described, the name of a
//! script, the address of a request. What they say in English or in the words that query languages share.
//!
//! Knows no program. A text that says nothing is no proof of anything.

use super::lexicon::{Sense, parts, sense, word_sense};

/// Longest text that is looked at, in bytes; a longer one is no sentence but a file.
const TEXT_BYTES_MAX: usize = 4096;

/// What a query or an instruction says: `DROP STREAM s`, `MATCH (n) DETACH DELETE n`, `db._dropDatabase("x")`.
pub(super) fn sentence_sense(text: &str) -> Sense {
    if text.len() > TEXT_BYTES_MAX {
        return Sense::Nothing;
    }
    let statements = text.split([';', '\n']);
    let mut found = statements.map(statement_sense);
    let said = found.find(|sense| *sense != Sense::Nothing);
    said.unwrap_or_else(|| call_sense(text))
}

/// A statement begins with its verb; in capitals a verb counts anywhere.
fn statement_sense(statement: &str) -> Sense {
    let is_of_word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let mut words = statement
        .split(|letter: char| !is_of_word(letter))
        .filter(|word| !word.is_empty());
    let Some(first) = words.next() else {
        return Sense::Nothing;
    };
    let mut found = sense(&first.to_ascii_lowercase());
    if found == Sense::Nothing && statement.split_whitespace().count() == 1 {
        // `flush_all`
        found = word_sense(first);
    }
    // Leaving a shell is not stopping what it talks to.
    let leaves = matches!(first, "quit" | "leave" | "off" | "down" | "pause");
    if is_loss(found) || matches!(found, Sense::Stops | Sense::Grants) && !leaves {
        return found;
    }
    let mut before = first;
    for word in words {
        let is_pair = [
            "delete from",
            "drop table",
            "drop database",
            "detach delete",
        ]
        .iter()
        .filter_map(|pair| pair.split_once(' '))
        .any(|(verb, noun)| verb.eq_ignore_ascii_case(before) && noun.eq_ignore_ascii_case(word));
        let is_loud = before.len() > 2
            && before.bytes().all(|letter| letter.is_ascii_uppercase())
            && matches!(
                before,
                "DELETE" | "DROP" | "TRUNCATE" | "REMOVE" | "PURGE" | "WIPE"
            );
        if is_pair || is_loud {
            return Sense::Destroys;
        }
        before = word;
    }
    Sense::Nothing
}

/// A call by a name that says it, or a verb in quotes: `User.destroy_all`, `redis.call('flushall')`, `<delete>`.
fn call_sense(text: &str) -> Sense {
    let mut rest = text;
    while let Some(at) = rest.find(|letter: char| letter.is_ascii_alphabetic()) {
        let before = rest.get(..at).unwrap_or_default().chars().next_back();
        let word = rest.get(at..).unwrap_or_default();
        let end = word
            .find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
            .unwrap_or(word.len());
        let (word, behind) = word.split_at_checked(end).unwrap_or((word, ""));
        let is_called =
            behind.starts_with('(') || matches!(before, Some('.' | ':')) && behind.is_empty();
        let is_quoted = matches!(before, Some('\'' | '"' | '<'))
            && matches!(behind.chars().next(), Some('\'' | '"' | '>'));
        let found = if is_called || is_quoted {
            parts(word)
                .next()
                .map_or(Sense::Nothing, |part| sense(&part))
        } else {
            Sense::Nothing
        };
        if is_loss(found) && !is_mild(word) {
            return found;
        }
        rest = behind;
    }
    Sense::Nothing
}

const fn is_loss(sense: Sense) -> bool {
    matches!(sense, Sense::Destroys | Sense::Deletes)
}

/// Verbs that name methods of values in memory as often as a loss.
fn is_mild(word: &str) -> bool {
    matches!(
        word,
        "remove"
            | "clear"
            | "reset"
            | "clean"
            | "archive"
            | "empty"
            | "restore"
            | "undo"
            | "drop"
            | "expire"
            | "forget"
            | "truncate"
            | "flush"
            | "unlink"
            | "cleanup"
            | "overwrite"
    )
}

/// What the path of an address says: `/job/x/doDelete`, `/v3/kv/deleterange`.
pub(super) fn address_sense(address: &str) -> Sense {
    let behind_scheme = address.split_once("://").map_or(address, |(_, rest)| rest);
    let Some((_, path)) = behind_scheme.split_once('/') else {
        return Sense::Nothing;
    };
    if path.len() > TEXT_BYTES_MAX {
        return Sense::Nothing;
    }
    path.split(['/', '?', '&', '=', '%', ':', ','])
        .map(|word| match word {
            // What is asked of a server, and would say nothing of a program here.
            "rebuild" | "reinstall" | "reimage" | "rescue" | "power_off" | "poweroff" => {
                Sense::Destroys
            }
            word => word_sense(word),
        })
        .find(|found| {
            is_loss(*found) || matches!(found, Sense::Stops | Sense::Grants | Sense::Pays)
        })
        .unwrap_or(Sense::Nothing)
}

/// What the name of a script says: `migrate_down.sql`, `drop-users.js`.
///
/// A file of statements is named for what they do; a program is more often named for what it cleans of its own, so that of
/// its name only the strong words count, or a weak one beside what it is said of.
pub(super) fn file_sense(name: &str, is_of_statements: bool) -> Sense {
    let base = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let stem = base.rsplit_once('.').map_or(base, |(stem, _)| stem);
    let all: Vec<String> = parts(stem).collect();
    let strong = all
        .iter()
        .any(|part| sense(part) == Sense::Destroys && part != "flush");
    let weak = all.iter().any(|part| {
        matches!(
            part.as_str(),
            "delete" | "del" | "remove" | "rm" | "reset" | "clear" | "restore"
        )
    });
    let is_undone = all
        .iter()
        .any(|part| matches!(part.as_str(), "down" | "undo" | "rollback"));
    let is_much = all.iter().any(|part| {
        matches!(
            part.as_str(),
            "all"
                | "db"
                | "database"
                | "users"
                | "accounts"
                | "prod"
                | "production"
                | "customers"
                | "backups"
                | "volumes"
                | "everything"
        )
    });
    // A dump replaces the tables that it names: it begins with dropping them.
    let is_dump = all.iter().any(|part| {
        matches!(
            part.as_str(),
            "dump" | "backup" | "bak" | "snapshot" | "empty" | "blank"
        )
    });
    if strong || is_of_statements && (weak || is_undone || is_dump) || weak && is_much {
        Sense::Destroys
    } else {
        Sense::Nothing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_says_what_is_lost() {
        for text in [
            "DROP STREAM s",
            "MATCH (n) DETACH DELETE n",
            "match (n) detach delete n",
            "SELECT 1; delete from t",
            "db._dropDatabase(\"x\")",
            "User.destroy_all",
            "return redis.call('flushall')",
            "<delete><query>*:*</query></delete>",
            "purge volume=Vol1",
            "shutdown",
        ] {
            assert_ne!(sentence_sense(text), Sense::Nothing, "{text}");
        }
        for text in [
            "SELECT deleted FROM t",
            "please delete this",
            "MATCH (n) RETURN n",
            "load x\nrun\nquit",
            "db.users.find({})",
            "fix: delete button",
            "list.remove(x)",
            "",
        ] {
            assert_eq!(sentence_sense(text), Sense::Nothing, "{text}");
        }
    }

    #[test]
    fn an_address_says_what_is_asked_for() {
        for address in [
            "http://ci/job/x/doDelete",
            "etcd:2379/v3/kv/deleterange",
            "https://x/a/disable",
        ] {
            assert_ne!(address_sense(address), Sense::Nothing, "{address}");
        }
        for address in [
            "https://delete.example",
            "https://x/a/list",
            "https://x/users/5",
        ] {
            assert_eq!(address_sense(address), Sense::Nothing, "{address}");
        }
    }

    #[test]
    fn a_script_is_named_for_what_it_does() {
        assert_eq!(file_sense("db/migrate_down.sql", true), Sense::Destroys);
        assert_eq!(file_sense("drop-users.js", false), Sense::Destroys);
        assert_eq!(file_sense("reset_db.sh", false), Sense::Destroys);
        assert_eq!(file_sense("db/dump.sql", true), Sense::Destroys);
        assert_eq!(file_sense("dump.py", false), Sense::Nothing);
        assert_eq!(file_sense("schema.sql", true), Sense::Nothing);
        assert_eq!(file_sense("clean.sh", false), Sense::Nothing);
        assert_eq!(file_sense("remove_comments.py", false), Sense::Nothing);
    }
}
