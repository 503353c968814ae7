//! Calls by which programs delete records of a database: the words that object mappers share.
//!
//! Sources: Active Record 7.2, Django 5.1, Eloquent 11, Sequelize 6, Prisma 6, `SQLAlchemy` 2, redis-py 5, `PyMongo` 4.

use super::{Embedded, effect};
use crate::effect::{Action, Modifier, Modifiers, Role};

/// Calls that delete every record, or a whole store.
const CALLS: &[(&str, Role)] = &[
    (".destroy_all", Role::Table),
    (".delete_all", Role::Table),
    // imaplib of Python 3.13, Net::IMAP of Ruby 3.4: what was marked leaves the server.
    (".expunge(", Role::Resource),
    (".in_batches(&:destroy", Role::Table),
    (".in_batches(&:delete", Role::Table),
    (".find_each(&:destroy", Role::Table),
    (".find_each(&:delete", Role::Table),
    (".all.each(&:destroy", Role::Table),
    (".all.each(&:delete", Role::Table),
    (".all.map(&:destroy", Role::Table),
    (".in_batches.destroy", Role::Table),
    (".all().delete(", Role::Table),
    ("::all()->each->delete(", Role::Table),
    ("::destroy(", Role::Table),
    ("->forceDelete(", Role::Table),
    (".deleteMany({where:{}}", Role::Table),
    (".deleteMany({ where: {} }", Role::Table),
    (".query().delete(", Role::Table),
    // Flask-SQLAlchemy 3.
    (".query.delete(", Role::Table),
    // Entity Framework Core 9.
    (".EnsureDeleted(", Role::Database),
    (".EnsureDeletedAsync(", Role::Database),
    (".deleteAllInBatch(", Role::Table),
    (".objects.all().delete(", Role::Table),
    (".objects.delete(", Role::Table),
    ("::truncate(", Role::Table),
    ("->truncate(", Role::Table),
    (".deleteMany()", Role::Table),
    (".deleteMany({})", Role::Table),
    (".delete_many({})", Role::Table),
    (".drop_all(", Role::Table),
    (".drop_table(", Role::Table),
    // Active Record 7.2, "Migrations"; Django 5.1, "Migration Operations".
    (" drop_table :", Role::Table),
    (" drop_table \"", Role::Table),
    (" drop_table(", Role::Table),
    (".DeleteModel(", Role::Table),
    (".drop_collection(", Role::Table),
    (".dropTable(", Role::Table),
    // Laravel 11, `Illuminate\\Support\\Facades\\Schema`; DBI 1.2 of R.
    ("Schema::drop(", Role::Table),
    ("Schema::dropIfExists(", Role::Table),
    ("dbRemoveTable(", Role::Table),
    (".dropAllTables(", Role::Database),
    (".dropAllSchemas(", Role::Database),
    (".drop_database(", Role::Database),
    (".dropDatabase(", Role::Database),
    (".flushall(", Role::Database),
    (".flushdb(", Role::Database),
    ("query()->delete(", Role::Table),
    (".destroy({truncate", Role::Table),
    (".destroy({ truncate", Role::Table),
    (".destroy({where:{}", Role::Table),
    (".destroy({ where: {}", Role::Table),
    (".sync({force:true", Role::Database),
    (".sync({ force: true", Role::Database),
    ("dropSchema(", Role::Database),
    (".synchronize(true", Role::Database),
];

/// The same by the name of the method alone, however it was found: `User.send([:delete, :all].join("_"))`.
pub(super) fn by_name(name: &str) -> Option<Embedded> {
    let role = match name {
        "destroy_all" | "delete_all" | "drop_all" | "drop_table" | "drop_collection"
        | "dropTable" => Role::Table,
        "drop_database" | "dropDatabase" | "dropAllTables" | "flushall" | "flushdb"
        | "flushAll" | "flushDb" => Role::Database,
        _ => return None,
    };
    let all = Modifiers::NONE.with(Modifier::All);
    Some(effect(Action::Delete, role, name, all))
}

/// Calls that change every record, unless something in front of them says which.
const UPDATES: &[&str] = &[
    ".update_all(",
    ".update_all ",
    ".objects.update(",
    ".objects.all().update(",
    "Repo.update_all(",
    "::query()->update(",
    ".updateMany({ where: {}, data",
    ".updateMany({where:{},data",
    ".updateMany({data",
    ".updateMany({ data",
    ".update_many({}, ",
    ".updateMany({}, ",
];

/// Calls that go through every record, and those that change one.
const THROUGH: &[&str] = &[
    ".find_each",
    ".in_batches",
    ".all.each",
    "::all()->each",
    "::chunk(",
];
const CHANGING: &[&str] = &[
    ".update!(",
    ".update(",
    ".update_columns(",
    ".update_attribute(",
    ".update_column(",
    "->update(",
];

/// What says which records are meant.
const BOUNDS: &[&str] = &["where", "filter", "limit", "find_by", "exclude("];

/// Whether a text changes every record of a table.
fn changes_all(text: &str) -> bool {
    let is_bounded = |at: usize| {
        let before = text.get(..at).unwrap_or_default();
        let statement = before.rsplit([';', '\n']).next().unwrap_or_default();
        BOUNDS.iter().any(|bound| statement.contains(bound))
    };
    let updates = UPDATES.iter().any(|call| {
        let found = text.find(call);
        found.is_some_and(|at| {
            let behind = text.get(at..).unwrap_or_default();
            !(is_bounded(at) || call.starts_with("Repo") && behind.contains("where"))
        })
    });
    let through = THROUGH.iter().filter_map(|call| text.find(call)).any(|at| {
        let behind = text.get(at..).unwrap_or_default();
        !is_bounded(at) && CHANGING.iter().any(|call| behind.contains(call))
    });
    updates || through
}

/// Calls of Django and `SQLAlchemy` that choose records, which a later call may delete: `old = X.objects.filter(…); old.delete()`.
const CHOOSING: [&str; 6] = [
    ".objects.filter(",
    ".objects.exclude(",
    "_set.filter(",
    ".query.filter",
    "session.query(",
    ".query(",
];

/// Whether a text of Python deletes what it chose.
fn deletes_by_name(text: &str) -> bool {
    // The rows of a query that is deleted, and no key of a dictionary.
    CHOOSING.iter().any(|call| text.contains(call))
        && [".delete()", ".delete(synchronize_session"]
            .iter()
            .any(|end| text.contains(end))
}

/// Whether records are deleted that a condition chooses, or one by one: `objects.filter(…).delete()`, `find_each { |o| o.destroy }`.
fn deletes_chosen(text: &str) -> bool {
    let chosen = ["::where(", "->where(", "whereIn("];
    let deletes = |line: &str| {
        chosen.iter().any(|call| line.contains(call))
            && [")->delete()", ")->forceDelete()"]
                .iter()
                .any(|end| line.contains(end))
    };
    let chooses = text.split([';', '\n']).any(deletes) || deletes_by_name(text);
    // Active Record 7.2, "Retrieving Multiple Objects in Batches".
    let each = [".find_each", ".find_in_batches", ".in_batches", ".all.each"];
    let each = each.iter().filter_map(|call| text.find(call)).any(|at| {
        let behind = text.get(at..).unwrap_or_default();
        [".destroy", ".delete", "DestroyService", ".really_destroy!"]
            .iter()
            .any(|end| behind.contains(end))
    });
    chooses || each
}

/// Beginnings of lines of the shell of `HBase` 2.6, which is Ruby: `drop_all 'app.*'`.
const HBASE: [&str; 8] = [
    "drop ",
    "drop_all ",
    "disable_all ",
    "truncate ",
    "truncate_preserve ",
    "deleteall ",
    "drop_namespace ",
    "delete_all_snapshot ",
];

/// Whether a line gives away a table of `HBase`.
fn drops_in_hbase(text: &str) -> bool {
    text.split(['\n', ';']).map(str::trim).any(|line| {
        HBASE.iter().any(|start| {
            line.strip_prefix(start)
                .is_some_and(|rest| rest.trim_start().starts_with(['\'', '"']))
        })
    })
}

/// Reads program text.
pub(super) fn read(text: &str) -> Vec<Embedded> {
    let all = Modifiers::NONE.with(Modifier::All);
    let hbase = drops_in_hbase(text).then(|| effect(Action::Delete, Role::Table, "HBase", all));
    let chosen = deletes_chosen(text).then(|| {
        effect(
            Action::Delete,
            Role::Table,
            "records of a table",
            Modifiers::NONE.with(Modifier::Indirect),
        )
    });
    let changed = changes_all(text)
        .then(|| effect(Action::Write, Role::Table, "every record of a table", all));
    CALLS
        .iter()
        .filter(|(call, _)| text.contains(call))
        .map(|(call, role)| effect(Action::Delete, *role, call.trim_matches(['.', '(']), all))
        .chain(hbase)
        .chain(chosen)
        .chain(changed)
        .collect()
}
