//! Calls to what keeps something elsewhere: clouds, clusters, databases, code hosts. Such libraries have thousands of
//! functions, which are not listed; what one of them does is read from its name, when the code brings such a library in.
//!
//! As with programs that no entry describes, everything here is marked [`Modifier::Assumed`], and only adds.

use super::effects::Call;
use super::script::Script;
use super::{Embedded, effect};
use crate::effect::{Action, Modifier, Modifiers, Role};
use crate::knowledge::lexicon::parts;
use crate::knowledge::schema::Language;

/// Verbs of function names by which something is gone or out of service afterwards.
const VERBS: &[&str] = &[
    "archive",
    "ban",
    "batchdelete",
    "block",
    "cancel",
    "clear",
    "deactivate",
    "decommission",
    "delete",
    "deregister",
    "destroy",
    "detach",
    "disable",
    "drop",
    "empty",
    "erase",
    "expunge",
    "flush",
    "force",
    "kick",
    "purge",
    "prune",
    "reboot",
    "remove",
    "reset",
    "restore",
    "revoke",
    "rollback",
    "shutdown",
    "stop",
    "suspend",
    "terminate",
    "truncate",
    "wipe",
];

/// Names that say it alone.
const ALONE: &[&str] = &[
    "delete",
    "Delete",
    "del",
    "drop",
    "obliterate",
    "rm",
    "rm_file",
    "rmtree",
    "truncate",
    "purge",
    "prune",
    "terminate",
    "unlink",
    "undefine",
    "seal",
    "kick",
    "ban",
    "refund",
    "delete_s",
    "delete_ext_s",
    "wipe",
    "flushall",
    "flushdb",
    "flushAll",
    "flushDb",
    "deleteMany",
    "recursiveDelete",
    "bulkDelete",
    "dropDatabase",
    "dropCollection",
    "batch_delete",
];

/// Names that mean every record in whatever library.
const ANYWHERE: &[&str] = &[
    "delete_all",
    "destroy_all",
    "drop_all",
    "dropDatabase",
    "drop_database",
    "flushall",
    "flushdb",
    "truncate_all_tables",
];

/// Names that begin like such a verb and concern the program itself, or one record.
const HARMLESS: &[&str] = &[
    "delete_one",
    "deleteOne",
    "findOneAndDelete",
    "find_one_and_delete",
    "delete_message",
    "deleteMessage",
    "remove_listener",
    "removeListener",
    "removeAllListeners",
    "removeEventListener",
    "drop_duplicates",
    "force_str",
    "force_text",
    "force_bytes",
    "remove_prefix",
    "removeprefix",
    "removesuffix",
    "drop_nulls",
    "reset_index",
    "clear_cache",
    "clear_output",
    "clear_session",
    "stop_event",
    "reset_queries",
    "flush_all_pending",
    "resetAllMocks",
    "restoreAllMocks",
];

impl Script<'_> {
    /// Notes what a call that is not described does to something elsewhere.
    pub(super) fn assume_call(&mut self, call: &Call<'_>) {
        let last = call.path.rsplit(['.', ':']).next().unwrap_or(call.path);
        // `collection$drop()` of R.
        let last = if self.language == Language::Other {
            last.trim_start_matches('$')
        } else {
            last
        };
        if ANYWHERE.contains(&last) {
            let all = Modifiers::NONE.with(Modifier::All);
            self.found
                .push(effect(Action::Delete, Role::Table, last, all));
            return;
        }
        if self.by_library(call, last) {
            return;
        }
        self.requested(call, last);
        // Without a library it may be a map of JavaScript from which a key is taken.
        let is_told = self.brings.clients
            || self.brings.machines
            || self.brings.credentials
                && !(self.language == Language::Javascript && matches!(last, "delete" | "remove"));
        if !is_told || call.path.is_empty() {
            return;
        }
        if self.sets_machine(last) {
            return;
        }
        if self.pays(call, last) {
            return;
        }
        if self.tells_machine(call, last) || self.over_sftp(call, last) {
            return;
        }
        if self.brings.clients && changes_elsewhere(last) {
            let with = Modifiers::NONE.with(Modifier::Assumed);
            let name = [last, ", by a library"].concat();
            self.elsewhere
                .push(effect(Action::Write, Role::Resource, &name, with));
            return;
        }
        if self.brings.clients
            && let Some((action, role, what)) = given_away(last, call)
        {
            let with = Modifiers::NONE.with(Modifier::Assumed);
            self.elsewhere.push(effect(action, role, what, with));
            return;
        }
        if let Some(action) = loses(last, call, self.language) {
            let with = Modifiers::NONE.with(Modifier::Assumed);
            self.elsewhere.push(effect(
                action,
                Role::Resource,
                call.path.trim_start_matches('.'),
                with,
            ));
        }
    }
}

impl Script<'_> {
    /// `server.destroy` of Ruby, which needs no parentheses, and `servers.each(&:destroy)`.
    pub(super) fn ends_elsewhere(&mut self, name: &str) {
        if ANYWHERE.contains(&name) {
            let all = Modifiers::NONE.with(Modifier::All);
            self.found
                .push(effect(Action::Delete, Role::Table, name, all));
            return;
        }
        let ends = matches!(
            name,
            "destroy" | "delete" | "terminate" | "purge" | "drop" | "clear!" | "batch_delete"
        );
        if ends && self.brings.clients {
            let with = Modifiers::NONE.with(Modifier::Assumed);
            let name = format!("{name} of a library");
            self.elsewhere
                .push(effect(Action::Delete, Role::Resource, &name, with));
        }
    }

    /// `session.delete(url)` of a library that sends requests, `request("DELETE /repos/{owner}/{repo}")` of Octokit (octokit 4).
    fn requested(&mut self, call: &Call<'_>, last: &str) {
        self.requested_by_verb(call, last);
        if last != "delete" || !self.brings.requests {
            return;
        }
        let address = call.argument(0);
        let is_address = |word: &crate::shell::Word| {
            word.pieces.iter().any(|piece| {
                matches!(piece, crate::shell::Piece::Text(text) | crate::shell::Piece::Glob(text) if text.contains('/'))
            })
        };
        let is_given = call.positional().next().is_some();
        // A map of JavaScript deletes keys.
        let is_any = self.language == Language::Python && is_given;
        if is_any || address.alternatives().iter().any(is_address) {
            let with = Modifiers::NONE;
            let mut found = effect(Action::Delete, Role::Remote, "", with);
            if let (Embedded::Effect { target, .. }, Some(word)) =
                (&mut found, address.alternatives().into_iter().next())
            {
                *target = word;
            }
            self.found.push(found);
        }
    }
}

impl Script<'_> {
    /// A request whose verb is an argument: alone (`request(method="DELETE", url=…)`), or with the path behind it.
    fn requested_by_verb(&mut self, call: &Call<'_>, last: &str) {
        if !last.to_ascii_lowercase().contains("request")
            || !self.brings.requests && !self.brings.clients
        {
            return;
        }
        let is_verb = |value: &super::value::Value| {
            value.known().is_some_and(|text| {
                text.split_once(' ').map_or(text.as_str(), |(verb, _)| verb) == "DELETE"
            })
        };
        if call.arguments.iter().any(|(_, value)| is_verb(value)) {
            let with = Modifiers::NONE;
            self.found.push(effect(
                Action::Delete,
                Role::Remote,
                "what an address names",
                with,
            ));
        }
    }
}

/// Nouns of what decides who may do what, what is kept and what runs.
const DECIDING: &[&str] = &[
    "policy",
    "acl",
    "acls",
    "lifecycle",
    "versioning",
    "replication",
    "encryption",
    "iam",
    "role",
    "permission",
    "permissions",
    "trust",
    "stack",
    "service",
    "function",
    "instance",
    "cluster",
    "deployment",
    "scale",
    "account",
    "user",
    "zone",
    "dns",
    "record",
    "group",
    "ingress",
    "egress",
    "visibility",
    "protection",
    "access",
    "password",
    "login",
    "key",
    "quota",
    "firewall",
];

/// Whether a function changes by its name what others use, or who may: `attach_user_policy`, `modify_db_instance`,
/// `patch_namespaced_deployment`, `change_resource_record_sets`.
fn changes_elsewhere(name: &str) -> bool {
    let words: Vec<String> = parts(name).take(8).collect();
    let Some((verb, nouns)) = words.split_first() else {
        return false;
    };
    let decides = nouns.iter().any(|noun| DECIDING.contains(&noun.as_str()));
    match verb.as_str() {
        // `create_access_key`, `create_login_profile` (boto3 1.35): who has it may do what its owner may.
        "create" => matches!(
            nouns
                .iter()
                .map(String::as_str)
                .collect::<Vec<_>>()
                .as_slice(),
            ["access", "key"] | ["login", "profile"] | ["service", "account", "key"]
        ),
        "attach" | "authorize" | "modify" | "grant" | "promote" | "failover" | "change"
        | "patch" => decides || nouns.len() > 1,
        "put" | "set" | "replace" | "update" | "scale" => {
            decides
                && nouns
                    .iter()
                    .any(|noun| !matches!(noun.as_str(), "key" | "record" | "user" | "group"))
        }
        _ => false,
    }
}

/// What a change does by one of its fields: `pages.update(id, archived=True)` of Notion (notion-client 2, API 2022-06-28),
/// `repo.edit(private=False)` of GitHub (`PyGithub` 2, octokit 4).
fn given_away(name: &str, call: &Call<'_>) -> Option<(Action, Role, &'static str)> {
    let changes = ["update", "edit", "patch"];
    let is_change = changes.iter().any(|it| name.contains(it));
    let does = |name: &str, value: &super::value::Value| {
        let said = value.path.clone().or_else(|| value.known());
        match (name, said.as_deref()?) {
            // pydgraph 24: `client.alter(Operation(drop_all=True))`.
            ("drop_all", "True" | "true") => {
                Some((Action::Delete, Role::Resource, "everything there"))
            }
            _ if !is_change => None,
            // duo_client 5: `update_user(id, status="bypass")`.
            ("status", "bypass") => {
                Some((Action::Grant, Role::Account, "who need no second factor"))
            }
            ("archived" | "in_trash" | "trashed", "True" | "true") => Some((
                Action::Delete,
                Role::Resource,
                "what is put into an archive",
            )),
            ("private", "False" | "false") | ("visibility", "public") => {
                Some((Action::Grant, Role::Remote, "what was private"))
            }
            _ => None,
        }
    };
    call.arguments.iter().find_map(|(name, value)| {
        let by_keyword = name.as_deref().and_then(|name| does(name, value));
        let mut fields = value.fields.iter();
        by_keyword.or_else(|| fields.find_map(|(name, value)| does(name, value)))
    })
}

/// What a function does to something elsewhere, by its name and by whether it is given anything.
fn loses(name: &str, call: &Call<'_>, language: Language) -> Option<Action> {
    // `begin_delete` of Azure's libraries only does not wait for the end.
    let name = name
        .strip_prefix("begin_")
        .or_else(|| name.strip_prefix("async_"))
        .unwrap_or(name);
    if HARMLESS.contains(&name) {
        return None;
    }
    let has_arguments = !call.arguments.is_empty();
    // `client.reset()` of Chroma (1.0).
    if name == "reset" && !has_arguments && language == Language::Python {
        return Some(Action::Delete);
    }
    // .NET says of a method that nobody waits for it: `DeleteBucketAsync`.
    let name = name.strip_suffix("Async").unwrap_or(name);
    // Go writes its methods with a capital: `bucket.Delete(ctx)`.
    let small = name.to_ascii_lowercase();
    let is_large = name.starts_with(|first: char| first.is_ascii_uppercase());
    let name = if is_large && has_arguments && parts(name).count() < 2 {
        small.as_str()
    } else {
        name
    };
    if ALONE.contains(&name)
        // `collection.drop()`, but `frame.drop(columns=…)`.
        && !(name == "drop" && has_arguments)
        || name == "remove" && call.positional().next().is_none()
        // `$client->api("repo")->remove("acme", "api")` of php-github-api 3.
        || name == "remove" && language == Language::Php && call.positional().count() > 1
        || name == "destroy"
            && (has_arguments || language == Language::Python || call.path.starts_with("pouchdb."))
    {
        return Some(Action::Delete);
    }
    // `stripe.subscriptions.cancel(id)`, but `task.cancel()`.
    let is_of_many = call.path.rsplit('.').nth(1).is_some_and(|noun| {
        noun.len() > 3
            && (noun.ends_with('s')
                || noun.ends_with("_api")
                || noun.starts_with(|it: char| it.is_ascii_uppercase()))
    });
    let ends = matches!(
        name,
        "cancel" | "suspend" | "deactivate" | "archive" | "disable" | "revoke" | "pause" | "stop"
    );
    if ends && has_arguments && is_of_many {
        return Some(Action::StopService);
    }
    let mut words = parts(name);
    let first = words.next()?;
    words.next()?;
    match first.as_str() {
        "stop" | "reboot" | "shutdown" | "suspend" | "disable" | "cancel" => {
            Some(Action::StopService)
        }
        verb if VERBS.contains(&verb) => Some(Action::Delete),
        // `conversations_archive`, `queue_purge`: the kind of thing first (Slack's methods, pika 1.3).
        // `files_delete_v2` of Dropbox (12).
        _ if matches!(
            parts(name).filter(|it| !is_version(it)).last().as_deref(),
            Some(
                "archive"
                    | "purge"
                    | "delete"
                    | "kick"
                    | "revoke"
                    | "terminate"
                    | "destroy"
                    | "rm"
                    | "trash"
            )
        ) && !name.starts_with("is")
            && has_arguments =>
        {
            Some(Action::Delete)
        }
        _ => None,
    }
}

fn is_version(word: &str) -> bool {
    word.strip_prefix('v')
        .is_some_and(|number| number.bytes().all(|it| it.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::*;
    use crate::knowledge::schema::Language;
    use crate::shell::{Budget, Word};

    fn losses(language: Language, text: &str) -> Vec<(Action, Role)> {
        let mut budget = Budget::new(100_000);
        let word = Word::text(text, crate::effect::Span::default());
        let found = read(language, &word, &mut budget);
        let effects = found.into_iter().filter_map(|part| match part {
            Embedded::Effect { action, role, .. } => Some((action, role)),
            Embedded::Shell(_)
            | Embedded::Command(_)
            | Embedded::Unknown(_)
            | Embedded::Hidden(_)
            | Embedded::Undescribed(_) => None,
        });
        let mut all: Vec<_> = effects.filter(|(action, _)| action.takes_away()).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    #[test]
    fn a_call_of_a_service_is_read_by_its_name() {
        let deletes =
            |all: &[(Action, Role)]| all.iter().any(|(action, _)| *action == Action::Delete);
        for text in [
            "import boto3\nboto3.client('s3').delete_bucket(Bucket='x')",
            "import boto3\nboto3.resource('s3').Bucket('x').object_versions.delete()",
            "import docker; [c.remove(force=True) for c in docker.from_env().containers.list()]",
            "from google.cloud import storage; storage.Client().bucket('x').delete(force=True)",
        ] {
            assert!(deletes(&losses(Language::Python, text)), "{text}");
        }
        for text in [
            "const a=require('aws-sdk'); new a.EC2().terminateInstances({InstanceIds:['i-1']})",
            "const {S3Client,DeleteBucketCommand}=require('@aws-sdk/client-s3');new S3Client({}).send(new DeleteBucketCommand({}))",
            "const c=await require('mongodb').MongoClient.connect(u); await c.db('x').collection('y').drop()",
        ] {
            assert!(deletes(&losses(Language::Javascript, text)), "{text}");
        }
    }

    #[test]
    fn what_only_reads_or_is_of_the_program_itself_is_not() {
        for text in [
            "import boto3\nprint(boto3.client('s3').list_buckets())",
            "import boto3, pandas as pd\npd.DataFrame().drop(columns=['a'])",
            "items.remove(x); delete_everything(x)",
            "import pymongo; pymongo.MongoClient().x.y.find_one({})",
            "import sqlite3; sqlite3.connect('a').execute('select * from deleted')",
        ] {
            assert_eq!(losses(Language::Python, text), vec![], "{text}");
        }
        let text = "const m=require('mongoose'); m.disconnect(); x.on('delete', f)";
        assert_eq!(losses(Language::Javascript, text), vec![], "{text}");
    }
}
