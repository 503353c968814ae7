//! The collection methods of MongoDB's shell, which are no functions of JavaScript (mongosh 2.3).

use super::super::{Embedded, effect};
use crate::effect::{Action, Modifier, Modifiers, Role};

/// Reads the collection methods of MongoDB's shell, which are no functions of JavaScript.
pub(in super::super) fn read_mongo(text: &str) -> Vec<Embedded> {
    const METHODS: &[(&str, Action, Role)] = &[
        (".dropDatabase(", Action::Delete, Role::Database),
        (".drop(", Action::Delete, Role::Table),
        (".deleteMany(", Action::Delete, Role::Table),
        (".deleteOne(", Action::Delete, Role::Table),
        (".remove(", Action::Delete, Role::Table),
        (".updateMany(", Action::Write, Role::Table),
        (".updateOne(", Action::Write, Role::Table),
        (".insertOne(", Action::Write, Role::Table),
        (".insertMany(", Action::Write, Role::Table),
        (".dropUser(", Action::Delete, Role::Account),
        (".createUser(", Action::Grant, Role::Account),
        (".shutdownServer(", Action::StopService, Role::Service),
        (".dropIndexes(", Action::Delete, Role::Config),
        (".dropAllUsers(", Action::Delete, Role::Account),
        (".dropAllRoles(", Action::Delete, Role::Account),
        (".renameCollection(", Action::Write, Role::Table),
        ("rs.remove(", Action::StopService, Role::Service),
        ("rs.reconfig(", Action::StopService, Role::Service),
        ("rs.stepDown(", Action::StopService, Role::Service),
        ("sh.removeShard(", Action::StopService, Role::Service),
    ];
    // Commands of the server, and stages that write a collection anew, by their names as a key.
    const KEYS: &[(&str, Action, Role)] = &[
        ("Command({shutdown", Action::StopService, Role::Service),
        ("Command({dropDatabase:", Action::Delete, Role::Database),
        ("Command({drop:", Action::Delete, Role::Table),
        ("Command({delete:", Action::Delete, Role::Table),
        ("{$out:", Action::Overwrite, Role::Table),
    ];
    let mut found = Vec::new();
    let bare: String = text
        .chars()
        .filter(|c| !(c.is_whitespace() || matches!(c, '"' | '\'')))
        .collect();
    for (key, action, role) in KEYS {
        if bare.contains(key) {
            let all = Modifiers::NONE.with(Modifier::All);
            found.push(effect(*action, *role, "the database", all));
        }
    }
    for (method, action, role) in METHODS {
        for (at, _) in text.match_indices(method) {
            let before = text.get(..at).unwrap_or_default();
            let target = before
                .rsplit(|c: char| c.is_whitespace() || c == ';')
                .next()
                .unwrap_or_default();
            let argument = text
                .get(at + method.len()..)
                .unwrap_or_default()
                .trim_start();
            let whole = !method.starts_with(".insert")
                && (argument.starts_with("{}") || argument.starts_with(')'));
            let modifiers = if whole {
                Modifiers::NONE.with(Modifier::All)
            } else {
                Modifiers::NONE
            };
            found.push(effect(*action, *role, target, modifiers));
        }
    }
    found
}
